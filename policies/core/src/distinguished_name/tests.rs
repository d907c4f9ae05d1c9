#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;

use super::*;

fn text(oid: &str, value: &str) -> NameAttribute {
    NameAttribute { oid: oid.to_owned(), text: Some(value.to_owned()), der: vec![0x0c] }
}

fn check(written: &str, canonical: &str) {
    let name = DistinguishedName::parse(written);
    assert_eq!(name.as_ref().map(DistinguishedName::as_str), Ok(canonical), "{written}");
    assert_eq!(DistinguishedName::parse(canonical), name, "{canonical}");
}

#[test]
fn names_are_written_in_one_way() {
    check("CN=mobile.contoso.example", "CN=mobile.contoso.example");
    check(" cn = mobile , o=Contoso Ltd ", "CN=mobile,O=Contoso Ltd");
    check("2.5.4.3=a,2.5.4.6=DE", "CN=a,C=DE");
    check("OU=b+CN=a,DC=example", "CN=a+OU=b,DC=example");
    check(r"CN=Contoso\, Ltd\2c x\20", r"CN=Contoso\, Ltd\, x\ ");
    check(r"CN=\#1 \= \c3\a4=b", "CN=\\#1 = ä=b");
    check(r"CN=\ a\00", r"CN=\ a\00");
    check("1.2.3.4=#04024869", "1.2.3.4=#04024869");
    check("1.2.3.4 = #0402486F ", "1.2.3.4=#0402486f");
}

#[test]
fn what_is_no_name_says_what_is_wrong() {
    for (bad, part) in [
        ("", "1 to 2048"),
        ("  ", "1 to 2048"),
        ("mobile", "`mobile` is not `TYPE=VALUE`"),
        ("CN=", "is not `TYPE=VALUE`"),
        ("CN=a,", "is not `TYPE=VALUE`"),
        ("=a", "is not `TYPE=VALUE`"),
        ("E=a", "`E` is no attribute type"),
        ("1.02=#00", "`1.02` is no attribute type"),
        (r"CN=a\", "begins no escape"),
        (r"CN=\z", "begins no escape"),
        (r"CN=\c", "begins no escape"),
        (r"CN=\ff", "begins no escape"),
        ("CN=\"a\"", "must be written `\\\"`"),
        ("CN=a;b", "must be written `\\;`"),
        ("CN=#0c0161", "the value of a named type is text"),
        ("1.2.3=a", "`#` and its DER"),
        ("1.2.3=#0", "`#` and its DER"),
    ] {
        let error = DistinguishedName::parse(bad).unwrap_err().to_string();
        assert!(error.contains(part), "{bad}: {error}");
    }
    assert_eq!(DistinguishedName::parse(&format!("CN={}", "a".repeat(MAX_SUBJECT_BYTES))), Err(NameTextError::Length));
}

#[test]
fn a_certificates_name_begins_with_its_last_part() {
    let parts =
        [vec![text("2.5.4.6", "DE")], vec![text("2.5.4.10", "Contoso, Ltd")], vec![text("2.5.4.11", "b"), text("2.5.4.3", "a")]];
    assert_eq!(DistinguishedName::of(&parts).as_str(), r"CN=a+OU=b,O=Contoso\, Ltd,C=DE");
    let other = NameAttribute { oid: "1.2.3".to_owned(), text: Some("a".to_owned()), der: vec![0x0c, 1, 0x61] };
    let undecodable = NameAttribute { oid: "2.5.4.3".to_owned(), text: None, der: vec![0x14, 1, 0xff] };
    assert_eq!(DistinguishedName::of(&[vec![other], vec![undecodable]]).as_str(), "CN=#1401ff,1.2.3=#0c0161");
    assert_eq!(DistinguishedName::of(&[]).as_str(), "");
}

proptest! {
    /// Whatever stands in a certificate, its canonical text is read back as the same name, and as no other.
    #[test]
    fn canonical_text_reads_back_as_itself(values in proptest::collection::vec(("[^\u{0}]{1,12}", 0_usize..NAMES.len()), 1..4)) {
        let parts: Vec<_> = values.iter().map(|(value, at)| vec![text(NAMES[*at].1, value)]).collect();
        let name = DistinguishedName::of(&parts);
        prop_assert_eq!(DistinguishedName::parse(name.as_str()), Ok(name.clone()));
        let mut others = parts.clone();
        others[0][0] = text(NAMES[values[0].1].1, &format!("{}x", values[0].0));
        prop_assert_ne!(DistinguishedName::of(&others), name);
    }

    #[test]
    fn no_text_panics(written in "[CN=,+ \\\\#a0-9;\"é.]{0,24}") {
        if let Ok(name) = DistinguishedName::parse(&written) {
            prop_assert_eq!(DistinguishedName::parse(name.as_str()), Ok(name));
        }
    }
}
