//! A document against the JSON Schema of its kind, straight over the span tree: every fault is found at once and stands where it was written, and
//! of several forms the one that was meant is judged.
//!
//! It reads the part of JSON Schema that the kinds' schemas use; a test holds it against a general validator.

use std::collections::BTreeMap;

use aigw_source::rules::{INVALID_VALUE, MISSING_KEY, UNKNOWN_KEY};
use aigw_source::{Document, Entry, Finding, Fix, Node, Span, nearest};
use regex::Regex;
use serde_json::{Map, Value};

use super::value;

/// More keys than this are not listed.
const FEW: usize = 20;

/// Patterns of schemas, compiled once each.
pub(super) type Patterns = BTreeMap<String, Option<Regex>>;

/// Everything about a document that its schema does not allow.
pub(super) fn faults(schema: &Value, document: &Document, patterns: &mut Patterns) -> Vec<Finding> {
    let place = Place { node: &document.root, holder: document.locate_key("/kind") };
    Check { root: schema, patterns }.node(schema, place)
}

/// A value, and what is to blame where it lacks something: its key, or itself.
#[derive(Clone, Copy)]
struct Place<'n> {
    node: &'n Node,
    holder: Span,
}

struct Check<'s> {
    root: &'s Value,
    patterns: &'s mut Patterns,
}

impl<'s> Check<'s> {
    fn node(&mut self, schema: &'s Value, place: Place<'_>) -> Vec<Finding> {
        let schema = self.resolve(schema);
        if let Some(branches) = branches(schema) {
            let found = self.any(branches, place);
            // What to do instead of an unknown key, where the schema knows better than to take it out.
            return match schema.get("x-help").and_then(Value::as_str) {
                Some(help) => found.into_iter().map(|finding| helped(finding, help)).collect(),
                None => found,
            };
        }
        let mut findings = Vec::new();
        if !value::fits_type(schema, place.node) {
            findings.push(value::wrong_type(&[schema], place.node));
        } else if place.node.is_map() {
            self.map(schema, place, &mut findings);
        } else if place.node.is_seq() {
            self.list(schema, place.node, &mut findings);
        } else {
            findings.extend(value::scalar(schema, place.node, self.patterns));
        }
        // What an alias brought is to be mended where it is defined, and the use is shown.
        match place.node.used_at {
            Some(used) => findings.into_iter().map(|finding| finding.label(used, "used here")).collect(),
            None => findings,
        }
    }

