//! Networks that may call and that may not: each must be able to decide something.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use crate::gateway::Network;
use crate::lower::{At, Lowering};
use crate::rules;
use crate::validation::{AddressesSpec, CheckKind};

/// The first bits of an IPv4 address that is written as an IPv6 one.
const MAPPED_BITS: u8 = 96;

pub(super) fn lower<'a>(lowering: &mut Lowering<'a>, spec: &AddressesSpec, at: &At<'a>) -> Option<CheckKind> {
    let (allow_at, deny_at) = (at.key("allow"), at.key("deny"));
    let allow = networks(lowering, spec.allow.as_deref().unwrap_or_default(), &allow_at);
    let deny = networks(lowering, spec.deny.as_deref().unwrap_or_default(), &deny_at);
    if allow.is_empty() && deny.is_empty() {
        lowering.unfit(at.key_span(), "every address may call", "write `allow` or `deny`");
    }
    for (index, network) in allow.iter().enumerate() {
        if let Some(wider) = deny.iter().find(|denied| denied.contains(network)) {
            let message = format!("nobody in `{network}` may call: `deny` has `{wider}`");
            lowering.unfit(allow_at.item(index).span(), message, "remove one of them");
        }
    }
    for (index, network) in deny.iter().enumerate().filter(|_| !allow.is_empty()) {
        let overlaps = |allowed: &IpNet| allowed.contains(network) || network.contains(allowed);
        if !allow.iter().any(overlaps) {
            let message = format!("`{network}` is in no network of `allow`, so it is refused already");
            lowering.unfit(deny_at.item(index).span(), message, "remove it");
        }
    }
    Some(CheckKind::Addresses { allow, deny })
}

/// As they are compared: without the bits behind the prefix, and IPv4 as IPv4.
fn networks<'a>(lowering: &mut Lowering<'a>, written: &[Network], at: &At<'a>) -> Vec<IpNet> {
    let mut networks: Vec<IpNet> = Vec::new();
    for (index, network) in written.iter().enumerate() {
        let network = canonical(network.0);
        if let Some(wider) = networks.iter().find(|earlier| earlier.contains(&network)) {
            let message = format!("`{network}` stands in this list already, as `{wider}`");
            lowering.refuse(rules::DUPLICATE_NAME, at.item(index).span(), message, "remove it");
        }
        networks.push(network);
    }
    networks
}

fn canonical(network: IpNet) -> IpNet {
    let network = network.trunc();
    let mapped = match (network.addr().to_canonical(), network.prefix_len().checked_sub(MAPPED_BITS)) {
        (IpAddr::V4(address), Some(bits)) if matches!(network, IpNet::V6(_)) => Ipv4Net::new(address, bits).ok(),
        _ => None,
    };
    mapped.map_or(network, IpNet::V4)
}
