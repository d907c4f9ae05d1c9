//! For each operator a program and a suite in which its mutant survives, and the case that notices it.

use super::*;

/// A mutant, the policies beside [`HOUSE`], cases that pass with it, and the case that does not.
struct Row {
    id: &'static str,
    policies: &'static [&'static str],
    weak: &'static str,
    strong: &'static str,
}

fn check(row: &Row) {
    let program = program(row.policies);
    let survived = verdict(&program, &[row.weak], row.id);
    assert!(matches!(survived, Some(Verdict::Unnoticed { .. })), "{} with the weak case: {survived:?}", row.id);
    let noticed = verdict(&program, &[row.weak, row.strong], row.id);
    assert!(matches!(noticed, Some(Verdict::Noticed { case: 1, .. })), "{} with the strong case: {noticed:?}", row.id);
}

const OK: &str = "{name: it works, send: hello, upstream: {'*': ok}, expect: {status: 200}}";
const STAFF_OK: &str = "{name: it works, as: staff, send: hello, upstream: {'*': ok}, expect: {status: 200}}";

/// A route on which callers are known, with these policies.
macro_rules! known {
    ($policies:literal) => {
        concat!(
            "{kind: Route, name: known, spec: {surfaces: [openai], operations: [chat, models], serve: {models: [chat], default: chat}, policies: [",
            $policies,
            "]}}"
        )
    };
}

macro_rules! model {
    ($rest:literal) => {
        concat!("{kind: Model, name: chat, spec: {", $rest, "}}")
    };
}

/// A prompt in force on an open route.
macro_rules! prompt {
    ($spec:literal) => {
        &[
            MODEL,
            concat!("{kind: Prompt, name: house, spec: ", $spec, "}"),
            "{kind: Route, name: open, spec: {surfaces: [openai], operations: [chat], serve: {models: [chat], default: chat}, anonymous: true, authorization: open, policies: [house]}}",
        ]
    };
}

/// A limit in force on an open route.
macro_rules! limit {
    ($rules:literal) => {
        &[
            MODEL,
            concat!("{kind: Limit, name: fair, spec: {per: consumer, rules: [", $rules, "]}}"),
            known!("front-door, everybody, fair"),
        ]
    };
}

const AUTHORIZATION: &[Row] = &[
    Row {
        id: "drop-rule:who/no-guests",
        policies: &[
            MODEL,
            "{kind: Authorization, name: who, spec: {rules: [{name: staff, roles: [staff], allow: {}}, {name: guests, roles: [guest], allow: {}}, {name: no-guests, roles: [guest], deny: {operations: [chat]}}]}}",
            known!("front-door, who"),
        ],
        weak: STAFF_OK,
        strong: "{as: guest, send: hello, expect: {status: 403}}",
    },
    Row {
        id: "widen-rule:who/staff/roles",
        policies: &[
            MODEL,
            "{kind: Authorization, name: who, spec: {rules: [{name: staff, roles: [staff], allow: {}}]}}",
            known!("front-door, who"),
        ],
        weak: STAFF_OK,
        strong: "{as: guest, send: hello, expect: {status: 403}}",
    },
    Row {
        id: "widen-rule:who/staff/operations",
        policies: &[
            MODEL,
            "{kind: Authorization, name: who, spec: {rules: [{name: staff, allow: {operations: [chat]}}]}}",
            known!("front-door, who"),
        ],
        weak: STAFF_OK,
        strong: "{as: staff, send: {get: /v1/models}, expect: {status: 403}}",
    },
    Row {
        id: "widen-rule:who/staff/models",
        policies: &[
            MODEL,
            "{kind: Model, name: dear, spec: {targets: [{target: p/b/m}]}}",
            "{kind: Authorization, name: who, spec: {rules: [{name: staff, allow: {models: [chat]}}]}}",
            "{kind: Route, name: known, spec: {surfaces: [openai], operations: [chat], serve: {models: [chat, dear], default: chat}, policies: [front-door, who]}}",
        ],
        weak: STAFF_OK,
        strong: "{as: staff, send: {use: hello, set: {/model: dear}}, expect: {status: 403}}",
    },
    Row {
        id: "widen-rule:who/staff/when",
        policies: &[
            MODEL,
            "{kind: Authorization, name: who, spec: {rules: [{name: staff, when: 'identity.labels.tier == \"gold\"', allow: {}}]}}",
            known!("front-door, who"),
        ],
        weak: STAFF_OK,
        strong: "{as: guest, send: hello, expect: {status: 403}}",
    },
    Row {
        id: "negate-condition:who/staff",
        policies: &[
            MODEL,
            "{kind: Authorization, name: who, spec: {rules: [{name: staff, when: 'identity.labels.tier == \"gold\"', allow: {}}]}}",
            known!("front-door, who"),
        ],
        weak: "{as: nobody, send: hello, expect: {status: 401}}",
        strong: STAFF_OK,
    },
    Row {
        id: "drop-policy:known/front-door",
        policies: &[MODEL, known!("front-door, everybody")],
        weak: STAFF_OK,
        strong: "{as: nobody, send: hello, expect: {status: 401}}",
    },
    Row {
        id: "drop-policy:known/who",
        policies: &[
            MODEL,
            "{kind: Authorization, name: who, spec: {rules: [{name: staff, roles: [staff], allow: {}}]}}",
            known!("front-door, who"),
        ],
        weak: STAFF_OK,
        strong: "{as: guest, send: hello, expect: {status: 403}}",
    },
];

