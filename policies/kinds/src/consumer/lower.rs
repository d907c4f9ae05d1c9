//! A consumer: from as written to as compiled.

mod certificate;
mod token;

use std::collections::BTreeMap;

use aigw_core::Name;

use crate::consumer::{ApiKeySpec, ConsumerPlan, ConsumerSpec, CredentialSpec, KeyPlan};
use crate::lower::{At, Lowering};
use crate::subscription::SubscriptionSpec;
use crate::{Doc, Kind, SubscriptionId, Typed, rules};

/// Lowers one consumer.
pub(crate) fn lower<'a>(lowering: &mut Lowering<'a>, typed: Typed<'a, ConsumerSpec>) -> Option<ConsumerPlan> {
    let Typed { doc, spec } = typed;
    let credentials = At::spec(doc).key("credentials");
    let mut roles: Vec<String> = spec.roles.iter().map(ToString::to_string).collect();
    roles.sort();
    roles.dedup();
    let tenant = lowering.tenant(spec.tenant.as_ref(), &At::spec(doc).key("tenant"));
    let (mut keys, mut tokens, mut certificates) = (Vec::new(), Vec::new(), Vec::new());
    for (index, credential) in spec.credentials.iter().enumerate() {
        let at = credentials.item(index);
        match credential {
            CredentialSpec::ApiKey(key) => keys.push(api_key(lowering, doc, key, &at)),
            CredentialSpec::Jwt(written) => tokens.extend(token::lower(lowering, doc, written, &at)),
            CredentialSpec::Mtls(written) => certificates.extend(certificate::lower(lowering, doc, written, &at)),
        }
    }
    certificate::check_ids(lowering, spec, &credentials);
    let (origin, labels) = (lowering.origin(doc)?, doc.labels.clone());
    Some(ConsumerPlan { origin, labels, tenant, roles, keys, tokens, certificates })
}

fn api_key<'a>(lowering: &mut Lowering<'a>, doc: &Doc, key: &ApiKeySpec, at: &At<'a>) -> KeyPlan {
    if let (Some(begin), Some(end)) = (key.not_before, key.not_after)
        && begin.0 >= end.0
    {
        let span = at.key("apiKey").key("notAfter").span();
        let message = "the key is never valid: `notAfter` is not behind `notBefore`";
        lowering.unfit(span, message, "exchange the two, or remove the key");
    }
    let subscription = subscription(lowering, doc, key.subscription.as_ref(), &at.key("apiKey"));
    KeyPlan {
        id: key.id.clone(),
        sha256: key.sha256.to_ascii_lowercase(),
        not_before: key.not_before.map(|moment| moment.0),
        subscription,
        not_after: key.not_after.map(|moment| moment.0),
        place: lowering.place(at.span()),
    }
}

/// The subscription of a credential, which must be of the same consumer.
fn subscription<'a>(lowering: &mut Lowering<'a>, doc: &Doc, name: Option<&Name>, at: &At<'a>) -> Option<SubscriptionId> {
    let (name, at) = (name?.as_str(), at.key("subscription"));
    let id = lowering.reference(Kind::Subscription, name, &at)?;
    let other = lowering.repository.typed::<SubscriptionSpec>(name).filter(|own| own.spec.consumer.as_str() != doc.name);
    if let Some(other) = other {
        let message = format!("the subscription `{name}` is of `{}`", other.spec.consumer);
        let finding = lowering.error(rules::INVALID_COMBINATION, at.span(), message);
        let finding = finding.label(At::spec(other.doc).key("consumer").span(), "here");
        lowering.push(finding.help(format!("name a subscription of `{}`", doc.name)));
    }
    Some(SubscriptionId(id))
}

/// A digest or a certificate belongs to one consumer, and the id of a key names one; what selects one consumer's tokens must not select another's every time.
pub(crate) fn check_unique(lowering: &mut Lowering<'_>, plans: &[ConsumerPlan]) {
    let repository = lowering.repository;
    let mut digests: BTreeMap<String, At<'_>> = BTreeMap::new();
    let mut ids: BTreeMap<&str, At<'_>> = BTreeMap::new();
    for Typed { doc, spec } in repository.all::<ConsumerSpec>() {
        let credentials = At::spec(doc).key("credentials");
        for (index, credential) in spec.credentials.iter().enumerate() {
            let Some(key) = credential.api_key() else { continue };
            let at = credentials.item(index).key("apiKey");
            let (id, digest) = (at.key("id"), at.key("sha256"));
            if let Some(earlier) = digests.get(&key.sha256.to_ascii_lowercase()) {
                let finding = lowering.error(rules::DUPLICATE_CREDENTIAL, digest.span(), "this key is in the repository already");
                lowering.push(
                    finding
                        .label(earlier.span(), "the first time")
                        .help("a key belongs to one consumer; remove it from the other"),
                );
            } else {
                digests.insert(key.sha256.to_ascii_lowercase(), digest);
            }
            if let Some(earlier) = ids.get(key.id.as_str()) {
                let message = format!("there is another key with the id `{}`", key.id);
                let finding = lowering.error(rules::DUPLICATE_CREDENTIAL, id.span(), message);
                lowering.push(finding.label(earlier.span(), "the first one").help("ids tell keys apart in logs; choose another"));
            } else {
                ids.insert(key.id.as_str(), id);
            }
        }
    }
    token::check_unique(lowering, plans);
    certificate::check_unique(lowering);
}

#[cfg(test)]
mod tests;
