//! `aigw audit verify`: whether an audit trail is as it was written.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use aigw_runtime::audit::{Broken, Walked, verify};
use clap::{Args, Subcommand};

use crate::exit::{Exit, Outcome, Stop};
use crate::output::print;

/// Arguments of `audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Check that every line of an audit trail follows from the one before
    Verify(Verify),
}

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  aigw audit verify /var/lib/aigw/audit.jsonl\n\nEnds with 5 at the first line that was changed, removed, put in or exchanged. Lines missing at the end are told by the digest\nthat somebody noted before: /status shows the last one."
)]
pub(crate) struct Verify {
    /// The file
    file: PathBuf,
    /// The digest of a line that must be in it, as /status showed it once
    #[arg(long, value_name = "SHA256")]
    holds: Option<String>,
}

impl Audit {
    pub(crate) fn run(self) -> Outcome {
        match self {
            Self::Verify(verify) => verify.run(),
        }
    }
}

impl Verify {
    fn run(self) -> Outcome {
        let unreadable = |error: std::io::Error| Stop::usage(format!("`{}` cannot be read: {error}", self.file.display()));
        let file = File::open(&self.file).map_err(unreadable)?;
        let noted = self.holds.as_deref().map(str::to_ascii_lowercase);
        match verify(BufReader::new(file), noted.as_deref()) {
            Ok(walked) => print(&told(&walked)).map(|()| Exit::Fine),
            Err(Broken::Read(error)) => Err(unreadable(error)),
            Err(broken) => Err(Stop::usage(format!("`{}`, {broken}", self.file.display()))
                .with_exit(Exit::Trust)
                .help("what stands before that line is as it was written; what stands behind it may be anything")),
        }
    }
}

/// What a person wants to know of a trail that holds.
fn told(walked: &Walked) -> String {
    let mut text = format!("{} lines, each follows from the one before\n", walked.lines);
    if let (Some(first), Some(last)) = (&walked.first, &walked.last) {
        text.push_str(&format!("from {first} to {last}\nthe last line's digest is {}\n", walked.digest));
    }
    let counts = [
        (walked.starts, "starts of a gateway"),
        (walked.unended, "of them after one that did not end in order"),
        (walked.lost, "events that could not be written"),
        (walked.omitted, "refused calls that were counted only"),
        (walked.torn, "places where a line was begun and not finished"),
        (walked.rest, "bytes at the end that are no whole line yet"),
    ];
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!("{count} {what}\n"));
    }
    text
}
