//! What is read: large tables, every type, changes since, marked rows, odd keys.

use jiff::civil;
use muster_connector::{Connector, ReadRequest};
use muster_model::{Change, ObjectRef, Setting, Text, Value, ValueType};

use crate::support::{Db, create, field, many, map, named, one, read, request, text, typed};

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_rows_are_read_page_by_page() {
    for db in Db::all() {
        db.make("CREATE TABLE person (login {name} PRIMARY KEY, title {name})");
        let connector = db.open(&[("page_size", text("777"))]);
        let person = |i: usize| {
            create(named("person", &format!("p{i:05}")), &[("title", Value::text(format!("t{i}")))])
        };
        let people: Vec<Change> = (0..10_000).map(person).collect();
        assert!(connector.apply(&people).await.iter().all(Result::is_ok));
        let (kept, end) =
            read(&*connector, &request("person", vec![field("title")])).await.unwrap();
        assert!(end.complete && kept.objects.len() == 10_000, "{end:?}");
        let mut names: Vec<&Text> = kept.objects.iter().map(|object| &object.name).collect();
        names.dedup();
        assert_eq!(names.len(), 10_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_comes_back_as_it_was_given() {
    for db in Db::all() {
        let (uuid, local) = match db {
            Db::Postgres(_) => ("uuid", "timestamp"),
            Db::Maria(_) => ("uuid", "datetime(6)"),
            Db::Sqlite(_) => ("uuid", "datetime"),
        };
        db.make(&format!(
            "CREATE TABLE thing (name {{name}} PRIMARY KEY, b {{bool}}, i bigint, f double precision,
             d decimal(12,2), day date, local {local}, at {{at}}, raw {{bytes}}, u {uuid})"
        ));
        let connector = db.open(&[]);
        let at = Value::DateTime("2026-01-31T08:15:30.25Z".parse().unwrap());
        let id = [0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0x4d, 0xef, 0x80, 1, 2, 3, 4, 5, 6, 0xff];
        let values = [
            ("b", ValueType::Bool, Value::Bool(true)),
            ("i", ValueType::Int, Value::Int(-9_007_199_254_740_993)),
            ("f", ValueType::Float, Value::Float(0.1)),
            ("d", ValueType::Text, Value::text("1234.50")),
            ("day", ValueType::Date, Value::Date(civil::date(2026, 1, 31))),
            ("local", ValueType::DateTime, at.clone()),
            ("at", ValueType::DateTime, at),
            ("raw", ValueType::Binary, Value::Binary([0, 1, 254, 255][..].into())),
            ("u", ValueType::Uuid, Value::Uuid(id)),
        ];
        let given: Vec<_> = values.iter().map(|(name, _, value)| (*name, value.clone())).collect();
        // Alone, and with another, which goes another way.
        one(&*connector, create(named("thing", "one"), &given)).await.unwrap();
        let two = [create(named("thing", "two"), &given), create(named("thing", "three"), &given)];
        assert!(connector.apply(&two).await.iter().all(Result::is_ok));
        let fields: Vec<_> = values.iter().map(|(name, ty, _)| typed(name, *ty)).collect();
        let (kept, _) = read(&*connector, &request("thing", fields.clone())).await.unwrap();
        assert_eq!((kept.objects.len(), kept.bad.len()), (3, 0), "{:?}", kept.bad);
        for object in kept.objects {
            for ((name, _, wanted), found) in values.iter().zip(&object.values) {
                let exact = matches!((db_name(&db), *name), ("sqlite", "d"));
                assert!(found == wanted || exact, "{name} on {}: {found:?}", db_name(&db));
            }
        }
    }
}

fn db_name(db: &Db) -> &'static str {
    match db {
        Db::Postgres(_) => "postgresql",
        Db::Maria(_) => "mariadb",
        Db::Sqlite(_) => "sqlite",
    }
}

fn since(class: &str, cursor: Option<Text>) -> ReadRequest {
    ReadRequest { since: cursor, ..request(class, vec![]) }
}

async fn changed(
    connector: &dyn Connector,
    cursor: &Text,
) -> (Vec<String>, Vec<Text>, Option<Text>) {
    let (kept, end) = read(connector, &since("person", Some(cursor.clone()))).await.unwrap();
    assert!(end.complete && end.incremental, "{end:?}");
    (kept.objects.iter().map(|o| o.name.to_string()).collect(), end.deleted, end.cursor)
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_by_a_sequence_show_marked_rows_as_deleted() {
    for db in Db::all() {
        db.make("CREATE TABLE person (id {serial}, login {name} UNIQUE, gone {bool} NOT NULL DEFAULT false, seq bigint NOT NULL)");
        let class = map(&[
            ("key", text("login")),
            ("id", text("id")),
            ("deleted", map(&[("column", text("gone"))])),
            ("changes", map(&[("column", text("seq")), ("overlap", text("0"))])),
        ]);
        let connector = db.open(&[("classes", map(&[("person", class)]))]);
        let (_, end) = read(&*connector, &since("person", None)).await.unwrap();
        let empty = end.cursor.unwrap();
        db.run("INSERT INTO person (login, seq) VALUES ('ada', 1), ('bob', 2)");
        let (names, deleted, cursor) = changed(&*connector, &empty).await;
        assert_eq!(
            (names, deleted.len(), cursor.as_deref()),
            (vec!["ada".into(), "bob".into()], 0, Some("2"))
        );
        db.run("UPDATE person SET seq = 3, gone = true WHERE login = 'ada'");
        let (names, deleted, cursor) = changed(&*connector, &cursor.unwrap()).await;
        assert_eq!(
            (names.len(), &deleted[..], cursor.as_deref()),
            (0, &["1".into()][..], Some("3"))
        );
        let (names, deleted, cursor) = changed(&*connector, &cursor.unwrap()).await;
        assert_eq!((names.len(), deleted.len(), cursor.as_deref()), (0, 0, Some("3")));
        let (kept, _) = read(&*connector, &since("person", None)).await.unwrap();
        assert_eq!(kept.objects.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_by_a_time_begin_a_little_earlier() {
    for db in Db::all() {
        db.make("CREATE TABLE person (login {name} PRIMARY KEY, at {at})");
        db.run("INSERT INTO person (login, at) VALUES ('ada', '2026-01-31 08:00:00'), ('bob', '2026-01-31 08:00:40'), ('cy', '2026-01-31 08:02:00')");
        let class = map(&[("changes", map(&[("column", text("at")), ("overlap", text("90s"))]))]);
        let connector = db.open(&[("classes", map(&[("person", class)]))]);
        let (_, end) = read(&*connector, &since("person", None)).await.unwrap();
        let (names, ..) = changed(&*connector, &end.cursor.unwrap()).await;
        assert_eq!(names, ["bob", "cy"], "{}", db_name(&db));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marked_row_comes_back_to_life_with_the_object() {
    for db in Db::all() {
        db.make("CREATE TABLE person (login {name} PRIMARY KEY, title {name}, gone_at {at}, off_at {at})");
        let class = map(&[("deleted_at", text("gone_at")), ("disabled_at", text("off_at"))]);
        let connector = db.open(&[("classes", map(&[("person", class)]))]);
        let ada = named("person", "ada");
        let made = |title: &str, enabled| Change::Create {
            object: named("person", "ada"),
            values: vec![("title".into(), Value::text(title))],
            enabled: Some(enabled),
        };
        one(&*connector, made("Countess", false)).await.unwrap();
        assert_eq!(connector.get(&ada, &[]).await.unwrap().unwrap().enabled, Some(false));
        for _ in 0..2 {
            one(&*connector, Change::Delete { object: ada.clone() }).await.unwrap();
        }
        assert!(connector.get(&ada, &[]).await.unwrap().is_none());
        one(&*connector, made("Lady", true)).await.unwrap();
        let found = connector.get(&ada, &[field("title")]).await.unwrap().unwrap();
        assert_eq!(found.values, [Value::text("Lady")]);
        one(&*connector, Change::SetEnabled { object: ada.clone(), enabled: true }).await.unwrap();
        assert_eq!(connector.get(&ada, &[]).await.unwrap().unwrap().enabled, Some(true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_without_a_key_are_reported_and_the_filter_holds() {
    for db in Db::all() {
        db.make("CREATE TABLE person (login {name}, kind {name})");
        db.run("INSERT INTO person (login, kind) VALUES ('ada', 'staff'), (NULL, 'staff'), ('eve', 'guest')");
        let class: Setting =
            map(&[("key", text("login")), ("where", map(&[("kind", text("staff"))]))]);
        let connector = db.open(&[("classes", map(&[("person", class)]))]);
        one(&*connector, create(named("person", "bob"), &[])).await.unwrap();
        let (kept, end) = read(&*connector, &request("person", vec![field("kind")])).await.unwrap();
        let names: Vec<&str> = kept.objects.iter().map(|object| &*object.name).collect();
        assert_eq!((names, kept.bad.len(), end.complete), (vec!["ada", "bob"], 1, true));
        // What is outside of the class is not there, and is not changed.
        assert!(connector.get(&named("person", "eve"), &[]).await.unwrap().is_none());
        let change = Change::Delete { object: named("person", "eve") };
        one(&*connector, change).await.unwrap();
        db.run("INSERT INTO person (login, kind) SELECT 'proof', 'staff' FROM person WHERE login = 'eve'");
        assert!(connector.get(&named("person", "proof"), &[]).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_may_have_several_columns_and_a_number_is_no_other_text() {
    for db in Db::all() {
        db.make("CREATE TABLE phone (country {name}, number int, owner {name}, PRIMARY KEY (country, number))");
        let connector = db.open(&[("page_size", text("2"))]);
        for name in ["DE/1", "DE/2", "DE/10", "a\\/b/3", "FR/1"] {
            one(&*connector, create(named("phone", name), &[("owner", Value::text(name))]))
                .await
                .unwrap();
        }
        let (kept, end) = read(&*connector, &request("phone", vec![field("owner")])).await.unwrap();
        assert!(end.complete && kept.objects.len() == 5, "{:?}", kept.objects);
        assert!(kept.objects.iter().all(|o| o.values == [Value::Text(o.name.clone())]));
        for no in ["DE/01", "DE/1.0", "DE/x", "DE", "de/1", "DE/99999999999"] {
            assert!(connector.get(&named("phone", no), &[]).await.unwrap().is_none(), "{no}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_array_column_holds_several_values() {
    let db = Db::postgres();
    db.run("CREATE TABLE person (login text PRIMARY KEY, tags text[])");
    let connector = db.open(&[]);
    let tags = Value::set(vec![Value::text("a\"b\\,{}"), Value::text("c")]);
    one(&*connector, create(named("person", "ada"), &[("tags", tags.clone())])).await.unwrap();
    let found = connector.get(&named("person", "ada"), &[many("tags")]).await.unwrap().unwrap();
    assert_eq!(found.values, [tags]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_can_be_read_and_not_written() {
    for db in Db::all() {
        db.make("CREATE TABLE person (login {name} PRIMARY KEY, first {name}, last {name})");
        db.run("INSERT INTO person VALUES ('ada', 'Ada', 'Lovelace')");
        let query = "SELECT login, UPPER(last) AS shown FROM person;";
        let class = map(&[("query", text(query)), ("key", text("login"))]);
        let connector = db.open(&[("classes", map(&[("feed", class)]))]);
        let (kept, _) = read(&*connector, &request("feed", vec![field("shown")])).await.unwrap();
        assert_eq!(kept.objects[0].values, [Value::text("LOVELACE")]);
        let change = Change::Delete { object: named("feed", "ada") };
        assert!(one(&*connector, change).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_found_by_its_id_after_somebody_renamed_it() {
    for db in Db::all() {
        db.make("CREATE TABLE person (id {serial}, login {name} UNIQUE, title {name})");
        let class = map(&[("key", text("login")), ("id", text("id"))]);
        let connector = db.open(&[("classes", map(&[("person", class)]))]);
        let made = one(&*connector, create(named("person", "ada"), &[])).await.unwrap();
        db.run("UPDATE person SET login = 'countess'");
        let ada = ObjectRef { id: made.id.unwrap(), ..named("person", "ada") };
        let values = vec![("title".into(), Value::Null, Value::text("Lady"))];
        one(&*connector, Change::Update { object: ada.clone(), values }).await.unwrap();
        let found = connector.get(&ada, &[field("title")]).await.unwrap().unwrap();
        assert_eq!((&*found.name, &found.values[0]), ("countess", &Value::text("Lady")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn discover_tells_tables_and_types() {
    for db in Db::all() {
        db.make("CREATE TABLE person (id {serial}, login {name} NOT NULL, active {bool}, at {at})");
        let connector = db.open(&[]);
        let found = connector.discover().await.unwrap();
        let person = found.classes.iter().find(|class| &*class.name == "person").unwrap();
        let types: Vec<ValueType> = person.attributes.iter().map(|(_, ty, ..)| *ty).collect();
        let wanted = [ValueType::Int, ValueType::Text, ValueType::Bool, ValueType::DateTime];
        assert_eq!(types, wanted, "{}", db_name(&db));
        let required: Vec<bool> =
            person.attributes.iter().map(|(.., required)| *required).collect();
        assert_eq!(required, [false, true, false, false], "{}", db_name(&db));
    }
}
