//! Users over SCIM: created, read, found, changed and listed while there are few and when there are many; the same requests
//! go to other servers in the same run.
//!
//! Every server is a process of its own and is asked over connections that are kept. Ours writes each change to the disk
//! before it answers; the others keep users in memory, so their creates cost no disk.

use std::{
    future::Future,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use muster_testkit::{ScimOptions, ScimServer};
use reqwest::{Client, Method};
use serde_json::{Value as Json, json};

use crate::{
    output::{figures, say},
    served::{Served, done},
};

const SCIM: &str = "application/scim+json";
/// Users of the small measurement.
const FEW: usize = 100;
/// Users created to measure creation.
const CREATES: usize = 500;
/// Users on a page of a list.
const PAGE: usize = 100;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Users at the end
    #[arg(long, default_value_t = 100_000)]
    users: usize,
    /// Users at the end in the servers of others, which slow down with many
    #[arg(long, default_value_t = 2_000)]
    peers: usize,
    /// Requests at the same time
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// Requests at the same time to the servers of others; with many they refuse connections
    #[arg(long, default_value_t = 4)]
    peer_clients: usize,
    /// How many requests of each kind are measured
    #[arg(long, default_value_t = 2_000)]
    requests: usize,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    say(&format!(
        "scim-server: {} users ({} in other servers), {} clients ({}), {} requests of each kind",
        args.users, args.peers, args.clients, args.peer_clients, args.requests
    ))?;
    let folder = tempfile::tempdir()?;
    let dir = folder.path();
    std::fs::write(dir.join("muster.yaml"), MODEL)?;
    let token = done(dir, &["token", "create", "bench", "--scope", "scim"])?;
    let served = Served::start(dir, &["--no-run"]).await?;
    let ours = Asked::new(format!("{}/scim/v2", served.url), token)?;
    let (few, many) = (args.peer_clients, args.clients);
    let muster = measure("muster", &ours, (args.users, many), args.requests).await?;
    let resident = served.mib("VmRSS:");
    drop(served);
    let python = ScimServer::start(&ScimOptions::default())?;
    let asked = Asked::new(python.url("bench"), ScimServer::TOKEN.to_owned())?;
    let scim2_server = measure("scim2-server", &asked, (args.peers, few), args.requests).await?;
    drop(python);
    let node = Scimmy::start(dir)?;
    let scimmy = measure("scimmy", &node.asked, (args.peers, few), args.requests).await?;
    figures(
        &json!({ "muster": muster, "resident_mib": resident, "scim2_server": scim2_server, "scimmy": scimmy }),
    )
}

pub(crate) const MODEL: &str = "\
muster: 1
store: sqlite:muster.db
server: { limits: { rate: 1000000, burst: 1000000 } }
types:
  person:
    identity: true
    key: userName
    display: givenName + ' ' + familyName
    attributes:
      userName: { type: string, unique: true, required: true }
      givenName: { type: string }
      familyName: { type: string }
      mail: { type: string, unique: true }
      department: { type: string }
      title: { type: string }
    lifecycle:
      suspended: { when: 'false' }
      active: { when: 'true' }
";

/// A server and what is known of its users.
struct Asked {
    client: Client,
    url: String,
    token: String,
}

impl Asked {
    fn new(url: String, token: String) -> Result<Arc<Self>> {
        let client = Client::builder().no_proxy().pool_max_idle_per_host(256).build()?;
        Ok(Arc::new(Self { client, url, token }))
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Json>) -> Result<Json> {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        request = request.bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.header("content-type", SCIM).body(body.to_string());
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.bytes().await?);
        let read = || String::from_utf8_lossy(&text);
        ensure!(status.is_success(), "`{path}` answers {status}: {}", read());
        if text.is_empty() {
            return Ok(Json::Null);
        }
        serde_json::from_slice(&text).with_context(|| format!("`{path}` answers no JSON"))
    }

    async fn create(self: Arc<Self>, number: usize) -> Result<String> {
        let made = self.ask(Method::POST, "/Users", Some(user(number))).await?;
        made.get("id").and_then(Json::as_str).map(str::to_owned).context("a user without id")
    }
}

