//! `aigw reload`: a running gateway looks at its source now, and says what came of it.

use aigw_runtime::reload::ActivationResult;
use clap::Args;

use super::status::{Running, client_stop};
use crate::exit::{Exit, Outcome, Stop};
use crate::output::{print, say};

/// Arguments of `reload`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  aigw reload --wait\n\nWithout --wait the gateway is only told to look. With it, ends with 0 where the bundle is active or was already, with 5 where it was refused, with 2 where something around it failed."
)]
pub(crate) struct Reload {
    /// Wait for the result, print its record, and end as it ended
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    running: Running,
}

impl Reload {
    pub(crate) fn run(self) -> Outcome {
        let client = self.running.client()?;
        if !self.wait {
            client.ask_reload().map_err(|error| client_stop(&error))?;
            return Ok(Exit::Fine);
        }
        let record = client.reload().map_err(|error| client_stop(&error))?;
        let json = serde_json::to_string_pretty(&record).map_err(|error| Stop::usage(error.to_string()).with_exit(Exit::Bug))?;
        print(&format!("{json}\n"))?;
        let why = record.message.clone().unwrap_or_default();
        Ok(match record.result {
            ActivationResult::Activated | ActivationResult::Unchanged => Exit::Fine,
            ActivationResult::Refused => {
                say(&format!("refused, {}: {why}", record.reason.unwrap_or_default()));
                Exit::Trust
            }
            ActivationResult::Failed => {
                say(&format!("failed, {}: {why}", record.reason.unwrap_or_default()));
                Exit::Usage
            }
        })
    }
}
