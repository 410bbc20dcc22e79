//! The connectors of files beside the plain readers of their formats, on the same files.

use std::{fmt::Write as _, path::Path, sync::Arc};

use anyhow::{Result, ensure};
use calamine::Reader as _;
use muster_model::{Change, ObjectRef, Value};
use serde_json::{Value as Json, json};

use super::{Args, COLUMNS, change, create, person, read, settings};
use crate::{
    output::{figures, say},
    pairs::{compare, timed},
};

/// As the connectors do: every cell becomes a text of its own, and a thousand rows are kept at a time.
type Row = Vec<Arc<str>>;

/// A plain reader of one format, which hands over row by row.
type Plain = fn(&Path, &mut dyn FnMut(Row)) -> Result<()>;

pub(crate) async fn run(args: Args) -> Result<()> {
    // Unpacking and parsing a workbook takes far longer than anything else.
    let n_book = args.rows / 5;
    say(&format!(
        "connector-file: {} rows of 5 cells read as CSV, JSON and LDIF, {n_book} as a workbook, by a plain reader and by the connector",
        args.rows
    ))?;
    let folder = tempfile::tempdir()?;
    let mut text = String::from("login,first,last,title,phone\n");
    for i in 0..args.rows {
        // Writing into a String cannot fail.
        _ = writeln!(text, "{}", person(i).join(","));
    }
    std::fs::write(folder.path().join("people.csv"), text)?;
    let mut all = serde_json::Map::new();
    for (kind, n_rows, plain) in [
        ("csv", args.rows, plain_csv as Plain),
        ("json", args.rows, plain_json),
        ("xlsx", n_book, plain_book),
        ("ldif", args.rows, plain_ldif),
    ] {
        if !args.wants(kind) {
            continue;
        }
        let path = folder.path().join(format!("people.{kind}"));
        let (file, writable) = (format!("people.{kind}"), kind != "csv");
        let options = if kind == "ldif" {
            json!({ "path": file, "writable": writable })
        } else {
            json!({ "path": file, "writable": writable, "key": "login" })
        };
        let connector = muster_connector_file::open(kind, &settings(&options), folder.path())?;
        if kind != "csv" {
            let changes: Vec<Change> = (0..n_rows).map(|i| made(kind, i)).collect();
            create(&connector, &changes).await?;
        }
        let bare = async |_| timed(async { read_plainly(&path, plain, n_rows) }).await;
        let ours = async |_| read(&connector, "", COLUMNS, n_rows).await;
        all.insert(format!("{kind}_read"), compare(args.pairs, n_rows, bare, ours).await?);
    }
    figures(&all.into())
}

fn read_plainly(path: &Path, plain: Plain, n_rows: usize) -> Result<()> {
    let mut batch: Vec<Row> = Vec::with_capacity(1_000);
    let mut n_read = 0;
    plain(path, &mut |row| {
        batch.push(row);
        n_read += 1;
        if batch.len() == 1_000 {
            std::hint::black_box(&batch);
            batch.clear();
        }
    })?;
    ensure!(n_read == n_rows, "the plain reader read {n_read} of {n_rows}");
    Ok(())
}

/// Makes the object of a row; in LDIF the name is a distinguished one.
fn made(kind: &str, i: usize) -> Change {
    let mut change = change("", i);
    if let Change::Create { object, values, .. } = &mut change {
        let login = object.name.clone();
        let name = if kind == "ldif" {
            values.push(("login".into(), Value::Text(login.clone())));
            format!("uid={login},ou=people,dc=tern,dc=example").into()
        } else {
            login
        };
        *object = ObjectRef { class: "".into(), id: "".into(), name };
    }
    change
}

fn plain_csv(path: &Path, take: &mut dyn FnMut(Row)) -> Result<()> {
    for record in csv::Reader::from_path(path)?.records() {
        take(record?.iter().map(Into::into).collect());
    }
    Ok(())
}

fn plain_json(path: &Path, take: &mut dyn FnMut(Row)) -> Result<()> {
    let items: Vec<Json> = serde_json::from_slice(&std::fs::read(path)?)?;
    for item in items {
        let names = ["login"].iter().chain(&COLUMNS);
        take(names.filter_map(|name| Some(item.get(name)?.as_str()?.into())).collect());
    }
    Ok(())
}

fn plain_book(path: &Path, take: &mut dyn FnMut(Row)) -> Result<()> {
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(path)?;
    let sheet = book.sheet_names().into_iter().next().unwrap_or_default();
    for row in book.worksheet_range(&sheet)?.rows().skip(1) {
        take(row.iter().map(|cell| cell.to_string().into()).collect());
    }
    Ok(())
}

/// No library of ours reads LDIF; this unfolds lines, finds values by the names of their attributes and knows no base64.
fn plain_ldif(path: &Path, take: &mut dyn FnMut(Row)) -> Result<()> {
    let text = std::fs::read_to_string(path)?.replace("\n ", "");
    for record in text.split("\n\n") {
        let pairs: Vec<(&str, &str)> =
            record.lines().filter_map(|line| line.split_once(": ")).collect();
        let value = |wanted: &&str| {
            let found = pairs.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| Arc::from(*value))
        };
        let row: Row = ["dn"].iter().chain(&COLUMNS).filter_map(value).collect();
        // The first record is the version.
        if !row.is_empty() {
            take(row);
        }
    }
    Ok(())
}
