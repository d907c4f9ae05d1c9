//! The bearer token of the admin plane.

use std::path::PathBuf;
use std::sync::Arc;

use aigw_core::Secret;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use http::HeaderValue;

use crate::process::Process;
use crate::secrets::{SecretSet, Secrets, read_secret_file};

/// Shortest token: shorter ones can be guessed over a network.
const MIN_TOKEN_BYTES: usize = 16;

/// Where the token stands. It is read for each request, so that it can be changed.
pub(crate) enum Token {
    /// A secret by name, kept fresh for as long as this is.
    Secret { name: String, _kept: Arc<SecretSet>, process: Arc<Process> },
    /// A file of its own.
    File(PathBuf),
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenFault {
    /// It has no value.
    #[error("the admin token has no value: set the secret, or write the file")]
    Missing,
    /// It is too short.
    #[error(
        "the admin token is shorter than {MIN_TOKEN_BYTES} characters: take a random one, such as `openssl rand -hex 32` prints"
    )]
    Short,
}

impl Token {
    /// Whether there is a usable one, now.
    pub(crate) fn check(secret: Option<&str>, file: Option<&PathBuf>, secrets: &Secrets) -> Result<(), TokenFault> {
        let value = match (secret, file) {
            (Some(name), _) => secrets.read(name).map(|secret| secret.expose().len()),
            (None, Some(path)) => read_secret_file(path).map(|value| value.len()),
            (None, None) => return Ok(()),
        };
        match value {
            None | Some(0) => Err(TokenFault::Missing),
            Some(length) if length < MIN_TOKEN_BYTES => Err(TokenFault::Short),
            Some(_) => Ok(()),
        }
    }

    /// Whether a request that says this is from someone who knows the token.
    pub(crate) fn admits(&self, authorization: Option<&HeaderValue>) -> bool {
        let said = authorization.and_then(|value| value.to_str().ok()).and_then(|value| value.split_once(' '));
        let Some((_, said)) = said.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) else { return false };
        self.value().is_some_and(|own| own.expose().len() >= MIN_TOKEN_BYTES && equal(own.expose(), said.trim()))
    }

    fn value(&self) -> Option<Secret> {
        match self {
            Self::Secret { name, process, .. } => process.secrets.read(name),
            Self::File(path) => read_secret_file(path).map(|value| Secret::new((*value).clone())),
        }
    }
}

/// Compared by digest, so that neither length nor content can be timed.
fn equal(own: &str, said: &str) -> bool {
    let [own, said] = [own, said].map(|text| digest(&SHA256, text.as_bytes()));
    verify_slices_are_equal(own.as_ref(), said.as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn only_the_whole_token_opens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "0123456789abcdef\n").unwrap();
        let token = Token::File(path.clone());
        let admits = |said: &str| token.admits(Some(&HeaderValue::from_str(said).unwrap()));
        assert!(admits("Bearer 0123456789abcdef") && admits("bearer 0123456789abcdef"));
        for bad in [
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdef0",
            "Basic 0123456789abcdef",
            "0123456789abcdef",
            "Bearer ",
            "Bearer",
        ] {
            assert!(!admits(bad), "{bad}");
        }
        assert!(!token.admits(None));
        std::fs::write(&path, "").unwrap();
        assert!(!admits("Bearer "));
        std::fs::write(&path, "another-token-0123").unwrap();
        assert!(admits("Bearer another-token-0123"));
    }

    #[test]
    fn missing_and_short_tokens_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::new(Some(folder.path().to_owned()), None);
        let path = folder.path().join("token");
        assert_eq!(Token::check(None, None, &secrets), Ok(()));
        assert_eq!(Token::check(Some("token"), None, &secrets), Err(TokenFault::Missing));
        std::fs::write(&path, "short").unwrap();
        assert_eq!(Token::check(Some("token"), None, &secrets), Err(TokenFault::Short));
        assert_eq!(Token::check(None, Some(&path), &secrets), Err(TokenFault::Short));
        std::fs::write(&path, "0123456789abcdef").unwrap();
        assert_eq!(Token::check(Some("token"), None, &secrets), Ok(()));
    }
}
