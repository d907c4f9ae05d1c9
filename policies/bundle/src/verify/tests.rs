#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::envelope::{STATEMENT_TYPE, TRUST_TYPE};
use crate::fixtures::*;
use crate::sign::signed_envelope;
use crate::{Blob, ChannelEntry, Content, Gates, KeyState, Release, Signer, TrustFile, add_signature, sign};
use proptest::prelude::*;

/// A bundle and everything it is judged by; by default all is well.
struct Case {
    bundle: Vec<u8>,
    trust: TrustFile,
    expectation: Expectation,
    state: State,
    now: Timestamp,
}

impl Case {
    fn new() -> Self {
        Self::of(release())
    }

    fn of(release: Release) -> Self {
        Self::with(bundle(release, &[1]))
    }

    fn with(bundle: Vec<u8>) -> Self {
        let limits = Limits::default();
        let expectation =
            Expectation { name: Some(name("support")), channel: name("prod"), runtime_version: Version::new(0, 1, 0), limits };
        Self { bundle, trust: trust_file(), expectation, state: State::default(), now: time(NOW) }
    }

    fn prod(&mut self) -> &mut ChannelEntry {
        self.trust.channels.get_mut("prod").unwrap()
    }

    fn verify(&self) -> Result<Verified, Refusal> {
        let trust = self.trust.clone().check().unwrap();
        verify(&self.bundle, &trust, &self.expectation, &self.state, self.now)
    }

    fn reason(&self) -> Reason {
        self.verify().unwrap_err().reason()
    }
}

/// A bundle whose statement is changed after it was made, and whose content need not be the one it names.
fn forged(change: impl FnOnce(&mut Statement), content: &[u8]) -> Vec<u8> {
    let mut statement = Statement::of(&crate::fixtures::content(), release()).unwrap();
    change(&mut statement);
    signed(STATEMENT_TYPE, serde_json::to_vec(&statement).unwrap(), content)
}

fn signed(payload_type: &str, payload: Vec<u8>, content: &[u8]) -> Vec<u8> {
    let envelope = signed_envelope(payload_type, payload, &[&key(1)]).unwrap();
    Container { envelope: &envelope.to_json().unwrap(), content }.write().unwrap()
}

/// The bundle of key one with its envelope changed.
fn with_envelope(change: impl FnOnce(&mut Envelope)) -> Vec<u8> {
    let file = bundle(release(), &[1]);
    let container = Container::parse(&file, &Limits::default()).unwrap();
    let mut envelope = Envelope::parse(container.envelope).unwrap();
    change(&mut envelope);
    Container { envelope: &envelope.to_json().unwrap(), ..container }.write().unwrap()
}

#[test]
fn a_good_bundle_is_verified_and_remembered() {
    let verified = Case::new().verify().unwrap();
    assert_eq!(*verified.members(), members());
    assert_eq!(*verified.signers(), [name("one")].into());
    assert_eq!(verified.statement().release(), release());
    let last = verified.next_state().last(&name("prod"), &name("support")).unwrap();
    assert_eq!((last.sequence, last.content), (7, content().digest()));
}

#[test]
fn bundles_of_this_format_stay_readable() {
    // Written by the first version of this crate. A format that cannot read it any more needs a number of its own.
    let verified = Case::with(include_bytes!("../../fixtures/format-1.aigw").to_vec()).verify().unwrap();
    assert_eq!(*verified.members(), members());
    assert_eq!(verified.statement().release(), release());
}

#[test]
fn every_byte_counts() {
    let mut case = Case::new();
    let original = case.bundle.clone();
    for (at, byte) in original.iter().enumerate() {
        for flip in (0..8).map(|bit| 1 << bit).chain([0xff]) {
            case.bundle[at] = byte ^ flip;
            assert!(case.verify().is_err(), "byte {at} flipped with {flip:#04x} is accepted");
        }
        case.bundle[at] = *byte;
    }
    assert!(case.verify().is_ok());
}

