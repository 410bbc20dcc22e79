//! A project in a temporary folder, with memory connectors that outlive each opening.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use muster_app::{Clock, Connectors, Ctx, Deliver, Error, Opened};
use muster_connector::{Connector, ConnectorError, MemoryConnector, MemoryOptions, Secrets};
use muster_engine::{
    ApplyOptions, ApplyReport, CancelFlag, MadePlan, NoProgress, PlanOptions, SyncOptions,
    SyncReport, apply, make_plan, release_change_set, sync,
};
use muster_model::{Capabilities, SettingProblem, Settings};
use muster_project::Catalogue;

/// A clock that stands where it was put.
pub(crate) struct TestClock(pub(crate) Mutex<Timestamp>);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(jiff::SignedDuration::from_millis(1)).unwrap();
        *now
    }

    fn process(&self) -> String {
        "test".to_owned()
    }
}

/// Knows the one password of every test directory.
struct TestSecrets;

impl Secrets for TestSecrets {
    fn env(&self, name: &str) -> Option<String> {
        let secret = match name {
            "LDAP_PASSWORD" | "DB_PASSWORD" => muster_testkit::PASSWORD,
            "AD_PASSWORD" => muster_testkit::AD_PASSWORD,
            "HOOK_SECRET" => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "SCIM_TOKEN" => muster_testkit::ScimServer::TOKEN,
            _ => return None,
        };
        Some(secret.to_owned())
    }

    fn file(&self, path: &str) -> std::io::Result<String> {
        std::fs::read_to_string(path)
    }
}

/// Puts a connector of the test between the engine and a directory.
pub(crate) type Wrap = Box<dyn Fn(Arc<dyn Connector>) -> Arc<dyn Connector> + Send + Sync>;

/// Puts a connector of the test between the engine and every system, which is told by its `name` or `path`.
pub(crate) type WrapAll = Box<dyn Fn(&str, Arc<dyn Connector>) -> Arc<dyn Connector> + Send + Sync>;

/// Connectors of tests: `csv` and `ldap` as they are, `memory` by name.
#[derive(Default)]
pub(crate) struct TestConnectors {
    memory: Mutex<BTreeMap<String, Arc<MemoryConnector>>>,
    /// What stands between the engine and a connector in memory, by name.
    pub(crate) faulty: Mutex<BTreeMap<String, Wrap>>,
    /// What stands between the engine and directories, if anything.
    pub(crate) wrap: Mutex<Option<Wrap>>,
    /// What stands between the engine and every system, if anything.
    pub(crate) wrap_all: Mutex<Option<WrapAll>>,
}

impl TestConnectors {
    pub(crate) fn memory(&self, name: &str) -> Arc<MemoryConnector> {
        let mut memory = self.memory.lock().unwrap();
        let options = MemoryOptions {
            capabilities: Capabilities { text_only: true, ..MemoryOptions::default().capabilities },
            ..MemoryOptions::default()
        };
        Arc::clone(
            memory
                .entry(name.to_owned())
                .or_insert_with(|| Arc::new(MemoryConnector::new(options))),
        )
    }
}

impl Catalogue for TestConnectors {
    fn connectors(&self) -> Vec<&'static str> {
        vec!["csv", "ldap", "sql", "scim", "manual", "memory"]
    }

    fn capabilities(
        &self,
        connector: &str,
        settings: &Settings,
    ) -> Result<Capabilities, Vec<SettingProblem>> {
        match connector {
            kind @ "csv" => muster_connector_file::capabilities(kind, settings),
            "ldap" => muster_connector_ldap::capabilities(settings),
            "sql" => muster_connector_sql::capabilities(settings),
            "scim" => muster_connector_scim::capabilities(settings),
            "manual" => muster_connector_manual::capabilities(settings),
            _ => Ok(self.memory(settings.scalar("name").unwrap()).capabilities()),
        }
    }
}

impl Connectors for TestConnectors {
    fn open(
        &self,
        connector: &str,
        settings: &Settings,
        chaos: Option<&Settings>,
        base: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        let inner: Arc<dyn Connector> = match connector {
            kind @ "csv" => muster_connector_file::open(kind, settings, base)?,
            "sql" => muster_connector_sql::open(settings, &TestSecrets, base)?,
            "scim" => muster_connector_scim::open(settings, &TestSecrets)?,
            "ldap" => {
                let directory = muster_connector_ldap::open(settings, &TestSecrets)?;
                match &*self.wrap.lock().unwrap() {
                    Some(wrap) => wrap(directory),
                    None => directory,
                }
            }
            "manual" => muster_connector_manual::open(settings, base)?,
            _ => {
                let name = settings.scalar("name").unwrap();
                let memory = self.memory(name);
                match self.faulty.lock().unwrap().get(&**name) {
                    Some(wrap) => wrap(memory),
                    None => memory,
                }
            }
        };
        let inner = match &*self.wrap_all.lock().unwrap() {
            Some(wrap) => {
                let named = ["name", "path", "url"].iter().find_map(|key| settings.scalar(key));
                let name = named;
                wrap(name.map_or("", |name| &**name), inner)
            }
            None => inner,
        };
        Ok(match chaos {
            Some(chaos) => Arc::new(muster_connector::Chaos::new(
                inner,
                muster_connector::ChaosSettings::read(chaos).unwrap(),
            )),
            None => inner,
        })
    }

