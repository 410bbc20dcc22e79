//! A company on either database, and short ways to change it and to read reports.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use jiff::{SignedDuration, Timestamp};
use muster_app::{AssignRequest, Clock, Connectors, Ctx, Error, Opened, assign};
use muster_connector::{Connector, ConnectorError};
use muster_engine::{LocalChange, LocalVerb, change_local};
use muster_model::{
    AccountId, Capabilities, DriftId, EntityId, Language, NameRule, Row, SettingProblem, Settings,
    TypeId, Value, encode_row, encode_values,
};
use muster_project::Catalogue;
use muster_report::{Cell, Format, Part, Question, Reader, report_named, write_report};
use muster_store::{
    Account, AccountOrigin, AccountStatus, Drift, DriftDecision, DriftWhat, Entitlement,
    EntitlementId, ReadRunId, Sequence, Tx,
};
use muster_testkit::Database;
use tempfile::TempDir;

/// Mia leads Ada and Ben, and answers for their accounts. Whoever audits sees their own team.
pub(crate) const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    display: name
    owner: manager
    attributes:
      id: { type: string, unique: true }
      name: { type: string }
      team: { type: string }
      manager: { type: link, to: person }
      end: { type: date }
    lifecycle:
      leaver: { when: "end != null && now >= start_of(end)" }
      active: { when: "true" }
systems:
  ledger:
    connector: csv
    settings: {}
    accounts:
      user: { for: person, object: user, name: person.id, set: { id: person.id }, states: { active: {}, leaver: { enabled: false, entitlements: none } } }
    entitlements:
      right: { attribute: rights }
roles:
  staff: { when: "person.team != null", grants: [ledger.user] }
  create-payment: { risk: 70, grants: [{ ledger.right: create }], request: { approval: [manager] } }
  approve-payment: { risk: 40, grants: [{ ledger.right: approve }], request: { approval: [manager] } }
  chief: { includes: [create-payment] }
  seller: { when: "person.team == 'sales'", grants: [{ ledger.right: sell }] }
  auditor: { muster: { may: [people.read], over: "person.team == me.team" } }
duties:
  create: [{ ledger.right: create }]
  approve: [{ ledger.right: approve }]
conflicts:
  four-eyes: { between: [create, approve], on: warn }
reviews:
  pay:
    scope: { roles: [create-payment, approve-payment] }
    stages: [manager]
    fallback: auditor
    due: 7d
mail: { host: 127.0.0.1, from: muster@tern.example }
"#;

/// Declares tests that run on both databases: `name::sqlite` and `name::postgres`.
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($company:ident) $body:block)+) => {
        $($(#[$doc])* mod $name {
            use super::*;

            async fn check($company: Company) $body

            #[tokio::test]
            async fn sqlite() {
                check(Company::sqlite().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                check(Company::postgres().await).await;
            }
        })+
    };
}
pub(crate) use on_both;

struct Standing(Mutex<Timestamp>);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The connector `csv` is there and opens nothing.
struct Desk;

impl Catalogue for Desk {
    fn connectors(&self) -> Vec<&'static str> {
        vec!["csv"]
    }

    fn capabilities(&self, _: &str, _: &Settings) -> Result<Capabilities, Vec<SettingProblem>> {
        Ok(Capabilities {
            read: true,
            create: true,
            update: true,
            rename: true,
            enable: true,
            delete: true,
            members: true,
            incremental: false,
            text_only: true,
            names: NameRule::Exact,
            parallel: 1,
        })
    }
}

impl Connectors for Desk {
    fn open(
        &self,
        _: &str,
        _: &Settings,
        _: Option<&Settings>,
        _: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        Err(ConnectorError::Settings("nothing is opened here".into()))
    }
}

pub(crate) struct Company {
    pub(crate) ctx: Ctx,
    pub(crate) opened: Opened,
    clock: Arc<Standing>,
    _folder: TempDir,
    _database: Option<Database>,
}

impl Company {
    pub(crate) async fn sqlite() -> Self {
        let company = Self::empty().await;
        company.fill().await;
        company
    }

    pub(crate) async fn postgres() -> Self {
        let database = muster_testkit::postgres().unwrap();
        let url = database.url().to_owned();
        let company = Self::start(&url, Some(database)).await;
        company.fill().await;
        company
    }

