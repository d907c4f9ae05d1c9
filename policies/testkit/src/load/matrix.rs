//! The rows of a matrix, and the parts of a case that they change.

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
    pub(super) values: Vec<(String, Value)>,
}

impl Row {
    /// What tells it from the others.
    pub(super) fn title(&self) -> String {
        let short = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.values
            .iter()
            .map(|(key, value)| format!("{}={}", key.rsplit(['/', '.']).next().unwrap_or(key), short(value)))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// All combinations; the last part changes fastest.
pub(super) fn rows(matrix: &IndexMap<String, Vec<Value>>) -> Result<Vec<Row>, String> {
    let count = matrix.values().map(Vec::len).try_fold(1_usize, usize::checked_mul).filter(|count| *count <= MAX_ROWS);
    if matrix.is_empty() || matrix.values().any(Vec::is_empty) {
        return Err("a matrix with nothing in it has no rows".to_owned());
    }
    if count.is_none() {
        return Err(format!("a matrix has at most {MAX_ROWS} rows"));
    }
    let mut rows = vec![Vec::new()];
    for (key, values) in matrix {
        rows = rows
            .iter()
            .flat_map(|row: &Vec<(String, Value)>| {
                values.iter().map(move |value| {
                    let mut row = row.clone();
                    row.push((key.clone(), value.clone()));
                    row
                })
            })
            .collect();
    }
    Ok(rows.into_iter().map(|values| Row { values }).collect())
}

/// Puts a row's value into the case.
pub(super) fn put(case: &mut CaseSpec, key: &str, value: &Value) -> Result<(), String> {
    let text = || value.as_str().map(str::to_owned).ok_or_else(|| format!("`{key}` takes texts"));
    match key.split_once('.').unwrap_or((key, "")) {
        ("as", "") => case.r#as = Some(text()?),
        ("send", "") => case.send = Some(RequestRef::Name(text()?)),
        ("upstream", name) if !name.is_empty() => {
            drop(case.upstream.insert(name.to_owned(), OneOrMany { items: vec![AnswerRef::Name(text()?)], list: false }));
        }
        ("send", part) => {
            let send = case.send.take().ok_or("there is no `send` to change")?;
            let mut spec = match send {
                RequestRef::Name(name) => RequestSpec { r#use: Some(name), ..RequestSpec::default() },
                RequestRef::Inline(spec) => *spec,
            };
            change(&mut spec, part, value)?;
            case.send = Some(RequestRef::Inline(Box::new(spec)));
        }
        _ => return Err(format!("a row cannot change `{key}`")),
    }
    Ok(())
}

fn change(spec: &mut RequestSpec, part: &str, value: &Value) -> Result<(), String> {
    let text = || value.as_str().map(str::to_owned).ok_or_else(|| format!("`{part}` takes texts"));
    match part.split_once('.').unwrap_or((part, "")) {
        ("headers", name) if !name.is_empty() => drop(spec.headers.insert(name.to_owned(), text()?)),
        ("set", pointer) if pointer.starts_with('/') => drop(spec.set.insert(pointer.to_owned(), value.clone())),
        ("host", "") => spec.host = Some(text()?),
        ("ip", "") => spec.ip = Some(text()?.parse().map_err(|_| format!("`{value}` is not an address"))?),
        ("get", "") => spec.get = Some(text()?),
        ("post", "") => spec.post = Some(text()?),
        _ => return Err(format!("a row cannot change `send.{part}`")),
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
