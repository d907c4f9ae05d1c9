//! What holds for every input.

use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::testing::{Case, case};
use crate::{Findings, Limits, Node, NodeKind, Sources, Span, allows, read, traps, try_bind};

/// Reads bytes, does everything that can be done to a document, and checks what is said of places.
fn survives(bytes: &[u8]) {
    let (mut sources, mut findings) = (Sources::new(), Findings::new());
    let limits = Limits::default();
    let Some(file) = sources.add_bytes("a.yaml", bytes, &limits, &mut findings) else {
        assert!(findings.has_errors());
        return;
    };
    for document in read(&sources, file, &limits, &mut findings) {
        nested(&sources, &document.root, None);
        findings.extend(traps(&document));
        for allow in allows(&sources, &document, &mut findings) {
            placed(&sources, allow.covers);
        }
        for comment in &document.comments {
            assert!(sources.text(comment.span).starts_with('#'));
        }
        assert_eq!(try_bind::<Value>(&document.root).ok(), Some(document.root.to_json()));
    }
    for finding in &findings {
        placed(&sources, finding.span());
        assert!(!finding.message.is_empty() && !finding.message.contains('\n'), "{}", finding.message);
    }
}

fn placed(sources: &Sources, span: Span) {
    let text = &sources.file(span.file).text;
    assert!(text.get(span.range()).is_some(), "{span:?} does not fit {text:?}");
}

/// Every part lies in its collection, unless an alias brought one of them.
fn nested(sources: &Sources, node: &Node, outer: Option<Span>) {
    placed(sources, node.span);
    let own = node.used_at.is_none();
    if let Some(outer) = outer.filter(|_| own) {
        assert!(outer.contains(node.span), "{:?} in {:?}", sources.text(node.span), sources.text(outer));
    }
    let outer = own.then_some(node.span);
    match &node.kind {
        NodeKind::Scalar { text, .. } => {
            assert!(node.span.contains(sources.inner_span(node, 0..text.len())));
        }
        NodeKind::Seq(items) => items.iter().for_each(|item| nested(sources, item, outer)),
        NodeKind::Map(entries) => {
            for entry in entries {
                placed(sources, entry.key_span);
                placed(sources, entry.span());
                nested(sources, &entry.value, outer);
            }
        }
    }
}

const STRINGS: [&str; 16] =
    ["no", "~", "null", "true", "012", "1e3", "<<", "", "- a", "a: b", "---", "*x", "&y", "!t", "\u{85}", "\u{feff}"];

fn json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[ -~]{0,12}",
        "[a-z \\n\\t\"'#:é😀-]{0,12}",
        prop::sample::select(STRINGS.to_vec()).prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn reads_back(text: &str, value: &Value) {
    let (_, document) = Case::sound(text);
    assert_eq!(&document.root.to_json(), value, "{text}");
}

const PIECES: [&str; 40] = [
    "a",
    "b: ",
    "- ",
    "? ",
    ": ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "\n",
    "\n  ",
    "\n    ",
    "'",
    "\"",
    "|\n",
    ">-\n",
    "&x ",
    "*x",
    "<<: ",
    "!t ",
    "# c\n",
    "# aigw: allow R101\n",
    "---\n",
    "...\n",
    "\t",
    "\r\n",
    "\\",
    "no",
    "012",
    "é",
    "😀",
    "\u{85}",
    "%",
    "@",
    "~",
    "'' ",
    "key: value\n",
    "- item\n",
    "<<: *x\n",
];

/// Pieces that meet in YAML, in any order: gets further than random text.
fn yamlish() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(&bytes);
    }

    #[test]
    fn any_text_is_survived(text in "\\PC{0,80}") {
        survives(text.as_bytes());
    }

    #[test]
    fn any_yaml_like_text_is_survived(text in yamlish()) {
        survives(text.as_bytes());
    }

    #[test]
    fn json_is_yaml(value in json()) {
        reads_back(&value.to_string(), &value);
        reads_back(&serde_json::to_string_pretty(&value).unwrap_or_default(), &value);
    }

    #[test]
    fn what_a_yaml_writer_writes_reads_back(value in json()) {
        let text = serde_yaml::to_string(&value).unwrap_or_default();
        // It writes this key without quotes, which makes a merge of it.
        if !text.contains("<<:") {
            reads_back(&text, &value);
        }
    }

    #[test]
    fn a_sound_document_in_front_of_a_broken_one_is_read(broken in yamlish()) {
        let case = case(&format!("sound: true\n---\n{broken}"));
        prop_assert!(!case.documents.is_empty());
    }
}
