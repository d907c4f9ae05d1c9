//! Against sockets that speak the three protocols.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

pub(crate) mod stand_in;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aigw_engine::LoadedIdentity;
use tokio::runtime::Handle;

use self::stand_in::{ASSERTION, HOST_HEADER, StandIn};
use super::keeper::renewal;
use super::*;
use crate::fetch::Fetcher;
use crate::transport::ClientTls;
use crate::world::Random;

const AI: &str = "https://cognitiveservices.azure.com";

pub(crate) fn fetcher() -> Fetcher {
    Fetcher::new(Arc::new(ClientTls::new(BTreeMap::new()).unwrap()))
}

pub(crate) fn environment(variables: &[(&str, String)]) -> Environment {
    let variables: BTreeMap<String, String> = variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Environment::of(&move |name| variables.get(name).cloned())
}

/// Tokens of a machine whose metadata service is that.
pub(crate) fn tokens(azure: &StandIn) -> Tokens {
    tokens_of(&[("AZURE_POD_IDENTITY_AUTHORITY_HOST", azure.url())])
}

fn tokens_of(variables: &[(&str, String)]) -> Tokens {
    Tokens::new(fetcher(), environment(variables), Handle::current(), Arc::new(Random::seeded(1)))
}

fn identity(client_id: Option<&str>, resource: &str) -> LoadedIdentity {
    LoadedIdentity { client_id: client_id.map(str::to_owned), resource: resource.to_owned() }
}

async fn got(token: &AccessToken) -> Option<String> {
    token.tried().await;
    token.get().map(|token| token.expose().to_owned())
}

/// Waits until it is so; what brings it about runs on another task.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what}");
}

#[tokio::test]
async fn a_machine_asks_its_metadata_service() {
    let azure = StandIn::start().await;
    let tokens = tokens(&azure);
    assert_eq!(got(&tokens.of(&identity(None, AI))).await.as_deref(), Some("canary-token-0-own"));
    assert_eq!(got(&tokens.of(&identity(Some("a-1"), AI))).await.as_deref(), Some("canary-token-1-a-1"));
    let expected =
        "GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fcognitiveservices.azure.com";
    assert_eq!((azure.count(expected), azure.count(&format!("{expected}&client_id=a-1"))), (2, 1));
}

#[tokio::test]
async fn a_hosted_workload_asks_its_host() {
    let azure = StandIn::start().await;
    let variables = |header: &str| {
        [
            ("IDENTITY_ENDPOINT", format!("{}/msi/token", azure.url())),
            ("IDENTITY_HEADER", header.to_owned()),
            ("AZURE_CLIENT_ID", "b-2".to_owned()),
        ]
    };
    let tokens = tokens_of(&variables(HOST_HEADER));
    assert_eq!(got(&tokens.of(&identity(None, AI))).await.as_deref(), Some("canary-token-0-b-2"));
    assert_eq!(got(&tokens.of(&identity(Some("a-1"), AI))).await.as_deref(), Some("canary-token-1-a-1"));
    let wrong = tokens_of(&variables("another"));
    let token = wrong.of(&identity(None, AI));
    assert_eq!(got(&token).await, None);
    assert_eq!(wrong.reports()[0].trouble.as_deref(), Some("the issuer answered 401 invalid_header"));
}

#[tokio::test]
async fn a_workload_of_a_cluster_hands_in_its_clusters_token() {
    let azure = StandIn::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{ASSERTION}\n")).unwrap();
    let mut variables = vec![
        ("AZURE_FEDERATED_TOKEN_FILE", file.display().to_string()),
        ("AZURE_TENANT_ID", "tenant-1".to_owned()),
        ("AZURE_AUTHORITY_HOST", format!("{}/", azure.url())),
        // The other sources are not asked where this one is there.
        ("IDENTITY_ENDPOINT", "http://127.0.0.1:9/".to_owned()),
        ("IDENTITY_HEADER", HOST_HEADER.to_owned()),
    ];
    let told = async |variables: &[(&str, String)]| {
        let tokens = tokens_of(variables);
        let token = tokens.of(&identity(None, AI));
        (got(&token).await, tokens.reports()[0].trouble.clone().unwrap_or_default())
    };
    let missing = "workload identity needs a client id: set AZURE_CLIENT_ID, or write `clientId`";
    assert_eq!(told(&variables).await, (None, missing.to_owned()));
    variables.push(("AZURE_CLIENT_ID", "w-3".to_owned()));
    assert_eq!(told(&variables).await, (Some("canary-token-0-w-3".to_owned()), String::new()));
    assert_eq!(azure.count("POST /tenant-1/oauth2/v2.0/token"), 1);

    std::fs::write(&file, "expired").unwrap();
    let (none, why) = told(&variables).await;
    assert_eq!((none, why.as_str()), (None, "the issuer answered 401 invalid_client (AADSTS700024)"));
    std::fs::remove_file(&file).unwrap();
    assert!(told(&variables).await.1.ends_with("of AZURE_FEDERATED_TOKEN_FILE cannot be read"));
    variables.retain(|(name, _)| *name != "AZURE_TENANT_ID");
    assert_eq!(told(&variables).await.1, "AZURE_FEDERATED_TOKEN_FILE is set and AZURE_TENANT_ID is not");
}

