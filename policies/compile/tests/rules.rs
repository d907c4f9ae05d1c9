//! The examples of every rule through the whole compiler: the bad one raises that rule alone, the good one nothing at all.
#![expect(clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use aigw_compile::{Compiled, Input, compile};
use aigw_lint::{Examples, Rule, rules};
use aigw_source::{Level, Limits};

fn compiled(yaml: &str) -> Compiled {
    let files = BTreeMap::from([("policies.yaml".to_owned(), yaml.as_bytes().to_vec())]);
    compile(Input { files, refused: Vec::new() }, &Limits::default())
}

fn lines(compiled: &Compiled) -> String {
    let lines = compiled.findings.iter().map(|finding| {
        let position = compiled.sources.position(finding.span().file, finding.span().start);
        format!("\n  {}:{} {} {}", position.line, position.column, finding.rule.code, finding.message)
    });
    lines.collect()
}

fn examples() -> impl Iterator<Item = (&'static Rule, &'static str, &'static str)> {
    rules().filter_map(|rule| match rule.examples {
        Examples::Yaml { bad, good } => Some((rule, bad, good)),
        Examples::Suite { .. } | Examples::Words(_) => None,
    })
}

#[test]
fn every_bad_example_raises_its_own_rule_and_no_other() {
    let mut wrong = String::new();
    for (rule, bad, _) in examples() {
        let compiled = compiled(bad);
        let codes: BTreeSet<&str> = compiled.findings.iter().map(|finding| finding.rule.code).collect();
        if codes != BTreeSet::from([rule.id.code]) {
            wrong.push_str(&format!("\n{} {}{}", rule.id.code, rule.id.name, lines(&compiled)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn findings_have_the_name_and_level_of_their_rule() {
    for (rule, bad, _) in examples() {
        for finding in &compiled(bad).findings {
            assert_eq!((finding.rule, finding.level), (rule.id, rule.level));
        }
    }
}

#[test]
fn no_good_example_raises_anything() {
    let mut wrong = String::new();
    for (rule, _, good) in examples() {
        let compiled = compiled(good);
        if !compiled.findings.is_empty() || compiled.program.is_none() {
            wrong.push_str(&format!("\n{} {}{}", rule.id.code, rule.id.name, lines(&compiled)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn an_error_leaves_no_program_and_anything_less_does() {
    for (rule, bad, _) in examples() {
        assert_eq!(compiled(bad).program.is_none(), rule.level == Level::Error, "{}", rule.id.code);
    }
}

/// The example with an allow comment above each place that the rule reports.
fn with_allows(yaml: &str, code: &str) -> String {
    let compiled = compiled(yaml);
    let lines_of = |finding: &aigw_source::Finding| compiled.sources.position(finding.span().file, finding.span().start).line;
    let reported: BTreeSet<u32> = compiled.findings.iter().map(lines_of).collect();
    let lines = yaml.lines().zip(1_u32..).map(|(line, number)| {
        let comment =
            if reported.contains(&number) { format!("  # aigw: allow {code} -- it is meant\n") } else { "\n".to_owned() };
        format!("{line}{comment}")
    });
    lines.collect()
}

#[test]
fn a_comment_silences_every_rule_that_can_be_silenced_and_no_other() {
    for (rule, bad, _) in examples() {
        if rule.raised_by_syntax() {
            continue;
        }
        let commented = with_allows(bad, rule.id.code);
        let compiled = compiled(&commented);
        let silent = !compiled.findings.iter().any(|finding| finding.rule == rule.id);
        assert_eq!(silent, rule.can_be_silenced(), "{}{}\n{commented}", rule.id.code, lines(&compiled));
        if silent {
            assert!(compiled.findings.is_empty(), "{}{}\n{commented}", rule.id.code, lines(&compiled));
        }
    }
}

trait RaisedBySyntax {
    fn raised_by_syntax(&self) -> bool;
}

impl RaisedBySyntax for Rule {
    /// Comments of what is no YAML cannot be read, and an order that is not understood stands where a comment would.
    fn raised_by_syntax(&self) -> bool {
        ["C000", "C012", "C028", "C029"].contains(&self.id.code)
    }
}

#[test]
fn every_code_that_is_raised_anywhere_is_explained() {
    let known: BTreeSet<&str> = rules().map(|rule| rule.id.code).collect();
    for id in aigw_source::rules::ALL.iter().chain(aigw_kinds::rules::ALL) {
        assert!(known.contains(id.code), "{} {}", id.code, id.name);
    }
    // The compiler keeps its codes to itself.
    let own = rust_files(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let written: BTreeSet<&str> =
        own.iter().flat_map(|text| text.split("code: \"").skip(1)).filter_map(|rest| rest.get(..4)).collect();
    assert!(written.contains("C012"), "{written:?}");
    assert!(written.is_subset(&known), "{:?}", written.difference(&known));
}

/// The texts of all Rust files below a folder but those of tests.
fn rust_files(folder: std::path::PathBuf) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            texts.extend(rust_files(path));
        } else if path.file_name().is_some_and(|name| name != "tests.rs") {
            texts.extend(std::fs::read_to_string(path));
        }
    }
    texts
}

#[test]
fn a_secret_is_never_repeated() {
    let Some((_, bad, _)) = examples().find(|(rule, ..)| rule.id.code == "S601") else { panic!("S601 is gone") };
    for finding in &compiled(bad).findings {
        assert!(!format!("{:?} {:?} {:?}", finding.message, finding.notes, finding.help).contains("made0up0"));
    }
}

fn folder(path: &str) -> Compiled {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    let entries = std::fs::read_dir(&root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    let files = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        Some((path.file_name()?.to_str()?.to_owned(), std::fs::read(&path).ok()?))
    });
    compile(Input { files: files.collect(), refused: Vec::new() }, &Limits::default())
}

#[test]
fn the_repositories_that_people_copy_raise_nothing() {
    for path in ["examples/quickstart", "examples/azure-openai"] {
        let compiled = folder(path);
        assert!(compiled.findings.is_empty() && compiled.program.is_some(), "{path}{}", lines(&compiled));
    }
}

#[test]
fn the_repositories_of_tests_raise_no_error_and_no_warning() {
    for path in ["tests/bench/policies", "tests/clients/policies"] {
        let compiled = folder(path);
        let worst = compiled.findings.iter().map(|finding| finding.level).min();
        assert!(worst.is_none_or(|level| level == Level::Advice), "{path}{}", lines(&compiled));
    }
}

/// A repository of `count` routes, each with a model, a provider, a limit and a prompt of its own.
fn large(count: usize) -> BTreeMap<String, Vec<u8>> {
    let document = |kind: &str, name: &str, spec: &str| {
        format!("---\napiVersion: aigw.dev/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n")
    };
    let group = |at: usize| {
        let url = format!("{{type: openai-compatible, endpoints: {{main: {{url: \"https://m{at}.example.com/v1\"}}}}}}");
        let serve =
            format!("serve: {{models: [model-{at}]}}, anonymous: true, authorization: open, policies: [limit-{at}, prompt-{at}]");
        let text = [
            document("Provider", &format!("provider-{at}"), &url),
            document(
                "Model",
                &format!("model-{at}"),
                &format!("{{targets: [{{target: provider-{at}/small, when: 'request.path != \"/x{at}\"'}}]}}"),
            ),
            document(
                "Route",
                &format!("route-{at}"),
                &format!("{{surfaces: [openai], matches: [{{headers: {{x-team: t{at}}}}}], {serve}}}"),
            ),
            document("Limit", &format!("limit-{at}"), "{per: ip, rules: [{name: rpm, requests: 60, window: 1m}]}"),
            document(
                "Prompt",
                &format!("prompt-{at}"),
                &format!("{{versions: {{v1: {{messages: [{{system: You help team {at}.}}, {{request: {{}}}}]}}}}}}"),
            ),
        ];
        (format!("group-{at}.yaml"), text.concat().into_bytes())
    };
    (0..count).map(group).collect()
}

/// Microseconds that the rules alone take, the best of three.
fn rules_take(count: usize) -> u128 {
    let compiled = compile(Input { files: large(count), refused: Vec::new() }, &Limits::default());
    assert!(compiled.findings.is_empty(), "{}", lines(&compiled));
    let once = || {
        let mut findings = aigw_source::Findings::new();
        let start = std::time::Instant::now();
        aigw_lint::run(&compiled.repository, &compiled.sources, &mut findings);
        start.elapsed().as_micros()
    };
    (0..3).map(|_| once()).min().unwrap_or_default()
}

#[test]
fn the_rules_take_time_in_proportion_to_the_repository() {
    let (small, large) = (rules_take(100), rules_take(800));
    // Eight times as much; twice that again for noise. Whatever compares each with each takes 64 times as long.
    assert!(large < small.saturating_mul(24), "{small} µs for 100 routes, {large} µs for 800");
}

const SOUND: &str = "\
apiVersion: aigw.dev/v1
kind: Gateway
metadata: {name: main}
spec:
  parameters: {upstream: {type: url, hosts: [models.example.com], test: \"https://models.example.com/v1\"}}
  policies: [fair]
---
apiVersion: aigw.dev/v1
kind: Provider
metadata: {name: lab}
spec: {type: openai-compatible, endpoints: {main: {url: {param: upstream}}}}
---
apiVersion: aigw.dev/v1
kind: Model
metadata: {name: chat}
spec: {targets: [{target: lab/small}]}
---
apiVersion: aigw.dev/v1
kind: Route
metadata: {name: chat}
spec: {surfaces: [openai], serve: {models: [chat]}, anonymous: true, authorization: open}
---
apiVersion: aigw.dev/v1
kind: Limit
metadata: {name: fair}
spec: {per: ip, rules: [{name: rpm, requests: 60, window: 1m}]}
";

#[test]
fn a_misspelt_name_is_told_once() {
    for (name, misspelt, codes) in [
        ("fair]", "fair]", vec![]),
        ("policies: [fair]", "policies: [fiar]", vec!["C030"]),
        ("models: [chat]", "models: [caht]", vec!["R112"]),
        ("target: lab/small", "target: lbb/small", vec!["B202"]),
        ("param: upstream", "param: upstraem", vec!["C030"]),
    ] {
        let compiled = compiled(&SOUND.replace(name, misspelt));
        let found: Vec<&str> = compiled.findings.iter().map(|finding| finding.rule.code).collect();
        assert_eq!(found, codes, "{misspelt}{}", lines(&compiled));
    }
}
