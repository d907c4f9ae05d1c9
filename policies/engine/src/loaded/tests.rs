#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use aigw_core::{Phase, Timestamp, Verdict};
use aigw_kinds::facts::HeadFacts;
use aigw_kinds::{AuthenticationId, AuthorizationId, Decider, LimitId, PromptId, ValidationId};
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::*;
use crate::counters::LimitReading;
use crate::test_program::{origin, program, route, row, with};

fn whole() -> Value {
    json!({
        "files": ["a.yaml", "b/c.yaml"],
        "parameters": [
            {"name": "url", "kind": {"url": {"hosts": ["*.example"]}}, "test": null, "place": [0, 1, 1]},
            {"name": "weight", "kind": {"integer": {"min": 1, "max": 100}}, "test": null, "place": [0, 1, 1]},
            {"name": "text", "kind": {"string": {"pattern": null, "max_length": 40}}, "test": null, "place": [0, 1, 1]},
        ],
        "consumers": [{
            "origin": origin("ann"), "labels": {}, "roles": [],
            "keys": [{"id": "a1", "sha256": "ab".repeat(32), "not_after": null, "place": [0, 1, 1]}],
        }],
        "providers": [{
            "origin": origin("aoai"), "wire": {"azure-openai": {"deployments": {"version": {"param": 2}}}}, "endpoints": [0], "models": {},
            "timeouts": {"connect": "1s", "first_byte": "1s", "idle": "1s", "total": "1s"}, "tls_ca": null,
        }],
        "endpoints": [{"name": "e", "provider": 0, "url": {"param": 0}, "credential": null, "place": [0, 1, 1]}],
        "models": [model("chat-default", "chat"), model("embedder", "embeddings")],
        "authentications": [{"origin": origin("front-door"), "api_key_headers": ["api-key"], "anonymous": true}],
        "authorizations": [{"origin": origin("who"), "mode": "enforce", "rules": [{
            "name": "apps", "mode": "enforce", "roles": [], "effect": "allow", "operations": [], "models": ["chat-*"], "routes": [], "http": [],
            "when": null, "place": [1, 12, 7],
        }]}],
        "validations": [{"origin": origin("baseline"), "mode": "enforce", "checks": [{"what": {"messages": 9}, "place": [1, 4, 3]}]}],
        "limits": [{"origin": origin("fair"), "mode": "enforce", "per": [], "phase": "admit", "rules": [{
            "name": "rpm", "id": 7, "mode": "enforce", "what": {"requests": {"window": "1m"}}, "amount": {"fixed": {"param": 1}}, "when": null,
            "place": [1, 20, 9],
        }]}],
        "prompts": [{
            "origin": origin("house"), "mode": "enforce", "parameters": [], "set": [], "default": [], "cap": [],
            "versions": [{"name": "v1", "share": "100%", "messages": ["request"]}],
        }],
        "routes": [route("assistant", json!({
            "serve": {"models": {"models": [0, 1], "default": 0}}, "authentication": [0], "anonymous": false,
            "authorization_open": false, "wider": {"authorization": [0]}, "own": {"validations": [0], "limits": [0], "prompts": [{"prompt": 0, "with": [], "place": [0, 1, 1]}]},
        }))],
        "matches": [
            row(json!({"path": {"captures": [{"literal": "d"}, {"capture": "deployment"}]}})),
            row(json!({"operation": "models"})),
        ],
    })
}

fn model(name: &str, operation: &str) -> Value {
    json!({
        "origin": origin(name), "names": [name], "operation": operation, "sticky": null, "fallback": [],
        "targets": [{
            "provider": 0, "endpoints": [0], "model": "m", "wire_model": "m", "priority": 1, "weight": {"param": 1}, "when": null, "place": [0, 1, 1],
        }],
        "retry": {"attempts": 1, "retry_on": [], "backoff_base": "200ms", "backoff_max": "5s", "budget": "20%"},
    })
}

const VALUES: [&str; 3] = ["https://a.example:8443/base/", "30", "2024-10-21"];

fn values(values: &[&str]) -> ParameterValues {
    ParameterValues(values.iter().map(ToString::to_string).collect())
}

