//! TLS of the data listener as it is at the moment, replaced as a whole: certificate, key and whose clients may prove themselves.

use std::sync::Arc;

use aigw_core::Name;
use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls_pki_types::CertificateDer;

use super::clients::Clients;
use crate::cut::Cut;
use crate::transport::{TlsError, provider};

/// What new connections get.
#[derive(Debug)]
pub(crate) struct ServerTls(ArcSwap<Live>);

/// Settings of connections that begin now.
#[derive(Debug)]
pub(crate) struct Live {
    /// Made anew for each change, and with it the memory of sessions: none of an earlier one can be resumed.
    pub(crate) config: Arc<ServerConfig>,
    /// Given when other authorities are asked for: who connected before was never asked for what counts now, and shall connect again.
    pub(crate) asked_anew: Arc<Cut>,
    /// Tells these from other settings.
    pub(super) version: u64,
    /// The authorities that are asked for, by name.
    pub(super) asks: Vec<Name>,
    clients: Option<Arc<Clients>>,
}

impl ServerTls {
    pub(super) fn new(live: Live) -> Self {
        Self(ArcSwap::from_pointee(live))
    }

    /// What a connection gets that begins now.
    pub(crate) fn now(&self) -> Arc<Live> {
        self.0.load_full()
    }

    /// Speaks other protocols, as some upstreams do.
    #[cfg(test)]
    pub(crate) fn speak(&self, alpn: Vec<Vec<u8>>) {
        let live = self.now();
        let mut config = rustls::ServerConfig::clone(&live.config);
        config.alpn_protocols = alpn;
        let (asked_anew, asks, clients) = (Arc::clone(&live.asked_anew), live.asks.clone(), live.clients.clone());
        self.replace(Live { config: Arc::new(config), asked_anew, version: live.version + 1, asks, clients });
    }

    /// The number of the settings now.
    pub(super) fn version(&self) -> u64 {
        self.0.load().version
    }

    /// Puts others in force.
    pub(super) fn replace(&self, next: Live) {
        let before = self.0.swap(Arc::new(next));
        if before.asks != self.0.load().asks {
            before.asked_anew.give();
        }
    }
}

impl Live {
    /// The settings after `before`, with this key and these clients.
    pub(super) fn new(
        before: Option<&Self>,
        key: &CertifiedKey,
        clients: Option<Clients>,
        asks: Vec<Name>,
    ) -> Result<Self, TlsError> {
        let clients = clients.map(Arc::new);
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
        let builder = match &clients {
            Some(clients) => builder.with_client_cert_verifier(Arc::clone(clients) as _),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(key.clone())));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let same = before.filter(|before| before.asks == asks);
        Ok(Self {
            config: Arc::new(config),
            asked_anew: same.map_or_else(Arc::default, |before| Arc::clone(&before.asked_anew)),
            version: before.map_or(0, |before| before.version + 1),
            asks,
            clients,
        })
    }

    /// The authorities that this chain leads to.
    pub(super) fn accepting(&self, chain: &[CertificateDer<'_>]) -> Vec<Name> {
        self.clients.as_ref().map(|clients| clients.accepting(chain)).unwrap_or_default()
    }
}
