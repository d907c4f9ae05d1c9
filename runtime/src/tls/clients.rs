//! Whether a client's certificate leads to an authority that the policies in force name.

use std::sync::Arc;

use aigw_core::Name;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::authority::Authority;
use crate::transport::provider;

/// The authorities whose clients may prove themselves. Each judges with its own roots and revocation lists. A client may send no certificate;
/// one that is sent must be good.
#[derive(Debug)]
pub(super) struct Clients {
    authorities: Vec<(Name, Arc<Authority>)>,
    hints: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Clients {
    pub(super) fn new(authorities: Vec<(Name, Arc<Authority>)>) -> Self {
        let hints = authorities.iter().flat_map(|(_, authority)| authority.roots.subjects()).collect();
        Self { authorities, hints, algorithms: provider().signature_verification_algorithms }
    }

    /// Those that this chain leads to now.
    pub(super) fn accepting(&self, chain: &[CertificateDer<'_>]) -> Vec<Name> {
        let Some((end, rest)) = chain.split_first() else { return Vec::new() };
        let now = UnixTime::now();
        let accepts = |authority: &Authority| authority.clients.verify_client_cert(end, rest, now).is_ok();
        self.authorities.iter().filter(|(_, authority)| accepts(authority)).map(|(name, _)| name.clone()).collect()
    }
}

impl ClientCertVerifier for Clients {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let mut worst = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        for (_, authority) in &self.authorities {
            match authority.clients.verify_client_cert(end, rest, now) {
                Ok(verified) => return Ok(verified),
                // What its own authority says of it tells more than that others do not know it.
                Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {}
                Err(fault) => worst = fault,
            }
        }
        Err(worst)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
