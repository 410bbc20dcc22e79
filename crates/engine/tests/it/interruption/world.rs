//! A small company with a directory, a ledger and a wiki, and one day's work on it that can begin anywhere.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use muster_app::{
    AssignRequest, Clock, Connectors, Ctx, Deliver, Error, Opened, assign, list_assignments,
    process_is_gone, process_name, read_project,
};
use muster_connector::{Connector, ConnectorError, Intercepted};
use muster_engine::{
    ApplyOptions, CancelFlag, NoProgress, PlanOptions, SyncOptions, apply, list_change_sets,
    list_plans, make_plan, release_change_set, sync,
};
use muster_model::{Capabilities, SettingProblem, Settings, Text};
use muster_project::Catalogue;
use muster_store::{FailPoint, Options, PlanStatus, Store};

use super::{
    office,
    points::{Interruptible, Points},
    shelf::Shelf,
};

const MODEL: &str = r#"
muster: 1
types:
  department: { key: code, attributes: { code: { type: string, unique: true }, name: { type: string } } }
  person:
    identity: true
    key: number
    display: first + ' ' + last
    attributes:
      number: { type: string, unique: true, required: true }
      first: { type: string, required: true }
      last: { type: string, required: true }
      login: { type: string, unique: true }
      title: { type: string }
      away: { type: bool }
      userName: { type: string, unique: true, generate: ["ascii(lower(last))", "ascii(lower(last)) + string(n)"] }
      department: { type: link, to: department, inverse: members }
      manager: { type: link, to: person, inverse: reports }
    lifecycle:
      leaver: { when: "false" }
      suspended: { when: "away" }
      active: { when: "true" }
systems:
  departments:
    connector: csv
    settings: { path: departments.csv, key: code }
    reads: { department: { owns: { code: record.code, name: record.name } } }
  hr:
    connector: csv
    settings: { path: hr.csv, key: number }
    reads:
      person:
        owns:
          number: record.number
          first: record.first
          last: record.last
          login: record.login
          title: record.title
          away: record.away == "yes"
          department: link("department", record.dept)
          manager: link("person", record.boss)
        absent: { keep: 0d, state: leaver }
        guards: { absent: { max: 1, percent: 1 } }
  directory:
    connector: shelf
    settings: { path: directory.log }
    mode: enforce
    accounts:
      user:
        object: user
        match: [{ on: "number == person.number" }]
        name: person.login
        set: { number: person.number, cn: person.display, ou: person.department.name, boss: person.manager.login, title: person.title }
        states: { active: {}, suspended: { enabled: false }, leaver: { enabled: false, entitlements: none, delete_after: 0d } }
    entitlements:
      group: { object: group, members: member, create: true }
  ledger:
    connector: csv
    settings: { path: ledger.csv, key: account, writable: true, enabled: { column: state, on: open, off: locked }, many: "|" }
    mode: enforce
    accounts:
      user:
        match: [{ on: "number == person.number" }]
        name: person.userName
        set: { number: person.number, name: person.display, title: person.title }
        states: { active: {}, suspended: { enabled: false }, leaver: { enabled: false, entitlements: none, delete_after: 30d } }
    entitlements:
      profile: { attribute: profiles }
    guards: { disable: { max: 1, percent: 1 } }
  wiki:
    connector: csv
    settings: { path: wiki.csv, key: name, writable: true }
    mode: enforce
    accounts:
      user:
        match: [{ on: "number == person.number" }]
        name: person.login
        set: { number: person.number, display: person.display }
        states: { active: {}, suspended: {}, leaver: { delete_after: 0d } }
roles:
  employee: { when: "person.lifecycle == 'active'", grants: [directory.user, { directory.group: all }, wiki.user, ledger.user] }
  sales: { when: "person.department.code == 'D1'", includes: [employee], grants: [{ directory.group: sales }, { ledger.profile: sell }] }
  payments: { grants: [ledger.user, { ledger.profile: pay }] }
"#;

const DEPARTMENTS: [&str; 2] =
    ["code,name\nD1,Sales\nD2,Finance\n", "code,name\nD1,Trade\nD2,Finance\n"];

