//! Why a target was not chosen.

use aigw_core::{AttemptOutcome, Outcome, Record, Skipped, Verdict};
use aigw_kinds::model::{ModelPlan, TargetPlan};
use aigw_kinds::route::{RoutePlan, ServePlan};
use aigw_kinds::{ModelId, Program};

use super::WhyNot;
use crate::commands::eval::Evaluated;
use crate::commands::eval::endpoint_name;
use crate::commands::eval::json::{gave, placed};
use crate::commands::eval::trace::{attempted, skip_reason};

/// A target of a model at one endpoint.
pub(super) struct Named<'p> {
    pub(super) id: ModelId,
    pub(super) model: &'p ModelPlan,
    pub(super) plan: &'p TargetPlan,
    /// Its index in the model.
    index: usize,
    pub(super) label: String,
    /// Without the endpoint, as policies may write it.
    short: String,
}

/// Every target at every endpoint.
fn all(program: &Program) -> impl Iterator<Item = Named<'_>> {
    (0_u32..).map(ModelId).zip(&program.models).flat_map(move |(id, model)| {
        model.targets.iter().enumerate().flat_map(move |(index, plan)| {
            plan.endpoints.iter().filter_map(|endpoint| endpoint.of(program)).map(move |endpoint| {
                let provider = plan.provider.of(program).map_or("", |provider| provider.origin.name.as_str());
                let label = format!("{}/{}", endpoint_name(program, endpoint), plan.model);
                Named { id, model, plan, index, label, short: format!("{provider}/{}", plan.model) }
            })
        })
    })
}

/// The labels of all targets.
pub(super) fn labels(program: &Program) -> Vec<String> {
    all(program).map(|named| named.label).collect()
}

/// The targets that are written so.
pub(super) fn named<'p>(program: &'p Program, written: &str) -> Vec<Named<'p>> {
    all(program).filter(|named| named.label == written || named.short == written).collect()
}