/// A user as a client sends it.
pub(crate) fn user(number: usize) -> Json {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": format!("p{number:07}"),
        "name": { "givenName": format!("Given{}", number % 977), "familyName": format!("Family{}", number % 7919) },
        "emails": [{ "value": format!("p{number:07}@example.com"), "type": "work", "primary": true }],
        "title": format!("Title {}", number % 300),
        "active": true,
    })
}

/// Creates users up to `most`, and measures every kind of request with [`FEW`] and with all of them.
async fn measure(
    name: &str,
    asked: &Arc<Asked>,
    (most, clients): (usize, usize),
    n: usize,
) -> Result<Json> {
    let mut ids = many(FEW, clients, |n| Arc::clone(asked).create(n)).await?.answers;
    let mut few = requests(asked, &ids, clients, n).await?;
    // The first hundreds beyond the few, and as many beyond all: each takes its part of the other measurements' time.
    let first = many(CREATES, clients, |n| Arc::clone(asked).create(FEW + n)).await?;
    put(&mut few, "create", first.json());
    ids.extend(first.answers);
    say(&format!("  {name}, {FEW} users: {few}"))?;
    let there = ids.len();
    let created =
        many(most.saturating_sub(there), clients, |n| Arc::clone(asked).create(there + n));
    let created = created.await?;
    let creates = created.json();
    ids.extend(created.answers);
    say(&format!("  {name}, creates: {creates}"))?;
    let mut all = requests(asked, &ids, clients, n).await?;
    let there = ids.len();
    let last = many(CREATES, clients, |n| Arc::clone(asked).create(there + n)).await?;
    put(&mut all, "create", last.json());
    say(&format!("  {name}, {there} users: {all}"))?;
    let there = there + CREATES;
    let lone = many(50, 1, |n| Arc::clone(asked).create(there + n)).await?;
    let ratios = ratios(&few, &all);
    say(&format!("  {name}, with all beside with few: {ratios}"))?;
    Ok(json!({
        "create": creates, "create_alone": lone.json(), "few": few, "all": all, "ratios": ratios,
    }))
}

fn put(figures: &mut Json, kind: &str, of: Json) {
    if let Json::Object(map) = figures {
        map.insert(kind.to_owned(), of);
    }
}

/// How many times as long each kind of request takes with all users as with few.
fn ratios(few: &Json, all: &Json) -> Json {
    let mut ratios = serde_json::Map::new();
    for (kind, of) in all.as_object().into_iter().flatten() {
        let ratio = |percentile: &str| {
            let with_few = few.get(kind)?.get(percentile)?.as_f64()?;
            Some((of.get(percentile)?.as_f64()? / with_few * 100.0).round() / 100.0)
        };
        ratios.insert(kind.clone(), json!({ "p50": ratio("p50_ms"), "p99": ratio("p99_ms") }));
    }
    Json::Object(ratios)
}

