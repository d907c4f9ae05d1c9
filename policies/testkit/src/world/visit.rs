//! One client's request on its way.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use aigw_core::{Moment, World};
use aigw_engine::Engine;
use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, Uri};
use http_body::{Body, Frame};

use super::{Client, End, Leave, Sim, SimSleep};

/// Most steps of one request, where a step is a poll or a chunk. No scripted answer has so many, and they are over within a second.
const MAX_STEPS: u32 = 1_000_000;

/// A client that waits for its answer or has ended.
pub(super) struct Visit<'e> {
    sim: Sim,
    asked: (Method, Uri),
    stage: Stage<'e>,
    leaves: Leaves,
    woken: Arc<Woken>,
    waker: Waker,
    steps: u32,
    visited: Visited,
}

/// What a client has seen.
pub(super) struct Visited {
    pub(super) status: Option<StatusCode>,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<(Moment, Bytes)>,
    pub(super) end: End,
    /// When it ended.
    pub(super) at: Moment,
}

enum Stage<'e> {
    Head(Running<'e>),
    Body(Reply),
    Over,
}

/// A request until its answer's head.
pub(super) type Running<'e> = Pin<Box<dyn Future<Output = Response<Reply>> + Send + 'e>>;

type Reply = aigw_engine::Answer<Sim>;

enum Leaves {
    Never,
    At(SimSleep),
    AfterChunks(usize),
}

/// Whether a request can go on.
struct Woken(AtomicBool);

/// A request's body in one piece.
struct Asked(Option<Bytes>);

impl<'e> Visit<'e> {
    pub(super) fn new(sim: &Sim, engine: &'e Engine<Sim>, client: Client) -> Self {
        let (parts, body) = client.request.into_parts();
        let asked = (parts.method.clone(), parts.uri.clone());
        let request = http::Request::from_parts(parts, Asked((!body.is_empty()).then_some(body)));
        Self::running(sim, asked, Box::pin(engine.run(request, client.peer)), client.leaves)
    }

    /// A request that runs already; `asked` is for people.
    pub(super) fn running(sim: &Sim, asked: (Method, Uri), running: Running<'e>, leaves: Option<Leave>) -> Self {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        Self {
            sim: sim.clone(),
            asked,
            stage: Stage::Head(running),
            leaves: Leaves::new(sim, leaves),
            waker: Waker::from(Arc::clone(&woken)),
            woken,
            steps: 0,
            visited: Visited { status: None, headers: HeaderMap::new(), body: Vec::new(), end: End::Left, at: sim.now() },
        }
    }

    pub(super) const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// Whether it can go on; asking takes the sign down.
    pub(super) fn was_woken(&self) -> bool {
        self.woken.0.swap(false, Ordering::Relaxed) && !self.is_over()
    }

    /// Goes as far as it can at this instant.
    pub(super) fn go_on(&mut self) {
        loop {
            self.steps = self.steps.saturating_add(1);
            if self.steps > MAX_STEPS {
                return self.stuck("it did not come to rest");
            }
            match self.step() {
                Poll::Pending => break,
                Poll::Ready(Some(end)) => return self.end(end),
                Poll::Ready(None) if self.is_complete() => return self.end(End::Complete),
                Poll::Ready(None) if self.has_had_enough() => return self.end(End::Left),
                Poll::Ready(None) => {}
            }
        }
        if let Leaves::At(sleep) = &mut self.leaves
            && Pin::new(sleep).poll(&mut Context::from_waker(&self.waker)).is_ready()
        {
            self.end(End::Left);
        }
    }

    /// Ends it where it waits for what will never come.
    pub(super) fn give_up(&mut self) {
        if !self.is_over() {
            self.stuck("nothing will ever wake it");
        }
    }

    /// What came of it, once it is over.
    pub(super) fn into_visited(self) -> Visited {
        self.visited
    }

    /// The head, a chunk, or an end.
    fn step(&mut self) -> Poll<Option<End>> {
        let mut cx = Context::from_waker(&self.waker);
        match &mut self.stage {
            Stage::Head(running) => running.as_mut().poll(&mut cx).map(|response| {
                let (head, answer) = response.into_parts();
                self.visited.status = Some(head.status);
                self.visited.headers = head.headers;
                self.stage = Stage::Body(answer);
                None
            }),
            Stage::Body(answer) => Pin::new(answer).poll_frame(&mut cx).map(|frame| match frame {
                None => Some(End::Complete),
                Some(Err(cut)) => Some(End::Cut(cut.code.as_str().to_owned())),
                Some(Ok(frame)) => {
                    self.visited.body.extend(frame.into_data().ok().map(|bytes| (self.sim.now(), bytes)));
                    None
                }
            }),
            Stage::Over => Poll::Pending,
        }
    }

    fn is_complete(&self) -> bool {
        matches!(&self.stage, Stage::Body(answer) if answer.is_end_stream())
    }

    fn has_had_enough(&self) -> bool {
        matches!(self.leaves, Leaves::AfterChunks(chunks) if self.visited.body.len() >= chunks)
    }

    fn stuck(&mut self, why: &str) {
        let (method, uri) = &self.asked;
        self.end(End::Stuck(format!("{method} {uri}: {why}")));
    }

    /// What is left of the request is dropped here, which settles it.
    fn end(&mut self, end: End) {
        self.stage = Stage::Over;
        self.leaves = Leaves::Never;
        self.visited.end = end;
        self.visited.at = self.sim.now();
    }
}

impl Leaves {
    fn new(sim: &Sim, leaves: Option<Leave>) -> Self {
        match leaves {
            None => Self::Never,
            Some(Leave::After(after)) => Self::At(sim.sleep_until(sim.now().after(after))),
            Some(Leave::AfterChunks(chunks)) => Self::AfterChunks(usize::try_from(chunks).unwrap_or(usize::MAX)),
        }
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Body for Asked {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }
}
