//! Every place of a document that is a schema, found by the keywords that hold schemas, and what may stand there.

use std::collections::BTreeMap;

use aigw_source::nearest;
use serde_json::{Map, Value};

use super::SchemaFault;

/// The most schemas in one document: a dialect's whole request has some hundreds.
const MAX_SCHEMAS: usize = 4_000;
/// The most patterns, those of `patternProperties` included.
const MAX_PATTERNS: usize = 200;

/// Versions of the language by what `$schema` says.
const DIALECTS: [&str; 3] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
];

/// Formats that are judged.
const FORMATS: [&str; 12] = [
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uuid",
];

/// What a keyword holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// A schema.
    One,
    /// A list of schemas.
    List,
    /// A schema, or a list of them.
    OneOrList,
    /// Schemas by name.
    Map,
    /// By name, schemas or lists of names.
    MapOrNames,
    /// No schema.
    None,
}

/// Every keyword that is judged, or that says something to people.
const KEYWORDS: &[(&str, Holds)] = &[
    ("$comment", Holds::None),
    ("$defs", Holds::Map),
    ("$id", Holds::None),
    ("$ref", Holds::None),
    ("$schema", Holds::None),
    ("additionalItems", Holds::One),
    ("additionalProperties", Holds::One),
    ("allOf", Holds::List),
    ("anyOf", Holds::List),
    ("const", Holds::None),
    ("contains", Holds::One),
    ("default", Holds::None),
    ("definitions", Holds::Map),
    ("dependencies", Holds::MapOrNames),
    ("dependentRequired", Holds::None),
    ("dependentSchemas", Holds::Map),
    ("deprecated", Holds::None),
    ("description", Holds::None),
    ("else", Holds::One),
    ("enum", Holds::None),
    ("examples", Holds::None),
    ("exclusiveMaximum", Holds::None),
    ("exclusiveMinimum", Holds::None),
    ("format", Holds::None),
    ("if", Holds::One),
    ("items", Holds::OneOrList),
    ("maxContains", Holds::None),
    ("maxItems", Holds::None),
    ("maxLength", Holds::None),
    ("maxProperties", Holds::None),
    ("maximum", Holds::None),
    ("minContains", Holds::None),
    ("minItems", Holds::None),
    ("minLength", Holds::None),
    ("minProperties", Holds::None),
    ("minimum", Holds::None),
    ("multipleOf", Holds::None),
    ("not", Holds::One),
    ("oneOf", Holds::List),
    ("pattern", Holds::None),
    ("patternProperties", Holds::Map),
    ("prefixItems", Holds::List),
    ("properties", Holds::Map),
    ("propertyNames", Holds::One),
    ("readOnly", Holds::None),
    ("required", Holds::None),
    ("then", Holds::One),
    ("title", Holds::None),
    ("type", Holds::None),
    ("unevaluatedItems", Holds::One),
    ("unevaluatedProperties", Holds::One),
    ("uniqueItems", Holds::None),
    ("writeOnly", Holds::None),
];

/// A schema inside another: where it is, under which keyword and, where that holds schemas by name, under which.
pub(super) struct Child<'v> {
    pub(super) keyword: &'static str,
    pub(super) name: Option<&'v str>,
    pub(super) pointer: String,
}

/// The schemas of a document by their JSON Pointers.
pub(super) struct Places<'v> {
    pub(super) all: Vec<Place<'v>>,
    index: BTreeMap<String, usize>,
}

/// One schema.
pub(super) struct Place<'v> {
    pub(super) pointer: String,
    /// Where its `$ref` leads.
    pub(super) reference: Option<usize>,
    pub(super) children: Vec<Child<'v>>,
    written: Option<&'v str>,
}

impl<'v> Places<'v> {
    /// Walks a document.
    pub(super) fn of(schema: &'v Value) -> Result<Self, SchemaFault> {
        let mut walk = Walk { places: Self { all: Vec::new(), index: BTreeMap::new() }, patterns: 0 };
        let mut waiting = vec![(String::new(), schema)];
        // Each waits at most once, and depth is the reader's bound.
        while let Some((pointer, value)) = waiting.pop() {
            walk.take(pointer, value, &mut waiting)?;
        }
        let mut places = walk.places;
        places.resolve()?;
        Ok(places)
    }

    pub(super) fn find(&self, pointer: &str) -> Option<usize> {
        self.index.get(pointer).copied()
    }

    /// References lead to schemas of the same document.
    fn resolve(&mut self) -> Result<(), SchemaFault> {
        for at in 0..self.all.len() {
            let Some((written, pointer)) = self.all.get(at).and_then(|place| Some((place.written?, place.pointer.clone())))
            else {
                continue;
            };
            let fault = |message: String| SchemaFault::new(format!("{pointer}/$ref"), message);
            let Some(fragment) = written.strip_prefix('#') else {
                return Err(fault(
                    "this leads out of the file, and nothing is fetched: move what is meant into `$defs`".to_owned(),
                ));
            };
            let Some(target) = percent_decoded(fragment).and_then(|fragment| self.find(&fragment)) else {
                return Err(fault(format!("`{}` leads to no schema of this file", super::clipped(written))));
            };
            if let Some(place) = self.all.get_mut(at) {
                place.reference = Some(target);
            }
        }
        Ok(())
    }
}

