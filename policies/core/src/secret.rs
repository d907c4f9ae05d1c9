//! Secret values that cannot be printed.

use std::fmt;
use std::sync::Arc;

/// A secret value. It has no `Display`, its `Debug` shows nothing, and its memory is overwritten when the last holder lets go.
#[derive(Clone)]
pub struct Secret(Arc<Wiped>);

struct Wiped(String);

impl Secret {
    /// Takes the value in.
    pub fn new(value: String) -> Self {
        Self(Arc::new(Wiped(value)))
    }

    /// The value, for the one place that sends it. Never log, store or format what this gives.
    pub fn expose(&self) -> &str {
        &self.0.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_holds_nothing_of_the_value() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".to_owned())), "Secret(…)");
    }
}
