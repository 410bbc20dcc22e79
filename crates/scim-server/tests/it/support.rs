//! A small project behind the SCIM face, in process.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use async_trait::async_trait;
use axum::{body::Body, http::Request};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use muster_app::{
    Clock, CommandCall, Connectors, Ctx, Deliver, DeliverError, Mail, Opened, Scope, SpeakScim,
    WebhookCall, create_token,
};
use muster_connector::{Connector, ConnectorError, PUSHED, PushedSource, Secrets};
use muster_model::{Capabilities, SettingProblem, Settings};
use muster_notify::Delivery;
use muster_project::Catalogue;
use muster_scim_server::Speaker;
use muster_web::{Limits, Rate, Service};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// People with what the RFCs name, departments, groups in groups.
pub(crate) const MODEL: &str = r#"
muster: 1
store: "sqlite::memory:"
types:
  person:
    identity: true
    key: employeeId
    display: givenName + " " + familyName
    attributes:
      employeeId: { type: string, unique: true, required: true,
                    generate: ['"P" + string(n)'] }
      userName:   { type: string, unique: true }
      givenName:  { type: string, required: true }
      familyName: { type: string, required: true }
      email:      { type: string }
      title:      { type: string }
      department: { type: link, to: department, inverse: staff }
      manager:    { type: link, to: person, inverse: reports }
      groups:     { type: link, to: group, many: true, inverse: members }
      level:      { type: int }
      skills:     { type: string, many: true }
      badge:      { type: string, compute: '"B-" + userName' }
    lifecycle:
      leaver:    { when: "false" }
      suspended: { when: "false" }
      active:    { when: "true" }
  department:
    key: code
    display: code
    attributes:
      code: { type: string, unique: true, required: true }
  group:
    key: name
    display: name
    attributes:
      name:    { type: string, unique: true, required: true }
      remark:  { type: string }
      parents: { type: link, to: group, many: true, inverse: nested }
"#;

/// Nothing is connected; records may be pushed.
struct Nothing;

impl Catalogue for Nothing {
    fn connectors(&self) -> Vec<&'static str> {
        vec![PUSHED]
    }

    fn capabilities(
        &self,
        _: &str,
        settings: &Settings,
    ) -> Result<Capabilities, Vec<SettingProblem>> {
        PushedSource::capabilities(settings)
    }
}

impl Connectors for Nothing {
    fn open(
        &self,
        connector: &str,
        _: &Settings,
        _: Option<&Settings>,
        _: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        Err(ConnectorError::Settings(format!("there is no connector `{connector}`")))
    }

    fn deliver(&self, _: &Path) -> Option<Arc<dyn Deliver>> {
        Some(Arc::new(Programs))
    }

    fn speaks_scim(&self, opened: &Opened) -> Option<Arc<dyn SpeakScim>> {
        Some(Arc::new(Speaker::new(&opened.model)))
    }
}

/// Programs as hooks may be: told apart by their names.
struct Programs;

#[async_trait]
impl Deliver for Programs {
    async fn mail(&self, _: &Settings, _: &Mail) -> Result<(), DeliverError> {
        Err(DeliverError::for_good("no mail"))
    }

    async fn ask_webhook(&self, call: &WebhookCall<'_>) -> Result<Vec<u8>, DeliverError> {
        Delivery::new(Arc::new(OneSecret), PathBuf::new()).ask_webhook(call).await
    }

    async fn ask(&self, call: &CommandCall<'_>) -> Result<Vec<u8>, DeliverError> {
        let asked: Json = serde_json::from_slice(&call.input).unwrap();
        let answer = match &*call.run[0] {
            "no-guests" if asked.pointer("/data/userType") == Some(&json!("Guest")) => {
                json!({ "reject": "guests are entered by their sponsors" })
            }
            "no-guests" if asked["operation"] == json!("create") => {
                let mut data = asked["data"].clone();
                data["title"] = json!("New");
                json!({ "data": data })
            }
            "no-guests" => json!({}),
            "chatty" => json!({ "ok": true }),
            _ => return Err(DeliverError::for_now("it was stopped after 10 seconds")),
        };
        Ok(answer.to_string().into_bytes())
    }
}

/// The secret of every service; that of tokens is longer.
struct OneSecret;

/// The bytes of the secret of tokens.
pub(crate) const TOKEN_KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

impl Secrets for OneSecret {
    fn env(&self, name: &str) -> Option<String> {
        Some(match name {
            "TOKEN_SECRET" => format!("whsec_{}", BASE64.encode(TOKEN_KEY)),
            _ => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
        })
    }

    fn file(&self, path: &str) -> io::Result<String> {
        Err(io::Error::new(io::ErrorKind::NotFound, path.to_owned()))
    }
}

/// A clock that goes on by a millisecond each time it is asked.
#[derive(Default)]
struct Going(AtomicI64);

impl Clock for Going {
    fn now(&self) -> Timestamp {
        let passed = self.0.fetch_add(1, Ordering::Relaxed);
        Timestamp::from_millisecond(1_800_000_000_000 + passed).unwrap()
    }

    fn process(&self) -> String {
        "tests".to_owned()
    }
}

