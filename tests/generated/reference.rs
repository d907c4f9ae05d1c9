//! The reference of the policy language: what the JSON Schemas say, as tables for people.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use aigw_kinds::Kind;
use aigw_kinds::schema::schema_of;
use serde_json::{Map, Value};

pub(super) fn page() -> String {
    let mut page = format!("{}{INTRODUCTION}", super::NOTICE);
    for kind in Kind::ALL {
        let example = super::root().join(format!("policies/kinds/src/{}/example.yaml", kind.as_str().to_lowercase()));
        section(&mut page, kind.as_str(), &schema_of(*kind), fs::read_to_string(example).ok());
    }
    page
}

/// The same of the tests of policies.
pub(super) fn tests_page() -> String {
    let mut page = format!("{}{TESTS_INTRODUCTION}", super::NOTICE);
    section(&mut page, aigw_testkit::SUITE_KIND, &aigw_testkit::suite_schema(), None);
    section(&mut page, aigw_testkit::FIXTURES_KIND, &aigw_testkit::fixtures_schema(), None);
    page
}

fn section(page: &mut String, name: &str, schema: &Value, example: Option<String>) {
    writeln!(page, "\n## {name}\n\n{}\n", text(schema, "description")).unwrap();
    if let Some(example) = example {
        writeln!(page, "```yaml\n{}```\n", example.trim_start_matches("---\n")).unwrap();
    }
    let definitions = object(schema, "$defs").unwrap().clone();
    let mut table = Table { definitions, rows: String::new(), explained: BTreeMap::new() };
    table.below(schema.pointer("/properties/spec").unwrap(), "");
    write!(page, "| field of `spec` | type | default | bounds | meaning |\n|---|---|---|---|---|\n{}", table.rows).unwrap();
}

fn text<'a>(schema: &'a Value, member: &str) -> &'a str {
    schema.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn object<'a>(schema: &'a Value, member: &str) -> Option<&'a Map<String, Value>> {
    schema.get(member).and_then(Value::as_object)
}

fn items<'a>(schema: &'a Value, member: &str) -> &'a [Value] {
    schema.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// More words than this are a list of their own, and there is one: the error codes.
const MOST_WORDS: usize = 20;

/// Objects whose schema is shorter than this are explained again wherever they stand: a reference would cost as much.
const WORTH_A_REFERENCE: usize = 250;

/// Forms that the introduction explains: their members get no rows of their own.
const EXPLAINED: [&str; 4] = ["param", "expr", "secret", "file"];

struct Table {
    definitions: Map<String, Value>,
    rows: String,
    /// The members of objects that have their rows already, and where.
    explained: BTreeMap<String, String>,
}

impl Table {
    fn resolved(&self, schema: &Value) -> Value {
        match text(schema, "$ref").rsplit('/').next().filter(|name| !name.is_empty()) {
            Some(name) => self.definitions.get(name).unwrap().clone(),
            None => schema.clone(),
        }
    }

    /// The forms that a value may have, one after the other.
    fn forms(&self, schema: &Value) -> Vec<Value> {
        let schema = self.resolved(schema);
        let alternatives = if schema.get("anyOf").is_some() { items(&schema, "anyOf") } else { items(&schema, "oneOf") };
        match alternatives {
            [] => vec![schema],
            forms => forms.iter().flat_map(|form| self.forms(form)).collect(),
        }
    }

    /// Rows for everything that a value may hold. Items of lists and values of maps have none of their own; what is in them has.
    fn below(&mut self, schema: &Value, path: &str) {
        if is_matcher(schema) {
            return;
        }
        let forms = self.forms(schema);
        for form in &forms {
            if let Some(members) = object(form, "properties") {
                self.members(form, members, path, forms.len() == 1);
            } else if let Some(items) = form.get("items") {
                self.below(items, &format!("{path}[]"));
            } else if let Some(values) = values_of(form) {
                self.below(values, &format!("{path}.NAME"));
            }
        }
    }

    fn members(&mut self, form: &Value, members: &Map<String, Value>, path: &str, only_form: bool) {
        let required: Vec<&str> = items(form, "required").iter().filter_map(Value::as_str).collect();
        for (name, member) in members.iter().filter(|(name, _)| !EXPLAINED.contains(&name.as_str())) {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let member = &described(form, members, member);
            let as_before = self.explained_before(member, &path);
            self.row(member, &path, only_form && required.contains(&name.as_str()), as_before.as_deref());
            if as_before.is_none() {
                self.below(member, &path);
            }
        }
    }

