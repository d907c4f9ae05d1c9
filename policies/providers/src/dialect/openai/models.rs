//! The answers to `GET /models` and `GET /models/{model}`, which are the gateway's own.

use crate::json::push_quoted;
use bytes::Bytes;

/// A model as clients see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelEntry<'a> {
    /// The name that clients write.
    pub id: &'a str,
    /// Seconds since 1970 that stand as its creation.
    pub created: u64,
    /// Who owns it.
    pub owned_by: &'a str,
}

/// The list of models.
pub fn models_body(models: &[ModelEntry<'_>]) -> Bytes {
    let mut out = b"{\"object\":\"list\",\"data\":[".to_vec();
    for (at, model) in models.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_model(&mut out, *model);
    }
    out.extend_from_slice(b"]}");
    out.into()
}

/// One model.
pub fn model_body(model: ModelEntry<'_>) -> Bytes {
    let mut out = Vec::new();
    push_model(&mut out, model);
    out.into()
}

fn push_model(out: &mut Vec<u8>, model: ModelEntry<'_>) {
    out.extend_from_slice(b"{\"id\":");
    push_quoted(out, model.id);
    out.extend_from_slice(b",\"object\":\"model\",\"created\":");
    out.extend_from_slice(model.created.to_string().as_bytes());
    out.extend_from_slice(b",\"owned_by\":");
    push_quoted(out, model.owned_by);
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: ModelEntry<'static> = ModelEntry { id: "chat \"small\"", created: 7, owned_by: "contoso" };

    #[test]
    fn one_model_has_the_members_that_clients_read() {
        assert_eq!(model_body(SMALL), r#"{"id":"chat \"small\"","object":"model","created":7,"owned_by":"contoso"}"#);
    }

    #[test]
    fn a_list_holds_its_models_in_order_and_may_be_empty() {
        let other = ModelEntry { id: "b", ..SMALL };
        let one = String::from_utf8_lossy(&model_body(SMALL)).into_owned();
        let two = String::from_utf8_lossy(&model_body(other)).into_owned();
        assert_eq!(models_body(&[SMALL, other]), format!(r#"{{"object":"list","data":[{one},{two}]}}"#));
        assert_eq!(models_body(&[]), r#"{"object":"list","data":[]}"#);
    }
}
