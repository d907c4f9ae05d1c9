//! The HTTP status of each code: one table, so that a code never has two statuses by accident.

use aigw_core::ErrorCode;
use http::StatusCode;

/// The status that clients get with `code`, where the gateway's policy names no other.
pub const fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InvalidRequest
        | ErrorCode::InvalidJson
        | ErrorCode::DuplicateMember
        | ErrorCode::JsonTooDeep
        | ErrorCode::MissingParameter
        | ErrorCode::InvalidParameter
        | ErrorCode::ConflictingParameters
        | ErrorCode::PromptParameterInvalid
        | ErrorCode::SubscriptionAmbiguous
        | ErrorCode::PromptFailed
        | ErrorCode::TooManyMessages
        | ErrorCode::SchemaMismatch
        | ErrorCode::AttackSignature => StatusCode::BAD_REQUEST,
        ErrorCode::MissingApiKey
        | ErrorCode::InvalidApiKey
        | ErrorCode::ApiKeyNotYetValid
        | ErrorCode::ApiKeyExpired
        | ErrorCode::MissingCertificate
        | ErrorCode::UnknownCertificate
        | ErrorCode::CertificateExpired
        | ErrorCode::MissingCredentials
        | ErrorCode::TokenInvalid
        | ErrorCode::TokenExpired
        | ErrorCode::TokenNotYetValid
        | ErrorCode::TokenIssuer
        | ErrorCode::TokenAudience
        | ErrorCode::TokenClaims
        | ErrorCode::TokenUndeclared
        | ErrorCode::TokenAmbiguous
        | ErrorCode::TenantMismatch => StatusCode::UNAUTHORIZED,
        ErrorCode::SubscriptionRequired
        | ErrorCode::SubscriptionPending
        | ErrorCode::SubscriptionRejected
        | ErrorCode::SubscriptionSuspended
        | ErrorCode::SubscriptionCancelled
        | ErrorCode::SubscriptionExpired
        | ErrorCode::ProductRetired
        | ErrorCode::NotAuthorized
        | ErrorCode::WrongTenant
        | ErrorCode::ModelNotAllowed
        | ErrorCode::AddressNotAllowed => StatusCode::FORBIDDEN,
        ErrorCode::RouteNotFound | ErrorCode::ModelNotFound => StatusCode::NOT_FOUND,
        ErrorCode::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        ErrorCode::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::RateLimited | ErrorCode::ConcurrencyLimited | ErrorCode::AddressLimited | ErrorCode::UpstreamRateLimited => {
            StatusCode::TOO_MANY_REQUESTS
        }
        ErrorCode::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        ErrorCode::ExpressionFailed | ErrorCode::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::UpstreamUnreachable
        | ErrorCode::UpstreamError
        | ErrorCode::UpstreamAuthFailed
        | ErrorCode::UpstreamInvalidAnswer
        | ErrorCode::StreamTruncated
        | ErrorCode::StreamInvalid
        | ErrorCode::StreamUpstreamError => StatusCode::BAD_GATEWAY,
        ErrorCode::LimitUnavailable
        | ErrorCode::IdentityUnavailable
        | ErrorCode::NoTarget
        | ErrorCode::Draining
        | ErrorCode::NotReady
        | ErrorCode::Overloaded
        | ErrorCode::TooManyConnections => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::UpstreamTimeout | ErrorCode::StreamTimeout | ErrorCode::RequestTimeExceeded => StatusCode::GATEWAY_TIMEOUT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_an_error_for_the_client() {
        for code in ErrorCode::ALL {
            let status = status_of(*code);
            assert!(status.is_client_error() || status.is_server_error(), "{}", code.as_str());
        }
    }
}
