//! The data listener's handler: each request takes the generation in force once and keeps it to its last byte.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use aigw_core::{ErrorCode, Peer};
use aigw_engine::{Answer, status_of};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::cut::CutWaiter;
use crate::generation::Generation;
use crate::process::Process;
use crate::serve::{Bounds, Handler};
use crate::world::RuntimeWorld;

/// Answers clients on one data runtime.
#[derive(Clone)]
pub(crate) struct Gateway {
    pub(crate) process: Arc<Process>,
    /// Which data runtime.
    pub(crate) worker: usize,
}

/// An answer's body.
pub(crate) enum Served {
    /// The engine's. It keeps its generation alive, and is told when that must end.
    Engine { answer: Answer<RuntimeWorld>, until: Until, _generation: Arc<Generation> },
    /// The gateway's own, before or after there is an engine.
    Own(Option<Bytes>),
}

/// Whether the answer was told to end.
pub(crate) struct Until {
    cut: CutWaiter,
    told: bool,
}

impl Handler for Gateway {
    type Body = Served;

    fn bounds(&self) -> Bounds {
        self.process.generations.with_current(|generation| generation.bounds).unwrap_or_default()
    }

    async fn handle(&self, request: Request<&mut Incoming>, peer: Peer) -> Response<Served> {
        let Some(generation) = self.process.generations.current() else {
            return self.own(ErrorCode::NotReady);
        };
        let Some(engine) = generation.engine(self.worker) else {
            return self.own(ErrorCode::InternalError);
        };
        let mut cut = generation.cut.waiter();
        let answer = {
            let mut running = pin!(engine.run(request, peer));
            poll_fn(|cx| match running.as_mut().poll(cx) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                Poll::Pending if cut.poll_given(cx) => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            })
            .await
        };
        match answer {
            Some(answer) => {
                let until = Until { cut, told: false };
                answer.map(|answer| Served::Engine { answer, until, _generation: generation })
            }
            None => self.own(ErrorCode::Draining),
        }
    }

    fn refusal(&self, code: ErrorCode) -> (StatusCode, String) {
        (status_of(code), error_body(code))
    }
}

impl Gateway {
    /// An answer in the shape of the engine's errors.
    fn own(&self, code: ErrorCode) -> Response<Served> {
        let mut answer = Response::new(Served::Own(Some(error_body(code).into())));
        *answer.status_mut() = status_of(code);
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        let id = format!("{:016x}{:016x}", self.process.random.next(), self.process.random.next());
        if let Ok(id) = HeaderValue::from_str(&id) {
            headers.insert("x-request-id", id);
        }
        answer
    }
}

/// OpenAI's shape, which is what the clients of every surface read.
fn error_body(code: ErrorCode) -> String {
    let error = serde_json::json!({"message": code.meaning(), "type": "server_error", "param": null, "code": code.as_str()});
    serde_json::json!({"error": error}).to_string()
}

impl Body for Served {
    type Data = Bytes;
    type Error = aigw_engine::AnswerError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut *self {
            Self::Own(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Engine { answer, until, .. } => {
                if until.is_over() {
                    answer.interrupt(ErrorCode::Draining);
                }
                let polled = Pin::new(&mut *answer).poll_frame(cx);
                if polled.is_pending() && until.poll_over(cx) {
                    answer.interrupt(ErrorCode::Draining);
                    return Pin::new(answer).poll_frame(cx);
                }
                polled
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(bytes) => bytes.is_none(),
            Self::Engine { answer, .. } => answer.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Self::Engine { answer, .. } => answer.size_hint(),
        }
    }
}

impl Until {
    /// True once, when the time has come.
    fn is_over(&mut self) -> bool {
        let over = !self.told && self.cut.given();
        self.told |= over;
        over
    }

    /// The same, and wakes the task when it comes.
    fn poll_over(&mut self, cx: &mut Context<'_>) -> bool {
        let over = !self.told && self.cut.poll_given(cx);
        self.told |= over;
        over
    }
}
