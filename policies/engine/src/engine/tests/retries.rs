//! Which targets are tried, how often, when, and what the client is told when none answers.

use aigw_core::TransportErrorKind::{Connect, ConnectTimeout, Protocol, Reset};
use aigw_core::{AttemptOutcome, Millis, Share, SkipReason};
use aigw_kinds::model::RetryOn;
use aigw_kinds::{ExpressionPlan, ExpressionScope, ExpressionType, Setting};

use super::*;
use crate::testing::program::PLACE;

/// Which endpoints were called, and how long after the first call.
fn calls(desk: &Desk) -> Vec<(u32, u64)> {
    let calls = desk.world.calls();
    let first = calls.first().map_or(0, |call| call.at);
    calls.iter().map(|call| (call.endpoint, call.at - first)).collect()
}

fn outcomes(desk: &Desk) -> Vec<(String, AttemptOutcome)> {
    desk.record().attempts.into_iter().map(|attempt| (attempt.target.to_string(), attempt.outcome)).collect()
}

fn skipped(desk: &Desk) -> Vec<(String, SkipReason)> {
    let last = desk.world.records().pop().unwrap();
    last.skipped.into_iter().map(|skipped| (skipped.target.to_string(), skipped.reason)).collect()
}

#[test]
fn a_failure_goes_to_the_best_untried_target() {
    let failures = [
        error(500, "x"),
        error(503, "x"),
        error(429, "rate_limit_exceeded"),
        Upstream::fails(Connect),
        Upstream::fails(Reset),
        Upstream::fails(Protocol),
    ];
    for failure in failures {
        let desk = Desk::scripted([vec![failure], vec![hello()]]);
        assert_eq!(desk.chat(ASK).status, StatusCode::OK);
        assert_eq!(calls(&desk), [(0, 0), (1, 0)]);
        let expected = [("p/a/big".to_owned(), AttemptOutcome::Retried), ("p/b/big".to_owned(), AttemptOutcome::Served)];
        assert_eq!(outcomes(&desk), expected);
        assert_eq!(skipped(&desk), [], "whoever was not needed was not passed over");
    }
}

#[test]
fn then_it_goes_again_from_the_best_after_a_pause() {
    let desk = Desk::scripted([vec![error(500, "x"), hello()], vec![error(500, "x")]]);
    assert_eq!(desk.chat(ASK).status, StatusCode::OK);
    let calls = calls(&desk);
    assert_eq!(calls.iter().map(|(endpoint, _)| *endpoint).collect::<Vec<_>>(), [0, 1, 0]);
    assert!((160..=240).contains(&calls.last().unwrap().1), "{calls:?}");
}

#[test]
fn attempts_count_every_send() {
    let desk = Desk::scripted([vec![error(500, "x")], vec![error(500, "x")]]);
    let told = desk.chat(ASK);
    assert_eq!((told.status, told.code().as_str()), (StatusCode::BAD_GATEWAY, "upstream_error"));
    assert_eq!(calls(&desk).len(), 3);
    let record = desk.record();
    assert_eq!((record.outcome, record.code), (Outcome::Failed, Some(ErrorCode::UpstreamError)));
    assert_eq!(record.attempts.last().unwrap().outcome, AttemptOutcome::Failed);
}

#[test]
fn what_is_not_listed_is_not_retried() {
    let desk = Desk::new(|program| program.models.first_mut().unwrap().retry.retry_on = vec![RetryOn::Status(503)]);
    desk.script([vec![error(500, "x")], vec![hello()]]);
    assert_eq!(desk.chat(ASK).code(), "upstream_error");
    desk.script([vec![error(503, "x")]]);
    assert_eq!(desk.chat(ASK).status, StatusCode::OK);
}

