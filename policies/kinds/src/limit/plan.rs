//! A limit as compiled.

use aigw_core::{Millis, Name, Phase};
use serde::{Deserialize, Serialize};

use crate::{ExpressionId, Mode, Origin, Place, Setting};

/// Rates and concurrency of one key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitPlan {
    /// Name and place.
    pub origin: Origin,
    /// Enforce or shadow; a shadow counts in counters of its own.
    pub mode: Mode,
    /// What is counted apart; together one composite key. Empty for one counter in all.
    pub per: Vec<KeyPart>,
    /// Admit, or Resolve where the model is part of the key.
    pub phase: Phase,
    /// Its rules.
    pub rules: Vec<LimitRule>,
}

/// One rule of a limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitRule {
    /// Its name.
    pub name: Name,
    /// Stable id: from the names of limit and rule, the mode, and the shape (what is counted, per what, over which window), not the amount.
    pub id: u64,
    /// Enforce or shadow.
    pub mode: Mode,
    /// What is counted.
    pub what: LimitKind,
    /// How much.
    pub amount: Amount,
    /// Counted only where this holds; where it fails the rule applies.
    pub when: Option<ExpressionId>,
    /// Where it stands.
    pub place: Place,
}

/// What a rule counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LimitKind {
    /// Requests in any stretch of this length.
    Requests {
        /// The stretch.
        window: Millis,
    },
    /// Requests in flight.
    Concurrency {
        /// How long a request may wait for a place; zero refuses at once.
        wait: Millis,
    },
}

/// How much a rule allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Amount {
    /// The same for every key.
    Fixed(Setting<u64>),
    /// From the subscription's label, else the consumer's, else its tenant's, where it is a whole number.
    Label {
        /// Which label.
        label: String,
        /// For callers without it.
        default: u64,
    },
}

/// What a limit counts apart. Whatever is of the caller is counted within its tenant, written or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyPart {
    /// The tenant; callers of none share one key.
    Tenant,
    /// The subscription; requests under none share one key.
    Subscription,
    /// The product; requests under none share one key.
    Product,
    /// The consumer; anonymous callers share one key.
    Consumer,
    /// The route.
    Route,
    /// The Model document.
    Model,
    /// The caller's address.
    Ip,
    /// What an expression gives; missing values share one key.
    Expr(ExpressionId),
}

impl KeyPart {
    /// Whether it holds something of the caller; the rest is the gateway's own and shared by all.
    pub const fn is_of_caller(self) -> bool {
        match self {
            Self::Tenant | Self::Subscription | Self::Product | Self::Consumer | Self::Ip | Self::Expr(_) => true,
            Self::Route | Self::Model => false,
        }
    }
}
