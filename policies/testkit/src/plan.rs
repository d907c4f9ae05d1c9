//! Cases ready to run: names resolved, requests and answers made, matrices multiplied out.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use aigw_core::{EndpointKey, Millis, PeerCertificate, Timestamp};
use aigw_source::{Document, Span};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri};

use crate::script::Script;
use crate::suite::{ExpectSpec, SharesExpect};
use crate::tokens::TokenToMake;
use crate::world::Leave;

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The suite's name.
    pub suite: String,
    /// The suite's file.
    pub file: String,
    /// The case's name, with the row of its matrix.
    pub name: String,
    /// Where it stands.
    pub place: Span,
    /// The document it stands in, for the places of its expectations.
    pub(crate) document: Arc<Document>,
    pub(crate) setup: Setup,
    pub(crate) script: Script,
    pub(crate) steps: Vec<Step>,
    /// For a row of a matrix, how many rows its matrix has; the rows stand one after the other.
    pub(crate) rows: Option<usize>,
}

/// The world at the beginning.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    pub(crate) params: BTreeMap<String, String>,
    pub(crate) at: Timestamp,
    pub(crate) seed: Option<u64>,
    pub(crate) without: Vec<String>,
    /// Endpoints without an access token.
    pub(crate) tokenless: Vec<EndpointKey>,
    pub(crate) store_down: bool,
    pub(crate) issuers_down: bool,
}

/// One step of a case.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) action: Action,
}

/// What a step does.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Send(Box<Send>),
    Advance(Millis),
    Script(Script),
    Store { down: bool },
}

/// A request, sent once or often.
#[derive(Clone, Debug)]
pub(crate) struct Send {
    pub(crate) request: Arc<Request>,
    /// Nobody's where there is none.
    pub(crate) credential: Option<Arc<Credential>>,
    pub(crate) times: u32,
    pub(crate) together: bool,
    /// What differs from one to the next.
    pub(crate) vary: Vec<Vary>,
    pub(crate) expect: Expect,
}

/// What must come of a request, and where that stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expect {
    pub(crate) pointer: String,
    pub(crate) spec: Arc<ExpectSpec>,
    /// Of all of them together.
    pub(crate) shares: Option<SharesExpect>,
    /// Whether no route may match.
    pub(crate) no_route: bool,
    /// The row of a matrix, from 1: snapshots of rows are files of their own.
    pub(crate) row: Option<usize>,
}

/// A request as it will be sent, but for its credential, whose header the route decides.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) uri: Uri,
    pub(crate) host: HeaderValue,
    pub(crate) ip: IpAddr,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) leaves: Option<Leave>,
}

/// What proves who asks.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    /// A key and the header it is sent in; `None` for the one that the route's Authentication reads first.
    Key { key: String, header: Option<http::HeaderName> },
    /// The certificate of the connection.
    Certificate(Arc<PeerCertificate>),
    /// A token, behind `Bearer`.
    Token(Box<TokenToMake>),
}

/// A part of a request that differs from one to the next; `{i}` in the text is the number.
#[derive(Clone, Debug)]
pub(crate) struct Vary {
    pub(crate) part: Part,
    pub(crate) text: String,
}

/// A part of a request.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Header(http::HeaderName),
    /// A JSON Pointer into the body.
    Body(String),
}
