//! A small company behind the API, and callers that are values.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use muster_app::{Clock, Ctx, Opened, Scope, create_token_for};
use muster_engine::{LocalChange, LocalVerb, change_local};
use muster_model::Value;
use muster_project::NoConnectors;
use muster_web::{Limits, Rate, Service};
use serde_json::Value as Json;
use tempfile::TempDir;
use tower::ServiceExt as _;

/// Two departments; Ada leads the first, Bo is in it, Cy is in the other one.
pub(crate) const MODEL: &str = r#"
muster: 1
store: "sqlite::memory:"
url: https://muster.tern.example
applications:
  wiki: { redirect_uris: "https://wiki.tern.example/cb" }
types:
  department:
    key: code
    display: code
    attributes: { code: { type: string, unique: true }, secret: { type: string } }
  person:
    identity: true
    key: id
    display: name
    attributes:
      id: { type: string, unique: true }
      name: { type: string }
      title: { type: string }
      left: { type: bool }
      department: { type: link, to: department, inverse: members }
    lifecycle:
      leaver: { when: "left" }
      active: { when: "true" }
roles:
  lead:
    when: "person.title == 'lead'"
    muster:
      may: [sign-ins.read, sign-ins.write, people.read, people.write, lifecycle.write, assignments.read, assignments.write, accounts.read,
            plans.read, orders.read, orders.write, drift.read, drift.write, journal.read]
      over: "person.department == me.department"
  operator: { request: { approval: [{ role: lead }] }, muster: { may: [systems.read, plans.make, plans.read, people.read] } }
  guest: {}
forms:
  arrival:
    for: person
    fields: { id: {}, name: {} }
    steps: { enter: { role: lead, fields: [id, name], required: [name] }, check: { person: "2", other: true } }
reviews:
  operators: { scope: { roles: operator }, stages: [{ role: lead }], fallback: lead }
"#;

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }
}

/// A served company.
pub(crate) struct Served {
    pub(crate) ctx: Ctx,
    pub(crate) opened: Opened,
    router: axum::Router,
    folder: TempDir,
}

/// Who calls: a token, or none.
pub(crate) struct Caller<'s> {
    served: &'s Served,
    token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Json,
}

impl Reply {
    /// The code of the problem it is.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The keys of the people it lists.
    pub(crate) fn keys(&self) -> Vec<&str> {
        let items = self.body["items"].as_array().unwrap();
        items.iter().map(|item| item["key"].as_str().unwrap()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Served {
    pub(crate) async fn start() -> Self {
        let served = Self::of(MODEL).await;
        served.enter("department", &[("code", "A"), ("secret", "blue")]).await;
        served.enter("department", &[("code", "B"), ("secret", "red")]).await;
        for (id, name, title, department) in
            [("1", "Ada", "lead", "A"), ("2", "Bo", "clerk", "A"), ("3", "Cy", "clerk", "B")]
        {
            let set = [("id", id), ("name", name), ("title", title), ("department", department)];
            served.enter("person", &set).await;
        }
        served
    }

    /// A company of this model without anybody.
    pub(crate) async fn of(model: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("muster.yaml"), model).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(Standing);
        let ctx = Ctx::new("tester".into(), "c".into(), Arc::clone(&clock));
        let opened = match Opened::open(folder.path(), None, Arc::new(NoConnectors), &ctx).await {
            Ok(opened) => opened,
            Err(error) => panic!("{error}: {:?}", error.loaded().map(|loaded| &loaded.diagnostics)),
        };
        let rate = Rate { per_second: 1e9, burst: 1e9 };
        let service = Service::new(opened.clone(), clock, Limits { rate, ..Limits::default() });
        let router = muster_web::finish(muster_api::router(), service);
        Self { ctx, opened, router, folder }
    }

    pub(crate) async fn enter(&self, type_name: &str, set: &[(&str, &str)]) {
        let set = set.iter().map(|(name, value)| ((*name).into(), Some(Value::text(*value))));
        let change = LocalChange {
            verb: LocalVerb::Create,
            type_name: type_name.into(),
            entity: None,
            set: set.collect(),
            if_version: None,
            by: self.ctx.clone(),
        };
        let done = change_local(&self.ctx, &self.opened, &[change]).await.unwrap();
        for one in done {
            one.unwrap();
        }
    }

    /// A file of the project folder.
    pub(crate) fn file(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join(path)).ok()
    }

    /// Nobody that is known.
    pub(crate) fn anonymous(&self) -> Caller<'_> {
        Caller { served: self, token: None }
    }

    /// A program with this scope.
    pub(crate) async fn program(&self, scope: Scope) -> Caller<'_> {
        self.caller(scope, None).await
    }

    /// A program that acts for a person.
    pub(crate) async fn acting_for(&self, person: &str) -> Caller<'_> {
        self.caller(Scope::ApiWrite, Some(person)).await
    }

    async fn caller(&self, scope: Scope, person: Option<&str>) -> Caller<'_> {
        let scopes = [scope].into_iter().collect();
        let made = create_token_for(&self.ctx, &self.opened, "tester", &scopes, None, person).await;
        Caller { served: self, token: Some(made.unwrap().token) }
    }
}

impl Caller<'_> {
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Json) -> Reply {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Json>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let response = self.served.router.clone().oneshot(request.body(body).unwrap()).await;
        let response = response.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or(Json::Null);
        Reply { status, headers, body }
    }

    /// Begins a job and waits for its end.
    pub(crate) async fn job(&self, path: &str, body: Json) -> Reply {
        let begun = self.post(path, body).await;
        assert_eq!(begun.status, StatusCode::ACCEPTED, "{begun:?}");
        let at = begun.header("location").strip_prefix("/api/v1").unwrap().to_owned();
        loop {
            let seen = self.get(&at).await;
            if seen.body["state"] != "running" {
                return seen;
            }
            tokio::task::yield_now().await;
        }
    }
}
