//! Which paths a member may have: those that mean one and the same file on every system when they are extracted.

use std::collections::BTreeMap;

use super::{Members, invalid};
use crate::Refusal;
use crate::reason::quoted;

/// What the two path fields of a tar header hold at most, in bytes.
const MAX_PATH_BYTES: usize = 255;

/// Not in any part of a path: separators, streams, wildcards and quotes of systems where bundles are extracted.
const FORBIDDEN: &str = "\\:*?\"<>|";

/// Errs where a path could leave the folder it is extracted to, or be read differently by different systems.
pub(super) fn check(path: &str) -> Result<(), Refusal> {
    let fault = |why: &str| Err(invalid(format!("the path {} {why}", quoted(path))));
    if path.len() > MAX_PATH_BYTES {
        return fault("is longer than 255 bytes");
    }
    if path.chars().any(|c| c.is_control() || FORBIDDEN.contains(c)) {
        return fault("has a control character or one of \\ : * ? \" < > |");
    }
    for part in path.split('/') {
        match part {
            "" => return fault("is empty, absolute, or has an empty part"),
            "." | ".." => return fault("has a part `.` or `..`"),
            _ if part.ends_with(['.', ' ']) => return fault("has a part that ends with a dot or a space"),
            _ => {}
        }
    }
    Ok(())
}

/// Errs where two paths would be one file, or a file and a folder, on a system that does not tell case apart.
pub(super) fn check_all(members: &Members) -> Result<(), Refusal> {
    let mut seen = BTreeMap::new();
    for path in members.keys() {
        if let Some(other) = seen.insert(path.to_lowercase(), path) {
            return Err(invalid(format!("the paths {} and {} differ only by case", quoted(other), quoted(path))));
        }
    }
    for (folded, path) in &seen {
        let folders = folded.match_indices('/').filter_map(|(at, _)| folded.get(..at));
        for folder in folders {
            if let Some(file) = seen.get(folder) {
                return Err(invalid(format!("{} is a file, and {} needs it to be a folder", quoted(file), quoted(path))));
            }
        }
    }
    Ok(())
}
