//! A consumer as written.

use std::borrow::Cow;

use aigw_core::{Name, Timestamp};
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::authentication::ClaimTestSpec;

/// An application or a person: its credentials and roles. Its labels stand in `metadata`; limits, conditions and reports read them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConsumerSpec {
    /// One line for people.
    pub description: String,
    /// The Tenant that it is of. Default: none.
    pub tenant: Option<Name>,
    /// Roles that Authorization rules name.
    #[schemars(length(max = 100))]
    pub roles: Vec<Name>,
    /// What proves that a caller is this consumer; any of them suffices.
    #[schemars(length(max = 100))]
    pub credentials: Vec<CredentialSpec>,
}

/// Something that proves who a caller is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CredentialSpec {
    /// An API key. `aigw api-key new` makes one and prints this entry.
    ApiKey(ApiKeySpec),
    /// Tokens of an issuer, by what they claim.
    Jwt(TokenCredentialSpec),
    /// A client certificate (mutual TLS): exactly one of `subject`, `san` and `fingerprint`.
    Mtls(CertificateSpec),
}

impl CredentialSpec {
    /// The API key, where it is one.
    pub const fn api_key(&self) -> Option<&ApiKeySpec> {
        match self {
            Self::ApiKey(key) => Some(key),
            Self::Jwt(_) | Self::Mtls(_) => None,
        }
    }

    /// The tokens, where it is some.
    pub const fn jwt(&self) -> Option<&TokenCredentialSpec> {
        match self {
            Self::Jwt(tokens) => Some(tokens),
            Self::ApiKey(_) | Self::Mtls(_) => None,
        }
    }
}

/// Tokens that are this consumer's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenCredentialSpec {
    /// Name of an issuer under `methods.jwt` of an Authentication.
    pub issuer: String,
    /// What claims must be, all of them: a text that the claim equals, `{contains: TEXT}` or `{present: true}`. Entra ID names the calling
    /// application in `azp` of tokens of version 2.0, in `appid` of those of version 1.0.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 20))]
    pub claims: IndexMap<String, ClaimTestSpec>,
    /// The Subscription of this consumer that its requests are under. Default: the one that the header `x-aigw-subscription` names, else the only one
    /// that holds the route.
    pub subscription: Option<Name>,
}

/// A client certificate, known by one of its marks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CertificateSpec {
    /// Its name, for logs and tests; unique within the Consumer. Default: `mtls`.
    pub id: Option<Name>,
    /// The authority that must have issued it, one that an Authentication names; required beside `subject` and `san` where Authentications name several.
    pub ca: Option<Name>,
    /// The whole subject as RFC 4514 writes it, the most specific part first, such as `CN=mobile.contoso.example,O=Contoso`: what
    /// `openssl x509 -noout -subject -nameopt RFC2253` prints. Compared exactly, also in case.
    #[schemars(length(min = 1, max = 2048))]
    pub subject: Option<String>,
    /// One of its alternative names: `dns:`, `uri:`, `email:` or `ip:` and the name, such as `uri:spiffe://contoso.example/mobile`. `dns:` names are
    /// compared without regard to case, the others exactly; a wildcard is a name like any other.
    #[schemars(length(min = 5, max = 2048))]
    pub san: Option<String>,
    /// SHA-256 of the certificate: 64 hex digits, what `openssl x509 -outform DER | sha256sum` prints. Such a credential ends with its certificate.
    #[schemars(regex(pattern = "^[0-9a-fA-F]{64}$"))]
    pub fingerprint: Option<String>,
    /// The Subscription of this consumer that its requests are under. Default: the one that the header `x-aigw-subscription` names, else the only one
    /// that holds the route.
    pub subscription: Option<Name>,
}

/// An API key, known by its digest only.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ApiKeySpec {
    /// Its name, for logs; unique among all keys.
    pub id: Name,
    /// SHA-256 of the whole key: 64 hex digits.
    #[schemars(regex(pattern = "^[0-9a-fA-F]{64}$"))]
    pub sha256: String,
    /// Before then the key is refused, written like `notAfter`. Default: it counts at once.
    pub not_before: Option<Instant>,
    /// The Subscription of this consumer that its requests are under. Default: the one that the header `x-aigw-subscription` names, else the only one
    /// that holds the route.
    pub subscription: Option<Name>,
    /// From then on the key is refused: a day such as `2027-01-01` (its beginning, in UTC) or a moment such as `2027-01-01T12:00:00Z`. Default: never.
    pub not_after: Option<Instant>,
}

/// A moment, written as a day or with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant(pub Timestamp);

impl Instant {
    fn parse(text: &str) -> Option<Self> {
        let moment = match text.parse::<jiff::civil::Date>() {
            Ok(day) if text.len() == 10 => day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp(),
            _ => text.parse::<jiff::Timestamp>().ok()?,
        };
        Some(Self(Timestamp::from_millis(moment.as_millisecond())))
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format!("`{text}` is not a day such as `2027-01-01` or a moment such as `2027-01-01T12:00:00Z`"))
        })
    }
}

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "title": "date",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2}))?$",
            "examples": ["2027-01-01"],
        })
    }
}
