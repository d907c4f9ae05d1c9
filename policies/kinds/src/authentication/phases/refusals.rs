//! What callers are told whose credentials are missing, or of no sort that is taken.

use aigw_core::ErrorCode;
use http::header::AUTHORIZATION;

use super::Authentication;
use crate::Refusal;

pub(super) fn no_token() -> Refusal {
    Refusal::new(
        ErrorCode::TokenInvalid,
        "the `authorization` header must be `Bearer` and a signed JWT: three parts in base64url",
    )
}

pub(super) fn other_scheme(policy: &Authentication) -> Refusal {
    if policy.takes_keys_in(&AUTHORIZATION) {
        return Refusal::new(ErrorCode::InvalidApiKey, "the `authorization` header must be `Bearer` and an API key");
    }
    no_token()
}

pub(super) fn missing(policy: &Authentication) -> Refusal {
    if policy.authority.is_some() && policy.headers().is_empty() {
        let message = "a client certificate of an authority that is accepted here is required";
        return Refusal::new(ErrorCode::MissingCertificate, message);
    }
    let (code, mut message) = match (policy.takes_tokens(), policy.key_headers.is_empty()) {
        (false, _) => (ErrorCode::MissingApiKey, "an API key is required".to_owned()),
        (true, true) => (ErrorCode::MissingCredentials, "a bearer token is required".to_owned()),
        (true, false) => (ErrorCode::MissingCredentials, "a bearer token or an API key is required".to_owned()),
    };
    let token = policy.takes_tokens().then(|| "`authorization: Bearer TOKEN`".to_owned());
    let keys = policy
        .key_headers
        .iter()
        .map(|name| if *name == AUTHORIZATION { "`authorization: Bearer KEY`".to_owned() } else { format!("`{name}: KEY`") });
    for (index, form) in token.into_iter().chain(keys).enumerate() {
        message.push_str(if index == 0 { "; send it as " } else { " or " });
        message.push_str(&form);
    }
    if policy.authority.is_some() {
        message.push_str(", or connect with a client certificate");
    }
    Refusal::new(code, message)
}