/// A validation in force on an open route.
macro_rules! validation {
    ($spec:literal) => {
        &[
            MODEL,
            concat!("{kind: Validation, name: input, spec: ", $spec, "}"),
            "{kind: Route, name: open, spec: {surfaces: [openai], operations: [chat], serve: {models: [chat], default: chat}, anonymous: true, authorization: open, policies: [input]}}",
        ]
    };
}

const VALIDATIONS: &[Row] = &[
    Row {
        id: "drop-rule:input/messages",
        policies: validation!("{messages: 1}"),
        weak: OK,
        strong: "{send: {use: hello, chat: {system: Be kind., user: Hello!}}, expect: {status: 400, code: too_many_messages, decidedBy: [input/messages]}}",
    },
    Row {
        id: "double-input:input/messages",
        policies: validation!("{messages: 1}"),
        weak: OK,
        strong: "{send: {use: hello, chat: {system: Be kind., user: Hello!}}, expect: {status: 400, code: too_many_messages}}",
    },
    Row {
        id: "double-input:input/body",
        policies: validation!("{body: 60B}"),
        weak: "{name: it works, send: {post: /v1/chat/completions, text: '{\"messages\":[]}', headers: {content-type: application/json}}, upstream: {'*': ok}, expect: {status: 200}}",
        strong: "{send: {use: hello, set: {/user: anna-of-the-team}}, expect: {status: 413, code: body_too_large}}",
    },
    Row {
        id: "double-input:input/jsonDepth",
        policies: validation!("{jsonDepth: 3}"),
        weak: OK,
        strong: "{send: {use: hello, set: {/metadata: [[[1]]]}}, expect: {status: 400, code: json_too_deep}}",
    },
    Row {
        id: "widen-rule:input/addresses/allow",
        policies: validation!("{addresses: {allow: [127.0.0.0/8], deny: [127.0.0.9]}}"),
        weak: "{send: {use: hello, ip: 127.0.0.9}, expect: {status: 403}}",
        strong: "{send: {use: hello, ip: 192.0.2.1}, expect: {status: 403, code: address_not_allowed}}",
    },
    Row {
        id: "widen-rule:input/addresses/deny",
        policies: validation!("{addresses: {allow: [127.0.0.0/8], deny: [127.0.0.9]}}"),
        weak: OK,
        strong: "{send: {use: hello, ip: 127.0.0.9}, expect: {status: 403, code: address_not_allowed}}",
    },
    Row {
        id: "widen-rule:input/signatures/path",
        policies: validation!("{signatures: [sql, path]}"),
        weak: OK,
        strong: "{send: {use: hello, set: {/user: ../../etc/passwd}}, expect: {status: 400, code: attack_signature}}",
    },
];

