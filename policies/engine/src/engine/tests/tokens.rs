//! Calls with the token of a managed identity.

use aigw_core::SkipReason;
use aigw_kinds::provider::{AzureApi, WirePlan};

use super::*;
use crate::testing::program::managed_identity;

/// Both endpoints are called with a token, in place of the key that Azure's wire would want.
fn desk() -> Desk {
    let desk = Desk::new(|program| {
        let api = AzureApi::V1 { version: None };
        program.providers = vec![crate::testing::program::provider(WirePlan::AzureOpenai(api), &[0, 1])];
        program.endpoints.iter_mut().for_each(|endpoint| endpoint.credential = Some(managed_identity()));
    });
    desk.script([vec![hello()], vec![hello()]]);
    desk
}

#[test]
fn a_token_is_sent_as_a_bearer_and_no_key_beside_it() {
    let desk = desk();
    for request in [desk.post("/v1/chat/completions", ASK), desk.post("/score/x", "{}")] {
        assert_eq!(desk.ask(request).status, StatusCode::OK);
    }
    let calls = desk.world.calls();
    assert_eq!(calls.len(), 2);
    for call in calls {
        assert_eq!(call.headers.get("authorization").unwrap(), &format!("Bearer token-{}", call.endpoint));
        assert!(call.headers.get("authorization").unwrap().is_sensitive());
        assert_eq!(call.headers.get("api-key"), None);
    }
}

#[test]
fn a_target_without_a_token_is_passed_over() {
    let desk = desk();
    desk.world.lose_token(0);
    for (request, target) in [(desk.post("/v1/chat/completions", ASK), "p/a/big"), (desk.post("/score/x", "{}"), "p/a")] {
        assert_eq!(desk.ask(request).status, StatusCode::OK);
        let record = desk.world.records().pop().unwrap();
        let skipped: Vec<_> = record.skipped.iter().map(|skipped| (&*skipped.target, skipped.reason)).collect();
        assert_eq!(skipped, [(target, SkipReason::TokenMissing)]);
    }
    desk.world.lose_token(1);
    assert_eq!(desk.chat(ASK).code(), "no_target");
}
