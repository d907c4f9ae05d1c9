//! Expectations before they are judged: names that exist, values that are values, nothing that holds whatever comes.

use regex::Regex;

use super::{Loader, escape, suggestion};
use crate::rules::{BAD_VALUE, CANNOT_FAIL, CASE_SHAPE, NOTHING_EXPECTED, UNKNOWN_SUBJECT};
use crate::suite::{BodyExpect, ExpectSpec, Matcher, SentExpect, SharesExpect};

type Matchers<'e> = Vec<(String, &'e Matcher)>;

impl Loader<'_> {
    pub(super) fn check_expectation(&mut self, spec: &ExpectSpec, pointer: &str) {
        if *spec == ExpectSpec::default() {
            self.error(
                NOTHING_EXPECTED,
                pointer,
                "nothing is expected here, so that it cannot fail",
                "add at least the `status`",
            );
            return;
        }
        for (name, empty) in [
            ("decidedBy", spec.decided_by.as_ref().is_some_and(Vec::is_empty)),
            ("headers", spec.headers.as_ref().is_some_and(indexmap::IndexMap::is_empty)),
            ("limits", spec.limits.as_ref().is_some_and(indexmap::IndexMap::is_empty)),
            ("record", spec.record.as_ref().is_some_and(indexmap::IndexMap::is_empty)),
            ("body", spec.body.as_ref().is_some_and(|body| *body == BodyExpect::default())),
            ("sent", spec.sent.as_ref().is_some_and(|sent| *sent == SentExpect::default())),
            ("stream", spec.stream.as_ref().is_some_and(|stream| *stream == Default::default())),
            ("usage", spec.usage.as_ref().is_some_and(|usage| *usage == Default::default())),
        ] {
            if empty {
                self.error(
                    CANNOT_FAIL,
                    &format!("{pointer}/{name}"),
                    format!("`{name}` is empty, so that it holds whatever comes"),
                    "say what must hold, or take it out",
                );
            }
        }
        for (at, matcher) in matchers(spec) {
            self.check_matcher(matcher, &format!("{pointer}{at}"));
        }
        for (name, body) in [("body", spec.body.as_ref()), ("sent/body", spec.sent.as_ref().and_then(|sent| sent.body.as_ref()))]
        {
            if let Some(body) = body {
                self.check_body(body, &format!("{pointer}/{name}"));
            }
        }
        for at in spec.record.iter().flat_map(|record| record.keys()).filter(|at| !at.starts_with('/')) {
            self.error(
                BAD_VALUE,
                &format!("{pointer}/record/{}", escape(at)),
                format!("`{at}` does not begin with `/`"),
                "address it by a JSON Pointer such as `/credential`",
            );
        }
        for (index, name) in spec.decided_by.iter().flatten().enumerate() {
            self.check_decider(name, &format!("{pointer}/decidedBy/{index}"));
        }
        for name in spec.limits.iter().flat_map(|limits| limits.keys()) {
            self.check_limit(name, &format!("{pointer}/limits/{}", escape(name)));
        }
        if let Some(shares) = &spec.shares {
            self.check_shares(shares, &format!("{pointer}/shares"));
        }
        for (name, text) in
            [("snapshot", &spec.snapshot), ("body/snapshot", &spec.body.as_ref().and_then(|body| body.snapshot.clone()))]
        {
            if let Some(text) = text.as_ref().filter(|text| !is_file_name(text)) {
                self.error(
                    BAD_VALUE,
                    &format!("{pointer}/{name}"),
                    format!("`{text}` cannot be the name of a file"),
                    "use letters, digits, `-`, `_` and `.`, at most 100",
                );
            }
        }
    }

    fn check_matcher(&mut self, matcher: &Matcher, pointer: &str) {
        match matcher {
            Matcher::Regex(text) => match Regex::new(text) {
                Err(error) => {
                    let why = error.to_string();
                    let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                    self.error(
                        BAD_VALUE,
                        pointer,
                        format!("`{text}` is not a regular expression: {why}"),
                        "it is in the syntax of Rust's regex crate",
                    );
                }
                // What is found in the empty text without an anchor is found in every text.
                Ok(regex) if regex.is_match("") && regex.is_match("\u{1}x\n\u{1}") => {
                    self.error(
                        CANNOT_FAIL,
                        pointer,
                        format!("`{text}` is found in every text"),
                        "write `{present: true}`, or what must be in it",
                    );
                }
                Ok(_) => {}
            },
            Matcher::OneOf(values) if values.is_empty() => {
                self.error(BAD_VALUE, pointer, "none of no values can come", "name the values");
            }
            Matcher::Contains(value) if value == "" => {
                self.error(
                    CANNOT_FAIL,
                    pointer,
                    "the empty text is in every text",
                    "write `{present: true}`, or what must be in it",
                );
            }
            Matcher::Length(length) => self.check_matcher(length, pointer),
            Matcher::Secret(name) => {
                let known: Vec<String> = self.program.secrets.clone();
                if !known.contains(name) {
                    let help = suggestion(
                        name,
                        &known.iter().map(String::as_str).collect::<Vec<_>>(),
                        "name a secret that a Provider uses",
                    );
                    self.error(UNKNOWN_SUBJECT, pointer, format!("the policies use no secret `{name}`"), help);
                }
            }
            _ => {}
        }
    }

    fn check_body(&mut self, body: &BodyExpect, pointer: &str) {
        for at in body.at.keys().filter(|at| !at.starts_with('/')) {
            let words = ["exactly", "text", "snapshot"];
            let help = suggestion(at, &words, "address it by a JSON Pointer such as `/choices/0/finish_reason`");
            self.error(BAD_VALUE, &format!("{pointer}/{}", escape(at)), format!("`{at}` does not begin with `/`"), help);
        }
        if body.exactly.is_some() && (!body.at.is_empty() || body.text.is_some()) {
            self.error(CASE_SHAPE, pointer, "`exactly` is the whole body already", "take the rest out");
        }
    }

    fn check_decider(&mut self, name: &str, pointer: &str) {
        let known = deciders(self.program);
        if !known.iter().any(|known| known == name) {
            let help = suggestion(
                name,
                &known.iter().map(String::as_str).collect::<Vec<_>>(),
                "name a Route, Model or policy, or `policy/rule`",
            );
            self.error(UNKNOWN_SUBJECT, pointer, format!("there is no Route, Model, policy or rule `{name}`"), help);
        }
    }

    fn check_limit(&mut self, name: &str, pointer: &str) {
        let limits = &self.program.limits;
        let known: Vec<String> = limits
            .iter()
            .flat_map(|plan| plan.rules.iter().map(move |rule| format!("{}/{}", plan.origin.name, rule.name)))
            .collect();
        if !known.iter().any(|known| known == name) {
            let help = suggestion(name, &known.iter().map(String::as_str).collect::<Vec<_>>(), "write `policy/rule`");
            self.error(UNKNOWN_SUBJECT, pointer, format!("there is no limit `{name}`"), help);
        }
    }

    fn check_shares(&mut self, shares: &SharesExpect, pointer: &str) {
        if shares.of.is_empty() {
            self.error(CANNOT_FAIL, pointer, "no share is expected", "name a value and its share: `aoai/eastus/gpt-4o: 80%`");
        }
    }
}

