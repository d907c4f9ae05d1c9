//! What goes up and what comes back: bytes and headers.

use super::*;
use crate::testing::program::{PLACE, origin};

#[test]
fn an_answer_passes_byte_for_byte_and_its_usage_is_recorded() {
    let odd = format!("{{ \"x\" : 1.50e+03 ,\u{20}\"d\":\"ü\", {}", HELLO.trim_start_matches('{'));
    let desk = Desk::scripted([vec![Upstream::json(200, &odd).header("x-upstream", "1").header("set-cookie", "a=b")]]);
    let told = desk.chat(ASK);
    assert_eq!((told.status, told.body.text()), (StatusCode::OK, odd));
    assert_eq!(
        (told.header("content-type"), told.header("x-upstream"), told.header("set-cookie")),
        (Some("application/json"), None, None)
    );
    let record = desk.record();
    assert_eq!((record.outcome, record.status, record.code), (Outcome::Completed, 200, None));
    assert_eq!(record.usage.map(|usage| (usage.input_tokens, usage.output_tokens)), Some((Some(3), Some(1))));
}

#[test]
fn only_the_models_name_changes_in_a_request() {
    let desk = Desk::scripted([vec![hello()]]);
    let body = "{\"seed\": 12345678901234567890,\n \"unknown\":{\"b\":1,\"a\":[ ]}, \"model\" :\"m\",\"messages\":[]}";
    desk.chat(body);
    let calls = desk.world.calls();
    let call = calls.first().unwrap();
    assert_eq!(call.body, body.replace("\"m\"", "\"big-2024\""));
    assert_eq!((call.method.as_str(), call.uri.as_str()), ("POST", "/base/chat/completions"));
}

#[test]
fn upstream_sees_its_own_key_and_only_the_headers_that_may_pass() {
    let desk = Desk::scripted([vec![hello()]]);
    let head = json("/v1/chat/completions").header("traceparent", "00-1").header("cookie", "c").header("x-secret", "s");
    // The program lets `x-our-key` pass, and callers prove themselves by it: it stays here all the same.
    let head = head.header("x-our-key", CLIENT_KEY);
    desk.ask(desk.with(head, ASK));
    let calls = desk.world.calls();
    let headers = &calls.first().unwrap().headers;
    let names: std::collections::BTreeSet<&str> = headers.keys().map(http::HeaderName::as_str).collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["accept-encoding", "authorization", "content-type", "traceparent"]);
    assert_eq!(headers.get("authorization").unwrap(), &format!("Bearer {CANARY}"));
}