const LIMITS: &[Row] = &[
    Row {
        id: "drop-rule:fair/rpm",
        policies: limit!("{name: rpm, requests: 3, window: 1m}"),
        weak: STAFF_OK,
        strong: "{as: staff, upstream: {'*': ok}, steps: [{send: hello, times: 3, expect: {status: 200}}, {send: hello, expect: {status: 429}}]}",
    },
    Row {
        id: "double-limit:fair/rpm",
        policies: limit!("{name: rpm, requests: 3, window: 1m}"),
        weak: "{as: staff, upstream: {'*': ok}, steps: [{send: hello, times: 3, expect: {status: 200}}]}",
        strong: "{as: staff, upstream: {'*': ok}, steps: [{send: hello, times: 3, expect: {status: 200}}, {send: hello, expect: {status: 429}}]}",
    },
    Row {
        id: "double-limit:fair/rpm/default",
        policies: limit!("{name: rpm, requests: {label: rpm, default: 3}, window: 1m}"),
        weak: "{as: guest, upstream: {'*': ok}, steps: [{send: hello, times: 2, expect: {status: 200}}, {send: hello, expect: {status: 429}}]}",
        strong: "{as: staff, upstream: {'*': ok}, steps: [{send: hello, times: 3, expect: {status: 200}}, {send: hello, expect: {status: 429}}]}",
    },
    Row {
        id: "double-limit:fair/rpm/label",
        policies: limit!("{name: rpm, requests: {label: rpm, default: 3}, window: 1m}"),
        weak: "{as: staff, upstream: {'*': ok}, steps: [{send: hello, times: 3, expect: {status: 200}}, {send: hello, expect: {status: 429}}]}",
        strong: "{as: guest, upstream: {'*': ok}, steps: [{send: hello, times: 2, expect: {status: 200}}, {send: hello, expect: {status: 429}}]}",
    },
    Row {
        id: "double-window:fair/rpm/window",
        policies: limit!("{name: rpm, requests: 3, window: 1m}"),
        weak: "{as: staff, upstream: {'*': ok}, steps: [{send: hello, times: 3, expect: {status: 200}}, {send: hello, expect: {status: 429}}]}",
        strong: "{as: staff, upstream: {'*': ok}, steps: [{send: hello, times: 3, expect: {status: 200}}, {advance: 1m}, {send: hello, expect: {status: 200}}]}",
    },
    Row {
        id: "double-window:fair/open/wait",
        policies: limit!("{name: open, concurrency: 1, onExceed: {wait: 2s}}"),
        weak: STAFF_OK,
        strong: "{as: staff, upstream: {'*': {status: 200, after: 3s, chat: {text: Hi.}}}, steps: [{send: hello, times: 2, together: true, expect: {shares: {by: status, '200': 1, '429': 1}}}]}",
    },
    Row {
        id: "widen-rule:fair/rpm/when",
        policies: limit!("{name: rpm, requests: 1, window: 1m, when: 'identity.labels.tier == \"gold\"'}"),
        weak: "{as: staff, upstream: {'*': ok}, steps: [{send: hello, expect: {status: 200}}, {send: hello, expect: {status: 429}}]}",
        strong: "{as: guest, upstream: {'*': ok}, steps: [{send: hello, times: 2, expect: {status: 200}}]}",
    },
    Row {
        id: "negate-condition:fair/rpm",
        policies: limit!("{name: rpm, requests: 1, window: 1m, when: 'identity.labels.tier == \"gold\"'}"),
        weak: STAFF_OK,
        strong: "{as: staff, upstream: {'*': ok}, steps: [{send: hello, expect: {status: 200}}, {send: hello, expect: {status: 429}}]}",
    },
    Row {
        id: "drop-policy:known/fair",
        policies: limit!("{name: rpm, requests: 3, window: 1m}, {name: open, concurrency: 5}"),
        weak: STAFF_OK,
        strong: "{as: staff, upstream: {'*': ok}, steps: [{send: hello, times: 3, expect: {status: 200}}, {send: hello, expect: {status: 429}}]}",
    },
];

