//! GitHub's CODEOWNERS, from the entries of `ownership` and the files that there are.
//!
//! Of our entries the first that fits decides, of its lines the last: they are written in reverse.
//! <https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners>

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::owner::{captures_in, filled};
use super::{Entry, Ownership};

/// A path that CODEOWNERS has no way to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name `{name}` cannot stand in CODEOWNERS: it holds a character that means something there")]
pub struct Unwritable {
    name: String,
}

/// Values of the captures that an entry's owners name.
type Values<'n, 'p> = BTreeSet<Vec<(&'n str, &'p str)>>;

impl Ownership<'_> {
    /// The file, for policies in the folder `below` of the repository (`""` for its root). An entry whose owners name captures has a line for each of
    /// their values among the files that it decides for; equal input gives equal bytes.
    pub fn codeowners<'p>(&self, below: &str, files: impl IntoIterator<Item = &'p str>) -> Result<String, Unwritable> {
        let mut values: BTreeMap<usize, Values<'_, 'p>> = BTreeMap::new();
        for decided in files.into_iter().filter_map(|path| self.decide(path)) {
            let named = named(decided.entry);
            let captures = decided.captures.into_iter().filter(|(name, _)| named.contains(name)).collect();
            values.entry(decided.index).or_default().insert(captures);
        }
        let mut text = header(below);
        for (index, entry) in self.entries.iter().enumerate().rev() {
            let none = BTreeSet::from([Vec::new()]);
            let values = if named(entry).is_empty() { Some(&none) } else { values.get(&index) };
            // Writing to a text cannot fail.
            let _ = writeln!(text, "\n# {}", entry.spec.path);
            for captures in values.into_iter().flatten() {
                let path = entry.pattern.written(below, captures).map_err(|name| Unwritable { name })?;
                let owners: Vec<String> = entry.spec.owners.iter().map(|owner| filled(owner, captures)).collect();
                let _ = writeln!(text, "{path} {}", owners.join(" "));
            }
        }
        Ok(text)
    }
}

fn named<'e>(entry: &Entry<'e>) -> BTreeSet<&'e str> {
    entry.spec.owners.iter().flat_map(|owner| captures_in(owner).unwrap_or_default()).collect()
}

fn header(below: &str) -> String {
    let path = if below.is_empty() { "." } else { below };
    format!(
        "# Written by `aigw codeowners {path}` from the Gateway's `ownership`. Change it there, and write this file again.\n\
         # The last line that fits a file decides.\n"
    )
}
