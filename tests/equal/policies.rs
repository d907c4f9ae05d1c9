//! Random policies that always compile: building blocks that fit each other, chosen and joined.

use std::fmt::Write as _;
use std::net::SocketAddr;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Select, select, subsequence};

/// The endpoints of all policies here, as `provider/endpoint`; the rest of this module knows their order.
pub(super) const ENDPOINTS: [&str; 3] = ["one/main", "az/east", "az/west"];
/// The secrets of those endpoints, in their order.
pub(super) const SECRETS: [&str; 3] = ["one", "az-east", "az-west"];

/// Keys of the callers that all policies here know: one of the role `app`, one of the role `viewer`, one whose key was valid once.
pub(super) const APP: &str = "aigw_test_equal_app_7d51e0c2f94b8a36";
pub(super) const VIEWER: &str = "aigw_test_equal_viewer_2b84c1f07ae95d63";
pub(super) const EXPIRED: &str = "aigw_test_equal_expired_90ac3be5d71f2846";

const CONSUMERS: &str = "---
apiVersion: aigw.dev/v1
kind: Consumer
metadata: {name: app, labels: {tier: gold, rpm: \"2\"}}
spec: {roles: [app], credentials: [{apiKey: {id: app-1, sha256: 49c6a58fd05c6b97ebe0264b71a1d1082a44a6d93bd162cbd93043213c58aa9b}}]}
---
apiVersion: aigw.dev/v1
kind: Consumer
metadata: {name: viewer, labels: {tier: silver}}
spec: {roles: [viewer, app2], credentials: [{apiKey: {id: viewer-1, sha256: 549e4d7ec2e0558bca0881e766739dfb1793eda49247e31168224d5a75cd2fa3, notAfter: 2099-01-01}}]}
---
apiVersion: aigw.dev/v1
kind: Consumer
metadata: {name: former}
spec: {roles: [app], credentials: [{apiKey: {id: former-1, sha256: a480d2a1de01963142cb8b634c1838f1363c8dac06cff71946af37b853edad6f, notAfter: 2020-01-01}}]}
";

const TARGETS: [&str; 6] = ["one/m", "az/east/gpt-4o", "az/west/gpt-4o", "az/gpt-4o-mini", "mock/m", "one/other"];
const TARGET_WHEN: [&str; 4] = [
    "identity.labels.tier != \"gold\"",
    "request.headers[\"x-batch\"] == \"1\"",
    "request.body.messages.len() > 1",
    "(request.headers[\"x-n\"] ?? \"0\").parse_int() > 3",
];
const STICKY: [&str; 2] = ["request.headers[\"x-user\"]", "identity.consumer"];
const RETRY_ON: [&str; 4] = ["[429, 5xx, timeout, connect]", "[5xx]", "[connect, 502]", "[]"];
const GATEWAY: [&str; 6] = [
    "errors: [{code: rate_limited, status: 420, body: {message: Slowly.}}, {code: upstream_error, body: {message: Sorry.}}]",
    "cors: {origins: [\"https://a.example\"], credentials: true, maxAge: 1m}",
    "forwardHeaders: [x-request-id, x-user, traceparent]",
    "trustedProxies: [127.0.0.0/8]",
    "bounds: {body: 2KiB, headers: 2KiB, jsonDepth: 6, event: 1KiB}",
    "parameters: {few: {type: integer, min: 1, max: 9, test: 2}}",
];
const DOORS: [&str; 3] = [
    "{apiKey: {headers: [authorization, api-key]}}",
    "{apiKey: {headers: [x-api-key, authorization]}}",
    "{apiKey: {}, anonymous: true}",
];
const RULES: [&str; 7] = [
    "{name: apps, roles: [app], allow: {}}",
    "{name: apps-chat, roles: [app], allow: {operations: [chat, models], models: [\"chat*\"]}}",
    "{name: viewers, roles: [viewer], allow: {operations: [models, embeddings, http]}}",
    "{name: everybody, allow: {routes: [main]}, when: 'request.headers[\"x-deny\"] == ()'}",
    "{name: not-so, deny: {operations: [chat]}, when: '(request.headers[\"x-deny\"] ?? \"0\").parse_int() > 0'}",
    "{name: watched, mode: shadow, deny: {models: [small]}}",
    "{name: scores, allow: {http: [{methods: [POST], path: /score/*}]}}",
];
const PER: [&str; 6] = [
    "consumer",
    "global",
    "[consumer, model]",
    "ip",
    "[route, {expr: 'request.headers[\"x-user\"]'}]",
    "{expr: request.body.user}",
];
const AMOUNTS: [&str; 4] = ["1", "3", "{label: rpm, default: 1}", "{param: few}"];
const LIMIT_MORE: [&str; 4] = [
    "",
    ", mode: shadow",
    ", when: 'identity.labels.tier == \"gold\"'",
    ", when: '(request.headers[\"x-n\"] ?? \"0\").parse_int() > 3'",
];
const PROMPTS: [&str; 6] = [
    "cap: {maxOutputTokens: 100, n: 1, temperature: 1}",
    "versions: {v1: {messages: [{system: \"You help.\"}, {request: {}}]}}\ndefault: {maxOutputTokens: 50}\nset: {temperature: 0.5, seed: 7}",
    "versions:\n  a: {messages: [{system: \"You are A.\"}, {request: {}}]}\n  b: {messages: [{developer: \"You are B.\"}, {request: {}}]}\nuse: {a: 50%, b: 50%}",
    "parameters: {type: object, required: [product], properties: {product: {type: string, maxLength: 8}}}\nversions: {v1: {messages: [{request: {}}, {user: \"It is about {{ product }}.\"}]}}",
    "mode: shadow\nversions: {v1: {messages: [{system: Watched.}, {request: {}}]}}\ncap: {maxOutputTokens: 10}",
    "default: {stop: [END], user: house}",
];
/// Which of [`PROMPTS`] has a parameter.
const WITH_PARAMETER: usize = 3;
const MAIN_MATCHES: [&str; 4] = [
    "",
    "matches: [{headers: {x-team: {prefix: a}}}, {headers: {x-team: {absent: true}}}]",
    "matches: [{when: '(request.headers[\"x-n\"] ?? \"0\").parse_int() > 3'}, {query: {v: \"1\"}}, {headers: {x-user: {present: true}}}]",
    "hosts: [a.example, \"*.b.example\"]",
];
const SCORE_SERVES: [&str; 3] = ["{http: one/main, path: /v2/*}", "{http: az}", "{http: one, path: /fixed}"];

/// A target of the model `chat`.
#[derive(Clone, Debug)]
struct Target {
    target: &'static str,
    weight: u32,
    priority: u32,
    when: Option<&'static str>,
}

/// A limit: what is counted apart, its amount, and what else its rule says.
#[derive(Clone, Debug)]
struct Limit {
    per: &'static str,
    amount: &'static str,
    more: &'static str,
    concurrency: bool,
}

/// How the model `chat` is called.
#[derive(Clone, Debug)]
struct Calling {
    targets: Vec<Target>,
    sticky: Option<&'static str>,
    attempts: u32,
    retry_on: &'static str,
    fallback: bool,
}

/// Who is let in, to what, how often.
#[derive(Clone, Debug)]
struct Access {
    door: Option<&'static str>,
    rules: Vec<&'static str>,
    limits: Vec<Limit>,
}

/// Policies.
#[derive(Clone, Debug)]
pub(super) struct Policies {
    gateway: Vec<&'static str>,
    calling: Calling,
    access: Access,
    prompts: Vec<usize>,
    route: &'static str,
    default_model: bool,
    score: Option<&'static str>,
    azure_v1: bool,
    /// The secrets that have no value, and the endpoints that refuse connections, as places in [`ENDPOINTS`].
    pub(super) lost: Option<usize>,
    pub(super) refusing: Option<usize>,
    /// Whether upstreams that say nothing are given up soon.
    pub(super) hurry: bool,
}

fn target() -> impl Strategy<Value = Vec<Target>> {
    let details = vec((1..4_u32, 1..3_u32, weighted(0.25, select(&TARGET_WHEN[..]))), TARGETS.len());
    (subsequence(&TARGETS[..], 1..4).prop_shuffle(), details).prop_map(|(targets, details)| {
        let each = targets.into_iter().zip(details);
        each.map(|(target, (weight, priority, when))| Target { target, weight, priority, when }).collect()
    })
}

fn calling() -> impl Strategy<Value = Calling> {
    (target(), weighted(0.2, one_of(&STICKY)), 1..5_u32, one_of(&RETRY_ON), any::<bool>())
        .prop_map(|(targets, sticky, attempts, retry_on, fallback)| Calling { targets, sticky, attempts, retry_on, fallback })
}

fn access() -> impl Strategy<Value = Access> {
    let limit = (one_of(&PER), one_of(&AMOUNTS), one_of(&LIMIT_MORE), prop::bool::weighted(0.2))
        .prop_map(|(per, amount, more, concurrency)| Limit { per, amount, more, concurrency });
    // The first rule is always there: a route must be authorised by a rule in force.
    let rules = subsequence(&RULES[1..], 0..4).prop_map(|mut rules| {
        rules.insert(0, RULES[0]);
        rules
    });
    (weighted(0.9, one_of(&DOORS)), rules, vec(limit, 0..3)).prop_map(|(door, rules, limits)| Access { door, rules, limits })
}

fn one_of(choices: &'static [&'static str]) -> Select<&'static str> {
    select(choices)
}

