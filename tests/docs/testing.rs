//! The page about tests: every block of it runs against the policies that it names, and it names every part of the format.

use std::collections::BTreeMap;
use std::sync::Arc;

use aigw_compile::{Input, compile};
use aigw_kinds::Program;
use aigw_source::Limits;
use aigw_testkit::{Case, Settings, Subject, Suites};
use serde_json::Value;

use super::{blocks, read, root};

const PAGE: &str = "docs/testing.md";

/// The policies of the example that the page is about.
fn program() -> Arc<Program> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("examples/azure-openai")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".yaml") && !name.ends_with(".test.yaml") {
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
    Arc::new(compile(Input { files, refused: Vec::new() }, &Limits::default()).program.unwrap())
}

/// The page's blocks as suites: whole ones, and one of its fixtures with all cases.
fn suites() -> BTreeMap<String, Vec<u8>> {
    let page = read(PAGE);
    let (mut fixtures, mut cases, mut whole) = (String::new(), String::new(), Vec::new());
    for block in blocks(&page).into_iter().filter(|block| block.language == "yaml") {
        let indented: String = block.text.lines().map(|line| format!("    {line}\n")).collect();
        match &block.text {
            text if text.starts_with("apiVersion") => whole.push(text.clone()),
            text if text.starts_with("- ") => cases.push_str(&indented),
            _ => fixtures.push_str(&indented),
        }
    }
    let rest = format!(
        "apiVersion: aigw.dev/v1\nkind: TestSuite\nmetadata: {{name: page}}\nspec:\n  fixtures:\n{fixtures}  cases:\n{cases}"
    );
    whole.push(rest);
    whole.into_iter().enumerate().map(|(index, text)| (format!("{index}.test.yaml"), text.into_bytes())).collect()
}

#[test]
fn tests_of_the_page_pass() {
    let program = program();
    let Suites { findings, cases, suites, .. } = aigw_testkit::load(&suites(), &program, &Limits::default());
    assert!(findings.is_empty(), "{PAGE}: {findings:#?}");
    assert!(suites == 2 && cases.len() > 20, "{PAGE} has moved");
    let subject = Subject::new(&program);
    let cases: Vec<&Case> = cases.iter().collect();
    let mut reports: Vec<_> = cases.iter().map(|case| aigw_testkit::run(case, &subject, &Settings::default(), &mut ())).collect();
    aigw_testkit::settle(&cases, &mut reports);
    for (case, report) in cases.iter().zip(&reports) {
        assert!(report.passed(), "{PAGE}, `{}`: {:#?}", case.name, report.failures);
    }
}

/// The members that a type of the schema has, and the words that it takes.
fn members(schema: &Value, definition: &str) -> Vec<String> {
    let definition = &schema["$defs"][definition];
    let properties = definition["properties"].as_object().into_iter().flat_map(|members| members.keys().cloned());
    let words = |schema: &Value| schema["const"].as_str().map(str::to_owned);
    properties.chain(definition["oneOf"].as_array().into_iter().flatten().filter_map(words)).collect()
}

#[test]
fn every_part_of_the_format_is_named() {
    let page = read(PAGE);
    let schema = aigw_testkit::suite_schema();
    for definition in [
        "SuiteSpec",
        "CaseSpec",
        "StepSpec",
        "SampleSpec",
        "ExpectSpec",
        "StreamExpect",
        "SentExpect",
        "PieceSpec",
        "IdentitySpec",
    ] {
        let members = members(&schema, definition);
        assert!(!members.is_empty(), "{definition} has moved");
        for member in members.iter().filter(|member| *member != "description") {
            let named =
                [format!("`{member}`"), format!("{member}:"), format!("`{member}")].iter().any(|form| page.contains(form));
            assert!(named, "{PAGE} does not name `{member}` of {definition}");
        }
    }
    let forms = schema["$defs"]["Matcher"]["anyOf"].as_array().unwrap();
    for word in forms.iter().filter_map(|form| form["properties"].as_object()).flat_map(|form| form.keys()) {
        assert!(page.contains(&format!("{word}: ")), "{PAGE} does not name the matcher `{word}`");
    }
    let text = schema.to_string();
    for fault in ["refuse", "connectTimeout", "tls", "reset", "timeout", "notHttp", "truncated", "malformed"] {
        assert!(text.contains(&format!("\"{fault}\"")) && page.contains(&format!("`{fault}`")), "{PAGE} does not name `{fault}`");
    }
}
