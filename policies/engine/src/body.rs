//! Reads a client's body: bounded in bytes and in how slowly it may come.

use std::fmt::Display;
use std::future::poll_fn;
use std::pin::Pin;

use aigw_core::{ErrorCode, Millis, Moment, World};
use aigw_kinds::Refusal;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http_body::Body;

use crate::wait::within;

/// Bounds on reading.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadBounds {
    pub(crate) bytes: usize,
    /// How far the client may be behind.
    pub(crate) idle: Millis,
    /// Bytes a second at which it catches up; with 0 any byte does.
    pub(crate) rate: u64,
    /// When the whole request must be over.
    pub(crate) request_at: Moment,
}

/// Reads the body to its end. Not copied where it comes in one piece.
///
/// # Errors
/// 413 beyond the bound, declared or real; 408 where the client is too slow; 504 where the request's whole time has passed; 400 where it breaks off.
pub(crate) async fn read<W: World, B>(world: &W, body: &mut B, headers: &HeaderMap, bounds: ReadBounds) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Display,
{
    let declared = declared_length(headers)?;
    if declared.is_some_and(|length| length > bounds.bytes as u64) {
        return Err(too_large(bounds.bytes));
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    let mut owed = 0;
    while let Some(piece) = piece(world, body, bounds, &mut owed).await? {
        let so_far = if rest.is_empty() { first.len() } else { rest.len() };
        if so_far + piece.len() > bounds.bytes {
            return Err(too_large(bounds.bytes));
        }
        if so_far == 0 {
            first = piece;
            continue;
        }
        if rest.is_empty() {
            let expected = declared.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
            rest.reserve(expected.max(first.len() + piece.len()));
            rest.extend_from_slice(&first);
        }
        rest.extend_from_slice(&piece);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// The next piece. Milliseconds that were waited for it are added to `owed`, and what its bytes are worth is paid back.
async fn piece<W: World, B>(world: &W, body: &mut B, bounds: ReadBounds, owed: &mut u64) -> Result<Option<Bytes>, Refusal>
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: Display,
{
    if body.is_end_stream() {
        return Ok(None);
    }
    let since = world.now();
    let idle_at = since.after(Millis::new(bounds.idle.as_millis().saturating_sub(*owed)));
    loop {
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx));
        match within(world, idle_at.min(bounds.request_at), frame).await {
            None if bounds.request_at <= idle_at => return Err(took_too_long()),
            None => return Err(Refusal::new(ErrorCode::RequestTimeout, "the request's body was sent too slowly")),
            Some(None) => return Ok(None),
            Some(Some(Err(_))) => return Err(Refusal::new(ErrorCode::InvalidRequest, "the request's body broke off")),
            Some(Some(Ok(frame))) => match frame.into_data() {
                Ok(bytes) if !bytes.is_empty() => {
                    let paid = (bytes.len() as u64).saturating_mul(1_000).checked_div(bounds.rate).unwrap_or(u64::MAX);
                    *owed = owed.saturating_add(world.now().since(since).as_millis()).saturating_sub(paid);
                    return Ok(Some(bytes));
                }
                _ => {}
            },
        }
    }
}

/// What every refusal after `bounds.requestTime` says.
pub(crate) fn took_too_long() -> Refusal {
    Refusal::new(ErrorCode::RequestTimeExceeded, "the request took longer than the gateway allows")
}

/// Refuses a body that is not plain JSON.
///
/// # Errors
/// 415 for another content type or any content encoding.
pub(crate) fn must_be_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let refusal = |message| Err(Refusal::new(ErrorCode::UnsupportedMediaType, message));
    let encodings = headers.get_all(CONTENT_ENCODING).iter();
    if encodings.into_iter().any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return refusal("compressed requests are not taken; send the body without a content-encoding");
    }
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if !kind.eq_ignore_ascii_case(b"application/json") {
        return refusal("the content-type must be `application/json`");
    }
    Ok(())
}

fn declared_length(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let Some(value) = headers.get(CONTENT_LENGTH) else { return Ok(None) };
    let length = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    length.map(Some).ok_or_else(|| Refusal::new(ErrorCode::InvalidRequest, "the content-length is not a number"))
}

fn too_large(bytes: usize) -> Refusal {
    Refusal::new(ErrorCode::BodyTooLarge, format!("the request's body is larger than the {bytes} bytes that the gateway takes"))
}
