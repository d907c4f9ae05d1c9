//! Credentials that are made up for tests and verified for real: each API key of the program gets a second one that we know.

use aigw_engine::Loaded;
use aigw_kinds::Program;
use aigw_kinds::authentication::AuthenticationPlan;
use aigw_kinds::facts::{Facts, HeadFacts};
use aws_lc_rs::digest::{SHA256, digest};
use http::HeaderName;

/// The key that is made up for a consumer's credential.
pub(crate) fn made_up(consumer: &str, credential: &str) -> String {
    format!("aigw_test_{consumer}_{credential}_made_up_for_tests_only")
}

/// The program with the made-up keys beside its own: same consumer, same id, same expiry.
pub(crate) fn with_made_up(mut program: Program) -> Program {
    for consumer in &mut program.consumers {
        let made_up: Vec<_> = consumer
            .keys
            .iter()
            .map(|key| {
                let text = made_up(consumer.origin.name.as_str(), key.id.as_str());
                let mut key = key.clone();
                key.sha256 = digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
                key
            })
            .collect();
        consumer.keys.extend(made_up);
    }
    program
}

/// The header in which the route that this head reaches reads an API key first; where it reaches none, the first that anybody reads.
pub(crate) fn read_first(loaded: &Loaded, head: HeadFacts<'_>) -> Option<HeaderName> {
    let program = loaded.program();
    let matched = loaded.find_route(&Facts::new(head), &mut Vec::new()).ok();
    let named = matched.and_then(|matched| matched.plan.authentication.first().and_then(|id| id.of(program)));
    let reads = |plan: &&AuthenticationPlan| !plan.api_key_headers.is_empty();
    let plan = named.filter(reads).or_else(|| program.authentications.iter().find(reads))?;
    plan.api_key_headers.first()?.parse().ok()
}
