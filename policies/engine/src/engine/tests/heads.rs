//! What every answer has, and what is decided by the head alone.

use aigw_core::{Millis, PHASES};
use aigw_kinds::Setting;
use aigw_kinds::gateway::{CorsPlan, ErrorOverride};

use super::*;
use crate::testing::program::PLACE;

#[test]
fn every_answer_names_its_request() {
    let desk = Desk::scripted([vec![hello()]]);
    for (sent, taken) in [(Some("req-1_a.b:c"), true), (Some("with space"), false), (Some(""), false), (None, false)] {
        let mut head = keyed("/nowhere");
        if let Some(sent) = sent {
            head = head.header("x-request-id", sent);
        }
        let told = desk.ask(desk.with(head, ""));
        let id = told.header("x-request-id").unwrap().to_owned();
        assert_eq!(Some(id.as_str()) == sent, taken, "{id}");
        assert!(taken || (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())));
        assert_eq!(desk.world.records().last().unwrap().request_id, id);
        assert!(told.body.text().contains(&id));
    }
    let long = "x".repeat(129);
    let told = desk.ask(desk.with(keyed("/nowhere").header("x-request-id", &long), ""));
    assert_ne!(told.header("x-request-id"), Some(long.as_str()));
}

#[test]
fn refusals_have_openais_shape_and_the_right_outcome() {
    let path = "/v1/chat/completions";
    let bare = || Request::builder().uri(path).method("POST");
    for (head, status, code) in [
        (keyed("/nowhere"), 404, "route_not_found"),
        (keyed("/a/../b"), 400, "invalid_request"),
        (keyed(path), 404, "route_not_found"),
        (bare(), 401, "missing_api_key"),
        (bare().header("authorization", "Bearer wrong"), 401, "invalid_api_key"),
    ] {
        let desk = Desk::new(|_| ());
        let told = desk.ask(desk.with(head, ASK));
        assert_eq!((told.status.as_u16(), told.code().as_str()), (status, code));
        let body: serde_json::Value = serde_json::from_str(&told.body.text()).unwrap();
        let members: Vec<&String> = body.get("error").unwrap().as_object().unwrap().keys().collect();
        assert_eq!(members, ["message", "type", "param", "code", "request_id"]);
        assert_eq!(told.header("content-type"), Some("application/json"));
        let record = desk.record();
        assert_eq!((record.outcome, record.status, record.code.map(ErrorCode::as_str)), (Outcome::Refused, status, Some(code)));
        assert!(record.attempts.is_empty());
    }
}

#[test]
fn the_gateway_may_give_a_code_another_face() {
    let desk = Desk::new(|program| {
        let message = Some("ask for a key".to_owned());
        program.gateway.errors.push(ErrorOverride { code: ErrorCode::MissingApiKey, status: Some(403), message, place: PLACE });
    });
    let told = desk.ask(desk.with(Request::builder().uri("/v1/models"), ""));
    assert_eq!((told.status, told.code().as_str()), (StatusCode::FORBIDDEN, "missing_api_key"));
    assert!(told.body.text().contains("ask for a key") && told.body.text().contains("permission_error"));
    assert_eq!(desk.record().status, 403);
}

#[test]
fn the_record_tells_who_what_and_how_long() {
    let desk = Desk::new(|program| program.matches.first_mut().unwrap().place = aigw_kinds::Place(0, 9, 7));
    desk.script([vec![hello().after(40)]]);
    desk.chat(ASK);
    let record = desk.record();
    assert_eq!(record.route_at.as_deref(), Some("policies.yaml:9:7"));
    assert_eq!((record.method.as_str(), record.path.as_str(), &*record.bundle), ("POST", "/v1/chat/completions", "sha256:b"));
    assert_eq!(
        (record.route.as_deref(), record.operation.as_deref(), record.model.as_deref()),
        (Some("models"), Some("chat"), Some("m"))
    );
    assert_eq!((record.consumer.as_deref(), record.credential.as_deref()), (Some("app"), Some("app-1")));
    let verdicts: Vec<_> = record.policies.iter().map(|policy| (&*policy.policy, &*policy.phase, &*policy.at)).collect();
    assert_eq!(verdicts, [("keys", "authenticate", "policies.yaml:3:5"), ("who", "authorize", "policies.yaml:3:5")]);
    let attempt = record.attempts.first().unwrap();
    assert_eq!((&*attempt.target, attempt.status, attempt.micros), ("p/a/big", Some(200), 40_000));
    let phases: Vec<&str> = record.timings.iter().map(|(phase, _)| &**phase).collect();
    let expected: Vec<&str> = PHASES.iter().take(9).map(|phase| phase.as_str()).chain(["total"]).collect();
    assert_eq!(phases, expected);
    assert_eq!(record.timings.last().unwrap().1, 40_000);
}

#[test]
fn only_trusted_proxies_say_who_the_caller_is() {
    for (peer, forwarded, ip) in [
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
        ("10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("10.0.0.1", "198.51.100.7:8080", "198.51.100.7"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
    ] {
        let desk = Desk::new(|_| ());
        let request = desk.with(keyed("/nowhere").header("x-forwarded-for", forwarded), "");
        drop(desk.world.block_on(desk.engine.run(request, super::peer(peer))));
        assert_eq!(desk.record().ip, ip, "{peer} {forwarded}");
    }
}

fn with_cors(origin: &str, credentials: bool) -> Desk {
    Desk::new(|program| {
        let origins = vec![Setting::Value(origin.to_owned())];
        program.gateway.cors = Some(CorsPlan { origins, credentials, max_age: Millis::from_secs(600) });
    })
}

#[test]
fn preflights_of_allowed_origins_are_answered_before_any_policy() {
    let preflight = || {
        let head = Request::builder().method("OPTIONS").uri("/v1/chat/completions").header("origin", "https://a.example");
        head.header("access-control-request-method", "POST").header("access-control-request-headers", "authorization")
    };
    let desk = with_cors("https://a.example", true);
    let told = desk.ask(desk.with(preflight(), ""));
    assert_eq!(told.status, StatusCode::NO_CONTENT);
    for (name, value) in [
        ("access-control-allow-origin", "https://a.example"),
        ("access-control-allow-methods", "POST"),
        ("access-control-allow-headers", "authorization"),
        ("access-control-allow-credentials", "true"),
        ("access-control-max-age", "600"),
        ("vary", "origin"),
    ] {
        assert_eq!(told.header(name), Some(value), "{name}");
    }
    assert_eq!(desk.record().outcome, Outcome::Completed);
    for desk in [with_cors("https://b.example", true), Desk::new(|_| ())] {
        let told = desk.ask(desk.with(preflight(), ""));
        assert_eq!((told.status, told.header("access-control-allow-origin")), (StatusCode::NOT_FOUND, None));
    }
}

#[test]
fn answers_say_which_origins_may_read_them() {
    let ask = |desk: &Desk| desk.ask(desk.with(keyed("/nowhere").header("origin", "https://a.example"), ""));
    for (allowed, credentials, origin, vary) in [
        ("*", false, Some("*"), None),
        ("*", true, Some("https://a.example"), Some("origin")),
        ("https://a.example", false, Some("https://a.example"), Some("origin")),
        ("https://b.example", false, None, Some("origin")),
    ] {
        let told = ask(&with_cors(allowed, credentials));
        assert_eq!((told.header("access-control-allow-origin"), told.header("vary")), (origin, vary), "{allowed}");
        assert_eq!(told.header("access-control-expose-headers").is_some(), origin.is_some());
    }
}
