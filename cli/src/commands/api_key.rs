//! `aigw api-key new`: a caller's key. The secret is shown once; the repository gets its digest.

use aigw_core::Name;
use aws_lc_rs::digest;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::args::Globals;
use crate::exit::{Exit, Outcome, Stop};
use crate::output::{print, say};

/// Random bytes in a key: 256 bits, so that looking it up by a plain digest is safe.
const KEY_BYTES: usize = 32;
/// Shortest existing key that `--existing` takes: fewer characters can be guessed.
const MIN_EXISTING_CHARS: usize = 20;

/// Arguments of `api-key`.
#[derive(Debug, Subcommand)]
pub(crate) enum ApiKey {
    /// Create a key, or the entry for one that exists
    New(New),
}

/// Arguments of `api-key new`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aigw api-key new --consumer mobile-app --id mobile-2 --not-after 2027-01-01\n  aigw api-key new --consumer legacy --existing < key.txt\n  aigw api-key new --consumer litellm-app --sha256 88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b"
)]
pub(crate) struct New {
    /// The consumer whose key it is
    #[arg(long, value_name = "NAME")]
    consumer: Name,
    /// The key's name in logs; the consumer's name and `-1` where left out
    #[arg(long, value_name = "NAME")]
    id: Option<Name>,
    /// The day (or RFC 3339 time) from which the key is refused
    #[arg(long, value_name = "DATE")]
    not_after: Option<String>,
    /// The day (or RFC 3339 time) before which the key is refused
    #[arg(long, value_name = "DATE")]
    not_before: Option<String>,
    /// Read a key that clients already have from standard input instead of making one
    #[arg(long)]
    existing: bool,
    /// The SHA-256 of a key that clients already have, in hex, as other gateways keep it
    #[arg(long, value_name = "DIGEST", conflicts_with = "existing")]
    sha256: Option<String>,
}

impl ApiKey {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::New(new) => new.run(globals),
        }
    }
}

impl New {
    fn run(self, globals: &Globals) -> Outcome {
        let id = match self.id {
            Some(id) => id,
            None => format!("{}-1", self.consumer)
                .parse()
                .map_err(|error| Stop::usage(format!("{error}")).help("name the key with `--id`"))?,
        };
        for date in [&self.not_before, &self.not_after].into_iter().flatten() {
            check_date(date)?;
        }
        // The key itself, where it was made here and has to be shown.
        let (sha256, made) = match self.sha256 {
            Some(digest) => (checked_digest(&digest)?, None),
            None if self.existing => (sha256_hex(&existing_key()?), None),
            None => {
                let key = new_key(&id)?;
                (sha256_hex(&key), Some(key))
            }
        };
        let (not_before, not_after) = (self.not_before.as_deref(), self.not_after.as_deref());
        let entry = entry(ApiKeyEntry { id: &id, sha256, not_before, not_after })?;
        if !globals.quiet {
            say(&format!("# below spec.credentials of the Consumer `{}`:", self.consumer));
        }
        print(&entry)?;
        if let Some(key) = made {
            say(&format!("the key, shown this once:\n{key}"));
        }
        Ok(Exit::Fine)
    }
}

/// A credential as the Consumer document holds it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Credential<'a> {
    api_key: ApiKeyEntry<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiKeyEntry<'a> {
    id: &'a Name,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<&'a str>,
}

/// The entry as YAML, indented to stand below `credentials:`.
fn entry(api_key: ApiKeyEntry<'_>) -> Result<String, Stop> {
    let yaml =
        serde_yaml::to_string(&[Credential { api_key }]).map_err(|error| Stop::usage(error.to_string()).with_exit(Exit::Bug))?;
    Ok(yaml.lines().map(|line| format!("    {line}\n")).collect())
}

/// `aigw_ID_SECRET`: the id only names the key to whoever finds it.
fn new_key(id: &Name) -> Result<String, Stop> {
    let mut bytes = [0_u8; KEY_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Stop::usage("the system gave no random bytes"))?;
    Ok(format!("aigw_{id}_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

fn existing_key() -> Result<String, Stop> {
    let bytes = crate::output::read_file(std::path::Path::new("-"), 4096)?;
    let text = String::from_utf8(bytes).map_err(|_| Stop::usage("the key on standard input is not text"))?;
    let key = text.trim();
    if key.chars().count() < MIN_EXISTING_CHARS {
        return Err(Stop::usage(format!("the key is shorter than {MIN_EXISTING_CHARS} characters: it could be guessed"))
            .help("give the caller a new key"));
    }
    Ok(key.to_owned())
}

/// A digest of 64 hexadecimal digits, in lower case. Of nothing at all it is the one that a key that was never set would have.
fn checked_digest(text: &str) -> Result<String, Stop> {
    let digest = text.trim().to_ascii_lowercase();
    if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Stop::usage("`--sha256` takes 64 hexadecimal digits: the SHA-256 of the whole key")
            .help("for a key itself, write it to standard input of `aigw api-key new --existing`"));
    }
    if digest == sha256_hex("") {
        return Err(Stop::usage("this is the digest of an empty key"));
    }
    Ok(digest)
}

fn check_date(text: &str) -> Result<(), Stop> {
    let is_date = text.parse::<jiff::civil::Date>().is_ok() || text.parse::<jiff::Timestamp>().is_ok();
    if is_date {
        Ok(())
    } else {
        Err(Stop::usage(format!("`{text}` is not a date")).help("write it as 2027-01-01 or 2027-01-01T00:00:00Z"))
    }
}

fn sha256_hex(key: &str) -> String {
    digest::digest(&digest::SHA256, key.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::string_slice, reason = "tests")]

    use super::*;

    #[test]
    fn keys_are_long_and_never_the_same() {
        let id: Name = "mobile-1".parse().unwrap();
        let (one, other) = (new_key(&id).unwrap(), new_key(&id).unwrap());
        assert!(one.starts_with("aigw_mobile-1_") && one.len() >= 40);
        assert_ne!(one, other);
    }

    #[test]
    fn the_entry_is_the_consumers_own_form() {
        let id: Name = "mobile-1".parse().unwrap();
        let entry =
            ApiKeyEntry { id: &id, sha256: "ab".to_owned(), not_before: Some("2026-01-01"), not_after: Some("2027-01-01") };
        let entry = super::entry(entry).unwrap();
        let yaml = "    - apiKey:\n        id: mobile-1\n        sha256: ab\n        notBefore: 2026-01-01\n        notAfter: 2027-01-01\n";
        assert_eq!(entry, yaml);
    }

    #[test]
    fn digests_are_taken_as_others_keep_them() {
        let digest = sha256_hex("sk-1234");
        assert_eq!(digest, "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b");
        assert_eq!(checked_digest(&format!(" {}\n", digest.to_uppercase())).unwrap(), digest);
        for bad in ["", "sk-1234", &digest[1..], &sha256_hex(""), &"g".repeat(64)] {
            assert!(checked_digest(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn digest_is_of_the_whole_key() {
        assert_eq!(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
