//! One case as written to the cases that run: one, or one for each row of its matrix.

use std::collections::BTreeMap;
use std::sync::Arc;

use aigw_core::Timestamp;
use aigw_kinds::written::OneOrMany;

use super::matrix::{Row, rows};
use super::{Loader, escape, suggestion};
use crate::plan::{Action, Case, Expect, Send, Setup, Step, Vary};
use crate::rules::{BAD_VALUE, CASE_SHAPE, NOTHING_EXPECTED, UNKNOWN_SUBJECT};
use crate::script::Script;
use crate::suite::{CaseSpec, ExpectSpec, Matcher, RequestRef, SampleSpec, StepSpec, StoreWord};

/// When cases begin that do not say.
const BEGINS: Timestamp = Timestamp::from_millis(1_767_225_600_000);
/// Most requests that one case sends, so that no typing mistake runs for hours.
const MAX_TIMES: u32 = 1_000_000;
/// Most that are in flight at once.
const MAX_TOGETHER: u32 = 1_000;

impl Loader<'_> {
    pub(super) fn case(&mut self, spec: &CaseSpec, name: &str, pointer: &str) -> Vec<Case> {
        let forms = [spec.send.is_some(), spec.steps.is_some(), spec.sample.is_some()];
        if forms.iter().filter(|form| **form).count() != 1 {
            self.error(CASE_SHAPE, pointer, "a case has one of `send`, `steps` and `sample`", "keep the one that is meant");
            return Vec::new();
        }
        if let Some(steps) = &spec.steps {
            return self.timeline(spec, steps, name, pointer).into_iter().collect();
        }
        let Some(matrix) = &spec.matrix else {
            let expects = spec.expect.as_ref().map_or(&[][..], |expect| &expect.items);
            if expects.len() > 1 {
                let help = "several expectations belong to the rows of a `matrix`";
                self.error(CASE_SHAPE, &format!("{pointer}/expect"), "one request has one expectation", help);
            }
            return self.single(spec, name, pointer, expects.first(), 0).into_iter().collect();
        };
        let rows = match rows(matrix) {
            Ok(rows) => rows,
            Err(why) => {
                self.error(CASE_SHAPE, &format!("{pointer}/matrix"), why, "each part has a list of values");
                return Vec::new();
            }
        };
        let Some(expects) = self.one_each(spec.expect.as_ref(), rows.len(), pointer) else { return Vec::new() };
        let cases = rows.iter().zip(expects).enumerate().map(|(index, (row, expect))| {
            let spec = self.of_row(spec, row, pointer)?;
            self.single(&spec, &format!("{name} [{}]", row.title()), pointer, Some(expect), index)
        });
        let mut cases: Vec<Case> = cases.collect::<Vec<_>>().into_iter().flatten().collect();
        let made = cases.len();
        cases.iter_mut().for_each(|case| case.rows = Some(made));
        cases
    }

    /// The expectation of each row.
    fn one_each<'e>(
        &mut self,
        expect: Option<&'e OneOrMany<ExpectSpec>>,
        rows: usize,
        pointer: &str,
    ) -> Option<Vec<&'e ExpectSpec>> {
        let items = expect.map_or(&[][..], |expect| &expect.items);
        match items {
            [] => {
                self.nothing_expected(pointer);
                None
            }
            [one] => Some(vec![one; rows]),
            many if many.len() == rows => Some(many.iter().collect()),
            many => {
                let message = format!("the matrix has {rows} rows, and `expect` {}", many.len());
                self.error(
                    CASE_SHAPE,
                    &format!("{pointer}/expect"),
                    message,
                    "write one for each row in the order of the product, or one for all",
                );
                None
            }
        }
    }

    /// A case with the values of a matrix's row in their places.
    fn of_row(&mut self, spec: &CaseSpec, row: &Row, pointer: &str) -> Option<CaseSpec> {
        let mut spec = spec.clone();
        for (key, value) in &row.values {
            if let Err(why) = super::matrix::put(&mut spec, key, value) {
                self.error(CASE_SHAPE, &format!("{pointer}/matrix/{}", escape(key)), why, "a row changes `as`, `upstream.NAME`, `send`, or a part of it such as `send.set./model` or `send.headers.x-team`");
                return None;
            }
        }
        Some(spec)
    }

    fn single(&mut self, spec: &CaseSpec, name: &str, pointer: &str, expect: Option<&ExpectSpec>, row: usize) -> Option<Case> {
        let many = spec.expect.as_ref().is_some_and(|expect| expect.list);
        let place = if many { format!("{pointer}/expect/{row}") } else { format!("{pointer}/expect") };
        let action = match (&spec.send, &spec.sample) {
            (_, Some(sample)) => self.sample(spec, sample, pointer, expect, &place)?,
            (Some(send), None) => {
                let expect = self.expected(expect, pointer, &place)?;
                let times = self.times(spec.times, &format!("{pointer}/times"))?;
                if expect.shares.is_some() {
                    self.error(
                        CASE_SHAPE,
                        &format!("{place}/shares"),
                        "one request is not shared out",
                        "`shares` belongs to a `sample`, or to a step with `together`",
                    );
                    return None;
                }
                self.sending(send, spec.r#as.as_deref(), &format!("{pointer}/send"), &format!("{pointer}/as"), times, expect)?
            }
            (None, None) => return None,
        };
        let steps = vec![Step { action }];
        self.finished(spec, name, pointer, steps)
    }

    fn sample(
        &mut self,
        spec: &CaseSpec,
        sample: &SampleSpec,
        pointer: &str,
        expect: Option<&ExpectSpec>,
        place: &str,
    ) -> Option<Action> {
        if spec.times.is_some() || spec.r#as.is_some() {
            self.error(CASE_SHAPE, pointer, "a sample has its own `as` and `times`", "write them below `sample`");
            return None;
        }
        let expect = self.expected(expect, pointer, place)?;
        let at = format!("{pointer}/sample");
        let mut send =
            self.sending(&sample.of, sample.r#as.as_deref(), &format!("{at}/of"), &format!("{at}/as"), sample.times, expect)?;
        if let Action::Send(send) = &mut send {
            for (key, text) in &sample.vary {
                match super::matrix::part(key) {
                    Ok(part) => send.vary.push(Vary { part, text: text.clone() }),
                    Err(why) => {
                        self.error(BAD_VALUE, &format!("{at}/vary/{}", escape(key)), why, "vary `headers.NAME` or `set.POINTER`")
                    }
                }
            }
        }
        Some(send)
    }

    fn timeline(&mut self, spec: &CaseSpec, steps: &[StepSpec], name: &str, pointer: &str) -> Option<Case> {
        if spec.expect.is_some() || spec.times.is_some() || spec.matrix.is_some() {
            let message = "a case with `steps` has its expectations and numbers in them, and no matrix";
            self.error(CASE_SHAPE, pointer, message, "move `expect` and `times` into the steps");
        }
        let mut planned = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let at = format!("{pointer}/steps/{index}");
            if let Some(action) = self.step(spec, step, &at) {
                planned.push(Step { action });
            }
        }
        if !planned.iter().any(|step| matches!(step.action, Action::Send(_))) {
            self.error(NOTHING_EXPECTED, pointer, format!("nothing is sent in `{name}`"), "add a step with `send` and `expect`");
            return None;
        }
        self.finished(spec, name, pointer, planned)
    }

    fn step(&mut self, case: &CaseSpec, step: &StepSpec, at: &str) -> Option<Action> {
        let forms = [step.send.is_some(), step.advance.is_some(), step.upstream.is_some(), step.store.is_some()];
        if forms.iter().filter(|form| **form).count() != 1 {
            self.error(CASE_SHAPE, at, "a step has one of `send`, `advance`, `upstream` and `store`", "make a step of each");
            return None;
        }
        let Some(send) = &step.send else {
            if step.times.is_some() || step.together.is_some() || step.expect.is_some() || step.r#as.is_some() {
                self.error(CASE_SHAPE, at, "`as`, `times`, `together` and `expect` belong to a step that sends", "take them out");
            }
            return match (step.advance, &step.upstream, step.store) {
                (Some(time), ..) => Some(Action::Advance(time)),
                (_, Some(upstream), _) => Some(Action::Script(self.script(upstream, &format!("{at}/upstream")))),
                (.., Some(store)) => Some(Action::Store { down: store == StoreWord::Down }),
                _ => None,
            };
        };
        let expect = self.expected(step.expect.as_ref(), at, &format!("{at}/expect"))?;
        let times = self.times(step.times, &format!("{at}/times"))?;
        let together = step.together.unwrap_or(false);
        if together && times > MAX_TOGETHER {
            self.error(
                BAD_VALUE,
                &format!("{at}/times"),
                format!("at most {MAX_TOGETHER} requests are sent together"),
                "send fewer",
            );
            return None;
        }
        if expect.shares.is_some() && !together {
            self.error(
                CASE_SHAPE,
                &format!("{at}/expect/shares"),
                "requests that are sent one after the other are not shared out",
                "add `together: true`, or use a `sample`",
            );
        }
        let (who, who_at) = match &step.r#as {
            Some(name) => (Some(name.as_str()), format!("{at}/as")),
            None => (case.r#as.as_deref(), at.rsplit_once("/steps").map_or_else(String::new, |(case, _)| format!("{case}/as"))),
        };
        let mut action = self.sending(send, who, &format!("{at}/send"), &who_at, times, expect)?;
        if let Action::Send(send) = &mut action {
            send.together = together;
        }
        Some(action)
    }

    fn sending(
        &mut self,
        send: &RequestRef,
        who: Option<&str>,
        at: &str,
        who_at: &str,
        times: u32,
        expect: Expect,
    ) -> Option<Action> {
        let credential = match who {
            Some(name) => self.credential(name, who_at)?,
            None => None,
        };
        let request = self.requested(send, at, credential)?;
        Some(Action::Send(Box::new(Send { request, times, together: false, vary: Vec::new(), expect })))
    }

    fn times(&mut self, times: Option<u32>, pointer: &str) -> Option<u32> {
        let times = times.unwrap_or(1);
        if times == 0 || times > MAX_TIMES {
            self.error(
                BAD_VALUE,
                pointer,
                format!("`times` is between 1 and {MAX_TIMES}"),
                "a request that is not sent proves nothing",
            );
            return None;
        }
        Some(times)
    }

    fn expected(&mut self, expect: Option<&ExpectSpec>, holder: &str, pointer: &str) -> Option<Expect> {
        let Some(spec) = expect else {
            self.nothing_expected(holder);
            return None;
        };
        self.check_expectation(spec, pointer);
        Some(Expect { pointer: pointer.to_owned(), spec: Arc::new(spec.clone()), shares: spec.shares.clone() })
    }

    fn nothing_expected(&mut self, pointer: &str) {
        self.error(
            NOTHING_EXPECTED,
            pointer,
            "nothing is expected here, so that it cannot fail",
            "add `expect`, at least the `status`",
        );
    }

    fn finished(&mut self, spec: &CaseSpec, name: &str, pointer: &str, steps: Vec<Step>) -> Option<Case> {
        let setup = self.setup(spec, pointer)?;
        let script = if spec.upstream.is_empty() {
            Script::default()
        } else {
            self.script(&spec.upstream, &format!("{pointer}/upstream"))
        };
        let sends =
            || steps.iter().filter_map(|step| if let Action::Send(send) = &step.action { Some(&send.expect.spec) } else { None });
        let no_route = |expect: &ExpectSpec| {
            matches!(expect.route, Some(Matcher::Absent))
                || matches!(&expect.code, Some(Matcher::Equals(code)) if code == "route_not_found")
        };
        let expects_no_route = sends().any(|expect| no_route(expect));
        Some(Case {
            suite: self.name.clone(),
            file: self.path.clone(),
            name: name.to_owned(),
            place: self.document.locate(pointer),
            document: Arc::clone(&self.document),
            setup,
            script,
            steps,
            rows: None,
            expects_no_route,
        })
    }

    fn setup(&mut self, spec: &CaseSpec, pointer: &str) -> Option<Setup> {
        let (at, at_pointer) = match &spec.at {
            Some(at) => (Some(at.clone()), format!("{pointer}/at")),
            None => (self.spec.at.clone(), "/spec/at".to_owned()),
        };
        let at = match at {
            None => BEGINS,
            Some(text) => match text.parse::<jiff::Timestamp>() {
                Ok(time) => Timestamp::from_millis(time.as_millisecond()),
                Err(_) => {
                    self.error(
                        BAD_VALUE,
                        &at_pointer,
                        format!("`{text}` is not a point in time"),
                        "write it with its offset: `2026-03-29T01:59:00+01:00`",
                    );
                    return None;
                }
            },
        };
        let mut params: BTreeMap<String, String> = self.spec.params.clone().into_iter().collect();
        params.extend(spec.params.clone());
        if let Err(faults) = self.program.parameter_values(&params, true) {
            let place = if spec.params.is_empty() { "/spec/params".to_owned() } else { format!("{pointer}/params") };
            for fault in faults {
                self.error(
                    UNKNOWN_SUBJECT,
                    &place,
                    fault.to_string(),
                    "give it a value below `params`, or a `test` value where it is declared",
                );
            }
            return None;
        }
        let known: Vec<String> = self.program.secrets.clone();
        for (index, name) in spec.without.iter().enumerate() {
            if !known.contains(name) {
                let help = suggestion(name, &known.iter().map(String::as_str).collect::<Vec<_>>(), "leave it out");
                self.error(
                    UNKNOWN_SUBJECT,
                    &format!("{pointer}/without/{index}"),
                    format!("the policies use no secret `{name}`"),
                    help,
                );
            }
        }
        let seed = spec.sample.as_ref().and_then(|sample| sample.seed).or(spec.seed);
        Some(Setup { params, at, seed, without: spec.without.clone(), store_down: spec.store == Some(StoreWord::Down) })
    }
}
