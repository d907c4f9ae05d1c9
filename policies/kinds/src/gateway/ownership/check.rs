//! Whether every document stands where its owner may write it.

use std::collections::{BTreeMap, BTreeSet};

use aigw_source::rules::INVALID_VALUE;
use aigw_source::{FileId, Span};

use super::owner::{captures_in, filled, is_owner};
use super::{Decided, Ownership};
use crate::gateway::OwnershipSpec;
use crate::lower::uses::with_article;
use crate::lower::{At, Lowering, listed};
use crate::{Kind, rules};

/// Checks the entries, then every file against the entry that decides for it.
pub(crate) fn check<'a>(lowering: &mut Lowering<'a>, specs: &'a [OwnershipSpec], at: &At<'a>) {
    let mut sound = true;
    for (index, spec) in specs.iter().enumerate() {
        sound &= entry(lowering, spec, &at.item(index));
    }
    // Without entries there is nothing to stand in the wrong place of.
    let Some(ownership) = Ownership::of(specs).filter(|_| sound && !specs.is_empty()) else { return };
    files(lowering, &ownership, at);
    documents(lowering, &ownership, at);
    super::tenants::check(lowering, &ownership, at);
}

/// What an entry says of itself: a path, kinds and owners that can be.
fn entry<'a>(lowering: &mut Lowering<'a>, spec: &'a OwnershipSpec, at: &At<'a>) -> bool {
    let pattern = match spec.path.parse::<super::PathPattern>() {
        Ok(pattern) => pattern,
        Err(why) => {
            let help = "write a path relative to the policy folder, such as `tenants/{tenant}/**`";
            lowering.refuse(INVALID_VALUE, at.key("path").span(), why, help);
            return false;
        }
    };
    let mut kinds = BTreeSet::new();
    for (index, kind) in spec.kinds.iter().enumerate() {
        if !kinds.insert(*kind) {
            let message = format!("`{kind}` stands twice in this list");
            lowering.refuse(rules::DUPLICATE_NAME, at.key("kinds").item(index).span(), message, "remove one of them");
        }
    }
    let names: Vec<&str> = pattern.names().collect();
    let mut sound = true;
    for (index, owner) in spec.owners.iter().enumerate() {
        let span = at.key("owners").item(index).span();
        sound &= known(lowering, owner, &names, span) && form(lowering, owner, &names, span);
    }
    if let Some(tenant) = &spec.tenant {
        sound &= known(lowering, tenant, &names, at.key("tenant").span());
        if captures_in(tenant).is_ok_and(|names| names.is_empty()) {
            lowering.reference(Kind::Tenant, tenant, &at.key("tenant"));
        }
    }
    sound
}

/// Whether the captures that a text names are in the path.
fn known(lowering: &mut Lowering<'_>, text: &str, names: &[&str], span: Span) -> bool {
    let Ok(used) = captures_in(text) else {
        let message = format!("the braces in `{text}` hold no name of a capture");
        lowering.refuse(INVALID_VALUE, span, message, "write `{name}` as it stands in `path`");
        return false;
    };
    let missing = used.into_iter().find(|name| !names.contains(name));
    if let Some(name) = missing {
        let message = format!("the path has no capture `{name}`");
        lowering.unknown(rules::UNKNOWN_REFERENCE, span, message, name, names.iter().copied());
    }
    missing.is_none()
}

fn form(lowering: &mut Lowering<'_>, owner: &str, names: &[&str], span: Span) -> bool {
    let stand_ins: Vec<(&str, &str)> = names.iter().map(|name| (*name, "x")).collect();
    let sound = is_owner(&filled(owner, &stand_ins));
    if !sound {
        let help = "write `@user`, `@organisation/team` or an e-mail address";
        lowering.refuse(INVALID_VALUE, span, format!("`{owner}` is not an owner"), help);
    }
    sound
}

/// Every file has owners, those that hold tests as well.
fn files<'a>(lowering: &mut Lowering<'a>, ownership: &Ownership<'a>, at: &At<'a>) {
    let sources = lowering.sources;
    let read: BTreeMap<&str, FileId> = sources.iter().map(|(id, file)| (file.path.as_str(), id)).collect();
    for path in lowering.repository.paths(sources) {
        let file = read.get(path).copied();
        // Tests are not among the sources here; that the list lacks an entry for them is told where the list stands.
        let span = file.map_or(at.key_span(), |file| Span::point(file, 0));
        match ownership.decide(path) {
            None => {
                let finding =
                    lowering.error(rules::FILE_WITHOUT_OWNER, span, format!("no entry of `ownership` is about `{path}`"));
                let finding = if file.is_some() { finding.label(at.key_span(), "the entries") } else { finding };
                lowering.push(finding.help("move the file, or end the list with `{path: \"**\", owners: […]}`"));
            }
            Some(decided) => owners(lowering, path, span, &decided, at),
        }
    }
}

/// Owners that take their names from the path must be owners then.
fn owners<'a>(lowering: &mut Lowering<'a>, path: &str, span: Span, decided: &Decided<'_, '_>, at: &At<'a>) {
    for (index, owner) in decided.entry.spec.owners.iter().enumerate() {
        let filled = filled(owner, &decided.captures);
        if !is_owner(&filled) {
            let message = format!("`{path}` would be owned by `{filled}`, which is not an owner");
            let finding = lowering.error(rules::FILE_WITHOUT_OWNER, span, message);
            let finding = finding.label(at.item(decided.index).key("owners").item(index).span(), "written here");
            lowering.push(finding.help("name folders as users or teams are named: letters, digits and `-`"));
        }
    }
}

/// Every document is of a kind that may stand there.
fn documents<'a>(lowering: &mut Lowering<'a>, ownership: &Ownership<'a>, at: &At<'a>) {
    for doc in &lowering.repository.documents {
        let path = lowering.sources.file(doc.file()).path.as_str();
        let Some(decided) = ownership.decide(path) else { continue };
        let kinds = &decided.entry.spec.kinds;
        if !kinds.is_empty() && !kinds.contains(&doc.kind) {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
            let message = format!("{} may not stand in `{path}`: its owners write {}", with_article(doc.kind), listed(&names));
            let finding = lowering.error(rules::OUTSIDE_ITS_FOLDER, doc.locate("/kind"), message);
            let finding = finding.label(at.item(decided.index).key("kinds").span(), "this entry decides, as the first that fits");
            lowering.push(finding.help("move the document to a folder whose owners may write it"));
        }
    }
}
