//! A company of six on either database, and short ways to ask and decide.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use jiff::{SignedDuration, Timestamp};
use muster_app::{
    AssignRequest, Clock, Connectors, Ctx, Deliver, DeliverError, Error, Mail, Opened,
};
use muster_app::{CommandCall, WebhookCall, assign};
use muster_connector::{Connector, ConnectorError};
use muster_engine::{LocalChange, LocalVerb, change_local};
use muster_governance::{
    Answer, NewRequest, RequestQuery, RequestView, Verdict, Whose, create_request, decide_request,
    list_requests, see_request,
};
use muster_model::{Capabilities, EntityId, NameRule, SettingProblem, Settings, Value};
use muster_project::Catalogue;
use muster_testkit::Database;
use tempfile::TempDir;

/// Mia leads Ada and Ben; Tom leads Mia. Sue and Sam are of security.
pub(crate) const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    display: name
    attributes:
      id: { type: string, unique: true }
      name: { type: string }
      team: { type: string }
      title: { type: string }
      kind: { type: string }
      mail: { type: string }
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
      user: { for: person, object: user, name: person.id, set: { id: person.id } }
    entitlements:
      right: { attribute: rights }
roles:
  audit: { grants: [ledger.user] }
  controller: { muster: { may: [conflicts.write, people.read] } }
  both: { includes: [create-payment, approve-payment] }
  desk:
    request: { approval: [manager] }
  security: { when: "person.team == 'security'" }
  vpn:
    description: Work from home
    risk: 20
    request: { approval: [manager, { role: desk, fallback: security }], longest: 90d, usual: 30d, timeout: 10d, remind: 2d, escalate: 4d }
  wiki:
    request: { approval: [], reason: optional }
  lab:
    request: { who: "person == me", approval: [{ role: security }], questions: [Which bench?], extend: free, longest: 10d }
  lab-2:
    request: { approval: [{ role: security }] }
  short:
    request: { approval: [manager], longest: 1d }
  create-payment:
    grants: [{ ledger.right: create }]
    request: { approval: [manager] }
  approve-payment:
    grants: [{ ledger.right: approve }]
    request: { approval: [manager] }
  see-payment:
    grants: [{ ledger.right: see }]
    request: { approval: [manager] }
  print-payment:
    grants: [{ ledger.right: print }]
    request: { approval: [manager] }
duties:
  create: [{ ledger.right: create }]
  approve: [{ ledger.right: approve }]
  see: [{ ledger.right: see }]
  print: [{ ledger.right: print }]
conflicts:
  four-eyes: { between: [create, approve], description: who enters must not release }
  look: { between: [create, see], on: approve, approvers: audit }
  paper: { between: [create, print], on: warn }
  hush: { between: [see, print], on: block, lenient_for: desk, risk: 90 }
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
                check(Company::sqlite(MODEL).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                check(Company::postgres(MODEL).await).await;
            }
        })+
    };
}

/// A clock that is set by hand.
pub(crate) struct Standing(Mutex<Timestamp>);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Keeps the mails that are sent. The connector `csv` is there and opens nothing.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) mails: Arc<Mutex<Vec<Mail>>>,
    pub(crate) posts: Posts,
}

/// What was written into chats: the address, and the document.
pub(crate) type Posts = Arc<Mutex<Vec<(String, serde_json::Value)>>>;

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

    fn deliver(&self, _: &Path) -> Option<Arc<dyn Deliver>> {
        Some(Arc::new(Outbox(Arc::clone(&self.mails), Arc::clone(&self.posts))))
    }
}

struct Outbox(Arc<Mutex<Vec<Mail>>>, Posts);

#[async_trait::async_trait]
impl Deliver for Outbox {
    async fn mail(&self, _: &Settings, mail: &Mail) -> Result<(), DeliverError> {
        self.0.lock().unwrap().push(mail.clone());
        Ok(())
    }

    /// Whatever is below `/away` cannot be reached now.
    async fn ask_webhook(&self, call: &WebhookCall<'_>) -> Result<Vec<u8>, DeliverError> {
        let url = call.settings.scalar("url").unwrap().to_string();
        if url.ends_with("/away") {
            return Err(DeliverError::for_now("nobody is there"));
        }
        self.1.lock().unwrap().push((url, serde_json::from_slice(&call.body).unwrap()));
        Ok(b"ok".to_vec())
    }

