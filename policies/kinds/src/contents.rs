//! What a bundle was made from, document by document, so that two bundles can be compared without reading either's policies.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The member of a bundle that holds its [`Contents`], as JSON.
pub const CONTENTS_MEMBER: &str = "contents.json";

/// Digests of what a bundle was made from. A digest is of the meaning: comments and layout do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// Documents as `Kind/name`, with the SHA-256 of what they say in hex.
    pub documents: BTreeMap<String, String>,
    /// Other files that policies use, by path, with the SHA-256 of their bytes in hex.
    pub files: BTreeMap<String, String>,
}

/// How one bundle differs from another: documents as `Kind/name`, other files by path, each list in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Changes {
    /// What the other did not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// What only the other had.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// What both have and does not say the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// How many more there are than are listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Contents {
    /// How this differs from what was before; at most `most` names are listed.
    pub fn changes_since(&self, before: &Self, most: usize) -> Changes {
        let mut changes = Changes::default();
        let mut left = most;
        for (now, then) in [(&self.documents, &before.documents), (&self.files, &before.files)] {
            let names: BTreeSet<&String> = now.keys().chain(then.keys()).collect();
            for name in names {
                let list = match (now.get(name), then.get(name)) {
                    (Some(one), Some(other)) if one == other => continue,
                    (Some(_), Some(_)) => &mut changes.changed,
                    (Some(_), None) => &mut changes.added,
                    _ => &mut changes.removed,
                };
                if left > 0 {
                    left -= 1;
                    list.push(name.clone());
                } else {
                    changes.more = changes.more.saturating_add(1);
                }
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(documents: &[(&str, &str)]) -> Contents {
        let documents = documents.iter().map(|(name, digest)| ((*name).to_owned(), (*digest).to_owned())).collect();
        Contents { documents, files: BTreeMap::from([("a.j2".to_owned(), "0".to_owned())]) }
    }

    #[test]
    fn what_was_added_removed_and_changed_is_listed_up_to_a_bound() {
        let before = contents(&[("Route/a", "1"), ("Route/b", "1"), ("Route/c", "1")]);
        let mut now = contents(&[("Route/a", "1"), ("Route/b", "2"), ("Route/d", "1")]);
        now.files.clear();
        let changes = now.changes_since(&before, 100);
        assert_eq!(changes.added, ["Route/d"]);
        assert_eq!(changes.removed, ["Route/c", "a.j2"]);
        assert_eq!((changes.changed, changes.more), (vec!["Route/b".to_owned()], 0));
        let few = now.changes_since(&before, 1);
        assert_eq!((few.added.len() + few.removed.len() + few.changed.len(), few.more), (1, 3));
        assert_eq!(now.changes_since(&now, 0), Changes::default());
    }
}
