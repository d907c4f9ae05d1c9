//! A tenant: from as written to as compiled.

mod claims;

use crate::authentication::claim_rules;
use crate::gateway::Attached;
use crate::limit::LimitSpec;
use crate::lower::uses::{PolicyInUse, policy_set};
use crate::lower::{At, Lowering};
use crate::route::RouteSpec;
use crate::tenant::{TenantPlan, TenantSpec};
use crate::{Kind, Typed, rules};

pub(crate) use claims::check as check_claims;

/// Lowers one tenant.
pub(crate) fn lower<'a>(
    lowering: &mut Lowering<'a>,
    typed: Typed<'a, TenantSpec>,
    attached: &Attached<'a>,
) -> Option<TenantPlan> {
    let Typed { doc, spec } = typed;
    let at = At::spec(doc);
    let uses = lowering.policy_uses(&spec.policies, &at.key("policies"));
    let mut policies = Vec::new();
    for policy in uses.found {
        if !refuse_authentication(lowering, &policy, Kind::Tenant) && !stands_wider(lowering, &policy, attached) {
            check_counters(lowering, &policy, attached);
            policies.push(policy);
        }
    }
    let claims = claim_rules(lowering, &spec.claims, &at.key("claims"));
    Some(TenantPlan {
        origin: lowering.origin(doc)?,
        labels: doc.labels.clone(),
        claims,
        require: spec.require.provider.clone(),
        policies: policy_set(&policies),
    })
}

/// Who a caller is must be known before it is known which tenant's or product's policies apply.
pub(crate) fn refuse_authentication<'a>(lowering: &mut Lowering<'a>, policy: &PolicyInUse<'a>, by: Kind) -> bool {
    if policy.doc.kind != Kind::Authentication {
        return false;
    }
    let message = format!("`{}` is an Authentication, and callers of a {by} are known by then", policy.doc.name);
    lowering.unfit(policy.at.span(), message, "attach it to the Gateway or to routes");
    true
}

/// Whether the Gateway gives a policy to every route, so that it would do nothing here.
fn stands_wider<'a>(lowering: &mut Lowering<'a>, policy: &PolicyInUse<'a>, attached: &Attached<'a>) -> bool {
    let name = &policy.doc.name;
    let Some(earlier) = attached.everywhere.found.iter().find(|earlier| earlier.doc.name == *name) else { return false };
    if lowering.repository.all::<RouteSpec>().any(|route| route.spec.detach.iter().any(|detach| detach.policy == *name)) {
        return false;
    }
    let message = format!("the Gateway gives every route `{name}` already");
    let finding = lowering.error(rules::DUPLICATE_NAME, policy.at.span(), message).label(earlier.at.span(), "here");
    lowering.push(finding.help("remove one of them"));
    true
}

/// A limit that counts nothing of the caller is one counter elsewhere and one for each tenant here: it cannot be both.
fn check_counters<'a>(lowering: &mut Lowering<'a>, policy: &PolicyInUse<'a>, attached: &Attached<'a>) {
    if policy.doc.spec_as::<LimitSpec>().is_none_or(LimitSpec::counts_callers) {
        return;
    }
    let name = &policy.doc.name;
    let global = attached.everywhere.found.iter().chain(attached.selected.iter().flat_map(|(_, uses)| &uses.found));
    let elsewhere = global.filter(|other| other.doc.name == *name).map(|other| other.at.span()).next();
    let repository = lowering.repository;
    let on_routes = || {
        let routes = repository.all::<RouteSpec>();
        routes.into_iter().find_map(|route| {
            let index = route.spec.policies.iter().position(|used| used.name == *name)?;
            Some(At::spec(route.doc).key("policies").item(index).span())
        })
    };
    if let Some(span) = elsewhere.or_else(on_routes) {
        let message = format!("`{name}` would count for this tenant alone here, and for all callers together elsewhere");
        let finding = lowering.error(rules::INVALID_COMBINATION, policy.at.span(), message).label(span, "where all share it");
        lowering.push(finding.help("write two Limits, or add `tenant` to its `per`"));
    }
}

#[cfg(test)]
mod tests;
