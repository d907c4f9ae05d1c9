//! The tree at work on one request. Nothing is built that the expression does not look at; texts are borrowed.

mod look;
mod operators;
mod value;

use crate::tree::{Comparison, Method, Node, Op, TimeField};
use crate::{EvalError, NameId, Names};
pub use look::{HIDDEN, Hides, MAX_SEEN_CHARS, MAX_SEEN_NAMES, Seen, cut, shown};
pub(crate) use look::{Look, Onlooker, Unseen};
use operators::{compute, equal, ordered};
pub(crate) use value::Value;

/// The longest text that an expression may build, in bytes: what a header can carry, and far more than a counter's key.
pub(crate) const MAX_BUILT_TEXT_BYTES: usize = 64 * 1024;

/// The most of an expression that an error quotes, in characters.
const MAX_QUOTE: usize = 60;

/// One evaluation.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a, L> {
    pub(crate) names: &'a dyn Names,
    pub(crate) text: &'a str,
    pub(crate) look: L,
}

impl<'a, L: Look> Run<'a, L> {
    /// Whether the part holds; what is missing does not.
    pub(crate) fn holds(self, node: &'a Node) -> Result<bool, EvalError> {
        match &node.op {
            Op::Not(inner) => self.holds(inner).map(|holds| !holds),
            Op::All(nodes) => self.first_that(nodes, false).map(|found| !found),
            Op::Any(nodes) => self.first_that(nodes, true),
            Op::Compare(how, nodes) => {
                let [left, right] = nodes.as_ref();
                let (a, b) = (self.value(left)?, self.value(right)?);
                match how {
                    Comparison::Equal => Ok(equal(&a, &b)),
                    Comparison::NotEqual => Ok(!equal(&a, &b)),
                    how => ordered(*how, &a, &b).ok_or_else(|| self.unordered(node, &a, &b)),
                }
            }
            _ => self.truth_of(node),
        }
    }

