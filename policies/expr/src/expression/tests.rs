#![expect(clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::testing::Request;

/// What a condition comes to for the test request: `true`, `false`, or why it has no outcome.
fn outcome(text: &str) -> String {
    let condition = match Condition::compile(text, Scope::Call) {
        Ok(condition) => condition,
        Err(errors) => return format!("does not compile: {}", errors[0].message),
    };
    match condition.evaluate(&Request::default()) {
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
