//! Who asks, and what came of it.

use aigw_core::{Millis, Peer, Record};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::Sent;

/// A client and what it sends. It reads its answer as fast as it comes.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its request; the body arrives with the head.
    pub request: http::Request<Bytes>,
    /// Its address, and the certificate of its connection.
    pub peer: Peer,
    /// When it leaves without waiting for the end; `None` where it stays.
    pub leaves: Option<Leave>,
}

/// When a client leaves. What is over by then is complete; what comes at the same instant is still taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// So long after it asked.
    After(Millis),
    /// After so many chunks of the answer's body; with 0 once the head is there.
    AfterChunks(u32),
}

/// What came of one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// The answer's status; `None` where the client left before the head.
    pub status: Option<StatusCode>,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// Each chunk of the answer's body, and when it came since the request began.
    pub body: Vec<(Millis, Bytes)>,
    /// How it ended.
    pub end: End,
    /// From the request's beginning to its end.
    pub took: Millis,
    /// What was decided. Empty where `end` is [`End::Unrecorded`], or [`End::Stuck`] without a record.
    pub record: Record,
    /// The calls that were made for it, in order.
    pub sent: Vec<Sent>,
    /// What was said of calls that nobody had an answer for.
    pub unscripted: Vec<String>,
}

/// How a request ended. The last two are faults of the engine, whatever the policies say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The answer came to its end.
    Complete,
    /// The answer was cut, with this error code.
    Cut(String),
    /// The client left.
    Left,
    /// Nothing would ever have woken it, or it never came to rest. It was dropped, and its record says `cancelled`.
    Stuck(String),
    /// It left so many decision records instead of one.
    Unrecorded(String),
}
