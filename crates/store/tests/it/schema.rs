//! The schema of both databases, in one snapshot.

use std::{collections::BTreeMap, fmt::Write as _};

use muster_store::{Options, Store};

/// A table: its columns and its keys, each as a line.
type Tables = BTreeMap<String, Vec<String>>;

fn print(tables: &Tables) -> String {
    tables.iter().fold(String::new(), |mut text, (table, lines)| {
        writeln!(text, "{table}\n  {}", lines.join("\n  ")).unwrap();
        text
    })
}

fn column(name: &str, kind: &str, required: bool) -> String {
    let kind = match kind {
        "INTEGER" | "bigint" => "number",
        "TEXT" | "text" => "text",
        "BLOB" | "bytea" => "bytes",
        other => other,
    };
    format!("{name} {kind}{}", if required { "" } else { "?" })
}

fn key(unique: bool, partial: bool, columns: &[String]) -> String {
    let kind = if unique { "unique" } else { "index" };
    format!("{kind} ({}){}", columns.join(", "), if partial { " partly" } else { "" })
}

async fn sqlite() -> Tables {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    let url = format!("sqlite:{}", path.display());
    drop(Store::open(&url, &Options::default()).await.unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    let list = |sql: &str, table: &str| -> Vec<(String, String, bool, bool)> {
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement
            .query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
        rows.unwrap().map(Result::unwrap).collect()
    };
    let mut tables = Tables::new();
    let names = "SELECT name, '', 0, 0 FROM sqlite_schema
                 WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND ?1 = ''";
    for (table, ..) in list(names, "") {
        let columns = "SELECT name, type, \"notnull\", pk > 0 FROM pragma_table_info(?1)";
        let columns = list(columns, &table);
        let mut lines: Vec<String> =
            columns.iter().map(|(name, kind, required, _)| column(name, kind, *required)).collect();
        let primary = "SELECT name, '', 0, 0 FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk";
        let primary: Vec<String> = list(primary, &table).into_iter().map(|row| row.0).collect();
        let mut keys = vec![key(true, false, &primary)];
        let indexes = "SELECT name, origin, \"unique\", partial FROM pragma_index_list(?1)";
        for (index, origin, unique, partial) in list(indexes, &table) {
            let columns = "SELECT name, '', 0, 0 FROM pragma_index_info(?1) ORDER BY seqno";
            let columns: Vec<String> = list(columns, &index).into_iter().map(|row| row.0).collect();
            if origin == "c" {
                keys.push(key(unique, partial, &columns));
            }
        }
        keys.sort();
        lines.extend(keys);
        tables.insert(table, lines);
    }
    tables
}

async fn postgres() -> Tables {
    let database = muster_testkit::postgres().unwrap();
    drop(Store::open(database.url(), &Options::default()).await.unwrap());
    let (client, connection) =
        tokio_postgres::connect(database.url(), tokio_postgres::NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    let mut tables = Tables::new();
    let columns = "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'NO',
                          COALESCE(collation_name::text, 'C') = 'C'
                   FROM information_schema.columns WHERE table_schema = 'public'
                   ORDER BY table_name, ordinal_position";
    for row in client.query(columns, &[]).await.unwrap() {
        let (table, name, kind): (String, &str, &str) = (row.get(0), row.get(1), row.get(2));
        assert!(row.get::<_, bool>(4), "`{table}.{name}` does not compare by bytes");
        // SQLite has no type for booleans.
        let kind = if kind == "boolean" { "bigint" } else { kind };
        tables.entry(table).or_default().push(column(name, kind, row.get(3)));
    }
    let keys = "SELECT t.relname::text, i.indisunique, i.indpred IS NOT NULL,
                       ARRAY(SELECT a.attname::text
                             FROM unnest(i.indkey) WITH ORDINALITY AS k(number, place)
                             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
                             ORDER BY k.place)
                FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
                WHERE t.relnamespace = 'public'::regnamespace";
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in client.query(keys, &[]).await.unwrap() {
        let columns: Vec<String> = row.get(3);
        all.entry(row.get(0)).or_default().push(key(row.get(1), row.get(2), &columns));
    }
    for (table, mut keys) in all {
        keys.sort();
        tables.get_mut(&table).unwrap().extend(keys);
    }
    drop(client);
    driver.await.unwrap().unwrap();
    tables
}

#[tokio::test]
async fn both_databases_have_the_schema_of_the_snapshot() {
    let sqlite = print(&sqlite().await);
    insta::assert_snapshot!("schema", sqlite);
    assert_eq!(sqlite, print(&postgres().await));
}
