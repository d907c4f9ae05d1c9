//! The last pass over a built tree: duplicate keys are reported and dropped, `<<` merges are applied.

use std::collections::HashMap;

use crate::finding::Finding;
use crate::rules;
use crate::sources::Span;
use crate::tree::{Entry, Node, NodeKind};

/// Settles every mapping of a document.
pub(crate) fn settle(root: &mut Node, faults: &mut Vec<Finding>) {
    node(root, true, faults);
}

/// `report` is off inside an alias: its definition was looked at where it stands.
fn node(node: &mut Node, report: bool, faults: &mut Vec<Finding>) {
    let report = report && node.used_at.is_none();
    match &mut node.kind {
        NodeKind::Scalar { .. } => {}
        NodeKind::Seq(items) => items.iter_mut().for_each(|item| self::node(item, report, faults)),
        NodeKind::Map(entries) => {
            entries.iter_mut().for_each(|entry| self::node(&mut entry.value, report, faults));
            let mut found = Vec::new();
            map(entries, &mut found);
            faults.extend(found.into_iter().filter(|_| report));
        }
    }
}

fn map(entries: &mut Vec<Entry>, faults: &mut Vec<Finding>) {
    drop_duplicates(entries, faults);
    if let Some(at) = entries.iter().position(is_merge) {
        let merge = entries.remove(at);
        let merged = merged(merge, entries, faults);
        entries.splice(at..at, merged);
    }
}

const MERGE: &str = "<<";

/// In quotes it is a key like any other, and its span is longer.
fn is_merge(entry: &Entry) -> bool {
    entry.key == MERGE && entry.key_span.range().len() == MERGE.len()
}

/// Below this many keys comparing each with each is quicker than hashing.
const FEW: usize = 12;

fn drop_duplicates(entries: &mut Vec<Entry>, faults: &mut Vec<Finding>) {
    if !has_duplicates(entries) {
        return;
    }
    let mut first: HashMap<String, Span> = HashMap::new();
    entries.retain(|entry| match first.get(&entry.key) {
        None => {
            first.insert(entry.key.clone(), entry.key_span);
            true
        }
        Some(&first) => {
            faults.push(duplicate(entry, first));
            false
        }
    });
}

fn has_duplicates(entries: &[Entry]) -> bool {
    if entries.len() <= FEW {
        let mut rest = entries.iter();
        while let Some(entry) = rest.next() {
            if rest.as_slice().iter().any(|other| other.key == entry.key) {
                return true;
            }
        }
        return false;
    }
    let mut keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    keys.sort_unstable();
    keys.array_windows().any(|[a, b]| a == b)
}

fn duplicate(entry: &Entry, first: Span) -> Finding {
    let help = if is_merge(entry) {
        "merge several mappings with one list: `<<: [*a, *b]`"
    } else {
        "remove one of them, or join their values"
    };
    Finding::error(rules::DUPLICATE_KEY, entry.key_span, format!("`{}` stands twice in this mapping", shorten(&entry.key)))
        .here("again here")
        .label(first, "first here")
        .help(help)
}

/// The entries a `<<` brings that are not there already; what is nearer wins, as the merge key's specification says
/// (yaml.org/type/merge.html).
fn merged(merge: Entry, own: &[Entry], faults: &mut Vec<Finding>) -> Vec<Entry> {
    let mut present: HashMap<String, Span> = own.iter().map(|entry| (entry.key.clone(), entry.key_span)).collect();
    let mut result = Vec::new();
    for source in sources(merge, faults) {
        let used_at = source.used_at;
        let NodeKind::Map(entries) = source.kind else { continue };
        for mut entry in entries {
            if let Some(&winner) = present.get(&entry.key) {
                faults.push(overridden(&entry, winner, used_at));
                continue;
            }
            present.insert(entry.key.clone(), entry.key_span);
            entry.value.used_at = entry.value.used_at.or(used_at);
            result.push(entry);
        }
    }
    result
}

/// The mappings to merge, the strongest first; anything else is reported.
fn sources(merge: Entry, faults: &mut Vec<Finding>) -> Vec<Node> {
    let nodes = match merge.value.kind {
        NodeKind::Seq(items) => items,
        kind => vec![Node { kind, ..merge.value }],
    };
    let (maps, others): (Vec<_>, Vec<_>) = nodes.into_iter().partition(Node::is_map);
    faults.extend(others.iter().map(|other| {
        Finding::error(rules::WRONG_TYPE, other.used_at.unwrap_or(other.span), "`<<` merges mappings only")
            .help("name an anchored mapping: `<<: *name`; put `<<` in quotes if it is a key of yours")
    }));
    maps
}

fn overridden(entry: &Entry, winner: Span, used_at: Option<Span>) -> Finding {
    let message = format!("`{}` replaces the value that `<<` would bring", shorten(&entry.key));
    let mut finding = Finding::warning(rules::MERGE_OVERRIDES, winner, message)
        .label(entry.key_span, "the value that is lost")
        .help("leave the key out of one of the two, so that the value stands in one place");
    if let Some(span) = used_at {
        finding = finding.label(span, "merged here");
    }
    finding
}

/// Input in a message is cut at this many characters: a message is one line.
const SHOWN: usize = 60;

/// Input as a message shows it: one line, not too long.
pub(crate) fn shorten(text: &str) -> String {
    let line: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.len() < text.len() { line + "…" } else { line }
}

#[cfg(test)]
mod tests;
