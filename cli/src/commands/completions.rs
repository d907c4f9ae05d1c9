//! `aigw completions SHELL`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::{Exit, Outcome};
use crate::output::print;

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "Example: aigw completions bash > /etc/bash_completion.d/aigw")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "aigw", &mut script);
        print(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Fine)
    }
}
