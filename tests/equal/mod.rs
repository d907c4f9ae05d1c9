//! Simulated is real: whatever the policies, the requests and the upstreams' answers, the simulated world in which policies are tested and the gateway
//! that serves over sockets answer alike and leave the same decision records.
//!
//! Both get the same seed, so that what is drawn is drawn alike. Not compared are times that were measured, and what only sockets have: the headers
//! that HTTP/1.1 writes itself, and how much of an answer that breaks off still leaves its buffers. Out of reach of sockets on one machine, and so
//! simulated only: failing TLS handshakes, and connections that never come about. Requests follow one another; those that overlap have no one order.

mod answers;
mod outcome;
mod policies;
mod real;
mod requests;
mod simulated;
mod wire;

use std::collections::BTreeMap;
use std::time::Instant;

use aigw_compile::{Compiled, Input, compile};
use aigw_core::Timestamp;
use aigw_source::{Level, Limits};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRunner};
use tokio::task::JoinSet;

use self::answers::{Reaction, reactions};
use self::outcome::difference;
use self::policies::{ENDPOINTS, Policies, policies};
use self::real::Gateway;
use self::requests::{Ask, asks};
use self::wire::{Calls, Upstream};

/// Cases of one run where `PROPTEST_CASES` does not say how many.
const CASES: u32 = 64;

/// How long a failing case is made smaller: each try starts a gateway.
const MAX_SHRINK_MILLIS: u32 = 20_000;

/// Policies, what their upstreams do, and what they are asked.
#[derive(Clone, Debug)]
struct Case {
    policies: Policies,
    /// By endpoint.
    reactions: Vec<Vec<Reaction>>,
    asks: Vec<Ask>,
    seed: u64,
}

fn case() -> impl Strategy<Value = Case> {
    policies().prop_flat_map(|policies| {
        let reactions = prop::collection::vec(reactions(policies.hurry), ENDPOINTS.len());
        (Just(policies), reactions, asks(), any::<u64>()).prop_map(|(policies, reactions, asks, seed)| Case {
            policies,
            reactions,
            asks,
            seed,
        })
    })
}

/// In what the two worlds differ.
fn check(case: &Case) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut upstreams: Vec<Upstream> =
        (0..ENDPOINTS.len()).map(|place| runtime.block_on(Upstream::bind(case.policies.refusing == Some(place)))).collect();
    let yaml = case.policies.yaml([0, 1, 2].map(|place| upstreams[place].address));
    let compiled = compiled(&yaml);
    let program = compiled.program.clone().unwrap();
    let (calls, mut playing) = (Calls::default(), JoinSet::new());
    let _entered = runtime.enter();
    for (place, upstream) in upstreams.iter_mut().enumerate() {
        upstream.play(&mut playing, ENDPOINTS[place], case.reactions[place].clone(), &calls);
    }
    let gateway = Gateway::start(case, &compiled, &program);
    let (starts, began) = (Timestamp::from_millis(jiff::Timestamp::now().as_millisecond()), Instant::now());
    let (begun, real): (Vec<_>, Vec<_>) = gateway.run(&runtime, case, &calls).into_iter().unzip();
    let late = began.elapsed().as_secs() + 1;
    let simulated = simulated::run(case, &program, &gateway.digest, starts, &begun);
    for (number, (simulated, real)) in simulated.iter().zip(&real).enumerate() {
        let request = case.asks[number].request();
        if let Some(difference) = difference(simulated, real, request.method().as_str(), late) {
            return Err(TestCaseError::fail(format!("request {}: {request:?}\n{difference}\n{yaml}", number + 1)));
        }
    }
    Ok(())
}

/// The policies as compiled. All that are made here compile: none is thrown away.
fn compiled(yaml: &str) -> Compiled {
    let files = BTreeMap::from([("gateway.yaml".to_owned(), yaml.as_bytes().to_vec())]);
    let compiled = compile(Input { files, refused: Vec::new() }, &Limits::default());
    let errors = compiled.findings.iter().filter(|finding| finding.level == Level::Error);
    let errors: Vec<_> = errors.map(|finding| format!("{}: {}", finding.rule.code, finding.message)).collect();
    assert!(compiled.program.is_some(), "{errors:#?}\n{yaml}");
    compiled
}

/// What is wrong with the key would stand in the body, which no answer to `HEAD` has.
#[test]
fn an_answer_to_head_has_no_body() {
    let reactions = vec![vec![answers::wrong_key()], Vec::new(), Vec::new()];
    let asks = vec![Ask::bare("HEAD", "/score/a"), Ask::bare("GET", "/score/a")];
    let case = Case { policies: policies::plain(), reactions, asks, seed: 7 };
    let same = check(&case);
    assert!(same.is_ok(), "{}", same.unwrap_err());
}

#[test]
fn a_simulated_request_is_a_real_one() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let kept = FileFailurePersistence::Direct("equal/regressions.txt");
    let config = ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(kept)),
        max_shrink_time: MAX_SHRINK_MILLIS,
        ..ProptestConfig::default()
    };
    let outcome = TestRunner::new(config).run(&case(), |case| check(&case));
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
}
