//! Bodies that a few callers fill the memory with.

use aigw_core::ByteSize;
use aigw_kinds::gateway::GatewaySpec;
use aigw_kinds::{Mode, Repository, Spec};
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view;

pub(crate) const ID: RuleId = RuleId { code: "S608", name: "body-bound-too-high" };
pub(crate) const LEVEL: Level = Level::Warning;

/// Beyond any chat with images that a provider takes (OpenAI: 50 MB a request, platform.openai.com/docs/guides/images-vision, 2025-06).
const HIGHEST: ByteSize = ByteSize::new(64 << 20);

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for gateway in repository.all::<GatewaySpec>() {
        let body = gateway.spec.bounds.body;
        let routes = view::routes(repository);
        let uncapped = routes.iter().find(|uses| !is_capped(uses));
        if body > HIGHEST && (uncapped.is_some() || routes.is_empty()) {
            let message = format!("bodies of {body} are held in memory, one for each request in flight");
            let help = format!("write at most {HIGHEST}, which is more than the providers take");
            let finding = Finding::warning(ID, gateway.doc.locate("/spec/bounds/body"), message);
            let finding = match uncapped {
                Some(uses) => finding.label(uses.route.doc.name_span(), "no Validation has a `body` for this route"),
                None => finding,
            };
            findings.push(finding.help(help));
        }
    }
}

/// Whether a Validation stops reading before a body is too large, whoever calls: that of a tenant or product is not there for all.
fn is_capped(uses: &view::Uses<'_>) -> bool {
    uses.policies.iter().any(|attached| match &attached.doc.spec {
        Some(Spec::Validation(spec)) => spec.mode == Mode::Enforce && spec.body.is_some_and(|body| body <= HIGHEST),
        _ => false,
    })
}
