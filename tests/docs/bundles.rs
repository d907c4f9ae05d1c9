//! What the page on bundles shows is what the code takes.

use aigw_bundle::{Signer, SigningKey, TrustRoot};
use serde_json::Value;

use super::{blocks, read};

const PAGE: &str = "docs/bundles.md";

#[test]
fn the_trust_root_of_the_page_is_one() {
    let page = read(PAGE);
    let block = blocks(&page).into_iter().find(|block| block.language == "json").unwrap();
    let mut file: Value = serde_json::from_str(&block.text).unwrap();
    // The page shortens its keys.
    for (seed, key) in (1..).zip(file.get_mut("keys").unwrap().as_array_mut().unwrap()) {
        let public = SigningKey::from_seed(&[seed; 32]).unwrap().public_key().to_base64();
        key.as_object_mut().unwrap().insert("public".to_owned(), public.into());
    }
    let parsed = TrustRoot::parse(file.to_string().as_bytes());
    assert!(parsed.is_ok(), "{parsed:?}");
}

#[test]
fn bounds_of_the_format_are_those_of_the_code() {
    let page = read(PAGE);
    let limits = aigw_bundle::Limits::default();
    for bound in [limits.max_content_bytes >> 20, limits.max_inflated_bytes >> 20] {
        assert!(page.contains(&format!("{bound} MiB")), "{PAGE} says another bound than {bound} MiB");
    }
    assert!(page.contains(&format!("at most {} signatures", aigw_bundle::MAX_SIGNATURES)), "{PAGE}");
    assert!(page.contains(aigw_bundle::STATEMENT_TYPE), "{PAGE}");
}
