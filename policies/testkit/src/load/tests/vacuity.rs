//! Expectations that cannot fail, or cannot hold.

use crate::testing::faults;

/// What is said of an expectation of a request.
fn check(expect: &str) -> String {
    let said = faults(&format!("- {{as: app, send: hello, upstream: {{p/a: ok}}, expect: {expect}}}"));
    said.lines().map(|line| line.split_once(' ').unwrap_or_default().1).collect::<Vec<_>>().join("\n")
}

#[test]
fn nothing_expected() {
    insta::assert_snapshot!(faults("
- {as: app, send: hello, upstream: {p/a: ok}}
- {as: app, send: hello, upstream: {p/a: ok}, expect: {}}
- {as: app, send: hello, upstream: {p/a: ok}, matrix: {send.set./a: [1, 2]}}
- {as: app, upstream: {p/a: ok}, steps: [{send: hello}]}
- {as: app, upstream: {p/a: ok}, steps: [{advance: 1s}]}
- {sample: {of: hello, as: app, times: 5}, upstream: {p/a: ok}}"), @"
    1:3 V103 nothing is expected here, so that this cannot fail | add `expect` with at least the `status`
    2:55 V103 nothing is expected here, so that this cannot fail | add `expect` with at least the `status`
    3:3 V103 nothing is expected here, so that this cannot fail | add `expect` with at least the `status`
    4:42 V103 nothing is expected here, so that this cannot fail | add `expect` with at least the `status`
    5:3 V103 nothing is sent in `#5` | add a step with `send` and `expect`
    6:3 V103 nothing is expected here, so that this cannot fail | add `expect` with at least the `status`
    ");
}

#[test]
fn empty_parts() {
    insta::assert_snapshot!(
        check("{decidedBy: [], headers: {}, limits: {}, record: {}, body: {}, stream: {}, usage: {}, sent: {}}"), @"
    V104 `decidedBy` is empty, so that this cannot fail | say what must hold, or take it out
    V104 `headers` is empty, so that this cannot fail | say what must hold, or take it out
    V104 `limits` is empty, so that this cannot fail | say what must hold, or take it out
    V104 `record` is empty, so that this cannot fail | say what must hold, or take it out
    V104 `body` is empty, so that this cannot fail | say what must hold, or take it out
    V104 `stream` is empty, so that this cannot fail | say what must hold, or take it out
    V104 `usage` is empty, so that this cannot fail | say what must hold, or take it out
    V104 `sent` is empty, so that this cannot fail | say what must hold, or take it out
    ");
    insta::assert_snapshot!(check("{sent: {query: {}, headers: {}, body: {}}}"), @"
    V104 `sent.query` is empty, so that this cannot fail | say what must hold, or take it out
    V104 `sent.headers` is empty, so that this cannot fail | say what must hold, or take it out
    V104 `sent.body` is empty, so that this cannot fail | say what must hold, or take it out
    ");
}

#[test]
fn expectations_that_always_hold() {
    let check = |expect: &str, message: &str| {
        let said = check(expect);
        assert!(said.starts_with(&format!("V104 {message}, so that this cannot fail | ")), "{expect}: {said}");
    };
    check("{status: {between: [0, 999]}}", "it is always from 0 to 999");
    check("{status: {between: [100, 599]}}", "it is always from 100 to 599");
    check("{status: {about: 300, within: 500}}", "it is always from -200 to 800");
    check("{status: {present: true}}", "it is always there");
    check("{outcome: {oneOf: [completed, refused, failed, cancelled]}}", "these are all that there are");
    check("{outcome: {present: true}}", "it is always there");
    check("{route: {regex: ''}}", "`` is found in every text");
    check("{route: {regex: '.*'}}", "`.*` is found in every text");
    check("{route: {regex: '^.*$'}}", "`^.*$` is found in every text");
    check("{body: {text: {regex: 'a?'}}}", "`a?` is found in every text");
    check("{body: {text: {present: true}}}", "it is always there");
    check("{headers: {x: {contains: ''}}}", "the empty text is in every text");
    check("{body: {/a: {length: {present: true}}}}", "it is always there");
    check("{stream: {events: {present: true}}}", "it is always there");
}

#[test]
fn expectations_that_can_fail_are_let_through() {
    for fine in [
        "{status: {between: [200, 599]}}",
        "{status: {regex: '^2'}}",
        "{outcome: {oneOf: [completed, failed]}}",
        "{route: {present: true}}",
        "{decidedBy: [all]}",
        "{route: {regex: 'a'}}",
        "{body: {text: {regex: '^.*$'}}}",
        "{body: {text: {regex: '^$|b'}, /x: {absent: true}, '': {present: true}}}",
        "{attempts: []}",
        "{took: {between: [0, 1000]}}",
        "{usage: {cached: {absent: true}}}",
        "{sent: {to: {present: true}}}",
    ] {
        assert_eq!(check(fine), "", "{fine}");
    }
    let leaving = "- {as: app, send: {use: hello, cancel: {after: 1s}}, upstream: {p/a: ok}, expect: {status: {present: true}}}";
    assert_eq!(faults(leaving), "");
}

#[test]
fn expectations_that_nothing_meets() {
    insta::assert_snapshot!(check("{status: '200', calls: one, took: [1], outcome: 5, consumer: [app]}"), @r#"
    V110 it is a number, and "200" is a text, so that this cannot hold | remove the quotes
    V110 it is a number, and "one" is none, so that this cannot hold | write a number
    V110 it is a number, and [1] is none, so that this cannot hold | write a number
    V110 it is a text, and 5 is none, so that this cannot hold | write a text
    V110 it is a text, and ["app"] is none, so that this cannot hold | write a text
    "#);
    insta::assert_snapshot!(check("{status: 20, calls: -1, took: {between: [5, 1]}, usage: {input: {between: [-5, -1]}}}"), @"
    V110 it is never 20, so that this cannot hold | it is from 100 to 599
    V110 it is never -1, so that this cannot hold | it is from 0 on
    V110 nothing lies between 5 and 1, so that this cannot hold | write the smaller number first
    V110 it is never from -5 to -1, so that this cannot hold | it is from 0 on
    ");
    insta::assert_snapshot!(check("{status: {contains: 2}, calls: {length: 1}, took: {secret: key-a}, route: {between: [1, 2]}}"), @"
    V110 a number contains nothing, so that this cannot hold | write the number, or `{between: [least, most]}`
    V110 a number has no length, so that this cannot hold | write the number
    V110 no secret stands here, so that this cannot hold | expect secrets of headers that were sent
    V110 it is a text and no number, so that this cannot hold | write the text
    ");
    insta::assert_snapshot!(check("{route: {regex: zzz}, model: {contains: zzz}, headers: {x: [1], y: {contains: 5}}, stream: {first: {about: 5, within: -1}}}"), @"
    V110 `zzz` is found in the name of no Route, so that this cannot hold | write what is in a name that there is
    V110 `zzz` is in the name of no Model, so that this cannot hold | write what is in a name that there is
    V110 it is a text, and [1] is none, so that this cannot hold | write a text
    V110 it is a text, and 5 is none, so that this cannot hold | write a text
    V110 nothing is nearer than not at all, so that this cannot hold | write how far it may be off as a positive number
    ");
    insta::assert_snapshot!(check("{status: {absent: true}, body: {/a: {length: '2'}}, route: {regex: '('}, target: {oneOf: [p/a/m, p/z/m]}}"), @r#"
    V110 it is always there, so that this cannot hold | say what it must be
    V110 it is a number, and "2" is a text, so that this cannot hold | remove the quotes
    V108 `(` is not a regular expression: unclosed group | it is in the syntax of Rust's `regex` crate
    V102 there is no target `p/z/m` | did you mean `p/a/m`?
    "#);
}

#[test]
fn shares_that_cannot_be_missed_or_met() {
    let sample = |times: u32, shares: &str| {
        let said = faults(&format!(
            "- {{sample: {{of: hello, as: app, times: {times}}}, upstream: {{p/a: ok}}, expect: {{shares: {shares}}}}}"
        ));
        said.lines().map(|line| line.split_once(' ').unwrap_or_default().1).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(sample(100, "{by: target, p/a/m: 50%}"), "");
    insta::assert_snapshot!(sample(10, "{by: target, p/a/m: 50%}"), @"V104 with 10 requests any share is within 50% ± 63%, so that this cannot fail | send more, or say a smaller `within`");
    insta::assert_snapshot!(sample(1000, "{by: target, p/a/m: 50%, within: 60%}"), @"V104 with 1000 requests any share is within 50% ± 60%, so that this cannot fail | send more, or say a smaller `within`");
    insta::assert_snapshot!(sample(1000, "{by: target, p/a/m: 80%, p/b/m: 30%}"), @"V110 these shares are more than 100 % together | make them less");
    insta::assert_snapshot!(sample(1000, "{by: target, p/a/m: 800, p/b/m: 300}"), @"V110 these are 1100 requests together, and 1000 are sent | make them less, or send more");
    insta::assert_snapshot!(sample(1000, "{by: target, p/a/m: 800, within: 5%}"), @"V107 numbers of requests are exact: `within` does nothing here | take it out, or write shares such as `80%`");
    insta::assert_snapshot!(sample(1000, "{by: target}"), @"V104 no share is expected, so that this cannot fail | name a value and its share: `aoai/eastus/gpt-4o: 80%`");
    insta::assert_snapshot!(sample(1000, "{by: status, ok: 5}"), @"V108 `ok` is not a status | write one such as `200`");
}

#[test]
fn steps_behind_the_last_request_prove_nothing() {
    insta::assert_snapshot!(faults("
- {as: app, upstream: {p/a: ok}, steps: [{send: hello, expect: {status: 200}}, {advance: 5s}]}
- {as: app, upstream: {p/a: ok}, steps: [{as: app, send: hello, expect: {status: 200}}]}"), @"
    1:80 V104 nothing is sent after this step, so that it proves nothing | add a step with `send` and `expect`, or take this one out
    2:8 V107 `app` asks nothing: every step says who asks | take it out here or in the steps
    ");
}

#[test]
fn names_stand_once() {
    insta::assert_snapshot!(faults("
- {name: one, as: app, send: hello, upstream: {p/a: ok}, expect: {status: 200, snapshot: s}}
- {name: one, as: app, send: hello, upstream: {p/a: ok}, expect: {status: 200, body: {snapshot: s}}}"), @"
    2:3 V105 there are two cases of the name `one` | give one of them another name
    2:97 V105 there are two snapshots of the name `s` | give one of them another name
    ");
}
