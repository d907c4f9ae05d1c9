//! Why an attempt failed, and what that means for the next one and for the client.

use aigw_core::{ErrorCode, Millis, TransportError, TransportErrorKind};
use aigw_kinds::Refusal;
use aigw_kinds::model::RetryOn;
use aigw_providers::wire::headers::{Answer, answer_headers};
use aigw_providers::wire::{ErrorClass, Failure, Retry};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::answer::{Fault, TimedOut};

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) class: ErrorClass,
    retry: Retry,
    /// What of a policy's `retryOn` it answers to.
    trigger: Trigger,
    /// The target's status, where it gave one.
    pub(crate) status: Option<StatusCode>,
    /// For the record: a class and the target's own code, never its words, which can quote the prompt.
    pub(crate) reason: String,
    /// How long the target wants to be left alone.
    pub(crate) retry_after: Option<Millis>,
    /// The target's own answer, where it is about the client's request and goes to it as it is.
    pub(crate) relay: Option<Relay>,
    code: ErrorCode,
    /// True where nothing was sent.
    unsent: bool,
}

/// An answer of a target that goes to the client as it is.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trigger {
    Status(u16),
    Timeout,
    Connect,
    /// Whatever is written, this is not tried again.
    Nothing,
}

/// What another attempt may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// None may follow.
    No,
    /// With another target.
    Elsewhere,
    /// With any.
    Anywhere,
}

impl Trouble {
    /// No answer's head came.
    pub(crate) fn transport(error: &TransportError) -> Self {
        let unsent = matches!(error.kind, TransportErrorKind::Connect | TransportErrorKind::ConnectTimeout);
        match error.kind {
            TransportErrorKind::Protocol => Self::invalid(error.kind.to_string()),
            kind => Self { unsent, ..Self::of_class(kind.into(), Trigger::Connect, kind.to_string()) },
        }
    }

    /// A time ran out before the answer had begun.
    pub(crate) fn timed_out(which: TimedOut) -> Self {
        let trouble = Self::of_class(ErrorClass::Timeout, Trigger::Timeout, which.reason().to_owned());
        match which {
            TimedOut::Request => {
                Self { code: ErrorCode::RequestTimeExceeded, trigger: Trigger::Nothing, retry: Retry::Never, ..trouble }
            }
            TimedOut::FirstByte | TimedOut::Idle | TimedOut::Total => trouble,
        }
    }

    /// The target's answer is not one.
    pub(crate) fn invalid(reason: String) -> Self {
        let trouble = Self::of_class(ErrorClass::Server, Trigger::Status(StatusCode::BAD_GATEWAY.as_u16()), reason);
        Self { code: ErrorCode::UpstreamInvalidAnswer, ..trouble }
    }

    /// The target answered with a failure.
    pub(crate) fn answered(head: &http::response::Parts, failure: Failure, body: Bytes, retry_after: Option<Millis>) -> Self {
        // Only where the target itself is at its limit: a refused prompt says nothing about the next one.
        let busy = [ErrorClass::RateLimited, ErrorClass::Overloaded, ErrorClass::Server, ErrorClass::QuotaExhausted];
        let retry_after = retry_after.filter(|_| busy.contains(&failure.class));
        let relay =
            failure.relay.then(|| Relay { status: head.status, headers: answer_headers(&head.headers, Answer::Model), body });
        let trouble = Self::of_failure(failure, Trigger::Status(head.status.as_u16()));
        Self { status: Some(head.status), retry_after, relay, ..trouble }
    }

    /// A stream broke before its first content.
    pub(crate) fn broken(fault: &Fault, reported: Option<Failure>) -> Self {
        match (fault, reported) {
            (Fault::Reported(_), Some(failure)) => {
                let status = match failure.class {
                    ErrorClass::RateLimited | ErrorClass::QuotaExhausted => 429,
                    ErrorClass::Overloaded => 503,
                    ErrorClass::Timeout => 408,
                    _ => 500,
                };
                Self::of_failure(failure, Trigger::Status(status))
            }
            (Fault::TimedOut(which), _) => Self::timed_out(*which),
            (Fault::Transport(error), _) => Self::transport(error),
            (Fault::Truncated, _) => Self::of_class(ErrorClass::Truncated, Trigger::Connect, "truncated".to_owned()),
            (Fault::Invalid | Fault::Reported(_), _) => Self::invalid("unreadable stream".to_owned()),
            (Fault::Interrupted(code), _) => {
                let trouble = Self::of_class(ErrorClass::Server, Trigger::Nothing, code.as_str().to_owned());
                Self { code: *code, retry: Retry::Never, ..trouble }
            }
        }
    }

