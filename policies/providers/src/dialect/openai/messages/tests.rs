#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::json::{ScanLimits, scan};

fn check(messages: &str, wraps: &[(&[&str], &[&str])], expected: &str) {
    let body = |messages: &str| format!("{{ \"n\":1, \"messages\": {messages}, \"x\":2.50}}");
    let object = scan(&Bytes::from(body(messages)), ScanLimits::default()).unwrap();
    let request = ChatRequest::read(&object).unwrap();
    let mut edits = MessageEdits::default();
    for (before, after) in wraps {
        let raw = |texts: &&[&str]| texts.iter().map(|text| Bytes::copy_from_slice(text.as_bytes())).collect::<Vec<_>>();
        edits.wrap(raw(before), raw(after));
    }
    assert_eq!(edits.is_empty(), messages == expected);
    let mut splice = Splice::new();
    edits.write(&request, &object, &mut splice).unwrap();
    assert_eq!(splice.apply(&object), body(expected));
}

#[test]
fn the_callers_messages_stay_as_they_are_between_those_of_the_policies() {
    check("[ 1 , 2 ]", &[(&["a", "b"], &["y", "z"])], "[a,b, 1 , 2 ,y,z]");
    check("[1]", &[(&["a"], &[])], "[a,1]");
    check("[1]", &[(&[], &["z"])], "[1,z]");
    check("[1]", &[(&[], &[])], "[1]");
}

#[test]
fn a_later_policy_stands_outside_an_earlier_one() {
    check("[1]", &[(&["a", "b"], &["y"]), (&["c"], &["z"])], "[c,a,b,1,y,z]");
}

#[test]
fn an_empty_list_gets_no_stray_comma() {
    check("[ ]", &[(&["a"], &["z"])], "[a ,z]");
    check("[]", &[(&["a", "b"], &[])], "[a,b]");
    check("[]", &[(&[], &["y", "z"])], "[y,z]");
}

#[test]
fn a_message_is_escaped() {
    assert_eq!(message("system", "Say \"hi\"\n"), r#"{"role":"system","content":"Say \"hi\"\n"}"#);
}