    /// Nobody works here yet.
    pub(crate) async fn empty() -> Self {
        Self::start("sqlite::memory:", None).await
    }

    async fn start(url: &str, database: Option<Database>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("muster.yaml"), MODEL).unwrap();
        let start = "2026-11-20T12:00:00Z".parse().unwrap();
        let clock = Arc::new(Standing(Mutex::new(start)));
        let ctx = Ctx::new("tester".into(), "c".into(), Arc::<Standing>::clone(&clock));
        let opened = Opened::open(folder.path(), Some(url), Arc::new(Desk), &ctx).await;
        let opened = opened.unwrap_or_else(|error| {
            panic!("{:?}", error.loaded().map(|loaded| &loaded.diagnostics))
        });
        Self { ctx, opened, clock, _folder: folder, _database: database }
    }

    async fn fill(&self) {
        for (id, name, manager, team) in [
            ("mia", "Mia Mint", "", "board"),
            ("ada", "Ada Ash", "mia", "sales"),
            ("ben", "Ben Bay", "mia", "sales"),
            ("cleo", "Cleo Çelik", "mia", "finance"),
        ] {
            let set = [("id", id), ("name", name), ("manager", manager), ("team", team)];
            self.hire(&set).await;
        }
    }

    /// Somebody new; empty texts are left out.
    pub(crate) async fn hire(&self, set: &[(&str, &str)]) {
        self.write(LocalVerb::Create, None, set).await;
    }

    /// Changes somebody.
    pub(crate) async fn change(&self, who: &str, set: &[(&str, &str)]) {
        self.write(LocalVerb::Change, Some(self.id(who).await), set).await;
    }

    async fn write(&self, verb: LocalVerb, entity: Option<EntityId>, set: &[(&str, &str)]) {
        let set = set.iter().filter(|(_, value)| !value.is_empty());
        let set = set.map(|(name, value)| ((*name).into(), Some(Value::text(*value))));
        let (type_name, set, by) = ("person".into(), set.collect(), self.ctx.clone());
        let change = LocalChange { verb, type_name, entity, set, if_version: None, by };
        for done in change_local(&self.ctx, &self.opened, &[change]).await.unwrap() {
            done.unwrap();
        }
    }

    pub(crate) async fn give(&self, who: &str, role: &str) {
        let (person, role, reason) = (who.to_owned(), role.to_owned(), "set up".to_owned());
        let request = AssignRequest { person, role, from: None, until: None, reason };
        assign(&self.ctx, &self.opened, &request).await.unwrap();
    }

    pub(crate) async fn take(&self, who: &str, role: &str) {
        muster_app::unassign(&self.ctx, &self.opened, who, role, "not needed").await.unwrap();
    }

    pub(crate) async fn id(&self, who: &str) -> EntityId {
        muster_governance::person_named(&self.ctx, &self.opened, who).await.unwrap()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn pass(&self, days: i64) {
        *self.clock.0.lock().unwrap() += SignedDuration::from_hours(24 * days);
    }

    /// An account as a read would have found it, of somebody or of nobody, with what it holds.
    pub(crate) async fn account(
        &self,
        name: &str,
        owner: Option<&str>,
        holds: &[&str],
    ) -> AccountId {
        let names = &self.opened.names.systems[0];
        let entity = match owner {
            Some(owner) => Some(self.id(owner).await),
            None => None,
        };
        let mut tx = self.opened.store.begin().await.unwrap();
        let mut grants = Vec::new();
        for name in holds {
            grants.push(entitlement(&mut tx, (names.no, names.kinds[0]), name).await);
        }
        grants.sort_unstable();
        let id = AccountId(tx.take_ids(Sequence::Account, 1).await.unwrap());
        let status = if entity.is_some() { AccountStatus::Linked } else { AccountStatus::Orphan };
        let nothing = Row::empty(EntityId(0), TypeId(0), 0);
        let account = Account {
            id,
            system_no: names.no,
            type_no: names.accounts[0].no,
            native_id: name.into(),
            name: name.into(),
            name_key: name.into(),
            entity,
            status,
            confidence: 100,
            enabled: Some(true),
            disabled_since: None,
            content: encode_row(&nothing, &names.accounts[0].layout.numbers, |_| true),
            grants,
            fingerprint: muster_model::Fingerprint::default(),
            created_at: self.now(),
            changed_at: self.now(),
            origin: AccountOrigin::Found,
        };
        tx.insert_accounts(&[account]).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// An account was read again and holds something else.
    pub(crate) async fn holds(&self, id: AccountId, holds: &[&str]) {
        let names = &self.opened.names.systems[0];
        let mut tx = self.opened.store.begin().await.unwrap();
        let mut account = tx.account(id).await.unwrap().unwrap();
        account.grants = Vec::new();
        for name in holds {
            account.grants.push(entitlement(&mut tx, (names.no, names.kinds[0]), name).await);
        }
        account.grants.sort_unstable();
        account.changed_at = self.now();
        tx.update_accounts(&[account]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Somebody was given an entitlement on an account outside, as a read would have found it.
    pub(crate) async fn given_outside(&self, who: &str, account: AccountId, item: &str) {
        let names = &self.opened.names.systems[0];
        let entity = self.id(who).await;
        let mut tx = self.opened.store.begin().await.unwrap();
        let drift = Drift {
            id: DriftId(tx.take_ids(Sequence::Drift, 1).await.unwrap()),
            system_no: names.no,
            type_no: names.accounts[0].no,
            account,
            entity: Some(entity),
            name: who.into(),
            what: DriftWhat::Entitlement,
            kind_no: Some(names.kinds[0]),
            item: item.into(),
            before: encode_values(&[Value::Bool(false)]),
            after: encode_values(&[Value::Bool(true)]),
            cause: "given".into(),
            run: ReadRunId(1),
            first_seen: self.now(),
            seen_at: self.now(),
            decision: DriftDecision::Undecided,
            until: None,
            decided_by: None,
            decided_at: None,
            remark: "".into(),
            closed_at: None,
        };
        tx.insert_drift(&[drift]).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) async fn used(&self, id: AccountId) {
        let mut tx = self.opened.store.begin().await.unwrap();
        tx.note_account_uses(&[(id, self.now())]).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) async fn reader(&self, name: &str, question: &Question) -> Result<Reader, Error> {
        Reader::open(&self.ctx, &self.opened, report_named(name).unwrap(), question).await
    }

    /// All rows of a report, in parts of two.
    pub(crate) async fn rows(&self, name: &str, question: &Question) -> Vec<Vec<String>> {
        let mut reader = self.reader(name, question).await.unwrap();
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            let Part { rows: some, next } = reader.rows(after, 2).await.unwrap();
            rows.extend(some.iter().map(|row| shown(row)));
            if next.is_none() {
                return rows;
            }
            assert!(next > after, "{name} goes on after {next:?}");
            after = next;
        }
    }

    /// The totals of a report: `people 2, held 3`.
    pub(crate) async fn totals(&self, name: &str) -> String {
        let reader = self.reader(name, &Question::default()).await.unwrap();
        let totals = reader.head().totals.iter();
        let totals: Vec<String> = totals.map(|of| format!("{} {}", of.name, of.value)).collect();
        totals.join(", ")
    }

    pub(crate) async fn file(&self, name: &str, question: &Question, format: Format) -> Vec<u8> {
        let mut reader = self.reader(name, question).await.unwrap();
        let mut out = Vec::new();
        write_report(&mut reader, format, &mut out, |_| {}).await.unwrap();
        out
    }
}

async fn entitlement(tx: &mut Tx, (system_no, kind_no): (i64, i64), name: &str) -> EntitlementId {
    let known = tx.scan_entitlements(kind_no, None, 100).await.unwrap();
    if let Some(known) = known.iter().find(|of| *of.name == *name) {
        return known.id;
    }
    let id = EntitlementId(tx.take_ids(Sequence::Entitlement, 1).await.unwrap());
    let made = Entitlement {
        id,
        system_no,
        kind_no,
        name: name.into(),
        native_id: name.into(),
        native_name: name.into(),
        present: true,
    };
    tx.save_entitlements(&[made]).await.unwrap();
    id
}

pub(crate) fn shown(row: &[Cell]) -> Vec<String> {
    row.iter().map(|cell| cell.shown(Language::English).into_owned()).collect()
}
