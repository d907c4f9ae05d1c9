#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::fixtures::{KeyStore, bundle, content, key, members, release, time};
use crate::{PublicKey, Reason};

fn ids(bundle: &[u8]) -> Vec<String> {
    let inspection = Inspection::of(bundle, &Limits::default()).unwrap();
    inspection.envelope.signatures.into_iter().map(|signature| signature.key_id).collect()
}

fn id(number: u8) -> String {
    key(number).public_key().id().to_hex()
}

#[test]
fn signing_twice_gives_the_same_bytes() {
    assert_eq!(bundle(release(), &[1, 2]), bundle(release(), &[1, 2]));
}

#[test]
fn what_was_signed_can_be_looked_at() {
    let inspection = Inspection::of(&bundle(release(), &[1]), &Limits::default()).unwrap();
    assert_eq!(inspection.members, members());
    assert_eq!(inspection.statement.release(), release());
    assert_eq!(inspection.statement.content.digest, content().digest());
    assert_eq!(inspection.statement.compressed.size, content().bytes().len() as u64);
}

#[test]
fn a_second_signer_adds_a_signature_and_nothing_else() {
    let one = bundle(release(), &[1]);
    let two = add_signature(&one, &key(2), &Limits::default()).unwrap();
    assert_eq!(ids(&two), [id(1), id(2)]);
    assert_eq!(two, bundle(release(), &[1, 2]));
    let again = add_signature(&two, &key(1), &Limits::default()).unwrap_err();
    assert_eq!(again, SignError::AlreadySigned { key: key(1).public_key().id().short() });
}

#[test]
fn the_same_content_is_signed_again_for_another_time() {
    let old = bundle(release(), &[1]);
    let later =
        Release { sequence: 9, expires: time("2026-08-01T00:00:00Z"), not_before: time("2026-07-01T00:00:00Z"), ..release() };
    let new = resign(&old, later.clone(), &[&key(2)], &Limits::default()).unwrap();
    let inspection = Inspection::of(&new, &Limits::default()).unwrap();
    assert_eq!(inspection.statement.release(), later);
    assert_eq!(inspection.statement.content.digest, content().digest());
    assert_eq!(ids(&new), [id(2)]);
}

#[test]
fn nobody_signs_what_does_not_hold_together() {
    let mut altered = bundle(release(), &[1]);
    *altered.last_mut().unwrap() ^= 1;
    let limits = Limits::default();
    for refused in [add_signature(&altered, &key(2), &limits), resign(&altered, release(), &[&key(2)], &limits)] {
        let SignError::Refused(refusal) = refused.unwrap_err() else { unreachable!() };
        assert_eq!(refusal.reason(), Reason::CompressedDigest);
    }
    let never = Release { expires: release().not_before, ..release() };
    let SignError::Refused(refusal) = sign(&content(), never, &[&key(1)]).unwrap_err() else { unreachable!() };
    assert_eq!(refusal.message(), "it expires at 2026-06-01T00:00:00Z, before it becomes valid at 2026-06-01T00:00:00Z");
}

/// A key store that fails, or signs with another key than it says.
struct Broken {
    says: PublicKey,
    answer: Result<Vec<u8>, SignerError>,
}

impl Signer for Broken {
    fn public_key(&self) -> &PublicKey {
        &self.says
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignerError> {
        self.answer.clone()
    }
}

#[test]
fn a_signer_that_fails_makes_no_bundle() {
    let says = || key(1).public_key().clone();
    let short = says().id().short();
    let fails = Broken { says: says(), answer: Err(SignerError::new("the store is locked")) };
    assert_eq!(
        sign(&content(), release(), &[&fails]).unwrap_err().to_string(),
        format!("the key {short} did not sign: the store is locked")
    );
    let wrong = Broken { says: says(), answer: key(2).sign(b"another message") };
    assert_eq!(sign(&content(), release(), &[&wrong]).unwrap_err(), SignError::BadSignature { key: short });
    assert_eq!(sign(&content(), release(), &[]).unwrap_err(), SignError::NoSigners);
}

#[test]
fn an_envelope_has_room_for_so_many_signatures() {
    let numbers: Vec<u8> = (1..=32).collect();
    let full = bundle(release(), &numbers);
    assert_eq!(add_signature(&full, &key(33), &Limits::default()).unwrap_err(), SignError::TooManySignatures);
}

#[test]
fn key_stores_sign_beside_keys_at_hand() {
    let (der, fixed) = (KeyStore::der(), KeyStore::fixed());
    let bundle = sign(&content(), release(), &[&key(1), &der, &fixed]).unwrap();
    assert_eq!(ids(&bundle), [id(1), der.public_key().id().to_hex(), fixed.public_key().id().to_hex()]);
}
