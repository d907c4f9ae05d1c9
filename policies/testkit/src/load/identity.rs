//! Who asks: credentials that are made up, none, or keys as written.

use std::sync::Arc;

use aigw_core::Name;
use aigw_kinds::Program;
use http::{HeaderName, HeaderValue};

use super::certificate;
use super::shelf::Reporter;
use super::suggestion;
use crate::plan::Credential;
use crate::rules::{BAD_VALUE, CASE_SHAPE, UNKNOWN_SUBJECT};
use crate::suite::IdentitySpec;
use crate::{certificates, keys};

/// The credential of an identity, `None` within for nobody's; `None` where it is at fault.
pub(super) fn credential(
    at: &mut Reporter<'_>,
    program: &Program,
    spec: &IdentitySpec,
    pointer: &str,
) -> Option<Option<Credential>> {
    let IdentitySpec { consumer, credential, anonymous, key, mtls, header } = spec;
    if let (Some(written), None, None, None, None, None) = (mtls, consumer, credential, anonymous, key, header) {
        let certificate = certificate::written(at, program, written, &format!("{pointer}/mtls"))?;
        return Some(Some(Credential::Certificate(Arc::new(certificate))));
    }
    let header = match header.as_deref().map(str::parse::<HeaderName>) {
        None => None,
        Some(Ok(name)) => Some(name),
        Some(Err(_)) => {
            at.error(BAD_VALUE, &format!("{pointer}/header"), "this is not the name of a header", "write one such as `api-key`");
            return None;
        }
    };
    match (consumer, anonymous, key.as_ref().filter(|_| mtls.is_none())) {
        (Some(consumer), None, None) if mtls.is_none() && key.is_none() => {
            made_up(at, program, consumer, credential.as_deref(), header, pointer).map(Some)
        }
        (None, Some(true), None) if mtls.is_none() && key.is_none() && credential.is_none() && header.is_none() => Some(None),
        (None, None, Some(key)) if credential.is_none() && HeaderValue::from_str(key).is_ok() => {
            Some(Some(Credential::Key { key: key.clone(), header }))
        }
        (None, None, Some(_)) if credential.is_none() => {
            at.error(BAD_VALUE, &format!("{pointer}/key"), "no header can hold this key", "write visible ASCII");
            None
        }
        _ => {
            let message = "an identity is one of `{consumer: NAME}`, `{anonymous: true}`, `{key: TEXT}` and `{mtls: …}`";
            at.error(CASE_SHAPE, pointer, message, "`credential` goes with `consumer`, `header` with `consumer` or `key`");
            None
        }
    }
}

/// What is made up for a consumer's credential.
fn made_up(
    at: &mut Reporter<'_>,
    program: &Program,
    consumer: &str,
    credential: Option<&str>,
    header: Option<HeaderName>,
    pointer: &str,
) -> Option<Credential> {
    let Some(plan) = program.consumers.iter().find(|plan| plan.origin.name.as_str() == consumer) else {
        let known: Vec<String> = program.consumers.iter().map(|plan| plan.origin.name.to_string()).collect();
        let help = suggestion(consumer, &known, "declare a Consumer of this name");
        at.error(UNKNOWN_SUBJECT, &format!("{pointer}/consumer"), format!("there is no Consumer `{consumer}`"), help);
        return None;
    };
    let is_it = |id: &Name| credential.is_none_or(|asked| asked == id.as_str());
    if let Some(key) = plan.keys.iter().find(|key| is_it(&key.id)) {
        return Some(Credential::Key { key: keys::made_up(consumer, key.id.as_str()), header });
    }
    if let Some(certificate) = plan.certificates.iter().find(|certificate| is_it(&certificate.id)) {
        if header.is_none() {
            return Some(Credential::Certificate(Arc::new(certificates::made_up(program, certificate))));
        }
        let message = "a client certificate is sent in no header";
        at.error(CASE_SHAPE, &format!("{pointer}/header"), message, "take `header` out, or name an API key by `credential`");
        return None;
    }
    let keys = plan.keys.iter().map(|key| key.id.to_string());
    let known: Vec<String> = keys.chain(plan.certificates.iter().map(|certificate| certificate.id.to_string())).collect();
    match credential {
        Some(id) => {
            let help = suggestion(id, &known, "give the Consumer a credential of this id");
            let message = format!("the Consumer `{consumer}` has no credential `{id}`");
            at.error(UNKNOWN_SUBJECT, &format!("{pointer}/credential"), message, help);
        }
        None => {
            let message = format!("the Consumer `{consumer}` has no credential that could be sent");
            at.error(UNKNOWN_SUBJECT, &format!("{pointer}/consumer"), message, "give it an API key or a certificate");
        }
    }
    None
}
