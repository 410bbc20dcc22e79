//! A small company on either database, and short ways to sign in.

use std::sync::{Arc, Mutex};

use crate::{
    app::App,
    mailbox::{Mailbox, Post},
};
use jiff::{SignedDuration, Timestamp};
use muster_app::{Clock, Ctx, Opened};
use muster_auth::{
    Acr, Attempt, Authenticator, Caretaker, Confirmation, Door, Holder, Opening, Purpose,
    RecoveryCodes, Refused, Secret, Session, Step, Verified,
};
use muster_engine::{LocalChange, LocalVerb, change_local};
use muster_model::{EntityId, Value};
use muster_project::File;
use muster_store::{SignIn, SignInFilter};
use muster_testkit::Database;
use tempfile::TempDir;

/// Whoever is active or on leave may sign in, by user name or mail; robots may not.
const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    display: name
    attributes:
      id: { type: string, unique: true }
      userName: { type: string, unique: true }
      mail: { type: string, unique: true }
      name: { type: string }
      away: { type: bool }
      start: { type: date }
      end: { type: date }
    lifecycle:
      leaver: { when: "end != null && now >= start_of(end)" }
      planned: { when: "start != null && now < start_of(start)" }
      away: { when: "away" }
      active: { when: "true" }
    sign_in: { name: [userName, mail], states: [active, away], mail: mail }
  robot:
    identity: true
    key: id
    attributes: { id: { type: string, unique: true } }
    sign_in: { states: [] }
  guest:
    identity: true
    key: badge
    attributes: { badge: { type: string, unique: true } }
    lifecycle: { active: { when: "true" } }
    sign_in: { name: badge }
  visitor:
    identity: true
    key: mail
    attributes:
      mail: { type: string, unique: true }
      host: { type: link, to: person }
      until: { type: date }
    local: { sponsor: host, until: until }
    lifecycle:
      leaver: { when: "until != null && now >= end_of(until)" }
      suspended: { when: "false" }
      active: { when: "true" }
    sign_in: { mail: mail }
roles: { host: { for: person }, admin: { for: person, when: "person.userName == 'ada'" } }
mail: { from: "Muster <muster@tern.example>", host: localhost }
sign_in:
  hashing: { parallel: 2, wait: 60s }
  lockout: { tries: 3 }
"#;

const ADDRESS: &str = "url: https://muster.example";

/// Ada's first password.
pub(crate) const PASSWORD: &str = "a lamp, a boat, and rain";

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

/// What came of a try, in a word.
pub(crate) fn word<T>(tried: &Result<T, Refused>) -> &'static str {
    match tried {
        Ok(_) => "in",
        Err(Refused::Wrong) => "wrong",
        Err(Refused::Locked { .. }) => "locked",
        Err(Refused::Inactive) => "inactive",
        Err(Refused::NeedsFactor) => "factor",
        Err(Refused::Over) => "over",
        Err(other) => panic!("{other}"),
    }
}

/// A clock that is set by hand.
pub(crate) struct Standing(Mutex<Timestamp>);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Ada and Eve, and a robot.
pub(crate) struct Company {
    pub(crate) ctx: Ctx,
    pub(crate) opened: Opened,
    pub(crate) auth: Authenticator,
    pub(crate) clock: Arc<Standing>,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) folder: TempDir,
    _database: Option<Database>,
}

impl Company {
    pub(crate) async fn sqlite() -> Self {
        Self::sqlite_at(ADDRESS).await
    }

    /// With this line, or none, for the address in the model.
    pub(crate) async fn sqlite_at(address: &str) -> Self {
        Self::start("sqlite::memory:", address, None).await
    }

    pub(crate) async fn postgres() -> Self {
        let database = muster_testkit::postgres().unwrap();
        let url = database.url().to_owned();
        Self::start(&url, ADDRESS, Some(database)).await
    }