const MODELS: &[Row] = &[
    Row {
        id: "drop-target:chat/p/b/m",
        policies: &[model!("targets: [{target: p/a/m, priority: 1}, {target: p/b/m, priority: 2}]"), OPEN],
        weak: "{send: hello, upstream: {'p/a': ok}, expect: {status: 200}}",
        strong: "{send: hello, upstream: {'p/a': busy, 'p/b': ok}, expect: {target: p/b/m}}",
    },
    Row {
        id: "flip-weights:chat/p/a/m",
        policies: &[model!("targets: [{target: p/a/m, weight: 90}, {target: p/b/m, weight: 10}]"), OPEN],
        weak: OK,
        strong: "{sample: {of: hello, times: 500, seed: 1}, upstream: {'*': ok}, expect: {shares: {by: target, p/a/m: 90%}}}",
    },
    Row {
        id: "swap-priorities:chat/1-2",
        policies: &[model!("targets: [{target: p/a/m, priority: 1}, {target: p/b/m, priority: 2}]"), OPEN],
        weak: OK,
        strong: "{send: hello, upstream: {'*': ok}, expect: {target: p/a/m}}",
    },
    Row {
        id: "negate-condition:chat/p/a/m",
        policies: &[
            model!(
                "targets: [{target: p/a/m, priority: 1, when: 'request.headers[\"x-gold\"] != ()'}, {target: p/b/m, priority: 2}]"
            ),
            OPEN,
        ],
        weak: OK,
        strong: "{send: hello, upstream: {'*': ok}, expect: {target: p/b/m}}",
    },
    Row {
        id: "widen-rule:chat/p/a/m/when",
        policies: &[
            model!(
                "targets: [{target: p/a/m, priority: 1, when: 'request.headers[\"x-gold\"] != ()'}, {target: p/b/m, priority: 2}]"
            ),
            OPEN,
        ],
        weak: "{send: {use: hello, headers: {x-gold: '1'}}, upstream: {'*': ok}, expect: {target: p/a/m}}",
        strong: "{send: hello, upstream: {'*': ok}, expect: {target: p/b/m}}",
    },
    Row {
        id: "disable-retry:chat",
        policies: &[MODEL, OPEN],
        weak: OK,
        strong: "{send: hello, upstream: {'*': [busy, ok]}, expect: {status: 200}}",
    },
    Row {
        id: "drop-retry:chat/429",
        policies: &[model!("targets: [{target: p/a/m}], retry: {attempts: 2, retryOn: [429, 5xx]}"), OPEN],
        weak: "{send: hello, upstream: {'*': [busy, ok]}, expect: {status: 200}}",
        strong: "{send: hello, upstream: {'*': [limited, ok]}, expect: {status: 200}}",
    },
    Row {
        id: "drop-fallback:chat/spare",
        policies: &[
            model!("targets: [{target: p/a/m}], fallback: [spare]"),
            "{kind: Model, name: spare, spec: {targets: [{target: p/b/m}]}}",
            "{kind: Route, name: open, spec: {surfaces: [openai], operations: [chat], serve: {models: [chat, spare], default: chat}, anonymous: true, authorization: open}}",
        ],
        weak: "{send: hello, upstream: {'p/a': [busy, ok]}, expect: {status: 200}}",
        strong: "{send: hello, upstream: {'p/a': busy, 'p/b': ok}, expect: {model: spare}}",
    },
    Row {
        id: "double-bound:chat/attempts",
        policies: &[model!("targets: [{target: p/a/m}], retry: {attempts: 3}"), OPEN],
        weak: "{send: hello, upstream: {'*': [busy, ok]}, expect: {status: 200}}",
        strong: "{send: hello, upstream: {'*': busy}, expect: {calls: 3}}",
    },
    Row {
        id: "double-bound:chat/backoff-base",
        policies: &[model!("targets: [{target: p/a/m}], retry: {backoff: {base: 1s, max: 5s}}"), OPEN],
        weak: "{send: hello, upstream: {'*': [busy, ok]}, expect: {status: 200}}",
        strong: "{send: hello, upstream: {'*': [busy, ok]}, expect: {took: {between: [800, 1200]}}}",
    },
    Row {
        id: "double-bound:chat/backoff-max",
        policies: &[model!("targets: [{target: p/a/m}], retry: {attempts: 4, backoff: {base: 200ms, max: 300ms}}"), OPEN],
        weak: "{send: hello, upstream: {'*': [busy, ok]}, expect: {status: 200}}",
        strong: "{send: hello, upstream: {'*': [busy, busy, busy, ok]}, expect: {took: {between: [650, 850]}}}",
    },
];

