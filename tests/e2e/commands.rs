//! The command line: each verb's exit codes, and the way of a repository from `init` to a gateway that serves it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::bundles::Workshop;
use crate::support::client::{ask, chat};
use crate::support::gateway::Gateway;
use crate::support::policies::Policies;
use crate::support::upstream::Upstream;
use crate::support::{Ran, aigw, run};

/// A folder with this as its only file.
fn folder(yaml: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("gateway.yaml"), yaml).unwrap();
    folder
}

fn verb(arguments: &[&str], at: &Path) -> Ran {
    run(aigw().args(arguments).current_dir(at))
}

#[test]
fn every_verb_ends_with_the_code_of_the_table() {
    let good = folder(&Policies::mock("{}").yaml());
    let broken = folder(&Policies::mock("{}").yaml().replace("kind: Route", "kind: Ruote"));
    let cases: [(&str, &Path, i32); 27] = [
        ("validate", good.path(), 0),
        ("validate", broken.path(), 1),
        ("validate /nowhere", good.path(), 2),
        ("validate --format xml", good.path(), 2),
        ("validate --params /nowhere", good.path(), 2),
        ("lint", good.path(), 0),
        ("lint", broken.path(), 1),
        ("show everything", good.path(), 0),
        ("show everything", broken.path(), 3),
        ("show nothing", good.path(), 2),
        ("eval --request /nowhere", good.path(), 2),
        ("build -o b.aigw --key /nowhere --channel prod", good.path(), 2),
        ("build -o b.aigw --channel prod", good.path(), 2),
        ("explain C027", good.path(), 0),
        ("explain Z999", good.path(), 2),
        ("schema", good.path(), 0),
        ("schema Gateway", good.path(), 0),
        ("schema Nothing", good.path(), 2),
        ("completions bash", good.path(), 0),
        ("api-key new --consumer client", good.path(), 0),
        ("inspect gateway.yaml", good.path(), 5),
        ("verify /nowhere --trust /nowhere --channel prod", good.path(), 2),
        ("serve", good.path(), 2),
        ("serve --dev /nowhere", good.path(), 2),
        ("nonsense", good.path(), 2),
        ("--help", good.path(), 0),
        ("--version", good.path(), 0),
    ];
    for (line, at, code) in cases {
        let ran = verb(&line.split(' ').collect::<Vec<_>>(), at);
        assert_eq!(ran.code, code, "aigw {line}: {ran:?}");
        assert!(code == 0 || !ran.err.is_empty() || !ran.out.is_empty(), "aigw {line} says nothing");
        assert!(!ran.err.contains("panicked"), "{ran:?}");
    }
    let empty = tempfile::tempdir().unwrap();
    fs::write(empty.path().join("other.yaml"), "kind: Deployment\n").unwrap();
    for line in ["validate", "lint", "show x"] {
        let ran = verb(&line.split(' ').collect::<Vec<_>>(), empty.path());
        assert!(ran.err.contains("there are no policies"), "aigw {line}: {ran:?}");
        assert_eq!(ran.code, 2, "aigw {line}: {ran:?}");
    }
    let key = broken.path().join("k");
    run(aigw().arg("keygen").arg("--out").arg(&key)).expect(0);
    verb(&["build", "-o", "b.aigw", "--key", "k.key.pem", "--channel", "prod"], broken.path()).expect(3);
    assert!(!broken.path().join("b.aigw").exists());
    run(aigw().arg("keygen").arg("--out").arg(&key)).expect(2);
}

