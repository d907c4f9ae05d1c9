#![expect(clippy::unwrap_used, reason = "tests")]

use aigw_core::ErrorCode;
use aigw_providers::json::{ScanLimits, scan};
use bytes::Bytes;
use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::test_program::{expression, facts, headers, origin, program, route};
use crate::{ParameterValues, Program};

const PRODUCT_HEADER: u32 = 0;
const BODY_USER: u32 = 1;
const ALWAYS_FAILS: u32 = 2;

fn prompt(changes: Value) -> Value {
    let mut prompt = json!({
        "origin": origin("p"), "mode": "enforce", "parameters": [], "versions": [], "set": [], "default": [], "cap": [],
    });
    if let (Some(prompt), Value::Object(changes)) = (prompt.as_object_mut(), changes) {
        prompt.extend(changes);
    }
    prompt
}

fn version(name: &str, share: &str, messages: &[(&str, &str)]) -> Value {
    let message = |(role, text): &(&str, &str)| match *role {
        "request" => json!("request"),
        role => json!({"template": {"role": role, "text": text, "place": [0, 1, 1]}}),
    };
    json!({"name": name, "share": share, "messages": messages.iter().map(message).collect::<Vec<_>>()})
}

fn text_parameter(required: bool) -> Value {
    json!({
        "name": "product", "required": required, "default": null,
        "kind": {"string": {"max_length": 10, "one_of": [], "pattern": null}},
    })
}

fn used(with: &[Value]) -> Program {
    let prompts: Vec<_> = (0_u32..).zip(with).map(|(id, with)| json!({"prompt": id, "with": with, "place": [0, 1, 1]})).collect();
    program(json!({
        "routes": [route("one", &[], json!({"own": {"prompts": prompts}}))],
        "parameters": [{"name": "brand", "kind": {"string": {"pattern": null, "max_length": 99}}, "test": null, "place": [0, 1, 1]}],
        "expressions": [
            expression("request.headers[\"x-product\"]", "resolve", "json"),
            expression("request.body.user", "resolve", "json"),
            expression("now.unix + 9223372036854775807", "resolve", "json"),
        ],
    }))
}

/// Prompts with what each use hands them.
fn ready(prompts: &[(Value, Value)], brand: &str) -> Result<(Vec<Prompt>, Expressions), String> {
    let with: Vec<_> = prompts.iter().map(|(_, with)| with.clone()).collect();
    let mut program = used(&with);
    program.prompts = prompts.iter().map(|(prompt, _)| serde_json::from_value(prompt.clone()).unwrap()).collect();
    let values = ParameterValues(vec![brand.to_owned()]);
    let uses = &program.routes.first().unwrap().own.prompts;
    let ready = uses
        .iter()
        .map(|used| Prompt::new(used, &program, &values))
        .collect::<Result<_, _>>()
        .map_err(|fault| fault.to_string())?;
    Ok((ready, Expressions::compile(&program).unwrap()))
}

struct Outcome {
    body: Result<String, Refusal>,
    decisions: Vec<Decision>,
}

