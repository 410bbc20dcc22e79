//! A small company behind the pages, and browsers that keep a cookie.

use std::sync::{Arc, Mutex};

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use muster_app::{Clock, Ctx, Opened};
use muster_auth::{Caretaker, Confirmation, Holder, Secret};
use muster_engine::{LocalChange, LocalVerb, change_local};
use muster_model::Value;
use muster_store::SignInFilter;
use muster_web::{Limits, Service};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

const MODEL: &str = r#"
muster: 1
store: "sqlite::memory:"
types:
  person:
    identity: true
    key: id
    display: name
    attributes:
      id: { type: string, unique: true }
      userName: { type: string, unique: true }
      name: { type: string }
      mail: { type: string }
      left: { type: bool }
    lifecycle:
      leaver: { when: "left" }
      active: { when: "true" }
    sign_in: { name: userName, mail: mail }
mail: { from: "Muster <muster@tern.example>", host: localhost }
sign_in:
  hashing: { parallel: 2, wait: 60s }
"#;

/// The password of whoever has one.
pub(crate) const PASSWORD: &str = "a lamp, a boat, and rain";

pub(crate) use crate::app::App;
use crate::mailbox::{Mailbox, Post};

/// A clock that is set by hand.
struct Standing(Mutex<Timestamp>);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The time here, unless some passes.
pub(crate) fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// Ada, Bea and Leo, who left, have a password; Eve has none.
pub(crate) struct Served {
    pub(crate) router: axum::Router,
    service: Service,
    ctx: Ctx,
    clock: Arc<Standing>,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) folder: TempDir,
}

/// The same at an address that browsers reach, and at another port of the host.
pub(crate) struct Listening {
    served: Served,
    pub(crate) url: String,
    pub(crate) other: String,
}

impl Listening {
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// With this at the end of `sign_in:`.
    pub(crate) async fn start_with(more: &str) -> Self {
        let listeners =
            [TcpListener::bind("127.0.0.1:0").await, TcpListener::bind("127.0.0.1:0").await];
        let [first, other] = listeners.map(Result::unwrap);
        let url_of =
            |at: &TcpListener| format!("http://localhost:{}", at.local_addr().unwrap().port());
        let (url, other_url) = (url_of(&first), url_of(&other));
        let served = Served::start_with(&format!("{more}url: \"{url}\"\n")).await;
        for listener in [first, other] {
            let router = served.router.clone();
            tokio::spawn(async move {
                let limits = Limits::default();
                muster_web::serve(listener, router, &limits, std::future::pending()).await
            });
        }
        Self { served, url, other: other_url }
    }

    /// A temporary pass.
    pub(crate) async fn pass_for(&self, person: &str) -> String {
        self.served.pass_for(person).await
    }

    /// Sends the mails that wait.
    pub(crate) async fn send(&self) {
        self.served.send().await;
    }

    /// The mails that were sent.
    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.served.mailbox
    }

    /// The folder of the project.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.served.folder.path()
    }

    /// The log of sign-ins, the newest first.
    pub(crate) async fn sign_ins(&self) -> Vec<String> {
        let opened = self.served.service.opened();
        let mut tx = opened.store.read().await.unwrap();
        let log = tx.sign_ins(&SignInFilter::default(), None, 100).await.unwrap();
        log.into_iter()
            .map(|one| format!("{} {} {} {}", one.door, one.outcome, one.reason, one.methods))
            .collect()
    }
}

/// A browser, on a page of ours unless it says otherwise.
pub(crate) struct Browser {
    router: axum::Router,
    pub(crate) cookie: Option<String>,
    /// What it keeps of a sign-in on its way.
    pub(crate) flow: Option<String>,
    /// What it keeps of a recovery.
    pub(crate) recovery: Option<String>,
    /// By what it is known again.
    pub(crate) known_by: Option<String>,
    pub(crate) site: &'static str,
    pub(crate) language: &'static str,
}

/// What came back.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    headers: HeaderMap,
    pub(crate) body: String,
}

impl Served {
    pub(crate) async fn start() -> Self {
        Self::start_with("  lockout: { tries: 3 }\n").await
    }