#[test]
fn every_shorter_and_longer_file_is_refused() {
    let mut case = Case::new();
    let original = case.bundle.clone();
    for length in 0..original.len() {
        case.bundle = original[..length].to_vec();
        assert_eq!(case.reason(), Reason::Truncated, "{length}");
    }
    case.bundle = [&original[..], &[0]].concat();
    assert_eq!(case.reason(), Reason::TrailingBytes);
}

#[test]
fn what_is_no_bundle_is_refused() {
    assert_eq!(Case::with(b"{}".to_vec()).reason(), Reason::BadMagic);
    let mut case = Case::new();
    case.bundle[5] = 2;
    assert_eq!(case.reason(), Reason::UnsupportedFormat);
    let mut case = Case::new();
    case.expectation.limits.max_content_bytes = 10;
    assert_eq!(case.reason(), Reason::Oversized);
    let file = Container { envelope: b"{}", content: b"" }.write().unwrap();
    assert_eq!(Case::with(file).reason(), Reason::EnvelopeInvalid);
}

#[test]
fn signatures_are_needed_and_must_be_good() {
    assert_eq!(Case::with(with_envelope(|envelope| envelope.signatures.clear())).reason(), Reason::Unsigned);
    assert_eq!(Case::with(bundle(release(), &[9])).reason(), Reason::UnknownKey);
    assert_eq!(Case::with(bundle(release(), &[3])).reason(), Reason::KeyNotAllowed);
    let other = with_envelope(|envelope| envelope.signatures[0].key_id = key(2).public_key().id().to_hex());
    assert_eq!(Case::with(other).reason(), Reason::BadSignature);
    let altered = with_envelope(|envelope| envelope.payload[0] ^= 1);
    assert_eq!(Case::with(altered).reason(), Reason::BadSignature);
    let retyped = with_envelope(|envelope| envelope.payload_type = TRUST_TYPE.to_owned());
    assert_eq!(Case::with(retyped).reason(), Reason::BadSignature);
}

#[test]
fn a_key_counts_by_its_state() {
    let mut case = Case::new();
    case.trust.keys[0].state = KeyState::Retiring;
    assert!(case.verify().is_ok(), "what a retiring key signed stays valid");
    case.trust.keys[0].state = KeyState::Revoked;
    assert_eq!(case.reason(), Reason::RevokedKey);
    case.bundle = bundle(release(), &[1, 2]);
    assert_eq!(*case.verify().unwrap().signers(), [name("two")].into(), "a revoked key beside a good one hurts nothing");
}

#[test]
fn rotation_knows_no_moment_of_darkness() {
    let both = bundle(release(), &[9, 1]);
    assert!(Case::with(both.clone()).verify().is_ok(), "a runtime that does not know the new key yet");
    let mut case = Case::with(both);
    case.trust.keys[0].public = key(9).public_key().to_base64();
    assert!(case.verify().is_ok(), "a runtime that does not know the old key any more");
}

#[test]
fn different_keys_are_counted_and_not_signatures() {
    let mut case = Case::new();
    case.prod().threshold = 2;
    assert_eq!(case.reason(), Reason::ThresholdNotMet);
    case.bundle = with_envelope(|envelope| envelope.signatures.push(envelope.signatures[0].clone()));
    assert_eq!(case.reason(), Reason::ThresholdNotMet);
    case.bundle = bundle(release(), &[1, 3, 9]);
    let refusal = case.verify().unwrap_err();
    let nine = key(9).public_key().id().short();
    assert_eq!(
        refusal.message(),
        format!("1 of the 2 keys that channel `prod` needs have signed; not allowed: `three`; unknown: `{nine}`")
    );
    case.bundle = add_signature(&bundle(release(), &[1]), &key(2), &Limits::default()).unwrap();
    assert_eq!(case.verify().unwrap().signers().len(), 2);
}

#[test]
fn a_key_store_counts_as_a_key() {
    for store in [KeyStore::der(), KeyStore::fixed()] {
        let mut case = Case::with(sign(&content(), release(), &[&store]).unwrap());
        case.trust.keys[0].algorithm = crate::Algorithm::EcdsaP256;
        case.trust.keys[0].public = store.public_key().to_pem();
        assert!(case.verify().is_ok());
    }
}

