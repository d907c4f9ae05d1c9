use aigw_core::PeerCertificate;
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_000;
const PRINT: [u8; 32] = [0xa5; 32];

fn entry(id: &str, ca: Option<&str>, by: Value) -> Value {
    json!({"id": id, "ca": ca, "by": by, "place": [0, 1, 1]})
}

fn with_certificates(name: &str, keys: Value, certificates: Value) -> Value {
    let mut consumer = consumer(name, &[], json!({}), keys);
    consumer.as_object_mut().unwrap().insert("certificates".to_owned(), certificates);
    consumer
}

fn credentials() -> Credentials {
    let ann = json!([
        entry("mtls", Some("partners"), json!({"subject": "CN=ann"})),
        entry("spiffe", Some("partners"), json!({"san": "uri:spiffe://x/ann"})),
        entry("print", None, json!({"fingerprint": "a5".repeat(32)})),
    ]);
    let bob = json!([
        entry("mtls", Some("partners"), json!({"subject": "CN=bob"})),
        entry("two", Some("own"), json!({"subject": "CN=ann"}))
    ]);
    let tables = json!({"consumers": [
        with_certificates("ann", json!([key("a1", ANN, None)]), ann),
        with_certificates("bob", json!([key("b1", BOB, None)]), bob),
    ]});
    Credentials::new(&program(tables).consumers).unwrap()
}

fn certificate(authorities: &[&str], subject: &str, names: &[&str]) -> PeerCertificate {
    PeerCertificate {
        authorities: authorities.iter().map(|name| name.parse().unwrap()).collect(),
        subject: subject.to_owned(),
        alternative_names: names.iter().map(|name| (*name).to_owned()).collect(),
        fingerprint: [0; 32],
        not_after: Timestamp::from_millis(NOW + 1),
    }
}

fn ann() -> PeerCertificate {
    certificate(&["partners"], "CN=ann", &[])
}

/// A policy: headers of keys, authority, anonymous.
type Written<'a> = (&'a [&'a str], Option<&'a str>, bool);

const ONLY: Written<'_> = (&[], Some("partners"), false);
const EITHER: Written<'_> = (&["api-key"], Some("partners"), false);
const OPEN: Written<'_> = (&["api-key"], Some("partners"), true);

fn check(plans: &[Written<'_>], shown: Option<&PeerCertificate>, key: Option<&str>, expected: Result<&str, ErrorCode>) {
    let plan = |(headers, ca, anonymous): &Written<'_>| {
        let mtls = ca.map(|ca| json!({"ca": ca, "place": [0, 1, 1]}));
        json!({"origin": origin("p"), "api_key_headers": headers, "mtls": mtls, "anonymous": anonymous})
    };
    let program = program(json!({"authentications": plans.iter().map(plan).collect::<Vec<_>>()}));
    let ids = (0_u32..).map(AuthenticationId);
    let policies: Vec<_> =
        ids.zip(&program.authentications).map(|(id, plan)| Arc::new(Authentication::new(id, plan).unwrap())).collect();
    let headers = headers(&key.map(|key| ("api-key", key)).into_iter().collect::<Vec<_>>());
    let presented = Presented { headers: &headers, certificate: shown, now: Timestamp::from_millis(NOW) };
    let outcome = judged(&policies, &credentials(), &presented, &mut Vec::new());
    let found = outcome.map_err(|unproved| unproved.refusal.code).map(|identity| match identity {
        Some(caller) => format!("{}/{}", caller.name.as_ref().unwrap(), caller.credential),
        None => "anonymous".to_owned(),
    });
    assert_eq!(found.as_deref().map_err(|code| *code), expected, "{plans:?} {shown:?} {key:?}");
}

#[test]
fn a_certificate_is_known_by_subject_alternative_name_or_fingerprint() {
    check(&[ONLY], Some(&ann()), None, Ok("ann/mtls"));
    check(&[ONLY], Some(&certificate(&["partners"], "CN=bob", &[])), None, Ok("bob/mtls"));
    check(&[ONLY], Some(&certificate(&["partners"], "", &["dns:x", "uri:spiffe://x/ann"])), None, Ok("ann/spiffe"));
    check(&[ONLY], Some(&PeerCertificate { fingerprint: PRINT, ..ann() }), None, Ok("ann/print"));
    for other in ["CN=carl", "cn=ann", "CN=Ann", "CN=ann,O=x", ""] {
        check(&[ONLY], Some(&certificate(&["partners"], other, &[])), None, Err(ErrorCode::UnknownCertificate));
    }
}

#[test]
fn without_a_certificate_it_is_missing() {
    check(&[ONLY], None, None, Err(ErrorCode::MissingCertificate));
    check(&[ONLY], None, Some(ANN), Err(ErrorCode::MissingCertificate));
    check(&[EITHER], None, None, Err(ErrorCode::MissingApiKey));
    check(&[OPEN], None, None, Ok("anonymous"));
}

