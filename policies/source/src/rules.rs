//! The rules this crate owns. Other crates declare theirs; a code is never used twice and never given a second meaning.

use crate::finding::RuleId;

const fn rule(code: &'static str, name: &'static str) -> RuleId {
    RuleId { code, name }
}

/// The text is not YAML.
pub const YAML_SYNTAX: RuleId = rule("C000", "yaml-syntax");
/// A key that its mapping does not have.
pub const UNKNOWN_KEY: RuleId = rule("C001", "unknown-key");
/// A key that stands twice in one mapping.
pub const DUPLICATE_KEY: RuleId = rule("C002", "duplicate-key");
/// A `<<` merge whose key is overridden without a word.
pub const MERGE_OVERRIDES: RuleId = rule("C003", "merge-overrides");
/// A plain scalar that other YAML readers take for something else.
pub const YAML_1_1_TRAP: RuleId = rule("C004", "yaml-1.1-trap");
/// The bytes are not UTF-8, or hold characters that YAML forbids.
pub const NOT_UTF8: RuleId = rule("C020", "not-utf8");
/// The file is longer than the limit.
pub const FILE_TOO_LARGE: RuleId = rule("C021", "file-too-large");
/// Collections are nested deeper than the limit.
pub const TOO_DEEP: RuleId = rule("C022", "too-deep");
/// More nodes, text or documents than the limit, aliases followed.
pub const TOO_MANY_NODES: RuleId = rule("C023", "too-many-nodes");
/// A YAML tag, which the policy dialect refuses.
pub const YAML_TAG: RuleId = rule("C024", "yaml-tag");
/// A value of the wrong type.
pub const WRONG_TYPE: RuleId = rule("C025", "wrong-type");
/// A key that its mapping needs and lacks.
pub const MISSING_KEY: RuleId = rule("C026", "missing-key");
/// A value of the right type that means nothing here.
pub const INVALID_VALUE: RuleId = rule("C027", "invalid-value");
/// An alias without an anchor, or one that stands inside the node it names.
pub const BAD_ALIAS: RuleId = rule("C028", "bad-alias");
/// A comment that begins with `aigw:` and cannot be understood.
pub const BAD_COMMENT: RuleId = rule("C029", "bad-comment");

/// All of them, by code.
pub const ALL: [RuleId; 15] = [
    YAML_SYNTAX,
    UNKNOWN_KEY,
    DUPLICATE_KEY,
    MERGE_OVERRIDES,
    YAML_1_1_TRAP,
    NOT_UTF8,
    FILE_TOO_LARGE,
    TOO_DEEP,
    TOO_MANY_NODES,
    YAML_TAG,
    WRONG_TYPE,
    MISSING_KEY,
    INVALID_VALUE,
    BAD_ALIAS,
    BAD_COMMENT,
];
