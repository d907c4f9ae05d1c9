//! A body as a tree, read so that nobody can read it otherwise: a member that stands twice in any object makes it none.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How much of a member's name a fault repeats, in characters.
const NAME_IN_FAULT: usize = 64;

/// A body as a tree.
#[derive(Debug)]
pub struct Tree {
    /// The body.
    pub value: Value,
    /// How many containers stand inside one another, at most.
    pub depth: u16,
}

/// Why a body is no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeFault {
    /// There is no body, or it is not JSON that a tree can hold.
    #[error("the body is not JSON")]
    Json,
    /// An object has a member twice.
    #[error("an object of the body has the member `{0}` twice")]
    Duplicate(String),
}

/// Reads a whole body. At most 128 containers may stand inside one another.
pub(super) fn read(raw: &[u8]) -> Result<Tree, TreeFault> {
    let mut state = State::default();
    let mut reader = serde_json::Deserializer::from_slice(raw);
    let value = Strict { state: &mut state, depth: 0 }.deserialize(&mut reader);
    let fault = |state: &State| state.duplicate.clone().map_or(TreeFault::Json, TreeFault::Duplicate);
    let value = value.map_err(|_| fault(&state))?;
    reader.end().map_err(|_| TreeFault::Json)?;
    Ok(Tree { value, depth: state.deepest })
}

/// What is learnt on the way.
#[derive(Default)]
struct State {
    deepest: u16,
    duplicate: Option<String>,
}

struct Strict<'s> {
    state: &'s mut State,
    depth: u16,
}

impl Strict<'_> {
    fn inner(&mut self) -> Strict<'_> {
        Strict { state: self.state, depth: self.depth.saturating_add(1) }
    }

    fn enter(&mut self) {
        self.state.deepest = self.state.deepest.max(self.depth.saturating_add(1));
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        self.enter();
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner())? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        self.enter();
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                self.state.duplicate = Some(name.chars().take(NAME_IN_FAULT).collect());
                return Err(A::Error::custom("duplicate"));
            }
            let value = members.next_value_seed(self.inner())?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}
