//! Expectations against what came.

mod body;
mod matching;
mod shares;
mod stream;

use std::sync::Arc;

use aigw_core::{AttemptOutcome, Record};
use http::HeaderMap;
use indexmap::IndexMap;
use serde_json::Value;

pub(crate) use self::body::diff;
pub(crate) use self::matching::{Came, holds};
pub(crate) use self::shares::{share_of, shares, tolerance};
use self::stream::Events;
use crate::load::escape;
use crate::script::endpoint_name;
use crate::suite::{ExpectSpec, Matcher, SentExpect, UsageExpect};
use crate::world::{Exchange, Sent};

/// An expectation that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// Where it stands below the expectation, as a JSON Pointer.
    pub(crate) at: String,
    /// What it is about.
    pub(crate) about: String,
    pub(crate) expected: String,
    pub(crate) came: String,
    pub(crate) diff: Option<String>,
}

/// Gathers what does not hold.
pub(crate) struct Judge<'j> {
    pub(crate) program: &'j aigw_kinds::Program,
    pub(crate) exchange: &'j Exchange,
    pub(crate) found: Vec<Mismatch>,
}

impl<'j> Judge<'j> {
    /// Everything of this expectation that does not hold.
    pub(crate) fn all(program: &'j aigw_kinds::Program, exchange: &'j Exchange, expect: &ExpectSpec) -> Vec<Mismatch> {
        let mut judge = Self { program, exchange, found: Vec::new() };
        judge.facts(expect);
        judge.names(expect);
        if let Some(headers) = &expect.headers {
            judge.headers("/headers", "header", headers, &exchange.headers);
        }
        if let Some(body) = &expect.body {
            judge.body("/body", "the answer's body", body, &whole_body(exchange));
        }
        if let Some(stream) = &expect.stream {
            judge.stream(stream, &Events::of(exchange));
        }
        judge.sent(expect);
        if let Some(usage) = &expect.usage {
            judge.usage(usage);
        }
        judge.found
    }

    fn facts(&mut self, expect: &ExpectSpec) {
        let record = &self.exchange.record;
        let text = |text: &Option<Arc<str>>| text.as_deref().map_or(Came::Nothing, |text| Came::Json(text.into()));
        let status = self.exchange.status.map_or(Came::Nothing, |status| Came::Json(status.as_u16().into()));
        let code = record.code.map_or(Came::Nothing, |code| Came::Json(code.as_str().into()));
        let target = served(record).map_or(Came::Nothing, |target| Came::Json(target.into()));
        let outcome = serde_json::to_value(record.outcome).map_or(Came::Nothing, Came::Json);
        self.one("/status", "the status", expect.status.as_ref(), &status);
        self.one("/code", "the error's code", expect.code.as_ref(), &code);
        self.one("/route", "the route", expect.route.as_ref(), &text(&record.route));
        self.one("/model", "the Model", expect.model.as_ref(), &text(&record.model));
        self.one("/consumer", "the consumer", expect.consumer.as_ref(), &text(&record.consumer));
        self.one("/tenant", "the tenant", expect.tenant.as_ref(), &text(&record.tenant));
        self.one("/product", "the product", expect.product.as_ref(), &text(&record.product));
        self.one("/subscription", "the subscription", expect.subscription.as_ref(), &text(&record.subscription));
        self.one("/target", "the target that served", expect.target.as_ref(), &target);
        self.one("/outcome", "the outcome", expect.outcome.as_ref(), &outcome);
        self.one("/calls", "the number of calls upstream", expect.calls.as_ref(), &Came::Json(self.exchange.sent.len().into()));
        self.one(
            "/took",
            "the time it took, in milliseconds",
            expect.took.as_ref(),
            &Came::Json(self.exchange.took.as_millis().into()),
        );
        for (name, matcher) in expect.limits.iter().flatten() {
            let state = record.limits.iter().find(|state| *state.limit == **name);
            let came = state.map_or(Came::Nothing, |state| Came::Json(state.remaining.into()));
            self.one(&format!("/limits/{}", escape(name)), &format!("what remains of `{name}`"), Some(matcher), &came);
        }
        if let Some(expected) = &expect.record {
            let record = serde_json::to_value(record).unwrap_or_default();
            for (pointer, matcher) in expected {
                let came = record.pointer(pointer).map_or(Came::Nothing, |value| Came::Json(value.clone()));
                self.one(
                    &format!("/record/{}", escape(pointer)),
                    &format!("`{pointer}` of the decision record"),
                    Some(matcher),
                    &came,
                );
            }
        }
    }