/// Any policies.
pub(super) fn policies() -> impl Strategy<Value = Policies> {
    let faults = (weighted(0.1, 0..3_usize), weighted(0.15, 0..3_usize), prop::bool::weighted(0.1));
    let shape = (
        prop_oneof![6 => Just(MAIN_MATCHES[0]), 3 => one_of(&MAIN_MATCHES)],
        any::<bool>(),
        weighted(0.4, one_of(&SCORE_SERVES)),
        any::<bool>(),
    );
    let prompts = subsequence((0..PROMPTS.len()).collect::<Vec<_>>(), 0..3);
    (subsequence(&GATEWAY[..], 0..=GATEWAY.len()), calling(), access(), prompts, shape, faults).prop_map(
        |(gateway, calling, access, prompts, (route, default_model, score, azure_v1), (lost, refusing, hurry))| Policies {
            gateway,
            calling,
            access,
            prompts,
            route,
            default_model,
            score,
            azure_v1,
            lost,
            refusing,
            hurry,
        },
    )
}

/// Everything open to the role `app`, and a route that forwards to the first endpoint.
pub(super) fn plain() -> Policies {
    let targets = vec![Target { target: TARGETS[0], weight: 1, priority: 1, when: None }];
    Policies {
        gateway: Vec::new(),
        calling: Calling { targets, sticky: None, attempts: 1, retry_on: RETRY_ON[0], fallback: false },
        access: Access { door: Some(DOORS[0]), rules: vec![RULES[0]], limits: Vec::new() },
        prompts: Vec::new(),
        route: MAIN_MATCHES[0],
        default_model: true,
        score: Some(SCORE_SERVES[0]),
        azure_v1: false,
        lost: None,
        refusing: None,
        hurry: false,
    }
}