    /// Whether one of the parts holds (`wanted`) or fails to; the parts after it are not looked at.
    fn first_that(self, nodes: &'a [Node], wanted: bool) -> Result<bool, EvalError> {
        for node in nodes {
            if self.holds(node)? == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn truth_of(self, node: &'a Node) -> Result<bool, EvalError> {
        match self.value(node)? {
            Value::Bool(value) => Ok(value),
            Value::Missing => Ok(false),
            other => Err(self.wrong(node, &other, "a condition")),
        }
    }

    pub(crate) fn value(self, node: &'a Node) -> Result<Value<'a>, EvalError> {
        let value = self.part(node)?;
        self.look.saw(self, node, &value);
        Ok(value)
    }

    fn part(self, node: &'a Node) -> Result<Value<'a>, EvalError> {
        Ok(match &node.op {
            Op::Const(value) => Value::from(value),
            Op::Text(name) => self.names.text(*name).map_or(Value::Missing, Value::Text),
            Op::Entry(name, key) => self.entry(*name, key),
            Op::EntryAt(name, key) => self.entry_at(*name, key)?,
            Op::Map(name) => Value::Map(*name),
            Op::Texts(name) => Value::Texts(*name),
            Op::Items(nodes) => Value::Items(nodes),
            Op::Json(name) => self.names.json(*name).map_or(Value::Missing, Value::from),
            Op::Member { of, key, optional } => self.member(of, key, *optional)?,
            Op::Index { of, at, optional } => self.index(of, at, *optional)?,
            Op::Time(field, zone) => self.time(*field, zone.as_ref())?,
            Op::Coalesce(nodes) => self.first_present(nodes)?,
            Op::In { item, of, optional } => self.contains(item, of, *optional)?,
            Op::Method { method, of, arg, optional } => self.method(*method, of, arg.as_deref(), *optional)?,
            Op::Compute(how, nodes) => {
                let [left, right] = nodes.as_ref();
                let (a, b) = (self.value(left)?, self.value(right)?);
                compute(*how, a, b).map_err(|why| self.error(node, why))?
            }
            Op::Negate(inner) => match self.value(inner)? {
                Value::Int(n) => Value::Int(n.checked_neg().ok_or_else(|| self.error(node, "is too large a number"))?),
                Value::Float(n) => Value::Float(-n),
                other => return Err(self.wrong(inner, &other, "a number")),
            },
            Op::If(nodes) => {
                let [when, then, otherwise] = nodes.as_ref();
                let chosen = if self.holds(when)? { then } else { otherwise };
                self.value(chosen)?
            }
            Op::Not(_) | Op::All(_) | Op::Any(_) | Op::Compare(..) => Value::Bool(self.holds(node)?),
        })
    }

    fn entry(self, name: NameId, key: &str) -> Value<'a> {
        self.names.entry(name, key).map_or(Value::Missing, Value::Text)
    }

    fn entry_at(self, name: NameId, key: &'a Node) -> Result<Value<'a>, EvalError> {
        match self.value(key)? {
            Value::Text(text) => Ok(self.entry(name, &map_key(name, &text))),
            Value::Missing => Ok(Value::Missing),
            other => Err(self.wrong(key, &other, "text")),
        }
    }

    fn member(self, of: &'a Node, key: &str, optional: bool) -> Result<Value<'a>, EvalError> {
        match self.value(of)? {
            Value::Json(serde_json::Value::Object(members)) => Ok(members.get(key).map_or(Value::Missing, Value::from)),
            Value::Missing if optional => Ok(Value::Missing),
            other => Err(self.wrong(of, &other, "an object")),
        }
    }

    /// An item past the end is missing.
    fn index(self, of: &'a Node, at: &'a Node, optional: bool) -> Result<Value<'a>, EvalError> {
        let holder = self.value(of)?;
        if matches!(holder, Value::Missing) {
            return if optional { Ok(Value::Missing) } else { Err(self.wrong(of, &holder, "a list or an object")) };
        }
        match (holder, self.value(at)?) {
            (Value::Json(serde_json::Value::Object(members)), Value::Text(key)) => {
                Ok(members.get(key.as_ref()).map_or(Value::Missing, Value::from))
            }
            (Value::Json(serde_json::Value::Array(items)), Value::Int(at)) => {
                Ok(position(at, || items.len()).and_then(|at| items.get(at)).map_or(Value::Missing, Value::from))
            }
            (Value::Texts(name), Value::Int(at)) => {
                let item = position(at, || self.count(name)).and_then(|at| self.names.item(name, at));
                Ok(item.map_or(Value::Missing, Value::Text))
            }
            (Value::Items(items), Value::Int(at)) => match position(at, || items.len()).and_then(|at| items.get(at)) {
                Some(item) => self.value(item),
                None => Ok(Value::Missing),
            },
            (Value::Json(_), key) => Err(self.wrong(at, &key, "what this is looked up by")),
            (holder, _) => Err(self.wrong(of, &holder, "a list or an object")),
        }
    }

    fn count(self, name: NameId) -> usize {
        (0..).take_while(|at| self.names.item(name, *at).is_some()).count()
    }

    fn first_present(self, nodes: &'a [Node]) -> Result<Value<'a>, EvalError> {
        for node in nodes {
            let value = self.value(node)?;
            if !matches!(value, Value::Missing) {
                return Ok(value);
            }
        }
        Ok(Value::Missing)
    }

    fn contains(self, item: &'a Node, of: &'a Node, optional: bool) -> Result<Value<'a>, EvalError> {
        let holder = self.value(of)?;
        if optional && matches!(holder, Value::Missing) {
            return Ok(Value::Missing);
        }
        let found = match (&holder, self.value(item)?) {
            (Value::Missing, _) => false,
            (Value::Items(items), wanted) => self.one_equals(items, &wanted)?,
            (Value::Texts(name), Value::Text(wanted)) => self.listed(*name, &wanted),
            (Value::Texts(_) | Value::Map(_), Value::Missing) => false,
            (Value::Map(name), Value::Text(key)) => self.names.entry(*name, &map_key(*name, &key)).is_some(),
            (Value::Json(serde_json::Value::Array(items)), wanted) => items.iter().any(|item| equal(&Value::from(item), &wanted)),
            (Value::Json(serde_json::Value::Object(members)), Value::Text(key)) => members.contains_key(key.as_ref()),
            (Value::Text(text), Value::Text(part)) => text.contains(part.as_ref()),
            (Value::Text(_), Value::Missing) => false,
            (Value::Texts(_) | Value::Map(_) | Value::Json(_) | Value::Text(_), wanted) => {
                return Err(self.wrong(item, &wanted, "text"));
            }
            (holder, _) => return Err(self.wrong(of, holder, "a list, a map or text")),
        };
        Ok(Value::Bool(found))
    }

    fn one_equals(self, items: &'a [Node], wanted: &Value<'_>) -> Result<bool, EvalError> {
        for item in items {
            if equal(&self.value(item)?, wanted) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn listed(self, name: NameId, wanted: &str) -> bool {
        let mut at = 0;
        while let Some(item) = self.names.item(name, at) {
            if item == wanted {
                return true;
            }
            at += 1;
        }
        false
    }

    fn time(self, field: TimeField, zone: Option<&jiff::tz::TimeZone>) -> Result<Value<'a>, EvalError> {
        let now = self.names.now_unix_ms();
        if field == TimeField::Unix {
            return Ok(Value::Int(now.div_euclid(1000)));
        }
        let moment = jiff::Timestamp::from_millisecond(now).map_err(|_| EvalError::new("the time is out of range"))?;
        let civil = zone.unwrap_or(&jiff::tz::TimeZone::UTC).to_datetime(moment);
        Ok(Value::Int(match field {
            TimeField::Hour => civil.hour().into(),
            TimeField::Minute => civil.minute().into(),
            TimeField::Weekday => civil.weekday().to_monday_one_offset().into(),
            TimeField::Day => civil.day().into(),
            TimeField::Month => civil.month().into(),
            TimeField::Year => civil.year().into(),
            TimeField::Unix => now.div_euclid(1000),
        }))
    }

    fn method(self, method: Method, of: &'a Node, arg: Option<&'a Node>, optional: bool) -> Result<Value<'a>, EvalError> {
        let receiver = self.value(of)?;
        if optional && matches!(receiver, Value::Missing) {
            return Ok(Value::Missing);
        }
        match method {
            Method::Len => self.len(of, &receiver).map(Value::Int),
            Method::IsEmpty => self.len(of, &receiver).map(|len| Value::Bool(len == 0)),
            Method::ToString => {
                operators::shown(receiver).map_err(|other| self.wrong(of, &other, "text, a number or a condition"))
            }
            Method::StartsWith | Method::EndsWith => {
                let Some(arg) = arg else {
                    return Err(self.error(of, "was compared with nothing"));
                };
                let part = self.value(arg)?;
                match (&receiver, &part) {
                    (Value::Text(_), Value::Missing) => Ok(Value::Bool(false)),
                    (Value::Text(text), Value::Text(part)) => Ok(Value::Bool(match method {
                        Method::StartsWith => text.starts_with(part.as_ref()),
                        _ => text.ends_with(part.as_ref()),
                    })),
                    (Value::Text(_), _) => Err(self.wrong(arg, &part, "text")),
                    _ => Err(self.wrong(of, &receiver, "text")),
                }
            }
            Method::ToLower | Method::ToUpper | Method::ParseInt | Method::ParseFloat => {
                let Value::Text(text) = &receiver else {
                    return Err(self.wrong(of, &receiver, "text"));
                };
                operators::of_text(method, text).map_err(|why| self.error(of, why))
            }
        }
    }

    /// Characters of a text, items of a list, members of an object.
    fn len(self, of: &'a Node, value: &Value<'a>) -> Result<i64, EvalError> {
        let len = match value {
            Value::Text(text) => text.chars().count(),
            Value::Texts(name) => self.count(*name),
            Value::Items(items) => items.len(),
            Value::Json(serde_json::Value::Array(items)) => items.len(),
            Value::Json(serde_json::Value::Object(members)) => members.len(),
            other => return Err(self.wrong(of, other, "text or a list")),
        };
        Ok(i64::try_from(len).unwrap_or(i64::MAX))
    }

    #[cold]
    fn unordered(self, node: &'a Node, a: &Value<'_>, b: &Value<'_>) -> EvalError {
        self.error(node, &format!("compares {} with {}", a.describe(), b.describe()))
    }

    #[cold]
    pub(crate) fn wrong(self, node: &Node, found: &Value<'_>, wanted: &str) -> EvalError {
        self.error(node, &format!("is {}, not {wanted}", found.describe()))
    }

    #[cold]
    fn error(self, node: &Node, why: &str) -> EvalError {
        let quoted = usize::try_from(node.start)
            .ok()
            .zip(usize::try_from(node.end).ok())
            .and_then(|(start, end)| self.text.get(start..end))
            .unwrap_or(self.text);
        EvalError::new(match quoted.char_indices().nth(MAX_QUOTE) {
            Some((cut, _)) => format!("`{}…` {why}", quoted.get(..cut).unwrap_or_default()),
            None => format!("`{quoted}` {why}"),
        })
    }
}

/// Header names are asked for in small letters.
fn map_key(name: NameId, key: &str) -> std::borrow::Cow<'_, str> {
    if name == NameId::RequestHeaders && key.bytes().any(|byte| byte.is_ascii_uppercase()) {
        key.to_ascii_lowercase().into()
    } else {
        key.into()
    }
}

/// An index from the start, or from the end where it is negative. The length is asked for only then.
fn position(at: i64, len: impl FnOnce() -> usize) -> Option<usize> {
    match usize::try_from(at) {
        Ok(at) => Some(at),
        Err(_) => len().checked_sub(usize::try_from(at.unsigned_abs()).ok()?),
    }
}
