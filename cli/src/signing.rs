//! Keys to sign with: a PEM file, an environment variable, or a command that signs.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;

use aigw_bundle::{PublicKey, Signer, SignerError, SigningKey, TrustRoot};
use aigw_core::{Millis, Name};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;

use crate::exit::{Exit, Stop};
use crate::output::read_file;

/// Largest key file.
const MAX_KEY_BYTES: u64 = 64 << 10;
/// Default time from signing to expiry: long enough to be renewed by a monthly job, short enough that a forgotten bundle goes stale.
const DEFAULT_VALIDITY: &str = "30d";

/// Where a signing key is.
#[derive(Clone, Debug)]
pub(crate) enum KeyPlace {
    File(PathBuf),
    Env(String),
    Exec(String),
}

impl FromStr for KeyPlace {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.split_once(':') {
            Some(("env", name)) => Self::Env(name.to_owned()),
            Some(("exec", command)) => Self::Exec(command.to_owned()),
            _ => Self::File(PathBuf::from(text)),
        })
    }
}

/// Which keys sign.
#[derive(Debug, Args)]
pub(crate) struct Keys {
    /// A key to sign with: a PEM file, `env:NAME` for a variable that holds the PEM, or `exec:COMMAND` for a command that reads the bytes to sign
    /// from standard input and writes the signature, raw or in base64, to standard output; may be given several times
    #[arg(long = "key", required = true, value_name = "FILE|env:NAME|exec:COMMAND")]
    places: Vec<KeyPlace>,
    /// The public key (PEM) of an `exec:` key, in the order of those keys
    #[arg(long = "public-key", value_name = "FILE")]
    public_keys: Vec<PathBuf>,
    /// The trust root of those who will verify: keys that it would not accept any more refuse to sign
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// The variable that holds the passphrase of encrypted keys
    #[arg(long, value_name = "NAME")]
    passphrase_env: Option<String>,
}

/// What a release says besides its content.
#[derive(Debug, Args)]
pub(crate) struct ReleaseArgs {
    /// The channel that may serve it
    #[arg(long, value_name = "NAME")]
    pub(crate) channel: Option<Name>,
    /// The sequence number, higher than that of every release before; the seconds since 1970 where left out
    #[arg(long, value_name = "N")]
    pub(crate) sequence: Option<u64>,
    /// How long it is valid
    #[arg(long, value_name = "DURATION", default_value = DEFAULT_VALIDITY)]
    pub(crate) expires: Millis,
    /// From when on it is valid (RFC 3339); now where left out
    #[arg(long, value_name = "TIME")]
    pub(crate) not_before: Option<jiff::Timestamp>,
}

impl Keys {
    /// Opens every key.
    pub(crate) fn open(&self) -> Result<Vec<Box<dyn Signer>>, Stop> {
        let mut public_keys = self.public_keys.iter();
        let signers = self.places.iter().map(|place| self.open_one(place, &mut public_keys)).collect::<Result<Vec<_>, Stop>>()?;
        match public_keys.next() {
            Some(spare) => Err(Stop::usage(format!("`--public-key {}` belongs to no `exec:` key", spare.display()))),
            None => Ok(signers),
        }
    }

    /// Whether the trust root that was named lets every one of these keys sign for the channel.
    pub(crate) fn check(&self, channel: &Name, signers: &[&dyn Signer]) -> Result<(), Stop> {
        let Some(path) = &self.trust else { return Ok(()) };
        let trust = read_trust(path)?;
        signers.iter().try_for_each(|signer| trust.check_signer(channel, signer.public_key()).map_err(trust_stop))
    }