    fn names(&mut self, expect: &ExpectSpec) {
        let record = &self.exchange.record;
        if let Some(expected) = &expect.attempts {
            let came: Vec<&str> = record.attempts.iter().map(|attempt| &*attempt.target).collect();
            if came != *expected {
                let list = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
                self.differs("/attempts", "the list of called targets", list(&expected), list(&came));
            }
        }
        for (index, name) in expect.decided_by.iter().flatten().enumerate() {
            let deciders = deciders(record);
            if !deciders.contains(name) {
                self.differs(
                    &format!("/decidedBy/{index}"),
                    "who took part",
                    format!("`{name}` among them"),
                    deciders.join(", "),
                );
            }
        }
    }

    fn sent(&mut self, expect: &ExpectSpec) {
        let Some(expected) = &expect.sent else { return };
        let Some(sent) = self.exchange.sent.last() else {
            self.differs("/sent", "the call upstream", "a call".to_owned(), "nothing was sent".to_owned());
            return;
        };
        let SentExpect { to, method, path, query, headers, body } = expected;
        let json = |text: &str| Came::Json(text.into());
        self.one("/sent/to", "where the call went", to.as_ref(), &json(&endpoint_name(self.program, sent.endpoint)));
        self.one("/sent/method", "the call's method", method.as_ref(), &json(sent.method.as_str()));
        self.one("/sent/path", "the call's path", path.as_ref(), &json(sent.uri.path()));
        for (name, matcher) in query.iter().flatten() {
            let came = query_value(sent, name).map_or(Came::Nothing, Came::Text);
            self.one(
                &format!("/sent/query/{}", escape(name)),
                &format!("the query parameter `{name}` that was sent"),
                Some(matcher),
                &came,
            );
        }
        if let Some(headers) = headers {
            self.headers("/sent/headers", "the sent header", headers, &sent.headers);
        }
        if let Some(body) = body {
            self.body("/sent/body", "the body that was sent", body, &sent.body);
        }
    }

    fn headers(&mut self, at: &str, what: &str, expected: &IndexMap<String, Matcher>, came: &HeaderMap) {
        for (name, matcher) in expected {
            let value = came.get(name.as_str()).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            let value = value.map_or(Came::Nothing, Came::Text);
            self.one(&format!("{at}/{}", escape(name)), &format!("{what} `{name}`"), Some(matcher), &value);
        }
    }

    fn usage(&mut self, expected: &UsageExpect) {
        let usage = self.exchange.record.usage.unwrap_or_default();
        let tokens = match (usage.input_tokens, usage.output_tokens) {
            (None, None) => None,
            (input, output) => Some(input.unwrap_or(0).saturating_add(output.unwrap_or(0))),
        };
        let parts = [
            ("tokens", &expected.tokens, tokens),
            ("input", &expected.input, usage.input_tokens),
            ("output", &expected.output, usage.output_tokens),
            ("cached", &expected.cached, usage.cached_input_tokens),
            ("reasoning", &expected.reasoning, usage.reasoning_tokens),
        ];
        for (name, matcher, came) in parts {
            let came = came.map_or(Came::Nothing, |count| Came::Json(count.into()));
            self.one(&format!("/usage/{name}"), &format!("the usage, {name}"), matcher.as_ref(), &came);
        }
    }

    /// One matcher against what came.
    pub(crate) fn one(&mut self, at: &str, about: &str, matcher: Option<&Matcher>, came: &Came) {
        if let Some(matcher) = matcher.filter(|matcher| !holds(matcher, came)) {
            self.differs(at, about, matching::described(matcher), came.to_string());
        }
    }

    pub(crate) fn differs(&mut self, at: &str, about: &str, expected: String, came: String) {
        self.found.push(Mismatch { at: at.to_owned(), about: about.to_owned(), expected, came, diff: None });
    }
}

/// The target whose answer went to the client.
pub(crate) fn served(record: &Record) -> Option<&str> {
    let served = record.attempts.iter().rev().find(|attempt| attempt.outcome == AttemptOutcome::Served);
    served.map(|attempt| &*attempt.target)
}

/// Everybody who took part: route, Model, policies, and their rules.
fn deciders(record: &Record) -> Vec<String> {
    let mut names: Vec<String> = record.route.iter().chain(&record.model).map(ToString::to_string).collect();
    for verdict in &record.policies {
        names.push(verdict.policy.to_string());
        names.extend(verdict.rule.iter().map(|rule| format!("{}/{rule}", verdict.policy)));
    }
    for limit in &record.limits {
        names.extend(limit.limit.split_once('/').map(|(policy, _)| policy.to_owned()));
        names.push(limit.limit.to_string());
    }
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// The body that the client got, all of it.
pub(crate) fn whole_body(exchange: &Exchange) -> Vec<u8> {
    exchange.body.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect()
}

fn query_value(sent: &Sent, name: &str) -> Option<String> {
    let pairs = aigw_kinds::facts::QueryPairs::parse(sent.uri.query().unwrap_or_default());
    pairs.get(name).map(str::to_owned)
}

/// JSON where it is JSON.
pub(crate) fn as_json(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}
