use insta::assert_snapshot;

use super::*;
use crate::testing::render;

fn check(bytes: &[u8]) -> (Option<String>, String) {
    let (mut sources, mut findings) = (Sources::new(), Findings::new());
    let limits = Limits { file_bytes: 64, ..Limits::default() };
    let file = sources.add_bytes("a.yaml", bytes, &limits, &mut findings);
    let text = file.map(|file| sources.file(file).text.to_string());
    (text, render(&sources, &findings))
}

fn accepted(bytes: &[u8], expected: &str) {
    assert_eq!(check(bytes), (Some(expected.to_owned()), String::new()), "{bytes:?}");
}

fn refused(bytes: &[u8]) -> String {
    let (text, findings) = check(bytes);
    assert_eq!(text, None, "{bytes:?}");
    findings
}

#[test]
fn text_is_taken_in() {
    accepted(b"", "");
    accepted("a: é\u{85}\u{A0}\u{2028}😀\r\n\t".as_bytes(), "a: é\u{85}\u{A0}\u{2028}😀\r\n\t");
    accepted(&[b'x'; 64], &"x".repeat(64));
}

#[test]
fn a_byte_order_mark_is_dropped() {
    accepted(b"\xEF\xBB\xBFa: 1", "a: 1");
}

#[test]
fn bytes_that_are_not_utf8_are_refused_with_their_place() {
    assert_snapshot!(refused(b"a: 1\nb: \xFFx"), @r#"
    C020 error 2:4 ``: the file is not UTF-8: byte 8 is `0xFF`
      help: save the file as UTF-8
    "#);
    assert_snapshot!(refused(b"a: \xC3"), @r#"
    C020 error 1:4 ``: the file is not UTF-8: byte 3 is `0xC3`
      help: save the file as UTF-8
    "#);
    assert_snapshot!(refused(b"\xEF\xBB\xBFa: \xED\xA0\x80"), @r#"
    C020 error 1:4 ``: the file is not UTF-8: byte 3 is `0xED`
      help: save the file as UTF-8
    "#);
    assert_snapshot!(refused(b"\xFF\xFEa\0"), @r#"
    C020 error 1:1 ``: the file is not UTF-8: byte 0 is `0xFF`
      help: the file is UTF-16; save it as UTF-8
    "#);
}

#[test]
fn control_characters_are_refused() {
    assert_snapshot!(refused(b"a: 1\nb: x\0y"), @r#"
    C020 error 2:5 `\0`: the control character `U+0000` is not allowed
      help: remove it; in double quotes it can be written as an escape
    "#);
    for text in ["\u{7}", "\u{1b}[31m", "\u{7f}", "\u{80}", "\u{9f}", "\u{ffff}", "\u{fffe}"] {
        assert!(refused(text.as_bytes()).starts_with("C020"), "{text:?}");
    }
}

#[test]
fn a_text_that_was_added_unchecked_is_checked_by_the_reader() {
    let case = crate::testing::case("a: 1\n\0b: 2\n");
    assert_eq!((case.codes(), case.documents.len()), (vec!["C020"], 0));
}

#[test]
fn a_file_that_is_too_long_is_refused_unseen() {
    assert_snapshot!(refused(&[0xFF; 65]), @r#"
    C021 error 1:1 ``: the file has 65 bytes, more than the 64 that are read
      help: split the file
    "#);
}
