//! Bodies that a few callers fill the memory with.

use aigw_core::ByteSize;
use aigw_kinds::Repository;
use aigw_kinds::gateway::GatewaySpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

pub(crate) const ID: RuleId = RuleId { code: "S608", name: "body-bound-too-high" };
pub(crate) const LEVEL: Level = Level::Warning;

/// Beyond any chat with images that a provider takes (OpenAI: 50 MB a request, platform.openai.com/docs/guides/images-vision, 2025-06).
const HIGHEST: ByteSize = ByteSize::new(64 << 20);

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for gateway in repository.all::<GatewaySpec>() {
        let body = gateway.spec.bounds.body;
        if body > HIGHEST {
            let message = format!("bodies of {body} are held in memory, one for each request in flight");
            let help = format!("write at most {HIGHEST}, which is more than the providers take");
            findings.push(Finding::warning(ID, gateway.doc.locate("/spec/bounds/body"), message).help(help));
        }
    }
}