impl Policies {
    /// As YAML, with the endpoints at these addresses.
    pub(super) fn yaml(&self, at: [SocketAddr; ENDPOINTS.len()]) -> String {
        let mut yaml = CONSUMERS.to_owned();
        self.upstreams(&mut yaml, at);
        self.models(&mut yaml);
        self.routes(&mut yaml);
        self.rules(&mut yaml);
        for index in &self.prompts {
            document(&mut yaml, "Prompt", &format!("prompt-{index}"), PROMPTS[*index]);
        }
        yaml
    }

    fn upstreams(&self, yaml: &mut String, at: [SocketAddr; ENDPOINTS.len()]) {
        let url = |index: usize, path: &str| {
            format!("{{url: \"http://{}{path}\", auth: {{apiKey: {{secret: {}}}}}}}", at[index], SECRETS[index])
        };
        // Never equal: which of two times that end at once is told first differs by a millisecond on the way.
        let (first, idle) = if self.hurry { ("900ms", "500ms") } else { ("30s", "20s") };
        let timeouts = format!("timeouts: {{connect: 5s, firstByte: {first}, idle: {idle}, total: 1m}}");
        let one = format!("type: openai-compatible\nendpoints: {{main: {}}}\n{timeouts}", url(0, "/v1"));
        document(yaml, "Provider", "one", &one);
        let api = if self.azure_v1 { "{style: v1}" } else { "{style: deployments, version: \"2024-10-21\"}" };
        let models = "models: {gpt-4o: {deployment: prod-4o}, gpt-4o-mini: {}}";
        let az = format!(
            "type: azure-openai\napi: {api}\nendpoints: {{east: {}, west: {}}}\n{models}\n{timeouts}",
            url(1, ""),
            url(2, "")
        );
        document(yaml, "Provider", "az", &az);
        document(yaml, "Provider", "mock", "type: mock\nmock: {latency: 1ms, chunkInterval: 1ms}");
    }

