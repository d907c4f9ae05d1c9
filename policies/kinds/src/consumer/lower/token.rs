//! Tokens that are a consumer's: from as written to as compiled.

use crate::authentication::{AuthenticationSpec, ClaimRule, claim_rules};
use crate::consumer::{ConsumerPlan, ConsumerSpec, TokenCredentialSpec, TokenPlan};
use crate::lower::{At, Lowering};
use crate::{Doc, IssuerId, Kind, Typed, rules};

/// Lowers the tokens that are a consumer's.
pub(super) fn lower<'a>(lowering: &mut Lowering<'a>, doc: &Doc, spec: &'a TokenCredentialSpec, at: &At<'a>) -> Option<TokenPlan> {
    let place = lowering.place(at.span());
    let at = at.key("jwt");
    let claims = claim_rules(lowering, &spec.claims, &at.key("claims"));
    if spec.claims.is_empty() {
        let help = "write `claims: {azp: …}`: every token of the issuer would be this Consumer's";
        lowering.unfit(at.span(), "tokens are a Consumer's by what they claim", help);
        return None;
    }
    let subscription = super::subscription(lowering, doc, spec.subscription.as_ref(), &at);
    let known = (0_u32..).map(IssuerId).zip(&lowering.issuers).find(|(_, issuer)| issuer.name.as_str() == spec.issuer);
    if let Some((issuer, _)) = known {
        return Some(TokenPlan { issuer, claims, subscription, place });
    }
    let repository = lowering.repository;
    let unreadable = repository.of_kind(Kind::Authentication).any(|doc| doc.spec.is_none());
    let written = repository.all::<AuthenticationSpec>().flat_map(|typed| &typed.spec.methods.jwt);
    let names: Vec<&str> = written.map(|method| method.name.as_str()).collect();
    if !unreadable && lowering.knows_all_names() && !names.contains(&spec.issuer.as_str()) {
        let message = format!("no Authentication has an issuer `{}` under `methods.jwt`", spec.issuer);
        lowering.unknown(rules::UNKNOWN_REFERENCE, at.key("issuer").span(), message, &spec.issuer, names);
    }
    None
}

/// Where every token that selects one consumer selects another too, neither can ever call. Others that may meet are refused at run time.
pub(super) fn check_unique(lowering: &mut Lowering<'_>, plans: &[ConsumerPlan]) {
    /// More than this are compared only with those beside them in order, which finds equal ones: all pairs of ten thousand take too long.
    const MAX_PAIRS_OF: usize = 1_000;
    let mut all: Vec<(&ConsumerPlan, &TokenPlan)> = Vec::new();
    for plan in plans {
        all.extend(plan.tokens.iter().map(|token| (plan, token)));
    }
    all.sort_by_cached_key(|(_, token)| (token.issuer, sorted(&token.claims)));
    let reach = if all.len() > MAX_PAIRS_OF { 1 } else { all.len() };
    let mut findings = Vec::new();
    for (at, (plan, token)) in all.iter().enumerate() {
        for (other, another) in all.iter().skip(at.saturating_add(1)).take(reach) {
            let clash = plan.origin.name != other.origin.name && token.issuer == another.issuer;
            if clash && (implies(&token.claims, &another.claims) || implies(&another.claims, &token.claims)) {
                findings.push((other.origin.name.clone(), another.place, plan.origin.name.clone(), token.place));
            }
        }
    }
    for (name, place, earlier, earlier_place) in findings {
        let spans = token_span(lowering, name.as_str(), place).zip(token_span(lowering, earlier.as_str(), earlier_place));
        let Some((span, earlier_span)) = spans else { continue };
        let message = format!("tokens with these claims select the Consumer `{earlier}` too, and are always refused");
        let finding = lowering.error(rules::DUPLICATE_CREDENTIAL, span, message);
        lowering.push(finding.label(earlier_span, "as these claims say").help("name a claim that tells the two apart"));
    }
}

fn sorted(claims: &[ClaimRule]) -> Vec<String> {
    let mut texts: Vec<String> = claims.iter().map(|rule| format!("{rule:?}")).collect();
    texts.sort();
    texts
}

/// Whether whatever fits `narrow` fits `wide` too.
fn implies(narrow: &[ClaimRule], wide: &[ClaimRule]) -> bool {
    wide.iter().all(|rule| narrow.contains(rule))
}

fn token_span(lowering: &Lowering<'_>, name: &str, place: crate::Place) -> Option<aigw_source::Span> {
    let repository = lowering.repository;
    let Typed { doc, spec } = repository.all::<ConsumerSpec>().find(|typed| typed.doc.name == name)?;
    let credentials = At::spec(doc).key("credentials");
    (0..spec.credentials.len()).map(|index| credentials.item(index).span()).find(|span| lowering.place(*span) == place)
}
