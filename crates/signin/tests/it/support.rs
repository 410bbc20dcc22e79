//! A small company behind the pages, and browsers that keep a cookie.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use muster_app::{Clock, Ctx, Opened};
use muster_auth::Secret;
use muster_engine::{LocalChange, LocalVerb, change_local};
use muster_model::Value;
use muster_project::NoConnectors;
use muster_web::{Limits, Service};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tempfile::TempDir;
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
      left: { type: bool }
    lifecycle:
      leaver: { when: "left" }
      active: { when: "true" }
    sign_in: { name: userName }
sign_in:
  hashing: { parallel: 2, wait: 60s }
  lockout: { tries: 3 }
"#;

/// The password of whoever has one.
pub(crate) const PASSWORD: &str = "a lamp, a boat, and rain";

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }
}

/// Ada, Bea and Leo, who left, have a password; Eve has none.
pub(crate) struct Served {
    router: axum::Router,
    _folder: TempDir,
}

/// A browser, on a page of ours unless it says otherwise.
pub(crate) struct Browser {
    router: axum::Router,
    pub(crate) cookie: Option<String>,
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
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("muster.yaml"), MODEL).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(Standing);
        let ctx = Ctx::new("tester".into(), "c".into(), Arc::clone(&clock));
        let opened = match Opened::open(folder.path(), None, Arc::new(NoConnectors), &ctx).await {
            Ok(opened) => opened,
            Err(error) => panic!("{error}: {:?}", error.loaded().map(|loaded| &loaded.diagnostics)),
        };
        let service = Service::new(opened.clone(), clock, Limits::default());
        let auth = service.authenticator().clone();
        for (id, user, name, left) in [
            ("1", "ada", "Ada <i> Lovelace", "false"),
            ("2", "bea", "Bea", "false"),
            ("3", "leo", "Leo", "true"),
            ("4", "eve", "Eve", "false"),
        ] {
            let set = [("id", id), ("userName", user), ("name", name), ("left", left)];
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
        let router = muster_web::finish(muster_signin::router(), service);
        Self { router, _folder: folder }
    }

    pub(crate) fn browser(&self) -> Browser {
        let router = self.router.clone();
        Browser { router, cookie: None, site: "same-origin", language: "en" }
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
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, format!("muster_session={cookie}"));
        }
        let request = request.body(Body::from(form.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = |name| parts.headers.get(name).map_or("", |value| value.to_str().unwrap());
        if let Some(rest) = text(header::SET_COOKIE).strip_prefix("muster_session=") {
            assert!(rest.contains("; HttpOnly; SameSite=Lax"), "{rest}");
            let value = rest.split(';').next().unwrap().to_owned();
            self.cookie = Some(value).filter(|value| !value.is_empty());
        }
        let location = text(header::LOCATION).to_owned();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Page { status: parts.status, location, headers: parts.headers, body }
    }
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Text as it stands in a form.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