    fn open_one<'a>(
        &self,
        place: &KeyPlace,
        public_keys: &mut impl Iterator<Item = &'a PathBuf>,
    ) -> Result<Box<dyn Signer>, Stop> {
        match place {
            KeyPlace::File(path) => {
                let bytes = zeroize::Zeroizing::new(read_file(path, MAX_KEY_BYTES)?);
                let text =
                    std::str::from_utf8(&bytes).map_err(|_| Stop::usage(format!("`{}` is not a PEM file", path.display())))?;
                Ok(Box::new(self.open_pem(text, &path.display().to_string())?))
            }
            KeyPlace::Env(name) => {
                let text = std::env::var(name)
                    .map(zeroize::Zeroizing::new)
                    .map_err(|_| Stop::usage(format!("the variable `{name}` is not set")))?;
                Ok(Box::new(self.open_pem(&text, name)?))
            }
            KeyPlace::Exec(command) => {
                let path = public_keys.next().ok_or_else(|| {
                    Stop::usage(format!("`exec:{command}` needs its public key"))
                        .help("name its PEM file with `--public-key FILE`")
                })?;
                Ok(Box::new(ExecSigner { command: command.clone(), public: read_public_key(path)? }))
            }
        }
    }

    fn open_pem(&self, text: &str, place: &str) -> Result<SigningKey, Stop> {
        let passphrase = self.passphrase_env.as_deref().map(passphrase).transpose()?;
        SigningKey::from_pem(text, passphrase.as_ref().map(|text| text.as_bytes())).map_err(|error| {
            let stop = Stop::usage(format!("`{place}`: {error}"));
            if passphrase.is_none() { stop.help("an encrypted key needs `--passphrase-env NAME`") } else { stop }
        })
    }
}

impl ReleaseArgs {
    /// From when to when, seen from now.
    pub(crate) fn validity(&self, now: jiff::Timestamp) -> Result<(jiff::Timestamp, jiff::Timestamp), Stop> {
        let not_before = self.not_before.unwrap_or(now);
        let length =
            jiff::SignedDuration::try_from(self.expires.as_duration()).map_err(|error| Stop::usage(error.to_string()))?;
        let expires = not_before.checked_add(length).map_err(|error| Stop::usage(format!("the expiry is no date: {error}")))?;
        Ok((not_before, expires))
    }

    /// The sequence number.
    pub(crate) fn sequence_at(&self, now: jiff::Timestamp) -> u64 {
        self.sequence.unwrap_or_else(|| u64::try_from(now.as_second()).unwrap_or(0))
    }
}

/// Largest trust root.
pub(crate) const MAX_TRUST_BYTES: u64 = 1 << 20;

/// A trust root from its file.
pub(crate) fn read_trust(path: &Path) -> Result<TrustRoot, Stop> {
    TrustRoot::parse(&read_file(path, MAX_TRUST_BYTES)?).map_err(trust_stop)
}

/// A passphrase from the environment.
pub(crate) fn passphrase(name: &str) -> Result<zeroize::Zeroizing<String>, Stop> {
    std::env::var(name).map(zeroize::Zeroizing::new).map_err(|_| Stop::usage(format!("the variable `{name}` is not set")))
}

/// A public key from a PEM file.
pub(crate) fn read_public_key(path: &Path) -> Result<PublicKey, Stop> {
    let bytes = read_file(path, MAX_KEY_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|_| Stop::usage(format!("`{}` is not a PEM file", path.display())))?;
    PublicKey::from_text(&text).map_err(|error| Stop::usage(format!("`{}`: {error}", path.display())))
}

/// Something could not be signed or is not trusted.
pub(crate) fn trust_stop(error: impl std::fmt::Display) -> Stop {
    Stop::usage(error.to_string()).with_exit(Exit::Trust)
}

/// A key store behind a command.
struct ExecSigner {
    command: String,
    public: PublicKey,
}

impl Signer for ExecSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let fault = |what: String| SignerError::new(format!("`{}`: {what}", self.command));
        let mut child = Command::new("sh")
            .args(["-c", &self.command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| fault(error.to_string()))?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(message).map_err(|error| fault(error.to_string()))?;
        }
        let output = child.wait_with_output().map_err(|error| fault(error.to_string()))?;
        if !output.status.success() {
            return Err(fault(format!("it ended with {}", output.status)));
        }
        Ok(decoded(output.stdout))
    }
}

/// A signature as a command printed it: base64 text where it reads as such, the bytes themselves otherwise. Whether it is one is checked by whoever asked.
fn decoded(output: Vec<u8>) -> Vec<u8> {
    let text = std::str::from_utf8(&output).ok().map(str::trim);
    text.and_then(|text| STANDARD.decode(text).ok()).unwrap_or(output)
}
