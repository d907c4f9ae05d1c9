//! Time, stores, secrets, parameters, callers, and many requests.

use crate::testing::{failures, pass};

#[test]
fn limits_refuse_and_recover_as_time_passes() {
    pass("
- name: x
  as: app
  upstream: {'*': ok}
  steps:
    - {send: {use: hello, headers: {x-counted: 'yes'}}, times: 3, expect: {status: 200, route: counted}}
    - {send: {use: hello, headers: {x-counted: 'yes'}}, expect: {status: 429, code: rate_limited, headers: {retry-after: {between: [1, 60]}}}}
    - {advance: 60s}
    - {send: {use: hello, headers: {x-counted: 'yes'}}, expect: {status: 200}}");
}

#[test]
fn requests_sent_together_meet_each_other() {
    pass("
- name: x
  as: app
  upstream: {'*': {chat: {text: Hi.}, after: 1s}}
  steps:
    - {send: {use: hello, headers: {x-counted: 'yes'}}, times: 3, together: true, expect: {shares: {by: status, '200': 2, '429': 1}}}");
}

#[test]
fn the_store_of_limits_goes_down_and_comes_back() {
    let down = "
- name: x
  as: app
  store: down
  upstream: {'*': ok}
  steps:
    - {send: {use: hello, headers: {x-counted: 'yes'}}, expect: {status: 503, code: limit_unavailable}}
    - {store: up}
    - {send: {use: hello, headers: {x-counted: 'yes'}}, expect: {status: 200}}";
    pass(down);
}

#[test]
fn scripts_change_on_the_way() {
    pass(
        "
- name: x
  as: app
  upstream: {p/a: ok}
  steps:
    - {send: hello, expect: {target: p/a/m}}
    - {upstream: {p/a: {status: 503}, p/b: ok}}
    - {send: hello, expect: {target: p/b/m}}",
    );
}

#[test]
fn cool_downs_are_seen_in_the_record() {
    pass(
        "
- name: x
  as: app
  upstream: {p/a: {status: 429, headers: {retry-after: '30'}}, p/b: ok}
  steps:
    - {send: hello, expect: {target: p/b/m, attempts: [p/a/m, p/b/m]}}
    - {send: hello, expect: {attempts: [p/b/m], record: {/skipped/0/target: p/a/m, /skipped/0/reason: cooling_down}}}
    - {upstream: {p/a: ok}}
    - {advance: 30s}
    - {send: hello, expect: {attempts: [p/a/m], record: {/skipped: {absent: true}}}}",
    );
}

#[test]
fn missing_secrets_pass_targets_over() {
    pass(
        "- {name: x, as: app, send: hello, without: [key-a], upstream: {p/b: ok}, expect: {target: p/b/m, record: {/skipped/0/reason: secret_missing}}}",
    );
}

#[test]
fn tokens_are_made_up_or_missing() {
    let case = |rest: &str| format!("- {{name: x, as: app, send: {{use: hello, set: {{/model: tokened}}}}, {rest}}}");
    pass(&case(
        "upstream: {az: ok}, expect: {target: az/e/t, sent: {headers: {authorization: Bearer <access token>, api-key: {absent: true}}}}",
    ));
    pass(&case("without: [az/e], upstream: {p/b: ok}, expect: {target: p/b/t, record: {/skipped/0/reason: token_missing}}"));
}

#[test]
fn parameters_have_values_of_cases() {
    pass(
        "- {name: x, as: app, send: hello, params: {base: 'https://c.example/v2'}, upstream: {p/a: ok}, expect: {sent: {path: /v2/chat/completions}}}",
    );
}

#[test]
fn keys_are_made_up_wrong_expired_or_missing() {
    let asked = |identity: &str, expect: &str| {
        let fixtures = format!(
            "identities: {{who: {identity}}}\nrequests: {{hello: {{post: /v1/chat/completions, chat: {{model: chat, user: Hi}}}}}}"
        );
        let cases = format!("- {{name: x, as: who, send: hello, upstream: {{'*': {{status: 400}}}}, expect: {expect}}}");
        let cases = if expect.contains("400") { cases } else { cases.replace(" upstream: {'*': {status: 400}},", "") };
        let reports = crate::testing::reports_of(&crate::testing::suite(&fixtures, &cases), &crate::Settings::default());
        assert_eq!(crate::testing::failed(&reports), "", "{identity}");
    };
    asked("{consumer: app}", "{status: 400, record: {/credential: app-1}}");
    asked("{consumer: app, header: api-key}", "{status: 400, consumer: app}");
    asked("{consumer: app, credential: app-old}", "{status: 400, record: {/credential: app-old}}");
    asked("{consumer: other}", "{status: 403, consumer: other}");
    asked("{anonymous: true}", "{status: 401}");
    asked("{key: aigw_nobody}", "{status: 401, code: invalid_api_key}");
    asked("{key: aigw_nobody, header: x-other}", "{status: 401}");
}

#[test]
fn credentials_expire_as_time_passes() {
    let text = crate::testing::suite(
        "identities: {old: {consumer: app, credential: app-old}}\nrequests: {hello: {post: /v1/chat/completions, chat: {model: chat, user: Hi}}}\nupstreams: {ok: {chat: {text: Hi.}}}",
        "- {name: x, as: old, upstream: {p/a: ok}, steps: [{send: hello, expect: {status: 200}}, {advance: 10s}, {send: hello, expect: {status: 401}}]}",
    );
    let reports = crate::testing::reports_of(&text, &crate::Settings::default());
    assert_eq!(crate::testing::failed(&reports), "");
}

#[test]
fn clocks_change_where_calendars_say() {
    // On 2026-03-29 clocks in Berlin go from 02:00 to 03:00.
    let at = |at: &str, route: &str| {
        pass(&format!(
            "- {{name: x, as: app, at: '{at}', send: {{use: hello, headers: {{x-nightly: 'yes'}}}}, upstream: {{p/a: ok}}, expect: {{route: {route}}}}}"
        ));
    };
    at("2026-03-29T01:59+01:00", "all");
    at("2026-03-29T02:00:00+01:00", "nightly");
    pass(
        "
- name: x
  as: app
  at: 2026-03-29T01:59:00+01:00
  upstream: {p/a: ok}
  steps:
    - {send: {use: hello, headers: {x-nightly: 'yes'}}, expect: {route: all}}
    - {advance: 1m}
    - {send: {use: hello, headers: {x-nightly: 'yes'}}, expect: {route: nightly}}
    - {advance: 1h}
    - {send: {use: hello, headers: {x-nightly: 'yes'}}, expect: {route: all}}",
    );
}

#[test]
fn shares_by_chance_and_by_hash_are_near_and_counts_are_exact() {
    let sample = |model: &str, vary: &str, expect: &str| {
        let request = format!("{{use: hello, set: {{/model: {model}}}}}");
        failures(&format!(
            "- {{name: x, sample: {{of: {request}, as: app, times: 1000, seed: 7{vary}}}, upstream: {{'*': ok}}, expect: {{shares: {expect}}}}}"
        ))
    };
    let users = ", vary: {headers.x-user: 'u-{i}'}";
    assert_eq!(sample("random", "", "{by: target, p/a/r: 80%, p/b/r: 20%}"), "");
    assert_eq!(sample("hashed", users, "{by: target, p/a/h: 80%, p/b/h: 20%, within: 5%}"), "");
    assert_eq!(sample("chat", "", "{by: target, p/a/m: 1000}"), "");
    assert_eq!(sample("chat", ", vary: {set./user: 'u-{i}'}", "{by: model, chat: 100%}"), "");
    assert_eq!(sample("chat", "", "{by: route, all: 1000}"), "");
    assert_eq!(sample("chat", "", "{by: code, none: 1000}"), "");
    let wrong = sample("random", "", "{by: target, p/a/r: 50%}");
    assert!(
        wrong.starts_with("x: mismatch the share of `p/a/r` is not as expected: expected 50% ± 6.32% of 1000, came "),
        "{wrong}"
    );
    let rest = sample("random", "", "{by: target, p/a/r: 100%}");
    assert!(rest.contains("the share of `p/b/r` is not as expected: expected none"), "{rest}");
    let exact = sample("chat", "", "{by: target, p/a/m: 999}");
    assert!(exact.contains("expected 999 of 1000, came 1000 of 1000"), "{exact}");
}

#[test]
fn equal_seeds_give_equal_choices() {
    let first = |seed: u64| {
        failures(&format!(
            "- {{name: x, as: app, seed: {seed}, send: {{use: hello, set: {{/model: random}}}}, upstream: {{'*': ok}}, expect: {{target: p/a/h}}}}"
        ))
    };
    let served: Vec<String> = (0..20).map(first).collect();
    assert_eq!(served, (0..20).map(first).collect::<Vec<_>>());
    assert!(
        served.iter().any(|one| one.ends_with("\"p/b/r\"")) && served.iter().any(|one| one.ends_with("\"p/a/r\"")),
        "{served:?}"
    );
}

#[test]
fn a_matrix_is_a_case_a_row() {
    let cases = "
- name: x
  send: hello
  matrix: {as: [app, stranger], send.set./model: [chat, nothing], upstream.p/a: [ok]}
  expect: [{status: 200}, {status: 404}, {status: 401}, {status: 401}]";
    let fixtures = crate::testing::FIXTURES.replace("{app:", "{stranger: {anonymous: true}, app:");
    let reports = crate::testing::reports_of(&crate::testing::suite(&fixtures, cases), &crate::Settings::default());
    assert_eq!(crate::testing::failed(&reports), "");
    let names: Vec<&str> = reports.iter().map(|(case, _)| case.name.as_str()).collect();
    assert_eq!(names[0], "x [as=app, model=chat, a=ok]");
    assert_eq!(names.len(), 4);
}
