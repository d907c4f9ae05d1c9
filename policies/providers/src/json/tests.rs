#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod properties;

use super::*;
use bytes::Bytes;

fn read(text: &str) -> Result<Object, ScanError> {
    scan(&Bytes::copy_from_slice(text.as_bytes()), ScanLimits { depth: 4, members: 3 })
}

fn check_error(text: &str, expected: ScanError) {
    assert_eq!(read(text).unwrap_err(), expected, "{text}");
}

#[test]
fn members_are_listed_with_name_span_and_kind() {
    let text = " { \"a\" : [1, {\"b\": null}] , \"\\u0062\":-1.5e+3,\"c\":\"x\\\"y\" } \n";
    let object = read(text).unwrap();
    let found: Vec<_> = object.members().iter().map(|member| (object.name(member), object.raw(member), member.kind)).collect();
    let expected: [(&str, &[u8], Kind); 3] =
        [("a", b"[1, {\"b\": null}]", Kind::Array), ("b", b"-1.5e+3", Kind::Number), ("c", b"\"x\\\"y\"", Kind::String)];
    assert_eq!(found, expected);
    assert_eq!(object.span().of(text.as_bytes()), text.trim().as_bytes());
    assert_eq!(object.text("c").unwrap(), "x\"y");
    assert!(object.text("b").is_none() && object.member("d").is_none());
}

#[test]
fn null_is_a_member_and_not_present() {
    let object = read("{\"a\":null}").unwrap();
    assert!(object.member("a").is_some() && object.present("a").is_none());
}

#[test]
fn what_the_grammar_allows_is_accepted() {
    for value in [
        "0",
        "-0",
        "10",
        "0.5",
        "1E400",
        "12345678901234567890123",
        "true",
        "false",
        "null",
        "[]",
        "{}",
        "[[],{}]",
        "\"\\ud83d\\ude00\"",
        "\"\\/\"",
    ] {
        read(&format!("{{\"a\":{value}}}")).unwrap();
    }
}

#[test]
fn what_the_grammar_forbids_is_refused_where_it_stands() {
    let at = |offset, expected| ScanError::Syntax { offset, expected };
    for (text, expected) in [
        ("", ScanError::NotAnObject { offset: 0 }),
        ("[]", ScanError::NotAnObject { offset: 0 }),
        ("\u{feff}{}", ScanError::NotAnObject { offset: 0 }),
        ("{", ScanError::Ended { offset: 1, expected: "a member name" }),
        ("{a:1}", at(1, "a member name")),
        ("{\"a\"}", at(4, "`:`")),
        ("{\"a\":}", at(5, "a value")),
        ("{\"a\":1,}", at(7, "a member name")),
        ("{\"a\":1 \"b\":2}", at(7, "`,` or `}`")),
        ("{\"a\":[1,]}", at(8, "a value")),
        ("{\"a\":[1}", at(7, "`,` or `]`")),
        ("{\"a\":{\"b\":1]}", at(11, "`,` or `}`")),
        ("{\"a\":{1:2}}", at(6, "a member name")),
        ("{\"a\":01}", at(6, "`,` or `}`")),
        ("{\"a\":1.}", at(7, "a digit")),
        ("{\"a\":-}", at(6, "a digit")),
        ("{\"a\":1e}", at(7, "a digit")),
        ("{\"a\":+1}", at(5, "a value")),
        ("{\"a\":NaN}", at(5, "a value")),
        ("{\"a\":trve}", at(5, "`true`, `false` or `null`")),
        ("{\"a\":'x'}", at(5, "a value")),
        ("{\"a\":\"x", ScanError::Ended { offset: 7, expected: "the end of a string" }),
        ("{\"a\":\"x\\", ScanError::Ended { offset: 8, expected: "the end of an escape" }),
        ("{\"a\":\"\\x\"}", ScanError::UnknownEscape { offset: 6 }),
        ("{\"a\":\"\\u12g4\"}", ScanError::UnknownEscape { offset: 6 }),
        ("{\"a\":\"\n\"}", ScanError::ControlCharacter { offset: 6 }),
        ("{\"a\":\"12345678\u{1}\"}", ScanError::ControlCharacter { offset: 14 }),
        ("{\"a\":\"\\ud83d\"}", ScanError::LoneSurrogate { offset: 6 }),
        ("{\"a\":\"\\ud83d\\u0041\"}", ScanError::LoneSurrogate { offset: 6 }),
        ("{\"a\":\"\\ude00\"}", ScanError::LoneSurrogate { offset: 6 }),
        ("{} x", ScanError::TrailingBytes { offset: 3 }),
        ("{\"a\":1,\"\\u0061\":2}", ScanError::DuplicateMember { name: "a".to_owned(), offset: 7 }),
        ("{\"a\":1,\"b\":2,\"c\":3,\"d\":4}", ScanError::TooManyMembers { offset: 19, limit: 3 }),
        ("{\"a\":[[[[1]]]]}", ScanError::TooDeep { offset: 8, limit: 4 }),
    ] {
        check_error(text, expected);
    }
}