#[test]
fn the_authority_counts_and_not_only_the_name() {
    use ErrorCode::{MissingCertificate, UnknownCertificate};
    let own: Written<'_> = (&[], Some("own"), false);
    check(&[own], Some(&ann()), None, Err(MissingCertificate));
    check(&[own], Some(&certificate(&["own"], "CN=ann", &[])), None, Ok("bob/two"));
    check(&[ONLY], Some(&certificate(&["own"], "CN=ann", &[])), None, Err(MissingCertificate));
    // Both authorities issued it, and each policy reads it as its own authority's.
    check(&[ONLY, own], Some(&certificate(&["own", "partners"], "CN=ann", &[])), None, Err(UnknownCertificate));
    check(&[EITHER], Some(&certificate(&["own"], "CN=ann", &[])), Some(BOB), Ok("bob/b1"));
}

#[test]
fn one_that_is_over_or_was_revoked_is_refused_whatever_else_is_sent() {
    let over = PeerCertificate { not_after: Timestamp::from_millis(NOW), ..ann() };
    let revoked = certificate(&[], "CN=ann", &[]);
    for policy in [ONLY, EITHER, OPEN] {
        for key in [None, Some(ANN)] {
            check(&[policy], Some(&over), key, Err(ErrorCode::CertificateExpired));
            check(&[policy], Some(&revoked), key, Err(ErrorCode::UnknownCertificate));
        }
    }
}

#[test]
fn with_an_api_key_both_must_be_good_and_of_one_caller() {
    use ErrorCode::{InvalidApiKey, UnknownCertificate};
    check(&[EITHER], Some(&ann()), None, Ok("ann/mtls"));
    check(&[EITHER], None, Some(ANN), Ok("ann/a1"));
    check(&[EITHER], Some(&ann()), Some(ANN), Ok("ann/a1"));
    check(&[EITHER], Some(&ann()), Some(BOB), Err(UnknownCertificate));
    check(&[EITHER], Some(&ann()), Some("key-of-nobody"), Err(InvalidApiKey));
    check(&[EITHER], Some(&certificate(&["partners"], "CN=carl", &[])), Some(ANN), Err(UnknownCertificate));
    check(&[OPEN], Some(&certificate(&["partners"], "CN=carl", &[])), None, Err(UnknownCertificate));
    let keys: Written<'_> = (&["api-key"], None, false);
    check(&[keys, ONLY], Some(&ann()), Some(ANN), Ok("ann/a1"));
    check(&[ONLY, keys], Some(&ann()), Some(BOB), Err(InvalidApiKey));
    check(&[keys], Some(&ann()), None, Err(ErrorCode::MissingApiKey));
}

#[test]
fn nobody_is_anonymous_who_shows_a_certificate_to_another_policy() {
    let anonymous: Written<'_> = (&["api-key"], None, true);
    check(&[anonymous, OPEN], None, None, Ok("anonymous"));
    check(&[anonymous, OPEN], Some(&ann()), None, Err(ErrorCode::MissingApiKey));
}

#[test]
fn a_certificate_that_fits_two_callers_is_nobodys() {
    let both = certificate(&["partners"], "CN=bob", &["uri:spiffe://x/ann"]);
    check(&[ONLY], Some(&both), None, Err(ErrorCode::UnknownCertificate));
    let same = certificate(&["partners"], "CN=ann", &["uri:spiffe://x/ann"]);
    check(&[ONLY], Some(&same), None, Ok("ann/spiffe"));
}

#[test]
fn fingerprints_that_are_none_or_stand_twice_do_not_load() {
    let load = |entries: Value| {
        let tables = json!({"consumers": [with_certificates("ann", json!([]), entries)]});
        Credentials::new(&program(tables).consumers).map(drop)
    };
    let print = |digits: String| entry("print", None, json!({"fingerprint": digits}));
    assert!(load(json!([print("a5".repeat(31))])).is_err());
    assert!(load(json!([print("a5".repeat(32)), print("a5".repeat(32))])).is_err());
    assert_eq!(load(json!([print("a5".repeat(32))])), Ok(()));
}

#[test]
fn a_certificate_is_under_the_subscription_of_its_credential() {
    let mut one = consumer("one", &[], json!({}), json!([]));
    let certificates = json!([
        {"id": "exact", "ca": null, "by": {"fingerprint": "00".repeat(32)}, "subscription": 3, "place": [0, 1, 1]},
        {"id": "named", "ca": null, "by": {"subject": "CN=ann"}, "subscription": 4, "place": [0, 1, 1]},
        {"id": "plain", "ca": null, "by": {"san": "dns:ann"}, "place": [0, 1, 1]},
    ]);
    one.as_object_mut().unwrap().insert("certificates".to_owned(), certificates);
    let program = program(json!({"consumers": [one]}));
    let table = CertificateTable::new(&program.consumers).unwrap();
    let under = |fingerprint: u8, subject: &str, names: &[&str]| {
        let shown = PeerCertificate { fingerprint: [fingerprint; 32], ..certificate(&["partners"], subject, names) };
        let judged = table.judge(&shown, &"partners".parse().unwrap(), Timestamp::from_millis(NOW)).unwrap();
        (judged.credential.to_string(), judged.subscription.map(|id| id.0))
    };
    assert_eq!(under(0, "CN=ann", &["dns:ann"]), ("exact".to_owned(), Some(3)), "the most exact credential counts");
    assert_eq!(under(1, "CN=ann", &[]), ("named".to_owned(), Some(4)));
    assert_eq!(under(1, "CN=ann", &["dns:ann"]), ("plain".to_owned(), None));
}
