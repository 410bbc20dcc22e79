//! The connectors of files beside the plain readers of their formats, on the same files.

use std::{fmt::Write as _, path::Path, sync::Arc, time::Instant};

use anyhow::{Result, ensure};
use calamine::Reader as _;
use muster_model::{Change, ObjectRef, Value};
use serde_json::{Value as Json, json};

use super::{Args, COLUMNS, change, compared, create, person, read, settings};
use crate::output::{figures, say};

/// As the connectors do: every cell becomes a text of its own, and a thousand rows are kept at a time.
type Row = Vec<Arc<str>>;

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
        ("csv", args.rows, plain_csv as fn(&Path, &mut dyn FnMut(Row)) -> Result<()>),
        ("json", args.rows, plain_json),
        ("xlsx", n_book, plain_book),
        ("ldif", args.rows, plain_ldif),
    ] {
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
        let mut best = [f64::INFINITY; 2];
        for _ in 0..args.times.max(1) {
            let start = Instant::now();
            let mut batch: Vec<Row> = Vec::with_capacity(1_000);
            let mut n_read = 0;
            plain(&path, &mut |row| {
                batch.push(row);
                n_read += 1;
                if batch.len() == 1_000 {
                    std::hint::black_box(&batch);
                    batch.clear();
                }
            })?;
            best[0] = best[0].min(start.elapsed().as_secs_f64());
            ensure!(n_read == n_rows, "the plain reader of {kind} read {n_read}");
            let start = Instant::now();
            ensure!(read(&connector, "").await? == n_rows, "the connector read too little");
            best[1] = best[1].min(start.elapsed().as_secs_f64());
        }
        all.insert(format!("{kind}_read"), compared(n_rows, best[0], best[1]));
    }
    figures(&all.into())
}

/// Makes the object of a row; in LDIF the name is a distinguished one.
fn made(kind: &str, i: usize) -> Change {
    let mut change = change(i);
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

/// No library of ours reads LDIF; this splits lines at their colons and knows neither folds nor base64.
fn plain_ldif(path: &Path, take: &mut dyn FnMut(Row)) -> Result<()> {
    for record in std::fs::read_to_string(path)?.split("\n\n") {
        let row: Row =
            record.lines().filter_map(|line| Some(line.split_once(": ")?.1.into())).collect();
        if !row.is_empty() {
            take(row);
        }
    }
    Ok(())
}
