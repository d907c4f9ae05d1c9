//! The other end of a connection, as far as the connection itself tells.

use std::net::IpAddr;
use std::sync::Arc;

use crate::{Name, Timestamp};

/// Who is at the other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// The certificate that it proved to hold, where it has one. Shared by all requests of the connection.
    pub certificate: Option<Arc<PeerCertificate>>,
}

/// A client's certificate whose chain and possession were verified when the connection began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// Names of the certificate authorities, as the host's settings call them, that the chain leads to.
    pub authorities: Vec<Name>,
    /// The subject as RFC 4514 writes it, such as `CN=mobile.contoso.example,O=Contoso`.
    pub subject: String,
    /// Subject alternative names with their sort before them: `dns:`, `uri:`, `email:` or `ip:`.
    pub alternative_names: Vec<String>,
    /// SHA-256 of the certificate as it came (DER).
    pub fingerprint: [u8; 32],
    /// Until when it is valid: connections outlive certificates.
    pub not_after: Timestamp,
}

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Self { address, certificate: None }
    }
}
