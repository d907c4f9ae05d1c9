#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::testing::Request;
use crate::{Condition, Scope, Type, ValueExpr};

fn hides(_: NameId, key: &str) -> bool {
    key == "x-team"
}

/// Every name that a condition looks at for the test request, as `path=value`.
fn seen(text: &str) -> String {
    let condition = Condition::compile(text, Scope::Call).unwrap();
    let (_, seen) = condition.evaluate_seeing(&Request::default(), &|_, _| false);
    listed(seen)
}

fn listed(seen: Seen) -> String {
    seen.names.into_iter().map(|(path, value)| format!("{path}={value}")).collect::<Vec<_>>().join("; ")
}

#[test]
fn names_are_seen_in_order_as_they_are_written() {
    for (text, expected) in [
        (r#"route.name == "x" || identity.labels.tier == "gold""#, r#"route.name="support-chat"; identity.labels.tier="gold""#),
        (r#"request.headers["X-Team"] == "support""#, r#"request.headers["X-Team"]="support""#),
        (
            r#"request.headers["x-none"] ?? request.query["none"] ?? "z" == "z""#,
            r#"request.headers["x-none"]=missing; request.query["none"]=missing"#,
        ),
        (
            r#""chat" in identity.roles && identity.roles[0] == "app""#,
            r#"identity.roles=["app","chat"]; identity.roles[0]="app""#,
        ),
        (r#""X-TEAM" in request.headers"#, r#""X-TEAM" in request.headers=true"#),
        ("now.hour == 23 && now.at(\"Europe/Berlin\").hour == 1", "now.hour=23; now.at(\"Europe/Berlin\").hour=1"),
        (r#"route.name == "a" || route.name == "b""#, r#"route.name="support-chat""#),
        ("1 + 1 == 2", ""),
    ] {
        assert_eq!(seen(text), expected, "{text}");
    }
}

#[test]
fn what_is_left_out_is_not_seen() {
    for (text, expected) in [
        (r#"route.name == "x" && identity.labels.tier == "gold""#, r#"route.name="support-chat""#),
        (r#"route.name != "x" || identity.labels.tier == "gold""#, r#"route.name="support-chat""#),
        (r#"(identity.labels.tier ?? route.name) == "gold""#, r#"identity.labels.tier="gold""#),
        (
            r#"if route.name == "x" { model.name == "a" } else { request.ip == "b" }"#,
            r#"route.name="support-chat"; request.ip="10.1.2.3""#,
        ),
    ] {
        assert_eq!(seen(text), expected, "{text}");
    }
}

#[test]
fn the_longest_path_stands_for_those_that_lead_to_it() {
    for (text, expected) in [
        (r#"request.body.meta.user.id == "u-7""#, r#"request.body.meta.user.id="u-7""#),
        (r#"request.body.messages[-1].content.len() == 6"#, r#"request.body.messages[-1].content="Hello!""#),
        (
            r#"request.body.meta.user.len() == 1 && request.body.meta.user.id == "u""#,
            r#"request.body.meta.user={"id":"u-7"}; request.body.meta.user.id="u-7""#,
        ),
        // Where a path breaks off, one sees where.
        (r#"request.body.nothing.here == 1"#, "request.body.nothing=missing"),
        (r#"request.body.stop?.x == 1"#, "request.body.stop?.x=missing"),
        (
            r#"request.headers[request.headers["x-cased"] ?? "x"] == "a""#,
            r#"request.headers["x-cased"]="X-Team"; request.headers[request.headers["x-cased"] ?? "x"]="support""#,
        ),
    ] {
        assert_eq!(seen(text), expected, "{text}");
    }
}

#[test]
fn an_evaluation_that_fails_shows_what_it_saw() {
    let condition = Condition::compile("request.body.model > 3", Scope::Call).unwrap();
    let (outcome, seen) = condition.evaluate_seeing(&Request::default(), &|_, _| false);
    assert!(outcome.is_err());
    assert_eq!(listed(seen), r#"request.body.model="gpt-4o""#);
}

#[test]
fn what_is_to_be_hidden_is_not_shown_however_it_is_reached() {
    for (text, hidden) in [
        (r#"request.headers["x-team"]"#, true),
        (r#"request.headers["X-Team"]?.to_upper()"#, true),
        (r#"request.headers[request.headers["x-cased"] ?? "x"]"#, true),
        (r#"["a", request.headers["x-team"]][1]"#, true),
        (r#"(request.headers["x-team"] ?? "a") + "b""#, true),
        (r#"request.headers["x-key"]"#, false),
    ] {
        let value = ValueExpr::compile(text, Scope::Call, Type::Any).unwrap();
        let (_, seen) = value.evaluate_seeing(&Request::default(), &hides);
        assert_eq!(seen.hidden, hidden, "{text}");
        assert!(!format!("{seen:?}").contains("support"), "{text}: {seen:?}");
    }
    let missing = Condition::compile(r#"request.query["x-team"] == ()"#, Scope::Call).unwrap();
    let (_, seen) = missing.evaluate_seeing(&Request::default(), &hides);
    assert!(!seen.hidden);
    assert_eq!(listed(seen), r#"request.query["x-team"]=missing"#);
}

#[test]
fn names_and_values_are_bounded() {
    let text = (0..40).map(|at| format!("request.query.k{at} == \"a\"")).collect::<Vec<_>>().join(" || ");
    let condition = Condition::compile(&text, Scope::Call).unwrap();
    let (_, seen) = condition.evaluate_seeing(&Request::default(), &|_, _| false);
    assert_eq!(seen.names.len(), MAX_SEEN_NAMES);
    for unit in ["x", "é", "😀", "\u{1}"] {
        let shown = shown(&serde_json::Value::from(unit.repeat(100_000)));
        assert_eq!(shown.chars().count(), MAX_SEEN_CHARS + 1);
        assert!(shown.starts_with('"') && shown.ends_with('…'), "{shown}");
    }
    assert_eq!((cut("ab"), cut(&"é".repeat(200))), ("ab".to_owned(), "é".repeat(200)));
}