#[test]
fn the_providers_final_words_are_passed_on_and_never_retried() {
    for (status, code) in [(400, "bad"), (400, "content_filter"), (400, "context_length_exceeded"), (422, "bad")] {
        let desk = Desk::scripted([vec![error(status, code)], vec![hello()]]);
        let told = desk.chat(ASK);
        assert_eq!((told.status.as_u16(), told.code().as_str()), (status, code));
        assert!(!told.body.text().contains("request_id"), "it is the provider's own body");
        assert!(told.header("x-request-id").is_some());
        assert_eq!(calls(&desk).len(), 1);
        let record = desk.record();
        assert_eq!((record.outcome, record.status), (Outcome::Failed, status));
    }
}

#[test]
fn failures_of_ours_have_codes_of_ours() {
    for (script, status, code) in [
        (error(401, "invalid_api_key"), 502, "upstream_auth_failed"),
        (error(403, "x"), 502, "upstream_auth_failed"),
        (error(404, "DeploymentNotFound"), 502, "upstream_error"),
        (error(429, "rate_limit_exceeded"), 429, "upstream_rate_limited"),
        (error(302, "x"), 502, "upstream_invalid_answer"),
        (Upstream::fails(Connect), 502, "upstream_unreachable"),
        (Upstream::fails(ConnectTimeout), 504, "upstream_timeout"),
        (Upstream::fails(Protocol), 502, "upstream_invalid_answer"),
        (hello().after(10_001), 504, "upstream_timeout"),
    ] {
        let desk = Desk::new(|program| program.models.first_mut().unwrap().targets.truncate(1));
        desk.script([vec![script]]);
        let told = desk.chat(ASK);
        assert_eq!((told.status.as_u16(), told.code().as_str()), (status, code));
        assert_eq!(desk.world.open_bodies(), 0);
    }
}

#[test]
fn another_account_may_serve_what_a_refused_one_does_not() {
    for failure in [error(401, "x"), error(429, "insufficient_quota"), error(402, "x")] {
        let desk = Desk::scripted([vec![failure], vec![hello()]]);
        assert_eq!(desk.chat(ASK).status, StatusCode::OK);
        assert_eq!(calls(&desk), [(0, 0), (1, 0)]);
    }
}

#[test]
fn retry_after_is_a_floor_for_that_target_and_for_every_request() {
    let busy = error(429, "rate_limit_exceeded").header("retry-after", "30");
    let desk = Desk::scripted([vec![busy, hello()], vec![hello()]]);
    desk.chat(ASK);
    assert_eq!(skipped(&desk), [], "its attempt tells");
    desk.chat(ASK);
    assert_eq!(calls(&desk).iter().map(|(endpoint, _)| *endpoint).collect::<Vec<_>>(), [0, 1, 1]);
    assert_eq!(skipped(&desk), [("p/a/big".to_owned(), SkipReason::CoolingDown)]);
    desk.world.advance(30_000);
    desk.chat(ASK);
    assert_eq!(calls(&desk).last().unwrap().0, 0);
    assert_eq!(skipped(&desk), []);
}

#[test]
fn a_short_wish_for_peace_is_waited_out_and_a_long_one_is_told() {
    let one = |wait: &str| {
        let desk = Desk::new(|program| program.models.first_mut().unwrap().targets.truncate(1));
        desk.script([vec![error(429, "x").header("retry-after", wait), hello()]]);
        let told = desk.chat(ASK);
        (desk, told)
    };
    let (desk, told) = one("4");
    assert_eq!((told.status, calls(&desk)), (StatusCode::OK, vec![(0, 0), (0, 4_000)]));
    let (desk, told) = one("60");
    assert_eq!((told.code().as_str(), told.header("retry-after")), ("upstream_rate_limited", Some("60")));
    desk.world.advance(10_000);
    let told = desk.chat(ASK);
    assert_eq!((told.code().as_str(), told.header("retry-after"), calls(&desk).len()), ("upstream_rate_limited", Some("50"), 1));
    assert_eq!(skipped(&desk), [("p/a/big".to_owned(), SkipReason::CoolingDown)]);
}

