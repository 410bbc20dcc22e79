//! The sample company behind the pages, and browsers that keep their cookies.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use jiff::{Timestamp, civil::date};
use muster_app::{Clock, Connectors, Ctx, Deliver, Opened, PeopleQuery, list_people};
use muster_auth::Secret;
use muster_connector::{Connector, ConnectorError};
use muster_engine::{NoProgress, PlanOptions, SyncOptions, make_plan, sync};
use muster_model::{Capabilities, SettingProblem, Settings};
use muster_project::Catalogue;
use muster_web::{Limits, Service};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::seeds::{Mails, ask_and_review, change_outside, invite};

/// The password of whoever has one.
pub(crate) const PASSWORD: &str = "a lamp, a boat, and rain";

/// The time here.
pub(crate) fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// A clock that stands.
pub(crate) struct Standing(pub(crate) Timestamp);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The files of the sample company stand in for its systems.
#[derive(Default)]
struct Files(Mails);

impl Catalogue for Files {
    fn connectors(&self) -> Vec<&'static str> {
        vec!["csv"]
    }

    fn capabilities(
        &self,
        kind: &str,
        settings: &Settings,
    ) -> Result<Capabilities, Vec<SettingProblem>> {
        muster_connector_file::capabilities(kind, settings)
    }
}

impl Connectors for Files {
    fn open(
        &self,
        kind: &str,
        settings: &Settings,
        _chaos: Option<&Settings>,
        base: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        muster_connector_file::open(kind, settings, base)
    }

    fn deliver(&self, _base: &Path) -> Option<Arc<dyn Deliver>> {
        Some(Arc::new(self.0.clone()))
    }
}

/// Tern Logistics, read and planned. The operator may do everything, the head of finance sees her department, Maya nothing.
pub(crate) struct Served {
    router: axum::Router,
    pub(crate) service: Service,
    pub(crate) ctx: Ctx,
    pub(crate) folder: TempDir,
}

impl Served {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_, _| {}).await
    }

    /// With files that are changed before they are written.
    pub(crate) async fn start_with(change: impl Fn(&str, &mut String)) -> Self {
        let files = muster_demo::files(date(2026, 11, 20)).into_iter().map(|file| {
            let mut text = String::from_utf8(file.content).unwrap();
            change(file.path, &mut text);
            (file.path, text)
        });
        let files: Vec<(&str, String)> = files.collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, &**text)).collect();
        let served = Self::of_company(&files, true).await;
        ask_and_review(&served.ctx, &served.service.opened()).await;
        served
    }

    /// Another company.
    pub(crate) async fn of(files: &[(&str, &str)]) -> Self {
        Self::of_company(files, false).await
    }

    async fn of_company(files: &[(&str, &str)], has_guests: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let ctx = Ctx::new("tester".into(), "c".into(), Arc::new(Standing(now())));
        let mails = Mails::default();
        let files = Arc::new(Files(mails.clone()));
        let opened = Opened::open(folder.path(), Some("sqlite::memory:"), files, &ctx).await;
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => panic!("{error}: {:?}", error.loaded().map(|loaded| &loaded.diagnostics)),
        };
        sync(&ctx, &opened, &SyncOptions::default(), &NoProgress).await.unwrap();
        if has_guests {
            change_outside(&ctx, &opened).await;
            invite(&ctx, &opened, &mails).await;
        }
        let options = PlanOptions { save: true, ..PlanOptions::default() };
        make_plan(&ctx, &opened, &options, &NoProgress).await.unwrap();
        let service = Service::new(opened, Arc::new(Standing(now())), Limits::default());
        let faces = muster_signin::router().merge(muster_console::router());
        let router = muster_web::finish(faces, service.clone());
        Self { router, service, ctx, folder }
    }

    /// The same as `muster demo` serves it, with the path of a link that signs this person in.
    pub(crate) async fn demonstrated(mut self, name: &str) -> (Self, String) {
        let opened = self.service.opened();
        let (person, _) = muster_app::name_person(&self.ctx, &opened, name).await.unwrap();
        let hour = jiff::SignedDuration::from_hours(1);
        let (link, secret) = muster_auth::OneTimeLink::new(person, now(), hour).unwrap();
        let faces = muster_signin::router().merge(muster_console::router());
        let faces = muster_console::with_view_as(faces).merge(muster_signin::link(link));
        self.router = muster_web::finish(faces, self.service.clone());
        (self, format!("/d/{}", secret.reveal()))
    }

    /// An address at which a browser reaches it.
    pub(crate) async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let router = self.router.clone();
        tokio::spawn(async move {
            muster_web::serve(listener, router, &Limits::default(), std::future::pending()).await
        });
        url
    }

    /// The sign-in name of the first person with this title.
    pub(crate) async fn with_title(&self, title: &str) -> String {
        let query = PeopleQuery {
            condition: Some(format!("title == '{title}'")),
            limit: 1,
            ..PeopleQuery::default()
        };
        let found = list_people(&self.ctx, &self.service.opened(), &query).await.unwrap();
        found.items[0].values.iter().find(|(name, _)| &**name == "userName").unwrap().1.to_string()
    }

    /// Gives somebody the password.
    pub(crate) async fn let_in(&self, name: &str) {
        let opened = self.service.opened();
        let mut tx = opened.store.read().await.unwrap();
        let found = muster_app::resolve_person(&self.ctx, &opened, &mut tx, name).await.unwrap();
        drop(tx);
        let auth = self.service.authenticator();
        auth.set_password(&self.ctx, &opened, found.row.id, &Secret::new(PASSWORD)).await.unwrap();
    }

    /// A browser in which somebody is signed in.
    pub(crate) async fn browser(&self, name: &str) -> Browser {
        self.let_in(name).await;
        let browser = self.stranger();
        let form = [("name", name), ("password", PASSWORD), ("return_to", "/")];
        let signed = browser.post("/signin", &form).await;
        assert_eq!(
            (signed.status, &*signed.location),
            (StatusCode::SEE_OTHER, "/"),
            "{}",
            signed.body
        );
        browser
    }

    /// The one who may do everything.
    pub(crate) async fn operator(&self) -> Browser {
        self.browser(&self.with_title("Head of IT").await).await
    }

    /// The one who may see her department.
    pub(crate) async fn head(&self) -> Browser {
        self.browser(&self.with_title("Head of Finance").await).await
    }

    /// A browser in which nobody is signed in.
    pub(crate) fn stranger(&self) -> Browser {
        Browser {
            router: self.router.clone(),
            cookies: Mutex::default(),
            site: "same-origin",
            language: "en",
        }
    }
}

