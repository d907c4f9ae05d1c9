#![expect(clippy::unwrap_used, reason = "tests")]

use http::Method;
use serde_json::{Value, json};

use super::*;
use crate::test_program::{expression, facts, headers, program};

fn compiled(rows: &[Value]) -> Result<Expressions, ExpressionFault> {
    Expressions::compile(&program(json!({"expressions": rows})))
}

#[test]
fn values_are_written_out_as_text() {
    let (method, sent) = (Method::POST, headers(&[("x-team", "blue")]));
    let mut facts = facts(&method, "/", &sent);
    facts.set_body(br#"{"text": "hi", "number": 12, "real": 1.5, "flag": true, "none": null, "list": [1, "a"]}"#);
    for (text, expected) in [
        ("request.headers[\"x-team\"]", Some("blue")),
        ("request.headers[\"x-none\"]", None),
        ("request.body.text", Some("hi")),
        ("request.body.number", Some("12")),
        ("request.body.real", Some("1.5")),
        ("request.body.flag", Some("true")),
        ("request.body.none", None),
        ("request.body.absent", None),
        ("request.body.list", Some("[1,\"a\"]")),
        ("request.ip", Some("10.1.2.3")),
    ] {
        let expressions = compiled(&[expression(text, "resolve", "text")]).unwrap();
        assert_eq!(expressions.text(ExpressionId(0), &facts).unwrap().as_deref(), expected, "{text}");
    }
}

#[test]
fn an_id_of_another_type_or_of_nothing_fails_and_never_holds() {
    let (method, sent) = (Method::POST, headers(&[]));
    let facts = facts(&method, "/", &sent);
    let expressions = compiled(&[expression("true", "match", "bool"), expression("request.ip", "match", "text")]).unwrap();
    assert_eq!(expressions.holds(ExpressionId(0), &facts), Ok(true));
    for id in [ExpressionId(1), ExpressionId(9)] {
        assert!(expressions.holds(id, &facts).is_err());
    }
    for id in [ExpressionId(0), ExpressionId(9)] {
        assert!(expressions.text(id, &facts).is_err() && expressions.json(id, &facts).is_err());
    }
    assert_eq!(expressions.holds_if_any(None, &facts), Ok(true));
    assert_eq!(expressions.json(ExpressionId(1), &facts), Ok(Some(json!("10.1.2.3"))));
}

#[test]
fn what_does_not_compile_in_its_scope_is_named() {
    for (text, scope, gives) in
        [("nobody.knows", "match", "bool"), ("identity.consumer", "match", "text"), ("request.body.a", "admit", "json")]
    {
        let fault = compiled(&[expression("true", "match", "bool"), expression(text, scope, gives)]).unwrap_err();
        assert!(fault.to_string().starts_with(&format!("expression 1, `{text}`: ")), "{fault}");
    }
}