    fn of_failure(failure: Failure, trigger: Trigger) -> Self {
        let reason = match failure.code.as_deref().filter(|code| is_word(code)) {
            Some(code) => format!("{} ({code})", failure.class.as_str()),
            None => failure.class.as_str().to_owned(),
        };
        Self { retry: failure.retry, ..Self::of_class(failure.class, trigger, reason) }
    }

    fn of_class(class: ErrorClass, trigger: Trigger, reason: String) -> Self {
        let (retry, code) = (class.retry(), class.client_code());
        Self { class, retry, trigger, status: None, reason, retry_after: None, relay: None, code, unsent: false }
    }

    /// Whether and where the request may be sent again, under a policy's `retryOn`. Another account may serve what a spent or refused one
    /// does not, whatever is written: that is no repetition.
    pub(crate) fn again(&self, retry_on: &[RetryOn]) -> Again {
        let listed = retry_on.iter().any(|on| self.answers_to(*on));
        let other_account = matches!(self.class, ErrorClass::Auth | ErrorClass::QuotaExhausted);
        match self.retry {
            Retry::SameOrNext if listed => Again::Anywhere,
            Retry::NextOnly if listed || other_account => Again::Elsewhere,
            Retry::Never | Retry::SameOrNext | Retry::NextOnly => Again::No,
        }
    }

    fn answers_to(&self, on: RetryOn) -> bool {
        match (on, self.trigger) {
            (RetryOn::Status(wanted), Trigger::Status(status)) => wanted == status,
            (RetryOn::ServerErrors, Trigger::Status(status)) => (500..600).contains(&status),
            (RetryOn::Timeout, Trigger::Timeout | Trigger::Status(408)) | (RetryOn::Connect, Trigger::Connect) => true,
            _ => false,
        }
    }

    /// Whether another endpoint may be asked without any risk of doing things twice.
    pub(crate) const fn unsent(&self) -> bool {
        self.unsent
    }

    /// What the client is told where the target's own answer is not passed on.
    pub(crate) fn refusal(&self) -> Refusal {
        let wait = self.retry_after.filter(|_| self.code == ErrorCode::UpstreamRateLimited);
        Refusal::new(self.code, message(self.code)).retry_after(wait)
    }
}

/// The client's view of a failure behind the gateway: what happened, and nothing of where.
pub(crate) const fn message(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::UpstreamUnreachable => "the model's provider could not be reached",
        ErrorCode::UpstreamTimeout => "the model's provider did not answer in time",
        ErrorCode::UpstreamAuthFailed => "the model's provider refused the gateway's credentials",
        ErrorCode::UpstreamRateLimited => "the model's provider limits the rate of requests; try again later",
        ErrorCode::UpstreamInvalidAnswer => "the model's provider gave an answer that cannot be read",
        ErrorCode::InvalidRequest => "the model's provider refuses this request",
        ErrorCode::NoTarget => "no provider of this model is available",
        ErrorCode::StreamTruncated => "the answer broke off before its end",
        ErrorCode::StreamTimeout => "the answer stalled",
        ErrorCode::StreamInvalid => "the answer became unreadable",
        ErrorCode::StreamUpstreamError => "the model's provider failed while it answered",
        ErrorCode::RequestTimeExceeded => "the request took longer than the gateway allows",
        ErrorCode::Draining => "the gateway is shutting down",
        ErrorCode::InternalError => "the gateway failed; the request id leads to its log",
        _ => "the model's provider failed",
    }
}

fn is_word(code: &str) -> bool {
    const MAX_CODE_BYTES: usize = 64;
    code.len() <= MAX_CODE_BYTES && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
