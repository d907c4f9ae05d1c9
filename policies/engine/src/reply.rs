//! What a request comes to, before it gets the headers that every answer has.

use aigw_core::World;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::answer::{EventStream, Pass};

/// An answer's head and what follows it.
pub(crate) struct Reply<W: World> {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: ReplyBody<W>,
}

/// What follows an answer's head.
pub(crate) enum ReplyBody<W: World> {
    /// All of it is there.
    Whole(Bytes),
    /// A target's, as it comes.
    Pass(Box<Pass<W>>),
    /// A target's events.
    Stream(Box<EventStream<W>>),
}