#[tokio::test]
async fn a_repository_goes_from_init_to_a_gateway_that_serves_it() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    verb(&["init", "repo"], at).expect(0);
    verb(&["init", "repo"], at).expect(2);
    let repo = at.join("repo");
    verb(&["validate"], &repo).expect(0);
    verb(&["lint"], &repo).expect(0);
    for name in ["first", "second"] {
        verb(&["keygen", "--out", name, "--id", name, "--allow-dirty"], at).expect(0);
    }
    let mut trust: Value = serde_json::from_slice(&fs::read(at.join("first.trust.json")).unwrap()).unwrap();
    let second: Value = serde_json::from_slice(&fs::read(at.join("second.trust.json")).unwrap()).unwrap();
    trust["keys"].as_array_mut().unwrap().push(second["keys"][0].clone());
    trust["channels"]["prod"]["keys"] = serde_json::json!(["first", "second"]);
    trust["channels"]["prod"]["threshold"] = 2.into();
    fs::write(at.join("both.trust.json"), trust.to_string()).unwrap();
    verb(&["build", "repo", "-o", "b.aigw", "--key", "first.key.pem", "--channel", "prod"], at).expect(0);
    let verify = ["verify", "b.aigw", "--trust", "both.trust.json", "--channel", "prod", "--explain"];
    let refused = verb(&verify, at);
    assert!(format!("{refused:?}").contains("threshold_not_met"), "{refused:?}");
    refused.expect(5);
    verb(&["sign", "b.aigw", "--add", "--key", "second.key.pem"], at).expect(0);
    let accepted = verb(&verify, at).expect(0);
    assert!(accepted.contains("2 of 2 needed: first, second"), "{accepted}");
    verb(&["inspect", "b.aigw", "--extract", "out"], at).expect(0);
    for file in ["access.yaml", "gateway.yaml", "models.yaml", "routes.yaml"] {
        assert_eq!(fs::read(at.join("out/sources").join(file)).unwrap(), fs::read(repo.join(file)).unwrap(), "{file}");
    }
    verb(&["inspect", "b.aigw", "--extract", "out"], at).expect(2);
    let bundle = ["--bundle".into(), at.join("b.aigw").into(), "--trust".into(), at.join("both.trust.json").into()];
    let gateway = Gateway::serve(bundle).await;
    assert_eq!(gateway.get("/readyz").await.status, 200);
    assert_eq!(ask(gateway.data, &chat("hello")).await.code(), "401 invalid_api_key");
}

#[test]
fn two_builds_in_two_folders_have_the_same_content() {
    let (one, two) = (Workshop::new(), Workshop::new());
    let digests: Vec<Value> = [&one, &two]
        .iter()
        .map(|workshop| {
            let bundle = workshop.build("b.aigw", &Policies::mock("{}"), &[]);
            let inspected: Value = serde_json::from_str(&run(aigw().arg("inspect").arg(bundle)).expect(0)).unwrap();
            inspected["statement"]["content"]["digest"].clone()
        })
        .collect();
    assert!(digests.first().unwrap().is_string());
    assert_eq!(digests.first(), digests.last());
}

#[test]
fn keys_come_from_variables_and_commands_too() {
    let workshop = Workshop::new();
    let sources = folder(&Policies::mock("{}").yaml());
    let pem = fs::read_to_string(workshop.path("release.key.pem")).unwrap();
    let out = workshop.path("env.aigw");
    let build = |key: &str| {
        let mut build = aigw();
        build.arg("build").arg(sources.path()).arg("-o").arg(&out).args(["--key", key, "--channel", "prod"]);
        build
    };
    run(build("env:RELEASE_KEY").env("RELEASE_KEY", &pem)).expect(0);
    let verify = || {
        run(aigw().arg("verify").arg(&out).arg("--trust").arg(workshop.path("release.trust.json")).args(["--channel", "prod"]))
    };
    verify().expect(0);
    run(&mut build("env:RELEASE_KEY")).expect(2);
    // A command that signs nothing signs nothing.
    let public = workshop.path("release.pub.pem");
    let wrong = run(build("exec:head -c 64 /dev/zero").arg("--public-key").arg(&public));
    assert_ne!(wrong.code, 0, "{wrong:?}");
    assert_eq!(wrong.code, run(build("exec:false").arg("--public-key").arg(&public)).code);
}

