//! `aigw status`: what a running gateway is doing.

mod keys;

use std::path::PathBuf;

use aigw_core::Secret;
use aigw_runtime::admin::client::{Client, ClientError};
use clap::Args;

use crate::args::Globals;
use crate::exit::{Exit, Outcome, Stop};
use crate::output::{print, read_file, say};

/// Longest token file.
const MAX_TOKEN_BYTES: u64 = 4096;

/// Which running gateway.
#[derive(Debug, Args)]
pub(crate) struct Running {
    /// The gateway's admin address
    #[arg(long, env = "AIGW_ADMIN", default_value = "127.0.0.1:8081", value_name = "HOST:PORT")]
    admin: String,
    /// The file that holds its bearer token
    #[arg(long, env = "AIGW_ADMIN_TOKEN_FILE", value_name = "FILE")]
    admin_token_file: Option<PathBuf>,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  aigw status --admin 127.0.0.1:8081\n\nEnds with 2 where no gateway answers.")]
pub(crate) struct Status {
    #[command(flatten)]
    running: Running,
}

impl Running {
    /// A client of its admin address.
    pub(crate) fn client(self) -> Result<Client, Stop> {
        let token = self.admin_token_file.as_deref().map(|path| {
            let bytes = read_file(path, MAX_TOKEN_BYTES)?;
            let text = String::from_utf8(bytes).map_err(|_| Stop::usage(format!("`{}` holds no token", path.display())))?;
            Ok(Secret::new(text.trim().to_owned()))
        });
        Ok(Client { address: self.admin, token: token.transpose()? })
    }
}

/// A running gateway did not answer as asked.
pub(crate) fn client_stop(error: &ClientError) -> Stop {
    let stop = Stop::usage(error.to_string());
    match error {
        ClientError::Unauthorised(_) => stop.help("name its token with `--admin-token-file`"),
        _ => stop.help("is it running, and is this its `--admin` address?"),
    }
}

impl Status {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        let status = self.running.client()?.status().map_err(|error| client_stop(&error))?;
        let json = serde_json::to_string_pretty(&status).map_err(|error| Stop::usage(error.to_string()).with_exit(Exit::Bug))?;
        print(&format!("{json}\n"))?;
        if !globals.quiet {
            keys::remarks(&status.credentials, jiff::Timestamp::now()).iter().for_each(|line| say(line));
        }
        Ok(Exit::Fine)
    }
}
