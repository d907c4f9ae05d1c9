//! Sensible policies next to each rule: what it must not say, and what it must.

use crate::testing::codes;

/// Documents of `kind/name: spec`, one a line; a line that begins with a space goes on with the one before.
fn check(documents: &str, expected: &[&str]) {
    let mut yaml = String::new();
    for line in documents.lines().filter(|line| !line.trim().is_empty()) {
        match line.strip_prefix(' ') {
            Some(more) => yaml.push_str(&format!("  {more}\n")),
            None => {
                let (head, spec) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
                let (kind, name) = head.split_once('/').unwrap_or((head, "main"));
                yaml.push_str(&format!("---\napiVersion: aigw.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"));
            }
        }
    }
    assert_eq!(codes(&yaml), expected, "{yaml}");
}

/// The same beside a mock, a model on it and an anonymous route that serves the model.
fn beside(documents: &str, expected: &[&str]) {
    check(&format!("{MOCK}\n{CHAT}\n{ROUTE}\n{documents}"), expected);
}

/// The same as policies of a route whose callers are known.
fn known(policies: &str, documents: &str, expected: &[&str]) {
    let route = format!(
        "Route/chat: {{surfaces: [openai], serve: {{models: [chat]}}, policies: [keys{policies}], authorization: open}}\n{KEYS}\n{APP}"
    );
    check(&format!("{MOCK}\n{CHAT}\n{route}\n{documents}"), expected);
}

const MOCK: &str = "Provider/lab: {type: mock}";
const CHAT: &str = "Model/chat: {targets: [{target: lab/small}]}";
const ROUTE: &str = "Route/chat: {surfaces: [openai], serve: {models: [chat]}, anonymous: true, authorization: open}";
const KEYS: &str = "Authentication/keys: {methods: {apiKey: {}}}";
const APP: &str = "Consumer/app: {roles: [app], credentials: [{apiKey: {id: a, sha256: 6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b}}]}";

/// One model with these settings.
fn model(settings: &str, expected: &[&str]) {
    check(&format!("{MOCK}\nModel/chat: {settings}\n{ROUTE}"), expected);
}

#[test]
fn weights() {
    model("{targets: [{target: lab/a, weight: 0}, {target: lab/b, weight: 1}]}", &[]);
    model("{targets: [{target: lab/a, weight: {param: share}}, {target: lab/b, weight: 0}]}", &[]);
    model(
        "{targets: [{target: lab/a, weight: 0}, {target: lab/b, weight: 1, priority: 2}, {target: lab/c, weight: 1, priority: 2}]}",
        &["R105"],
    );
    model("{targets: [{target: lab/a}, {target: lab/b}]}", &[]);
    model("{targets: [{target: lab/a}, {target: lab/b, priority: 2}]}", &[]);
    model("{targets: [{target: lab/a, weight: 3}, {target: lab/b}, {target: lab/c}]}", &["B211"]);
}

#[test]
fn retries() {
    model("{targets: [{target: lab/a}], retry: {retryOn: [408, 409, 425, 429, 500, 5xx, timeout, connect]}}", &[]);
    model("{targets: [{target: lab/a}], retry: {retryOn: [401]}}", &["B209"]);
    model("{targets: [{target: lab/a}], retry: {attempts: 1}}", &[]);
    model("{targets: [{target: lab/a}], retry: {attempts: 2, retryOn: [], budget: 10%}}", &["B218"]);
}

#[test]
fn targets_and_fallbacks() {
    model("{targets: [{target: lab/a, when: request.path == \"/x\"}, {target: lab/a}]}", &[]);
    model("{targets: [{target: lab/a}, {target: lab/a, priority: 2}]}", &[]);
    let mutual =
        "Model/one: {targets: [{target: lab/a}], fallback: [two]}\nModel/two: {targets: [{target: lab/b}], fallback: [one]}";
    let route = "Route/chat: {surfaces: [openai], serve: {models: [one, two]}, anonymous: true, authorization: open}";
    check(&format!("{MOCK}\n{mutual}\n{route}"), &[]);
    let conditional = "Model/one: {targets: [{target: lab/a, when: request.path == \"/x\"}], fallback: [two]}\nModel/two: {targets: [{target: lab/a}]}";
    check(&format!("{MOCK}\n{conditional}\n{route}"), &[]);
}

