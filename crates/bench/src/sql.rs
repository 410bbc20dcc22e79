//! The SQL connector beside the bare driver, on the same server in one run: reading rows and creating accounts.
//!
//! The bare driver reads with one prepared query in the order of the key and makes a text of every value; it creates with
//! prepared inserts of 500 rows, one transaction each. Each side runs several times in turn, and the best counts.

mod bare;

use std::{io, path::Path, sync::Arc, time::Instant};

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use muster_connector::{
    BadObject, Connector, ConnectorError, Field, ReadObject, ReadRequest, Secrets, Sink,
};
use muster_model::{Change, ObjectRef, Setting, Settings, Span, Value, ValueType};
use muster_testkit::{MariaDb, PASSWORD, postgres};
use serde_json::json;

use crate::output::{figures, say};
use bare::Bare;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rows to read
    #[arg(long, default_value_t = 100_000)]
    rows: usize,
    /// Accounts to create
    #[arg(long, default_value_t = 20_000)]
    accounts: usize,
    /// How often each is done; the best counts
    #[arg(long, default_value_t = 3)]
    times: usize,
}

/// The columns besides the key.
const COLUMNS: [&str; 4] = ["first", "last", "title", "phone"];

pub(crate) async fn run(args: Args) -> Result<()> {
    say(&format!(
        "connector-sql: {} rows of {} texts read, {} created, by the bare driver and by the connector",
        args.rows,
        COLUMNS.len() + 1,
        args.accounts
    ))?;
    let mut all = serde_json::Map::new();
    let database = postgres()?;
    measure(&args, "postgresql", database.url(), &mut all).await?;
    let database = MariaDb::start()?;
    measure(&args, "mariadb", &database.url(), &mut all).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("bench.db");
    measure(&args, "sqlite", &format!("sqlite:{}", file.display()), &mut all).await?;
    figures(&all.into())
}

async fn measure(
    args: &Args,
    name: &str,
    url: &str,
    all: &mut serde_json::Map<String, serde_json::Value>,
) -> Result<()> {
    let mut bare = Bare::connect(url).await?;
    bare.make_tables().await?;
    let connector = muster_connector_sql::open(&settings(url), &Known, Path::new(""))?;
    let people: Vec<[String; 5]> = (0..args.rows.max(args.accounts)).map(person).collect();
    bare.create("read_rows", people.get(..args.rows).context("enough people")?).await?;
    let accounts = people.get(..args.accounts).context("enough people")?;
    let changes: Vec<Change> = accounts.iter().map(change).collect();
    let mut best = [f64::INFINITY; 4];
    for _ in 0..args.times.max(1) {
        let start = Instant::now();
        ensure!(bare.read("read_rows").await? == args.rows, "the bare driver read too little");
        best[0] = best[0].min(start.elapsed().as_secs_f64());
        let start = Instant::now();
        ensure!(read(&connector).await? == args.rows, "the connector read too little");
        best[1] = best[1].min(start.elapsed().as_secs_f64());
        bare.empty().await?;
        let start = Instant::now();
        bare.create("made_bare", accounts).await?;
        best[2] = best[2].min(start.elapsed().as_secs_f64());
        let start = Instant::now();
        let answers = connector.apply(&changes).await;
        best[3] = best[3].min(start.elapsed().as_secs_f64());
        if let Some(error) = answers.into_iter().find_map(Result::err) {
            return Err(error.into());
        }
    }
    let [bare_read, read, bare_create, create] = best;
    for (what, n, bare, ours) in
        [("read", args.rows, bare_read, read), ("create", args.accounts, bare_create, create)]
    {
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = |seconds: f64| (n as f64 / seconds).round();
        all.insert(
            format!("{name}_{what}"),
            json!({ "driver_per_second": rate(bare), "connector_per_second": rate(ours), "ratio": (bare / ours * 100.0).round() / 100.0 }),
        );
    }
    Ok(())
}

fn person(i: usize) -> [String; 5] {
    [
        format!("p{i:07}"),
        format!("Given{}", i % 977),
        format!("Family{}", i % 7919),
        format!("Title {}", i % 300),
        format!("+49 30 {i:07}"),
    ]
}

fn change(person: &[String; 5]) -> Change {
    let [login, values @ ..] = person;
    let values = COLUMNS.iter().zip(values);
    Change::Create {
        object: ObjectRef { class: "made".into(), id: "".into(), name: login.as_str().into() },
        values: values.map(|(name, value)| ((*name).into(), Value::text(value.as_str()))).collect(),
        enabled: None,
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
    let fields = COLUMNS.iter().map(|name| field(name)).collect();
    let request = ReadRequest { class: "read_rows".into(), fields, since: None, batch: 1_000 };
    let mut count = Count(0);
    let end = connector.read(&request, &mut count).await?;
    ensure!(end.complete, "the read is incomplete: {:?}", end.problem);
    Ok(count.0)
}

fn settings(url: &str) -> Settings {
    let span = Span { file: 0, start: 0, end: 0 };
    let text = |text: &str| (span, Setting::Scalar(text.into(), span));
    let mut entries = std::collections::BTreeMap::new();
    entries.insert("url".into(), text(url));
    entries.insert("writable".into(), text("true"));
    if url.starts_with("mariadb") {
        let secret = Setting::Secret { from: "env".into(), name: "PASSWORD".into(), span };
        entries.insert("password".into(), (span, secret));
    }
    Settings { entries, span }
}

/// Knows the password of every test server.
struct Known;

impl Secrets for Known {
    fn env(&self, _name: &str) -> Option<String> {
        Some(PASSWORD.to_owned())
    }

    fn file(&self, _path: &str) -> io::Result<String> {
        Err(io::Error::from(io::ErrorKind::NotFound))
    }
}
