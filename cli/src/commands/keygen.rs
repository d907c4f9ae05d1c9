//! `aigw keygen`: a signing key, its public half, and a trust root that accepts it.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use aigw_bundle::{SigningKey, TrustFile};
use aigw_core::{Millis, Name};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use clap::Args;

use crate::args::Globals;
use crate::exit::{Exit, Outcome, Stop};
use crate::output::say;
use crate::signing::passphrase;

/// Arguments of `keygen`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aigw keygen --out release\n  AIGW_PASSPHRASE=… aigw keygen --out release --passphrase-env AIGW_PASSPHRASE"
)]
pub(crate) struct Keygen {
    /// Where to write: PREFIX.key.pem, PREFIX.pub.pem and PREFIX.trust.json
    #[arg(long, value_name = "PREFIX")]
    out: PathBuf,
    /// What the trust root calls the key
    #[arg(long, value_name = "NAME", default_value = "release")]
    id: Name,
    /// The channel that the trust root lets the key sign for
    #[arg(long, value_name = "NAME", default_value = "prod")]
    channel: Name,
    /// The longest time from signing to expiry that the trust root accepts
    #[arg(long, value_name = "DURATION", default_value = "90d")]
    longest_validity: Millis,
    /// Let the trust root accept bundles that were built from a changed working copy, or from none
    #[arg(long)]
    allow_dirty: bool,
    /// Encrypt the private key with the passphrase in this variable
    #[arg(long, value_name = "NAME")]
    passphrase_env: Option<String>,
}

impl Keygen {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        let key = SigningKey::from_seed(&*random::<32>()?).map_err(|error| Stop::usage(error.to_string()))?;
        let private = match &self.passphrase_env {
            None => key.to_pem(),
            Some(name) => {
                let sealed = key.to_encrypted_pem(passphrase(name)?.as_bytes(), &*random::<16>()?, &*random::<16>()?);
                sealed.map_err(|error| Stop::usage(error.to_string()))?
            }
        };
        let public = aigw_bundle::Signer::public_key(&key);
        let mut trust = TrustFile::of_one_key(self.id, public, self.channel, self.longest_validity);
        if self.allow_dirty {
            trust.channels.values_mut().for_each(|channel| channel.allow_dirty = true);
        }
        let trust = trust.to_json().map_err(|refusal| Stop::usage(refusal.to_string()))?;
        let path = |suffix: &str| PathBuf::from(format!("{}.{suffix}", self.out.display()));
        create(&path("key.pem"), private.as_bytes(), true)?;
        create(&path("pub.pem"), public.to_pem().as_bytes(), false)?;
        create(&path("trust.json"), trust.as_bytes(), false)?;
        if !globals.quiet {
            say(&format!(
                "wrote {0}.key.pem (keep it secret), {0}.pub.pem and {0}.trust.json; key id {1}",
                self.out.display(),
                public.id().short()
            ));
        }
        Ok(Exit::Fine)
    }
}

fn random<const N: usize>() -> Result<zeroize::Zeroizing<[u8; N]>, Stop> {
    let mut bytes = zeroize::Zeroizing::new([0_u8; N]);
    SystemRandom::new().fill(&mut bytes[..]).map_err(|_| Stop::usage("the system gave no random bytes"))?;
    Ok(bytes)
}

/// A new file; a key is never written over. A private one is readable by its owner only, from the first moment.
fn create(path: &Path, bytes: &[u8], private: bool) -> Result<(), Stop> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if private { 0o600 } else { 0o644 });
    #[cfg(not(unix))]
    let _ = private;
    let written = options.open(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| Stop::usage(format!("`{}` cannot be written: {error}", path.display())))
}