#[test]
fn no_secret_shows_in_answers_or_records() {
    for script in [hello(), error(401, "invalid_api_key"), error(500, "x"), error(400, "bad")] {
        let desk = Desk::scripted([vec![script.clone()], vec![script]]);
        let told = desk.chat(ASK);
        let shown = format!("{:?} {} {}", told.headers, told.body.text(), serde_json::to_string(&desk.record()).unwrap());
        for secret in [CANARY, CLIENT_KEY] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn a_deployment_in_the_path_wins_over_the_body() {
    let desk = Desk::scripted([vec![hello()]]);
    let told =
        desk.ask(desk.post("/openai/deployments/m/chat/completions?api-version=2024-10-21", &ASK.replace("\"m\"", "\"other\"")));
    assert_eq!(told.status, StatusCode::OK);
    assert_eq!(desk.record().model.as_deref(), Some("m"));
}

#[test]
fn a_deployment_path_demands_an_api_version() {
    let desk = Desk::scripted([vec![hello()]]);
    let told = desk.ask(desk.post("/openai/deployments/m/chat/completions", ASK));
    assert_eq!(told.status, StatusCode::BAD_REQUEST);
    assert!(told.body.text().contains("api-version"), "{}", told.body.text());
}

#[test]
fn embeddings_go_to_their_own_path() {
    let desk = Desk::scripted([vec![Upstream::json(200, r#"{"data":[],"usage":{"prompt_tokens":8}}"#)]]);
    let told = desk.ask(desk.post("/v1/embeddings", r#"{"model":"e","input":"x"}"#));
    assert_eq!((told.status, desk.world.calls().first().unwrap().uri.as_str()), (StatusCode::OK, "/base/embeddings"));
    assert_eq!(desk.record().usage.and_then(|usage| usage.input_tokens), Some(8));
}

#[test]
fn a_cut_answer_is_cut_for_the_client_too() {
    let short = |upstream: Upstream| upstream.header("content-length", "999");
    for script in [short(hello()), hello().without("content-length").breaks(), short(hello()).stalls()] {
        let desk = Desk::scripted([vec![script]]);
        let told = desk.chat(ASK);
        assert!(told.body.error.is_some());
        let record = desk.record();
        assert_eq!((record.outcome, record.status), (Outcome::Failed, 200));
        assert_eq!(record.attempts.first().unwrap().outcome, aigw_core::AttemptOutcome::Failed);
    }
}

#[test]
fn more_than_was_declared_is_not_passed_on() {
    let desk = Desk::scripted([vec![hello().header("content-length", "10")]]);
    assert_eq!(desk.chat(ASK).body.error.map(|error| error.code), Some(ErrorCode::UpstreamInvalidAnswer));
}

#[test]
fn the_list_of_models_names_what_the_caller_may_use() {
    let desk = Desk::new(|_| ());
    let told = desk.ask(desk.get("/v1/models"));
    assert_eq!(
        told.body.text(),
        r#"{"object":"list","data":[{"id":"m","object":"model","created":0,"owned_by":"test"},{"id":"e","object":"model","created":0,"owned_by":"test"}]}"#
    );
    let told = desk.ask(desk.get("/v1/models/m-2024"));
    assert_eq!(told.body.text(), r#"{"id":"m-2024","object":"model","created":0,"owned_by":"test"}"#);
    let told = desk.ask(desk.get("/v1/models/nope"));
    assert_eq!((told.status, told.code().as_str()), (StatusCode::NOT_FOUND, "model_not_found"));
    let outcomes: Vec<Outcome> = desk.world.records().iter().map(|record| record.outcome).collect();
    assert_eq!(outcomes, [Outcome::Completed, Outcome::Completed, Outcome::Refused]);
}

#[test]
fn a_prompt_is_spliced_in_and_its_caps_hold() {
    use aigw_kinds::prompt::{PromptMessage, PromptPlan, PromptUse, PromptVersion};
    let desk = Desk::new(|program| {
        let system = PromptMessage::Template { role: "system".to_owned(), text: "Be brief.".to_owned(), place: PLACE };
        let version = PromptVersion {
            name: "v1".parse().unwrap(),
            share: aigw_core::Share::ALL,
            messages: vec![system, PromptMessage::Request],
        };
        program.prompts.push(PromptPlan {
            origin: origin("brief"),
            mode: aigw_kinds::Mode::Enforce,
            parameters: Vec::new(),
            versions: vec![version],
            set: vec![("temperature".to_owned(), serde_json::json!(0))],
            default: Vec::new(),
            cap: vec![("n".to_owned(), 1.into())],
        });
        let used = PromptUse { prompt: aigw_kinds::PromptId(0), with: Vec::new(), place: PLACE };
        program.routes.first_mut().unwrap().own.prompts.push(used);
    });
    let chunk = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    desk.script([vec![Upstream::events(&[chunk, "data: [DONE]\n\n"])]]);
    let told = desk.chat(r#"{"n":3,"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}"#);
    assert!(told.body.text().ends_with("[DONE]\n\n"), "one choice is all that was asked for");
    let sent: serde_json::Value = serde_json::from_str(&desk.world.calls().first().unwrap().body).unwrap();
    let messages = serde_json::json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]);
    assert_eq!(
        (sent.get("messages"), sent.get("n"), sent.get("temperature")),
        (Some(&messages), Some(&1.into()), Some(&0.into()))
    );
    let record = desk.record();
    let prompt = record.policies.iter().find(|policy| policy.phase == "prompt").unwrap();
    assert_eq!((&*prompt.policy, prompt.rule.as_deref()), ("brief", Some("v1")));
}

#[test]
fn an_http_route_forwards_everything_but_credentials() {
    let answer = Upstream::json(404, "not here").header("x-upstream", "1").header("set-cookie", "a=b");
    let desk = Desk::scripted([vec![answer]]);
    let head = keyed("/score/a%7eb?x=1").method("PUT").header("x-our-key", CLIENT_KEY).header("cookie", "c").header("x-any", "v");
    let told = desk.ask(desk.with(head, "\u{1}raw"));
    assert_eq!((told.status, told.body.text().as_str()), (StatusCode::NOT_FOUND, "not here"));
    assert_eq!((told.header("x-upstream"), told.header("set-cookie")), (Some("1"), None));
    let calls = desk.world.calls();
    let call = calls.first().unwrap();
    assert_eq!((call.method.as_str(), call.uri.as_str(), call.body.as_str()), ("PUT", "/base/api/a~b?x=1", "\u{1}raw"));
    assert_eq!(
        (call.headers.get("x-any").is_some(), call.headers.get("x-our-key"), call.headers.get("cookie")),
        (true, None, None)
    );
    assert_eq!(desk.record().outcome, Outcome::Completed);
}

#[test]
fn an_http_route_asks_the_next_endpoint_only_where_nothing_was_sent() {
    use aigw_core::TransportErrorKind::{Connect, Reset};
    for (kind, status, calls) in [(Connect, StatusCode::OK, 2), (Reset, StatusCode::BAD_GATEWAY, 1)] {
        let desk = Desk::scripted([vec![Upstream::fails(kind)], vec![Upstream::json(200, "ok")]]);
        let told = desk.ask(desk.post("/score/x", "{}"));
        assert_eq!((told.status, desk.world.calls().len()), (status, calls));
    }
}

#[test]
fn a_head_request_declares_a_length_and_has_no_body() {
    let desk = Desk::scripted([vec![Upstream::events(&[]).header("content-length", "77")]]);
    let told = desk.ask(desk.with(keyed("/score/x").method("HEAD"), ""));
    assert_eq!((told.header("content-length"), told.body.error), (Some("77"), None));
    assert_eq!(desk.record().outcome, Outcome::Completed);
}

#[test]
fn a_refused_key_of_ours_is_not_the_clients_fault_on_http_routes_either() {
    let desk = Desk::scripted([vec![error(401, "no")]]);
    let told = desk.ask(desk.post("/score/x", "{}"));
    assert_eq!((told.status, told.code().as_str()), (StatusCode::BAD_GATEWAY, "upstream_auth_failed"));
}

#[test]
fn the_stand_in_answers_in_virtual_time() {
    let desk = Desk::new(|program| {
        let plan = aigw_kinds::provider::MockPlan {
            text: Some("one two".to_owned()),
            latency: aigw_core::Millis::new(300),
            chunk_interval: aigw_core::Millis::new(50),
        };
        program.providers = vec![crate::testing::program::provider(aigw_kinds::provider::WirePlan::Mock(plan), &[0, 1])];
        program.endpoints.iter_mut().for_each(|endpoint| (endpoint.url, endpoint.credential) = (None, None));
    });
    let began = desk.world.millis();
    let told = desk.chat(ASK);
    assert!(told.body.text().contains("one two"), "{}", told.body.text());
    assert_eq!(desk.world.millis() - began, 300);
    let told = desk.chat(STREAM);
    assert!(told.body.text().ends_with("data: [DONE]\n\n"));
    assert!(told.body.pieces.len() > 2);
    assert!(desk.world.calls().is_empty());
    assert!(desk.world.records().iter().all(|record| record.outcome == Outcome::Completed && record.usage.is_some()));
}
