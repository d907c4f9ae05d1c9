//! The admit phase, and the resolve phase for limits keyed by the model: what is to be counted, for whom, and how much may be.
//!
//! Nothing is counted here; the claims go to the store of counters.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use aigw_core::{Claim, ClaimAmount, Millis, Phase};
use aigw_expr::{EvalError, NameId, Names};
use aws_lc_rs::digest::{SHA256, digest};

use crate::facts::Facts;
use crate::limit::{Amount, KeyPart, LimitKind, LimitPlan, LimitRule};
use crate::{Decider, ExpressionId, Expressions, Labels, LimitId, Mode, ParameterValues, Setting, hex};

/// Longest part of a key that stands in it as it is, in bytes; longer ones are replaced by their digest. Seven digests fit in a key.
const MAX_PART_BYTES: usize = 64;
/// Separates the parts of a key.
const SEPARATOR: char = '\u{1f}';
/// Begins a digest. A value that holds it, or the separator, is digested too, so that no value can look like another key.
const DIGEST_MARK: char = '\u{1e}';

/// A limit, ready.
#[derive(Clone, Debug)]
pub struct Limit {
    id: LimitId,
    phase: Phase,
    per: Vec<KeyPart>,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    index: u16,
    counter: u64,
    shadow: bool,
    kind: LimitKind,
    amount: ReadyAmount,
    when: Option<ExpressionId>,
}

#[derive(Clone, Debug)]
enum ReadyAmount {
    Fixed(u64),
    Label { label: String, default: u64 },
}

/// A setting of a limit that is no whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the amount of rule {0} is not a whole number in this environment")]
pub struct AmountFault(pub u16);

/// What one request asks of the counters. One buffer holds all keys, and both lists are kept for the next phase.
#[derive(Debug, Default)]
pub struct Claims {
    keys: String,
    drafts: Vec<ClaimDraft>,
}

/// One rule's claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimDraft {
    /// Who asks: always a [`Decider::LimitRule`].
    pub by: Decider,
    /// True where it is only to be counted and recorded.
    pub shadow: bool,
    /// How long the request may wait for a permit.
    pub wait: Millis,
    /// Why its `when` could not be told, where it could not; the rule then applies.
    pub failed: Option<EvalError>,
    counter: u64,
    key: Range<usize>,
    amount: ClaimAmount,
}

impl Limit {
    /// Makes a plan ready.
    ///
    /// # Errors
    /// The index of a rule whose amount this environment gives no whole number.
    pub fn new(id: LimitId, plan: &LimitPlan, parameters: &ParameterValues) -> Result<Self, AmountFault> {
        let rules = (0_u16..).zip(&plan.rules).filter(|(_, rule)| rule.mode != Mode::Disabled && plan.mode != Mode::Disabled);
        let rules = rules.map(|(index, rule)| Rule::new(index, plan.mode, rule, parameters)).collect::<Result<_, _>>()?;
        let limit = Self { id, phase: plan.phase, per: plan.per.clone(), rules };
        // No value of one tenant's caller may meet the same value of another's.
        Ok(if plan.per.iter().any(|part| part.is_of_caller()) { limit.for_each_tenant() } else { limit })
    }

    /// The same, with counters that no two tenants share.
    #[must_use]
    pub fn for_each_tenant(mut self) -> Self {
        if !self.per.contains(&KeyPart::Tenant) {
            self.per.insert(0, KeyPart::Tenant);
        }
        self
    }

    /// Which one it is.
    pub const fn id(&self) -> LimitId {
        self.id
    }
}

impl Rule {
    fn new(index: u16, mode: Mode, plan: &LimitRule, parameters: &ParameterValues) -> Result<Self, AmountFault> {
        let amount = match &plan.amount {
            Amount::Fixed(Setting::Value(amount)) => ReadyAmount::Fixed(*amount),
            Amount::Fixed(Setting::Param(id)) => {
                let value = parameters.0.get(id.index()).and_then(|value| value.parse().ok());
                ReadyAmount::Fixed(value.ok_or(AmountFault(index))?)
            }
            Amount::Label { label, default } => ReadyAmount::Label { label: label.clone(), default: *default },
        };
        let shadow = mode == Mode::Shadow || plan.mode == Mode::Shadow;
        Ok(Self { index, counter: plan.id, shadow, kind: plan.what.clone(), amount, when: plan.when })
    }

