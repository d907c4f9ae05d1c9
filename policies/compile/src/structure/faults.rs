//! What a schema's faults are called for people: a code, the exact place, and what was probably meant.

use aigw_source::{Document, Finding, Findings, Fix, Node, RuleId, nearest, rules};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Fault;
use serde_json::Value;

/// A quantity that is written without its unit.
pub(crate) const WITHOUT_UNIT: RuleId = RuleId { code: "C005", name: "quantity-without-unit" };

/// Turns faults of one document into findings.
pub(super) struct Judge<'a> {
    pub(super) document: &'a Document,
    pub(super) schema: &'a Value,
    pub(super) findings: &'a mut Findings,
    /// How many more are reported.
    pub(super) left: usize,
}

impl Judge<'_> {
    pub(super) fn report(&mut self, error: &ValidationError<'_>) {
        match error.kind() {
            Fault::AnyOf { context } | Fault::OneOfNotValid { context } => self.report_branch(error, context),
            Fault::AdditionalProperties { unexpected } | Fault::UnevaluatedProperties { unexpected } => {
                for key in unexpected {
                    self.unknown_key(error, key);
                }
            }
            _ => {
                let finding = self.finding(error);
                self.push(finding);
            }
        }
    }

    /// Of several forms the one that was meant is the one whose shape fits; the faults of that form are the faults.
    fn report_branch(&mut self, error: &ValidationError<'_>, branches: &[Vec<ValidationError<'static>>]) {
        let here = error.instance_path().as_str();
        let wrong_shape = |fault: &ValidationError<'_>| {
            fault.instance_path().as_str() == here && matches!(fault.kind(), Fault::Type { .. } | Fault::Constant { .. })
        };
        let meant = branches
            .iter()
            .filter(|faults| !faults.is_empty() && !faults.iter().any(wrong_shape))
            .min_by_key(|faults| faults.len());
        if let Some(faults) = meant {
            for fault in faults {
                self.report(fault);
            }
            return;
        }
        let words: Vec<Value> = branches.iter().flatten().filter_map(constant).collect();
        if error.instance().is_string() && !words.is_empty() {
            let finding = self.not_one_of(error, &Value::Array(words));
            self.push(finding);
            return;
        }
        let forms: Vec<String> = branches.iter().flatten().filter_map(|fault| expected(fault)).collect();
        let finding = self.at(rules::WRONG_TYPE, error, format!("expected {}, found {}", either(forms), shape(error.instance())));
        self.push(finding);
    }

    fn unknown_key(&mut self, error: &ValidationError<'_>, key: &str) {
        let pointer = format!("{}/{}", error.instance_path().as_str(), key.replace('~', "~0").replace('/', "~1"));
        let span = self.document.locate_key(&pointer);
        let known = self.known_keys(error);
        let finding = Finding::error(rules::UNKNOWN_KEY, span, format!("unknown key `{key}`"));
        let taken: Vec<&str> =
            self.node(error).map(|node| node.entries().iter().map(|entry| &*entry.key).collect()).unwrap_or_default();
        let free = known.iter().map(String::as_str).filter(|name| !taken.contains(name));
        let finding = match nearest(key, free) {
            Some(meant) => {
                finding.help(format!("did you mean `{meant}`?")).fix(Fix::replace(format!("rename to `{meant}`"), span, meant))
            }
            None if known.is_empty() => finding,
            None => finding.help(format!("known keys are {}", listed(&known))),
        };
        self.push(finding);
    }

    /// The keys that the schema beside `additionalProperties` names.
    fn known_keys(&self, error: &ValidationError<'_>) -> Vec<String> {
        let path = error.schema_path().as_str();
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let properties = self.schema.pointer(parent).and_then(|schema| schema.get("properties")).and_then(Value::as_object);
        properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
    }

    fn finding(&self, error: &ValidationError<'_>) -> Finding {
        let value = error.instance();
        match error.kind() {
            Fault::Required { property } => {
                let key = property.as_str().unwrap_or_default();
                let holder = error.instance_path().as_str().rsplit('/').next().unwrap_or_default();
                let holder = if holder.is_empty() { "the document".to_owned() } else { format!("`{holder}`") };
                self.at_key(rules::MISSING_KEY, error, format!("{holder} has no `{key}`"))
            }
            Fault::Type { .. } => self.wrong_type(error),
            Fault::Enum { options } => self.not_one_of(error, options),
            Fault::Constant { expected_value } => {
                self.at(rules::INVALID_VALUE, error, format!("expected {}, found {}", quoted(expected_value), quoted(value)))
            }
            Fault::Pattern { pattern } => self.not_of_form(error, pattern),
            Fault::MinLength { limit } => self.at(rules::INVALID_VALUE, error, format!("expected at least {limit} characters")),
            Fault::MaxLength { limit } => self.at(rules::INVALID_VALUE, error, format!("expected at most {limit} characters")),
            Fault::Minimum { limit } => self.at(rules::INVALID_VALUE, error, format!("{value} is below the least value {limit}")),
            Fault::Maximum { limit } => {
                self.at(rules::INVALID_VALUE, error, format!("{value} is above the greatest value {limit}"))
            }
            Fault::MinItems { limit } => self.at_key(rules::INVALID_VALUE, error, format!("expected at least {limit} items")),
            Fault::MaxItems { limit } => self.at_key(rules::INVALID_VALUE, error, format!("expected at most {limit} items")),
            Fault::MinProperties { limit } => {
                self.at_key(rules::INVALID_VALUE, error, format!("expected at least {limit} entries"))
            }
            Fault::MaxProperties { limit } => {
                self.at_key(rules::INVALID_VALUE, error, format!("expected at most {limit} entries"))
            }
            Fault::UniqueItems => self.at_key(rules::INVALID_VALUE, error, "an item stands twice".to_owned()),
            Fault::PropertyNames { error: inner } => {
                let key = inner.instance().as_str().unwrap_or_default();
                self.at_key(rules::INVALID_VALUE, error, format!("`{key}` cannot be a key here"))
            }
            _ => self.at(rules::INVALID_VALUE, error, format!("{} is not allowed here", quoted(value))),
        }
    }

    fn wrong_type(&self, error: &ValidationError<'_>) -> Finding {
        let value = error.instance();
        let wanted = expected(error).unwrap_or_else(|| "another type".to_owned());
        if value.is_number() && wanted == "a text" {
            if let Some(example) = self.unit_example(error) {
                let finding = self.at(WITHOUT_UNIT, error, format!("`{value}` has no unit"));
                return finding.help(format!("write a number and its unit, such as `{example}`"));
            }
            let span = self.document.locate(error.instance_path().as_str());
            let text = self.node(error).and_then(Node::as_str).unwrap_or_default();
            let finding = Finding::error(rules::WRONG_TYPE, span, format!("expected a text, found the number {text}"));
            return finding.help("quote it").fix(Fix::replace("quote it", span, format!("\"{text}\"")));
        }
        let place = if value.is_object() || value.is_array() { Self::at_key } else { Self::at };
        place(self, rules::WRONG_TYPE, error, format!("expected {wanted}, found {}", shape(value)))
    }

    fn not_one_of(&self, error: &ValidationError<'_>, options: &Value) -> Finding {
        let word = error.instance().as_str().unwrap_or_default();
        let options: Vec<String> = options
            .as_array()
            .into_iter()
            .flatten()
            .map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned))
            .collect();
        let finding =
            self.at(rules::INVALID_VALUE, error, format!("{} is not one of {}", quoted(error.instance()), listed(&options)));
        match nearest(word, options.iter().map(String::as_str)) {
            Some(meant) => {
                let fix = Fix::replace(format!("write `{meant}`"), finding.span(), meant);
                finding.help(format!("did you mean `{meant}`?")).fix(fix)
            }
            None => finding,
        }
    }

    fn not_of_form(&self, error: &ValidationError<'_>, pattern: &str) -> Finding {
        let value = error.instance();
        let is_bare_number =
            value.as_str().is_some_and(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
        match self.unit_example(error) {
            Some(example) if is_bare_number => self
                .at(WITHOUT_UNIT, error, format!("{} has no unit", quoted(value)))
                .help(format!("write it with its unit, such as `{example}`")),
            Some(example) => self
                .at(rules::INVALID_VALUE, error, format!("{} is not understood", quoted(value)))
                .help(format!("write it as `{example}`")),
            None => self.at(rules::INVALID_VALUE, error, format!("{} does not have the form `{pattern}`", quoted(value))),
        }
    }

    /// The first example that the schema gives beside the keyword that failed.
    fn unit_example(&self, error: &ValidationError<'_>) -> Option<&str> {
        let (parent, _) = error.schema_path().as_str().rsplit_once('/')?;
        self.schema.pointer(parent)?.get("examples")?.get(0)?.as_str()
    }

    fn node(&self, error: &ValidationError<'_>) -> Option<&Node> {
        self.document.at(error.instance_path().as_str())
    }

    fn at(&self, rule: RuleId, error: &ValidationError<'_>, message: String) -> Finding {
        Finding::error(rule, self.document.locate(error.instance_path().as_str()), message)
    }

    /// At the key of what is wrong: for mappings and lists, whose own span is all they hold.
    fn at_key(&self, rule: RuleId, error: &ValidationError<'_>, message: String) -> Finding {
        Finding::error(rule, self.document.locate_key(error.instance_path().as_str()), message)
    }

    fn push(&mut self, finding: Finding) {
        if self.left > 0 {
            self.left -= 1;
            self.findings.push(finding);
        }
    }
}

