//! Expectations before they are judged: names that exist, values that can come, nothing that holds whatever comes.

use std::collections::BTreeSet;

use http::HeaderName;
use indexmap::IndexMap;

use super::domain::{ALWAYS_COUNT, COUNT, Domain, STATUS, flaw};
use super::known::Known;
use super::{Loader, escape, suggestion};
use crate::rules::{BAD_VALUE, CANNOT_FAIL, CASE_SHAPE, NOTHING_EXPECTED, UNKNOWN_SUBJECT};
use crate::suite::{BodyExpect, ExpectSpec, Matcher, SentExpect, StreamExpect, UsageExpect};

/// Help where a part is written and says nothing.
const SAY_OR_LEAVE: &str = "say what must hold, or take it out";

/// A matcher, where it stands below its expectation, and what it is about.
type Field<'e> = (String, Domain<'e>, &'e Matcher);

impl Loader<'_> {
    /// Says what is wrong with an expectation; `leaves` where the client may be gone before the answer.
    pub(super) fn check_expectation(&mut self, spec: &ExpectSpec, pointer: &str, leaves: bool) {
        if *spec == ExpectSpec::default() {
            return self.nothing_expected(pointer);
        }
        for name in empty_parts(spec) {
            let message = format!("`{name}` is empty, so that this cannot fail");
            self.error(CANNOT_FAIL, &format!("{pointer}/{}", name.replace('.', "/")), message, SAY_OR_LEAVE);
        }
        let known = std::rc::Rc::clone(&self.known);
        for (at, domain, matcher) in fields(spec, &known) {
            if let Some(flaw) = flaw(matcher, domain, leaves, &known.secrets) {
                self.error(flaw.rule, &format!("{pointer}{at}"), flaw.message, flaw.help);
            }
        }
        for (name, body) in bodies(spec) {
            self.check_body(body, &format!("{pointer}/{name}"));
        }
        self.check_headers(spec.headers.as_ref(), &format!("{pointer}/headers"));
        self.check_headers(spec.sent.as_ref().and_then(|sent| sent.headers.as_ref()), &format!("{pointer}/sent/headers"));
        for at in spec.record.iter().flat_map(|record| record.keys()) {
            self.check_record(at, &format!("{pointer}/record/{}", escape(at)));
        }
        self.check_names(spec, pointer, &known);
    }

    /// Names in lists and keys.
    fn check_names(&mut self, spec: &ExpectSpec, pointer: &str, known: &Known) {
        for (index, name) in spec.decided_by.iter().flatten().enumerate() {
            let at = format!("{pointer}/decidedBy/{index}");
            self.must_exist("Route, Model, policy or rule", name, &known.deciders, &at);
        }
        for (index, name) in spec.attempts.iter().flatten().enumerate() {
            self.must_exist("target", name, &known.targets, &format!("{pointer}/attempts/{index}"));
        }
        for name in spec.limits.iter().flat_map(IndexMap::keys) {
            self.must_exist("limit", name, &known.limits, &format!("{pointer}/limits/{}", escape(name)));
        }
    }

    pub(super) fn must_exist(&mut self, what: &str, name: &str, known: &BTreeSet<String>, pointer: &str) {
        if !known.contains(name) {
            let help = suggestion(name, known, "write the name of one that there is");
            self.error(UNKNOWN_SUBJECT, pointer, format!("there is no {what} `{name}`"), help);
        }
    }

    /// A header of a name that is none would always be absent.
    fn check_headers(&mut self, headers: Option<&IndexMap<String, Matcher>>, pointer: &str) {
        for name in headers.into_iter().flat_map(IndexMap::keys).filter(|name| name.parse::<HeaderName>().is_err()) {
            let at = format!("{pointer}/{}", escape(name));
            self.error(BAD_VALUE, &at, format!("`{name}` is not the name of a header"), "write one such as `retry-after`");
        }
    }

    fn check_record(&mut self, at: &str, pointer: &str) {
        let Some(first) = at.strip_prefix('/').map(|rest| rest.split('/').next().unwrap_or_default().to_owned()) else {
            let help = "address it by a JSON Pointer such as `/credential`";
            return self.error(BAD_VALUE, pointer, format!("`{at}` does not begin with `/`"), help);
        };
        let known = std::rc::Rc::clone(&self.known);
        if !known.record.contains(&first) {
            let help = suggestion(&first, &known.record, "`aigw schema decision` lists what a record has");
            self.error(UNKNOWN_SUBJECT, pointer, format!("a decision record has no `{first}`"), help);
        }
    }

    fn check_body(&mut self, body: &BodyExpect, pointer: &str) {
        for at in body.at.keys().filter(|at| !at.is_empty() && !at.starts_with('/')) {
            let words = ["exactly", "text", "snapshot"].map(str::to_owned);
            let help = match aigw_source::nearest(at, words.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "address it by a JSON Pointer such as `/choices/0/finish_reason`".to_owned(),
            };
            self.error(BAD_VALUE, &format!("{pointer}/{}", escape(at)), format!("`{at}` does not begin with `/`"), help);
        }
        if body.exactly.is_some() && (!body.at.is_empty() || body.text.is_some()) {
            self.error(CASE_SHAPE, pointer, "`exactly` is the whole body already", "take the rest out");
        }
        if let Some(name) = &body.snapshot {
            self.check_snapshot(name, &format!("{pointer}/snapshot"));
        }
    }

    /// A snapshot's name is part of the name of a file, and no other place writes that file.
    pub(super) fn check_snapshot(&mut self, name: &str, pointer: &str) {
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > 100 || !name.chars().all(fine) || name.starts_with('.') {
            let help = "use letters, digits, `-`, `_` and `.`, at most 100, and no `.` first";
            self.error(BAD_VALUE, pointer, format!("`{name}` cannot be the name of a file"), help);
        }
    }

    pub(super) fn nothing_expected(&mut self, pointer: &str) {
        let message = "nothing is expected here, so that this cannot fail";
        self.error(NOTHING_EXPECTED, pointer, message, "add `expect` with at least the `status`");
    }
}

