//! A consumer: from as written to as compiled.

use std::collections::BTreeMap;

use crate::consumer::{ConsumerPlan, ConsumerSpec, KeyPlan};
use crate::lower::{At, Lowering};
use crate::{Typed, rules};

/// Lowers one consumer.
pub(crate) fn lower<'a>(lowering: &mut Lowering<'a>, typed: Typed<'a, ConsumerSpec>) -> Option<ConsumerPlan> {
    let Typed { doc, spec } = typed;
    let credentials = At::spec(doc).key("credentials");
    let mut roles: Vec<String> = spec.roles.iter().map(ToString::to_string).collect();
    roles.sort();
    roles.dedup();
    let tenant = lowering.tenant(spec.tenant.as_ref(), &At::spec(doc).key("tenant"));
    let keys = spec.credentials.iter().enumerate().map(|(index, credential)| {
        let key = &credential.api_key;
        KeyPlan {
            id: key.id.clone(),
            sha256: key.sha256.to_ascii_lowercase(),
            not_after: key.not_after.map(|moment| moment.0),
            place: lowering.place(credentials.item(index).span()),
        }
    });
    let keys = keys.collect();
    Some(ConsumerPlan { origin: lowering.origin(doc)?, labels: doc.labels.clone(), tenant, roles, keys })
}

/// A digest belongs to one key, and an id names one.
pub(crate) fn check_unique(lowering: &mut Lowering<'_>) {
    let repository = lowering.repository;
    let mut digests: BTreeMap<String, At<'_>> = BTreeMap::new();
    let mut ids: BTreeMap<&str, At<'_>> = BTreeMap::new();
    for Typed { doc, spec } in repository.all::<ConsumerSpec>() {
        let credentials = At::spec(doc).key("credentials");
        for (index, credential) in spec.credentials.iter().enumerate() {
            let at = credentials.item(index).key("apiKey");
            let (id, digest) = (at.key("id"), at.key("sha256"));
            if let Some(earlier) = digests.get(&credential.api_key.sha256.to_ascii_lowercase()) {
                let finding = lowering.error(rules::DUPLICATE_CREDENTIAL, digest.span(), "this key is in the repository already");
                lowering.push(
                    finding
                        .label(earlier.span(), "the first time")
                        .help("a key belongs to one consumer; remove it from the other"),
                );
            } else {
                digests.insert(credential.api_key.sha256.to_ascii_lowercase(), digest);
            }
            if let Some(earlier) = ids.get(credential.api_key.id.as_str()) {
                let message = format!("there is another key with the id `{}`", credential.api_key.id);
                let finding = lowering.error(rules::DUPLICATE_CREDENTIAL, id.span(), message);
                lowering.push(finding.label(earlier.span(), "the first one").help("ids tell keys apart in logs; choose another"));
            } else {
                ids.insert(credential.api_key.id.as_str(), id);
            }
        }
    }
}

#[cfg(test)]
mod tests;
