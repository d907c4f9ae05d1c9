//! What is refused, where, and what is said.

use super::*;

/// The faults of a condition, one a line: the part that is at fault, what is wrong, what helps.
pub(super) fn faults(text: &str, scope: Scope) -> String {
    shown(text, Condition::compile(text, scope).err())
}

fn shown(text: &str, errors: Option<Vec<ExprError>>) -> String {
    let line = |error: &ExprError| {
        let part = &text[error.start as usize..error.end as usize];
        let help = error.help.as_ref().map(|help| format!(" ({help})"));
        format!("{part}: {}{}", error.message, help.unwrap_or_default())
    };
    let errors = errors.unwrap_or_default();
    errors.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn check(table: &[(&str, &str)], scope: Scope) {
    for (text, expected) in table {
        assert_eq!(faults(text, scope), *expected, "{text}");
    }
}

#[test]
fn unknown_names_are_told_with_what_was_meant() {
    check(
        &[
            (r#"idenity.labels.tier == "gold""#, "idenity: unknown name `idenity` (did you mean `identity`)"),
            (
                r#"identity.label.tier == "gold""#,
                "identity.label: unknown name `identity.label` (did you mean `identity.labels`)",
            ),
            (
                r#"identity.zone == "a""#,
                "identity.zone: unknown name `identity.zone` (`identity` has `consumer`, `tenant`, `subscription`, `roles`, `labels` and `claims`)",
            ),
            (
                "request.tokens > 5",
                "request.tokens: unknown name `request.tokens` (`request` has `method`, `path`, `host`, `headers`, `query`, `ip` and `body`)",
            ),
            (
                "steps.a.b == 5",
                "steps: unknown name `steps` (names begin with `request`, `identity`, `route`, `model` and `now`)",
            ),
            ("tier == 5", "tier: unknown name `tier` (names begin with `request`, `identity`, `route`, `model` and `now`)"),
            (
                "now.hours > 5",
                "hours: a moment has no `hours` (it has `hour`, `minute`, `weekday`, `day`, `month`, `year` and `unix`; `now.at(\"Europe/Berlin\")` is the same there)",
            ),
            (
                r#"request.headers.x-team == "a""#,
                "team: unknown name `team` (a key with `-` stands in brackets, as in `request.headers[\"x-team\"]`)",
            ),
            (
                "request == 5",
                "request: `request` alone is no value (it has `method`, `path`, `host`, `headers`, `query`, `ip` and `body`)",
            ),
            (
                r#"request["path"] == 5"#,
                "request: `request` alone is no value (it has `method`, `path`, `host`, `headers`, `query`, `ip` and `body`)",
            ),
            (
                "now > 5",
                "now: `now` is a moment, not a value (it has `hour`, `minute`, `weekday`, `day`, `month`, `year` and `unix`; `now.at(\"Europe/Berlin\")` is the same there)",
            ),
            (
                r#"now.at("Europe/Berln").hour < 6"#,
                "\"Europe/Berln\": unknown time zone `Europe/Berln` (did you mean `Europe/Berlin`)",
            ),
            (r#"now.at("Moon").hour < 6"#, "\"Moon\": unknown time zone `Moon` (zones are written like `Europe/Berlin`)"),
            (
                "now.at(request.path).hour < 6",
                "at: `at` takes one time zone, written out (write it out, as in `now.at(\"Europe/Berlin\").hour`)",
            ),
            (
                "now.at().hour < 6",
                "at: `at` takes one time zone, written out (write it out, as in `now.at(\"Europe/Berlin\").hour`)",
            ),
            (
                r#"now.at("UTC").at("UTC").hour < 6"#,
                "now.at(\"UTC\").at(\"UTC\"): `now.at(\"UTC\")` is a moment, not a value (it has `hour`, `minute`, `weekday`, `day`, `month`, `year` and `unix`; `now.at(\"Europe/Berlin\")` is the same there)",
            ),
        ],
        Scope::Call,
    );
}

#[test]
fn a_name_that_is_not_known_yet_says_from_when_on() {
    check(
        &[
            (
                "request.body.model == \"a\"",
                "request.body: `request.body` is not read yet when a route is matched; it is known from the validate phase on",
            ),
            (
                "\"a\" in identity.roles",
                "identity.roles: `identity.roles` is not known yet when a route is matched; it is known once the caller is authenticated",
            ),
            (
                "route.name == \"a\"",
                "route.name: `route.name` is not known yet when a route is matched; it is known once the caller is authenticated",
            ),
            (
                "model.name == \"a\"",
                "model.name: `model.name` is not known yet when a route is matched; it is known once the model is resolved",
            ),
            ("nothing == 5", "nothing: unknown name `nothing` (names begin with `request` and `now`)"),
            ("request.headers[\"x\"] == \"a\" && now.hour < 6", ""),
        ],
        Scope::Match,
    );
    check(
        &[
            (
                "request.body.model == \"a\"",
                "request.body: `request.body` is not read yet when the caller is admitted; it is known from the validate phase on",
            ),
            (
                "model.name == \"a\"",
                "model.name: `model.name` is not known yet when the caller is admitted; it is known once the model is resolved",
            ),
            ("\"a\" in identity.roles && route.name == \"a\"", ""),
        ],
        Scope::Admit,
    );
    for scope in [Scope::Resolve, Scope::Prompt, Scope::Call] {
        assert_eq!(faults("request.body.model == model.name", scope), "");
    }
    check(
        &[
            (
                "target.model == \"a\"",
                "target: `target` is not known when a target is chosen: the target is chosen after the last expression has been read",
            ),
            (
                "response.status == 200",
                "response: `response` is not known when a target is chosen: the answer comes after the last expression has been read",
            ),
            (
                "usage.tokens > 5",
                "usage: `usage` is not known when a target is chosen: usage is known after the last expression has been read",
            ),
        ],
        Scope::Call,
    );
}

#[test]
fn wrong_kinds_are_told_where_they_can_be_known() {
    check(
        &[
            (
                r#"identity.roles == "x""#,
                "identity.roles == \"x\": `identity.roles` is a list, which cannot be compared (ask what it holds, as in `\"admin\" in identity.roles`)",
            ),
            (
                r#"request.headers == "x""#,
                "request.headers == \"x\": `request.headers` is a map, which cannot be compared (ask what it holds, as in `\"admin\" in identity.roles`)",
            ),
            (
                r#"now.hour > "6""#,
                "now.hour > \"6\": `now.hour` is a number and `\"6\"` is text, so neither comes before the other (write `6` without quotes)",
            ),
            (
                r#"now.hour == "six""#,
                "now.hour == \"six\": `now.hour` is a number and `\"six\"` is text, so they are never equal (compare values of one kind)",
            ),
            (
                "identity.labels.tpm > 5",
                "identity.labels.tpm > 5: `identity.labels.tpm` is text and `5` is a number, so neither comes before the other (`identity.labels.tpm?.parse_int()` makes a number of it)",
            ),
            (
                "request.path == 5",
                "request.path == 5: `request.path` is text and `5` is a number, so they are never equal (`request.path.parse_int()` makes a number of it)",
            ),
            (
                "true < false",
                "true < false: `true` is a condition and `false` is a condition, so neither comes before the other (compare values of one kind)",
            ),
            ("request.method == ()", "request.method == (): `request.method` is never missing"),
            ("request.method ?? \"GET\" == \"GET\"", "??: `request.method` is never missing, so `??` does nothing"),
            (
                "request.path",
                "request.path: `request.path` is text, not a condition (compare it, as in `request.path == \"/x\"`)",
            ),
            ("5", "5: `5` is a number, not a condition (compare it, as in `request.path == \"/x\"`)"),
            ("!now.hour", "now.hour: `now.hour` is a number, not a condition (compare it, as in `… == 1`)"),
            (
                "request.path && true",
                "request.path: `request.path` is text, not a condition (compare it, as in `… == \"value\"`)",
            ),
            ("\"a\" && true", "\"a\": a condition is needed here, and this is a string"),
            (
                "if now.hour { true } else { false }",
                "now.hour: `now.hour` is a number, not a condition (compare it, as in `… == 1`)",
            ),
            ("if now.hour > 6 { true }", "if: this `if` has no `else`, and so no value when it does not hold (add `else { … }`)"),
            (r#"5 in ["a", "b"]"#, "5: `5` is a number, and `[\"a\", \"b\"]` holds none (compare values of one kind)"),
            ("5 in identity.roles", "5: `5` is a number, and `identity.roles` holds none (compare values of one kind)"),
            ("5 in request.headers", "5: `5` is a number, and `request.headers` holds none (compare values of one kind)"),
            (r#""a" in now.hour"#, "now.hour: `now.hour` is a number, which holds nothing (look in a list, a map or a text)"),
            (
                "1 + \"a\" == 1",
                "1 + \"a\": `1` is a number and `\"a\"` is text: these cannot be computed with (`.to_string()` makes text of a number)",
            ),
            (
                "request.path - 1 == 1",
                "request.path - 1: `request.path` is text and `1` is a number: these cannot be computed with (`request.path.parse_int()` makes a number of it)",
            ),
            ("-request.path == 1", "request.path: `request.path` is text, not a number"),
            ("+now.hour == 1", "+now.hour: this sign does nothing"),
            ("[identity.roles].len() == 1", "identity.roles: a list cannot be an item of a list"),
            ("identity.roles[\"a\"] == \"b\"", "\"a\": `\"a\"` is text, and `identity.roles` is looked up by a whole number"),
            ("request.headers[1] == \"b\"", "1: `1` is a number, and `request.headers` is looked up by a text"),
            ("request.path[1] == \"b\"", "request.path[1]: `request.path` is text, in which nothing is looked up"),
            (
                "request.path.name == \"b\"",
                "name: `request.path` is text and has no member `name` (it has `starts_with`, `ends_with`, `len`, `is_empty`, `to_lower`, `to_upper`, `parse_int`, `parse_float` and `contains`)",
            ),
            ("request.path.length > 5", "length: `request.path` is text and has no member `length` (write `.len()`)"),
            (
                "request.headers[\"x\"].starts_with(\"a\")",
                "request.headers[\"x\"].starts_with(\"a\"): `request.headers[\"x\"]` may be missing, and then `starts_with` would fail (write `request.headers[\"x\"]?.starts_with(…)`, or supply a default: `(request.headers[\"x\"] ?? \"\").starts_with(…)`)",
            ),
            (
                "request.headers.x + \"a\" == \"a\"",
                "request.headers.x: `request.headers.x` may be missing, so this could not be computed (supply a default, as in `(request.headers.x ?? \"\")`)",
            ),
            ("1 / 0 == 1", "1 / 0: this always fails: `1 / 0` divides by zero"),
            (
                "9223372036854775807 + 1 > 0",
                "9223372036854775807 + 1: this always fails: `9223372036854775807 + 1` is too large a number",
            ),
            ("\"x\".parse_int() == 1", "\"x\".parse_int(): this always fails: `\"x\"` is no whole number"),
        ],
        Scope::Call,
    );
}

#[test]
fn unknown_functions_and_wrong_arguments_are_refused() {
    check(
        &[
            (
                "request.path.foo(\"x\")",
                "foo: unknown method `foo` (it has `starts_with`, `ends_with`, `len`, `is_empty`, `to_lower`, `to_upper`, `parse_int`, `parse_float` and `contains`)",
            ),
            ("request.path.startsWith(\"x\")", "startsWith: unknown method `startsWith` (did you mean `starts_with`)"),
            ("request.path.start_with(\"x\")", "start_with: unknown method `start_with` (did you mean `starts_with`)"),
            (
                "starts_with(request.path, \"x\")",
                "starts_with: unknown function `starts_with` (write it after the value, as in `request.path.starts_with(…)`)",
            ),
            ("frobnicate(1)", "frobnicate: unknown function `frobnicate` (an expression calls only methods of its values)"),
            ("request.path.starts_with()", "starts_with(): `starts_with` takes one value, and has nothing"),
            ("request.path.len(1) > 5", "len(1): `len` takes nothing, and has one value"),
            ("request.path.contains(\"a\", \"b\")", "contains(\"a\", \"b\"): `contains` takes one value, and has 2 values"),
            ("request.path.starts_with(5)", "5: `5` is a number, and `starts_with` takes text"),
            ("now.hour.len() > 5", "len: `now.hour` is a number, on which there is no `len` (it has `to_string`)"),
            (
                "now.foo() > 5",
                "now.foo(): `now` is a moment, not a value (it has `hour`, `minute`, `weekday`, `day`, `month`, `year` and `unix`; `now.at(\"Europe/Berlin\")` is the same there)",
            ),
            (
                "request.foo() > 5",
                "request: `request` alone is no value (it has `method`, `path`, `host`, `headers`, `query`, `ip` and `body`)",
            ),
        ],
        Scope::Call,
    );
}

#[test]
fn statements_loops_and_functions_are_refused() {
    check(
        &[
            ("while true { }", "while: `while` cannot be used: an expression has no loops"),
            ("loop { true }", "loop: `loop` cannot be used: an expression has no loops"),
            ("for x in identity.roles { true }", "for: `for` cannot be used: an expression has no loops"),
            ("fn f() { true }", "fn: `fn` cannot be used: an expression defines and passes no functions"),
            ("import \"x\"", "import: `import` cannot be used: an expression loads nothing"),
            ("return true", "return: `return` cannot be used: an expression is one value, without statements"),
            (
                "switch now.hour { }",
                "switch: `switch` cannot be used: an expression has no `switch`; `if A { 1 } else { 2 }` chooses",
            ),
            ("eval(\"true\")", "eval: `eval` cannot be used: an expression evaluates no text"),
            ("print(\"x\")", "print: `print` cannot be used: an expression prints nothing"),
            ("debug(1)", "debug: `debug` cannot be used: an expression prints nothing"),
            ("sleep(1)", "sleep: unknown function `sleep` (an expression calls only methods of its values)"),
            ("timestamp() == 1", "timestamp: unknown function `timestamp` (an expression calls only methods of its values)"),
            ("rand() == 1", "rand: unknown function `rand` (an expression calls only methods of its values)"),
            (
                "parse_json(\"{}\") == 1",
                "parse_json: unknown function `parse_json` (an expression calls only methods of its values)",
            ),
            ("Fn(\"x\") == 1", "Fn: `Fn` cannot be used: an expression defines and passes no functions"),
            (
                "request.path.call()",
                "call: `call` is a word of the language and cannot follow a dot (write `[\"call\"]` without the dot)",
            ),
            ("request.path = \"x\"", "=: `=` cannot be used: an expression assigns nothing (`==` compares)"),
            ("true; false", ";: `;` cannot be used: an expression is one value, without statements (join conditions with `&&`)"),
            (
                "|x| true",
                "|: `|` cannot be used: there is no such operator (`||` means or)\n|: `|` cannot be used: there is no such operator (`||` means or)",
            ),
            ("|| true", "||: unexpected `||`"),
            ("{ true }", "{: unexpected `{`"),
            (
                "if true { true; } else { false }",
                ";: `;` cannot be used: an expression is one value, without statements (join conditions with `&&`)",
            ),
            ("1..5", "..: `..` cannot be used: an expression has no ranges (compare with `>=` and `<=`)"),
            ("2 ** 3 == 8", "**: `**` cannot be used: there is no such operator (`+`, `-`, `*`, `/` and `%` compute)"),
            (
                "#{a: 1} == 5",
                "#{: `#{` cannot be used: an expression makes no maps (name the value that is needed)\n:: `:` cannot be used: there is no such operator (`if A { 1 } else { 2 }` chooses)",
            ),
            ("a::b == 5", "::: `::` cannot be used: an expression has no modules (names are joined with `.`)"),
            ("true // why", "//: `//` cannot be used: an expression holds no comment (write it as a YAML comment above)"),
            (
                "now.hour > 5 ? true : false",
                "?: `?` cannot be used: there is no such operator (`if A { 1 } else { 2 }` chooses, `??` supplies a default)\n:: `:` cannot be used: there is no such operator (`if A { 1 } else { 2 }` chooses)",
            ),
            ("request.path == 'x'", "'x': text stands in double quotes (write `\"x\"`)"),
            ("request.path == `x`", "`x`: text stands in double quotes (write `\"x\"`)"),
            ("true and false", "and: `and` is no word of expressions (write `&&`)"),
            ("request.headers.x == null", "null: `null` is no word of expressions (write `()`)"),
            (
                "request.body.default == 5",
                "default: `default` is a word of the language and cannot follow a dot (write `[\"default\"]` without the dot)",
            ),
            ("this == 5", "this: `this` cannot be used: an expression sees only the names of the request"),
        ],
        Scope::Call,
    );
}

#[test]
fn what_does_not_parse_is_told_at_its_word() {
    check(
        &[
            ("", ": the expression is empty"),
            ("  \n ", "  \n : the expression is empty"),
            ("now.hour ==", ": the expression ends too early"),
            ("((now.hour > 5)", ": `)` is missing at the end"),
            ("now.hour > 5)", "): unexpected `)`"),
            ("request.headers[\"x\"", ": `]` is missing at the end"),
            ("request. == 5", "==: a name is missing after the dot"),
            ("now.hour > 5 6", "6: unexpected `6`"),
            ("request.path.starts_with(\"a\" \"b\")", "\"b\": `,` is missing before `\"b\"`"),
            ("\"abc", "\"abc: open string is not terminated"),
            ("now.hour == 0xg", "0xg: `0xg` is no number"),
            ("request.path == \"\\q\"", "\"\\q\": invalid escape sequence: `\\q`"),
        ],
        Scope::Call,
    );
}

#[test]
fn several_faults_are_told_at_once_and_in_order() {
    insta::assert_snapshot!(faults("idenity.roles == 5 && request.path.foo()\n && now.hour > \"6\"", Scope::Call), @r#"
    idenity: unknown name `idenity` (did you mean `identity`)
    foo: unknown method `foo` (it has `starts_with`, `ends_with`, `len`, `is_empty`, `to_lower`, `to_upper`, `parse_int`, `parse_float` and `contains`)
    now.hour > "6": `now.hour` is a number and `"6"` is text, so neither comes before the other (write `6` without quotes)
    "#);
}

#[test]
fn positions_are_bytes_beyond_ascii_and_line_breaks() {
    check(
        &[
            (
                "\"äöü€\" == \"🙂\" ||\n  tier == \"ß\"",
                "tier: unknown name `tier` (names begin with `request`, `identity`, `route`, `model` and `now`)",
            ),
            (
                "\r\n\t\"€\" == request.path.foo",
                "foo: `request.path` is text and has no member `foo` (it has `starts_with`, `ends_with`, `len`, `is_empty`, `to_lower`, `to_upper`, `parse_int`, `parse_float` and `contains`)",
            ),
            (
                "(1 + request.path) * 2 == 5",
                "1 + request.path: `1` is a number and `request.path` is text: these cannot be computed with (`.to_string()` makes text of a number)",
            ),
        ],
        Scope::Call,
    );
}

#[test]
fn a_value_must_be_of_the_kind_that_is_wanted() {
    let table = [
        ("now.hour", Type::String, "now.hour: `now.hour` is a number, not text (`.to_string()` makes text of a number)"),
        (
            "identity.labels.tpm",
            Type::Number,
            "identity.labels.tpm: `identity.labels.tpm` is text, not a number (`.parse_int()` makes a number of text)",
        ),
        (
            "request.headers",
            Type::Any,
            "request.headers: `request.headers` is a map, not a value (look up one entry, as in `request.headers[\"x-team\"]`)",
        ),
        ("()", Type::Any, "(): `()` is nothing, not a value (look up one entry, as in `request.headers[\"x-team\"]`)"),
        (
            "identity.roles",
            Type::String,
            "identity.roles: `identity.roles` is a list, not text (`.to_string()` makes text of a number)",
        ),
        ("identity.roles", Type::Any, ""),
        ("request.headers[\"x-user\"]", Type::String, ""),
        ("request.body.user", Type::String, ""),
        ("request.body.n", Type::Number, ""),
    ];
    for (text, want, expected) in table {
        let errors = ValueExpr::compile(text, Scope::Call, want).err();
        assert_eq!(shown(text, errors), expected, "{text}");
    }
}

#[test]
fn hostile_texts_are_refused_in_bounded_time() {
    let deep =
        |open: &str, inner: &str, close: &str, times: usize| format!("{}{inner}{}", open.repeat(times), close.repeat(times));
    let table = [
        (deep("(", "true", ")", 5_000), "bytes"),
        (format!("{}1 == 1", "1 + ".repeat(20_000)), "bytes"),
        ("x".repeat(100 * 1024), "bytes"),
        (deep("(", "true", ")", 1_000), "brackets nest deeper"),
        (deep("[", "1", "]", 1_000), "brackets nest deeper"),
        (deep("request.query[", "\"a\"", "]", 200), "brackets nest deeper"),
        (deep("if true {", "true", "} else { false }", 150), "brackets nest deeper"),
        (format!("{}1 == 1", "1 + ".repeat(900)), "levels"),
        (format!("{}true", "!".repeat(4_000)), "levels"),
        (format!("{}1 > 0", "- ".repeat(2_000)), "levels"),
        (format!("request.body{} == 1", ".a".repeat(2_000)), "levels"),
        (format!("request.body{} == 1", "[0]".repeat(1_000)), "levels"),
        (format!("{}true", "true || ".repeat(500)), "levels"),
        (format!("{}1 == 1", "request.body.a ?? ".repeat(200)), "levels"),
        (format!("{}{{ true }}", "if true { true } else ".repeat(180)), "levels"),
        ("(".repeat(4_096), "brackets nest deeper"),
        ("\"".repeat(4_095), "string"),
        ("`".repeat(4_096), "double quotes"),
    ];
    for (text, expected) in table {
        let found = faults(&text, Scope::Call);
        assert!(found.contains(expected), "{}…: {found}", text.chars().take(40).collect::<String>());
    }
}

#[test]
fn the_deepest_that_is_let_through_fits_a_small_stack() {
    let deepest =
        (30..110).step_by(3).filter(|times| faults(&format!("{}1 == 1", "1 + ".repeat(*times)), Scope::Call).is_empty());
    assert!(deepest.max() > Some(40));
    for times in [8, 16, 24, 32, 48, 64, 96, 99, 120] {
        for text in [
            format!("{}true{}", "(".repeat(times), ")".repeat(times)),
            format!("{}request.body.a == 1", "request.body.n + ".repeat(times)),
            format!("{}true", "!".repeat(times)),
            format!("request.body{} == 1", ".a".repeat(times)),
            format!("request.body{} == 1", "?[0]".repeat(times)),
            format!("{}true", "request.path == \"/\" || ".repeat(times)),
            format!("{}1 == 1", "request.body.a ?? ".repeat(times)),
            format!("{}{{ true }}", "if now.hour > 1 { true } else ".repeat(times)),
            format!("{}1{} == 1", "request.body[".repeat(times), "]".repeat(times)),
            format!("request.path{}.is_empty()", ".to_lower()".repeat(times)),
        ] {
            if let Ok(condition) = Condition::compile(&text, Scope::Call) {
                drop(condition.evaluate(&crate::testing::Request::default()));
            }
        }
    }
}
