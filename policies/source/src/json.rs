//! The tree as JSON, for schema checks and for values that have no type of their own.

use serde_json::{Map, Number, Value};

use crate::scalar::{Meaning, meaning};
use crate::tree::{Node, NodeKind};

impl Node {
    /// This node as JSON. Integers of 64 bits are exact, longer ones become the nearest double.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.kind {
            NodeKind::Seq(items) => items.iter().map(Node::to_json).collect(),
            NodeKind::Map(entries) => {
                let entries = entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json()));
                Value::Object(entries.collect::<Map<_, _>>())
            }
            NodeKind::Scalar { .. } => meaning(self).map_or(Value::Null, scalar),
        }
    }
}

fn scalar(meaning: Meaning<'_>) -> Value {
    match meaning {
        Meaning::Null => Value::Null,
        Meaning::Bool(value) => Value::Bool(value),
        Meaning::Int(value) => Number::from_i128(value).map_or_else(|| float(value), Value::Number),
        Meaning::Float(value) => Number::from_f64(value).map_or(Value::Null, Value::Number),
        Meaning::Text(text) => Value::from(text),
    }
}

#[expect(clippy::cast_precision_loss, reason = "integers past 64 bits become the nearest double, as JSON readers do")]
fn float(value: i128) -> Value {
    Number::from_f64(value as f64).map_or(Value::Null, Value::Number)
}
