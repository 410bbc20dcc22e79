//! The journal: how it is signed and where it goes.

use super::{Group, Shape, key};

/// `audit:`
pub(crate) const AUDIT: Group = Group {
    what: "the journal",
    path: "audit",
    doc: "How the journal is signed, so that nobody who can write the store can rewrite it unnoticed, and where it goes.",
    keys: &[
        key(
            "key",
            Shape::Text,
            "nothing is signed",
            "The file with the signing key, from `muster keys init`. A relative path starts at the project folder.",
            "/etc/muster/journal.key",
        ),
        key(
            "entries",
            Shape::Number(1, 1_000_000),
            "1000",
            "A checkpoint is signed after so many entries,",
            "1000",
        ),
        key("every", Shape::Duration, "15m", "and after so long when there are new ones.", "15m"),
        key(
            "exports",
            Shape::Named(&Shape::Group(&EXPORT)),
            "",
            "Where entries go, by name, each in order and at least once.",
            "{ siem: { syslog: \"siem.tern.example:601\" } }",
        ),
    ],
};

const EXPORT: Group = Group {
    what: "an export of the journal",
    path: "audit.exports.NAME",
    doc: "Every entry goes to one place, `syslog` or `path`. Where it left off is kept in the store; what cannot be delivered waits.",
    keys: &[
        key(
            "syslog",
            Shape::Text,
            "",
            "A server that takes RFC 5424 over TCP, or with `tls` RFC 5425, as `HOST:PORT`.",
            "siem.tern.example:601",
        ),
        key(
            "tls",
            Shape::Group(&SYSLOG_TLS),
            "in the clear",
            "TLS to the syslog server, whose certificate has to be for its host.",
            "{ ca: ca.pem }",
        ),
        key(
            "path",
            Shape::Text,
            "",
            "A file that lines are added to. A relative path starts at the project folder.",
            "/var/log/muster/journal.jsonl",
        ),
        key(
            "format",
            Shape::Choice(&["ocsf", "jsonl"]),
            "ocsf",
            "`ocsf` is the Open Cybersecurity Schema; `jsonl` are the entries with what verification needs.",
            "ocsf",
        ),
    ],
};

const SYSLOG_TLS: Group = Group {
    what: "TLS to a syslog server",
    path: "audit.exports.NAME.tls",
    doc: "Files in PEM form, read with each delivery. A relative path starts at the project folder.",
    keys: &[
        key("ca", Shape::Text, "the system's authorities", "Whom to believe.", "ca.pem"),
        key(
            "certificate",
            Shape::Text,
            "none",
            "What Muster shows of itself, with its chain.",
            "client.pem",
        ),
        key("key", Shape::Text, "none", "The private key of `certificate`.", "client.key"),
    ],
};

/// `sealing:`
pub(crate) const SEALING: Group = Group {
    what: "the sealing of secrets",
    path: "sealing",
    doc: "Secrets that Muster has to read again, such as its private keys, are sealed in the store. The key for it is a file: whoever takes \
          the database or a backup has none of them. Every node of a cluster needs the same file, and a restored backup needs it too.",
    keys: &[key(
        "key",
        Shape::Text,
        "muster.key",
        "The file with the key, made when it is first needed. A relative path starts at the project folder. Keep a copy \
         apart from the backups.",
        "/etc/muster/sealing.key",
    )],
};