/// Why none of these was chosen; they are all that `of` can mean.
pub(super) fn why_not(evaluated: &Evaluated, of: &str, targets: &[Named<'_>]) -> WhyNot {
    let (record, program) = (evaluated.shown.record(), evaluated.shown.loaded.program());
    let labels = || targets.iter().map(|named| named.label.as_str());
    let served = record
        .attempts
        .iter()
        .find(|attempt| attempt.outcome == AttemptOutcome::Served && labels().any(|label| *label == *attempt.target));
    if let Some(attempt) = served {
        return WhyNot { of: of.to_owned(), chosen: true, because: vec![format!("`{}` {}", attempt.target, attempted(attempt))] };
    }
    let tried: Vec<String> = record
        .attempts
        .iter()
        .filter(|attempt| labels().any(|label| *label == *attempt.target))
        .map(|attempt| format!("it was called, and could not serve: {}", attempted(attempt)))
        .collect();
    if !tried.is_empty() {
        return WhyNot { of: of.to_owned(), chosen: false, because: tried };
    }
    let route = program.routes.iter().find(|route| record.route.as_deref() == Some(route.origin.name.as_str()));
    let because = match route {
        None => vec![format!("no route matched the request{}", code(record))],
        Some(route) => {
            let asked = |named| Asked { evaluated, record, program, route, named };
            together(targets.iter().map(|named| (named, asked(named).because())).collect())
        }
    };
    WhyNot { of: of.to_owned(), chosen: false, because }
}

/// Reasons of several targets, each reason once.
fn together(reasons: Vec<(&Named<'_>, Vec<String>)>) -> Vec<String> {
    let mut groups: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for (named, lines) in reasons {
        let label = format!("{} of {}", named.label, named.model.origin.name);
        match groups.iter_mut().find(|(_, own)| *own == lines) {
            Some((labels, _)) => labels.push(label),
            None => groups.push((vec![label], lines)),
        }
    }
    if groups.len() == 1 {
        return groups.into_iter().flat_map(|(_, lines)| lines).collect();
    }
    let told = |(labels, lines): (Vec<String>, Vec<String>)| {
        std::iter::once(format!("{}:", labels.join(", "))).chain(lines.into_iter().map(|line| format!("  {line}")))
    };
    groups.into_iter().flat_map(told).collect()
}

/// One target that was not called, and the request.
struct Asked<'a> {
    evaluated: &'a Evaluated,
    record: &'a Record,
    program: &'a Program,
    route: &'a RoutePlan,
    named: &'a Named<'a>,
}

impl Asked<'_> {
    fn because(&self) -> Vec<String> {
        self.served_elsewhere().or_else(|| self.refused()).or_else(|| self.passed_over()).unwrap_or_else(|| self.not_first())
    }

    /// Where the route does not serve the target's model.
    fn served_elsewhere(&self) -> Option<Vec<String>> {
        let (route, model) = (&self.route.origin, &self.named.model.origin);
        let place = placed(self.program, route.place);
        let served = match &self.route.serve {
            ServePlan::Http { provider, .. } => {
                let name = provider.of(self.program).map_or("", |provider| provider.origin.name.as_str());
                return Some(vec![format!(
                    "route `{}` forwards to the provider `{name}` and serves no models ({place})",
                    route.name
                )]);
            }
            ServePlan::Models { models, .. } => models,
        };
        let reached =
            |id: &ModelId| *id == self.named.id || id.of(self.program).is_some_and(|plan| plan.fallback.contains(&self.named.id));
        if served.iter().any(reached) {
            return None;
        }
        let names: Vec<String> =
            served.iter().filter_map(|id| id.of(self.program)).map(|plan| plan.origin.name.to_string()).collect();
        Some(vec![format!(
            "it is a target of the model `{}`, which route `{}` does not serve; it serves {} ({place})",
            model.name,
            route.name,
            names.join(", ")
        )])
    }

    /// Where the request ended before any target was chosen.
    fn refused(&self) -> Option<Vec<String>> {
        if self.record.outcome != Outcome::Refused {
            return None;
        }
        let mut lines = vec![format!("the request was refused before any target was chosen{}", code(self.record))];
        lines.extend(self.refusals());
        Some(lines)
    }

    /// Where the engine looked at it and passed it over, or never does.
    fn passed_over(&self) -> Option<Vec<String>> {
        if let Some(skipped) = self.record.skipped.iter().find(|skipped| *skipped.target == *self.named.label) {
            return Some(self.skipped(skipped));
        }
        (self.weight(self.named) == 0)
            .then(|| vec![format!("its weight is 0: it is never called ({})", placed(self.program, self.named.plan.place))])
    }

    fn skipped(&self, skipped: &Skipped) -> Vec<String> {
        let mut lines = vec![format!("{} ({})", skip_reason(skipped.reason), placed(self.program, self.named.plan.place))];
        lines.extend(skipped.note.clone());
        let evaluations = &self.evaluated.shown.evaluations;
        let when = self.named.plan.when.and_then(|id| evaluations.iter().rfind(|evaluation| evaluation.id == id));
        if let Some((evaluation, plan)) = when.and_then(|evaluation| Some((evaluation, evaluation.id.of(self.program)?))) {
            lines.push(format!("{} gave {}", plan.text, gave(&evaluation.gave)));
            lines.extend(evaluation.saw.iter().map(|(name, value)| format!("  {name} = {value}")));
        }
        lines
    }

    /// Where it was eligible, or its model never came up.
    fn not_first(&self) -> Vec<String> {
        let model = &self.named.model.origin.name;
        let first = self.record.attempts.iter().find_map(|attempt| {
            let found = named(self.program, &attempt.target).into_iter().find(|found| found.id == self.named.id)?;
            Some((attempt, found))
        });
        let Some((attempt, first)) = first else { return self.other_model(model.as_str()) };
        let (own, place) = (self.named.plan.priority, placed(self.program, self.named.plan.place));
        if own > first.plan.priority {
            let served =
                if attempt.outcome == AttemptOutcome::Served { "which served" } else { "and after it the attempts were spent" };
            return vec![format!(
                "its priority {own} stands behind `{}` of priority {}, {served} ({place})",
                first.label, first.plan.priority
            )];
        }
        self.drawn(&first, &place)
    }

    /// Where an equal was drawn before it.
    fn drawn(&self, first: &Named<'_>, place: &str) -> Vec<String> {
        let shares: Vec<(String, u64, usize)> = all(self.program)
            .filter(|named| named.id == self.named.id && named.plan.priority == self.named.plan.priority)
            .filter(|named| self.weight(named) > 0 && self.record.skipped.iter().all(|skipped| *skipped.target != *named.label))
            .map(|named| (named.label.clone(), self.weight(&named), named.plan.endpoints.len().max(1)))
            .collect();
        let share = |weight: u64, endpoints: usize| weight as f64 / endpoints as f64;
        let total: f64 = shares.iter().map(|(_, weight, endpoints)| share(*weight, *endpoints)).sum();
        let mine = share(self.weight(self.named), self.named.plan.endpoints.len().max(1));
        let how = match self.sticky() {
            Some(text) => format!("by {text}: the same key always gets the same target"),
            None => "at random".to_owned(),
        };
        vec![
            format!("`{}` of the same priority was drawn before it, {how} ({place})", first.label),
            format!(
                "it is drawn first for {:.0}% of such requests, by its weight {}",
                100.0 * mine / total,
                self.weight(self.named)
            ),
        ]
    }

    /// What sticks the caller to its target, with the key that it gave.
    fn sticky(&self) -> Option<String> {
        let id = self.named.model.sticky?;
        let evaluation = self.evaluated.shown.evaluations.iter().rfind(|evaluation| evaluation.id == id)?;
        match &evaluation.gave {
            aigw_kinds::Given::Text(Some(key)) => Some(format!("`sticky` with the key `{key}`")),
            _ => None,
        }
    }

    /// Where another model served, and this one's turn never came.
    fn other_model(&self, model: &str) -> Vec<String> {
        let asked = self.record.model.as_deref();
        if asked == Some(model) {
            return vec![format!("no target of the model `{model}` was called{}", code(self.record))];
        }
        let mut lines =
            vec![format!("it is a target of the model `{model}`, and the request was for `{}`", asked.unwrap_or("none"))];
        let serving = self.program.models.iter().find(|plan| asked == Some(plan.origin.name.as_str()));
        let is_fallback = serving.is_some_and(|plan| plan.fallback.contains(&self.named.id));
        let served = self.record.attempts.iter().find(|attempt| attempt.outcome == AttemptOutcome::Served);
        match (is_fallback, served) {
            (false, _) => lines.push(format!("clients ask for it as {}", self.named.model.names.join(", "))),
            (true, Some(attempt)) => {
                lines.push(format!("`{model}` is its fallback, which was not needed: `{}` served", attempt.target))
            }
            (true, None) => {
                lines.push(format!("`{model}` is its fallback, and its turn did not come{}", code(self.record)));
                lines.extend(self.refusals());
            }
        }
        lines
    }

    /// Who refused the request, or a fallback.
    fn refusals(&self) -> impl Iterator<Item = String> {
        let refusing = self.record.policies.iter().filter(|verdict| verdict.verdict == Verdict::Refused && !verdict.shadow);
        refusing.map(|verdict| {
            let rule = verdict.rule.as_ref().map_or_else(String::new, |rule| format!("/{rule}"));
            format!("`{}{rule}` refused it ({})", verdict.policy, verdict.at)
        })
    }

    /// Its weight with the values of parameters.
    fn weight(&self, named: &Named<'_>) -> u64 {
        let model = self.evaluated.shown.loaded.model(named.id);
        model.and_then(|model| model.weights.get(named.index)).copied().unwrap_or_default()
    }
}

fn code(record: &Record) -> String {
    record.code.map_or_else(String::new, |code| format!(": {}", code.as_str()))
}
