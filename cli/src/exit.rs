//! Exit codes: one table for all verbs.

use std::process::ExitCode;

/// How a verb ended, as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Fine.
    Fine = 0,
    /// Findings at or above `--fail-on`.
    Findings = 1,
    /// Usage, configuration, input or output.
    Usage = 2,
    /// The verb needs a program and the policies do not compile.
    NotCompiled = 3,
    /// No test ran.
    NoTest = 4,
    /// A signature or trust decision refused.
    Trust = 5,
    /// Less was reached, or noticed, than was asked for.
    Threshold = 6,
    /// A fault of ours.
    Bug = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a verb stopped: what is said on standard error, and the code.
#[derive(Debug)]
pub(crate) struct Stop {
    /// The exit code.
    pub(crate) exit: Exit,
    /// What happened, lower case, one line.
    pub(crate) message: String,
    /// How to mend it.
    pub(crate) help: Option<String>,
}

impl Stop {
    /// Something that the caller can mend: a path, a flag, a file.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), help: None }
    }

    /// With another exit code.
    pub(crate) fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// With a way to mend it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// What a verb gives back.
pub(crate) type Outcome = Result<Exit, Stop>;
