use crate::testing::findings;

/// The request that two `http` routes share with nothing between them, as the finding shows it; empty where there is none.
fn check(one: &str, other: &str, request: &str) {
    let route = |name: &str, spec: &str| {
        format!(
            "kind: Route\nmetadata: {{name: {name}}}\nspec: {{serve: {{http: up}}, anonymous: true, authorization: open, {spec}}}\n"
        )
    };
    for (one, other) in [(one, other), (other, one)] {
        let yaml = format!("{}---\n{}", route("a", one), route("b", other));
        let found = findings(&yaml);
        let shown = found.split_once('[').map_or("", |(_, request)| request.trim_end_matches(']'));
        assert_eq!(shown, request, "{one} and {other}: {found}");
        assert_eq!(found.contains("R103"), !request.is_empty(), "{found}");
    }
}

#[test]
fn a_tie_that_a_request_can_reach_is_shown_with_it() {
    check("matches: [{path: /x}]", "matches: [{path: /x}]", "GET /x");
    check(
        "hosts: ['*.a.example'], matches: [{path: /x/*}]",
        "hosts: ['*.a.example'], matches: [{path: /x/*}]",
        "GET /x/x, host: a.a.example",
    );
    check("matches: [{path: '/x/{a}'}]", "matches: [{path: '/{b}/y'}]", "GET /x/y");
    check("matches: [{path: /x, methods: [PUT, POST]}]", "matches: [{path: /x, methods: [POST]}]", "POST /x");
    check("matches: [{path: /x, headers: {a: b}}]", "matches: [{path: /x, headers: {c: d}}]", "GET /x, a: b, c: d");
    check("matches: [{path: /x, headers: {a: b}}]", "matches: [{path: /x, query: {c: d}}]", "GET /x?c=d, a: b");
    check("matches: [{path: /x, headers: {a: {prefix: b}}}]", "matches: [{path: /x, headers: {a: bc}}]", "GET /x, a: bc");
    check("matches: [{path: /x, headers: {a: {regex: 'b+'}}}]", "matches: [{path: /x, headers: {a: bb}}]", "GET /x, a: bb");
    check(
        "matches: [{path: /x, headers: {a: {prefix: b}}}]",
        "matches: [{path: /x, headers: {a: {prefix: bcd}}}]",
        "GET /x, a: bcd",
    );
    check("matches: [{path: /x, headers: {a: {absent: true}}}]", "matches: [{path: /x, headers: {a: {absent: true}}}]", "GET /x");
    check("matches: [{path: /x, when: request.path == \"/x\"}]", "matches: [{path: /x}]", "GET /x, while request.path == \"/x\"");
}

#[test]
fn what_decides_or_excludes_is_no_tie() {
    check("matches: [{path: /x}]", "matches: [{path: /y}]", "");
    check("matches: [{path: /x}]", "matches: [{path: /x/*}]", "");
    check("matches: [{path: /x}], priority: 1", "matches: [{path: /x}]", "");
    check("hosts: [a.example], matches: [{path: /x}]", "hosts: ['*.example'], matches: [{path: /x}]", "");
    check("hosts: [a.example], matches: [{path: /x}]", "hosts: [b.example], matches: [{path: /x}]", "");
    check("matches: [{path: /x, methods: [PUT]}]", "matches: [{path: /x, methods: [POST]}]", "");
    check("matches: [{path: /x, methods: [PUT]}]", "matches: [{path: /x}]", "");
    check("matches: [{path: /x, headers: {a: b}}]", "matches: [{path: /x, headers: {a: c}}]", "");
    check("matches: [{path: /x, headers: {a: b}}]", "matches: [{path: /x, headers: {a: {absent: true}}}]", "");
    check("matches: [{path: /x, headers: {a: {prefix: b}}}]", "matches: [{path: /x, headers: {a: {prefix: c}}}]", "");
    check("matches: [{path: /x, headers: {a: {regex: b}}}]", "matches: [{path: /x, headers: {a: c}}]", "");
    check("matches: [{path: '/x/{a}'}]", "matches: [{path: '/y/{a}'}]", "");
    check("matches: [{path: /x, when: request.path == \"/x\"}]", "matches: [{path: /x, when: request.path == \"/y\"}]", "");
}
