//! From an address to a connection that speaks HTTP, within one deadline: name, TCP, TLS, and the protocol that both sides want.

use std::sync::Arc;

use aigw_core::{TransportError, TransportErrorKind};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Shape;
use super::error::error;
use super::stream::Stream;

/// A connection's bytes towards an upstream.
pub(crate) type Upstream = Stream<TlsStream<TcpStream>>;

/// Most addresses of one name that are tried.
const MAX_ADDRESSES: usize = 8;

/// A fresh connection.
pub(crate) struct Connected {
    pub(crate) stream: Upstream,
    /// Whether both sides agreed on HTTP/2.
    pub(crate) http2: bool,
}

/// Connects by then. Nothing of any request is sent. The caller bounds the time; here it is shared out.
pub(crate) async fn connect(shape: &Shape, tls: Option<Arc<ClientConfig>>, by: Instant) -> Result<Connected, TransportError> {
    let tcp = tcp(shape, by).await?;
    // Small writes must leave at once: Nagle's algorithm against delayed acknowledgements holds a stream back 40 ms.
    tcp.set_nodelay(true).map_err(|fault| error(TransportErrorKind::Connect, fault))?;
    let Some(tls) = tls else {
        return Ok(Connected { stream: Stream::Plain(tcp), http2: false });
    };
    let name = ServerName::try_from(shape.host.clone())
        .map_err(|_| error(TransportErrorKind::Connect, "the host is not a name that a certificate can carry"))?;
    let stream = TlsConnector::from(tls)
        .connect(name, tcp)
        .await
        .map_err(|fault| error(TransportErrorKind::Connect, format_args!("TLS: {fault}")))?;
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Ok(Connected { stream: Stream::Tls(Box::new(stream)), http2 })
}

/// The name's addresses in the resolver's order, one after another; each gets its share of the time that is left, so that one that swallows
/// everything does not keep the next from being tried.
async fn tcp(shape: &Shape, by: Instant) -> Result<TcpStream, TransportError> {
    let addresses = tokio::net::lookup_host((shape.host.as_str(), shape.port))
        .await
        .map_err(|fault| error(TransportErrorKind::Connect, format_args!("name lookup: {fault}")))?;
    let addresses: Vec<_> = addresses.take(MAX_ADDRESSES).collect();
    let mut last = error(TransportErrorKind::Connect, "the name has no address");
    for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let share = by.saturating_duration_since(Instant::now()) / u32::try_from(left).unwrap_or(1);
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(fault)) => last = error(TransportErrorKind::Connect, fault),
            Err(_) => last = error(TransportErrorKind::ConnectTimeout, format_args!("{address} does not answer")),
        }
    }
    Err(last)
}
