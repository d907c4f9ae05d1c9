//! Making mutants: what every operator needs, and one place that keeps their ids apart.

use std::collections::BTreeMap;

use aigw_kinds::{ExpressionId, ExpressionPlan, Place, Program, Setting};

use super::reach::Reach;
use super::{Concern, Mutant, MutantKind, operators};

/// A list of mutants that grows.
pub(super) struct Maker<'p> {
    pub(super) program: &'p Program,
    pub(super) reach: Reach,
    made: Vec<Mutant>,
    /// How often each id was asked for.
    ids: BTreeMap<String, u32>,
}

/// A mutant but for its change.
pub(super) struct Draft {
    pub(super) kind: MutantKind,
    /// The names of what is changed, parted by `/`.
    pub(super) of: String,
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) concern: Concern,
    pub(super) mentions: Vec<String>,
}

impl<'p> Maker<'p> {
    pub(super) fn new(program: &'p Program) -> Self {
        Self { program, reach: Reach::new(program), made: Vec::new(), ids: BTreeMap::new() }
    }

    pub(super) fn all(mut self) -> Vec<Mutant> {
        operators::authorization::make(&mut self);
        operators::limit::make(&mut self);
        operators::matches::make(&mut self);
        operators::model::make(&mut self);
        operators::prompt::make(&mut self);
        operators::provider::make(&mut self);
        operators::route::make(&mut self);
        operators::validation::make(&mut self);
        self.made
    }

    pub(super) fn add(&mut self, draft: Draft, change: impl Fn(&mut Program) + Send + Sync + 'static) {
        let Draft { kind, of, place, name, concern, mut mentions } = draft;
        mentions.push(self.at(place));
        let plain = format!("{}:{of}", kind.as_str());
        let nth = self.ids.entry(plain.clone()).or_default();
        *nth = nth.saturating_add(1);
        let id = if *nth == 1 { plain } else { format!("{plain}#{nth}") };
        self.made.push(Mutant { id, kind, name, place, concern, mentions, change: Box::new(change) });
    }

    /// The opposite of a condition, where it compiles.
    pub(super) fn negate(&mut self, condition: Option<ExpressionId>, draft: impl FnOnce(&ExpressionPlan) -> Draft) {
        let Some((id, plan)) = condition.and_then(|id| Some((id, id.of(self.program)?))) else { return };
        // The line break ends a comment.
        let text = format!("!({}\n)", plan.text);
        let negated = ExpressionPlan { text: text.clone(), ..plan.clone() };
        if negated.compile().is_ok() {
            self.add(draft(plan), move |program| {
                if let Some(plan) = program.expressions.get_mut(id.index()) {
                    plan.text.clone_from(&text);
                }
            });
        }
    }

    /// Where a condition stands.
    pub(super) fn place_of(&self, condition: ExpressionId) -> Place {
        condition.of(self.program).map_or_else(Place::default, |plan| plan.place)
    }

    /// `file:line:column`, as records have it.
    pub(super) fn at(&self, Place(file, line, column): Place) -> String {
        let file = usize::try_from(file).ok().and_then(|file| self.program.files.get(file)).map_or("", String::as_str);
        format!("{file}:{line}:{column}")
    }

    /// A number as tests have it: written, or the `test` value of its parameter.
    pub(super) fn number(&self, setting: &Setting<u64>) -> Option<u64> {
        match setting {
            Setting::Value(number) => Some(*number),
            Setting::Param(id) => id.of(self.program)?.test.as_ref()?.parse().ok(),
        }
    }

    /// The text of a condition.
    pub(super) fn text(&self, condition: Option<ExpressionId>) -> Option<&'p str> {
        condition.and_then(|id| id.of(self.program)).map(|plan| plan.text.as_str())
    }
}