/// On the second day 1 has a new title, 2 a new login, 3 is away, 4 moves, 5 and 6 are gone, 8 arrives, for whom 7 waits.
const HR: [&str; 2] = [
    "number,first,last,login,title,away,dept,boss\n\
     1,Ada,Byron,ada,Analyst,no,D1,3\n2,Ben,Byron,ben,Clerk,no,D1,1\n3,Cy,Young,cy,Head,no,D2,\n\
     4,Dee,Dee,dee,Clerk,no,D1,1\n5,Eve,Hall,eve,Clerk,no,D2,3\n6,Flo,Rye,flo,Clerk,no,D1,1\n\
     7,Gus,Oak,gus,Clerk,no,D2,8\n",
    "number,first,last,login,title,away,dept,boss\n\
     1,Ada,Byron,ada,Chief,no,D1,3\n2,Ben,Byron,benny,Clerk,no,D1,1\n3,Cy,Young,cy,Head,yes,D2,\n\
     4,Dee,Dee,dee,Clerk,no,D2,1\n7,Gus,Oak,gus,Clerk,no,D2,8\n8,Hal,Low,hal,Head,no,D2,3\n",
];

const LEDGER: &str = "account,number,name,title,state,profiles,note\n\
                      old-cy,3,Cy,,open,,kept\nstranger,99,Nobody,,open,,theirs\n";
const WIKI: &str = "name,number,display,page\nstranger,99,Nobody,start\n";

/// The files of a folder that are compared when all is done.
pub(crate) const TARGETS: [&str; 2] = ["ledger.csv", "wiki.csv"];

/// The day in the office.
pub(crate) const OFFICE: usize = 2;

/// A clock that moves a millisecond each time it is looked at, in a real process.
pub(crate) struct ProcessClock(Mutex<Timestamp>);

impl ProcessClock {
    pub(crate) fn at(time: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(time.parse().unwrap())))
    }
}

impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(jiff::SignedDuration::from_millis(1)).unwrap();
        *now
    }

    fn process(&self) -> String {
        process_name()
    }

    fn is_gone(&self, process: &str) -> bool {
        process_is_gone(process)
    }
}

/// Opens the connectors of the world's folder, each with places to die at.
struct WorldConnectors(Arc<Points>);

impl Catalogue for WorldConnectors {
    fn connectors(&self) -> Vec<&'static str> {
        vec!["csv", "shelf", "manual"]
    }

    fn capabilities(
        &self,
        connector: &str,
        settings: &Settings,
    ) -> Result<Capabilities, Vec<SettingProblem>> {
        match connector {
            "csv" => muster_connector_file::capabilities(muster_connector_file::CSV, settings),
            "manual" => muster_connector_manual::capabilities(settings),
            _ => Ok(Shelf::capabilities()),
        }
    }
}

impl Connectors for WorldConnectors {
    fn open(
        &self,
        connector: &str,
        settings: &Settings,
        _chaos: Option<&Settings>,
        base: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        let path: Text = settings.scalar("path").cloned().unwrap_or_else(|| connector.into());
        let inner: Arc<dyn Connector> = match connector {
            "csv" => muster_connector_file::open(muster_connector_file::CSV, settings, base)?,
            "manual" => muster_connector_manual::open(settings, base)?,
            _ => Arc::new(Shelf::open(&base.join(&*path))),
        };
        let system = path.split('.').next().unwrap().to_owned();
        let log = base.join("calls.log");
        let between = Interruptible { system, points: Arc::clone(&self.0), log };
        Ok(Arc::new(Intercepted::new(inner, between)))
    }

    fn deliver(&self, base: &Path) -> Option<Arc<dyn Deliver>> {
        let (points, log) = (Arc::clone(&self.0), base.join("calls.log"));
        Some(Arc::new(office::Greeter { points, log }))
    }
}

/// A folder with a project and its connected files, and the address of its repository.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) dir: PathBuf,
    pub(crate) store: String,
    /// 0 for the first day, 1 for the second, 2 for the day in the office.
    pub(crate) day: usize,
}

impl World {
    /// Writes the files of the first day.
    pub(crate) fn write(&self) {
        if self.day == OFFICE {
            return office::write(self);
        }
        for (path, text) in [("muster.yaml", MODEL), ("ledger.csv", LEDGER), ("wiki.csv", WIKI)] {
            std::fs::write(self.dir.join(path), text).unwrap();
        }
        self.dawn();
    }

