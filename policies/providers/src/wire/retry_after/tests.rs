#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

/// 1994-11-06T08:49:37Z, the example of RFC 9110.
const NOW: u64 = 784_111_777_000;

fn wait(headers: &[(&str, &str)]) -> Option<u64> {
    let headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect();
    retry_after(&headers, NOW).map(Millis::as_millis)
}

#[test]
fn the_more_exact_header_wins() {
    assert_eq!(wait(&[("retry-after-ms", "1500"), ("retry-after", "9")]), Some(1500));
    assert_eq!(wait(&[("retry-after", "9"), ("x-ratelimit-reset-requests", "1s")]), Some(9000));
    assert_eq!(wait(&[("retry-after-ms", "soon"), ("retry-after", "9")]), Some(9000));
}

#[test]
fn seconds_fractions_and_dates_are_read() {
    assert_eq!(wait(&[("retry-after", " 2 ")]), Some(2000));
    assert_eq!(wait(&[("retry-after", "0")]), Some(0));
    assert_eq!(wait(&[("retry-after", "0.25")]), Some(250));
    assert_eq!(wait(&[("retry-after-ms", "12.5")]), Some(13));
    assert_eq!(wait(&[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")]), Some(10_000));
    assert_eq!(wait(&[("retry-after", "Sun, 06 Nov 1994 08:49:27 GMT")]), Some(0));
}

#[test]
fn no_wait_is_longer_than_a_day() {
    assert_eq!(wait(&[("retry-after", "99999999999999999999")]), Some(86_400_000));
    assert_eq!(wait(&[("retry-after", "Sat, 06 Nov 2094 08:49:37 GMT")]), Some(86_400_000));
}

#[test]
fn the_reset_of_a_spent_limit_counts_where_nothing_else_is_said() {
    let (requests, tokens) = (("x-ratelimit-reset-requests", "6m0s"), ("x-ratelimit-reset-tokens", "1.5s"));
    assert_eq!(wait(&[requests, tokens]), Some(360_000));
    assert_eq!(wait(&[requests, tokens, ("x-ratelimit-remaining-requests", "7")]), Some(1500));
    assert_eq!(
        wait(&[requests, tokens, ("x-ratelimit-remaining-requests", "-1"), ("x-ratelimit-remaining-tokens", "0")]),
        Some(1500)
    );
    assert_eq!(wait(&[requests, ("x-ratelimit-remaining-requests", "7")]), None);
    assert_eq!(wait(&[("x-ratelimit-reset-requests", "12ms")]), Some(12));
    assert_eq!(wait(&[("x-ratelimit-reset-requests", "1h1m1s")]), Some(3_661_000));
}

#[test]
fn what_is_no_time_is_no_wait() {
    for value in ["", "soon", "-1", "NaN", "inf", "1e9", "1.2.3", "5x"] {
        assert_eq!(wait(&[("retry-after", value)]), None, "{value}");
        assert_eq!(wait(&[("x-ratelimit-reset-tokens", value)]), None, "{value}");
    }
    assert_eq!(wait(&[]), None);
}

proptest! {
    #[test]
    fn arbitrary_values_never_panic_and_stay_within_the_bound(value in "[ -~]{0,24}", duration in "([0-9.]{0,4}[a-z]{0,2}){0,3}") {
        for (name, value) in [("retry-after", &value), ("retry-after-ms", &value), ("x-ratelimit-reset-tokens", &duration)] {
            prop_assert!(wait(&[(name, value)]).is_none_or(|wait| wait <= MAX_RETRY_AFTER.as_millis()));
        }
    }
}
