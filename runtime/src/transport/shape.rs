//! What two endpoints must have in common to share connections.

use std::fmt;

use aigw_core::Name;
use http::uri::{Authority, Scheme};

/// Where connections lead and what they are trusted by. Equal shapes share one pool, over reloads too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shape {
    /// TLS or not.
    pub(crate) https: bool,
    /// Host name or address, without brackets.
    pub(crate) host: String,
    /// Port.
    pub(crate) port: u16,
    /// The named CA, or the system's.
    pub(crate) ca: Option<Name>,
}

/// Why an endpoint's address cannot be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an endpoint's address must be `http://HOST` or `https://HOST`, with an optional port and path")]
pub(crate) struct ShapeError;

impl Shape {
    /// The shape of an endpoint at this base URL; its path plays no part.
    pub(crate) fn of(url: &str, ca: Option<&Name>) -> Result<Self, ShapeError> {
        let uri: http::Uri = url.parse().map_err(|_| ShapeError)?;
        let https = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(ShapeError),
        };
        let host = uri.host().map(|host| host.trim_start_matches('[').trim_end_matches(']')).unwrap_or_default();
        if host.is_empty() || uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(ShapeError);
        }
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        Ok(Self { https, host: host.to_ascii_lowercase(), port, ca: ca.cloned() })
    }

    /// Host and port as requests name them; the scheme's own port is left out.
    pub(crate) fn authority(&self) -> Result<Authority, ShapeError> {
        self.to_string().parse().map_err(|_| ShapeError)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        if self.port == if self.https { 443 } else { 80 } { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_leaves_out_the_schemes_own_port_and_keeps_brackets() {
        for (url, authority) in [
            ("https://API.example/v1", "api.example"),
            ("https://api.example:8443", "api.example:8443"),
            ("http://127.0.0.1:11434/v1", "127.0.0.1:11434"),
            ("http://[::1]:80/", "[::1]"),
        ] {
            assert_eq!(Shape::of(url, None).map(|shape| shape.to_string()), Ok(authority.to_owned()), "{url}");
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        for url in ["", "api.example", "ftp://api.example", "https://", "https://user:pw@api.example/", "/v1"] {
            assert_eq!(Shape::of(url, None), Err(ShapeError), "{url}");
        }
    }
}
