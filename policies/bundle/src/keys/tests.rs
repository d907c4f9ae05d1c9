#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::fixtures::{KeyStore, key};
use crate::pae;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Throw-away keys written by `openssl genpkey` and `openssl pkcs8 -topk8` (OpenSSL 3.0.19).
const OPENSSL_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIOxjquY3E500XPCWspXh7PoSrLZq06HPvrEOOTyAY3no
-----END PRIVATE KEY-----
";
const OPENSSL_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAn6MZVESxgNBzmXgL6qJ036G22norx79NjhiGUcHmKcA=
-----END PUBLIC KEY-----
";
/// The same key under the passphrase `hunter2`, with AES-256-CBC.
const OPENSSL_ENCRYPTED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjjLf1lOCoyCwICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKlgBbl2NddLMUsOcpk2SoIEQAIA
QPPJCelgPT2QaA/nUN8zAjhT1bpY3MdlqF48U0nC2Bp/67Bap4+XRXOwlj7eWhxW
HJ5Jt4kg9gK7mGR2MzM=
-----END ENCRYPTED PRIVATE KEY-----
";
/// And with AES-128-CBC.
const OPENSSL_AES128: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjnZiFO1YzR6gICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEECTBQlQIGQmOzZrtPNmIMJ0EQLe9
fRqMRzmAL2V+z+pge229fl7hbYDpgBfh858lscyQqjIUSSgLo3TSOYFIHyzgZmN1
Ic1P1R3uJdIpwkj9v+I=
-----END ENCRYPTED PRIVATE KEY-----
";
const OPENSSL_P256: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEayhO1EPzGad0yMMTuKFbcyUBDkGz
1ZnFmlrBTPxuxujMnN800skK0kwi1J52YJZJvRlI4FJSKu6ARgJ0w+makg==
-----END PUBLIC KEY-----
";

fn hex<const N: usize>(text: &str) -> [u8; N] {
    std::array::from_fn(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2).unwrap(), 16).unwrap())
}

#[test]
fn ed25519_is_that_of_the_standard() {
    // RFC 8032, section 7.1, test 2.
    let key = SigningKey::from_seed(&hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")).unwrap();
    let public: [u8; 32] = hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    assert!(key.public_key().spki().ends_with(&public));
    let signature: [u8; 64] = hex(concat!(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    ));
    assert_eq!(key.sign(&[0x72]).unwrap(), signature);
    assert!(key.public_key().verifies(&[0x72], &signature));
    assert!(!key.public_key().verifies(&[0x73], &signature));
}

#[test]
fn a_signature_has_one_encoding() {
    let key = key(1);
    let signature = key.sign(b"message").unwrap();
    // s + L verifies the same equation; RFC 8032, section 5.1.7, wants s below L.
    let order: [u8; 32] = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut longer = signature.clone();
    let mut carry = 0;
    for (s, l) in longer[32..].iter_mut().zip(order) {
        let sum = u16::from(*s) + u16::from(l) + carry;
        *s = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert!(key.public_key().verifies(b"message", &signature));
    assert!(!key.public_key().verifies(b"message", &longer));
    assert!(!key.public_key().verifies(b"message", &[&signature[..], &[0]].concat()));
    assert!(!key.public_key().verifies(b"message", &[]));
}

#[test]
fn keys_under_which_anybody_can_sign_are_refused() {
    let mut identity = [0; 32];
    identity[0] = 1;
    // The reason for the check: the identity as key and as R, with s = 0, signs everything.
    let forged = [&identity[..], &[0; 32]].concat();
    let verified = aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ED25519, identity).verify(b"any", &forged);
    assert!(verified.is_ok(), "the library refuses small orders by now: the check here can go");

    for y in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ] {
        assert_eq!(PublicKey::from_ed25519(&hex::<32>(y)), Err(KeyError::SmallOrder), "{y}");
    }
}

#[test]
fn ecdsa_signatures_of_key_stores_verify_in_both_forms() {
    for store in [KeyStore::der(), KeyStore::fixed()] {
        for message in 0..20_u8 {
            let signature = store.sign(&[message]).unwrap();
            assert!(store.public_key().verifies(&[message], &signature));
            assert!(!store.public_key().verifies(&[message ^ 1], &signature));
            let usual = store.public_key().usual_form(signature);
            assert_eq!(usual[0], 0x30, "DER, as other DSSE tools read it");
            assert!(store.public_key().verifies(&[message], &usual));
            assert_eq!(store.public_key().usual_form(usual.clone()), usual);
        }
    }
}

#[test]
fn short_numbers_of_ecdsa_become_short_integers() {
    let store = KeyStore::fixed();
    let mut fixed = [0; 64];
    fixed[31] = 0x80;
    fixed[62] = 0x01;
    assert_eq!(store.public_key().usual_form(fixed.to_vec()), [0x30, 8, 2, 2, 0, 0x80, 2, 2, 1, 0]);
}

