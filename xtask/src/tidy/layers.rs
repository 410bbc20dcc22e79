//! Who may use whom: the one table of layers, and what the pure crates must never reach.

use std::collections::BTreeSet;

use crate::packages::Packages;

use super::Finding;

/// A crate of ours and the crates of ours it may use; names without `muster-`.
struct Layer {
    name: &'static str,
    kind: Kind,
    uses: &'static [&'static str],
}

/// What a crate is allowed to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No async, no IO, no logging, not even in tests.
    Pure,
    /// Talks to the world.
    Edge,
}

/// Things that no pure crate may reach, however indirectly.
const IMPURE: &[&str] =
    &["axum", "reqwest", "rusqlite", "rustls", "tokio", "tokio-postgres", "tracing"];

/// Crates that stand at the top: nobody may use them, not even in tests.
const TOPS: &[&str] = &["bench", "fuzz", "server", "xtask"];

/// Right uses left. A new edge is a decision record.
const LAYERS: &[Layer] = &[
    Layer { name: "model", kind: Kind::Pure, uses: &[] },
    Layer { name: "lang", kind: Kind::Pure, uses: &["model"] },
    Layer { name: "policy", kind: Kind::Pure, uses: &["model", "lang"] },
    Layer { name: "decision", kind: Kind::Pure, uses: &["model", "lang", "policy"] },
    Layer { name: "plan", kind: Kind::Pure, uses: &["model", "lang", "policy"] },
    Layer { name: "project", kind: Kind::Pure, uses: &["model", "lang", "policy", "scim"] },
    Layer { name: "tls", kind: Kind::Edge, uses: &[] },
    Layer { name: "store", kind: Kind::Edge, uses: &["model", "tls"] },
    Layer { name: "connector", kind: Kind::Edge, uses: &["model"] },
    Layer { name: "connector-command", kind: Kind::Edge, uses: &["model", "connector"] },
    Layer { name: "connector-file", kind: Kind::Edge, uses: &["model", "connector"] },
    Layer { name: "connector-http", kind: Kind::Edge, uses: &["model", "connector", "http"] },
    Layer { name: "connector-ldap", kind: Kind::Edge, uses: &["model", "connector"] },
    Layer { name: "connector-manual", kind: Kind::Edge, uses: &["model", "connector"] },
    Layer { name: "connector-sql", kind: Kind::Edge, uses: &["model", "connector", "tls"] },
    Layer { name: "http", kind: Kind::Edge, uses: &["model", "connector"] },
    Layer { name: "scim", kind: Kind::Pure, uses: &[] },
    Layer {
        name: "connector-scim",
        kind: Kind::Edge,
        uses: &["model", "scim", "connector", "http"],
    },
    Layer { name: "demo", kind: Kind::Pure, uses: &["model"] },
    Layer { name: "testkit", kind: Kind::Edge, uses: &["model"] },
    Layer {
        name: "app",
        kind: Kind::Edge,
        uses: &["model", "lang", "policy", "decision", "plan", "project", "store", "connector"],
    },
    Layer {
        name: "auth",
        kind: Kind::Edge,
        uses: &["model", "policy", "store", "connector", "app"],
    },
    Layer {
        name: "governance",
        kind: Kind::Edge,
        uses: &["model", "lang", "policy", "store", "app"],
    },
    Layer {
        name: "review",
        kind: Kind::Edge,
        uses: &["model", "lang", "policy", "plan", "store", "app", "governance"],
    },
    Layer { name: "telemetry", kind: Kind::Edge, uses: &[] },
    Layer {
        name: "web",
        kind: Kind::Edge,
        uses: &["model", "policy", "store", "app", "auth", "telemetry"],
    },
    Layer { name: "signin", kind: Kind::Edge, uses: &["model", "app", "engine", "auth", "web"] },
    Layer { name: "agent", kind: Kind::Edge, uses: &["model", "connector", "http", "app", "web"] },
    Layer { name: "authzen", kind: Kind::Edge, uses: &["model", "app", "governance", "web"] },
    Layer {
        name: "oidc",
        kind: Kind::Edge,
        uses: &["model", "policy", "store", "app", "auth", "web", "signin"],
    },
    Layer {
        name: "directory",
        kind: Kind::Edge,
        uses: &["model", "lang", "policy", "store", "app", "auth", "web"],
    },
    Layer { name: "notify", kind: Kind::Edge, uses: &["model", "connector", "http", "app"] },
    Layer {
        name: "engine",
        kind: Kind::Edge,
        uses: &[
            "model",
            "lang",
            "policy",
            "plan",
            "project",
            "store",
            "connector",
            "app",
            "governance",
            "review",
            "tls",
        ],
    },
    Layer {
        name: "report",
        kind: Kind::Edge,
        uses: &["model", "policy", "store", "app", "governance", "review", "engine"],
    },
    Layer {
        name: "scim-server",
        kind: Kind::Edge,
        uses: &["model", "lang", "policy", "store", "scim", "app", "engine", "web"],
    },
    Layer {
        name: "api",
        kind: Kind::Edge,
        uses: &[
            "model",
            "policy",
            "plan",
            "store",
            "app",
            "auth",
            "governance",
            "review",
            "engine",
            "report",
            "web",
        ],
    },
    Layer {
        name: "console",
        kind: Kind::Edge,
        uses: &[
            "model",
            "lang",
            "policy",
            "plan",
            "store",
            "app",
            "auth",
            "governance",
            "review",
            "engine",
            "report",
            "web",
            "signin",
        ],
    },
    Layer {
        name: "cli",
        kind: Kind::Edge,
        uses: &[
            "model",
            "lang",
            "policy",
            "decision",
            "plan",
            "project",
            "store",
            "connector",
            "http",
            "app",
            "agent",
            "auth",
            "governance",
            "review",
            "engine",
            "report",
            "demo",
            "web",
            "api",
            "oidc",
            "directory",
            "signin",
            "console",
            "telemetry",
        ],
    },
    Layer {
        name: "server",
        kind: Kind::Edge,
        uses: &[
            "model",
            "project",
            "connector",
            "connector-command",
            "connector-file",
            "connector-http",
            "connector-ldap",
            "connector-scim",
            "connector-manual",
            "connector-sql",
            "app",
            "agent",
            "authzen",
            "notify",
            "web",
            "api",
            "scim-server",
            "oidc",
            "signin",
            "console",
            "cli",
        ],
    },
    Layer {
        name: "bench",
        kind: Kind::Edge,
        uses: &[
            "model",
            "lang",
            "policy",
            "plan",
            "project",
            "store",
            "connector",
            "connector-command",
            "connector-file",
            "connector-http",
            "connector-ldap",
            "connector-scim",
            "connector-sql",
            "app",
            "auth",
            "authzen",
            "web",
            "review",
            "engine",
            "signin",
            "console",
            "testkit",
        ],
    },
    Layer {
        name: "fuzz",
        kind: Kind::Edge,
        uses: &[
            "model",
            "project",
            "connector",
            "connector-file",
            "connector-ldap",
            "directory",
            "scim",
        ],
    },
    Layer { name: "xtask", kind: Kind::Edge, uses: &[] },
];

