#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::serve::Bounds;
use crate::serve::tests::Fixture;
use crate::tasks::Task;
use crate::transport::tests::Certificate;

const TIMEOUT: Duration = Duration::from_secs(5);

fn fetcher() -> Fetcher {
    Fetcher::new(Arc::new(ClientTls::new([]).unwrap()))
}

/// A server that answers one request with those bytes.
async fn answering(bytes: &'static str) -> (SocketAddr, Task) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = Task::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 1024];
        let _ = stream.read(&mut head).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
    });
    (address, task)
}

#[tokio::test]
async fn a_body_goes_there_and_a_body_comes_back() {
    let server = Fixture::start(Bounds::default(), None);
    let url = format!("http://{}/echo", server.address);
    let what = Fetch { method: Method::POST, body: wiped(b"a=1".to_vec()), ..Fetch::get(&url, 3, TIMEOUT) };
    let answer = fetcher().fetch(what).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (StatusCode::OK, &b"a=1"[..]));
}

#[tokio::test]
async fn one_byte_too_many_and_a_moment_too_late_are_refused() {
    let server = Fixture::start(Bounds::default(), None);
    let url = format!("http://{}/stream", server.address);
    assert!(matches!(fetcher().fetch(Fetch::get(&url, 17, TIMEOUT)).await, Err(FetchError::Long { max_bytes: 17, .. })));
    assert_eq!(fetcher().fetch(Fetch::get(&url, 18, TIMEOUT)).await.unwrap().body.as_slice(), b"chunk;chunk;chunk;");
    for path in ["never", "endless"] {
        let url = format!("http://{}/{path}?secret", server.address);
        let fault = fetcher().fetch(Fetch::get(&url, 100, Duration::from_millis(50))).await.err().unwrap();
        assert_eq!(fault.to_string(), "`127.0.0.1` did not answer within 50ms");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_an_order() {
    let elsewhere = Fixture::start(Bounds::default(), None);
    let text =
        format!("HTTP/1.1 302 Found\r\nlocation: http://{}/\r\ncontent-length: 0\r\nretry-after: 7\r\n\r\n", elsewhere.address);
    let (address, _task) = answering(Box::leak(text.into_boxed_str())).await;
    let answer = fetcher().fetch(Fetch::get(&format!("http://{address}/"), 10, TIMEOUT)).await.unwrap();
    assert_eq!((answer.status, answer.retry_after()), (StatusCode::FOUND, Some(Duration::from_secs(7))));
    assert_eq!(elsewhere.counts.now().accepted, 0);
}

#[tokio::test]
async fn certificates_are_checked_against_the_named_authority() {
    for alpn in [&[][..], &[&b"h2"[..]]] {
        let certificate = Certificate::new();
        let server = Fixture::start(Bounds::default(), Some(certificate.server(alpn)));
        let ca: Name = "own".parse().unwrap();
        let named = Fetcher::new(certificate.certificates().upstream());
        let url = format!("https://localhost:{}/stream", server.address.port());
        let get = |ca| Fetch { ca, ..Fetch::get(&url, 100, TIMEOUT) };
        assert_eq!(named.fetch(get(Some(&ca))).await.unwrap().body.as_slice(), b"chunk;chunk;chunk;");
        assert!(named.fetch(get(None)).await.is_err(), "the system does not know that authority");
        assert!(matches!(fetcher().fetch(get(Some(&ca))).await, Err(FetchError::Pool(PoolError::UnknownCa(_)))));
    }
}

#[tokio::test]
async fn nothing_leaves_the_machine_unencrypted() {
    for url in ["http://api.example/", "http://10.0.0.1/", "http://127.0.0.1.example/", "http://[2001:db8::1]/"] {
        assert!(matches!(fetcher().fetch(Fetch::get(url, 1, TIMEOUT)).await, Err(FetchError::Plain(_))), "{url}");
    }
    for url in ["", "/path", "ftp://127.0.0.1/", "http://user:pw@127.0.0.1/"] {
        assert!(matches!(fetcher().fetch(Fetch::get(url, 1, TIMEOUT)).await, Err(FetchError::Address)), "{url}");
    }
    for host in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "localhost", "169.254.169.254", "169.254.131.2"] {
        assert!(is_near(host), "{host}");
    }
}
