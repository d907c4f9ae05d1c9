//! Routes: each policy left out, and each endpoint of those that serve `http`.

use aigw_core::Operation;
use aigw_kinds::authentication::AuthenticationPlan;
use aigw_kinds::authorization::{AuthorizationPlan, Effect};
use aigw_kinds::prompt::PromptPlan;
use aigw_kinds::route::{RoutePlan, ServePlan};
use aigw_kinds::validation::ValidationCheck;
use aigw_kinds::{Mode, Place, PolicySet, RouteId};

use super::authorization::is_unconditional;
use super::validation::is_covered;
use crate::mutation::maker::{Draft, Maker};
use crate::mutation::{Concern, MutantKind};

pub(in crate::mutation) fn make(maker: &mut Maker<'_>) {
    for (id, plan) in (0..).map(RouteId).zip(&maker.program.routes) {
        if !maker.reach.of_route(id).is_empty() {
            let route = Route { id, plan };
            route.authentications(maker);
            route.authorizations(maker);
            route.validations(maker);
            route.limits(maker);
            route.prompts(maker);
            route.endpoints(maker);
        }
    }
}

struct Route<'r> {
    id: RouteId,
    plan: &'r RoutePlan,
}

impl Route<'_> {
    fn authentications(&self, maker: &mut Maker<'_>) {
        let plans = || self.plan.authentication.iter().filter_map(|id| id.of(maker.program));
        let is_alike = |one: &AuthenticationPlan, other: &AuthenticationPlan| {
            let ca = |plan: &AuthenticationPlan| plan.mtls.as_ref().map(|mtls| mtls.ca.clone());
            let alike = one.api_key_headers == other.api_key_headers && one.issuers == other.issuers;
            alike && ca(one) == ca(other) && one.anonymous == other.anonymous
        };
        let decides = |plan: &AuthenticationPlan| plans().filter(|other| is_alike(plan, other)).count() == 1;
        let deciding: Vec<(usize, &AuthenticationPlan)> = plans().enumerate().filter(|(_, plan)| decides(plan)).collect();
        for (at, plan) in deciding {
            let draft = self.without(maker, plan.origin.name.as_str(), plan.origin.place);
            self.changed(maker, draft, move |route| {
                route.authentication.remove(at);
                route.anonymous |= route.authentication.is_empty();
            });
        }
    }

    fn authorizations(&self, maker: &mut Maker<'_>) {
        for (id, plan) in self.plan.authorization().filter_map(|id| Some((id, id.of(maker.program)?))) {
            if decides(plan) || self.plan.authorization().count() > 1 && plan.mode == Mode::Enforce {
                let draft = self.without(maker, plan.origin.name.as_str(), plan.origin.place);
                self.changed(maker, draft, move |route| {
                    sets(route).for_each(|set| set.authorization.retain(|own| *own != id));
                    let unguarded = route.authorization().next().is_none();
                    route.authorization_open |= unguarded;
                });
            }
        }
    }

    fn validations(&self, maker: &mut Maker<'_>) {
        for id in self.plan.validations() {
            let routes = maker.reach.validations.get(id.index()).map_or(0, Vec::len);
            let Some(plan) = id.of(maker.program).filter(|plan| plan.mode == Mode::Enforce) else { continue };
            let operations = maker.reach.of_route(self.id);
            let judged = |check: &&ValidationCheck| operations.iter().any(|operation| check.what.concerns(*operation));
            let deciding =
                plan.checks.iter().filter(judged).filter(|check| !is_covered(maker, self.plan, id, &check.what)).count();
            // Where that is all, it is the same as to drop the check.
            if deciding > 1 || deciding == 1 && routes > 1 {
                let draft = self.without(maker, plan.origin.name.as_str(), plan.origin.place);
                self.changed(maker, draft, move |route| {
                    sets(route).for_each(|set| set.validations.retain(|own| *own != id));
                });
            }
        }
    }

    fn limits(&self, maker: &mut Maker<'_>) {
        for id in self.plan.limits() {
            let routes = maker.reach.limits.get(id.index()).map(Vec::as_slice).unwrap_or_default();
            let Some(plan) = id.of(maker.program).filter(|plan| plan.mode == Mode::Enforce && routes.contains(&self.id)) else {
                continue;
            };
            let rules = plan.rules.iter().filter(|rule| rule.mode == Mode::Enforce).count();
            // Where that is all, it is the same as to drop the rule.
            if rules > 1 || rules == 1 && routes.len() > 1 {
                let draft = self.without(maker, plan.origin.name.as_str(), plan.origin.place);
                self.changed(maker, draft, move |route| {
                    sets(route).for_each(|set| set.limits.retain(|own| *own != id));
                });
            }
        }
    }

    fn prompts(&self, maker: &mut Maker<'_>) {
        if !maker.reach.of_route(self.id).contains(&Operation::Chat) {
            return;
        }
        for used in self.plan.prompts() {
            let routes = maker.reach.prompts.get(used.prompt.index()).map_or(0, Vec::len);
            let Some(plan) = used.prompt.of(maker.program).filter(|plan| plan.mode == Mode::Enforce) else { continue };
            let (parts, id) = (parts(plan), used.prompt);
            if parts > 1 || parts == 1 && routes > 1 {
                let draft = self.without(maker, plan.origin.name.as_str(), plan.origin.place);
                self.changed(maker, Draft { place: used.place, ..draft }, move |route| {
                    sets(route).for_each(|set| set.prompts.retain(|own| own.prompt != id));
                });
            }
        }
    }

    fn endpoints(&self, maker: &mut Maker<'_>) {
        let ServePlan::Http { provider, endpoints, .. } = &self.plan.serve else { return };
        let provider = provider.of(maker.program).map_or("", |plan| plan.origin.name.as_str());
        for (at, endpoint) in endpoints.iter().enumerate().filter(|_| endpoints.len() > 1) {
            let Some(plan) = endpoint.of(maker.program) else { continue };
            let target = format!("{provider}/{}", plan.name);
            let name = format!("the route `{}` is not served by `{target}`", self.name());
            let draft = Draft { mentions: vec![target.clone()], ..self.draft(MutantKind::DropTarget, &target, name) };
            self.changed(maker, draft, move |route| {
                if let ServePlan::Http { endpoints, .. } = &mut route.serve {
                    endpoints.remove(at);
                }
            });
        }
    }

    fn without(&self, maker: &Maker<'_>, policy: &str, place: Place) -> Draft {
        let name = format!("the policy `{policy}` does not apply to the route `{}`", self.name());
        let draft = self.draft(MutantKind::DropPolicy, policy, name);
        Draft { mentions: vec![maker.at(place)], ..draft }
    }

    fn draft(&self, kind: MutantKind, part: &str, name: String) -> Draft {
        let concern = Concern::Routes(vec![self.id]);
        let of = format!("{}/{part}", self.name());
        Draft { kind, of, place: self.plan.origin.place, name, concern, mentions: Vec::new() }
    }

    fn changed(&self, maker: &mut Maker<'_>, draft: Draft, change: impl Fn(&mut RoutePlan) + Send + Sync + 'static) {
        let index = self.id.index();
        maker.add(draft, move |program| program.routes.get_mut(index).into_iter().for_each(&change));
    }

    fn name(&self) -> &str {
        self.plan.origin.name.as_str()
    }
}

fn sets(route: &mut RoutePlan) -> impl Iterator<Item = &mut PolicySet> {
    [&mut route.wider, &mut route.own].into_iter()
}

/// Whether a policy decides anything that an open route would not.
fn decides(plan: &AuthorizationPlan) -> bool {
    let in_force = || plan.rules.iter().filter(|rule| rule.mode == Mode::Enforce);
    let open = in_force().any(|rule| rule.effect == Effect::Allow && is_unconditional(rule));
    plan.mode == Mode::Enforce && (!open || in_force().any(|rule| rule.effect == Effect::Deny))
}

/// How much of a prompt is a mutant of its own.
fn parts(plan: &PromptPlan) -> usize {
    let messages = plan.versions.iter().map(|version| version.messages.len().saturating_sub(1)).sum::<usize>();
    messages.saturating_add(plan.set.len()).saturating_add(plan.default.len()).saturating_add(plan.cap.len())
}
