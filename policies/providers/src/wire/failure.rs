//! What a failed call means: its class, whether another attempt may follow and where, and what the caller gets to see.

use aigw_core::{ErrorCode, TransportErrorKind};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// How much of an answer is looked at, and of a message kept for the record.
pub const MAX_ERROR_BYTES: usize = 64 << 10;
const MAX_MESSAGE_CHARACTERS: usize = 300;

/// The class of a failure, the same for all upstreams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorClass {
    /// Too many requests or tokens for now.
    RateLimited,
    /// Up, but cannot take it now: 502, 503, 504, 529.
    Overloaded,
    /// Failed: 500, 424, 409 and what no other class takes.
    Server,
    /// Did not answer in time, or said that we did not ask in time: 408.
    Timeout,
    /// No connection, or lost before the answer.
    Connection,
    /// The account has spent what it may; waiting does not help.
    QuotaExhausted,
    /// Our credential was refused.
    Auth,
    /// More tokens than the model takes.
    ContextOverflow,
    /// The provider's own filter refused the prompt.
    ContentFilter,
    /// The request itself is at fault.
    BadRequest,
    /// The path or the deployment does not exist: our configuration is at fault.
    NotFound,
    /// The answer ended before its end.
    Truncated,
}

/// Whether another attempt may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// No: it would fail the same way, or the answer is final.
    Never,
    /// With the same target or another.
    SameOrNext,
    /// Only with another target.
    NextOnly,
}

impl ErrorClass {
    /// As written in records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Server => "server",
            Self::Timeout => "timeout",
            Self::Connection => "connection",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Auth => "auth",
            Self::ContextOverflow => "context_overflow",
            Self::ContentFilter => "content_filter",
            Self::BadRequest => "bad_request",
            Self::NotFound => "not_found",
            Self::Truncated => "truncated",
        }
    }

    /// Whether another attempt may follow a failure of this class.
    pub const fn retry(self) -> Retry {
        match self {
            Self::RateLimited | Self::Overloaded | Self::Server | Self::Connection | Self::Truncated => Retry::SameOrNext,
            // A silent upstream has had its time; another key or account may well answer.
            Self::Timeout | Self::QuotaExhausted | Self::Auth => Retry::NextOnly,
            Self::ContextOverflow | Self::ContentFilter | Self::BadRequest | Self::NotFound => Retry::Never,
        }
    }

    /// The code under which the caller is told, where the upstream's own answer is not passed on. Our credentials' faults are not the
    /// caller's: a 401 from upstream is never one to the caller.
    pub const fn client_code(self) -> ErrorCode {
        match self {
            Self::RateLimited => ErrorCode::UpstreamRateLimited,
            Self::Timeout => ErrorCode::UpstreamTimeout,
            Self::Connection => ErrorCode::UpstreamUnreachable,
            Self::Auth => ErrorCode::UpstreamAuthFailed,
            Self::Truncated => ErrorCode::UpstreamInvalidAnswer,
            Self::Overloaded | Self::Server | Self::QuotaExhausted | Self::NotFound => ErrorCode::UpstreamError,
            Self::ContextOverflow | Self::ContentFilter | Self::BadRequest => ErrorCode::InvalidRequest,
        }
    }

    /// True if the answer is about the caller's own request.
    const fn concerns_caller(self) -> bool {
        matches!(self, Self::ContextOverflow | Self::ContentFilter | Self::BadRequest)
    }
}

impl From<TransportErrorKind> for ErrorClass {
    fn from(kind: TransportErrorKind) -> Self {
        match kind {
            TransportErrorKind::Connect | TransportErrorKind::Reset => Self::Connection,
            TransportErrorKind::ConnectTimeout => Self::Timeout,
            TransportErrorKind::Truncated => Self::Truncated,
            TransportErrorKind::Protocol => Self::Server,
        }
    }
}

/// A failure that an upstream reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its class.
    pub class: ErrorClass,
    /// Whether another attempt may follow: the class's rule, tightened by `x-should-retry: false`.
    pub retry: Retry,
    /// True if status and body go to the caller as they are: the answer is about the caller's own request, and in its dialect.
    pub relay: bool,
    /// The upstream's own code, for the record.
    pub code: Option<String>,
    /// The upstream's own words, cut at 300 characters, for people who may see them; they can quote the prompt.
    pub message: Option<String>,
}

