//! Single values against a schema: types, words, patterns and bounds, and what to say of them.

use aigw_source::rules::{INVALID_VALUE, WRONG_TYPE};
use aigw_source::{Entry, Finding, Fix, Node, RuleId, nearest};
use regex::Regex;
use serde_json::Value;

use super::walk::Patterns;

/// A quantity that is written without its unit.
pub(crate) const WITHOUT_UNIT: RuleId = RuleId { code: "C005", name: "quantity-without-unit" };

/// Whether a value is of a type that the schema takes; anything where it names none.
pub(super) fn fits_type(schema: &Value, node: &Node) -> bool {
    let types = types(schema);
    types.is_empty() || types.iter().any(|name| is_of(name, node))
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ if has_words(schema) => vec!["string"],
        _ => Vec::new(),
    }
}

fn is_of(name: &str, node: &Node) -> bool {
    if node.is_map() || node.is_seq() {
        return name == if node.is_map() { "object" } else { "array" };
    }
    match (name, node.to_json()) {
        ("string", Value::String(_)) | ("boolean", Value::Bool(_)) | ("number", Value::Number(_)) => true,
        ("integer", Value::Number(number)) => number.is_i64() || number.is_u64(),
        _ => false,
    }
}

/// A value that is something else than any of these take.
pub(super) fn wrong_type(schemas: &[&Value], node: &Node) -> Finding {
    let expected = expected(schemas);
    if schemas.iter().any(|schema| is_quantity(schema)) && matches!(node.to_json(), Value::Number(_)) {
        return missing_unit(schemas, node);
    }
    let finding = Finding::error(WRONG_TYPE, node.span, format!("expected {expected}, found {}", found(node)));
    let takes_text = schemas.iter().any(|schema| types(schema).contains(&"string") && !has_words(schema));
    let scalar = !node.is_map() && !node.is_seq();
    match node.as_str() {
        Some(text) if scalar && takes_text && node.is_plain() && !text.is_empty() && node.to_json() != Value::Null => {
            finding.help("put it in quotes").fix(Fix::replace("put it in quotes", node.span, format!("\"{text}\"")))
        }
        Some(text) if scalar && !node.is_plain() && unquoted_fits(schemas, text) => {
            finding.help("remove the quotes").fix(Fix::replace("remove the quotes", node.span, text))
        }
        _ => finding,
    }
}

/// What any of these take, in words; forms of mappings together.
fn expected(schemas: &[&Value]) -> String {
    let is_form = |schema: &&&Value| types(schema) == ["object"] && schema.get("required").is_some();
    let mut expected: Vec<String> = Vec::new();
    for schema in schemas.iter().filter(|schema| !is_form(schema)) {
        let what = describe(schema);
        if !expected.contains(&what) {
            expected.push(what);
        }
    }
    let forms: Vec<&str> = schemas.iter().filter(is_form).filter_map(|schema| schema.get("required")?.get(0)?.as_str()).collect();
    if !forms.is_empty() {
        expected.push(format!("a mapping with {}", listed_or(&forms)));
    }
    let last = expected.pop().unwrap_or_default();
    if expected.is_empty() { last } else { format!("{} or {last}", expected.join(", ")) }
}

fn missing_unit(schemas: &[&Value], node: &Node) -> Finding {
    let text = node.as_str().unwrap_or_default();
    let titled = schemas.iter().find_map(|schema| Some((schema.get("title")?.as_str()?, example(schema)?)));
    let (title, example) = titled.unwrap_or(("quantity", "30s"));
    Finding::error(WITHOUT_UNIT, node.span, format!("`{text}` has no unit"))
        .help(format!("write the {title} with its unit, such as `{example}`"))
}

/// Whether a text would be a number or boolean that fits, were it not quoted.
fn unquoted_fits(schemas: &[&Value], text: &str) -> bool {
    schemas.iter().flat_map(|schema| types(schema)).any(|name| match name {
        "integer" => text.parse::<i64>().is_ok(),
        "number" => text.parse::<f64>().is_ok_and(f64::is_finite),
        "boolean" => matches!(text, "true" | "false"),
        _ => false,
    })
}

/// What a schema takes, in words.
fn describe(schema: &Value) -> String {
    let words = words(schema);
    if !words.is_empty() {
        return listed_or(&words);
    }
    if let Some(title) = schema.get("title").and_then(Value::as_str) {
        return match example(schema) {
            Some(example) => format!("a {title} such as `{example}`"),
            None => format!("a {title}"),
        };
    }
    let names = types(schema).into_iter().map(|name| match name {
        "string" => "a text".to_owned(),
        "integer" => "a whole number".to_owned(),
        "number" => "a number".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "array" => "a list".to_owned(),
        _ => "a mapping".to_owned(),
    });
    names.collect::<Vec<_>>().join(" or ")
}

fn found(node: &Node) -> String {
    if node.is_seq() {
        return "a list".to_owned();
    }
    if node.is_map() {
        return "a mapping".to_owned();
    }
    let text = node.as_str().unwrap_or_default();
    let shown: String = text.chars().take(60).collect();
    match node.to_json() {
        Value::Null if text.is_empty() => "nothing".to_owned(),
        Value::String(_) => format!("the text `{shown}`"),
        _ => format!("`{shown}`"),
    }
}

