//! Tenants that nobody is of.

use std::collections::BTreeSet;

use aigw_kinds::Repository;
use aigw_kinds::authentication::{AuthenticationSpec, UndeclaredSpec};
use aigw_kinds::consumer::ConsumerSpec;
use aigw_kinds::tenant::TenantSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "S661", name: "tenant-without-consumers" };
pub(crate) const LEVEL: Level = Level::Warning;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    if !view::is_complete(repository) {
        return;
    }
    let mut used: BTreeSet<&str> =
        repository.all::<ConsumerSpec>().filter_map(|consumer| Some(consumer.spec.tenant.as_ref()?.as_str())).collect();
    let issuers = repository.all::<AuthenticationSpec>().flat_map(|policy| &policy.spec.methods.jwt);
    used.extend(issuers.filter_map(|issuer| match &issuer.undeclared {
        UndeclaredSpec::Admit(caller) => Some(caller.tenant.as_ref()?.as_str()),
        UndeclaredSpec::Reject => None,
    }));
    // Claims give callers whom nothing else gives a tenant one.
    let mut issuers = repository.all::<AuthenticationSpec>().flat_map(|policy| &policy.spec.methods.jwt);
    if issuers.any(|issuer| matches!(&issuer.undeclared, UndeclaredSpec::Admit(caller) if caller.tenant.is_none())) {
        let claiming = repository.all::<TenantSpec>().filter(|tenant| !tenant.spec.claims.is_empty());
        used.extend(claiming.map(|tenant| tenant.doc.name.as_str()));
    }
    for tenant in repository.all::<TenantSpec>().filter(|tenant| !used.contains(tenant.doc.name.as_str())) {
        let message = format!("no Consumer is of the tenant `{}`", tenant.doc.name);
        let help = format!("write `tenant: {}` at those that are, or remove the document", tenant.doc.name);
        findings.push(Finding::warning(ID, tenant.doc.name_span(), message).help(help));
    }
}