    /// Follows references; those of our schemas do not form a cycle.
    fn resolve(&self, schema: &'s Value) -> &'s Value {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
        match reference.and_then(|pointer| self.root.pointer(pointer)) {
            Some(target) => self.resolve(target),
            None => schema,
        }
    }

    /// One of several: the first that fits. Where none does, the one that was probably meant tells what is wrong.
    fn any(&mut self, branches: &'s [Value], place: Place<'_>) -> Vec<Finding> {
        let resolved: Vec<&Value> = branches.iter().flat_map(|branch| self.flat(branch)).collect();
        let typed: Vec<&Value> = resolved.iter().copied().filter(|branch| value::fits_type(branch, place.node)).collect();
        if typed.is_empty() {
            return vec![value::wrong_type(&resolved, place.node)];
        }
        let words: Vec<&str> = typed.iter().flat_map(|branch| value::words(branch)).collect();
        if let Some(text) =
            place.node.as_str().filter(|_| !words.is_empty() && typed.iter().all(|branch| value::has_words(branch)))
        {
            return if words.contains(&text) { Vec::new() } else { vec![value::unknown_word(text, &words, place.node)] };
        }
        let mut nearest: Option<Vec<Finding>> = None;
        // With a key that it does not know, no form of several fits: those are left out, so that many forms cost little.
        let several = typed.len() > 1;
        for branch in typed.iter().filter(|branch| !several || knows_keys(branch, place.node)) {
            let found = self.node(branch, place);
            if found.is_empty() {
                return found;
            }
            if nearest.as_ref().is_none_or(|best| found.len() < best.len()) {
                nearest = Some(found);
            }
        }
        if place.node.is_map() && typed.len() > 1 {
            return self.forms(&typed, place);
        }
        nearest.unwrap_or_default()
    }

    /// The branches of a branch that is itself several.
    fn flat(&self, schema: &'s Value) -> Vec<&'s Value> {
        let schema = self.resolve(schema);
        match branches(schema) {
            Some(inner) => inner.iter().flat_map(|branch| self.flat(branch)).collect(),
            None => vec![schema],
        }
    }

    /// A mapping that has one of several forms, and fits none: told by its keys which was meant.
    fn forms(&mut self, forms: &[&'s Value], place: Place<'_>) -> Vec<Finding> {
        let all: Vec<&str> = forms.iter().flat_map(|form| keys(form)).collect();
        let unknown: Vec<&Entry> = place.node.entries().iter().filter(|entry| !all.contains(&entry.key.as_str())).collect();
        if !unknown.is_empty() {
            return unknown.into_iter().map(|entry| unknown_key(entry, &all, place.node)).collect();
        }
        let shared = |form: &Value| place.node.entries().iter().filter(|entry| has_key(form, &entry.key)).count();
        let whole = place.node.entries().len();
        if whole == 0 {
            let list = value::listed(&all);
            return vec![
                Finding::error(MISSING_KEY, place.holder, format!("one of the keys {list} is missing")).help("add one of them"),
            ];
        }
        match forms.iter().copied().find(|form| shared(form) == whole) {
            Some(meant) => self.node(meant, place),
            None => {
                let written: Vec<&str> = place.node.entries().iter().map(|entry| entry.key.as_str()).collect();
                let message = format!("{} cannot stand together", value::listed(&written));
                vec![Finding::error(aigw_kinds::rules::INVALID_COMBINATION, place.node.span, message).help("keep one of them")]
            }
        }
    }

    fn map(&mut self, schema: &'s Value, place: Place<'_>, findings: &mut Vec<Finding>) {
        for entry in place.node.entries() {
            let below = Place { node: &entry.value, holder: entry.key_span };
            match self.member(schema, &entry.key) {
                Member::Schema(member) => findings.extend(self.node(member, below)),
                Member::Anything => {}
                Member::BadName(pattern) => findings.push(value::bad_name(entry, pattern)),
                Member::Unknown => {
                    let known: Vec<&str> = keys(schema).collect();
                    findings.push(unknown_key(entry, &known, place.node));
                }
            }
        }
        let most = schema.get("maxProperties").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
        if let Some(most) = most.filter(|most| place.node.entries().len() > *most) {
            let message = format!("the mapping has more than {most} entries");
            findings.push(Finding::error(INVALID_VALUE, place.holder, message).help("split it"));
        }
        let keys = place.node.entries().iter().map(|entry| entry.key.as_str());
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        for required in required.filter(|required| place.node.entry(required).is_none()) {
            // A key that was meant to be this one is told of already.
            let mistyped = keys.clone().any(|key| !has_key(schema, key) && nearest(key, [required]).is_some());
            if !mistyped {
                let finding = Finding::error(MISSING_KEY, place.holder, format!("the key `{required}` is missing"));
                findings.push(finding.help(format!("add `{required}: …`")));
            }
        }
    }

    /// What a key of a mapping must hold.
    fn member(&mut self, schema: &'s Value, key: &str) -> Member<'s> {
        if let Some(member) = schema.get("properties").and_then(|properties| properties.get(key)) {
            return Member::Schema(member);
        }
        if let Some((pattern, member)) =
            schema.get("patternProperties").and_then(Value::as_object).and_then(|patterns| patterns.iter().next())
        {
            let fits = value::matches(pattern, key, self.patterns);
            return if fits { Member::Schema(member) } else { Member::BadName(pattern) };
        }
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => Member::Unknown,
            Some(Value::Bool(true)) | None => Member::Anything,
            Some(member) => Member::Schema(member),
        }
    }

    fn list(&mut self, schema: &'s Value, node: &Node, findings: &mut Vec<Finding>) {
        let items = node.items();
        let bound = |key: &str| schema.get(key).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
        if let Some(least) = bound("minItems").filter(|least| items.len() < *least) {
            let message =
                if least == 1 { "the list is empty".to_owned() } else { format!("the list has less than {least} items") };
            findings.push(Finding::error(INVALID_VALUE, node.span, message).help("add an item"));
        }
        if let Some(most) = bound("maxItems").filter(|most| items.len() > *most) {
            findings
                .push(Finding::error(INVALID_VALUE, node.span, format!("the list has more than {most} items")).help("split it"));
        }
        if let Some(schema) = schema.get("items") {
            for item in items {
                findings.extend(self.node(schema, Place { node: item, holder: item.used_at.unwrap_or(item.span) }));
            }
        }
    }
}

/// What a key of a mapping must hold.
enum Member<'s> {
    Schema(&'s Value),
    Anything,
    BadName(&'s str),
    Unknown,
}

fn branches(schema: &Value) -> Option<&[Value]> {
    schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array).map(Vec::as_slice)
}

/// The keys that a schema names.
fn keys(schema: &Value) -> impl Iterator<Item = &str> {
    schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys).map(String::as_str)
}

fn has_key(schema: &Value, key: &str) -> bool {
    schema.get("properties").is_some_and(|properties| properties.get(key).is_some())
}

/// Whether a schema has all keys of a mapping, or takes any.
fn knows_keys(schema: &Value, node: &Node) -> bool {
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false)) && schema.get("patternProperties").is_none();
    !closed || node.entries().iter().all(|entry| has_key(schema, &entry.key))
}

/// A finding with this help, where it has only that of taking something out.
fn helped(finding: Finding, help: &str) -> Finding {
    if finding.rule == UNKNOWN_KEY && finding.help.as_deref() == Some(REMOVE) { finding.help(help) } else { finding }
}

/// What can always be done with an unknown key.
const REMOVE: &str = "remove the key";

fn unknown_key(entry: &Entry, known: &[&str], holder: &Node) -> Finding {
    let shown: String = entry.key.chars().take(60).collect();
    let finding = Finding::error(UNKNOWN_KEY, entry.key_span, format!("unknown key `{shown}`"));
    let free: Vec<&str> = known.iter().copied().filter(|name| holder.entry(name).is_none()).collect();
    match nearest(&entry.key, free.iter().copied()) {
        Some(meant) => finding.help(format!("did you mean `{meant}`?")).fix(Fix::replace(
            format!("rename to `{meant}`"),
            entry.key_span,
            meant,
        )),
        None if known.is_empty() => finding.note("there are no keys here").help(REMOVE),
        None if known.len() <= FEW => finding.note(format!("the keys here are {}", value::listed(known))).help(REMOVE),
        None => finding.help(REMOVE),
    }
}