    /// Where what this value holds has its rows already, if it is enough to be worth a reference.
    fn explained_before(&mut self, member: &Value, path: &str) -> Option<String> {
        let held: Vec<Value> = self
            .forms(member)
            .iter()
            .filter_map(|form| form.get("items").or(values_of(form)).or(form.get("properties")).cloned())
            .collect();
        let resolved: Vec<Value> = held.iter().map(|schema| self.resolved(schema)).collect();
        let key = serde_json::to_string(&resolved).unwrap();
        if key.len() < WORTH_A_REFERENCE {
            return None;
        }
        let before = self.explained.get(&key).cloned();
        self.explained.entry(key).or_insert_with(|| path.to_owned());
        before
    }

    fn row(&mut self, member: &Value, path: &str, required: bool, as_before: Option<&str>) {
        let default = match member.get("default") {
            _ if required => "required".to_owned(),
            Some(value) => default_of(value),
            None => String::new(),
        };
        let more = as_before.map(|before| format!(" Written as `{before}`.")).unwrap_or_default();
        let cells = [self.type_of(member), default, self.bounds(member), self.meaning(member) + more.as_str()];
        let cells: Vec<String> = cells.iter().map(|text| super::cell(text)).collect();
        writeln!(self.rows, "| `{path}` | {} |", cells.join(" | ")).unwrap();
    }

    fn meaning(&self, member: &Value) -> String {
        let own = text(member, "description");
        let target = self.resolved(member);
        let mut meaning = if own.is_empty() { text(&target, "description").to_owned() } else { own.to_owned() };
        let held = target.get("items").map_or_else(|| target.clone(), |items| self.resolved(items));
        let words: Vec<(String, &str)> = items(&held, "oneOf")
            .iter()
            .filter_map(|word| Some((quoted(word.get("const")?), text(word, "description"))))
            .collect();
        if (2..=MOST_WORDS).contains(&words.len()) {
            words.iter().for_each(|(word, what)| write!(meaning, " {word}: {what}").unwrap());
        }
        meaning
    }

    fn type_of(&self, schema: &Value) -> String {
        if is_matcher(schema) {
            return "[matcher](testing.md#matchers)".to_owned();
        }
        let forms = self.forms(schema);
        if forms.len() > MOST_WORDS {
            return "[error code](errors.md)".to_owned();
        }
        let names: Vec<String> = forms.iter().map(|form| self.name_of(form)).collect();
        alternatives(&names)
    }

    fn name_of(&self, form: &Value) -> String {
        if let Some(word) = form.get("const") {
            return quoted(word);
        }
        if form.get("enum").is_some() {
            return alternatives(&items(form, "enum").iter().map(quoted).collect::<Vec<_>>());
        }
        if let Some(items) = form.get("items") {
            return format!("list of {}", self.type_of(items));
        }
        if let Some(properties) = object(form, "properties") {
            let required = items(form, "required").len();
            let short = required == properties.len() && required <= 2;
            let members = |(name, value): (&String, &Value)| format!("{name}: {}", self.placeholder(name, value));
            return if short {
                format!("`{{{}}}`", properties.iter().map(members).collect::<Vec<_>>().join(", "))
            } else {
                "mapping".to_owned()
            };
        }
        if let Some(values) = values_of(form) {
            return format!("map of {}", self.type_of(values));
        }
        match (text(form, "title"), form.get("type")) {
            ("", Some(Value::String(name))) => word_of(name).to_owned(),
            ("", Some(Value::Array(names))) => {
                alternatives(&names.iter().filter_map(Value::as_str).map(|name| word_of(name).to_owned()).collect::<Vec<_>>())
            }
            ("", _) => "any value".to_owned(),
            (title, _) => title.to_owned(),
        }
    }

    fn placeholder(&self, name: &str, value: &Value) -> String {
        match name {
            "param" | "secret" | "label" => "NAME".to_owned(),
            "present" | "absent" => "true".to_owned(),
            "wait" => "TIME".to_owned(),
            "file" => "PATH".to_owned(),
            _ if text(&self.resolved(value), "type") == "object"
                && object(&self.resolved(value), "properties").is_none_or(Map::is_empty)
                && self.resolved(value).get("additionalProperties") == Some(&Value::Bool(false)) =>
            {
                "{}".to_owned()
            }
            _ => "…".to_owned(),
        }
    }

    fn bounds(&self, schema: &Value) -> String {
        let mut bounds: Vec<String> = self.forms(schema).iter().filter_map(bounds_of).collect();
        bounds.dedup();
        bounds.join("; ")
    }
}

/// Whether a value is a matcher, which has a table of its own.
fn is_matcher(schema: &Value) -> bool {
    let one = |schema: &Value| text(schema, "$ref") == "#/$defs/Matcher";
    one(schema) || items(schema, "anyOf").iter().any(one)
}

