//! What cargo knows about our packages and the ones we use, reduced to what the rules ask.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{command, repo::Repo};

/// All packages and who depends on whom.
#[derive(Debug, Default)]
pub(crate) struct Packages {
    pub(crate) packages: Vec<Package>,
    /// Direct dependencies by name, for the whole set; versions of one name are taken together.
    pub(crate) edges: BTreeMap<String, Edges>,
}

/// One package in one version.
#[derive(Debug, Clone, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The SPDX expression.
    pub(crate) licence: Option<String>,
    /// Where it comes from; `None` for our own.
    pub(crate) source: Option<String>,
    /// True for a member of the workspace.
    pub(crate) ours: bool,
    /// False when the manifest says `publish = false`.
    pub(crate) may_be_published: bool,
}

/// The direct dependencies of a package, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Edges {
    /// Normal and build dependencies.
    pub(crate) normal: BTreeSet<String>,
    /// Dependencies of tests, examples and benchmarks; known for our own packages only.
    pub(crate) dev: BTreeSet<String>,
}

impl Packages {
    /// Asks cargo.
    pub(crate) fn load(repo: &Repo) -> Result<Self> {
        let text =
            command::output(command::cargo(repo, &["metadata", "--format-version=1", "--locked"]))?;
        let metadata = serde_json::from_str(&text).context("cargo metadata printed no JSON")?;
        Self::from_metadata(&metadata).context("cargo metadata has another form than expected")
    }

    /// The members of the workspace, by name.
    pub(crate) fn ours(&self) -> BTreeSet<&str> {
        self.packages.iter().filter(|p| p.ours).map(|p| p.name.as_str()).collect()
    }

    fn from_metadata(metadata: &Value) -> Option<Self> {
        let members: BTreeSet<&str> = metadata
            .get("workspace_members")?
            .as_array()?
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let mut names = BTreeMap::new();
        let mut packages = Vec::new();
        for package in metadata.get("packages")?.as_array()? {
            let text = |key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
            let id = package.get("id")?.as_str()?;
            let name = text("name")?;
            names.insert(id, name.clone());
            packages.push(Package {
                name,
                version: text("version")?,
                licence: text("license"),
                source: text("source"),
                ours: members.contains(id),
                may_be_published: package
                    .get("publish")
                    .and_then(Value::as_array)
                    .is_none_or(|registries| !registries.is_empty()),
            });
        }
        let mut edges: BTreeMap<String, Edges> = BTreeMap::new();
        for node in metadata.get("resolve")?.get("nodes")?.as_array()? {
            let from = names.get(node.get("id")?.as_str()?)?;
            let entry = edges.entry(from.clone()).or_default();
            for dependency in node.get("deps")?.as_array()? {
                let to = names.get(dependency.get("pkg")?.as_str()?)?;
                for kind in dependency.get("dep_kinds")?.as_array()? {
                    let is_dev = kind.get("kind").and_then(Value::as_str) == Some("dev");
                    let set = if is_dev { &mut entry.dev } else { &mut entry.normal };
                    set.insert(to.clone());
                }
            }
        }
        Some(Self { packages, edges })
    }
}
