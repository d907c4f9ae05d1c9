#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Mutex;

use http::Method;
use serde_json::json;

use super::*;
use crate::Expressions;
use crate::test_program::{expression, facts, headers, program};

#[derive(Debug, Default)]
struct Notebook(Mutex<Vec<Evaluation>>);

impl Watch for Notebook {
    fn saw(&self, evaluation: Evaluation) {
        self.0.lock().unwrap().push(evaluation);
    }
}

impl Notebook {
    fn last(&self) -> Evaluation {
        self.0.lock().unwrap().pop().unwrap()
    }
}

const TEXTS: [(&str, &str); 10] = [
    (r#"request.headers["x-team"] == "blue" && request.path == "/x""#, "bool"),
    (r#"request.headers["x-team"] == "red" && request.path == "/x""#, "bool"),
    (r#"request.body.number > "a""#, "bool"),
    (r#"request.headers["x-team"]"#, "text"),
    ("request.body.number", "text"),
    ("request.body.list", "json"),
    ("request.body.none", "json"),
    (r#"request.headers.authorization ?? "nobody""#, "text"),
    (r#"request.query["X-Own"] ?? request.headers["x-own"]"#, "json"),
    ("request.body.text + 1", "text"),
];

fn expressions() -> Expressions {
    let rows: Vec<_> = TEXTS.iter().map(|(text, gives)| expression(text, "resolve", gives)).collect();
    Expressions::compile(&program(json!({"expressions": rows}))).unwrap()
}

#[test]
fn each_evaluation_is_seen_and_comes_out_as_without_a_watch() {
    let (method, sent) = (Method::POST, headers(&[("x-team", "blue"), ("authorization", "Bearer s3cret"), ("x-own", "s3cret")]));
    let mut facts = facts(&method, "/x", &sent);
    facts.set_body(br#"{"text": "hi", "number": 12, "none": null, "list": [1, "a"]}"#);
    let notebook = Arc::new(Notebook::default());
    let (plain, watched) = (expressions(), expressions().watched(Arc::clone(&notebook) as Arc<dyn Watch>, ["X-Own"]));
    let some = |text: &str| Some(text.to_owned());
    let team = ("request.headers[\"x-team\"]", "\"blue\"");
    let own = [("request.query[\"X-Own\"]", "missing"), ("request.headers[\"x-own\"]", "<hidden>")];
    let expected: [(Given, &[(&str, &str)]); 10] = [
        (Given::Bool(true), &[team, ("request.path", "\"/x\"")]),
        (Given::Bool(false), &[team]),
        (Given::Failed("`request.body.number > \"a\"` compares a number with text".to_owned()), &[("request.body.number", "12")]),
        (Given::Text(some("blue")), &[team]),
        (Given::Text(some("12")), &[("request.body.number", "12")]),
        (Given::Json(some("[1,\"a\"]")), &[("request.body.list", "[1,\"a\"]")]),
        (Given::Json(None), &[("request.body.none", "missing")]),
        (Given::Text(some("<hidden>")), &[("request.headers.authorization", "<hidden>")]),
        (Given::Json(some("<hidden>")), &own),
        (
            Given::Failed("`request.body.text + 1` computes with something other than numbers".to_owned()),
            &[("request.body.text", "\"hi\"")],
        ),
    ];
    for ((id, (text, gives)), (gave, saw)) in (0..).map(ExpressionId).zip(TEXTS).zip(expected) {
        match gives {
            "bool" => assert_eq!(watched.holds(id, &facts), plain.holds(id, &facts), "{text}"),
            "text" => assert_eq!(watched.text(id, &facts), plain.text(id, &facts), "{text}"),
            _ => assert_eq!(watched.json(id, &facts), plain.json(id, &facts), "{text}"),
        }
        let saw = saw.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
        assert_eq!(notebook.last(), Evaluation { id, gave, saw }, "{text}");
        // The plain one told nobody.
        assert!(notebook.0.lock().unwrap().is_empty());
    }
}
