//! The rules that this crate owns: what makes a repository that is well formed unfit to run.

use aigw_source::RuleId;

const fn rule(code: &'static str, name: &'static str) -> RuleId {
    RuleId { code, name }
}

/// A reference to something that is not declared.
pub const UNKNOWN_REFERENCE: RuleId = rule("C030", "unknown-reference");
/// A name that stands twice where it must be unique.
pub const DUPLICATE_NAME: RuleId = rule("C031", "duplicate-name");
/// Things that cannot stand together, or one that needs another.
pub const INVALID_COMBINATION: RuleId = rule("C032", "invalid-combination");
/// More than one Gateway.
pub const SECOND_GATEWAY: RuleId = rule("C033", "second-gateway");
/// A detached policy that is not detachable, or not attached.
pub const NOT_DETACHABLE: RuleId = rule("C034", "not-detachable");
/// A file that the repository does not have.
pub const UNKNOWN_FILE: RuleId = rule("C035", "unknown-file");
/// A parameter whose type or value does not do.
pub const INVALID_PARAMETER: RuleId = rule("C036", "invalid-parameter");
/// Two credentials with one digest, one mark or one id.
pub const DUPLICATE_CREDENTIAL: RuleId = rule("C037", "duplicate-credential");
/// More ways to reach routes than a program may hold.
pub const TOO_MANY_WAYS: RuleId = rule("C038", "too-many-ways");
/// Two routes that one request reaches, with nothing to decide between them.
pub const DUPLICATE_MATCH: RuleId = rule("R103", "duplicate-match");
/// A model that is not declared, or that its provider does not list.
pub const UNKNOWN_MODEL: RuleId = rule("R112", "unknown-model");
/// Two models of one route that clients would call by one name.
pub const AMBIGUOUS_MODEL_NAME: RuleId = rule("R117", "ambiguous-model-name");
/// A fallback that a route does not serve.
pub const FALLBACK_NOT_SERVED: RuleId = rule("R118", "fallback-not-served");
/// An operation that no model of the route does.
pub const OPERATION_WITHOUT_MODEL: RuleId = rule("R119", "operation-without-model");
/// A provider or endpoint that is not declared.
pub const UNKNOWN_PROVIDER: RuleId = rule("B202", "unknown-provider");
/// A tenant's request that no target may serve.
pub const REQUIREMENT_UNMET: RuleId = rule("B213", "requirement-unmet");
/// A rule that a longer window makes pointless, or the reverse.
pub const WINDOW_MISMATCH: RuleId = rule("Q306", "window-mismatch");
/// A template variable that the prompt does not declare.
pub const UNDEFINED_VARIABLE: RuleId = rule("T401", "undefined-variable");
/// A template that cannot be rendered.
pub const INVALID_TEMPLATE: RuleId = rule("T411", "invalid-template");
/// A value for a prompt's parameter that is missing, unknown or does not fit.
pub const PROMPT_ARGUMENT: RuleId = rule("T412", "prompt-argument");
/// Tokens of which nothing says whose they are or for whom.
pub const UNCHECKED_TOKEN: RuleId = rule("S602", "unchecked-token");
/// An issuer whose keys would be fetched where anyone can change them.
pub const ISSUER_OVER_HTTP: RuleId = rule("S640", "issuer-over-http");
/// A route that nothing authenticates and that does not say so.
pub const NO_AUTHENTICATION: RuleId = rule("S620", "no-authentication");
/// A route that nothing authorizes and that does not say so.
pub const NO_AUTHORIZATION: RuleId = rule("S621", "no-authorization");
/// A document of a kind that the owners of its folder may not write.
pub const OUTSIDE_ITS_FOLDER: RuleId = rule("S650", "outside-its-folder");
/// A file that nobody owns.
pub const FILE_WITHOUT_OWNER: RuleId = rule("S651", "file-without-owner");
/// A document in a tenant's folder that concerns others.
pub const CONCERNS_ANOTHER_TENANT: RuleId = rule("S654", "concerns-another-tenant");
/// A subscription whose approval is missing, or given by who may not.
pub const APPROVAL_NOT_KEPT: RuleId = rule("S660", "approval-not-kept");
/// An expression that does not compile.
pub const INVALID_EXPRESSION: RuleId = rule("H810", "expression-invalid");
/// An expression that names what does not exist.
pub const UNKNOWN_NAME: RuleId = rule("H811", "expression-unknown-name");
/// An expression that names what is not known when it is evaluated.
pub const NOT_YET_KNOWN: RuleId = rule("H812", "expression-not-yet-known");

/// Every rule of this crate.
pub const ALL: &[RuleId] = &[
    UNKNOWN_REFERENCE,
    DUPLICATE_NAME,
    INVALID_COMBINATION,
    SECOND_GATEWAY,
    NOT_DETACHABLE,
    UNKNOWN_FILE,
    INVALID_PARAMETER,
    DUPLICATE_CREDENTIAL,
    TOO_MANY_WAYS,
    DUPLICATE_MATCH,
    UNKNOWN_MODEL,
    AMBIGUOUS_MODEL_NAME,
    FALLBACK_NOT_SERVED,
    OPERATION_WITHOUT_MODEL,
    UNKNOWN_PROVIDER,
    REQUIREMENT_UNMET,
    WINDOW_MISMATCH,
    UNDEFINED_VARIABLE,
    INVALID_TEMPLATE,
    PROMPT_ARGUMENT,
    UNCHECKED_TOKEN,
    ISSUER_OVER_HTTP,
    NO_AUTHENTICATION,
    NO_AUTHORIZATION,
    APPROVAL_NOT_KEPT,
    OUTSIDE_ITS_FOLDER,
    FILE_WITHOUT_OWNER,
    CONCERNS_ANOTHER_TENANT,
    INVALID_EXPRESSION,
    UNKNOWN_NAME,
    NOT_YET_KNOWN,
];