#[test]
fn invalid_utf8_is_refused_where_it_stands() {
    let found = scan(&Bytes::from_static(b"{\"a\":\"\xff\"}"), ScanLimits::default()).unwrap_err();
    assert_eq!(found, ScanError::InvalidUtf8 { offset: 6 });
}

#[test]
fn the_deepest_document_allowed_is_read_and_one_deeper_is_not() {
    for depth in [1, 2, 63, 64, 65, 128, MAX_DEPTH] {
        let nested = usize::from(depth) - 1;
        let text = Bytes::from(format!(
            "{{\"a\":{}1{}}}",
            "[{\"b\":".repeat(nested / 2) + &"[".repeat(nested % 2),
            "]".repeat(nested % 2) + &"}]".repeat(nested / 2)
        ));
        scan(&text, ScanLimits { depth, members: 1 }).unwrap();
        assert!(matches!(scan(&text, ScanLimits { depth: depth - 1, members: 1 }), Err(ScanError::TooDeep { .. })), "{depth}");
    }
    let bomb = Bytes::from(format!("{{\"a\":{}", "[".repeat(1 << 20)));
    assert_eq!(
        scan(&bomb, ScanLimits { depth: u16::MAX, members: 1 }).unwrap_err(),
        ScanError::TooDeep { offset: 516, limit: MAX_DEPTH }
    );
}

#[test]
fn duplicates_are_found_among_many_members_and_the_first_repeat_is_named() {
    let mut members: Vec<String> = (0..100).map(|at| format!("\"m{at}\":0")).collect();
    members.insert(60, "\"m7\":1".to_owned());
    members.insert(80, "\"m50\":1".to_owned());
    let text = format!("{{{}}}", members.join(","));
    let found = scan(&Bytes::from(text.clone()), ScanLimits::default()).unwrap_err();
    assert_eq!(found, ScanError::DuplicateMember { name: "m7".to_owned(), offset: text.find("\"m7\":1").unwrap() });
}

#[test]
fn nested_objects_and_arrays_are_read_by_span() {
    let object = read("{\"a\":{\"x\":1,\"x\":2},\"b\":[ 1 , \"two\",[3] ],\"c\":{\"y\":true}}").unwrap();
    let span = |name| object.member(name).unwrap().value_span;
    assert_eq!(
        scan_object(object.bytes(), span("a")).unwrap_err(),
        ScanError::DuplicateMember { name: "x".to_owned(), offset: 12 }
    );
    let inner = scan_object(object.bytes(), span("c")).unwrap();
    assert_eq!(as_bool(object.bytes(), inner.member("y").unwrap().value_span), Some(true));
    let found: Vec<_> =
        elements(object.bytes(), span("b")).unwrap().map(|element| element.unwrap().span.of(object.bytes())).collect();
    assert_eq!(found, [&b"1"[..], b"\"two\"", b"[3]"]);
    assert!(matches!(elements(object.bytes(), span("a")), Err(ScanError::NotAnArray { .. })));
    assert!(matches!(scan_object(object.bytes(), span("b")), Err(ScanError::NotAnObject { .. })));
}

#[test]
fn scalars_are_read_only_from_what_they_are() {
    let number = |text: &str| as_u64(text.as_bytes(), Span { start: 0, end: text.len() });
    assert_eq!(number("18446744073709551615"), Some(u64::MAX));
    for other in ["18446744073709551616", "-1", "1.0", "1e3", "\"1\"", "true", ""] {
        assert_eq!(number(other), None, "{other}");
    }
    assert_eq!(as_bool(b"null", Span { start: 0, end: 4 }), None);
    assert_eq!(string_value(b"12", Span { start: 0, end: 2 }), None);
}

#[test]
fn a_text_without_escapes_is_borrowed() {
    let bytes = b"\"plain\"";
    assert!(matches!(string_value(bytes, Span { start: 0, end: 7 }), Some(std::borrow::Cow::Borrowed("plain"))));
}

