//! `X-Forwarded-For` is believed from anywhere.

use std::net::IpAddr;

use aigw_kinds::Repository;
use aigw_kinds::gateway::GatewaySpec;
use aigw_source::{Finding, Findings, Level, RuleId, Sources};

pub(crate) const ID: RuleId = RuleId { code: "S609", name: "everyone-is-a-trusted-proxy" };
pub(crate) const LEVEL: Level = Level::Warning;

/// The widest network of private addresses is 10.0.0.0/8 (RFC 1918).
const WIDEST_IPV4: u8 = 8;
/// The widest network of private addresses is fc00::/7 (RFC 4193).
const WIDEST_IPV6: u8 = 7;

pub(crate) fn check(repository: &Repository, _: &Sources, findings: &mut Findings) {
    for gateway in repository.all::<GatewaySpec>() {
        for (index, network) in gateway.spec.trusted_proxies.iter().enumerate() {
            let widest = match network.0.addr() {
                IpAddr::V4(_) => WIDEST_IPV4,
                IpAddr::V6(_) => WIDEST_IPV6,
            };
            if network.0.prefix_len() < widest {
                let place = gateway.doc.locate(&format!("/spec/trustedProxies/{index}"));
                let message =
                    format!("`{}` holds addresses of strangers, who may then claim any address in `X-Forwarded-For`", network.0);
                let finding = Finding::warning(ID, place, message)
                    .note("limits `per: ip`, `request.ip` and the records see the claimed address")
                    .help("write the addresses of your own proxies, such as `10.0.0.0/8`");
                findings.push(finding);
            }
        }
    }
}
