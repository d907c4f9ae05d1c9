//! A regular expression that was meant as a host or version.

use aigw_kinds::Repository;
use aigw_kinds::route::{RouteSpec, ValueMatch};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::step;

pub(crate) const ID: RuleId = RuleId { code: "R107", name: "unescaped-dot" };
pub(crate) const LEVEL: Level = Level::Warning;

/// Ends of host names; a dot before them in a pattern is meant as a dot.
const TOP_LEVEL: [&str; 10] = ["ai", "cloud", "com", "de", "dev", "eu", "example", "io", "net", "org"];

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for route in repository.all::<RouteSpec>() {
        for (index, written) in route.spec.matches.iter().enumerate() {
            for (key, values) in [("headers", &written.headers), ("query", &written.query)] {
                for (name, value) in values {
                    let ValueMatch::Regex(pattern) = &value.0 else { continue };
                    if !is_literal_but_for_dots(pattern) && !ends_as_host(pattern) {
                        continue;
                    }
                    let place = route.doc.locate(&format!("/spec/matches/{index}/{key}/{}/regex", step(name)));
                    let message = format!("a `.` in `{pattern}` stands for any character, where a dot seems to be meant");
                    let meant = pattern.trim_start_matches('^').trim_end_matches('$');
                    let finding =
                        Finding::warning(ID, place, message).counterexample(format!("{name}: {}", meant.replacen('.', "x", 1)));
                    findings.push(finding.help("write `\\.`, or an exact text instead of a regular expression"));
                }
            }
        }
    }
}

/// Letters, digits, `-`, `_` and at least one dot between two of them: no author of such a pattern means "any character".
fn is_literal_but_for_dots(pattern: &str) -> bool {
    let text = pattern.strip_prefix('^').unwrap_or(pattern);
    let text = text.strip_suffix('$').unwrap_or(text);
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    text.contains('.') && text.split('.').all(word)
}

/// Whether the pattern ends in a name and a top-level domain with a bare dot between them.
fn ends_as_host(pattern: &str) -> bool {
    let text = pattern.strip_suffix('$').unwrap_or(pattern);
    let Some((before, last)) = text.rsplit_once('.') else { return false };
    TOP_LEVEL.contains(&last) && before.ends_with(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_patterns_that_are_names_but_for_their_dots_are_doubted() {
        for (pattern, expected) in [
            ("api.example.com", true),
            ("^v1.2.3$", true),
            ("(api|www).example.com", true),
            (r"api\.example\.com", false),
            ("a.*", false),
            ("team-.+", false),
            ("support", false),
            ("x.{3}", false),
        ] {
            assert_eq!(is_literal_but_for_dots(pattern) || ends_as_host(pattern), expected, "{pattern}");
        }
    }
}