/// The word that a fault of a constant wanted.
fn constant(error: &ValidationError<'_>) -> Option<Value> {
    match error.kind() {
        Fault::Constant { expected_value } => Some(Value::clone(expected_value)),
        _ => None,
    }
}

/// What a fault of type wanted.
fn expected(error: &ValidationError<'_>) -> Option<String> {
    use jsonschema::error::TypeKind;
    let Fault::Type { kind } = error.kind() else { return None };
    let name = |kind: &str| match kind {
        "string" => "a text".to_owned(),
        "integer" => "a whole number".to_owned(),
        "number" => "a number".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "array" => "a list".to_owned(),
        "object" => "a mapping".to_owned(),
        other => other.to_owned(),
    };
    Some(match kind {
        TypeKind::Single(kind) => name(&kind.to_string()),
        TypeKind::Multiple(kinds) => either(kinds.iter().map(|kind| name(&kind.to_string())).collect()),
    })
}

fn either(mut forms: Vec<String>) -> String {
    forms.dedup();
    if forms.is_empty() { "another form".to_owned() } else { forms.join(" or ") }
}

fn shape(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
        scalar => quoted(scalar),
    }
}

/// A value as it stands in messages; long ones are cut.
fn quoted(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() { format!("`{cut}…`") } else { format!("`{cut}`") }
}

fn listed(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
