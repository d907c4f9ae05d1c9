//! Secrets in the process's environment.

use zeroize::Zeroizing;

/// What the variables' names begin with.
const PREFIX: &str = "AIGW_SECRET_";

/// How variables are looked up.
pub(super) type Lookup = fn(&str) -> Option<String>;

/// The process's own.
pub(super) fn process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The secret of that name.
pub(super) fn read(lookup: Lookup, name: &str) -> Option<Zeroizing<String>> {
    lookup(&variable(name)).map(Zeroizing::new)
}

/// `AIGW_SECRET_` and the name in upper case with `_` for `-` and `.`.
fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.to_ascii_uppercase().replace(['-', '.'], "_"))
}
