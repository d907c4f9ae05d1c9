//! From what was seen of a request to the points that it reached.

use aigw_core::{Operation, PolicyVerdict, Record, Verdict};
use aigw_kinds::{Evaluation, Given, Judged};

use super::Coverage;
use super::list::{Sides, Sort, When, key};

/// What a note begins with where a rule counted although its `when` could not be told; other notes of a refusal say that the store failed.
const WHEN_FAILED: &str = "when_failed";

/// Counts what a decision record tells.
pub(super) fn record(coverage: &mut Coverage, record: &Record) {
    let operation = record.operation.as_deref().unwrap_or_default();
    if let (Some(route), Some(at)) = (&record.route, &record.route_at) {
        coverage.reached(Sort::Route, &[route, at, operation]);
    }
    authentication(coverage, record);
    for verdict in &record.policies {
        policy(coverage, verdict);
    }
    attempts(coverage, record, operation);
    if let Some(code) = record.code {
        let list = std::sync::Arc::clone(&coverage.list);
        for point in list.errors.get(&code).into_iter().flatten() {
            coverage.count(Some(*point));
        }
    }
}

/// Who was let pass is known only where all policies let pass.
fn authentication(coverage: &mut Coverage, record: &Record) {
    let judged = || record.policies.iter().filter(|verdict| verdict.phase == "authenticate");
    let passed = judged().all(|verdict| verdict.verdict == Verdict::Allowed);
    for verdict in judged() {
        let outcome = match verdict.verdict {
            Verdict::Refused => "refused",
            _ if !passed => continue,
            _ if coverage.list.is_certificate(record) => "certificate",
            _ if coverage.list.is_token(record) => "token",
            _ if record.consumer.is_some() => "key",
            _ => "anonymous",
        };
        coverage.reached(Sort::Authentication, &[&verdict.policy, outcome]);
    }
}

fn policy(coverage: &mut Coverage, verdict: &PolicyVerdict) {
    let rule = verdict.rule.as_deref().unwrap_or_default();
    match (&*verdict.phase, verdict.verdict) {
        ("prompt", Verdict::Changed | Verdict::Passed) => coverage.reached(Sort::Prompt, &[&verdict.policy, rule]),
        ("validate", Verdict::Refused) => coverage.reached(Sort::Validation, &[&verdict.policy, rule, "refused"]),
        ("validate", Verdict::Passed) => coverage.reached(Sort::Validation, &[&verdict.policy, "", "passed"]),
        // An Authorization of the same name as a Limit stands elsewhere.
        ("admit" | "resolve", Verdict::Allowed) => {
            coverage.reached(Sort::Limit, &[&verdict.policy, rule, &verdict.at, "counted"]);
        }
        ("admit" | "resolve", Verdict::Refused) if counted(verdict) => {
            coverage.reached(Sort::Limit, &[&verdict.policy, rule, &verdict.at, "exceeded"]);
        }
        _ => {}
    }
}

fn counted(verdict: &PolicyVerdict) -> bool {
    verdict.note.as_deref().is_none_or(|note| note.starts_with(WHEN_FAILED))
}

fn attempts(coverage: &mut Coverage, record: &Record, operation: &str) {
    let meant = record.fallback_from.as_deref().or(record.model.as_deref()).unwrap_or_default();
    let route = record.route.as_deref().unwrap_or_default();
    let mut last = None;
    for attempt in &record.attempts {
        if operation == Operation::Http.as_str() {
            coverage.reached(Sort::Endpoint, &[route, &attempt.target]);
            continue;
        }
        let model = attempt.fallback.as_deref().unwrap_or(meant);
        coverage.reached(Sort::Target, &[model, &attempt.target]);
        if attempt.fallback.is_some() && attempt.fallback != last {
            coverage.reached(Sort::Fallback, &[meant, model]);
        }
        last.clone_from(&attempt.fallback);
    }
}

/// Counts what conditions gave. Those of authorization rules are told by their rules: the list of models asks them too, and decides nothing.
pub(super) fn evaluations(coverage: &mut Coverage, evaluations: &[Evaluation]) {
    for evaluation in evaluations {
        let Given::Bool(held) = evaluation.gave else { continue };
        if let Some(When { sides, of_rule: false }) = coverage.list.whens.get(evaluation.id.index()).copied().flatten() {
            coverage.count(sides.of(held));
        }
    }
}

/// Counts what authorization rules said.
pub(super) fn judged(coverage: &mut Coverage, judged: &[Judged]) {
    for judged in judged {
        let Some(rule) = coverage.list.rule(judged.by) else { continue };
        let (applies, when) = (rule.applies, rule.when);
        coverage.count(applies.of(judged.applies));
        if let Some(held) = judged.held {
            coverage.count(when.of(held));
        }
    }
}

impl Coverage {
    fn reached(&mut self, sort: Sort, parts: &[&str]) {
        let point = self.list.keys.get(&key(sort, parts)).copied();
        self.count(point);
    }
}

impl Sides {
    fn of(self, side: bool) -> Option<usize> {
        if side { self.yes } else { self.no }
    }
}
