//! Stickiness with nothing to stick to, or the same for everybody.

use std::collections::BTreeMap;

use aigw_expr::{Scope, Type, ValueExpr};
use aigw_kinds::Repository;
use aigw_kinds::model::ModelSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "R114", name: "sticky-without-effect" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for model in repository.all::<ModelSpec>() {
        let Some(sticky) = &model.spec.sticky else { continue };
        let (pointer, message, help) = if has_one_place_each(repository, model.spec) {
            (
                "/spec/sticky",
                "no two targets share a priority, so there is nothing to keep a caller on",
                "remove it, or give targets the same priority",
            )
        } else if ValueExpr::compile(&sticky.expr, Scope::Call, Type::Any).is_ok_and(|expression| expression.is_constant()) {
            (
                "/spec/sticky/expr",
                "this is the same for every request, so all of them stay on one target",
                "name what tells callers or conversations apart, such as `identity.consumer`",
            )
        } else {
            continue;
        };
        findings.push(Finding::warning(ID, model.doc.locate(pointer), message).help(help));
    }
}

/// Whether each priority leads to one place only; `false` where a target is unknown.
fn has_one_place_each(repository: &Repository, model: &ModelSpec) -> bool {
    let destinations = view::model_destinations(repository, model);
    let mut places: BTreeMap<u32, usize> = BTreeMap::new();
    for (target, to) in &destinations {
        let count = places.entry(target.priority).or_default();
        *count = count.saturating_add(to.places());
    }
    destinations.len() == model.targets.len() && places.values().all(|count| *count <= 1)
}
