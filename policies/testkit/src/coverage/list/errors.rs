//! The errors that these policies can produce for a client: those that follow from what is written, not those that any request can meet.

use std::collections::BTreeSet;

use aigw_core::ErrorCode;
use aigw_kinds::authentication::{AuthenticationPlan, IssuerPlan};
use aigw_kinds::authorization::Effect;
use aigw_kinds::consumer::KeyPlan;
use aigw_kinds::limit::LimitKind;
use aigw_kinds::model::ModelPlan;
use aigw_kinds::prompt::PromptValue;
use aigw_kinds::provider::{ProviderPlan, WirePlan};
use aigw_kinds::route::{HostPattern, MatchRow, PathPattern, RoutePlan, ServePlan};
use aigw_kinds::validation::CheckKind;
use aigw_kinds::{Mode, Place, Program, TenantId};

use super::Lister;
use super::reach::{Asked, Reach, Rule};
use crate::coverage::point::{Outcome, PointKind};

/// Ways of an upstream to fail. Policies decide the same about all: what is tried again, and where.
const UPSTREAM: [ErrorCode; 6] = [
    ErrorCode::UpstreamUnreachable,
    ErrorCode::UpstreamTimeout,
    ErrorCode::UpstreamError,
    ErrorCode::UpstreamAuthFailed,
    ErrorCode::UpstreamRateLimited,
    ErrorCode::UpstreamInvalidAnswer,
];

/// What comes from outside the engine, or from no request of a test.
const OUTSIDE: [ErrorCode; 6] = [
    ErrorCode::Draining,
    ErrorCode::NotReady,
    ErrorCode::TooManyConnections,
    ErrorCode::InternalError,
    ErrorCode::ExpressionFailed,
    ErrorCode::RequestTimeout,
];

impl Lister<'_> {
    pub(super) fn errors(&mut self, reach: &Reach<'_>) {
        let program = self.program;
        let gateway = &program.gateway;
        let access = [
            (ErrorCode::AddressLimited, gateway.bounds.requests_per_address.map(|rate| rate.place)),
            (ErrorCode::RouteNotFound, unmatched(program)),
            (ErrorCode::Overloaded, gateway.load.map(|load| load.place)),
            (
                ErrorCode::MissingApiKey,
                authentication(program, |plan| !plan.anonymous && !is_by_certificate_only(plan) && !takes_tokens(plan)),
            ),
            (ErrorCode::MissingCredentials, authentication(program, |plan| !plan.anonymous && takes_tokens(plan))),
            (ErrorCode::TokenInvalid, authentication(program, takes_tokens)),
            (ErrorCode::TokenClaims, issuer(program, |issuer| !issuer.require.is_empty())),
            (ErrorCode::TokenUndeclared, issuer(program, |issuer| issuer.undeclared.is_none())),
            (ErrorCode::TenantMismatch, mismatch(program)),
            (ErrorCode::InvalidApiKey, authentication(program, reads_keys)),
            (ErrorCode::MissingCertificate, authentication(program, |plan| !plan.anonymous && is_by_certificate_only(plan))),
            (ErrorCode::UnknownCertificate, authentication(program, |plan| plan.mtls.is_some())),
            (ErrorCode::ApiKeyNotYetValid, key(program, |key| key.not_before.is_some())),
            (ErrorCode::ApiKeyExpired, key(program, |key| key.not_after.is_some())),
            (ErrorCode::NotAuthorized, unauthorized(program, reach)),
            (ErrorCode::ModelNotAllowed, late_rule(program, reach)),
            (ErrorCode::ModelNotFound, unnamed_model(program)),
            (ErrorCode::RateLimited, limit(program, |kind| matches!(kind, LimitKind::Requests { .. }))),
            (ErrorCode::ConcurrencyLimited, limit(program, |kind| matches!(kind, LimitKind::Concurrency { .. }))),
            (ErrorCode::AddressNotAllowed, input(program, |check| matches!(check, CheckKind::Addresses { .. }))),
            (ErrorCode::UnsupportedMediaType, input(program, |check| matches!(check, CheckKind::ContentTypes(_)))),
            (ErrorCode::BodyTooLarge, input(program, |check| matches!(check, CheckKind::Body(_)))),
            (ErrorCode::JsonTooDeep, input(program, |check| matches!(check, CheckKind::JsonDepth(_)))),
            (ErrorCode::TooManyMessages, input(program, |check| matches!(check, CheckKind::Messages(_)))),
            (ErrorCode::SchemaMismatch, input(program, |check| matches!(check, CheckKind::Schema { .. }))),
            (ErrorCode::AttackSignature, input(program, |check| matches!(check, CheckKind::Signatures(_)))),
            (ErrorCode::PromptParameterInvalid, computed_prompt(program)),
            (ErrorCode::NoTarget, targetless(program)),
        ];
        for (code, place) in access {
            if let Some(place) = place {
                self.error(code.as_str(), &[code], place);
            }
        }
        if let Some(place) = upstream(program) {
            self.error("upstream_…", &UPSTREAM, place);
        }
        self.overrides();
    }

    /// A code to which the gateway gives a face of its own, whatever leads to it.
    fn overrides(&mut self) {
        let program = self.program;
        for written in program.gateway.errors.iter().filter(|written| !OUTSIDE.contains(&written.code)) {
            let name = written.code.as_str();
            if !self.list.points.iter().any(|point| point.kind == PointKind::Error && point.name == name) {
                self.error(name, &[written.code], written.place);
            }
        }
    }

    fn error(&mut self, name: &str, codes: &[ErrorCode], place: Place) {
        let written = self.program.gateway.errors.iter().find(|written| codes == [written.code]);
        let point = self.add(PointKind::Error, name, Outcome::Told, written.map_or(place, |written| written.place));
        for code in codes {
            self.list.errors.entry(*code).or_default().push(point);
        }
    }
}

