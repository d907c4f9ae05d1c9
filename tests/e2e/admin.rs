//! The admin plane: who may ask.

use std::fs;

use http::Request;
use http_body_util::Full;

use crate::support::client::{Client, fetch};
use crate::support::gateway::Gateway;
use crate::support::policies::Policies;
use crate::support::{aigw, run};

const TOKEN: &str = "canary-token-5f0c9a1e77";

#[tokio::test]
async fn whoever_asks_for_more_than_health_needs_the_token_where_there_is_one() {
    let files = tempfile::tempdir().unwrap();
    let (right, wrong) = (files.path().join("token"), files.path().join("wrong"));
    fs::write(&right, format!("{TOKEN}\n")).unwrap();
    fs::write(&wrong, "canary-token-0000000000").unwrap();
    let gateway = Gateway::dev_with(&Policies::mock("{}"), &["--admin-token-file", right.to_str().unwrap()]).await;
    for (method, path, status) in [
        ("GET", "/livez", 200),
        ("GET", "/readyz", 200),
        ("GET", "/status", 401),
        ("GET", "/metrics", 401),
        ("POST", "/v1/reload", 401),
    ] {
        assert_eq!(fetch(gateway.admin, method, path).await.status, status, "{path}");
    }
    let request =
        Request::get("/status").header("host", "a").header("authorization", format!("Bearer {TOKEN}")).body(Full::default());
    let status = Client::connect(gateway.admin).await.send(request.unwrap()).await;
    assert_eq!(status.status, 200);
    assert!(!status.body.contains(TOKEN) && !gateway.log().contains(TOKEN));
    let admin = gateway.admin.to_string();
    let ask = |verb: &[&str], token: &std::path::Path| {
        run(aigw().args(verb).args(["--admin", &admin, "--admin-token-file"]).arg(token))
    };
    for verb in [&["status"][..], &["reload", "--wait"], &["reload"]] {
        ask(verb, &right).expect(0);
        ask(verb, &wrong).expect(2);
        run(aigw().args(verb).args(["--admin", &admin])).expect(2);
    }
}

#[test]
fn an_admin_address_that_others_can_reach_needs_a_token() {
    let policies = tempfile::tempdir().unwrap();
    fs::write(policies.path().join("gateway.yaml"), Policies::mock("{}").yaml()).unwrap();
    let ran = run(aigw().args(["serve", "--listen", "127.0.0.1:0", "--admin", "0.0.0.0:0", "--dev"]).arg(policies.path()));
    assert!(ran.err.contains("can be reached from other machines"), "{ran:?}");
    ran.expect(2);
}

#[tokio::test]
async fn a_page_in_a_browser_cannot_ask_for_a_reload() {
    let gateway = Gateway::dev(&Policies::mock("{}")).await;
    let request =
        Request::post("/v1/reload").header("host", "a").header("origin", "https://evil.example").body(Full::default()).unwrap();
    assert_eq!(Client::connect(gateway.admin).await.send(request).await.status, 403);
}
