//! What upstreams play, and what the gateway makes of it.

use crate::testing::{failures, pass};

/// `p/a` plays this and `p/b` answers: what is expected of a plain request.
fn after(answer: &str, expect: &str) {
    pass(&format!("- {{name: x, as: app, send: hello, upstream: {{p/a: {answer}, p/b: ok}}, expect: {expect}}}"));
}

#[test]
fn faults_before_the_head_are_tried_elsewhere() {
    for (fault, reason, took) in [
        ("refuse", "connect failed", 0),
        ("connectTimeout", "connect timed out", 2_000),
        ("tls", "connect failed", 0),
        ("reset", "connection lost before the answer", 0),
        ("timeout", "first_byte_timeout", 10_000),
        ("notHttp", "protocol error", 0),
    ] {
        let expect = format!("{{status: 200, target: p/b/m, took: {took}, record: {{/attempts/0/reason: {reason}}}}}");
        after(&format!("{{fault: {fault}}}"), &expect);
    }
}

#[test]
fn error_statuses_are_answered_or_tried_elsewhere() {
    after("{status: 503}", "{status: 200, attempts: [p/a/m, p/b/m], record: {/attempts/0/reason: overloaded (server_error)}}");
    after("{status: 429, headers: {retry-after: '7'}}", "{status: 200, target: p/b/m}");
    pass(
        "- {name: x, as: app, send: hello, upstream: {p/a: {status: 400}}, expect: {status: 400, calls: 1, code: invalid_request}}",
    );
}

#[test]
fn bodies_that_break_off_cannot_be_taken_back() {
    let broken = "{name: x, as: app, send: hello, upstream: {p/a: {chat: {text: Hi.}, fault: truncated}}, expect: {outcome: failed, calls: 1}}";
    pass(&format!("- {broken}"));
    let half = "{name: x, as: app, send: hello, upstream: {p/a: {chat: {text: Hi.}, fault: malformed}}, expect: {status: 200, body: {text: {regex: '^..id'}}}}";
    pass(&format!("- {half}"));
}

#[test]
fn slow_bodies_take_their_time() {
    pass(
        "- {name: x, as: app, send: hello, upstream: {p/a: {text: abcdefgh, status: 400, slow: {bytes: 3, every: 10ms}, after: 5ms}}, expect: {status: 400, took: 35}}",
    );
}

#[test]
fn another_content_type_is_played_by_headers() {
    pass(
        "- {name: x, as: app, send: hello, upstream: {p/a: {text: '<html>', headers: {content-type: text/html}}}, expect: {status: 200, headers: {content-type: text/html}, usage: {tokens: {absent: true}}}}",
    );
}

#[test]
fn streams_end_in_every_way() {
    let stream = |pieces: &str, expect: &str| {
        pass(&format!("- {{name: x, as: app, send: stream, upstream: {{p/a: {{stream: [{pieces}]}}}}, expect: {expect}}}"));
    };
    stream("{text: Hi}", "{stream: {text: Hi, ends: done}, outcome: completed}");
    stream("{text: Hi}, {finish: length}", "{stream: {text: Hi, ends: done}}");
    stream("{text: Hi}, {end: cut}", "{stream: {text: Hi, ends: error, error: {present: true}}, outcome: failed}");
    stream("{text: Hi}, {end: stall}", "{stream: {text: Hi, ends: error, error: {present: true}}, took: 20000, outcome: failed}");
    stream("{text: Hi}, {end: bare}", "{stream: {ends: error}, outcome: failed}");
    stream("{text: Hi}, {end: withoutDone}", "{stream: {text: Hi, ends: done}, outcome: completed}");
    stream("{refusal: No.}, {event: {choices: [{index: 0, delta: {content: A}}]}}", "{stream: {text: A, ends: done}}");
    stream("{raw: \": ping\\n\\n\"}, {text: Hi}", "{stream: {text: Hi, ends: done}}");
    stream("{toolCall: {index: 0, id: c, function: {name: f, arguments: '{}'}}}", "{body: {text: {contains: '\"tool_calls\"'}}}");
}

#[test]
fn completions_are_streamed_where_a_stream_is_asked_for() {
    pass(
        "- {name: x, as: app, send: stream, upstream: {p/a: {chat: {text: Hi., finish: length, model: m9}}}, expect: {stream: {text: Hi.}, body: {text: {regex: 'm9(.|\\n)*length'}}}}",
    );
    let tools = "{name: x, as: app, send: hello, upstream: {p/a: {chat: {toolCalls: [{id: c}]}}}, expect: {body: {/choices/0/finish_reason: tool_calls, /choices/0/message/content: {equals: null}}}}";
    pass(&format!("- {tools}"));
}

#[test]
fn embeddings_and_bodies_are_answered_as_written() {
    let request = "{post: /v1/embeddings, embeddings: {model: embedder, input: Hi}}";
    pass(&format!(
        "- {{name: x, as: app, send: {request}, upstream: {{p: {{embeddings: {{vectors: [[0.5, 1]], usage: {{input: 3}}}}}}}}, expect: {{status: 200, body: {{/data/0/embedding/1: 1}}, usage: {{input: 3}}}}}}"
    ));
    pass("- {name: x, as: app, send: hello, upstream: {p: {body: {choices: []}}}, expect: {body: {exactly: {choices: []}}}}");
}

#[test]
fn an_answer_that_does_not_fit_the_call_is_told() {
    let streamed = failures("- {name: x, as: app, send: hello, upstream: {'*': {stream: [{text: a}]}}, expect: {calls: 1}}");
    assert!(
        streamed.starts_with(
            "x: unscripted-call what `*` answers does not fit the call to `p/a`: it is a stream, and the call asked for none"
        ),
        "{streamed}"
    );
}

#[test]
fn the_most_specific_script_counts_and_lists_are_played_in_order() {
    pass(
        "- {name: x, as: app, send: hello, upstream: {p/a: {status: 503}, p: {status: 400}}, expect: {status: 400, attempts: [p/a/m, p/b/m]}}",
    );
    pass(
        "- {name: x, as: app, upstream: {p: [{status: 400}, ok, {status: 400}]}, steps: [{send: hello, expect: {status: 400}}, {send: hello, expect: {status: 200}}, {send: hello, expect: {status: 400}}]}",
    );
}

#[test]
fn clients_leave_in_the_middle() {
    let leaving = |cancel: &str, expect: &str| {
        let stream = "{stream: [{text: a}, {wait: 1s}, {text: b}, {wait: 1s}, {text: c}]}";
        pass(&format!(
            "- {{name: x, as: app, send: {{use: stream, cancel: {cancel}}}, upstream: {{p/a: {stream}}}, expect: {expect}}}"
        ));
    };
    leaving("{afterChunks: 1}", "{status: 200, outcome: cancelled, stream: {text: a, ends: left}, took: 0}");
    leaving("{after: 1500ms}", "{outcome: cancelled, stream: {text: ab, ends: left}, took: 1500}");
    pass(
        "- {name: x, as: app, send: {use: hello, cancel: {after: 3s}}, upstream: {p/a: {fault: timeout}}, expect: {status: {absent: true}, outcome: cancelled}}",
    );
}
