//! The certificate that a client has shown, as policies see it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use aigw_core::{DistinguishedName, MAX_SUBJECT_BYTES, NameAttribute, PeerCertificate};
use arc_swap::ArcSwap;
use aws_lc_rs::digest::{SHA256, digest};
use rustls_pki_types::CertificateDer;
use x509_parser::asn1_rs::{Any, ToDer};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::authority::seconds;
use super::live::ServerTls;

/// Most alternative names that are looked at; what follows is known to nobody.
const MAX_ALTERNATIVE_NAMES: usize = 64;
/// Longest of them in bytes; longer ones are left out.
const MAX_ALTERNATIVE_NAME_BYTES: usize = 2_048;

/// The certificate of one connection. The handshake proved possession and a good chain; the chain is judged again whenever authorities or
/// revocation lists change, so that an open connection outlives neither.
#[derive(Debug)]
pub(crate) struct Shown {
    tls: Arc<ServerTls>,
    chain: Vec<CertificateDer<'static>>,
    judged: ArcSwap<Judged>,
}

#[derive(Debug)]
struct Judged {
    /// Of the settings by which it was judged.
    version: u64,
    certificate: Arc<PeerCertificate>,
}

impl Shown {
    /// What a client has shown. `None` where nothing could be read from it. Where its chain leads nowhere by the settings of now, which are others than
    /// those it was asked by, no policy takes it for good: such a client is told so as others are.
    pub(crate) fn new(tls: &Arc<ServerTls>, chain: &[CertificateDer<'_>]) -> Option<Self> {
        let chain: Vec<_> = chain.iter().map(|certificate| certificate.clone().into_owned()).collect();
        let mut certificate = read(chain.first()?)?;
        let live = tls.now();
        certificate.authorities = live.accepting(&chain);
        let judged = Judged { version: live.version, certificate: Arc::new(certificate) };
        Some(Self { tls: Arc::clone(tls), chain, judged: ArcSwap::from_pointee(judged) })
    }

    /// As it stands now.
    pub(crate) fn now(&self) -> Arc<PeerCertificate> {
        let judged = self.judged.load();
        if judged.version == self.tls.version() {
            return Arc::clone(&judged.certificate);
        }
        let live = self.tls.now();
        let authorities = live.accepting(&self.chain);
        let certificate = Arc::new(PeerCertificate { authorities, ..PeerCertificate::clone(&judged.certificate) });
        self.judged.store(Arc::new(Judged { version: live.version, certificate: Arc::clone(&certificate) }));
        certificate
    }
}

/// What the certificate says; which authorities it leads to is not looked at. `None` where it cannot be read.
pub(super) fn read(certificate: &CertificateDer<'_>) -> Option<PeerCertificate> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let mut parts = Vec::new();
    for part in parsed.subject().iter_rdn() {
        let attributes = part.iter().map(|attribute| {
            let value = attribute.attr_value();
            Some(NameAttribute { oid: attribute.attr_type().to_id_string(), text: text(value), der: value.to_der_vec().ok()? })
        });
        parts.push(attributes.collect::<Option<Vec<_>>>()?);
    }
    let subject = DistinguishedName::of(&parts).as_str().to_owned();
    let names = parsed.subject_alternative_name().ok()?;
    let names =
        names.map(|extension| extension.value.general_names.iter().filter_map(alternative_name).take(MAX_ALTERNATIVE_NAMES));
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest(&SHA256, certificate).as_ref());
    Some(PeerCertificate {
        authorities: Vec::new(),
        // One that is too long is known to nobody, like none.
        subject: if subject.len() <= MAX_SUBJECT_BYTES { subject } else { String::new() },
        alternative_names: names.map(Iterator::collect).unwrap_or_default(),
        fingerprint,
        not_after: seconds(parsed.validity().not_after.timestamp()),
    })
}

/// The string types of names (X.520, RFC 5280 section 4.1.2.4); T61 strings and 32-bit ones have no agreed meaning and are none.
fn text(value: &Any<'_>) -> Option<String> {
    const UTF8: u32 = 12;
    const NUMERIC: u32 = 18;
    const PRINTABLE: u32 = 19;
    const IA5: u32 = 22;
    const VISIBLE: u32 = 26;
    const BMP: u32 = 30;
    let bytes = value.data;
    match value.tag().0 {
        UTF8 => String::from_utf8(bytes.to_vec()).ok(),
        NUMERIC | PRINTABLE | IA5 | VISIBLE => bytes.is_ascii().then(|| String::from_utf8(bytes.to_vec()).ok())?,
        BMP => {
            let (units, rest) = bytes.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            if rest.is_empty() { String::from_utf16(&units).ok() } else { None }
        }
        _ => None,
    }
}

fn alternative_name(name: &GeneralName<'_>) -> Option<String> {
    let name = match name {
        GeneralName::DNSName(name) => format!("dns:{}", name.to_ascii_lowercase()),
        GeneralName::URI(name) => format!("uri:{name}"),
        GeneralName::RFC822Name(name) => format!("email:{name}"),
        GeneralName::IPAddress(bytes) => format!("ip:{}", address(bytes)?),
        _ => return None,
    };
    (name.len() <= MAX_ALTERNATIVE_NAME_BYTES).then_some(name)
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(bytes).ok().map(|bytes| Ipv4Addr::from(bytes).into());
    v4().or_else(|| <[u8; 16]>::try_from(bytes).ok().map(|bytes| Ipv6Addr::from(bytes).into()))
}
