//! `aigw lint`: is it good? Validation and every rule of advice, and `--fix` for what can be mended without a person.

use std::collections::BTreeMap;
use std::path::PathBuf;

use aigw_compile::Compiled;
use aigw_source::{Edit, FileId, Level};
use clap::{Args, ValueEnum};

use crate::args::{Globals, Judging};
use crate::exit::{Exit, Outcome, Stop};
use crate::load;
use crate::output::{say, write_file};

/// Arguments of `lint`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aigw lint\n  aigw lint policies --fail-on error\n  aigw lint --fix\n\nSilence a finding with `# aigw: allow CODE -- reason` above what it is about."
)]
pub(crate) struct Lint {
    #[command(flatten)]
    judging: Judging,
    /// The least level that makes the verb end with 1
    #[arg(long, value_enum, default_value_t = FailOn::Warning, value_name = "LEVEL")]
    fail_on: FailOn,
    /// Mend what can be mended: only the bytes in question change, comments and layout stay
    #[arg(long)]
    fix: bool,
}

/// Levels of `--fail-on`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    /// Only errors
    Error,
    /// Warnings too
    Warning,
    /// Advice too
    Advice,
}

impl Lint {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        let mut compiled = load::compile(&self.judging.path, globals)?;
        if self.fix {
            let mended = mend(&compiled, &self.judging.path)?;
            if !globals.quiet {
                say(&format!("mended {mended} findings"));
            }
            compiled = load::compile(&self.judging.path, globals)?;
        }
        load::report("lint", &compiled, Level::Advice, &self.judging, globals.color)?;
        let worst = match self.fail_on {
            FailOn::Error => Level::Error,
            FailOn::Warning => Level::Warning,
            FailOn::Advice => Level::Advice,
        };
        let failed = compiled.findings.iter().any(|finding| finding.level <= worst);
        if !failed && !globals.quiet {
            say(&format!("{} documents, nothing to fail on", compiled.repository.documents.len()));
        }
        Ok(if failed { Exit::Findings } else { Exit::Fine })
    }
}

/// Applies the fixes of all findings, file by file; of two that touch the same bytes the first, and a second run takes the other.
fn mend(compiled: &Compiled, path: &std::path::Path) -> Result<usize, Stop> {
    let mut edits: BTreeMap<FileId, Vec<Edit>> = BTreeMap::new();
    let mut mended = 0;
    for fix in compiled.findings.iter().filter_map(|finding| finding.fix.as_ref()) {
        let overlaps = |edit: &Edit| edits.get(&edit.span.file).is_some_and(|taken| taken.iter().any(|other| touch(other, edit)));
        if fix.edits.iter().any(overlaps) {
            continue;
        }
        mended += 1;
        for edit in &fix.edits {
            edits.entry(edit.span.file).or_default().push(edit.clone());
        }
    }
    for (file, edits) in edits {
        let source = compiled.sources.file(file);
        let text =
            aigw_source::apply_edits(&source.text, &edits).map_err(|error| Stop::usage(format!("`{}`: {error}", source.path)))?;
        write_file(&on_disk(path, &source.path), text.as_bytes())?;
    }
    Ok(mended)
}

fn touch(one: &Edit, other: &Edit) -> bool {
    one.span.start <= other.span.end && other.span.start <= one.span.end
}

/// Where a file of the repository lies: below the folder that was named, or the file itself.
fn on_disk(path: &std::path::Path, name: &str) -> PathBuf {
    if path.is_dir() { path.join(name) } else { path.to_path_buf() }
}
