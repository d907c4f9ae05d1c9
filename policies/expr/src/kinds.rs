//! What a part of an expression may turn out to be, as far as the text tells.

use std::ops::BitOr;

/// A set of the kinds that a value may be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kinds(u8);

impl Kinds {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const MISSING: Self = Self(1);
    pub(crate) const BOOL: Self = Self(2);
    pub(crate) const INT: Self = Self(4);
    pub(crate) const FLOAT: Self = Self(8);
    pub(crate) const TEXT: Self = Self(16);
    pub(crate) const LIST: Self = Self(32);
    pub(crate) const MAP: Self = Self(64);
    pub(crate) const NUMBER: Self = Self(4 | 8);
    /// Anything that JSON can hold, `null` being missing: nothing is known before the request is there.
    pub(crate) const JSON: Self = Self(127);

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whole and floating numbers compare and compute with each other.
    pub(crate) const fn widened(self) -> Self {
        if self.has(Self::NUMBER) { Self(self.0 | Self::NUMBER.0) } else { self }
    }

    /// Known to be missing at times: true of headers and labels, not of a body, of which nothing is known.
    pub(crate) fn known_to_be_missing(self) -> bool {
        self.has(Self::MISSING) && self.without(Self::MISSING) != Self::JSON.without(Self::MISSING)
    }

    /// In words, to follow "is".
    pub(crate) fn describe(self) -> &'static str {
        let sure = self.without(Self::MISSING);
        match sure {
            _ if sure.is_empty() => "nothing",
            Self::TEXT => "text",
            Self::BOOL => "a condition",
            Self::LIST => "a list",
            Self::MAP => "a map",
            _ if sure.without(Self::NUMBER).is_empty() => "a number",
            _ => "of a kind that only the request tells",
        }
    }
}

impl BitOr for Kinds {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}
