//! Bodies: values at JSON Pointers, the whole as JSON, the whole as a text.

use serde_json::Value;

use super::matching::same;
use super::{Came, Judge, Mismatch, as_json};
use crate::load::escape;
use crate::suite::BodyExpect;

impl Judge<'_> {
    pub(super) fn body(&mut self, at: &str, about: &str, expected: &BodyExpect, came: &[u8]) {
        if let Some(matcher) = &expected.text {
            let text = String::from_utf8_lossy(came).into_owned();
            self.one(&format!("{at}/text"), about, Some(matcher), &Came::Text(text));
        }
        if expected.exactly.is_none() && expected.at.is_empty() {
            return;
        }
        let Some(json) = as_json(came) else {
            let text = String::from_utf8_lossy(came).into_owned();
            self.differs(
                at,
                about,
                "JSON".to_owned(),
                if text.is_empty() { "nothing".to_owned() } else { Came::Text(text).to_string() },
            );
            return;
        };
        for (pointer, matcher) in &expected.at {
            let value = json.pointer(pointer).map_or(Came::Nothing, |value| Came::Json(value.clone()));
            self.one(&format!("{at}/{}", escape(pointer)), &format!("`{pointer}` of {}", about), Some(matcher), &value);
        }
        if let Some(exactly) = expected.exactly.as_ref().filter(|exactly| !same(exactly, &json)) {
            self.found.push(Mismatch {
                at: format!("{at}/exactly"),
                about: about.to_owned(),
                expected: "exactly this".to_owned(),
                came: "something else".to_owned(),
                diff: Some(diff(&format!("{:#}", sorted(exactly)), &format!("{:#}", sorted(&json)))),
            });
        }
    }
}

/// With members in one order, so that only real differences show.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut entries: Vec<_> = members.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// Most lines of either side that are compared line by line; beyond, all of one comes before all of the other.
const MAX_LINES: usize = 2_000;

/// Two texts line by line: `-` is in the first only, `+` in the second only.
pub(crate) fn diff(one: &str, other: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (one.lines().collect(), other.lines().collect());
    let mut lines = Vec::new();
    let head = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a_rest, b_rest) = (a.get(head..).unwrap_or_default(), b.get(head..).unwrap_or_default());
    let tail = a_rest.iter().rev().zip(b_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let a_middle = a_rest.get(..a_rest.len().saturating_sub(tail)).unwrap_or_default();
    let b_middle = b_rest.get(..b_rest.len().saturating_sub(tail)).unwrap_or_default();
    lines.extend(a.iter().take(head).map(|line| format!(" {line}")));
    if a_middle.len() > MAX_LINES || b_middle.len() > MAX_LINES {
        lines.extend(a_middle.iter().map(|line| format!("-{line}")));
        lines.extend(b_middle.iter().map(|line| format!("+{line}")));
    } else {
        longest_common(a_middle, b_middle, &mut lines);
    }
    lines.extend(a.iter().skip(a.len().saturating_sub(tail)).map(|line| format!(" {line}")));
    lines.join("\n")
}

/// The shortest edit by the lengths of longest common subsequences.
fn longest_common(a: &[&str], b: &[&str], lines: &mut Vec<String>) {
    let width = b.len().saturating_add(1);
    let mut lengths = vec![0_u32; a.len().saturating_add(1).saturating_mul(width)];
    let at = |i: usize, j: usize| i.saturating_mul(width).saturating_add(j);
    let length = |lengths: &[u32], i: usize, j: usize| lengths.get(at(i, j)).copied().unwrap_or(0);
    for (i, left) in a.iter().enumerate().rev() {
        for (j, right) in b.iter().enumerate().rev() {
            let best = if left == right {
                length(&lengths, i + 1, j + 1).saturating_add(1)
            } else {
                length(&lengths, i + 1, j).max(length(&lengths, i, j + 1))
            };
            if let Some(cell) = lengths.get_mut(at(i, j)) {
                *cell = best;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    loop {
        match (a.get(i), b.get(j)) {
            (Some(left), Some(right)) if left == right => {
                lines.push(format!(" {left}"));
                (i, j) = (i + 1, j + 1);
            }
            (Some(left), right) if right.is_none() || length(&lengths, i + 1, j) >= length(&lengths, i, j + 1) => {
                lines.push(format!("-{left}"));
                i += 1;
            }
            (_, Some(right)) => {
                lines.push(format!("+{right}"));
                j += 1;
            }
            (_, None) => return,
        }
    }
}
