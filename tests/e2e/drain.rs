//! The orderly end of a process.

use serde_json::json;
use tokio::net::TcpStream;

use crate::support::client::{ask, chat, said, stream, streaming};
use crate::support::gateway::Gateway;
use crate::support::policies::Policies;
use crate::support::until_async;
use crate::support::upstream::{Step, Upstream, done, finish, head, last, text_chunk};

#[tokio::test]
async fn a_stream_in_flight_finishes_before_the_process_ends() {
    let upstream = Upstream::start().await;
    let mut gateway = Gateway::dev(&Policies::to(&[upstream.address])).await;
    upstream.then([vec![head(), text_chunk("one"), Step::Gate, text_chunk("two"), finish(), done(), last()]]);
    let mut stream = stream(gateway.data, &streaming("hello")).await;
    assert_eq!(said(&[stream.next().await.unwrap()]), ["one"]);
    gateway.terminate();
    until_async("nobody is accepted any more", || async { TcpStream::connect(gateway.data).await.err() }).await;
    let ready = gateway.get("/readyz").await;
    assert_eq!((ready.status.as_u16(), &ready.json()["state"]), (503, &json!("draining")));
    assert_eq!(gateway.get("/livez").await.status, 200);
    upstream.open();
    assert_eq!(said(&stream.rest().await), ["two", "finish stop", "[DONE]"]);
    assert_eq!(gateway.ended().await, Some(0));
    assert!(gateway.log().contains("Drained"), "{}", gateway.log());
    assert_eq!(gateway.records(1).await.remove(0)["outcome"], "completed", "its record is written before the end");
}

#[tokio::test]
async fn a_stream_past_the_drain_limit_ends_well_formed_with_an_error() {
    let upstream = Upstream::start().await;
    let mut gateway = Gateway::dev_with(&Policies::to(&[upstream.address]), &["--drain", "300ms"]).await;
    upstream.then([vec![head(), text_chunk("one"), Step::Hang], vec![Step::Hang]]);
    let mut stream = stream(gateway.data, &streaming("hello")).await;
    assert_eq!(said(&[stream.next().await.unwrap()]), ["one"]);
    let waiting = tokio::spawn({
        let address = gateway.data;
        async move { ask(address, &chat("hello")).await }
    });
    upstream.request(2).await;
    gateway.terminate();
    assert_eq!(said(&stream.rest().await), ["error draining"]);
    assert_eq!(waiting.await.unwrap().code(), "503 draining");
    assert_eq!(gateway.ended().await, Some(0));
    assert!(gateway.log().contains("Interrupted"), "{}", gateway.log());
    upstream.left(2).await;
    let outcomes: Vec<_> = gateway.records(2).await.iter().map(|record| record["outcome"].clone()).collect();
    assert!(outcomes.contains(&json!("failed")), "{outcomes:?}");
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let upstream = Upstream::start().await;
    let mut gateway = Gateway::dev(&Policies::to(&[upstream.address])).await;
    upstream.then([vec![head(), text_chunk("one"), Step::Hang]]);
    let mut stream = stream(gateway.data, &streaming("hello")).await;
    assert_eq!(said(&[stream.next().await.unwrap()]), ["one"]);
    gateway.terminate();
    until_async("it drains", || async { (gateway.get("/readyz").await.status == 503).then_some(()) }).await;
    gateway.terminate();
    assert_eq!(gateway.ended().await, Some(0));
    assert!(gateway.log().contains("Forced"), "{}", gateway.log());
}
