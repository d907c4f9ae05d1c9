//! Policies by scope, and the policies of one request: the Gateway's, then the tenant's, then the product's, then the route's.
//!
//! A scope's policies are joined once, for everybody who shares them; a request only chains what is there. Nothing is copied or allocated for it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::authorization::Authorization;
use crate::limit::Limit;
use crate::prompt::{Prompt, PromptUse};
use crate::validation::Validation;
use crate::{AuthorizationId, LimitId, ValidationId};

/// The policies of one scope, but those that authenticate: these belong to Gateway and Route alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySet {
    /// Who may do what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization: Vec<AuthorizationId>,
    /// They add up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validations: Vec<ValidationId>,
    /// They add up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<LimitId>,
    /// In order of application.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<PromptUse>,
}

/// The policies of one scope, ready.
#[derive(Debug, Default)]
pub struct Policies {
    /// Who may do what.
    pub authorization: Vec<Arc<Authorization>>,
    /// They add up.
    pub validations: Vec<Arc<Validation>>,
    /// They add up.
    pub limits: Vec<Arc<Limit>>,
    /// In order of application.
    pub prompts: Vec<Prompt>,
}

const NONE: &Policies = &Policies { authorization: Vec::new(), validations: Vec::new(), limits: Vec::new(), prompts: Vec::new() };

/// The policies of one request, the widest scope first. A policy that stands in two of its scopes counts once, in the wider.
#[derive(Clone, Copy, Debug)]
pub struct Scopes<'p> {
    wider: &'p Policies,
    tenant: &'p Policies,
    product: &'p Policies,
    own: &'p Policies,
}

impl<'p> Scopes<'p> {
    /// Those of a request of which only the route is known: `wider` is what the Gateway gives to it, `own` what it names itself. The two have no
    /// policy in common; the compiler sees to that.
    pub fn of_route(wider: &'p Policies, own: &'p Policies) -> Self {
        Self { wider, tenant: NONE, product: NONE, own }
    }

    /// The same, of a caller of this tenant.
    #[must_use]
    pub fn with_tenant(self, tenant: &'p Policies) -> Self {
        Self { tenant, ..self }
    }

    /// The same, under this product.
    #[must_use]
    pub fn with_product(self, product: &'p Policies) -> Self {
        Self { product, ..self }
    }

    /// Who may do what.
    pub fn authorization(self) -> impl Iterator<Item = &'p Arc<Authorization>> + Clone {
        self.chained(|set| &set.authorization, |policy| policy.id())
    }

    /// What judges the input.
    pub fn validations(self) -> impl Iterator<Item = &'p Arc<Validation>> + Clone {
        self.chained(|set| &set.validations, |validation| validation.id())
    }

    /// What is counted.
    pub fn limits(self) -> impl Iterator<Item = &'p Arc<Limit>> + Clone {
        self.chained(|set| &set.limits, |limit| limit.id())
    }

    /// What is written into the request, in order of application.
    pub fn prompts(self) -> impl Iterator<Item = &'p Prompt> + Clone {
        self.chained(|set| &set.prompts, Prompt::id)
    }

    fn chained<T: 'p, I: PartialEq>(
        self,
        of: impl Fn(&'p Policies) -> &'p [T],
        id: impl Fn(&T) -> I + Copy,
    ) -> impl Iterator<Item = &'p T> + Clone {
        let (wider, tenant, product, own) = (of(self.wider), of(self.tenant), of(self.product), of(self.own));
        // Mostly there is neither tenant nor product, and nothing to compare with.
        let is_in = move |set: &'p [T], item: &T| set.iter().any(|other| id(other) == id(item));
        let tenants = tenant.iter().filter(move |item| !is_in(wider, item));
        let products = product.iter().filter(move |item| !is_in(wider, item) && !is_in(tenant, item));
        let owns = own.iter().filter(move |item| !is_in(tenant, item) && !is_in(product, item));
        wider.iter().chain(tenants).chain(products).chain(owns)
    }
}