#[tokio::test]
async fn arc_is_said_to_be_unsupported() {
    let tokens = tokens_of(&[("IDENTITY_ENDPOINT", "http://127.0.0.1:9/".to_owned())]);
    let token = tokens.of(&identity(None, AI));
    assert_eq!(got(&token).await, None);
    assert!(tokens.reports()[0].trouble.as_ref().unwrap().contains("Azure Arc is not supported"));
}

#[tokio::test]
async fn everyone_shares_one_token_and_one_request() {
    let azure = StandIn::start().await;
    let tokens = tokens(&azure);
    let all: Vec<_> = (0..50).map(|_| tokens.of(&identity(None, AI))).collect();
    let other = tokens.of(&identity(None, "https://vault.azure.net"));
    for token in &all {
        assert_eq!(got(token).await, got(&all[0]).await);
    }
    assert_ne!(got(&other).await, got(&all[0]).await);
    assert_eq!(azure.count("GET"), 2);
    assert_eq!((tokens.reports().len(), tokens.counts()), (2, (2, 0)));
    drop(all);
    assert_eq!(tokens.reports().len(), 1, "what nobody holds is fetched no more");
}

#[tokio::test]
async fn a_token_is_replaced_before_its_end_and_nobody_waits() {
    let azure = StandIn::start().await;
    azure.change(|state| state.life = 2);
    let tokens = tokens(&azure);
    let token = tokens.of(&identity(None, AI));
    let first = got(&token).await.unwrap();
    let current = || token.get().map(|token| token.expose().to_owned());
    until("the next one is there", || {
        let now = current();
        assert!(now.is_some(), "there was a moment without a token");
        now.as_deref() != Some(&first)
    })
    .await;
    // One that ends while its issuer is away is not sent any more.
    azure.change(|state| state.issuer = 500);
    until("it ends", || current().is_none()).await;
    assert_eq!(tokens.reports()[0].trouble.as_deref(), Some("the issuer answered 500"));
    azure.change(|state| state.issuer = 200);
    until("it comes back", || current().is_some()).await;
    assert_eq!((tokens.reports()[0].trouble.clone(), tokens.reports()[0].left.is_some()), (None, true));
}

#[tokio::test]
async fn answers_that_hold_no_token_give_none_and_repeat_nothing() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    for body in [
        "canary",
        r#"{"access_token": "canary"}"#,
        r#"{"access_token": "canary", "expires_in": 0}"#,
        r#"{"access_token": "canary", "expires_on": "17"}"#,
        r#"{"access_token": "can ary", "expires_in": 60}"#,
        r#"{"access_token": 7, "expires_in": 60}"#,
        r#"{"access_token": "", "expires_in": 60}"#,
        r#"{"expires_in": "sixty"}"#,
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let _server = crate::tasks::Task::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await.unwrap();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let tokens = tokens_of(&[("AZURE_POD_IDENTITY_AUTHORITY_HOST", base)]);
        let token = tokens.of(&identity(None, AI));
        assert_eq!(got(&token).await, None, "{body}");
        assert_eq!(tokens.reports()[0].trouble.as_deref(), Some("the issuer's answer holds no usable token"), "{body}");
    }
}

#[test]
fn tokens_are_fetched_at_half_of_their_life_and_failures_ever_later() {
    let seconds = Duration::from_secs;
    for (life, after) in [(86_400, 43_200), (3_600, 1_800), (600, 300), (60, 30), (40, 30), (4, 3)] {
        assert_eq!(renewal(seconds(life)), seconds(after), "{life}");
    }
    // 200 is the middle of the spread.
    for (failures, wanted, after) in
        [(1, None, 1), (2, None, 2), (4, None, 8), (9, None, 60), (1_000, None, 60), (1, Some(90), 90), (1, Some(86_400), 600)]
    {
        assert_eq!(pause(failures, wanted.map(seconds), 200), seconds(after), "{failures}");
    }
    assert_eq!((pause(1, None, 0), pause(1, None, 400)), (Duration::from_millis(800), Duration::from_millis(1_200)));
}

#[test]
fn only_words_are_repeated() {
    for (said, shown) in [
        ("invalid_request", "invalid_request"),
        ("SecretDisabled", "SecretDisabled"),
        ("canary-7f", ""),
        ("eyJ0.eyJ1", ""),
        ("", ""),
    ] {
        assert_eq!(word(said), shown);
    }
    assert_eq!(word(&"a".repeat(41)), "");
}
