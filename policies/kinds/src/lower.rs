//! From specs to the program: names are resolved, defaults filled in, and whatever would misbehave at run time becomes a finding.
//!
//! Every kind checks and lowers its own documents in its `lower` module; this module holds what they share and puts the parts together. A reference
//! to a document that could not be read is not reported again.

mod at;
mod context;
mod expressions;
pub(crate) mod references;
pub(crate) mod uses;
pub(crate) mod values;

use std::collections::BTreeMap;

use aigw_source::{Findings, Sources};

use crate::{
    Kind, PROGRAM_VERSION, Program, Repository, authentication, authorization, consumer, gateway, limit, model, product, prompt,
    provider, route, rules, subscription, tenant, validation,
};

pub(crate) use at::At;
pub(crate) use context::{Lowering, listed};
pub(crate) use values::{path_pattern, regex};

/// Checks every document and compiles them. What is wrong goes to `findings`; with any error there is no program.
pub fn lower(repository: &Repository, sources: &Sources, findings: &mut Findings) -> Option<Program> {
    let mut own = Findings::new();
    let mut lowering = Lowering::new(repository, sources, &mut own);
    check_names(&mut lowering);
    let gateway = gateway::lower::lower(&mut lowering);
    let providers = lowering.each(provider::lower::lower);
    let models = lowering.each(model::lower::lower);
    let tenants = lowering.each(|lowering, typed| tenant::lower::lower(lowering, typed, &gateway.attached));
    let products = lowering.each(product::lower::lower);
    let subscriptions = lowering.each(subscription::lower::lower);
    let authentications = lowering.each(authentication::lower::lower);
    let validations = lowering.each(validation::lower::lower);
    let consumers = lowering.each(consumer::lower::lower);
    consumer::lower::check_unique(&mut lowering, &consumers);
    tenant::lower::check_claims(&mut lowering, &tenants, &consumers);
    let limits = lowering.each(limit::lower::lower);
    let prompts = lowering.each(prompt::lower::lower);
    let authorizations = lowering.each(authorization::lower::lower);
    let (routes, matches) = route::lower::lower_all(&mut lowering, &gateway.attached);
    let program = Program {
        version: PROGRAM_VERSION,
        files: lowering.file_paths(),
        gateway: gateway.plan,
        parameters: std::mem::take(&mut lowering.parameters),
        expressions: std::mem::take(&mut lowering.expressions),
        providers,
        endpoints: std::mem::take(&mut lowering.endpoints),
        models,
        tenants,
        consumers,
        products,
        subscriptions,
        authentications,
        issuers: std::mem::take(&mut lowering.issuers),
        authorizations,
        validations,
        limits,
        prompts,
        routes,
        matches,
        secrets: std::mem::take(&mut lowering.secrets).into_iter().collect(),
    };
    let complete = lowering.complete();
    if complete && !own.has_errors() {
        tenant::require::check(&program, repository, &mut own);
    }
    let sound = complete && !own.has_errors();
    findings.extend(own);
    sound.then_some(program)
}

/// Names are unique within a kind, and across all policy kinds; a repository has at most one Gateway.
fn check_names(lowering: &mut Lowering<'_>) {
    let mut first: BTreeMap<(Option<Kind>, &str), &crate::Doc> = BTreeMap::new();
    let mut gateway: Option<&crate::Doc> = None;
    for doc in &lowering.repository.documents {
        if doc.kind == Kind::Gateway {
            match gateway {
                None => gateway = Some(doc),
                Some(earlier) => {
                    let finding = lowering.error(
                        rules::SECOND_GATEWAY,
                        At::name(doc).span(),
                        "a repository has one Gateway, and this is another",
                    );
                    lowering.push(finding.label(earlier.name_span(), "the first one").help("join them in one document"));
                }
            }
        }
        if doc.name.is_empty() {
            continue;
        }
        let group = (!doc.kind.is_policy()).then_some(doc.kind);
        match first.get(&(group, doc.name.as_str())) {
            None => drop(first.insert((group, &doc.name), doc)),
            Some(earlier) => {
                let message = if earlier.kind == doc.kind {
                    format!("there is another {} named `{}`", doc.kind, doc.name)
                } else {
                    format!("there is a policy named `{}` already: the {}", doc.name, earlier.kind)
                };
                let finding = lowering.error(rules::DUPLICATE_NAME, At::name(doc).span(), message);
                lowering.push(finding.label(earlier.name_span(), "the first one").help("give one of them another name"));
            }
        }
    }
}

#[cfg(test)]
mod tests;