/// Judges an answer that is no success. `body` is its beginning; more than [`MAX_ERROR_BYTES`] is not looked at.
pub fn classify(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let report = Report::read(body);
    let class = class(status.as_u16(), &report);
    let refused = headers.get("x-should-retry").is_some_and(|value| value == "false");
    let retry = match class.retry() {
        Retry::SameOrNext if refused => Retry::NextOnly,
        retry => retry,
    };
    let relay = class.concerns_caller() && report.is_error_object;
    Failure { class, retry, relay, code: report.code, message: report.message }
}

/// Judges an error object found inside a stream that began as a success.
pub fn classify_in_band(body: &[u8]) -> Failure {
    let report = Report::read(body);
    let status = report.code.as_deref().and_then(|code| code.parse().ok()).filter(|status| (400..600).contains(status));
    let class = match (status, report.code.as_deref(), report.kind.as_deref()) {
        (Some(status), ..) => class(status, &report),
        (None, Some("rate_limit_exceeded"), _) | (None, _, Some("rate_limit_error" | "rate_limit_exceeded")) => {
            class(429, &report)
        }
        (None, Some("server_overloaded" | "overloaded"), _) | (None, _, Some("overloaded_error")) => ErrorClass::Overloaded,
        (None, _, Some("invalid_request_error" | "BadRequestError")) => class(400, &report),
        (None, ..) => report.about_prompt().unwrap_or(ErrorClass::Server),
    };
    Failure { class, retry: class.retry(), relay: false, code: report.code, message: report.message }
}

fn class(status: u16, report: &Report) -> ErrorClass {
    match status {
        401 | 403 => ErrorClass::Auth,
        402 => ErrorClass::QuotaExhausted,
        404 => ErrorClass::NotFound,
        408 => ErrorClass::Timeout,
        429 if report.says(&["insufficient_quota", "billing_hard_limit_reached"]) => ErrorClass::QuotaExhausted,
        429 => ErrorClass::RateLimited,
        502 | 503 | 504 | 529 => ErrorClass::Overloaded,
        409 | 424 => ErrorClass::Server,
        400..=499 => report.about_prompt().unwrap_or(ErrorClass::BadRequest),
        _ => ErrorClass::Server,
    }
}

/// An error as the upstream wrote it.
#[derive(Default)]
struct Report {
    code: Option<String>,
    inner_code: Option<String>,
    kind: Option<String>,
    message: Option<String>,
    is_error_object: bool,
}

impl Report {
    /// Reads OpenAI's `{"error":{…}}`, its flat form `{"object":"error",…}` and `{"error":"text"}`; of anything else nothing is known.
    fn read(body: &[u8]) -> Self {
        let body = body.get(..MAX_ERROR_BYTES).unwrap_or(body);
        let Ok(document) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        let error = document.get("error").filter(|error| !error.is_null()).unwrap_or(&document);
        Self {
            code: error.get("code").and_then(word),
            inner_code: error.pointer("/innererror/code").and_then(word),
            kind: error.get("type").and_then(word),
            message: error
                .get("message")
                .unwrap_or(error)
                .as_str()
                .map(|text| text.chars().take(MAX_MESSAGE_CHARACTERS).collect()),
            is_error_object: document.get("error").is_some_and(Value::is_object),
        }
    }

    fn says(&self, words: &[&str]) -> bool {
        [&self.code, &self.inner_code, &self.kind].into_iter().flatten().any(|word| words.contains(&word.as_str()))
    }

    /// What is wrong with the prompt, if that is what the report says.
    fn about_prompt(&self) -> Option<ErrorClass> {
        if self.says(&["content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"]) {
            return Some(ErrorClass::ContentFilter);
        }
        // vLLM and its like report an overlong prompt in words only.
        let told = self.message.as_deref().is_some_and(|message| message.to_ascii_lowercase().contains("maximum context length"));
        (told || self.says(&["context_length_exceeded"])).then_some(ErrorClass::ContextOverflow)
    }
}

/// A code, which some servers write as a number.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.chars().take(MAX_MESSAGE_CHARACTERS).collect()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
