//! What judging can cost: how often one value of a body is looked at, and how that grows with every level.

use std::collections::BTreeMap;

use super::SchemaFault;
use super::walk::Places;

/// How deep bodies nest that a schema judges. It bounds the stack as well.
pub(crate) const MAX_LEVELS: u16 = 64;
/// The most references and combinations inside one another on one level.
const MAX_NESTED: usize = 16;
/// The most schemas that judge one value on its own level.
const MAX_VISITS: usize = 1_000;
/// The most schemas that judge the values along one way through a body of [`MAX_LEVELS`].
const MAX_WORK: usize = 100_000;
/// The most entries of all tables here together.
const MAX_ENTRIES: usize = 500_000;

/// The schemas that judge one value on its own level, and which then judge what is in it.
#[derive(Default)]
struct Level<'v> {
    visits: usize,
    by_name: BTreeMap<&'v str, Vec<usize>>,
    any_member: Vec<usize>,
    items: Vec<usize>,
}

/// Refuses a schema that never gets on, or whose work multiplies from level to level.
pub(super) fn check(places: &Places<'_>) -> Result<(), SchemaFault> {
    let Some(root) = places.find("") else { return Ok(()) };
    let levels = levels(places, root)?;
    let mut work: BTreeMap<usize, usize> = levels.keys().map(|at| (*at, 0)).collect();
    for _ in 0..MAX_LEVELS {
        let deeper =
            |inner: &[usize]| inner.iter().map(|at| work.get(at).copied().unwrap_or_default()).fold(0, usize::saturating_add);
        let next = levels.iter().map(|(at, level)| {
            let any = deeper(&level.any_member);
            let members = level.by_name.values().map(|inner| deeper(inner).saturating_add(any)).max().unwrap_or(any);
            (*at, level.visits.saturating_add(members.max(deeper(&level.items))))
        });
        work = next.collect();
        if let Some(at) = work.iter().find(|(_, work)| **work > MAX_WORK).map(|(at, _)| *at) {
            let message =
                "what this has to judge multiplies with every level of a body: combine schemas so that each value is judged once";
            return Err(SchemaFault::new(pointer(places, at), message));
        }
    }
    Ok(())
}

/// The levels of everything that can be reached.
fn levels<'v>(places: &Places<'v>, root: usize) -> Result<BTreeMap<usize, Level<'v>>, SchemaFault> {
    let (mut levels, mut waiting, mut entries) = (BTreeMap::new(), vec![root], 0_usize);
    while let Some(at) = waiting.pop() {
        if levels.contains_key(&at) {
            continue;
        }
        let mut level = Level::default();
        collect(places, at, 0, &mut level)?;
        let inner = level.by_name.values().flatten().chain(&level.any_member).chain(&level.items);
        waiting.extend(inner.copied());
        entries = entries.saturating_add(level.visits);
        if entries > MAX_ENTRIES {
            return Err(SchemaFault::new(pointer(places, at), "the file combines more schemas than can be judged"));
        }
        levels.insert(at, level);
    }
    Ok(levels)
}

fn collect<'v>(places: &Places<'v>, at: usize, nested: usize, level: &mut Level<'v>) -> Result<(), SchemaFault> {
    let Some(place) = places.all.get(at) else { return Ok(()) };
    level.visits = level.visits.saturating_add(1);
    if nested > MAX_NESTED || level.visits > MAX_VISITS {
        let message = "references and combinations lead on and on, or in a circle, before they reach what is in a value";
        return Err(SchemaFault::new(place.pointer.clone(), message));
    }
    if let Some(target) = place.reference {
        collect(places, target, nested.saturating_add(1), level)?;
    }
    for child in &place.children {
        let Some(inner) = places.find(&child.pointer) else { continue };
        match child.keyword {
            "$defs" | "definitions" => {}
            "properties" => level.by_name.entry(child.name.unwrap_or_default()).or_default().push(inner),
            "patternProperties" | "additionalProperties" | "unevaluatedProperties" | "propertyNames" => {
                level.any_member.push(inner)
            }
            "items" | "prefixItems" | "additionalItems" | "contains" | "unevaluatedItems" => level.items.push(inner),
            _ => collect(places, inner, nested.saturating_add(1), level)?,
        }
    }
    Ok(())
}

fn pointer(places: &Places<'_>, at: usize) -> String {
    places.all.get(at).map(|place| place.pointer.clone()).unwrap_or_default()
}