    fn deliver(&self, base: &Path) -> Option<Arc<dyn Deliver>> {
        let secrets = Arc::new(TestSecrets);
        Some(Arc::new(muster_notify::Delivery::new(secrets, base.to_owned())))
    }
}

/// A project folder and everything around it.
pub(crate) struct Rig {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) connectors: Arc<TestConnectors>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) store: Option<String>,
}

impl Rig {
    /// A folder with these files, at noon on 2026-03-02.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let now = "2026-03-02T12:00:00Z".parse().unwrap();
        let rig = Self {
            dir,
            connectors: Arc::default(),
            clock: Arc::new(TestClock(Mutex::new(now))),
            store: None,
        };
        for (path, text) in files {
            rig.write(path, text);
        }
        rig
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(path)).unwrap()
    }

    pub(crate) fn at(&self, time: &str) {
        *self.clock.0.lock().unwrap() = time.parse().unwrap();
    }

    pub(crate) fn ctx(&self) -> Ctx {
        Ctx::new("tester".into(), "test".into(), self.clock.clone())
    }

    pub(crate) async fn open(&self) -> Opened {
        self.try_open().await.unwrap_or_else(|error| panic!("{}", report(&error)))
    }

    pub(crate) async fn try_open(&self) -> Result<Opened, Error> {
        Opened::open(self.dir.path(), self.store.as_deref(), self.connectors.clone(), &self.ctx())
            .await
    }

    pub(crate) async fn sync(&self) -> SyncReport {
        self.sync_in(&self.open().await).await
    }

    pub(crate) async fn plan(&self) -> MadePlan {
        self.plan_in(&self.open().await).await
    }

    /// Synchronises in a project that is open.
    pub(crate) async fn sync_in(&self, opened: &Opened) -> SyncReport {
        sync(&self.ctx(), opened, &SyncOptions::default(), &NoProgress)
            .await
            .unwrap_or_else(|error| panic!("{}", report(&error)))
    }

    /// Synchronises; every read sees everything, understands all of it, and is held by no guard.
    pub(crate) async fn sync_all(&self) -> SyncReport {
        let synced = self.sync().await;
        for read in &synced.reads {
            assert!(read.complete && read.n_bad == 0 && read.held.is_none(), "{read:?}");
        }
        synced
    }

    /// Synchronises and releases every change set that is held.
    pub(crate) async fn release(&self) {
        let opened = self.open().await;
        for read in self.sync_in(&opened).await.reads {
            assert!(read.complete && read.n_bad == 0, "{read:?}");
            let Some(held) = read.held else { continue };
            let n = held.counts.n_create + held.counts.n_update + held.counts.n_absent;
            release_change_set(&self.ctx(), &opened, held.id, Some(n), &NoProgress)
                .await
                .unwrap_or_else(|error| panic!("{}", report(&error)));
        }
    }

    /// Makes and saves a plan in a project that is open.
    pub(crate) async fn plan_in(&self, opened: &Opened) -> MadePlan {
        let options = PlanOptions { save: true, ..PlanOptions::default() };
        make_plan(&self.ctx(), opened, &options, &NoProgress)
            .await
            .unwrap_or_else(|error| panic!("{}", report(&error)))
    }

    /// Applies a plan with the number of its operations; all of it is done.
    pub(crate) async fn apply_whole(&self, made: &MadePlan) -> ApplyReport {
        let n = made.plan.to_do().count() as u64;
        let applied =
            self.apply(Some(n)).await.unwrap_or_else(|error| panic!("{}", report(&error)));
        assert_eq!(
            (applied.executed, applied.failed.len(), applied.skipped, applied.left),
            (n, 0, 0, 0),
            "{applied:?}"
        );
        applied
    }

    /// The journal is whole.
    pub(crate) async fn verify_journal(&self) {
        let mut journal = Vec::new();
        muster_app::export_journal(&self.open().await, &mut journal).await.unwrap();
        muster_app::verify_export(&mut journal.as_slice())
            .unwrap_or_else(|error| panic!("{}", report(&error)));
    }

    pub(crate) async fn apply(&self, confirm: Option<u64>) -> Result<ApplyReport, Error> {
        let opened = self.open().await;
        let options = ApplyOptions { confirm, auto_approve: true, ..ApplyOptions::default() };
        apply(&self.ctx(), &opened, None, &options, &NoProgress, &CancelFlag::default()).await
    }
}

/// An error with its causes and hints.
pub(crate) fn report(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    if let Some(loaded) = error.loaded() {
        text.push_str(&muster_project::render(&loaded.diagnostics, &loaded.sources, false));
    }
    text
}
