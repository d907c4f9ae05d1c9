//! `aigw build`: compile a folder into one signed bundle.

use std::path::{Path, PathBuf};
use std::process::Command;

use aigw_bundle::{Content, Gates, Limits, LintGate, Provenance, Release, Version};
use aigw_compile::Compiled;
use aigw_core::Name;
use aigw_source::Level;
use clap::Args;

use crate::args::Globals;
use crate::exit::{Exit, Outcome, Stop};
use crate::load;
use crate::output::{say, write_file};
use crate::signing::{Keys, ReleaseArgs, trust_stop};

/// Arguments of `build`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  aigw build policies -o gateway.aigw --key release.key.pem --channel prod\n\nThe same sources give the same content digest on every machine; what varies (sequence, validity, provenance) is in the signed statement."
)]
pub(crate) struct Build {
    /// The policy folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The bundle to write
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// The bundle's name; the Gateway document's where left out
    #[arg(long, value_name = "NAME")]
    name: Option<Name>,
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    release: ReleaseArgs,
}

impl Build {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        let (compiled, program) = load::program(&self.path, globals)?;
        let signers = self.keys.open()?;
        let members = aigw_compile::bundle_members(&compiled, &program).map_err(|error| Stop::usage(error.to_string()))?;
        let content = Content::build(&members, &Limits::default()).map_err(trust_stop)?;
        let release = self.release(&compiled, &program.gateway.name)?;
        let (channel, sequence, expires) = (release.channel.clone(), release.sequence, release.expires);
        let signers: Vec<&dyn aigw_bundle::Signer> = signers.iter().map(AsRef::as_ref).collect();
        self.keys.check(&channel, &signers)?;
        let bundle = aigw_bundle::sign(&content, release, &signers).map_err(trust_stop)?;
        write_file(&self.out, &bundle)?;
        if !globals.quiet {
            say(&format!("wrote {} ({} bytes): content {}", self.out.display(), bundle.len(), content.tar().digest));
            say(&format!("channel {channel}, sequence {sequence}, expires {expires}, signed by {}", signers.len()));
        }
        Ok(Exit::Fine)
    }

    fn release(&self, compiled: &Compiled, gateway: &str) -> Result<Release, Stop> {
        let now = jiff::Timestamp::now();
        let (not_before, expires) = self.release.validity(now)?;
        let name = match &self.name {
            Some(name) => name.clone(),
            None => gateway.parse().map_err(|error| Stop::usage(format!("{error}")).help("name the bundle with `--name`"))?,
        };
        let channel = self
            .release
            .channel
            .clone()
            .ok_or_else(|| Stop::usage("a bundle needs a channel").help("such as `--channel prod`"))?;
        Ok(Release {
            name,
            channel,
            sequence: self.release.sequence_at(now),
            issued: now,
            not_before,
            expires,
            minimum_runtime: this_version()?,
            provenance: provenance(&self.path),
            gates: Gates { validated: true, lint: lint_gate(compiled), tests: 0 },
        })
    }
}

/// The version of this tool: the oldest runtime that is known to load what it builds.
pub(crate) fn this_version() -> Result<Version, Stop> {
    env!("CARGO_PKG_VERSION").parse().map_err(|error| Stop::usage(format!("{error}")).with_exit(Exit::Bug))
}

fn lint_gate(compiled: &Compiled) -> LintGate {
    match compiled.findings.iter().map(|finding| finding.level).min() {
        None => LintGate::Clean,
        Some(Level::Advice) => LintGate::NoWarnings,
        Some(Level::Warning) => LintGate::NoErrors,
        Some(Level::Error) => LintGate::NotPassed,
    }
}

/// What git says of the folder; nothing where it is no working copy.
fn provenance(path: &Path) -> Option<Provenance> {
    let folder = if path.is_dir() { path } else { path.parent()? };
    let git = |args: &[&str]| -> Option<String> {
        let output = Command::new("git").arg("-C").arg(folder).args(args).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    Some(Provenance {
        commit: git(&["rev-parse", "HEAD"])?,
        tree: git(&["rev-parse", "HEAD^{tree}"])?,
        dirty: !git(&["status", "--porcelain", "--", "."])?.is_empty(),
        repository: git(&["remote", "get-url", "origin"]).map(|url| without_credentials(&url)).unwrap_or_default(),
    })
}

/// A remote's address without what a person may have written before its `@`.
fn without_credentials(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}://{host}/{path}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_do_not_get_into_a_statement() {
        for (url, clean) in [
            ("https://ann:token@git.example/p/r.git", "https://git.example/p/r.git"),
            ("https://git.example/p/r.git", "https://git.example/p/r.git"),
            ("git@git.example:p/r.git", "git@git.example:p/r.git"),
        ] {
            assert_eq!(without_credentials(url), clean);
        }
    }
}