/// Parts that are written and hold nothing.
fn empty_parts(spec: &ExpectSpec) -> Vec<&'static str> {
    fn hollow<T: Default + PartialEq>(part: Option<&T>) -> bool {
        part.is_some_and(|part| *part == T::default())
    }
    let sent = spec.sent.as_ref();
    let parts = [
        ("decidedBy", hollow(spec.decided_by.as_ref())),
        ("headers", hollow(spec.headers.as_ref())),
        ("limits", hollow(spec.limits.as_ref())),
        ("record", hollow(spec.record.as_ref())),
        ("body", hollow(spec.body.as_ref())),
        ("stream", hollow(spec.stream.as_ref())),
        ("usage", hollow(spec.usage.as_ref())),
        ("sent", hollow(sent)),
        ("sent.query", hollow(sent.and_then(|sent| sent.query.as_ref()))),
        ("sent.headers", hollow(sent.and_then(|sent| sent.headers.as_ref()))),
        ("sent.body", hollow(sent.and_then(|sent| sent.body.as_ref()))),
    ];
    parts.into_iter().filter(|(_, hollow)| *hollow).map(|(name, _)| name).collect()
}

/// The expectations of bodies, with their places.
fn bodies(spec: &ExpectSpec) -> impl Iterator<Item = (&'static str, &BodyExpect)> {
    let sent = spec.sent.as_ref().and_then(|sent| sent.body.as_ref());
    spec.body.iter().map(|body| ("body", body)).chain(sent.map(|body| ("sent/body", body)))
}

/// The names of an expectation's snapshots, with their places.
pub(crate) fn snapshots(spec: &ExpectSpec) -> impl Iterator<Item = (String, &str)> {
    let whole = spec.snapshot.iter().map(|name| ("/snapshot".to_owned(), name.as_str()));
    whole.chain(bodies(spec).filter_map(|(at, body)| Some((format!("/{at}/snapshot"), body.snapshot.as_deref()?))))
}

