//! Every part of an expectation, passing and failing.

use crate::testing::{failures, pass};

/// A request that is answered, with this expectation.
fn answered(expect: &str) -> String {
    failures(&format!("- {{name: x, as: app, send: hello, upstream: {{p/a: ok}}, expect: {expect}}}"))
}

/// Holds by `right`; `wrong` fails with this message.
fn check(right: &str, wrong: &str, message: &str) {
    assert_eq!(answered(right), "", "{right}");
    assert_eq!(answered(wrong), format!("x: mismatch {message}"), "{wrong}");
}

#[test]
fn facts_of_the_answer() {
    check("{status: 200}", "{status: 404}", "the status is not as expected: expected 404, came 200");
    check(
        "{code: {absent: true}}",
        "{code: rate_limited}",
        "the error's code is not as expected: expected \"rate_limited\", came nothing",
    );
    check("{route: all}", "{route: counted}", "the route is not as expected: expected \"counted\", came \"all\"");
    check("{model: chat}", "{model: random}", "the Model is not as expected: expected \"random\", came \"chat\"");
    check("{consumer: app}", "{consumer: other}", "the consumer is not as expected: expected \"other\", came \"app\"");
    check("{target: p/a/m}", "{target: p/b/m}", "the target that served is not as expected: expected \"p/b/m\", came \"p/a/m\"");
    check("{outcome: completed}", "{outcome: failed}", "the outcome is not as expected: expected \"failed\", came \"completed\"");
    check("{calls: 1}", "{calls: 0}", "the number of calls upstream is not as expected: expected 0, came 1");
    check(
        "{took: 0}",
        "{took: {between: [1, 5]}}",
        "the time it took, in milliseconds is not as expected: expected a number from 1 to 5, came 0",
    );
}

#[test]
fn who_was_called_and_who_took_part() {
    check(
        "{attempts: [p/a/m]}",
        "{attempts: [p/a/m, p/b/m]}",
        "the list of called targets is not as expected: expected p/a/m, p/b/m, came p/a/m",
    );
    check("{attempts: [p/a/m]}", "{attempts: []}", "the list of called targets is not as expected: expected none, came p/a/m");
    check(
        "{decidedBy: [all, chat, who, who/apps]}",
        "{decidedBy: [all, fair]}",
        "who took part is not as expected: expected `fair` among them, came all, chat, keys, who, who/apps",
    );
}

#[test]
fn headers_and_bodies_of_the_answer() {
    check(
        "{headers: {Content-Type: application/json, x-nothing: {absent: true}}}",
        "{headers: {content-type: text/plain}}",
        "header `content-type` is not as expected: expected \"text/plain\", came application/json",
    );
    check(
        "{body: {/choices/0/message/content: Hi., /error: {absent: true}, /usage: {length: 3}}}",
        "{body: {/choices/0/message/content: Ho.}}",
        "`/choices/0/message/content` of the answer's body is not as expected: expected \"Ho.\", came \"Hi.\"",
    );
    check(
        "{body: {text: {contains: Hi.}}}",
        "{body: {text: Hi.}}",
        &format!("the answer's body is not as expected: expected \"Hi.\", came {}", BODY),
    );
    let whole = BODY.replace("\"created\":1767225600", "\"created\":1767225600.0");
    assert_eq!(answered(&format!("{{body: {{exactly: {whole}}}}}")), "");
    assert_eq!(
        answered("{body: {exactly: {id: x}}}"),
        "x: mismatch the answer's body is not as expected: expected exactly this, came something else"
    );
}

const BODY: &str = r#"{"id":"chatcmpl-test","object":"chat.completion","created":1767225600,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}}"#;

#[test]
fn a_body_that_is_no_json_has_a_text_only() {
    let text = |expect: &str| {
        failures(&format!("- {{name: x, as: app, send: hello, upstream: {{p/a: {{text: Sorry.}}}}, expect: {{body: {expect}}}}}"))
    };
    assert_eq!(text("{text: Sorry.}"), "");
    assert_eq!(text("{/error: {present: true}}"), "x: mismatch the answer's body is not as expected: expected JSON, came Sorry.");
}

