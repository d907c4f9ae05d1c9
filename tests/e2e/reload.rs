//! The reload contract, on a folder of policies: what is written is live, what is wrong changes nothing, and nobody notices in between.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::client::{Client, ask, chat, fetch, said, stream, streaming};
use crate::support::gateway::Gateway;
use crate::support::policies::Policies;
use crate::support::upstream::{Step, Upstream, done, failure, finish, head, last, text_chunk};
use crate::support::{until, until_async};

/// What a change of a file may take here: the promise is 250 ms, for a release build on a machine of its own.
const LIVE_WITHIN: Duration = Duration::from_secs(2);

/// The system message that an upstream got last.
fn house(upstream: &Upstream) -> String {
    upstream.got().last().unwrap().body["messages"][0]["content"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "the measured time is worth knowing")]
async fn a_change_of_a_file_is_live_soon() {
    let upstream = Upstream::start().await;
    let mut policies = Policies::to(&[upstream.address]);
    let gateway = Gateway::dev(&policies).await;
    for (number, in_place) in [(1, true), (2, false)] {
        let before = gateway.digest().await;
        policies.house = format!("House {number}.");
        let began = Instant::now();
        if in_place {
            fs::write(gateway.folder.join("gateway.yaml"), policies.yaml()).unwrap();
        } else {
            gateway.write("gateway.yaml", &policies.yaml());
        }
        gateway.until_other_than(&before).await;
        let took = began.elapsed();
        eprintln!("a changed file was live after {} ms", took.as_millis());
        assert!(took < LIVE_WITHIN, "{took:?}");
        ask(gateway.data, &chat("hello")).await;
        assert_eq!(house(&upstream), policies.house);
    }
}

#[tokio::test]
async fn a_folder_whose_link_kubernetes_swaps_is_read_again() {
    let upstream = Upstream::start().await;
    let mut policies = Policies::to(&[upstream.address]);
    let gateway = Gateway::dev(&policies).await;
    let before = gateway.digest().await;
    // As a ConfigMap is mounted: the file leads to ..data, and that to a folder of its own for each version.
    let version = |name: &str, policies: &Policies| {
        fs::create_dir(gateway.folder.join(name)).unwrap();
        fs::write(gateway.folder.join(name).join("gateway.yaml"), policies.yaml()).unwrap();
        symlink(name, gateway.folder.join("..data_tmp")).unwrap();
        fs::rename(gateway.folder.join("..data_tmp"), gateway.folder.join("..data")).unwrap();
    };
    policies.house = "First.".to_owned();
    version("..2026_1", &policies);
    symlink("..data/gateway.yaml", gateway.folder.join("new")).unwrap();
    fs::rename(gateway.folder.join("new"), gateway.folder.join("gateway.yaml")).unwrap();
    let first = gateway.until_other_than(&before).await;
    policies.house = "Second.".to_owned();
    version("..2026_2", &policies);
    gateway.until_other_than(&first).await;
    ask(gateway.data, &chat("hello")).await;
    assert_eq!(house(&upstream), "Second.");
}

#[tokio::test]
async fn a_request_stays_with_the_policies_it_began_with_its_retries_included() {
    let (old, new) = (Upstream::start().await, Upstream::start().await);
    let mut policies = Policies::to(&[old.address]);
    policies.model = "retry: {attempts: 2, budget: 100%, backoff: {base: 10ms, max: 20ms}}".to_owned();
    let gateway = Gateway::dev(&policies).await;
    let before = gateway.digest().await;
    let mut slow = failure("500 Internal Server Error", "", "x");
    slow.insert(0, Step::Gate);
    old.then([slow]);
    let asking = tokio::spawn({
        let address = gateway.data;
        async move { ask(address, &chat("hello")).await }
    });
    old.request(1).await;
    policies.upstreams = vec![new.address];
    policies.house = "New.".to_owned();
    gateway.write("gateway.yaml", &policies.yaml());
    let after = gateway.until_other_than(&before).await;
    assert_eq!(ask(gateway.data, &chat("hello")).await.content(), "ok");
    assert_eq!((old.count(), new.count()), (1, 1));
    old.open();
    assert_eq!(asking.await.unwrap().content(), "ok");
    assert_eq!((old.count(), new.count()), (2, 1), "the retry goes where the old policies send it");
    assert_eq!((house(&old), house(&new)), ("You help.".to_owned(), "New.".to_owned()));
    let bundles: Vec<Value> = gateway.records(2).await.iter().map(|record| record["bundle"].clone()).collect();
    assert_eq!(bundles, [after, before]);
}

