//! `--run`: which cases run.

use aigw_source::nearest;
use aigw_testkit::Case;

/// Patterns, any of which a case must meet; every case where there is none.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    patterns: Vec<String>,
}

/// A pattern that no case meets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unmet {
    /// The pattern.
    pub(super) pattern: String,
    /// What was probably meant.
    pub(super) meant: Option<String>,
}

/// What of a case a pattern may name.
struct Named<'c> {
    file: &'c str,
    suite: &'c str,
    case: &'c str,
    /// `suite / case`
    full: String,
}

impl Filter {
    pub(super) fn new(patterns: &[String]) -> Self {
        Self { patterns: patterns.to_vec() }
    }

    /// Whether every case runs.
    pub(super) fn is_all(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The numbers of the cases that run, in their order.
    ///
    /// # Errors
    /// The first pattern that no case meets: it is misspelt, and what it should have run would silently be left out.
    pub(super) fn choose(&self, cases: &[Case]) -> Result<Vec<usize>, Unmet> {
        if self.is_all() {
            return Ok((0..cases.len()).collect());
        }
        let named: Vec<Named<'_>> = cases.iter().map(Named::of).collect();
        let mut chosen = vec![false; cases.len()];
        for pattern in &self.patterns {
            let met = met(pattern, &named);
            if met.is_empty() {
                return Err(unmet(pattern, &named));
            }
            for index in met {
                if let Some(chosen) = chosen.get_mut(index) {
                    *chosen = true;
                }
            }
        }
        Ok(chosen.iter().enumerate().filter_map(|(index, chosen)| chosen.then_some(index)).collect())
    }
}

/// The cases that meet a pattern. One that is the whole name of something means that alone, even where it is a part of other names or
/// has `*` in it: so the command line that a failure prints runs just that case.
fn met(pattern: &str, named: &[Named<'_>]) -> Vec<usize> {
    let all = |meets: &dyn Fn(&Named<'_>) -> bool| -> Vec<usize> {
        named.iter().enumerate().filter(|(_, named)| meets(named)).map(|(index, _)| index).collect()
    };
    let exact = all(&|named| named.texts().contains(&pattern));
    if !exact.is_empty() {
        return exact;
    }
    if pattern.contains(['*', '?']) {
        return all(&|named| named.texts().iter().any(|text| glob(pattern, text)));
    }
    all(&|named| named.texts().iter().any(|text| text.contains(pattern)))
}

fn unmet(pattern: &str, named: &[Named<'_>]) -> Unmet {
    let texts = named.iter().flat_map(Named::texts);
    Unmet { pattern: pattern.to_owned(), meant: nearest(pattern, texts).map(str::to_owned) }
}

impl<'c> Named<'c> {
    fn of(case: &'c Case) -> Self {
        Self { file: &case.file, suite: &case.suite, case: &case.name, full: full_name(case) }
    }

    fn texts(&self) -> [&str; 4] {
        [self.file, self.suite, self.case, &self.full]
    }
}

/// `suite / case`
pub(super) fn full_name(case: &Case) -> String {
    format!("{} / {}", case.suite, case.name)
}

/// Whether all of a text meets a pattern in which `*` stands for anything and `?` for one character. Takes time in proportion to the product of
/// their lengths at most.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stands, and how much of the text it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(&letter) = text.get(t) {
        match (pattern.get(p), star) {
            (Some('*'), _) => {
                star = Some((p, t));
                p += 1;
            }
            (Some(&wanted), _) if wanted == '?' || wanted == letter => {
                p += 1;
                t += 1;
            }
            (_, Some((at, taken))) => {
                star = Some((at, taken + 1));
                p = at + 1;
                t = taken + 1;
            }
            (_, None) => return false,
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|&letter| letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<'c>(names: &[(&'c str, &'c str, &'c str)]) -> Vec<Named<'c>> {
        names.iter().map(|&(file, suite, case)| Named { file, suite, case, full: format!("{suite} / {case}") }).collect()
    }

    #[test]
    fn patterns_name_files_suites_and_cases() {
        let cases = named(&[
            ("a/limits.test.yaml", "limits", "refuses"),
            ("a/limits.test.yaml", "limits", "refuses, then recovers"),
            ("b/chat.test.yaml", "chat", "a * in a name"),
            ("b/chat.test.yaml", "chat", "limits are kept"),
        ]);
        for (pattern, expected) in [
            ("limits", &[0, 1][..]),
            ("limit", &[0, 1, 3]),
            ("refuses", &[0]),
            ("limits / refuses", &[0]),
            ("limits / refuses, then recovers", &[1]),
            ("limits / refuses*", &[0, 1]),
            ("b/*", &[2, 3]),
            ("chat / a * in a name", &[2]),
            ("?hat", &[2, 3]),
            ("*recovers", &[1]),
            ("recovers*", &[]),
            ("", &[0, 1, 2, 3]),
            ("Refuses", &[]),
        ] {
            assert_eq!(met(pattern, &cases), expected, "{pattern}");
        }
    }

    #[test]
    fn what_was_probably_meant_is_said() {
        let cases = named(&[("limits.test.yaml", "limits", "refuses")]);
        assert_eq!(unmet("limitz", &cases).meant.as_deref(), Some("limits"));
        assert_eq!(unmet("something else", &cases).meant, None);
    }

    #[test]
    fn globs_meet_whole_texts() {
        for (pattern, text, meets) in [
            ("*", "", true),
            ("a*b*c", "a--b--c", true),
            ("a*b*c", "a--c--b", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*aab", "aaaaaaab", true),
            ("ä*", "äöü", true),
        ] {
            assert_eq!(glob(pattern, text), meets, "{pattern} {text}");
        }
    }
}
