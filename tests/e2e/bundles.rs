//! The reload contract, on a bundle file: who may replace what is served, and what is remembered.

use std::fs;
use std::os::unix::fs::symlink;

use aigw_bundle::{Container, Content, Envelope, Limits};
use serde_json::{Value, json};

use crate::support::bundles::Workshop;
use crate::support::client::{ask, chat};
use crate::support::gateway::Gateway;
use crate::support::policies::Policies;
use crate::support::{aigw, run, until, until_async};

/// The mock says this.
fn saying(text: &str) -> Policies {
    Policies::mock(&format!("{{text: \"{text}\"}}"))
}

async fn says(gateway: &Gateway) -> String {
    ask(gateway.data, &chat("hello")).await.content()
}

/// The bundle with its envelope as `change` leaves it.
fn with_envelope(bundle: &[u8], change: impl FnOnce(&mut Envelope)) -> Vec<u8> {
    let container = Container::parse(bundle, &Limits::default()).unwrap();
    let mut envelope = Envelope::parse(container.envelope).unwrap();
    change(&mut envelope);
    let envelope = envelope.to_json().unwrap();
    Container { envelope: &envelope, content: container.content }.write().unwrap()
}

/// The bundle with another byte where `at` points, from its end where negative.
fn flipped(bundle: &[u8], from_end: usize) -> Vec<u8> {
    let mut bytes = bundle.to_vec();
    let at = bytes.len() - from_end;
    *bytes.get_mut(at).unwrap() ^= 1;
    bytes
}

