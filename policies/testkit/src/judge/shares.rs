//! How requests are shared out, against the shares that were expected.

use std::collections::BTreeMap;

use aigw_core::Record;

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

/// Every share that is not as expected, and every value that nobody expected where counts or parts leave no room for it.
pub(crate) fn shares(expected: &SharesExpect, counts: &BTreeMap<String, u64>) -> Vec<Mismatch> {
    let total: u64 = counts.values().sum();
    let mut found = Vec::new();
    for (name, value) in &expected.of {
        let count = counts.get(name).copied().unwrap_or(0);
        if let Some((wanted, came)) = off(*value, expected, count, total) {
            found.push(Mismatch {
                at: format!("/{}", escape(name)),
                about: format!("the share of `{name}`"),
                expected: wanted,
                came: format!("{came}; in all: {}", listed(counts)),
                diff: None,
            });
        }
    }
    found
}

#[expect(clippy::cast_precision_loss, reason = "samples are far smaller than what a float counts exactly")]
fn off(value: ShareValue, expected: &SharesExpect, count: u64, total: u64) -> Option<(String, String)> {
    let part = match value {
        ShareValue::Count(wanted) => {
            return (count != wanted).then(|| (format!("{wanted} of {total}"), format!("{count} of {total}")));
        }
        ShareValue::Part(part) => part,
    };
    let wanted = fraction(part);
    let came = count as f64 / total.max(1) as f64;
    let within = expected.within.map_or_else(|| DEVIATIONS * (wanted * (1.0 - wanted) / total.max(1) as f64).sqrt(), fraction);
    let off = (came - wanted).abs() > within + f64::EPSILON;
    off.then(|| (format!("{part} ± {:.2}% of {total}", within * 100.0), format!("{:.2}% ({count} of {total})", came * 100.0)))
}

fn listed(counts: &BTreeMap<String, u64>) -> String {
    counts.iter().map(|(name, count)| format!("{name}: {count}")).collect::<Vec<_>>().join(", ")
}

fn fraction(share: aigw_core::Share) -> f64 {
    f64::from(share.as_ppm()) / 1e6
}
