use insta::assert_snapshot;

use crate::testing::{findings, program};

#[test]
fn parameters_are_bounded_by_their_types() {
    let yaml = "kind: Gateway
metadata: {name: g}
spec:
  parameters:
    a: {type: url}
    b: {type: url, hosts: ['*.x', 'a b', 'https://x'], test: 'https://y.z', min: 1}
    c: {type: string, pattern: '(', max: 3}
    d: {type: string, pattern: 'a+', test: b, hosts: [x]}
    e: {type: integer}
    f: {type: integer, min: 5, max: 4}
    g: {type: integer, max: 4, test: 7, maxLength: 4}
    h: {type: string, maxLength: 3, test: 12345}
  cors: {origins: [{param: a}, {param: e}, {param: nope}, 'https://x.example/', 'x', '*']}
";
    assert_snapshot!(findings(yaml), @r#"
    6:5 C036 a parameter of type `url` names its `hosts` | write the hosts that may be reached, such as `hosts: ["*.openai.azure.com"]`
    7:35 C027 `a b` is not a host | write `host.example.com` or `*.example.com`
    7:42 C027 `https://x` is not a host | write `host.example.com` or `*.example.com`
    7:62 C036 the host `y.z` is not one of `*.x`, `a b`, `https://x` | give a value within the parameter's own bounds
    7:77 C032 `min` means nothing for a parameter of this type | remove it
    8:32 C027 `(` is not a regular expression: unclosed group | look-around and back-references do not exist here, so that matching takes linear time
    8:37 C032 `max` means nothing for a parameter of this type | remove it
    9:44 C036 the value does not match `a+` | give a value within the parameter's own bounds
    9:47 C032 `hosts` means nothing for a parameter of this type | remove it
    10:5 C036 a parameter of type `integer` has a `max` | write `max: …`
    11:29 C036 `min` is 5 and `max` is 4 | no value would fit; swap them
    12:38 C036 the value must be a whole number from 0 to 4 | give a value within the parameter's own bounds
    12:41 C032 `maxLength` means nothing for a parameter of this type | remove it
    13:43 C036 the value is longer than 3 characters | give a value within the parameter's own bounds
    14:40 C036 the parameter `e` is not of type `string` or `url` | declare another one, or change its `type`
    14:52 C030 the Gateway declares no parameter `nope` | there are `a`, `b`, `c`, `d`, `e`, `f`, `g`, `h`
    14:59 C027 `https://x.example/` is not an origin | write scheme and host, such as `https://portal.example.com`, or `*`
    14:81 C027 `x` is not an origin | write scheme and host, such as `https://portal.example.com`, or `*`
    "#);
}

#[test]
fn what_cannot_work_is_refused() {
    let yaml = "kind: Gateway
metadata: {name: g}
spec:
  policies: [front-dor, chat, fair, fair, {use: house, with: {produkt: x}}, {use: fair, with: {a: 1}}]
  attach:
    - {policies: [all], routes: {names: [nope]}}
    - {policies: [nope], routes: {}}
  bounds: {body: 10B, headers: 2MiB, event: 1GiB, clientIdle: 1ms, requestTime: 0s}
  forwardHeaders: [Host, 'a b', X-Ok, Connection]
  errors: [{code: rate_limited}, {code: invalid_json, status: 422}, {code: invalid_json, status: 400}]
";
    assert_snapshot!(findings(yaml), @"
    5:14 C030 there is no policy `front-dor` | did you mean `front-door`?
    5:25 C030 `chat` is a Model, not a policy | there are `front-door`, `all`, `fair`, `house`
    5:37 C031 `fair` stands twice in this list | remove one of them
    5:49 T412 the prompt `house` needs a value for `product` | write `{use: house, with: {product: …}}`
    5:63 T412 the prompt `house` has no parameter `produkt` | did you mean `product`?
    5:83 C031 `fair` stands twice in this list | remove one of them
    7:42 C030 there is no Route `nope` | none is declared
    8:19 C030 there is no policy `nope` | there are `front-door`, `all`, `fair`, `house`
    8:26 C032 the selector names neither labels nor routes | write `labels` or `names`; policies of every route stand in the Gateway's `policies`
    9:18 C027 `body` is from 1KiB to 1GiB, not 10B | choose a size within these bounds
    9:32 C027 `headers` is from 1KiB to 1MiB, not 2MiB | choose a size within these bounds
    9:45 C027 `event` is from 1KiB to 64MiB, not 1GiB | choose a size within these bounds
    9:63 C027 `clientIdle` is at least 100ms, not 1ms | choose a longer time
    9:81 C027 `requestTime` is at least 100ms, not 0ms | choose a longer time
    10:20 C027 `host` belongs to one connection or message and cannot be forwarded | remove it
    10:26 C027 `a b` is not the name of a header | write letters, digits and `-`
    10:39 C027 `connection` belongs to one connection or message and cannot be forwarded | remove it
    11:12 C032 this changes nothing about `rate_limited` | write `status` or `body`
    11:76 C031 `invalid_json` stands twice in `errors` | join the two
    ");
}

#[test]
fn everything_has_a_default_and_lists_are_settled() {
    let bare = program("kind: Consumer\nmetadata: {name: a}\nspec: {}\n").gateway;
    let written = "kind: Gateway\nmetadata: {name: gateway}\nspec: {forwardHeaders: [X-B, x-a, x-b], trustedProxies: [10.0.0.0/8, 192.0.2.1]}\n";
    let written = program(written).gateway;
    assert_eq!(written.forward_headers, ["x-a", "x-b"]);
    assert_eq!(written.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "192.0.2.1/32"]);
    assert_eq!(written.bounds, bare.bounds);
    assert_eq!(bare.name, "gateway");
}

#[test]
fn load_is_shared_out_by_class_and_ascends() {
    let load = |load: &str| format!("kind: Gateway\nmetadata: {{name: g}}\nspec: {{load: {load}}}\n");
    let plan = program(&load("{concurrency: 2000}")).gateway.load.map(|load| (load.background, load.standard, load.critical));
    assert_eq!(plan, Some((1000, 1600, 2000)));
    let plan = program(&load("{concurrency: 3, classes: {background: 33.4%, standard: 99%}}")).gateway.load;
    assert_eq!(plan.map(|load| (load.background, load.standard, load.critical)), Some((1, 2, 3)));
    assert_snapshot!(findings(&load("{concurrency: 100, classes: {background: 90%, critical: 70%}}")), @"
    4:42 C032 `background` has 90% and `standard`, which is to be refused later, 80% | give `standard` at least 90%, or `background` at most 80%
    4:42 C032 `standard` has 80% and `critical`, which is to be refused later, 70% | give `critical` at least 80%, or `standard` at most 70%
    ");
    assert_snapshot!(findings(&load("{concurrency: 1}")), @"
    4:14 C032 50% of 1 requests is less than one: `background` would never be let in | choose a larger share, or a larger `concurrency`
    4:14 C032 80% of 1 requests is less than one: `standard` would never be let in | choose a larger share, or a larger `concurrency`
    ");
}

#[test]
fn requests_of_one_address_are_counted_over_a_second_to_an_hour() {
    let yaml = |rate: &str| format!("kind: Gateway\nmetadata: {{name: g}}\nspec: {{bounds: {{requestsPerAddress: {rate}}}}}\n");
    let rate = program(&yaml("{requests: 600, window: 1m}")).gateway.bounds.requests_per_address;
    assert_eq!(rate.map(|rate| (rate.requests, rate.window)), Some((600, aigw_core::Millis::from_secs(60))));
    assert_snapshot!(findings(&yaml("{requests: 600, window: 999ms}")), @"4:61 C027 `window` is from 1s to 1h, not 999ms | choose a window within these bounds; a Limit with `per: ip` counts in longer ones");
    assert_snapshot!(findings(&yaml("{requests: 600, window: 2h}")), @"4:61 C027 `window` is from 1s to 1h, not 2h | choose a window within these bounds; a Limit with `per: ip` counts in longer ones");
}
