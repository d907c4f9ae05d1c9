#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::envelope::{STATEMENT_TYPE, TRUST_TYPE};
use crate::fixtures::{key, name, trust, trust_file};
use crate::sign::signed_envelope;
use crate::{Envelope, Signer};

fn check(change: impl FnOnce(&mut TrustFile), expected: &str) {
    let mut file = trust_file();
    change(&mut file);
    let json = file.to_json().unwrap();
    let refusal = TrustRoot::parse(json.as_bytes()).unwrap_err();
    assert_eq!((refusal.reason(), refusal.message()), (Reason::TrustInvalid, expected));
}

#[test]
fn a_trust_root_reads_back() {
    let json = trust_file().to_json().unwrap();
    assert_eq!(TrustRoot::parse(json.as_bytes()).unwrap(), trust());
    assert_eq!(trust().file(), &trust_file());
    assert_eq!(trust().channels().map(Name::as_str).collect::<Vec<_>>(), ["prod", "staging"]);
}

#[test]
fn every_fault_of_a_trust_root_is_named() {
    check(|file| file.version = 2, "the trust root is wrong: version 2 is not known, only 1");
    check(|file| file.names.clear(), "the trust root is wrong: `names` is empty, so that no bundle could be served");
    check(|file| file.names.push("a".into()), "the trust root is wrong: `*` in `names` is not a name");
    check(
        |file| file.keys[1].public = file.keys[0].public.clone(),
        "the trust root is wrong: key `two` is the same key as `one`",
    );
    check(
        |file| file.keys.push(file.keys[0].clone()),
        "the trust root is wrong: key `one` is the same key as `one`; key `one` stands twice",
    );
    check(
        |file| file.keys[0].algorithm = crate::Algorithm::EcdsaP256,
        "the trust root is wrong: key `one` is of algorithm `ed25519`, not `ecdsa-p256`",
    );
    let prod = |file: &mut TrustFile, change: fn(&mut ChannelEntry)| change(file.channels.get_mut("prod").unwrap());
    for threshold in [0, 3] {
        let expected = format!(
            "the trust root is wrong: channel `prod` has threshold {threshold}, which must be from 1 to the number of its keys, 2"
        );
        check(|file| file.channels.get_mut("prod").unwrap().threshold = threshold, &expected);
    }
    check(
        |file| prod(file, |entry| entry.keys.push("nobody".parse().unwrap())),
        "the trust root is wrong: channel `prod` lists the key `nobody`, which `keys` does not hold",
    );
    check(
        |file| prod(file, |entry| entry.keys.push("one".parse().unwrap())),
        "the trust root is wrong: channel `prod` lists a key twice",
    );
    check(
        |file| {
            file.keys[0].public = "no".into();
            file.root = Some(RootEntry { threshold: 9, keys: vec![] });
        },
        "the trust root is wrong: key `one`: this is not a PEM block `PUBLIC KEY`; \
         channel `prod` lists the key `one`, which `keys` does not hold; \
         `root` has threshold 9, which must be from 1 to the number of its keys, 0",
    );
}

#[test]
fn unknown_and_repeated_members_are_refused() {
    let json = trust_file().to_json().unwrap();
    for (from, to) in [
        ("\"revision\"", "\"surprise\": 1, \"revision\""),
        ("\"threshold\"", "\"treshold\": 1, \"threshold\""),
        ("\"staging\"", "\"prod\""),
        ("\"active\"", "\"asleep\""),
        ("\"30d\"", "\"30\""),
    ] {
        assert!(json.contains(from));
        let refusal = TrustRoot::parse(json.replace(from, to).as_bytes()).unwrap_err();
        assert_eq!(refusal.reason(), Reason::TrustInvalid, "{to}");
    }
    assert_eq!(TrustRoot::parse(&vec![b' '; 128 * 1024 + 1]).unwrap_err().reason(), Reason::TrustInvalid);
}

