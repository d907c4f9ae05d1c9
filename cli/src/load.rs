//! From a path to a compiled repository, the same way for every verb.

use std::collections::BTreeMap;
use std::path::Path;

use aigw_compile::{Compiled, Input};
use aigw_kinds::{ParameterValues, Program};
use aigw_source::{Findings, Level, Limits, Sources};

use crate::args::Globals;
use crate::exit::{Exit, Stop};
use crate::output::{Color, Format, Target, read_file, say};
use crate::render::{self, Report};
use crate::walk;

/// Largest file of parameter values.
const MAX_PARAMS_BYTES: u64 = 1 << 20;

/// Reads and compiles a folder; what is wrong with it is in the findings.
pub(crate) fn compile(path: &Path, globals: &Globals) -> Result<Compiled, Stop> {
    let folder = walk::read_folder(path, Limits::default().file_bytes as u64)?;
    compile_folder(path, folder, globals)
}

/// Compiles what was read from a folder.
pub(crate) fn compile_folder(path: &Path, folder: walk::Folder, globals: &Globals) -> Result<Compiled, Stop> {
    let limits = Limits::default();
    let compiled = aigw_compile::compile(Input { files: folder.files, refused: folder.refused }, &limits);
    if globals.verbose {
        for (path, why) in &compiled.skipped {
            say(&format!("skipped {path}: {why}"));
        }
    }
    // A path that was mistyped, or a folder that is being filled: nobody means a gateway that knows nothing.
    if compiled.repository.documents.is_empty() && compiled.findings.is_empty() {
        return Err(Stop::usage(format!("there are no policies in `{}`", path.display())).help(
            "each document of a policy begins with `apiVersion: aigw.dev/v1`; `aigw init DIR` creates a policy repository",
        ));
    }
    Ok(compiled)
}

/// A compiled program, for verbs that need one: where there are errors they are shown, and the verb ends with 3.
pub(crate) fn program(path: &Path, globals: &Globals) -> Result<(Compiled, Program), Stop> {
    let mut compiled = compile(path, globals)?;
    match compiled.program.take() {
        Some(program) => Ok((compiled, program)),
        None => {
            say_errors(&compiled, globals.color);
            Err(Stop::usage(format!("the policies in `{}` do not compile", path.display())).with_exit(Exit::NotCompiled))
        }
    }
}

/// Errors on standard error, drawn as `validate` draws them.
fn say_errors(compiled: &Compiled, color: Color) {
    let errors = render::at_least(&compiled.findings, Level::Error);
    let report = Report { verb: "validate", sources: &compiled.sources, findings: &errors, most: 50 };
    say(&render::render(&report, Format::Pretty, color == Color::Always));
}

/// Names and values from a file of parameters.
pub(crate) fn parameters_file(path: &Path) -> Result<BTreeMap<String, String>, Stop> {
    bind_file(path, "parameter values: a mapping of names to texts or numbers")
}

/// Reads a YAML file of our own (parameters, runtime settings) into its type, by the one reader there is.
pub(crate) fn bind_file<T: serde::de::DeserializeOwned>(path: &Path, what: &str) -> Result<T, Stop> {
    bind_text(&path.display().to_string(), &read_file(path, MAX_PARAMS_BYTES)?, what)
}

/// The same, from bytes that were read already.
pub(crate) fn bind_text<T: serde::de::DeserializeOwned>(name: &str, bytes: &[u8], what: &str) -> Result<T, Stop> {
    let (mut sources, mut findings, limits) = (Sources::new(), Findings::new(), Limits::default());
    let bound = sources
        .add_bytes(name.to_owned(), bytes, &limits, &mut findings)
        .and_then(|file| aigw_source::read(&sources, file, &limits, &mut findings).into_iter().next())
        .and_then(|document| aigw_source::bind(&document.root, &mut findings));
    match bound {
        Some(value) if !findings.has_errors() => Ok(value),
        _ => {
            say_findings("read", &sources, &mut findings);
            Err(Stop::usage(format!("`{name}` does not hold {what}")))
        }
    }
}

/// Errors of a file of our own on standard error.
pub(crate) fn say_findings(verb: &'static str, sources: &Sources, findings: &mut Findings) {
    findings.sort(sources);
    let all = render::at_least(findings, Level::Error);
    let report = Report { verb, sources, findings: &all, most: 20 };
    say(&render::render(&report, Format::Pretty, false));
}

/// The values of a program's parameters: those given, and the declared `test` values for the rest where `test` is allowed.
pub(crate) fn parameter_values(
    program: &Program,
    given: Option<&BTreeMap<String, String>>,
    test: bool,
) -> Result<ParameterValues, Stop> {
    let none = BTreeMap::new();
    program.parameter_values(given.unwrap_or(&none), test).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let stop = Stop::usage(lines.join("\nerror: "));
        if given.is_none() { stop.help("give values with `--params FILE`, or declare `test` values") } else { stop }
    })
}

/// Writes a report of findings and tells how the verb ends.
pub(crate) fn report(
    verb: &'static str,
    compiled: &Compiled,
    level: Level,
    judging: &crate::args::Judging,
    color: Color,
) -> Result<(), Stop> {
    let findings = render::at_least(&compiled.findings, level);
    let report = Report { verb, sources: &compiled.sources, findings: &findings, most: judging.max_findings };
    let targets: Vec<Target> = crate::output::targets_or_default(&judging.format);
    render::write(&report, &targets, color)
}
