//! The policies of the language's page compile: those of one section together, as one repository.

use std::collections::BTreeMap;

use aigw_compile::{Compiled, Input, compile};
use aigw_expr::NAMES;
use aigw_source::{Level, Limits};

use super::{blocks, read};

const PAGE: &str = "docs/language.md";

fn sections() -> BTreeMap<String, Vec<String>> {
    let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for block in blocks(&read(PAGE)) {
        if block.language == "yaml" && block.text.starts_with("apiVersion") {
            sections.entry(block.section.to_owned()).or_default().push(block.text);
        }
    }
    sections
}

fn compiled(documents: &[String]) -> Compiled {
    let files = documents.iter().enumerate().map(|(index, text)| (format!("{index}.yaml"), text.clone().into_bytes()));
    compile(Input { files: files.collect(), refused: Vec::new() }, &Limits::default())
}

#[test]
fn policies_of_the_page_compile() {
    let sections = sections();
    assert!(!sections.is_empty(), "{PAGE} shows no policies");
    for (section, documents) in sections {
        let compiled = compiled(&documents);
        let faults: Vec<String> = compiled
            .findings
            .iter()
            .filter(|finding| finding.level == Level::Error)
            .map(|finding| {
                let position = compiled.sources.position(finding.primary.span.file, finding.primary.span.start);
                format!(
                    "block {} line {}: {} {}",
                    compiled.sources.file(finding.primary.span.file).path,
                    position.line,
                    finding.rule.code,
                    finding.message
                )
            })
            .collect();
        assert!(faults.is_empty(), "{PAGE}, `{section}`: {faults:#?}");
        assert!(compiled.program.is_some(), "{PAGE}, `{section}`");
    }
}

#[test]
fn every_kind_is_shown() {
    let shown: String = sections().into_values().flatten().collect();
    for kind in aigw_kinds::Kind::ALL {
        assert!(shown.contains(&format!("kind: {}\n", kind.as_str())), "{PAGE} shows no {}", kind.as_str());
    }
}

#[test]
fn every_name_of_expressions_is_listed() {
    let page = read(PAGE);
    for name in NAMES {
        assert!(page.contains(&format!("`{}", name.path)), "{PAGE} does not list {}", name.path);
    }
}

#[test]
fn statuses_beside_error_codes_are_theirs() {
    let mut seen = 0;
    for (page, text) in super::pages() {
        let text = super::prose(&text);
        for (before, code) in text.split('`').zip(text.split('`').skip(1)) {
            let status = before
                .strip_suffix(' ')
                .and_then(|before| before.get(before.len().checked_sub(3)?..))
                .and_then(|status| status.parse::<u16>().ok());
            let Some(status) = status.filter(|_| !code.is_empty() && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
            else {
                continue;
            };
            let known = code.parse::<aigw_core::ErrorCode>();
            assert!(known.is_ok(), "{page}: `{code}` is no error code");
            assert_eq!(aigw_engine::status_of(known.unwrap()).as_u16(), status, "{page}: `{code}`");
            seen += 1;
        }
    }
    assert!(seen > 20, "the pages have moved");
}
