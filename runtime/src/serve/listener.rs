//! Accepting connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aigw_core::ErrorCode;
use tokio::net::{TcpListener, TcpStream};

use super::connection::{Client, serve};
use super::{Counts, Handler};
use crate::cut::Cut;
use crate::tasks::Tasks;
use crate::tls::ServerTls;

/// How long to wait where the process has no file descriptor left: trying again at once would only burn the core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts on one socket for one handler.
pub(crate) struct Listener<H> {
    /// What answers.
    pub(crate) handler: H,
    /// TLS, or none.
    pub(crate) tls: Option<Arc<ServerTls>>,
    /// How many connections there are.
    pub(crate) counts: Arc<Counts>,
    /// The tasks of its connections.
    pub(crate) tasks: Tasks,
    /// Given when no more are accepted and those there are shall end once idle.
    pub(crate) closing: Arc<Cut>,
}

impl<H: Handler> Listener<H> {
    /// Accepts until told to close. Errs where the socket cannot be used.
    pub(crate) async fn accept(self, socket: std::net::TcpListener) -> io::Result<()> {
        let socket = TcpListener::from_std(socket)?;
        let mut closing = self.closing.waiter();
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut closing => return Ok(()),
                accepted = socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => self.start(stream, address),
                Err(fault) if is_of_the_client(&fault) => {}
                Err(fault) => {
                    tracing::warn!(error = %fault, "cannot accept connections");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn start(&self, stream: TcpStream, address: SocketAddr) {
        let bounds = self.handler.bounds();
        let peer = address.ip().to_canonical();
        let Some(place) = self.counts.admit(peer, &bounds) else {
            self.refuse(&stream);
            return;
        };
        // A stream's chunks must leave at once. Where it cannot be set, the client has left already.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let client = Client {
            address: peer,
            bounds,
            place,
            handler: self.handler.clone(),
            counts: Arc::clone(&self.counts),
            tasks: self.tasks.clone(),
            closing: self.closing.waiter(),
        };
        self.tasks.spawn(serve(client, stream, self.tls.clone()));
    }

    /// Says why, where that takes no more than one write into an empty buffer; within TLS it would take a handshake.
    fn refuse(&self, stream: &TcpStream) {
        if self.tls.is_some() {
            return;
        }
        let (status, body) = self.handler.refusal(ErrorCode::TooManyConnections);
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nretry-after: 1\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        if let Err(fault) = stream.try_write(answer.as_bytes()) {
            tracing::debug!(error = %fault, "a refused client did not hear why");
        }
    }
}

/// Faults of one client that left early; the socket itself is well.
fn is_of_the_client(fault: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(fault.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
