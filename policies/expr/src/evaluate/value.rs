//! What a part of an expression gives for one request.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::{Look, Run};
use crate::tree::{Const, Node};
use crate::{EvalError, NameId};

#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    Missing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    /// An array or an object; everything else of JSON has become one of the above.
    Json(&'a Json),
    Texts(NameId),
    Map(NameId),
    Items(&'a [Node]),
}

impl Value<'_> {
    /// In words, to follow "is"; never the value itself.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Bool(_) => "a condition",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::Json(Json::Object(_)) => "an object",
            Self::Map(_) => "a map",
            Self::Json(_) | Self::Texts(_) | Self::Items(_) => "a list",
        }
    }
}

impl<'a> From<&'a Json> for Value<'a> {
    fn from(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Missing,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(whole) => Self::Int(whole),
                None => number.as_f64().map_or(Self::Missing, Self::Float),
            },
            Json::String(text) => Self::Text(Cow::Borrowed(text)),
            Json::Array(_) | Json::Object(_) => Self::Json(json),
        }
    }
}

impl<'a> From<&'a Const> for Value<'a> {
    fn from(value: &'a Const) -> Self {
        match value {
            Const::Missing => Self::Missing,
            Const::Bool(value) => Self::Bool(*value),
            Const::Int(value) => Self::Int(*value),
            Const::Float(value) => Self::Float(*value),
            Const::Text(text) => Self::Text(Cow::Borrowed(text)),
        }
    }
}

impl<'a, L: Look> Run<'a, L> {
    /// The value as JSON of its own; `None` where it is missing.
    pub(crate) fn json(self, node: &'a Node, value: Value<'a>) -> Result<Option<Json>, EvalError> {
        Ok(Some(match value {
            Value::Missing => return Ok(None),
            Value::Bool(value) => value.into(),
            Value::Int(value) => value.into(),
            Value::Float(value) => value.into(),
            Value::Text(text) => text.into_owned().into(),
            Value::Json(json) => json.clone(),
            Value::Texts(name) => {
                (0..).map_while(|at| self.names.item(name, at)).map(|item| Json::from(item.into_owned())).collect()
            }
            Value::Items(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    let value = self.value(item)?;
                    list.push(self.json(item, value)?.unwrap_or(Json::Null));
                }
                list.into()
            }
            Value::Map(_) => return Err(self.wrong(node, &value, "a value")),
        }))
    }
}