struct Walk<'v> {
    places: Places<'v>,
    patterns: usize,
}

impl<'v> Walk<'v> {
    fn take(&mut self, pointer: String, value: &'v Value, waiting: &mut Vec<(String, &'v Value)>) -> Result<(), SchemaFault> {
        if self.places.all.len() >= MAX_SCHEMAS {
            return Err(SchemaFault::new(pointer, format!("the file holds more than {MAX_SCHEMAS} schemas")));
        }
        let mut place = Place { pointer, reference: None, children: Vec::new(), written: None };
        match value {
            Value::Bool(_) => {}
            Value::Object(keywords) => self.keywords(&mut place, keywords, waiting)?,
            _ => return Err(SchemaFault::new(place.pointer, "a schema is an object, `true` or `false`")),
        }
        self.places.index.insert(place.pointer.clone(), self.places.all.len());
        self.places.all.push(place);
        Ok(())
    }

    fn keywords(
        &mut self,
        place: &mut Place<'v>,
        keywords: &'v Map<String, Value>,
        waiting: &mut Vec<(String, &'v Value)>,
    ) -> Result<(), SchemaFault> {
        for (keyword, value) in keywords {
            let at = format!("{}/{}", place.pointer, escaped(keyword));
            let Some((keyword, holds)) = KEYWORDS.iter().find(|(known, _)| known == keyword).copied() else {
                return Err(unknown(at, keyword));
            };
            self.value(place, keyword, value, &at)?;
            let mut child = |name: Option<&'v str>, pointer: String, value: &'v Value| {
                place.children.push(Child { keyword, name, pointer: pointer.clone() });
                waiting.push((pointer, value));
            };
            match (holds, value) {
                (Holds::None, _) => {}
                (Holds::One | Holds::OneOrList, Value::Object(_) | Value::Bool(_)) => child(None, at, value),
                (Holds::List | Holds::OneOrList, Value::Array(list)) => {
                    for (index, value) in list.iter().enumerate() {
                        child(None, format!("{at}/{index}"), value);
                    }
                }
                (Holds::Map | Holds::MapOrNames, Value::Object(map)) => {
                    for (name, value) in map.iter().filter(|(_, value)| holds == Holds::Map || !value.is_array()) {
                        child(Some(name), format!("{at}/{}", escaped(name)), value);
                    }
                }
                _ => return Err(SchemaFault::new(at, format!("`{keyword}` does not hold that"))),
            }
        }
        Ok(())
    }

    /// What the values of some keywords must be, besides what the language says of them.
    fn value(&mut self, place: &mut Place<'v>, keyword: &str, value: &'v Value, at: &str) -> Result<(), SchemaFault> {
        let fault = |message: String| Err(SchemaFault::new(at, message));
        match (keyword, value) {
            ("$schema", Value::String(dialect)) if DIALECTS.contains(&dialect.trim_end_matches('#')) => {}
            ("$schema", _) => return fault(format!("the versions that are judged are `{}`", DIALECTS.join("`, `"))),
            // It would change what references mean.
            ("$id", _) if !place.pointer.is_empty() => return fault("`$id` stands only at the root of a file".to_owned()),
            ("$ref", Value::String(reference)) => place.written = Some(reference),
            ("format", Value::String(format)) if !FORMATS.contains(&format.as_str()) => {
                return fault(format!(
                    "the format `{}` is not judged; there are `{}`",
                    super::clipped(format),
                    FORMATS.join("`, `")
                ));
            }
            ("pattern", _) => self.patterns = self.patterns.saturating_add(1),
            ("patternProperties", Value::Object(map)) => self.patterns = self.patterns.saturating_add(map.len()),
            _ => {}
        }
        if self.patterns > MAX_PATTERNS { fault(format!("the file holds more than {MAX_PATTERNS} patterns")) } else { Ok(()) }
    }
}

fn unknown(at: String, keyword: &str) -> SchemaFault {
    let known = KEYWORDS.iter().map(|(known, _)| *known);
    let hint = nearest(keyword, known).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
    SchemaFault::new(at, format!("`{}` would judge nothing{hint}", super::clipped(keyword)))
}

/// A key as a step of a JSON Pointer.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A fragment as the pointer that it writes.
fn percent_decoded(fragment: &str) -> Option<String> {
    if !fragment.contains('%') {
        return Some(fragment.to_owned());
    }
    let mut out = Vec::new();
    let mut rest = fragment.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                out.push(crate::hex::byte(*high, *low)?);
                rest = after;
            }
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(out).ok()
}
