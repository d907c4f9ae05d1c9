//! What went wrong on the way to an upstream, in the engine's words. Details come from the libraries and never hold bodies or headers.

use aigw_core::{TransportError, TransportErrorKind};

/// How much of a library's message is kept.
const DETAIL_CHARS: usize = 200;

/// Where in an exchange it went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before the answer's head.
    Head,
    /// Within its body.
    Body,
}

pub(crate) fn error(kind: TransportErrorKind, detail: impl std::fmt::Display) -> TransportError {
    TransportError { kind, detail: detail.to_string().chars().take(DETAIL_CHARS).collect() }
}

/// hyper's errors: what is not HTTP is told apart from a connection that ended.
pub(crate) fn from_hyper(stage: Stage, fault: &hyper::Error) -> TransportError {
    let kind = match stage {
        _ if fault.is_parse() => TransportErrorKind::Protocol,
        Stage::Head => TransportErrorKind::Reset,
        Stage::Body => TransportErrorKind::Truncated,
    };
    let cause = std::error::Error::source(fault).map(|cause| format!(": {cause}")).unwrap_or_default();
    error(kind, format_args!("{fault}{cause}"))
}
