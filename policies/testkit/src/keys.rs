//! Credentials that are made up for tests and verified for real: each API key of the program gets a second one that we know.

use aigw_kinds::Program;
use aws_lc_rs::digest::{SHA256, digest};

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
