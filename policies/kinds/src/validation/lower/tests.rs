use insta::assert_snapshot;

use crate::testing::{findings, program};
use crate::validation::CheckKind;

#[test]
fn everything_that_is_written_can_decide() {
    let yaml = "kind: Gateway
metadata: {name: g}
spec: {bounds: {body: 1MiB}}
---
kind: Validation
metadata: {name: a}
spec: {description: Nothing.}
---
kind: Validation
metadata: {name: b}
spec: {body: 1MiB, jsonDepth: 64, contentTypes: [application/json, text, text/, 'a/b;c', Application/JSON, image/*]}
---
kind: Validation
metadata: {name: c}
spec: {body: 0B, addresses: {}}
---
kind: Validation
metadata: {name: d}
spec: {addresses: {allow: [10.0.0.0/8, 10.1.0.0/16, 192.168.1.7], deny: [192.168.1.0/24, 172.16.0.0/12, 10.2.0.0/16]}}
---
kind: Validation
metadata: {name: e}
spec: {addresses: {deny: ['::ffff:10.0.0.0/104', 10.0.0.5]}}
";
    assert_snapshot!(findings(yaml), @"
    9:1 C032 the validation judges nothing | write one of `addresses`, `contentTypes`, `body`, `jsonDepth`, `messages`, `schema`, `signatures`
    14:14 C032 the Gateway's bound on `body` is 1MiB already, so this never decides | write less, or remove it
    14:31 C032 the Gateway's bound on `jsonDepth` is 64 already, so this never decides | write less, or remove it
    14:68 C027 `text` is not a content type | write `application/json`, or `image/*` for every image
    14:74 C027 `text/` is not a content type | write `application/json`, or `image/*` for every image
    14:81 C027 `a/b;c` is not a content type | write `application/json`, or `image/*` for every image
    14:90 C031 `Application/JSON` stands twice in this list | remove one of them
    19:14 C027 no body is that short | write a size, such as `1MiB`
    19:18 C032 every address may call | write `allow` or `deny`
    24:40 C031 `10.1.0.0/16` stands in this list already, as `10.0.0.0/8` | remove it
    24:53 C032 nobody in `192.168.1.7/32` may call: `deny` has `192.168.1.0/24` | remove one of them
    24:90 C032 `172.16.0.0/12` is in no network of `allow`, so it is refused already | remove it
    29:50 C031 `10.0.0.5/32` stands in this list already, as `10.0.0.0/8` | remove it
    ");
}

#[test]
fn a_route_is_under_what_can_judge_its_requests() {
    let yaml = "kind: Validation
metadata: {name: chatty}
spec: {messages: 5, addresses: {deny: [10.0.0.1]}}
---
kind: Validation
metadata: {name: short}
spec: {body: 1KiB}
---
kind: Validation
metadata: {name: images}
spec: {contentTypes: [image/*]}
---
kind: Validation
metadata: {name: any}
spec: {contentTypes: [application/*, image/*], body: 5KiB}
---
kind: Route
metadata: {name: vectors}
spec: {surfaces: [openai], serve: {models: [embed]}, policies: [front-door, all, chatty, images, any]}
---
kind: Route
metadata: {name: list}
spec: {surfaces: [azure-openai], operations: [models], serve: {models: [chat]}, policies: [front-door, all, short]}
---
kind: Route
metadata: {name: score}
spec: {matches: [{path: /score}], serve: {http: up}, policies: [front-door, all, chatty, images, short, any]}
";
    assert_snapshot!(findings(yaml), @"
    24:82 C032 `chatty` bounds `messages`, and the route serves no chat | remove it from this route
    24:90 C032 `images` refuses every request here: models take `application/json`, which `contentTypes` does not have | remove it from this route
    29:109 C032 `short` judges bodies, and the requests of the route have none | remove it from this route
    34:82 C032 `chatty` bounds `messages`, and the route serves no chat | remove it from this route
    ");
}

#[test]
fn a_wider_scope_gives_what_of_it_applies() {
    let yaml = "kind: Gateway
metadata: {name: g}
spec: {policies: [front-door, all, chatty, both, off]}
---
kind: Validation
metadata: {name: both}
spec: {messages: 5, body: 1KiB}
---
kind: Validation
metadata: {name: chatty}
spec: {messages: 5, mode: shadow}
---
kind: Validation
metadata: {name: off}
spec: {messages: 5, mode: disabled}
---
kind: Route
metadata: {name: talk}
spec: {surfaces: [openai], serve: {models: [chat]}}
---
kind: Route
metadata: {name: list}
spec: {surfaces: [azure-openai], operations: [models], serve: {models: [chat]}}
---
kind: Route
metadata: {name: score}
spec: {matches: [{path: /score}], serve: {http: up}}
";
    let program = program(yaml);
    let names: Vec<(&str, Vec<&str>)> = (program.routes.iter())
        .map(|route| {
            let names = route.validations().filter_map(|id| id.of(&program)).map(|plan| plan.origin.name.as_str());
            (route.origin.name.as_str(), names.collect())
        })
        .collect();
    assert_eq!(names, [("list", vec![]), ("score", vec!["both"]), ("talk", vec!["chatty", "both"])]);
}

#[test]
fn networks_are_compared_as_addresses_come() {
    let yaml = "kind: Validation
metadata: {name: a}
spec: {addresses: {allow: [10.1.2.3/8, '::ffff:192.168.0.0/112', '2001:db8::1']}}
";
    let program = program(yaml);
    let checks = program.validations.iter().flat_map(|plan| &plan.checks);
    let networks: Vec<String> = checks
        .flat_map(|check| match &check.what {
            CheckKind::Addresses { allow, .. } => allow.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        })
        .collect();
    assert_eq!(networks, ["10.0.0.0/8", "192.168.0.0/16", "2001:db8::1/128"]);
}

#[test]
fn schemas_are_compiled_and_what_is_wrong_is_said_at_its_place() {
    let yaml = "kind: Validation
metadata: {name: a}
spec: {schema: schemas/chat.json, signatures: [sql, path, sql]}
---
kind: Validation
metadata: {name: b}
spec: {schema: schemas/remote.json}
---
kind: Validation
metadata: {name: c}
spec: {schema: schemas/broken.json}
---
kind: Validation
metadata: {name: d}
spec: {schema: schemas/chats.json}
---
kind: Validation
metadata: {name: e}
spec: {schema: schemas/chat.yaml}
";
    assert_snapshot!(findings(yaml), @"
    4:59 C031 `sql` stands twice in this list | remove one of them
    19:16 C035 the repository has no file `schemas/chats.json` | did you mean `schemas/chat.json`?
    24:16 C027 `schemas/chat.yaml` is not the path of a JSON Schema | name a file of the repository that ends in `.json`
    other file 3:1 C027 `schemas/broken.json` is not JSON: trailing comma
    other file 3:11 C027 `schemas/remote.json` is not a schema that can be judged: this leads out of the file, and nothing is fetched: move what is meant into `$defs`
    ");
}

#[test]
fn a_route_bounds_tighter_than_the_gateways_policies_do() {
    let yaml = "kind: Gateway
metadata: {name: g}
spec: {policies: [front-door, all, wide, shadow]}
---
kind: Validation
metadata: {name: wide}
spec: {body: 100KiB, messages: 20, jsonDepth: 32, detachable: true}
---
kind: Validation
metadata: {name: shadow}
spec: {body: 1KiB, mode: shadow}
---
kind: Validation
metadata: {name: tighter}
spec: {body: 50KiB, messages: 19, jsonDepth: 31, schema: schemas/chat.json}
---
kind: Validation
metadata: {name: as-wide}
spec: {body: 50KiB, messages: 20}
---
kind: Validation
metadata: {name: wider}
spec: {body: 1MiB}
---
kind: Validation
metadata: {name: deeper}
spec: {jsonDepth: 33}
---
kind: Route
metadata: {name: a}
spec: {surfaces: [openai], serve: {models: [chat]}, hosts: [a.example], policies: [tighter, as-wide, wider, deeper]}
---
kind: Route
metadata: {name: b}
spec: {surfaces: [openai], serve: {models: [chat]}, hosts: [b.example], detach: [{policy: wide, reason: large}], policies: [as-wide, wider, deeper]}
";
    assert_snapshot!(findings(yaml), @"
    39:93 C032 `as-wide` never decides on `messages` here: `wide` bounds it to 20 already | bound it tighter than the wider scope does, or remove it: a route cannot loosen a bound
    39:102 C032 `wider` never decides on `body` here: `wide` bounds it to 100KiB already | bound it tighter than the wider scope does, or remove it: a route cannot loosen a bound
    39:109 C032 `deeper` never decides on `jsonDepth` here: `wide` bounds it to 32 already | bound it tighter than the wider scope does, or remove it: a route cannot loosen a bound
    ");
}
