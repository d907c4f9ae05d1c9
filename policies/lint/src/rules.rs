//! One folder a rule: what it looks for (`mod.rs`), what it means (`explanation.md`), what raises it (`bad.yaml`) and what does not (`good.yaml`).
//!
//! Folders without `mod.rs` explain rules that other crates raise.

pub(crate) mod b203_fallback_to_itself;
pub(crate) mod b209_retry_of_client_errors;
pub(crate) mod r105_weights_all_zero;
pub(crate) mod r106_lone_weight;
pub(crate) mod s606_cors_any_origin_with_credentials;
pub(crate) mod s609_everyone_is_a_trusted_proxy;
