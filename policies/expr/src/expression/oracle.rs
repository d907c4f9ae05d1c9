//! Rhai itself as the judge: where an expression of ours has a value, Rhai's own engine gives the same one.

use proptest::prelude::*;
use rhai::packages::{Package, StandardPackage};
use rhai::{Dynamic, Engine, Scope as RhaiScope};
use serde_json::{Value as Json, json};

use super::*;
use crate::testing::Request;

/// What Rhai makes of the text, with the same body.
fn rhai(text: &str, body: &Json) -> Result<Json, String> {
    let mut engine = Engine::new_raw();
    engine.register_global_module(StandardPackage::new().as_shared_module());
    engine.set_max_expr_depths(0, 0);
    let mut scope = RhaiScope::new();
    let request = rhai::serde::to_dynamic(json!({"body": body})).map_err(|error| error.to_string())?;
    scope.push_constant_dynamic("request", request);
    let value: Dynamic = engine.eval_expression_with_scope(&mut scope, text).map_err(|error| error.to_string())?;
    rhai::serde::from_dynamic(&value).map_err(|error| error.to_string())
}

fn numbers() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (0_i64..9).prop_map(|n| n.to_string()),
        (1_i64..9).prop_map(|n| format!("{n}.5")),
        Just("request.body.n".to_owned()),
        Just("request.body.temperature".to_owned()),
        Just("request.body.list[1]".to_owned()),
        Just("request.body.list[-1]".to_owned()),
        Just("request.body[\"n\"]".to_owned()),
        Just("request.body.messages.len()".to_owned()),
        Just("request.body.messages[1].content.len()".to_owned()),
        Just("request.body.list[request.body.list[0]]".to_owned()),
        Just("(request.body.meta).depth[0][1]".to_owned()),
        Just("(request.body?.none?.more ?? 7)".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), "[-+*/%]", inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (inner.clone(), "[-+*/%]", inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("(if {a} > {b} {{ {a} }} else {{ {b} }})")),
        ]
    })
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("\"a\"".to_owned()),
        Just("\"gpt\"".to_owned()),
        Just("request.body.model".to_owned()),
        Just("request.body.messages[0].role".to_owned()),
        Just("request.body.messages[-1][\"content\"]".to_owned()),
        Just("request.body.model.to_upper()".to_owned()),
        Just("(request.body.model + \"-x\")".to_owned()),
        Just("request.body.meta.user.id".to_owned()),
        Just("request.body[\"meta\"][\"user\"].id".to_owned()),
        Just("request.body.n.to_string()".to_owned()),
    ]
}

fn conditions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("true".to_owned()),
        Just("request.body.stream".to_owned()),
        (numbers(), "==|!=|<|<=|>|>=", numbers()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (texts(), "==|!=|<|<=|>|>=", texts()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (texts(), "starts_with|ends_with|contains", texts()).prop_map(|(a, call, b)| format!("{a}.{call}({b})")),
        (texts(), "in|!in", texts(), texts()).prop_map(|(a, op, b, c)| format!("{a} {op} [{b}, {c}]")),
        (texts(), "in|!in", texts()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        texts().prop_map(|a| format!("{a} in request.body.meta.user")),
        Just("request.body.none == ()".to_owned()),
        Just("request.body.none?.more != ()".to_owned()),
        Just("request.body.model.is_empty()".to_owned()),
    ];
    leaf.prop_recursive(4, 32, 3, |inner| {
        prop_oneof![
            (inner.clone(), "&&|\\|\\|", inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (inner.clone(), "&&|\\|\\||==", inner.clone()).prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("if {a} {{ {b} }} else {{ {c} }}")),
        ]
    })
}

/// Bodies that have the members that the expressions look at, with anything in them.
fn bodies() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "[a-zé]{0,3}".prop_map(Json::from),
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        let key = "model|n|user|id|role|content|none|more|depth";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((key, inner), 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    });
    let key = "model|n|temperature|stream|list|messages|meta|none";
    prop::collection::vec((key, value), 0..9).prop_map(|members| members.into_iter().collect())
}

fn agrees(text: &str) -> Result<(), TestCaseError> {
    let Ok(expr) = ValueExpr::compile(text, Scope::Call, Type::Any) else {
        return Ok(());
    };
    let mut request = Request::default();
    let body = request.body.get_or_insert_default();
    body["list"] = json!([1, 2, 3]);
    body["meta"]["depth"] = json!([[5, 6]]);
    let expected = rhai(text, body);
    if let Ok(value) = expr.evaluate(&request) {
        let value = value.unwrap_or_default();
        prop_assert_eq!(Ok(value), expected, "{}", text);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn conditions_mean_what_they_mean_in_rhai(text in conditions()) {
        agrees(&text)?;
    }

    #[test]
    fn no_body_makes_an_expression_panic(text in conditions(), body in bodies()) {
        if let Ok(condition) = Condition::compile(&text, Scope::Call) {
            drop(condition.evaluate(&Request { body: Some(body), ..Request::default() }));
        }
    }

    #[test]
    fn numbers_come_out_as_in_rhai(text in numbers()) {
        agrees(&text)?;
    }
}

#[test]
fn the_judge_sees_values() {
    let compiled = |text: &str| ValueExpr::compile(text, Scope::Call, Type::Any).is_ok();
    for text in ["request.body.n + 1 == 3", "if true { request.body.model in [\"a\"] } else { false }"] {
        assert!(compiled(text));
        let body = Request::default().body.unwrap_or_default();
        assert!(rhai(text, &body).is_ok_and(|value| value.is_boolean()), "{text}");
    }
}
