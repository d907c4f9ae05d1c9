//! Who calls is asked where nobody has said so.

use std::collections::BTreeMap;

use aigw_expr::{Condition, NameId, NameRef, Scope};
use aigw_kinds::authentication::AuthenticationSpec;
use aigw_kinds::authorization::AuthorizationSpec;
use aigw_kinds::limit::{AmountSpec, KeyPartSpec, KeyWord, LimitSpec};
use aigw_kinds::model::ModelSpec;
use aigw_kinds::{Doc, Kind, Repository, Spec};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::{self, Uses};

pub(crate) const ID: RuleId = RuleId { code: "S610", name: "identity-never-known" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for doc in only_anonymous(repository) {
        for (pointer, what) in asks(doc) {
            let message = format!("{what}, but every route that uses `{}` is anonymous", doc.name);
            let help = "authenticate the callers of one of the routes, or decide by something else, such as `request.ip`";
            findings.push(Finding::warning(ID, doc.locate(&pointer), message).help(help));
        }
    }
}

/// Policies and models that are in use, on routes without authentication only.
fn only_anonymous(repository: &Repository) -> Vec<&Doc> {
    let mut all: BTreeMap<(Kind, &str), (&Doc, bool)> = BTreeMap::new();
    for uses in view::routes(repository) {
        let anonymous = is_anonymous(&uses);
        let models = uses.route.spec.serve.models.iter().filter_map(|name| repository.find(Kind::Model, name));
        for doc in uses.policies.iter().map(|attached| attached.doc).chain(models) {
            all.entry((doc.kind, &doc.name)).or_insert((doc, true)).1 &= anonymous;
        }
    }
    all.into_values().filter(|(_, anonymous)| *anonymous).map(|(doc, _)| doc).collect()
}

fn is_anonymous(uses: &Uses<'_>) -> bool {
    let mut policies = uses.policies.iter().filter_map(|attached| attached.doc.spec_as::<AuthenticationSpec>()).peekable();
    uses.route.spec.anonymous
        || (policies.peek().is_some()
            && policies
                .all(|policy| policy.methods.api_key.is_none() && policy.methods.mtls.is_none() && policy.methods.jwt.is_empty()))
}

/// Where a document asks who calls, and how.
fn asks(doc: &Doc) -> Vec<(String, &'static str)> {
    match &doc.spec {
        Some(Spec::Authorization(spec)) => authorization(spec),
        Some(Spec::Limit(spec)) => limit(spec),
        Some(Spec::Model(spec)) => model(spec),
        _ => Vec::new(),
    }
}

const READS: &str = "this looks at who calls";

fn authorization(spec: &AuthorizationSpec) -> Vec<(String, &'static str)> {
    let mut places = Vec::new();
    for (index, rule) in spec.rules.iter().enumerate() {
        if !rule.roles.is_empty() {
            places.push((format!("/spec/rules/{index}/roles"), "the rule is for callers with a role"));
        }
        if condition_reads_identity(rule.when.as_deref()) {
            places.push((format!("/spec/rules/{index}/when"), READS));
        }
    }
    places
}

fn limit(spec: &LimitSpec) -> Vec<(String, &'static str)> {
    let mut places = Vec::new();
    for (index, part) in spec.per.items.iter().enumerate() {
        let item = if spec.per.list { format!("/spec/per/{index}") } else { "/spec/per".to_owned() };
        match part {
            KeyPartSpec::Word(KeyWord::Consumer) => places.push((item, "requests are counted by the consumer")),
            KeyPartSpec::Word(KeyWord::Subscription | KeyWord::Product) => {
                places.push((item, "requests are counted by the subscription"));
            }
            KeyPartSpec::Word(KeyWord::Tenant) => places.push((item, "requests are counted by the tenant")),
            KeyPartSpec::Expr(text) if reads_only_identity(&view::reads(text)) => places.push((format!("{item}/expr"), READS)),
            _ => {}
        }
    }
    for (index, rule) in spec.rules.iter().enumerate() {
        for (key, amount) in [("requests", &rule.requests), ("concurrency", &rule.concurrency)] {
            if matches!(amount, Some(AmountSpec::Label { .. })) {
                places.push((format!("/spec/rules/{index}/{key}/label"), "the number is a label of the consumer"));
            }
        }
        if condition_reads_identity(rule.when.as_deref()) {
            places.push((format!("/spec/rules/{index}/when"), READS));
        }
    }
    places
}

fn model(spec: &ModelSpec) -> Vec<(String, &'static str)> {
    let mut places = Vec::new();
    for (index, target) in spec.targets.iter().enumerate() {
        if condition_reads_identity(target.when.as_deref()) {
            places.push((format!("/spec/targets/{index}/when"), READS));
        }
    }
    if spec.sticky.as_ref().is_some_and(|sticky| reads_only_identity(&view::reads(&sticky.expr))) {
        places.push(("/spec/sticky/expr".to_owned(), READS));
    }
    places
}

fn is_identity(read: &NameRef) -> bool {
    matches!(
        read.name,
        NameId::IdentityConsumer
            | NameId::IdentityTenant
            | NameId::IdentitySubscription
            | NameId::IdentityRoles
            | NameId::IdentityClaims
            | NameId::IdentityLabels
    )
}

fn reads_identity(reads: &[NameRef]) -> bool {
    reads.iter().any(is_identity)
}

/// `identity.consumer ?? request.ip` means something for strangers too.
fn reads_only_identity(reads: &[NameRef]) -> bool {
    reads_identity(reads) && reads.iter().all(is_identity)
}

fn condition_reads_identity(text: Option<&str>) -> bool {
    text.and_then(|text| Condition::compile(text, Scope::Call).ok()).is_some_and(|condition| reads_identity(condition.reads()))
}
