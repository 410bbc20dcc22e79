//! The tables: what is allowed, what is banned, what belongs to one place. A longer list is a reviewed line.

use std::fmt::Write as _;

/// Licences that fit `Apache-2.0 OR MIT`.
pub(super) const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-3-Clause",
    "BSL-1.0",
    // A list of root certificates, which reqwest names for Android and mysql_async as its default; we trust the file
    // that the settings name or the authorities of the operating system.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    // File by file: the codec of LDAP and the checks of passkeys, used as they are.
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// The one place packages come from.
pub(super) const SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Crates that may not come in at all, and why.
pub(super) const BANNED: &[(&str, &str)] = &[
    ("diesel", "statements are text, see docs/decisions/0002"),
    ("native-tls", "TLS is rustls with aws-lc-rs"),
    ("openssl", "TLS is rustls with aws-lc-rs"),
    ("openssl-sys", "TLS is rustls with aws-lc-rs"),
    ("sea-orm", "statements are text, see docs/decisions/0002"),
    ("serde_yaml", "model files keep the place of each key, see docs/decisions/0004"),
    ("sqlx", "the drivers are rusqlite and tokio-postgres, see docs/decisions/0002"),
    ("sqlx-core", "the drivers are rusqlite and tokio-postgres, see docs/decisions/0002"),
];

/// Crates that belong to one place, and the packages that may depend on them directly.
pub(super) const KEPT: &[(&str, &[&str])] = &[
    ("argon2", &["crypto-glue", "muster-auth"]),
    ("askama", &["muster-console", "muster-oidc", "muster-signin"]),
    ("bcrypt", &["muster-auth"]),
    ("calamine", &["bench", "muster-connector-file", "muster-report"]),
    ("cel", &["muster-lang"]),
    // Time is jiff's. It is in the lock because `serde_with` could use it; nothing switches that on.
    ("chrono", &["serde_with"]),
    ("clap", &["bench", "clap_complete", "clap_mangen", "muster-cli"]),
    ("csv", &["bench", "muster-cli", "muster-connector-file", "muster-report"]),
    ("deadpool-postgres", &["muster-store"]),
    ("jsonwebtoken", &["muster-oidc"]),
    ("ldap3", &["bench", "muster-connector-ldap"]),
    ("ldap3_lber", &["ldap3_proto", "muster-directory"]),
    ("ldap3_proto", &["muster-directory"]),
    ("lettre", &["muster-notify"]),
    ("minijinja", &["muster-app", "muster-project"]),
    ("mysql_async", &["bench", "muster-connector-sql"]),
    ("opentelemetry-otlp", &["muster-telemetry"]),
    ("reqwest", &["bench", "muster-http", "opentelemetry-http", "opentelemetry-otlp"]),
    // The tests of the binary look into a repository from outside, and damage it.
    (
        "rusqlite",
        &["bench", "muster-connector-sql", "muster-engine", "muster-server", "muster-store"],
    ),
    ("pdf-writer", &["muster-report"]),
    ("rust_xlsxwriter", &["muster-connector-file", "muster-report"]),
    ("saphyr-parser", &["muster-project"]),
    (
        "tokio-postgres",
        &[
            "bench",
            "deadpool-postgres",
            "muster-connector-sql",
            "muster-store",
            "muster-testkit",
            "muster-tls",
        ],
    ),
    ("webauthn-rs", &["muster-auth"]),
];

/// The same rules in the words of cargo-deny.
pub(crate) fn deny_toml() -> String {
    let mut text = "\
# Written by `cargo xtask generate` from xtask/src/deny/rules.rs; change it there.
# `cargo xtask deny` checks the same rules without cargo-deny.

[graph]
all-features = false

[licenses]
allow = [
"
    .to_owned();
    for licence in LICENCES {
        _ = writeln!(text, "  \"{licence}\",");
    }
    text.push_str("]\n\n[bans]\nmultiple-versions = \"allow\"\nwildcards = \"deny\"\nallow-wildcard-paths = true\ndeny = [\n");
    for (name, why) in BANNED {
        _ = writeln!(text, "  {{ crate = \"{name}\", reason = \"{why}\" }},");
    }
    for (name, users) in KEPT {
        let users: Vec<String> = users.iter().map(|user| format!("\"{user}\"")).collect();
        _ = writeln!(text, "  {{ crate = \"{name}\", wrappers = [{}] }},", users.join(", "));
    }
    text.push_str("]\n\n[sources]\nunknown-registry = \"deny\"\nunknown-git = \"deny\"\n");
    text
}
