//! Where results go: `--format NAME[:FILE]`, several at once, results on standard output and talk on standard error.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::str::FromStr;

use crate::exit::Stop;

/// A format of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Source lines with the findings drawn into them.
    Pretty,
    /// One line a finding.
    Concise,
    /// JSON.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
    /// GitHub Actions annotations.
    Github,
}

/// A format of what came of tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TestFormat {
    /// What failed, with what decided it.
    Pretty,
    /// JSON, by `schemas/test-report.json`.
    Json,
    /// JUnit XML.
    Junit,
    /// GitHub Actions annotations.
    Github,
    /// TAP 14.
    Tap,
}

/// A format of what tests reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CoverageFormat {
    /// A line a kind, and what nothing reached.
    Text,
    /// JSON, by `schemas/coverage.json`.
    Json,
    /// An LCOV tracefile.
    Lcov,
    /// One page of HTML.
    Html,
}

/// Formats by the names that `--format` knows.
pub(crate) trait Formats: Copy + 'static {
    /// Every name with its format.
    const ALL: &'static [(&'static str, Self)];
    /// For people; the default.
    const PRETTY: Self;
    /// What comes besides in GitHub Actions.
    const ANNOTATIONS: Self;
}

impl Formats for Format {
    const ALL: &'static [(&'static str, Self)] = &[
        ("pretty", Self::Pretty),
        ("concise", Self::Concise),
        ("json", Self::Json),
        ("sarif", Self::Sarif),
        ("junit", Self::Junit),
        ("github", Self::Github),
    ];
    const PRETTY: Self = Self::Pretty;
    const ANNOTATIONS: Self = Self::Github;
}

impl Formats for TestFormat {
    const ALL: &'static [(&'static str, Self)] =
        &[("pretty", Self::Pretty), ("json", Self::Json), ("junit", Self::Junit), ("github", Self::Github), ("tap", Self::Tap)];
    const PRETTY: Self = Self::Pretty;
    const ANNOTATIONS: Self = Self::Github;
}

impl Formats for CoverageFormat {
    const ALL: &'static [(&'static str, Self)] =
        &[("text", Self::Text), ("json", Self::Json), ("lcov", Self::Lcov), ("html", Self::Html)];
    const PRETTY: Self = Self::Text;
    /// There are none: coverage is written where it is asked for.
    const ANNOTATIONS: Self = Self::Text;
}

/// A format and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target<F = Format> {
    /// The format.
    pub(crate) format: F,
    /// The file; standard output where none.
    pub(crate) file: Option<PathBuf>,
}

impl<F: Formats> FromStr for Target<F> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = text.split_once(':').map_or((text, None), |(name, file)| (name, Some(file)));
        let Some((_, format)) = F::ALL.iter().find(|(known, _)| *known == name) else {
            return Err(format!("`{name}` is not a format: {}", listed(F::ALL)));
        };
        match file {
            Some("") => Err(format!("`{text}` names no file behind the colon")),
            file => Ok(Self { format: *format, file: file.map(PathBuf::from) }),
        }
    }
}

/// `one, two or three`
fn listed<F>(formats: &[(&str, F)]) -> String {
    let names: Vec<&str> = formats.iter().map(|(name, _)| *name).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.join(""),
    }
}

/// What to write where nothing was asked for: pretty, and in GitHub Actions annotations besides.
pub(crate) fn targets_or_default<F: Formats>(asked: &[Target<F>]) -> Vec<Target<F>> {
    if !asked.is_empty() {
        return asked.to_vec();
    }
    let mut targets = vec![Target { format: F::PRETTY, file: None }];
    if std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
        targets.push(Target { format: F::ANNOTATIONS, file: None });
    }
    targets
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether standard output is coloured.
    pub(crate) fn on_stdout(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }
}

/// Writes a result to standard output. A reader that went away is not a fault of ours.
pub(crate) fn print(text: &str) -> Result<(), Stop> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Stop::usage(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says something on standard error. Where even that is closed there is nobody to tell.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Says why a verb stopped, and how to mend it.
pub(crate) fn say_stop(stop: &Stop) {
    say(&format!("error: {}", stop.message));
    if let Some(help) = &stop.help {
        say(&format!("help: {help}"));
    }
}

/// Writes a file, telling which where it fails.
pub(crate) fn write_file(path: &std::path::Path, bytes: &[u8]) -> Result<(), Stop> {
    fs::write(path, bytes).map_err(|error| Stop::usage(format!("`{}` cannot be written: {error}", path.display())))
}

/// Reads a file of at most `most` bytes; `-` is standard input.
pub(crate) fn read_file(path: &std::path::Path, most: u64) -> Result<Vec<u8>, Stop> {
    use io::Read;
    let fault = |error: io::Error| Stop::usage(format!("`{}` cannot be read: {error}", path.display()));
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        io::stdin().lock().take(most + 1).read_to_end(&mut bytes).map_err(fault)?;
    } else {
        let file = fs::File::open(path).map_err(fault)?;
        if !file.metadata().map_err(fault)?.is_file() {
            return Err(Stop::usage(format!("`{}` is not a file", path.display())));
        }
        file.take(most + 1).read_to_end(&mut bytes).map_err(fault)?;
    }
    if bytes.len() as u64 > most {
        return Err(Stop::usage(format!("`{}` is larger than {most} bytes", path.display())));
    }
    Ok(bytes)
}
