//! What policies ask of claims.

use std::borrow::Cow;

use serde_json::Value;

use super::issuer::value;
use crate::ParameterValues;
use crate::authentication::{ClaimPath, ClaimRoles, ClaimRule, ClaimTest};

/// Times beyond the year 9999, in seconds since 1970, are mistakes or tricks.
const MAX_SECONDS: i64 = 253_402_300_800;

/// What one claim must be, ready.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) claim: ClaimPath,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Equals(String),
    Contains(String),
    Present,
}

impl Rule {
    /// Makes rules ready.
    pub(super) fn all(rules: &[ClaimRule], parameters: &ParameterValues) -> Result<Vec<Self>, String> {
        let rule = |rule: &ClaimRule| {
            let test = match &rule.test {
                ClaimTest::Equals(text) => Test::Equals(value(text, parameters)?),
                ClaimTest::Contains(text) => Test::Contains(value(text, parameters)?),
                ClaimTest::Present => Test::Present,
            };
            Ok(Self { claim: rule.claim.clone(), test })
        };
        rules.iter().map(rule).collect()
    }

    /// Whether claims are so.
    pub(super) fn holds(&self, claims: &Value) -> bool {
        let Some(found) = self.claim.find(claims) else { return false };
        match &self.test {
            Test::Present => true,
            Test::Equals(text) => written(found).is_some_and(|found| found == text.as_str()),
            Test::Contains(text) => words(found).any(|word| word == text),
        }
    }
}

/// Whether claims fit all of these; never where there are none.
pub(super) fn fit(rules: &[Rule], claims: &Value) -> bool {
    !rules.is_empty() && rules.iter().all(|rule| rule.holds(claims))
}

/// A claim's text; numbers and booleans as JSON writes them.
pub(super) fn written(claim: &Value) -> Option<Cow<'_, str>> {
    match claim {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(word) => Some(Cow::Borrowed(if *word { "true" } else { "false" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The texts of a list, or the words of a text (RFC 6749, section 3.3, writes scopes so).
fn words(claim: &Value) -> impl Iterator<Item = &str> {
    let text = claim.as_str().unwrap_or_default().split(' ').filter(|word| !word.is_empty());
    let list = claim.as_array().map(Vec::as_slice).unwrap_or_default().iter().filter_map(Value::as_str);
    text.chain(list)
}

/// The roles that claims give.
pub(super) fn roles<'c>(given: &'c ClaimRoles, claims: &'c Value) -> impl Iterator<Item = String> + 'c {
    let found = given.from.iter().filter_map(|path| path.find(claims));
    found.flat_map(words).filter_map(|word| given.map.get(word).cloned())
}

/// A time (RFC 7519, section 2: seconds since 1970, also with a fraction) in milliseconds.
pub(super) fn moment(claim: &Value) -> Option<i64> {
    let millis = match claim.as_i64() {
        Some(seconds) if (0..=MAX_SECONDS).contains(&seconds) => seconds.checked_mul(1_000)?,
        Some(_) => return None,
        None => {
            let seconds = claim.as_f64().filter(|seconds| (0.0..=253_402_300_800.0).contains(seconds))?;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "within the years that i64 holds; a fraction of a millisecond is nobody's"
            )]
            let millis = (seconds * 1_000.0) as i64;
            millis
        }
    };
    Some(millis)
}
