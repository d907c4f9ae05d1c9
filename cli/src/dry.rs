//! A world in which nothing is sent: what would go to an upstream is noted and answered with a fixed completion.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use aigw_core::{Call, Moment, Record, Secret, Timestamp, TransportError, World};
use aigw_engine::counters::MemoryCounters;
use bytes::Bytes;
use http_body::{Body, Frame};
use serde_json::{Value, json};

/// What every upstream answers.
const ANSWER: &str = r#"{"id":"eval","object":"chat.completion","created":0,"model":"eval","choices":[{"index":0,"message":{"role":"assistant","content":"(nothing was sent)"},"finish_reason":"stop"}],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}"#;
/// The same as a stream.
const EVENTS: &str = "data: {\"id\":\"eval\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"eval\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"(nothing was sent)\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// The world of `aigw eval`. Its calendar stands still, its timers are tokio's.
#[derive(Clone)]
pub(crate) struct DryWorld(Arc<Inner>);

struct Inner {
    wall: i64,
    endpoints: Vec<String>,
    started: tokio::time::Instant,
    counters: MemoryCounters,
    sent: Mutex<Vec<Value>>,
    records: Mutex<Vec<Record>>,
}

/// An answer's body: one piece.
pub(crate) struct Piece(Option<Bytes>);

impl DryWorld {
    /// A world at this time in milliseconds since 1970, with endpoints of these names.
    pub(crate) fn new(wall: i64, endpoints: Vec<String>) -> Self {
        let inner = Inner {
            wall,
            endpoints,
            started: tokio::time::Instant::now(),
            counters: MemoryCounters::new(0),
            sent: Mutex::default(),
            records: Mutex::default(),
        };
        Self(Arc::new(inner))
    }

    /// What would have been sent, in order.
    pub(crate) fn sent(&self) -> Vec<Value> {
        self.0.sent.lock().map(|sent| sent.clone()).unwrap_or_default()
    }

    /// The decision records.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.0.records.lock().map(|records| records.clone()).unwrap_or_default()
    }
}

impl World for DryWorld {
    type Body = Piece;
    type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;
    type Counters = MemoryCounters;

    fn now(&self) -> Moment {
        Moment::from_nanos(u64::try_from(self.0.started.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn wall(&self) -> Timestamp {
        Timestamp::from_millis(self.0.wall)
    }

    fn random(&self) -> u64 {
        0
    }

    fn sleep_until(&self, at: Moment) -> Self::Sleep {
        Box::pin(tokio::time::sleep_until(self.0.started + Duration::from_nanos(at.as_nanos())))
    }

    async fn send(&self, call: Call) -> Result<http::Response<Piece>, TransportError> {
        let streams = call.request.body().windows(13).any(|window| window == b"\"stream\":true" as &[u8]);
        if let Ok(mut sent) = self.0.sent.lock() {
            let endpoint = self.0.endpoints.get(call.endpoint.0 as usize).map_or("", String::as_str);
            sent.push(described(&call, endpoint));
        }
        let (content_type, body) = if streams { ("text/event-stream", EVENTS) } else { ("application/json", ANSWER) };
        let mut response = http::Response::new(Piece(Some(Bytes::from_static(body.as_bytes()))));
        response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
        Ok(response)
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        Some(Secret::new(format!("<secret {name}>")))
    }

    fn counters(&self) -> &MemoryCounters {
        &self.0.counters
    }

    fn finish(&self, record: Record) {
        if let Ok(mut records) = self.0.records.lock() {
            records.push(record);
        }
    }
}

/// A call for people: secrets are stand-ins, so everything can be shown.
fn described(call: &Call, endpoint: &str) -> Value {
    let headers: serde_json::Map<String, Value> = call
        .request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes()))))
        .collect();
    let body: Value =
        serde_json::from_slice(call.request.body()).unwrap_or_else(|_| json!(String::from_utf8_lossy(call.request.body())));
    json!({"endpoint": endpoint, "method": call.request.method().as_str(), "path": call.request.uri().to_string(), "headers": headers, "body": body})
}

impl Body for Piece {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let frame: Option<Result<Frame<Bytes>, Infallible>> = self.0.take().map(|bytes| Ok(Frame::data(bytes)));
        Poll::Ready(frame.map(|frame| frame.map_err(|never| match never {})))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }
}