/// A served project.
pub(crate) struct Served {
    pub(crate) opened: Opened,
    pub(crate) router: axum::Router,
    token: String,
    pub(crate) ctx: Ctx,
    folder: Arc<TempDir>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: Json,
}

impl Got {
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Json {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    #[track_caller]
    pub(crate) fn fails(self, status: u16, scim_type: &str) {
        let body = self.is(status);
        let found = body.get("scimType").and_then(Json::as_str).unwrap_or_default();
        assert_eq!(found, scim_type, "{body}");
        assert_eq!(
            body.pointer("/schemas/0"),
            Some(&json!("urn:ietf:params:scim:api:messages:2.0:Error"))
        );
        assert_eq!(body.get("status"), Some(&json!(status.to_string())));
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }
}

fn router(opened: &Opened, ctx: &Ctx) -> axum::Router {
    let rate = Rate { per_second: 1e9, burst: 1e9 };
    let limits = Limits { rate, ..Limits::default() };
    let service = Service::new(opened.clone(), Arc::clone(&ctx.clock), limits);
    muster_web::finish(muster_scim_server::router(&service), service)
}

impl Served {
    pub(crate) async fn start() -> Self {
        Self::start_with(MODEL).await
    }

    pub(crate) async fn start_with(model: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("muster.yaml"), model).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(Going::default());
        let ctx = Ctx::new("ada".into(), "c".into(), Arc::clone(&clock));
        let opened = match Opened::open(folder.path(), None, Arc::new(Nothing), &ctx).await {
            Ok(opened) => opened,
            Err(error) => panic!("{error}: {:?}", error.loaded().map(|loaded| &loaded.diagnostics)),
        };
        let (router, folder) = (router(&opened, &ctx), Arc::new(folder));
        let mut served = Self { opened, router, token: String::new(), ctx, folder };
        served.token = served.token("tester", Scope::Scim).await;
        served
    }

    /// The same repository in another process.
    pub(crate) fn started_again(&self) -> Self {
        let router = router(&self.opened, &self.ctx);
        Self { router, ..self.clone_with_token(self.token.clone()) }
    }

    /// The same, asked with another token.
    pub(crate) fn clone_with_token(&self, token: String) -> Self {
        Self {
            opened: self.opened.clone(),
            router: self.router.clone(),
            token,
            ctx: self.ctx.clone(),
            folder: Arc::clone(&self.folder),
        }
    }

    pub(crate) async fn token(&self, client: &str, scope: Scope) -> String {
        let scopes = [scope].into_iter().collect();
        create_token(&self.ctx, &self.opened, client, &scopes, None).await.unwrap().token
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Got {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = if bytes.is_empty() {
            Json::Null
        } else {
            serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)))
        };
        Got { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) fn request(&self, method: &str, path: &str, body: Option<&Json>) -> Request<Body> {
        let made = Request::builder()
            .method(method)
            .uri(format!("/scim/v2{path}"))
            .header("host", "muster.example")
            .header("authorization", format!("Bearer {}", self.token));
        match body {
            None => made.body(Body::empty()).unwrap(),
            Some(body) => made
                .header("content-type", "application/scim+json")
                .body(Body::from(body.to_string()))
                .unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        self.send(self.request("GET", path, None)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Json) -> Got {
        self.send(self.request("POST", path, Some(body))).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Json) -> Got {
        self.send(self.request("PUT", path, Some(body))).await
    }

    pub(crate) async fn patch(&self, path: &str, operations: Json) -> Got {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations,
        });
        self.send(self.request("PATCH", path, Some(&body))).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Got {
        self.send(self.request("DELETE", path, None)).await
    }

    /// Makes a user and answers its id.
    pub(crate) async fn user(&self, name: &str) -> String {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": name,
            "name": { "givenName": name, "familyName": "Byron" },
        });
        id(&self.post("/Users", &body).await.is(201))
    }

    /// Makes a group and answers its id.
    pub(crate) async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Json> = members.iter().map(|id| json!({ "value": id })).collect();
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": name,
            "members": members,
        });
        id(&self.post("/Groups", &body).await.is(201))
    }

    /// The ids of the members of a group, sorted.
    pub(crate) async fn members(&self, group: &str) -> Vec<String> {
        let body = self.get(&format!("/Groups/{group}?attributes=members")).await.is(200);
        let members = body.get("members").and_then(Json::as_array).cloned().unwrap_or_default();
        let mut ids: Vec<String> = members.iter().map(|m| text(m, "/value")).collect();
        ids.sort();
        ids
    }

    /// The user names that a filter finds, in the order of the answer.
    pub(crate) async fn found(&self, query: &str) -> Vec<String> {
        let body = self.get(&format!("/Users?{query}")).await.is(200);
        let all = body.get("Resources").and_then(Json::as_array).cloned().unwrap_or_default();
        all.iter().map(|user| text(user, "/userName")).collect()
    }
}

pub(crate) fn id(body: &Json) -> String {
    text(body, "/id")
}

#[track_caller]
pub(crate) fn text(body: &Json, pointer: &str) -> String {
    body.pointer(pointer)
        .and_then(Json::as_str)
        .unwrap_or_else(|| panic!("{pointer}: {body}"))
        .to_owned()
}

/// A query part with everything escaped.
pub(crate) fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
