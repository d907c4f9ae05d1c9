//! The command line's grammar: what all verbs share, and the list of verbs.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands;
use crate::output::{Color, Target};

/// A policy compiler and runtime for AI gateways.
///
/// Policies are YAML in a folder. `validate` and `lint` judge them, `build` compiles them into one signed bundle, and `serve` executes a bundle,
/// or a folder while you write it, on every request.
#[derive(Debug, Parser)]
#[command(name = "aigw", version, propagate_version = true, max_term_width = 120)]
#[command(
    after_help = "Exit codes: 0 fine · 1 findings · 2 usage, configuration or I/O · 3 policies do not compile · 4 no test ran · 5 signature or trust · 6 threshold not met · 70 a bug of ours"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every verb takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Globals {
    /// When to colour output
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Say nothing on standard error but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more on standard error, such as which files were skipped and why
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a working policy repository
    Init(commands::init::Init),
    /// Check that policies are correct: what passes here activates
    Validate(commands::validate::Validate),
    /// Check that policies are good: validate, and every rule of advice
    Lint(commands::lint::Lint),
    /// Explain a finding's code: what it means, a bad and a good example, how to fix it
    Explain(commands::explain::Explain),
    /// Run the tests of policies: the engine that serves, in a simulated world
    Test(commands::test::Test),
    /// Show the effective policy of a route, every line with where it comes from
    Show(commands::show::Show),
    /// Take one request through the policies, nothing sent, and show the decisions
    Eval(commands::eval::Eval),
    /// Write CODEOWNERS from the Gateway's `ownership`, or check it
    Codeowners(commands::codeowners::Codeowners),
    /// Compile policies into a bundle, and sign it
    Build(commands::build::Build),
    /// Create a signing key
    Keygen(commands::keygen::Keygen),
    /// Sign a bundle again, or add a second signature
    Sign(commands::sign::Sign),
    /// Verify a bundle against a trust root
    Verify(commands::verify::Verify),
    /// Show what a bundle holds
    Inspect(commands::inspect::Inspect),
    /// Run the gateway
    Serve(commands::serve::Serve),
    /// Show the state of a running gateway
    Status(commands::status::Status),
    /// Make a running gateway look for a new bundle now
    Reload(commands::reload::Reload),
    /// Check the audit trail of a gateway
    #[command(subcommand)]
    Audit(commands::audit::Audit),
    /// Create API keys for callers
    #[command(subcommand)]
    ApiKey(commands::api_key::ApiKey),
    /// Print the JSON Schema of the policy language or of one kind
    Schema(commands::schema::Schema),
    /// Print a completion script for a shell
    Completions(commands::completions::Completions),
}

/// Which policies, and how findings are written: shared by the verbs that judge.
#[derive(Clone, Debug, Args)]
pub(crate) struct Judging {
    /// The policy folder, or one file of it
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Format of the findings, written to standard output or behind a colon to a file; may be given several times
    #[arg(
        long,
        value_name = "FORMAT[:FILE]",
        help = "pretty, concise, json, sarif, junit or github, with `:FILE` to write a file; several at once"
    )]
    pub(crate) format: Vec<Target>,
    /// Values of the parameters, as a YAML file of names and values
    #[arg(long, value_name = "FILE")]
    pub(crate) params: Option<PathBuf>,
    /// Most findings that pretty and concise show
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) max_findings: usize,
}
