//! Validations: checks dropped, bounds doubled, networks opened.

use aigw_core::ByteSize;
use aigw_kinds::route::RoutePlan;
use aigw_kinds::validation::{CheckKind, ValidationCheck, ValidationPlan};
use aigw_kinds::{Mode, RouteId, ValidationId};

use crate::mutation::maker::{Draft, Maker};
use crate::mutation::{Concern, MutantKind};

pub(in crate::mutation) fn make(maker: &mut Maker<'_>) {
    for (id, plan) in (0..).map(ValidationId).zip(&maker.program.validations) {
        let routes = maker.reach.validations.get(id.index()).cloned().unwrap_or_default();
        if plan.mode != Mode::Enforce {
            continue;
        }
        for (index, check) in plan.checks.iter().enumerate() {
            let deciding: Vec<RouteId> = routes.iter().copied().filter(|route| decides(maker, *route, id, &check.what)).collect();
            if !deciding.is_empty() {
                Check { id, index, plan, check, routes: deciding }.make(maker);
            }
        }
    }
}

struct Check<'r> {
    id: ValidationId,
    index: usize,
    plan: &'r ValidationPlan,
    check: &'r ValidationCheck,
    /// Where nothing else refuses the same.
    routes: Vec<RouteId>,
}

impl Check<'_> {
    fn make(&self, maker: &mut Maker<'_>) {
        let (id, index) = (self.id, self.index);
        let name = format!("`{}` is not judged", self.name());
        maker.add(self.draft(MutantKind::DropRule, "", name), move |program| {
            if let Some(plan) = program.validations.get_mut(id.index()) {
                plan.checks.remove(index);
            }
        });
        match &self.check.what {
            CheckKind::Body(most) => {
                let doubled = ByteSize::new(most.as_bytes().saturating_mul(2));
                self.doubled(maker, doubled, CheckKind::Body(doubled));
            }
            CheckKind::JsonDepth(most) => {
                self.doubled(maker, most.saturating_mul(2), CheckKind::JsonDepth(most.saturating_mul(2)))
            }
            CheckKind::Messages(most) => self.doubled(maker, most.saturating_mul(2), CheckKind::Messages(most.saturating_mul(2))),
            CheckKind::Addresses { allow, deny } if !allow.is_empty() && !deny.is_empty() => {
                let (all, none) = (allow.clone(), deny.clone());
                self.widened(maker, "allow", "every address", CheckKind::Addresses { allow: Vec::new(), deny: none });
                self.widened(maker, "deny", "every allowed address", CheckKind::Addresses { allow: all, deny: Vec::new() });
            }
            CheckKind::Signatures(classes) if classes.len() > 1 => {
                for class in classes {
                    let others = classes.iter().copied().filter(|other| other != class).collect();
                    let word = class.as_str();
                    self.widened(maker, word, &format!("what looks like `{word}`"), CheckKind::Signatures(others));
                }
            }
            _ => {}
        }
    }

    fn doubled(&self, maker: &mut Maker<'_>, to: impl std::fmt::Display, what: CheckKind) {
        let draft = self.draft(MutantKind::DoubleInput, "", format!("`{}` takes up to {to}", self.name()));
        self.changed(maker, draft, what);
    }

    fn widened(&self, maker: &mut Maker<'_>, part: &str, takes: &str, what: CheckKind) {
        let draft = self.draft(MutantKind::WidenRule, &format!("/{part}"), format!("`{}` takes {takes}", self.name()));
        self.changed(maker, draft, what);
    }

    fn changed(&self, maker: &mut Maker<'_>, draft: Draft, what: CheckKind) {
        let (id, index) = (self.id, self.index);
        maker.add(draft, move |program| {
            if let Some(check) = program.validations.get_mut(id.index()).and_then(|plan| plan.checks.get_mut(index)) {
                check.what.clone_from(&what);
            }
        });
    }

    fn draft(&self, kind: MutantKind, part: &str, name: String) -> Draft {
        let of = format!("{}{part}", self.name());
        let concern = Concern::Routes(self.routes.clone());
        Draft { kind, of, place: self.check.place, name, concern, mentions: Vec::new() }
    }

    fn name(&self) -> String {
        format!("{}/{}", self.plan.origin.name, self.check.what.key())
    }
}

/// Whether a check can decide anything about the requests of a route.
fn decides(maker: &Maker<'_>, route: RouteId, id: ValidationId, what: &CheckKind) -> bool {
    let mut operations = maker.reach.of_route(route).iter();
    let judged = operations.any(|operation| what.concerns(*operation));
    judged && route.of(maker.program).is_some_and(|plan| !is_covered(maker, plan, id, what))
}

/// Whether another validation of the route, or what every model takes, refuses the same.
pub(super) fn is_covered(maker: &Maker<'_>, route: &RoutePlan, id: ValidationId, what: &CheckKind) -> bool {
    use aigw_kinds::route::ServePlan;
    let is_json =
        |types: &[String]| types.iter().any(|written| matches!(written.as_str(), "application/json" | "application/*" | "*/*"));
    if matches!((what, &route.serve), (CheckKind::ContentTypes(types), ServePlan::Models { .. }) if is_json(types)) {
        return true;
    }
    let others = route.validations().filter(|other| *other != id).filter_map(|other| other.of(maker.program));
    others.filter(|plan| plan.mode == Mode::Enforce).flat_map(|plan| &plan.checks).any(|other| match (what, &other.what) {
        (CheckKind::Body(own), CheckKind::Body(theirs)) => theirs <= own,
        (CheckKind::JsonDepth(own), CheckKind::JsonDepth(theirs)) => theirs <= own,
        (CheckKind::Messages(own), CheckKind::Messages(theirs)) => theirs <= own,
        (own, theirs) => own == theirs,
    })
}
