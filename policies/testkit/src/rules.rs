//! The rules that this crate owns: what makes a test suite unfit to run, or unable to fail.

use aigw_source::RuleId;

const fn rule(code: &'static str, name: &'static str) -> RuleId {
    RuleId { code, name }
}

/// A fixture that does not exist.
pub const UNKNOWN_FIXTURE: RuleId = rule("V101", "unknown-fixture");
/// A consumer, provider, policy, secret or parameter that the policies do not have.
pub const UNKNOWN_SUBJECT: RuleId = rule("V102", "unknown-subject");
/// A case, or a step that sends, of which nothing is expected.
pub const NOTHING_EXPECTED: RuleId = rule("V103", "nothing-expected");
/// An expectation that holds whatever comes.
pub const CANNOT_FAIL: RuleId = rule("V104", "cannot-fail");
/// Two cases, suites or fixtures of one name.
pub const DUPLICATE_CASE: RuleId = rule("V105", "duplicate-case");
/// A fixture that no case uses.
pub const UNUSED_FIXTURE: RuleId = rule("V106", "unused-fixture");
/// Parts of a case, request or answer that cannot stand together, or one that needs another.
pub const CASE_SHAPE: RuleId = rule("V107", "case-shape");
/// A value that is none: a pointer, a time, a header, a pattern.
pub const BAD_VALUE: RuleId = rule("V108", "bad-test-value");
/// A script for an upstream that answers by itself.
pub const SCRIPTED_MOCK: RuleId = rule("V109", "scripted-mock");

/// An expectation that nothing can meet.
pub const CANNOT_HOLD: RuleId = rule("V110", "cannot-hold");
/// Test documents where nobody reads them, or a test file without any.
pub const MISPLACED: RuleId = rule("V111", "misplaced-test");

/// Every rule of this crate.
pub const ALL: &[RuleId] = &[
    UNKNOWN_FIXTURE,
    UNKNOWN_SUBJECT,
    NOTHING_EXPECTED,
    CANNOT_FAIL,
    DUPLICATE_CASE,
    UNUSED_FIXTURE,
    CASE_SHAPE,
    BAD_VALUE,
    SCRIPTED_MOCK,
    CANNOT_HOLD,
    MISPLACED,
];

#[cfg(test)]
mod tests;