fn apply(prompts: &[(Value, Value)], body: &str, sent: &[(&'static str, &str)], random: u64) -> Outcome {
    let (ready, expressions) = ready(prompts, "Contoso").unwrap();
    let object = scan(&Bytes::from(body.to_owned()), ScanLimits::default()).unwrap();
    let request = ChatRequest::read(&object).unwrap();
    let (method, sent) = (Method::POST, headers(sent));
    let mut facts = facts(&method, "/v1/chat/completions", &sent);
    facts.set_body(body.as_bytes());
    let mut decisions = Vec::new();
    let input = PromptInput { request: &request, object: &object, facts: &facts, expressions: &expressions, random };
    let splice = apply_prompts(ready.iter(), &input, &mut decisions);
    let body = splice.map(|splice| String::from_utf8(splice.apply(&object).to_vec()).unwrap());
    Outcome { body, decisions }
}

fn check(prompts: &[(Value, Value)], body: &str, expected: &str) {
    assert_eq!(apply(prompts, body, &[], 0).body.as_deref(), Ok(expected), "{prompts:?}");
}

const BODY: &str = r#"{"model": "m", "messages": [{"role":"user","content":"hi"}] , "x": 1.50}"#;
const HI: &str = r#"{"role":"user","content":"hi"}"#;

fn one(changes: Value) -> Vec<(Value, Value)> {
    vec![(prompt(changes), json!([]))]
}

#[test]
fn messages_stand_around_the_caller_s_own_and_everything_else_stays_as_it_was() {
    let versions = json!([version("v1", "100%", &[("system", "Be \"brief\"."), ("request", ""), ("user", "Thanks.")])]);
    let expected = r#"{"model": "m", "messages": [{"role":"system","content":"Be \"brief\"."},HI,{"role":"user","content":"Thanks."}] , "x": 1.50}"#;
    check(&one(json!({"versions": versions})), BODY, &expected.replace("HI", HI));
}

#[test]
fn a_later_prompt_stands_outside_an_earlier_one() {
    let system =
        |text: &str| (prompt(json!({"versions": [version("v", "100%", &[("system", text), ("request", "")])]})), json!([]));
    let expected =
        r#"{"model": "m", "messages": [{"role":"system","content":"narrow"},{"role":"system","content":"wide"},HI] , "x": 1.50}"#;
    check(&[system("wide"), system("narrow")], BODY, &expected.replace("HI", HI));
}

#[test]
fn parameters_are_set_defaulted_and_capped_in_that_order() {
    let body = r#"{"messages":[],"temperature":1.9,"max_tokens":9000}"#;
    let changes = json!({
        "set": [["temperature", 0.7]], "default": [["seed", 7], ["temperature", 1.0]], "cap": [["maxOutputTokens", 2000], ["temperature", 0.5]],
    });
    check(&one(changes), body, r#"{"messages":[],"temperature":0.5,"max_tokens":2000,"seed":7}"#);
    check(&one(json!({"cap": [["maxOutputTokens", 10_000]]})), body, body);
}

#[test]
fn a_prompt_that_changes_nothing_leaves_the_bytes_and_says_so() {
    let outcome = apply(&one(json!({"default": [["temperature", 1]]})), r#"{"messages":[], "temperature": 1}"#, &[], 0);
    assert_eq!(outcome.body.as_deref(), Ok(r#"{"messages":[], "temperature": 1}"#));
    assert_eq!(outcome.decisions.first().map(|decision| decision.verdict), Some(Verdict::Passed));
    assert_eq!(apply(&[], BODY, &[], 0).decisions, []);
}

/// One prompt with one parameter `product`, given so.
fn with_product(required: bool, kind: &Value, with: Value) -> Vec<(Value, Value)> {
    let mut parameter = text_parameter(required);
    if !kind.is_null() {
        parameter.as_object_mut().unwrap().insert("kind".to_owned(), kind.clone());
    }
    let template = if required { "For {{ product }}." } else { "For {{ product | default('all') }}." };
    let versions = [version("v1", "100%", &[("system", template), ("request", "")])];
    vec![(prompt(json!({"parameters": [parameter], "versions": versions})), with)]
}

/// The text of the system message, or the refusal's code.
fn product(required: bool, kind: &Value, with: Value, sent: &[(&'static str, &str)]) -> Result<String, ErrorCode> {
    let outcome = apply(&with_product(required, kind, with), r#"{"messages":[],"user":"ann"}"#, sent, 0);
    let body: Value = serde_json::from_str(&outcome.body.map_err(|refusal| refusal.code)?).unwrap();
    Ok(body.pointer("/messages/0/content").and_then(Value::as_str).unwrap().to_owned())
}

#[test]
fn values_come_from_the_policy_the_environment_and_the_request() {
    let header = || json!([["product", {"expr": PRODUCT_HEADER}]]);
    let check = |with: Value, sent: &[(&'static str, &str)], expected: &str| {
        assert_eq!(product(true, &Value::Null, with, sent).as_deref(), Ok(expected));
    };
    check(json!([["product", {"value": "Surface"}]]), &[], "For Surface.");
    check(json!([["product", {"param": 0}]]), &[], "For Contoso.");
    check(header(), &[("x-product", "Xbox")], "For Xbox.");
    check(header(), &[("x-product", "{{ 7*7 }}")], "For {{ 7*7 }}.");
    check(json!([["product", {"expr": BODY_USER}]]), &[], "For ann.");
}

#[test]
fn values_of_a_request_are_judged_against_the_declaration() {
    let integer = json!({"integer": {"min": 1, "max": 5}});
    let words = json!({"string": {"max_length": 99, "one_of": ["a", "b"], "pattern": null}});
    let form = json!({"string": {"max_length": 99, "one_of": [], "pattern": "[a-z]{2}|x"}});
    let bad = Err(ErrorCode::PromptParameterInvalid);
    for (kind, sent, expected) in [
        (&Value::Null, "0123456789", Ok("For 0123456789.".to_owned())),
        (&Value::Null, "0123456789a", bad.clone()),
        (&integer, "5", Ok("For 5.".to_owned())),
        (&integer, "6", bad.clone()),
        (&integer, "five", bad.clone()),
        (&words, "a", Ok("For a.".to_owned())),
        (&words, "c", bad.clone()),
        (&form, "ab", Ok("For ab.".to_owned())),
        (&form, "abx", bad.clone()),
        (&json!("boolean"), "true", Ok("For True.".to_owned())),
        (&json!("boolean"), "1", bad.clone()),
    ] {
        let outcome = product(true, kind, json!([["product", {"expr": PRODUCT_HEADER}]]), &[("x-product", sent)]);
        assert_eq!(outcome, expected, "{kind} {sent}");
    }
}

#[test]
fn a_value_that_is_missing_is_refused_where_it_is_required() {
    let from = |expression: u32| json!([["product", {"expr": expression}]]);
    for missing in [PRODUCT_HEADER, ALWAYS_FAILS] {
        assert_eq!(product(true, &Value::Null, from(missing), &[]), Err(ErrorCode::PromptParameterInvalid));
        assert_eq!(product(false, &Value::Null, from(missing), &[]).as_deref(), Ok("For all."));
    }
}

#[test]
fn a_refusal_names_the_prompt_in_the_record_and_nothing_of_the_value_to_the_client() {
    let prompts = with_product(true, &Value::Null, json!([["product", {"expr": PRODUCT_HEADER}]]));
    let outcome = apply(&prompts, BODY, &[("x-product", "far too long a product")], 0);
    let refusal = outcome.body.unwrap_err();
    assert_eq!(refusal.message, "the value for the prompt's `product` must be a text of at most 10 characters");
    assert_eq!(outcome.decisions.last().map(|decision| decision.verdict), Some(Verdict::Refused));
}

#[test]
fn what_cannot_work_in_this_environment_does_not_load() {
    let load = |with: Value| ready(&with_product(true, &Value::Null, with), "a brand with a long name").map(drop);
    assert_eq!(load(json!([["product", {"value": "Xbox"}]])), Ok(()));
    for (with, expected) in [
        (json!([]), "prompt `p`: the required parameter `product` has no value"),
        (
            json!([["product", {"param": 0}]]),
            "prompt `p`: the value of parameter `product` must be a text of at most 10 characters",
        ),
        (
            json!([["product", {"value": 5}]]),
            "prompt `p`: the value of parameter `product` must be a text of at most 10 characters",
        ),
    ] {
        assert_eq!(load(with).err().as_deref(), Some(expected));
    }
    for changes in [
        json!({"set": [["nonsense", 1]]}),
        json!({"versions": [version("v", "100%", &[("system", "x")])]}),
        json!({"versions": [version("v", "100%", &[("request", ""), ("request", "")])]}),
        json!({"versions": [version("v", "100%", &[("system", "{{ nobody }}"), ("request", "")])]}),
    ] {
        assert!(ready(&one(changes.clone()), "").is_err(), "{changes}");
    }
}

#[test]
fn a_shadow_changes_nothing_and_says_what_it_would() {
    let changes = json!({
        "mode": "shadow", "cap": [["n", 1]], "set": [["temperature", 0]],
        "versions": [version("v1", "100%", &[("system", "x"), ("request", "")])],
    });
    let outcome = apply(&one(changes), r#"{"messages":[],"n":4}"#, &[], 0);
    assert_eq!(outcome.body.as_deref(), Ok(r#"{"messages":[],"n":4}"#));
    let decision = outcome.decisions.first().unwrap();
    assert_eq!((decision.verdict, decision.shadow), (Verdict::Changed, true));
    assert_eq!(decision.note.as_deref(), Some("would add 1 message and write temperature, n"));

    let mut refusing = with_product(true, &Value::Null, json!([["product", {"expr": PRODUCT_HEADER}]]));
    refusing.first_mut().unwrap().0.as_object_mut().unwrap().insert("mode".to_owned(), json!("shadow"));
    let outcome = apply(&refusing, BODY, &[], 0);
    assert_eq!(outcome.body.as_deref(), Ok(BODY));
    let note = outcome.decisions.first().and_then(|decision| decision.note.as_deref());
    assert_eq!(note, Some("would refuse: prompt_parameter_invalid"));
}

#[test]
fn versions_get_their_shares() {
    let versions = [
        version("v2", "10%", &[("system", "two"), ("request", "")]),
        version("v3", "90%", &[("system", "three"), ("request", "")]),
    ];
    let (prompts, _) = ready(&one(json!({"versions": versions})), "").unwrap();
    let first = |random: u64| prompts.first().unwrap().version(random).unwrap().0;
    assert_eq!((first(0), first(99_999), first(100_000), first(999_999), first(1_000_000)), (0, 0, 1, 1, 0));
    let drawn = (0..20_000_u64).filter(|random| first(spread(*random, 1)) == 0).count();
    assert!((1_800..2_200).contains(&drawn), "{drawn}");
    let chosen = apply(&one(json!({"versions": versions})), BODY, &[], 0).decisions;
    assert!(matches!(chosen.first().unwrap().by, Decider::Prompt(_, Some(0 | 1))));
}

proptest! {
    /// Whatever the caller writes, what was sent holds the platform's message first and the caller's messages as they were.
    #[test]
    fn the_caller_s_messages_survive(texts in proptest::collection::vec(any::<String>(), 0..5), product in "[ -~]{0,10}") {
        let own: Vec<_> = texts.iter().map(|text| json!({"role": "user", "content": text})).collect();
        let body = json!({"messages": own}).to_string();
        let prompts = with_product(true, &Value::Null, json!([["product", {"expr": PRODUCT_HEADER}]]));
        let outcome = apply(&prompts, &body, &[("x-product", &product)], 0);
        let sent: Value = serde_json::from_str(&outcome.body.unwrap()).unwrap();
        let messages = sent.get("messages").and_then(Value::as_array).unwrap();
        let (first, rest) = messages.split_first().unwrap();
        prop_assert_eq!(first.get("content"), Some(&json!(format!("For {product}."))));
        prop_assert_eq!(rest, own);
    }
}