    /// With this at the end of `sign_in:`.
    pub(crate) async fn start_with(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("muster.yaml"), format!("{MODEL}{more}")).unwrap();
        let clock = Arc::new(Standing(Mutex::new(now())));
        let mailbox = Arc::new(Mailbox::default());
        let ctx = Ctx::new("tester".into(), "c".into(), Arc::<Standing>::clone(&clock));
        let opened =
            match Opened::open(folder.path(), None, Arc::new(Post(Arc::clone(&mailbox))), &ctx)
                .await
            {
                Ok(opened) => opened,
                Err(error) => {
                    panic!("{error}: {:?}", error.loaded().map(|loaded| &loaded.diagnostics))
                }
            };
        let service =
            Service::new(opened.clone(), Arc::<Standing>::clone(&clock), Limits::default());
        let auth = service.authenticator().clone();
        for (id, user, name, left) in [
            ("1", "ada", "Ada <i> Lovelace", "false"),
            ("2", "bea", "Bea", "false"),
            ("3", "leo", "Leo", "true"),
            ("4", "eve", "Eve", "false"),
        ] {
            let mail = format!("{user}@tern.example");
            let set =
                [("id", id), ("userName", user), ("name", name), ("left", left), ("mail", &mail)];
            let set = set.into_iter().map(|(name, value)| (name.into(), Some(Value::text(value))));
            let change = LocalChange {
                verb: LocalVerb::Create,
                type_name: "person".into(),
                entity: None,
                set: set.collect(),
                if_version: None,
                by: ctx.clone(),
            };
            let done = change_local(&ctx, &opened, &[change]).await.unwrap();
            let entity = done.into_iter().next().unwrap().unwrap().entity;
            if user != "eve" {
                auth.set_password(&ctx, &opened, entity, &Secret::new(PASSWORD)).await.unwrap();
            }
        }
        let router = muster_web::finish(muster_signin::router(), service.clone());
        Self { router, service, ctx, clock, mailbox, folder }
    }

    /// The project.
    pub(crate) fn opened(&self) -> Arc<Opened> {
        self.service.opened()
    }

    /// Hashes that were made so far, and statements that were run.
    pub(crate) fn work(&self) -> (u64, u64) {
        let statements = self.service.opened().store.n_statement_runs();
        (self.service.authenticator().n_hashes(), statements)
    }

    /// A pass for somebody.
    pub(crate) async fn pass_for(&self, person: &str) -> String {
        let (auth, opened) = (self.service.authenticator(), self.service.opened());
        let hour = jiff::SignedDuration::from_hours(1);
        let made = auth.make_pass(&self.ctx, &opened, person, hour, false).await;
        made.unwrap().0.reveal().to_owned()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, minutes: i64) {
        *self.clock.0.lock().unwrap() += jiff::SignedDuration::from_mins(minutes);
    }

    /// Gives whoever is signed in a passkey that nobody can use.
    pub(crate) async fn passkey(&self, browser: &Browser) {
        let (auth, opened) = (self.service.authenticator(), self.service.opened());
        let session = auth.find(&opened, browser.cookie.as_ref().unwrap(), self.ctx.now()).await;
        let passkey = muster_store::Passkey {
            id: 1,
            entity: session.unwrap().unwrap().identity,
            credential: vec![1; 16],
            handle: vec![1; 16],
            name: "laptop".into(),
            public_key: "{}".into(),
            counter: 0,
            created_at: self.ctx.now(),
            used_at: None,
        };
        let mut tx = opened.store.begin().await.unwrap();
        assert!(tx.insert_passkey(&passkey).await.unwrap());
        tx.commit().await.unwrap();
    }

    /// Sends the mails that wait.
    pub(crate) async fn send(&self) {
        let (service, clock) = (self.service.clone(), Arc::<Standing>::clone(&self.clock));
        Caretaker::new(move || service.opened(), clock).round().await.unwrap();
    }

    /// The journal.
    pub(crate) async fn journal(&self) -> String {
        let mut tx = self.service.opened().store.read().await.unwrap();
        format!("{:?}", tx.scan_journal(None, 1000).await.unwrap())
    }

    /// Gives whoever is signed in an authenticator app that was set up three minutes ago, and returns it with their recovery codes.
    pub(crate) async fn app(&self, browser: &Browser) -> (App, Vec<Secret>) {
        let (auth, opened) = (self.service.authenticator(), self.service.opened());
        let session = auth.find(&opened, browser.cookie.as_ref().unwrap(), self.ctx.now()).await;
        let session = session.unwrap().unwrap();
        let earlier: Timestamp = "2026-11-20T11:57:00Z".parse().unwrap();
        let ctx = Ctx::new("tester".into(), "c".into(), Arc::new(Standing(Mutex::new(earlier))));
        let holder = Holder::Session(&session);
        let begun = auth.begin_totp(&opened, holder, earlier).await.unwrap();
        let app = App::from_uri(begun.uri.reveal());
        let code = Secret::new(app.code(earlier));
        let confirmation = Confirmation { holder, sealed: &begun.sealed, code: &code };
        let codes = auth.confirm_totp(&ctx, &opened, confirmation).await;
        (app, codes.unwrap().unwrap())
    }

    pub(crate) fn browser(&self) -> Browser {
        let router = self.router.clone();
        Browser {
            router,
            cookie: None,
            flow: None,
            recovery: None,
            known_by: None,
            site: "same-origin",
            language: "en",
        }
    }
}

