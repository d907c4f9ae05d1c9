//! `# aigw: allow CODE -- reason`: which findings a comment may silence, and what is wrong with such comments.

use aigw_source::{Allow, Document, Finding, Findings, RuleId, Sources};

/// An allow comment that silences nothing, gives no reason, or names what cannot be silenced.
pub(crate) const BAD_ALLOW: RuleId = RuleId { code: "C012", name: "bad-allow" };

/// The allow comments of all documents.
pub(crate) fn collect(sources: &Sources, documents: &[Document], findings: &mut Findings) -> Vec<Allow> {
    documents.iter().flat_map(|document| aigw_source::allows(sources, document, findings)).collect()
}

/// Takes out what is allowed, and adds what is wrong with the comments.
pub(crate) fn apply(findings: Findings, allows: &[Allow]) -> Findings {
    let (mut kept, unused) = aigw_source::apply_allows(findings, allows, |finding| may_silence(finding.rule.code));
    kept.extend(allows.iter().filter(|allow| allow.reason.is_none()).map(without_reason));
    kept.extend(unused.iter().map(silences_nothing));
    kept
}

/// Rules of advice may be silenced, whatever their level. What keeps a document from being understood or compiled may not.
fn may_silence(code: &str) -> bool {
    aigw_lint::can_be_silenced(code)
}

fn without_reason(allow: &Allow) -> Finding {
    Finding::warning(BAD_ALLOW, allow.span, format!("`{}` is allowed without a reason", allow.codes.join(", ")))
        .help("write `-- ` and why it is meant, for whoever reads this next year")
}

fn silences_nothing(allow: &Allow) -> Finding {
    let codes = allow.codes.join(", ");
    match allow.codes.iter().find(|code| !may_silence(code)) {
        Some(code) => {
            Finding::warning(BAD_ALLOW, allow.span, format!("`{code}` cannot be silenced")).help("mend what it is about")
        }
        None => Finding::warning(BAD_ALLOW, allow.span, format!("`{codes}` is allowed here and nothing raises it"))
            .help("remove the comment, or put it above what it is about"),
    }
}
