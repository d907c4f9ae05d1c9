//! Steps in one world, one after the other.

use aigw_core::Millis;

use super::Loader;
use super::case::{Places, Sending};
use crate::plan::{Action, Case, Send, Step};
use crate::rules::{BAD_VALUE, CANNOT_FAIL, CASE_SHAPE, NOTHING_EXPECTED};
use crate::suite::{CaseSpec, RequestRef, StepSpec, StoreWord};

/// Most requests that one case sends, so that no typing mistake runs for hours.
const MAX_TIMES: u64 = 1_000_000;
/// Most that are in flight at once.
const MAX_TOGETHER: u32 = 1_000;
/// Most time that passes in one case: a hundred years, so that no calendar ends.
const MAX_TIME: Millis = Millis::new(100 * 365 * 24 * 60 * 60 * 1_000);

impl Loader<'_> {
    pub(super) fn timeline(&mut self, spec: &CaseSpec, steps: &[StepSpec], name: &str, pointer: &str) -> Option<Case> {
        self.check_members(spec, pointer);
        let mut planned = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let at = format!("{pointer}/steps/{index}");
            planned.extend(self.step(spec, step, &at, pointer).map(|action| Step { action }));
        }
        let sends = |step: &StepSpec| step.send.is_some();
        match steps.iter().rposition(sends) {
            None => {
                let message = format!("nothing is sent in `{name}`");
                self.error(NOTHING_EXPECTED, pointer, message, "add a step with `send` and `expect`");
                return None;
            }
            Some(last) if last.saturating_add(1) < steps.len() => {
                let at = format!("{pointer}/steps/{}", last.saturating_add(1));
                let message = "nothing is sent after this step, so that it proves nothing";
                self.error(CANNOT_FAIL, &at, message, "add a step with `send` and `expect`, or take this one out");
            }
            Some(_) => {}
        }
        self.check_sums(steps, pointer);
        if let Some(who) = spec.r#as.as_deref() {
            self.check_who(who, steps, pointer);
        }
        let places = Places {
            case: pointer.to_owned(),
            who: format!("{pointer}/as"),
            send: pointer.to_owned(),
            expect: pointer.to_owned(),
            row: None,
        };
        self.finished(spec, name, &places, Some(planned))
    }

    fn check_members(&mut self, spec: &CaseSpec, pointer: &str) {
        for (name, written) in
            [("expect", spec.expect.is_some()), ("times", spec.times.is_some()), ("matrix", spec.matrix.is_some())]
        {
            if written {
                let message = format!("a case with `steps` has no `{name}` of its own");
                let help = if name == "matrix" { "write a case for each row" } else { "move it into the steps" };
                self.error(CASE_SHAPE, &format!("{pointer}/{name}"), message, help);
            }
        }
    }

    /// What all steps come to.
    fn check_sums(&mut self, steps: &[StepSpec], pointer: &str) {
        let times: u64 = steps.iter().filter(|step| step.send.is_some()).map(|step| u64::from(step.times.unwrap_or(1))).sum();
        if times > MAX_TIMES {
            let message = format!("this case sends {times} requests");
            self.error(BAD_VALUE, pointer, message, format!("send at most {MAX_TIMES}"));
        }
        let time = steps.iter().filter_map(|step| step.advance).fold(0_u64, |sum, time| sum.saturating_add(time.as_millis()));
        if time > MAX_TIME.as_millis() {
            self.error(BAD_VALUE, pointer, "more than a hundred years pass in this case", "let less time pass");
        }
    }

    /// Somebody who never asks.
    fn check_who(&mut self, who: &str, steps: &[StepSpec], pointer: &str) {
        if steps.iter().filter(|step| step.send.is_some()).all(|step| step.r#as.is_some()) {
            let message = format!("`{who}` asks nothing: every step says who asks");
            self.error(CASE_SHAPE, &format!("{pointer}/as"), message, "take it out here or in the steps");
        }
    }

    fn step(&mut self, case: &CaseSpec, step: &StepSpec, at: &str, pointer: &str) -> Option<Action> {
        let forms = [step.send.is_some(), step.advance.is_some(), step.upstream.is_some(), step.store.is_some()];
        if forms.iter().filter(|form| **form).count() != 1 {
            let message = "a step has one of `send`, `advance`, `upstream` and `store`";
            self.error(CASE_SHAPE, at, message, "make a step of each");
            return None;
        }
        if let Some(request) = &step.send {
            return self.sent_in(case, step, request, at, pointer).map(|send| Action::Send(Box::new(send)));
        }
        if step.times.is_some() || step.together.is_some() || step.expect.is_some() || step.r#as.is_some() {
            let message = "`as`, `times`, `together` and `expect` belong to a step that sends";
            self.error(CASE_SHAPE, at, message, "take them out");
        }
        match (step.advance, &step.upstream, step.store) {
            (Some(time), ..) => Some(Action::Advance(time)),
            (_, Some(upstream), _) => {
                if upstream.is_empty() {
                    self.error(CASE_SHAPE, at, "this step changes nothing", "name an upstream and what it answers");
                }
                let place = |name: &str| format!("{at}/upstream/{}", super::escape(name));
                Some(Action::Script(self.script(upstream, &place)))
            }
            (.., Some(store)) => Some(Action::Store { down: store == StoreWord::Down }),
            (None, None, None) => None,
        }
    }

    fn sent_in(&mut self, case: &CaseSpec, step: &StepSpec, request: &RequestRef, at: &str, pointer: &str) -> Option<Send> {
        let (times, together) = (step.times.unwrap_or(1), step.together == Some(true));
        if together && !(2..=MAX_TOGETHER).contains(&times) {
            let message = format!("2 to {MAX_TOGETHER} requests are sent together");
            self.error(BAD_VALUE, &format!("{at}/together"), message, "say how many by `times`");
            return None;
        }
        let who_at = if step.r#as.is_some() { at } else { pointer };
        let places = Places {
            case: at.to_owned(),
            who: format!("{who_at}/as"),
            send: format!("{at}/send"),
            expect: format!("{at}/expect"),
            row: None,
        };
        let who = step.r#as.as_deref().or(case.r#as.as_deref());
        let mut send = self.send(&Sending { request, who, times, together, expect: step.expect.as_ref() }, &places)?;
        if let Some(shares) = step.expect.as_ref().and_then(|expect| expect.shares.as_ref()) {
            let shares_at = format!("{at}/expect/shares");
            if together {
                self.check_shares(shares, times, &shares_at);
                send.expect.shares = Some(shares.clone());
            } else {
                let message = "requests that are sent one after the other are not shared out";
                self.error(CASE_SHAPE, &shares_at, message, "add `together: true`, or use a `sample`");
            }
        }
        Some(send)
    }
}
