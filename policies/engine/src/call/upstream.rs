//! One send: to a real endpoint through the world, or to the built-in stand-in.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use aigw_core::{Call, CallTimeouts, Moment, Operation, TransportError, World};
use aigw_providers::wire::MAX_ERROR_BYTES;
use aigw_providers::wire::mock::MockCall;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body::{Body, Frame};

use super::targets::Candidate;
use crate::mock::{self, MockBody};
use crate::wait::within;

/// An answer's body, wherever it comes from.
pub(crate) enum Upstream<W: World> {
    /// From an endpoint.
    Real(W::Body),
    /// From the stand-in.
    Mock(MockBody<W>),
}

/// Sends a request to a candidate and gives its answer's head.
pub(crate) async fn send<W: World>(
    world: &W,
    candidate: &Candidate,
    request: Request<Bytes>,
    operation: Operation,
) -> Result<Response<Upstream<W>>, TransportError> {
    if let Some(settings) = &candidate.mock {
        let id = format!("{:016x}", world.random());
        let created = u64::try_from(world.wall().as_millis() / 1000).unwrap_or(0);
        let call = MockCall { operation, body: request.body(), id: &id, created };
        return Ok(mock::send(world, settings, &call).await.map(Upstream::Mock));
    }
    let timeouts = CallTimeouts { connect: candidate.timeouts.connect };
    let response = world.send(Call { endpoint: candidate.endpoint, request, timeouts }).await?;
    Ok(response.map(Upstream::Real))
}

/// The beginning of a failure's body, as much as is looked at; what came by `until`, where it does not end by then.
pub(crate) async fn beginning<W: World>(world: &W, mut body: Upstream<W>, until: Moment) -> Bytes {
    let mut held = BytesMut::new();
    let reading = pin!(async {
        while let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            if let Ok(bytes) = frame.into_data() {
                held.extend_from_slice(&bytes);
            }
            // One byte more shows the reader of errors that there is more.
            if held.len() > MAX_ERROR_BYTES {
                break;
            }
        }
    });
    let _: Option<()> = within(world, until, reading).await;
    held.freeze()
}

impl<W: World> Body for Upstream<W> {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        match &mut *self {
            Self::Real(body) => Pin::new(body).poll_frame(cx),
            Self::Mock(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Real(body) => body.is_end_stream(),
            Self::Mock(body) => body.is_end_stream(),
        }
    }
}
