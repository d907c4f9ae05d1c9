//! Each kind of point: reached, and not reached.

use super::*;
use crate::coverage::PointKind::{
    Authentication, Authorization, Condition, Error, Fallback, Limit, Prompt, Route, Target, Validation,
};

#[test]
fn nothing_is_covered_before_a_case_ran() {
    let report = Coverage::of(&compiled(POLICIES).program.unwrap()).report();
    let listed: Vec<String> =
        report.points.iter().map(|p| format!("{}:{} {:?} {} {}", p.line, p.column, p.kind, p.name, p.outcome.never())).collect();
    insta::assert_snapshot!(listed.join("\n"));
    assert_eq!(report.total.covered, 0);
    assert_eq!(report.uncovered().count(), report.points.len());
}

#[test]
fn matches_of_routes_by_operation() {
    let cases = "
    - {as: ann, send: red, upstream: {'*': ok}, expect: {status: 200}}
    - {as: ann, send: {use: red, host: b.example}, upstream: {'*': ok}, expect: {status: 200}}
    - {as: ann, send: {get: /v1/models, host: a.example, headers: {x-team: blue}}, expect: {status: 200}}
    ";
    let expected = [
        "92 talk, match 1 (chat) Reached 2",
        "92 talk, match 1 (models) Reached 0",
        "93 talk, match 2 (chat) Reached 0",
        "93 talk, match 2 (models) Reached 1",
        "102 score (http) Reached 0",
    ];
    check(Route, cases, &expected);
}

#[test]
fn ways_to_pass_and_not_to() {
    let cases = "
    - {as: ann, send: red, upstream: {'*': ok}, expect: {status: 200}}
    - {as: stranger, send: red, expect: {status: 401}}
    - {as: stranger, send: red, expect: {status: 401}}
    ";
    check(Authentication, cases, &["10 door Key 1", "10 door Anonymous 0", "10 door Refused 2"]);
    check(
        Authentication,
        "    - {send: red, expect: {status: 403}}",
        &["10 door Key 0", "10 door Anonymous 1", "10 door Refused 0"],
    );
}

#[test]
fn rules_of_access_apply_and_do_not() {
    let cases = "
    - {as: ann, send: red, upstream: {'*': ok}, expect: {status: 200}}
    - {send: red, expect: {status: 403}}
    ";
    let expected = |apps, apps_not, guests, guests_not| {
        [
            format!("25 who/apps True {apps}"),
            format!("25 who/apps False {apps_not}"),
            format!("26 who/guests True {guests}"),
            format!("26 who/guests False {guests_not}"),
        ]
    };
    let seen = |cases: &str| points(&covered(POLICIES, cases), Authorization);
    // The rule without any condition applies always: nothing asks for the contrary.
    assert_eq!(seen(cases), [expected(1, 1, 0, 2).as_slice(), &["29 who/nobody-else True 2".to_owned()]].concat());
    let small =
        "    - {send: {use: red, headers: {x-guest: 'yes'}, set: {/model: small}}, upstream: {'*': ok}, expect: {status: 200}}";
    assert_eq!(seen(small), [expected(0, 1, 1, 0).as_slice(), &["29 who/nobody-else True 1".to_owned()]].concat());
}

#[test]
fn the_list_of_models_judges_only_what_it_needs() {
    let list = "    - {as: ann, send: {get: /v1/models, host: a.example, headers: {x-team: red}}, expect: {status: 200}}";
    let report = covered(POLICIES, list);
    let guests: Vec<_> = report.points.iter().filter(|point| point.name.contains("guests")).map(|point| point.count).collect();
    assert_eq!(guests, [0, 1, 0, 0], "the rule is about another operation, and its condition decides nothing");
}

#[test]
fn conditions_hold_and_do_not() {
    let cases = "
    - {as: ann, send: {use: blue, headers: {x-tier: gold}}, upstream: {'*': ok}, expect: {status: 200}}
    - {as: ann, send: {use: blue, headers: {x-free: '1'}}, upstream: {'*': ok}, expect: {status: 200}}
    ";
    let expected = [
        "28 who/guests True 0",
        "28 who/guests False 0",
        "37 fair/rpm True 1",
        "37 fair/rpm False 1",
        "55 big to p/a/m True 1",
        "55 big to p/a/m False 1",
        "66 small to p/a/s True 0",
        "66 small to p/a/s False 0",
        "93 talk, match 2 True 2",
        "93 talk, match 2 False 0",
    ];
    check(Condition, cases, &expected);
}

#[test]
fn limits_are_counted_and_exceeded() {
    let cases = "
    - as: ann
      upstream: {'*': ok}
      steps: [{send: red, times: 2, expect: {status: 200}}, {send: red, expect: {status: 429, code: rate_limited}}]
    ";
    let expected = ["37 fair/rpm Counted 2", "37 fair/rpm Exceeded 1", "38 fair/open Counted 2", "38 fair/open Exceeded 0"];
    check(Limit, cases, &expected);
    let together = "
    - as: ann
      upstream: {'*': {after: 1s, chat: {text: Hi.}}}
      steps: [{send: red, times: 2, together: true, expect: {headers: {x-request-id: {present: true}}}}]
    ";
    let expected = ["37 fair/rpm Counted 1", "37 fair/rpm Exceeded 0", "38 fair/open Counted 1", "38 fair/open Exceeded 1"];
    check(Limit, together, &expected);
}

