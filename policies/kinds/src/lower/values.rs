//! Values that a schema cannot judge: header names, paths, regular expressions, hosts, addresses.

use http::HeaderName;
use regex::Regex;

use super::{At, Lowering};
use crate::route::{HostPattern, PathPattern, PathSegment};
use aigw_source::rules::INVALID_VALUE;

/// Memory that a compiled regular expression may take, in bytes, as where programs are loaded: what a match of a header is worth.
const MAX_REGEX_BYTES: usize = 1 << 20;
/// Longest address, in characters.
const MAX_URL_LENGTH: usize = 2_048;

/// Compiles a regular expression for a whole value.
pub(crate) fn regex(pattern: &str) -> Result<Regex, String> {
    let whole = format!("^(?:{pattern})$");
    let built = regex::RegexBuilder::new(&whole).size_limit(MAX_REGEX_BYTES).build();
    // The pattern must stand on its own too: `a)(b` would close our group.
    let alone = regex::RegexBuilder::new(pattern).size_limit(MAX_REGEX_BYTES).build();
    alone.and(built).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        other => other.to_string().lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned(),
    })
}

/// A header's name in small letters.
pub(crate) fn header_name(name: &str) -> Option<String> {
    HeaderName::try_from(name).ok().map(|name| name.as_str().to_owned())
}

/// A path as policies write it; what is wrong with it where it is none.
pub(crate) fn path_pattern(text: &str) -> Result<PathPattern, &'static str> {
    let Some(rest) = text.strip_prefix('/') else { return Err("it does not begin with `/`") };
    if text.contains(['?', '#', ' ', '\\', '%']) || !text.is_ascii() {
        return Err("it holds a character that no path has once it is decoded");
    }
    let prefix = text.strip_suffix("/*");
    let plain = prefix.unwrap_or(text);
    if plain.contains('*') {
        return Err("a `*` stands only at the end, behind a `/`");
    }
    let mut segments = plain.strip_prefix('/').unwrap_or_default().split('/');
    if segments.clone().any(|segment| matches!(segment, "." | "..")) || plain.contains("//") {
        return Err("it has empty segments or dots, which requests cannot have");
    }
    if !plain.contains(['{', '}']) {
        return Ok(match prefix {
            Some("") => PathPattern::Prefix("/".to_owned()),
            Some(prefix) => PathPattern::Prefix(prefix.to_owned()),
            None => PathPattern::Exact(text.to_owned()),
        });
    }
    if prefix.is_some() {
        return Err("captures and a `*` at the end cannot stand together");
    }
    let _ = rest;
    let segments = segments.try_fold(Vec::new(), |mut all, segment| {
        all.push(path_segment(segment)?);
        Some(all)
    });
    segments.map(PathPattern::Captures).ok_or("a capture is a whole segment, `{name}` in letters, digits and `_`")
}

fn path_segment(text: &str) -> Option<PathSegment> {
    let Some(name) = text.strip_prefix('{') else {
        return (!text.contains(['{', '}'])).then(|| PathSegment::Literal(text.to_owned()));
    };
    let name = name.strip_suffix('}')?;
    let sound = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    sound.then(|| PathSegment::Capture(name.to_owned()))
}

/// A host as policies write it: exact, or `*.` and a suffix.
pub(crate) fn host_pattern(text: &str) -> Option<HostPattern> {
    let host = text.to_ascii_lowercase();
    match host.strip_prefix('*') {
        Some(suffix) => is_host(suffix.strip_prefix('.')?).then(|| HostPattern::Suffix(suffix.to_owned())),
        None => is_host(&host).then_some(HostPattern::Exact(host)),
    }
}

/// Whether a text is a host name or address without a port.
pub(crate) fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let address = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => text.len() <= 253 && text.split('.').all(label),
    }
}

/// The parts of an absolute address of HTTP without user, query and fragment; what is wrong where it is none.
pub(crate) fn http_url(text: &str) -> Result<Url<'_>, &'static str> {
    let (scheme, rest) = text.split_once("://").ok_or("it is not absolute: write `https://…`")?;
    if !matches!(scheme, "https" | "http") {
        return Err("its scheme is neither `https` nor `http`");
    }
    if !text.is_ascii() || text.bytes().any(|byte| byte.is_ascii_control() || matches!(byte, b' ' | b'\\' | b'"' | b'<' | b'>')) {
        return Err("it holds characters that no address has");
    }
    if rest.contains(['?', '#']) {
        return Err("it has a query or fragment");
    }
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    if authority.contains('@') {
        return Err("it has a user or password; use `auth`");
    }
    let host = without_port(authority).ok_or("its port is not a number from 1 to 65535")?;
    if !is_host(host) {
        return Err("its host is not one");
    }
    // Whoever connects reads it as the HTTP crate does.
    if text.len() > MAX_URL_LENGTH || text.parse::<http::Uri>().is_err() {
        return Err("it is too long, or holds characters that no address has");
    }
    Ok(Url { path })
}

/// Parts of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Url<'a> {
    /// The path; empty where none is written.
    pub(crate) path: &'a str,
}

fn without_port(authority: &str) -> Option<&str> {
    let after_host = authority.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = authority.get(after_host..)?.rfind(':') else { return Some(authority) };
    let (host, port) = authority.split_at_checked(after_host + colon)?;
    let port: u16 = port.strip_prefix(':')?.parse().ok()?;
    (port != 0).then_some(host)
}

impl<'a> Lowering<'a> {
    /// A path at a place, or a finding.
    pub(crate) fn path(&mut self, text: &str, at: &At<'a>) -> Option<PathPattern> {
        match path_pattern(text) {
            Ok(path) => Some(path),
            Err(why) => {
                let help = "write `/exact`, `/prefix/*` or `/with/{captures}`";
                self.refuse(INVALID_VALUE, at.span(), format!("`{text}` is not a path: {why}"), help);
                None
            }
        }
    }

    /// A regular expression at a place, or a finding. It is kept as text, and compiled again where it runs.
    pub(crate) fn pattern(&mut self, text: &str, at: &At<'a>) -> Option<String> {
        match regex(text) {
            Ok(_) => Some(text.to_owned()),
            Err(why) => {
                let message = format!("`{}` is not a regular expression: {why}", text.chars().take(80).collect::<String>());
                self.refuse(
                    INVALID_VALUE,
                    at.span(),
                    message,
                    "look-around and back-references do not exist here, so that matching takes linear time",
                );
                None
            }
        }
    }

    /// A header's name at a place, or a finding.
    pub(crate) fn header(&mut self, text: &str, span: aigw_source::Span) -> Option<String> {
        let name = header_name(text);
        if name.is_none() {
            self.refuse(INVALID_VALUE, span, format!("`{text}` is not the name of a header"), "write letters, digits and `-`");
        }
        name
    }
}

impl<'a> Lowering<'a> {
    /// A time that would be too short to mean anything.
    pub(crate) fn at_least(&mut self, time: aigw_core::Millis, least: aigw_core::Millis, key: &str, at: &At<'a>) {
        if time < least {
            let message = format!("`{key}` is at least {least}, not {time}");
            self.refuse(INVALID_VALUE, at.span(), message, "choose a longer time");
        }
    }
}
