//! The parts of a node as serde asks for them: entries, items, variants, keys.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::deserializer::descend;
use super::failure::Failure;
use crate::scalar::{Meaning, meaning, plain};
use crate::settle::shorten;
use crate::sources::Span;
use crate::tree::{Entry, Node, NodeKind};

/// The entries of a mapping.
pub(super) struct Entries<'n> {
    all: &'n [Entry],
    rest: std::slice::Iter<'n, Entry>,
    current: Option<&'n Entry>,
}

impl<'n> Entries<'n> {
    pub(super) fn new(all: &'n [Entry]) -> Self {
        Self { all, rest: all.iter(), current: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        let Some(entry) = self.rest.next() else { return Ok(None) };
        self.current = Some(entry);
        let key = seed.deserialize(Key(&entry.key));
        key.map(Some).map_err(|failure| failure.at_word(entry.key_span, self.all).below(Some(entry.key.clone())))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        match self.current.take() {
            Some(entry) => descend(seed, &entry.value, Some(entry.key_span), Some(entry.key.clone())),
            None => Err(serde::de::Error::custom("a value was asked for before its key")),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The items of a sequence.
pub(super) struct Items<'n> {
    all: usize,
    rest: std::slice::Iter<'n, Node>,
}

impl<'n> Items<'n> {
    pub(super) fn new(all: &'n [Node]) -> Self {
        Self { all: all.len(), rest: all.iter() }
    }

    /// Refuses items that nobody took: a list longer than the tuple it is bound to.
    pub(super) fn finish(&self) -> Result<(), Failure> {
        let taken = self.all - self.rest.len();
        match self.rest.as_slice().first() {
            Some(extra) => Err(Failure::invalid(extra.span, format!("expected {taken} items, found {}", self.all))),
            None => Ok(()),
        }
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let index = self.all - self.rest.len();
        let Some(item) = self.rest.next() else { return Ok(None) };
        descend(seed, item, None, Some(index.to_string())).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// A variant of an enum: a word, or a mapping with one entry.
pub(super) struct Variant<'n> {
    word: &'n str,
    span: Span,
    content: Option<&'n Node>,
}

impl<'n> Variant<'n> {
    pub(super) fn of(node: &'n Node, words: &'static [&'static str]) -> Result<Self, Failure> {
        match &node.kind {
            NodeKind::Scalar { text, .. } if meaning(node) != Some(Meaning::Null) => {
                Ok(Self { word: text, span: node.span, content: None })
            }
            NodeKind::Map(entries) => match entries.as_slice() {
                [entry] => Ok(Self { word: &entry.key, span: entry.key_span, content: Some(&entry.value) }),
                [_, extra, ..] => {
                    let message = format!("expected one key here, found `{}` as well", shorten(&extra.key));
                    Err(Failure::invalid(extra.key_span, message).help(format!("keep one of {}", list(words))))
                }
                [] => Err(Failure::wrong_type(node, "one key").help(format!("write one of {}", list(words)))),
            },
            _ => {
                let failure = Failure::wrong_type(node, "a word, or a mapping with one key");
                Err(failure.help(format!("write one of {}", list(words))))
            }
        }
    }

    /// Binds what the variant holds; a word holds an empty mapping.
    fn bind<'de, S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Failure> {
        if let Some(content) = self.content {
            return descend(seed, content, Some(self.span), Some(self.word.to_owned()));
        }
        let empty = Node { span: self.span, used_at: None, kind: NodeKind::Map(Vec::new()) };
        descend(seed, &empty, Some(self.span), None).map_err(|failure| {
            if !failure.is_wrong_type() {
                return failure;
            }
            let word = shorten(self.word);
            Failure::invalid(self.span, format!("`{word}` needs a value")).help(format!("write `{word}: …`"))
        })
    }
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Failure;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Failure> {
        let word: StrDeserializer<'_, Failure> = serde::de::IntoDeserializer::into_deserializer(self.word);
        let value = seed.deserialize(word).map_err(|failure| failure.at_word(self.span, &[]))?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        match self.content {
            Some(content) if meaning(content) != Some(Meaning::Null) => {
                let word = shorten(self.word);
                Err(Failure::invalid(content.span, format!("`{word}` takes no settings")).help(format!("write `{word}` alone")))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Failure> {
        self.bind(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Failure> {
        self.bind(Parts { visitor, shape: Shape::Tuple(len) })
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Failure> {
        self.bind(Parts { visitor, shape: Shape::Struct(fields) })
    }
}

/// A visitor of a variant's content as a seed.
struct Parts<V> {
    visitor: V,
    shape: Shape,
}

enum Shape {
    Tuple(usize),
    Struct(&'static [&'static str]),
}

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Parts<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        match self.shape {
            Shape::Tuple(len) => deserializer.deserialize_tuple(len, self.visitor),
            Shape::Struct(fields) => deserializer.deserialize_struct("", fields, self.visitor),
        }
    }
}

/// A key: text, and whatever type its text can be read as.
struct Key<'n>(&'n str);

macro_rules! key_integers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            match plain(self.0) {
                Meaning::Int(value) => match (u64::try_from(value), i64::try_from(value)) {
                    (Ok(value), _) => visitor.visit_u64(value),
                    (_, Ok(value)) => visitor.visit_i64(value),
                    _ => visitor.visit_str(self.0),
                },
                _ => visitor.visit_str(self.0),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = Failure;

    key_integers! {
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_str(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match plain(self.0) {
            Meaning::Bool(value) => visitor.visit_bool(value),
            _ => visitor.visit_str(self.0),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_enum(serde::de::value::StrDeserializer::new(self.0))
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}