#[test]
fn the_signed_example_of_dsse_verifies() {
    // The protocol's example: ECDSA P-256, r and s alone, over "hello world".
    let point: [u8; 64] = hex(concat!(
        "67cd390f77aa359cb08c2235f652270493a9ed832b0abcc01f70954c0390d238",
        "0c782bd54e269125a44f4433aff1432ce94e12bca73aa67ac80cea12608ddf74"
    ));
    let prefix = STANDARD.decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE").unwrap();
    let key = PublicKey::from_spki(&[&prefix[..], &point].concat()).unwrap();
    let signature = "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==";
    let signature = STANDARD.decode(signature).unwrap();
    assert!(key.verifies(&pae("http://example.com/HelloWorld", b"hello world"), &signature));
    assert!(!key.verifies(&pae("http://example.com/HelloWorld", b"hello World"), &signature));
}

#[test]
fn keys_of_openssl_are_read() {
    let private = SigningKey::from_pem(OPENSSL_PRIVATE, None).unwrap();
    assert_eq!(*private.public_key(), PublicKey::from_text(OPENSSL_PUBLIC).unwrap());
    assert_eq!(*private.to_pem(), OPENSSL_PRIVATE);
    assert_eq!(private.public_key().to_pem(), OPENSSL_PUBLIC);
    let opened = SigningKey::from_pem(OPENSSL_ENCRYPTED, Some(b"hunter2")).unwrap();
    assert_eq!(opened.public_key(), private.public_key());
    assert_eq!(PublicKey::from_text(OPENSSL_P256).unwrap().algorithm(), Algorithm::EcdsaP256);
}

#[test]
fn a_passphrase_protects_a_key() {
    let sealed = key(1).to_encrypted_pem(b"correct horse", &[5; 16], &[6; 16]).unwrap();
    let opened = SigningKey::from_pem(&sealed, Some(b"correct horse")).unwrap();
    assert_eq!(opened.public_key(), key(1).public_key());
    assert_eq!(SigningKey::from_pem(&sealed, Some(b"battery")).unwrap_err(), KeyError::WrongPassphrase);
    assert_eq!(SigningKey::from_pem(&sealed, None).unwrap_err(), KeyError::PassphraseNeeded);
    assert_eq!(SigningKey::from_pem(OPENSSL_AES128, Some(b"hunter2")).unwrap_err(), KeyError::Encryption);
}

#[test]
fn no_altered_encrypted_key_panics_or_opens_as_another() {
    let der = pem::decode(OPENSSL_ENCRYPTED, "ENCRYPTED PRIVATE KEY").unwrap();
    for at in 0..der.len() {
        let mut altered = der.clone();
        altered[at] ^= 0x40;
        // More rounds than these would only make the test slow.
        let rounds = altered[39..41] != der[39..41] && at < 50;
        if !rounds {
            let _ = SigningKey::from_pem(&pem::encode(&altered, "ENCRYPTED PRIVATE KEY"), Some(b"hunter2"));
        }
        let _ = encrypted::open(&der[..at], b"hunter2").unwrap_err();
    }
}

#[test]
fn other_keys_are_refused_by_name() {
    let pem = KeyError::Pem { expected: "PUBLIC KEY" };
    let compressed = "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACayhO1EPzGad0yMMTuKFbcyUBDkGz1ZnFmlrBTPxuxug=";
    let ed448 = "MEMwBQYDK2VxAzoAhrI3rAhRV+6hbZiOcJ0IRxUJxq/OPzm2/rtiB+myBunvrRKLrRxUzorEEKVyXvSc4Lv9tklggLMA";
    for (text, fault) in [("", KeyError::Public), ("!", pem), (compressed, KeyError::Public), (ed448, KeyError::Public)] {
        assert_eq!(PublicKey::from_text(text), Err(fault), "{text}");
    }
    let mut off_curve = PublicKey::from_text(OPENSSL_P256).unwrap().spki().to_vec();
    *off_curve.last_mut().unwrap() ^= 1;
    assert_eq!(PublicKey::from_spki(&off_curve), Err(KeyError::Public));
    let ed448 = "-----BEGIN PRIVATE KEY-----\nMEcCAQAwBQYDK2VxBDsEOe4mpDVJakJjj70GpnG2PG2fjaL2QEaD5phA1rIQlZNF\n+UtDRvqRCJsmToiKM+jNh1R8T7cQ4TxKQQ==\n-----END PRIVATE KEY-----";
    assert_eq!(SigningKey::from_pem(ed448, None).unwrap_err(), KeyError::Private);
    assert_eq!(SigningKey::from_pem(OPENSSL_PUBLIC, None).unwrap_err(), KeyError::Pem { expected: "PRIVATE KEY" });
}

#[test]
fn private_keys_are_not_printed() {
    let key = key(1);
    assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.public_key().id().short()));
    assert_eq!(key.public_key().id().short().len(), 16);
    assert!(key.public_key().id().to_string().starts_with(&key.public_key().id().short()));
}

#[test]
fn base64_and_pem_are_the_same_public_key() {
    let key = key(1);
    assert_eq!(PublicKey::from_text(&key.public_key().to_base64()).unwrap(), *key.public_key());
    assert_eq!(PublicKey::from_text(&key.public_key().to_pem()).unwrap(), *key.public_key());
}