    async fn ask(&self, _: &CommandCall<'_>) -> Result<Vec<u8>, DeliverError> {
        Err(DeliverError::for_good("no commands here"))
    }
}

/// The company.
pub(crate) struct Company {
    pub(crate) ctx: Ctx,
    pub(crate) opened: Opened,
    clock: Arc<Standing>,
    mails: Arc<Mutex<Vec<Mail>>>,
    posts: Posts,
    _folder: TempDir,
    _database: Option<Database>,
}

impl Company {
    pub(crate) async fn sqlite(model: &str) -> Self {
        Self::start(model, "sqlite::memory:", None).await
    }

    pub(crate) async fn postgres(model: &str) -> Self {
        let database = muster_testkit::postgres().unwrap();
        let url = database.url().to_owned();
        Self::start(model, &url, Some(database)).await
    }

    async fn start(model: &str, url: &str, database: Option<Database>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("muster.yaml"), model).unwrap();
        let start = "2026-11-20T12:00:00Z".parse().unwrap();
        let clock = Arc::new(Standing(Mutex::new(start)));
        let ctx = Ctx::new("tester".into(), "c".into(), Arc::<Standing>::clone(&clock));
        let desk = Desk::default();
        let (mails, posts) = (Arc::clone(&desk.mails), Arc::clone(&desk.posts));
        let opened = Opened::open(folder.path(), Some(url), Arc::new(desk), &ctx).await;
        let opened = opened.unwrap_or_else(|error| {
            panic!("{:?}", error.loaded().map(|loaded| &loaded.diagnostics))
        });
        let company =
            Self { ctx, opened, clock, mails, posts, _folder: folder, _database: database };
        for (id, manager, team) in [
            ("tom", "", "board"),
            ("mia", "tom", "sales"),
            ("ada", "mia", "sales"),
            ("ben", "mia", "sales"),
            ("sue", "tom", "security"),
            ("sam", "tom", "security"),
        ] {
            let mail = format!("{id}@tern.example");
            let set =
                [("id", id), ("name", id), ("manager", manager), ("team", team), ("mail", &mail)];
            let set: Vec<_> = set.into_iter().filter(|(_, value)| !value.is_empty()).collect();
            company.write(LocalVerb::Create, None, &set).await;
        }
        company.give("ben", "desk").await;
        company
    }

    pub(crate) async fn write(
        &self,
        verb: LocalVerb,
        entity: Option<EntityId>,
        set: &[(&str, &str)],
    ) {
        let set = set.iter().map(|(name, value)| ((*name).into(), Some(Value::text(*value))));
        let (type_name, set, by) = ("person".into(), set.collect(), self.ctx.clone());
        let change = LocalChange { verb, type_name, entity, set, if_version: None, by };
        for done in change_local(&self.ctx, &self.opened, &[change]).await.unwrap() {
            done.unwrap();
        }
    }

    /// Enters an entity of another type.
    pub(crate) async fn create(&self, type_name: &str, set: &[(&str, &str)]) {
        let set = set.iter().map(|(name, value)| ((*name).into(), Some(Value::text(*value))));
        let change = LocalChange {
            verb: LocalVerb::Create,
            type_name: type_name.into(),
            entity: None,
            set: set.collect(),
            if_version: None,
            by: self.ctx.clone(),
        };
        for done in change_local(&self.ctx, &self.opened, &[change]).await.unwrap() {
            done.unwrap();
        }
    }

    /// Changes somebody.
    pub(crate) async fn change(&self, who: &str, set: &[(&str, &str)]) {
        self.write(LocalVerb::Change, Some(self.id(who).await), set).await;
    }

    /// Somebody is gone since today.
    pub(crate) async fn leaves(&self, who: &str) {
        self.change(who, &[("end", "2026-11-20")]).await;
    }

    /// Gives somebody a role by hand.
    pub(crate) async fn give(&self, who: &str, role: &str) {
        self.try_give(who, role).await.unwrap();
    }

    pub(crate) async fn try_give(&self, who: &str, role: &str) -> Result<(), Error> {
        let (person, role, reason) = (who.to_owned(), role.to_owned(), "set up".to_owned());
        let request = AssignRequest { person, role, from: None, until: None, reason };
        assign(&self.ctx, &self.opened, &request).await.map(drop)
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

    /// Puts the clock to a moment.
    pub(crate) fn at(&self, now: Timestamp) {
        *self.clock.0.lock().unwrap() = now;
    }

    pub(crate) fn in_days(&self, days: i64) -> Timestamp {
        self.now() + SignedDuration::from_hours(24 * days)
    }

    /// `who` asks for `role` for `whom`.
    pub(crate) async fn try_ask(
        &self,
        who: &str,
        role: &str,
        whom: &str,
    ) -> Result<RequestView, Error> {
        let new = NewRequest {
            roles: vec![role.to_owned()],
            people: vec![whom.to_owned()],
            reason: "a project".to_owned(),
            ..NewRequest::default()
        };
        let made = create_request(&self.ctx, &self.opened, self.id(who).await, &new).await?;
        Ok(made.into_iter().next().unwrap())
    }

    /// As [`Company::try_ask`], where it works.
    pub(crate) async fn ask(&self, who: &str, role: &str, whom: &str) -> RequestView {
        self.try_ask(who, role, whom).await.unwrap()
    }

    pub(crate) async fn answer(
        &self,
        who: &str,
        id: i64,
        answer: Answer,
    ) -> Result<RequestView, Error> {
        decide_request(&self.ctx, &self.opened, self.id(who).await, id, &answer).await
    }

    pub(crate) async fn approve(&self, who: &str, id: i64) -> Result<RequestView, Error> {
        let note = String::new();
        self.answer(who, id, Answer { verdict: Verdict::Approve, note, until: None }).await
    }

    pub(crate) async fn refuse(&self, who: &str, id: i64) -> Result<RequestView, Error> {
        let note = "not now".to_owned();
        self.answer(who, id, Answer { verdict: Verdict::Refuse, note, until: None }).await
    }

    /// A request as `who` sees it.
    pub(crate) async fn see(&self, who: &str, id: i64) -> Result<RequestView, Error> {
        see_request(&self.ctx, &self.opened, Some(self.id(who).await), id).await
    }

    /// The numbers of requests that wait for somebody.
    pub(crate) async fn inbox(&self, who: &str) -> Vec<i64> {
        let whose = Whose::ToDecide(self.id(who).await);
        let query = RequestQuery { whose, ended: false, before: None, limit: 9 };
        let page = list_requests(&self.ctx, &self.opened, &query).await.unwrap();
        page.items.iter().map(|view| view.id).collect()
    }

    /// The roles that somebody was given, each with its reason.
    pub(crate) async fn given(&self, who: &str) -> Vec<(String, String)> {
        let all = muster_app::list_assignments(&self.ctx, &self.opened, who).await.unwrap();
        let open = all.iter().filter(|view| view.ended_at.is_none());
        open.map(|view| (view.role.to_string(), view.reason.to_string())).collect()
    }

    /// Does what is due; the mails that went out: to whom, with which subject.
    pub(crate) async fn work(&self) -> Vec<(String, String)> {
        muster_governance::work_due(&self.ctx, &self.opened).await.unwrap();
        let mails = self.take_mails();
        mails.iter().map(|mail| (mail.to[0].to_string(), mail.subject.clone())).collect()
    }

    /// The mails that went out since the last look.
    pub(crate) fn take_mails(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.mails.lock().unwrap())
    }

    /// What was written into chats since the last look.
    pub(crate) fn take_posts(&self) -> Vec<(String, serde_json::Value)> {
        std::mem::take(&mut *self.posts.lock().unwrap())
    }

    /// What happened to a request, in words.
    pub(crate) async fn history(&self, id: i64) -> Vec<String> {
        let view = see_request(&self.ctx, &self.opened, None, id).await.unwrap();
        let by = |event: &muster_governance::EventView| match (&event.by, &event.in_place_of) {
            (Some(by), Some(of)) => format!(" by {by} for {of}"),
            (Some(by), None) => format!(" by {by}"),
            (None, _) => String::new(),
        };
        view.history.iter().map(|event| format!("{}{}", event.what, by(event))).collect()
    }
}

/// The kind of a refusal with its words.
pub(crate) fn refused<T: std::fmt::Debug>(tried: Result<T, Error>) -> String {
    let error = tried.unwrap_err();
    format!("{:?}: {error}", error.kind())
}
