//! What is refused before a template is ever rendered.

use std::collections::BTreeSet;

use minijinja::{Environment, ErrorKind};

use super::scan::{Shape, Tag, Word, tags};
use super::{NAME, TemplateError, fault};
use crate::lower::listed;
use crate::suggest::closest;

/// Filters that prompts use, for "did you mean"; there are more.
const FILTERS: &[&str] = &[
    "abs",
    "capitalize",
    "default",
    "first",
    "float",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "reject",
    "replace",
    "reverse",
    "round",
    "select",
    "sort",
    "split",
    "string",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
];

/// Statements that reach outside the text.
const OUTSIDE: &[&str] = &["include", "import", "from", "extends", "block"];

/// The most words in one tag, and how deep brackets and blocks may nest: what the stack of a small thread bears in a debug build.
const MAX_TAG_WORDS: usize = 400;
const MAX_NESTING: usize = 24;
const MAX_BLOCKS: usize = 64;

/// Faults that the words alone show: statements that would load other templates, and what nests too deep to be read.
pub(super) fn before(text: &str) -> Vec<TemplateError> {
    let tags = tags(text);
    let outside = tags.iter().filter_map(|tag| outside(text, tag));
    let too_long = tags.iter().filter_map(|tag| too_long(text, tag));
    outside.chain(too_long).chain(too_deep(text, &tags)).collect()
}

fn outside(text: &str, tag: &Tag<'_>) -> Option<TemplateError> {
    let word = tag.statement().filter(|word| OUTSIDE.contains(&word.text))?;
    let message = format!("`{}` cannot be used: a template is one text", word.text);
    let help = "write the text here, or use two messages".to_owned();
    Some(fault(text, word.at.clone(), message, Some(help)))
}

fn too_long(text: &str, tag: &Tag<'_>) -> Option<TemplateError> {
    if let Some(word) = tag.words.get(MAX_TAG_WORDS) {
        let message = format!("this tag has more than {MAX_TAG_WORDS} words and signs");
        return Some(fault(text, word.at.clone(), message, None));
    }
    let mut depth = 0_usize;
    let deep = tag.words.iter().find(|word| {
        match word.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > MAX_NESTING
    })?;
    let message = format!("brackets nest deeper here than {MAX_NESTING} levels");
    Some(fault(text, deep.at.clone(), message, None))
}