    fn draft(&self, limit: LimitId, facts: &Facts<'_>, key: Range<usize>, failed: Option<EvalError>) -> ClaimDraft {
        let most = self.amount.of(facts);
        let (amount, wait) = match self.kind {
            LimitKind::Requests { window } => (ClaimAmount::Window { take: 1, limit: most, window }, Millis::default()),
            LimitKind::Concurrency { wait } => (ClaimAmount::Permit { limit: most }, wait),
        };
        let by = Decider::LimitRule(limit, self.index);
        ClaimDraft { by, shadow: self.shadow, wait, failed, counter: self.counter, key, amount }
    }
}

impl ReadyAmount {
    fn of(&self, facts: &Facts<'_>) -> u64 {
        match self {
            Self::Fixed(amount) => *amount,
            Self::Label { label, default } => {
                let number = |labels: &Labels| labels.get(label)?.parse().ok();
                let own = facts.identity.as_ref().and_then(|caller| number(&caller.labels));
                let subscribed = facts.subscription.and_then(|own| number(&own.labels));
                subscribed.or(own).or_else(|| number(&facts.tenant?.labels)).unwrap_or(*default)
            }
        }
    }
}

impl Claims {
    /// No claims.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces what is in it by the claims of these limits for this phase. Rules whose `when` does not hold claim nothing.
    pub fn gather<'p>(
        &mut self,
        limits: impl Iterator<Item = &'p Arc<Limit>>,
        phase: Phase,
        facts: &Facts<'_>,
        expressions: &Expressions,
    ) {
        self.keys.clear();
        self.drafts.clear();
        for limit in limits.filter(|limit| limit.phase == phase) {
            let mut key = None;
            for rule in &limit.rules {
                let failed = match expressions.holds_if_any(rule.when, facts) {
                    Ok(false) => continue,
                    Ok(true) => None,
                    Err(error) => Some(error),
                };
                let key = key.get_or_insert_with(|| push_key(&mut self.keys, &limit.per, facts, expressions)).clone();
                self.drafts.push(rule.draft(limit.id, facts, key, failed));
            }
        }
    }

    /// Every claim, in the order of the policies.
    pub fn drafts(&self) -> &[ClaimDraft] {
        &self.drafts
    }

    /// A claim as the store takes it.
    pub fn claim<'c>(&'c self, draft: &ClaimDraft) -> Claim<'c> {
        Claim { rule: draft.counter, key: self.keys.get(draft.key.clone()).unwrap_or_default(), amount: draft.amount }
    }
}

/// Writes the key of a limit behind those that are there.
fn push_key(keys: &mut String, per: &[KeyPart], facts: &Facts<'_>, expressions: &Expressions) -> Range<usize> {
    let start = keys.len();
    for (index, part) in per.iter().enumerate() {
        if index > 0 {
            keys.push(SEPARATOR);
        }
        match part {
            KeyPart::Tenant => push_name(keys, facts, NameId::IdentityTenant),
            KeyPart::Subscription => push_name(keys, facts, NameId::IdentitySubscription),
            KeyPart::Product => keys.push_str(facts.product.map(|product| product.origin.name.as_str()).unwrap_or_default()),
            KeyPart::Consumer => push_name(keys, facts, NameId::IdentityConsumer),
            KeyPart::Route => push_name(keys, facts, NameId::RouteName),
            KeyPart::Model => push_name(keys, facts, NameId::ModelName),
            // Writing to a text cannot fail.
            KeyPart::Ip => write!(keys, "{}", facts.ip.to_canonical()).unwrap_or_default(),
            // What failed counts as missing: it shares one key and is counted, so failing gains nothing.
            KeyPart::Expr(id) => push_part(keys, expressions.text(*id, facts).ok().flatten().as_deref().unwrap_or_default()),
        }
    }
    if keys.len().saturating_sub(start) > Claim::MAX_KEY_BYTES {
        let whole = digest(&SHA256, keys.as_bytes().get(start..).unwrap_or_default());
        keys.truncate(start);
        keys.push(DIGEST_MARK);
        hex::push(keys, whole.as_ref());
    }
    start..keys.len()
}

fn push_name(keys: &mut String, facts: &Facts<'_>, name: NameId) {
    keys.push_str(facts.text(name).as_deref().unwrap_or_default());
}

fn push_part(keys: &mut String, value: &str) {
    if value.len() <= MAX_PART_BYTES && !value.contains([SEPARATOR, DIGEST_MARK]) {
        keys.push_str(value);
    } else {
        keys.push(DIGEST_MARK);
        hex::push(keys, digest(&SHA256, value.as_bytes()).as_ref());
    }
}

#[cfg(test)]
mod tests;
