//! A small company with applications: people read from a file, a wiki, a shop, a program.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use axum::{
    body::Body,
    http::{HeaderMap, Request, Response, StatusCode, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use muster_app::{
    Clock, CommandCall, Connectors, Ctx, Deliver, DeliverError, Mail, Opened, PeopleQuery,
    WebhookCall, WebhookKind, create_application_secret, list_people,
};
use muster_auth::{Amr, Opening, Verified};
use muster_connector::{Connector, ConnectorError};
use muster_engine::{NoProgress, SyncOptions};
use muster_model::{Capabilities, EntityId, SettingProblem, Settings};
use muster_project::Catalogue;
use muster_web::{Limits, Service};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value as Json;
use tempfile::TempDir;
use tower::ServiceExt as _;

/// The issuer.
pub(crate) const ISSUER: &str = "https://muster.tern.example";

const MODEL: &str = r#"muster: 1
store: "sqlite::memory:"
url: https://muster.tern.example/
types:
  person:
    identity: true
    key: id
    display: givenName + " " + familyName
    attributes:
      id: { type: string, unique: true }
      userName: { type: string, unique: true }
      givenName: { type: string }
      familyName: { type: string }
      mail: { type: string }
      phone: { type: string }
      street: { type: string }
      city: { type: string }
      team: { type: link, to: team }
      end: { type: date }
    lifecycle:
      leaver: { when: "end != null && now >= start_of(end)" }
      active: { when: "true" }
  team: { key: code, attributes: { code: { type: string, unique: true }, title: { type: string } } }
systems:
  hr:
    connector: csv
    settings: { path: people.csv, key: id }
    reads:
      person:
        owns:
          id: record.id
          userName: record.user
          givenName: record.given
          familyName: record.family
          mail: record.mail
          phone: record.phone
          street: record.street
          city: record.city
          team: record.team
          end: record.end
  teams:
    connector: csv
    settings: { path: teams.csv, key: code }
    reads: { team: { owns: { code: record.code, title: record.title } } }
  wiki:
    connector: csv
    settings: { path: wiki.csv, key: user, writable: true, enabled: { column: active, on: 'yes', off: 'no' }, many: "|" }
    accounts:
      user: { for: person, name: person.userName, set: {} }
    entitlements: { space: { attribute: spaces } }
roles:
  staff: { when: "person.lifecycle == 'active'", grants: [wiki.user] }
  author: { when: "person.team.code == 'A'", grants: [{ wiki.space: wiki.write }, { wiki.space: news }] }
applications:
  wiki:
    title: Tern wiki
    redirect_uris: ["https://wiki.example/cb", "https://wiki.example/other"]
    logout_redirect_uris: "https://wiki.example/bye"
    logout_uri: "https://wiki.example/logout"
    grants: [authorization_code, refresh_token]
    scopes: [openid, profile, email, groups, roles, wiki.write]
    system: wiki
    claims: { department: person.team.title }
  phone:
    redirect_uris: "com.example.phone:/cb"
    authentication: none
    grants: [authorization_code, refresh_token, device_code]
  shop:
    redirect_uris: "https://shop.example/cb"
    roles: author
    consent: true
    algorithm: RS256
  suite:
    redirect_uris: "https://suite.example/cb"
    logout_redirect_uris: "https://suite.example/bye"
    logout_uri: "https://suite.example/logout"
    grants: [authorization_code, refresh_token]
    scopes: [openid, profile, email, address, phone]
    pkce: optional
    algorithm: RS256
  bank: { redirect_uris: "https://bank.example/cb", acr: two, grants: [authorization_code, device_code] }
  backup: { scopes: [backup.read, backup.write], audience: [backup, vault] }
  vault: {}
  safe: { scopes: [safe.read], bound: true }
  signer:
    authentication: key
    keys: 'SIGNER_KEY'
"#;

/// What was posted to applications, and whether they take it.
#[derive(Default)]
pub(crate) struct Posts {
    taken: Mutex<Vec<(String, String)>>,
    refuses: AtomicBool,
}

impl Posts {
    /// Addresses and bodies.
    pub(crate) fn taken(&self) -> Vec<(String, String)> {
        self.taken.lock().unwrap().clone()
    }

    /// Whether applications are out of order.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::Relaxed);
    }
}

#[async_trait]
impl Deliver for Posts {
    async fn mail(&self, _: &Settings, _: &Mail) -> Result<(), DeliverError> {
        Err(DeliverError::for_good("nothing is mailed here"))
    }

    async fn webhook(&self, call: &WebhookCall<'_>) -> Result<(), DeliverError> {
        if self.refuses.load(Ordering::Relaxed) {
            return Err(DeliverError::for_now("out of order"));
        }
        assert_eq!(call.kind, WebhookKind::Form);
        let url = call.settings.scalar("url").unwrap().to_string();
        let body = String::from_utf8(call.body.clone()).unwrap();
        self.taken.lock().unwrap().push((url, body));
        Ok(())
    }

    async fn ask_webhook(&self, _: &WebhookCall<'_>) -> Result<Vec<u8>, DeliverError> {
        Err(DeliverError::for_good("nobody is asked here"))
    }

