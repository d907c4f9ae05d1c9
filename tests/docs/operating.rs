//! The operator's page names every setting, variable, metric and reason that there is, and none that there is not.

use std::collections::BTreeSet;

use super::{read, spans};

const PAGE: &str = "docs/operating.md";

#[test]
fn every_setting_is_listed() {
    let schema = schemars::schema_for!(aigw_runtime::Settings).to_value();
    let page = read(PAGE);
    for name in schema.get("properties").unwrap().as_object().unwrap().keys() {
        assert!(
            page.contains(&format!("`{name}`")) || page.contains(&format!("`{name}.")),
            "{PAGE} does not list the setting `{name}`"
        );
    }
}

#[test]
fn the_example_of_settings_is_one() {
    let page = read(PAGE);
    let block = super::blocks(&page).into_iter().find(|block| block.text.starts_with("# runtime.yaml")).unwrap();
    let (mut sources, mut findings) = (aigw_source::Sources::new(), aigw_source::Findings::new());
    let file = sources.add("runtime.yaml", block.text.as_str());
    let documents = aigw_source::read(&sources, file, &aigw_source::Limits::default(), &mut findings);
    let settings =
        documents.first().and_then(|document| aigw_source::bind::<aigw_runtime::Settings>(&document.root, &mut findings));
    assert!(
        settings.is_some() && !findings.has_errors(),
        "{:?}",
        findings.iter().map(|finding| &finding.message).collect::<Vec<_>>()
    );
}

#[test]
fn variables_are_those_that_are_read() {
    let source = read("cli/src/commands/serve.rs");
    let read_there: BTreeSet<&str> = source.split("env = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let listed: BTreeSet<String> =
        spans(&read(PAGE)).into_iter().filter(|span| span.starts_with("AIGW_") && !span.starts_with("AIGW_SECRET_")).collect();
    assert_eq!(listed.iter().map(String::as_str).collect::<BTreeSet<_>>(), read_there);
}

#[test]
fn metrics_are_those_that_are_served() {
    let source = read("runtime/src/metrics/names.rs");
    let served: BTreeSet<&str> = source.split('"').filter(|text| is_metric(text)).collect();
    let rows: BTreeSet<String> = read(PAGE)
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next().map(str::to_owned))
        .filter(|name| is_metric(name))
        .collect();
    assert!(served.len() > 10, "the names of metrics have moved");
    assert_eq!(rows.iter().map(String::as_str).collect::<BTreeSet<_>>(), served);
}

#[test]
fn records_of_the_gateway_fit_the_published_schema() {
    let folder = tempfile::tempdir().unwrap();
    let request = folder.path().join("request.yaml");
    std::fs::write(
        &request,
        "path: /v1/chat/completions\nbody: {model: chat-default, messages: [{role: user, content: Hello}]}\n",
    )
    .unwrap();
    let schema: serde_json::Value = serde_json::from_str(&read("schemas/decision.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (who, status) in [(&["--as", "demo"][..], 200), (&[], 401)] {
        let mut command = std::process::Command::new(super::binary());
        command
            .args(["eval", "examples/quickstart", "--format", "json", "--request"])
            .arg(&request)
            .args(who)
            .current_dir(super::root());
        let output = command.output().unwrap();
        let whole: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let records = whole.get("decision").unwrap().as_array().unwrap();
        let statuses: Vec<_> = records.iter().map(|record| record.get("status").unwrap().as_u64().unwrap()).collect();
        assert_eq!(statuses, [status]);
        for record in records {
            let faults: Vec<String> =
                validator.iter_errors(record).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
            assert_eq!(faults, Vec::<String>::new());
        }
    }
}

#[test]
fn reasons_of_activations_are_listed() {
    let page = read(PAGE);
    let mut seen = 0;
    for file in ["activate.rs", "file.rs", "reloader.rs", "store.rs"] {
        let source = read(&format!("runtime/src/reload/{file}"));
        for call in ["Fault::lasting(\"", "Fault::transient(\""] {
            for reason in source.split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
                seen += 1;
                assert!(page.contains(&format!("| `{reason}` |")), "{PAGE} does not list the reason `{reason}`");
            }
        }
    }
    assert!(seen > 5, "the reasons have moved");
}

fn is_metric(text: &str) -> bool {
    ["aigw_", "gen_ai_", "process_"].iter().any(|prefix| text.len() > prefix.len() && text.starts_with(prefix))
        && !text.contains(' ')
}