/// Each kind of request but create, each user in turn in an order that jumps.
async fn requests(asked: &Arc<Asked>, ids: &[String], clients: usize, n: usize) -> Result<Json> {
    let place = |n: usize| n.wrapping_mul(7919) % ids.len();
    let id = |n: usize| ids.get(place(n)).cloned().unwrap_or_default();
    let ask = |method: Method, path: String, body: Option<Json>| {
        let asked = Arc::clone(asked);
        async move { asked.ask(method, &path, body).await.map(drop) }
    };
    let get = many(n, clients, |n| ask(Method::GET, format!("/Users/{}", id(n)), None));
    let get = get.await?.json();
    let find = many(n, clients, |n| {
        let path = format!("/Users?filter=userName%20eq%20%22p{:07}%22", place(n));
        let asked = Arc::clone(asked);
        async move {
            let found = asked.ask(Method::GET, &path, None).await?;
            ensure!(found.get("totalResults") == Some(&json!(1)), "`{path}` finds {found}");
            Ok(())
        }
    });
    let find = find.await?.json();
    let patch = many(n, clients, |n| {
        let change = json!({ "op": "replace", "path": "title", "value": format!("Other {n}") });
        let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
        let body = json!({ "schemas": [schema], "Operations": [change] });
        ask(Method::PATCH, format!("/Users/{}", id(n)), Some(body))
    });
    let patch = patch.await?.json();
    let pages = ids.len().div_ceil(PAGE);
    let list = many((n / 10).max(1), clients, |n| {
        let start = n * 31 % pages * PAGE + 1;
        ask(Method::GET, format!("/Users?startIndex={start}&count={PAGE}"), None)
    });
    let list = list.await?.json();
    Ok(json!({ "get": get, "filter": find, "patch": patch, "list": list }))
}

/// What came of many requests.
struct Many<T> {
    answers: Vec<T>,
    /// Milliseconds of each, sorted.
    times: Vec<f64>,
    took: Duration,
}

impl<T> Many<T> {
    fn json(&self) -> Json {
        let at = |percent: usize| {
            let place = self.times.len().saturating_sub(1) * percent / 100;
            self.times.get(place).map(|ms| (ms * 100.0).round() / 100.0)
        };
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = (self.times.len() as f64 / self.took.as_secs_f64()).round();
        json!({ "per_second": rate, "p50_ms": at(50), "p99_ms": at(99) })
    }
}

/// Makes `n` requests, `at_once` at the same time. The answers are in the order of the numbers.
async fn many<T, F>(n: usize, at_once: usize, one: impl Fn(usize) -> F) -> Result<Many<T>>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let mut under_way = tokio::task::JoinSet::new();
    let mut answers: Vec<(usize, T, f64)> = Vec::with_capacity(n);
    loop {
        while under_way.len() < at_once {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= n {
                break;
            }
            let work = one(number);
            under_way.spawn(async move {
                let start = Instant::now();
                let answer = work.await?;
                anyhow::Ok((number, answer, start.elapsed().as_secs_f64() * 1000.0))
            });
        }
        let Some(done) = under_way.join_next().await else { break };
        answers.push(done??);
    }
    let took = start.elapsed();
    answers.sort_by_key(|(number, _, _)| *number);
    let mut times: Vec<f64> = answers.iter().map(|(_, _, ms)| *ms).collect();
    times.sort_by(f64::total_cmp);
    Ok(Many { answers: answers.into_iter().map(|(_, answer, _)| answer).collect(), times, took })
}

/// The npm package `scimmy` behind Express.
struct Scimmy {
    child: Child,
    asked: Arc<Asked>,
}

impl Scimmy {
    fn start(dir: &Path) -> Result<Self> {
        let script = dir.join("scimmy.mjs");
        std::fs::write(&script, include_str!("scimmy.mjs"))?;
        let mut npm = Command::new("npm");
        npm.current_dir(dir).args(["install", "--silent", "--no-audit", "--no-fund"]);
        let packages = ["scimmy@1.3.5", "scimmy-routers@1.3.2", "express@4.22.3"];
        let installed = npm.args(packages).output().context("`npm` is needed")?;
        let said = String::from_utf8_lossy(&installed.stderr);
        ensure!(installed.status.success(), "npm cannot install scimmy: {said}");
        let mut node = Command::new("node");
        let mut child = node.arg(&script).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let out = child.stdout.take().context("no output")?;
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line)?;
        let asked = Asked::new(format!("http://127.0.0.1:{}/scim/v2", line.trim()), "t".into())?;
        Ok(Self { child, asked })
    }
}

impl Drop for Scimmy {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        drop(self.child.wait());
    }
}
