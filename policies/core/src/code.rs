//! The stable codes that clients, records, metrics and `Gateway.spec.errors` share.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($variant:ident $text:literal $meaning:literal),+ $(,)?) => {
        /// Why a request was refused or failed. A code is never reused with another meaning; its HTTP status stands in the engine's one table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum ErrorCode {
            $(#[doc = $meaning] $variant,)+
        }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as clients see it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// What it means, for the documentation.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)+
                }
            }
        }
    };
}

error_codes! {
    RouteNotFound "route_not_found" "No route matches the request's host, path, method, headers and query.",
    MissingApiKey "missing_api_key" "The route wants an API key and the request carries none.",
    InvalidApiKey "invalid_api_key" "The API key is unknown.",
    ApiKeyNotYetValid "api_key_not_yet_valid" "The API key is known and its `notBefore` is still to come.",
    ApiKeyExpired "api_key_expired" "The API key is known and its `notAfter` has passed.",
    MissingCredentials "missing_credentials" "The route wants a credential and the request carries none; the message says which it takes.",
    TokenInvalid "token_invalid" "The bearer token is malformed, signed by an unknown key or with a wrong signature, or of a form that is not taken.",
    TokenExpired "token_expired" "The bearer token's `exp` has passed.",
    TokenNotYetValid "token_not_yet_valid" "The bearer token's `nbf` has not come.",
    TokenIssuer "token_issuer" "No issuer of tokens that this route trusts issued the bearer token.",
    TokenAudience "token_audience" "The bearer token is for another audience.",
    TokenClaims "token_claims" "The bearer token lacks a claim that the route requires.",
    TokenUndeclared "token_undeclared" "The bearer token is good, and no Consumer is declared that its claims select.",
    TokenAmbiguous "token_ambiguous" "The claims of the bearer token select several Consumers, or credentials of one that name different subscriptions.",
    TenantMismatch "tenant_mismatch" "The claims of the bearer token are of another tenant than its caller, or of several.",
    IdentityUnavailable "identity_unavailable" "The keys of the token's issuer could not be had yet, so that nobody can say whether it is good.",
    WrongTenant "wrong_tenant" "The route serves callers of one tenant, and this caller is not of it.",
    MissingCertificate "missing_certificate" "The route wants a client certificate, and the connection has none of the authority that it accepts.",
    UnknownCertificate "unknown_certificate" "The connection's client certificate belongs to no caller, to several, or was revoked since.",
    CertificateExpired "certificate_expired" "The connection's client certificate has expired since the connection began.",
    SubscriptionRequired "subscription_required" "The route is in a product, and this caller has no subscription that holds it; the message says to what.",
    SubscriptionPending "subscription_pending" "The caller's subscription is not approved yet.",
    SubscriptionRejected "subscription_rejected" "The caller's subscription was rejected.",
    SubscriptionSuspended "subscription_suspended" "The caller's subscription is suspended.",
    SubscriptionCancelled "subscription_cancelled" "The caller's subscription is cancelled.",
    SubscriptionExpired "subscription_expired" "The caller's subscription has expired.",
    SubscriptionAmbiguous "subscription_ambiguous" "Several subscriptions of the caller hold the route; the header `x-aigw-subscription` names one.",
    ProductRetired "product_retired" "The product that the caller has subscribed to is retired.",
    NotAuthorized "not_authorized" "No rule allows this caller this operation, or a rule denies it.",
    ModelNotAllowed "model_not_allowed" "The caller may use the route but not this model.",
    ModelNotFound "model_not_found" "The route serves no model of this name.",
    RateLimited "rate_limited" "A request limit is spent; `Retry-After` says when it frees.",
    ConcurrencyLimited "concurrency_limited" "Too many requests of this key are in flight.",
    LimitUnavailable "limit_unavailable" "A limit could not be counted, and what cannot be counted is refused.",
    InvalidRequest "invalid_request" "The request is malformed; the message says where.",
    InvalidJson "invalid_json" "The body is not JSON; the message gives the byte.",
    DuplicateMember "duplicate_member" "A JSON object in the body has a member twice.",
    JsonTooDeep "json_too_deep" "The body nests deeper than the bound of the gateway or of a Validation.",
    MissingParameter "missing_parameter" "A required member is absent.",
    InvalidParameter "invalid_parameter" "A member has the wrong type or an impossible value.",
    ConflictingParameters "conflicting_parameters" "Two aliases of one parameter disagree.",
    PromptParameterInvalid "prompt_parameter_invalid" "A value handed to a prompt breaks its declared parameters.",
    PromptFailed "prompt_failed" "A prompt template could not be rendered within its bounds.",
    BodyTooLarge "body_too_large" "The body exceeds the bound of the gateway or of a Validation.",
    AddressNotAllowed "address_not_allowed" "A Validation does not take requests from the caller's address.",
    SchemaMismatch "schema_mismatch" "The body does not fit the JSON Schema of a Validation; the message says where.",
    AttackSignature "attack_signature" "A part of the request looks like an attack to a Validation; the message says which and where.",
    TooManyMessages "too_many_messages" "A chat request has more messages than a Validation takes.",
    HeadersTooLarge "headers_too_large" "The header section exceeds the gateway's bound.",
    UnsupportedMediaType "unsupported_media_type" "The content type or encoding is not one that the operation, or a Validation, takes.",
    RequestTimeout "request_timeout" "The client sent its body too slowly.",
    ExpressionFailed "expression_failed" "An expression that must have a value failed.",
    UpstreamUnreachable "upstream_unreachable" "No target could be connected to.",
    UpstreamTimeout "upstream_timeout" "The target did not answer, or stalled, within its time.",
    UpstreamError "upstream_error" "The target answered with a failure of its own.",
    UpstreamAuthFailed "upstream_auth_failed" "The target refused the gateway's own credentials.",
    UpstreamRateLimited "upstream_rate_limited" "Every target is rate limited by its provider.",
    UpstreamInvalidAnswer "upstream_invalid_answer" "The target's answer breaks its protocol.",
    NoTarget "no_target" "No target of the model is eligible, or has its secret or access token.",
    StreamTruncated "stream_truncated" "The target's stream ended before the answer was complete.",
    StreamTimeout "stream_timeout" "The target's stream stalled or ran out of time.",
    StreamInvalid "stream_invalid" "The target's stream held something unreadable that may have been content.",
    StreamUpstreamError "stream_upstream_error" "The target reported a failure inside its stream.",
    RequestTimeExceeded "request_time_exceeded" "The whole request took longer than the gateway's bound.",
    Draining "draining" "The gateway is shutting down, or the stream outlived the drain limit.",
    NotReady "not_ready" "No policy bundle is active yet.",
    AddressLimited "address_limited" "The address sends more requests than `bounds.requestsPerAddress` allows; `Retry-After` says when it may again.",
    Overloaded "overloaded" "The gateway has as many requests in flight as leave room for this route's class; `Retry-After` says when to try again.",
    TooManyConnections "too_many_connections" "The address holds too many connections.",
    InternalError "internal_error" "A fault of the gateway's own; the request id leads to its log.",
}

impl FromStr for ErrorCode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_from_its_text_and_serialises_as_it() {
        for code in ErrorCode::ALL {
            assert_eq!(code.as_str().parse(), Ok(*code));
            assert_eq!(serde_json::to_string(code).ok(), Some(format!("\"{}\"", code.as_str())));
        }
    }
}
