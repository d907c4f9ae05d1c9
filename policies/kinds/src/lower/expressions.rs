//! Expressions and templates of documents, compiled where they stand.

use aigw_expr::{Condition, ExprError, NAMES, Template, Type, ValueExpr};
use aigw_source::{Finding, Span};

use super::{At, Lowering};
use crate::written::TextOrFile;
use crate::{ExpressionId, ExpressionPlan, ExpressionScope, ExpressionType, rules};

impl<'a> Lowering<'a> {
    /// Compiles an expression that must be known in this scope, and keeps it.
    pub(crate) fn expression(
        &mut self,
        text: &str,
        at: &At<'a>,
        scope: ExpressionScope,
        gives: ExpressionType,
    ) -> Option<ExpressionId> {
        self.expression_in(text, at, &[scope], gives).map(|(id, _)| id)
    }

    /// Compiles an expression for the earliest of these scopes that knows all it names, and keeps it.
    pub(crate) fn expression_in(
        &mut self,
        text: &str,
        at: &At<'a>,
        scopes: &[ExpressionScope],
        gives: ExpressionType,
    ) -> Option<(ExpressionId, ExpressionScope)> {
        let place = self.place(at.span());
        let mut faults = Vec::new();
        for scope in scopes {
            let plan = ExpressionPlan { text: text.to_owned(), scope: *scope, gives, place };
            match plan.compile() {
                Ok(_) => {
                    let id = ExpressionId(u32::try_from(self.expressions.len()).unwrap_or(u32::MAX));
                    self.expressions.push(plan);
                    return Some((id, *scope));
                }
                Err(found) => faults = found,
            }
        }
        for fault in faults {
            let finding = self.expression_fault(&fault, text, at, gives);
            self.push(finding);
        }
        None
    }

    fn expression_fault(&self, fault: &ExprError, text: &str, at: &At<'a>, gives: ExpressionType) -> Finding {
        let part = fault.start as usize..fault.end as usize;
        let words = text.get(part.clone()).unwrap_or_default();
        let rule = if !is_path(words) {
            rules::INVALID_EXPRESSION
        } else if is_known_in_time(fault, text, gives) {
            rules::NOT_YET_KNOWN
        } else if is_name(words) {
            rules::INVALID_EXPRESSION
        } else {
            rules::UNKNOWN_NAME
        };
        let finding = self.error(rule, self.inner(at, part), fault.message.clone());
        match &fault.help {
            Some(help) => finding.help(help.clone()),
            None => finding,
        }
    }

    /// The place of a part of a scalar's text.
    pub(crate) fn inner(&self, at: &At<'a>, part: std::ops::Range<usize>) -> Span {
        at.node().map_or_else(|| at.span(), |node| self.sources.inner_span(node, part))
    }

    /// The text of a template and where it begins; checked against the parameters it may use.
    pub(crate) fn template(&mut self, written: &TextOrFile, at: &At<'a>, parameters: &[&str]) -> Option<(String, Span)> {
        let (text, file) = match written {
            TextOrFile::Text(text) => (text.clone(), None),
            TextOrFile::File(path) => {
                let file = self.file(path, &at.key("file"))?;
                (self.sources.file(file).text.to_string(), Some(file))
            }
        };
        let start = file.map_or_else(|| at.span(), |file| Span::point(file, 0));
        let Err(faults) = Template::compile(&text, parameters) else { return Some((text, start)) };
        for fault in faults {
            let span = match file {
                Some(file) => Span::new(file, fault.start, fault.end),
                None => self.inner(at, fault.start as usize..fault.end as usize),
            };
            // A filter, test or function that does not exist is no variable.
            let undefined = fault.message.starts_with("unknown parameter ");
            let rule = if undefined { rules::UNDEFINED_VARIABLE } else { rules::INVALID_TEMPLATE };
            let mut finding = self.error(rule, span, fault.message);
            finding.help = fault.help;
            self.push(finding);
        }
        None
    }

    /// A file of the repository that is not YAML, or a finding.
    pub(crate) fn file(&mut self, path: &str, at: &At<'a>) -> Option<aigw_source::FileId> {
        let found = self.repository.files.get(path).copied();
        if found.is_none() && self.knows_all_names() {
            let repository = self.repository;
            let message = format!("the repository has no file `{path}`");
            self.unknown(rules::UNKNOWN_FILE, at.span(), message, path, repository.files.keys().map(String::as_str));
        }
        found
    }
}

/// Words joined by dots and nothing else.
fn is_path(text: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    text.split('.').all(word)
}

/// Whether a path is a name of the vocabulary.
fn is_name(path: &str) -> bool {
    NAMES.iter().any(|name| name.path == path)
}

/// Whether the fault is gone once everything is known.
fn is_known_in_time(fault: &ExprError, text: &str, gives: ExpressionType) -> bool {
    let last = ExpressionScope::Resolve.scope();
    let faults = match gives {
        ExpressionType::Bool => Condition::compile(text, last).err(),
        ExpressionType::Text | ExpressionType::Json => ValueExpr::compile(text, last, Type::Any).err(),
    };
    !faults.unwrap_or_default().iter().any(|other| (other.start, other.end) == (fault.start, fault.end))
}
