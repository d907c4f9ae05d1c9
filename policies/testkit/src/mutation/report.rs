//! What came of all mutants, for people and machines.

use std::collections::BTreeMap;

use aigw_core::Share;
use aigw_kinds::{Place, Program};
use aigw_source::Sources;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Mutant, MutantKind, Verdict};
use crate::plan::Case;
use crate::report::FailureKind;

/// Most characters of a line that are told.
const MAX_LINE_CHARS: usize = 1_000;

/// What came of all mutants.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MutationReport {
    /// What the mutants that were tried were drawn by, where not all were.
    pub seed: u64,
    /// Mutants of this program that were not tried, since more were not asked for.
    pub left_out: usize,
    /// What came of those that were tried.
    pub counts: Counts,
    /// The noticed among those that were tried and valid, rounded down to a hundredth of a percent; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<Share>,
    /// The same by kind, for each kind that was tried.
    pub kinds: Vec<KindCount>,
    /// Each mutant that was tried, in the order of their places.
    pub mutants: Vec<Tried>,
}

/// How many mutants came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// A case failed.
    pub noticed: usize,
    /// Every case that sends requests that the change could matter to passed.
    pub unnoticed: usize,
    /// No case sends such a request.
    pub unreached: usize,
    /// The program does not load with the change, so that nothing is learnt.
    pub invalid: usize,
}

/// What came of one kind of mutants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KindCount {
    /// The kind.
    pub kind: MutantKind,
    /// What came of them.
    pub counts: Counts,
}

/// A mutant that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tried {
    /// What tells it apart; it stays when lines move.
    pub id: String,
    /// Its kind.
    pub kind: MutantKind,
    /// What is otherwise, as the end of `no case notices that …`.
    pub name: String,
    /// Path of the file that it changes, relative to the folder of the policies.
    pub file: String,
    /// Where, from 1.
    pub line: u32,
    /// Where, in characters from 1.
    pub column: u32,
    /// The column behind its end.
    pub end_column: u32,
    /// The line as it stands, at most 1,000 characters of it.
    pub text: String,
    /// What came of it.
    pub result: TrialResult,
    /// The first case that failed, as `suite / case`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noticed_by: Option<String>,
    /// How it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<FailureKind>,
    /// How many cases could have noticed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cases: Option<usize>,
    /// Why the program does not load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What came of a mutant, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum TrialResult {
    /// A case failed.
    Noticed,
    /// Every case that could have noticed passed.
    Unnoticed,
    /// No case could have noticed.
    Unreached,
    /// The program does not load with the change.
    Invalid,
}

/// What mutants and their verdicts refer to.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The program that was changed.
    pub program: &'a Program,
    /// The files that it was compiled from.
    pub sources: &'a Sources,
    /// The cases, in the order that verdicts number them.
    pub cases: &'a [&'a Case],
}

impl MutationReport {
    /// Tells what came of these mutants, each with its verdict, where `left_out` more were left out by `seed`.
    pub fn new(about: &About<'_>, tried: &[(Mutant, Verdict)], left_out: usize, seed: u64) -> Self {
        let mutants: Vec<Tried> = tried.iter().map(|(mutant, verdict)| Tried::new(about, mutant, verdict)).collect();
        let mut counts = Counts::default();
        let mut kinds: BTreeMap<MutantKind, Counts> = BTreeMap::new();
        for mutant in &mutants {
            counts.add(mutant.result);
            kinds.entry(mutant.kind).or_default().add(mutant.result);
        }
        let kinds = kinds.into_iter().map(|(kind, counts)| KindCount { kind, counts }).collect();
        Self { seed, left_out, counts, score: counts.score(), kinds, mutants }
    }

    /// The mutants that no case noticed, those that none could have noticed included.
    pub fn survivors(&self) -> impl Iterator<Item = &Tried> {
        self.mutants.iter().filter(|mutant| matches!(mutant.result, TrialResult::Unnoticed | TrialResult::Unreached))
    }
}

impl Counts {
    fn add(&mut self, result: TrialResult) {
        let count = match result {
            TrialResult::Noticed => &mut self.noticed,
            TrialResult::Unnoticed => &mut self.unnoticed,
            TrialResult::Unreached => &mut self.unreached,
            TrialResult::Invalid => &mut self.invalid,
        };
        *count = count.saturating_add(1);
    }

    /// How many say something about the cases.
    pub fn valid(&self) -> usize {
        self.noticed.saturating_add(self.survived())
    }

    /// How many no case noticed.
    pub fn survived(&self) -> usize {
        self.unnoticed.saturating_add(self.unreached)
    }

    pub(super) fn score(&self) -> Option<Share> {
        const HUNDREDTHS: u64 = 10_000;
        let (noticed, valid) = (u64::try_from(self.noticed).ok()?, u64::try_from(self.valid()).ok()?);
        let hundredths = noticed.saturating_mul(HUNDREDTHS).checked_div(valid)?;
        Some(Share::from_ppm(u32::try_from(hundredths.saturating_mul(100)).ok()?))
    }
}

impl Tried {
    fn new(about: &About<'_>, mutant: &Mutant, verdict: &Verdict) -> Self {
        let Place(file, line, column) = mutant.place;
        let file = usize::try_from(file).ok().and_then(|file| about.program.files.get(file)).cloned().unwrap_or_default();
        let text = about.sources.find(&file).map_or("", |id| about.sources.line_text(id, line));
        let text: String = text.chars().take(MAX_LINE_CHARS).collect();
        let end_column = column.saturating_add(length_of(&text, column));
        let (id, name) = (mutant.id.clone(), mutant.name.clone());
        let result = match verdict {
            Verdict::Noticed { .. } => TrialResult::Noticed,
            Verdict::Unnoticed { cases: 0 } => TrialResult::Unreached,
            Verdict::Unnoticed { .. } => TrialResult::Unnoticed,
            Verdict::Invalid(_) => TrialResult::Invalid,
        };
        let (noticed_by, how) = match verdict {
            Verdict::Noticed { case, how } => {
                (about.cases.get(*case).map(|case| format!("{} / {}", case.suite, case.name)), Some(*how))
            }
            _ => (None, None),
        };
        let why = if let Verdict::Invalid(why) = verdict { Some(why.clone()) } else { None };
        let cases = if let Verdict::Unnoticed { cases } = verdict { Some(*cases) } else { None };
        Self { id, kind: mutant.kind, name, file, line, column, end_column, text, result, noticed_by, how, cases, why }
    }
}

/// How many characters what begins in this column has: a word, or where it is none, the rest of the line.
fn length_of(line: &str, column: u32) -> u32 {
    let start = usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1);
    let rest: Vec<char> = line.trim_end().chars().skip(start).collect();
    let is_word = |c: &char| !c.is_whitespace() && !matches!(c, ',' | '{' | '}' | '[' | ']' | '"' | '\'');
    let word = rest.iter().take_while(|c| is_word(c)).count();
    u32::try_from(if word > 0 { word } else { rest.len() }).unwrap_or(1).max(1)
}
