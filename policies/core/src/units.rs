//! Quantities as people write them: durations, sizes and shares. Each is written with its unit and nothing is guessed.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Why a text is not a quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// A number without a unit, or with one that does not exist.
    #[error("`{0}` is not a duration: write a whole number with a unit, such as `250ms`, `30s`, `10m`, `24h` or `7d`")]
    Duration(String),
    /// Longer than any duration here.
    #[error("`{0}` is longer than `366d`, the longest duration there is")]
    LongDuration(String),
    /// Not a size.
    #[error("`{0}` is not a size: write a whole number with a unit, such as `512B`, `64KiB`, `10MiB` or `1GiB`")]
    Size(String),
    /// Not a share.
    #[error("`{0}` is not a share: write a percentage from `0%` to `100%`, with at most four decimals")]
    Share(String),
}

/// A duration in whole milliseconds, written `250ms`, `30s`, `10m`, `24h` or `7d`. At most 366 days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Millis(u64);

/// A size in bytes, written `512B`, `64KiB`, `10MiB` or `1GiB` (also `KB`, `MB`, `GB` in powers of ten).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ByteSize(u64);

/// A share of a whole in parts per million, written `80%` or `0.5%`; between `0%` and `100%`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Share(u32);

const MILLIS_UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
const SIZE_UNITS: [(&str, u64); 7] =
    [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000), ("B", 1)];
const PPM: u32 = 1_000_000;

impl Millis {
    /// Longest duration: a leap year. Longer ones are mistakes, and sums of bounded ones cannot overflow.
    pub const MAX: Self = Self(366 * 86_400_000);

    /// That many milliseconds, at most [`Millis::MAX`].
    pub const fn new(millis: u64) -> Self {
        if millis > Self::MAX.0 { Self::MAX } else { Self(millis) }
    }

    /// That many seconds, at most [`Millis::MAX`].
    pub const fn from_secs(secs: u64) -> Self {
        Self::new(secs.saturating_mul(1_000))
    }

    /// As a number of milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// As a standard duration.
    pub const fn as_duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl ByteSize {
    /// That many bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// As a number of bytes.
    pub const fn as_bytes(self) -> u64 {
        self.0
    }

    /// As a length in memory; saturates where an address is smaller than 64 bits.
    pub fn as_len(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Share {
    /// The whole.
    pub const ALL: Self = Self(PPM);

    /// That many parts per million, at most the whole.
    pub const fn from_ppm(ppm: u32) -> Self {
        if ppm > PPM { Self::ALL } else { Self(ppm) }
    }

    /// In parts per million.
    pub const fn as_ppm(self) -> u32 {
        self.0
    }
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = units.iter().find(|(name, _)| *name == unit)?.1;
    number.parse::<u64>().ok()?.checked_mul(factor)
}

fn largest_unit<'a>(value: u64, units: &'a [(&'a str, u64)]) -> (u64, &'a str) {
    units
        .iter()
        .find(|(_, factor)| value != 0 && value.is_multiple_of(*factor))
        .or(units.last())
        .map_or((value, ""), |(unit, factor)| (value / factor, unit))
}

impl FromStr for Millis {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        match with_unit(text, &MILLIS_UNITS) {
            Some(millis) if millis <= Self::MAX.0 => Ok(Self(millis)),
            Some(_) => Err(UnitError::LongDuration(clipped(text))),
            None => Err(UnitError::Duration(clipped(text))),
        }
    }
}

impl FromStr for ByteSize {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        with_unit(text, &SIZE_UNITS).map(Self).ok_or_else(|| UnitError::Size(clipped(text)))
    }
}

impl FromStr for Share {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let fault = || UnitError::Share(clipped(text));
        let number = text.strip_suffix('%').ok_or_else(fault)?;
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(decimals) {
            return Err(fault());
        }
        let padded = format!("{decimals:0<4}");
        let ppm = whole.parse::<u32>().ok().and_then(|w| Some(w * 10_000 + padded.parse::<u32>().ok()?));
        ppm.filter(|ppm| *ppm <= PPM).map(Self).ok_or_else(fault)
    }
}

/// Error texts quote at most this much of what was written.
fn clipped(text: &str) -> String {
    text.chars().take(40).collect()
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = largest_unit(self.0, &MILLIS_UNITS);
        write!(f, "{number}{unit}")
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = largest_unit(self.0, &SIZE_UNITS);
        write!(f, "{number}{unit}")
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, decimals) = (self.0 / 10_000, self.0 % 10_000);
        if decimals == 0 {
            return write!(f, "{whole}%");
        }
        let digits = format!("{decimals:04}");
        write!(f, "{whole}.{}%", digits.trim_end_matches('0'))
    }
}

macro_rules! text_quantity {
    ($type:ident, $title:literal, $pattern:literal, $example:literal) => {
        impl TryFrom<String> for $type {
            type Error = UnitError;

            fn try_from(text: String) -> Result<Self, UnitError> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.to_string()
            }
        }

        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "title": $title, "pattern": $pattern, "examples": [$example]})
            }
        }
    };
}

text_quantity!(Millis, "duration", "^[0-9]+(ms|s|m|h|d)$", "30s");
text_quantity!(ByteSize, "size", "^[0-9]+(B|KiB|MiB|GiB|KB|MB|GB)$", "10MiB");
text_quantity!(Share, "share", "^[0-9]{1,3}(\\.[0-9]{1,4})?%$", "80%");

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_need_a_unit_and_stay_within_a_year() {
        for (text, millis) in [("250ms", 250), ("30s", 30_000), ("10m", 600_000), ("24h", 86_400_000), ("0s", 0)] {
            assert_eq!(text.parse::<Millis>().map(Millis::as_millis), Ok(millis));
        }
        for bad in ["30", "", "s", "1.5s", "-1s", "1 s", "367d", "99999999999999999999s", "1w", "1S"] {
            assert!(bad.parse::<Millis>().is_err(), "{bad}");
        }
        assert_eq!("400d".parse::<Millis>(), Err(UnitError::LongDuration("400d".to_owned())));
    }

    #[test]
    fn sizes_know_both_families_of_units() {
        for (text, bytes) in [("1B", 1), ("64KiB", 65_536), ("1MB", 1_000_000), ("1GiB", 1 << 30)] {
            assert_eq!(text.parse::<ByteSize>().map(ByteSize::as_bytes), Ok(bytes));
        }
        for bad in ["10", "1kb", "1.5MiB", "99999999999GiB", "KiB"] {
            assert!(bad.parse::<ByteSize>().is_err(), "{bad}");
        }
    }

    #[test]
    fn shares_are_percentages_up_to_the_whole() {
        for (text, ppm) in [("80%", 800_000), ("0.5%", 5_000), ("100%", PPM), ("0.0001%", 1), ("0%", 0)] {
            assert_eq!(text.parse::<Share>().map(Share::as_ppm), Ok(ppm));
        }
        for bad in ["80", "101%", "100.0001%", "-1%", "%", "0.00001%", ".5%", "5.%"] {
            assert!(bad.parse::<Share>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(millis in 0..=Millis::MAX.0, bytes: u64, ppm in 0..=PPM) {
            prop_assert_eq!(Millis(millis).to_string().parse(), Ok(Millis(millis)));
            prop_assert_eq!(ByteSize(bytes).to_string().parse(), Ok(ByteSize(bytes)));
            prop_assert_eq!(Share(ppm).to_string().parse(), Ok(Share(ppm)));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = (text.parse::<Millis>(), text.parse::<ByteSize>(), text.parse::<Share>());
        }
    }
}
