//! The statement: what is signed. It names the content by digest and carries everything that varies between two signings of the same content.

use aigw_core::Name;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::reason::quoted_fault;
use crate::{Blob, Content, Reason, Refusal, Version};

/// The statement version that this version writes, and the only one it reads. Unknown members are refused: whatever a runtime may ignore need
/// not be signed, and whatever it must not ignore raises this number.
pub const STATEMENT_VERSION: u16 = 1;

/// What is signed about a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// [`STATEMENT_VERSION`].
    pub version: u16,
    /// The name of the bundle.
    pub name: Name,
    /// The canonical tar.
    pub content: Blob,
    /// The compressed bytes in the file.
    pub compressed: Blob,
    /// Where it may be served: `prod`, `staging`, …
    pub channel: Name,
    /// Never falls within a name and channel; how a runtime knows an old bundle from a new one.
    pub sequence: u64,
    /// When it was signed. Informational: verification uses the two below.
    pub issued: Timestamp,
    /// From when on it is valid.
    pub not_before: Timestamp,
    /// From when on it is not valid any more.
    pub expires: Timestamp,
    /// The oldest runtime that may serve it.
    pub minimum_runtime: Version,
    /// What it was built from; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// What it passed before it was signed.
    pub gates: Gates,
}

/// What a bundle was built from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The repository, as a URL without credentials.
    pub repository: String,
    /// The commit.
    pub commit: String,
    /// The tree of that commit.
    pub tree: String,
    /// Whether the working copy had changes that the commit does not hold.
    pub dirty: bool,
}

/// What was checked before signing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gates {
    /// Validation found no error.
    pub validated: bool,
    /// How clean lint found it.
    pub lint: LintGate,
    /// How many tests passed; a bundle with a failed test claims none.
    pub tests: u32,
}

/// The finest level at which lint found nothing. Ordered: later is cleaner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LintGate {
    /// Lint did not run, or found errors.
    #[default]
    NotPassed,
    /// No errors.
    NoErrors,
    /// No errors and no warnings.
    NoWarnings,
    /// Nothing at all, not even advice.
    Clean,
}

/// What a signer decides; with the content it makes a [`Statement`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The name of the bundle.
    pub name: Name,
    /// Where it may be served.
    pub channel: Name,
    /// The sequence number.
    pub sequence: u64,
    /// The time of signing.
    pub issued: Timestamp,
    /// From when on it is valid.
    pub not_before: Timestamp,
    /// From when on it is not valid any more.
    pub expires: Timestamp,
    /// The oldest runtime that may serve it.
    pub minimum_runtime: Version,
    /// What it was built from.
    pub provenance: Option<Provenance>,
    /// What it passed.
    pub gates: Gates,
}

/// Only what tells the versions apart; everything else may differ between them.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

impl Statement {
    /// The statement that makes a release of this content. Errs where its validity is empty.
    pub(crate) fn of(content: &Content, release: Release) -> Result<Self, Refusal> {
        let Release { name, channel, sequence, issued, not_before, expires, minimum_runtime, provenance, gates } = release;
        let statement = Self {
            version: STATEMENT_VERSION,
            name,
            content: content.tar(),
            compressed: content.compressed(),
            channel,
            sequence,
            issued,
            not_before,
            expires,
            minimum_runtime,
            provenance,
            gates,
        };
        statement.checked()
    }

    /// Reads the payload of an envelope. Its version is looked at first, so that a newer statement is called newer and not malformed.
    pub fn parse(payload: &[u8]) -> Result<Self, Refusal> {
        let fault = |fault: serde_json::Error| invalid(format!("the statement is malformed: {}", quoted_fault(&fault)));
        let Versioned { version } = serde_json::from_slice(payload).map_err(fault)?;
        if version != u64::from(STATEMENT_VERSION) {
            return Err(Refusal::new(
                Reason::UnsupportedStatement,
                format!("the statement has version {version}, and this version reads version {STATEMENT_VERSION}"),
            ));
        }
        serde_json::from_slice::<Self>(payload).map_err(fault)?.checked()
    }

