//! The rows of a matrix, and the parts of a case that they change.

use std::collections::BTreeSet;

use aigw_kinds::written::OneOrMany;
use http::HeaderName;
use indexmap::IndexMap;
use serde_json::Value;

use crate::plan::Part;
use crate::suite::{AnswerRef, CaseSpec, RequestRef, RequestSpec};

/// Most rows of a matrix.
const MAX_ROWS: usize = 10_000;

/// One combination of values.
pub(super) struct Row {
    /// Key, number of the value in its list, value.
    pub(super) values: Vec<(String, usize, Value)>,
}

/// Why a value cannot be put into a case, and what to do.
type Fault = (String, String);

impl Row {
    /// What tells it from the others.
    pub(super) fn title(&self) -> String {
        let short = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let named = |key: &str| key.rsplit(['/', '.']).next().unwrap_or(key).to_owned();
        let values = self.values.iter().map(|(key, _, value)| format!("{}={}", named(key), short(value)));
        values.collect::<Vec<_>>().join(", ")
    }
}

/// All combinations; the last part changes fastest.
pub(super) fn rows(matrix: &IndexMap<String, Vec<Value>>) -> Result<Vec<Row>, String> {
    if matrix.is_empty() || matrix.values().any(Vec::is_empty) {
        return Err("a matrix with nothing in it has no rows".to_owned());
    }
    let count = matrix.values().map(Vec::len).try_fold(1_usize, usize::checked_mul);
    let count = count.filter(|count| *count <= MAX_ROWS).ok_or_else(|| format!("a matrix has at most {MAX_ROWS} rows"))?;
    for (key, values) in matrix {
        let mut seen = BTreeSet::new();
        if let Some(twice) = values.iter().find(|value| !seen.insert(value.to_string())) {
            return Err(format!("`{key}` has the value {twice} twice"));
        }
    }
    Ok((0..count).map(|number| row(matrix, number)).collect())
}

/// The row of that number: its digits, each in the base of its list.
fn row(matrix: &IndexMap<String, Vec<Value>>, number: usize) -> Row {
    let mut left = number;
    let mut values: Vec<(String, usize, Value)> = Vec::new();
    for (key, list) in matrix.iter().rev() {
        let index = left.checked_rem(list.len()).unwrap_or_default();
        left = left.checked_div(list.len()).unwrap_or_default();
        values.extend(list.get(index).map(|value| (key.clone(), index, value.clone())));
    }
    values.reverse();
    Row { values }
}

/// Puts a row's value into the case.
pub(super) fn put(case: &mut CaseSpec, key: &str, value: &Value) -> Result<(), Fault> {
    let name = |what: &str| {
        let name = value.as_str().map(str::to_owned);
        name.ok_or_else(|| (format!("`{key}` takes names"), format!("name {what} that stands below `fixtures`")))
    };
    match key.split_once('.').unwrap_or((key, "")) {
        ("as", "") => *who(case) = Some(name("an identity")?),
        ("send", "") => put_request(case, RequestRef::Name(name("a request")?)),
        ("upstream", upstream) if !upstream.is_empty() => {
            let answers = OneOrMany { items: vec![AnswerRef::Name(name("an answer")?)], list: false };
            case.upstream.insert(upstream.to_owned(), answers);
        }
        ("send", part) => {
            let mut spec = match case.send.as_ref().or(case.sample.as_ref().map(|sample| &sample.of)) {
                Some(RequestRef::Name(name)) => RequestSpec { r#use: Some(name.clone()), ..RequestSpec::default() },
                Some(RequestRef::Inline(spec)) => (**spec).clone(),
                None => RequestSpec::default(),
            };
            change(&mut spec, part, value)?;
            put_request(case, RequestRef::Inline(Box::new(spec)));
        }
        _ => return Err((format!("a matrix cannot change `{key}`"), CHANGEABLE.to_owned())),
    }
    Ok(())
}

/// What a matrix changes.
const CHANGEABLE: &str = "it changes `as`, `send`, `upstream.NAME`, `send.set.POINTER`, `send.headers.NAME`, `send.host`, `send.ip`, `send.get` and `send.post`";

fn who(case: &mut CaseSpec) -> &mut Option<String> {
    match &mut case.sample {
        Some(sample) => &mut sample.r#as,
        None => &mut case.r#as,
    }
}

fn put_request(case: &mut CaseSpec, request: RequestRef) {
    match &mut case.sample {
        Some(sample) => sample.of = request,
        None => case.send = Some(request),
    }
}

fn change(spec: &mut RequestSpec, part: &str, value: &Value) -> Result<(), Fault> {
    let text =
        || value.as_str().map(str::to_owned).ok_or_else(|| (format!("`send.{part}` takes texts"), "put it in quotes".to_owned()));
    match part.split_once('.').unwrap_or((part, "")) {
        ("headers", name) if !name.is_empty() => drop(spec.headers.insert(name.to_owned(), text()?)),
        ("set", pointer) if pointer.starts_with('/') => drop(spec.set.insert(pointer.to_owned(), value.clone())),
        ("host", "") => spec.host = Some(text()?),
        ("ip", "") => {
            let why = |_| (format!("{value} is not an address"), "write one such as `192.0.2.1`".to_owned());
            spec.ip = Some(text()?.parse().map_err(why)?);
        }
        ("get", "") => (spec.get, spec.post) = (Some(text()?), None),
        ("post", "") => (spec.post, spec.get) = (Some(text()?), None),
        _ => return Err((format!("a matrix cannot change `send.{part}`"), CHANGEABLE.to_owned())),
    }
    Ok(())
}

/// The part of a request that a sample varies.
pub(super) fn part(key: &str) -> Result<Part, String> {
    match key.split_once('.') {
        Some(("headers", name)) => {
            name.parse::<HeaderName>().map(Part::Header).map_err(|_| format!("`{name}` is not the name of a header"))
        }
        Some(("set", pointer)) if pointer.starts_with('/') => Ok(Part::Body(pointer.to_owned())),
        _ => Err(format!("a sample cannot vary `{key}`")),
    }
}
