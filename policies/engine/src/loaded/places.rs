//! The names and places of everything that decides, written once, so that a record only shares them.

use std::sync::Arc;

use aigw_core::{LimitState, PolicyVerdict};
use aigw_kinds::{Decider, Decision, Origin, Place, Program};

use crate::counters::LimitReading;

#[derive(Debug)]
pub(super) struct Places {
    rows: Vec<Policy>,
    authentications: Vec<Policy>,
    authorizations: Vec<Policy>,
    validations: Vec<Policy>,
    limits: Vec<Policy>,
    prompts: Vec<Policy>,
}

#[derive(Debug)]
struct Policy {
    name: Arc<str>,
    at: Arc<str>,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    name: Arc<str>,
    at: Arc<str>,
    /// `policy/part`
    full: Arc<str>,
}

impl Places {
    pub(super) fn new(program: &Program) -> Self {
        let policy = |origin: &Origin, parts: Vec<(&str, Place)>| {
            let name = origin.name.as_str();
            let part = |(part, place): (&str, Place)| Part {
                name: part.into(),
                at: written(program, place),
                full: format!("{name}/{part}").into(),
            };
            Policy { name: name.into(), at: written(program, origin.place), parts: parts.into_iter().map(part).collect() }
        };
        let row = |row: &aigw_kinds::route::MatchRow| Policy {
            name: row.route.of(program).map_or_else(Arc::default, |route| route.origin.name.as_str().into()),
            at: written(program, row.place),
            parts: Vec::new(),
        };
        Self {
            rows: program.matches.iter().map(row).collect(),
            authentications: program.authentications.iter().map(|plan| policy(&plan.origin, Vec::new())).collect(),
            authorizations: (program.authorizations.iter())
                .map(|plan| policy(&plan.origin, plan.rules.iter().map(|rule| (rule.name.as_str(), rule.place)).collect()))
                .collect(),
            validations: (program.validations.iter())
                .map(|plan| policy(&plan.origin, plan.checks.iter().map(|check| (check.what.key(), check.place)).collect()))
                .collect(),
            limits: (program.limits.iter())
                .map(|plan| policy(&plan.origin, plan.rules.iter().map(|rule| (rule.name.as_str(), rule.place)).collect()))
                .collect(),
            prompts: (program.prompts.iter())
                .map(|plan| {
                    let versions = plan.versions.iter().map(|version| (version.name.as_str(), plan.origin.place));
                    policy(&plan.origin, versions.collect())
                })
                .collect(),
        }
    }

    pub(super) fn verdict(&self, decision: Decision) -> PolicyVerdict {
        let (policy, part) = self.find(decision.by);
        PolicyVerdict {
            policy: policy.map(|policy| Arc::clone(&policy.name)).unwrap_or_default(),
            rule: part.map(|part| Arc::clone(&part.name)),
            phase: decision.phase.as_str().into(),
            verdict: decision.verdict,
            shadow: decision.shadow,
            at: part.map(|part| &part.at).or(policy.map(|policy| &policy.at)).cloned().unwrap_or_default(),
            note: decision.note.map(String::from),
        }
    }

    /// `file:line:column` of a row of the match table.
    pub(super) fn row(&self, index: u32) -> Option<&Arc<str>> {
        self.find(Decider::Row(index)).0.map(|row| &row.at)
    }

    pub(super) fn limit_state(&self, reading: &LimitReading) -> LimitState {
        let (_, part) = self.find(reading.by);
        let limit = part.map(|part| Arc::clone(&part.full)).unwrap_or_default();
        LimitState { limit, remaining: reading.remaining, shadow: reading.shadow }
    }

    fn find(&self, by: Decider) -> (Option<&Policy>, Option<&Part>) {
        let (policy, part) = match by {
            Decider::Row(index) => (usize::try_from(index).ok().and_then(|index| self.rows.get(index)), None),
            Decider::Authentication(id) => (self.authentications.get(id.index()), None),
            Decider::Authorization(id) => (self.authorizations.get(id.index()), None),
            Decider::AuthorizationRule(id, rule) => (self.authorizations.get(id.index()), Some(rule)),
            Decider::Validation(id) => (self.validations.get(id.index()), None),
            Decider::ValidationCheck(id, check) => (self.validations.get(id.index()), Some(check)),
            Decider::LimitRule(id, rule) => (self.limits.get(id.index()), Some(rule)),
            Decider::Prompt(id, version) => (self.prompts.get(id.index()), version),
        };
        (policy, policy.zip(part).and_then(|(policy, part)| policy.parts.get(usize::from(part))))
    }
}

/// `file:line:column`
fn written(program: &Program, Place(file, line, column): Place) -> Arc<str> {
    let file = usize::try_from(file).ok().and_then(|file| program.files.get(file)).map_or("", String::as_str);
    format!("{file}:{line}:{column}").into()
}
