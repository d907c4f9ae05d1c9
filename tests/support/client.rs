//! A client that sees what a real one sees: statuses, headers, and each event of a stream when it comes.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::policies::KEY;
use super::soon;

/// A connection that is kept.
pub(crate) struct Client {
    address: SocketAddr,
    sender: http1::SendRequest<Full<Bytes>>,
    connection: JoinHandle<()>,
}

/// An answer that has ended.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its body.
    pub(crate) body: String,
}

/// An answer while it comes. Dropping it leaves, as a client does that closes its connection.
pub(crate) struct Stream {
    /// Its status.
    pub(crate) status: StatusCode,
    body: Incoming,
    text: String,
    _client: Client,
}

/// A chat request.
pub(crate) fn chat(text: &str) -> Value {
    json!({"model": "chat", "messages": [{"role": "user", "content": text}]})
}

/// A chat request that wants a stream.
pub(crate) fn streaming(text: &str) -> Value {
    json!({"model": "chat", "stream": true, "messages": [{"role": "user", "content": text}]})
}

/// Asks once, on a connection of its own.
pub(crate) async fn ask(address: SocketAddr, body: &Value) -> Answer {
    Client::connect(address).await.ask(body).await
}

/// Asks for a stream, and gives it once its head has come.
pub(crate) async fn stream(address: SocketAddr, body: &Value) -> Stream {
    let mut client = Client::connect(address).await;
    let response = soon("a stream's head", client.sender.send_request(post(address, body))).await.unwrap();
    Stream { status: response.status(), body: response.into_body(), text: String::new(), _client: client }
}

/// A request of any kind, on a connection of its own.
pub(crate) async fn fetch(address: SocketAddr, method: &str, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("host", address.to_string()).body(Full::default()).unwrap();
    Client::connect(address).await.send(request).await
}

/// The chat request as HTTP.
pub(crate) fn post(address: SocketAddr, body: &Value) -> Request<Full<Bytes>> {
    Request::post("/v1/chat/completions")
        .header("host", address.to_string())
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", "application/json")
        .body(Full::from(body.to_string()))
        .unwrap()
}

/// Asks over HTTP/2, by prior knowledge, on whatever the connection is.
pub(crate) async fn ask_http2<T>(io: T, authority: &str, body: &Value) -> Answer
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let request = Request::post(format!("http://{authority}/v1/chat/completions"))
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", "application/json");
    send_http2(io, request.body(Full::from(body.to_string())).unwrap()).await
}

/// Sends a request, whose URI is whole, over HTTP/2 on whatever the connection is.
pub(crate) async fn send_http2<T>(io: T, mut request: Request<Full<Bytes>>) -> Answer
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await.unwrap();
    let connection = tokio::spawn(async move { drop(connection.await) });
    *request.version_mut() = http::Version::HTTP_2;
    let response = soon("an answer", sender.send_request(request)).await.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    let answer = Answer::of(response).await;
    connection.abort();
    answer
}

impl Client {
    /// Connects.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(address, stream).await
    }

    /// On a connection that is there already.
    pub(crate) async fn over<T>(address: SocketAddr, io: T) -> Self
    where
        T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = http1::handshake(TokioIo::new(io)).await.unwrap();
        Self { address, sender, connection: tokio::spawn(async move { drop(connection.await) }) }
    }

    /// Sends a request and reads its answer to the end.
    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Answer {
        soon("an answer", async {
            self.sender.ready().await.unwrap();
            Answer::of(self.sender.send_request(request).await.unwrap()).await
        })
        .await
    }

    /// Asks.
    pub(crate) async fn ask(&mut self, body: &Value) -> Answer {
        self.send(post(self.address, body)).await
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Answer {
    async fn of(response: http::Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: head.status, headers: head.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        let json = serde_json::from_str(&self.body);
        assert!(json.is_ok(), "not JSON: {}", self.body);
        json.unwrap()
    }

    /// Status and error code; the status alone where there is no error.
    pub(crate) fn code(&self) -> String {
        let code = self.json().pointer("/error/code").and_then(Value::as_str).unwrap_or_default().to_owned();
        format!("{} {code}", self.status.as_u16()).trim_end().to_owned()
    }

    /// What the model said.
    pub(crate) fn content(&self) -> String {
        let json = self.json();
        let content = json.pointer("/choices/0/message/content").and_then(Value::as_str);
        assert!(content.is_some(), "no answer: {}", self.body);
        content.unwrap().to_owned()
    }
}

impl Stream {
    /// The next event's data; `None` at the well-formed end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        soon("an event", async {
            loop {
                if let Some((event, rest)) = self.text.split_once("\n\n") {
                    let data = event.strip_prefix("data: ").unwrap_or(event).to_owned();
                    self.text = rest.to_owned();
                    return Some(data);
                }
                let frame = self.body.frame().await?.unwrap();
                self.text.push_str(std::str::from_utf8(frame.data_ref()?).unwrap());
            }
        })
        .await
    }

    /// Every event that is left, up to the well-formed end.
    pub(crate) async fn rest(mut self) -> Vec<String> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        assert_eq!(self.text, "", "the stream ended within an event");
        events
    }

    /// Whether it is cut off before its end.
    pub(crate) async fn is_cut(&mut self) -> bool {
        soon("the end of an answer", async {
            loop {
                match self.body.frame().await {
                    None => return false,
                    Some(Err(_)) => return true,
                    Some(Ok(_)) => {}
                }
            }
        })
        .await
    }

    /// Leaves.
    pub(crate) fn leave(self) {
        drop(self);
    }
}

/// The texts of chunks, `[DONE]`, and in-band errors as `error CODE`: what a stream says, in short. Chunks without text say `finish REASON`, `usage N` or nothing.
pub(crate) fn said(events: &[String]) -> Vec<String> {
    events.iter().filter_map(|event| said_one(event)).collect()
}

fn said_one(event: &str) -> Option<String> {
    if event == "[DONE]" {
        return Some(event.to_owned());
    }
    let json: Value = serde_json::from_str(event).unwrap();
    let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(code) = text("/error/code") {
        return Some(format!("error {code}"));
    }
    if let Some(content) = text("/choices/0/delta/content") {
        return Some(content.to_owned());
    }
    if let Some(reason) = text("/choices/0/finish_reason") {
        return Some(format!("finish {reason}"));
    }
    json.pointer("/usage/total_tokens").map(|total| format!("usage {total}"))
}
