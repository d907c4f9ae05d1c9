//! What claims of tokens say of tenants: a token that could only be refused for them is an error before it is sent.

use std::collections::{BTreeMap, BTreeSet};

use aigw_source::Span;

use crate::authentication::{AuthenticationSpec, ClaimRule, ClaimTest};
use crate::consumer::{ConsumerPlan, ConsumerSpec};
use crate::lower::{At, Lowering};
use crate::tenant::TenantPlan;
use crate::{AsSpec, Kind, Place, TenantId, rules};

/// Of tenants whose first test is the same, no more than these are compared.
const MOST_ALIKE: usize = 1_000;

/// Checks the claims of all tenants, among themselves and with those who may bring them.
pub(crate) fn check<'a>(lowering: &mut Lowering<'a>, tenants: &[TenantPlan], consumers: &[ConsumerPlan]) {
    let known = Claiming::new(lowering, tenants);
    if known.by_first.is_empty() {
        return;
    }
    check_tokens_are_taken(lowering, tenants);
    check_tenants(lowering, tenants, &known);
    check_consumers(lowering, consumers, &known);
    check_undeclared(lowering, &known);
}

/// Tenants with claims, by the first thing that they ask.
struct Claiming<'p> {
    by_first: BTreeMap<String, Vec<(TenantId, &'p TenantPlan)>>,
}

impl<'p> Claiming<'p> {
    fn new(lowering: &Lowering<'_>, tenants: &'p [TenantPlan]) -> Self {
        let mut by_first: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for tenant in tenants {
            let id = lowering.id(Kind::Tenant, tenant.origin.name.as_str()).map(TenantId);
            if let Some((first, id)) = tenant.claims.first().zip(id) {
                by_first.entry(format!("{first:?}")).or_default().push((id, tenant));
            }
        }
        Self { by_first }
    }

    /// The tenants that every token is of whose claims are so.
    fn sure<'s>(&'s self, claims: &'s [ClaimRule]) -> impl Iterator<Item = (TenantId, &'p TenantPlan)> + 's {
        let present = |rule: &ClaimRule| ClaimRule { claim: rule.claim.clone(), test: ClaimTest::Present };
        let keys = claims.iter().flat_map(move |rule| [format!("{rule:?}"), format!("{:?}", present(rule))]);
        let keys: BTreeSet<String> = keys.collect();
        let alike = keys.into_iter().filter_map(|key| self.by_first.get(&key));
        let alike = alike.flat_map(|tenants| tenants.iter().take(MOST_ALIKE)).copied();
        alike.filter(|(_, tenant)| tenant.claims.iter().all(|rule| follows(rule, claims)))
    }
}

/// Whether a rule holds wherever these do.
fn follows(rule: &ClaimRule, from: &[ClaimRule]) -> bool {
    from.iter().any(|given| given == rule || (rule.test == ClaimTest::Present && given.claim == rule.claim))
}

fn check_tokens_are_taken<'a>(lowering: &mut Lowering<'a>, tenants: &[TenantPlan]) {
    let repository = lowering.repository;
    let unreadable = repository.of_kind(Kind::Authentication).any(|doc| doc.spec.is_none());
    let taken = repository.all::<AuthenticationSpec>().any(|policy| !policy.spec.methods.jwt.is_empty());
    if taken || unreadable || !lowering.knows_all_names() {
        return;
    }
    for tenant in tenants.iter().filter(|tenant| !tenant.claims.is_empty()) {
        if let Some(at) = claims_of(lowering, tenant) {
            let help = "write an issuer under `methods.jwt` of an Authentication, or remove `claims`";
            lowering.unfit(at.key_span(), "no Authentication takes tokens, so that nobody claims anything", help);
        }
    }
}

fn check_tenants<'a>(lowering: &mut Lowering<'a>, tenants: &[TenantPlan], known: &Claiming<'_>) {
    let mut told = BTreeSet::new();
    for tenant in tenants {
        let name = &tenant.origin.name;
        let Some((_, other)) = known.sure(&tenant.claims).find(|(_, other)| other.origin.name != *name) else { continue };
        if !told.insert((name.min(&other.origin.name), name.max(&other.origin.name))) {
            continue;
        }
        let Some((at, earlier)) = claims_of(lowering, tenant).zip(claims_of(lowering, other)) else { continue };
        let message = format!("tokens with these claims are of the tenant `{}` too, and are always refused", other.origin.name);
        let finding = lowering.error(rules::DUPLICATE_CREDENTIAL, at.key_span(), message);
        lowering.push(finding.label(earlier.key_span(), "as these claims say").help("name a claim that tells the two apart"));
    }
}

fn check_consumers<'a>(lowering: &mut Lowering<'a>, consumers: &[ConsumerPlan], known: &Claiming<'_>) {
    for consumer in consumers {
        for token in &consumer.tokens {
            let mut claims = token.claims.clone();
            claims.extend(lowering.issuers.get(token.issuer.index()).into_iter().flat_map(|issuer| issuer.require.clone()));
            let Some((_, tenant)) = known.sure(&claims).find(|(id, _)| consumer.tenant != Some(*id)) else { continue };
            let Some(span) = credential(lowering, consumer, token.place) else { continue };
            let (own, other) = (&consumer.origin.name, &tenant.origin.name);
            let message =
                format!("these tokens are of the tenant `{other}` by their claims, and `{own}` is not: all are refused");
            disagree(lowering, span, message, tenant, &format!("write `tenant: {other}` at the Consumer, or other claims"));
        }
    }
}

fn check_undeclared<'a>(lowering: &mut Lowering<'a>, known: &Claiming<'_>) {
    let repository = lowering.repository;
    for policy in repository.all::<AuthenticationSpec>() {
        let methods = At::spec(policy.doc).key("methods").key("jwt");
        for (index, written) in policy.spec.methods.jwt.iter().enumerate() {
            let Some(issuer) = lowering.issuers.iter().find(|issuer| issuer.name == written.name) else { continue };
            let Some(own) = issuer.undeclared.as_ref().and_then(|caller| caller.tenant) else { continue };
            let Some((_, tenant)) = known.sure(&issuer.require).find(|(id, _)| *id != own) else { continue };
            let span = methods.item(index).key("undeclared").key("tenant").span();
            let message = format!("these tokens are of the tenant `{}` by their claims: all are refused", tenant.origin.name);
            disagree(lowering, span, message, tenant, "leave the tenant to the claims, or require others");
        }
    }
}

fn disagree<'a>(lowering: &mut Lowering<'a>, span: Span, message: String, tenant: &TenantPlan, help: &str) {
    let finding = lowering.error(rules::INVALID_COMBINATION, span, message);
    let finding = match claims_of(lowering, tenant) {
        Some(at) => finding.label(at.key_span(), "as these claims say"),
        None => finding,
    };
    lowering.push(finding.help(help));
}

fn claims_of<'a>(lowering: &Lowering<'a>, tenant: &TenantPlan) -> Option<At<'a>> {
    let doc = lowering.repository.find(Kind::Tenant, tenant.origin.name.as_str())?;
    Some(At::spec(doc).key("claims"))
}

fn credential(lowering: &Lowering<'_>, consumer: &ConsumerPlan, place: Place) -> Option<Span> {
    let doc = lowering.repository.find(Kind::Consumer, consumer.origin.name.as_str())?;
    let credentials = At::spec(doc).key("credentials");
    let count = ConsumerSpec::of(doc.spec.as_ref()?)?.credentials.len();
    (0..count).map(|index| credentials.item(index).span()).find(|span| lowering.place(*span) == place)
}