#[test]
fn what_was_sent() {
    check(
        "{sent: {to: p/a, method: POST, path: /v1/chat/completions}}",
        "{sent: {to: p/b}}",
        "where the call went is not as expected: expected \"p/b\", came \"p/a\"",
    );
    check(
        "{sent: {method: POST}}",
        "{sent: {method: GET}}",
        "the call's method is not as expected: expected \"GET\", came \"POST\"",
    );
    check(
        "{sent: {path: {regex: ^/v1/}}}",
        "{sent: {path: /chat}}",
        "the call's path is not as expected: expected \"/chat\", came \"/v1/chat/completions\"",
    );
    check(
        "{sent: {query: {x: {absent: true}}}}",
        "{sent: {query: {api-version: x}}}",
        "the query parameter `api-version` that was sent is not as expected: expected \"x\", came nothing",
    );
    check(
        "{sent: {headers: {authorization: {secret: key-a}}}}",
        "{sent: {headers: {authorization: {secret: key-b}}}}",
        "the sent header `authorization` is not as expected: expected the value of the secret `key-b`, came Bearer <secret key-a>",
    );
    check(
        "{sent: {body: {/model: m, /messages: {length: 1}}}}",
        "{sent: {body: {/model: chat}}}",
        "`/model` of the body that was sent is not as expected: expected \"chat\", came \"m\"",
    );
    let nothing = failures("- {name: x, send: hello, expect: {status: 401, sent: {method: POST}}}");
    assert_eq!(nothing, "x: mismatch the call upstream is not as expected: expected a call, came nothing was sent");
}

#[test]
fn usage_limits_and_records() {
    check(
        "{usage: {tokens: 120, input: 100, output: 20, cached: {absent: true}, reasoning: {absent: true}}}",
        "{usage: {output: 21}}",
        "the usage, output is not as expected: expected 21, came 20",
    );
    check(
        "{record: {/credential: app-1, /attempts/0/outcome: served, /stream: false}}",
        "{record: {/attempts/0/status: 500}}",
        "`/attempts/0/status` of the decision record is not as expected: expected 500, came 200",
    );
    let counted = |remaining: &str| {
        failures(&format!(
            "- {{name: x, as: app, send: {{use: hello, headers: {{x-counted: 'yes'}}}}, upstream: {{'*': ok}}, expect: {{limits: {{fair/rpm: {remaining}}}}}}}"
        ))
    };
    assert_eq!(counted("2"), "");
    assert_eq!(counted("3"), "x: mismatch what remains of `fair/rpm` is not as expected: expected 3, came 2");
    let detailed = "- {name: x, as: app, send: hello, upstream: {p/a: {chat: {usage: {input: 9, output: 8, cached: 7, reasoning: 6}}}}, expect: {usage: {tokens: 17, cached: 7, reasoning: 6}}}";
    pass(detailed);
}

#[test]
fn streams() {
    let streamed = |expect: &str| {
        let answer = "{stream: [{wait: 5ms}, {text: Hel}, {wait: 20ms}, {text: lo}, {usage: {input: 1, output: 2}}]}";
        failures(&format!("- {{name: x, as: app, send: stream, upstream: {{p/a: {answer}}}, expect: {{stream: {expect}}}}}"))
    };
    assert_eq!(streamed("{text: Hello, ends: done, error: {absent: true}, first: 5, events: 4, usage: false}"), "");
    for (wrong, message) in [
        ("{text: Hallo}", "the stream's text is not as expected: expected \"Hallo\", came \"Hello\""),
        ("{ends: cut}", "how the stream ends is not as expected: expected cut, without an end, came with `[DONE]`"),
        (
            "{error: upstream_error}",
            "the code of the stream's error is not as expected: expected \"upstream_error\", came nothing",
        ),
        ("{events: 5}", "the number of events is not as expected: expected 5, came 4"),
        ("{first: 0}", "the time of the first content, in milliseconds is not as expected: expected 0, came 5"),
        ("{usage: true}", "the stream's usage is not as expected: expected an event with usage, came no event with usage"),
    ] {
        assert_eq!(streamed(wrong), format!("x: mismatch {message}"), "{wrong}");
    }
    let none = failures("- {name: x, as: app, send: hello, upstream: {p/a: ok}, expect: {stream: {ends: done}}}");
    assert_eq!(none, "x: mismatch the answer is not as expected: expected a stream, came an answer with 200 OK that is none");
}

#[test]
fn usage_comes_in_a_stream_where_it_is_asked_for() {
    pass(
        "- {name: x, as: app, send: {use: stream, set: {/stream_options: {include_usage: true}}}, upstream: {p/a: ok}, expect: {stream: {usage: true}, usage: {tokens: 120}}}",
    );
}

#[test]
fn everything_that_does_not_hold_is_told_at_once() {
    let all = answered("{status: 201, route: counted, calls: 2}");
    assert_eq!(all.lines().count(), 3, "{all}");
}