#[test]
fn nobody_waits_past_the_requests_own_time() {
    let desk = Desk::new(|program| {
        program.models.first_mut().unwrap().targets.truncate(1);
        program.gateway.bounds.request_time = Millis::from_secs(3);
    });
    desk.script([vec![error(429, "x").header("retry-after", "4"), hello()]]);
    assert_eq!(desk.chat(ASK).code(), "upstream_rate_limited");
    assert_eq!((calls(&desk).len(), skipped(&desk)), (1, vec![("p/a/big".to_owned(), SkipReason::TimeSpent)]));
}

#[test]
fn the_budget_stops_retries_when_everything_fails() {
    let desk = Desk::new(|program| program.models.first_mut().unwrap().retry.budget = Share::from_ppm(200_000));
    desk.script([vec![error(500, "x")], vec![error(500, "x")]]);
    for _ in 0..50 {
        desk.chat(ASK);
    }
    let sent = desk.world.calls().len();
    assert!((55..=75).contains(&sent), "50 requests and 20 % of what was sent, the first ten free: {sent}");
    assert_eq!(skipped(&desk), [("p/b/big".to_owned(), SkipReason::RetryBudget)]);
}

#[test]
fn a_target_is_eligible_by_its_condition_and_its_secret() {
    let conditional = |text: &str| {
        Desk::new(|program| {
            let text = text.to_owned();
            program.expressions.push(ExpressionPlan {
                text,
                scope: ExpressionScope::Resolve,
                gives: ExpressionType::Bool,
                place: PLACE,
            });
            program.models.first_mut().unwrap().targets.first_mut().unwrap().when = Some(aigw_kinds::ExpressionId(0));
        })
    };
    for (text, endpoint, reason, note) in [
        (r#"identity.consumer == "app""#, 0, None, None),
        (r#"identity.consumer == "other""#, 1, Some(SkipReason::WhenFalse), None),
        (
            "request.body.messages > 3",
            1,
            Some(SkipReason::WhenFailed),
            Some("`request.body.messages > 3` compares a list with a number"),
        ),
    ] {
        let desk = conditional(text);
        desk.script([vec![hello()], vec![hello()]]);
        desk.chat(ASK);
        assert_eq!(calls(&desk), [(endpoint, 0)], "{text}");
        let skipped = desk.record().skipped;
        assert_eq!(skipped.first().map(|skipped| (&*skipped.target, skipped.reason)), reason.map(|reason| ("p/a/big", reason)));
        assert_eq!(skipped.first().and_then(|skipped| skipped.note.as_deref()), note);
    }
    let desk = Desk::scripted([vec![hello()], vec![hello()]]);
    desk.world.lose_secret("key-a");
    desk.chat(ASK);
    assert_eq!(calls(&desk), [(1, 0)]);
    desk.world.lose_secret("key-b");
    let told = desk.chat(ASK);
    assert_eq!((told.status, told.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "no_target"));
    let missing = ["p/a/big", "p/b/big"].map(|target| (target.to_owned(), SkipReason::SecretMissing));
    assert_eq!(skipped(&desk), missing);
}

#[test]
fn nothing_is_sent_without_the_key_that_it_needs() {
    let desk = Desk::scripted([vec![hello()], vec![hello()]]);
    desk.world.change_secret("key-a", "two\nlines");
    for (request, targets) in [(desk.post("/v1/chat/completions", ASK), "p/a/big"), (desk.post("/score/x", "{}"), "p/a")] {
        assert_eq!(desk.ask(request).status, StatusCode::OK);
        assert_eq!(skipped(&desk), [(targets.to_owned(), SkipReason::Unsendable)]);
    }
    assert!(desk.world.calls().iter().all(|call| call.endpoint == 1));
    desk.world.lose_secret("key-a");
    assert_eq!(desk.ask(desk.post("/score/x", "{}")).status, StatusCode::OK);
    assert_eq!(skipped(&desk), [("p/a".to_owned(), SkipReason::SecretMissing)]);
}

#[test]
fn equals_are_balanced_by_weight_and_zero_gets_none() {
    let balanced = |weights: [u64; 2]| {
        let desk = Desk::new(|program| {
            for (target, weight) in program.models.first_mut().unwrap().targets.iter_mut().zip(weights) {
                (target.priority, target.weight) = (1, Setting::Value(weight));
            }
        });
        desk.script([vec![hello()], vec![hello()]]);
        for _ in 0..400 {
            desk.chat(ASK);
        }
        desk.world.calls().iter().filter(|call| call.endpoint == 0).count()
    };
    assert!((280..=320).contains(&balanced([3, 1])), "about three quarters");
    assert_eq!(balanced([0, 1]), 0);
}

#[test]
fn a_sticky_key_keeps_its_target_and_keys_spread() {
    let desk = Desk::new(|program| {
        let text = r#"request.headers["x-user"]"#.to_owned();
        program.expressions.push(ExpressionPlan {
            text,
            scope: ExpressionScope::Resolve,
            gives: ExpressionType::Text,
            place: PLACE,
        });
        let model = program.models.first_mut().unwrap();
        model.sticky = Some(aigw_kinds::ExpressionId(0));
        model.targets.iter_mut().for_each(|target| target.priority = 1);
    });
    desk.script([vec![hello()], vec![hello()]]);
    let endpoint_of = |user: usize| {
        desk.ask(desk.with(json("/v1/chat/completions").header("x-user", user.to_string()), ASK));
        desk.world.calls().last().unwrap().endpoint
    };
    let first: Vec<u32> = (0..40).map(endpoint_of).collect();
    let second: Vec<u32> = (0..40).map(endpoint_of).collect();
    assert_eq!(first, second);
    assert!((8..=32).contains(&first.iter().filter(|endpoint| **endpoint == 0).count()), "{first:?}");
}

#[test]
fn the_requests_time_caps_all_attempts() {
    let desk = Desk::new(|program| program.gateway.bounds.request_time = Millis::from_secs(15));
    desk.script([vec![hello().after(60_000)], vec![hello().after(60_000)]]);
    let began = desk.world.millis();
    let told = desk.chat(ASK);
    assert_eq!((told.status, told.code().as_str()), (StatusCode::GATEWAY_TIMEOUT, "request_time_exceeded"));
    assert_eq!(desk.world.millis() - began, 15_000);
}

#[test]
fn a_silent_target_is_not_asked_again() {
    let desk = Desk::scripted([vec![hello().after(60_000)], vec![error(500, "x"), hello()]]);
    assert_eq!(desk.chat(ASK).status, StatusCode::OK);
    assert_eq!(calls(&desk).iter().map(|(endpoint, _)| *endpoint).collect::<Vec<_>>(), [0, 1, 1]);
}

#[test]
fn a_cool_down_outlives_a_reload() {
    let busy = error(429, "rate_limit_exceeded").header("retry-after", "30");
    let mut desk = Desk::scripted([vec![busy, hello()], vec![hello()]]);
    desk.chat(ASK);
    desk.reload();
    desk.chat(ASK);
    assert_eq!(calls(&desk).iter().map(|(endpoint, _)| *endpoint).collect::<Vec<_>>(), [0, 1, 1]);
}

#[test]
fn attempts_of_one_ask_nobody_else() {
    let desk = Desk::new(|program| program.models.first_mut().unwrap().retry.attempts = 1);
    desk.script([vec![error(500, "x")], vec![hello()]]);
    assert_eq!(desk.chat(ASK).code(), "upstream_error");
    assert_eq!(calls(&desk).len(), 1);
}

#[test]
fn a_refused_prompt_does_not_cool_its_target_down() {
    let desk = Desk::scripted([vec![error(400, "bad").header("retry-after", "30"), hello()], vec![hello()]]);
    assert_eq!(desk.chat(ASK).status, StatusCode::BAD_REQUEST);
    assert_eq!(desk.chat(ASK).status, StatusCode::OK);
    assert_eq!(calls(&desk), [(0, 0), (0, 0)]);
}
