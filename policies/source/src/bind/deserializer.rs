//! A node as serde's deserializer.

use serde::de::{DeserializeSeed, Deserializer, Visitor};

use super::access::{Entries, Items, Variant};
use super::failure::Failure;
use crate::scalar::{Meaning, meaning};
use crate::sources::Span;
use crate::tree::{Node, NodeKind};

/// Binds a node, and puts the failures that come out of it in their place. `holder` is the key that holds the node.
pub(super) fn descend<'de, S: DeserializeSeed<'de>>(
    seed: S,
    node: &Node,
    holder: Option<Span>,
    step: Option<String>,
) -> Result<S::Value, Failure> {
    seed.deserialize(NodeDeserializer(node)).map_err(|failure| failure.within(node, holder).below(step))
}

struct NodeDeserializer<'n>(&'n Node);

impl NodeDeserializer<'_> {
    fn integer(&self) -> Result<i128, Failure> {
        match meaning(self.0) {
            Some(Meaning::Int(value)) => Ok(value),
            _ => Err(Failure::maybe_quoted(self.0, "a whole number", |meaning| matches!(meaning, Meaning::Int(_)))),
        }
    }

    /// Hands an integer to a visitor of up to 64 bits, which checks its own range.
    fn visit_integer<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Failure> {
        let value = self.integer()?;
        if let Ok(value) = u64::try_from(value) {
            visitor.visit_u64(value)
        } else if let Ok(value) = i64::try_from(value) {
            visitor.visit_i64(value)
        } else {
            Err(Failure::invalid(self.0.span, format!("`{value}` is too large a number")))
        }
    }

    /// Text of any scalar but null.
    fn text(&self) -> Result<&str, Failure> {
        match &self.0.kind {
            NodeKind::Scalar { text, .. } if meaning(self.0) != Some(Meaning::Null) => Ok(text),
            NodeKind::Scalar { text, .. } if !text.is_empty() => {
                Err(Failure::wrong_type(self.0, "text").help("put it in quotes if it is text"))
            }
            _ => Err(Failure::wrong_type(self.0, "text")),
        }
    }

    fn visit_map<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Failure> {
        match &self.0.kind {
            NodeKind::Map(entries) => visitor.visit_map(Entries::new(entries)),
            _ => Err(Failure::wrong_type(self.0, "a mapping")),
        }
    }

    fn visit_seq<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Failure> {
        match &self.0.kind {
            NodeKind::Seq(items) => {
                let mut access = Items::new(items);
                let value = visitor.visit_seq(&mut access)?;
                access.finish().map(|()| value)
            }
            _ => Err(Failure::wrong_type(self.0, "a list").help("write `[…]`, or each item on a line after `- `")),
        }
    }
}

/// The double nearest to an integer, as every JSON reader gives it to a float.
#[expect(clippy::cast_precision_loss, reason = "a field of floats takes the nearest one")]
fn nearest_float(value: i128) -> f64 {
    value as f64
}

macro_rules! integers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            self.visit_integer(visitor)
        })*
    };
}

macro_rules! texts {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            visitor.visit_str(self.text()?)
        })*
    };
}

impl<'de> Deserializer<'de> for NodeDeserializer<'_> {
    type Error = Failure;

    integers! {
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
    }

    texts! {
        deserialize_str deserialize_string deserialize_char deserialize_bytes deserialize_byte_buf deserialize_identifier
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match meaning(self.0) {
            None if self.0.is_seq() => self.visit_seq(visitor),
            None => self.visit_map(visitor),
            Some(Meaning::Null) => visitor.visit_unit(),
            Some(Meaning::Bool(value)) => visitor.visit_bool(value),
            Some(Meaning::Text(text)) => visitor.visit_str(text),
            Some(Meaning::Float(value)) => visitor.visit_f64(value),
            Some(Meaning::Int(value)) => match (u64::try_from(value), i64::try_from(value)) {
                (Ok(value), _) => visitor.visit_u64(value),
                (_, Ok(value)) => visitor.visit_i64(value),
                _ => visitor.visit_f64(nearest_float(value)),
            },
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_i128(self.integer()?)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let value = self.integer()?;
        let negative = |_| Failure::invalid(self.0.span, format!("expected a whole number from 0, found `{value}`"));
        visitor.visit_u128(u128::try_from(value).map_err(negative)?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match meaning(self.0) {
            Some(Meaning::Bool(value)) => visitor.visit_bool(value),
            _ => Err(Failure::not_a_bool(self.0)),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match meaning(self.0) {
            Some(Meaning::Int(value)) => visitor.visit_f64(nearest_float(value)),
            Some(Meaning::Float(value)) => visitor.visit_f64(value),
            _ => {
                let is_number = |meaning: Meaning<'_>| matches!(meaning, Meaning::Int(_) | Meaning::Float(_));
                Err(Failure::maybe_quoted(self.0, "a number", is_number))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if meaning(self.0) == Some(Meaning::Null) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match meaning(self.0) {
            Some(Meaning::Null) => visitor.visit_unit(),
            _ => Err(Failure::wrong_type(self.0, "nothing")),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.visit_seq(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.visit_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.visit_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.visit_map(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.visit_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_enum(Variant::of(self.0, words)?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }
}
