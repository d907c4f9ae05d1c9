#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use aigw_kinds::Program;
use aigw_lint::{Examples, Rule};
use aigw_source::Limits;

use super::ALL;

/// The policies of an example of the repository.
fn example(name: &str) -> Arc<Program> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let yaml = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let files = yaml.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()));
    Arc::new(crate::testing::compiled(files.collect()).program.unwrap())
}

/// The codes that a file of tests raises beside the policies that its first line names.
fn codes(rule: &Rule, text: &str) -> Vec<String> {
    let first = text.lines().next().unwrap();
    let name = first.strip_prefix("# Beside the policies of examples/").and_then(|rest| rest.strip_suffix('.'));
    let program = example(name.unwrap_or_else(|| panic!("{}: {first}", rule.id.code)));
    let files = BTreeMap::from([("support.test.yaml".to_owned(), text.as_bytes().to_vec())]);
    let suites = crate::load(&files, &program, &Limits::default());
    let lines = suites.findings.iter().map(|finding| {
        assert_eq!((finding.rule, finding.level), (rule.id, rule.level), "{}", finding.message);
        format!("{} {}", finding.rule.code, finding.message)
    });
    lines.collect()
}

#[test]
fn every_code_is_explained() {
    for id in ALL {
        assert_eq!(aigw_lint::find(id.code).map(|rule| rule.id), Some(*id), "{}", id.code);
    }
    let explained = aigw_lint::rules().filter(|rule| rule.id.code.starts_with('V')).count();
    assert_eq!(explained, ALL.len());
}

#[test]
fn a_bad_example_raises_its_own_rule_alone_and_a_good_one_nothing() {
    let mut seen = 0;
    for rule in aigw_lint::rules() {
        let Examples::Suite { bad, good } = rule.examples else { continue };
        assert_ne!(codes(rule, bad), [""; 0], "{}", rule.id.code);
        assert_eq!(codes(rule, good), [""; 0], "{}", rule.id.code);
        seen += 1;
    }
    assert_eq!(seen, ALL.len());
}

#[test]
fn good_examples_pass() {
    for rule in aigw_lint::rules() {
        let Examples::Suite { good, .. } = rule.examples else { continue };
        let name = good.lines().next().unwrap().trim_start_matches("# Beside the policies of examples/").trim_end_matches('.');
        let program = example(name);
        let files = BTreeMap::from([("support.test.yaml".to_owned(), good.as_bytes().to_vec())]);
        let suites = crate::load(&files, &program, &Limits::default());
        let subject = crate::Subject::new(&program);
        assert!(!suites.cases.is_empty());
        for case in &suites.cases {
            let report = crate::run(case, &subject, &crate::Settings::default(), &mut ());
            assert!(report.passed(), "{}: {:?}", rule.id.code, report.failures);
        }
    }
}