#[tokio::test]
async fn each_bundle_that_must_not_be_served_is_refused_with_its_own_reason_and_changes_nothing() {
    let workshop = Workshop::new();
    workshop.build("served.aigw", &saying("good"), &["--sequence", "10"]);
    workshop.keygen("stranger", &[]);
    let good = workshop.bytes("served.aigw");
    let stranger = workshop.path("stranger.key.pem").display().to_string();
    let built = |name: &str, more: &[&str]| {
        workshop.build(name, &saying("bad"), more);
        workshop.bytes(name)
    };
    let content = Content::from_gz(Container::parse(&good, &Limits::default()).unwrap().content, &Limits::default()).unwrap();
    let mut oversized = good.clone();
    // The content's length stands behind magic, version and the envelope's length.
    oversized.splice(10..18, (1_u64 << 40).to_be_bytes());
    let mut other_format = good.clone();
    other_format.splice(4..6, [0, 99]);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("truncated", good.get(..good.len() - 10).unwrap().to_vec()),
        ("truncated", good.get(..7).unwrap().to_vec()),
        ("bad_magic", b"#!/bin/sh\nno bundle at all\n".to_vec()),
        ("unsupported_format", other_format),
        ("trailing_bytes", [&good[..], b"x"].concat()),
        ("oversized", oversized),
        ("compressed_digest", flipped(&good, 5)),
        ("unsigned", with_envelope(&good, |envelope| envelope.signatures.clear())),
        ("bad_signature", with_envelope(&good, |envelope| *envelope.payload.last_mut().unwrap() ^= 1)),
        ("payload_type", workshop.signed(&content, 11, |_| {}, Some("application/json"))),
        ("unknown_key", built("stranger.aigw", &["--key", &stranger])),
        ("expired", workshop.signed(&content, 11, |release| release.expires = release.issued, None)),
        ("not_yet_valid", built("early.aigw", &["--not-before", "2099-01-01T00:00:00Z"])),
        ("validity_too_long", built("long.aigw", &["--expires", "100d"])),
        ("older_sequence", built("older.aigw", &["--sequence", "9"])),
        ("sequence_conflict", built("equal.aigw", &["--sequence", "10"])),
        ("wrong_channel", built("staging.aigw", &["--channel", "staging", "--sequence", "11"])),
        ("wrong_name", built("other.aigw", &["--name", "other", "--sequence", "11"])),
        ("runtime_too_old", workshop.signed(&content, 11, |release| release.minimum_runtime = "99.0.0".parse().unwrap(), None)),
    ];
    let gateway = Gateway::serve(workshop.serve("served.aigw", &["--name", "e2e"])).await;
    let digest = gateway.digest().await;
    for (number, (reason, bytes)) in cases.into_iter().enumerate() {
        workshop.put("served.aigw", &bytes);
        let record = gateway.reload().await;
        // Time heals this one alone, so that it is tried again.
        let result = if reason == "not_yet_valid" { "failed" } else { "refused" };
        assert_eq!((&record["result"], &record["reason"]), (&json!(result), &json!(reason)), "{number}: {record}");
        assert!(record["message"].is_string() && record["help"].is_string(), "{record}");
        assert_eq!((gateway.digest().await, says(&gateway).await), (digest.clone(), "good".to_owned()), "{reason}");
        let metrics = gateway.get("/metrics").await.body;
        assert!(
            metrics.contains(&format!(r#"aigw_activations_total{{aigw_result="{result}",error_type="{reason}"}}"#)),
            "{reason}"
        );
        until("the refusal was logged", || gateway.log().contains(reason).then_some(())).await;
    }
    assert_eq!(gateway.get("/readyz").await.json()["state"], "stale");
    // A number that counts still does.
    let better = workshop.build("better.aigw", &saying("better"), &["--sequence", "11"]);
    workshop.put("served.aigw", &fs::read(better).unwrap());
    let result = gateway.reload().await["result"].clone();
    // The file's own watch may have been first.
    assert!(result == "activated" || result == "unchanged", "{result}");
    assert_eq!(says(&gateway).await, "better");
    assert_eq!(gateway.get("/readyz").await.json()["state"], "ready");
}

#[tokio::test]
async fn reload_tells_what_came_of_it_and_so_does_its_exit_code() {
    let workshop = Workshop::new();
    workshop.build("served.aigw", &saying("one"), &["--sequence", "1"]);
    let gateway = Gateway::serve(workshop.serve("served.aigw", &[])).await;
    let reload = || run(aigw().args(["reload", "--wait", "--admin", &gateway.admin.to_string()]));
    let record: Value = serde_json::from_str(&reload().expect(0)).unwrap();
    assert_eq!(record["result"], "unchanged");
    let status: Value =
        serde_json::from_str(&run(aigw().args(["status", "--admin", &gateway.admin.to_string()])).expect(0)).unwrap();
    assert_eq!(status["bundle"]["sequence"], 1);
    let good = workshop.bytes("served.aigw");
    workshop.put("served.aigw", &flipped(&good, 5));
    let refused = reload();
    assert!(refused.err.contains("compressed_digest"), "{refused:?}");
    refused.expect(5);
    fs::remove_file(workshop.path("served.aigw")).unwrap();
    let failed = reload();
    assert!(failed.err.contains("source_unreadable"), "{failed:?}");
    failed.expect(2);
    assert_eq!(says(&gateway).await, "one");
    let gone = gateway.admin.to_string();
    drop(gateway);
    run(aigw().args(["reload", "--wait", "--admin", &gone])).expect(2);
    run(aigw().args(["status", "--admin", &gone])).expect(2);
}

#[tokio::test]
async fn a_bundle_file_is_followed_through_renames_and_the_link_that_kubernetes_swaps() {
    let workshop = Workshop::new();
    let folder = workshop.path("mounted");
    for (number, text) in [(1, "one"), (2, "two"), (3, "three")] {
        let version = folder.join(format!("..2026_{number}"));
        fs::create_dir_all(&version).unwrap();
        fs::rename(workshop.build("new.aigw", &saying(text), &["--sequence", &number.to_string()]), version.join("gateway.aigw"))
            .unwrap();
    }
    let swap = |number: u32| {
        symlink(format!("..2026_{number}"), folder.join("..data_tmp")).unwrap();
        fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
    };
    swap(1);
    symlink("..data/gateway.aigw", folder.join("gateway.aigw")).unwrap();
    let gateway = Gateway::serve(workshop.serve("mounted/gateway.aigw", &[])).await;
    assert_eq!(says(&gateway).await, "one");
    let first = gateway.digest().await;
    swap(2);
    let second = gateway.until_other_than(&first).await;
    assert_eq!(says(&gateway).await, "two");
    fs::rename(folder.join("..2026_3/gateway.aigw"), folder.join("gateway.aigw")).unwrap();
    gateway.until_other_than(&second).await;
    assert_eq!(says(&gateway).await, "three");
}

#[tokio::test]
async fn the_last_good_bundle_is_served_at_a_start_without_the_source_and_nothing_older_ever_after() {
    let workshop = Workshop::new();
    workshop.build("old.aigw", &saying("old"), &["--sequence", "1"]);
    workshop.build("served.aigw", &saying("new"), &["--sequence", "2"]);
    let state = workshop.path("state").display().to_string();
    let serve = || workshop.serve("served.aigw", &["--state", &state]);
    let gateway = Gateway::serve(serve()).await;
    assert_eq!(says(&gateway).await, "new");
    drop(gateway);
    let new = workshop.bytes("served.aigw");
    fs::remove_file(workshop.path("served.aigw")).unwrap();
    let gateway = Gateway::serve(serve()).await;
    assert_eq!(says(&gateway).await, "new");
    assert_eq!(gateway.status().await["bundle"]["fromLastGood"], true);
    assert_eq!(gateway.get("/readyz").await.json()["state"], "stale");
    // The source comes back with what was signed before: a restart has forgotten nothing.
    workshop.put("served.aigw", &workshop.bytes("old.aigw"));
    assert_eq!(gateway.reload().await["reason"], "older_sequence");
    workshop.put("served.aigw", &new);
    assert_eq!(gateway.reload().await["result"], "unchanged");
    assert_eq!(gateway.status().await["bundle"]["fromLastGood"], false);
    drop(gateway);
    // What is kept is verified like any other.
    fs::remove_file(workshop.path("served.aigw")).unwrap();
    fs::write(workshop.path("state/last-good.aigw"), flipped(&new, 5)).unwrap();
    let gateway = Gateway::serve(serve()).await;
    assert_eq!(ask(gateway.data, &chat("hello")).await.code(), "503 not_ready");
    assert_eq!(gateway.refusal().await["reason"], "compressed_digest");
}

#[tokio::test]
async fn a_key_that_is_revoked_signs_nothing_any_more_and_what_is_served_stays() {
    let workshop = Workshop::new();
    workshop.build("served.aigw", &saying("good"), &["--sequence", "1"]);
    let gateway = Gateway::serve(workshop.serve("served.aigw", &[])).await;
    workshop.keygen("other", &["--id", "other"]);
    let mut trust: Value = serde_json::from_slice(&workshop.bytes("release.trust.json")).unwrap();
    let other: Value = serde_json::from_slice(&workshop.bytes("other.trust.json")).unwrap();
    trust["keys"][0]["state"] = json!("revoked");
    trust["keys"].as_array_mut().unwrap().push(other["keys"][0].clone());
    for keys in ["/channels/prod/keys", "/root/keys"] {
        *trust.pointer_mut(keys).unwrap() = json!(["other"]);
    }
    let next = workshop.build("next.aigw", &saying("next"), &["--sequence", "2"]);
    workshop.put("release.trust.json", trust.to_string().as_bytes());
    workshop.put("served.aigw", &fs::read(next).unwrap());
    assert_eq!(gateway.reload().await["reason"], "revoked_key");
    assert_eq!(says(&gateway).await, "good");
    // The other key goes on.
    let key = workshop.path("other.key.pem").display().to_string();
    let next = workshop.build("next.aigw", &saying("next"), &["--sequence", "2", "--key", &key]);
    workshop.put("served.aigw", &fs::read(next).unwrap());
    let result = gateway.reload().await["result"].clone();
    // The file's own watch may have been first.
    assert!(result == "activated" || result == "unchanged", "{result}");
    assert_eq!(says(&gateway).await, "next");
}

#[tokio::test]
async fn a_trust_root_accepts_no_build_of_unknown_origin_unless_it_says_so() {
    let workshop = Workshop::new();
    workshop.keygen("strict", &[]);
    let key = workshop.path("strict.key.pem").display().to_string();
    workshop.build("served.aigw", &saying("dirty"), &["--key", &key]);
    fs::copy(workshop.path("strict.trust.json"), workshop.path("release.trust.json")).unwrap();
    let gateway = Gateway::serve(workshop.serve("served.aigw", &[])).await;
    assert_eq!(gateway.get("/readyz").await.status, 503);
    assert_eq!(gateway.refusal().await["reason"], "dirty_build");
}

#[tokio::test]
async fn a_bundle_without_its_parameters_or_secrets_is_refused_where_that_is_asked_for() {
    let workshop = Workshop::new();
    let mut policies = Policies::to(&["127.0.0.1:9".parse().unwrap()]);
    policies.gateway = "parameters: {place: {type: string, maxLength: 9, test: x}}".to_owned();
    policies.more = "---\napiVersion: aigw.dev/v1\nkind: Provider\nmetadata: {name: p}\nspec: {type: azure-openai, api: {style: v1, version: {param: place}}, endpoints: {e: {url: \"https://x.openai.azure.com\", auth: {apiKey: {secret: absent}}}}}\n---\napiVersion: aigw.dev/v1\nkind: Model\nmetadata: {name: other}\nspec: {operation: chat, targets: [{target: p/m}]}\n".to_owned();
    let yaml_fix = policies.yaml().replace("models: [chat]", "models: [chat, other]");
    let sources = workshop.path("params");
    fs::create_dir(&sources).unwrap();
    fs::write(sources.join("gateway.yaml"), yaml_fix).unwrap();
    let bundle = workshop.path("served.aigw");
    let mut build = aigw();
    build
        .arg("build")
        .arg(&sources)
        .arg("-o")
        .arg(&bundle)
        .arg("--key")
        .arg(workshop.path("release.key.pem"))
        .args(["--channel", "prod"]);
    run(&mut build).expect(0);
    let gateway = Gateway::serve(workshop.serve("served.aigw", &[])).await;
    assert_eq!(gateway.refusal().await["reason"], "parameters_invalid");
    drop(gateway);
    fs::write(workshop.path("params.yaml"), "place: here\n").unwrap();
    let params = workshop.path("params.yaml").display().to_string();
    let gateway = Gateway::serve(workshop.serve("served.aigw", &["--params", &params])).await;
    assert_eq!(gateway.status().await["bundle"]["secretsMissing"], json!(["absent"]));
    drop(gateway);
    let gateway = Gateway::serve(workshop.serve("served.aigw", &["--params", &params, "--require-secrets"])).await;
    let record = gateway.refusal().await;
    assert_eq!((&record["result"], &record["reason"]), (&json!("failed"), &json!("secrets_missing")));
    until_async("it is alive all the same", || async { (gateway.get("/livez").await.status == 200).then_some(()) }).await;
}
