//! Keys of callers over their life: several at once, from when and until when they count, when they were used, and those that clients already have.

use std::fs;

use http::Request;
use http_body_util::Full;
use serde_json::Value;

use crate::support::client::{Answer, Client, ask, chat};
use crate::support::gateway::Gateway;
use crate::support::policies::Policies;
use crate::support::{aigw, run, until_async};

/// A key of `--existing`, as another gateway gave it to a client.
const SUBSCRIPTION_KEY: &str = "3f1c5a7e9b2d4c6f8a0e1b3d5c7f9a2e";
/// LiteLLM keeps `sha256("sk-litellm-0123456789abcdef")`.
const LITELLM_KEY: &str = "sk-litellm-0123456789abcdef";

fn consumer(name: &str, entries: &str) -> String {
    format!(
        "---\napiVersion: aigw.dev/v1\nkind: Consumer\nmetadata: {{name: {name}}}\nspec:\n  roles: [app]\n  credentials:\n{entries}"
    )
}

fn entry(arguments: &[&str], input: &str) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), input).unwrap();
    let mut command = aigw();
    command.args(["api-key", "new"]).args(arguments).stdin(fs::File::open(file.path()).unwrap());
    run(&mut command).expect(0)
}

async fn asked_with(gateway: &Gateway, header: &str, key: &str) -> Answer {
    let request = Request::post("/v1/chat/completions")
        .header("host", "gateway")
        .header("content-type", "application/json")
        .header(header, key)
        .body(Full::from(chat("hello").to_string()))
        .unwrap();
    Client::connect(gateway.data).await.send(request).await
}

fn credential<'s>(status: &'s Value, name: &str) -> &'s Value {
    let all = status["credentials"].as_array().unwrap();
    all.iter().find(|credential| credential["name"] == name).unwrap()
}

#[tokio::test]
async fn the_last_use_of_a_key_is_shown_and_outlives_reloads() {
    let mut policies = Policies::mock("{}");
    let digest = "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b";
    policies.more.push_str(&consumer("idle", &format!("    - apiKey: {{id: idle-1, sha256: {digest}, notAfter: 2020-01-01}}\n")));
    let gateway = Gateway::dev(&policies).await;
    assert!(credential(&gateway.status().await, "client-1").get("lastUsed").is_none());
    assert_eq!(ask(gateway.data, &chat("hello")).await.status, 200);
    let status = until_async("the use is shown", || async {
        let status = gateway.status().await;
        credential(&status, "client-1").get("lastUsed").is_some().then_some(status)
    })
    .await;
    assert_eq!(credential(&status, "client-1")["consumer"], "client");
    assert_eq!(credential(&status, "idle-1")["notAfter"], "2020-01-01T00:00:00Z");
    assert!(!status.to_string().contains(digest));

    let before = gateway.digest().await;
    gateway.write("gateway.yaml", &policies.yaml().replace("You help.", "You help more."));
    gateway.until_other_than(&before).await;
    let after = gateway.status().await;
    assert_eq!(credential(&after, "client-1"), credential(&status, "client-1"));
    let told = run(aigw().arg("status").arg("--admin").arg(gateway.admin.to_string()));
    assert!(told.err.contains("credentials that have ended: idle-1 (idle)") && !told.err.contains("client-1"), "{told:?}");
    told.expect(0);
}

#[tokio::test]
async fn keys_overlap_while_they_are_exchanged() {
    let old = entry(&["--consumer", "two", "--id", "two-old", "--existing"], "old-key-of-two-0123456789");
    let new =
        entry(&["--consumer", "two", "--id", "two-new", "--existing", "--not-after", "2099-01-01"], "new-key-of-two-0123456789");
    let next = entry(
        &["--consumer", "two", "--id", "two-next", "--existing", "--not-before", "2098-01-01"],
        "next-key-of-two-0123456789",
    );
    let mut policies = Policies::mock("{}");
    policies.more.push_str(&consumer("two", &format!("{old}{new}{next}")));
    let gateway = Gateway::dev(&policies).await;
    for (key, expected) in
        [("old-key-of-two-0123456789", 200), ("new-key-of-two-0123456789", 200), ("next-key-of-two-0123456789", 401)]
    {
        let answer = asked_with(&gateway, "api-key", key).await;
        assert_eq!(answer.status, expected, "{}", answer.body);
        assert!(expected == 200 || answer.code() == "401 api_key_not_yet_valid", "{}", answer.body);
    }
}

#[tokio::test]
async fn keys_of_other_gateways_go_on() {
    let digest = sha256(LITELLM_KEY);
    let apim = entry(&["--consumer", "from-apim", "--existing"], &format!("{SUBSCRIPTION_KEY}\n"));
    let litellm = entry(&["--consumer", "from-litellm", "--sha256", &digest], "");
    assert!(!apim.contains(SUBSCRIPTION_KEY) && litellm.contains(&digest));
    let mut policies = Policies::mock("{}");
    policies.more.push_str(&consumer("from-apim", &apim));
    policies.more.push_str(&consumer("from-litellm", &litellm));
    let yaml =
        policies.yaml().replace("headers: [authorization, api-key]", "headers: [authorization, ocp-apim-subscription-key]");
    let gateway = Gateway::dev_yaml(&yaml).await;
    assert_eq!(asked_with(&gateway, "Ocp-Apim-Subscription-Key", SUBSCRIPTION_KEY).await.status, 200);
    assert_eq!(asked_with(&gateway, "authorization", &format!("Bearer {LITELLM_KEY}")).await.status, 200);
    run(aigw().args(["api-key", "new", "--consumer", "x", "--sha256", "sk-1234"])).expect(2);
    run(aigw().args(["api-key", "new", "--consumer", "x", "--sha256", &digest, "--existing"])).expect(2);
}

/// As LiteLLM digests a key.
fn sha256(key: &str) -> String {
    aigw_bundle::Digest::of(key.as_bytes()).to_hex()
}