impl Browser {
    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.ask(Method::GET, path, "").await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Page {
        self.ask(Method::POST, path, form).await
    }

    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> Page {
        let form = format!("name={}&password={}", encoded(name), encoded(password));
        self.post("/signin", &form).await
    }

    async fn ask(&mut self, method: Method, path: &str, form: &str) -> Page {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("sec-fetch-site", self.site)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT_LANGUAGE, self.language)
            .header(header::USER_AGENT, "Testfox/1");
        for (name, value) in [
            ("muster_session", &self.cookie),
            ("muster_sign_in", &self.flow),
            ("muster_recovery", &self.recovery),
            ("muster_browser", &self.known_by),
        ] {
            if let Some(value) = value {
                request = request.header(header::COOKIE, format!("{name}={value}"));
            }
        }
        let request = request.body(Body::from(form.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = |name| parts.headers.get(name).map_or("", |value| value.to_str().unwrap());
        for set in parts.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            assert!(rest.contains("; HttpOnly; SameSite=Lax"), "{rest}");
            let value = rest.split(';').next().unwrap().to_owned();
            let value = Some(value).filter(|value| !value.is_empty());
            match name {
                "muster_session" => self.cookie = value,
                "muster_sign_in" => self.flow = value,
                "muster_recovery" => self.recovery = value,
                "muster_browser" => {
                    assert!(rest.ends_with("; Max-Age=34560000"), "{rest}");
                    self.known_by = value;
                }
                "muster_passkey" => {}
                other => panic!("a cookie `{other}`"),
            }
        }
        let location = text(header::LOCATION).to_owned();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Page { status: parts.status, location, headers: parts.headers, body }
    }
}

impl Page {
    /// What stands in the page between these.
    pub(crate) fn between(&self, before: &str, after: &str) -> &str {
        let rest = self.body.split_once(before).unwrap_or_else(|| panic!("{}", self.body)).1;
        rest.split_once(after).unwrap().0
    }

    /// The app that reads the seed of this page.
    pub(crate) fn app(&self) -> App {
        App::from_uri(self.between("<code>otpauth", "</code>"))
    }

    /// The form that confirms it with a code.
    pub(crate) fn confirmation(&self, code: &str) -> String {
        let sealed = self.between("name=\"sealed\" value=\"", "\"");
        format!("sealed={sealed}&code={code}")
    }

    /// The recovery codes of this page.
    pub(crate) fn codes(&self) -> Vec<&str> {
        let items = self.body.split("<li><code>").skip(1);
        items.map(|item| item.split_once('<').unwrap().0).collect()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Text as it stands in a form.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
