//! Findings as people and machines read them.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::policies::Policies;
use crate::support::{aigw, run};

/// Policies with that replaced.
fn with(old: &str, new: &str) -> TempDir {
    let (folder, yaml) = (tempfile::tempdir().unwrap(), Policies::mock("{}").yaml());
    assert!(yaml.contains(old), "{old}");
    fs::write(folder.path().join("gateway.yaml"), yaml.replace(old, new)).unwrap();
    folder
}

fn formatted(folder: &TempDir, format: &str) -> String {
    run(aigw().args(["validate", "--format", format]).current_dir(folder.path())).expect(1)
}

/// A mistake with a fix, and one without.
fn mistaken() -> TempDir {
    with("concurrency: 100", "concurency: 100")
}

#[test]
fn typical_mistakes_as_a_person_sees_them() {
    for (name, old, new) in [
        ("a_misspelled_field", "concurrency: 100", "concurency: 100"),
        ("an_unknown_reference", "models: [chat]", "models: [chatt]"),
        ("a_wrong_type", "requests: 100000", "requests: many"),
    ] {
        let folder = with(old, new);
        let shown = run(aigw().arg("validate").current_dir(folder.path()));
        assert_eq!(shown.code, 1, "{name}: {shown:?}");
        insta::assert_snapshot!(name, format!("{}{}", shown.out, shown.err));
    }
}

#[test]
fn json_findings_have_code_place_and_fix() {
    let report: Value = serde_json::from_str(&formatted(&mistaken(), "json")).unwrap();
    let finding = &report["findings"][0];
    for member in ["code", "name", "level", "message"] {
        assert!(finding[member].is_string(), "{member}: {finding}");
    }
    assert_eq!(finding["place"]["file"], "gateway.yaml");
    assert!(finding["place"]["line"].as_u64().is_some_and(|line| line > 1));
    assert!(report["summary"]["errors"].as_u64().is_some_and(|errors| errors > 0));
}

#[test]
fn sarif_is_what_the_schema_of_2_1_0_wants() {
    let log: Value = serde_json::from_str(&formatted(&mistaken(), "sarif")).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert!(driver["name"].is_string());
    let rules = driver["rules"].as_array().unwrap();
    assert!(rules.iter().all(|rule| rule["id"].is_string() && rule["shortDescription"]["text"].is_string()));
    let results = run["results"].as_array().unwrap();
    assert!(!results.is_empty());
    for result in results {
        assert!(result["message"]["text"].is_string(), "{result}");
        assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()), "{result}");
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules.get(index).unwrap()["id"], result["ruleId"], "an index leads to its rule");
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(!uri.starts_with('/') && !uri.contains('\\') && !uri.contains(' '), "{uri} is no relative reference");
        let region = &place["region"];
        let number = |member: &str| region[member].as_u64().unwrap();
        assert!(number("startLine") >= 1 && number("startColumn") >= 1, "{region}");
        assert!((number("endLine"), number("endColumn")) > (number("startLine"), number("startColumn")), "{region}");
        for fix in result["fixes"].as_array().into_iter().flatten() {
            for change in fix["artifactChanges"].as_array().unwrap() {
                assert!(change["artifactLocation"]["uri"].is_string());
                let replacements = change["replacements"].as_array().unwrap();
                assert!(
                    !replacements.is_empty() && replacements.iter().all(|one| one["deletedRegion"]["startLine"].is_u64()),
                    "{fix}"
                );
            }
        }
    }
    // A clean run is a log with a run without results, so that what was found before is closed.
    let clean = with("concurrency: 100", "concurrency: 99");
    let out = crate::support::run(aigw().args(["validate", "--format", "sarif"]).current_dir(clean.path())).expect(0);
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn junit_is_well_formed_and_counts_what_it_holds() {
    let xml = formatted(&with("concurrency: 100", "\"a<b>&c\": 1"), "junit");
    let (mut open, mut cases, mut failures) = (Vec::new(), 0, 0);
    for tag in xml.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
        let name = tag.split([' ', '/']).next().unwrap_or_default().to_owned();
        match tag.strip_prefix('/') {
            _ if tag.starts_with('?') => {}
            Some(closed) => assert_eq!(open.pop().as_deref(), Some(closed), "{xml}"),
            None => {
                cases += usize::from(name == "testcase");
                failures += usize::from(name == "failure");
                if !tag.ends_with('/') {
                    open.push(name);
                }
            }
        }
    }
    assert!(open.is_empty() && cases > 0 && failures > 0, "{xml}");
    assert!(xml.contains(&format!("tests=\"{cases}\"")) && xml.contains(&format!("failures=\"{failures}\"")), "{xml}");
    assert!(!xml.contains("a<b>&c") && xml.contains("a&lt;b"), "{xml}");
}

#[test]
fn github_and_concise_have_a_line_for_each_finding() {
    let folder = mistaken();
    let findings = serde_json::from_str::<Value>(&formatted(&folder, "json")).unwrap()["findings"].as_array().unwrap().len();
    let github = formatted(&folder, "github");
    assert_eq!(github.lines().count(), findings);
    assert!(
        github.lines().all(|line| line.starts_with("::error file=gateway.yaml,line=") && line.matches("::").count() >= 2),
        "{github}"
    );
    let concise = formatted(&folder, "concise");
    assert_eq!(concise.lines().filter(|line| line.starts_with("gateway.yaml:")).count(), findings, "{concise}");
    // In GitHub Actions the annotations come by themselves, besides what people read.
    let both = run(aigw().arg("validate").env("GITHUB_ACTIONS", "true").current_dir(folder.path())).expect(1);
    assert!(both.contains("::error file=gateway.yaml") && both.contains("-->"), "{both}");
}

#[test]
fn several_formats_at_once_go_to_their_files() {
    let folder = mistaken();
    let out = run(aigw()
        .args(["validate", "--format", "concise", "--format", "sarif:out.sarif", "--format", "junit:out.xml"])
        .current_dir(folder.path()));
    assert!(out.expect(1).starts_with("gateway.yaml:"));
    assert!(fs::read_to_string(folder.path().join("out.sarif")).unwrap().starts_with('{'));
    assert!(fs::read_to_string(folder.path().join("out.xml")).unwrap().starts_with("<?xml"));
}
