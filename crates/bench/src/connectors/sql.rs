//! The SQL connector beside the bare drivers of three databases: reading rows and creating accounts.
//!
//! The bare driver reads with one prepared query in the order of the key and makes a text of every value; it creates with
//! prepared inserts of 500 rows, one transaction each.

mod bare;

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use muster_model::Change;
use muster_testkit::{MariaDb, PASSWORD, postgres};
use serde_json::{Map, Value as Json, json};

use super::{Args, COLUMNS, OneSecret, change, create, person, read, settings, with_secret};
use crate::{
    output::{figures, say},
    pairs::{compare, timed},
};
use bare::Bare;

/// The tables in which the connector and the bare driver create accounts.
const MADE: &str = "made";
const MADE_BARE: &str = "made_bare";

pub(crate) async fn run(args: Args) -> Result<()> {
    say(&format!(
        "connector-sql: {} rows of {} texts read, {} created, by the bare driver and by the connector",
        args.rows,
        COLUMNS.len() + 1,
        args.accounts
    ))?;
    let mut all = Map::new();
    if args.wants("postgresql") {
        let database = postgres()?;
        measure(&args, "postgresql", database.url(), &mut all).await?;
    }
    if args.wants("mariadb") {
        let database = MariaDb::start()?;
        measure(&args, "mariadb", &database.url(), &mut all).await?;
    }
    if args.wants("sqlite") {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("bench.db");
        measure(&args, "sqlite", &format!("sqlite:{}", file.display()), &mut all).await?;
    }
    figures(&all.into())
}

async fn measure(args: &Args, name: &str, url: &str, all: &mut Map<String, Json>) -> Result<()> {
    let mut bare = Bare::connect(url).await?;
    bare.make_tables().await?;
    let options = json!({ "url": url, "writable": true });
    let options =
        if name == "mariadb" { with_secret(&options, "password") } else { settings(&options) };
    let connector = muster_connector_sql::open(&options, &OneSecret(PASSWORD), Path::new(""))?;
    let people: Vec<[String; 5]> = (0..args.rows.max(args.accounts)).map(person).collect();
    bare.create("read_rows", people.get(..args.rows).context("enough people")?).await?;
    let accounts = people.get(..args.accounts).context("enough people")?;
    let changes: Vec<Change> = (0..args.accounts).map(|i| change(MADE, i)).collect();
    let reading = async |_| {
        timed(async {
            ensure!(bare.read("read_rows").await? == args.rows, "the bare driver read too little");
            Ok(())
        })
        .await
    };
    let ours = async |_| read(&connector, "read_rows", COLUMNS, args.rows).await;
    all.insert(format!("{name}_read"), compare(args.pairs, args.rows, reading, ours).await?);
    let creating = async |_| {
        bare.empty().await?;
        timed(bare.create(MADE_BARE, accounts)).await
    };
    let ours = async |_| create(&connector, &changes).await;
    all.insert(format!("{name}_create"), compare(args.pairs, args.accounts, creating, ours).await?);
    Ok(())
}
