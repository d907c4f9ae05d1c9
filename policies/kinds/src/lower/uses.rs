//! Policies in use: names resolved, and the values that a use hands to a prompt.

use aigw_core::Name;
use aigw_source::{Finding, Fix, nearest};
use serde_json::Value;

use super::references::Wanted;
use super::{At, Lowering};
use crate::prompt::{PromptSpec, PromptUse, PromptValue, parameter_kind};
use crate::written::{PolicyUse, WithValue};
use crate::{AuthorizationId, Doc, ExpressionScope, ExpressionType, Kind, LimitId, PolicySet, PromptId, ValidationId, rules};

/// A list of policies in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct PolicyUses<'a> {
    /// Those that were found.
    pub(crate) found: Vec<PolicyInUse<'a>>,
    /// Whether some were not: what they would have done is not said to be missing.
    pub(crate) lost: bool,
}

/// A policy where it is used.
#[derive(Clone, Debug)]
pub(crate) struct PolicyInUse<'a> {
    /// Which.
    pub(crate) doc: &'a Doc,
    /// Its index; `None` where it is disabled.
    pub(crate) id: Option<u32>,
    /// For a Prompt: with which values.
    pub(crate) prompt: Option<PromptUse>,
    /// Where its name stands.
    pub(crate) at: At<'a>,
}

