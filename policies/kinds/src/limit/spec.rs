//! A limit as written.

use std::borrow::Cow;

use aigw_core::{Millis, Name};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::Mode;
use crate::written::{ExprRef, OneOrMany, ParamRef, any_of, scalar_or_map};

/// How many requests a caller may send, and how many at once. All attached limits add up.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitSpec {
    /// One line for people.
    #[serde(default)]
    pub description: String,
    /// Whether the limit is in force. In shadow it counts in counters of its own and refuses nothing.
    #[serde(default)]
    pub mode: Mode,
    /// What is counted apart: one key, or a list that together is one key. `global` is one counter for all.
    pub per: OneOrMany<KeyPartSpec>,
    /// The rules; all must have room.
    #[schemars(length(min = 1, max = 100))]
    pub rules: Vec<LimitRuleSpec>,
    /// Whether a route may leave this policy out by `detach`.
    #[serde(default)]
    pub detachable: bool,
}

/// What is counted apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPartSpec {
    /// A fact that has a word.
    Word(KeyWord),
    /// What an expression gives, within the caller's tenant; missing values share one key.
    Expr(String),
}

impl LimitSpec {
    /// Whether its counters are of callers, and so each of one tenant; otherwise all callers share them.
    pub fn counts_callers(&self) -> bool {
        self.per.items.iter().any(|part| match part {
            KeyPartSpec::Word(KeyWord::Tenant | KeyWord::Subscription | KeyWord::Product | KeyWord::Consumer | KeyWord::Ip)
            | KeyPartSpec::Expr(_) => true,
            KeyPartSpec::Word(KeyWord::Global | KeyWord::Route | KeyWord::Model) => false,
        })
    }
}

/// A fact that requests are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum KeyWord {
    /// Nothing: one counter for all.
    Global,
    /// The caller's tenant; callers of none share one key.
    Tenant,
    /// The subscription that the request is under; requests under none share one key.
    Subscription,
    /// The product that the request is under, within the caller's tenant; requests under none share one key.
    Product,
    /// The consumer, within its tenant; anonymous callers share one key.
    Consumer,
    /// The route.
    Route,
    /// The Model document. What is counted by it, or looks at it or at the body, does not count requests of routes that serve `http`.
    Model,
    /// The caller's address, within its tenant.
    Ip,
}

/// One rule of a limit: `requests` in a `window`, or `concurrency`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LimitRuleSpec {
    /// Its name, unique within the limit; it stands in answers and records.
    pub name: Name,
    /// Whether the rule is in force.
    #[serde(default)]
    pub mode: Mode,
    /// How many requests any stretch of time as long as `window` may hold: a number, `{param: NAME}`, or `{label: NAME, default: NUMBER}` for
    /// the number in the label of the subscription, else of the consumer, else of its tenant.
    pub requests: Option<AmountSpec>,
    /// The stretch of time that `requests` counts in.
    pub window: Option<Millis>,
    /// How many requests may be in flight at once, in the same forms as `requests`.
    pub concurrency: Option<AmountSpec>,
    /// What happens to a request that finds no room: `reject`, or for `concurrency` `{wait: TIME}`. Default: `reject`.
    #[serde(default)]
    pub on_exceed: OnExceedSpec,
    /// Counted only where this holds; where it fails the rule applies.
    pub when: Option<String>,
}

/// How much a rule allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AmountSpec {
    /// The same for every key.
    Number(u64),
    /// The value of a parameter that the Gateway declares.
    Param(String),
    /// From the subscription's, the consumer's or the tenant's label.
    Label {
        /// Which label.
        label: String,
        /// For callers without it.
        default: u64,
    },
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct LabelForm {
    /// Name of the label that holds the number: the subscription's, else the consumer's, else its tenant's.
    label: String,
    /// The number for callers without that label, or with one that is not a whole number.
    default: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AmountForms {
    param: Option<String>,
    label: Option<String>,
    default: Option<u64>,
}

/// What happens to a request that finds no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnExceedSpec {
    /// It is refused.
    #[default]
    Reject,
    /// It waits at most this long.
    Wait(Millis),
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum RejectWord {
    /// It is refused.
    Reject,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WaitForm {
    /// How long it may wait for room before it is refused.
    wait: Millis,
}

impl<'de> Deserialize<'de> for KeyPartSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let expr = |reference: ExprRef| Ok(Self::Expr(reference.expr));
        scalar_or_map(
            from,
            "`global`, `tenant`, `subscription`, `product`, `consumer`, `route`, `model`, `ip` or `{expr: …}`",
            |word| Ok(Self::Word(word)),
            expr,
        )
    }
}

impl JsonSchema for KeyPartSpec {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "KeyPart".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        any_of([generator.subschema_for::<KeyWord>(), generator.subschema_for::<ExprRef>()])
    }
}

impl<'de> Deserialize<'de> for AmountSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let forms = |forms: AmountForms| match forms {
            AmountForms { param: Some(name), label: None, default: None } => Ok(Self::Param(name)),
            AmountForms { param: None, label: Some(label), default: Some(default) } => Ok(Self::Label { label, default }),
            _ => Err(D::Error::custom("write a number, `{param: NAME}` or `{label: NAME, default: NUMBER}`")),
        };
        scalar_or_map(
            from,
            "a number, `{param: NAME}` or `{label: NAME, default: NUMBER}`",
            |number| Ok(Self::Number(number)),
            forms,
        )
    }
}

impl JsonSchema for AmountSpec {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        any_of([generator.subschema_for::<u64>(), generator.subschema_for::<ParamRef>(), generator.subschema_for::<LabelForm>()])
    }
}

impl<'de> Deserialize<'de> for OnExceedSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        scalar_or_map(
            from,
            "`reject` or `{wait: TIME}`",
            |RejectWord::Reject| Ok(Self::Reject),
            |form: WaitForm| Ok(Self::Wait(form.wait)),
        )
    }
}

impl JsonSchema for OnExceedSpec {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OnExceed".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        any_of([generator.subschema_for::<RejectWord>(), generator.subschema_for::<WaitForm>()])
    }
}