#[test]
fn another_document_is_not_a_statement() {
    let statement = serde_json::to_vec(&Statement::of(&content(), release()).unwrap()).unwrap();
    assert_eq!(Case::with(signed(TRUST_TYPE, statement, content().bytes())).reason(), Reason::PayloadType);
    assert_eq!(Case::with(signed(STATEMENT_TYPE, b"{}".to_vec(), b"")).reason(), Reason::StatementInvalid);
    assert_eq!(Case::with(forged(|statement| statement.version = 2, b"")).reason(), Reason::UnsupportedStatement);
}

#[test]
fn name_and_channel_must_be_those_that_are_meant() {
    let mut case = Case::of(Release { name: name("other"), ..release() });
    assert_eq!(case.reason(), Reason::WrongName);
    case.expectation.name = None;
    assert!(case.verify().is_ok());
    case.trust.names = vec!["support".into()];
    assert_eq!(case.reason(), Reason::WrongName);

    let mut case = Case::of(Release { channel: name("staging"), ..release() });
    assert_eq!(case.reason(), Reason::WrongChannel);
    case.expectation.channel = name("nowhere");
    assert_eq!(case.reason(), Reason::UnknownChannel);
}

#[test]
fn a_bundle_is_valid_for_its_time() {
    let mut case = Case::new();
    for (now, expected) in [
        ("2026-05-31T23:58:59Z", Err(Reason::NotYetValid)),
        ("2026-05-31T23:59:00Z", Ok(())),
        ("2026-06-30T23:59:59.999Z", Ok(())),
        ("2026-07-01T00:00:00Z", Err(Reason::Expired)),
        ("9999-12-30T22:00:00Z", Err(Reason::Expired)),
        ("-009999-01-02T01:59:59Z", Err(Reason::NotYetValid)),
    ] {
        case.now = time(now);
        assert_eq!(case.verify().map(|_| ()).map_err(|refusal| refusal.reason()), expected, "{now}");
    }
    case.now = time(NOW);
    case.prod().longest_validity = "29d".parse().unwrap();
    let refusal = case.verify().unwrap_err();
    assert_eq!(refusal.reason(), Reason::ValidityTooLong);
    assert_eq!(refusal.message(), "the bundle is valid for 720h, and the channel allows 29d");
}

#[test]
fn an_older_bundle_does_not_come_back() {
    let mut case = Case::new();
    case.state = case.verify().unwrap().next_state().clone();
    assert!(case.verify().is_ok(), "the same bundle again, as at a cold start");
    case.bundle = bundle(Release { sequence: 6, ..release() }, &[1]);
    assert_eq!(case.reason(), Reason::OlderSequence);
    case.bundle = bundle(Release { expires: time("2026-06-20T00:00:00Z"), ..release() }, &[1]);
    assert!(case.verify().is_ok(), "the same content signed again");

    let other = Content::build(&[("a".to_owned(), vec![1])].into(), &Limits::default()).unwrap();
    case.bundle = sign(&other, release(), &[&key(1)]).unwrap();
    assert_eq!(case.reason(), Reason::SequenceConflict);
    case.bundle = sign(&other, Release { sequence: 8, ..release() }, &[&key(1)]).unwrap();
    case.state = case.verify().unwrap().next_state().clone();
    case.bundle = bundle(Release { sequence: 9, ..release() }, &[1]);
    assert!(case.verify().is_ok(), "older content with a higher sequence is how one rolls back");
}

#[test]
fn sequences_are_told_apart_by_channel_and_name() {
    let mut case = Case::new();
    case.state = case.verify().unwrap().next_state().clone();
    case.expectation.name = None;
    case.bundle = bundle(Release { name: name("other"), sequence: 1, ..release() }, &[1]);
    case.state = case.verify().unwrap().next_state().clone();
    case.expectation.channel = name("staging");
    case.bundle = bundle(Release { channel: name("staging"), sequence: 1, ..release() }, &[3]);
    assert!(case.verify().is_ok());
    assert_eq!(case.state.last(&name("prod"), &name("support")).unwrap().sequence, 7);
}

