//! One case as written to the cases that run: one, or one for each row of its matrix.

use std::sync::Arc;

use aigw_kinds::written::OneOrMany;

use super::expectation::snapshots;
use super::matrix::{Row, part, put, rows};
use super::{Loader, escape};
use crate::plan::{Action, Case, Expect, Part, Send, Step, Vary};
use crate::rules::{BAD_VALUE, CASE_SHAPE, DUPLICATE_CASE};
use crate::suite::{CaseSpec, ExpectSpec, Matcher, RequestRef, SampleSpec};

/// Where the parts of a case are written: in it, or in a row of its matrix.
pub(super) struct Places {
    /// The case.
    pub(super) case: String,
    /// Who asks.
    pub(super) who: String,
    /// What is sent.
    pub(super) send: String,
    /// What is expected.
    pub(super) expect: String,
    /// The row of a matrix, from 1.
    pub(super) row: Option<usize>,
}

/// Something that is sent, as written.
pub(super) struct Sending<'s> {
    pub(super) request: &'s RequestRef,
    pub(super) who: Option<&'s str>,
    pub(super) times: u32,
    pub(super) together: bool,
    pub(super) expect: Option<&'s ExpectSpec>,
}

impl Loader<'_> {
    pub(super) fn case(&mut self, spec: &CaseSpec, name: &str, pointer: &str) -> Vec<Case> {
        let forms = [spec.send.is_some(), spec.steps.is_some(), spec.sample.is_some()];
        if forms.iter().filter(|form| **form).count() != 1 {
            self.error(CASE_SHAPE, pointer, "a case has one of `send`, `steps` and `sample`", "write the one that is meant");
            return Vec::new();
        }
        if let Some(steps) = &spec.steps {
            return self.timeline(spec, steps, name, pointer).into_iter().collect();
        }
        if let Some(matrix) = &spec.matrix {
            return match rows(matrix) {
                Ok(rows) => self.multiplied(spec, &rows, name, pointer),
                Err(why) => {
                    self.error(CASE_SHAPE, &format!("{pointer}/matrix"), why, "each part has a list of different values");
                    Vec::new()
                }
            };
        }
        let expects = spec.expect.as_ref().map_or(&[][..], |expect| &expect.items);
        if expects.len() > 1 {
            let help = "several expectations belong to the rows of a `matrix`; here keep one";
            self.error(CASE_SHAPE, &format!("{pointer}/expect"), "one request has one expectation", help);
            return Vec::new();
        }
        let places = Places::of(spec, pointer, None);
        self.single(spec, name, &places, expects.first()).into_iter().collect()
    }

    /// The cases of a matrix's rows.
    fn multiplied(&mut self, spec: &CaseSpec, rows: &[Row], name: &str, pointer: &str) -> Vec<Case> {
        let items = spec.expect.as_ref().map_or(&[][..], |expect| &expect.items);
        if items.len() > 1 && items.len() != rows.len() {
            let message = format!("the matrix has {} rows, and `expect` {}", rows.len(), items.len());
            let help = "write one for each row in the order of the product, the last part changing fastest, or one for all";
            self.error(CASE_SHAPE, &format!("{pointer}/expect"), message, help);
            return Vec::new();
        }
        let mut cases = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let expect = items.get(index).or_else(|| items.first());
            let places = Places::of(spec, pointer, Some((index, row)));
            if let Some(spec) = self.of_row(spec, row, pointer) {
                cases.extend(self.single(&spec, &format!("{name} [{}]", row.title()), &places, expect));
            }
        }
        let made = cases.len();
        cases.iter_mut().for_each(|case| case.rows = Some(made));
        cases
    }

    /// A case with the values of a row in their places.
    fn of_row(&mut self, spec: &CaseSpec, row: &Row, pointer: &str) -> Option<CaseSpec> {
        let mut spec = spec.clone();
        for (key, index, value) in &row.values {
            if let Err((why, help)) = put(&mut spec, key, value) {
                self.error(CASE_SHAPE, &format!("{pointer}/matrix/{}/{index}", escape(key)), why, help);
                return None;
            }
        }
        Some(spec)
    }

    fn single(&mut self, spec: &CaseSpec, name: &str, places: &Places, expect: Option<&ExpectSpec>) -> Option<Case> {
        let send = match (&spec.send, &spec.sample) {
            (_, Some(sample)) => self.sample(spec, sample, places, expect),
            (Some(request), None) => {
                let (who, times) = (spec.r#as.as_deref(), spec.times.unwrap_or(1));
                if expect.is_some_and(|expect| expect.shares.is_some()) {
                    let help = "`shares` belongs to a `sample`, or to a step with `together`";
                    self.error(CASE_SHAPE, &format!("{}/shares", places.expect), "one request is not shared out", help);
                }
                self.send(&Sending { request, who, times, together: false, expect }, places)
            }
            (None, None) => None,
        };
        let steps = send.map(|send| vec![Step { action: Action::Send(Box::new(send)) }]);
        self.finished(spec, name, places, steps)
    }

    fn sample(&mut self, spec: &CaseSpec, sample: &SampleSpec, places: &Places, expect: Option<&ExpectSpec>) -> Option<Send> {
        if spec.times.is_some() || spec.r#as.is_some() {
            let message = "a sample has its own `as` and `times`";
            self.error(CASE_SHAPE, &places.case, message, "write them below `sample`");
            return None;
        }
        let SampleSpec { of, r#as, times, vary, .. } = sample;
        let sending = Sending { request: of, who: r#as.as_deref(), times: *times, together: false, expect };
        let mut send = self.send(&sending, places)?;
        for (key, text) in vary {
            let at = format!("{}/sample/vary/{}", places.case, escape(key));
            send.vary.extend(self.varied(key, text, &send, &at));
        }
        if let Some(shares) = expect.and_then(|expect| expect.shares.as_ref()) {
            self.check_shares(shares, *times, &format!("{}/shares", places.expect));
        }
        send.expect.shares = expect.and_then(|expect| expect.shares.clone());
        Some(send)
    }

    fn varied(&mut self, key: &str, text: &str, send: &Send, at: &str) -> Option<Vary> {
        if !text.contains("{i}") {
            self.error(CASE_SHAPE, at, "this is the same each time", "put `{i}` where the number belongs");
        }
        let fits = part(key).and_then(|part| match &part {
            Part::Header(_) => {
                let value = http::HeaderValue::from_str(text);
                value.map(|_| part).map_err(|_| format!("`{text}` is not the value of a header"))
            }
            Part::Body(pointer) => {
                let mut body = serde_json::from_slice(&send.request.body).unwrap_or_default();
                super::set(&mut body, pointer, &text.into()).map(|()| part)
            }
        });
        match fits {
            Ok(part) => Some(Vary { part, text: text.to_owned() }),
            Err(why) => {
                self.error(BAD_VALUE, at, why, "vary `headers.NAME` or `set.POINTER`, such as `set./user`");
                None
            }
        }
    }

    /// What is sent, with its expectation checked; what is said of shares is for whoever sends several at once.
    pub(super) fn send(&mut self, sending: &Sending<'_>, places: &Places) -> Option<Send> {
        let credential = match sending.who {
            Some(name) => self.credential(name, &places.who),
            None => Some(None),
        };
        let request = self.requested(sending.request, &places.send);
        let Some(spec) = sending.expect else {
            self.nothing_expected(&places.case);
            return None;
        };
        let leaves = request.as_ref().is_some_and(|request| request.leaves.is_some());
        self.check_expectation(spec, &places.expect, leaves);
        self.take_snapshots(spec, places);
        let expect = Expect {
            pointer: places.expect.clone(),
            spec: Arc::new(spec.clone()),
            shares: None,
            no_route: expects_no_route(spec),
            row: places.row,
        };
        let (request, credential) = (request?, credential?);
        let Sending { times, together, .. } = *sending;
        Some(Send { request, credential, times, together, vary: Vec::new(), expect })
    }

    /// Two places that write one file would each say that the other is wrong.
    fn take_snapshots(&mut self, spec: &ExpectSpec, places: &Places) {
        for (at, name) in snapshots(spec) {
            let at = format!("{}{at}", places.expect);
            // The rows of a matrix have a file each.
            let earlier = self.snapshots.insert(name.to_owned(), at.clone()).filter(|earlier| *earlier != at);
            if let Some(earlier) = earlier {
                let earlier = self.document.locate(&earlier);
                let message = format!("there are two snapshots of the name `{name}`");
                let finding = aigw_source::Finding::error(DUPLICATE_CASE, self.document.locate(&at), message);
                self.findings.push(finding.label(earlier, "the other").help("give one of them another name"));
            }
        }
    }

    pub(super) fn finished(&mut self, spec: &CaseSpec, name: &str, places: &Places, steps: Option<Vec<Step>>) -> Option<Case> {
        let setup = self.setup(spec, &places.case);
        let case = places.case.clone();
        let script = self.script(&spec.upstream, &|name| match &spec.matrix {
            Some(matrix) if matrix.contains_key(&format!("upstream.{name}")) => {
                format!("{case}/matrix/{}", escape(&format!("upstream.{name}")))
            }
            _ => format!("{case}/upstream/{}", escape(name)),
        });
        Some(Case {
            suite: self.name.clone(),
            file: self.path.clone(),
            name: name.to_owned(),
            place: self.document.locate(&places.case),
            document: Arc::clone(&self.document),
            setup: setup?,
            script,
            steps: steps?,
            rows: None,
        })
    }
}

impl Places {
    fn of(spec: &CaseSpec, pointer: &str, row: Option<(usize, &Row)>) -> Self {
        let in_row = |begin: &str| {
            let (key, index, _) = row?.1.values.iter().find(|(key, ..)| key.starts_with(begin))?;
            Some(format!("{pointer}/matrix/{}/{index}", escape(key)))
        };
        let (who, send) = if spec.sample.is_some() { ("sample/as", "sample/of") } else { ("as", "send") };
        let many = spec.expect.as_ref().is_some_and(|expect: &OneOrMany<_>| expect.list);
        let number = row.map(|(index, _)| index);
        let one_each = spec.expect.as_ref().is_some_and(|expect| expect.items.len() > 1);
        let item = number.filter(|_| one_each).unwrap_or(0);
        Self {
            case: pointer.to_owned(),
            who: in_row("as").unwrap_or_else(|| format!("{pointer}/{who}")),
            send: in_row("send").unwrap_or_else(|| format!("{pointer}/{send}")),
            expect: if many { format!("{pointer}/expect/{item}") } else { format!("{pointer}/expect") },
            row: number.map(|index| index.saturating_add(1)),
        }
    }
}

/// Whether a request that no route matches is announced.
fn expects_no_route(spec: &ExpectSpec) -> bool {
    let code = aigw_core::ErrorCode::RouteNotFound.as_str();
    let named = match &spec.code {
        Some(Matcher::Equals(value)) => value == code,
        Some(Matcher::OneOf(values)) => values.iter().any(|value| value == code),
        _ => false,
    };
    named || matches!(spec.route, Some(Matcher::Absent))
}
