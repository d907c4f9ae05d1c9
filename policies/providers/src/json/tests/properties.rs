//! What must hold for every document and every edit, with `serde_json` as the oracle.

use super::super::*;
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A string as JSON, with every character escaped where asked.
fn written(text: &str, escape: bool) -> String {
    if !escape {
        return String::from_utf8(quote(text)).unwrap();
    }
    let units = text.encode_utf16().fold(String::new(), |mut out, unit| {
        write!(out, "\\u{unit:04X}").unwrap();
        out
    });
    format!("\"{units}\"")
}

fn space() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(String::new()), 1 => "[ \n\r\t]{1,3}"]
}

fn string() -> impl Strategy<Value = String> {
    (prop_oneof![".{0,12}", "[a-z\"\\\\\n\u{0}-\u{1f}]{0,40}"], prop::bool::weighted(0.2))
        .prop_map(|(text, escape)| written(&text, escape))
}

fn value() -> impl Strategy<Value = String> {
    let number = "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?";
    let leaf = prop_oneof![Just("null".to_owned()), Just("true".to_owned()), Just("false".to_owned()), number, string()];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let array = prop::collection::vec((space(), inner.clone(), space()), 0..5)
            .prop_map(|items| format!("[{}]", items.into_iter().map(|(a, b, c)| a + &b + &c).collect::<Vec<_>>().join(",")));
        prop_oneof![array, members(inner).prop_map(|members| object_text(&members))]
    })
}

type Members = Vec<(String, bool, [String; 4], String)>;

/// Members of distinct names.
fn members(value: impl Strategy<Value = String>) -> impl Strategy<Value = Members> {
    let name = prop_oneof!["[a-e]", ".{0,4}"];
    let spaces = [space(), space(), space(), space()];
    prop::collection::vec((name, prop::bool::weighted(0.2), spaces, value), 0..7).prop_map(|members| {
        let mut seen = std::collections::BTreeSet::new();
        members.into_iter().filter(|member| seen.insert(member.0.clone())).collect()
    })
}

fn object_text(members: &Members) -> String {
    let text = |(name, escape, [a, b, c, d], value): &(String, bool, [String; 4], String)| {
        format!("{a}{}{b}:{c}{value}{d}", written(name, *escape))
    };
    format!("{{{}}}", members.iter().map(text).collect::<Vec<_>>().join(","))
}

fn edits() -> impl Strategy<Value = Vec<(String, Option<String>)>> {
    prop::collection::vec((prop_oneof![4 => "[a-g]", 1 => ".{0,4}"], prop::option::weighted(0.7, value())), 0..6)
}

fn parsed(text: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(text).unwrap()
}

proptest! {
    #[test]
    fn edits_equal_parse_edit_serialise_and_leave_the_rest_byte_for_byte(members in members(value()), around in [space(), space()], edits in edits()) {
        let original = Bytes::from(format!("{}{}{}", around[0], object_text(&members), around[1]));
        let object = scan(&original, ScanLimits::default()).unwrap();
        let mut splice = Splice::new();
        let mut expected = parsed(&original);
        for (name, raw) in &edits {
            match raw {
                Some(raw) => {
                    splice.set_member(name, raw.clone());
                    expected.insert(name.clone(), serde_json::from_str(raw).unwrap());
                }
                None => {
                    splice.remove_member(name);
                    expected.shift_remove(name);
                }
            }
        }
        let result = splice.apply(&object);
        prop_assert_eq!(parsed(&result), expected);

        let after = scan(&result, ScanLimits::default()).unwrap();
        let edited: BTreeMap<_, _> = edits.iter().cloned().collect();
        let texts = |object: &Object| -> Vec<(Vec<u8>, Vec<u8>)> {
            let kept = object.members().iter().filter(|member| !edited.contains_key(object.name(member)));
            kept.map(|member| (member.name_span.of(object.bytes()).to_vec(), object.raw(member).to_vec())).collect()
        };
        prop_assert_eq!(texts(&after), texts(&object));
        if edits.iter().all(|(name, raw)| raw.is_none() && object.member(name).is_none()) {
            prop_assert_eq!(&result, &original);
        }
    }

    #[test]
    fn what_is_accepted_is_json_and_what_is_json_is_accepted(members in members(value()), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut text = object_text(&members).into_bytes();
        let at = at.index(text.len());
        if cut { text.truncate(at) } else { text[at] = byte }
        let bytes = Bytes::from(text);
        let accepted = scan(&bytes, ScanLimits { depth: 100, members: 100 });
        if accepted.is_ok() {
            prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok());
        } else if !matches!(accepted, Err(ScanError::DuplicateMember { .. })) {
            prop_assert!(serde_json::from_slice::<Map<String, Value>>(&bytes).is_err());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"{}[]\",:\\u0d8 tn-1e."[..])], 0..200), spans in any::<[u8; 2]>()) {
        let bytes = Bytes::from(bytes);
        let span = Span { start: spans[0].into(), end: spans[1].into() };
        drop(scan(&bytes, ScanLimits::default()));
        drop(scan_object(&bytes, span));
        drop(elements(&bytes, span).map(Iterator::count));
        drop(string_value(&bytes, span));
        let braced = Bytes::from([b"{\"a\":", &bytes[..], b"}"].concat());
        if let Ok(object) = scan(&braced, ScanLimits::default()) {
            let mut splice = Splice::new();
            splice.insert_at(span.start, &b"x"[..]);
            let _refused = splice.replace(span, &b"y"[..]);
            splice.remove_member("a");
            drop(splice.apply(&object));
        }
    }

    #[test]
    fn texts_survive_quoting_and_reading(text in ".*", escape in any::<bool>()) {
        let raw = written(&text, escape);
        let span = Span { start: 0, end: raw.len() };
        prop_assert_eq!(string_value(raw.as_bytes(), span).unwrap(), text);
    }
}
