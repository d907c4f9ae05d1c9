//! All PEM files of the host, and what is made from them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aigw_core::{Name, Timestamp};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::authority::{Authority, seconds};
use super::clients::Clients;
use super::file;
use super::live::{Live, ServerTls};
use super::unit::{Read, TlsFileStatus, Unit};
use crate::metrics::{Metric, Text};
use crate::settings::{CaSettings, Settings, TlsSettings};
use crate::transport::{ClientTls, TlsError, provider};

/// The host's certificates, keys, authorities and revocation lists.
pub(crate) struct Certificates {
    files: Mutex<Files>,
    server: Option<Arc<ServerTls>>,
    upstream: Arc<ClientTls>,
}

struct Files {
    pair: Option<(TlsSettings, Unit<CertifiedKey>)>,
    authorities: BTreeMap<Name, (CaSettings, Unit<Arc<Authority>>)>,
    /// The authorities that the policies in force name.
    asks: Vec<Name>,
}

/// Why policies cannot have the client certificates that they name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemandError {
    /// Without TLS there are none.
    #[error("the policies ask for client certificates, and the listener has no TLS")]
    NoTls,
    /// An authority without a name here.
    #[error("the policies ask for client certificates of `{0}`, and the host names no such CA")]
    UnknownCa(Name),
    /// rustls refused.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Certificates {
    /// Reads what the settings name. Blocks.
    pub(crate) fn new(settings: &Settings) -> Result<Self, TlsError> {
        let pair = settings.tls.as_ref().map(|tls| {
            let files = vec![tls.cert.clone(), tls.key.clone()];
            // One that is over is served all the same: there is no other, and whoever looks at it learns why.
            Unit::new("certificate".to_owned(), files, || pair(tls)).map(|unit| (tls.clone(), unit))
        });
        let pair = pair.transpose()?;
        let authority = |(name, ca): (&Name, &CaSettings)| {
            let files = std::iter::once(&ca.file).chain(&ca.crl).cloned().collect();
            let unit = Unit::new(format!("ca {name}"), files, || authority(ca))?;
            Ok((name.clone(), (ca.clone(), unit)))
        };
        let authorities: BTreeMap<_, _> = settings.cas.iter().map(authority).collect::<Result<_, TlsError>>()?;
        let server = pair.as_ref().map(|(_, pair)| Live::new(None, pair.value(), None, Vec::new()));
        let server = server.transpose()?.map(|live| Arc::new(ServerTls::new(live)));
        let roots = authorities.iter().map(|(name, (_, unit))| (name.clone(), Arc::clone(&unit.value().roots)));
        let upstream = Arc::new(ClientTls::new(roots)?);
        Ok(Self { files: Mutex::new(Files { pair, authorities, asks: Vec::new() }), server, upstream })
    }

    /// TLS of the data listener, if it has any.
    pub(crate) fn server(&self) -> Option<Arc<ServerTls>> {
        self.server.clone()
    }

    /// TLS towards upstreams.
    pub(crate) fn upstream(&self) -> Arc<ClientTls> {
        Arc::clone(&self.upstream)
    }

    /// From now on connections are asked for a certificate of these authorities, or of none where there are none.
    pub(crate) fn demand(&self, asks: Vec<Name>) -> Result<(), DemandError> {
        if self.server.is_none() && !asks.is_empty() {
            return Err(DemandError::NoTls);
        }
        let mut files = self.lock();
        if let Some(unknown) = asks.iter().find(|name| !files.authorities.contains_key(*name)) {
            return Err(DemandError::UnknownCa(unknown.clone()));
        }
        if files.asks != asks {
            let before = std::mem::replace(&mut files.asks, asks);
            if let Err(fault) = self.renew(&files) {
                files.asks = before;
                return Err(fault.into());
            }
        }
        Ok(())
    }

    /// Reads files that changed. Blocks.
    pub(crate) fn refresh(&self) {
        let mut files = self.lock();
        let asks = files.asks.clone();
        let mut renew = false;
        if let Some((settings, unit)) = &mut files.pair {
            renew |= unit.refresh(|| pair(settings).and_then(|read| valid_now(settings, read)));
        }
        for (name, (settings, unit)) in &mut files.authorities {
            if unit.refresh(|| authority(settings)) {
                renew |= asks.contains(name);
                if let Err(fault) = self.upstream.replace(name, &unit.value().roots) {
                    tracing::error!(ca = %name, error = %fault, "a changed CA cannot be used for calls");
                }
            }
        }
        if renew && let Err(fault) = self.renew(&files) {
            tracing::error!(error = %fault, "changed certificates cannot be used");
        }
    }

    /// For `/status`.
    pub(crate) fn status(&self) -> Vec<TlsFileStatus> {
        let files = self.lock();
        let pair = files.pair.iter().map(|(_, unit)| unit.status());
        pair.chain(files.authorities.values().map(|(_, unit)| unit.status())).collect()
    }

    /// For scrapes.
    pub(crate) fn metrics(&self, text: &mut Text) {
        let files = self.lock();
        let pair = files.pair.iter().map(|(_, unit)| (unit.name(), unit.ends(), unit.loads, unit.refusals));
        let authorities = files.authorities.values().map(|(_, unit)| (unit.name(), unit.ends(), unit.loads, unit.refusals));
        let units: Vec<_> = pair.chain(authorities).collect();
        for (name, _, loads, refusals) in &units {
            text.value(Metric::TlsLoads, &[("aigw_files", name), ("aigw_result", "loaded")], *loads);
            text.value(Metric::TlsLoads, &[("aigw_files", name), ("aigw_result", "refused")], *refusals);
        }
        let whole_seconds = |time: Timestamp| time.as_millis().div_euclid(1_000);
        for (name, (expires, _), ..) in &units {
            if let Some(expires) = expires {
                text.value(Metric::TlsExpires, &[("aigw_files", name)], whole_seconds(*expires));
            }
        }
        for (name, (_, until), ..) in &units {
            if let Some(until) = until {
                text.value(Metric::TlsListUntil, &[("aigw_files", name)], whole_seconds(*until));
            }
        }
    }

    /// New settings for new connections, from the files in use.
    fn renew(&self, files: &Files) -> Result<(), TlsError> {
        let (Some(server), Some((_, pair))) = (&self.server, &files.pair) else { return Ok(()) };
        let of = |name: &Name| Some((name.clone(), Arc::clone(files.authorities.get(name)?.1.value())));
        let authorities: Vec<_> = files.asks.iter().filter_map(of).collect();
        let clients = (!authorities.is_empty()).then(|| Clients::new(authorities));
        server.replace(Live::new(Some(&server.now()), pair.value(), clients, files.asks.clone())?);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A certificate and its key, which must belong together.
fn pair(settings: &TlsSettings) -> Result<Read<CertifiedKey>, TlsError> {
    let chain = file::certificates(&settings.cert)?;
    let expires = chain.first().and_then(|leaf| X509Certificate::from_der(leaf).ok());
    let expires = expires.map(|(_, leaf)| seconds(leaf.validity().not_after.timestamp()));
    let value = CertifiedKey::from_der(chain, file::key(&settings.key)?, &provider())?;
    Ok(Read { value, expires, lists_until: None })
}

/// One that is over or not begun is no reason to give up one that is good.
fn valid_now(settings: &TlsSettings, read: Read<CertifiedKey>) -> Result<Read<CertifiedKey>, TlsError> {
    let fault = |detail: &str| TlsError::Certificates { path: settings.cert.clone(), detail: detail.to_owned() };
    let leaf = read.value.cert.first().and_then(|leaf| X509Certificate::from_der(leaf).ok());
    let (_, leaf) = leaf.ok_or_else(|| fault("the certificate cannot be read"))?;
    if leaf.validity().is_valid() { Ok(read) } else { Err(fault("the certificate has expired, or is not valid yet")) }
}

fn authority(settings: &CaSettings) -> Result<Read<Arc<Authority>>, TlsError> {
    let value = Authority::read(settings)?;
    let (expires, lists_until) = (value.expires, value.lists_until);
    if lists_until.is_some_and(|until| until <= crate::world::wall()) {
        tracing::error!(ca = %settings.file.display(), "a revocation list is over: clients of this CA are refused until there is a newer one");
    }
    Ok(Read { value: Arc::new(value), expires, lists_until })
}
