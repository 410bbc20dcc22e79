//! A project in a folder, memory connectors, a clock.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Result, anyhow};
use jiff::Timestamp;
use muster_app::{Clock, Connectors, Ctx, Opened};
use muster_connector::{Connector, ConnectorError, MemoryConnector, MemoryOptions, Secrets};
use muster_model::{Capabilities, SettingProblem, Settings};
use muster_project::Catalogue;

/// The machine's clock.
pub(crate) struct BenchClock;

impl Clock for BenchClock {
    #[expect(clippy::disallowed_methods, reason = "a composition root passes the real clock")]
    fn now(&self) -> Timestamp {
        let since =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());

        Timestamp::from_microsecond(i64::try_from(since).unwrap_or(0))
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// Connectors by kind; `memory` ones live as long as this.
#[derive(Default)]
pub(crate) struct BenchConnectors {
    memory: Mutex<BTreeMap<String, Arc<MemoryConnector>>>,
}

impl BenchConnectors {
    pub(crate) fn memory(&self, name: &str) -> Arc<MemoryConnector> {
        let options = MemoryOptions::default();
        let capabilities = Capabilities { text_only: true, ..options.capabilities };
        let make = || Arc::new(MemoryConnector::new(MemoryOptions { capabilities, log: false }));
        match self.memory.lock() {
            Ok(mut memory) => Arc::clone(memory.entry(name.to_owned()).or_insert_with(make)),
            Err(_) => make(),
        }
    }

    /// Calls that reached any memory connector to change something.
    pub(crate) fn changes(&self) -> u64 {
        self.memory.lock().map_or(0, |memory| {
            memory.values().map(|connector| connector.counters().changes()).sum()
        })
    }
}

/// Secrets from files only.
struct Files;

impl Secrets for Files {
    fn env(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, path: &str) -> std::io::Result<String> {
        std::fs::read_to_string(path)
    }
}

impl Catalogue for BenchConnectors {
    fn connectors(&self) -> Vec<&'static str> {
        vec!["csv", "ldap", "memory"]
    }

    fn capabilities(
        &self,
        connector: &str,
        settings: &Settings,
    ) -> Result<Capabilities, Vec<SettingProblem>> {
        match connector {
            kind @ "csv" => muster_connector_file::capabilities(kind, settings),
            "ldap" => muster_connector_ldap::capabilities(settings),
            _ => Ok(self.memory(settings.scalar("name").map_or("", |name| name)).capabilities()),
        }
    }
}

impl Connectors for BenchConnectors {
    fn open(
        &self,
        connector: &str,
        settings: &Settings,
        _chaos: Option<&Settings>,
        base: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        Ok(match connector {
            kind @ "csv" => muster_connector_file::open(kind, settings, base)?,
            "ldap" => muster_connector_ldap::open(settings, &Files)?,
            _ => self.memory(settings.scalar("name").map_or("", |name| name)),
        })
    }
}

/// Everything that a run needs.
pub(crate) struct Rig {
    pub(crate) dir: PathBuf,
    pub(crate) connectors: Arc<BenchConnectors>,
    pub(crate) ctx: Ctx,
    store: String,
    _folder: tempfile::TempDir,
}

impl Rig {
    /// A folder with `muster.yaml`; the repository at `store`, or a SQLite file in the folder.
    pub(crate) fn new(model: &str, store: Option<&str>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let dir = folder.path().to_owned();
        std::fs::create_dir_all(dir.join("data"))?;
        std::fs::write(dir.join("muster.yaml"), model)?;
        let ctx = Ctx::new("bench".into(), "bench".into(), Arc::new(BenchClock));
        let store = store.unwrap_or("sqlite:muster.db").to_owned();
        Ok(Self { dir, connectors: Arc::default(), ctx, store, _folder: folder })
    }

    pub(crate) async fn open(&self) -> Result<Opened> {
        let opened =
            Opened::open(&self.dir, Some(&self.store), self.connectors.clone(), &self.ctx).await;
        opened.map_err(|error| match error.loaded() {
            Some(loaded) => {
                anyhow!("{}", muster_project::render(&loaded.diagnostics, &loaded.sources, false))
            }
            None => anyhow!(error),
        })
    }
}

/// Seconds since `start`.
pub(crate) fn seconds(start: std::time::Instant) -> f64 {
    start.elapsed().as_secs_f64()
}
