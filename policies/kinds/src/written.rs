//! Forms that several kinds write: a value or a parameter, an expression, a text or a file, a policy in use.
//!
//! Each union is told apart by the shape of what is written (text, number, mapping), never by trying one reading after the other.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use aigw_core::Name;
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A value that is written here, or left to the environment as `{param: NAME}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given<T> {
    /// Written here.
    Value(T),
    /// The name of a parameter that the Gateway declares.
    Param(String),
}

/// A reference to a parameter that the Gateway declares.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParamRef {
    /// Name of a parameter that the Gateway declares; each environment gives its value.
    pub param: String,
}

/// A value computed from the request.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExprRef {
    /// An expression over the names that its phase knows, such as `request.headers["x-user"]`.
    pub expr: String,
}

/// A secret by its name; its value never stands in a policy.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretRef {
    /// Name of the secret, as the runtime's secret provider knows it.
    #[schemars(length(min = 1, max = 253))]
    pub secret: String,
}

/// A text that is written here, or a file of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextOrFile {
    /// Written here.
    Text(String),
    /// Path of a file, relative to the repository's root.
    File(String),
}

#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FileRef {
    /// Path of a template, relative to the repository's root.
    file: String,
}

/// A policy in use: its name, or its name with values for its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyUse {
    /// Name of the policy.
    pub name: String,
    /// Values for a Prompt's parameters, by name.
    pub with: IndexMap<String, WithValue>,
    /// Whether it was written as a mapping with `use`.
    pub long: bool,
}

#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LongPolicyUse {
    /// Name of the policy.
    r#use: String,
    /// Values for the parameters of a Prompt: written here, `{param: NAME}` or `{expr: …}`.
    #[serde(default)]
    with: IndexMap<String, WithValue>,
}

/// A value handed to a prompt's parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum WithValue {
    /// Written here: a text, a whole number or a boolean.
    Value(Value),
    /// The name of a parameter that the Gateway declares.
    Param(String),
    /// An expression over the request.
    Expr(String),
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ParamOrExpr {
    param: Option<String>,
    expr: Option<String>,
}

/// The word `true`.
#[derive(Clone, Copy)]
pub(crate) struct True;

/// One or several of something, written as a single value or as a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OneOrMany<T> {
    /// What was written, in order.
    pub items: Vec<T>,
    /// Whether it was written as a list.
    pub list: bool,
}

impl<T> Given<T> {
    /// The value, where it is written here.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Param(_) => None,
        }
    }

    /// The parameter's name, where it is one.
    pub fn param(&self) -> Option<&str> {
        match self {
            Self::Value(_) => None,
            Self::Param(name) => Some(name),
        }
    }
}

impl PolicyUse {
    /// Where the policy's name stands within the use: `/use` of the long form, nothing of the short one.
    pub const fn name_pointer(&self) -> &'static str {
        if self.long { "/use" } else { "" }
    }
}

/// A visitor that hands scalars to `T` and mappings to `M`.
struct ScalarOrMap<T, M> {
    expecting: &'static str,
    types: PhantomData<(T, M)>,
}

enum Either<T, M> {
    Scalar(T),
    Map(M),
}

impl<T, M> ScalarOrMap<T, M> {
    const fn new(expecting: &'static str) -> Self {
        Self { expecting, types: PhantomData }
    }
}

impl<'de, T: Deserialize<'de>, M: Deserialize<'de>> Visitor<'de> for ScalarOrMap<T, M> {
    type Value = Either<T, M>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Either::Scalar)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Either::Scalar)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Either::Scalar)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Either::Scalar)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(Either::Scalar)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        M::deserialize(MapAccessDeserializer::new(map)).map(Either::Map)
    }
}

/// Reads a scalar by `scalar`, a mapping by `map`.
pub(crate) fn scalar_or_map<'de, D, T, M, R>(
    from: D,
    expecting: &'static str,
    scalar: impl FnOnce(T) -> Result<R, D::Error>,
    map: impl FnOnce(M) -> Result<R, D::Error>,
) -> Result<R, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
    M: Deserialize<'de>,
{
    match from.deserialize_any(ScalarOrMap::<T, M>::new(expecting))? {
        Either::Scalar(value) => scalar(value),
        Either::Map(value) => map(value),
    }
}

/// A schema that takes any of these.
pub(crate) fn any_of(schemas: impl IntoIterator<Item = Schema>) -> Schema {
    let schemas: Vec<Schema> = schemas.into_iter().collect();
    json_schema!({"anyOf": schemas})
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let param = |reference: ParamRef| Ok(Self::Param(reference.param));
        scalar_or_map(from, "a value or `{param: NAME}`", |value| Ok(Self::Value(value)), param)
    }
}

impl<T: JsonSchema> JsonSchema for Given<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Given{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        any_of([generator.subschema_for::<T>(), generator.subschema_for::<ParamRef>()])
    }
}

impl<'de> Deserialize<'de> for TextOrFile {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let file = |reference: FileRef| Ok(Self::File(reference.file));
        scalar_or_map(from, "a text or `{file: PATH}`", |text| Ok(Self::Text(text)), file)
    }
}

impl JsonSchema for TextOrFile {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TextOrFile".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        any_of([generator.subschema_for::<String>(), generator.subschema_for::<FileRef>()])
    }
}

impl<'de> Deserialize<'de> for PolicyUse {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let short = |name| Ok(Self { name, with: IndexMap::new(), long: false });
        let long = |long: LongPolicyUse| Ok(Self { name: long.r#use, with: long.with, long: true });
        scalar_or_map(from, "a policy's name or `{use: NAME, with: {…}}`", short, long)
    }
}

impl JsonSchema for PolicyUse {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PolicyUse".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        any_of([generator.subschema_for::<Name>(), generator.subschema_for::<LongPolicyUse>()])
    }
}

impl<'de> Deserialize<'de> for WithValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let map = |map: ParamOrExpr| match (map.param, map.expr) {
            (Some(param), None) => Ok(Self::Param(param)),
            (None, Some(expr)) => Ok(Self::Expr(expr)),
            _ => Err(D::Error::custom("write one of `param` and `expr`")),
        };
        scalar_or_map(from, "a value, `{param: NAME}` or `{expr: …}`", |value| Ok(Self::Value(value)), map)
    }
}

impl JsonSchema for WithValue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "WithValue".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let scalar = json_schema!({"type": ["string", "integer", "boolean"]});
        any_of([scalar, generator.subschema_for::<ParamRef>(), generator.subschema_for::<ExprRef>()])
    }
}

impl<'de> Deserialize<'de> for True {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if bool::deserialize(from)? { Ok(Self) } else { Err(D::Error::custom("only `true` can be written here")) }
    }
}

impl JsonSchema for True {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "True".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "boolean", "enum": [true]})
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Items<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one value or a list of them")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
                Ok(OneOrMany { items: vec![T::deserialize(value.into_deserializer())?], list: false })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Ok(OneOrMany { items: vec![T::deserialize(MapAccessDeserializer::new(map))?], list: false })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(OneOrMany { items, list: true })
            }
        }

        from.deserialize_any(Items(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        any_of([generator.subschema_for::<T>(), generator.subschema_for::<Vec<T>>()])
    }
}
