//! The verbs, one file each.

pub(crate) mod api_key;
pub(crate) mod audit;
pub(crate) mod build;
pub(crate) mod codeowners;
pub(crate) mod completions;
pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod keygen;
pub(crate) mod lint;
pub(crate) mod reload;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod sign;
pub(crate) mod status;
pub(crate) mod test;
pub(crate) mod validate;
pub(crate) mod verify;

use crate::args::{Cli, Command};
use crate::exit::Outcome;

/// Runs the verb.
pub(crate) fn run(cli: Cli) -> Outcome {
    let globals = &cli.globals;
    match cli.command {
        Command::Init(verb) => verb.run(globals),
        Command::Validate(verb) => verb.run(globals),
        Command::Lint(verb) => verb.run(globals),
        Command::Explain(verb) => verb.run(),
        Command::Show(verb) => verb.run(globals),
        Command::Test(verb) => verb.run(globals),
        Command::Eval(verb) => verb.run(globals),
        Command::Codeowners(verb) => verb.run(globals),
        Command::Build(verb) => verb.run(globals),
        Command::Keygen(verb) => verb.run(globals),
        Command::Sign(verb) => verb.run(globals),
        Command::Verify(verb) => verb.run(globals),
        Command::Inspect(verb) => verb.run(),
        Command::Serve(verb) => verb.run(globals),
        Command::Status(verb) => verb.run(globals),
        Command::Reload(verb) => verb.run(),
        Command::Audit(verb) => verb.run(),
        Command::ApiKey(verb) => verb.run(globals),
        Command::Schema(verb) => verb.run(),
        Command::Completions(verb) => verb.run(),
    }
}
