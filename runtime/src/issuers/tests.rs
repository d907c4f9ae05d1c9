#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::transport::ClientTls;

/// A P-256 key of that id; the point is the curve's own generator.
fn jwks(id: &str) -> String {
    let (x, y) = ("axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU");
    format!(r#"{{"keys": [{{"kty": "EC", "crv": "P-256", "kid": "{id}", "x": "{x}", "y": "{y}"}}]}}"#)
}

/// An issuer that answers every path with what stands there now, and counts.
struct Stand {
    address: SocketAddr,
    answers: Arc<Mutex<BTreeMap<String, (u16, String)>>>,
    asked: Arc<AtomicUsize>,
    _task: Task,
}

impl Stand {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answers = Arc::<Mutex<BTreeMap<String, (u16, String)>>>::default();
        let asked = Arc::<AtomicUsize>::default();
        let (known, count) = (Arc::clone(&answers), Arc::clone(&asked));
        let task = Task::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = vec![0; 4096];
                let read = stream.read(&mut head).await.unwrap();
                let head = String::from_utf8_lossy(head.get(..read).unwrap()).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                count.fetch_add(1, Ordering::Relaxed);
                let (status, body) = known.lock().unwrap().get(&path).cloned().unwrap_or((404, String::new()));
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { address, answers, asked, _task: task }
    }

    fn says(&self, path: &str, status: u16, body: &str) {
        self.answers.lock().unwrap().insert(path.to_owned(), (status, body.to_owned()));
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn kept(&self, source: KeySource) -> Kept {
        Kept::new(source)
    }

    fn jwks(&self) -> KeySource {
        KeySource::Jwks { url: self.url("/keys") }
    }
}

fn fetcher() -> Fetcher {
    Fetcher::new(Arc::new(ClientTls::new([]).unwrap()))
}

fn issuers() -> Issuers {
    Issuers::new(fetcher(), Arc::new(Random::seeded(1)), Handle::current())
}

fn ids(keys: &KeySet) -> Vec<&str> {
    keys.keys.iter().filter_map(|key| key.id.as_deref()).collect()
}

#[tokio::test]
async fn discovery_leads_to_the_keys_of_that_issuer_only() {
    let stand = Stand::start().await;
    let source = KeySource::Discovery { url: stand.url("/d"), issuer: stand.url("") };
    let kept = stand.kept(source);
    let document = |issuer: &str, keys: &str| format!(r#"{{"issuer": "{issuer}", "jwks_uri": "{keys}"}}"#);
    stand.says("/keys", 200, &jwks("a"));
    stand.says("/d", 200, &document(&stand.url(""), &stand.url("/keys")));
    assert_eq!(ids(&kept.fetch(&fetcher()).await.unwrap().0), ["a"]);
    for (issuer, keys) in [(stand.url("/"), stand.url("/keys")), (stand.url(""), "http://id.example/keys".to_owned())] {
        stand.says("/d", 200, &document(&issuer, &keys));
        assert!(kept.fetch(&fetcher()).await.is_err(), "{issuer} {keys}");
    }
    stand.says("/d", 302, "");
    assert!(matches!(kept.fetch(&fetcher()).await, Err(Fault::Status(302))));
}

#[tokio::test]
async fn keys_stay_when_the_issuer_is_away_and_the_same_keys_stay_the_same() {
    let stand = Stand::start().await;
    let kept = stand.kept(stand.jwks());
    stand.says("/keys", 200, &jwks("a"));
    kept.note(kept.fetch(&fetcher()).await);
    let first = kept.keys.load_full().unwrap();
    kept.note(kept.fetch(&fetcher()).await);
    assert!(Arc::ptr_eq(&first, &kept.keys.load_full().unwrap()));
    stand.says("/keys", 500, "");
    kept.note(kept.fetch(&fetcher()).await);
    assert!(Arc::ptr_eq(&first, &kept.keys.load_full().unwrap()));
    assert!(kept.last.lock().unwrap().fault.as_ref().unwrap().contains("500"));
    stand.says("/keys", 200, &jwks("b"));
    kept.note(kept.fetch(&fetcher()).await);
    assert_eq!(ids(&kept.keys.load_full().unwrap()), ["b"]);
    assert_eq!((kept.good.load(Ordering::Relaxed), kept.bad.load(Ordering::Relaxed)), (3, 1));
}

#[tokio::test]
async fn however_many_want_it_an_issuer_is_asked_once_within_the_floor() {
    let stand = Stand::start().await;
    stand.says("/keys", 200, &jwks("a"));
    let issuers = issuers();
    let issuer = issuers.get(&stand.jwks());
    assert!(Arc::ptr_eq(&issuer, &issuers.get(&stand.jwks())), "an issuer that stays keeps its keys");
    while issuer.keys().is_none() {
        issuer.refresh().await;
    }
    assert_eq!(stand.asked.load(Ordering::Relaxed), 1);
    // All wait together for the one that comes when the floor has passed, and see what the issuer has by then.
    stand.says("/keys", 200, &jwks("b"));
    let began = Instant::now();
    let waiting: Vec<_> = (0..50).map(|_| Arc::clone(&issuer)).collect();
    let tasks: Vec<_> = waiting.into_iter().map(|issuer| tokio::spawn(async move { issuer.refresh().await })).collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(stand.asked.load(Ordering::Relaxed), 2);
    assert!(began.elapsed() > FLOOR / 2, "{:?}", began.elapsed());
    assert_eq!(ids(&issuer.keys().unwrap()), ["b"]);
}

#[tokio::test]
async fn no_more_wait_than_there_are_places() {
    let kept = Kept::new(KeySource::Jwks { url: String::new() });
    let places: Vec<_> = (0..MAX_WAITING).map(|_| Place::take(&kept)).collect();
    assert!(places.iter().all(Option::is_some) && Place::take(&kept).is_none());
    drop(places);
    assert!(Place::take(&kept).is_some());
}

#[test]
fn what_an_issuer_says_of_its_keys_age_counts_within_bounds() {
    let age = |text: &'static str| {
        let headers = HeaderMap::from_iter([(CACHE_CONTROL, http::HeaderValue::from_static(text))]);
        max_age(&headers).clamp(*REFRESH.start(), *REFRESH.end()).as_secs()
    };
    assert_eq!(age("public, max-age=600, must-revalidate"), 600);
    assert_eq!(age("Max-Age=\"900\""), 900);
    assert_eq!((age("max-age=0"), age("max-age=86400"), age("no-store")), (300, 3_600, 3_600));
    let jitter = |random| jittered(Duration::from_secs(1_000), random).as_secs();
    assert!(jitter(0) == 1_000 && (800..=1_000).contains(&jitter(999)));
}
