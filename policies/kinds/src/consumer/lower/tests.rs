#![expect(clippy::unwrap_used, reason = "tests")]

use insta::{assert_json_snapshot, assert_snapshot};

use crate::testing::{findings, program};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

#[test]
fn keys_and_their_ids_are_unique_in_the_whole_repository() {
    let upper = A.to_uppercase();
    let yaml = format!(
        "kind: Consumer
metadata: {{name: a}}
spec: {{credentials: [{{apiKey: {{id: k1, sha256: {A}}}}}, {{apiKey: {{id: k2, sha256: {upper}}}}}]}}
---
kind: Consumer
metadata: {{name: b}}
spec: {{credentials: [{{apiKey: {{id: k1, sha256: {}}}}}]}}
",
        "c".repeat(64)
    );
    assert_snapshot!(findings(&yaml), @"
    4:142 C037 this key is in the repository already | a key belongs to one consumer; remove it from the other
    9:36 C037 there is another key with the id `k1` | ids tell keys apart in logs; choose another
    ");
}

#[test]
fn days_and_moments_are_read_and_digests_are_written_small() {
    let upper = A.to_uppercase();
    let yaml = format!(
        "kind: Consumer
metadata: {{name: a, labels: {{tier: gold}}}}
spec:
  roles: [b, a, b]
  credentials:
    - {{apiKey: {{id: k1, sha256: {upper}, notAfter: 2027-01-01}}}}
"
    );
    assert_json_snapshot!(program(&yaml).consumers, @r#"
    [
      {
        "origin": {
          "name": "a",
          "place": [
            1,
            3,
            18
          ]
        },
        "labels": {
          "tier": "gold"
        },
        "roles": [
          "a",
          "b"
        ],
        "keys": [
          {
            "id": "k1",
            "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "not_before": null,
            "not_after": 1798761600000,
            "place": [
              1,
              7,
              7
            ]
          }
        ]
      }
    ]
    "#);
    let bad = yaml.replace("2027-01-01", "2027-02-30");
    assert_snapshot!(findings(&bad), @"7:109 C027 `2027-02-30` is not a day such as `2027-01-01` or a moment such as `2027-01-01T12:00:00Z`");
}

const ACCEPTS: &str = "kind: Authentication
metadata: {name: p}
spec: {methods: {mtls: {ca: partners}}}
";

fn with_mtls(credentials: &str) -> String {
    format!("{ACCEPTS}---\nkind: Consumer\nmetadata: {{name: a}}\nspec: {{credentials: [{credentials}]}}\n")
}

#[test]
fn certificates_are_written_in_one_way() {
    let yaml = with_mtls(&format!(
        "{{mtls: {{subject: 'cn=mobile, O=Contoso'}}}}, {{mtls: {{id: s, san: 'dns:App.Contoso.Example'}}}}, {{mtls: {{id: f, fingerprint: {}}}}}",
        A.to_uppercase()
    ));
    let program = program(&yaml);
    let certificates = &program.consumers.iter().find(|plan| plan.origin.name.as_str() == "a").unwrap().certificates;
    let shown: Vec<_> = certificates
        .iter()
        .map(|plan| format!("{} {:?} {:?}", plan.id, plan.ca.as_ref().map(ToString::to_string), plan.by))
        .collect();
    assert_eq!(
        shown,
        [
            r#"mtls Some("partners") Subject("CN=mobile,O=Contoso")"#.to_owned(),
            r#"s Some("partners") San("dns:app.contoso.example")"#.to_owned(),
            format!("f None Fingerprint(\"{A}\")"),
        ]
    );
}

#[test]
fn a_certificate_has_one_mark_that_can_be_read_and_is_of_one_consumer() {
    let check = |credentials: &str| findings(&with_mtls(credentials));
    assert_snapshot!(check("{mtls: {}}"), @"9:23 C032 a certificate is known by exactly one of `subject`, `san` and `fingerprint` | write one of them");
    assert_snapshot!(check("{mtls: {subject: CN=a, san: 'dns:a'}}"), @"9:23 C032 a certificate is known by exactly one of `subject`, `san` and `fingerprint` | write one of them");
    assert_snapshot!(check("{mtls: {subject: mobile}}"), @"9:39 C032 `mobile` is not `TYPE=VALUE`, such as `CN=mobile.contoso.example` | `openssl x509 -noout -subject -nameopt RFC2253` prints it");
    assert_snapshot!(check("{mtls: {san: mobile}}, {mtls: {id: b, san: 'dn:mobile'}}, {mtls: {id: c, san: 'ip:x'}}, {mtls: {id: d, san: 'dns:ä.de'}}"), @"
    9:35 C032 `mobile` is no alternative name: it has no sort before a colon | write `dns:app.contoso.example`, `uri:spiffe://contoso.example/app`, `email:app@contoso.example` or `ip:10.0.0.1`
    9:65 C032 `dn:mobile` is no alternative name: the sort is not `dns`, `uri`, `email` or `ip` | write `dns:app.contoso.example`, `uri:spiffe://contoso.example/app`, `email:app@contoso.example` or `ip:10.0.0.1`
    9:100 C032 `ip:x` is no alternative name: this is no address | write `dns:app.contoso.example`, `uri:spiffe://contoso.example/app`, `email:app@contoso.example` or `ip:10.0.0.1`
    9:130 C032 `dns:ä.de` is no alternative name: host names in certificates are ASCII (`xn--…`) | write `dns:app.contoso.example`, `uri:spiffe://contoso.example/app`, `email:app@contoso.example` or `ip:10.0.0.1`
    ");
    assert_snapshot!(check("{mtls: {subject: CN=a}}, {mtls: {subject: CN=b}}"), @"9:48 C037 the Consumer has another credential named `mtls` | tell them apart with `id`");
    assert_snapshot!(check("{mtls: {subject: CN=a}}, {mtls: {id: b, ca: partners, subject: cn=a}}"), @"9:85 C037 this certificate is in the repository already | a certificate belongs to one consumer; remove it from the other");
    assert_snapshot!(check("{mtls: {subject: CN=a, ca: parners}}"), @"9:49 C030 no Authentication accepts certificates of `parners` | did you mean `partners`?");
}

#[test]
fn with_two_authorities_a_name_says_whose_it_is() {
    let second = "---\nkind: Authentication\nmetadata: {name: q}\nspec: {methods: {mtls: {ca: own}}}\n";
    let yaml = |credentials: &str| format!("{}{second}", with_mtls(credentials));
    assert_snapshot!(findings(&yaml("{mtls: {subject: CN=a}}")), @"9:23 C032 Authentications name several authorities, and each could issue a certificate with this name | say which one counts with `ca`");
    let print = format!("{{mtls: {{fingerprint: {A}}}}}");
    assert_snapshot!(findings(&yaml(&format!("{print}, {{mtls: {{id: b, ca: own, subject: CN=a}}}}, {{mtls: {{id: c, ca: partners, subject: CN=a}}}}"))), @"");
}
