//! A token of an issuer, as tests write it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A token of an issuer of the policies, made up and verified for real. It is good for five minutes, for the issuer's first audience, and claims
/// what the issuer's `require` asks for; what stands here changes that.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenSpec {
    /// Name of an issuer under `methods.jwt` of an Authentication.
    pub issuer: String,
    /// Claims, by name; `null` takes one away.
    #[serde(default)]
    pub claims: IndexMap<String, Value>,
    /// Whether it expired an hour ago.
    #[serde(default)]
    pub expired: bool,
    /// Whether it is valid only in an hour.
    #[serde(default)]
    pub early: bool,
    /// Whether its signature is of something else.
    #[serde(default)]
    pub tampered: bool,
    /// Which key signs it.
    #[serde(default)]
    pub key: TokenKeyWord,
}

/// A key of an issuer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum TokenKeyWord {
    /// One that the issuer has had all along.
    #[default]
    Known,
    /// One that the issuer has when it is asked again.
    Next,
    /// One that the issuer does not have.
    Unknown,
}

/// Whether the keys of issuers can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum IssuersWord {
    /// They can.
    Up,
    /// They could never be had.
    Down,
}
