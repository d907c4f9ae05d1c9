//! One certificate authority of the host, for both directions: whom the gateway trusts when it calls, and whose clients may prove themselves.

use std::sync::Arc;

use aigw_core::Timestamp;
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::CertificateRevocationListDer;
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::file::{certificates, revocation_lists};
use crate::settings::CaSettings;
use crate::transport::{TlsError, provider};

/// An authority as read.
#[derive(Clone, Debug)]
pub(super) struct Authority {
    pub(super) roots: Arc<RootCertStore>,
    /// Judges a client's chain: it must lead to one of the roots, and where there is a revocation list nothing in it may be revoked, of unknown
    /// standing, or told by a list that is over.
    pub(super) clients: Arc<dyn ClientCertVerifier>,
    /// When the first of its certificates ends.
    pub(super) expires: Option<Timestamp>,
    /// When the first of its revocation lists is over: from then on its clients are refused.
    pub(super) lists_until: Option<Timestamp>,
}

impl Authority {
    /// Reads its files.
    pub(super) fn read(settings: &CaSettings) -> Result<Self, TlsError> {
        let found = certificates(&settings.file)?;
        let lists = settings.crl.as_ref().map(|path| revocation_lists(path)).transpose()?.unwrap_or_default();
        let mut subjects = Vec::new();
        let mut expires: Option<Timestamp> = None;
        for certificate in &found {
            let fault = |error: String| TlsError::Certificates { path: settings.file.clone(), detail: error };
            let (_, parsed) = X509Certificate::from_der(certificate).map_err(|error| fault(error.to_string()))?;
            subjects.push(parsed.subject().as_raw().to_vec());
            expires = earliest(expires, seconds(parsed.validity().not_after.timestamp()));
        }
        let lists_until = match &settings.crl {
            Some(path) => {
                let fault = |detail: String| TlsError::RevocationList { path: path.clone(), detail };
                until(&lists, &subjects).map_err(fault)?
            }
            None => None,
        };
        let mut roots = RootCertStore::empty();
        for certificate in found {
            roots.add(certificate)?;
        }
        let roots = Arc::new(roots);
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider())
            .with_crls(lists)
            .enforce_revocation_expiration()
            .build()
            .map_err(|error| TlsError::Setup(rustls::Error::General(error.to_string())))?;
        Ok(Self { roots, clients, expires, lists_until })
    }
}

/// When the first list is over. Errs where one cannot be read, or none is of an authority of the file: a mistaken file would refuse everybody.
fn until(lists: &[CertificateRevocationListDer<'_>], subjects: &[Vec<u8>]) -> Result<Option<Timestamp>, String> {
    let (mut until, mut ours) = (None, false);
    for list in lists {
        let (_, parsed) = CertificateRevocationList::from_der(list).map_err(|error| error.to_string())?;
        ours |= subjects.iter().any(|subject| subject == parsed.issuer().as_raw());
        if let Some(next) = parsed.next_update() {
            until = earliest(until, seconds(next.timestamp()));
        }
    }
    if ours { Ok(until) } else { Err("no revocation list in it is of this authority".to_owned()) }
}

fn earliest(known: Option<Timestamp>, other: Timestamp) -> Option<Timestamp> {
    Some(known.map_or(other, |known| known.min(other)))
}

/// Seconds since 1970 as a moment.
pub(super) fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds.saturating_mul(1_000))
}
