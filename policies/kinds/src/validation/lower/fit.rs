//! Whether a validation can judge anything of the requests that a route serves.

use aigw_core::Operation;

use crate::validation::{CheckKind, ValidationSpec};

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
}