/// Everything that can take part in a decision, as records name it.
fn deciders(program: &aigw_kinds::Program) -> Vec<String> {
    let routes = program.routes.iter().map(|plan| plan.origin.name.to_string());
    let models = program.models.iter().map(|plan| plan.origin.name.to_string());
    let authentications = program.authentications.iter().map(|plan| plan.origin.name.to_string());
    let authorizations = program.authorizations.iter().flat_map(|plan| {
        let name = plan.origin.name.to_string();
        let rules = plan.rules.iter().map(|rule| format!("{}/{}", plan.origin.name, rule.name)).collect::<Vec<_>>();
        std::iter::once(name).chain(rules)
    });
    let limits = program.limits.iter().flat_map(|plan| {
        let name = plan.origin.name.to_string();
        let rules = plan.rules.iter().map(|rule| format!("{}/{}", plan.origin.name, rule.name)).collect::<Vec<_>>();
        std::iter::once(name).chain(rules)
    });
    let prompts = program.prompts.iter().map(|plan| plan.origin.name.to_string());
    routes.chain(models).chain(authentications).chain(authorizations).chain(limits).chain(prompts).collect()
}

fn is_file_name(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && text.len() <= 100 && text.chars().all(fine) && !text.starts_with('.')
}

/// Every matcher of an expectation, with its place below it.
fn matchers(spec: &ExpectSpec) -> Matchers<'_> {
    let mut all: Matchers<'_> = Vec::new();
    let singles = [
        ("/status", &spec.status),
        ("/code", &spec.code),
        ("/route", &spec.route),
        ("/model", &spec.model),
        ("/consumer", &spec.consumer),
        ("/target", &spec.target),
        ("/outcome", &spec.outcome),
        ("/calls", &spec.calls),
        ("/took", &spec.took),
    ];
    all.extend(singles.into_iter().filter_map(|(at, matcher)| Some((at.to_owned(), matcher.as_ref()?))));
    for (at, map) in [("/headers", &spec.headers), ("/limits", &spec.limits), ("/record", &spec.record)] {
        all.extend(map.iter().flatten().map(|(name, matcher)| (format!("{at}/{}", escape(name)), matcher)));
    }
    if let Some(body) = &spec.body {
        all.extend(of_body("/body", body));
    }
    if let Some(stream) = &spec.stream {
        let parts = [("text", &stream.text), ("error", &stream.error), ("events", &stream.events), ("first", &stream.first)];
        all.extend(parts.into_iter().filter_map(|(at, matcher)| Some((format!("/stream/{at}"), matcher.as_ref()?))));
    }
    if let Some(usage) = &spec.usage {
        let parts = [
            ("tokens", &usage.tokens),
            ("input", &usage.input),
            ("output", &usage.output),
            ("cached", &usage.cached),
            ("reasoning", &usage.reasoning),
        ];
        all.extend(parts.into_iter().filter_map(|(at, matcher)| Some((format!("/usage/{at}"), matcher.as_ref()?))));
    }
    if let Some(sent) = &spec.sent {
        let parts = [("to", &sent.to), ("method", &sent.method), ("path", &sent.path)];
        all.extend(parts.into_iter().filter_map(|(at, matcher)| Some((format!("/sent/{at}"), matcher.as_ref()?))));
        for (at, map) in [("/sent/query", &sent.query), ("/sent/headers", &sent.headers)] {
            all.extend(map.iter().flatten().map(|(name, matcher)| (format!("{at}/{}", escape(name)), matcher)));
        }
        if let Some(body) = &sent.body {
            all.extend(of_body("/sent/body", body));
        }
    }
    all
}

fn of_body<'e>(at: &str, body: &'e BodyExpect) -> Matchers<'e> {
    let text = body.text.iter().map(|matcher| (format!("{at}/text"), matcher));
    text.chain(body.at.iter().map(|(pointer, matcher)| (format!("{at}/{}", escape(pointer)), matcher))).collect()
}
