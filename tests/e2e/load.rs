//! A thousand reloads under load lose no request and leak no memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aigw_bundle::{Container, Content, Limits};

use crate::support::bundles::Workshop;
use crate::support::client::{Client, chat, said, stream, streaming};
use crate::support::gateway::Gateway;
use crate::support::policies::Policies;
use crate::support::until_async;

/// Reloads.
const RELOADS: u64 = 1_000;
/// After these the process has seen everything there is to see, and must not grow any more.
const WARM: u64 = 200;
/// What it may grow in the rest, in bytes: an allocator's scatter, far below a leaked program a reload (each is some hundred KiB).
const GROWTH: f64 = 16.0 * 1024.0 * 1024.0;
/// Clients that ask without a pause.
const CLIENTS: usize = 3;

fn content(workshop: &Workshop, name: &str, text: &str) -> Content {
    let bundle = workshop.build(name, &Policies::mock(&format!("{{text: \"{text}\"}}")), &["--sequence", "1"]);
    let bundle = std::fs::read(bundle).unwrap();
    Content::from_gz(Container::parse(&bundle, &Limits::default()).unwrap().content, &Limits::default()).unwrap()
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "the measured growth is worth knowing")]
async fn a_thousand_reloads_under_load_lose_no_request_and_leak_no_memory() {
    let workshop = Workshop::new();
    let contents = [content(&workshop, "one", "one"), content(&workshop, "two", "two")];
    workshop.put("served.aigw", &workshop.bytes("one"));
    let gateway = Gateway::serve(workshop.serve("served.aigw", &[])).await;
    let (over, answered, streams) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let (over, answered, address) = (Arc::clone(&over), Arc::clone(&answered), gateway.data);
        asking.spawn(async move {
            let mut client = Client::connect(address).await;
            while !over.load(Ordering::Relaxed) {
                let content = client.ask(&chat("hello")).await.content();
                assert!(["one", "two"].contains(&content.as_str()), "{content}");
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let (no_more, count, address) = (Arc::clone(&over), Arc::clone(&streams), gateway.data);
    asking.spawn(async move {
        while !no_more.load(Ordering::Relaxed) {
            let said = said(&stream(address, &streaming("hello")).await.rest().await).concat();
            assert!(["onefinish stop[DONE]", "twofinish stop[DONE]"].contains(&said.as_str()), "{said}");
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    let mut warm = 0.0;
    for sequence in 2..RELOADS + 2 {
        let content = contents.get(usize::try_from(sequence % 2).unwrap()).unwrap();
        workshop.put("served.aigw", &workshop.signed(content, sequence, |_| {}, None));
        gateway.reload().await;
        assert_eq!(gateway.status().await["bundle"]["sequence"], sequence);
        if sequence == WARM {
            warm = gateway.metric("process_resident_memory_bytes").await;
        }
    }
    let loaded = gateway.metric("process_resident_memory_bytes").await;
    over.store(true, Ordering::Relaxed);
    while let Some(ended) = asking.join_next().await {
        ended.unwrap();
    }
    until_async("only one generation is left", || async { (gateway.status().await["generationsAlive"] == 1).then_some(()) })
        .await;
    let activated = gateway.metric("aigw_activations_total{aigw_result=\"activated\",error_type=\"\"}").await;
    let (answered, streams) = (answered.load(Ordering::Relaxed), streams.load(Ordering::Relaxed));
    eprintln!(
        "{RELOADS} reloads, {answered} answers, {streams} streams, {warm} bytes resident after {WARM} reloads and {loaded} at the end"
    );
    assert!(answered > 100 && streams > 100, "there was no load: {answered} answers, {streams} streams");
    assert!(activated >= RELOADS as f64, "{activated}");
    assert!(loaded <= warm + GROWTH, "it grew from {warm} to {loaded} bytes");
}
