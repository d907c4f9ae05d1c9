#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::IpAddr;
use std::sync::Arc;

use aigw_core::{ErrorCode, Operation, Verdict};
use aigw_providers::dialect::openai::ChatRequest;
use aigw_providers::json::{ScanLimits, scan};
use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::{Head, Input, InputBounds, Validation, judge_body, judge_head};
use crate::facts::{Facts, HeadFacts};
use crate::test_program::{facts, headers, origin, program};
use crate::validation::ValidationPlan;
use crate::{Decider, Decision, Refusal, ValidationId};

/// Validations with these checks; the second of a pair puts it in shadow.
fn validations(all: &[(Value, bool)]) -> Vec<Arc<Validation>> {
    let plans = (0_u32..).zip(all).map(|(id, (checks, shadow))| {
        let checks: Vec<Value> =
            checks.as_array().into_iter().flatten().map(|what| json!({"what": what, "place": [0, 1, 1]})).collect();
        let mode = if *shadow { "shadow" } else { "enforce" };
        let plan: ValidationPlan =
            serde_json::from_value(json!({"origin": origin("v"), "mode": mode, "checks": checks})).unwrap();
        Arc::new(Validation::new(ValidationId(id), &plan).unwrap())
    });
    plans.collect()
}

fn told<T>(result: Result<T, Refusal>) -> Option<ErrorCode> {
    result.err().map(|refusal| refusal.code)
}

/// Who decided, and how.
fn seen(decisions: &[Decision]) -> Vec<(u32, Option<u16>, Verdict, bool)> {
    let by = |decision: &Decision| match decision.by {
        Decider::Validation(id) => (id.0, None),
        Decider::ValidationCheck(id, check) => (id.0, Some(check)),
        _ => unreachable!(),
    };
    decisions.iter().map(|decision| (by(decision).0, by(decision).1, decision.verdict, decision.shadow)).collect()
}

fn from<'a>(ip: &str, headers: &'a HeaderMap) -> Facts<'a> {
    let mut facts = facts(&Method::POST, "/score", headers);
    facts.ip = ip.parse::<IpAddr>().unwrap();
    facts
}

#[test]
fn whoever_is_denied_or_not_allowed_may_not_call() {
    let networks = json!([{"addresses": {"allow": ["10.0.0.0/8", "2001:db8::/32"], "deny": ["10.9.0.0/16"]}}]);
    let only_denied = json!([{"addresses": {"allow": [], "deny": ["10.9.0.0/16"]}}]);
    let none = HeaderMap::new();
    for (ip, allowed, not_denied) in [
        ("10.1.2.3", true, true),
        ("10.9.2.3", false, false),
        ("::ffff:10.1.2.3", true, true),
        ("::ffff:10.9.2.3", false, false),
        ("11.0.0.1", false, true),
        ("2001:db8::5", true, true),
        ("2001:db9::5", false, true),
    ] {
        for (checks, fine) in [(&networks, allowed), (&only_denied, not_denied)] {
            let facts = from(ip, &none);
            let head = Head { facts: &facts, operation: Operation::Models, has_body: false };
            let mut decisions = Vec::new();
            let code = told(judge_head(validations(&[(checks.clone(), false)]).iter(), &head, &mut decisions));
            assert_eq!(code, (!fine).then_some(ErrorCode::AddressNotAllowed), "{ip} {checks}");
            assert_eq!(decisions.len(), usize::from(!fine));
        }
    }
}

