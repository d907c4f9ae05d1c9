//! What stands in a script but in no expression: statements, loops, functions, and what other languages write instead.

use super::scan::{Shape, Source, Word};
use crate::ExprError;

/// Words of Rhai that begin something other than an expression, with why they are refused.
const STATEMENTS: &[(&[&str], &str)] = &[
    (&["let", "const", "var", "static", "new", "shared"], "an expression defines no variables"),
    (&["while", "loop", "for", "do", "until", "break", "continue"], "an expression has no loops"),
    (&["fn", "private", "call", "Fn", "curry", "is_def_fn"], "an expression defines and passes no functions"),
    (&["import", "export", "as", "module", "package", "use", "with"], "an expression loads nothing"),
    (
        &["return", "throw", "try", "catch", "exit", "goto", "go", "sync", "async", "await", "yield", "spawn", "thread"],
        "an expression is one value, without statements",
    ),
    (&["eval"], "an expression evaluates no text"),
    (&["print", "debug"], "an expression prints nothing"),
    (&["this", "super", "global", "is_def_var", "is_shared", "type_of"], "an expression sees only the names of the request"),
    (&["switch", "match", "case", "default"], "an expression has no `switch`; `if A { 1 } else { 2 }` chooses"),
    (&["null", "nil", "public", "protected", "void"], "there is no such word"),
];

/// What people write out of habit, and what is meant.
const HABITS: &[(&str, &str)] =
    &[("and", "&&"), ("or", "||"), ("not", "!"), ("is", "=="), ("null", "()"), ("nil", "()"), ("None", "()")];

/// Symbols that are refused, why, and what to write instead.
const SYMBOLS: &[(&[&str], &str, &str)] = &[
    (
        &["=", ":=", "+=", "-=", "*=", "/=", "%=", "**=", "&=", "|=", "^=", "<<=", ">>="],
        "an expression assigns nothing",
        "`==` compares",
    ),
    (&["===", "!=="], "there is no such comparison", "write `==` or `!=`"),
    (&[";"], "an expression is one value, without statements", "join conditions with `&&`"),
    (&["|"], "there is no such operator", "`||` means or"),
    (&["&"], "there is no such operator", "`&&` means and"),
    (&["^", "~", "<<", ">>", "**"], "there is no such operator", "`+`, `-`, `*`, `/` and `%` compute"),
    (&["..", "..=", "..."], "an expression has no ranges", "compare with `>=` and `<=`"),
    (&["=>", "->"], "there is no such operator", "`>=` means at least"),
    (&["#", "#{"], "an expression makes no maps", "name the value that is needed"),
    (&["::"], "an expression has no modules", "names are joined with `.`"),
    (&["?"], "there is no such operator", "`if A { 1 } else { 2 }` chooses, `??` supplies a default"),
    (&[":"], "there is no such operator", "`if A { 1 } else { 2 }` chooses"),
    (&["//", "/*"], "an expression holds no comment", "write it as a YAML comment above"),
    (&["@", "$", "\\"], "there is no such operator", "names are written as they are, as in `request.path`"),
];

/// Every word that no expression may hold, in their order.
pub(super) fn refusals(source: &Source<'_>) -> Vec<ExprError> {
    let mut errors = Vec::new();
    let mut previous: Option<Word> = None;
    for &word in source.words() {
        let text = source.get(word);
        let member = previous.is_some_and(|word| matches!(source.get(word), "." | "?."));
        let refusal = match word.shape {
            Shape::Name if member => keyword_member(text),
            Shape::Name => statement(text),
            Shape::Symbol => symbol(text),
            Shape::Text => quotes(text),
            Shape::Number => None,
        };
        if let Some((message, help)) = refusal {
            let error = source.error(word.start..word.end, message);
            errors.push(match help {
                Some(help) => error.with_help(help),
                None => error,
            });
        }
        // Nothing after the start of a comment is code.
        if matches!(text, "//" | "/*") {
            break;
        }
        previous = Some(word);
    }
    errors
}

type Refusal = Option<(String, Option<String>)>;

fn statement(word: &str) -> Refusal {
    if let Some((_, meant)) = HABITS.iter().find(|(habit, _)| *habit == word) {
        let help = format!("write `{meant}`");
        return Some((format!("`{word}` is no word of expressions"), Some(help)));
    }
    let (_, why) = STATEMENTS.iter().find(|(words, _)| words.contains(&word))?;
    Some((format!("`{word}` cannot be used: {why}"), None))
}

fn keyword_member(word: &str) -> Refusal {
    let taken =
        STATEMENTS.iter().any(|(words, _)| words.contains(&word)) || matches!(word, "if" | "else" | "in" | "true" | "false");
    taken.then(|| {
        let help = format!("write `[\"{word}\"]` without the dot");
        (format!("`{word}` is a word of the language and cannot follow a dot"), Some(help))
    })
}

fn symbol(text: &str) -> Refusal {
    let (_, why, help) = SYMBOLS.iter().find(|(symbols, ..)| symbols.contains(&text))?;
    Some((format!("`{text}` cannot be used: {why}"), Some((*help).to_owned())))
}

fn quotes(text: &str) -> Refusal {
    if text.starts_with('"') {
        return None;
    }
    let inner = text.trim_matches(['\'', '`']);
    let help = format!("write `\"{inner}\"`");
    Some(("text stands in double quotes".to_owned(), Some(help)))
}

/// Rhai's messages begin with a capital; ours do not. Quotes become back-ticks.
pub(super) fn decapitalised(message: &str) -> String {
    let mut characters = message.chars();
    let first = characters.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(characters).map(|c| if c == '\'' { '`' } else { c }).collect()
}
