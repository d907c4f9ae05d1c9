//! One attempt: send, wait for the head, and judge what came. A stream is held back here until its first content.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use aigw_core::{AttemptOutcome, Moment, Operation, World};
use aigw_kinds::provider::CredentialPlan;
use aigw_providers::stream::StreamExpectation;
use aigw_providers::wire::headers::{Answer as AnswerOf, answer_headers, stream_headers};
use aigw_providers::wire::{Failure, classify, classify_in_band, retry_after};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use super::targets::Candidate;
use super::trouble::Trouble;
use super::upstream::{Upstream, beginning, send};
use crate::answer::{EventStream, Fault, Pace, Pass, TimedOut, Verdict};
use crate::reply::{Reply, ReplyBody};
use crate::settle::Settlement;
use crate::wait::within;

/// What is sent, and how its answer is to be read.
pub(crate) struct Sending<'a> {
    pub(crate) candidate: &'a Candidate,
    pub(crate) operation: Operation,
    /// What a stream's end is judged by; `None` where no stream was asked for.
    pub(crate) expectation: Option<StreamExpectation>,
    /// When the whole request must be over.
    pub(crate) request_at: Moment,
    /// Largest event of a stream.
    pub(crate) event_bytes: usize,
}

/// Sends once. The attempt stands in the record, as cancelled, from the first moment on.
pub(crate) async fn attempt<W: World>(
    settlement: &mut Settlement<W>,
    sending: &Sending<'_>,
    request: Request<Bytes>,
) -> Result<Reply<W>, Trouble> {
    let world = settlement.world.clone();
    let began = world.now();
    settlement.sent(Arc::clone(&sending.candidate.label), began);
    let clock = Clock::new(sending, began);
    let outcome = run(&world, sending, &clock, request).await;
    match &outcome {
        Ok((reply, reason)) => {
            settlement.answered(Some(reply.status.as_u16()), AttemptOutcome::Served, reason.map(str::to_owned));
        }
        Err(trouble) => {
            let status = trouble.status.map(|status| status.as_u16());
            settlement.answered(status, AttemptOutcome::Failed, Some(trouble.reason.clone()));
        }
    }
    outcome.map(|(reply, _)| reply)
}

/// The times of one attempt.
struct Clock {
    began: Moment,
    first_at: Moment,
    total_at: Moment,
    request_at: Moment,
}

impl Clock {
    fn new(sending: &Sending<'_>, began: Moment) -> Self {
        let timeouts = &sending.candidate.timeouts;
        let (first_at, total_at) = (began.after(timeouts.first_byte), began.after(timeouts.total));
        Self { began, first_at, total_at, request_at: sending.request_at }
    }

    /// When the head is due, and which time that is.
    fn head_due(&self) -> (Moment, TimedOut) {
        let all = [(self.request_at, TimedOut::Request), (self.total_at, TimedOut::Total), (self.first_at, TimedOut::FirstByte)];
        all.into_iter().min_by_key(|(at, _)| *at).unwrap_or((self.began, TimedOut::Request))
    }

    fn pace<W: World>(&self, sending: &Sending<'_>) -> Pace<W> {
        Pace::new(sending.candidate.timeouts.idle, self.total_at, self.request_at)
    }
}