/// Whether a schema takes a number with its unit.
fn is_quantity(schema: &Value) -> bool {
    matches!(schema.get("title").and_then(Value::as_str), Some("duration" | "size" | "share"))
}

/// Whether a schema takes certain words only.
pub(super) fn has_words(schema: &Value) -> bool {
    !words(schema).is_empty()
}

/// The words that a schema takes; none where it takes others too.
pub(super) fn words(schema: &Value) -> Vec<&str> {
    let one = schema.get("const").and_then(Value::as_str);
    let several = schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(several).collect()
}

fn example(schema: &Value) -> Option<&str> {
    schema.get("examples")?.as_array()?.first()?.as_str()
}

/// A word that is none of those that there are.
pub(super) fn unknown_word(text: &str, words: &[&str], node: &Node) -> Finding {
    let shown: String = text.chars().take(60).collect();
    let finding = Finding::error(INVALID_VALUE, node.span, format!("unknown word `{shown}`"));
    match nearest(text, words.iter().copied()) {
        Some(meant) => {
            finding.help(format!("did you mean `{meant}`?")).fix(Fix::replace(format!("write `{meant}`"), node.span, meant))
        }
        None if words.len() == 1 => finding.help(format!("only {} can be written here", listed(words))),
        None => finding.help(format!("write one of {}", listed(words))),
    }
}

/// The first fault of a scalar whose type fits.
pub(super) fn scalar(schema: &Value, node: &Node, patterns: &mut Patterns) -> Option<Finding> {
    let text = node.as_str()?;
    let words = words(schema);
    if !words.is_empty() {
        return (!words.contains(&text)).then(|| unknown_word(text, &words, node));
    }
    let allowed = schema.get("enum").and_then(Value::as_array);
    if allowed.is_some_and(|allowed| !allowed.contains(&node.to_json())) {
        return Some(
            Finding::error(INVALID_VALUE, node.span, format!("`{text}` cannot be written here"))
                .help("only `true` can; or remove the key"),
        );
    }
    match node.to_json() {
        Value::Number(number) => bounds(schema, number.as_f64()?, text, node),
        Value::String(_) => self::text(schema, text, node, patterns),
        _ => None,
    }
}

fn bounds(schema: &Value, number: f64, text: &str, node: &Node) -> Option<Finding> {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let (least, most) = (bound("minimum"), bound("maximum"));
    if least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most) {
        return None;
    }
    let range = match (least, most) {
        (Some(least), Some(most)) => format!("a number from {least} to {most}"),
        (Some(least), None) => format!("a number from {least} on"),
        (None, most) => format!("a number up to {}", most.unwrap_or_default()),
    };
    Some(Finding::error(INVALID_VALUE, node.span, format!("`{text}` is out of bounds")).help(format!("write {range}")))
}

fn text(schema: &Value, text: &str, node: &Node, patterns: &mut Patterns) -> Option<Finding> {
    let shown: String = text.chars().take(60).collect();
    let length = || u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    let bound = |key: &str| schema.get(key).and_then(Value::as_u64);
    let fault = |message: String, help: String| Some(Finding::error(INVALID_VALUE, node.span, message).help(help));
    if bound("minLength").is_some_and(|least| length() < least) {
        return fault("the text is empty".to_owned(), "write a text".to_owned());
    }
    if let Some(most) = bound("maxLength").filter(|most| length() > *most) {
        return fault(format!("`{shown}` is longer than {most} characters"), "shorten it".to_owned());
    }
    let pattern = schema.get("pattern").and_then(Value::as_str)?;
    if matches(pattern, text, patterns) {
        return None;
    }
    if is_quantity(schema) && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(missing_unit(&[schema], node));
    }
    let title = schema.get("title").and_then(Value::as_str);
    let message =
        title.map_or_else(|| format!("`{shown}` does not match `{pattern}`"), |title| format!("`{shown}` is not a {title}"));
    let help = match (title, example(schema)) {
        (_, Some(example)) => format!("write one such as `{example}`"),
        (Some("name"), _) => NAME_HELP.to_owned(),
        _ => "write a text that does".to_owned(),
    };
    fault(message, help)
}

const NAME_HELP: &str = "write a-z, 0-9 and `-`, beginning and ending with a letter or digit";

/// A key that is not a name.
pub(super) fn bad_name(entry: &Entry, _pattern: &str) -> Finding {
    let shown: String = entry.key.chars().take(60).collect();
    Finding::error(INVALID_VALUE, entry.key_span, format!("`{shown}` is not a name")).help(NAME_HELP)
}

/// Whether a text matches; each pattern is compiled once. Our schemas have no pattern that does not compile.
pub(super) fn matches(pattern: &str, text: &str, patterns: &mut Patterns) -> bool {
    if !patterns.contains_key(pattern) {
        patterns.insert(pattern.to_owned(), Regex::new(pattern).ok());
    }
    patterns.get(pattern).and_then(Option::as_ref).is_none_or(|regex| regex.is_match(text))
}

/// Words in back-ticks, with commas.
pub(super) fn listed(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// Words in back-ticks, with commas and a last `or`.
fn listed_or(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, [])) => format!("`{last}`"),
        Some((last, others)) => format!("{} or `{last}`", listed(others)),
        None => String::new(),
    }
}
