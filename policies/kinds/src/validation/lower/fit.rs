//! Whether a validation can judge anything of the requests that a route serves.

use aigw_core::{ByteSize, Operation};

use crate::lower::uses::PolicyInUse;
use crate::lower::{At, Lowering};
use crate::validation::{CheckKind, ValidationSpec};
use crate::{Mode, Spec, rules};

/// What the models of every dialect take.
const JSON: [&str; 3] = ["application/json", "application/*", "*/*"];

impl ValidationSpec {
    /// The keys that are written, each with the operations whose requests have what it judges.
    fn keys(&self) -> impl Iterator<Item = (&'static str, CheckKind)> {
        let checks = [
            self.addresses.as_ref().map(|_| CheckKind::Addresses { allow: Vec::new(), deny: Vec::new() }),
            self.content_types.as_ref().map(|types| CheckKind::ContentTypes(types.clone())),
            self.body.map(CheckKind::Body),
            self.json_depth.map(CheckKind::JsonDepth),
            self.messages.map(CheckKind::Messages),
            self.schema.as_ref().map(|file| CheckKind::Schema { file: file.clone(), schema: serde_json::Value::Null }),
            self.signatures.as_ref().map(|classes| CheckKind::Signatures(classes.clone())),
        ];
        checks.into_iter().flatten().map(|check| (check.key(), check))
    }

    /// Whether anything of it judges requests for one of these.
    pub(crate) fn concerns(&self, operations: &[Operation]) -> bool {
        self.keys().any(|(_, check)| operations.iter().any(|operation| check.concerns(*operation)))
    }

    /// Why some of it cannot do what it should where these are served.
    pub(crate) fn misfit(&self, operations: &[Operation]) -> Option<&'static str> {
        let idle = self.keys().find(|(_, check)| !operations.iter().any(|operation| check.concerns(*operation)));
        match idle {
            Some((_, CheckKind::Messages(_))) => return Some("bounds `messages`, and the route serves no chat"),
            Some(_) => return Some("judges bodies, and the requests of the route have none"),
            None => {}
        }
        let dialect = operations.iter().any(|operation| matches!(operation, Operation::Chat | Operation::Embeddings));
        let types = self.content_types.as_ref().filter(|_| dialect)?;
        let takes_json = types.iter().any(|written| JSON.iter().any(|json| json.eq_ignore_ascii_case(written)));
        (!takes_json).then_some("refuses every request here: models take `application/json`, which `contentTypes` does not have")
    }

    /// A bound of this that another validation has as tightly already, and what it is there. Numbers are compared, nothing else.
    fn forestalled(&self, wider: &Self) -> Option<(&'static str, String)> {
        let by = |key, own: Option<u64>, wider: Option<u64>, text: String| (own? >= wider?).then_some((key, text));
        let bytes = |size: Option<ByteSize>| size.map(ByteSize::as_bytes);
        by("body", bytes(self.body), bytes(wider.body), wider.body.map(|size| size.to_string()).unwrap_or_default())
            .or_else(|| {
                by("jsonDepth", self.json_depth.map(u64::from), wider.json_depth.map(u64::from), written(wider.json_depth))
            })
            .or_else(|| by("messages", self.messages.map(u64::from), wider.messages.map(u64::from), written(wider.messages)))
    }
}

fn written(number: Option<impl ToString>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// Whether every bound of a validation that a route names decides something there: what a wider scope bounds as tightly refuses first.
pub(crate) fn decides_beside<'a>(lowering: &mut Lowering<'a>, policy: &PolicyInUse<'a>, wider: &[PolicyInUse<'a>]) -> bool {
    let Some(Spec::Validation(own)) = &policy.doc.spec else { return true };
    for earlier in wider.iter().filter(|earlier| earlier.doc.name != policy.doc.name) {
        let Some(Spec::Validation(theirs)) = &earlier.doc.spec else { continue };
        let Some((key, bound)) = own.forestalled(theirs).filter(|_| theirs.mode == Mode::Enforce) else { continue };
        let message =
            format!("`{}` never decides on `{key}` here: `{}` bounds it to {bound} already", policy.doc.name, earlier.doc.name);
        let finding = lowering.error(rules::INVALID_COMBINATION, policy.at.span(), message);
        let finding = finding.label(At::spec(policy.doc).key(key).span(), "this bound").label(earlier.at.span(), "attached here");
        lowering.push(finding.help("bound it tighter than the wider scope does, or remove it: a route cannot loosen a bound"));
        return false;
    }
    true
}