    /// As it is signed.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, Refusal> {
        serde_json::to_vec(self).map_err(|fault| invalid(format!("the statement cannot be written: {fault}")))
    }

    /// What its signer decided: where signing again begins.
    pub fn release(&self) -> Release {
        Release {
            name: self.name.clone(),
            channel: self.channel.clone(),
            sequence: self.sequence,
            issued: self.issued,
            not_before: self.not_before,
            expires: self.expires,
            minimum_runtime: self.minimum_runtime,
            provenance: self.provenance.clone(),
            gates: self.gates,
        }
    }

    fn checked(self) -> Result<Self, Refusal> {
        if self.not_before < self.expires {
            return Ok(self);
        }
        Err(invalid(format!("it expires at {}, before it becomes valid at {}", self.expires, self.not_before)))
    }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(Reason::StatementInvalid, message)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::fixtures::{content, release};

    fn json() -> String {
        String::from_utf8(Statement::of(&content(), release()).unwrap().to_json().unwrap()).unwrap()
    }

    fn check(from: &str, to: &str, expected: Reason) {
        assert!(json().contains(from), "{from}");
        assert_eq!(Statement::parse(json().replacen(from, to, 1).as_bytes()).unwrap_err().reason(), expected, "{to}");
    }

    #[test]
    fn a_statement_has_a_known_form() {
        // Every runtime out there reads this: a change here needs a version.
        let (tar, gz) = (content().tar(), content().compressed());
        assert_eq!(
            json(),
            format!(
                concat!(
                    r#"{{"version":1,"name":"support","content":{{"digest":"{}","size":{}}},"#,
                    r#""compressed":{{"digest":"{}","size":{}}},"channel":"prod","sequence":7,"#,
                    r#""issued":"2026-06-01T00:00:00Z","notBefore":"2026-06-01T00:00:00Z","expires":"2026-07-01T00:00:00Z","#,
                    r#""minimumRuntime":"0.1.0","provenance":{{"repository":"https://example.com/policies","commit":"c0ffee","#,
                    r#""tree":"beef","dirty":false}},"gates":{{"validated":true,"lint":"no-warnings","tests":3}}}}"#,
                ),
                tar.digest, tar.size, gz.digest, gz.size
            )
        );
        assert_eq!(Statement::parse(json().as_bytes()).unwrap().release(), release());
    }

    #[test]
    fn a_newer_statement_is_called_newer_whatever_else_is_in_it() {
        check("\"version\":1", "\"version\":2", Reason::UnsupportedStatement);
        check("\"version\":1", "\"version\":70000,\"surprise\":{}", Reason::UnsupportedStatement);
        check("\"version\":1", "\"version\":0", Reason::UnsupportedStatement);
    }

    #[test]
    fn everything_else_is_strict() {
        for (from, to) in [
            ("\"version\":1", "\"version\":-1"),
            ("\"version\":1", "\"version\":1,\"surprise\":1"),
            ("\"version\":1", "\"version\":1,\"sequence\":7"),
            ("\"version\":1,", ""),
            ("\"sequence\":7", "\"sequence\":7.0"),
            ("\"sequence\":7", "\"sequence\":18446744073709551616"),
            ("\"support\"", "\"../support\""),
            ("\"prod\"", "\"\""),
            ("\"2026-07-01T00:00:00Z\"", "\"2026-07-01\""),
            ("\"2026-07-01T00:00:00Z\"", "\"2026-05-01T00:00:00Z\""),
            ("\"0.1.0\"", "\"0.1\""),
            ("sha256:", "sha512:"),
            ("\"no-warnings\"", "\"spotless\""),
            ("\"dirty\":false", "\"dirty\":0"),
            ("}}", "}"),
        ] {
            check(from, to, Reason::StatementInvalid);
        }
    }
}