/// The first route, unless some row takes every request.
fn unmatched(program: &Program) -> Option<Place> {
    let first = program.routes.first()?;
    (!program.matches.iter().any(takes_all)).then_some(first.origin.place)
}

fn takes_all(row: &MatchRow) -> bool {
    let everywhere = row.host == HostPattern::Any
        && matches!(&row.path, PathPattern::Prefix(prefix) if prefix.trim_end_matches('/').is_empty());
    everywhere && row.methods.is_empty() && row.headers.is_empty() && row.query.is_empty() && row.when.is_none()
}

fn reads_keys(plan: &AuthenticationPlan) -> bool {
    !plan.api_key_headers.is_empty()
}

fn is_by_certificate_only(plan: &AuthenticationPlan) -> bool {
    plan.mtls.is_some() && !reads_keys(plan) && !takes_tokens(plan)
}

fn takes_tokens(plan: &AuthenticationPlan) -> bool {
    !plan.issuers.is_empty()
}

/// The first issuer in use of which this holds.
fn issuer(program: &Program, is: impl Fn(&IssuerPlan) -> bool) -> Option<Place> {
    let used = program.routes.iter().flat_map(|route| &route.authentication).filter_map(|id| id.of(program));
    let mut issuers = used.flat_map(|plan| &plan.issuers).filter_map(|id| id.of(program));
    issuers.find(|plan| is(plan)).map(|plan| plan.place)
}

/// The first tenant whose claims the token of somebody declared as another's, or as none's, may have.
fn mismatch(program: &Program) -> Option<Place> {
    issuer(program, |_| true)?;
    let consumers = program.consumers.iter().filter(|consumer| !consumer.tokens.is_empty()).map(|consumer| consumer.tenant);
    let undeclared = program.issuers.iter().filter_map(|issuer| issuer.undeclared.as_ref()?.tenant).map(Some);
    let declared: BTreeSet<Option<TenantId>> = consumers.chain(undeclared).collect();
    let mut claiming = (0_u32..).map(TenantId).zip(&program.tenants).filter(|(_, tenant)| !tenant.claims.is_empty());
    claiming.find(|(id, _)| declared.iter().any(|own| *own != Some(*id))).map(|(_, tenant)| tenant.origin.place)
}

/// The first policy in use of which this holds.
fn authentication(program: &Program, is: impl Fn(&AuthenticationPlan) -> bool) -> Option<Place> {
    let used = program.routes.iter().flat_map(|route| &route.authentication).filter_map(|id| id.of(program));
    let mut found = used.filter(|plan| is(plan));
    found.next().map(|plan| plan.origin.place)
}

/// The first key of which this holds, where keys are read.
fn key(program: &Program, is: impl Fn(&KeyPlan) -> bool) -> Option<Place> {
    authentication(program, reads_keys)?;
    let mut keys = program.consumers.iter().flat_map(|consumer| &consumer.keys);
    keys.find(|key| is(key)).map(|key| key.place)
}

/// The rules in force of a route.
fn rules<'r>(program: &'r Program, reach: &'r Reach<'_>, asked: &'r Asked<'_>) -> impl Iterator<Item = &'r Rule<'r>> {
    let policies = asked
        .policies()
        .flat_map(|set| &set.authorization)
        .filter(|id| id.of(program).is_some_and(|plan| plan.mode == Mode::Enforce));
    policies.filter_map(|id| reach.rules.get(id.index())).flatten().filter(|rule| rule.plan.mode == Mode::Enforce)
}