fn loaded() -> Loaded {
    Loaded::new(program(whole()), values(&VALUES)).unwrap()
}

fn with_head<T>(path: &str, judge: impl FnOnce(&Facts<'_>) -> T) -> T {
    let headers = HeaderMap::new();
    let ip = [10, 0, 0, 1].into();
    let now = Timestamp::default();
    judge(&Facts::new(HeadFacts { method: &Method::POST, path, host: None, query: None, headers: &headers, ip, now }))
}

#[test]
fn every_setting_gets_its_value() {
    let loaded = loaded();
    let base = loaded.endpoints().first().unwrap().base.clone().unwrap();
    assert_eq!((base.scheme.as_str(), base.authority.as_str(), base.path.as_str()), ("https", "a.example:8443", "/base"));
    let provider = loaded.provider(ProviderId(0)).unwrap();
    assert_eq!(provider.wire.type_name, "azure-openai");
    assert_eq!(provider.api, aigw_providers::wire::Api::Deployments { version: "2024-10-21".to_owned() });
    assert_eq!(loaded.model(ModelId(0)).unwrap().weights, [30]);
}

#[test]
fn what_does_not_fit_together_does_not_load() {
    let unloadable = LoadErrorCode::ProgramUnloadable;
    for (pointer, value, expected) in [
        ("/routes/0/own/limits/0", json!(9), LoadErrorCode::ProgramInvalid),
        ("/consumers/0/keys/0/sha256", json!("abc"), unloadable),
        ("/authentications/0/api_key_headers/0", json!("no header"), unloadable),
        ("/matches/0/methods", json!(["NO METHOD"]), unloadable),
        ("/prompts/0/set", json!([["nonsense", 1]]), unloadable),
    ] {
        let mut tables = whole();
        *tables.pointer_mut(pointer).unwrap() = value;
        assert_eq!(
            Loaded::new(program(tables), values(&VALUES)).map(drop).map_err(|error| error.code),
            Err(expected),
            "{pointer}"
        );
    }
    let expressions =
        with(whole(), json!({"expressions": [{"text": "nobody.knows", "scope": "match", "gives": "bool", "place": [0, 1, 1]}]}));
    assert_eq!(Loaded::new(program(expressions), values(&VALUES)).map(drop).map_err(|error| error.code), Err(unloadable));
}

#[test]
fn an_environment_that_breaks_its_declarations_does_not_load() {
    for wrong in
        [&["https://evil.test", "30", "x"][..], &["https://a.example", "0", "x"], &["https://a.example", "30"], &["", "", ""]]
    {
        let error = Loaded::new(program(whole()), values(wrong)).map(drop).unwrap_err();
        assert_eq!(error.code, LoadErrorCode::ParametersInvalid, "{wrong:?}");
    }
    let origins = json!({"origins": [{"param": 2}], "credentials": false, "max_age": "1m"});
    let mut tables = program(whole());
    tables.gateway.cors = Some(serde_json::from_value(origins).unwrap());
    let error = Loaded::new(tables, values(&[VALUES[0], "30", "a\nb"])).map(drop).unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (LoadErrorCode::ParametersInvalid, "`a\nb` in `cors` is not an origin"));
}

#[test]
fn tokens_stay_unread_whatever_a_program_says() {
    let with_identity = |url: Value, client_id: Value| {
        let mut tables = whole();
        *tables.pointer_mut("/endpoints/0/url").unwrap() = url;
        let identity = json!({"managed-identity": {"client_id": client_id, "resource": "https://r"}});
        *tables.pointer_mut("/endpoints/0/credential").unwrap() = identity;
        program(tables)
    };
    let load = |program, text| Loaded::new(program, values(&[VALUES[0], "30", text]));
    let loaded = load(with_identity(json!({"param": 0}), json!({"param": 2})), "1-2").unwrap();
    let identity = loaded.endpoints().first().unwrap().identity.clone();
    assert_eq!(identity, Some(LoadedIdentity { client_id: Some("1-2".to_owned()), resource: "https://r".to_owned() }));
    for (program, text, expected) in [
        (with_identity(json!({"param": 0}), json!({"param": 2})), "1&2", "`1&2` is not the client id"),
        (with_identity(json!({"value": "http://10.0.0.1/"}), json!(null)), "x", "its address is not `https`"),
    ] {
        let error = load(program, text).map(drop).unwrap_err();
        assert_eq!(error.code, LoadErrorCode::ParametersInvalid);
        assert!(error.message.contains(expected), "{}", error.message);
    }
}