/// The policies of one scope as compiled; those that are disabled are left out.
pub(crate) fn policy_set(policies: &[PolicyInUse<'_>]) -> PolicySet {
    let ids = |kind: Kind| policies.iter().filter(move |policy| policy.doc.kind == kind).filter_map(|policy| policy.id);
    PolicySet {
        authorization: ids(Kind::Authorization).map(AuthorizationId).collect(),
        validations: ids(Kind::Validation).map(ValidationId).collect(),
        limits: ids(Kind::Limit).map(LimitId).collect(),
        prompts: policies.iter().filter_map(|policy| policy.prompt.clone()).collect(),
    }
}

impl<'a> Lowering<'a> {
    /// Resolves a list of policies. One that stands twice in the list is a finding.
    pub(crate) fn policy_uses(&mut self, uses: &'a [PolicyUse], at: &At<'a>) -> PolicyUses<'a> {
        let mut lost = false;
        let mut found: Vec<PolicyInUse<'a>> = Vec::new();
        for (index, written) in uses.iter().enumerate() {
            let whole = at.item(index);
            let name = whole.below(written.name_pointer());
            let Some(doc) = self.policy(&written.name, &name) else {
                lost = true;
                continue;
            };
            if let Some(earlier) = found.iter().find(|earlier| earlier.doc.name == written.name) {
                let message = format!("`{}` stands twice in this list", written.name);
                let finding = self.error(rules::DUPLICATE_NAME, name.span(), message).label(earlier.at.span(), "the first time");
                self.push(finding.help("remove one of them"));
                continue;
            }
            let id = self.id(doc.kind, &doc.name);
            let prompt = self.prompt_use(doc, id, written, &whole, &name);
            found.push(PolicyInUse { doc, id, prompt, at: name });
        }
        PolicyUses { found, lost }
    }

    /// The policy of a name, or a finding.
    pub(crate) fn policy(&mut self, name: &str, at: &At<'a>) -> Option<&'a Doc> {
        let repository = self.repository;
        let found = repository.policy(name);
        if found.is_none() && self.knows_all_names() {
            let message = match repository.documents.iter().find(|doc| doc.name == name) {
                Some(other) => format!("`{name}` is a {}, not a policy", other.kind),
                None => format!("there is no policy `{name}`"),
            };
            let known = repository.documents.iter().filter(|doc| doc.kind.is_policy()).map(|doc| doc.name.as_str());
            self.unknown(rules::UNKNOWN_REFERENCE, at.span(), message, name, known);
        }
        found
    }

    fn prompt_use(
        &mut self,
        doc: &'a Doc,
        id: Option<u32>,
        written: &'a PolicyUse,
        whole: &At<'a>,
        name: &At<'a>,
    ) -> Option<PromptUse> {
        let with = whole.key("with");
        if doc.kind != Kind::Prompt {
            if !written.with.is_empty() {
                let message = format!("`{}` is {} and takes no `with`", doc.name, with_article(doc.kind));
                self.unfit(with.key_span(), message, "only a Prompt has parameters");
            }
            return None;
        }
        let spec = doc.spec_as::<PromptSpec>()?;
        let before = self.expressions.len();
        let mut values = Vec::new();
        for (parameter, value) in &written.with {
            let at = with.key(parameter);
            if let Some(value) = self.prompt_value(spec, doc, parameter, value, &at) {
                values.push((parameter.clone(), value));
            }
        }
        values.sort_by(|one, other| one.0.cmp(&other.0));
        self.check_required(spec, doc, written, name);
        if id.is_none() {
            self.expressions.truncate(before);
        }
        Some(PromptUse { prompt: PromptId(id?), with: values, place: self.place(name.span()) })
    }

    fn check_required(&mut self, spec: &PromptSpec, doc: &Doc, written: &PolicyUse, name: &At<'a>) {
        for required in spec.parameters.required.iter().filter(|required| !written.with.contains_key(*required)) {
            let message = format!("the prompt `{}` needs a value for `{required}`", doc.name);
            let help = format!("write `{{use: {}, with: {{{required}: …}}}}`", doc.name);
            self.refuse(rules::PROMPT_ARGUMENT, name.span(), message, help);
        }
    }

    fn prompt_value(
        &mut self,
        spec: &PromptSpec,
        doc: &Doc,
        parameter: &str,
        value: &'a WithValue,
        at: &At<'a>,
    ) -> Option<PromptValue> {
        let Some(declared) = spec.parameters.properties.get(parameter) else {
            self.unknown_argument(spec, doc, parameter, at);
            return None;
        };
        match value {
            WithValue::Value(value) => {
                if let Err(why) = parameter_kind(declared).check(value) {
                    let message = format!("`{parameter}` of the prompt `{}` {why}", doc.name);
                    self.refuse(rules::PROMPT_ARGUMENT, at.span(), message, "give a value that its declaration takes");
                }
                Some(PromptValue::Value(value.clone()))
            }
            WithValue::Param(name) => {
                let wanted = match declared.r#type {
                    crate::prompt::PromptParameterType::Integer => Wanted::Integer,
                    _ => Wanted::Text,
                };
                let span = at.key("param").span();
                let id = self.parameter(name, span, wanted)?;
                let test = self.parameters.get(id.index()).and_then(|plan| plan.test.clone());
                if let Some(Err(why)) = test.map(|test| parameter_kind(declared).check(&typed(wanted, test))) {
                    let message =
                        format!("`{parameter}` of the prompt `{}` {why}: the `test` value of `{name}` does not fit", doc.name);
                    self.refuse(rules::PROMPT_ARGUMENT, span, message, "bound the parameter as the prompt's is");
                }
                Some(PromptValue::Param(id))
            }
            WithValue::Expr(text) => {
                self.expression(text, &at.key("expr"), ExpressionScope::Resolve, ExpressionType::Json).map(PromptValue::Expr)
            }
        }
    }

    fn unknown_argument(&mut self, spec: &PromptSpec, doc: &Doc, parameter: &str, at: &At<'a>) {
        let message = format!("the prompt `{}` has no parameter `{parameter}`", doc.name);
        let mut finding = Finding::error(rules::PROMPT_ARGUMENT, at.key_span(), message);
        let known: Vec<&str> = spec.parameters.properties.keys().map(String::as_str).collect();
        finding = match nearest(parameter, known.iter().copied()) {
            Some(meant) => finding.help(format!("did you mean `{meant}`?")).fix(Fix::replace(
                format!("write `{meant}`"),
                at.key_span(),
                meant,
            )),
            None if known.is_empty() => finding.help("it has no parameters"),
            None => finding.help(format!("it has {}", super::listed(&known))),
        };
        self.push(finding);
    }
}

/// The value of a parameter as a prompt gets it.
fn typed(wanted: Wanted, text: String) -> Value {
    match text.parse::<u64>() {
        Ok(number) if wanted == Wanted::Integer => Value::from(number),
        _ => Value::String(text),
    }
}

/// `a Route`, `an Authentication`.
pub(crate) fn with_article(kind: Kind) -> String {
    let vowel = kind.as_str().starts_with(['A', 'E', 'I', 'O', 'U']);
    format!("{} {kind}", if vowel { "an" } else { "a" })
}

/// Names that stand twice in a list of named things.
pub(crate) fn check_unique_names<'a>(lowering: &mut Lowering<'a>, what: &str, names: impl Iterator<Item = (&'a Name, At<'a>)>) {
    let mut first: std::collections::BTreeMap<&Name, At<'a>> = std::collections::BTreeMap::new();
    for (name, at) in names {
        match first.get(name) {
            None => drop(first.insert(name, at)),
            Some(earlier) => {
                let finding = lowering.error(rules::DUPLICATE_NAME, at.span(), format!("there are two {what} named `{name}`"));
                lowering.push(finding.label(earlier.span(), "the first one").help("give one of them another name"));
            }
        }
    }
}

/// The text of a JSON value as a message shows it.
pub(crate) fn shown(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}
