//! How long an upstream asks to be left alone.

use aigw_core::Millis;
use http::HeaderMap;
use std::time::{Duration, UNIX_EPOCH};

/// The longest wait that is believed: a day, the longest window of a provider's own limits.
pub const MAX_RETRY_AFTER: Millis = Millis::from_secs(86_400);

/// Reads `retry-after-ms`, else `retry-after` in seconds or as a date, else the reset of whichever rate limit is spent.
///
/// `now_unix_ms` is the calendar time in milliseconds since 1970, for dates. At most [`MAX_RETRY_AFTER`].
pub fn retry_after(headers: &HeaderMap, now_unix_ms: u64) -> Option<Millis> {
    let wait = text(headers, "retry-after-ms")
        .and_then(|value| millis(value, 1.0))
        .or_else(|| text(headers, "retry-after").and_then(|value| millis(value, 1000.0).or_else(|| until(value, now_unix_ms))))
        .or_else(|| spent_limit_reset(headers))?;
    Some(Millis::new(wait).min(MAX_RETRY_AFTER))
}

/// OpenAI's and Azure's limits of requests and of tokens. Without a remaining count both may be what is spent.
fn spent_limit_reset(headers: &HeaderMap) -> Option<u64> {
    let limits = [
        ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
        ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ];
    let spent = limits.into_iter().filter(|(remaining, _)| text(headers, remaining).is_none_or(|count| count == "0"));
    spent.filter_map(|(_, reset)| go_duration(text(headers, reset)?)).max()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A number of units as milliseconds, rounded up.
fn millis(value: &str, unit: f64) -> Option<u64> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = Some(value).filter(|_| digits)?.parse().ok()?;
    Some(whole(number * unit))
}

/// The time until an HTTP date (RFC 9110, section 5.6.7); zero if it has passed.
fn until(value: &str, now_unix_ms: u64) -> Option<u64> {
    let date = httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let wait = date.saturating_sub(Duration::from_millis(now_unix_ms));
    Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
}

/// `6m0s`, `1.5s`, `12ms`: numbers with units, added up.
fn go_duration(value: &str) -> Option<u64> {
    let mut rest = value;
    let mut total = 0.0;
    while !rest.is_empty() {
        let number = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (digits, after) = rest.split_at_checked(number)?;
        let unit = after.bytes().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (unit, after) = after.split_at_checked(unit)?;
        let factor = match unit {
            "h" => 3_600_000.0,
            "m" => 60_000.0,
            "s" => 1000.0,
            "ms" => 1.0,
            "us" | "ns" => 0.001,
            _ => return None,
        };
        total += digits.parse::<f64>().ok()? * factor;
        rest = after;
    }
    (!value.is_empty()).then(|| whole(total))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and the cast saturates")]
fn whole(millis: f64) -> u64 {
    millis.ceil() as u64
}

#[cfg(test)]
mod tests;
