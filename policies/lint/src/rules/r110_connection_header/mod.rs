//! A match on a header that belongs to one connection or has a place of its own.

use aigw_kinds::Repository;
use aigw_kinds::route::RouteSpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

use crate::view::step;

pub(crate) const ID: RuleId = RuleId { code: "R110", name: "connection-header" };
pub(crate) const LEVEL: Level = Level::Warning;

/// Headers that belong to a single connection or message and are absent in HTTP/2 (RFC 9110 section 7.6.1, RFC 9113 section 8.2.2).
const OF_CONNECTION: [&str; 8] =
    ["connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for route in repository.all::<RouteSpec>() {
        for (index, written) in route.spec.matches.iter().enumerate() {
            for name in written.headers.keys() {
                let lower = name.to_ascii_lowercase();
                let (message, help) = if lower == "host" {
                    (
                        format!("`{name}` is not there in HTTP/2, where the host is sent otherwise"),
                        "write `hosts: [ai.example.com]` on the route",
                    )
                } else if OF_CONNECTION.contains(&lower.as_str()) {
                    (
                        format!("`{name}` belongs to one connection: proxies on the way change it, and HTTP/2 has none"),
                        "match a header that the caller means for you",
                    )
                } else {
                    continue;
                };
                let place = route.doc.locate_key(&format!("/spec/matches/{index}/headers/{}", step(name)));
                findings.push(Finding::warning(ID, place, message).help(help));
            }
        }
    }
}