#[test]
fn a_request_goes_from_its_head_to_its_model() {
    let loaded = loaded();
    with_head("/d/chat%2Ddefault%3A1", |facts| {
        let matched = loaded.find_route(facts, &mut Vec::new()).unwrap();
        assert_eq!(matched.plan.origin.name.as_str(), "assistant");
        assert_eq!(matched.capture("deployment", facts.path).as_deref(), Some("chat-default:1"));
        let authorized = loaded.authorize(&matched, matched.scopes(), facts, &mut Vec::new()).unwrap();
        let model = loaded.resolve(&matched, None).unwrap();
        assert_eq!(loaded.authorize_model(&matched, matched.scopes(), facts, model, authorized, &mut Vec::new()), Ok(()));
        assert!(loaded.authorize_model(&matched, matched.scopes(), facts, ModelId(1), authorized, &mut Vec::new()).is_err());
        assert!(
            loaded
                .authenticate(
                    matched.route,
                    &Presented { headers: facts.headers, certificate: None, now: facts.now },
                    &Tokens { key_sets: &|_| None, verified: &VerifiedTokens::default() },
                    &mut Vec::new()
                )
                .is_ok_and(|identity| identity.is_none())
        );
    });
    with_head("/", |facts| {
        let matched = loaded.find_route(facts, &mut Vec::new()).unwrap();
        assert_eq!(loaded.usable_models(&matched, matched.scopes(), facts), [ModelId(0)]);
    });
    with_head("/nowhere", |facts| assert!(loaded.find_route(facts, &mut Vec::new()).is_err()));
}

#[test]
fn an_open_route_serves_all_its_models() {
    let mut tables = whole();
    let route = tables.pointer_mut("/routes/0").unwrap();
    *route = with(route.clone(), json!({"wider": {}, "authorization_open": true}));
    let loaded = Loaded::new(program(tables), values(&VALUES)).unwrap();
    with_head("/", |facts| {
        let matched = loaded.find_route(facts, &mut Vec::new()).unwrap();
        assert!(loaded.authorize(&matched, matched.scopes(), facts, &mut Vec::new()).is_ok());
        assert_eq!(loaded.usable_models(&matched, matched.scopes(), facts), [ModelId(0), ModelId(1)]);
    });
}

#[test]
fn decisions_become_names_and_places() {
    let loaded = loaded();
    for (by, policy, rule, at) in [
        (Decider::Row(0), "assistant", None, "a.yaml:7:9"),
        (Decider::Authentication(AuthenticationId(0)), "front-door", None, "a.yaml:3:5"),
        (Decider::Authorization(AuthorizationId(0)), "who", None, "a.yaml:3:5"),
        (Decider::AuthorizationRule(AuthorizationId(0), 0), "who", Some("apps"), "b/c.yaml:12:7"),
        (Decider::Validation(ValidationId(0)), "baseline", None, "a.yaml:3:5"),
        (Decider::ValidationCheck(ValidationId(0), 0), "baseline", Some("messages"), "b/c.yaml:4:3"),
        (Decider::LimitRule(LimitId(0), 0), "fair", Some("rpm"), "b/c.yaml:20:9"),
        (Decider::Prompt(PromptId(0), None), "house", None, "a.yaml:3:5"),
        (Decider::Prompt(PromptId(0), Some(0)), "house", Some("v1"), "a.yaml:3:5"),
    ] {
        let verdict = loaded.verdict(Decision::new(by, Phase::Admit, Verdict::Allowed).in_shadow(true).noting("why"));
        assert_eq!((&*verdict.policy, verdict.rule.as_deref(), &*verdict.at), (policy, rule, at), "{by:?}");
        assert_eq!(
            (&*verdict.phase, verdict.verdict, verdict.shadow, verdict.note.as_deref()),
            ("admit", Verdict::Allowed, true, Some("why"))
        );
    }
    let reading = LimitReading { by: Decider::LimitRule(LimitId(0), 0), remaining: 4, shadow: false };
    let state = loaded.limit_state(&reading);
    assert_eq!((&*state.limit, state.remaining), ("fair/rpm", 4));
}