/// A member with what is said of it: where it is the only one of its form, that may be said of the form.
fn described(form: &Value, members: &Map<String, Value>, member: &Value) -> Value {
    let mut member = member.clone();
    let own = text(form, "description");
    if let Value::Object(schema) = &mut member
        && members.len() == 1
        && !own.is_empty()
        && !schema.contains_key("description")
    {
        schema.insert("description".to_owned(), own.into());
    }
    member
}

/// What a map's values are.
fn values_of(form: &Value) -> Option<&Value> {
    let of_names = object(form, "patternProperties").and_then(|patterns| patterns.values().next());
    of_names.or_else(|| form.get("additionalProperties").filter(|values| values.is_object()))
}

fn alternatives(names: &[String]) -> String {
    let mut names = names.to_vec();
    names.dedup();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}

fn bounds_of(form: &Value) -> Option<String> {
    let number = |member: &str| form.get(member).and_then(Value::as_number).map(ToString::to_string);
    let range = |least: Option<String>, most: Option<String>, unit: &str| match (least, most) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}{unit}")),
        (Some(least), None) if least == "1" && !unit.is_empty() => Some("not empty".to_owned()),
        (Some(least), None) if least != "0" => Some(format!("at least {least}{unit}")),
        (None, Some(most)) => Some(format!("at most {most}{unit}")),
        _ => None,
    };
    if !text(form, "title").is_empty() {
        // The introduction says what the named types are.
        return None;
    }
    let pattern = form.get("pattern").and_then(Value::as_str).map(|pattern| format!("`{pattern}`"));
    range(number("minimum"), number("maximum"), "")
        .or_else(|| range(number("minLength"), number("maxLength"), " characters"))
        .or_else(|| range(number("minItems"), number("maxItems"), " items"))
        .or(pattern)
}

fn word_of(name: &str) -> &str {
    match name {
        "string" => "text",
        "integer" => "whole number",
        "object" => "mapping",
        other => other,
    }
}

fn quoted(value: &Value) -> String {
    match value {
        Value::String(word) => format!("`{word}`"),
        other => format!("`{other}`"),
    }
}

/// A default, as somebody would write it; emptiness goes without saying.
fn default_of(value: &Value) -> String {
    match value {
        Value::Object(members) if !members.values().any(|value| !default_of(value).is_empty()) => String::new(),
        Value::Array(items) if items.is_empty() => String::new(),
        Value::String(text) if text.is_empty() => String::new(),
        Value::Null => String::new(),
        Value::Object(_) => "see below".to_owned(),
        Value::Array(items) => items.iter().map(quoted).collect::<Vec<_>>().join(", "),
        other => quoted(other),
    }
}

const TESTS_INTRODUCTION: &str = "\
# Reference of tests

Every field of a `TestSuite` and of `TestFixtures`, made from the code that reads them. How to write tests: [testing.md](testing.md). Editors read the same from
[`schemas/testsuite.json`](../schemas/testsuite.json) and [`schemas/testfixtures.json`](../schemas/testfixtures.json), which `aigw schema TestSuite` and
`aigw schema TestFixtures` print.

A *duration* is a whole number with `ms`, `s`, `m`, `h` or `d` (`30s`), a *share* a percentage (`80%`). In the first column `[]` stands for each item of a list and `NAME` for each name in a
map. A matcher is a literal or one of [its words](testing.md#matchers).
";

const INTRODUCTION: &str = "\
# Reference

Every field of every kind, made from the code that reads them. How the pieces work together: [language.md](language.md). Editors read the same from
[`schemas/aigw.json`](../schemas/aigw.json), which `aigw schema` prints.

Every document has `apiVersion: aigw.dev/v1`, `kind`, `metadata` and `spec`, and nothing else. In `metadata`, `name` is required: a-z, 0-9 and `-`, at most 63
characters, unique within its kind and across all policy kinds (Authentication, Authorization, Limit, Prompt). `labels` and `annotations` are maps of texts.

Types: a *duration* is a whole number with `ms`, `s`, `m`, `h` or `d` (`30s`), a *size* one with `B`, `KiB`, `MiB`, `GiB`, `KB`, `MB` or `GB` (`10MiB`), a *share* a percentage with up to four
decimals (`80%`), a *date* a day or a moment (`2027-01-01`, `2027-01-01T12:00:00Z`). `{param: NAME}` is the value of a parameter that the Gateway declares, `{secret: NAME}` a secret of the runtime, `{file: PATH}` a `*.j2` file of the
repository, `{expr: …}` an expression over the request. In the first column `[]` stands for each item of a list and `NAME` for each name in a map.
";