pub(super) fn check(packages: &Packages) -> Vec<Finding> {
    let ours = packages.ours();
    let mut findings = Vec::new();
    for package in packages.packages.iter().filter(|package| package.ours) {
        if package.may_be_published {
            findings.push(found(&package.name, "says no `publish = false`".to_owned()));
        }
    }
    for name in &ours {
        match LAYERS.iter().find(|layer| layer.name == short(name)) {
            None => findings.push(found(
                name,
                "is missing in the table of xtask/src/tidy/layers.rs".to_owned(),
            )),
            Some(layer) => findings.extend(edges(layer, name, &ours, packages)),
        }
    }
    findings
}

fn edges(layer: &Layer, name: &str, ours: &BTreeSet<&str>, packages: &Packages) -> Vec<Finding> {
    let Some(edges) = packages.edges.get(name) else { return Vec::new() };
    let mut findings = Vec::new();
    let internal = |set: &BTreeSet<String>| -> Vec<String> {
        set.iter().filter(|to| ours.contains(to.as_str())).cloned().collect()
    };
    for to in internal(&edges.normal) {
        if !layer.uses.contains(&short(&to)) {
            findings.push(found(name, format!("must not use {to}")));
        }
    }
    for to in internal(&edges.dev) {
        let allowed = match layer.kind {
            // Tests of a pure crate read model files, which the crates above it make.
            Kind::Pure => LAYERS.iter().any(|l| l.name == short(&to) && l.kind == Kind::Pure),
            Kind::Edge => !TOPS.contains(&short(&to)),
        };
        if !allowed {
            findings.push(found(name, format!("must not use {to}, not even in tests")));
        }
    }
    if layer.kind == Kind::Pure {
        for (impure, road) in reached(name, packages) {
            findings.push(found(name, format!("is pure but reaches {impure}: {road}")));
        }
    }
    findings
}

/// The impure crates that `name` reaches, each with one road to it.
fn reached(name: &str, packages: &Packages) -> Vec<(String, String)> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let mut roads = vec![(name.to_owned(), name.to_owned())];
    while let Some((at, road)) = roads.pop() {
        let Some(edges) = packages.edges.get(&at) else { continue };
        let dev: &BTreeSet<String> = if at == name { &edges.dev } else { &BTreeSet::new() };
        for to in edges.normal.union(dev) {
            if !seen.insert(to.clone()) {
                continue;
            }
            let road = format!("{road} -> {to}");
            if IMPURE.contains(&to.as_str()) {
                found.push((to.clone(), road.clone()));
            }
            roads.push((to.clone(), road));
        }
    }
    found.sort();
    found
}

fn short(name: &str) -> &str {
    name.strip_prefix("muster-").unwrap_or(name)
}

fn found(name: &str, message: String) -> Finding {
    let path = if name == "xtask" {
        "xtask/Cargo.toml".to_owned()
    } else {
        format!("crates/{}/Cargo.toml", short(name))
    };
    Finding { path, line: 0, message }
}
