//! The server: from `server:` to how it listens, whom it trusts and what it says of itself.

use std::net::SocketAddr;

use muster_model::{Network, Text};
use muster_policy::{LogFormat, LogLevel, Server, ServerLimits, TlsFiles};

use crate::{context::Context, duration::parse_duration, yaml::Node};

/// Builds what is said of the server.
pub(crate) fn server(context: &mut Context<'_>, node: Option<&Node>) -> Server {
    let Some(node) = node else { return Server::default() };
    let log = |key: &str| node.get("log")?.get_text(key);
    Server {
        listen: node.get("listen").and_then(|node| listen(context, node)),
        tls: node.get("tls").and_then(tls),
        trusted_proxies: networks(context, node.get("trusted_proxies")),
        limits: node.get("limits").map(limits).unwrap_or_default(),
        log_format: log("format").and_then(|word| LogFormat::named(word)),
        log_level: log("level").and_then(|word| LogLevel::named(word)),
        traces: node.get("tracing").and_then(|node| endpoint(context, node)),
    }
}

/// An address with a port.
pub(crate) fn listen(context: &mut Context<'_>, node: &Node) -> Option<SocketAddr> {
    let text = node.text()?;
    let address = text.parse().ok();
    if address.is_none() {
        context.error(
            "E0909",
            node.span,
            format!("`{text}` is no address with a port"),
            "write `127.0.0.1:8080`, or `0.0.0.0:8443` for every address of the machine",
        );
    }
    address
}

fn tls(node: &Node) -> Option<TlsFiles> {
    let file = |key: &str| node.get_text(key).cloned();
    let (certificate, key) = (file("certificate")?, file("key")?);
    Some(TlsFiles {
        certificate,
        key,
        client_ca: file("client_ca"),
        client_crl: file("client_crl"),
    })
}

/// Addresses and networks.
pub(crate) fn networks(context: &mut Context<'_>, node: Option<&Node>) -> Vec<Network> {
    let Some(node) = node else { return Vec::new() };
    let mut networks = Vec::new();
    for node in node.several() {
        let Some(text) = node.text() else { continue };
        match text.parse() {
            Ok(network) => networks.push(network),
            Err(_) => context.error(
                "E0909",
                node.span,
                format!("`{text}` is no address and no network"),
                "write one address, or a network such as `10.0.0.0/8`; names are not looked up",
            ),
        }
    }
    networks
}

fn limits(node: &Node) -> ServerLimits {
    let number = |key: &str| node.get_text(key).and_then(|text| text.parse().ok());
    let length = |key: &str| node.get_text(key).and_then(|text| parse_duration(text));
    ServerLimits {
        body: number("body"),
        connections: number("connections"),
        answer: length("answer"),
        drain: length("drain"),
        rate: number("rate"),
        burst: number("burst"),
    }
}

fn endpoint(context: &mut Context<'_>, node: &Node) -> Option<Text> {
    let node = node.get("endpoint")?;
    web_address(context, node, "http://127.0.0.1:4318")
}

/// Where others reach this Muster.
pub(crate) fn url(context: &mut Context<'_>, node: Option<&Node>) -> Option<Text> {
    web_address(context, node?, "https://muster.tern.example")
}

/// The address of a web server, without `/` at its end.
fn web_address(context: &mut Context<'_>, node: &Node, example: &str) -> Option<Text> {
    let text = node.text()?.trim_end_matches('/');
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.filter(|rest| !rest.is_empty() && !rest.contains(['?', '#', '@', ' ', '\\']));
    if host.is_none() {
        context.error(
            "E0908",
            node.span,
            "this is not the address of a web server",
            format!("write it as `{example}`, with a path if there is one"),
        );
        return None;
    }
    Some(text.into())
}
