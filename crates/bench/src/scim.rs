//! The SCIM connector beside a bare HTTP client, on the same server in one run: reading users and creating them.
//!
//! A server in this process, which only hands out what it has prepared, shows what the connector costs; a real one shows
//! how much of that is left to see. The bare client reads pages one after another, parses them and makes a text of
//! every value; it creates with as many requests at once as the connector. Each side runs in turn; the best counts.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use muster_connector::{
    BadObject, Connector, ConnectorError, Field, ReadObject, ReadRequest, Secrets, Sink,
};
use muster_model::{Change, ObjectRef, Setting, Settings, Span, Value, ValueType};
use muster_testkit::{HttpStub, Reply, ScimOptions, ScimServer};
use reqwest::Client;
use serde_json::{Value as Json, json};

use crate::output::{figures, say};

/// How many users are on a page, and how many requests are under way at once.
const PAGE: usize = 200;
const AT_ONCE: usize = 8;
const SCIM: &str = "application/scim+json";
const MAIL: &str = "emails[type eq \"work\"].value";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Users to read from the prepared server
    #[arg(long, default_value_t = 20_000)]
    users: usize,
    /// Users to create there
    #[arg(long, default_value_t = 2_000)]
    creates: usize,
    /// Users to create on and read from the real server
    #[arg(long, default_value_t = 500)]
    real: usize,
    /// How often each is done; the best counts
    #[arg(long, default_value_t = 3)]
    times: usize,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    say(&format!(
        "connector-scim: {} users read and {} created on a prepared server, {} on scim2-server, bare and by the connector",
        args.users, args.creates, args.real
    ))?;
    let mut all = serde_json::Map::new();
    let stub = prepared(args.users)?;
    let mut best = [f64::INFINITY; 4];
    for _ in 0..args.times.max(1) {
        let took = round(|_| stub.url(), args.creates, args.users).await?;
        best = least(best, took);
    }
    report(&mut all, "prepared", best, args.users, args.creates);
    let server = ScimServer::start(&ScimOptions::default())?;
    let mut best = [f64::INFINITY; 4];
    for time in 0..args.times.max(1) {
        let took = round(|side| server.url(&format!("{side}{time}")), args.real, args.real).await?;
        best = least(best, took);
    }
    report(&mut all, "scim2_server", best, args.real, args.real);
    figures(&all.into())
}

fn least(mut best: [f64; 4], took: [f64; 4]) -> [f64; 4] {
    for (best, took) in best.iter_mut().zip(took) {
        *best = best.min(took);
    }
    best
}

/// Seconds of the bare create, the connector's create, the bare read and the connector's read.
async fn round(url: impl Fn(&str) -> String, creates: usize, reads: usize) -> Result<[f64; 4]> {
    let bare = Bare { client: Client::builder().no_proxy().build()?, url: url("bare") };
    let connector = muster_connector_scim::open(&settings(&url("ours")), &Known)?;
    connector.test().await?;
    let changes: Vec<Change> = (0..creates).map(change).collect();
    let start = Instant::now();
    bare.create(creates).await?;
    let bare_create = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let answers = connector.apply(&changes).await;
    let create = start.elapsed().as_secs_f64();
    if let Some(error) = answers.into_iter().find_map(Result::err) {
        return Err(error.into());
    }
    let start = Instant::now();
    ensure!(bare.read().await? == reads, "the bare client read too little");
    let bare_read = start.elapsed().as_secs_f64();
    let start = Instant::now();
    ensure!(read(&connector).await? == reads, "the connector read too little");
    Ok([bare_create, create, bare_read, start.elapsed().as_secs_f64()])
}

fn report(
    all: &mut serde_json::Map<String, Json>,
    name: &str,
    [bare_create, create, bare_read, read]: [f64; 4],
    reads: usize,
    creates: usize,
) {
    for (what, n, bare, ours) in
        [("read", reads, bare_read, read), ("create", creates, bare_create, create)]
    {
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = |seconds: f64| (n as f64 / seconds).round();
        all.insert(
            format!("{name}_{what}"),
            json!({ "client_per_second": rate(bare), "connector_per_second": rate(ours), "ratio": (bare / ours * 100.0).round() / 100.0 }),
        );
    }
}

/// A user as it goes out.
fn user(number: usize) -> Json {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": format!("p{number:07}"),
        "active": true,
        "name": { "givenName": format!("Given{}", number % 977), "familyName": format!("Family{}", number % 7919) },
        "title": format!("Title {}", number % 300),
        "emails": [{ "type": "work", "value": format!("p{number:07}@tern.example") }],
    })
}

fn change(number: usize) -> Change {
    let values = [
        ("name.givenName", format!("Given{}", number % 977)),
        ("name.familyName", format!("Family{}", number % 7919)),
        ("title", format!("Title {}", number % 300)),
        (MAIL, format!("p{number:07}@tern.example")),
    ];
    Change::Create {
        object: ObjectRef {
            class: "User".into(),
            id: "".into(),
            name: format!("p{number:07}").into(),
        },
        values: values.into_iter().map(|(name, value)| (name.into(), Value::text(value))).collect(),
        enabled: Some(true),
    }
}