#[test]
fn stickiness() {
    let sticky = "sticky: {expr: identity.consumer ?? request.ip}";
    model(&format!("{{targets: [{{target: lab/a}}, {{target: lab/b}}], {sticky}}}"), &[]);
    model(&format!("{{targets: [{{target: lab/a}}, {{target: lab/b, priority: 2}}], {sticky}}}"), &["R114"]);
    model("{targets: [{target: lab/a}, {target: lab/b}], sticky: {expr: '\"same\"'}}", &["R114"]);
    let two = "Provider/two: {type: openai-compatible, endpoints: {a: {url: \"https://a.example.com\"}, b: {url: \"https://b.example.com\"}}}";
    check(&format!("{two}\nModel/chat: {{targets: [{{target: two/m}}], {sticky}}}\n{ROUTE}"), &[]);
    check(&format!("{two}\nModel/chat: {{targets: [{{target: two/a/m}}], {sticky}}}\n{ROUTE}"), &["R114"]);
}

#[test]
fn times() {
    let with = |gateway: &str, timeouts: &str, expected: &[&str]| {
        let provider = format!("Provider/lab: {{type: mock, timeouts: {timeouts}}}");
        check(&format!("Gateway/main: {{bounds: {{requestTime: {gateway}}}}}\n{provider}\n{CHAT}\n{ROUTE}"), expected);
    };
    with("60s", "{total: 20s}", &[]);
    with("60s", "{connect: 1s}", &[]);
    with("60s", "{total: 60s}", &[]);
    with("60s", "{total: 61s}", &["B210"]);
    with("60s", "{idle: 21s, total: 20s}", &["B210"]);
}

#[test]
fn credentials_of_upstreams() {
    let openai = |endpoint: &str, forward: &str| {
        format!(
            "Gateway/main: {{forwardHeaders: [{forward}]}}\nProvider/openai: {{type: openai, endpoints: {{main: {endpoint}}}}}\nModel/chat: {{targets: [{{target: openai/m}}]}}\n{ROUTE}"
        )
    };
    check(&openai("{url: \"http://127.0.0.1:8080/v1\"}", ""), &[]);
    check(&openai("{url: \"https://proxy.example.com/v1\"}", ""), &[]);
    check(&openai("{url: \"https://api.openai.com/v1\"}", ""), &["B220"]);
    check(&openai("{}", "authorization"), &["S622"]);
    check(&openai("{auth: {apiKey: {secret: openai}}}", ""), &["R116"]);
    let azure = |auth: &str| {
        let endpoint = format!("{{url: \"https://x.openai.azure.com\"{auth}}}");
        format!(
            "Provider/openai: {{type: azure-openai, endpoints: {{main: {endpoint}}}}}\nModel/chat: {{targets: [{{target: openai/m}}]}}\n{ROUTE}"
        )
    };
    check(&azure(""), &["B220"]);
    check(&azure(", auth: {managedIdentity: {}}"), &["R116"]);
}

#[test]
fn limits() {
    let per_ip = "per: ip, rules:";
    let limit = |rules: &str| format!("Limit/fair: {{{per_ip} [{rules}]}}");
    known(", fair", &limit("{name: a, requests: 60, window: 1m}, {name: b, requests: 3599, window: 1h}"), &[]);
    known(", fair", &limit("{name: a, requests: 60, window: 1m}, {name: b, requests: 3600, window: 1h}"), &["Q315"]);
    known(
        ", fair",
        &limit("{name: a, requests: 60, window: 1m, when: request.path == \"/x\"}, {name: b, requests: 3600, window: 1h}"),
        &[],
    );
    known(", fair", &limit("{name: a, mode: shadow, requests: 60, window: 1m}, {name: b, requests: 3600, window: 1h}"), &[]);
    known(
        ", fair",
        "Limit/fair: {per: {expr: 'identity.consumer ?? request.headers[\"x-user\"]'}, rules: [{name: a, requests: 60, window: 1m}]}",
        &[],
    );
    known(
        ", fair",
        "Limit/fair: {per: [ip, {expr: 'request.query[\"user\"]'}], rules: [{name: a, requests: 60, window: 1m}]}",
        &["Q304"],
    );
    known(", fair", "Limit/fair: {per: {expr: request.ip}, rules: [{name: a, requests: 60, window: 1m}]}", &[]);
}

#[test]
fn who_may_what() {
    let may = |rules: &str| format!("Authorization/may: {{rules: [{rules}]}}");
    let attached = |rules: &str, expected: &[&str]| {
        let route = "Route/chat: {surfaces: [openai], serve: {models: [chat]}, policies: [keys, may]}";
        check(&format!("{MOCK}\n{CHAT}\n{route}\n{KEYS}\n{APP}\n{}", may(rules)), expected);
    };
    attached("{name: all, allow: {}}, {name: none, roles: [app], deny: {operations: [embeddings]}}", &[]);
    attached("{name: all, mode: shadow, allow: {}}, {name: some, roles: [app], allow: {operations: [chat]}}", &[]);
    attached("{name: other, allow: {routes: [other]}}", &["S626"]);
    attached("{name: models, allow: {models: [\"chat*\", \"*\"]}}", &[]);
    attached("{name: only, roles: [apps], allow: {}}", &["S624"]);
    check(
        &format!(
            "{MOCK}\n{CHAT}\nRoute/chat: {{surfaces: [openai], serve: {{models: [chat]}}, policies: [may], anonymous: true}}\n{}",
            may("{name: only, roles: [app], allow: {}}")
        ),
        &["S610"],
    );
}

