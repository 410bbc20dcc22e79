//! Functions on addresses of the internet.

use std::net::IpAddr;

use muster_model::{Value, ValueType};

use super::{Args, Function, Kind, Returns};

const BOOL: Returns = Returns::Value(ValueType::Bool);

pub(super) const TABLE: &[Function] =
    &[Function::new("in_network", &[Kind::Text, Kind::Text], BOOL, in_network)];

/// Whether an address lies in a network. An IPv4 address in the form of IPv6 is the IPv4 address.
fn in_network(args: &Args<'_>) -> Option<Value> {
    let address: IpAddr = args.text(0)?.trim().parse().ok()?;
    let (network, length) = network(args.text(1)?)?;
    let inside = match (address.to_canonical(), network) {
        (IpAddr::V4(a), IpAddr::V4(n)) => {
            begins(a.to_bits().into(), n.to_bits().into(), 32 - length)
        }
        (IpAddr::V6(a), IpAddr::V6(n)) => begins(a.to_bits(), n.to_bits(), 128 - length),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    };
    Some(Value::Bool(inside))
}

/// Whether two addresses are the same but for the last `rest` bits.
fn begins(a: u128, b: u128, rest: u32) -> bool {
    (a ^ b).checked_shr(rest).unwrap_or(0) == 0
}

/// Whether a text is a network as `in_network` reads it.
pub(crate) fn is_network(text: &str) -> bool {
    network(text).is_some()
}

/// The first address of a network and the length of its prefix, no longer than the address. An address alone is a
/// network of one.
fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.trim().parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Some(longest), |length| length.trim().parse().ok())?;
    (length <= longest).then_some((address, length))
}
