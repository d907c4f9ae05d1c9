//! A wait for room that lasts longer than the request may.

use aigw_kinds::Repository;
use aigw_kinds::limit::{LimitSpec, OnExceedSpec};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "Q318", name: "wait-outlasts-request" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let request_time = view::bounds(repository).request_time;
    for limit in repository.all::<LimitSpec>() {
        for (index, rule) in limit.spec.rules.iter().enumerate() {
            let OnExceedSpec::Wait(wait) = rule.on_exceed else { continue };
            if wait >= request_time {
                let place = limit.doc.locate(&format!("/spec/rules/{index}/onExceed/wait"));
                let message = format!("a request may wait {wait} for room, but it ends after {request_time}");
                let help = "wait for a small part of the Gateway's `bounds.requestTime`, so that time is left for the answer";
                findings.push(Finding::warning(ID, place, message).help(help));
            }
        }
    }
}
