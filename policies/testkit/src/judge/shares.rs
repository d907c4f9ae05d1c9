//! How requests are shared out, against the shares that were expected.

use std::collections::BTreeMap;

use aigw_core::{Record, Share};

use super::{Mismatch, served};
use crate::load::escape;
use crate::suite::{ShareBy, ShareValue, SharesExpect};

/// How many standard deviations a share may be off that says nothing else: a fair choice is farther off once in sixteen thousand runs, and with a seed
/// never by chance.
const DEVIATIONS: f64 = 4.0;

/// What a request counts as.
pub(crate) fn share_of(by: ShareBy, record: &Record) -> String {
    let named = |name: Option<&str>| name.unwrap_or("none").to_owned();
    match by {
        ShareBy::Target => named(served(record)),
        ShareBy::Status => record.status.to_string(),
        ShareBy::Code => named(record.code.map(aigw_core::ErrorCode::as_str)),
        ShareBy::Route => named(record.route.as_deref()),
        ShareBy::Model => named(record.model.as_deref()),
    }
}

/// Every share that is not as expected; and where the shares are all that there is, every value that nobody expected.
pub(crate) fn shares(expected: &SharesExpect, counts: &BTreeMap<String, u64>) -> Vec<Mismatch> {
    let total: u64 = counts.values().sum();
    let mismatch = |at: String, about: String, wanted: String, came: String| {
        let came = format!("{came}; in all: {}", listed(counts));
        Mismatch { at, about, expected: wanted, came, diff: None }
    };
    let mut found = Vec::new();
    for (name, value) in &expected.of {
        let count = counts.get(name).copied().unwrap_or(0);
        if let Some((wanted, came)) = off(*value, expected, count, total) {
            found.push(mismatch(format!("/{}", escape(name)), format!("the share of `{name}`"), wanted, came));
        }
    }
    if are_all(expected, total) {
        for (name, count) in counts.iter().filter(|(name, _)| !expected.of.contains_key(*name)) {
            found.push(mismatch(
                String::new(),
                format!("the share of `{name}`"),
                "none".to_owned(),
                format!("{count} of {total}"),
            ));
        }
    }
    found
}

/// Whether the expected shares leave nothing to others: they come to 100 %, or to all that were sent.
fn are_all(expected: &SharesExpect, total: u64) -> bool {
    let (mut parts, mut counts) = (0_u64, 0_u64);
    for value in expected.of.values() {
        match value {
            ShareValue::Part(part) => parts = parts.saturating_add(u64::from(part.as_ppm())),
            ShareValue::Count(count) => counts = counts.saturating_add(*count),
        }
    }
    parts == 1_000_000 || counts == total
}

fn off(value: ShareValue, expected: &SharesExpect, count: u64, total: u64) -> Option<(String, String)> {
    let part = match value {
        ShareValue::Count(wanted) => {
            return (count != wanted).then(|| (format!("{wanted} of {total}"), format!("{count} of {total}")));
        }
        ShareValue::Part(part) => part,
    };
    let within = tolerance(part, expected.within, total);
    let came = ratio(count, total);
    let off = (came - fraction(part)).abs() > within + f64::EPSILON;
    off.then(|| (format!("{part} ± {:.2}% of {total}", within * 100.0), format!("{:.2}% ({count} of {total})", came * 100.0)))
}

/// How far a share of so many requests may be off: as far as is written, or else as far as a fair random choice hardly ever is.
pub(crate) fn tolerance(part: Share, within: Option<Share>, total: u64) -> f64 {
    let wanted = fraction(part);
    let variance = wanted * (1.0 - wanted);
    within.map_or_else(|| DEVIATIONS * (variance * ratio(1, total)).sqrt(), fraction)
}

#[expect(clippy::cast_precision_loss, reason = "samples are far smaller than what a float counts exactly")]
fn ratio(count: u64, total: u64) -> f64 {
    count as f64 / total.max(1) as f64
}

fn listed(counts: &BTreeMap<String, u64>) -> String {
    counts.iter().map(|(name, count)| format!("{name}: {count}")).collect::<Vec<_>>().join(", ")
}

fn fraction(share: Share) -> f64 {
    f64::from(share.as_ppm()) / 1e6
}

#[cfg(test)]
mod tests;
