//! What clients read of their request limits: OpenAI's `x-ratelimit-*` headers.

use aigw_kinds::limit::{Amount, LimitKind, LimitRule};
use aigw_kinds::{Decider, Program, Setting};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::counters::LimitReading;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit-requests");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining-requests");

/// Writes the tightest limit of requests that was counted. Limits of an upstream's own account are not passed on beside it.
pub(crate) fn describe(readings: &[LimitReading], program: &Program, headers: &mut HeaderMap) {
    let counted = readings
        .iter()
        .filter(|reading| !reading.shadow)
        .filter_map(|reading| Some((rule(reading, program)?, reading.remaining)));
    let Some((rule, remaining)) = counted.min_by_key(|(_, remaining)| *remaining) else { return };
    headers.insert(REMAINING, HeaderValue::from(remaining));
    // Elsewhere the amount depends on the environment or the caller.
    if let Amount::Fixed(Setting::Value(amount)) = rule.amount {
        headers.insert(LIMIT, HeaderValue::from(amount));
    }
}

fn rule<'p>(reading: &LimitReading, program: &'p Program) -> Option<&'p LimitRule> {
    let Decider::LimitRule(id, index) = reading.by else { return None };
    id.of(program)?.rules.get(usize::from(index)).filter(|rule| matches!(rule.what, LimitKind::Requests { .. }))
}
