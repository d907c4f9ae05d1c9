#![expect(clippy::unwrap_used, reason = "tests")]

use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::*;
use crate::Program;
use crate::test_program::{consumer, expression, facts, headers, model, origin, program, route};
use crate::{ConsumerId, Identity};

const HEADER: u32 = 0;
const WHEN_TEAM: u32 = 1;
const WHEN_FAILS: u32 = 2;

fn rule(changes: Value) -> Value {
    let mut rule = json!({
        "name": "r", "id": 7, "mode": "enforce", "what": {"requests": {"window": "1m"}}, "amount": {"fixed": {"value": 3}}, "when": null,
        "place": [0, 1, 1],
    });
    if let (Some(rule), Value::Object(changes)) = (rule.as_object_mut(), changes) {
        rule.extend(changes);
    }
    rule
}

fn limit(per: Value, phase: &str, rules: &[Value]) -> Value {
    let rules: Vec<_> = rules.iter().cloned().map(rule).collect();
    json!({"origin": origin("l"), "mode": "enforce", "per": per, "phase": phase, "rules": rules})
}

fn setting(limits: Vec<Value>) -> (Program, Expressions) {
    let program = program(json!({
        "limits": limits,
        "consumers": [
            consumer("ann", &[], json!({"rpm": "60", "word": "many"}), json!([])),
        ],
        "tenants": [{"origin": origin("home"), "labels": {"rpm": "7", "own": "8"}, "require": {}, "policies": {}}],
        "models": [model("chat-default", &[], "chat")],
        "routes": [route("one", &[0], json!({}))],
        "parameters": [{"name": "rpm", "kind": {"integer": {"min": 1, "max": 100}}, "test": null, "place": [0, 1, 1]}],
        "expressions": [
            expression("request.headers[\"x-key\"]", "admit", "text"),
            expression("request.headers[\"x-team\"] == \"blue\"", "admit", "bool"),
            expression("now.unix + 9223372036854775807 > 0", "admit", "bool"),
        ],
    }));
    let expressions = Expressions::compile(&program).unwrap();
    (program, expressions)
}

fn gathered(limits: Vec<Value>, phase: Phase, sent: &HeaderMap, known: bool) -> (Claims, Vec<(String, ClaimAmount, bool)>) {
    let (program, expressions) = setting(limits);
    let method = Method::POST;
    let mut facts = facts(&method, "/v1/chat/completions", sent);
    if known {
        facts.tenant = program.tenants.first();
        facts.identity = program.consumers.first().map(|plan| Identity::of_consumer(ConsumerId(0), plan, "key".parse().unwrap()));
    }
    (facts.route, facts.model) = (program.routes.first(), program.models.first());
    let values = ParameterValues(vec!["42".to_owned()]);
    let ids = (0_u32..).map(LimitId);
    let limits: Vec<_> =
        ids.zip(&program.limits).filter_map(|(id, plan)| Limit::new(id, plan, &values).ok().map(Arc::new)).collect();
    let mut claims = Claims::new();
    claims.gather(limits.iter(), phase, &facts, &expressions);
    let shown = claims.drafts().iter().map(|draft| (claims.claim(draft).key.to_owned(), draft.amount, draft.shadow)).collect();
    (claims, shown)
}

fn key(per: Value, sent: &HeaderMap, known: bool) -> Option<String> {
    gathered(vec![limit(per, "admit", &[json!({})])], Phase::Admit, sent, known).1.into_iter().next().map(|(key, ..)| key)
}

#[test]
fn a_key_joins_the_values_of_its_parts() {
    let none = headers(&[]);
    let sent = headers(&[("x-key", "blue")]);
    let expr = json!({"expr": HEADER});
    for (per, sent, known, expected) in [
        (json!([]), &none, true, ""),
        (json!(["consumer"]), &none, true, "home\u{1f}ann"),
        (json!(["consumer"]), &none, false, "\u{1f}"),
        (json!(["route", "model"]), &none, true, "one\u{1f}chat-default"),
        (json!(["tenant"]), &none, true, "home"),
        (json!(["tenant"]), &none, false, ""),
        (json!(["model", "tenant", "consumer"]), &none, true, "chat-default\u{1f}home\u{1f}ann"),
        (json!(["consumer", "route", "model"]), &none, true, "home\u{1f}ann\u{1f}one\u{1f}chat-default"),
        (json!(["ip"]), &none, true, "home\u{1f}10.1.2.3"),
        (json!([expr, "consumer"]), &sent, true, "home\u{1f}blue\u{1f}ann"),
        (json!([expr, "consumer"]), &none, true, "home\u{1f}\u{1f}ann"),
    ] {
        assert_eq!(key(per.clone(), sent, known).as_deref(), Some(expected), "{per}");
    }
}

#[test]
fn values_that_are_long_are_digested_and_stay_apart() {
    let long = |last: char| format!("{}{last}", "x".repeat(MAX_PART_BYTES));
    let per = json!([{"expr": HEADER}]);
    let of = |value: &str| key(per.clone(), &headers(&[("x-key", value)]), true).unwrap_or_default();
    let (a, b) = (of(&long('a')), of(&long('b')));
    let digested = |key: &str| key.strip_prefix("home\u{1f}").map(|value| (value.len(), value.starts_with(DIGEST_MARK)));
    assert_eq!(digested(&a), Some((65, true)));
    assert_ne!(a, b);
    assert_eq!(of(&"x".repeat(MAX_PART_BYTES)), format!("home\u{1f}{}", "x".repeat(MAX_PART_BYTES)));
}