#[test]
fn a_new_epoch_begins_sequences_anew_and_never_goes_back() {
    let mut case = Case::of(Release { sequence: u64::MAX, ..release() });
    case.state = case.verify().unwrap().next_state().clone();
    case.bundle = bundle(release(), &[1]);
    assert_eq!(case.reason(), Reason::OlderSequence);
    case.trust.epoch = 1;
    case.state = case.verify().unwrap().next_state().clone();
    case.trust.epoch = 0;
    assert_eq!(case.reason(), Reason::OlderTrust);
}

#[test]
fn a_bundle_says_which_runtime_it_needs() {
    let case = Case::of(Release { minimum_runtime: Version::new(0, 1, 1), ..release() });
    assert_eq!(case.reason(), Reason::RuntimeTooOld);
    let case = Case::of(Release { minimum_runtime: Version::new(0, 0, 9), ..release() });
    assert!(case.verify().is_ok());
}

#[test]
fn dirty_builds_are_refused_unless_allowed() {
    let dirty = crate::Provenance { dirty: true, ..release().provenance.unwrap() };
    for provenance in [Some(dirty), None] {
        let mut case = Case::of(Release { provenance, ..release() });
        assert_eq!(case.reason(), Reason::DirtyBuild);
        case.prod().allow_dirty = true;
        assert!(case.verify().is_ok());
    }
}

#[test]
fn required_gates_must_have_been_passed() {
    let passed = release().gates;
    for gates in [
        Gates { validated: false, ..passed },
        Gates { lint: LintGate::NoErrors, ..passed },
        Gates { lint: LintGate::NotPassed, ..passed },
        Gates { tests: 0, ..passed },
    ] {
        let mut case = Case::of(Release { gates, ..release() });
        assert_eq!(case.reason(), Reason::GateMissing, "{gates:?}");
        case.prod().require_gates.clear();
        assert!(case.verify().is_ok());
    }
}

#[test]
fn the_content_must_be_the_one_that_was_signed() {
    let original = content();
    let other = Content::build(&[("a".to_owned(), vec![1])].into(), &Limits::default()).unwrap();
    assert_eq!(Case::with(forged(|_| {}, other.bytes())).reason(), Reason::CompressedDigest);
    let short = |statement: &mut Statement| statement.compressed.size += 1;
    assert_eq!(Case::with(forged(short, original.bytes())).reason(), Reason::CompressedDigest);
    let renamed = |statement: &mut Statement| statement.content.digest = other.digest();
    assert_eq!(Case::with(forged(renamed, original.bytes())).reason(), Reason::ContentDigest);
    let longer = |statement: &mut Statement| statement.content.size += 1;
    assert_eq!(Case::with(forged(longer, original.bytes())).reason(), Reason::ContentDigest);
}

#[test]
fn content_inflates_to_what_was_signed_and_to_no_more() {
    let original = content();
    let shorter = |statement: &mut Statement| statement.content.size -= 1;
    assert_eq!(Case::with(forged(shorter, original.bytes())).reason(), Reason::DecompressionBomb);
    let mut honest = Case::new();
    honest.expectation.limits.max_inflated_bytes = 1024;
    assert_eq!(honest.reason(), Reason::DecompressionBomb);
    let zeros = vec![0; 16 << 20];
    let bomb = content::deflate(&zeros).unwrap();
    assert!(bomb.len() < 20_000);
    let lies = |statement: &mut Statement| statement.compressed = Blob::of(&bomb);
    assert_eq!(Case::with(forged(lies, &bomb)).reason(), Reason::DecompressionBomb);
    let admits = |statement: &mut Statement| {
        statement.compressed = Blob::of(&bomb);
        statement.content = Blob::of(&zeros);
    };
    assert_eq!(Case::with(forged(admits, &bomb)).reason(), Reason::ContentInvalid);
}

#[test]
fn an_archive_that_is_not_canonical_is_refused_even_when_signed() {
    let tar = [0; 512];
    let gz = content::deflate(&tar).unwrap();
    let signs = |statement: &mut Statement| {
        statement.compressed = Blob::of(&gz);
        statement.content = Blob::of(&tar);
    };
    assert_eq!(Case::with(forged(signs, &gz)).reason(), Reason::ContentInvalid);
    let mut case = Case::new();
    case.expectation.limits.max_members = 1;
    assert_eq!(case.reason(), Reason::Oversized);
}