#[test]
fn strangers_and_money() {
    let paid = "Provider/openai: {type: openai, endpoints: {main: {auth: {apiKey: {secret: openai}}}}}\nModel/chat: {targets: [{target: openai/m}]}";
    let route = |more: &str| format!("{paid}\nRoute/chat: {{surfaces: [openai], serve: {{models: [chat]}}, {more}}}");
    let strangers = "Authentication/keys: {methods: {apiKey: {}, anonymous: true}}";
    check(&format!("{}\n{strangers}\n{APP}", route("policies: [keys], authorization: open")), &["R116"]);
    check(&format!("{}\n{KEYS}\n{APP}", route("policies: [keys], authorization: open")), &[]);
    let may = "Authorization/may: {rules: [{name: apps, roles: [app], allow: {}}]}";
    check(&format!("{}\n{strangers}\n{APP}\n{may}", route("policies: [keys, may]")), &[]);
}

#[test]
fn identity_on_routes_of_both_kinds() {
    let routes = "Route/a: {surfaces: [openai], hosts: [a.example.com], serve: {models: [chat]}, policies: [fair], anonymous: true, authorization: open}\n\
                  Route/b: {surfaces: [openai], hosts: [b.example.com], serve: {models: [chat]}, policies: [keys, fair], authorization: open}";
    let fair = "Limit/fair: {per: consumer, rules: [{name: rpm, requests: 60, window: 1m}]}";
    check(&format!("{MOCK}\n{CHAT}\n{routes}\n{fair}\n{KEYS}\n{APP}"), &[]);
}

#[test]
fn documents_that_are_of_use() {
    beside("Limit/later: {mode: disabled, per: ip, rules: [{name: rpm, requests: 60, window: 1m}]}", &[]);
    beside("Model/other: {targets: [{target: lab/other}]}", &["B201"]);
    check("Provider/lab: {type: mock}\nLimit/fair: {per: ip, rules: [{name: rpm, requests: 60, window: 1m}]}", &[]);
}

#[test]
fn matches() {
    let matching = |matches: &str, expected: &[&str]| {
        let provider = "Provider/score: {type: openai-compatible, endpoints: {main: {url: \"https://score.example.com\"}}}";
        check(
            &format!(
                "{provider}\nRoute/score: {{serve: {{http: score}}, anonymous: true, authorization: open, matches: [{matches}]}}"
            ),
            expected,
        );
    };
    matching("{path: /}", &[]);
    matching("{path: /score/}, {path: /score}", &[]);
    matching("{path: '/score/*'}", &[]);
    matching("{path: /score, headers: {x-team: {regex: 'team-.*'}}}", &[]);
    matching("{path: /score, headers: {x-team: {regex: '.*'}}}", &["R108"]);
    matching("{path: /score, query: {v: {regex: 1.2}}}", &["R107"]);
    matching("{path: /score, headers: {TE: trailers}}", &["R110"]);
    matching("{path: /score, when: request.path == \"/score\"}", &[]);
    matching("{path: /score, when: 'true || request.path == \"/score\"'}", &["R108"]);
}

#[test]
fn overlapping_routes() {
    let two = |one: &str, other: &str, expected: &[&str]| {
        let route = |name: &str, more: &str| {
            format!(
                "Route/{name}: {{surfaces: [openai], serve: {{models: [chat]}}, anonymous: true, authorization: open, {more}}}"
            )
        };
        check(&format!("{MOCK}\n{CHAT}\n{}\n{}", route("one", one), route("other", other)), expected);
    };
    two("matches: [{headers: {x-a: '1', x-b: '2'}}]", "matches: [{headers: {x-c: '3'}}]", &["R102"]);
    two("matches: [{headers: {x-a: '1', x-b: '2'}}]", "matches: [{headers: {x-a: '1'}}]", &[]);
    two("matches: [{headers: {x-a: '1', x-b: '2'}}]", "matches: [{headers: {x-a: '3'}}]", &[]);
    two("matches: [{headers: {x-a: '1', x-b: '2'}}]", "matches: [{headers: {x-a: {absent: true}}}]", &[]);
    two("matches: [{headers: {x-a: '1', x-b: '2'}}], priority: 1", "matches: [{headers: {x-c: '3'}}]", &[]);
    two("matches: [{headers: {x-a: '1', x-b: '2'}, when: now.hour < 6}]", "matches: [{headers: {x-c: '3'}}]", &[]);
    two("matches: [{headers: {x-a: '1', x-b: '2'}}], hosts: [a.example.com]", "matches: [{headers: {x-c: '3'}}]", &[]);
}

