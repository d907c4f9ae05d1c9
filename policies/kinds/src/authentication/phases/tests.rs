#![expect(clippy::unwrap_used, reason = "tests")]

mod mtls;
mod tokens;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::json;

use super::*;
use crate::AuthenticationId;
use crate::hex;
use crate::test_program::{consumer, headers, origin, program};

const ANN: &str = "key-of-ann";
const ANN_NEW: &str = "second-key-of-ann";
const BOB: &str = "key-of-bob";
const OLD: &str = "expired-key-of-ann";

fn sha256(key: &str) -> String {
    let mut text = String::new();
    hex::push(&mut text, digest(&SHA256, key.as_bytes()).as_ref());
    text
}

fn key(id: &str, key: &str, not_after: Option<i64>) -> serde_json::Value {
    json!({"id": id, "sha256": sha256(key), "not_after": not_after, "place": [0, 1, 1]})
}

fn keys() -> Credentials {
    let ann = [key("a1", ANN, None), key("a2", ANN_NEW, Some(1_001)), key("a3", OLD, Some(1_000))];
    let program = program(json!({"consumers": [
        consumer("ann", &[], json!({}), json!(ann)),
        consumer("bob", &[], json!({}), json!([key("b1", BOB, None)])),
    ]}));
    Credentials::new(&program.consumers).unwrap()
}

fn policies(plans: &[(&[&str], bool)]) -> Vec<Arc<Authentication>> {
    let plan = |(headers, anonymous): &(&[&str], bool)| json!({"origin": origin("p"), "api_key_headers": headers, "anonymous": anonymous});
    let program = program(json!({"authentications": plans.iter().map(plan).collect::<Vec<_>>()}));
    let ids = (0_u32..).map(AuthenticationId);
    ids.zip(&program.authentications).map(|(id, plan)| Arc::new(Authentication::new(id, plan).unwrap())).collect()
}

fn presented(headers: &HeaderMap) -> Presented<'_> {
    Presented { headers, certificate: None, now: Timestamp::from_millis(1_000) }
}

type Outcome = Result<Option<Arc<Identity>>, Unproved>;

fn ask(plans: &[(&[&str], bool)], headers: &HeaderMap, decisions: &mut Vec<Decision>) -> Outcome {
    judged(&policies(plans), &keys(), &presented(headers), decisions)
}

/// Judges where there are no issuers of tokens.
fn judged(
    policies: &[Arc<Authentication>],
    credentials: &Credentials,
    presented: &Presented<'_>,
    decisions: &mut Vec<Decision>,
) -> Outcome {
    let (issuers, verified) = (Issuers::default(), VerifiedTokens::default());
    let judges = Judges { credentials, issuers: &issuers, key_sets: &|_| None, verified: &verified };
    authenticate(policies, &judges, presented, decisions)
}