    async fn ask(&self, _: &CommandCall<'_>) -> Result<Vec<u8>, DeliverError> {
        Err(DeliverError::for_good("nobody is asked here"))
    }
}

/// Reads CSV files, and posts.
struct Files(Arc<Posts>);

impl Catalogue for Files {
    fn connectors(&self) -> Vec<&'static str> {
        vec!["csv"]
    }

    fn capabilities(
        &self,
        _: &str,
        settings: &Settings,
    ) -> Result<Capabilities, Vec<SettingProblem>> {
        muster_connector_file::capabilities("csv", settings)
    }
}

impl Connectors for Files {
    fn open(
        &self,
        _: &str,
        settings: &Settings,
        _: Option<&Settings>,
        base: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        muster_connector_file::open("csv", settings, base)
    }

    fn deliver(&self, _: &Path) -> Option<Arc<dyn Deliver>> {
        Some(Arc::<Posts>::clone(&self.0))
    }
}

/// A clock that stands until it is set, or one that runs.
pub(crate) struct Standing(Mutex<Option<Timestamp>>);

impl Standing {
    /// Noon of a day on which everybody is there.
    pub(crate) fn at_noon() -> Arc<Self> {
        Self::at("2026-11-20T12:00:00Z")
    }

    /// One that stands here.
    pub(crate) fn at(time: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(time.parse().unwrap()))))
    }

    /// The time of the machine.
    pub(crate) fn running() -> Self {
        Self(Mutex::new(None))
    }
}

impl Clock for Standing {
    #[expect(
        clippy::disallowed_methods,
        reason = "programs of others look at the clock of the machine"
    )]
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().unwrap_or_else(Timestamp::now)
    }
}

/// The company, served.
pub(crate) struct Served {
    pub(crate) ctx: Ctx,
    pub(crate) opened: Opened,
    pub(crate) clock: Arc<Standing>,
    pub(crate) service: Service,
    pub(crate) posts: Arc<Posts>,
    pub(crate) router: axum::Router,
    folder: Arc<TempDir>,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Json,
}

impl Answer {
    /// The word of an error of OAuth.
    pub(crate) fn error(&self) -> &str {
        self.json["error"].as_str().unwrap_or_else(|| panic!("no error in {self:?}"))
    }

    /// The text in a field.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {self:?}"))
    }
}

impl Served {
    pub(crate) async fn start() -> Self {
        Self::with_key("{\"kty\":\"EC\"}").await
    }

    /// With this public key for the application `signer`.
    pub(crate) async fn with_key(key: &str) -> Self {
        Self::changed(&[("SIGNER_KEY", key.to_owned())], Standing::at_noon()).await
    }

    /// With parts of the model replaced.
    pub(crate) async fn changed(changes: &[(&str, String)], clock: Arc<Standing>) -> Self {
        let mut model = MODEL.to_owned();
        for (from, to) in changes {
            model = model.replace(from, to);
        }
        let files = [
            ("muster.yaml", &*model.replace("SIGNER_KEY", "{\"kty\":\"EC\"}")),
            ("teams.csv", "code,title\nA,Authors\nB,Builders\n"),
            ("wiki.csv", "user,spaces,active\n"),
            (
                "people.csv",
                "id,user,given,family,mail,team,end,phone,street,city\n\
                 1,ada,Ada,Lovelace,ada@tern.example,A,2026-12-01,+44 20 7946 0000,St James's Square 12,London\n\
                 2,bob,Bob,Stone,bob@tern.example,B,,,,\n",
            ),
        ];
        let served = Self::of(&files, clock).await;
        served.sync(&["teams", "hr"]).await;
        served
    }

    /// A project of these files.
    pub(crate) async fn of(files: &[(&str, &str)], clock: Arc<Standing>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self::open(Arc::new(folder), clock).await
    }

    /// Reads these systems; all, when none is named.
    pub(crate) async fn sync(&self, systems: &[&str]) {
        let systems = systems.iter().map(|name| (*name).into()).collect();
        let options = SyncOptions { systems, ..SyncOptions::default() };
        muster_engine::sync(&self.ctx, &self.opened, &options, &NoProgress).await.unwrap();
    }

    /// A file of the project, as it is now.
    pub(crate) fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    async fn open(folder: Arc<TempDir>, clock: Arc<Standing>) -> Self {
        let shared: Arc<dyn Clock> = Arc::<Standing>::clone(&clock);
        let ctx = Ctx::new("ada".into(), "c".into(), Arc::clone(&shared));
        let posts = Arc::new(Posts::default());
        let files = Files(Arc::clone(&posts));
        let opened = Opened::open(folder.path(), None, Arc::new(files), &ctx).await;
        let opened = opened.unwrap_or_else(|error| {
            panic!("{error} {:#?}", error.loaded().map(|of| &of.diagnostics))
        });
        let service = Service::new(opened.clone(), shared, Limits::default());
        let pages = muster_oidc::router().merge(muster_signin::router());
        let router = muster_web::finish(pages, service.clone());
        Self { ctx, opened, clock, service, posts, router, folder }
    }

