//! Tokens: when their issuer is asked for keys, and what clients and records are told.

#![expect(clippy::indexing_slicing, reason = "tests")]

use aigw_core::{KeyMaterial, KeySet, Millis, PublicKey};
use aigw_kinds::authentication::{ClaimPath, ClaimRule, ClaimTest, IssuerPlan, IssuerSource};
use aigw_kinds::consumer::TokenPlan;
use aigw_kinds::{IssuerId, Setting};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;
use crate::testing::program::{PLACE, name};

const ISSUER: &str = "https://id.example";

fn text(text: &str) -> Setting<String> {
    Setting::Value(text.to_owned())
}

/// A desk whose routes take tokens and keys, with these keys of the issuer now and after each time that it is asked.
fn desk(keys: &[&[u8]]) -> Desk {
    let desk = Desk::new(|program| {
        program.issuers = vec![IssuerPlan {
            name: name("idp"),
            place: PLACE,
            source: IssuerSource::Named { issuer: text(ISSUER), jwks: Some(text("https://id.example/keys")) },
            audience: vec![text("aigw")],
            skew: Millis::from_secs(60),
            require: Vec::new(),
            roles: None,
            undeclared: None,
        }];
        program.authentications[0].issuers = vec![IssuerId(0)];
        let claims = vec![ClaimRule { claim: ClaimPath("azp".to_owned()), test: ClaimTest::Equals(text("app")) }];
        program.consumers[0].tokens = vec![TokenPlan { issuer: IssuerId(0), claims, subscription: None, place: PLACE }];
    });
    let set = |ids: &&[u8]| (!ids.is_empty()).then(|| Arc::new(KeySet { keys: ids.iter().map(|id| public(*id)).collect() }));
    desk.world.issue(0, keys.iter().map(set));
    desk
}

fn pair(id: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[id; 32]).unwrap()
}

fn public(id: u8) -> PublicKey {
    let material = KeyMaterial::Ed25519(pair(id).public_key().as_ref().into());
    PublicKey { id: Some(id.to_string().into()), algorithm: None, material }
}

fn token(desk: &Desk, key: u8) -> Builder {
    let exp = desk.world.wall().as_millis() / 1_000 + 60;
    let header = format!(r#"{{"alg":"EdDSA","kid":"{key}"}}"#);
    let claims = format!(r#"{{"iss":"{ISSUER}","aud":"aigw","azp":"app","exp":{exp}}}"#);
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(pair(key).sign(signed.as_bytes()));
    Request::builder().uri("/v1/models").header(AUTHORIZATION, format!("Bearer {signed}.{signature}"))
}

fn told(desk: &Desk, key: u8) -> (u16, u64) {
    let told = desk.ask(desk.with(token(desk, key), ""));
    (told.status.as_u16(), desk.world.refreshed())
}

#[test]
fn a_known_key_asks_nobody_and_an_unknown_one_once() {
    let desk = desk(&[&[1], &[1, 2]]);
    assert_eq!(told(&desk, 1), (200, 0));
    assert_eq!(told(&desk, 2), (200, 1));
    assert_eq!(told(&desk, 2), (200, 1));
    assert_eq!(told(&desk, 3), (401, 2));
    let records = desk.world.records();
    for record in &records {
        assert_eq!(record.policies.iter().filter(|verdict| verdict.phase == "authenticate").count(), 1, "{record:?}");
    }
    let names =
        |record: &Record| (record.consumer.as_deref().map(str::to_owned), record.credential.as_deref().map(str::to_owned));
    assert_eq!(names(&records[0]), (Some("app".to_owned()), Some("idp".to_owned())));
    assert_eq!(names(&records[3]), (None, None));
}

#[test]
fn a_key_that_is_taken_back_verifies_no_more() {
    let desk = desk(&[&[1, 2], &[2]]);
    assert_eq!(told(&desk, 1), (200, 0));
    assert_eq!(told(&desk, 3).0, 401);
    assert_eq!(told(&desk, 1).0, 401);
    assert_eq!(told(&desk, 2).0, 200);
}

#[test]
fn without_any_keys_it_is_nobodys_fault_but_ours() {
    let desk = desk(&[&[], &[1]]);
    assert_eq!(told(&desk, 1), (200, 1));
    let desk = self::desk(&[&[]]);
    let told = desk.ask(desk.with(token(&desk, 1), ""));
    assert_eq!((told.status.as_u16(), told.code().as_str()), (503, "identity_unavailable"));
    assert_eq!((told.header("retry-after"), told.header("www-authenticate")), (Some("1"), None));
    assert_eq!(desk.world.refreshed(), 1);
}

#[test]
fn refusals_say_how_to_prove_who_one_is() {
    let desk = desk(&[&[1]]);
    for (head, challenge) in [
        (token(&desk, 2), "Bearer error=\"invalid_token\""),
        (Request::builder().uri("/v1/models").header(AUTHORIZATION, "Bearer wrong"), "Bearer"),
        (Request::builder().uri("/v1/models"), "Bearer"),
    ] {
        let told = desk.ask(desk.with(head, ""));
        assert_eq!((told.status.as_u16(), told.header("www-authenticate")), (401, Some(challenge)));
    }
}
