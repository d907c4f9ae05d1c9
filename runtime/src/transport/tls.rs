//! Whom the gateway trusts when it calls: the system's authorities, or one that the host names.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use aigw_core::Name;
use arc_swap::ArcSwap;
use rustls::{ClientConfig, RootCertStore};

/// TLS settings towards upstreams. The system's authorities are read when first needed, and once; named ones are replaced when they change.
#[derive(Debug)]
pub(crate) struct ClientTls {
    named: BTreeMap<Name, LiveConfig>,
    system: OnceLock<LiveConfig>,
}

/// Settings that new connections get as they are then.
pub(crate) type LiveConfig = Arc<ArcSwap<ClientConfig>>;

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
    /// A revocation list.
    #[error("cannot use the revocation list `{}`: {detail}", path.display())]
    RevocationList {
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

impl ClientTls {
    /// With these named authorities.
    pub(crate) fn new(named: impl IntoIterator<Item = (Name, Arc<RootCertStore>)>) -> Result<Self, TlsError> {
        let named = named.into_iter().map(|(name, roots)| Ok((name, Arc::new(ArcSwap::new(config(roots)?)))));
        Ok(Self { named: named.collect::<Result<_, TlsError>>()?, system: OnceLock::new() })
    }

    /// From now on that authority is these roots: connections that begin are checked against them.
    pub(crate) fn replace(&self, name: &Name, roots: &Arc<RootCertStore>) -> Result<(), TlsError> {
        if let Some(live) = self.named.get(name) {
            live.store(config(Arc::clone(roots))?);
        }
        Ok(())
    }

    /// The settings for that authority; `None` where the host names none such.
    pub(crate) fn of(&self, ca: Option<&Name>) -> Result<Option<LiveConfig>, TlsError> {
        match ca {
            Some(name) => Ok(self.named.get(name).cloned()),
            None => self.system().map(Some),
        }
    }

    fn system(&self) -> Result<LiveConfig, TlsError> {
        if let Some(config) = self.system.get() {
            return Ok(Arc::clone(config));
        }
        let mut roots = RootCertStore::empty();
        // Single certificates that rustls cannot read are common in system stores and no reason to trust none.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(TlsError::NoSystemAuthorities);
        }
        let made = Arc::new(ArcSwap::new(config(Arc::new(roots))?));
        Ok(Arc::clone(self.system.get_or_init(|| made)))
    }
}

fn config(roots: Arc<RootCertStore>) -> Result<Arc<ClientConfig>, TlsError> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
