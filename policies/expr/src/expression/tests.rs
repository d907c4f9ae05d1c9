#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::Request;

/// What a condition comes to for the test request: `true`, `false`, or why it has no outcome.
fn outcome(text: &str) -> String {
    let condition = match Condition::compile(text, Scope::Call) {
        Ok(condition) => condition,
        Err(errors) => return format!("does not compile: {}", errors[0].message),
    };
    let outcome = condition.evaluate(&Request::default());
    // Looking on changes nothing.
    assert_eq!(condition.evaluate_seeing(&Request::default(), &|_, _| false).0, outcome, "{text}");
    match outcome {
        Ok(holds) => holds.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn conditions_hold_or_do_not() {
    let table = [
        // texts
        (r#"identity.labels.tier == "gold""#, "true"),
        (r#"identity.labels["tier"] == "silver""#, "false"),
        (r#"identity.labels.tier != "gold""#, "false"),
        (r#"request.method == "POST" && request.host == "ai.contoso.example""#, "true"),
        (r#"request.path.starts_with("/v1/") && request.path.ends_with("completions")"#, "true"),
        (r#"request.path.contains("chat") && "chat" in request.path"#, "true"),
        (r#"request.path.len() == 20 && !request.path.is_empty()"#, "true"),
        (r#"request.query.team?.to_lower() == "support" && route.name.to_upper() == "SUPPORT-CHAT""#, "true"),
        (r#"route.name + "/" + model.name == "support-chat/chat-default""#, "true"),
        (r#""a" < "b" && "b" >= "b""#, "true"),
        // maps
        (
            r#"request.headers["X-Team"] == "support" && request.headers.host.to_string() == "x""#,
            "does not compile: `request.headers.host` may be missing, and then `to_string` would fail",
        ),
        (r#"request.headers["X-Team"] == "support""#, "true"),
        (r#""X-TEAM" in request.headers && !("x-none" in request.headers)"#, "true"),
        (r#"request.headers.contains("x-team") && "x-none" !in request.headers"#, "true"),
        (r#"request.headers[request.headers["x-cased"] ?? "x"] == "support""#, "true"),
        (r#"request.query[request.headers["x-key"] ?? "x"] == "Support""#, "true"),
        (r#"(request.headers["x-cased"] ?? "") in request.headers"#, "true"),
        (r#"request.query.empty == """#, "true"),
        (r#"route.labels.data == "confidential""#, "true"),
        // lists
        (r#""app" in identity.roles && identity.roles.contains("chat")"#, "true"),
        (r#""admin" in identity.roles || "admin" !in identity.roles"#, "true"),
        (r#"identity.roles.len() == 2 && identity.roles[0] == "app" && identity.roles[-1] == "chat""#, "true"),
        (r#"identity.roles[5] == () && identity.roles[-3] == ()"#, "true"),
        (r#"route.name in ["a", "support-chat"]"#, "true"),
        (r#"identity.labels.tier in [model.name, "go" + "ld"]"#, "true"),
        (r#"[1, 2.0, 3].len() == 3 && 2 in [1, 2.0, 3]"#, "true"),
        (r#"["a", "b"][1] == "b""#, "true"),
        // what may be missing
        (r#"request.headers["x-none"] == "a""#, "false"),
        (r#"request.headers["x-none"] != "a""#, "true"),
        (r#"request.headers["x-none"] < "a" || request.headers["x-none"] >= "a""#, "false"),
        (r#"request.headers["x-none"] == ()"#, "true"),
        (r#"request.headers["x-none"] ?? "a" == "a""#, "true"),
        (r#"request.headers["x-none"] ?? request.query["none"] ?? "z" == "z""#, "true"),
        (r#"request.headers["x-none"]?.starts_with("a")"#, "false"),
        (r#"!request.headers["x-none"]?.starts_with("a")"#, "true"),
        (r#"request.headers["x-none"]?.contains("a") ?? true"#, "true"),
        (r#"request.headers["x-none"] in ["a"]"#, "false"),
        (r#"request.headers["x-none"]?.len() > 0"#, "false"),
        // numbers
        ("1 + 2 * 3 == 7 && 7 / 2 == 3 && 7 % 2 == 1 && -7 / 2 == -3", "true"),
        ("1 + 0.5 == 1.5 && 1 == 1.0 && 0.1 < 1", "true"),
        ("-(1 + 2) == -3 && 1.5 - 0.5 == 1.0 && 2.0 * 3 == 6 && 7.5 % 2 == 1.5 && 1.0 / 4 == 0.25", "true"),
        (r#"identity.labels.tpm?.parse_int() > 5000"#, "true"),
        (r#"identity.labels.tier?.parse_int() > 5000"#, "`identity.labels.tier` is no whole number"),
        (r#"identity.labels.tpm?.parse_float() >= 60000.0 && (1 + 2).to_string() == "3" && 2.0.to_string() == "2.0""#, "true"),
        // the body
        (r#"request.body.model == "gpt-4o" && request.body["model"].starts_with("gpt")"#, "true"),
        (r#"request.body.messages[-1].content == "Hello!" && request.body.messages[0]["role"] == "system""#, "true"),
        (r#"request.body.messages.len() == 2 && request.body.meta.len() == 1 && "user" in request.body.meta"#, "true"),
        (r#"request.body.meta.user.id.starts_with("u-")"#, "true"),
        (r#"request.body.none == () && request.body.stop == () && request.body?.none?.more == ()"#, "true"),
        (r#"request.body.none?["more"]?[0] == ()"#, "true"),
        (r#""b" in request.body.tags && 3 in request.body.tags && !("3" in request.body.tags)"#, "true"),
        (r#""a" in request.body.none"#, "false"),
        ("request.body.stream && request.body.n > 1 && request.body.temperature < 1", "true"),
        ("request.body.n + 1 == 3 && request.body.temperature * 2 == 1.0 && -request.body.n == -2", "true"),
        ("request.body.huge > 18000000000000000000.0", "true"),
        (r#"request.body.n == "2" || request.body.model == 2"#, "false"),
        (r#"request.body[request.headers["x-none"] ?? "model"] == "gpt-4o""#, "true"),
        (r#"(request.body.messages)[0].content == "Be kind." && (request.body).model == "gpt-4o""#, "true"),
        (r#"request.body.tags[request.body.n - 1] == "b""#, "true"),
        // what a body can do wrong
        ("request.body.none.more == 1", "`request.body.none` is missing, not an object"),
        ("request.body.model.more == 1", "`request.body.model` is text, not an object"),
        ("request.body.messages[0][0] == 1", "`0` is a number, not what this is looked up by"),
        ("request.body.model[0] == 1", "`request.body.model` is text, not a list or an object"),
        ("request.body.none[0] == 1", "`request.body.none` is missing, not a list or an object"),
        ("request.body.model > 5", "`request.body.model > 5` compares text with a number"),
        (
            "request.body.stream > true",
            "does not compile: `request.body.stream` is of a kind that only the request tells and `true` is a condition, so neither comes before the other",
        ),
        ("request.body.stream > 1", "`request.body.stream > 1` compares a condition with a number"),
        ("request.body.model && true", "`request.body.model` is text, not a condition"),
        ("request.body.n.len() > 1", "`request.body.n` is a number, not text or a list"),
        (r#"request.body.n.starts_with("a")"#, "`request.body.n` is a number, not text"),
        ("request.path.starts_with(request.body.n)", "`request.body.n` is a number, not text"),
        ("request.body.none.to_string() == \"\"", "`request.body.none` is missing, not text, a number or a condition"),
        ("request.body.n.to_lower() == \"\"", "`request.body.n` is a number, not text"),
        ("request.body.n in request.path", "`request.body.n` is a number, not text"),
        (r#""a" in request.body.n"#, "`request.body.n` is a number, not a list, a map or text"),
        ("request.body.n in request.headers", "`request.body.n` is a number, not text"),
        ("request.headers[request.body.n] == \"a\"", "`request.body.n` is a number, not text"),
        ("request.body.big + 1 > 0", "`request.body.big + 1` is too large a number"),
        ("-(0 - request.body.big - 1) > 0", "`-(0 - request.body.big - 1)` is too large a number"),
        ("request.body.n / (request.body.n - 2) > 0", "`request.body.n / (request.body.n - 2)` divides by zero"),
        ("request.body.temperature % 0.0 > 0", "`request.body.temperature % 0.0` divides by zero"),
        ("request.body.none + 1 > 0", "`request.body.none + 1` computes with something missing"),
        (r#"request.body.model + 1 > 0"#, "`request.body.model + 1` computes with something other than numbers"),
        ("-request.body.model > 0", "`request.body.model` is text, not a number"),
        // choosing and order
        (r#"if request.body.stream { identity.labels.tier == "gold" } else { false }"#, "true"),
        ("if now.hour < 6 { false } else if now.hour > 22 { true } else { false }", "true"),
        (r#"(if now.hour < 6 { "night" } else { "day" }) == "day""#, "true"),
        ("true || request.body.none.more == 1", "true"),
        ("false && request.body.none.more == 1", "false"),
        ("true && false || true", "true"),
        ("!(true && false) && !false", "true"),
    ];
    for (text, expected) in table {
        assert_eq!(outcome(text), expected, "{text}");
    }
}

#[test]
fn times_are_those_of_the_zone() {
    // Tuesday 2026-03-31T23:30:15Z is Wednesday 01:30 in Berlin (summer time), and still Tuesday in New York.
    for (text, expected) in [
        ("now.hour == 23 && now.minute == 30 && now.weekday == 2", true),
        ("now.day == 31 && now.month == 3 && now.year == 2026", true),
        ("now.unix == 1774999815", true),
        (r#"now.at("Europe/Berlin").hour == 1 && now.at("Europe/Berlin").weekday == 3"#, true),
        (r#"now.at("Europe/Berlin").day == 1 && now.at("Europe/Berlin").month == 4"#, true),
        (r#"now.at("America/New_York").hour == 19"#, true),
        (r#"now.at("Asia/Kolkata").minute == 0"#, true),
        (r#"now.at("UTC").unix == now.unix"#, true),
    ] {
        assert_eq!(outcome(text), expected.to_string(), "{text}");
    }
    let at = |now_ms, text| {
        let condition = Condition::compile(text, Scope::Match).unwrap();
        let request = Request { now_ms, ..Request::default() };
        condition.evaluate(&request)
    };
    assert_eq!(at(-1, "now.unix == -1 && now.year == 1969 && now.weekday == 3"), Ok(true));
    // The hour that summer time skips, and the one that winter time repeats.
    assert_eq!(at(1_774_745_999_000, r#"now.at("Europe/Berlin").hour == 1"#), Ok(true));
    assert_eq!(at(1_774_746_000_000, r#"now.at("Europe/Berlin").hour == 3"#), Ok(true));
    assert_eq!(at(1_792_890_000_000, r#"now.at("Europe/Berlin").hour == 2"#), Ok(true));
    assert!(at(i64::MAX, "now.hour == 1").is_err());
    assert_eq!(at(i64::MAX, "now.unix > 1"), Ok(true));
}

#[test]
fn an_absent_body_is_missing() {
    let request = Request { body: None, ..Request::default() };
    let evaluate = |text| Condition::compile(text, Scope::Call).unwrap().evaluate(&request);
    assert_eq!(evaluate("request.body == ()"), Ok(true));
    assert_eq!(evaluate("request.body?.model == \"a\""), Ok(false));
    assert!(evaluate("request.body.model == \"a\"").is_err());
}

#[test]
fn only_what_is_looked_at_is_asked_for() {
    let asked = |text: &str| {
        let request = Request::default();
        let condition = Condition::compile(text, Scope::Call).unwrap();
        condition.evaluate(&request).unwrap();
        request.asked.into_inner().join(" ")
    };
    assert_eq!(asked(r#"request.headers["X-Team"] == "support""#), "RequestHeaders[x-team]");
    assert_eq!(asked(r#"identity.labels.tier == "gold" || request.path == "/""#), "IdentityLabels[tier]");
    assert_eq!(asked(r#"identity.labels.tier == "silver" && request.body.n == 1"#), "IdentityLabels[tier]");
    assert_eq!(asked(r#""app" in identity.roles"#), "IdentityRoles[0]");
    assert_eq!(asked(r#"request.path in ["/v1/chat/completions", model.name]"#), "RequestPath");
    assert_eq!(asked("now.hour > 5"), "");
}

#[test]
fn what_an_expression_reads_is_told() {
    let reads = |text: &str| {
        let condition = Condition::compile(text, Scope::Call).unwrap();
        let shown = condition.reads().iter().map(|read| match &read.key {
            Some(key) => format!("{}[{key}]", read.name.row().unwrap().path),
            None => read.name.row().unwrap().path.to_owned(),
        });
        shown.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(reads("true"), "");
    assert_eq!(
        reads(r#"request.headers["X-A"] == "a" && request.headers["x-a"] == request.query.b && "X-C" in request.headers"#),
        "request.headers[x-a] request.headers[x-c] request.query[b]"
    );
    assert_eq!(
        reads(r#"if now.hour > 5 { request.body.messages[0].content == "a" } else { "a" in identity.roles }"#),
        "request.body[messages] identity.roles now"
    );
    assert_eq!(
        reads(r#"request.headers[request.path] == identity.labels["x"]"#),
        "request.path request.headers identity.labels[x]"
    );
    assert_eq!(reads("request.body == ()"), "request.body");
}

#[test]
fn what_never_changes_is_known() {
    for (text, expected) in [
        ("true", Some(true)),
        ("1 == 1", Some(true)),
        (r#""b" in ["a"]"#, Some(false)),
        ("now.hour > 5 || true", Some(true)),
        ("now.hour > 5 && false", Some(false)),
        ("!(now.hour > 5 && false)", Some(true)),
        ("if now.hour > 5 { true } else { true }", Some(true)),
        ("if true { now.hour > 5 } else { true }", None),
        ("if false { now.hour > 5 } else { true }", Some(true)),
        ("now.hour > 5", None),
        ("now.hour > 5 || now.hour < 3", None),
        ("now.hour == now.hour", None),
    ] {
        let condition = Condition::compile(text, Scope::Match).unwrap();
        assert_eq!(condition.always(), expected, "{text}");
    }
}

#[test]
fn values_are_json_or_text() {
    let value = |text, want| {
        let expr = ValueExpr::compile(text, Scope::Call, want).unwrap();
        expr.evaluate(&Request::default()).map_err(|error| error.to_string())
    };
    assert_eq!(value(r#"request.headers["x-team"]"#, Type::String), Ok(Some(json!("support"))));
    assert_eq!(value(r#"request.headers["x-none"]"#, Type::String), Ok(None));
    assert_eq!(value("request.body.n", Type::Number), Ok(Some(json!(2))));
    assert_eq!(value("request.body.n + 0.5", Type::Number), Ok(Some(json!(2.5))));
    assert_eq!(value("request.body.model", Type::Number), Err("`request.body.model` is text, not a number".to_owned()));
    assert_eq!(value("request.body.n", Type::String), Err("`request.body.n` is a number, not text".to_owned()));
    assert_eq!(value("request.body.messages[0]", Type::Any), Ok(Some(json!({"role": "system", "content": "Be kind."}))));
    assert_eq!(value("identity.roles", Type::Any), Ok(Some(json!(["app", "chat"]))));
    assert_eq!(value(r#"[request.path, 1, request.query.none]"#, Type::Any), Ok(Some(json!(["/v1/chat/completions", 1, null]))));
    assert_eq!(value("request.path == \"/\"", Type::Any), Ok(Some(json!(false))));

    let text = |text| {
        let expr = ValueExpr::compile(text, Scope::Call, Type::Any).unwrap();
        let request = Request::default();
        expr.text(&request).map(|text| text.map(Cow::into_owned)).map_err(|error| error.to_string())
    };
    assert_eq!(text(r#"request.headers["x-team"] ?? "none""#), Ok(Some("support".to_owned())));
    assert_eq!(text(r#"request.headers["x-none"]"#), Ok(None));
    assert_eq!(text("now.hour"), Err("`now.hour` is a number, not text".to_owned()));
    assert!(ValueExpr::compile("1 + 1", Scope::Match, Type::Number).unwrap().is_constant());
    assert!(!ValueExpr::compile("now.hour", Scope::Match, Type::Number).unwrap().is_constant());
}

#[test]
fn built_texts_are_bounded() {
    let long = "x".repeat(40 * 1024);
    let request = Request { body: Some(json!({"long": long})), ..Request::default() };
    for text in
        ["request.body.long + request.body.long == \"\"", "(request.body.long + \"a\" + request.body.long).to_upper() == \"\""]
    {
        let outcome = Condition::compile(text, Scope::Call).unwrap().evaluate(&request);
        assert!(outcome.unwrap_err().to_string().ends_with("builds too long a text"));
    }
}

#[test]
fn expressions_are_shared_between_threads() {
    fn shareable<T: Send + Sync + Clone + 'static>() {}
    shareable::<Condition>();
    shareable::<ValueExpr>();
    shareable::<crate::Template>();
}

/// Pieces of expressions, right and wrong.
const PIECES: &str = r#"(request|identity|route|model|now|target|\.headers|\.body|\.path|\.labels|\.roles|\.hour|\.at\(|\["x"\]|\[0\]|\?\.|\.|\.len\(\)|\.starts_with\(|\.contains\(|if |else |\{|\}|true|false| in | !in |&&|\|\||==|!=|<=|>|\?\?|\+|-|\*|/|%|!|\(|\)|\(\)|\[|\]|,|"|"a"|'|`|\$\{|1|0\.5|99999999999| |\n|é|\PC){0,30}"#;

proptest! {
    #[test]
    fn any_text_compiles_and_evaluates_or_is_refused(text in PIECES) {
        for scope in [Scope::Match, Scope::Call] {
            match ValueExpr::compile(&text, scope, Type::Any) {
                Ok(expr) => drop(expr.evaluate(&Request::default())),
                Err(errors) => {
                    prop_assert!(!errors.is_empty());
                    for error in errors {
                        let range = error.start as usize..error.end as usize;
                        prop_assert!(text.get(range).is_some(), "{error:?}");
                    }
                }
            }
        }
    }
}
