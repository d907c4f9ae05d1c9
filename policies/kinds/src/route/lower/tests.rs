use insta::{assert_json_snapshot, assert_snapshot};

use crate::testing::{findings, program};

/// Routes with policies that let callers in, for what is tested beside that.
fn routes(specs: &[&str]) -> String {
    let route = |(index, spec): (usize, &&str)| {
        format!("kind: Route\nmetadata: {{name: r{index}}}\nspec: {{policies: [front-door, all], {spec}}}\n")
    };
    specs.iter().enumerate().map(route).collect::<Vec<_>>().join("---\n")
}

#[test]
fn a_route_serves_something_that_exists() {
    let yaml = routes(&[
        "surfaces: [openai], serve: {}",
        "surfaces: [openai], serve: {models: [chat], http: up}",
        "surfaces: [openai], serve: {models: [cht, chat, chat], default: embed, path: /x}",
        "serve: {models: [chat]}",
        "surfaces: [openai], operations: [chat], serve: {http: up/c, default: chat}, matches: [{}]",
        "serve: {http: up/a, path: '/{x}'}",
        "serve: {http: nope}, matches: [{path: x}]",
        "surfaces: [openai], operations: [chat, embeddings], serve: {models: [chat]}, hosts: [a.example]",
        "surfaces: [openai], serve: {models: [chat]}, matches: [{path: /x}, {methods: [PUT]}], hosts: ['https://x', b.example, b.example]",
    ]);
    assert_snapshot!(findings(&yaml), @"
    4:57 C032 the route serves nothing | write `models: [NAME]` or `http: PROVIDER`
    9:65 C032 a route serves either `models` or `http` | make it two routes
    14:74 R112 there is no Model `cht` | did you mean `chat`?
    14:85 C031 `chat` stands twice in this list | remove one of them
    14:101 R112 `embed` is not one of the route's `models` | there are `cht`, `chat`, `chat`
    14:108 C032 `path` is for `http`; models have their own paths | remove it
    19:37 C032 a route that serves models needs `surfaces` | write `surfaces: [openai]`, or the dialects that clients speak
    24:37 C032 a route that serves `http` has no `surfaces` | remove it; the paths stand in `matches`
    24:57 C032 a route that serves `http` has no `operations` | remove it
    24:91 B202 the provider `up` has no endpoint `c` | did you mean `up/a`?
    24:97 C032 `default` is a model, and `http` has none | remove it
    24:123 C032 a route that serves `http` needs a `path` in every match | write `path: /score/*`
    29:37 C032 a route that serves `http` needs `matches` with paths | write `matches: [{path: /score/*}]`
    29:63 C032 `/{x}` has captures, which nothing fills | write a path, or one with `/*` at its end
    34:51 B202 there is no Provider `nope` | there are `up`
    34:75 C027 `x` is not a path: it does not begin with `/` | write `/exact`, `/prefix/*` or `/with/{captures}`
    39:76 R119 none of `chat` does `embeddings` | serve a model that does, or remove the operation
    44:93 C032 a route that serves models has the paths of its `surfaces` | remove it; `matches` add conditions to the stock paths of `surfaces`
    44:114 C032 none of the route's stock paths has any of these methods | stock paths have their own methods: `POST`, and `GET` for the list of models
    44:131 C027 `https://x` is not a host | write `ai.example.com` or `*.example.com`, without scheme and port
    44:155 C031 `b.example` stands twice in this list | remove one of them
    ");
}

#[test]
fn matches_are_values_that_can_be_matched() {
    let yaml = routes(&["serve: {http: up}, matches: [
    {path: 'a'}, {path: '/a/../b'}, {path: '/a//b'}, {path: '/*/a'}, {path: '/a{b}'}, {path: '/{a}/*'}, {path: '/a%20'}, {path: '/a?b'},
    {path: /x, headers: {'a b': x, X-A: x, x-a: y, x-b: {regex: '(?=a)'}}}]"]);
    assert_snapshot!(findings(&yaml), @"
    5:12 C027 `a` is not a path: it does not begin with `/` | write `/exact`, `/prefix/*` or `/with/{captures}`
    5:25 C027 `/a/../b` is not a path: it has empty segments or dots, which requests cannot have | write `/exact`, `/prefix/*` or `/with/{captures}`
    5:44 C027 `/a//b` is not a path: it has empty segments or dots, which requests cannot have | write `/exact`, `/prefix/*` or `/with/{captures}`
    5:61 C027 `/*/a` is not a path: a `*` stands only at the end, behind a `/` | write `/exact`, `/prefix/*` or `/with/{captures}`
    5:77 C027 `/a{b}` is not a path: a capture is a whole segment, `{name}` in letters, digits and `_` | write `/exact`, `/prefix/*` or `/with/{captures}`
    5:94 C027 `/{a}/*` is not a path: captures and a `*` at the end cannot stand together | write `/exact`, `/prefix/*` or `/with/{captures}`
    5:112 C027 `/a%20` is not a path: it holds a character that no path has once it is decoded | write `/exact`, `/prefix/*` or `/with/{captures}`
    5:129 C027 `/a?b` is not a path: it holds a character that no path has once it is decoded | write `/exact`, `/prefix/*` or `/with/{captures}`
    6:26 C027 `a b` is not the name of a header | write letters, digits and `-`
    6:44 C031 `x-a` stands twice in this mapping | remove one of them
    6:65 C027 `(?=a)` is not a regular expression: look-around, including look-ahead and look-behind, is not supported | look-around and back-references do not exist here, so that matching takes linear time
    ");
}

#[test]
fn access_is_written_one_way_or_the_other() {
    let yaml = "kind: Gateway
metadata: {name: g}
spec:
  attach: [{policies: [front-door, all, fair], routes: {labels: {open: 'no'}}}]
---
kind: Authorization
metadata: {name: watched}
spec: {mode: shadow, rules: [{name: a, allow: {}}]}
---
kind: Route
metadata: {name: a}
spec: {hosts: [a.example], surfaces: [openai], serve: {models: [chat]}}
---
kind: Route
metadata: {name: b, labels: {open: 'no'}}
spec: {hosts: [b.example], surfaces: [openai], serve: {models: [chat]}, anonymous: true, authorization: open}
---
kind: Route
metadata: {name: c}
spec: {hosts: [c.example], surfaces: [openai], serve: {models: [chat]}, policies: [front-door, watched]}
---
kind: Route
metadata: {name: d, labels: {open: 'no'}}
spec:
  hosts: [d.example]
  surfaces: [openai]
  serve: {models: [chat]}
  policies: [fair]
  detach: [{policy: all, reason: x}, {policy: house, reason: x}, {policy: nope, reason: x}]
---
kind: Route
metadata: {name: e, labels: {open: 'no'}}
spec: {hosts: [e.example], surfaces: [openai], serve: {models: [chat]}, detach: [{policy: fair, reason: tested elsewhere}]}
";
    assert_snapshot!(findings(yaml), @"
    14:18 S620 nothing authenticates the callers of `a` | attach an Authentication, here or on the Gateway, or write `anonymous: true`
    14:18 S621 nothing authorizes the callers of `a` | attach an Authorization with `mode: enforce`, here or on the Gateway, or write `authorization: open`
    20:73 C032 the route is `anonymous: true`, and `front-door` authenticates its callers | detach the policy, or remove `anonymous: true`
    20:90 C032 the route is `authorization: open`, and `all` authorizes its callers | detach the policy, or remove `authorization: open`
    24:18 S621 nothing authorizes the callers of `c` | attach an Authorization with `mode: enforce`, here or on the Gateway, or write `authorization: open`
    34:14 C031 the Gateway gives this route `fair` already | remove one of them
    35:21 C034 `all` is not detachable | whoever owns the policy may write `detachable: true` in its `spec`
    35:47 C034 the Gateway does not give `house` to this route | remove it from `detach`
    35:75 C030 there is no policy `nope` | there are `front-door`, `all`, `fair`, `house`, `watched`
    ");
}

#[test]
fn policies_fit_what_the_route_serves() {
    let yaml = "kind: Limit
metadata: {name: by-model}
spec: {per: model, rules: [{name: a, concurrency: 1}]}
---
kind: Route
metadata: {name: a}
spec: {serve: {http: up}, matches: [{path: /a}], policies: [front-door, all, by-model, {use: house, with: {product: x}}]}
---
kind: Route
metadata: {name: b}
spec: {surfaces: [openai], serve: {models: [embed]}, policies: [front-door, all, {use: house, with: {product: x}}]}
";
    assert_snapshot!(findings(yaml), @"
    9:78 C032 `by-model` is counted once the model is known, and a route that serves `http` has none | remove it from this route
    9:94 C032 `house` is a prompt, and a route that serves `http` has none | remove it from this route
    14:88 C032 `house` has messages, and the route serves no chat | remove it from this route
    ");
}

#[test]
fn models_of_a_route_have_names_of_their_own_and_fallbacks_within_it() {
    let models = "kind: Model
metadata: {name: one}
spec: {names: [gpt, 'gpt-*'], targets: [{target: up/m}], fallback: [chat]}
---
kind: Model
metadata: {name: two}
spec: {names: ['gpt-*', gpt], targets: [{target: up/m}]}
---
";
    let yaml = format!("{models}{}", routes(&["surfaces: [openai], serve: {models: [one, two]}"]));
    assert_snapshot!(findings(&yaml), @"
    14:74 R118 `one` falls back to `chat`, which this route does not serve | add `chat` to `models`: a fallback goes only where the route lets its callers go
    14:79 R117 `gpt-*` means both `one` and `two` on this route | serve one of them, or take the name from the other
    14:79 R117 `gpt` means both `one` and `two` on this route | serve one of them, or take the name from the other
    ");
}

#[test]
fn the_gateways_policies_come_first_and_none_twice() {
    let yaml = "kind: Gateway
metadata: {name: g}
spec:
  policies: [front-door, all, {use: house, with: {product: x}}]
  attach: [{policies: [fair], routes: {names: [a]}}]
---
kind: Limit
metadata: {name: own}
spec: {per: global, rules: [{name: a, concurrency: 1}]}
---
kind: Route
metadata: {name: a}
spec: {surfaces: [openai], serve: {models: [chat, embed], default: chat}, policies: [own]}
---
kind: Route
metadata: {name: b}
spec: {serve: {http: up/b, path: /y/*}, matches: [{path: /x/*, methods: [POST, GET]}]}
";
    assert_json_snapshot!(program(yaml).routes, @r#"
    [
      {
        "origin": {
          "name": "a",
          "place": [
            1,
            15,
            18
          ]
        },
        "labels": {},
        "serve": {
          "models": {
            "models": [
              0,
              1
            ],
            "default": 0
          }
        },
        "authentication": [
          0
        ],
        "anonymous": false,
        "authorization_open": false,
        "class": "standard",
        "wider": {
          "authorization": [
            0
          ],
          "limits": [
            0
          ],
          "prompts": [
            {
              "prompt": 0,
              "with": [
                [
                  "product",
                  {
                    "value": "x"
                  }
                ]
              ],
              "place": [
                1,
                5,
                37
              ]
            }
          ]
        },
        "own": {
          "limits": [
            1
          ]
        }
      },
      {
        "origin": {
          "name": "b",
          "place": [
            1,
            20,
            18
          ]
        },
        "labels": {},
        "serve": {
          "http": {
            "provider": 0,
            "endpoints": [
              1
            ],
            "path": "/y/*"
          }
        },
        "authentication": [
          0
        ],
        "anonymous": false,
        "authorization_open": false,
        "class": "standard",
        "wider": {
          "authorization": [
            0
          ]
        },
        "own": {}
      }
    ]
    "#);
}

#[test]
fn rows_stand_in_the_order_of_precedence() {
    let yaml = routes(&[
        "surfaces: [openai, azure-openai], serve: {models: [chat]}, hosts: [b.example, '*.b.example']",
        "serve: {http: up}, hosts: [a.example], matches: [{path: /x/*}, {path: /x/y/*}, {path: /x/y}, {path: '/x/{z}'}, {path: '/{z}/y/w'}, {path: /*}]",
        "serve: {http: up}, matches: [{path: /q}, {path: /q, methods: [GET]}, {path: /q, headers: {a: b}}, {path: /q, headers: {a: b}, query: {c: {present: true}}}]",
        "serve: {http: up}, priority: 5, matches: [{path: /q}, {path: /q, when: request.method == \"PUT\"}]",
    ]);
    let program = program(&yaml);
    let rows: Vec<String> = program
        .matches
        .iter()
        .map(|row| {
            let conditions = row.headers.len() + row.query.len() + usize::from(row.when.is_some());
            format!("r{} {:?} {:?} {:?} {conditions} {}", row.route.0, row.host, row.path, row.methods, row.operation.as_str())
        })
        .collect();
    assert_snapshot!(rows.join("\n"), @r#"
    r0 Exact("b.example") Exact("/openai/v1/chat/completions") ["POST"] 0 chat
    r0 Exact("b.example") Exact("/openai/v1/models") ["GET"] 0 models
    r0 Exact("b.example") Exact("/v1/chat/completions") ["POST"] 0 chat
    r0 Exact("b.example") Exact("/v1/models") ["GET"] 0 models
    r1 Exact("a.example") Exact("/x/y") [] 0 http
    r0 Exact("b.example") Captures([Literal("openai"), Literal("deployments"), Capture("deployment"), Literal("chat"), Literal("completions")]) ["POST"] 0 chat
    r0 Exact("b.example") Captures([Literal("openai"), Literal("v1"), Literal("models"), Capture("model")]) ["GET"] 0 models
    r0 Exact("b.example") Captures([Literal("v1"), Literal("models"), Capture("model")]) ["GET"] 0 models
    r1 Exact("a.example") Captures([Capture("z"), Literal("y"), Literal("w")]) [] 0 http
    r1 Exact("a.example") Captures([Literal("x"), Capture("z")]) [] 0 http
    r1 Exact("a.example") Prefix("/x/y") [] 0 http
    r1 Exact("a.example") Prefix("/x") [] 0 http
    r1 Exact("a.example") Prefix("/") [] 0 http
    r0 Suffix(".b.example") Exact("/openai/v1/chat/completions") ["POST"] 0 chat
    r0 Suffix(".b.example") Exact("/openai/v1/models") ["GET"] 0 models
    r0 Suffix(".b.example") Exact("/v1/chat/completions") ["POST"] 0 chat
    r0 Suffix(".b.example") Exact("/v1/models") ["GET"] 0 models
    r0 Suffix(".b.example") Captures([Literal("openai"), Literal("deployments"), Capture("deployment"), Literal("chat"), Literal("completions")]) ["POST"] 0 chat
    r0 Suffix(".b.example") Captures([Literal("openai"), Literal("v1"), Literal("models"), Capture("model")]) ["GET"] 0 models
    r0 Suffix(".b.example") Captures([Literal("v1"), Literal("models"), Capture("model")]) ["GET"] 0 models
    r2 Any Exact("/q") ["GET"] 0 http
    r2 Any Exact("/q") [] 2 http
    r2 Any Exact("/q") [] 1 http
    r3 Any Exact("/q") [] 1 http
    r3 Any Exact("/q") [] 0 http
    r2 Any Exact("/q") [] 0 http
    "#);
}