#[tokio::test]
async fn a_request_is_judged_from_standard_input_and_nothing_is_sent() {
    let upstream = Upstream::start().await;
    let sources = folder(&Policies::to(&[upstream.address]).yaml());
    let request = "{path: /v1/chat/completions, body: {model: chat, messages: [{role: user, content: hi}]}}";
    let trace = piped(&["eval", "--request", "-", "--as", "client", "--format", "json"], sources.path(), request).expect(0);
    let trace: Value = serde_json::from_str(&trace).unwrap();
    assert_eq!(trace["decision"][0]["route"], "everything", "{trace}");
    assert_eq!(trace["sent"].as_array().map(Vec::len), Some(1), "what would be sent is shown: {trace}");
    assert_eq!(upstream.count(), 0);
    piped(&["eval", "--request", "-"], sources.path(), "{path: [").expect(2);
}

#[test]
fn a_reader_that_has_left_is_no_panic() {
    let sources = folder(&Policies::mock("{}").yaml());
    for arguments in [&["schema"][..], &["completions", "bash"], &["--help"], &["explain", "C027"]] {
        let mut child =
            aigw().args(arguments).current_dir(sources.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert!(!ran.err.contains("panicked") && ran.code != 101, "{arguments:?}: {ran:?}");
    }
}

#[test]
fn keys_for_callers_are_printed_once_and_only_their_digest_is_for_the_repository() {
    let sources = folder(&Policies::mock("{}").yaml());
    let ran = verb(&["api-key", "new", "--consumer", "client"], sources.path());
    let all = format!("{}{}", ran.out, ran.err);
    let key = all.split_whitespace().find(|word| word.starts_with("aigw_")).map(str::to_owned);
    assert!(key.is_some(), "{all}");
    let again = verb(&["api-key", "new", "--consumer", "client"], sources.path());
    assert!(!format!("{}{}", again.out, again.err).contains(&key.unwrap()));
}

#[test]
fn a_trust_root_changes_hands_by_the_keys_of_the_old_one_and_retiring_keys_sign_nothing_new() {
    let sources = folder(&Policies::mock("{}").yaml());
    let at = tempfile::tempdir().unwrap();
    let ran = |arguments: &[&str], code: i32| verb(arguments, at.path()).expect(code);
    for id in ["old", "new"] {
        ran(&["keygen", "--out", id, "--id", id, "--allow-dirty"], 0);
    }
    let read =
        |name: &str| -> serde_json::Value { serde_json::from_slice(&std::fs::read(at.path().join(name)).unwrap()).unwrap() };
    let (mut next, new) = (read("old.trust.json"), read("new.trust.json"));
    *next.pointer_mut("/revision").unwrap() = 2.into();
    next.pointer_mut("/keys/0").unwrap().as_object_mut().unwrap().insert("state".to_owned(), "retiring".into());
    next.pointer_mut("/keys").unwrap().as_array_mut().unwrap().push(new.pointer("/keys/0").unwrap().clone());
    *next.pointer_mut("/channels/prod/keys").unwrap() = serde_json::json!(["old", "new"]);
    *next.pointer_mut("/root/keys").unwrap() = serde_json::json!(["new"]);
    std::fs::write(at.path().join("next.json"), next.to_string()).unwrap();

    ran(&["sign", "next.json", "-o", "half.json", "--key", "new.key.pem"], 0);
    ran(&["verify", "half.json", "--trust", "old.trust.json"], 5);
    ran(&["sign", "next.json", "-o", "signed.json", "--key", "old.key.pem", "--key", "new.key.pem"], 0);
    ran(&["verify", "signed.json", "--trust", "old.trust.json", "-o", "trust.json"], 0);
    assert_eq!(read("trust.json").get("revision"), Some(&2.into()));

    let policies = sources.path().display().to_string();
    let build = |key: &str, code| {
        ran(&["build", &policies, "-o", "b.aigw", "--key", key, "--channel", "prod", "--trust", "trust.json"], code)
    };
    build("old.key.pem", 5);
    build("new.key.pem", 0);
    ran(&["verify", "b.aigw", "--trust", "trust.json", "--channel", "prod"], 0);
}

/// A verb with that on its standard input.
fn piped(arguments: &[&str], at: &Path, input: &str) -> Ran {
    use std::io::Write;
    let mut command: Command = aigw();
    command.args(arguments).current_dir(at).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Ran::from(child.wait_with_output().unwrap())
}