    /// Goes on with visitors as guests.
    pub(crate) async fn with_guests(self) -> Self {
        let of = "{ nord: { domains: nord.example, sponsors: host, fallback: ada } }";
        let guests = format!("guests: {{ type: visitor, mail: mail, organisations: {of} }}");
        self.asking(&format!("second_factor: enrolled\n{ADDRESS}\n{guests}")).await
    }

    /// Goes on with more in `sign_in:` of the model.
    pub(crate) async fn asking(mut self, more: &str) -> Self {
        let file = File { path: "muster.yaml".into(), text: format!("{MODEL}  {more}\n").into() };
        let revision = self.opened.revision;
        self.opened = self.opened.with_files(vec![file], revision).await.unwrap();
        self
    }

    async fn start(url: &str, address: &str, database: Option<Database>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("muster.yaml"), format!("{MODEL}{address}\n")).unwrap();
        let mailbox = Arc::new(Mailbox::default());
        let start = "2026-11-20T12:00:00Z".parse().unwrap();
        let clock = Arc::new(Standing(Mutex::new(start)));
        let ctx = Ctx::new("tester".into(), "c".into(), Arc::<Standing>::clone(&clock));
        let opened =
            Opened::open(folder.path(), Some(url), Arc::new(Post(Arc::clone(&mailbox))), &ctx)
                .await;
        let opened = opened.unwrap_or_else(|error| {
            panic!("{:?}", error.loaded().map(|loaded| &loaded.diagnostics))
        });
        let auth = Authenticator::new(&opened.model.sign_in);
        let company = Self { ctx, opened, auth, clock, mailbox, folder, _database: database };
        company
            .enter(
                "person",
                &[("id", "1"), ("userName", "ada"), ("mail", "Ada@tern.example"), ("name", "Ada")],
            )
            .await;
        company.enter("person", &[("id", "2"), ("userName", "eve")]).await;
        company.enter("robot", &[("id", "r2")]).await;
        company.set("1", PASSWORD).await;
        company
    }

    pub(crate) async fn enter(&self, type_name: &str, set: &[(&str, &str)]) {
        self.write(LocalVerb::Create, type_name, None, set).await;
    }

    /// Gives Eve an address.
    pub(crate) async fn write_eve_mail(&self) {
        let (eve, set) = (Some(self.identity("2").await), [("mail", "eve@tern.example")]);
        self.write(LocalVerb::Change, "person", eve, &set).await;
    }

    /// Changes Ada.
    pub(crate) async fn change_ada(&self, set: &[(&str, &str)]) {
        self.write(LocalVerb::Change, "person", Some(self.ada().await), set).await;
    }

    async fn write(
        &self,
        verb: LocalVerb,
        type_name: &str,
        entity: Option<EntityId>,
        set: &[(&str, &str)],
    ) {
        let set = set.iter().map(|(name, value)| ((*name).into(), Some(Value::text(*value))));
        let type_name = type_name.into();
        let (set, by) = (set.collect(), self.ctx.clone());
        let change = LocalChange { verb, type_name, entity, set, if_version: None, by };
        for done in change_local(&self.ctx, &self.opened, &[change]).await.unwrap() {
            done.unwrap();
        }
    }

    pub(crate) async fn ada(&self) -> EntityId {
        self.identity("1").await
    }

    pub(crate) async fn identity(&self, person: &str) -> EntityId {
        let mut tx = self.opened.store.read().await.unwrap();
        muster_app::resolve_person(&self.ctx, &self.opened, &mut tx, person).await.unwrap().row.id
    }

    pub(crate) async fn set(&self, person: &str, password: &str) {
        let identity = self.identity(person).await;
        let password = Secret::new(password);
        self.auth.set_password(&self.ctx, &self.opened, identity, &password).await.unwrap();
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        *self.clock.0.lock().unwrap() += time;
    }

    /// Sends what is due, as the process does beside its listener.
    pub(crate) async fn send(&self) {
        let opened = Arc::new(self.opened.clone());
        let clock = Arc::<Standing>::clone(&self.clock);
        Caretaker::new(move || Arc::clone(&opened), clock).round().await.unwrap();
    }

    /// Tries to sign in on the page.
    pub(crate) async fn sign_in(&self, name: &str, password: &str) -> Result<Verified, Refused> {
        self.sign_in_at(Door::Web, name, password).await
    }

    pub(crate) async fn sign_in_at(
        &self,
        door: Door,
        name: &str,
        password: &str,
    ) -> Result<Verified, Refused> {
        let password = Secret::new(password);
        let attempt = Attempt { door, ..self.attempt(name, &password) };
        self.auth.password(&self.opened, attempt).await
    }

    /// A try on the page.
    pub(crate) fn attempt<'a>(&self, name: &'a str, password: &'a Secret) -> Attempt<'a> {
        Attempt {
            door: Door::Web,
            name,
            password,
            network: "192.0.2.1".parse().unwrap(),
            device: "Firefox",
            browser: None,
            correlation: None,
            now: self.now(),
        }
    }

    /// Begins to sign in on the page.
    pub(crate) async fn on_page(&self, name: &str, password: &str) -> Result<Step, Refused> {
        self.on_page_for(name, password, None).await
    }

    pub(crate) async fn on_page_for(
        &self,
        name: &str,
        password: &str,
        acr: Option<Acr>,
    ) -> Result<Step, Refused> {
        let password = Secret::new(password);
        let purpose = Purpose { acr, return_to: "/there" };
        self.auth.sign_in(&self.opened, self.attempt(name, &password), purpose).await
    }

    /// Goes on with a code.
    pub(crate) async fn code(&self, secret: &Secret, code: &str) -> Result<Step, Refused> {
        let code = Secret::new(code);
        self.auth.code(&self.opened, secret.reveal(), self.attempt("", &code)).await
    }

    /// Gives Ada an authenticator app; returns it and her recovery codes.
    pub(crate) async fn app(&self) -> (App, RecoveryCodes) {
        let (session, _) = self.session().await;
        let holder = Holder::Session(&session);
        let begun = self.auth.begin_totp(&self.opened, holder, self.now()).await.unwrap();
        let app = App::from_uri(begun.uri.reveal());
        let code = Secret::new(app.code(self.now()));
        let confirmation = Confirmation { holder, sealed: &begun.sealed, code: &code };
        let confirmed = self.auth.confirm_totp(&self.ctx, &self.opened, confirmation).await;
        // The code that confirmed it is used up.
        self.pass(SignedDuration::from_secs(60));
        (app, confirmed.unwrap().unwrap())
    }

    /// Opens a session for Ada, by her password alone.
    pub(crate) async fn session(&self) -> (Session, Secret) {
        let password = Secret::new(PASSWORD);
        let attempt = self.attempt("", &password);
        let ada = self.ada().await;
        let verified = self.auth.password_of(&self.opened, ada, attempt).await.unwrap();
        let network = "192.0.2.1".parse().unwrap();
        let opening = Opening { network, device: "Firefox", now: self.now() };
        self.auth.open(&self.opened, &verified, opening).await.unwrap()
    }

    /// The session that the browser shows, if it holds.
    pub(crate) async fn find(&self, cookie: &Secret) -> Option<Session> {
        self.auth.find(&self.opened, cookie.reveal(), self.now()).await.unwrap()
    }

    /// The log, the oldest first: outcome and reason of each try.
    pub(crate) async fn log(&self) -> Vec<String> {
        let entries = self.entries().await;
        entries.iter().rev().map(|entry| format!("{} {}", entry.outcome, entry.reason)).collect()
    }

    pub(crate) async fn entries(&self) -> Vec<SignIn> {
        let mut tx = self.opened.store.read().await.unwrap();
        tx.sign_ins(&SignInFilter::default(), None, 1000).await.unwrap()
    }
}
