//! The audit trail of a real gateway: what is told of it, by whom, and that nobody can change what was told.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::bundles::Workshop;
use crate::support::client::{ask, chat, fetch};
use crate::support::gateway::Gateway;
use crate::support::policies::Policies;
use crate::support::{Ran, aigw, run, until};

struct Trail(TempDir);

impl Trail {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("audit.jsonl")
    }

    fn place(&self) -> String {
        format!("file:{}", self.path().display())
    }

    fn events(&self) -> Vec<Value> {
        lines(&self.path()).into_iter().map(|mut line| line["event"].take()).collect()
    }

    /// Events once there are that many of this type.
    async fn of_type(&self, of: &str, at_least: usize) -> Vec<Value> {
        until("the event is in the audit trail", || {
            let events: Vec<Value> = self.events().into_iter().filter(|event| event["type"] == of).collect();
            (events.len() >= at_least).then_some(events)
        })
        .await
    }

    fn verify(&self) -> Ran {
        run(aigw().args(["audit", "verify"]).arg(self.path()))
    }
}

fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn who_changed_what_is_told() {
    let (workshop, trail) = (Workshop::new(), Trail::new());
    let mut policies = Policies::mock("{}");
    workshop.build("b.aigw", &policies, &["--sequence", "1"]);
    let gateway = Gateway::serve(workshop.serve("b.aigw", &["--audit", &trail.place()])).await;
    let first = trail.of_type("activation", 1).await.remove(0);
    assert_eq!((&first["trigger"], &first["result"], first.get("before")), (&json!("start"), &json!("activated"), None));
    assert_eq!(first["bundle"]["signers"], json!(["release"]));

    policies.house = "You help a lot.".to_owned();
    policies.more.push_str("---\napiVersion: aigw.dev/v1\nkind: Consumer\nmetadata: {name: second}\nspec: {roles: [app]}\n");
    workshop.build("new.aigw", &policies, &["--sequence", "2"]);
    workshop.put("b.aigw", &workshop.bytes("new.aigw"));
    let changed = trail.of_type("activation", 2).await.remove(1);
    assert_eq!(changed["changes"], json!({"added": ["Consumer/second"], "changed": ["Prompt/house"]}), "{changed:#}");
    assert_eq!((&changed["before"], &changed["bundle"]["sequence"]), (&first["after"], &json!(2)));

    workshop.put("b.aigw", b"rubbish");
    let refused = trail.of_type("activation", 3).await.remove(2);
    assert_eq!(
        (&refused["result"], &refused["before"], &refused["after"]),
        (&json!("refused"), &changed["after"], &changed["after"])
    );
    assert!(refused["reason"].is_string() && refused.get("bundle").is_none());
    assert_eq!(ask(gateway.data, &chat("hello")).await.status, 200);

    let status = gateway.status().await;
    assert_eq!((&status["audit"]["failing"], &status["audit"]["sequence"]), (&json!(false), &json!(lines(&trail.path()).len())));
    trail.verify().expect(0);
}

