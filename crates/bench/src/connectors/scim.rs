//! The SCIM connector beside a bare HTTP client: reading users and creating them.
//!
//! A server in this process, which only hands out what it has prepared, shows what the connector costs; a real one shows
//! how much of that is left to see. The bare client reads pages one after another, parses them and makes a text of
//! every value; it creates with as many requests at once as the connector.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context as _, Result, ensure};
use muster_connector::Connector;
use muster_model::{Change, ObjectRef, Setting, Value};
use muster_testkit::{HttpStub, Reply, ScimOptions, ScimServer};
use reqwest::Client;
use serde_json::{Map, Value as Json, json};

use super::{OneSecret, create, read, secret, settings};
use crate::{
    output::{figures, say},
    pairs::{compare, timed},
};

/// How many users are on a page, and how many requests are under way at once.
const PAGE: usize = 200;
const AT_ONCE: usize = 8;
const SCIM: &str = "application/scim+json";
const MAIL: &str = "emails[type eq \"work\"].value";
const FIELDS: [&str; 4] = ["name.givenName", "name.familyName", "title", MAIL];

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
    /// How often each side is done, at least five times
    #[arg(long, default_value_t = 9)]
    pairs: usize,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    say(&format!(
        "connector-scim: {} users read and {} created on a prepared server, {} on scim2-server, bare and by the connector",
        args.users, args.creates, args.real
    ))?;
    let mut all = Map::new();
    let stub = prepared(args.users)?;
    let url = |_: &str| stub.url();
    measure(&mut all, "prepared", url, args.pairs, (args.users, args.creates)).await?;
    let server = ScimServer::start(&ScimOptions::default())?;
    let url = |place: &str| server.url(place);
    measure(&mut all, "scim2_server", url, args.pairs, (args.real, args.real)).await?;
    figures(&all.into())
}

/// Creates in a new place each time, and reads the first.
async fn measure(
    all: &mut Map<String, Json>,
    name: &str,
    url: impl Fn(&str) -> String,
    pairs: usize,
    (reads, creates): (usize, usize),
) -> Result<()> {
    let bare =
        |place: &str| Ok(Bare { client: Client::builder().no_proxy().build()?, url: url(place) });
    let changes: Vec<Change> = (0..creates).map(change).collect();
    let creating = async |pair| {
        let bare: Result<Bare> = bare(&format!("bare{pair}"));
        let bare = bare?;
        timed(bare.create(creates)).await
    };
    let ours = async |pair| {
        let connector = open(&url(&format!("ours{pair}"))).await?;
        create(&connector, &changes).await
    };
    all.insert(format!("{name}_create"), compare(pairs, creates, creating, ours).await?);
    let (bare, connector) = (bare("bare0")?, open(&url("ours0")).await?);
    let reading = async |_| {
        timed(async {
            ensure!(bare.read().await? == reads, "the bare client read too little");
            Ok(())
        })
        .await
    };
    let ours = async |_| read(&connector, "User", FIELDS, reads).await;
    all.insert(format!("{name}_read"), compare(pairs, reads, reading, ours).await?);
    Ok(())
}

/// A connector that has looked at its service.
async fn open(url: &str) -> Result<Arc<dyn Connector>> {
    let mut settings =
        settings(&json!({ "url": url, "page_size": PAGE, "connections": AT_ONCE, "auth": {} }));
    if let Some((span, Setting::Map(auth))) = settings.entries.get_mut("auth") {
        auth.entries.insert("bearer".into(), (*span, secret()));
    }
    let connector = muster_connector_scim::open(&settings, &OneSecret(ScimServer::TOKEN))?;
    connector.test().await?;
    Ok(connector)
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
        format!("Given{}", number % 977),
        format!("Family{}", number % 7919),
        format!("Title {}", number % 300),
        format!("p{number:07}@tern.example"),
    ];
    let values = FIELDS.into_iter().zip(values);
    Change::Create {
        object: ObjectRef {
            class: "User".into(),
            id: "".into(),
            name: format!("p{number:07}").into(),
        },
        values: values.map(|(name, value)| (name.into(), Value::text(value))).collect(),
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
