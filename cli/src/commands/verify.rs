//! `aigw verify`: would a runtime with this trust root accept this bundle?

use std::path::PathBuf;

use aigw_bundle::{Expectation, Limits, Outcome as StepOutcome, State, TrustRoot};
use aigw_core::Name;
use clap::Args;

use crate::args::Globals;
use crate::commands::build::this_version;
use crate::exit::{Exit, Outcome};
use crate::output::{print, read_file, say};
use crate::signing::trust_stop;

/// Largest trust root or trust state.
const MAX_TRUST_BYTES: u64 = 1 << 20;

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  aigw verify gateway.aigw --trust trust.json --channel prod --explain\n\nEnds with 5 where the bundle is refused."
)]
pub(crate) struct Verify {
    /// The bundle
    bundle: PathBuf,
    /// The trust root
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The channel that is served
    #[arg(long, value_name = "NAME")]
    channel: Name,
    /// The bundle name that is expected
    #[arg(long, value_name = "NAME")]
    name: Option<Name>,
    /// What a runtime remembers of the bundles it accepted, to check the sequence against
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Show every step
    #[arg(long)]
    explain: bool,
}

impl Verify {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        let limits = Limits::default();
        let bundle = read_file(&self.bundle, limits.max_file_bytes())?;
        let trust = TrustRoot::parse(&read_file(&self.trust, MAX_TRUST_BYTES)?).map_err(trust_stop)?;
        let state = match &self.state {
            Some(path) => State::parse(&read_file(path, MAX_TRUST_BYTES)?).map_err(trust_stop)?,
            None => State::default(),
        };
        let expectation = Expectation { name: self.name, channel: self.channel, runtime_version: this_version()?, limits };
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

fn line(name: &str, outcome: &StepOutcome) -> String {
    match outcome {
        StepOutcome::Passed { detail } => format!("ok       {name}: {detail}"),
        StepOutcome::Refused { code, message, .. } => format!("REFUSED  {name}: {}: {message}", code.code()),
        StepOutcome::NotReached => format!("–        {name}: not reached"),
    }
}
