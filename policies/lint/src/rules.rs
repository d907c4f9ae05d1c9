//! One folder a rule: what it looks for (`mod.rs`), what it means (`explanation.md`), what raises it (`bad.yaml`) and what does not (`good.yaml`).
//!
//! Folders without `mod.rs` explain rules that other crates raise.

pub(crate) mod b201_unused_document;
pub(crate) mod b203_fallback_to_itself;
pub(crate) mod b208_retries_outlast_request;
pub(crate) mod b209_retry_of_client_errors;
pub(crate) mod b210_timeout_never_reached;
pub(crate) mod b211_weights_partly_written;
pub(crate) mod b215_plain_http_upstream;
pub(crate) mod b217_fallback_to_same_targets;
pub(crate) mod b218_retry_settings_without_retries;
pub(crate) mod b219_duplicate_target;
pub(crate) mod b220_upstream_without_credential;
pub(crate) mod c007_unused_file;
pub(crate) mod c014_unused_parameter;
pub(crate) mod r105_weights_all_zero;
pub(crate) mod r106_lone_weight;
pub(crate) mod s606_cors_any_origin_with_credentials;
pub(crate) mod s609_everyone_is_a_trusted_proxy;