/// Each `elif` nests too: minijinja reads it as an `if` within the `else`.
fn too_deep(text: &str, tags: &[Tag<'_>]) -> Option<TemplateError> {
    let mut open: Vec<usize> = Vec::new();
    let mut depth = 0_usize;
    let statements = tags.iter().filter_map(|tag| Some((tag, tag.statement()?)));
    for (tag, word) in statements {
        let opens = match word.text {
            "for" | "if" | "with" | "macro" | "call" | "filter" | "autoescape" => true,
            "set" => !tag.words.iter().any(|word| word.text == "="),
            _ => false,
        };
        if opens {
            open.push(1);
            depth += 1;
        } else if word.text == "elif" {
            if let Some(levels) = open.last_mut() {
                *levels += 1;
                depth += 1;
            }
        } else if word.text.starts_with("end") {
            depth -= open.pop().unwrap_or(0);
        }
        if depth > MAX_BLOCKS {
            let message = format!("blocks nest deeper here than {MAX_BLOCKS} levels, each `elif` being one");
            return Some(fault(text, word.at.clone(), message, None));
        }
    }
    None
}

/// Faults of a text that is a template: unknown parameters, filters, tests and methods. Gives the parameters that are used.
pub(super) fn after(text: &str, environment: &Environment<'_>, params: &[&str]) -> Result<BTreeSet<String>, Vec<TemplateError>> {
    let tags = tags(text);
    let mut errors = Vec::new();
    let mut used = BTreeSet::new();
    for name in variables(environment) {
        if params.contains(&name.as_str()) {
            used.insert(name);
        } else {
            errors.push(unknown(text, &tags, &name, params));
        }
    }
    for tag in &tags {
        errors.extend(faults_of_tag(text, tag, environment));
    }
    errors.sort_by_key(|error| (error.start, error.end));
    if errors.is_empty() { Ok(used) } else { Err(errors) }
}

/// The names that a template reads and does not define; minijinja's own functions are left out.
fn variables(environment: &Environment<'_>) -> BTreeSet<String> {
    let own: BTreeSet<_> = environment.globals().map(|(name, _)| name).collect();
    let Ok(template) = environment.get_template(NAME) else {
        return BTreeSet::new();
    };
    let mut names: BTreeSet<_> = template.undeclared_variables(false).into_iter().collect();
    names.retain(|name| !own.contains(name.as_str()));
    names
}

fn unknown(text: &str, tags: &[Tag<'_>], name: &str, params: &[&str]) -> TemplateError {
    let found = tags.iter().find_map(|tag| {
        let at = free_names(tag).find(|(_, word)| word.text == name);
        at.map(|(at, word)| (word.at.clone(), tag.words.get(at + 1)))
    });
    let (at, next) = found.unwrap_or((0..text.len(), None));
    if next.is_some_and(|word| word.text == "(") {
        return fault(text, at, format!("unknown function `{name}`"), None);
    }
    let help = match closest(name, params.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`"),
        None if params.is_empty() => "no parameters are declared".to_owned(),
        None => format!("the parameters are {}", listed(params)),
    };
    fault(text, at, format!("unknown parameter `{name}`"), Some(help))
}

/// Names that are no members and no filters, with where they stand among the words.
fn free_names<'w, 't>(tag: &'w Tag<'t>) -> impl Iterator<Item = (usize, &'w Word<'t>)> {
    let before = std::iter::once(None).chain(tag.words.iter().map(Some));
    let names = tag.words.iter().enumerate().zip(before);
    names
        .filter(|((_, word), before)| {
            let joined = before.is_some_and(|before| matches!(before.text, "." | "|"));
            word.shape == Shape::Name && !joined
        })
        .map(|(placed, _)| placed)
}

fn faults_of_tag(text: &str, tag: &Tag<'_>, environment: &Environment<'_>) -> Vec<TemplateError> {
    let mut errors = Vec::new();
    let mut rest = tag.words.as_slice();
    while let [first, more @ ..] = rest {
        errors.extend(match (first.text, more) {
            ("|", [filter, ..]) => unknown_filter(text, environment, filter),
            ("is", [not, test, ..]) if not.text == "not" => unknown_test(text, environment, test),
            ("is", [test, ..]) => unknown_test(text, environment, test),
            (object, [dot, method, open, ..]) if dot.text == "." && open.text == "(" => unknown_method(text, object, method),
            _ => None,
        });
        rest = more;
    }
    errors
}

/// Values have no methods; a loop has some.
fn unknown_method(text: &str, object: &str, method: &Word<'_>) -> Option<TemplateError> {
    (method.shape == Shape::Name && object != "loop").then(|| {
        let message = format!("unknown method `{}`", method.text);
        let help = format!("what changes a value stands after `|`, as in `{{{{ {object} | upper }}}}`");
        fault(text, method.at.clone(), message, Some(help))
    })
}

fn unknown_filter(text: &str, environment: &Environment<'_>, word: &Word<'_>) -> Option<TemplateError> {
    let outcome = environment.empty_state().apply_filter(word.text, &[]);
    let unknown = word.shape == Shape::Name && outcome.is_err_and(|error| error.kind() == ErrorKind::UnknownFilter);
    unknown.then(|| {
        let help = closest(word.text, FILTERS.iter().copied()).map(|meant| format!("did you mean `{meant}`"));
        fault(text, word.at.clone(), format!("unknown filter `{}`", word.text), help)
    })
}

fn unknown_test(text: &str, environment: &Environment<'_>, word: &Word<'_>) -> Option<TemplateError> {
    let outcome = environment.empty_state().perform_test(word.text, &[]);
    let unknown = word.shape == Shape::Name && outcome.is_err_and(|error| error.kind() == ErrorKind::UnknownTest);
    unknown.then(|| fault(text, word.at.clone(), format!("unknown test `{}`", word.text), None))
}