    /// Writes what the sources say on this world's day and forgets the calls of the day before.
    pub(crate) fn dawn(&self) {
        std::fs::write(self.dir.join("departments.csv"), DEPARTMENTS[self.day]).unwrap();
        std::fs::write(self.dir.join("hr.csv"), HR[self.day]).unwrap();
        drop(std::fs::remove_file(self.dir.join("calls.log")));
    }

    /// The time at which this world's day begins.
    pub(crate) fn morning(&self) -> &'static str {
        ["2026-03-02T12:00:00Z", "2026-03-03T12:00:00Z", "2026-03-02T12:00:00Z"][self.day]
    }

    /// Opens the project with places around every commit.
    pub(crate) async fn open(&self, ctx: &Ctx, points: &Arc<Points>) -> Result<Opened, Error> {
        let connectors = Arc::new(WorldConnectors(Arc::clone(points)));
        let files = read_project(&self.dir)?;
        let loaded = muster_project::load(files.clone(), connectors.as_ref());
        let Some(model) = loaded.model else {
            panic!("{}", muster_project::render(&loaded.diagnostics, &loaded.sources, false))
        };
        let store = Store::open(&self.store, &Options::default()).await.unwrap();
        let hook: FailPoint = {
            let points = Arc::clone(points);
            Arc::new(move |name: &str| points.pass(name))
        };
        store.set_fail_point(Some(hook));
        points.step("open");
        Opened::with_store(&self.dir, model, &files, store, connectors, ctx).await
    }

    /// Does the day's work to its end, whatever of it was done before: what an operator does, command by command.
    pub(crate) async fn work(&self, time: &str, points: &Arc<Points>) -> Result<Opened, Error> {
        if self.day == OFFICE {
            return office::work(self, time, points).await;
        }
        let ctx = ctx(time);
        let opened = self.open(&ctx, points).await?;
        let plans = list_plans(&opened, 10, None).await?;
        if plans.iter().any(|plan| plan.status == PlanStatus::Applying) {
            points.step("apply");
            let options = ApplyOptions::default();
            apply(&ctx, &opened, None, &options, &NoProgress, &CancelFlag::default()).await?;
        }
        self.sync_and_plan(&ctx, &opened, points).await?;
        points.step("verify");
        sync(&ctx, &opened, &SyncOptions::default(), &NoProgress).await?;
        let made = make_plan(&ctx, &opened, &PlanOptions::default(), &NoProgress).await?;
        assert_eq!(made.plan.operations, [], "something is left to do");
        Ok(opened)
    }

    /// Synchronises, releases what is held, assigns, plans and applies.
    pub(crate) async fn sync_and_plan(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        points: &Arc<Points>,
    ) -> Result<(), Error> {
        points.step("sync");
        let report = sync(ctx, opened, &SyncOptions::default(), &NoProgress).await?;
        for read in &report.reads {
            assert!(read.complete && read.n_bad == 0, "{read:?}");
        }
        points.step("release");
        for held in list_change_sets(opened).await? {
            let n = held.counts.n_create + held.counts.n_update + held.counts.n_absent;
            release_change_set(ctx, opened, held.id, Some(n), &NoProgress).await?;
        }
        points.step("assign");
        if self.day == 1 && list_assignments(ctx, opened, "2").await?.is_empty() {
            let request = AssignRequest {
                person: "2".to_owned(),
                role: "payments".to_owned(),
                from: None,
                until: None,
                reason: "month end".to_owned(),
            };
            assign(ctx, opened, &request).await?;
        }
        points.step("plan");
        let options = PlanOptions { save: true, ..PlanOptions::default() };
        let made = make_plan(ctx, opened, &options, &NoProgress).await?;
        if made.id.is_some() {
            points.step("apply");
            let n = made.plan.to_do().count() as u64;
            let options =
                ApplyOptions { confirm: Some(n), auto_approve: false, ..ApplyOptions::default() };
            let report =
                apply(ctx, opened, None, &options, &NoProgress, &CancelFlag::default()).await?;
            assert_eq!((report.failed.len(), report.left, report.skipped), (0, 0, 0), "{report:?}");
        }
        Ok(())
    }
}

pub(crate) fn ctx(time: &str) -> Ctx {
    Ctx::new("tester".into(), "test".into(), ProcessClock::at(time))
}
