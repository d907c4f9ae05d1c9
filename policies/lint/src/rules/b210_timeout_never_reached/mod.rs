//! A time that another one always ends first.

use aigw_kinds::Repository;
use aigw_kinds::provider::ProviderSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "B210", name: "timeout-never-reached" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    let request_time = view::bounds(repository).request_time;
    for provider in repository.all::<ProviderSpec>() {
        let timeouts = &provider.spec.timeouts;
        let times = [
            ("connect", timeouts.connect),
            ("firstByte", timeouts.first_byte),
            ("idle", timeouts.idle),
            ("total", timeouts.total),
        ];
        for (key, time) in times {
            let pointer = format!("/spec/timeouts/{key}");
            // A default that is longer than what somebody wrote was not meant by anybody.
            if !view::written(provider.doc, &pointer) {
                continue;
            }
            let shorter = if key != "total" && time > timeouts.total {
                format!("`total`, which is {}", timeouts.total)
            } else if time > request_time {
                format!("the Gateway's `bounds.requestTime`, which is {request_time}")
            } else {
                continue;
            };
            let message = format!("`{key}` of {time} is longer than {shorter}, so it never ends anything");
            findings.push(Finding::warning(ID, provider.doc.locate(&pointer), message).help("shorten it, or lengthen the other"));
        }
    }
}
