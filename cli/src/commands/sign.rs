//! `aigw sign`: the same content in a new release, or one more signature.

use std::path::PathBuf;

use aigw_bundle::{Inspection, Limits, Signer, TrustRoot, add_signature, resign, sign_trust};
use aigw_core::Name;
use clap::Args;

use crate::args::Globals;
use crate::exit::{Exit, Outcome, Stop};
use crate::output::{read_file, say, write_file};
use crate::signing::{Keys, ReleaseArgs, trust_stop};

/// Arguments of `sign`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aigw sign gateway.aigw --add --key second.key.pem\n  aigw sign staging.aigw -o prod.aigw --channel prod --key release.key.pem\n  aigw sign gateway.aigw --key release.key.pem        the same content, valid for longer\n  aigw sign next.json -o next.signed.json --key old.key.pem --key new.key.pem        a trust root that `verify` accepts in place of the old\n\nTo roll back, sign the older content again: its sequence number is then the higher one."
)]
pub(crate) struct Sign {
    /// The bundle, or a trust root that is to replace another
    bundle: PathBuf,
    /// Where to write; over the bundle where left out
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Add a signature to the release as it is
    #[arg(long, conflicts_with_all = ["channel", "sequence", "expires", "not_before", "name"])]
    add: bool,
    /// The bundle's name; as it was where left out
    #[arg(long, value_name = "NAME")]
    name: Option<Name>,
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    release: ReleaseArgs,
}

impl Sign {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        let limits = Limits::default();
        let bundle = read_file(&self.bundle, limits.max_file_bytes())?;
        let signers = self.keys.open()?;
        let signers: Vec<&dyn Signer> = signers.iter().map(AsRef::as_ref).collect();
        let signed = if is_trust_root(&bundle) {
            self.trust_update(&bundle, &signers)?
        } else if self.add {
            self.keys.check(&Inspection::of(&bundle, &limits).map_err(trust_stop)?.statement.channel, &signers)?;
            signers.iter().try_fold(bundle, |bundle, signer| add_signature(&bundle, *signer, &limits)).map_err(trust_stop)?
        } else {
            self.signed_again(&bundle, &signers, &limits)?
        };
        let out = self.out.as_ref().unwrap_or(&self.bundle);
        write_file(out, &signed)?;
        if !globals.quiet {
            say(&format!("wrote {}, signed by {}", out.display(), signers.len()));
        }
        Ok(Exit::Fine)
    }

    fn signed_again(&self, bundle: &[u8], signers: &[&dyn Signer], limits: &Limits) -> Result<Vec<u8>, Stop> {
        let mut release = Inspection::of(bundle, limits).map_err(trust_stop)?.statement.release();
        let now = jiff::Timestamp::now();
        (release.not_before, release.expires) = self.release.validity(now)?;
        release.issued = now;
        release.sequence = self.release.sequence_at(now);
        if let Some(channel) = &self.release.channel {
            release.channel = channel.clone();
        }
        if let Some(name) = &self.name {
            release.name = name.clone();
        }
        self.keys.check(&release.channel, signers)?;
        resign(bundle, release, signers, limits).map_err(trust_stop)
    }

    /// A trust root that changes hands: signed by keys of the old one and of the new one, for `verify` to accept in place of the old.
    fn trust_update(&self, json: &[u8], signers: &[&dyn Signer]) -> Result<Vec<u8>, Stop> {
        if self.out.is_none() || self.add {
            return Err(
                Stop::usage("a trust root is signed into another file").help("name it with `-o`, and give all keys at once")
            );
        }
        let root = TrustRoot::parse(json).map_err(trust_stop)?;
        sign_trust(root.file(), signers).map_err(trust_stop)
    }
}

/// A bundle begins with its magic, a trust root with a brace.
pub(crate) fn is_trust_root(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
}
