//! Which lines of a folder changed since a revision, as git tells.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{Command, Output};

use crate::exit::Stop;

/// Lines by file, relative to the folder: first and last, from 1.
type Lines = BTreeMap<String, Vec<(u32, u32)>>;

/// What no file has: a file that git does not know yet is new from its first to its last line.
const ALL_LINES: (u32, u32) = (1, u32::MAX);

/// Lines of this folder's files that a revision does not have, or has otherwise, as the files are now: committed, staged or neither. Lines that are gone
/// are nowhere.
///
/// # Errors
/// Where there is no git, no repository, or no such revision.
pub(super) fn changed_lines(folder: &Path, revision: &str) -> Result<Lines, Stop> {
    let inside = git(folder, &["rev-parse", "--is-inside-work-tree"])?;
    if !inside.status.success() {
        return Err(Stop::usage(format!("`{}` is in no git repository, so that nothing tells what changed", folder.display()))
            .help("leave out `--changed-since`, or run in a checkout"));
    }
    let commit = format!("{revision}^{{commit}}");
    let found = git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?;
    if !found.status.success() {
        return Err(Stop::usage(format!("git knows no revision `{revision}` here"))
            .help("fetch it first; in GitHub Actions `actions/checkout` does with `fetch-depth: 0`"));
    }
    let commit = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    let diff = told(git(folder, &[DIFF, &[&commit, "--", "."]].concat())?)?;
    let mut lines = parse(&diff);
    let new = told(git(folder, &["ls-files", "--others", "--exclude-standard", "-z", "--", "."])?)?;
    lines.extend(new.split('\0').filter(|path| !path.is_empty()).map(|path| (path.to_owned(), vec![ALL_LINES])));
    Ok(lines)
}

/// Nobody's settings change what comes: prefixes, colours, context and tools are named.
const DIFF: &[&str] = &[
    "-c",
    "core.quotePath=false",
    "diff",
    "--unified=0",
    "--inter-hunk-context=0",
    "--relative",
    "--find-renames",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--src-prefix=a/",
    "--dst-prefix=b/",
];

fn git(folder: &Path, arguments: &[&str]) -> Result<Output, Stop> {
    Command::new("git").arg("-C").arg(folder).args(arguments).output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Stop::usage("`--changed-since` asks git what changed, and there is no `git` here")
            .help("install git, or leave out `--changed-since`"),
        _ => Stop::usage(format!("git cannot be run: {error}")),
    })
}

fn told(output: Output) -> Result<String, Stop> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Stop::usage(format!("git does not tell what changed: {}", said.lines().next().unwrap_or("it says nothing"))))
}

/// The lines that a difference without context adds. What stands in a hunk is counted and never read: it may look like anything.
fn parse(diff: &str) -> Lines {
    let mut lines = Lines::new();
    let mut file = None;
    let mut within: u32 = 0;
    for line in diff.lines() {
        if within > 0 {
            // `\ No newline at end of file` belongs to the line before it.
            within -= u32::from(!line.starts_with('\\'));
        } else if let Some(path) = line.strip_prefix("+++ ") {
            file = new_path(path);
        } else if let Some((old, (first, count))) = hunk(line) {
            within = old.saturating_add(count);
            if let Some(path) = file.as_ref().filter(|_| count > 0) {
                let last = first.saturating_add(count).saturating_sub(1);
                lines.entry(String::clone(path)).or_default().push((first, last));
            }
        }
    }
    lines
}

/// `b/PATH`, or `"b/PATH"` where some of it is escaped; `None` for a file that is gone.
fn new_path(text: &str) -> Option<String> {
    // Behind a path with a space git writes a tab.
    let text = text.strip_suffix('\t').unwrap_or(text);
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        None => text.strip_prefix("b/").map(str::to_owned),
        Some(quoted) => unescaped(quoted)?.strip_prefix("b/").map(str::to_owned),
    }
}

/// Undoes what git does to quotes, backslashes and control characters.
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        out.push(if char == '\\' { escape(&mut chars)? } else { char });
    }
    Some(out)
}

fn escape(chars: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match chars.next()? {
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        digit @ '0'..='3' => {
            let digits = [digit, chars.next()?, chars.next()?];
            let code = digits.into_iter().try_fold(0, |code, digit| Some(code * 8 + digit.to_digit(8)?))?;
            char::from_u32(code)?
        }
        other => other,
    })
}

/// `@@ -OLD +NEW @@`: how many lines are gone, and the first and number of those that came.
fn hunk(line: &str) -> Option<(u32, (u32, u32))> {
    let mut words = line.strip_prefix("@@ -")?.split(' ');
    let (_, old) = range(words.next()?)?;
    Some((old, range(words.next()?.strip_prefix('+')?)?))
}

/// `FIRST,COUNT`, or `FIRST` for one.
fn range(text: &str) -> Option<(u32, u32)> {
    match text.split_once(',') {
        Some((first, count)) => Some((first.parse().ok()?, count.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    }
}

#[cfg(test)]
mod tests;
