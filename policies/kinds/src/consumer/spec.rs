//! A consumer as written.

use std::borrow::Cow;

use aigw_core::{Name, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

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
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CredentialSpec {
    /// An API key. `aigw api-key new` makes one and prints this entry.
    pub api_key: ApiKeySpec,
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
