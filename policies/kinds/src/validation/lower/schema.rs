//! The file of a schema: found, read and compiled, with what is wrong in it said at its place there.

use aigw_source::rules::INVALID_VALUE;
use aigw_source::{FileId, Findings, Limits, Sources, Span};
use serde_json::Value;

use crate::lower::{At, Lowering};
use crate::validation::CheckKind;
use crate::validation::schema::{BodySchema, SchemaFault};

pub(super) fn lower<'a>(lowering: &mut Lowering<'a>, path: &'a str, at: &At<'a>) -> Option<CheckKind> {
    if !path.ends_with(".json") {
        let message = format!("`{path}` is not the path of a JSON Schema");
        lowering.refuse(INVALID_VALUE, at.span(), message, "name a file of the repository that ends in `.json`");
        return None;
    }
    let file = lowering.file(path, at)?;
    let text = &lowering.sources.file(file).text;
    let schema: Value = match serde_json::from_str(text) {
        Ok(schema) => schema,
        Err(error) => {
            let span = Span::point(file, offset(text, error.line(), error.column()));
            let finding = lowering.error(INVALID_VALUE, span, format!("`{path}` is not JSON: {}", short(&error)));
            lowering.push(finding.label(at.span(), "named here"));
            return None;
        }
    };
    if let Err(SchemaFault { at: pointer, message }) = BodySchema::new(&schema) {
        let span = locate(lowering.sources, file, &pointer);
        let finding = lowering.error(INVALID_VALUE, span, format!("`{path}` is not a schema that can be judged: {message}"));
        lowering.push(finding.label(at.span(), "named here"));
    }
    Some(CheckKind::Schema { file: path.to_owned(), schema })
}

/// The reader's words without the place, which the finding has.
fn short(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(words, _)| words).to_owned()
}

/// Where a line and column, counted from 1 in bytes, begin.
fn offset(text: &str, line: usize, column: usize) -> u32 {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = before.saturating_add(column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at = at.saturating_sub(1);
    }
    u32::try_from(at).unwrap_or_default()
}

/// The place of a JSON Pointer: JSON is read as the YAML that it mostly is. Where it is none, the beginning of the file.
fn locate(sources: &Sources, file: FileId, pointer: &str) -> Span {
    let document = aigw_source::read(sources, file, &Limits::default(), &mut Findings::new()).into_iter().next();
    document.map_or_else(|| Span::point(file, 0), |document| document.locate_key(pointer))
}