/// A server whose pages are made beforehand, and which takes every user without keeping it.
fn prepared(n_users: usize) -> Result<HttpStub> {
    let mut pages = HashMap::new();
    for start in (0..n_users).step_by(PAGE) {
        let resources: Vec<Json> = (start..n_users.min(start + PAGE))
            .map(|number| {
                let mut user = user(number);
                if let Some(map) = user.as_object_mut() {
                    map.insert("id".to_owned(), json!(format!("{number:032x}")));
                }
                user
            })
            .collect();
        let page = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": n_users, "startIndex": start + 1, "itemsPerPage": resources.len(),
            "Resources": resources,
        });
        pages.insert((start + 1).to_string(), page.to_string().into_bytes());
    }
    let next = AtomicUsize::new(0);
    HttpStub::start_forgetful(move |request| {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/Users") => {
                let start = request.parameter("startIndex").unwrap_or_default();
                pages
                    .get(&start)
                    .map_or_else(|| Reply::empty(500), |page| Reply::json(200, page.clone()))
            }
            ("POST", "/Users") => {
                let id = next.fetch_add(1, Ordering::Relaxed);
                let mut body = request.body.clone();
                body.pop();
                body.extend(format!(",\"id\":\"{id:032x}\"}}").into_bytes());
                Reply::json(201, body)
            }
            _ => Reply::empty(404),
        }
    })
}

/// A client that knows nothing but HTTP and JSON.
#[derive(Clone)]
struct Bare {
    client: Client,
    url: String,
}

impl Bare {
    async fn create(&self, n_users: usize) -> Result<()> {
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..AT_ONCE {
            let (bare, next) = (self.clone(), Arc::clone(&next));
            tasks.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= n_users {
                        return anyhow::Ok(());
                    }
                    let request = bare.client.post(format!("{}/Users", bare.url));
                    let request = request.bearer_auth(ScimServer::TOKEN);
                    let body = serde_json::to_vec(&user(number))?;
                    let answer = request.header("content-type", SCIM).body(body).send().await?;
                    let made: Json =
                        serde_json::from_slice(&answer.error_for_status()?.bytes().await?)?;
                    ensure!(made.get("id").is_some(), "no id came back");
                }
            });
        }
        while let Some(task) = tasks.join_next().await {
            task??;
        }
        Ok(())
    }

    async fn read(&self) -> Result<usize> {
        let mut n_users = 0;
        let mut texts: Vec<String> = Vec::new();
        loop {
            let url = format!("{}/Users?startIndex={}&count={PAGE}", self.url, n_users + 1);
            let request = self.client.get(url).bearer_auth(ScimServer::TOKEN);
            let body = request.send().await?.error_for_status()?.bytes().await?;
            let page: Json = serde_json::from_slice(&body)?;
            let users = page.get("Resources").and_then(Json::as_array).context("no users")?;
            for user in users {
                let places = [
                    "/id",
                    "/userName",
                    "/name/givenName",
                    "/name/familyName",
                    "/title",
                    "/emails/0/value",
                ];
                let found = places.iter().filter_map(|place| user.pointer(place)?.as_str());
                texts.extend(found.map(str::to_owned));
            }
            ensure!(texts.len() == users.len() * 6, "a value is missing");
            texts.clear();
            n_users += users.len();
            let total = page.get("totalResults").and_then(Json::as_u64).context("no total")?;
            if users.is_empty() || u64::try_from(n_users)? >= total {
                return Ok(n_users);
            }
        }
    }
}

struct Count(usize);

#[async_trait]
impl Sink for Count {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        self.0 += objects.len();
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        Err(ConnectorError::Malformed(bad.problem))
    }
}

async fn read(connector: &Arc<dyn Connector>) -> Result<usize> {
    let field = |name: &str| Field { name: name.into(), value_type: ValueType::Text, many: false };
    let fields = ["name.givenName", "name.familyName", "title", MAIL].map(field).to_vec();
    let request = ReadRequest { class: "User".into(), fields, since: None, batch: 1_000 };
    let mut count = Count(0);
    let end = connector.read(&request, &mut count).await?;
    ensure!(end.complete, "the read is incomplete: {:?}", end.problem);
    Ok(count.0)
}

fn settings(url: &str) -> Settings {
    let span = Span { file: 0, start: 0, end: 0 };
    let text = |text: &str| (span, Setting::Scalar(text.into(), span));
    let map = |entries| (span, Setting::Map(Settings { entries, span }));
    let token = Setting::Secret { from: "env".into(), name: "TOKEN".into(), span };
    let auth = std::collections::BTreeMap::from([("bearer".into(), (span, token))]);
    let entries = [
        ("url", text(url)),
        ("auth", map(auth)),
        ("page_size", text(&PAGE.to_string())),
        ("connections", text(&AT_ONCE.to_string())),
    ];
    Settings { entries: entries.map(|(key, value)| (key.into(), value)).into(), span }
}

/// Knows the token.
struct Known;

impl Secrets for Known {
    fn env(&self, _name: &str) -> Option<String> {
        Some(ScimServer::TOKEN.to_owned())
    }

    fn file(&self, _path: &str) -> io::Result<String> {
        Err(io::Error::from(io::ErrorKind::NotFound))
    }
}
