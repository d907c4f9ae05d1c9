//! Version triples, and how a bundle says which runtime it needs at least.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A version `MAJOR.MINOR.PATCH`, without pre-release or build parts, ordered by its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

/// Why a text is not a [`Version`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version is three numbers such as `1.4.0`")]
pub struct VersionError;

impl Version {
    /// The version of these three numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let mut parts = text.split('.').map(number);
        let mut next = || parts.next().flatten().ok_or(VersionError);
        let version = Self::new(next()?, next()?, next()?);
        if parts.next().is_some() { Err(VersionError) } else { Ok(version) }
    }
}

/// Digits only and no leading zero, so that a version has one spelling.
fn number(text: &str) -> Option<u32> {
    let canonical = text == "0" || (!text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
    if canonical { text.parse().ok() } else { None }
}

impl TryFrom<String> for Version {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn versions_are_ordered_by_number_not_by_text() {
        let ordered = ["0.9.9", "0.10.0", "1.0.0", "1.0.1", "10.0.0"].map(|text| text.parse::<Version>().unwrap());
        assert!(ordered.is_sorted());
        assert_eq!(Version::new(0, 10, 0).to_string(), "0.10.0");
    }

    #[test]
    fn other_spellings_are_refused() {
        for bad in ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-rc1", "1..3", "+1.2.3", "1.2.4294967296"] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }
}
