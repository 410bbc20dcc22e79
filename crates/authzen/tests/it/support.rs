//! A small company behind the face: three people, read from a file.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{
    body::Body,
    http::{Request, Response, StatusCode, header, request},
};
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use muster_app::{AssignRequest, Clock, Connectors, Ctx, Opened, Scope, assign, create_token};
use muster_connector::{Connector, ConnectorError};
use muster_engine::{NoProgress, SyncOptions};
use muster_model::{Capabilities, SettingProblem, Settings};
use muster_project::Catalogue;
use muster_web::{Limits, Service};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// People of two teams; editors edit documents, everybody reads the profiles of their team.
const MODEL: &str = r#"muster: 1
store: "sqlite::memory:"
url: https://muster.tern.example/
types:
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true }
      mail: { type: string, unique: true }
      team: { type: link, to: team }
      end: { type: date }
    lifecycle:
      leaver: { when: "end != null && now >= start_of(end)" }
      active: { when: "true" }
  team: { key: code, attributes: { code: { type: string, unique: true }, level: { type: int } } }
systems:
  hr:
    connector: csv
    settings: { path: people.csv, key: id }
    reads: { person: { owns: { id: record.id, mail: record.mail, team: record.team, end: record.end } } }
  teams:
    connector: csv
    settings: { path: teams.csv, key: code }
    reads: { team: { owns: { code: record.code, level: record.level } } }
roles:
  editor: { description: Writes, request: { approval: [{ role: chief }], reason: required, longest: 30d } }
  clerk: { request: { approval: [{ role: chief }] } }
  chief: {}
apps:
  cms:
    resources:
      document: { actions: [read, edit], properties: { level: { type: int } } }
      board: { actions: [read] }
    environment: { ip: { type: string } }
  desk:
    resources: { profile: { actions: [read, edit], entity: person }, board: { actions: [read] } }
access:
  edit: { app: cms, resource: document, role: editor, reason: Editors edit }
  read: { app: cms, resource: document, actions: read, allow: "resource.level <= person.team.level" }
  home: { app: cms, resource: board, allow: "resource.id in ['home', 'news']" }
  away: { app: cms, resource: board, deny: "!in_network(environment.ip, '10.0.0.0/8')" }
  team: { app: desk, resource: profile, actions: read, allow: "resource.team == person.team" }
  own: { app: desk, resource: profile, allow: "resource == person" }
  post: { app: desk, resource: board, role: [clerk, editor] }
  lead: { app: desk, resource: profile, actions: edit, role: chief }
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
    token: String,
    _folder: TempDir,
}

impl Served {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("muster.yaml", MODEL);
        write("teams.csv", "code,level\nA,2\nB,\n");
        write("people.csv", "id,mail,team,end\n1,ada@x,A,2026-12-01\n2,bob@x,A,\n3,eve@x,B,\n");
        let clock = Arc::new(Standing(Mutex::new("2026-11-20T12:00:00Z".parse().unwrap())));
        let shared: Arc<dyn Clock> = Arc::<Standing>::clone(&clock);
        let ctx = Ctx::new("ada".into(), "c".into(), Arc::clone(&shared));
        let opened = Opened::open(folder.path(), None, Arc::new(Files), &ctx).await.unwrap();
        let options =
            SyncOptions { systems: vec!["teams".into(), "hr".into()], ..SyncOptions::default() };
        muster_engine::sync(&ctx, &opened, &options, &NoProgress).await.unwrap();
        for (person, role) in [("1", "editor"), ("3", "chief")] {
            let (person, role) = (person.to_owned(), role.to_owned());
            let reason = "as before".to_owned();
            let request = AssignRequest { person, role, from: None, until: None, reason };
            assign(&ctx, &opened, &request).await.unwrap();
        }
        let token = token(&ctx, &opened, "cms", Scope::Access).await;
        let service = Service::new(opened.clone(), shared, Limits::default());
        let router =
            muster_web::finish(muster_authzen::router().merge(muster_api::router()), service);
        Self { ctx, opened, clock, router, token, _folder: folder }
    }

    pub(crate) fn at(&self, time: &str) {
        *self.clock.0.lock().unwrap() = time.parse().unwrap();
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn post_text(&self, path: &str, body: String) -> (StatusCode, Json) {
        let request =
            self.signed(Request::post(path)).header(header::CONTENT_TYPE, "application/json");
        read(self.send(request.body(Body::from(body)).unwrap()).await).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Json) -> (StatusCode, Json) {
        self.post_text(path, body.to_string()).await
    }

    /// Goes on as a client with a token of another scope.
    pub(crate) async fn with(mut self, client: &str, scope: Scope) -> Self {
        self.token = token(&self.ctx, &self.opened, client, scope).await;
        self
    }

    /// A request with our token.
    pub(crate) fn signed(&self, request: request::Builder) -> request::Builder {
        request.header(header::AUTHORIZATION, format!("Bearer {}", self.token))
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Json) {
        let request = self.signed(Request::get(path)).body(Body::empty());
        read(self.send(request.unwrap()).await).await
    }

    /// Whether it is allowed, and by what or why not.
    pub(crate) async fn ask(&self, who: &str, action: &str, resource: Json) -> (bool, String) {
        let (status, answer) =
            self.post("/access/v1/evaluation", &asking(who, action, resource)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let context = &answer["context"];
        let by = context["rule"].as_str().or(context["why"].as_str()).unwrap();
        (answer["decision"].as_bool().unwrap(), by.to_owned())
    }
}

async fn token(ctx: &Ctx, opened: &Opened, client: &str, scope: Scope) -> String {
    let end = ctx.now() + SignedDuration::from_hours(10_000);
    let scopes = [scope].into_iter().collect();
    create_token(ctx, opened, client, &scopes, Some(end)).await.unwrap().token
}

/// A question of the standard.
#[expect(clippy::needless_pass_by_value, reason = "callers make it in place")]
pub(crate) fn asking(who: &str, action: &str, resource: Json) -> Json {
    json!({
        "subject": { "type": "user", "id": who }, "action": { "name": action }, "resource": resource,
        "context": { "ip": "10.0.0.7", "time": "1985-10-26T01:22-07:00" },
    })
}

pub(crate) async fn read(response: Response<Body>) -> (StatusCode, Json) {
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Json::Null))
}
