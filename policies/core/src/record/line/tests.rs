#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::{AttemptOutcome, ErrorCode, Outcome, SkipReason, Timestamp, Verdict};

fn text() -> impl Strategy<Value = Arc<str>> {
    any::<String>().prop_map(Into::into)
}

fn policy() -> impl Strategy<Value = PolicyVerdict> {
    let verdict = prop::sample::select(vec![Verdict::Allowed, Verdict::Refused, Verdict::Changed, Verdict::Passed]);
    let texts = (text(), option::of(text()), text(), option::of(any::<String>()));
    (texts, verdict, any::<bool>()).prop_map(|((policy, rule, at, note), verdict, shadow)| PolicyVerdict {
        policy,
        rule,
        phase: "admit".into(),
        verdict,
        shadow,
        at,
        note,
    })
}

fn attempt() -> impl Strategy<Value = Attempt> {
    use AttemptOutcome::{Cancelled, Failed, Retried, Served};
    let outcome = prop::sample::select(vec![Served, Retried, Failed, Cancelled]);
    let texts = (text(), option::of(text()), any::<Option<String>>());
    (texts, any::<Option<u16>>(), any::<u64>(), outcome).prop_map(|((target, fallback, reason), status, micros, outcome)| {
        Attempt { target, fallback, status, micros, outcome, reason }
    })
}

fn skipped() -> impl Strategy<Value = Skipped> {
    use SkipReason::{CoolingDown, RetryBudget, SecretMissing, TimeSpent, TokenMissing, Unsendable, WhenFailed, WhenFalse};
    let all = vec![WhenFalse, WhenFailed, SecretMissing, TokenMissing, CoolingDown, RetryBudget, TimeSpent, Unsendable];
    (text(), prop::sample::select(all), any::<Option<String>>()).prop_map(|(target, reason, note)| Skipped {
        target,
        reason,
        note,
    })
}

fn usage() -> impl Strategy<Value = UsageRecord> {
    any::<[Option<u64>; 4]>().prop_map(|[input_tokens, cached_input_tokens, output_tokens, reasoning_tokens]| UsageRecord {
        input_tokens,
        cached_input_tokens,
        output_tokens,
        reasoning_tokens,
    })
}

fn record() -> impl Strategy<Value = Record> {
    use Outcome::{Cancelled, Completed, Failed, Refused};
    let limit = (text(), any::<u64>(), any::<bool>());
    let limit = limit.prop_map(|(limit, remaining, shadow)| LimitState { limit, remaining, shadow });
    let lists = (
        vec(policy(), 0..3),
        vec(limit, 0..3),
        vec(attempt(), 0..3),
        vec(skipped(), 0..3),
        vec((any::<String>(), any::<u64>()), 0..3),
    );
    let ends = (
        prop::sample::select(vec![Completed, Refused, Failed, Cancelled]),
        option::of(prop::sample::select(ErrorCode::ALL)),
        any::<u16>(),
        option::of(usage()),
    );
    (
        (text(), any::<[String; 4]>()),
        (any::<Option<String>>(), [(); 9].map(|()| option::of(text()))),
        any::<i64>(),
        any::<bool>(),
        lists,
        ends,
    )
        .prop_map(
            |(given, known, time, stream, (policies, limits, attempts, skipped, timings), (outcome, code, status, usage))| {
                let (bundle, [request_id, method, path, ip]) = given;
                let (operation, [route, route_at, consumer, tenant, product, subscription, credential, model, fallback_from]) =
                    known;
                let time = Timestamp::from_millis(time);
                let operation = operation.map(Into::into);
                let timings = timings.into_iter().map(|(phase, micros)| (phase.into(), micros)).collect();
                Record {
                    time,
                    request_id,
                    bundle,
                    method,
                    path,
                    ip,
                    route,
                    route_at,
                    operation,
                    consumer,
                    tenant,
                    product,
                    subscription,
                    credential,
                    model,
                    fallback_from,
                    stream,
                    policies,
                    limits,
                    attempts,
                    skipped,
                    usage,
                    outcome,
                    status,
                    code,
                    timings,
                }
            },
        )
}

proptest! {
    #[test]
    fn a_line_is_what_serde_writes(record in record()) {
        let mut line = Vec::new();
        record.write_line(&mut line);
        prop_assert_eq!(String::from_utf8(line).unwrap(), serde_json::to_string(&record).unwrap() + "\n");
    }
}

#[test]
fn every_escape_and_every_code_is_what_serde_writes() {
    let every: String = (0..=0x80_u8).map(char::from).collect();
    for code in ErrorCode::ALL {
        let record = Record { path: every.clone(), code: Some(*code), ..Record::default() };
        let mut line = Vec::new();
        record.write_line(&mut line);
        assert_eq!(String::from_utf8(line).unwrap(), serde_json::to_string(&record).unwrap() + "\n");
    }
}
