//! Anybody may spend the provider's money without a limit.

use aigw_kinds::authentication::AuthenticationSpec;
use aigw_kinds::authorization::AuthorizationSpec;
use aigw_kinds::limit::LimitSpec;
use aigw_kinds::model::ModelSpec;
use aigw_kinds::{Mode, Repository};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::{self, Uses};

pub(crate) const ID: RuleId = RuleId { code: "R116", name: "anonymous-paid-route" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for uses in view::routes(repository) {
        let limited = uses
            .policies
            .iter()
            .filter_map(|attached| attached.doc.spec_as::<LimitSpec>())
            .any(|limit| limit.mode == Mode::Enforce);
        if limited || !lets_anybody_in(&uses) || !lets_anybody_act(&uses) {
            continue;
        }
        let serve = &uses.route.spec.serve;
        let http = serve.http.iter().filter(|name| view::destination(repository, name).is_some_and(|to| to.is_paid()));
        let Some(paid) = serve.models.iter().filter(|name| is_paid(repository, name)).chain(http).next() else { continue };
        let place = uses.route.doc.name_span();
        let message = format!("anybody may call `{paid}` through this route, as often as they like, at your provider's price");
        findings.push(Finding::warning(ID, place, message).help("authenticate callers, or attach a Limit `per: ip`"));
    }
}

fn is_paid(repository: &Repository, model: &str) -> bool {
    repository
        .typed::<ModelSpec>(model)
        .is_some_and(|model| view::model_destinations(repository, model.spec).iter().any(|(_, to)| to.is_paid()))
}

fn lets_anybody_in(uses: &Uses<'_>) -> bool {
    let mut policies = uses.policies.iter().filter_map(|attached| attached.doc.spec_as::<AuthenticationSpec>()).peekable();
    uses.route.spec.anonymous || (policies.peek().is_some() && policies.all(|policy| policy.methods.anonymous))
}

/// Whether some rule allows something to callers without any role; rules with conditions are trusted.
fn lets_anybody_act(uses: &Uses<'_>) -> bool {
    let policies = uses.policies.iter().filter_map(|attached| attached.doc.spec_as::<AuthorizationSpec>());
    let mut rules = policies.filter(|policy| policy.mode == Mode::Enforce).flat_map(|policy| &policy.rules);
    uses.route.spec.authorization.is_some()
        || rules.any(|rule| rule.mode == Mode::Enforce && rule.allow.is_some() && rule.roles.is_empty() && rule.when.is_none())
}