/// `Ok("ann/a1")`, `Ok("anonymous")` or the refusal's code.
fn check(plans: &[(&[&str], bool)], sent: &[(&'static str, &str)], expected: Result<&str, ErrorCode>) {
    let mut decisions = Vec::new();
    let outcome = ask(plans, &headers(sent), &mut decisions);
    let shown = outcome.map_err(|unproved| unproved.refusal.code).map(|identity| match identity {
        Some(caller) => format!("{}/{}", caller.name.as_ref().unwrap(), caller.credential),
        None => "anonymous".to_owned(),
    });
    assert_eq!(shown.as_deref().map_err(|code| *code), expected, "{plans:?} {sent:?}");
    let last = decisions.last().map(|decision| decision.verdict);
    let verdict = if expected.is_ok() { Verdict::Allowed } else { Verdict::Refused };
    assert_eq!(last, if plans.is_empty() { None } else { Some(verdict) }, "{sent:?}");
}

const BOTH: &[&str] = &["authorization", "api-key"];

#[test]
fn a_key_is_found_in_any_of_the_headers() {
    for sent in [
        ("authorization", "Bearer key-of-ann"),
        ("authorization", "bearer key-of-ann"),
        ("authorization", "BEARER   key-of-ann "),
        ("api-key", ANN),
        ("api-key", " key-of-ann "),
    ] {
        check(&[(BOTH, false)], &[sent], Ok("ann/a1"));
    }
    check(&[(BOTH, false)], &[("api-key", BOB)], Ok("bob/b1"));
    check(&[(BOTH, false)], &[("api-key", ANN_NEW)], Ok("ann/a2"));
}

#[test]
fn without_a_key_it_is_missing_unless_anonymous_callers_pass() {
    use ErrorCode::MissingApiKey;
    for sent in
        [&[][..], &[("authorization", "")], &[("authorization", "Bearer")], &[("authorization", "Bearer ")], &[("x-other", ANN)]]
    {
        check(&[(BOTH, false)], sent, Err(MissingApiKey));
        check(&[(BOTH, true)], sent, Ok("anonymous"));
        check(&[], sent, Ok("anonymous"));
    }
}

#[test]
fn a_wrong_key_is_refused_also_where_anonymous_callers_pass() {
    use ErrorCode::{ApiKeyExpired, InvalidApiKey};
    let long = "x".repeat(MAX_KEY_BYTES + 1);
    for anonymous in [false, true] {
        let plans: &[(&[&str], bool)] = &[(BOTH, anonymous)];
        check(plans, &[("api-key", "key-of-nobody")], Err(InvalidApiKey));
        check(plans, &[("api-key", "Bearer key-of-ann")], Err(InvalidApiKey));
        check(plans, &[("api-key", &long)], Err(InvalidApiKey));
        check(plans, &[("authorization", ANN)], Err(InvalidApiKey));
        check(plans, &[("authorization", "Basic YTpi")], Err(InvalidApiKey));
        check(plans, &[("api-key", OLD)], Err(ApiKeyExpired));
    }
}

#[test]
fn several_keys_must_be_good_and_of_one_consumer() {
    use ErrorCode::{ApiKeyExpired, InvalidApiKey};
    for (second, expected) in [
        ("Bearer key-of-ann", Ok("ann/a1")),
        ("Bearer second-key-of-ann", Ok("ann/a2")),
        ("Bearer key-of-bob", Err(InvalidApiKey)),
        ("Bearer key-of-nobody", Err(InvalidApiKey)),
        ("Bearer expired-key-of-ann", Err(ApiKeyExpired)),
        ("Basic YTpi", Err(InvalidApiKey)),
    ] {
        check(&[(BOTH, false)], &[("authorization", second), ("api-key", ANN)], expected);
    }
    check(&[(BOTH, false)], &[("api-key", ANN), ("api-key", BOB)], Err(InvalidApiKey));
}

#[test]
fn every_policy_must_pass_and_find_the_same_consumer() {
    use ErrorCode::{InvalidApiKey, MissingApiKey};
    let two: &[(&[&str], bool)] = &[(&["authorization"], false), (&["api-key"], false)];
    check(two, &[("authorization", "Bearer key-of-ann"), ("api-key", ANN)], Ok("ann/a1"));
    check(two, &[("authorization", "Bearer key-of-ann"), ("api-key", BOB)], Err(InvalidApiKey));
    check(two, &[("authorization", "Bearer key-of-ann")], Err(MissingApiKey));
    check(two, &[("api-key", ANN)], Err(MissingApiKey));
}

#[test]
fn nobody_is_anonymous_who_sends_a_key_to_another_policy() {
    let two: &[(&[&str], bool)] = &[(&["authorization"], true), (&["api-key"], true)];
    check(two, &[], Ok("anonymous"));
    check(two, &[("api-key", ANN)], Err(ErrorCode::MissingApiKey));
    check(two, &[("api-key", ANN), ("authorization", "Bearer key-of-ann")], Ok("ann/a1"));
}

#[test]
fn the_message_says_where_to_put_the_key_and_repeats_none() {
    let missing = ask(&[(BOTH, false)], &HeaderMap::new(), &mut Vec::new());
    assert_eq!(
        missing.unwrap_err().refusal.message,
        "an API key is required; send it as `authorization: Bearer KEY` or `api-key: KEY`"
    );
    let wrong = headers(&[("api-key", "secret-value")]);
    let wrong = ask(&[(BOTH, false)], &wrong, &mut Vec::new());
    assert!(!wrong.unwrap_err().refusal.message.contains("secret-value"));
}

#[test]
fn digests_that_are_none_or_stand_twice_do_not_load() {
    let table = |keys: serde_json::Value| {
        let program = program(json!({"consumers": [consumer("ann", &[], json!({}), keys)]}));
        KeyTable::new(&program.consumers).map(drop)
    };
    let short = json!([{"id": "k", "sha256": "abc", "not_after": null, "place": [0, 1, 1]}]);
    assert_eq!(table(short), Err(KeyFault::Digest("k".parse().unwrap())));
    let twice = json!([key("one", ANN, None), key("two", ANN, None)]);
    assert_eq!(table(twice), Err(KeyFault::Duplicate("one".parse().unwrap(), "two".parse().unwrap())));
    assert_eq!(table(json!([])), Ok(()));
}