type Served<W> = (Reply<W>, Option<&'static str>);

async fn run<W: World>(world: &W, sending: &Sending<'_>, clock: &Clock, request: Request<Bytes>) -> Result<Served<W>, Trouble> {
    let (due, which) = clock.head_due();
    let head_only = request.method() == Method::HEAD;
    let sent = within(world, due, pin!(send(world, sending.candidate, request, sending.operation))).await;
    let response = match sent {
        None => return Err(Trouble::timed_out(which)),
        Some(Err(error)) => return Err(Trouble::transport(&error)),
        Some(Ok(response)) => response,
    };
    if sending.operation == Operation::Http {
        // What a length declares does not follow here (RFC 9110, sections 9.3.2 and 15.4.5).
        let bodiless = head_only || response.status() == StatusCode::NOT_MODIFIED;
        // The endpoint speaks of the gateway's key, not of the client's.
        if response.status() == StatusCode::UNAUTHORIZED && sending.candidate.credential.is_some() {
            return Err(failure(world, sending.candidate, response, due).await);
        }
        let reply = passing(response, sending, clock);
        return Ok((if bodiless { Reply { body: ReplyBody::Whole(Bytes::new()), ..reply } } else { reply }, None));
    }
    match response.status().as_u16() {
        200..=299 if sending.expectation.is_some() => stream(world, response, sending, clock).await,
        200..=299 => Ok((passing(response, sending, clock), None)),
        // Redirects are not followed: where a call goes is the policy's word.
        100..=399 => Err(Trouble::invalid(format!("status {}", response.status().as_u16()))),
        _ => Err(failure(world, sending.candidate, response, due).await),
    }
}

async fn failure<W: World>(world: &W, candidate: &Candidate, response: Response<Upstream<W>>, due: Moment) -> Trouble {
    let (head, body) = response.into_parts();
    let body = beginning(world, body, due).await;
    let now_unix_ms = u64::try_from(world.wall().as_millis()).unwrap_or(0);
    let failure = classify(head.status, &head.headers, &body);
    let failure = Failure { relay: failure.relay && !repeats_credential(world, candidate, &body), ..failure };
    Trouble::answered(&head, failure, body, retry_after(&head.headers, now_unix_ms))
}

/// Whether an answer holds what it was asked with: such an answer is not the client's to see.
fn repeats_credential<W: World>(world: &W, candidate: &Candidate, body: &[u8]) -> bool {
    let credential = match &candidate.credential {
        None => None,
        Some(CredentialPlan::Key(name)) => world.secret(name),
        Some(CredentialPlan::ManagedIdentity(_)) => world.access_token(candidate.endpoint),
    };
    credential.is_some_and(|credential| {
        body.windows(credential.expose().len().max(1)).any(|part| part == credential.expose().as_bytes())
    })
}

/// An answer that passes through as it came.
fn passing<W: World>(response: Response<Upstream<W>>, sending: &Sending<'_>, clock: &Clock) -> Reply<W> {
    let (head, body) = response.into_parts();
    let model = sending.operation != Operation::Http;
    let mut headers = answer_headers(&head.headers, if model { AnswerOf::Model } else { AnswerOf::Any });
    let length = head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    let pass = Pass::new(body, clock.pace(sending), length, model);
    Reply { status: head.status, headers, body: ReplyBody::Pass(Box::new(pass)) }
}

/// Holds a stream back until it has content.
async fn stream<W: World>(
    world: &W,
    response: Response<Upstream<W>>,
    sending: &Sending<'_>,
    clock: &Clock,
) -> Result<Served<W>, Trouble> {
    let (head, body) = response.into_parts();
    let Some(expectation) = sending.expectation.filter(|_| is_event_stream(&head.headers)) else {
        return Err(not_a_stream(world, &head, body, clock).await);
    };
    let mut pace = clock.pace(sending);
    pace.first_due(clock.first_at);
    let mut events = EventStream::new(body, pace, expectation, sending.event_bytes);
    loop {
        let content = poll_fn(|cx| events.poll(world, cx)).await;
        match events.verdict() {
            _ if content => break,
            None => {}
            Some(Verdict::Complete { .. }) => break,
            Some(Verdict::Fault(fault)) => return Err(broken(fault)),
        }
    }
    events.begun();
    let mut headers = answer_headers(&head.headers, AnswerOf::Model);
    stream_headers(&mut headers);
    let supplied = matches!(events.verdict(), Some(Verdict::Complete { supplied: true }));
    let reply = Reply { status: head.status, headers, body: ReplyBody::Stream(Box::new(events)) };
    Ok((reply, supplied.then_some(TERMINAL_SUPPLIED)))
}

/// What the record says where the terminal event was missing.
pub(crate) const TERMINAL_SUPPLIED: &str = "terminal event supplied";

fn broken(fault: &Fault) -> Trouble {
    let reported = match fault {
        Fault::Reported(body) => Some(classify_in_band(body)),
        _ => None,
    };
    Trouble::broken(fault, reported)
}

/// A success that is no stream although one was asked for: some servers report failures so.
async fn not_a_stream<W: World>(world: &W, head: &http::response::Parts, body: Upstream<W>, clock: &Clock) -> Trouble {
    let body = beginning(world, body, clock.head_due().0).await;
    let is_error = aigw_providers::json::scan(&body, aigw_providers::json::ScanLimits::default())
        .is_ok_and(|object| object.present("error").is_some());
    if is_error {
        return broken(&Fault::Reported(body));
    }
    let kind = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("no content type");
    Trouble::invalid(format!("not a stream: {}", kind.chars().take(64).collect::<String>()))
}

/// Some servers leave the type out; another one is another thing.
fn is_event_stream(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE) else { return true };
    let kind = kind.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    kind.eq_ignore_ascii_case(b"text/event-stream")
}
