//! PEM files, bounded, and how they are told to have changed.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

use crate::transport::TlsError;

/// Longest file of certificates or a key in bytes.
const MAX_PEM_BYTES: u64 = 4 << 20;
/// Longest revocation list in bytes: the largest of public authorities have about ten megabytes.
const MAX_LIST_BYTES: u64 = 32 << 20;

/// What the system says of some files: any way of replacing them, by writing, renaming or turning a link (as Kubernetes does), changes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Signature(Vec<Option<[i64; 6]>>);

impl Signature {
    /// How these files are now. Links are followed.
    pub(super) fn of<'p>(files: impl IntoIterator<Item = &'p PathBuf>) -> Self {
        let one = |path: &PathBuf| {
            let known = std::fs::metadata(path).ok()?;
            // Numbers to compare and nothing else.
            let (device, inode, len) = (known.dev().cast_signed(), known.ino().cast_signed(), known.len().cast_signed());
            Some([device, inode, len, known.mtime(), known.mtime_nsec(), known.ctime() ^ known.ctime_nsec().rotate_left(32)])
        };
        Self(files.into_iter().map(one).collect())
    }
}

/// The certificates of a file, at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let fault = |detail: String| TlsError::Certificates { path: path.to_owned(), detail };
    let text = read(path, MAX_PEM_BYTES).map_err(fault)?;
    let found: Vec<_> =
        CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().map_err(|error| fault(error.to_string()))?;
    if found.is_empty() { Err(fault("the file holds none".to_owned())) } else { Ok(found) }
}

/// The first private key of a file.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let fault = |detail: String| TlsError::Key { path: path.to_owned(), detail };
    let text = zeroize::Zeroizing::new(read(path, MAX_PEM_BYTES).map_err(fault)?);
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| fault(error.to_string()))
}

/// The revocation lists of a file, at least one.
pub(super) fn revocation_lists(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    let fault = |detail: String| TlsError::RevocationList { path: path.to_owned(), detail };
    let text = read(path, MAX_LIST_BYTES).map_err(fault)?;
    let found = CertificateRevocationListDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| fault(error.to_string()))?;
    if found.is_empty() { Err(fault("the file holds none".to_owned())) } else { Ok(found) }
}

fn read(path: &Path, bound: u64) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    if !file.metadata().map_err(|error| error.to_string())?.is_file() {
        return Err("it is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(bound + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > bound { Err(format!("it is longer than {bound} bytes")) } else { Ok(bytes) }
}
