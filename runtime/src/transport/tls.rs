//! Whom the gateway trusts when it calls: the system's authorities, or one that the host names.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use aigw_core::Name;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// TLS settings towards upstreams, made once a process. The system's authorities are read when first needed.
#[derive(Debug)]
pub(crate) struct ClientTls {
    named: BTreeMap<Name, Arc<ClientConfig>>,
    system: OnceLock<Arc<ClientConfig>>,
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file of certificates.
    #[error("cannot read certificates from `{}`: {detail}", path.display())]
    Certificates {
        /// Which.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// The private key.
    #[error("cannot read a private key from `{}`: {detail}", path.display())]
    Key {
        /// Which.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// The system has no authorities.
    #[error("the system has no certificate authorities, and the provider names no CA of its own")]
    NoSystemAuthorities,
    /// rustls refused.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// The one provider of cryptography, named so that no process-wide default is needed.
pub(crate) fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// The certificates of a PEM file; never none.
pub(crate) fn certificates(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let fault = |detail: String| TlsError::Certificates { path: path.clone(), detail };
    let found: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| fault(error.to_string()))?;
    if found.is_empty() { Err(fault("the file holds none".to_owned())) } else { Ok(found) }
}

impl ClientTls {
    /// With these named authorities, each a PEM file.
    pub(crate) fn new(files: &BTreeMap<Name, PathBuf>) -> Result<Self, TlsError> {
        let mut named = BTreeMap::new();
        for (name, path) in files {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(path)? {
                roots.add(certificate)?;
            }
            named.insert(name.clone(), config(roots)?);
        }
        Ok(Self { named, system: OnceLock::new() })
    }

    /// The settings for that authority; `None` where the host names none such.
    pub(crate) fn of(&self, ca: Option<&Name>) -> Result<Option<Arc<ClientConfig>>, TlsError> {
        match ca {
            Some(name) => Ok(self.named.get(name).cloned()),
            None => self.system().map(Some),
        }
    }

    fn system(&self) -> Result<Arc<ClientConfig>, TlsError> {
        if let Some(config) = self.system.get() {
            return Ok(Arc::clone(config));
        }
        let mut roots = RootCertStore::empty();
        // Single certificates that rustls cannot read are common in system stores and no reason to trust none.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(TlsError::NoSystemAuthorities);
        }
        let made = config(roots)?;
        Ok(Arc::clone(self.system.get_or_init(|| made)))
    }
}

fn config(roots: RootCertStore) -> Result<Arc<ClientConfig>, TlsError> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