/// Every matcher of an expectation.
fn fields<'e>(spec: &'e ExpectSpec, known: &'e Known) -> Vec<Field<'e>> {
    let names = |what, known, always| Domain::Names { what, known, always };
    let facts = [
        ("/status", STATUS, &spec.status),
        ("/code", names("error code", &known.codes, false), &spec.code),
        ("/route", names("Route", &known.routes, false), &spec.route),
        ("/model", names("Model", &known.models, false), &spec.model),
        ("/consumer", names("Consumer", &known.consumers, false), &spec.consumer),
        ("/tenant", names("Tenant", &known.tenants, false), &spec.tenant),
        ("/product", names("Product", &known.products, false), &spec.product),
        ("/subscription", names("Subscription", &known.subscriptions, false), &spec.subscription),
        ("/target", names("target", &known.targets, false), &spec.target),
        ("/outcome", names("outcome", &known.outcomes, true), &spec.outcome),
        ("/calls", ALWAYS_COUNT, &spec.calls),
        ("/took", ALWAYS_COUNT, &spec.took),
    ];
    let mut all = given("", facts);
    all.extend(by_name("/headers", Domain::Line, spec.headers.as_ref()));
    all.extend(by_name("/limits", COUNT, spec.limits.as_ref()));
    all.extend(by_name("/record", Domain::Json, spec.record.as_ref()));
    all.extend(spec.stream.iter().flat_map(of_stream));
    all.extend(spec.usage.iter().flat_map(of_usage));
    all.extend(spec.sent.iter().flat_map(|sent| of_sent(sent, known)));
    all.extend(bodies(spec).flat_map(|(at, body)| of_body(&format!("/{at}"), body)));
    all
}

fn of_stream(stream: &StreamExpect) -> Vec<Field<'_>> {
    let parts = [
        ("/text", Domain::Text { always: true }, &stream.text),
        ("/error", Domain::Line, &stream.error),
        ("/events", ALWAYS_COUNT, &stream.events),
        ("/first", COUNT, &stream.first),
    ];
    given("/stream", parts)
}

fn of_usage(usage: &UsageExpect) -> Vec<Field<'_>> {
    let parts = [
        ("/tokens", COUNT, &usage.tokens),
        ("/input", COUNT, &usage.input),
        ("/output", COUNT, &usage.output),
        ("/cached", COUNT, &usage.cached),
        ("/reasoning", COUNT, &usage.reasoning),
    ];
    given("/usage", parts)
}

fn of_sent<'e>(sent: &'e SentExpect, known: &'e Known) -> Vec<Field<'e>> {
    let parts = [
        ("/to", Domain::Names { what: "endpoint", known: &known.endpoints, always: false }, &sent.to),
        ("/method", Domain::Names { what: "method", known: &known.methods, always: false }, &sent.method),
        ("/path", Domain::Line, &sent.path),
    ];
    let mut all = given("/sent", parts);
    all.extend(by_name("/sent/query", Domain::Line, sent.query.as_ref()));
    all.extend(by_name("/sent/headers", Domain::Line, sent.headers.as_ref()));
    all
}

fn of_body<'e>(at: &str, body: &'e BodyExpect) -> Vec<Field<'e>> {
    let text = body.text.iter().map(|matcher| (format!("{at}/text"), Domain::Text { always: true }, matcher));
    let values = body.at.iter().map(|(pointer, matcher)| (format!("{at}/{}", escape(pointer)), Domain::Json, matcher));
    text.chain(values).collect()
}

/// Those that are written.
fn given<'e, const N: usize>(at: &str, parts: [(&str, Domain<'e>, &'e Option<Matcher>); N]) -> Vec<Field<'e>> {
    let written = parts.into_iter().filter_map(|(name, domain, matcher)| Some((name, domain, matcher.as_ref()?)));
    written.map(|(name, domain, matcher)| (format!("{at}{name}"), domain, matcher)).collect()
}

fn by_name<'e>(at: &str, domain: Domain<'e>, map: Option<&'e IndexMap<String, Matcher>>) -> Vec<Field<'e>> {
    map.into_iter().flatten().map(|(name, matcher)| (format!("{at}/{}", escape(name)), domain, matcher)).collect()
}