    fn models(&self, yaml: &mut String) {
        let mut spec = "names: [chat, gpt-4o, \"gpt-4o-2024-*\"]\ntargets:\n".to_owned();
        for Target { target, weight, priority, when } in &self.calling.targets {
            let when = when.map(|when| format!(", when: '{when}'")).unwrap_or_default();
            let _ = writeln!(spec, "  - {{target: {target}, weight: {weight}, priority: {priority}{when}}}");
        }
        if let Some(sticky) = self.calling.sticky {
            let _ = writeln!(spec, "sticky: {{expr: '{sticky}'}}");
        }
        let Calling { attempts, retry_on, .. } = &self.calling;
        let _ = writeln!(spec, "retry: {{attempts: {attempts}, retryOn: {retry_on}, backoff: {{base: 1ms, max: 8ms}}}}");
        if self.calling.fallback {
            spec += "fallback: [small]\n";
        }
        document(yaml, "Model", "chat", &spec);
        document(yaml, "Model", "small", "targets: [{target: one/small}]\nretry: {attempts: 2, backoff: {base: 1ms, max: 2ms}}");
        document(
            yaml,
            "Model",
            "vectors",
            "operation: embeddings\ntargets: [{target: az/west/gpt-4o-mini}]\nretry: {attempts: 1}",
        );
    }

    fn routes(&self, yaml: &mut String) {
        let access = if self.access.door.is_some() { "" } else { "\nanonymous: true" };
        let policies = format!("policies: [{}]{access}", self.route_policies().join(", "));
        let default = if self.default_model { ", default: chat" } else { "" };
        let serve = format!("serve: {{models: [chat, small, vectors]{default}}}");
        document(yaml, "Route", "main", &format!("surfaces: [openai, azure-openai]\n{serve}\n{policies}\n{}", self.route));
        if let Some(serve) = self.score {
            document(
                yaml,
                "Route",
                "score",
                &format!("matches: [{{path: /score/*}}]\nserve: {serve}\nauthorization: open{access}"),
            );
        }
    }

    fn route_policies(&self) -> Vec<String> {
        let mut names = vec!["who".to_owned()];
        names.extend((0..self.access.limits.len()).map(|index| format!("limit-{index}")));
        names.extend(self.prompts.iter().map(|index| match *index {
            WITH_PARAMETER => format!("{{use: prompt-{index}, with: {{product: {{expr: 'request.headers[\"x-product\"]'}}}}}}"),
            index => format!("prompt-{index}"),
        }));
        names
    }

    fn rules(&self, yaml: &mut String) {
        let mut gateway: Vec<String> = self.gateway.iter().map(|&member| member.to_owned()).collect();
        let parameters = GATEWAY[5];
        let needs_parameters = self.access.limits.iter().any(|limit| limit.amount == AMOUNTS[3]);
        if needs_parameters && !self.gateway.contains(&parameters) {
            gateway.push(parameters.to_owned());
        }
        if let Some(door) = self.access.door {
            document(yaml, "Authentication", "door", &format!("methods: {door}"));
            gateway.push("policies: [door]".to_owned());
        }
        gateway.push("description: Made at random.".to_owned());
        document(yaml, "Gateway", "equal", &gateway.join("\n"));
        document(yaml, "Authorization", "who", &format!("rules: [{}]", self.access.rules.join(", ")));
        for (index, Limit { per, amount, more, concurrency }) in self.access.limits.iter().enumerate() {
            let open = if *concurrency { ", {name: open, concurrency: 1}" } else { "" };
            let rules = format!("[{{name: few, requests: {amount}, window: 1h{more}}}{open}]");
            document(yaml, "Limit", &format!("limit-{index}"), &format!("per: {per}\nrules: {rules}"));
        }
    }
}

fn document(yaml: &mut String, kind: &str, name: &str, spec: &str) {
    let spec: String = spec.lines().filter(|line| !line.is_empty()).map(|line| format!("  {line}\n")).collect();
    let _ = write!(yaml, "---\napiVersion: aigw.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{spec}");
}