#[tokio::test]
async fn a_stream_in_flight_finishes_on_the_old_policies_and_then_they_are_gone() {
    let upstream = Upstream::start().await;
    let mut policies = Policies::to(&[upstream.address]);
    let gateway = Gateway::dev(&policies).await;
    let before = gateway.digest().await;
    upstream.then([vec![head(), text_chunk("one"), Step::Gate, text_chunk("two"), finish(), done(), last()]]);
    let mut stream = stream(gateway.data, &streaming("hello")).await;
    assert_eq!(said(&[stream.next().await.unwrap()]), ["one"]);
    policies.house = "New.".to_owned();
    gateway.write("gateway.yaml", &policies.yaml());
    gateway.until_other_than(&before).await;
    assert_eq!(gateway.status().await["generationsAlive"], 2);
    upstream.open();
    assert_eq!(said(&stream.rest().await), ["two", "finish stop", "[DONE]"]);
    until_async("the old policies are gone", || async { (gateway.status().await["generationsAlive"] == 1).then_some(()) }).await;
}

#[tokio::test]
async fn a_stream_that_outlives_the_drain_limit_after_a_reload_ends_with_an_error() {
    let upstream = Upstream::start().await;
    let mut policies = Policies::to(&[upstream.address]);
    let gateway = Gateway::dev_with(&policies, &["--drain", "300ms"]).await;
    let before = gateway.digest().await;
    upstream.then([vec![head(), text_chunk("one"), Step::Hang]]);
    let mut stream = stream(gateway.data, &streaming("hello")).await;
    assert_eq!(said(&[stream.next().await.unwrap()]), ["one"]);
    policies.house = "New.".to_owned();
    gateway.write("gateway.yaml", &policies.yaml());
    gateway.until_other_than(&before).await;
    assert_eq!(said(&stream.rest().await), ["error draining"]);
    upstream.left(1).await;
}

#[tokio::test]
async fn counters_and_connections_outlive_a_reload() {
    let upstream = Upstream::start().await;
    let mut policies = Policies::to(&[upstream.address]);
    policies.limits = "[{name: rpm, requests: 3, window: 10m}]".to_owned();
    let gateway = Gateway::dev(&policies).await;
    let mut codes = Vec::new();
    for number in 0..4 {
        let before = gateway.digest().await;
        codes.push(ask(gateway.data, &chat("hello")).await.code());
        policies.house = format!("House {number}.");
        gateway.write("gateway.yaml", &policies.yaml());
        gateway.until_other_than(&before).await;
    }
    assert_eq!(codes, ["200", "200", "200", "429 rate_limited"]);
    assert_eq!(gateway.metric("aigw_upstream_connections_opened_total").await, 1.0);
}