#[test]
fn the_gateway_trusts_its_proxies_and_allows_its_origins() {
    let mut tables = program(whole());
    tables.gateway.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    tables.gateway.cors = Some(
        serde_json::from_value(json!({"origins": [{"value": "https://a.test"}], "credentials": true, "max_age": "90s"})).unwrap(),
    );
    tables.gateway.errors = vec![
        serde_json::from_value(json!({"code": "rate_limited", "status": 503, "message": null, "place": [0, 1, 1]})).unwrap(),
    ];
    let loaded = Loaded::new(tables, values(&VALUES)).unwrap();
    let gateway = loaded.gateway();
    for (peer, trusted) in [("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("11.0.0.1", false), ("::1", false)] {
        assert_eq!(gateway.trusts(peer.parse().unwrap()), trusted, "{peer}");
    }
    let Some(cors) = &gateway.cors else { panic!("it has none") };
    let allows = |origin: &'static str| cors.allows(&http::HeaderValue::from_static(origin));
    assert_eq!((allows("https://a.test"), allows("https://b.test"), cors.max_age.to_str().ok()), (true, false, Some("90")));
    assert_eq!(gateway.error(aigw_core::ErrorCode::RateLimited).and_then(|error| error.status), Some(503));
    assert_eq!(gateway.error(aigw_core::ErrorCode::NotReady), None);
}

#[test]
fn captured_names_are_decoded_once() {
    for (segment, expected) in
        [("gpt-4o", "gpt-4o"), ("a%3Ab", "a:b"), ("a%253Ab", "a%3Ab"), ("%", "%"), ("%4", "%4"), ("%ff", "\u{fffd}")]
    {
        assert_eq!(decoded(segment), expected, "{segment}");
    }
}

#[derive(Debug, Default)]
struct Notebook(std::sync::Mutex<Vec<aigw_kinds::Evaluation>>);

impl Watch for Notebook {
    fn saw(&self, evaluation: aigw_kinds::Evaluation) {
        self.0.lock().unwrap().push(evaluation);
    }
}

#[test]
fn a_watch_sees_what_decided_and_no_callers_key() {
    let text = r#"request.path == "/" && request.headers["x-house-key"] != ()"#;
    let mut tables =
        with(whole(), json!({"expressions": [{"text": text, "scope": "match", "gives": "bool", "place": [0, 1, 1]}]}));
    *tables.pointer_mut("/matches/1/when").unwrap() = json!(0);
    *tables.pointer_mut("/authentications/0/api_key_headers/0").unwrap() = json!("x-house-key");
    let notebook = Arc::new(Notebook::default());
    let loaded = Loaded::new(program(tables), values(&VALUES)).unwrap().watched(Arc::clone(&notebook) as Arc<dyn Watch>);
    let mut headers = HeaderMap::new();
    headers.insert("x-house-key", "s3cret".parse().unwrap());
    let (ip, now) = ([10, 0, 0, 1].into(), Timestamp::default());
    let head = HeadFacts { method: &Method::POST, path: "/", host: None, query: None, headers: &headers, ip, now };
    assert!(loaded.find_route(&Facts::new(head), &mut Vec::new()).is_ok());
    let saw = [("request.path", "\"/\""), ("request.headers[\"x-house-key\"]", "<hidden>")];
    let saw = saw.map(|(path, value)| (path.to_owned(), value.to_owned())).to_vec();
    let gave = aigw_kinds::Given::Bool(true);
    assert_eq!(*notebook.0.lock().unwrap(), [aigw_kinds::Evaluation { id: aigw_kinds::ExpressionId(0), gave, saw }]);
}
