//! What the vault's answers say.

use std::time::Duration;

use aigw_core::Secret;
use http::StatusCode;
use serde::Deserialize;
use zeroize::Zeroize;

use crate::azure::{behind, word};
use crate::fetch::{FetchError, Fetched};
use crate::secrets::files::{MAX_SECRET_BYTES, line};
use crate::secrets::secret;

/// An answer about one secret.
pub(super) enum Said {
    /// Its value.
    Value(Secret),
    /// There is none any more: it was deleted, never written, or switched off.
    Gone(String),
    /// It is not given to us. What was seen last stays in use.
    Refused(String),
}

/// Why the vault cannot be asked now, for this secret or any other. Holds nothing of tokens or values.
#[derive(Debug, thiserror::Error)]
pub(super) enum VaultFault {
    /// There is nothing to ask with.
    #[error("there is no access token for it")]
    NoToken,
    /// The way there.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It is busy, broken, or does not take the token.
    #[error("it answered {}{}", status.as_u16(), behind(code))]
    Unwilling {
        /// With what.
        status: StatusCode,
        /// Its own word for why; empty where it gave none.
        code: String,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
}

impl VaultFault {
    /// How long the vault asks to be left alone.
    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unwilling { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Bundle {
    value: String,
}

impl Drop for Bundle {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

#[derive(Default, Deserialize)]
struct Fault {
    #[serde(default)]
    error: Code,
}

#[derive(Default, Deserialize)]
struct Code {
    #[serde(default)]
    code: String,
    #[serde(default)]
    innererror: Option<Box<Code>>,
}

/// Reads an answer.
pub(super) fn read(answer: &Fetched) -> Result<Said, VaultFault> {
    let status = answer.status;
    if status == StatusCode::OK {
        return Ok(value(&answer.body));
    }
    let fault: Fault = serde_json::from_slice(&answer.body).unwrap_or_default();
    let (code, inner) = (word(&fault.error.code), fault.error.innererror.map(|inner| word(&inner.code)).unwrap_or_default());
    let said = format!("the vault answered {}{}{}", status.as_u16(), behind(&code), behind(&inner));
    match status.as_u16() {
        404 => Ok(Said::Gone(said)),
        403 if inner == "SecretDisabled" => Ok(Said::Gone(said)),
        401 | 408 | 429 | 500..=599 => Err(VaultFault::Unwilling { status, code, retry_after: answer.retry_after() }),
        _ => Ok(Said::Refused(said)),
    }
}

/// A value as files give it: without the newline that nobody means.
fn value(body: &[u8]) -> Said {
    // What serde says of a fault may hold the answer's text.
    let Ok(bundle) = serde_json::from_slice::<Bundle>(body) else {
        return Said::Refused("the vault's answer is not a secret".to_owned());
    };
    match secret(line(&bundle.value)).filter(|secret| secret.expose().len() <= MAX_SECRET_BYTES) {
        Some(secret) => Said::Value(secret),
        None => Said::Gone("the secret is empty, or longer than 64 KiB".to_owned()),
    }
}
