//! The method that takes tokens, as written.

use std::borrow::Cow;

use aigw_core::{Millis, Name};
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::written::{Given, ParamRef, True, any_of, scalar_or_map};

/// An issuer whose tokens (JWT, RFC 7519) are taken behind `Authorization: Bearer`. Signature, issuer, audience and expiry are always checked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JwtMethodSpec {
    /// Its name, for Consumers and logs; unique in the repository.
    pub name: Name,
    /// Microsoft Entra ID, in place of `issuer` and `jwks`.
    pub entra: Option<EntraSpec>,
    /// What `iss` must be, to the letter. Without `jwks` its keys are found by OpenID Connect discovery, below this address.
    pub issuer: Option<Given<String>>,
    /// Where its keys are (a JWK Set, RFC 7517): `https://…`. Default: as discovery says.
    pub jwks: Option<Given<String>>,
    /// What `aud` must be or hold: one of these, to the letter.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub audience: Vec<Given<String>>,
    /// How far the issuer's clock may be from ours, at most 10 minutes: a token counts as valid that long before its `nbf` and after its `exp`.
    #[serde(default = "default_skew")]
    pub skew: Millis,
    /// What claims must be, by claim: a text that the claim equals, `{contains: TEXT}` or `{present: true}`.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 20))]
    pub require: IndexMap<String, ClaimTestSpec>,
    /// Roles that the caller gets for its claims, beside those of its Consumer.
    pub roles: Option<ClaimRolesSpec>,
    /// What becomes of a good token whose claims select no Consumer: `reject`, or what its caller is.
    #[serde(default)]
    pub undeclared: UndeclaredSpec,
}

/// Tokens of Microsoft Entra ID, of version 1.0 and 2.0, for one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntraSpec {
    /// The tenant's id: a GUID.
    pub tenant: Given<String>,
    /// What `aud` must be: the application's id, or an id URI that it exposes. `api://GUID` and its GUID alone stand for one another.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub audience: Vec<Given<String>>,
    /// The cloud's address. Default: `https://login.microsoftonline.com`; national clouds have others.
    pub authority: Option<Given<String>>,
}

/// Which claims give which roles.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimRolesSpec {
    /// Claims to look in, each a name or a JSON Pointer such as `/realm_access/roles`: a list of texts, or a text with spaces between its words.
    #[schemars(length(min = 1, max = 10))]
    pub from: Vec<String>,
    /// The role for each value. A value that does not stand here gives none.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 1000))]
    pub map: IndexMap<String, Name>,
}

/// What a claim must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimTestSpec {
    /// This text; numbers and booleans as they are written in JSON.
    Equals(Given<String>),
    /// A list that holds this text, or a text with spaces between its words that holds it.
    Contains(Given<String>),
    /// Anything.
    Present,
}

/// What becomes of a good token whose claims select no Consumer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum UndeclaredSpec {
    /// It is refused.
    #[default]
    Reject,
    /// Its caller is this.
    Admit(UndeclaredCallerSpec),
}

/// What a caller is that no Consumer stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UndeclaredCallerSpec {
    /// Name of the Tenant that it is of.
    pub tenant: Option<Name>,
    /// Its roles, beside those that claims give.
    #[schemars(length(max = 100))]
    pub roles: Vec<Name>,
    /// Its labels, each from a claim: `claims.NAME`, or `claims/POINTER`. A label whose claim is missing or no text, number or boolean is missing.
    #[schemars(extend("maxProperties" = 20))]
    pub labels: IndexMap<String, String>,
}

const fn default_skew() -> Millis {
    Millis::from_secs(60)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum RejectWord {
    /// A good token whose claims select no Consumer is refused.
    Reject,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestForms {
    param: Option<String>,
    contains: Option<Given<String>>,
    present: Option<True>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
#[expect(dead_code, reason = "the schema's own form")]
struct ContainsForm {
    /// What the list, or the words of the text, must hold.
    contains: Given<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
#[expect(dead_code, reason = "the schema's own form")]
struct PresentForm {
    /// The claim must be there, whatever it holds.
    present: True,
}

impl<'de> Deserialize<'de> for ClaimTestSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let forms = |forms: TestForms| match forms {
            TestForms { param: Some(name), contains: None, present: None } => Ok(Self::Equals(Given::Param(name))),
            TestForms { param: None, contains: Some(text), present: None } => Ok(Self::Contains(text)),
            TestForms { param: None, contains: None, present: Some(True) } => Ok(Self::Present),
            _ => Err(D::Error::custom("write one of `param`, `contains` and `present`")),
        };
        let expecting = "a text, or one of `{param: NAME}`, `{contains: TEXT}` and `{present: true}`";
        scalar_or_map(from, expecting, |text| Ok(Self::Equals(Given::Value(text))), forms)
    }
}

impl JsonSchema for ClaimTestSpec {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ClaimTest".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        any_of([
            json_schema!({"type": "string"}),
            generator.subschema_for::<ParamRef>(),
            generator.subschema_for::<ContainsForm>(),
            generator.subschema_for::<PresentForm>(),
        ])
    }
}

impl<'de> Deserialize<'de> for UndeclaredSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let word = |RejectWord::Reject| Ok(Self::Reject);
        scalar_or_map(from, "`reject`, or what the caller is", word, |caller| Ok(Self::Admit(caller)))
    }
}

impl JsonSchema for UndeclaredSpec {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Undeclared".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        any_of([generator.subschema_for::<RejectWord>(), generator.subschema_for::<UndeclaredCallerSpec>()])
    }
}