#[test]
fn a_verification_explains_itself_step_by_step() {
    let case = Case::new();
    let trust = trust();
    let (explanation, result) = explain(&case.bundle, &trust, &case.expectation, &case.state, case.now);
    assert!(result.is_ok());
    let steps: Vec<_> = explanation.steps.iter().map(|step| (step.name, step.outcome.clone())).collect();
    let digest = content().digest().to_string();
    let compressed = content().compressed().digest.to_string();
    let size = format!("{} bytes", case.bundle.len());
    for ((name, outcome), (expected_name, detail)) in steps.iter().zip([
        ("size", &*size),
        ("container", "format 1"),
        ("envelope", "1 signature"),
        ("signatures", "1 of 1 needed: one"),
        ("statement", "version 1"),
        ("name", "support"),
        ("channel", "prod"),
        ("validity", "from 2026-06-01T00:00:00Z until 2026-07-01T00:00:00Z"),
        ("sequence", "7, the first one seen"),
        ("minimum runtime", "0.1.0 or later"),
        ("provenance", "commit `c0ffee`"),
        ("gates", "validated, lint, tests"),
        ("compressed digest", &*compressed),
        ("decompression", "3072 bytes"),
        ("content digest", &*digest),
        ("members", "2 members"),
    ]) {
        assert_eq!((*name, outcome), (expected_name, &Outcome::Passed { detail: detail.to_owned() }));
    }
    assert_eq!(steps.len(), 16);
}

#[test]
fn the_first_fault_stops_and_the_rest_is_not_reached() {
    let mut case = Case::of(Release { sequence: 1, minimum_runtime: Version::new(9, 0, 0), ..release() });
    case.now = time("2027-01-01T00:00:00Z");
    let (explanation, result) = explain(&case.bundle, &trust(), &case.expectation, &case.state, case.now);
    let refusal = result.unwrap_err();
    assert_eq!(refusal.reason(), Reason::Expired);
    let names = |wanted: fn(&Outcome) -> bool| {
        let steps = explanation.steps.iter().filter(|step| wanted(&step.outcome));
        steps.map(|step| step.name).collect::<Vec<_>>()
    };
    assert_eq!(names(|outcome| matches!(outcome, Outcome::Refused { .. })), ["validity"]);
    assert_eq!(names(|outcome| matches!(outcome, Outcome::Passed { .. })).len(), 7);
    assert_eq!(names(|outcome| matches!(outcome, Outcome::NotReached)).len(), 8);
    let json = serde_json::to_value(&explanation.steps[7]).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"name": "validity", "outcome": "refused", "code": "expired", "message": refusal.message(), "help": refusal.help()})
    );
}

proptest! {
    #[test]
    fn no_bytes_are_accepted_or_panic(bytes: Vec<u8>, ours: bool) {
        let mut file = if ours { b"AIGW\0\x01".to_vec() } else { Vec::new() };
        file.extend(bytes);
        prop_assert!(Case::with(file).verify().is_err());
    }

    #[test]
    fn no_change_to_a_bundle_is_accepted(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut case = Case::new();
        let original = case.bundle.clone();
        for (at, byte) in changes {
            *at.get_mut(&mut case.bundle) = byte;
        }
        prop_assert_eq!(case.verify().is_ok(), case.bundle == original);
    }

    #[test]
    fn whatever_is_built_and_signed_is_verified(
        members in prop::collection::btree_map("[a-z]{1,12}\\.yaml", prop::collection::vec(any::<u8>(), 0..2000), 0..5),
        sequence: u64,
    ) {
        let content = Content::build(&members, &Limits::default()).unwrap();
        let case = Case::with(sign(&content, Release { sequence, ..release() }, &[&key(2)]).unwrap());
        let verified = case.verify().unwrap();
        prop_assert_eq!(verified.members(), &members);
    }
}
