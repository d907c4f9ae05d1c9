//! The scripts of `answers`, played over TCP: every byte and every fault as the simulated world plays it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aigw_testkit::world::{Answer, Fault, Head, Piece};
use http::header::CONTENT_LENGTH;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::answers::Reaction;
use super::outcome::Called;

/// The calls of all upstreams, in the order in which they came.
pub(super) type Calls = Arc<Mutex<Vec<Called>>>;

/// An upstream on a port of its own.
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    listener: Option<TcpListener>,
    /// Bound and never listened on: whoever connects is refused, and nobody else gets the port.
    _refusing: Option<TcpSocket>,
}

/// What the connections of one upstream share.
struct Shared {
    name: &'static str,
    reactions: Mutex<VecDeque<Reaction>>,
    calls: Calls,
}

impl Upstream {
    /// Takes a port. `refusing` is one that nobody can connect to.
    pub(super) async fn bind(refusing: bool) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        if refusing {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(any).unwrap();
            return Self { address: socket.local_addr().unwrap(), listener: None, _refusing: Some(socket) };
        }
        let listener = TcpListener::bind(any).await.unwrap();
        Self { address: listener.local_addr().unwrap(), listener: Some(listener), _refusing: None }
    }

    /// Answers from now on.
    pub(super) fn play(&mut self, on: &mut JoinSet<()>, name: &'static str, reactions: Vec<Reaction>, calls: &Calls) {
        let Some(listener) = self.listener.take() else { return };
        let shared = Arc::new(Shared { name, reactions: Mutex::new(reactions.into()), calls: Arc::clone(calls) });
        on.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
        });
    }
}

/// The next answer to a call with this body.
pub(super) fn next(reactions: &mut VecDeque<Reaction>, call: &[u8]) -> Answer {
    reactions.pop_front().unwrap_or(Reaction::Fit { split: 1_000, usage: true, choices: 1 }).answer(call)
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    while let Some(called) = receive(&mut stream, shared.name).await {
        let answer = next(&mut shared.reactions.lock().unwrap(), called.body.as_bytes());
        let head_only = called.line.starts_with("HEAD ");
        shared.calls.lock().unwrap().push(called);
        if play(&mut stream, answer, head_only).await.is_none() {
            return;
        }
    }
}

/// `None` where the connection is over.
async fn play(stream: &mut TcpStream, answer: Answer, head_only: bool) -> Option<()> {
    tokio::time::sleep(answer.after.as_duration()).await;
    let head = match answer.head {
        Ok(head) => head,
        Err(fault) => {
            break_off(stream, fault).await;
            return None;
        }
    };
    let chunked = !head.headers.contains_key(CONTENT_LENGTH);
    stream.write_all(head_text(&head, chunked).as_bytes()).await.ok()?;
    if head_only || matches!(head.status.as_u16(), 204 | 304) {
        return Some(());
    }
    for piece in answer.pieces {
        match piece {
            Piece::Data(bytes) if chunked => {
                let chunk = [format!("{:x}\r\n", bytes.len()).as_bytes(), &bytes, b"\r\n"].concat();
                let chunk = if bytes.is_empty() { Vec::new() } else { chunk };
                stream.write_all(&chunk).await.ok()?;
            }
            Piece::Data(bytes) => stream.write_all(&bytes).await.ok()?,
            Piece::Wait(pause) => tokio::time::sleep(pause.as_duration()).await,
            Piece::Cut => return None,
            Piece::Stall => return hang(stream).await,
        }
    }
    if chunked {
        stream.write_all(b"0\r\n\r\n").await.ok()?;
    }
    Some(())
}

fn head_text(head: &Head, chunked: bool) -> String {
    let mut text = format!("HTTP/1.1 {} -\r\n", head.status.as_u16());
    for (name, value) in &head.headers {
        text += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    let framed = chunked && !matches!(head.status.as_u16(), 204 | 304);
    text + if framed { "transfer-encoding: chunked\r\n\r\n" } else { "\r\n" }
}

async fn break_off(stream: &mut TcpStream, fault: Fault) {
    match fault {
        Fault::Reset => stream.set_zero_linger().unwrap(),
        Fault::NotHttp => drop(stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n").await),
        Fault::Silence => drop(hang(stream).await),
        Fault::Refuse | Fault::Tls | Fault::ConnectTimeout => unreachable!("played by the address, or not on sockets"),
    }
}

/// Does nothing until the other side leaves.
async fn hang(stream: &mut TcpStream) -> Option<()> {
    let _ = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut [0])).await;
    None
}

async fn receive(stream: &mut TcpStream, name: &'static str) -> Option<Called> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = memchr::memmem::find(&bytes, b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8(bytes).unwrap();
    let (line, rest) = head.split_once("\r\n")?;
    let headers = rest.lines().filter_map(|line| line.split_once(':'));
    let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    // The transport's own.
    headers.retain(|(name, _)| name != "host" && name != "content-length");
    headers.sort();
    Some(Called {
        endpoint: name,
        line: line.trim_end_matches(" HTTP/1.1").to_owned(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
