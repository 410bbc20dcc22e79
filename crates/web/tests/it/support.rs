//! A small project behind one face.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    http::{Request, Response, StatusCode, header},
    routing::{get, post},
};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use muster_app::{Clock, Ctx, Opened, Scope, create_token};
use muster_project::NoConnectors;
use muster_web::{Answer, Call, Limits, Service};
use serde_json::Value as Json_;
use tempfile::TempDir;
use tower::ServiceExt as _;

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }
}

/// A served project.
pub(crate) struct Served {
    pub(crate) ctx: Ctx,
    pub(crate) opened: Opened,
    pub(crate) router: axum::Router,
    _folder: TempDir,
}

impl Served {
    pub(crate) async fn start(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let model = "muster: 1\nstore: \"sqlite::memory:\"\ntypes:\n  person:\n    identity: true\n    key: id\n    \
                     attributes:\n      id: { type: string, unique: true }\n";
        std::fs::write(folder.path().join("muster.yaml"), model).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(Standing);
        let ctx = Ctx::new("ada".into(), "c".into(), Arc::clone(&clock));
        let opened = Opened::open(folder.path(), None, Arc::new(NoConnectors), &ctx).await.unwrap();
        let service = Service::new(opened.clone(), clock, limits);
        let router = muster_web::finish(face(), service);
        Self { ctx, opened, router, _folder: folder }
    }

    pub(crate) async fn token(&self, client: &str, scope: Scope) -> String {
        let scopes = [scope].into_iter().collect();
        let end = self.ctx.now() + jiff::SignedDuration::from_hours(1);
        create_token(&self.ctx, &self.opened, client, &scopes, Some(end)).await.unwrap().token
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Asks `/who` with this `Authorization` header.
    pub(crate) async fn who(&self, authorization: &str) -> (StatusCode, Json_) {
        let request = Request::get("/who").header(header::AUTHORIZATION, authorization);
        read(self.send(request.body(Body::empty()).unwrap()).await).await
    }
}

fn face() -> muster_web::Router {
    muster_web::Router::new()
        .route("/who", get(who))
        .route("/panic", get(panic))
        .route("/slow", get(slow))
        .route("/echo", post(|body: String| async { body }))
        .merge(muster_web::events())
}

async fn who(call: Call) -> Answer<Json<Json_>> {
    call.need(Scope::ApiRead)?;
    let seen =
        serde_json::json!({ "actor": &*call.ctx.actor, "correlation": &*call.ctx.correlation });
    Ok(Json(seen))
}

#[expect(clippy::panic, reason = "what is tested")]
async fn panic() -> &'static str {
    panic!("somebody made a mistake")
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_secs(30)).await;
    "late"
}

pub(crate) async fn read(response: Response<Body>) -> (StatusCode, Json_) {
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Json_::Null))
}
