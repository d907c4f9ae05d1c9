//! Every name that the policies have, gathered once: what tests may speak of.

use std::collections::{BTreeMap, BTreeSet};

use aigw_core::{EndpointKey, ErrorCode, Record};
use aigw_kinds::provider::{CredentialPlan, WirePlan};
use aigw_kinds::{EndpointId, Program, ProviderId};

use crate::script::{Of, endpoint_name};

/// Names by what they stand for, each set sorted.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) routes: BTreeSet<String>,
    pub(super) models: BTreeSet<String>,
    pub(super) consumers: BTreeSet<String>,
    pub(super) tenants: BTreeSet<String>,
    pub(super) products: BTreeSet<String>,
    pub(super) subscriptions: BTreeSet<String>,
    /// `provider/endpoint`.
    pub(super) endpoints: BTreeSet<String>,
    /// `provider/endpoint/model`, and `provider/endpoint` for what is forwarded as it is.
    pub(super) targets: BTreeSet<String>,
    /// Everything that can take part in a decision, as records name it.
    pub(super) deciders: BTreeSet<String>,
    /// `policy/rule` of each limit.
    pub(super) limits: BTreeSet<String>,
    pub(super) secrets: BTreeSet<String>,
    /// Endpoints that are called with a token, by `provider/endpoint`.
    pub(super) tokens: BTreeMap<String, EndpointKey>,
    pub(super) codes: BTreeSet<String>,
    pub(super) methods: BTreeSet<String>,
    pub(super) outcomes: BTreeSet<String>,
    /// First members of a decision record.
    pub(super) record: BTreeSet<String>,
    /// Whose answers a script can play, by the name it is written under.
    pub(super) upstreams: BTreeMap<String, Upstream>,
}

/// Who may be scripted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Upstream {
    pub(super) of: Of,
    /// It answers by itself, and no script is asked.
    pub(super) mock: bool,
}

impl Known {
    pub(super) fn of(program: &Program) -> Self {
        let names = |origins: &mut dyn Iterator<Item = &aigw_kinds::Origin>| -> BTreeSet<String> {
            origins.map(|origin| origin.name.to_string()).collect()
        };
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
        let mut known = Self {
            routes: names(&mut program.routes.iter().map(|plan| &plan.origin)),
            models: names(&mut program.models.iter().map(|plan| &plan.origin)),
            products: names(&mut program.products.iter().map(|plan| &plan.origin)),
            subscriptions: names(&mut program.subscriptions.iter().map(|plan| &plan.origin)),
            tenants: names(&mut program.tenants.iter().map(|plan| &plan.origin)),
            consumers: names(&mut program.consumers.iter().map(|plan| &plan.origin)),
            secrets: program.secrets.iter().cloned().collect(),
            codes: ErrorCode::ALL.iter().map(|code| code.as_str().to_owned()).collect(),
            methods: words(&["GET", "POST", "PUT", "PATCH", "DELETE"]),
            outcomes: words(&["completed", "refused", "failed", "cancelled"]),
            record: members_of_records(),
            ..Self::default()
        };
        known.take_upstreams(program);
        known.take_targets(program);
        known.take_deciders(program);
        known
    }

    fn take_upstreams(&mut self, program: &Program) {
        let mock = |id: ProviderId| id.of(program).is_some_and(|plan| matches!(plan.wire, WirePlan::Mock(_)));
        for (id, plan) in (0_u32..).map(EndpointId).zip(&program.endpoints) {
            let name = endpoint_name(program, EndpointKey(id.0));
            self.upstreams.insert(name.clone(), Upstream { of: Of::Endpoint(id), mock: mock(plan.provider) });
            if matches!(plan.credential, Some(CredentialPlan::ManagedIdentity(_))) {
                self.tokens.insert(name.clone(), EndpointKey(id.0));
            }
            self.endpoints.insert(name);
        }
        for (id, plan) in (0_u32..).map(ProviderId).zip(&program.providers) {
            self.upstreams.insert(plan.origin.name.to_string(), Upstream { of: Of::Provider(id), mock: mock(id) });
        }
    }

    fn take_targets(&mut self, program: &Program) {
        self.targets = self.endpoints.clone();
        for target in program.models.iter().flat_map(|model| &model.targets) {
            for endpoint in &target.endpoints {
                self.targets.insert(format!("{}/{}", endpoint_name(program, EndpointKey(endpoint.0)), target.model));
            }
        }
    }

    fn take_deciders(&mut self, program: &Program) {
        let rule = |policy: &aigw_kinds::Origin, rule: &dyn std::fmt::Display| format!("{}/{rule}", policy.name);
        for plan in &program.limits {
            self.limits.extend(plan.rules.iter().map(|limit| rule(&plan.origin, &limit.name)));
        }
        let allowed = program.authorizations.iter().flat_map(|plan| plan.rules.iter().map(|one| rule(&plan.origin, &one.name)));
        self.deciders = allowed.collect();
        let checks =
            program.validations.iter().flat_map(|plan| plan.checks.iter().map(|check| rule(&plan.origin, &check.what.key())));
        self.deciders.extend(checks);
        let origins = (program.limits.iter().map(|plan| &plan.origin))
            .chain(program.authorizations.iter().map(|plan| &plan.origin))
            .chain(program.authentications.iter().map(|plan| &plan.origin))
            .chain(program.validations.iter().map(|plan| &plan.origin))
            .chain(program.prompts.iter().map(|plan| &plan.origin));
        self.deciders.extend(origins.map(|origin| origin.name.to_string()));
        self.deciders.extend(self.limits.iter().chain(&self.routes).chain(&self.models).cloned());
    }
}

/// What a record may have at its top.
fn members_of_records() -> BTreeSet<String> {
    let schema = schemars::schema_for!(Record).to_value();
    let members = schema.get("properties").and_then(serde_json::Value::as_object);
    members.into_iter().flat_map(|members| members.keys().cloned()).collect()
}
