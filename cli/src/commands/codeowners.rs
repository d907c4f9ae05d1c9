//! `aigw codeowners`: the CODEOWNERS file of a repository, from the Gateway's `ownership`.

use std::path::{Path, PathBuf};

use aigw_kinds::gateway::{GatewaySpec, Ownership};
use clap::Args;

use crate::args::Globals;
use crate::exit::{Exit, Outcome, Stop};
use crate::load::program;
use crate::output::{print, read_file, say, write_file};

/// Where GitHub looks for the file, in its order.
const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];
/// GitHub reads no larger file.
const MAX_BYTES: u64 = 3 << 20;
/// Most lines of a difference that are shown.
const MAX_LINES: usize = 40;

/// Arguments of `codeowners`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  aigw codeowners policies -o .github/CODEOWNERS\n  aigw codeowners policies --check   # in CI: 1 when the file is out of date"
)]
pub(crate) struct Codeowners {
    /// The policy folder; paths are written relative to the git repository that holds it
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The file to write, or to compare with. Default: standard output; with --check .github/CODEOWNERS, CODEOWNERS or docs/CODEOWNERS
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write nothing; end with 1 and tell the difference when the file is not what would be written
    #[arg(long)]
    check: bool,
}

impl Codeowners {
    pub(crate) fn run(self, globals: &Globals) -> Outcome {
        let (compiled, _) = program(&self.path, globals)?;
        let gateway = compiled.repository.all::<GatewaySpec>().next();
        let specs = gateway.map(|gateway| gateway.spec.ownership.as_slice()).unwrap_or_default();
        let ownership = Ownership::of(specs).filter(|ownership| !ownership.entries().is_empty()).ok_or_else(|| {
            Stop::usage(format!("the policies in `{}` say nothing of owners", self.path.display()))
                .help("write `ownership` in the Gateway: `aigw schema gateway` says how")
        })?;
        let place = Place::of(&self.path)?;
        let files = compiled.repository.paths(&compiled.sources);
        let text = ownership.codeowners(&place.below, files).map_err(|fault| Stop::usage(fault.to_string()))?;
        if text.len() as u64 > MAX_BYTES {
            return Err(Stop::usage(format!(
                "the file would have {} bytes, and GitHub reads no more than {MAX_BYTES}",
                text.len()
            )));
        }
        match (&self.out, self.check) {
            (out, true) => check(&out.clone().map_or_else(|| place.existing(), Ok)?, &text, &self.path),
            (Some(out), false) => {
                write_file(out, text.as_bytes())?;
                if !globals.quiet {
                    say(&format!("wrote {}", out.display()));
                }
                Ok(Exit::Fine)
            }
            (None, false) => print(&text).map(|()| Exit::Fine),
        }
    }
}

/// Where a policy folder lies.
struct Place {
    /// The git repository's root; the policy folder itself where it is in none.
    root: PathBuf,
    /// The policy folder's path in it, with `/`; empty for the root.
    below: String,
}

impl Place {
    fn of(path: &Path) -> Result<Self, Stop> {
        let real = path.canonicalize().map_err(|error| Stop::usage(format!("`{}` cannot be read: {error}", path.display())))?;
        let folder = if real.is_dir() { real.as_path() } else { real.parent().unwrap_or(&real) };
        // A working tree of several has a file there, not a folder.
        let root = folder.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(folder);
        let below = folder.strip_prefix(root).unwrap_or(Path::new("")).to_string_lossy().replace('\\', "/");
        Ok(Self { root: root.to_owned(), below })
    }

    fn existing(&self) -> Result<PathBuf, Stop> {
        let mut places = PLACES.iter().map(|place| self.root.join(place));
        places.find(|place| place.is_file()).ok_or_else(|| {
            Stop::usage(format!("`{}` has no CODEOWNERS", self.root.display()))
                .with_exit(Exit::Findings)
                .help("write it with `-o`")
        })
    }
}

/// Tells how a file differs from what would be written.
fn check(file: &Path, wanted: &str, path: &Path) -> Outcome {
    let found = if file.exists() { read_file(file, MAX_BYTES)? } else { Vec::new() };
    let found = String::from_utf8_lossy(&found).replace("\r\n", "\n");
    if found == wanted {
        return Ok(Exit::Fine);
    }
    let lines = difference(&found, wanted);
    for line in lines.iter().take(MAX_LINES) {
        print(&format!("{line}\n"))?;
    }
    if lines.len() > MAX_LINES {
        print(&format!("… and {} lines more\n", lines.len() - MAX_LINES))?;
    }
    Err(Stop::usage(format!("`{}` is out of date", file.display())).with_exit(Exit::Findings).help(format!(
        "run `aigw codeowners {} -o {}` and commit the file",
        path.display(),
        file.display()
    )))
}

/// The lines between what two texts begin and end with alike: `-` for those that go, `+` for those that come.
fn difference(found: &str, wanted: &str) -> Vec<String> {
    let (found, wanted): (Vec<&str>, Vec<&str>) = (found.lines().collect(), wanted.lines().collect());
    let alike = found.iter().zip(&wanted).take_while(|(one, other)| one == other).count();
    let (found, wanted) = (found.get(alike..).unwrap_or_default(), wanted.get(alike..).unwrap_or_default());
    let tail = found.iter().rev().zip(wanted.iter().rev()).take_while(|(one, other)| one == other).count();
    let gone = found.iter().take(found.len() - tail).map(|line| format!("-{line}"));
    let new = wanted.iter().take(wanted.len() - tail).map(|line| format!("+{line}"));
    let mut lines: Vec<String> = gone.chain(new).collect();
    if lines.is_empty() {
        lines.push("the two differ in line breaks at the end".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn only_lines_that_differ_are_told() {
        assert_eq!(difference("a\nb\nc\n", "a\nx\nc\n"), ["-b", "+x"]);
        assert_eq!(difference("", "a\n"), ["+a"]);
        assert_eq!(difference("a\na\n", "a\n"), ["-a"]);
        assert_eq!(difference("a", "a\n").len(), 1);
    }
}
