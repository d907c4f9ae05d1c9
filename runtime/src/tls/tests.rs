#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use aigw_core::Name;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DistinguishedName, DnType, DnValue,
    IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use rustls_pki_types::CertificateDer;

use super::*;
use crate::settings::{CaSettings, Settings, TlsSettings};

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Issuer {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn issued(issuer: &Issuer, params: CertificateParams) -> (CertificateDer<'static>, String, String) {
    let key = KeyPair::generate().unwrap();
    let made = params.signed_by(&key, issuer).unwrap();
    (made.der().clone(), made.pem(), key.serialize_pem())
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn list(issuer: &Issuer, revoked: &[u64], until: i32) -> String {
    let revoked = revoked.iter().map(|serial| RevokedCertParams {
        serial_number: SerialNumber::from(*serial),
        revocation_time: date_time_ymd(2020, 1, 1),
        reason_code: None,
        invalidity_date: None,
    });
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2020, 1, 1),
        next_update: date_time_ymd(until, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(issuer).unwrap().pem().unwrap()
}

/// A host's files: a listener's pair, and the CA `partners`.
struct Host {
    folder: tempfile::TempDir,
    partners: Issuer,
}

impl Host {
    fn new() -> Self {
        let host = Self { folder: tempfile::tempdir().unwrap(), partners: authority("partners") };
        host.write("ca.pem", &host.partners.pem());
        host.write_pair("localhost");
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// By renaming, as careful tools do; never within the clock's resolution unseen, since the inode differs.
    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path("fresh"), text).unwrap();
        std::fs::rename(self.path("fresh"), self.path(name)).unwrap();
    }

    fn write_pair(&self, name: &str) -> CertificateDer<'static> {
        let (der, pem, key) = issued(&self.partners, named(name));
        self.write("cert.pem", &pem);
        self.write("key.pem", &key);
        der
    }

    fn certificates(&self, crl: Option<&str>) -> Certificates {
        self.open(crl).unwrap()
    }

    fn open(&self, crl: Option<&str>) -> Result<Certificates, crate::transport::TlsError> {
        let ca = CaSettings { file: self.path("ca.pem"), crl: crl.map(|name| self.path(name)) };
        Certificates::new(&Settings {
            tls: Some(TlsSettings { cert: self.path("cert.pem"), key: self.path("key.pem") }),
            cas: [(name("partners"), ca)].into(),
            ..Settings::default()
        })
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// Twice: what changed must rest once.
fn look(certificates: &Certificates) {
    certificates.refresh();
    certificates.refresh();
}

fn error(certificates: &Certificates, file: &str) -> Option<String> {
    certificates.status().into_iter().find(|status| status.name == file).unwrap().error
}

fn accepts(certificates: &Certificates, leaf: &CertificateDer<'static>) -> bool {
    !certificates.server().unwrap().now().accepting(std::slice::from_ref(leaf)).is_empty()
}

#[test]
fn a_certificate_is_read_as_policies_know_it() {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "DE");
    params.distinguished_name.push(DnType::OrganizationName, DnValue::BmpString("Contoso, Ltd".try_into().unwrap()));
    params.distinguished_name.push(DnType::CommonName, DnValue::PrintableString("mobile".try_into().unwrap()));
    params.distinguished_name.push(DnType::CustomDnType(vec![1, 2, 3, 4]), "x");
    let ia5 = |text: &str| rcgen::string::Ia5String::try_from(text).unwrap();
    params.subject_alt_names = vec![
        SanType::DnsName(ia5("App.Contoso.Example")),
        SanType::URI(ia5("spiffe://contoso.example/App")),
        SanType::Rfc822Name(ia5("app@contoso.example")),
        SanType::IpAddress("10.0.0.1".parse().unwrap()),
        SanType::IpAddress("2001:db8::1".parse().unwrap()),
    ];
    params.not_after = date_time_ymd(2030, 1, 1);
    let (der, ..) = issued(&authority("a"), params);
    let read = peer::read(&der).unwrap();
    assert_eq!(read.subject, r"1.2.3.4=#0c0178,CN=mobile,O=Contoso\, Ltd,C=DE");
    assert_eq!(
        read.alternative_names,
        [
            "dns:app.contoso.example",
            "uri:spiffe://contoso.example/App",
            "email:app@contoso.example",
            "ip:10.0.0.1",
            "ip:2001:db8::1"
        ]
    );
    assert_eq!(read.not_after.as_millis(), 1_893_456_000_000);
    assert_eq!(peer::read(&CertificateDer::from(vec![0x30, 0x82])), None);
    assert_eq!(peer::read(&CertificateDer::from(Vec::new())), None);
}

#[test]
fn names_beyond_the_bounds_are_nobodys() {
    let mut params = named(&"a".repeat(60));
    params.distinguished_name.push(DnType::OrganizationName, "o".repeat(4_000));
    let uri = |text: String| SanType::URI(rcgen::string::Ia5String::try_from(text).unwrap());
    params.subject_alt_names = (0..100).map(|number| uri(format!("u:{number}"))).collect();
    params.subject_alt_names.insert(0, uri("u".repeat(4_000)));
    let (der, ..) = issued(&authority("a"), params);
    let read = peer::read(&der).unwrap();
    assert_eq!((read.subject.as_str(), read.alternative_names.len()), ("", 64));
    assert_eq!(read.alternative_names.first().map(String::as_str), Some("uri:u:0"));
}

#[test]
fn a_pair_is_replaced_whole_or_not_at_all() {
    let host = Host::new();
    let certificates = host.certificates(None);
    let server = certificates.server().unwrap();
    let before = server.now();
    look(&certificates);
    assert!(std::sync::Arc::ptr_eq(&before, &server.now()), "nothing changed");
    let (_, pem, key) = issued(&host.partners, named("localhost"));
    host.write("cert.pem", &pem);
    look(&certificates);
    assert!(std::sync::Arc::ptr_eq(&before, &server.now()), "the old key does not belong to the new certificate");
    assert!(error(&certificates, "certificate").is_some());
    host.write("key.pem", &key);
    certificates.refresh();
    assert!(std::sync::Arc::ptr_eq(&before, &server.now()), "it has not rested yet");
    certificates.refresh();
    let after = server.now();
    assert!(!std::sync::Arc::ptr_eq(&before, &after));
    assert_eq!(error(&certificates, "certificate"), None);
    assert!(
        !std::sync::Arc::ptr_eq(&before.config.session_storage, &after.config.session_storage),
        "sessions from before are forgotten"
    );
}

#[test]
fn what_cannot_be_used_leaves_what_is_in_use() {
    let host = Host::new();
    let certificates = host.certificates(None);
    let before = certificates.server().unwrap().now();
    let mut over = named("localhost");
    over.not_after = date_time_ymd(2020, 1, 1);
    let mut early = named("localhost");
    early.not_before = date_time_ymd(2090, 1, 1);
    early.not_after = date_time_ymd(2091, 1, 1);
    for (what, params) in [("over", over), ("early", early)] {
        let (_, pem, key) = issued(&host.partners, params);
        host.write("cert.pem", &pem);
        host.write("key.pem", &key);
        look(&certificates);
        assert!(error(&certificates, "certificate").unwrap().contains("expired, or is not valid yet"), "{what}");
    }
    for (file, text) in [("cert.pem", "rubbish"), ("key.pem", ""), ("cert.pem", "")] {
        host.write(file, text);
        look(&certificates);
        assert!(error(&certificates, "certificate").is_some(), "{file}");
    }
    std::fs::remove_file(host.path("cert.pem")).unwrap();
    look(&certificates);
    assert!(error(&certificates, "certificate").is_some());
    host.write("ca.pem", "rubbish");
    look(&certificates);
    assert!(error(&certificates, "ca partners").is_some());
    assert!(std::sync::Arc::ptr_eq(&before, &certificates.server().unwrap().now()));
    assert!(host.open(None).is_err(), "none of it would do at the start");
}

#[test]
fn a_turned_link_is_a_change() {
    let host = Host::new();
    for (number, folder) in ["one", "two"].into_iter().enumerate() {
        std::fs::create_dir(host.path(folder)).unwrap();
        let (_, pem, key) = issued(&host.partners, named(&format!("host-{number}")));
        std::fs::write(host.path(folder).join("cert.pem"), pem).unwrap();
        std::fs::write(host.path(folder).join("key.pem"), key).unwrap();
    }
    let turn = |to: &str| {
        std::os::unix::fs::symlink(host.path(to), host.path("..fresh")).unwrap();
        std::fs::rename(host.path("..fresh"), host.path("..data")).unwrap();
    };
    turn("one");
    for file in ["cert.pem", "key.pem"] {
        std::fs::remove_file(host.path(file)).unwrap();
        std::os::unix::fs::symlink(Path::new("..data").join(file), host.path(file)).unwrap();
    }
    let certificates = host.certificates(None);
    let before = certificates.server().unwrap().now();
    turn("two");
    look(&certificates);
    assert!(!std::sync::Arc::ptr_eq(&before, &certificates.server().unwrap().now()));
    assert_eq!(error(&certificates, "certificate"), None);
}

#[test]
fn clients_are_judged_by_the_authorities_that_are_asked_for() {
    let host = Host::new();
    let certificates = host.certificates(None);
    let (good, ..) = issued(&host.partners, named("mobile"));
    let (foreign, ..) = issued(&authority("partners"), named("mobile"));
    assert!(!accepts(&certificates, &good), "nobody is asked");
    let before = certificates.server().unwrap().now();
    certificates.demand(vec![name("partners")]).unwrap();
    assert!(before.asked_anew.given(), "who connected before connects again");
    assert!(accepts(&certificates, &good) && !accepts(&certificates, &foreign));
    assert!(matches!(certificates.demand(vec![name("other")]), Err(DemandError::UnknownCa(_))));
    assert!(accepts(&certificates, &good), "a refused demand changes nothing");
    let asking = certificates.server().unwrap().now();
    host.write_pair("localhost");
    look(&certificates);
    assert!(!asking.asked_anew.given(), "another certificate of ours is no reason to connect again");
    certificates.demand(Vec::new()).unwrap();
    assert!(!accepts(&certificates, &good));
    let without = Certificates::new(&Settings::default()).unwrap();
    assert!(matches!(without.demand(vec![name("partners")]), Err(DemandError::NoTls)));
    assert!(without.demand(Vec::new()).is_ok());
}

#[test]
fn upstreams_are_checked_by_the_authority_as_it_is_now() {
    let host = Host::new();
    let certificates = host.certificates(None);
    let upstream = certificates.upstream();
    let live = upstream.of(Some(&name("partners"))).unwrap().unwrap();
    let before = live.load_full();
    host.write("ca.pem", &authority("partners").pem());
    look(&certificates);
    assert!(!std::sync::Arc::ptr_eq(&before, &live.load_full()));
    let after = live.load_full();
    host.write("ca.pem", "rubbish");
    look(&certificates);
    assert!(std::sync::Arc::ptr_eq(&after, &live.load_full()));
}

#[test]
fn revoked_unknown_and_out_of_date_are_refused_and_open_connections_learn_it() {
    let host = Host::new();
    let with_serial = |serial: u64| {
        let mut params = named("mobile");
        params.serial_number = Some(SerialNumber::from(serial));
        params
    };
    let (one, ..) = issued(&host.partners, with_serial(1));
    let (two, ..) = issued(&host.partners, with_serial(2));
    host.write("list.pem", &list(&host.partners, &[2], 2090));
    let certificates = host.certificates(Some("list.pem"));
    certificates.demand(vec![name("partners")]).unwrap();
    assert!(accepts(&certificates, &one) && !accepts(&certificates, &two));
    let server = certificates.server().unwrap();
    let shown = Shown::new(&server, std::slice::from_ref(&one)).unwrap();
    assert!(Shown::new(&server, std::slice::from_ref(&two)).unwrap().now().authorities.is_empty());
    assert_eq!(shown.now().authorities, [name("partners")]);
    host.write("list.pem", &list(&host.partners, &[1, 2], 2090));
    look(&certificates);
    assert!(shown.now().authorities.is_empty());
    assert_eq!(shown.now().subject, "CN=mobile");
    host.write("list.pem", &list(&host.partners, &[], 2021));
    look(&certificates);
    assert!(!accepts(&certificates, &one), "the list is over");
    host.write("list.pem", &list(&host.partners, &[], 2090));
    look(&certificates);
    assert_eq!(shown.now().authorities, [name("partners")]);
    host.write("list.pem", &list(&authority("other"), &[], 2090));
    look(&certificates);
    assert!(error(&certificates, "ca partners").unwrap().contains("no revocation list in it is of this authority"));
    assert!(accepts(&certificates, &one));
    host.write("list.pem", &host.partners.pem());
    look(&certificates);
    assert!(error(&certificates, "ca partners").unwrap().contains("the file holds none"));
}
