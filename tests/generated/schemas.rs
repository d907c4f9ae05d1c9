//! The JSON Schemas, and what must fit them.

use std::collections::BTreeMap;

use aigw_kinds::Kind;
use aigw_kinds::schema::{schema_of, schema_of_all};
use serde_json::Value;

/// Every file below `schemas/`.
pub(super) fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut add = |name: &str, value: &Value| files.insert(format!("schemas/{name}.json"), format!("{value:#}\n"));
    add("aigw", &schema_of_all());
    for kind in Kind::ALL {
        add(&kind.as_str().to_lowercase(), &schema_of(*kind));
    }
    add("testsuite", &aigw_testkit::suite_schema());
    add("testfixtures", &aigw_testkit::fixtures_schema());
    add("decision", &decision());
    add("audit", &schemars::schema_for!(aigw_runtime::audit::AuditLine).to_value());
    add("coverage", &aigw_testkit::coverage_schema());
    add("runtime", &schemars::schema_for!(aigw_runtime::Settings).to_value());
    add("test-report", &aigw_testkit::results::results_schema());
    add("errors", &super::errors::table());
    files
}

fn decision() -> Value {
    schemars::schema_for!(aigw_core::Record).to_value()
}

/// The files of the examples, by path and text.
fn examples() -> Vec<(String, String)> {
    let mut files = Vec::new();
    collect(&super::root().join("examples"), &mut files);
    files.sort();
    files
}

fn collect(folder: &std::path::Path, files: &mut Vec<(String, String)>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The documents of a text of YAML, by the one reader there is.
fn documents(path: &str, text: &str) -> Vec<Value> {
    let (mut sources, mut findings) = (aigw_source::Sources::new(), aigw_source::Findings::new());
    let file = sources.add(path, text);
    let documents = aigw_source::read(&sources, file, &aigw_source::Limits::default(), &mut findings);
    assert!(!findings.has_errors(), "{path} is not well-formed");
    documents.iter().map(|document| document.root.to_json()).collect()
}

fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    validator.iter_errors(value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
}

#[test]
fn examples_fit_the_schema_that_editors_read() {
    let (policies, suites, fixtures) = (schema_of_all(), aigw_testkit::suite_schema(), aigw_testkit::fixtures_schema());
    let mut seen = [0, 0, 0];
    for (path, text) in examples() {
        let (which, schema) = match path.as_str() {
            path if aigw_testkit::is_suite_file(path) => (1, &suites),
            path if aigw_testkit::is_fixtures_file(path) => (2, &fixtures),
            _ => (0, &policies),
        };
        for document in documents(&path, &text) {
            assert_eq!(faults(schema, &document), Vec::<String>::new(), "{path}");
            seen[which] += 1;
        }
    }
    assert!(seen[0] > 10 && seen[1] > 1 && seen[2] > 0, "the examples have moved: {seen:?}");
}

#[test]
fn what_does_not_fit_is_told_by_the_schema_that_editors_read() {
    let schema = schema_of_all();
    for text in [
        "{apiVersion: aigw.dev/v2, kind: Consumer, metadata: {name: a}, spec: {}}",
        "{apiVersion: aigw.dev/v1, kind: Cache, metadata: {name: a}, spec: {}}",
        "{apiVersion: aigw.dev/v1, kind: Consumer, metadata: {name: A}, spec: {}}",
        "{apiVersion: aigw.dev/v1, kind: Consumer, metadata: {name: a}, spec: {rolls: []}}",
        "{apiVersion: aigw.dev/v1, kind: Consumer, metadata: {name: a}, spec: {}, status: {}}",
    ] {
        let document = documents("text", text).remove(0);
        assert!(!faults(&schema, &document).is_empty(), "{text}");
    }
}

#[test]
fn a_record_fits_the_schema_of_records() {
    use aigw_core::{
        Attempt, AttemptOutcome, ErrorCode, LimitState, Outcome, PolicyVerdict, Record, SkipReason, Skipped, Timestamp,
        UsageRecord, Verdict,
    };
    let verdict = |shadow, note| PolicyVerdict {
        policy: "support-tokens".into(),
        rule: Some("rpm".into()),
        phase: "admit".into(),
        verdict: Verdict::Refused,
        shadow,
        at: "limits.yaml:7:7".into(),
        note,
    };
    let full = Record {
        time: Timestamp::from_millis(1_700_000_000_000),
        route: Some("support-chat".into()),
        route_at: Some("routes.yaml:7:7".into()),
        operation: Some("chat".into()),
        consumer: Some("mobile-app".into()),
        tenant: Some("retail".into()),
        product: Some("support".into()),
        subscription: Some("mobile-support".into()),
        credential: Some("mobile-1".into()),
        model: Some("chat-small".into()),
        fallback_from: Some("chat-default".into()),
        policies: vec![verdict(false, None), verdict(true, Some("when_failed".to_owned()))],
        limits: vec![LimitState { limit: "support-tokens/rpm".into(), remaining: 0, shadow: true }],
        attempts: vec![Attempt {
            target: "aoai/eastus/gpt-4o".into(),
            fallback: Some("chat-small".into()),
            status: Some(503),
            micros: 12,
            outcome: AttemptOutcome::Retried,
            reason: Some("503".to_owned()),
        }],
        skipped: vec![Skipped {
            target: "aoai/westus/gpt-4o".into(),
            reason: SkipReason::WhenFailed,
            note: Some("`request.body.n` is text, not a number".to_owned()),
        }],
        usage: Some(UsageRecord { input_tokens: Some(9), output_tokens: Some(12), ..UsageRecord::default() }),
        outcome: Outcome::Refused,
        status: 429,
        code: Some(ErrorCode::RateLimited),
        timings: vec![("admit".into(), 3), ("total".into(), 40)],
        ..Record::default()
    };
    for record in [Record::default(), full] {
        let value = serde_json::to_value(&record).unwrap();
        assert_eq!(faults(&decision(), &value), Vec::<String>::new());
        let mut wrong = value;
        wrong.as_object_mut().unwrap().insert("status".to_owned(), "429".into());
        assert!(!faults(&decision(), &wrong).is_empty());
    }
}
