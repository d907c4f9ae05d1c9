//! Who asks: credentials that are made up, none, or keys as written.

use aigw_kinds::Program;
use http::{HeaderName, HeaderValue};

use super::shelf::Reporter;
use super::suggestion;
use crate::keys;
use crate::plan::Credential;
use crate::rules::{BAD_VALUE, CASE_SHAPE, UNKNOWN_SUBJECT};
use crate::suite::IdentitySpec;

/// The credential of an identity, `None` within for nobody's; `None` where it is at fault.
pub(super) fn credential(
    at: &mut Reporter<'_>,
    program: &Program,
    spec: &IdentitySpec,
    pointer: &str,
) -> Option<Option<Credential>> {
    let IdentitySpec { consumer, credential, anonymous, key, header } = spec;
    let header = match header.as_deref().map(str::parse::<HeaderName>) {
        None => None,
        Some(Ok(name)) => Some(name),
        Some(Err(_)) => {
            at.error(BAD_VALUE, &format!("{pointer}/header"), "this is not the name of a header", "write one such as `api-key`");
            return None;
        }
    };
    match (consumer, anonymous, key) {
        (Some(consumer), None, None) => {
            let key = made_up(at, program, consumer, credential.as_deref(), pointer)?;
            Some(Some(Credential { key, header }))
        }
        (None, Some(true), None) if credential.is_none() && header.is_none() => Some(None),
        (None, None, Some(key)) if credential.is_none() && HeaderValue::from_str(key).is_ok() => {
            Some(Some(Credential { key: key.clone(), header }))
        }
        (None, None, Some(_)) if credential.is_none() => {
            at.error(BAD_VALUE, &format!("{pointer}/key"), "no header can hold this key", "write visible ASCII");
            None
        }
        _ => {
            let message = "an identity is one of `{consumer: NAME}`, `{anonymous: true}` and `{key: TEXT}`";
            at.error(CASE_SHAPE, pointer, message, "`credential` goes with `consumer`, `header` with `consumer` or `key`");
            None
        }
    }
}

/// The key that is made up for a consumer's credential.
fn made_up(at: &mut Reporter<'_>, program: &Program, consumer: &str, credential: Option<&str>, pointer: &str) -> Option<String> {
    let Some(plan) = program.consumers.iter().find(|plan| plan.origin.name.as_str() == consumer) else {
        let known: Vec<String> = program.consumers.iter().map(|plan| plan.origin.name.to_string()).collect();
        let help = suggestion(consumer, &known, "declare a Consumer of this name");
        at.error(UNKNOWN_SUBJECT, &format!("{pointer}/consumer"), format!("there is no Consumer `{consumer}`"), help);
        return None;
    };
    let known: Vec<String> = plan.keys.iter().map(|key| key.id.to_string()).collect();
    let found = match credential {
        Some(id) => known.iter().find(|known| *known == id),
        None => known.first(),
    };
    match (found, credential) {
        (Some(id), _) => return Some(keys::made_up(consumer, id)),
        (None, Some(id)) => {
            let help = suggestion(id, &known, "give the Consumer an API key of this id");
            let message = format!("the Consumer `{consumer}` has no credential `{id}`");
            at.error(UNKNOWN_SUBJECT, &format!("{pointer}/credential"), message, help);
        }
        (None, None) => {
            let message = format!("the Consumer `{consumer}` has no credential that could be sent");
            at.error(UNKNOWN_SUBJECT, &format!("{pointer}/consumer"), message, "give it an API key");
        }
    }
    None
}