#[test]
fn no_value_can_look_like_another_key() {
    for forged in ["a\u{1f}b", "\u{1e}00ff"] {
        let mut keys = String::new();
        push_part(&mut keys, forged);
        assert!(keys.starts_with(DIGEST_MARK) && keys.len() == 65, "{forged:?} {keys:?}");
    }
}

#[test]
fn a_key_of_many_long_parts_stays_within_the_store_s_bound() {
    let per: Vec<Value> = std::iter::repeat_n(json!({"expr": HEADER}), 20).collect();
    let long = headers(&[("x-key", &"y".repeat(400))]);
    let key = key(json!(per), &long, true).unwrap_or_default();
    assert!(key.len() <= Claim::MAX_KEY_BYTES && key.starts_with(DIGEST_MARK), "{}", key.len());
}

#[test]
fn amounts_come_from_the_policy_the_environment_or_the_caller_s_label() {
    let label = |label: &str| json!({"label": {"label": label, "default": 5}});
    for (amount, known, expected) in [
        (json!({"fixed": {"value": 3}}), true, 3),
        (json!({"fixed": {"param": 0}}), true, 42),
        (label("rpm"), true, 60),
        (label("rpm"), false, 5),
        (label("word"), true, 5),
        (label("own"), true, 8),
        (label("own"), false, 5),
        (label("absent"), true, 5),
    ] {
        let limits = vec![limit(json!([]), "admit", &[json!({"amount": amount})])];
        let (_, shown) = gathered(limits, Phase::Admit, &headers(&[]), known);
        let window = Millis::from_secs(60);
        assert_eq!(
            shown.first().map(|claim| claim.1),
            Some(ClaimAmount::Window { take: 1, limit: expected, window }),
            "{amount}"
        );
    }
}

#[test]
fn an_amount_that_the_environment_does_not_give_does_not_load() {
    let (program, _) = setting(vec![limit(json!([]), "admit", &[json!({"amount": {"fixed": {"param": 0}}})])]);
    let load = |values: &[&str]| {
        let values = ParameterValues(values.iter().map(ToString::to_string).collect());
        program.limits.first().map(|plan| Limit::new(LimitId(0), plan, &values).map(drop))
    };
    assert_eq!(load(&["5"]), Some(Ok(())));
    assert_eq!(load(&["many"]), Some(Err(AmountFault(0))));
    assert_eq!(load(&[]), Some(Err(AmountFault(0))));
}

#[test]
fn each_phase_gathers_its_own_limits_in_order() {
    let concurrency = json!({"id": 8, "what": {"concurrency": {"wait": "2s"}}});
    let limits = vec![
        limit(json!(["consumer"]), "admit", &[json!({}), concurrency]),
        limit(json!(["model"]), "resolve", &[json!({"id": 9})]),
    ];
    let (claims, shown) = gathered(limits.clone(), Phase::Admit, &headers(&[]), true);
    assert_eq!(shown.iter().map(|claim| claim.0.as_str()).collect::<Vec<_>>(), ["home\u{1f}ann", "home\u{1f}ann"]);
    let rules: Vec<_> = claims.drafts().iter().map(|draft| (draft.by, claims.claim(draft).rule, draft.wait)).collect();
    let by = |rule| Decider::LimitRule(LimitId(0), rule);
    assert_eq!(rules, [(by(0), 7, Millis::default()), (by(1), 8, Millis::from_secs(2))]);
    let (_, shown) = gathered(limits, Phase::Resolve, &headers(&[]), true);
    assert_eq!(shown.iter().map(|claim| claim.0.as_str()).collect::<Vec<_>>(), ["chat-default"]);
}

#[test]
fn a_rule_counts_where_its_condition_holds_or_fails() {
    let claims = |when: u32, sent: &[(&'static str, &str)]| {
        let limits = vec![limit(json!([]), "admit", &[json!({"when": when})])];
        gathered(limits, Phase::Admit, &headers(sent), true).0
    };
    assert_eq!(claims(WHEN_TEAM, &[]).drafts().len(), 0);
    assert_eq!(claims(WHEN_TEAM, &[("x-team", "blue")]).drafts().len(), 1);
    let failing = claims(WHEN_FAILS, &[]);
    assert!(failing.drafts().first().is_some_and(|draft| draft.failed.is_some()));
}

#[test]
fn shadows_are_marked_and_disabled_rules_are_gone() {
    let mut whole = limit(json!([]), "admit", &[json!({}), json!({"mode": "shadow"}), json!({"mode": "disabled"})]);
    let shadows = |limit: Value| {
        gathered(vec![limit], Phase::Admit, &headers(&[]), true).1.into_iter().map(|claim| claim.2).collect::<Vec<_>>()
    };
    assert_eq!(shadows(whole.clone()), [false, true]);
    whole.as_object_mut().unwrap().insert("mode".to_owned(), json!("shadow"));
    assert_eq!(shadows(whole), [true, true]);
}

#[test]
fn the_buffer_is_used_again_without_what_was_in_it() {
    let limits = vec![limit(json!(["consumer"]), "admit", &[json!({})])];
    let (mut claims, _) = gathered(limits, Phase::Admit, &headers(&[]), true);
    let none = headers(&[]);
    claims.gather([].iter(), Phase::Admit, &facts(&Method::GET, "/", &none), &Expressions::default());
    assert_eq!((claims.drafts().len(), claims.keys.len()), (0, 0));
}