#[test]
fn only_active_keys_of_the_channel_may_sign_something_new() {
    let signer = |state, number, channel: &str| {
        let mut file = trust_file();
        file.keys[0].state = state;
        let checked = file.check().unwrap().check_signer(&name(channel), key(number).public_key());
        checked.map_err(|refusal| refusal.reason())
    };
    assert_eq!(signer(KeyState::Active, 1, "prod"), Ok(()));
    assert_eq!(signer(KeyState::Retiring, 1, "prod"), Err(Reason::RetiringKey));
    assert_eq!(signer(KeyState::Revoked, 1, "prod"), Err(Reason::RevokedKey));
    assert_eq!(signer(KeyState::Active, 1, "staging"), Err(Reason::KeyNotAllowed));
    assert_eq!(signer(KeyState::Active, 9, "prod"), Err(Reason::UnknownKey));
    assert_eq!(signer(KeyState::Active, 1, "test"), Err(Reason::UnknownChannel));
}

/// The successor of the common trust root: key three replaces key one.
fn successor() -> TrustFile {
    let mut file = trust_file();
    file.revision = 2;
    file.keys.remove(0);
    file.channels.get_mut("prod").unwrap().keys.remove(0);
    file.root = Some(RootEntry { threshold: 2, keys: vec![name("two"), name("three")] });
    file
}

fn update(file: &TrustFile, numbers: &[u8]) -> Result<TrustRoot, Reason> {
    let keys: Vec<_> = numbers.iter().map(|number| key(*number)).collect();
    let signers: Vec<_> = keys.iter().map(|key| key as &dyn Signer).collect();
    let envelope = sign_trust(file, &signers).unwrap();
    verify_trust_update(&trust(), &envelope).map_err(|refusal| refusal.reason())
}

#[test]
fn a_trust_root_is_replaced_by_enough_keys_of_the_old_and_of_the_new() {
    assert_eq!(update(&successor(), &[1, 2, 3]), Ok(successor().check().unwrap()));
    assert_eq!(update(&successor(), &[1, 2]), Err(Reason::ThresholdNotMet), "not enough of the new");
    assert_eq!(update(&successor(), &[2, 3]), Err(Reason::ThresholdNotMet), "not enough of the old");
    assert_eq!(update(&successor(), &[9]), Err(Reason::UnknownKey));
}

#[test]
fn a_trust_root_does_not_go_back() {
    assert_eq!(update(&TrustFile { revision: 1, ..successor() }, &[1, 2, 3]), Err(Reason::OlderTrust));
    assert_eq!(update(&TrustFile { revision: 0, ..successor() }, &[1, 2, 3]), Err(Reason::OlderTrust));
    let raised = TrustFile { epoch: 1, ..trust_file() }.check().unwrap();
    let envelope = sign_trust(&successor(), &[&key(1), &key(2), &key(3)]).unwrap();
    assert_eq!(verify_trust_update(&raised, &envelope).unwrap_err().reason(), Reason::OlderTrust);
    assert_eq!(update(&TrustFile { epoch: 1, ..successor() }, &[1, 2, 3]).unwrap().epoch(), 1);
}

#[test]
fn what_is_no_trust_root_replaces_none() {
    let signed = |payload_type: &str, payload: &str| {
        let envelope: Envelope = signed_envelope(payload_type, payload.into(), &[&key(1), &key(2), &key(3)]).unwrap();
        verify_trust_update(&trust(), &envelope.to_json().unwrap()).map_err(|refusal| refusal.reason())
    };
    let json = successor().to_json().unwrap();
    assert!(signed(TRUST_TYPE, &json).is_ok());
    assert_eq!(signed(STATEMENT_TYPE, &json), Err(Reason::PayloadType));
    assert_eq!(signed(TRUST_TYPE, "{}"), Err(Reason::TrustInvalid));
    assert_eq!(verify_trust_update(&trust(), json.as_bytes()).unwrap_err().reason(), Reason::EnvelopeInvalid);
    let rootless = TrustFile { root: None, ..trust_file() };
    let envelope = sign_trust(&successor(), &[&key(1), &key(2), &key(3)]).unwrap();
    let refusal = verify_trust_update(&rootless.clone().check().unwrap(), &envelope).unwrap_err();
    assert_eq!(refusal.message(), "the trust root has no `root`: nobody's signature replaces it");
    assert_eq!(update(&TrustFile { revision: 2, ..rootless }, &[1, 2]), Err(Reason::TrustInvalid));
}
