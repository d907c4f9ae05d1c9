//! What the tests of this crate share: three people with keys, a trust root, a small bundle, a point in time.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use aigw_core::Name;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair,
};
use jiff::Timestamp;

use crate::*;

pub(crate) const NOW: &str = "2026-06-15T12:00:00Z";

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// The same key for the same number.
pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32]).unwrap()
}

pub(crate) fn members() -> BTreeMap<String, Vec<u8>> {
    [("meta.json", "{}"), ("sources/chat.yaml", "kind: Route\n")].map(|(path, text)| (path.to_owned(), text.into())).into()
}

pub(crate) fn content() -> Content {
    Content::build(&members(), &Limits::default()).unwrap()
}

/// A release of `support` for `prod`, valid through June 2026.
pub(crate) fn release() -> Release {
    Release {
        name: name("support"),
        channel: name("prod"),
        sequence: 7,
        issued: time("2026-06-01T00:00:00Z"),
        not_before: time("2026-06-01T00:00:00Z"),
        expires: time("2026-07-01T00:00:00Z"),
        minimum_runtime: Version::new(0, 1, 0),
        provenance: Some(Provenance {
            repository: "https://example.com/policies".into(),
            commit: "c0ffee".into(),
            tree: "beef".into(),
            dirty: false,
        }),
        gates: Gates { validated: true, lint: LintGate::NoWarnings, tests: 3 },
    }
}

pub(crate) fn bundle(release: Release, numbers: &[u8]) -> Vec<u8> {
    let keys: Vec<_> = numbers.iter().map(|number| key(*number)).collect();
    let signers: Vec<_> = keys.iter().map(|key| key as &dyn Signer).collect();
    sign(&content(), release, &signers).unwrap()
}

/// Keys `one` and `two` may sign for `prod`, `three` for `staging` only; one signature is enough, `one` and `two` together replace the root.
pub(crate) fn trust_file() -> TrustFile {
    let mut file = TrustFile::of_one_key(name("one"), key(1).public_key(), name("prod"), "30d".parse().unwrap());
    for (id, number) in [("two", 2), ("three", 3)] {
        let public = key(number).public_key().to_base64();
        file.keys.push(KeyEntry { id: name(id), algorithm: Algorithm::Ed25519, public, state: KeyState::Active });
    }
    let prod = file.channels.get_mut("prod").unwrap();
    prod.keys.push(name("two"));
    prod.require_gates = vec![Gate::Validated, Gate::Lint, Gate::Tests];
    let staging = ChannelEntry { keys: vec![name("three")], ..prod.clone() };
    file.channels.insert(name("staging"), staging);
    file.root = Some(RootEntry { threshold: 2, keys: vec![name("one"), name("two")] });
    file
}

pub(crate) fn trust() -> TrustRoot {
    trust_file().check().unwrap()
}

/// A key store with ECDSA P-256, such as clouds have.
pub(crate) struct KeyStore {
    pair: EcdsaKeyPair,
    public: PublicKey,
}

impl KeyStore {
    /// One that returns DER.
    pub(crate) fn der() -> Self {
        Self::of(&ECDSA_P256_SHA256_ASN1_SIGNING)
    }

    /// One that returns r and s alone.
    pub(crate) fn fixed() -> Self {
        Self::of(&ECDSA_P256_SHA256_FIXED_SIGNING)
    }

    fn of(algorithm: &'static EcdsaSigningAlgorithm) -> Self {
        let pair = EcdsaKeyPair::generate(algorithm).unwrap();
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let public = PublicKey::from_spki(spki.as_ref()).unwrap();
        Self { pair, public }
    }
}

impl Signer for KeyStore {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec())
    }
}
