//! A gateway in Azure: called with its own identity, its secrets in a vault.

use serde_json::{Value, json};

use crate::support::azure::{Azure, MODEL_TOKEN};
use crate::support::client::{ask, chat};
use crate::support::gateway::Gateway;
use crate::support::policies::Policies;
use crate::support::{until, until_async};

/// An account at that address, called with this `auth`.
pub(crate) fn policies(azure: &Azure, auth: &str) -> String {
    let mut policies = Policies::to(&[]);
    policies.targets = Some("{target: aoai/m}".to_owned());
    policies.more = format!(
        "---\napiVersion: aigw.dev/v1\nkind: Provider\nmetadata: {{name: aoai}}\nspec: {{type: azure-openai, endpoints: {{main: {{url: \"http://{}\", auth: {auth}}}}}}}\n",
        azure.address
    );
    policies.yaml()
}

/// Settings with the vault, as a file to be named to `--config`.
pub(crate) fn settings(azure: &Azure, folder: &std::path::Path) -> String {
    let path = folder.join("runtime.yaml");
    std::fs::write(&path, format!("keyVault: {{url: \"http://{}\", refresh: 5s}}\n", azure.address)).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn calls_carry_a_token_of_the_gateways_identity() {
    let azure = Azure::start().await;
    azure.with(|state| state.issues = false);
    let yaml = policies(&azure, "{managedIdentity: {clientId: 11111111-2222-3333-4444-555555555555}}");
    let gateway = Gateway::dev_in(&yaml, &[], &azure.environment()).await;

    // Without a token the endpoint is down, and everyone is told why.
    assert_eq!(ask(gateway.data, &chat("hello")).await.code(), "503 no_target");
    let record = gateway.records(1).await.remove(0);
    assert_eq!(record["skipped"], json!([{"target": "aoai/main/m", "reason": "token_missing"}]));
    let status = gateway.status().await;
    assert_eq!(status["bundle"]["tokensMissing"], json!(["aoai/main"]));
    assert_eq!(status["accessTokens"][0]["trouble"], json!("the issuer answered 400"));
    assert_eq!(gateway.metric("aigw_access_tokens_missing").await, 1.0);

    azure.with(|state| (state.issues, state.life) = (true, 4));
    until_async("the token is there", || async {
        gateway.status().await["bundle"]["tokensMissing"].as_array().is_some_and(Vec::is_empty).then_some(())
    })
    .await;
    assert_eq!(ask(gateway.data, &chat("hello")).await.content(), "ok");
    let first = azure.last_call();
    assert!(first.starts_with(&format!("authorization: Bearer {MODEL_TOKEN}-")), "{first}");
    // The next one is used before that one ends, and no request is refused meanwhile.
    until_async("the next token is used", || async {
        assert_eq!(ask(gateway.data, &chat("hello")).await.content(), "ok");
        (azure.last_call() != first).then_some(())
    })
    .await;
    let status = gateway.status().await;
    let token = &status["accessTokens"][0];
    assert_eq!((&token["resource"], &token["trouble"]), (&json!("https://cognitiveservices.azure.com"), &Value::Null));
    assert_eq!(token["clientId"], json!("11111111-2222-3333-4444-555555555555"));
    assert!(gateway.metric("aigw_access_token_left_seconds").await <= 4.0);
    assert!(gateway.metric("aigw_access_token_requests_total").await >= 2.0);
}

#[tokio::test]
async fn secrets_of_the_vault_are_followed_and_outlive_it() {
    let azure = Azure::start().await;
    azure.with(|state| state.secrets.insert("vaulted".to_owned(), "key-1".to_owned()));
    let folder = tempfile::tempdir().unwrap();
    let config = settings(&azure, folder.path());
    let yaml = policies(&azure, "{apiKey: {secret: vaulted}}");
    let gateway = Gateway::dev_in(&yaml, &["--config", &config, "--require-secrets"], &azure.environment()).await;
    assert_eq!(ask(gateway.data, &chat("hello")).await.content(), "ok");
    assert_eq!(azure.last_call(), "api-key: key-1");

    azure.with(|state| state.secrets.insert("vaulted".to_owned(), "key-2".to_owned()));
    until_async("the new value is used", || async {
        assert_eq!(ask(gateway.data, &chat("hello")).await.content(), "ok");
        (azure.last_call() == "api-key: key-2").then_some(())
    })
    .await;

    azure.with(|state| state.vault_answers = false);
    let trouble =
        until_async("its silence shows", || async { gateway.status().await["keyVault"]["trouble"].as_str().map(str::to_owned) });
    assert_eq!(trouble.await, "it answered 503");
    let age = until_async("the value's age grows", || async {
        gateway.status().await["keyVault"]["secrets"][0]["ageSeconds"].as_u64().filter(|age| *age >= 6)
    });
    assert!(gateway.metric("aigw_key_vault_age_seconds").await <= age.await as f64);
    assert!(gateway.metric("aigw_key_vault_requests_total").await >= 3.0);
    assert_eq!(ask(gateway.data, &chat("hello")).await.content(), "ok");
    assert_eq!(azure.last_call(), "api-key: key-2");
}

#[tokio::test]
async fn a_start_without_the_vault_is_a_start_without_its_secrets() {
    let azure = Azure::start().await;
    azure.with(|state| state.vault_answers = false);
    let url = format!("http://{}", azure.address);
    let yaml = policies(&azure, "{apiKey: {secret: vaulted}}");
    let gateway = Gateway::dev_in(&yaml, &["--key-vault", &url, "--require-secrets"], &azure.environment()).await;
    let record = gateway.refusal().await;
    assert_eq!((&record["result"], &record["reason"]), (&json!("failed"), &json!("secrets_missing")));
    azure.with(|state| {
        state.vault_answers = true;
        state.secrets.insert("vaulted".to_owned(), "key-1".to_owned());
    });
    until_async("it is served once the vault is there", || async {
        (ask(gateway.data, &chat("hello")).await.status == 200).then_some(())
    })
    .await;
    until("the vault's value was used", || (azure.last_call() == "api-key: key-1").then_some(())).await;

    azure.with(|state| state.issues = false);
    let yaml = policies(&azure, "{managedIdentity: {}}");
    let gateway = Gateway::dev_in(&yaml, &["--require-secrets"], &azure.environment()).await;
    assert_eq!(gateway.refusal().await["reason"], json!("tokens_missing"));
}