#[tokio::test]
async fn policies_that_do_not_compile_never_replace_those_that_do() {
    let upstream = Upstream::start().await;
    let policies = Policies::to(&[upstream.address]);
    let gateway = Gateway::dev(&policies).await;
    let digest = gateway.digest().await;
    for (attempt, bad) in
        [policies.yaml().replace("kind: Route", "kind: Ruote"), policies.yaml().replace("spec:", "spec: [")].iter().enumerate()
    {
        gateway.write("gateway.yaml", bad);
        until("the fault was logged", || (gateway.log().matches("policies not loaded").count() > attempt).then_some(())).await;
        let refusal = gateway.refusal().await;
        assert_eq!((&refusal["result"], &refusal["reason"]), (&json!("refused"), &json!("policies_do_not_compile")));
    }
    assert_eq!(gateway.digest().await, digest);
    assert_eq!(ask(gateway.data, &chat("hello")).await.content(), "ok");
    assert!(gateway.log().contains("Ruote"), "the findings are shown");
    let ready = gateway.get("/readyz").await;
    assert_eq!((ready.status.as_u16(), &ready.json()["state"]), (200, &json!("stale")));
    assert_eq!(gateway.get("/readyz?strict").await.status, 503);
    let metrics = gateway.get("/metrics").await.body;
    assert!(
        metrics.contains(r#"aigw_activations_total{aigw_result="refused",error_type="policies_do_not_compile"} "#),
        "{metrics}"
    );
    gateway.write("gateway.yaml", &policies.yaml());
    until_async("it is ready again", || async { (gateway.get("/readyz?strict").await.status == 200).then_some(()) }).await;
}

#[tokio::test]
async fn a_folder_that_was_emptied_changes_nothing() {
    let upstream = Upstream::start().await;
    let gateway = Gateway::dev(&Policies::to(&[upstream.address])).await;
    fs::remove_file(gateway.folder.join("gateway.yaml")).unwrap();
    let refusal = gateway.refusal().await;
    assert!(refusal["message"].as_str().unwrap_or_default().contains("no policies"), "{refusal}");
    assert_eq!(ask(gateway.data, &chat("hello")).await.content(), "ok");
}

#[tokio::test]
async fn a_hang_up_signal_asks_for_a_reload() {
    let gateway = Gateway::dev(&Policies::mock("{}")).await;
    let attempts = gateway.metric("aigw_activations_total").await;
    gateway.signal("-HUP");
    until_async("another attempt was made", || async {
        (gateway.metric("aigw_activations_total").await > attempts).then_some(())
    })
    .await;
    assert_eq!(gateway.status().await["activations"][0]["result"], "unchanged");
}

#[tokio::test]
async fn a_process_without_policies_is_alive_and_not_ready_until_there_are_some() {
    let upstream = Upstream::start().await;
    let policies = Policies::to(&[upstream.address]);
    let gateway = Gateway::dev_yaml(&policies.yaml().replace("kind: Route", "kind: Ruote")).await;
    assert_eq!(gateway.get("/livez").await.status, 200);
    let ready = gateway.get("/readyz").await;
    assert_eq!((ready.status.as_u16(), &ready.json()["state"]), (503, &json!("no_bundle")));
    assert_eq!(ask(gateway.data, &chat("hello")).await.code(), "503 not_ready");
    assert!(gateway.log().contains("not ready: policies_do_not_compile"), "{}", gateway.log());
    gateway.write("gateway.yaml", &policies.yaml());
    until_async("it is ready", || async { (gateway.get("/readyz").await.status == 200).then_some(()) }).await;
    assert_eq!(ask(gateway.data, &chat("hello")).await.content(), "ok");
}

#[tokio::test]
async fn every_attempt_leaves_a_record_in_the_status() {
    let gateway = Gateway::dev(&Policies::mock("{}")).await;
    let record = gateway.reload().await;
    assert_eq!(record["result"], "unchanged");
    for member in ["time", "source", "digest", "sequence", "durations"] {
        assert!(!record[member].is_null(), "{member}: {record}");
    }
    assert_eq!(gateway.status().await["activations"][0], record);
    assert_eq!(fetch(gateway.admin, "GET", "/v1/reload").await.status, 405);
    assert_eq!(fetch(gateway.admin, "GET", "/v1/chat/completions").await.status, 404, "no client is served on the admin address");
    assert_eq!(fetch(gateway.data, "GET", "/status").await.code(), "404 route_not_found", "and no operator on the other");
}

#[tokio::test]
async fn a_kept_connection_sees_the_new_policies_with_its_next_request() {
    let upstream = Upstream::start().await;
    let mut policies = Policies::to(&[upstream.address]);
    let gateway = Gateway::dev(&policies).await;
    let mut client = Client::connect(gateway.data).await;
    for number in 0..3 {
        let before = gateway.digest().await;
        policies.house = format!("House {number}.");
        gateway.write("gateway.yaml", &policies.yaml());
        gateway.until_other_than(&before).await;
        assert_eq!(client.ask(&chat("hello")).await.content(), "ok");
        assert_eq!(house(&upstream), policies.house);
    }
}
