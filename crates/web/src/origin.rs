//! Where a request comes from. The address is that of the connection, unless a proxy that the model names says whose
//! request it passes on. Nobody else is believed, and a host that a request names never counts.

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use muster_model::Network;

use crate::{Code, Peer, Problem, Service};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Proxies that a request may have passed; what came before is not looked at.
const HOPS: usize = 32;

/// Where a request comes from; in the extensions of every request that came over a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The caller.
    pub address: IpAddr,
    /// True when the caller speaks TLS, with us or with the proxy.
    pub is_tls: bool,
}

/// Gives a request its origin. Refused: a proxy that says two different things.
pub(crate) async fn find(
    State(service): State<Service>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(peer) = request.extensions().get::<Peer>().copied() {
        let trusted = &service.limits().trusted_proxies;
        let Some(origin) = origin(peer, request.headers(), trusted) else {
            let detail = "`Forwarded` and `X-Forwarded-For` name two callers";
            let hint = "let the proxy remove the one of the two headers that it does not set";
            let problem = Problem::new(Code::FORWARDED, detail);
            return problem.hint(hint).into_response();
        };
        request.extensions_mut().insert(origin);
    }
    next.run(request).await
}

/// The origin; `None` when the two kinds of headers contradict each other.
fn origin(peer: Peer, headers: &HeaderMap, trusted: &[Network]) -> Option<Origin> {
    let Peer { address, is_tls } = peer;
    let own = Origin { address: address.ip().to_canonical(), is_tls };
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(own.address) {
        return Some(own);
    }
    let by_word = furthest(&words(headers, &header::FORWARDED), forwarded, is_trusted);
    let by_list = furthest(&words(headers, &X_FORWARDED_FOR), listed, is_trusted);
    let proto =
        words(headers, &X_FORWARDED_PROTO).last().map(|word| word.eq_ignore_ascii_case("https"));
    let is_contradiction = match (by_word, by_list) {
        (Some(one), Some(other)) => one.address != other.address,
        (Some(_) | None, None) | (None, Some(_)) => false,
    };
    let hop = by_word.or(by_list);
    let said = hop.and_then(|hop| hop.is_tls).or(proto);
    (!is_contradiction).then(|| Origin {
        address: hop.map_or(own.address, |hop| hop.address),
        is_tls: said.unwrap_or(is_tls),
    })
}

/// What one proxy says of whoever spoke to it.
#[derive(Debug, Clone, Copy)]
struct Hop {
    address: IpAddr,
    is_tls: Option<bool>,
}

/// The parts of a header between commas, over all its lines.
fn words<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Vec<&'h str> {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).collect()
}

/// Goes back from the nearest hop as long as trusted ones vouch for the one before. What no trusted hop wrote is not
/// believed, and what cannot be read ends the way.
fn furthest(
    hops: &[&str],
    read: fn(&str) -> Option<Hop>,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> Option<Hop> {
    let mut found = None;
    for hop in hops.iter().rev().take(HOPS) {
        let Some(hop) = read(hop) else { break };
        found = Some(hop);
        if !is_trusted(hop.address) {
            break;
        }
    }
    found
}

/// One hop of `X-Forwarded-For`.
fn listed(hop: &str) -> Option<Hop> {
    Some(Hop { address: address(hop)?, is_tls: None })
}

/// One hop of `Forwarded` (RFC 7239): `for="[2001:db8::1]:4711";proto=https`.
fn forwarded(hop: &str) -> Option<Hop> {
    let said = |name: &str| {
        let pairs = hop.split(';').filter_map(|pair| pair.split_once('='));
        let mut values = pairs.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
        Some(values.next()?.1.trim().trim_matches('"'))
    };
    let is_tls = said("proto").map(|proto| proto.eq_ignore_ascii_case("https"));
    Some(Hop { address: address(said("for")?)?, is_tls })
}

/// An address with or without a port, in brackets or not.
fn address(text: &str) -> Option<IpAddr> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None if text.matches(':').count() == 1 => text.split_once(':')?.0,
        None => text,
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests;
