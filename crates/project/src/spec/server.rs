//! The keys of the server.

use muster_policy::{LogFormat, LogLevel};

use super::{Group, Shape, key};

/// `server:`
pub(crate) const SERVER: Group = Group {
    what: "the server",
    path: "server",
    doc: "How `muster serve` answers. Options of the command line are stronger. It is read when the server starts; `url`, where others reach it, \
          stands beside it at the top level.",
    keys: &[
        key(
            "listen",
            Shape::Text,
            "127.0.0.1:8080",
            "The address and port on which it listens.",
            "0.0.0.0:8443",
        ),
        key(
            "tls",
            Shape::Group(&TLS),
            "it speaks in the clear",
            "Its certificate.",
            "{ certificate: chain.pem, key: key.pem }",
        ),
        key(
            "trusted_proxies",
            Shape::Many(&Shape::Text),
            "nobody",
            "Addresses and networks of proxies. What they say of the caller (`Forwarded`, or else `X-Forwarded-For`) is \
             believed; from everybody else it is not read.",
            "[10.0.0.0/8, 2001:db8::5]",
        ),
        key(
            "limits",
            Shape::Group(&LIMITS),
            "",
            "What requests may ask of it.",
            "{ body: 1048576, rate: 100 }",
        ),
        key(
            "log",
            Shape::Group(&LOG),
            "",
            "The log on standard error.",
            "{ format: json, level: info }",
        ),
        key(
            "tracing",
            Shape::Group(&TRACING),
            "no traces",
            "Where traces go.",
            "{ endpoint: \"http://127.0.0.1:4318\" }",
        ),
    ],
};

const TLS: Group = Group {
    what: "the server's certificate",
    path: "server.tls",
    doc: "Files in PEM form, read again when they change. A relative path starts at the project folder.",
    keys: &[
        key(
            "certificate",
            Shape::Text,
            "required",
            "The certificate and its chain.",
            "/etc/muster/chain.pem",
        ),
        key(
            "key",
            Shape::Text,
            "required",
            "The private key of the certificate.",
            "/etc/muster/key.pem",
        ),
        key(
            "client_ca",
            Shape::Text,
            "nobody is asked for a certificate",
            "The certificates of the authorities whose certificates people may sign in with (`sign_in.certificates`). Callers are asked for one then, \
             and may have none. What is not right ends the connection.",
            "/etc/muster/people-ca.pem",
        ),
        key(
            "client_crl",
            Shape::Text,
            "nothing is looked up",
            "The revocation lists of these authorities, one for each, which must not be over. Without a list, nobody is noticed whose certificate \
             was revoked.",
            "/etc/muster/people-crl.pem",
        ),
    ],
};

const LIMITS: Group = Group {
    what: "the server's limits",
    path: "server.limits",
    doc: "What requests may ask of the server.",
    keys: &[
        key("body", Shape::Number(1_024, 1 << 30), "4194304", "Bytes of a body.", "1048576"),
        key(
            "connections",
            Shape::Number(1, 1_000_000),
            "4096",
            "Connections at the same time; more wait.",
            "1000",
        ),
        key("answer", Shape::Duration, "60s", "How long an answer may take to begin.", "30s"),
        key(
            "drain",
            Shape::Duration,
            "20s",
            "How long requests that run may go on when it is to stop.",
            "5s",
        ),
        key(
            "rate",
            Shape::Number(1, 1_000_000),
            "5000",
            "Requests of one client in a second, over a long time.",
            "100",
        ),
        key(
            "burst",
            Shape::Number(1, 1_000_000),
            "twice `rate`",
            "Requests of one client at once after a time of rest.",
            "200",
        ),
    ],
};

const LOG: Group = Group {
    what: "the log",
    path: "server.log",
    doc: "What goes to standard error.",
    keys: &[
        key("format", Shape::Choice(LogFormat::WORDS), "text", "How a line looks.", "json"),
        key("level", Shape::Choice(LogLevel::WORDS), "info", "The least that is logged.", "warn"),
    ],
};

const TRACING: Group = Group {
    what: "traces",
    path: "server.tracing",
    doc: "Spans of requests, use cases and statements, sent by OTLP over HTTP. The standard `OTEL_` variables say more: headers, sampling, the \
          name of the service; `OTEL_EXPORTER_OTLP_ENDPOINT` alone is enough too.",
    keys: &[key(
        "endpoint",
        Shape::Text,
        "required",
        "The collector's address, without `/v1/traces`.",
        "http://127.0.0.1:4318",
    )],
};