const PROMPTS: &[Row] = &[
    Row {
        id: "drop-message:house/v1/0",
        policies: prompt!("{versions: {v1: {messages: [{system: Be kind.}, {request: {}}]}}}"),
        weak: OK,
        strong: "{send: hello, upstream: {'*': ok}, expect: {sent: {body: {/messages: {length: 2}}}}}",
    },
    Row {
        id: "reorder-messages:house/v1/0",
        policies: prompt!("{versions: {v1: {messages: [{system: Be kind.}, {request: {}}]}}}"),
        weak: "{send: hello, upstream: {'*': ok}, expect: {sent: {body: {/messages: {length: 2}}}}}",
        strong: "{send: hello, upstream: {'*': ok}, expect: {sent: {body: {/messages/0/role: system}}}}",
    },
    Row {
        id: "flip-weights:house/v1",
        policies: prompt!(
            "{versions: {v1: {messages: [{system: One.}, {request: {}}]}, v2: {messages: [{request: {}}]}}, use: {v1: 90%, v2: 10%}}"
        ),
        weak: OK,
        strong: "{send: hello, seed: 1, upstream: {'*': ok}, expect: {sent: {body: {/messages: {length: 2}}}}}",
    },
    Row {
        id: "drop-parameter:house/set/temperature",
        policies: prompt!("{set: {temperature: 0.5}}"),
        weak: OK,
        strong: "{send: hello, upstream: {'*': ok}, expect: {sent: {body: {/temperature: 0.5}}}}",
    },
    Row {
        id: "drop-parameter:house/default/temperature",
        policies: prompt!("{default: {temperature: 0.5}}"),
        weak: OK,
        strong: "{send: hello, upstream: {'*': ok}, expect: {sent: {body: {/temperature: 0.5}}}}",
    },
    Row {
        id: "drop-parameter:house/cap/n",
        policies: prompt!("{cap: {n: 1}}"),
        weak: OK,
        strong: "{send: {use: hello, set: {/n: 5}}, upstream: {'*': ok}, expect: {sent: {body: {/n: 1}}}}",
    },
    Row {
        id: "drop-policy:open/house",
        policies: prompt!("{set: {temperature: 0.5}, cap: {n: 1}}"),
        weak: OK,
        strong: "{send: hello, upstream: {'*': ok}, expect: {sent: {body: {/temperature: 0.5}}}}",
    },
];

/// A second route for those who come with what `matches` asks for.
macro_rules! matching {
    ($matches:literal) => {
        &[
            MODEL,
            OPEN,
            concat!(
                "{kind: Route, name: special, spec: {surfaces: [openai], operations: [chat], serve: {models: [chat], default: chat}, anonymous: true, authorization: open, priority: 1, ",
                $matches,
                "}}"
            ),
        ]
    };
}

