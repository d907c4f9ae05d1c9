//! Who asks: credentials that are made up, none, or keys as written.

use std::sync::Arc;

use aigw_core::Name;
use aigw_kinds::{ConsumerId, IssuerId, Program};
use http::{HeaderName, HeaderValue};

use super::certificate;
use super::shelf::Reporter;
use super::suggestion;
use crate::plan::Credential;
use crate::rules::{BAD_VALUE, CASE_SHAPE, UNKNOWN_SUBJECT};
use crate::suite::{IdentitySpec, TokenSpec};
use crate::tokens::TokenToMake;
use crate::{certificates, keys, tokens};

/// The credential of an identity, `None` within for nobody's; `None` where it is at fault.
pub(super) fn credential(
    at: &mut Reporter<'_>,
    program: &Program,
    spec: &IdentitySpec,
    pointer: &str,
) -> Option<Option<Credential>> {
    let IdentitySpec { consumer, credential, jwt, anonymous, key, mtls, header } = spec;
    match (mtls, jwt, consumer, credential, anonymous, key, header) {
        (Some(written), None, None, None, None, None, None) => {
            let certificate = certificate::written(at, program, written, &format!("{pointer}/mtls"))?;
            return Some(Some(Credential::Certificate(Arc::new(certificate))));
        }
        (None, Some(written), None, None, None, None, None) => {
            let token = token(at, program, written, pointer)?;
            return Some(Some(Credential::Token(Box::new(token))));
        }
        _ => {}
    }
    let header = match header.as_deref().map(str::parse::<HeaderName>) {
        None => None,
        Some(Ok(name)) => Some(name),
        Some(Err(_)) => {
            at.error(BAD_VALUE, &format!("{pointer}/header"), "this is not the name of a header", "write one such as `api-key`");
            return None;
        }
    };
    let alone = mtls.is_none() && jwt.is_none();
    match (consumer, anonymous, key.as_ref().filter(|_| alone)) {
        (Some(consumer), None, None) if alone && key.is_none() => {
            made_up(at, program, consumer, credential.as_deref(), header, pointer).map(Some)
        }
        (None, Some(true), None) if alone && key.is_none() && credential.is_none() && header.is_none() => Some(None),
        (None, None, Some(key)) if credential.is_none() && HeaderValue::from_str(key).is_ok() => {
            Some(Some(Credential::Key { key: key.clone(), header }))
        }
        (None, None, Some(_)) if credential.is_none() => {
            at.error(BAD_VALUE, &format!("{pointer}/key"), "no header can hold this key", "write visible ASCII");
            None
        }
        _ => {
            let message = "an identity is one of `{consumer: NAME}`, `{jwt: {issuer: NAME}}`, `{anonymous: true}`, `{key: TEXT}` and `{mtls: …}`";
            at.error(CASE_SHAPE, pointer, message, "`credential` goes with `consumer`, `header` with `consumer` or `key`");
            None
        }
    }
}

/// A token with claims of the author's own.
fn token(at: &mut Reporter<'_>, program: &Program, spec: &TokenSpec, pointer: &str) -> Option<TokenToMake> {
    let found = (0_u32..).map(IssuerId).zip(&program.issuers).find(|(_, plan)| plan.name.as_str() == spec.issuer);
    let Some((issuer, _)) = found else {
        let known: Vec<String> = program.issuers.iter().map(|plan| plan.name.to_string()).collect();
        let help = suggestion(&spec.issuer, &known, "write `jwt` in an Authentication");
        let message = format!("no Authentication has an issuer `{}`", spec.issuer);
        at.error(UNKNOWN_SUBJECT, &format!("{pointer}/jwt/issuer"), message, help);
        return None;
    };
    Some(TokenToMake {
        claims: spec.claims.clone().into_iter().collect(),
        expired: spec.expired,
        early: spec.early,
        tampered: spec.tampered,
        key: spec.key,
        ..TokenToMake::from(issuer)
    })
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
    let found = (0_u32..).map(ConsumerId).zip(&program.consumers).find(|(_, plan)| plan.origin.name.as_str() == consumer);
    let Some((id, plan)) = found else {
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
    let tokens = tokens::of_consumer(program, id, plan);
    if let Some((_, token)) = tokens.iter().find(|(issuer, _)| is_it(issuer)).filter(|_| header.is_none()) {
        return Some(Credential::Token(Box::new(token.clone())));
    }
    let keys = plan.keys.iter().map(|key| key.id.to_string()).chain(tokens.iter().map(|(issuer, _)| issuer.to_string()));
    let known: Vec<String> = keys.chain(plan.certificates.iter().map(|certificate| certificate.id.to_string())).collect();
    match credential {
        Some(id) => {
            let help = suggestion(id, &known, "give the Consumer a credential of this id");
            let message = format!("the Consumer `{consumer}` has no credential `{id}`");
            at.error(UNKNOWN_SUBJECT, &format!("{pointer}/credential"), message, help);
        }
        None => {
            let message = format!("the Consumer `{consumer}` has no credential that could be sent");
            at.error(
                UNKNOWN_SUBJECT,
                &format!("{pointer}/consumer"),
                message,
                "give it an API key, a certificate or claims of tokens",
            );
        }
    }
    None
}