#[test]
fn validations_pass_and_refuse() {
    let cases = "
    - {send: {post: /score, body: [1]}, upstream: {'*': ok}, expect: {status: 200}}
    - {send: {post: /score, body: [[[1]]]}, expect: {status: 400, code: json_too_deep}}
    - {send: {post: /score, text: x, headers: {content-type: text/plain}}, expect: {status: 415, code: unsupported_media_type}}
    ";
    let expected = [
        "109 input Passed 1",
        "111 input/contentTypes Refused 1",
        "112 input/jsonDepth Refused 1",
        "113 input/signatures Refused 0",
    ];
    check(Validation, cases, &expected);
}

#[test]
fn a_store_that_fails_exceeds_no_limit() {
    let cases = "    - {as: ann, store: down, send: red, expect: {status: 503, code: limit_unavailable}}";
    let expected = ["37 fair/rpm Counted 0", "37 fair/rpm Exceeded 0", "38 fair/open Counted 0", "38 fair/open Exceeded 0"];
    check(Limit, cases, &expected);
}

#[test]
fn targets_and_endpoints_are_called() {
    let cases = "
    - {as: ann, send: {use: red, headers: {x-tier: gold}}, upstream: {'*': ok}, expect: {status: 200}}
    - {send: {post: /score, body: [1]}, upstream: {'*': {text: y}}, expect: {status: 200}}
    ";
    let expected = [
        "55 big to p/a/m Called 1",
        "56 big to p/b/m Called 0",
        "66 small to p/a/s Called 0",
        "99 score to p/a Called 1",
        "99 score to p/b Called 0",
    ];
    check(Target, cases, &expected);
}

#[test]
fn fallbacks_are_taken_by_the_model_that_was_meant() {
    let cases = "
    - as: ann
      send: red
      upstream: {p/b: busy, p/a: ok}
      expect: {status: 200, model: small}
    ";
    check(Fallback, cases, &["51 big to small Taken 1"]);
    check(
        Target,
        cases,
        &[
            "55 big to p/a/m Called 0",
            "56 big to p/b/m Called 1",
            "66 small to p/a/s Called 1",
            "99 score to p/a Called 0",
            "99 score to p/b Called 0",
        ],
    );
    let straight = "    - {as: ann, send: {use: red, set: {/model: small}}, upstream: {'*': ok}, expect: {status: 200}}";
    check(Fallback, straight, &["51 big to small Taken 0"]);
}

#[test]
fn prompts_are_applied() {
    let cases = "    - {as: ann, send: {use: red, headers: {x-product: Lamp}}, upstream: {'*': ok}, expect: {status: 200}}";
    check(Prompt, cases, &["75 house/v1 Applied 1", "81 calm Applied 1"]);
    let refused = "    - {as: ann, send: {use: red, headers: {x-product: Lamps}}, expect: {status: 400}}";
    check(Prompt, refused, &["75 house/v1 Applied 0", "81 calm Applied 0"]);
}

#[test]
fn errors_are_told_to_clients() {
    let cases = "
    - {send: {get: /nowhere}, expect: {status: 404, code: route_not_found}}
    - {as: stranger, send: red, expect: {code: invalid_api_key}}
    - {as: ann, at: '2027-01-01T00:00:00Z', send: red, expect: {code: api_key_expired}}
    - {send: {use: red, headers: {x-guest: 'yes'}}, expect: {code: model_not_allowed}}
    - {send: {use: red, set: {/model: none}}, expect: {code: model_not_found}}
    - {as: ann, send: {use: red, set: {/model: small}, headers: {x-none: '1'}}, expect: {code: no_target}}
    - {as: ann, send: {use: red, set: {/model: small}}, upstream: {p/a: busy}, expect: {code: upstream_error}}
    ";
    insta::assert_snapshot!(points(&covered(POLICIES, cases), Error).join("\n"));
}

#[test]
fn what_a_process_lets_in_at_all_is_reached_by_requests_at_once_and_in_a_row() {
    let policies = POLICIES.replace(
        "bounds: {body: 1KiB}",
        "bounds: {body: 1KiB, requestsPerAddress: {requests: 2, window: 10s}}\n  load: {concurrency: 1, classes: {background: 100%, standard: 100%}}",
    );
    let cases = "
    - name: one at once and no more
      as: ann
      upstream: {'*': {chat: {text: Hi.}, after: 1s}}
      steps:
        - {send: red, times: 2, together: true, expect: {shares: {by: status, '200': 1, '503': 1}}}
        - {send: {use: red, ip: 198.51.100.7}, expect: {status: 200}}
    - name: two in a row from one address, and the next waits
      as: ann
      upstream: {'*': ok}
      steps:
        - {send: red, times: 2, expect: {status: 200}}
        - {send: red, expect: {status: 429, code: address_limited, outcome: refused, calls: 0, headers: {retry-after: {between: [10, 12]}}}}
        - {as: stranger, send: {use: red, ip: 198.51.100.7}, expect: {status: 401}}
        - {advance: 12s}
        - {as: stranger, send: red, expect: {status: 401}}
";
    let errors = points(&covered(&policies, cases), PointKind::Error);
    let about = |name: &str| errors.iter().find(|point| point.contains(name)).cloned();
    assert_eq!(about("address_limited").as_deref(), Some("6 address_limited Told 1"));
    assert_eq!(about("overloaded").as_deref(), Some("7 overloaded Told 1"));
}
