//! The mock upstream: fixed answers, on one thread. What a request's body asks for by its `user` member is what it gets.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Chunks in a stream.
pub(crate) const CHUNKS: usize = 100;
/// Time between the chunks of a paced stream.
const PACE: Duration = Duration::from_millis(2);

const ANSWER_TEXT: &str =
    "An answer of the usual length, so that the bytes that pass through are those of a real conversation and not of a toy. ";

/// Serves until killed.
pub(crate) fn serve(address: &str) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        loop {
            let (socket, _) = listener.accept().await?;
            socket.set_nodelay(true)?;
            tokio::spawn(async move {
                // A connection that a client drops is not worth a word here.
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(answer)).await;
            });
        }
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<BoxBody<Bytes, Infallible>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    let asks = |needle: &[u8]| memchr::memmem::find(&body, needle).is_some();
    if asks(b"\"stream\":true") {
        let pace = asks(b"\"user\":\"paced\"").then_some(PACE);
        return Ok(response("text/event-stream", events(pace)));
    }
    let text = ANSWER_TEXT.repeat(6);
    let json = format!(
        r#"{{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":200,"completion_tokens":150,"total_tokens":350}}}}"#
    );
    Ok(response("application/json", Full::new(Bytes::from(json)).boxed()))
}

fn response(content_type: &'static str, body: BoxBody<Bytes, Infallible>) -> Response<BoxBody<Bytes, Infallible>> {
    let mut response = Response::new(body);
    response.headers_mut().insert("content-type", http::HeaderValue::from_static(content_type));
    response
}

fn events(pace: Option<Duration>) -> BoxBody<Bytes, Infallible> {
    let (sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(4);
    match pace {
        None => drop(tokio::spawn(async move {
            for event in stream() {
                if sender.send(event).await.is_err() {
                    return;
                }
            }
        })),
        // The executor's timers know milliseconds only: chunks of all streams would leave at the same tick, one behind the other, and what a
        // chunk took would be its place in that row.
        Some(pace) => drop(std::thread::spawn(move || {
            let mut due = Instant::now();
            for (index, event) in stream().enumerate() {
                if index < CHUNKS {
                    due += pace;
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                }
                if sender.blocking_send(event).is_err() {
                    return;
                }
            }
        })),
    }
    StreamBody::new(Frames(receiver)).boxed()
}

/// The events of a stream, the end included.
fn stream() -> impl Iterator<Item = Bytes> {
    let usage = r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":200,"completion_tokens":100,"total_tokens":300}}"#;
    let ends = [format!("{usage}\n\n"), "data: [DONE]\n\n".to_owned()];
    (0..CHUNKS).map(event).chain(ends.map(Bytes::from))
}

fn event(index: usize) -> Bytes {
    let finish = if index + 1 == CHUNKS { r#""stop""# } else { "null" };
    Bytes::from(format!(
        "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"word{index} and some more text\"}},\"finish_reason\":{finish}}}]}}\n\n"
    ))
}

struct Frames(tokio::sync::mpsc::Receiver<Bytes>);

impl futures_core::Stream for Frames {
    type Item = Result<Frame<Bytes>, Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
