//! `aigw verify`: would a runtime with this trust root accept this bundle?

use std::path::PathBuf;

use aigw_bundle::{Expectation, Limits, Outcome as StepOutcome, State, TrustRoot, verify_trust_update};
use aigw_core::Name;
use clap::Args;

use crate::args::Globals;
use crate::commands::build::this_version;
use crate::commands::sign::is_trust_root;
use crate::exit::{Exit, Outcome, Stop};
use crate::output::{print, read_file, say, write_file};
use crate::signing::{MAX_TRUST_BYTES, read_trust, trust_stop};

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  aigw verify gateway.aigw --trust trust.json --channel prod --explain\n  aigw verify next.signed.json --trust trust.json -o trust.json        take over a trust root that the old one accepts\n\nEnds with 5 where the bundle is refused."
)]
pub(crate) struct Verify {
    /// The bundle, or a signed trust root that is to replace the old one
    bundle: PathBuf,
    /// The trust root
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The channel that is served; needed for a bundle
    #[arg(long, value_name = "NAME")]
    channel: Option<Name>,
    /// The bundle name that is expected
    #[arg(long, value_name = "NAME")]
    name: Option<Name>,
    /// What a runtime remembers of the bundles it accepted, to check the sequence against
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Show every step
    #[arg(long, conflicts_with = "out")]
    explain: bool,
    /// Where to write the new trust root, once the old one accepts it
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Verify {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        let limits = Limits::default();
        let bundle = read_file(&self.bundle, limits.max_file_bytes())?;
        let trust = read_trust(&self.trust)?;
        if is_trust_root(&bundle) {
            return self.trust_update(&trust, &bundle, globals);
        }
        if self.out.is_some() {
            return Err(Stop::usage("`--out` takes a trust root, and this is a bundle")
                .help("`aigw inspect --extract` writes what a bundle holds"));
        }
        let state = match &self.state {
            Some(path) => State::parse(&read_file(path, MAX_TRUST_BYTES)?).map_err(trust_stop)?,
            None => State::default(),
        };
        let channel =
            self.channel.ok_or_else(|| Stop::usage("a bundle is verified for a channel").help("such as `--channel prod`"))?;
        let expectation = Expectation { name: self.name, channel, runtime_version: this_version()?, limits };
        let (explanation, verdict) = aigw_bundle::explain(&bundle, &trust, &expectation, &state, jiff::Timestamp::now());
        if self.explain {
            let lines: String = explanation.steps.iter().map(|step| format!("{}\n", line(step.name, &step.outcome))).collect();
            print(&lines)?;
        }
        let verified = verdict.map_err(|refusal| {
            let stop = trust_stop(format!("refused, {}: {}", refusal.reason().code(), refusal.message()));
            stop.help(refusal.reason().help())
        })?;
        if !globals.quiet {
            let statement = verified.statement();
            say(&format!(
                "accepted: {} for {}, sequence {}, expires {}",
                statement.name, statement.channel, statement.sequence, statement.expires
            ));
        }
        Ok(Exit::Fine)
    }
}

impl Verify {
    /// Whether the old trust root accepts a new one, which is then written.
    fn trust_update(&self, old: &TrustRoot, envelope: &[u8], globals: &Globals) -> Outcome {
        let new = verify_trust_update(old, envelope).map_err(|refusal| {
            let stop = trust_stop(format!("refused, {}: {}", refusal.reason().code(), refusal.message()));
            stop.help(refusal.reason().help())
        })?;
        if let Some(path) = &self.out {
            write_file(path, new.file().to_json().map_err(trust_stop)?.as_bytes())?;
        }
        if !globals.quiet {
            say(&format!("accepted: trust root revision {} in place of {}", new.revision(), old.revision()));
        }
        Ok(Exit::Fine)
    }
}

fn line(name: &str, outcome: &StepOutcome) -> String {
    match outcome {
        StepOutcome::Passed { detail } => format!("ok       {name}: {detail}"),
        StepOutcome::Refused { code, message, .. } => format!("REFUSED  {name}: {}: {message}", code.code()),
        StepOutcome::NotReached => format!("–        {name}: not reached"),
    }
}
