//! A small company with applications: people read from a file, a wiki, a shop, a program.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{
    body::Body,
    http::{HeaderMap, Request, Response, StatusCode, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use muster_app::{Clock, Connectors, Ctx, Opened, create_application_secret};
use muster_connector::{Connector, ConnectorError};
use muster_engine::{NoProgress, SyncOptions};
use muster_model::{Capabilities, SettingProblem, Settings};
use muster_project::Catalogue;
use muster_web::{Limits, Service};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
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
  backup: { scopes: [backup.read, backup.write], audience: [backup, vault] }
  vault: {}
  signer:
    authentication: key
    keys: 'SIGNER_KEY'
"#;

/// Reads CSV files.
struct Files;

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
}

pub(crate) struct Standing(Mutex<Timestamp>);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The company, served.
pub(crate) struct Served {
    pub(crate) ctx: Ctx,
    pub(crate) opened: Opened,
    pub(crate) clock: Arc<Standing>,
    router: axum::Router,
    _folder: TempDir,
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
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("muster.yaml", &MODEL.replace("SIGNER_KEY", key));
        write("teams.csv", "code,title\nA,Authors\nB,Builders\n");
        write("wiki.csv", "user,spaces,active\n");
        write(
            "people.csv",
            "id,user,given,family,mail,team,end\n1,ada,Ada,Lovelace,ada@tern.example,A,2026-12-01\n\
             2,bob,Bob,Stone,bob@tern.example,B,\n",
        );
        let clock = Arc::new(Standing(Mutex::new("2026-11-20T12:00:00Z".parse().unwrap())));
        let shared: Arc<dyn Clock> = Arc::<Standing>::clone(&clock);
        let ctx = Ctx::new("ada".into(), "c".into(), Arc::clone(&shared));
        let opened = Opened::open(folder.path(), None, Arc::new(Files), &ctx).await;
        let opened = opened.unwrap_or_else(|error| {
            panic!("{error} {:#?}", error.loaded().map(|of| &of.diagnostics))
        });
        let options =
            SyncOptions { systems: vec!["teams".into(), "hr".into()], ..SyncOptions::default() };
        muster_engine::sync(&ctx, &opened, &options, &NoProgress).await.unwrap();
        let service = Service::new(opened.clone(), shared, Limits::default());
        let router = muster_web::finish(muster_oidc::router(), service);
        Self { ctx, opened, clock, router, _folder: folder }
    }

    pub(crate) fn at(&self, time: &str) {
        *self.clock.0.lock().unwrap() = time.parse().unwrap();
    }

    /// Lets time pass.
    pub(crate) fn later(&self, length: SignedDuration) {
        let mut now = self.clock.0.lock().unwrap();
        *now = now.checked_add(length).unwrap();
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