#[test]
fn prompts() {
    let prompt = |with: &str, spec: &str, expected: &[&str]| {
        let route = format!(
            "Route/chat: {{surfaces: [openai], serve: {{models: [chat]}}, anonymous: true, authorization: open, policies: [{{use: p, with: {with}}}]}}"
        );
        check(&format!("{MOCK}\n{CHAT}\n{route}\nPrompt/p: {spec}"), expected);
    };
    let versions = "versions: {v1: {messages: [{system: \"For {{ team }}.\"}, {request: {}}]}}";
    let from_header = "{team: {expr: 'request.headers[\"x-team\"]'}}";
    prompt("{team: sales}", &format!("{{parameters: {{properties: {{team: {{type: string}}}}}}, {versions}}}"), &[]);
    prompt(from_header, &format!("{{parameters: {{properties: {{team: {{type: string}}}}}}, {versions}}}"), &["T403"]);
    prompt(
        from_header,
        &format!("{{parameters: {{properties: {{team: {{type: string, enum: [sales, support]}}}}}}, {versions}}}"),
        &[],
    );
    prompt(
        from_header,
        &format!("{{parameters: {{properties: {{team: {{type: string, pattern: '[a-z]+'}}}}}}, {versions}}}"),
        &[],
    );
    prompt(
        "{team: {expr: identity.labels.team}}",
        &format!("{{parameters: {{properties: {{team: {{type: string}}}}}}, {versions}}}"),
        &[],
    );
    prompt(
        "{}",
        "{versions: {v1: {messages: [{system: A.}, {request: {}}]}, v2: {messages: [{developer: A.}, {request: {}}]}}, use: v1}",
        &[],
    );
    prompt("{}", "{set: {maxOutputTokens: 2000}, cap: {maxOutputTokens: 2000}}", &[]);
    prompt("{}", "{set: {maxOutputTokens: 2001}, cap: {maxOutputTokens: 2000}}", &["T413"]);
}

#[test]
fn classes_of_routes() {
    let two = |gateway: &str, one: &str, other: &str, expected: &[&str]| {
        let route = |host: &str, class: &str| {
            format!(
                "Route/{host}: {{hosts: [{host}.example], surfaces: [openai], serve: {{models: [chat]}}, anonymous: true, authorization: open, class: {class}}}"
            )
        };
        check(&format!("{MOCK}\n{CHAT}\n{gateway}\n{}\n{}", route("one", one), route("other", other)), expected);
    };
    two("", "standard", "standard", &[]);
    two("", "standard", "background", &["R122"]);
    two("Gateway/g: {load: {concurrency: 10}}", "standard", "critical", &[]);
    two("Gateway/g: {load: {concurrency: 10}}", "standard", "standard", &["R123"]);
    two("Gateway/g: {load: {concurrency: 10, classes: {standard: 100%}}}", "standard", "standard", &[]);
    two("Gateway/g: {load: {concurrency: 10, classes: {critical: 90%}}}", "background", "critical", &[]);
    two("Gateway/g: {load: {concurrency: 10, classes: {background: 20%}}}", "standard", "critical", &["R123"]);
}

#[test]
fn bounds_of_the_gateway() {
    let bounds = |bounds: &str, expected: &[&str]| check(&format!("Gateway/g: {{bounds: {bounds}}}"), expected);
    bounds("{connections: 1025}", &[]);
    bounds("{connectionsPerAddress: 0, connections: 5}", &[]);
    bounds("{connections: 1024}", &["Q319"]);
    bounds("{connectionsPerAddress: 10000}", &["Q319"]);
}

#[test]
fn large_bodies() {
    let beside =
        |validation: &str, more: &str| format!("Gateway: {{bounds: {{body: 512MiB}}}}\nValidation/short: {validation}{more}");
    let other =
        "\nRoute/other: {hosts: [a.example], surfaces: [openai], serve: {models: [chat]}, policies: [keys], authorization: open}";
    known(", short", &beside("{body: 1MiB}", ""), &[]);
    known(", short", &beside("{body: 1MiB}", other), &["S608"]);
    known(", short", &beside("{body: 100MiB}", ""), &["S608"]);
    known(", short", &beside("{body: 1MiB, mode: shadow}", ""), &["S608"]);
    known(", short", &beside("{messages: 5}", ""), &["S608"]);
}
