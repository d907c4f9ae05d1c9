//! What every request is known by: its id, and who sent it as far as the network tells.

use std::fmt::Write as _;
use std::net::IpAddr;

use aigw_core::{ErrorCode, World};
use aigw_kinds::Refusal;
use aigw_kinds::gateway::BoundsPlan;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::loaded::LoadedGateway;

/// The header under which clients, gateway and targets name a request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Longest id that is taken over from a client: longer than any in use, short enough for every log.
const MAX_ID_BYTES: usize = 128;

/// How many hops of `x-forwarded-for` are followed: more proxies in a row are not run, they are made up.
const MAX_HOPS: usize = 32;

/// A request's id as text and as header.
pub(crate) struct RequestId {
    pub(crate) text: String,
    pub(crate) value: HeaderValue,
}

impl RequestId {
    /// The client's own where it is one, else 32 hexadecimal digits.
    pub(crate) fn of<W: World>(headers: &HeaderMap, world: &W) -> Self {
        if let Some(value) = headers.get(REQUEST_ID)
            && let Some(text) = value.to_str().ok().filter(|text| is_id(text))
        {
            return Self { text: text.to_owned(), value: value.clone() };
        }
        let bits = u128::from(world.random()) << 64 | u128::from(world.random());
        let mut text = String::with_capacity(32);
        // Writing to a text cannot fail.
        write!(text, "{bits:032x}").unwrap_or_default();
        let value = HeaderValue::try_from(&text).unwrap_or(HeaderValue::from_static("unknown"));
        Self { text, value }
    }
}

fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'/' | b'+' | b'=');
    !text.is_empty() && text.len() <= MAX_ID_BYTES && text.bytes().all(allowed)
}

/// Refuses a header section beyond the gateway's bounds. A connection stops reading somewhat later, and where it speaks HTTP/2 it counts otherwise:
/// here every request is held to the same number.
pub(crate) fn check_headers(headers: &HeaderMap, bounds: &BoundsPlan) -> Result<(), Refusal> {
    let most = usize::try_from(bounds.header_count).unwrap_or(usize::MAX);
    // As HTTP/1.1 writes them: `NAME: VALUE` and the end of the line.
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let why = if headers.len() > most {
        format!("the request has more than the {most} headers that the gateway takes")
    } else if bytes > bounds.headers.as_len() {
        format!("the request's headers are larger than the {} bytes that the gateway takes", bounds.headers.as_len())
    } else {
        return Ok(());
    };
    Err(Refusal::new(ErrorCode::HeadersTooLarge, why))
}

/// The caller's address: the peer's, or where that is a trusted proxy, the nearest in `x-forwarded-for` that is none.
pub(crate) fn client_ip(gateway: &LoadedGateway, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut nearest = peer.to_canonical();
    if !gateway.trusts(nearest) {
        return nearest;
    }
    let values = headers.get_all(FORWARDED_FOR).iter().rev().filter_map(|value| value.to_str().ok());
    for hop in values.flat_map(|value| value.rsplit(',')).take(MAX_HOPS) {
        // What is no address was not written by a trusted proxy: what stands before it is worth nothing.
        let Some(address) = address(hop.trim()) else { return nearest };
        nearest = address;
        if !gateway.trusts(nearest) {
            return nearest;
        }
    }
    nearest
}

/// An address as text. The formatter that can pad it takes ten times as long, and every request's record names one.
pub(crate) fn written(address: IpAddr) -> String {
    let IpAddr::V4(address) = address else { return address.to_string() };
    let mut text = String::with_capacity("255.255.255.255".len());
    for octet in address.octets() {
        if !text.is_empty() {
            text.push('.');
        }
        for (unit, needed) in [(100, octet >= 100), (10, octet >= 10), (1, true)] {
            if needed {
                text.push(char::from(b'0' + octet / unit % 10));
            }
        }
    }
    text
}

/// An address with or without a port, as proxies write them.
fn address(text: &str) -> Option<IpAddr> {
    let whole = text.parse::<IpAddr>().ok();
    let bracketed = || text.strip_prefix('[')?.split(']').next()?.parse().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    whole.or_else(with_port).or_else(bracketed).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn addresses_are_written_as_the_standard_library_writes_them() {
        for bits in (0..=u16::MAX).map(|bits| u32::from(bits) * 0x0001_0001) {
            let address = IpAddr::V4(bits.into());
            assert_eq!(written(address), address.to_string());
        }
        assert_eq!(written("2001:db8::1".parse().unwrap()), "2001:db8::1");
    }

    #[test]
    fn headers_are_counted_and_measured() {
        let program = crate::testing::program::program();
        let bounds = BoundsPlan { headers: "20B".parse().unwrap(), header_count: 2, ..program.gateway.bounds };
        let check = |headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            check_headers(&headers.collect(), &bounds).map_err(|refusal| refusal.code)
        };
        assert_eq!(check(&[("a", "12345"), ("b", "12345")]), Ok(()));
        assert_eq!(check(&[("a", "12345"), ("b", "123456")]), Err(ErrorCode::HeadersTooLarge));
        assert_eq!(check(&[("a", ""), ("b", ""), ("c", "")]), Err(ErrorCode::HeadersTooLarge));
    }
}
