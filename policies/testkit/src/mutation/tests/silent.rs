//! What is not made, since nobody could tell it from the original.

use super::*;

fn ids(documents: &[&str]) -> Vec<String> {
    mutants(&program(documents)).into_iter().map(|mutant| mutant.id).collect()
}

/// Of these policies no mutant of this kind is made, and of those a few words apart one is.
fn check(kind: MutantKind, without: &[&str], with: &[&str]) {
    let prefix = format!("{}:", kind.as_str());
    let of_kind =
        |documents: &[&str]| -> Vec<String> { ids(documents).into_iter().filter(|id| id.starts_with(&prefix)).collect() };
    assert_eq!(of_kind(without), Vec::<String>::new());
    assert!(!of_kind(with).is_empty(), "{prefix}");
}

const KNOWN: &str = "{kind: Route, name: known, spec: {surfaces: [openai], operations: [chat], serve: {models: [chat], default: chat}, policies: [front-door, who]}}";

fn who(rules: &str) -> String {
    format!("{{kind: Authorization, name: who, spec: {{rules: [{rules}]}}}}")
}

#[test]
fn equal_weights_are_not_exchanged() {
    let model = |one: u32, other: u32| {
        format!(
            "{{kind: Model, name: chat, spec: {{targets: [{{target: p/a/m, weight: {one}}}, {{target: p/b/m, weight: {other}}}]}}}}"
        )
    };
    check(MutantKind::FlipWeights, &[&model(50, 50), OPEN], &[&model(60, 40), OPEN]);
}

#[test]
fn the_only_target_is_not_dropped() {
    let two = "{kind: Model, name: chat, spec: {targets: [{target: p/a/m}, {target: p/b/m}]}}";
    let unused = "{kind: Model, name: chat, spec: {targets: [{target: p/a/m}, {target: p/b/m, weight: 0}]}}";
    check(MutantKind::DropTarget, &[MODEL, OPEN], &[two, OPEN]);
    check(MutantKind::DropTarget, &[unused, OPEN], &[two, OPEN]);
}

#[test]
fn what_is_in_shadow_or_disabled_is_left_alone() {
    for mode in ["shadow", "disabled"] {
        let rule = |mode: &str| {
            who(&format!(
                "{{name: all, allow: {{operations: [chat]}}}}, {{name: guests, mode: {mode}, roles: [guest], deny: {{}}}}"
            ))
        };
        let (without, with) = (rule(mode), rule("enforce"));
        assert!(!ids(&[MODEL, &without, KNOWN]).contains(&"drop-rule:who/guests".to_owned()), "{mode}");
        assert!(ids(&[MODEL, &with, KNOWN]).contains(&"drop-rule:who/guests".to_owned()));
    }
}

#[test]
fn rules_beside_one_that_allows_everything_decide_nothing() {
    let twice = who("{name: a, roles: [staff], allow: {}}, {name: b, roles: [staff], allow: {}}");
    let all = who("{name: a, roles: [staff], allow: {}}, {name: all, allow: {}}");
    let once = who("{name: a, roles: [staff], allow: {}}, {name: b, roles: [guest], allow: {}}");
    check(MutantKind::DropRule, &[MODEL, &twice, KNOWN], &[MODEL, &once, KNOWN]);
    assert!(!ids(&[MODEL, &all, KNOWN]).contains(&"drop-rule:who/a".to_owned()));
}

#[test]
fn what_is_as_wide_as_it_gets_is_not_widened() {
    let (wide, narrow) = (
        who("{name: a, roles: [staff, guest], allow: {operations: [chat], models: ['*']}}"),
        who("{name: a, roles: [staff], allow: {}}"),
    );
    check(MutantKind::WidenRule, &[MODEL, &wide, KNOWN], &[MODEL, &narrow, KNOWN]);
}

#[test]
fn what_is_not_written_is_not_tested() {
    let plain = "{kind: Model, name: chat, spec: {targets: [{target: p/a/m}]}}";
    let written = "{kind: Model, name: chat, spec: {targets: [{target: p/a/m}], retry: {attempts: 3, retryOn: [429, 5xx]}}}";
    check(MutantKind::DoubleBound, &[plain, OPEN], &[written, OPEN]);
    check(MutantKind::DropRetry, &[plain, OPEN], &[written, OPEN]);
}

#[test]
fn a_status_that_another_word_takes_in_is_not_dropped() {
    let model =
        "{kind: Model, name: chat, spec: {targets: [{target: p/a/m}], retry: {attempts: 3, retryOn: [503, 5xx, 408, timeout]}}}";
    let dropped: Vec<String> = ids(&[model, OPEN]).into_iter().filter(|id| id.starts_with("drop-retry:")).collect();
    assert_eq!(dropped, ["drop-retry:chat/5xx", "drop-retry:chat/timeout"]);
}

#[test]
fn policies_that_no_request_reaches_are_left_alone() {
    let unused = "{kind: Limit, name: fair, spec: {per: consumer, rules: [{name: rpm, requests: 3, window: 1m}]}}";
    assert!(!ids(&[MODEL, OPEN, unused]).iter().any(|id| id.contains("fair")));
}

#[test]
fn a_match_that_another_of_the_route_takes_in_is_not_widened() {
    let route = |matches: &str| {
        format!(
            "{{kind: Route, name: open, spec: {{surfaces: [openai], operations: [chat], serve: {{models: [chat], default: chat}}, matches: [{matches}], anonymous: true, authorization: open}}}}"
        )
    };
    check(
        MutantKind::WidenMatch,
        &[MODEL, &route("{headers: {x-a: '1'}}, {}")],
        &[MODEL, &route("{headers: {x-a: '1'}}, {headers: {x-b: '1'}}")],
    );
}
