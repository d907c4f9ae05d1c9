//! Secrets in files, one each, as Kubernetes mounts them. A file is opened anew for each look, so that whatever its path leads to by then counts:
//! a changed file, another one in its place, or another folder behind `..data`.

use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

/// Longest secret in bytes: keys and tokens are shorter, and a mistaken file must not fill memory.
pub(crate) const MAX_SECRET_BYTES: usize = 64 * 1024;

/// A file's only line. `None` where there is none, or what is there cannot be a secret.
pub(crate) fn read_secret_file(path: &Path) -> Option<Zeroizing<String>> {
    let file = std::fs::File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET_BYTES + 1));
    let read = file.take(MAX_SECRET_BYTES as u64 + 1).read_to_end(&mut bytes);
    let text = read.ok().filter(|length| *length <= MAX_SECRET_BYTES).and_then(|_| std::str::from_utf8(&bytes).ok());
    let Some(text) = text else {
        tracing::warn!(path = %path.display(), "a secret's file is not text, or too long");
        return None;
    };
    Some(Zeroizing::new(line(text).to_owned()))
}

/// What is meant: editors and `echo` end files with a newline that nobody means.
pub(super) fn line(text: &str) -> &str {
    text.trim_end_matches(['\r', '\n'])
}
