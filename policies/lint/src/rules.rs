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
pub(crate) mod q304_limit_key_from_caller;
pub(crate) mod q305_limit_key_from_clock;
pub(crate) mod q313_no_concurrency_limit;
pub(crate) mod q314_limit_of_zero;
pub(crate) mod q315_limit_never_reached;
pub(crate) mod q316_label_nobody_has;
pub(crate) mod q317_label_is_no_number;
pub(crate) mod q318_wait_outlasts_request;
pub(crate) mod r105_weights_all_zero;
pub(crate) mod r106_lone_weight;
pub(crate) mod r107_unescaped_dot;
pub(crate) mod r108_constant_condition;
pub(crate) mod r109_trailing_slash;
pub(crate) mod r110_connection_header;
pub(crate) mod r114_sticky_without_effect;
pub(crate) mod r116_anonymous_paid_route;
pub(crate) mod r120_selector_without_route;
pub(crate) mod s603_credential_forwarded;
pub(crate) mod s606_cors_any_origin_with_credentials;
pub(crate) mod s608_body_bound_too_high;
pub(crate) mod s609_everyone_is_a_trusted_proxy;
pub(crate) mod s610_identity_never_known;
pub(crate) mod s622_secret_header_forwarded;
pub(crate) mod s623_consumer_without_credential;
pub(crate) mod s624_role_nobody_has;
pub(crate) mod s625_allow_rule_decides_nothing;
pub(crate) mod s626_nothing_is_allowed;
pub(crate) mod s627_nobody_can_authenticate;