    /// The same with a change of the model.
    pub(crate) async fn beside_with(&self, from: &str, to: &str) -> Self {
        let file = self.folder.path().join("muster.yaml");
        let model = std::fs::read_to_string(&file).unwrap();
        assert!(model.contains(from), "{from}");
        std::fs::write(&file, model.replace(from, to)).unwrap();
        self.beside().await
    }

    /// Another node that serves the same project; its store is one that several may share.
    pub(crate) async fn beside(&self) -> Self {
        Self::open(Arc::clone(&self.folder), Arc::clone(&self.clock)).await
    }

    pub(crate) fn at(&self, time: &str) {
        *self.clock.0.lock().unwrap() = Some(time.parse().unwrap());
    }

    /// Lets time pass.
    pub(crate) fn later(&self, length: SignedDuration) {
        let now = self.clock.now().checked_add(length).unwrap();
        *self.clock.0.lock().unwrap() = Some(now);
    }

    /// Signs a person in, by a password; what their browser keeps.
    pub(crate) async fn sign_in(&self, person: &str) -> String {
        self.sign_in_by(person, vec![Amr::Password]).await
    }

    /// Signs a person in by these proofs.
    pub(crate) async fn sign_in_by(&self, person: &str, amr: Vec<Amr>) -> String {
        let verified =
            Verified { identity: self.person(person).await, auth_time: self.ctx.now(), amr };
        let network = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let opening = Opening { network, device: "a browser", now: self.ctx.now() };
        let authenticator = self.service.authenticator();
        let (_, secret) = authenticator.open(&self.opened, &verified, opening).await.unwrap();
        format!("muster_session={}", secret.reveal())
    }

    /// Which entity a person is.
    pub(crate) async fn person(&self, key: &str) -> EntityId {
        let query = PeopleQuery { limit: 100, ..PeopleQuery::default() };
        let people = list_people(&self.ctx, &self.opened, &query).await.unwrap().items;
        people.into_iter().find(|person| &*person.key == key).unwrap().id
    }

    /// Ends the sign-in of a browser.
    pub(crate) async fn sign_out(&self, cookie: &str) {
        let secret = cookie.split_once('=').unwrap().1;
        let authenticator = self.service.authenticator();
        let now = self.ctx.now();
        let session = authenticator.find(&self.opened, secret, now).await.unwrap().unwrap();
        authenticator.end(&self.opened, session.id, now).await.unwrap();
    }

    /// What a browser with this cookie gets.
    pub(crate) async fn browse(&self, cookie: &str, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// What a browser with this cookie gets for a form.
    pub(crate) async fn submit(&self, cookie: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(encoded(form))).unwrap()).await
    }

    /// A new secret of an application.
    pub(crate) async fn secret(&self, application: &str) -> String {
        create_application_secret(&self.ctx, &self.opened, application, None).await.unwrap().secret
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        read(response).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Posts a form, with this `Authorization` header unless it is empty.
    pub(crate) async fn post(&self, path: &str, auth: &str, form: &[(&str, &str)]) -> Answer {
        self.post_text(path, auth, &encoded(form)).await
    }

    pub(crate) async fn post_text(&self, path: &str, auth: &str, body: &str) -> Answer {
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if !auth.is_empty() {
            request = request.header(header::AUTHORIZATION, auth);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// A token of an application for itself.
    pub(crate) async fn own_token(&self, application: &str) -> (String, String) {
        let auth = basic(application, &self.secret(application).await);
        let answer =
            self.post("/oauth2/token", &auth, &[("grant_type", "client_credentials")]).await;
        (answer.field("access_token").to_owned(), auth)
    }

    /// What introspection says to the application that authenticates so.
    pub(crate) async fn introspect(&self, auth: &str, token: &str) -> Json {
        let answer = self.post("/oauth2/introspect", auth, &[("token", token)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json
    }
}

impl Answer {
    /// Where the browser is sent.
    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// A parameter of the address where the browser is sent.
    pub(crate) fn sent(&self, name: &str) -> Option<String> {
        query(self.location()).remove(name)
    }

    /// The value of a hidden field of a page.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.text.split_once(&start).unwrap_or_else(|| panic!("{}", self.text));
        rest.split('"').next().unwrap().to_owned()
    }
}

/// The parameters of an address.
pub(crate) fn query(uri: &str) -> BTreeMap<String, String> {
    let text = uri.split_once('?').map_or("", |(_, query)| query);
    let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

/// The header of an application that shows its secret.
pub(crate) fn basic(name: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{secret}")))
}

/// A form.
pub(crate) fn encoded(form: &[(&str, &str)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = form.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

pub(crate) async fn read(response: Response<Body>) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&body).into_owned();
    let json = serde_json::from_str(&text).unwrap_or(Json::Null);
    Answer { status, headers, text, json }
}

/// The claims of a token, whoever signed it.
pub(crate) fn claims(token: &str) -> Json {
    jsonwebtoken::dangerous::insecure_decode_claims(token).unwrap()
}
