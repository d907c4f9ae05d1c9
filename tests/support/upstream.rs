//! An upstream that follows a script: what it answers, byte by byte, and where it breaks. It speaks HTTP/1.1 on bare sockets, since most of what it must do (half a
//! chunk, a reset in the middle) no HTTP library will.
//!
//! It is strict: another credential than the gateway's, a null member, or anything of the caller's key fails the test.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use super::policies::{KEY, UPSTREAM_KEY};
use super::until;

/// One step of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Bytes, as they go on the wire.
    Send(String),
    /// Waits until the test opens the gate once more.
    Gate,
    /// Resets the connection.
    Reset,
    /// Closes the connection.
    Close,
    /// Does nothing until the other side leaves.
    Hang,
}

/// An answer.
pub(crate) type Script = Vec<Step>;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    /// Method and path.
    pub(crate) line: String,
    /// Header lines, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body as it came.
    pub(crate) text: String,
    /// The body.
    pub(crate) body: Value,
}

/// The upstream.
pub(crate) struct Upstream {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    scripts: Mutex<VecDeque<Script>>,
    got: Mutex<Vec<Got>>,
    faults: Mutex<Vec<String>>,
    gate: Semaphore,
    left: AtomicUsize,
}

impl Upstream {
    /// One that answers "ok" until told otherwise.
    pub(crate) async fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// The same at an address that was another's before.
    pub(crate) async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            scripts: Mutex::default(),
            got: Mutex::default(),
            faults: Mutex::default(),
            gate: Semaphore::new(0),
            left: AtomicUsize::new(0),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, accepting }
    }

    /// The next requests get these answers, one each.
    pub(crate) fn then(&self, scripts: impl IntoIterator<Item = Script>) -> &Self {
        self.shared.scripts.lock().unwrap().extend(scripts);
        self
    }

    /// Lets one script pass one gate.
    pub(crate) fn open(&self) {
        self.shared.gate.add_permits(1);
    }

    /// The requests so far.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.shared.got.lock().unwrap().clone()
    }

    /// How many requests there were.
    pub(crate) fn count(&self) -> usize {
        self.shared.got.lock().unwrap().len()
    }

    /// Waits for the request of that number, the first being 1.
    pub(crate) async fn request(&self, number: usize) -> Got {
        until("the upstream was asked", || self.got().into_iter().nth(number - 1)).await
    }

    /// Waits until the gateway has left that many answers in the middle.
    pub(crate) async fn left(&self, times: usize) {
        until("the gateway left the upstream", || (self.shared.left.load(Ordering::SeqCst) >= times).then_some(())).await;
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
        if !std::thread::panicking() {
            let faults = self.shared.faults.lock().unwrap();
            assert!(faults.is_empty(), "the gateway sent what it must not: {faults:#?}");
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this task: an upstream that is gone keeps no connection.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).unwrap();
        connections.spawn(serve(stream, Arc::clone(&shared)));
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    while let Some(got) = receive(&mut stream).await {
        shared.faults.lock().unwrap().extend(faults(&got));
        let streams = got.body.get("stream") == Some(&Value::Bool(true));
        shared.got.lock().unwrap().push(got);
        let next = shared.scripts.lock().unwrap().pop_front();
        let script = next.unwrap_or_else(|| if streams { streamed(&["ok"]) } else { completion("ok") });
        for step in script {
            if !play(&mut stream, &shared, step).await {
                return;
            }
        }
    }
}

/// False where the connection is over.
async fn play(stream: &mut TcpStream, shared: &Shared, step: Step) -> bool {
    match step {
        Step::Send(bytes) => stream.write_all(bytes.as_bytes()).await.is_ok() && stream.flush().await.is_ok(),
        Step::Gate => {
            let mut byte = [0];
            tokio::select! {
                permit = shared.gate.acquire() => { permit.unwrap().forget(); true }
                _ = stream.read(&mut byte) => { shared.left.fetch_add(1, Ordering::SeqCst); false }
            }
        }
        Step::Hang => {
            let _ = stream.read(&mut [0]).await;
            shared.left.fetch_add(1, Ordering::SeqCst);
            false
        }
        Step::Reset => {
            stream.set_zero_linger().unwrap();
            false
        }
        Step::Close => false,
    }
}