const MATCHES: &[Row] = &[
    Row {
        id: "widen-match:special/match-1/header/x-team",
        policies: matching!("matches: [{headers: {x-team: support, x-extra: {present: true}}}]"),
        weak: "{send: {use: hello, headers: {x-team: support, x-extra: a}}, upstream: {'*': ok}, expect: {route: special}}",
        strong: "{send: {use: hello, headers: {x-team: sales, x-extra: a}}, upstream: {'*': ok}, expect: {route: open}}",
    },
    Row {
        id: "widen-match:special/match-1/query/team",
        policies: matching!("matches: [{query: {team: support, extra: {present: true}}}]"),
        weak: "{send: {post: '/v1/chat/completions?team=support&extra=1', chat: {user: a}}, upstream: {'*': ok}, expect: {route: special}}",
        strong: "{send: {post: '/v1/chat/completions?extra=1', chat: {user: a}}, upstream: {'*': ok}, expect: {route: open}}",
    },
    Row {
        id: "widen-match:special/match-1/when",
        policies: matching!("matches: [{when: 'request.headers[\"x-team\"] == \"support\"'}]"),
        weak: "{send: {use: hello, headers: {x-team: support}}, upstream: {'*': ok}, expect: {status: 200}}",
        strong: "{send: hello, upstream: {'*': ok}, expect: {route: open}}",
    },
    Row {
        id: "negate-condition:special/match-1",
        policies: matching!("matches: [{when: 'request.headers[\"x-team\"] == \"support\"'}]"),
        weak: OK,
        strong: "{send: hello, upstream: {'*': ok}, expect: {route: open}}",
    },
    Row {
        id: "widen-match:special/hosts",
        policies: matching!("hosts: [special.example], matches: [{headers: {x-team: support}}]"),
        weak: OK,
        strong: "{send: {use: hello, headers: {x-team: support}}, upstream: {'*': ok}, expect: {route: open}}",
    },
    Row {
        id: "widen-match:score/match-1/methods",
        policies: &[
            "{kind: Route, name: score, spec: {matches: [{path: /score, methods: [POST]}], serve: {http: p/a}, anonymous: true, authorization: open}}",
        ],
        weak: "{send: {post: /score, text: a}, upstream: {'*': ok}, expect: {status: 200}}",
        strong: "{send: {get: /score}, expect: {status: 404, route: {absent: true}}}",
    },
];

const TIMES: &[Row] = &[
    Row {
        id: "double-bound:slow/timeouts/firstByte",
        policies: &[
            "{kind: Provider, name: slow, spec: {type: openai-compatible, endpoints: {a: {url: 'https://a.example/v1'}}, timeouts: {firstByte: 5s}}}",
            "{kind: Model, name: chat, spec: {targets: [{target: slow/a/m}], retry: {attempts: 1}}}",
            OPEN,
        ],
        weak: "{send: hello, upstream: {'*': {fault: timeout}}, expect: {status: 504}}",
        strong: "{send: hello, upstream: {'*': {after: 7s, chat: {text: Hi.}}}, expect: {status: 504}}",
    },
    Row {
        id: "drop-target:score/p/b",
        policies: &[
            "{kind: Route, name: score, spec: {matches: [{path: /score}], serve: {http: p}, anonymous: true, authorization: open}}",
        ],
        weak: "{send: {post: /score, text: a}, upstream: {'*': ok}, expect: {status: 200}}",
        strong: "{send: {post: /score, text: a}, upstream: {'p/a': {fault: refuse}, 'p/b': ok}, expect: {status: 200}}",
    },
];

#[test]
fn mutants_of_authorizations_survive_without_the_right_case() {
    AUTHORIZATION.iter().for_each(check);
}

#[test]
fn mutants_of_limits_survive_without_the_right_case() {
    LIMITS.iter().for_each(check);
}

#[test]
fn mutants_of_validations_survive_without_the_right_case() {
    VALIDATIONS.iter().for_each(check);
}

#[test]
fn mutants_of_models_survive_without_the_right_case() {
    MODELS.iter().for_each(check);
}

#[test]
fn mutants_of_prompts_survive_without_the_right_case() {
    PROMPTS.iter().for_each(check);
}

#[test]
fn mutants_of_matches_survive_without_the_right_case() {
    MATCHES.iter().for_each(check);
}

#[test]
fn mutants_of_times_and_endpoints_survive_without_the_right_case() {
    TIMES.iter().for_each(check);
}

#[test]
fn every_kind_is_tried_here() {
    let rows = [AUTHORIZATION, VALIDATIONS, LIMITS, MODELS, PROMPTS, MATCHES, TIMES];
    for kind in MutantKind::ALL {
        let prefix = format!("{}:", kind.as_str());
        assert!(rows.iter().copied().flatten().any(|row| row.id.starts_with(&prefix)), "{}", kind.as_str());
    }
}