#[test]
fn every_content_type_of_a_request_with_a_body_fits() {
    let checks = [(json!([{"contenttypes": ["application/json", "image/*"]}]), false)];
    let judge = |pairs: &[(&'static str, &str)], has_body: bool| {
        let headers = headers(pairs);
        let facts = from("10.0.0.1", &headers);
        let head = Head { facts: &facts, operation: Operation::Http, has_body };
        told(judge_head(validations(&checks).iter(), &head, &mut Vec::new()))
    };
    let one = |text: &str| judge(&[("content-type", text)], true);
    for fine in ["application/json", "Application/JSON ; charset=utf-8", "image/png", "IMAGE/jpeg"] {
        assert_eq!(one(fine), None, "{fine}");
    }
    for bad in ["", "text/plain", "application/jsonp", "application/json-patch+json", "image", "text/x; application/json"] {
        assert_eq!(one(bad), Some(ErrorCode::UnsupportedMediaType), "{bad}");
    }
    assert_eq!(judge(&[], true), Some(ErrorCode::UnsupportedMediaType));
    assert_eq!(judge(&[], false), None);
    let mut twice = headers(&[("content-type", "application/json")]);
    twice.append("content-type", "text/plain".parse().unwrap());
    let facts = from("10.0.0.1", &twice);
    let head = Head { facts: &facts, operation: Operation::Http, has_body: true };
    assert!(told(judge_head(validations(&checks).iter(), &head, &mut Vec::new())).is_some());
}

#[test]
fn addresses_come_first_whoever_asks_for_them() {
    let all = validations(&[
        (json!([{"contenttypes": ["text/plain"]}]), false),
        (json!([{"addresses": {"allow": ["192.0.2.0/24"], "deny": []}}]), false),
    ]);
    let headers = headers(&[("content-type", "application/json")]);
    let facts = from("10.0.0.1", &headers);
    let head = Head { facts: &facts, operation: Operation::Http, has_body: true };
    assert_eq!(told(judge_head(all.iter(), &head, &mut Vec::new())), Some(ErrorCode::AddressNotAllowed));
}

#[test]
fn a_shadow_is_recorded_and_refuses_nothing() {
    let all =
        validations(&[(json!([{"addresses": {"allow": ["192.0.2.0/24"], "deny": []}}, {"messages": 1}, {"body": "5B"}]), true)]);
    let none = HeaderMap::new();
    let facts = from("10.0.0.1", &none);
    let mut decisions = Vec::new();
    let head = Head { facts: &facts, operation: Operation::Chat, has_body: true };
    assert_eq!(told(judge_head(all.iter(), &head, &mut decisions)), None);
    assert_eq!(chat(&all, &mut decisions, r#"{"messages":[{},{}]}"#), None);
    let refused = |check| (0, Some(check), Verdict::Refused, true);
    assert_eq!(seen(&decisions), [refused(0), refused(1), refused(2)]);
}

/// Judges a chat request by its body.
fn chat(all: &[Arc<Validation>], decisions: &mut Vec<Decision>, body: &str) -> Option<ErrorCode> {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let object = scan(&body, ScanLimits::default()).unwrap();
    let chat = ChatRequest::read(&object).unwrap();
    let headers = headers(&[("content-type", "application/json")]);
    let mut facts = from("10.0.0.1", &headers);
    facts.set_body(&body);
    let input = Input { operation: Operation::Chat, facts: &facts, body: &body, object: Some(&object), chat: Some(&chat) };
    told(judge_body(all.iter(), &input, bounds(all, Operation::Chat), decisions))
}

/// Judges what goes to any service by its body.
fn score(all: &[Arc<Validation>], decisions: &mut Vec<Decision>, kind: &str, encoding: &str, body: &str) -> Option<ErrorCode> {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let mut headers = headers(&[("content-type", kind)]);
    if !encoding.is_empty() {
        headers.append("content-encoding", encoding.parse().unwrap());
    }
    let mut facts = from("10.0.0.1", &headers);
    facts.set_body(&body);
    let input = Input { operation: Operation::Http, facts: &facts, body: &body, object: None, chat: None };
    told(judge_body(all.iter(), &input, bounds(all, Operation::Http), decisions))
}

fn bounds(all: &[Arc<Validation>], operation: Operation) -> InputBounds {
    InputBounds::of(&program(json!({})).gateway.bounds, all.iter(), operation)
}

#[test]
fn messages_are_counted_up_to_the_bound() {
    let all = validations(&[(json!([{"messages": 2}]), false)]);
    let mut decisions = Vec::new();
    assert_eq!(chat(&all, &mut decisions, r#"{"messages":[]}"#), None);
    assert_eq!(chat(&all, &mut decisions, r#"{"messages":[[1,2,3],{"a":[1]}]}"#), None);
    assert_eq!(seen(&decisions), [(0, None, Verdict::Passed, false); 2]);
    decisions.clear();
    assert_eq!(chat(&all, &mut decisions, r#"{"messages":[1,2,3]}"#), Some(ErrorCode::TooManyMessages));
    assert_eq!(seen(&decisions), [(0, Some(0), Verdict::Refused, false)]);
    // What no such request has is not judged, and says nothing.
    decisions.clear();
    assert_eq!(score(&all, &mut decisions, "application/json", "", r#"{"messages":[1,2,3]}"#), None);
    assert_eq!(seen(&decisions), []);
}

#[test]
fn the_least_bound_counts_and_the_first_that_has_it_decided() {
    let all = validations(&[
        (json!([{"body": "9B"}]), true),
        (json!([{"body": "20B"}, {"jsondepth": 9}]), false),
        (json!([{"jsondepth": 3}, {"body": "10B"}]), false),
        (json!([{"body": "10B"}]), false),
    ]);
    let bounds = bounds(&all, Operation::Http);
    assert_eq!(bounds, InputBounds { body: 10, json_depth: 3 });
    let blamed = |code| {
        let mut decisions = Vec::new();
        let refusal = bounds.blame(Refusal::new(code, "no"), all.iter(), Operation::Http, &mut decisions);
        assert_eq!(refusal.code, code);
        seen(&decisions)
    };
    assert_eq!(blamed(ErrorCode::BodyTooLarge), [(0, Some(0), Verdict::Refused, true), (2, Some(1), Verdict::Refused, false)]);
    assert_eq!(blamed(ErrorCode::JsonTooDeep), [(2, Some(0), Verdict::Refused, false)]);
    assert_eq!(blamed(ErrorCode::InvalidJson), []);
    let none = InputBounds::of(&program(json!({})).gateway.bounds, all.iter(), Operation::Models);
    assert_eq!((none.body, none.json_depth), (1 << 20, 64));
}

#[test]
fn json_for_any_service_is_held_to_its_depth() {
    let all = validations(&[(json!([{"jsondepth": 2}]), false)]);
    let mut decisions = Vec::new();
    let mut judge = |kind: &str, encoding: &str, body: &str| score(&all, &mut decisions, kind, encoding, body);
    assert_eq!(judge("application/json", "", "[[1]]"), None);
    assert_eq!(judge("application/json", "identity", "{\"a\":[1]}"), None);
    assert_eq!(judge("application/json", "", ""), None);
    assert_eq!(judge("text/plain", "gzip", "[[[1]]]"), None);
    assert_eq!(judge("application/json", "", "[[[1]]]"), Some(ErrorCode::JsonTooDeep));
    assert_eq!(judge("application/vnd.house+JSON; v=1", "", "[[[1]]]"), Some(ErrorCode::JsonTooDeep));
    assert_eq!(judge("application/json", "", "[[1"), Some(ErrorCode::InvalidJson));
    assert_eq!(judge("application/json", "gzip", "[[1]]"), Some(ErrorCode::UnsupportedMediaType));
    let shadow = validations(&[(json!([{"jsondepth": 2}]), true)]);
    decisions.clear();
    assert_eq!(score(&shadow, &mut decisions, "application/json", "", "[[[1]]]"), None);
    assert_eq!(score(&shadow, &mut decisions, "application/json", "", "nonsense"), None);
    assert_eq!(seen(&decisions), [(0, Some(0), Verdict::Refused, true)]);
}

#[test]
fn a_body_has_the_form_of_the_schema() {
    let schema = json!({"type": "object", "required": ["messages"], "properties": {"x": {"type": "integer"}}});
    let all = validations(&[(json!([{"schema": {"file": "s.json", "schema": schema}}]), false)]);
    let mut decisions = Vec::new();
    assert_eq!(chat(&all, &mut decisions, r#"{"messages":[],"x":2}"#), None);
    assert_eq!(chat(&all, &mut decisions, r#"{"messages":[],"x":"x"}"#), Some(ErrorCode::SchemaMismatch));
    assert_eq!(decisions.last().and_then(|decision| decision.note.as_deref()), Some("type"));
    assert_eq!(chat(&all, &mut decisions, r#"{"messages":[],"a":{"b":1,"b":2}}"#), Some(ErrorCode::DuplicateMember));
    let deep = format!(r#"{{"messages":[],"a":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    let refused = score(&all, &mut decisions, "application/json", "", &deep);
    assert_eq!(refused, Some(ErrorCode::JsonTooDeep));
    for (kind, encoding, body, code) in [
        ("application/json", "", r#"{"messages":1}"#, None),
        ("application/vnd.x+json", "identity", r#"{"messages":1}"#, None),
        ("application/json", "", "[]", Some(ErrorCode::SchemaMismatch)),
        ("application/json", "", "", Some(ErrorCode::InvalidJson)),
        ("application/json", "", "{", Some(ErrorCode::InvalidJson)),
        ("application/json", "gzip", "{}", Some(ErrorCode::UnsupportedMediaType)),
        ("text/plain", "", "{}", Some(ErrorCode::UnsupportedMediaType)),
    ] {
        assert_eq!(score(&all, &mut decisions, kind, encoding, body), code, "{kind} {body}");
    }
}

#[test]
fn attacks_are_told_by_their_place_and_texts_for_models_are_never_looked_at() {
    let all = validations(&[(json!([{"signatures": ["sql", "xss", "path", "command"]}]), false)]);
    let attack = "x' OR '1'='1";
    let body =
        |member: &str| format!(r#"{{"messages":[{{"content":"{attack}"}}],"tools":["{attack}"],"stop":"{attack}",{member}}}"#);
    let mut decisions = Vec::new();
    assert_eq!(chat(&all, &mut decisions, &body(r#""user":"ann","metadata":{"a":["b"]},"guided_regex":"../../x""#)), None);
    for member in [
        format!(r#""user":"{attack}""#),
        format!(r#""metadata":{{"a":[1,{{"b":"{attack}"}}]}}"#),
        format!(r#""metadata":{{"{attack}":1}}"#),
        format!(r#""{attack}":1"#),
        r#""user":"<scr\u0069pt>alert(1)""#.to_owned(),
    ] {
        assert_eq!(chat(&all, &mut decisions, &body(&member)), Some(ErrorCode::AttackSignature), "{member}");
    }
    assert_eq!(decisions.last().and_then(|decision| decision.note.as_deref()), Some("xss in the body"));
    // What any service takes may be text wherever it stands.
    assert_eq!(score(&all, &mut decisions, "application/json", "", &body(r#""a":1"#)), None);
}

#[test]
fn path_query_and_headers_are_looked_at_but_for_credentials() {
    let all = validations(&[(json!([{"signatures": ["sql", "path"]}]), false)]);
    let judge = |path: &str, query: Option<&str>, pairs: &[(&'static str, &str)]| {
        let headers = headers(pairs);
        let (ip, now) = (IpAddr::from([10, 0, 0, 1]), aigw_core::Timestamp::from_millis(1));
        let facts = Facts::new(HeadFacts { method: &Method::GET, path, host: None, query, headers: &headers, ip, now });
        let head = Head { facts: &facts, operation: Operation::Models, has_body: false };
        judge_head(all.iter(), &head, &mut Vec::new()).err().map(|refusal| (refusal.message.into_owned(), refusal.param))
    };
    let told = |place: &str, class: &str, param: Option<&'static str>| {
        Some((format!("{place} looks like an attack ({class})"), param.map(std::borrow::Cow::Borrowed)))
    };
    assert_eq!(judge("/v1/models", Some("a=b&c"), &[("user-agent", "curl/8.5.0"), ("accept", "*/*")]), None);
    assert_eq!(judge("/x/%2e%2e%2fetc%2fpasswd", None, &[]), told("the path", "path", None));
    assert_eq!(judge("/x", Some("a=1&id=1%20or%201%3D1"), &[]), told("the query parameter `id`", "sql", Some("id")));
    assert_eq!(
        judge("/x", Some("%27or%271%27%3D%271=2"), &[]),
        told("the query parameter `'or'1'='1`", "sql", Some("'or'1'='1"))
    );
    assert_eq!(judge("/x", None, &[("x-file", "../../a")]), told("the header `x-file`", "path", Some("x-file")));
    assert_eq!(judge("/x", None, &[("authorization", "../../a")]), None);
}