#[tokio::test]
async fn calls_are_told_with_who_and_how_and_never_with_a_token() {
    let trail = Trail::new();
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "canary-token-5af01c9e").unwrap();
    let arguments = ["--audit", &trail.place(), "--admin-token-file", token.to_str().unwrap()];
    let gateway = Gateway::dev_with(&Policies::mock("{}"), &arguments).await;
    // Reads with the token, and probes, leave nothing.
    for path in ["/livez", "/readyz"] {
        gateway.get(path).await;
    }
    let of_admin = |more: &[&str], file: &Path| {
        run(aigw().args(more).arg("--admin").arg(gateway.admin.to_string()).arg("--admin-token-file").arg(file))
    };
    of_admin(&["status"], &token).expect(0);
    assert_eq!(trail.of_type("activation", 1).await.len(), 1);
    assert!(trail.events().iter().all(|event| event["type"] != "adminCall"));

    assert_eq!(fetch(gateway.admin, "GET", "/status").await.status, 401);
    let wrong = folder.path().join("wrong");
    fs::write(&wrong, "canary-wrong-77aa21b0").unwrap();
    of_admin(&["reload"], &wrong).expect(2);
    of_admin(&["reload", "--wait"], &token).expect(0);
    assert_eq!(fetch(gateway.admin, "GET", "/canary-path").await.status, 401);
    let calls = trail.of_type("adminCall", 4).await;
    let call = |path: &str, method: &str, auth: &str, outcome: &str, code: Option<&str>| {
        let mut call =
            json!({"type": "adminCall", "peer": "127.0.0.1", "method": method, "path": path, "auth": auth, "outcome": outcome});
        if let Some(code) = code {
            call["code"] = json!(code);
        }
        call
    };
    let expected = [
        call("/status", "GET", "none", "refused", Some("token_required")),
        call("/v1/reload", "POST", "none", "refused", Some("token_required")),
        call("/v1/reload", "POST", "token", "accepted", None),
        call("other", "GET", "none", "refused", Some("token_required")),
    ];
    assert_eq!(calls, expected);
    let asked = trail.of_type("activation", 2).await.remove(1);
    assert_eq!((&asked["trigger"], &asked["result"]), (&json!("call"), &json!("unchanged")));
    let text = fs::read_to_string(trail.path()).unwrap();
    assert!(!text.contains("canary"), "{text}");
}

#[tokio::test]
async fn a_trail_outlives_its_process_and_tells_who_changed_it() {
    let trail = Trail::new();
    for _ in 0..2 {
        let mut gateway = Gateway::dev_with(&Policies::mock("{}"), &["--audit", &trail.place()]).await;
        gateway.signal("-HUP");
        trail.of_type("signal", 1).await;
        gateway.terminate();
        gateway.ended().await;
    }
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/audit.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap()).unwrap();
    let all = lines(&trail.path());
    assert!(all.iter().all(|line| schema.is_valid(line)), "{all:#?}");
    let types: Vec<&str> = all.iter().filter_map(|line| line["event"]["type"].as_str()).collect();
    assert_eq!((types.first(), types.last()), (Some(&"start"), Some(&"stop")));
    let sequences: Vec<u64> = all.iter().filter_map(|line| line["sequence"].as_u64()).collect();
    assert_eq!(sequences, (1..=all.len() as u64).collect::<Vec<_>>());
    assert!(trail.verify().expect(0).contains("2 starts of a gateway"));

    let text = fs::read_to_string(trail.path()).unwrap();
    fs::write(trail.path(), text.replacen("SIGHUP", "SIGHUB", 1)).unwrap();
    let ran = trail.verify();
    let place = types.iter().position(|event| *event == "signal").unwrap() + 2;
    assert!(ran.err.contains(&format!("line {place}: it does not follow")), "{ran:?}");
    ran.expect(5);
    run(aigw().args(["audit", "verify", "/nowhere"])).expect(2);
}

#[tokio::test]
async fn what_cannot_be_told_is_not_done() {
    let trail = Trail::new();
    let other = trail.0.path().join("other");
    fs::write(&other, "not an audit trail\n").unwrap();
    let mut refused = aigw();
    refused.args(["serve", "--dev"]).arg(trail.0.path()).args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    let ran = run(refused.arg("--audit").arg(format!("file:{}", other.display())));
    assert!(ran.err.contains("no audit trail"), "{ran:?}");
    ran.expect(2);

    let gateway = Gateway::dev_with(&Policies::mock("{}"), &["--audit", &trail.place()]).await;
    // A second gateway would write between the lines of the first.
    let mut second = aigw();
    second.args(["serve", "--dev"]).arg(trail.0.path()).args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    let taken = run(second.arg("--audit").arg(trail.place()));
    assert!(taken.err.contains("another process writes it"), "{taken:?}");
    taken.expect(2);
    assert_eq!(ask(gateway.data, &chat("hello")).await.status, 200);
}
