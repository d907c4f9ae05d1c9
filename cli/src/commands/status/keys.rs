//! What a person should know of callers' credentials: which end soon, which ended, which nobody used.

use aigw_runtime::admin::CredentialStatus;
use jiff::{SignedDuration, Timestamp};

/// How early the end of a credential is told.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Most credentials that a line names.
const MOST: usize = 5;

/// A line for each sort of credential that somebody should look at.
pub(super) fn remarks(credentials: &[CredentialStatus], now: Timestamp) -> Vec<String> {
    let end = |credential: &CredentialStatus| credential.not_after.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
    let begin = |credential: &CredentialStatus| credential.not_before.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
    let ended = |credential: &CredentialStatus| end(credential).is_some_and(|end| end <= now);
    let ends_soon =
        |credential: &CredentialStatus| end(credential).is_some_and(|end| end > now && end.duration_since(now) <= AHEAD);
    let unused = |credential: &CredentialStatus| {
        credential.last_used.is_none() && !ended(credential) && begin(credential).is_none_or(|begin| begin <= now)
    };
    let mut soon: Vec<_> = credentials.iter().filter(|credential| ends_soon(credential)).collect();
    soon.sort_by_key(|credential| end(credential));
    let soon: Vec<String> = soon
        .into_iter()
        .map(|credential| {
            let days = end(credential).map_or(0, |end| end.duration_since(now).as_hours() / 24);
            format!("{} ({}) in {days} days", credential.name, credential.consumer)
        })
        .collect();
    let names = |is: &dyn Fn(&CredentialStatus) -> bool| -> Vec<String> {
        let found = credentials.iter().filter(|credential| is(credential));
        found.map(|credential| format!("{} ({})", credential.name, credential.consumer)).collect()
    };
    let sorts = [("end soon", soon), ("have ended", names(&ended)), ("were not used since the gateway started", names(&unused))];
    sorts.into_iter().filter(|(_, keys)| !keys.is_empty()).map(|(what, keys)| line(&keys, what)).collect()
}

fn line(keys: &[String], what: &str) -> String {
    let named: Vec<&str> = keys.iter().take(MOST).map(String::as_str).collect();
    let more = if keys.len() > MOST { format!(" and {} more", keys.len() - MOST) } else { String::new() };
    format!("credentials that {what}: {}{more}", named.join(", "))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn key(name: &str, used: bool, from: Option<&str>, until: Option<&str>) -> CredentialStatus {
        CredentialStatus {
            name: name.to_owned(),
            consumer: "app".to_owned(),
            last_used: used.then(|| "2026-11-01T00:00:00Z".to_owned()),
            not_before: from.map(str::to_owned),
            not_after: until.map(str::to_owned),
        }
    }

    #[test]
    fn keys_that_need_a_person_are_named() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let keys = [
            key("fine", true, None, Some("2027-11-01T00:00:00Z")),
            key("later", true, None, Some("2026-12-20T12:00:00Z")),
            key("soon", true, None, Some("2026-11-23T12:00:00Z")),
            key("ended", false, None, Some("2026-11-22T12:00:00Z")),
            key("idle", false, None, None),
            key("next", false, Some("2026-12-01T00:00:00Z"), None),
        ];
        let expected = [
            "credentials that end soon: soon (app) in 1 days, later (app) in 28 days",
            "credentials that have ended: ended (app)",
            "credentials that were not used since the gateway started: idle (app)",
        ];
        assert_eq!(remarks(&keys, now), expected);
        assert_eq!(remarks(&keys[..1], now), [""; 0]);
        let many: Vec<_> = (0..7).map(|n| key(&format!("k{n}"), false, None, None)).collect();
        assert!(remarks(&many, now).join("").ends_with("k4 (app) and 2 more"));
    }
}