/// A browser, on a page of ours unless it says otherwise.
pub(crate) struct Browser {
    router: axum::Router,
    cookies: Mutex<BTreeMap<String, String>>,
    pub(crate) site: &'static str,
    pub(crate) language: &'static str,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Whether it is a page, and no file to keep.
    pub(crate) fn is_page(&self) -> bool {
        self.header("content-type").starts_with("text/html")
    }

    /// The addresses of the pages that this one leads to.
    pub(crate) fn links(&self) -> Vec<String> {
        let after = self.body.split("href=\"").skip(1);
        let links = after.map(|rest| {
            rest.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&")
        });
        links
            .map(|link| link.split('#').next().unwrap().to_owned())
            .filter(|link| link.starts_with('/'))
            .collect()
    }
}

impl Browser {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let pairs: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        self.send(Method::POST, path, Body::from(pairs.join("&"))).await
    }

    /// Keeps a cookie of its own making.
    pub(crate) fn keep(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// Follows links from these pages on, a dozen of each place, and hands each page to `look`.
    pub(crate) async fn walk(&self, begin: Vec<String>, mut look: impl FnMut(&str, &Answer)) {
        let (mut ahead, mut seen) = (VecDeque::from(begin), BTreeSet::new());
        while let Some(path) = ahead.pop_front() {
            let place = place(&path);
            let n = seen.iter().filter(|known: &&String| self::place(known) == place).count();
            if ["/account", "/signin", "/console"].contains(&&*place)
                || n > 12
                || !seen.insert(path.clone())
            {
                continue;
            }
            let page = self.get(&path).await;
            look(&path, &page);
            ahead.extend(page.links());
        }
    }

    async fn send(&self, method: Method, path: &str, body: Body) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header("sec-fetch-site", self.site)
            .header(header::ACCEPT_LANGUAGE, self.language)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in self.cookies.lock().unwrap().iter() {
            request = request.header(header::COOKIE, format!("{name}={value}"));
        }
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if rest.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let location =
            headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap()).to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        // A file that is no text is looked at for what it must not hold.
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer { status, location, headers, body }
    }
}

/// The first part of a path.
pub(crate) fn place(path: &str) -> String {
    let path = path.split('?').next().unwrap();
    path.split('/').take(2).collect::<Vec<_>>().join("/")
}

/// Text as it stands in a form or an address.
pub(crate) fn encoded(text: &str) -> String {
    let sign = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(sign).collect()
}
