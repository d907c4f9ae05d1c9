//! The binary `aigw`: one file a verb below `commands`; reading folders, rendering findings, exit codes.
//!
//! It decides nothing about policies: it hands bytes to the compiler, programs to the runtime, and what comes back to people and machines.

mod args;
mod commands;
mod exit;
mod load;
mod output;
mod render;
mod signing;
mod walk;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::exit::Exit;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results and end with 0; everything else is a usage error and ends with 2. Where printing fails nobody reads it.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Fine.into() };
        }
    };
    match commands::run(cli) {
        Ok(exit) => exit.into(),
        Err(stop) => {
            output::say_stop(&stop);
            stop.exit.into()
        }
    }
}
