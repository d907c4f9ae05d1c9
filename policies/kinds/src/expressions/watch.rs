//! Watching policies at work, for their tests: what each expression gave and what it saw, and what each rule of access said. Production never does.

use std::fmt::Debug;
use std::sync::Arc;

use aigw_expr::{Condition, EvalError, HIDDEN, NameId, Names, Seen, ValueExpr, cut, shown};
use serde_json::Value;

use super::written_out;
use crate::authentication::SECRET_HEADERS;
use crate::{Decider, ExpressionId};

/// Sees every evaluation of a program's expressions, in their order.
pub trait Watch: Send + Sync + Debug {
    /// Takes what was seen. It comes on the request's own way, before the caller learns what the expression gave.
    fn saw(&self, evaluation: Evaluation);

    /// A rule of an authorization policy was judged for a request. A record names only rules that apply; coverage asks for the others too.
    fn judged(&self, _: Judged) {}
}

/// What one rule of an authorization policy said of one request. What the list of models asks of rules is no such judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Which rule: always a [`Decider::AuthorizationRule`].
    pub by: Decider,
    /// Whether it applies, be it enforced or in shadow.
    pub applies: bool,
    /// What its `when` gave; `None` where it has none, was not asked or could not be told.
    pub held: Option<bool>,
}

/// One evaluation of one expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Which; the program has its text and its place.
    pub id: ExpressionId,
    /// What it gave.
    pub gave: Given,
    /// Each name it looked at, as the expression writes it, and its value: JSON of at most 200 characters, `missing`, or `<hidden>`. In the order of
    /// first use, each once, at most 32. What `&&`, `||` and `??` left out is not there.
    pub saw: Vec<(String, String)>,
}

/// What an evaluation gave, at most 200 characters of it; `<hidden>` where it may hold a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// A condition's outcome.
    Bool(bool),
    /// Text; `None` where it is missing or `null`.
    Text(Option<String>),
    /// JSON; `None` where it is missing.
    Json(Option<String>),
    /// Why it gave nothing. What its rule makes of that is the rule's own.
    Failed(String),
}

impl Judged {
    /// The rule is about other requests; its `when` is not asked.
    pub(crate) const fn aside(by: Decider) -> Self {
        Self { by, applies: false, held: None }
    }
}

/// A watch, and what it must not see.
#[derive(Debug)]
pub(super) struct Watched {
    watch: Arc<dyn Watch>,
    /// Headers and query parameters, in small letters.
    secrets: Vec<String>,
}

impl Watched {
    pub(super) fn new<'s>(watch: Arc<dyn Watch>, secrets: impl IntoIterator<Item = &'s str>) -> Self {
        Self { watch, secrets: secrets.into_iter().chain(SECRET_HEADERS).map(str::to_ascii_lowercase).collect() }
    }

    pub(super) fn holds(&self, id: ExpressionId, condition: &Condition, names: &dyn Names) -> Result<bool, EvalError> {
        let (outcome, seen) = condition.evaluate_seeing(names, &self.hides());
        self.tell(id, seen, &outcome, |holds, _| Given::Bool(*holds));
        outcome
    }

    pub(super) fn judged(&self, judged: Judged) {
        self.watch.judged(judged);
    }

    pub(super) fn text(&self, id: ExpressionId, value: &ValueExpr, names: &dyn Names) -> Result<Option<String>, EvalError> {
        let (outcome, seen) = value.evaluate_seeing(names, &self.hides());
        let outcome = outcome.map(|value| value.and_then(written_out));
        self.tell(id, seen, &outcome, |text, hidden| Given::Text(text.as_ref().map(|text| covered(hidden, || cut(text)))));
        outcome
    }

    pub(super) fn json(&self, id: ExpressionId, value: &ValueExpr, names: &dyn Names) -> Result<Option<Value>, EvalError> {
        let (outcome, seen) = value.evaluate_seeing(names, &self.hides());
        self.tell(id, seen, &outcome, |json, hidden| Given::Json(json.as_ref().map(|json| covered(hidden, || shown(json)))));
        outcome
    }

    fn hides(&self) -> impl Fn(NameId, &str) -> bool {
        |name, key| {
            matches!(name, NameId::RequestHeaders | NameId::RequestQuery)
                && self.secrets.iter().any(|secret| secret.eq_ignore_ascii_case(key))
        }
    }

    fn tell<T>(&self, id: ExpressionId, seen: Seen, outcome: &Result<T, EvalError>, gave: impl FnOnce(&T, bool) -> Given) {
        let gave = match outcome {
            Ok(value) => gave(value, seen.hidden),
            // It names parts of the expression and types, and no value.
            Err(error) => Given::Failed(error.to_string()),
        };
        self.watch.saw(Evaluation { id, gave, saw: seen.names });
    }
}

fn covered(hidden: bool, text: impl FnOnce() -> String) -> String {
    if hidden { HIDDEN.to_owned() } else { text() }
}

#[cfg(test)]
mod tests;