/// The first policy of a route on which the authorize phase can refuse: a rule denies, or it is not sure that one allows.
fn unauthorized(program: &Program, reach: &Reach<'_>) -> Option<Place> {
    let refuses = |asked: &&Asked<'_>| {
        let denies = |rule: &Rule<'_>| rule.plan.effect == Effect::Deny && !rule.late && asked.may_concern(rule);
        // A rule about models may allow until the model is known.
        let lets_on = |rule: &Rule<'_>| if rule.late { asked.always_concerns(rule) } else { asked.always_applies(rule) };
        let allows = |rule: &Rule<'_>| rule.plan.effect == Effect::Allow && asked.judges(rule) && lets_on(rule);
        rules(program, reach, asked).any(denies) || !rules(program, reach, asked).any(allows)
    };
    let asked = reach.asked.iter().filter(|asked| asked.route.authorization().next().is_some()).find(refuses)?;
    asked.route.authorization().next()?.of(program).map(|plan| plan.origin.place)
}

/// The first rule that makes it depend on the model whether a request passes.
fn late_rule(program: &Program, reach: &Reach<'_>) -> Option<Place> {
    reach.asked.iter().filter(|asked| asked.has_model()).find_map(|asked| {
        let allows = |rule: &Rule<'_>| rule.plan.effect == Effect::Allow && asked.always_applies(rule);
        let all_pass = rules(program, reach, asked).any(allows);
        let refuses = |rule: &&Rule<'_>| rule.late && asked.may_concern(rule) && (!all_pass || rule.plan.effect == Effect::Deny);
        rules(program, reach, asked).find(refuses).map(|rule| rule.plan.place)
    })
}

fn serving_models(program: &Program) -> impl Iterator<Item = (&RoutePlan, Vec<&ModelPlan>)> {
    program.routes.iter().filter_map(|route| match &route.serve {
        ServePlan::Models { models, .. } => Some((route, models.iter().filter_map(|id| id.of(program)).collect())),
        ServePlan::Http { .. } => None,
    })
}

/// The first route that does not serve every name.
fn unnamed_model(program: &Program) -> Option<Place> {
    let takes_any = |models: &[&ModelPlan]| models.iter().any(|model| model.names.iter().any(|name| name == "*"));
    serving_models(program).find(|(_, models)| !takes_any(models)).map(|(route, _)| route.origin.place)
}

/// The first rule in force and in use that counts this.
fn limit(program: &Program, counts: impl Fn(&LimitKind) -> bool) -> Option<Place> {
    let used = program.routes.iter().flat_map(RoutePlan::limits).filter_map(|id| id.of(program));
    let mut rules = used.filter(|plan| plan.mode == Mode::Enforce).flat_map(|plan| &plan.rules);
    rules.find(|rule| rule.mode == Mode::Enforce && counts(&rule.what)).map(|rule| rule.place)
}

/// The first thing in force and in use that is judged so.
fn input(program: &Program, is: impl Fn(&CheckKind) -> bool) -> Option<Place> {
    let used = program.routes.iter().flat_map(|route| route.validations()).filter_map(|id| id.of(program));
    let mut checks = used.filter(|plan| plan.mode == Mode::Enforce).flat_map(|plan| &plan.checks);
    checks.find(|check| is(&check.what)).map(|check| check.place)
}

/// The first use of a prompt with a value that is computed from requests.
fn computed_prompt(program: &Program) -> Option<Place> {
    let mut uses = program.routes.iter().flat_map(RoutePlan::prompts);
    let enforced = |id: aigw_kinds::PromptId| id.of(program).is_some_and(|prompt| prompt.mode == Mode::Enforce);
    let computed = |value: &PromptValue| matches!(value, PromptValue::Expr(_));
    uses.find(|used| enforced(used.prompt) && used.with.iter().any(|(_, value)| computed(value))).map(|used| used.place)
}

/// The first model that conditions can leave without any target, its fallbacks included.
fn targetless(program: &Program) -> Option<Place> {
    let conditional = |model: &ModelPlan| model.targets.iter().all(|target| target.when.is_some());
    let mut models = serving_models(program).flat_map(|(_, models)| models);
    let all = |model: &&ModelPlan| conditional(model) && model.fallback.iter().filter_map(|id| id.of(program)).all(conditional);
    models.find(all).map(|model| model.origin.place)
}

/// The first target, or else the first route that serves `http`, that is not the built-in stand-in: that one never fails.
fn upstream(program: &Program) -> Option<Place> {
    let is_real = |provider: Option<&ProviderPlan>| provider.is_some_and(|provider| !matches!(provider.wire, WirePlan::Mock(_)));
    let mut targets = serving_models(program).flat_map(|(_, models)| models).flat_map(|model| &model.targets);
    let target = targets.find(|target| is_real(target.provider.of(program))).map(|target| target.place);
    let mut routes = program.routes.iter();
    target.or_else(|| {
        let forwards =
            |route: &&RoutePlan| matches!(&route.serve, ServePlan::Http { provider, .. } if is_real(provider.of(program)));
        routes.find(forwards).map(|route| route.origin.place)
    })
}