fn check_splice(original: &str, edit: impl Fn(&Object, &mut Splice), expected: &str) {
    let object = scan(&Bytes::copy_from_slice(original.as_bytes()), ScanLimits::default()).unwrap();
    let mut splice = Splice::new();
    edit(&object, &mut splice);
    assert_eq!(splice.apply(&object), expected.as_bytes(), "{original}");
}

#[test]
fn edits_by_name_leave_everything_else_as_it_was() {
    let set = |name: &'static str| move |_: &Object, splice: &mut Splice| splice.set_member(name, &b"9"[..]);
    check_splice(" { \"a\" : 1.0 , \"b\":2 } ", set("a"), " { \"a\" : 9 , \"b\":2 } ");
    check_splice(" { \"a\" : 1.0 , \"b\":2 } ", set("c"), " { \"a\" : 1.0 , \"b\":2,\"c\":9 } ");
    check_splice("{\"\\u0061\":1}", set("a"), "{\"\\u0061\":9}");
    check_splice("{ }", set("x\"y"), "{\"x\\\"y\":9 }");
    let remove = |names: &'static [&'static str]| {
        move |_: &Object, splice: &mut Splice| names.iter().for_each(|name| splice.remove_member(name))
    };
    check_splice("{ \"a\":1 , \"b\":2 , \"c\":3 }", remove(&["a"]), "{ \"b\":2 , \"c\":3 }");
    check_splice("{ \"a\":1 , \"b\":2 , \"c\":3 }", remove(&["b"]), "{ \"a\":1 , \"c\":3 }");
    check_splice("{ \"a\":1 , \"b\":2 , \"c\":3 }", remove(&["c"]), "{ \"a\":1 , \"b\":2 }");
    check_splice("{ \"a\":1 , \"b\":2 , \"c\":3 }", remove(&["a", "b"]), "{ \"c\":3 }");
    check_splice("{ \"a\":1 , \"b\":2 , \"c\":3 }", remove(&["c", "a", "b", "nothing"]), "{  }");
}

#[test]
fn the_last_edit_of_a_member_wins_and_is_what_later_policies_see() {
    check_splice(
        "{\"a\":1}",
        |object, splice| {
            assert_eq!(splice.current(object, "a"), Some(&b"1"[..]));
            splice.remove_member("a");
            assert_eq!(splice.current(object, "a"), None);
            splice.set_member("a", &b"2"[..]);
            assert_eq!(splice.current(object, "a"), Some(&b"2"[..]));
            splice.set_member("b", &b"3"[..]);
            splice.remove_member("b");
        },
        "{\"a\":2}",
    );
}

#[test]
fn edits_by_span_may_stand_side_by_side_but_not_in_one_another() {
    check_splice(
        "{\"a\":[1,2]}",
        |_, splice| {
            splice.insert_at(6, &b"x,"[..]);
            splice.insert_at(6, &b"y,"[..]);
            splice.replace(Span { start: 6, end: 7 }, &b"7"[..]).unwrap();
            splice.replace(Span { start: 8, end: 9 }, &b"8"[..]).unwrap();
            assert_eq!(splice.replace(Span { start: 7, end: 9 }, &b"!"[..]), Err(Overlap(Span { start: 7, end: 9 })));
        },
        "{\"a\":[x,y,7,8]}",
    );
}

#[test]
fn edits_by_span_go_with_a_member_that_is_replaced() {
    check_splice(
        "{\"a\":[1,2],\"b\":3}",
        |_, splice| {
            splice.replace(Span { start: 6, end: 7 }, &b"7"[..]).unwrap();
            splice.insert_at(8, &b"y,"[..]);
            splice.set_member("a", &b"[]"[..]);
        },
        "{\"a\":[],\"b\":3}",
    );
}

#[test]
fn without_edits_the_bytes_are_the_same_and_not_a_copy() {
    let original = Bytes::from("{\"a\":1}".to_owned());
    let object = scan(&original, ScanLimits::default()).unwrap();
    assert_eq!(Splice::new().apply(&object).as_ptr(), original.as_ptr());
}

#[test]
fn quoting_escapes_only_what_it_must() {
    let text = "a\"\\\n\r\t\u{0}\u{1f}/é\u{7f}😀";
    assert_eq!(String::from_utf8(quote(text)).unwrap(), "\"a\\\"\\\\\\n\\r\\t\\u0000\\u001f/é\u{7f}😀\"");
}
