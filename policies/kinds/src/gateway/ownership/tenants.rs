//! Whether documents in a tenant's folder concern that tenant alone: what they say is of it, and nobody else attaches their policies.

use std::collections::BTreeSet;

use aigw_core::Name;
use aigw_source::{Node, Span};

use super::Ownership;
use super::owner::filled;
use crate::consumer::ConsumerSpec;
use crate::lower::{At, Lowering};
use crate::written::PolicyUse;
use crate::{Doc, Kind, Repository, Spec, rules};

/// The tenant of a folder, and the entry that says so.
struct Folder {
    tenant: String,
    index: usize,
}

/// Checks what stands in folders of tenants, and who attaches policies from there.
pub(super) fn check<'a>(lowering: &mut Lowering<'a>, ownership: &Ownership<'a>, at: &At<'a>) {
    let repository = lowering.repository;
    let mut unknown = BTreeSet::new();
    for doc in &repository.documents {
        if let Some(folder) = folder(lowering, ownership, doc) {
            if is_declared(lowering, &folder) {
                document(lowering, doc, &folder, at);
            } else if unknown.insert((folder.index, folder.tenant.clone())) {
                undeclared(lowering, doc, &folder, at);
            }
        }
        attachments(lowering, ownership, doc, at);
    }
}

/// The folder of a tenant that a document stands in, where it stands in one.
fn folder(lowering: &Lowering<'_>, ownership: &Ownership<'_>, doc: &Doc) -> Option<Folder> {
    let decided = ownership.decide(lowering.sources.file(doc.file()).path.as_str())?;
    let tenant = filled(decided.entry.spec.tenant.as_deref()?, &decided.captures);
    Some(Folder { tenant, index: decided.index })
}

fn is_declared(lowering: &Lowering<'_>, folder: &Folder) -> bool {
    lowering.repository.find(Kind::Tenant, &folder.tenant).is_some()
}

/// The tenant that a folder is named after is none; told once, however much stands in it. A name that is written out is looked at with its entry.
fn undeclared<'a>(lowering: &mut Lowering<'a>, doc: &Doc, folder: &Folder, at: &At<'a>) {
    let written = at.item(folder.index).key("tenant");
    if !lowering.knows_all_names() || written.node().and_then(Node::as_str) == Some(folder.tenant.as_str()) {
        return;
    }
    let message = format!("there is no Tenant `{}`, and `{}` is its", folder.tenant, lowering.sources.file(doc.file()).path);
    let help = "declare the Tenant, or name the folder as one that is declared";
    lowering.refuse(rules::UNKNOWN_REFERENCE, written.span(), message, help);
}

/// What a document says must be about the folder's tenant.
fn document<'a>(lowering: &mut Lowering<'a>, doc: &'a Doc, folder: &Folder, at: &At<'a>) {
    let wanted = folder.tenant.as_str();
    let help = match &doc.spec {
        Some(Spec::Tenant(_)) => "move it to a folder of its own".to_owned(),
        Some(Spec::Consumer(_) | Spec::Route(_) | Spec::Product(_)) => format!("write `tenant: {wanted}`, or move the document"),
        Some(Spec::Subscription(_)) => "subscribe a consumer of the folder's tenant, or move the document".to_owned(),
        _ => return,
    };
    let Some(whose) = of(lowering.repository, doc).filter(|whose| *whose != Some(wanted)) else { return };
    let (subscriber, tenant) = (At::spec(doc).key("consumer"), At::spec(doc).key("tenant"));
    let span = match doc.kind {
        Kind::Subscription => subscriber.span(),
        _ if tenant.node().is_some() => tenant.span(),
        _ => At::name(doc).span(),
    };
    told(lowering, span, format!("{}, and it stands in a folder of `{wanted}`", said(doc, whose)), help, folder, at);
}

/// The tenant that a document is of, if it is of any; `None` where that cannot be known.
fn of<'a>(repository: &'a Repository, doc: &'a Doc) -> Option<Option<&'a str>> {
    let tenant = match doc.spec.as_ref()? {
        Spec::Tenant(_) => return Some(Some(&doc.name)),
        Spec::Consumer(spec) => &spec.tenant,
        Spec::Route(spec) => &spec.tenant,
        Spec::Product(spec) => &spec.tenant,
        // That there is no such consumer is said where it is named.
        Spec::Subscription(spec) => &repository.typed::<ConsumerSpec>(spec.consumer.as_str())?.spec.tenant,
        _ => &None,
    };
    Some(tenant.as_ref().map(Name::as_str))
}

/// Whose a document is, for people.
fn said(doc: &Doc, tenant: Option<&str>) -> String {
    match (doc.kind, tenant) {
        (Kind::Tenant, _) => format!("this is the Tenant `{}`", doc.name),
        (Kind::Subscription, Some(tenant)) => format!("this Subscription is for a Consumer of the Tenant `{tenant}`"),
        (Kind::Subscription, None) => "this Subscription is for a Consumer of no Tenant".to_owned(),
        (kind, Some(tenant)) => format!("this {kind} is of the Tenant `{tenant}`"),
        (kind, None) => format!("this {kind} is of no Tenant"),
    }
}

/// Policies that a document attaches stand in folders of its tenant, or of none.
fn attachments<'a>(lowering: &mut Lowering<'a>, ownership: &Ownership<'a>, doc: &'a Doc, at: &At<'a>) {
    for (uses, place) in uses(doc) {
        for (index, written) in uses.iter().enumerate() {
            let Some(policy) = lowering.repository.policy(&written.name) else { continue };
            let Some(folder) = folder(lowering, ownership, policy) else { continue };
            let Some(whose) = of(lowering.repository, doc).filter(|whose| *whose != Some(&folder.tenant)) else { continue };
            if !is_declared(lowering, &folder) {
                continue;
            }
            let message = format!("`{}` stands in a folder of `{}`, and {}", written.name, folder.tenant, said(doc, whose));
            let help =
                "attach a policy that stands elsewhere: whoever owns the folder would change what others are under".to_owned();
            told(lowering, place.item(index).below(written.name_pointer()).span(), message, help, &folder, at);
        }
    }
}

/// The lists of policies that a document attaches, and where they stand.
fn uses(doc: &Doc) -> Vec<(&[PolicyUse], At<'_>)> {
    let at = At::spec(doc);
    match &doc.spec {
        Some(Spec::Gateway(spec)) => {
            let selected = spec.attach.iter().enumerate();
            let selected =
                selected.map(|(index, attach)| (attach.policies.as_slice(), at.key("attach").item(index).key("policies")));
            std::iter::once((spec.policies.as_slice(), at.key("policies"))).chain(selected).collect()
        }
        Some(Spec::Tenant(spec)) => vec![(&spec.policies, at.key("policies"))],
        Some(Spec::Product(spec)) => vec![(&spec.policies, at.key("policies"))],
        Some(Spec::Route(spec)) => vec![(&spec.policies, at.key("policies"))],
        _ => Vec::new(),
    }
}

fn told<'a>(lowering: &mut Lowering<'a>, span: Span, message: String, help: String, folder: &Folder, at: &At<'a>) {
    let finding = lowering.error(rules::CONCERNS_ANOTHER_TENANT, span, message);
    let finding = finding.label(at.item(folder.index).key("tenant").span(), "this entry says whose folder it is");
    lowering.push(finding.help(help));
}

#[cfg(test)]
mod tests;