async fn receive(stream: &mut TcpStream) -> Option<Got> {
    let mut bytes = Vec::new();
    let (head, mut body) = loop {
        if let Some(end) = memchr::memmem::find(&bytes, b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            break (String::from_utf8(bytes).unwrap(), body);
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    let text = String::from_utf8(body).unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Some(Got { line, headers, text, body })
}

/// What no request of the gateway may have.
fn faults(got: &Got) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |holds: bool, what: &str| {
        if !holds {
            faults.push(format!("{what}: {got:?}"));
        }
    };
    let header = |wanted: &str| got.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    check(header("authorization") == Some(&format!("Bearer {UPSTREAM_KEY}")), "not the gateway's credential");
    check(!format!("{got:?}").contains(KEY), "the caller's key");
    check(header("content-length").is_some(), "no length");
    // What is forwarded as it is, is the caller's own.
    if got.line.starts_with("POST /v1/models/") {
        return faults;
    }
    check(got.line == "POST /v1/chat/completions HTTP/1.1", "another path");
    check(got.body.as_object().is_some_and(|body| body.values().all(|member| !member.is_null())), "a null member, or no object");
    check(got.body.get("model") == Some(&Value::from("m")), "not the target's model");
    faults
}

/// A whole answer with that status, those header lines and that body.
pub(crate) fn answer(status: &str, headers: &str, body: &Value) -> Script {
    let body = body.to_string();
    let length = body.len();
    vec![Step::Send(format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    ))]
}

/// A failure in OpenAI's shape.
pub(crate) fn failure(status: &str, headers: &str, code: &str) -> Script {
    answer(status, headers, &json!({"error": {"message": "it failed", "type": "server_error", "param": null, "code": code}}))
}

/// A completion that says that.
pub(crate) fn completion(text: &str) -> Script {
    completion_of(text, "m")
}

/// A completion by that model.
pub(crate) fn completion_of(text: &str, model: &str) -> Script {
    let message = json!({"role": "assistant", "content": text});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
    let body =
        json!({"id": "c-1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice], "usage": usage});
    answer("200 OK", "", &body)
}

/// A stream that says that, with usage, to its proper end.
pub(crate) fn streamed(texts: &[&str]) -> Script {
    let mut script = vec![head()];
    script.extend(texts.iter().map(|text| text_chunk(text)));
    script.extend([finish(), usage(), done(), last()]);
    script
}

/// The head of a stream.
pub(crate) fn head() -> Step {
    Step::Send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_owned())
}

/// An event with that data.
pub(crate) fn event(data: &str) -> Step {
    let event = format!("data: {data}\n\n");
    Step::Send(format!("{:x}\r\n{event}\r\n", event.len()))
}

/// A chunk that says that.
pub(crate) fn text_chunk(text: &str) -> Step {
    chunk(&json!([{"index": 0, "delta": {"content": text}, "finish_reason": null}]))
}

/// The role, before anything is said: no content yet.
pub(crate) fn role() -> Step {
    chunk(&json!([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": null}]))
}

/// The chunk with the finish reason.
pub(crate) fn finish() -> Step {
    chunk(&json!([{"index": 0, "delta": {}, "finish_reason": "stop"}]))
}

/// The chunk with usage alone.
pub(crate) fn usage() -> Step {
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
    event(
        &json!({"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": usage})
            .to_string(),
    )
}

/// The terminal event.
pub(crate) fn done() -> Step {
    event("[DONE]")
}

/// The end of the chunked body.
pub(crate) fn last() -> Step {
    Step::Send("0\r\n\r\n".to_owned())
}

fn chunk(choices: &Value) -> Step {
    event(&json!({"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}).to_string())
}
