//! Path and host as policies see them: one spelling each, and nothing that two readers could read differently.

use std::borrow::Cow;

use http::{HeaderMap, Uri, header};

/// What hosts and ports hold beside letters and digits: names, IPv4 and IPv6 in brackets.
const HOST_MARKS: &[u8] = b"-._~:[]";

/// A head that cannot be matched safely. The client's fault: `invalid_request`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadFault {
    /// Not a path that begins with `/`.
    #[error("the request's path must begin with `/`")]
    NotAbsolute,
    /// A `%` that is not followed by two hexadecimal digits.
    #[error("the request's path holds a `%` without two hexadecimal digits")]
    BadEscape,
    /// An encoded NUL.
    #[error("the request's path holds an encoded NUL")]
    Nul,
    /// A slash or backslash, or a doubled slash, that servers read in different ways.
    #[error(
        "the request's path holds an encoded slash, a backslash or two slashes in a row, which servers read in different ways"
    )]
    AmbiguousSlash,
    /// A segment that is `.` or `..`, encoded or not.
    #[error("the request's path holds a segment that is `.` or `..`")]
    DotSegment,
    /// Several `Host` headers, or one that is no host.
    #[error("the request's host is not one host name, with or without a port")]
    BadHost,
}

/// The path in its one spelling: escapes of unreserved characters are decoded, other escapes are written in capitals (RFC 3986, section 6.2.2).
/// Borrowed where nothing is to be done.
///
/// # Errors
/// What servers could read differently from how policies were judged.
pub fn normal_path(path: &str) -> Result<Cow<'_, str>, HeadFault> {
    if !path.starts_with('/') {
        return Err(HeadFault::NotAbsolute);
    }
    let path = if path.contains('%') { Cow::Owned(decoded(path)?) } else { Cow::Borrowed(path) };
    if path.contains('\\') || path.contains("//") {
        return Err(HeadFault::AmbiguousSlash);
    }
    if path.contains("/.") && path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(HeadFault::DotSegment);
    }
    Ok(path)
}

fn decoded(path: &str) -> Result<String, HeadFault> {
    let mut out = String::with_capacity(path.len());
    let mut parts = path.split('%');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).ok_or(HeadFault::BadEscape)?;
        let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16)).ok_or(HeadFault::BadEscape);
        let byte = digit(digits.as_bytes().first())? << 4 | digit(digits.as_bytes().get(1))?;
        match char::from_u32(byte) {
            Some('\0') => return Err(HeadFault::Nul),
            Some('/' | '\\') => return Err(HeadFault::AmbiguousSlash),
            Some(char) if char.is_ascii_alphanumeric() || matches!(char, '-' | '.' | '_' | '~') => out.push(char),
            _ => {
                out.push('%');
                out.extend(digits.chars().map(|digit| digit.to_ascii_uppercase()));
            }
        }
        out.push_str(rest);
    }
    Ok(out)
}

/// The host in small letters, without its port and without the dot at its end: from the request's target where it names one, as HTTP/2 does, else from
/// `Host`. `None` where there is neither.
///
/// # Errors
/// Several `Host` headers, or one that is no host.
pub fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Result<Option<Cow<'a, str>>, HeadFault> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let text = match (uri.authority(), hosts.next(), hosts.next()) {
        (_, _, Some(_)) => return Err(HeadFault::BadHost),
        (Some(authority), _, None) => authority.as_str(),
        (None, Some(value), None) => value.to_str().map_err(|_| HeadFault::BadHost)?,
        (None, None, None) => return Ok(None),
    };
    if text.is_empty() {
        return Ok(None);
    }
    let name = without_port(text);
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || HOST_MARKS.contains(&byte)) {
        return Err(HeadFault::BadHost);
    }
    let lower = || Cow::Owned(name.to_ascii_lowercase());
    Ok(Some(if name.bytes().any(|byte| byte.is_ascii_uppercase()) { lower() } else { Cow::Borrowed(name) }))
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !inside_brackets(authority, name) => name,
        _ => authority,
    }
}

/// Whether the last colon stands inside an IPv6 address.
fn inside_brackets(authority: &str, before: &str) -> bool {
    authority.starts_with('[') && !before.ends_with(']')
}
