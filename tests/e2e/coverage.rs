//! `aigw test --coverage`: what is counted, whether it is enough, and what counts of a change.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Ran, aigw, run};

const POLICIES: &str = include_str!("coverage/policies.yaml");
const SUITE: &str = include_str!("coverage/policies.test.yaml");

/// A folder with policies below `policies/`, and a test of them.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("policies")).unwrap();
    fs::write(folder.path().join("policies/p.yaml"), POLICIES).unwrap();
    fs::write(folder.path().join("policies/p.test.yaml"), SUITE).unwrap();
    folder
}

fn test(at: &Path, arguments: &str) -> Ran {
    run(aigw().args(["test", "policies"]).args(arguments.split_whitespace()).current_dir(at))
}

/// What JSON says after a run that ends with that code.
fn counted(at: &Path, arguments: &str, code: i32) -> Value {
    test(at, &format!("--coverage json:c.json {arguments}")).expect(code);
    serde_json::from_str(&fs::read_to_string(at.join("c.json")).unwrap()).unwrap()
}

fn uncovered(report: &Value) -> Vec<&str> {
    let points = report["points"].as_array().unwrap().iter();
    points.filter(|point| point["count"] == 0).map(|point| point["name"].as_str().unwrap()).collect()
}

#[test]
fn what_no_case_reached_is_named() {
    let folder = folder();
    let out = test(folder.path(), "--coverage").expect(0);
    assert!(out.contains("1 passed") && out.contains("  all "), "{out}");
    assert!(out.contains("  policies/p.yaml:17:7  rule who/no-guests: never true\n"), "{out}");
    assert!(!test(folder.path(), "").expect(0).contains("coverage"));
}

#[test]
fn every_format_at_once_and_the_same_with_any_number_of_threads() {
    let folder = folder();
    let all = "--coverage json:c.json --coverage lcov:c.info --coverage html:c.html --coverage text:c.txt";
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let written = |jobs: u32| {
        test(folder.path(), &format!("{all} --jobs {jobs}")).expect(0);
        ["c.json", "c.info", "c.html", "c.txt"].map(read)
    };
    let one = written(1);
    assert_eq!(one, written(7));
    assert!(one[1].contains("\nSF:policies/p.yaml\n"), "{}", one[1]);
    let report: Value = serde_json::from_str(&one[0]).unwrap();
    let validator = jsonschema::validator_for(&aigw_testkit::coverage_schema()).unwrap();
    let faults: Vec<String> = validator.iter_errors(&report).map(|fault| fault.to_string()).collect();
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn a_share_is_met_exactly_at_its_border() {
    let folder = folder();
    let report = counted(folder.path(), "", 0);
    let (covered, points) = (report["total"]["covered"].as_u64().unwrap(), report["total"]["points"].as_u64().unwrap());
    assert!(0 < covered && covered < points);
    // Shares have four decimals: the greatest that is not above what was reached, and the next.
    let share = |millionths: u64| format!("{}.{:04}%", millionths / 10_000, millionths % 10_000);
    let reached = covered * 1_000_000 / points;
    test(folder.path(), &format!("--fail-under {}", share(reached))).expect(0);
    let below = test(folder.path(), &format!("--fail-under {}", share(reached + 1)));
    assert!(below.err.contains(&format!("error: {covered} of {points} points were reached, less than")), "{below:?}");
    assert!(below.out.contains("not covered:"), "it counts without `--coverage` too: {below:?}");
    below.expect(6);
    test(folder.path(), "--fail-under 90").expect(2);
}

#[test]
fn a_failed_test_counts_before_a_share_that_is_not_met() {
    let folder = folder();
    let path = folder.path().join("policies/p.test.yaml");
    fs::write(path, SUITE.replace("status: 200", "status: 201")).unwrap();
    test(folder.path(), "--fail-under 100%").expect(1);
}

#[test]
fn results_and_coverage_do_not_mix_on_standard_output() {
    let folder = folder();
    for wrong in ["--coverage json", "--coverage --format json", "--coverage lcov --coverage html --format json:r.json"] {
        let ran = test(folder.path(), wrong);
        assert!(ran.err.contains("mixed on standard output"), "{wrong}: {ran:?}");
        ran.expect(2);
    }
    let out = test(folder.path(), "--coverage json --format json:r.json").expect(0);
    serde_json::from_str::<Value>(&out).unwrap();
    assert!(test(folder.path(), "--coverage xml").err.contains("text, json, lcov or html"));
}

fn git(at: &Path, arguments: &str) {
    let output = Command::new("git").args(arguments.split(' ')).current_dir(at).output().unwrap();
    assert!(output.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn of_a_change_only_what_it_touches_counts() {
    let folder = folder();
    let at = folder.path();
    let outside = test(at, "--changed-since HEAD");
    assert!(outside.err.contains("is in no git repository"), "{outside:?}");
    outside.expect(2);
    git(at, "init --quiet");
    git(at, "add .");
    git(at, "-c user.name=t -c user.email=t@example.com commit --quiet --no-gpg-sign -m first");
    let report = counted(at, "--changed-since HEAD --fail-under 100%", 0);
    assert_eq!(report["total"]["points"], 0, "nothing changed, and nothing is missing");
    assert_eq!(report["changedSince"], "HEAD");
    fs::write(at.join("policies/p.yaml"), POLICIES.replace("deny: {operations: [chat]}", "deny: {}")).unwrap();
    let report = counted(at, "--changed-since HEAD --fail-under 100%", 6);
    assert_eq!(uncovered(&report), ["who/no-guests", "not_authorized"], "the second line of a rule is the rule's");
    let unknown = test(at, "--changed-since nowhere");
    assert!(unknown.err.contains("git knows no revision `nowhere` here"), "{unknown:?}");
    unknown.expect(2);
    let gitless = run(aigw().args(["test", "policies", "--changed-since", "HEAD"]).env("PATH", "").current_dir(at));
    assert!(gitless.err.contains("there is no `git` here"), "{gitless:?}");
    gitless.expect(2);
}
