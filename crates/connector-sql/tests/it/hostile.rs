//! Names and values that try to be statements (attack 54).

use muster_connector::ConnectorError;
use muster_model::{Change, Value};

use crate::support::{Db, create, field, map, named, one, read, request, text};

const HOSTILE: [&str; 7] = [
    "x\"; DROP TABLE victim; --",
    "x'; DROP TABLE victim; --",
    "x`; DROP TABLE victim; --",
    "x\\'; DROP TABLE victim; --",
    "'); DROP TABLE victim; --",
    "$1; ? :name %s {}",
    "x\"\"'' \\ /* -- */ ;",
];

#[tokio::test(flavor = "multi_thread")]
async fn hostile_values_and_names_are_only_values() {
    for db in Db::all() {
        db.make("CREATE TABLE victim (login {name} PRIMARY KEY, title {name})");
        let connector = db.open(&[]);
        for (number, hostile) in HOSTILE.iter().enumerate() {
            let made = create(named("victim", hostile), &[("title", Value::text(*hostile))]);
            one(&*connector, made).await.unwrap();
            let object = named("victim", hostile);
            let found = connector.get(&object, &[field("title")]).await.unwrap().unwrap();
            assert_eq!((&*found.name, &found.values[0]), (*hostile, &Value::text(*hostile)));
            let to = format!("{hostile}{number}").into();
            one(&*connector, Change::Rename { object, to }).await.unwrap();
        }
        let (kept, end) =
            read(&*connector, &request("victim", vec![field("title")])).await.unwrap();
        assert!(end.complete && kept.objects.len() == HOSTILE.len(), "{end:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_tables_and_columns_are_only_names() {
    for db in Db::all() {
        let quote = if matches!(db, Db::Maria(_)) { '`' } else { '"' };
        for (number, hostile) in HOSTILE.iter().enumerate() {
            let quoted = hostile.replace(quote, &format!("{quote}{quote}"));
            let (table, column) =
                (format!("{quote}t{number}{quoted}{quote}"), format!("{quote}{quoted}{quote}"));
            db.make(&format!(
                "CREATE TABLE {table} (login {{name}} PRIMARY KEY, {column} {{name}})"
            ));
            let name = format!("t{number}{hostile}");
            let class = map(&[("table", text(name)), ("key", text("login"))]);
            let connector = db.open(&[("classes", map(&[("person", class)]))]);
            let values = [(*hostile, Value::text("Countess"))];
            one(&*connector, create(named("person", "ada"), &values)).await.unwrap();
            let (kept, _) =
                read(&*connector, &request("person", vec![field(hostile)])).await.unwrap();
            assert_eq!(kept.objects[0].values, [Value::text("Countess")]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_role_names_are_only_names() {
    let db = Db::postgres();
    db.run("CREATE ROLE hostile_accounts; CREATE ROLE hostile_groups; CREATE TABLE victim (x int)");
    let markers = [("accounts", text("hostile_accounts")), ("groups", text("hostile_groups"))];
    let connector = db.open(&[("roles", map(&markers))]);
    for hostile in HOSTILE {
        let account = named("role", &format!("a {hostile}"));
        let group = named("membership", &format!("g {hostile}"));
        one(&*connector, create(account.clone(), &[("comment", Value::text(hostile))]))
            .await
            .unwrap();
        one(&*connector, create(group.clone(), &[("comment", Value::text(hostile))]))
            .await
            .unwrap();
        let add = vec![account.name.clone()];
        let object = group.clone();
        let members = Change::Members { object, attribute: "member".into(), add, remove: vec![] };
        one(&*connector, members).await.unwrap();
        let found =
            connector.get(&group, &[field("comment"), field("member")]).await.unwrap().unwrap();
        assert_eq!(found.values, [Value::text(hostile), Value::Text(account.name.clone())]);
        let to = format!("r {hostile}").into();
        one(&*connector, Change::Rename { object: account, to }).await.unwrap();
        one(&*connector, Change::Delete { object: named("role", &format!("r {hostile}")) })
            .await
            .unwrap();
        one(&*connector, Change::Delete { object: group }).await.unwrap();
    }
    db.run("SELECT 1 FROM victim");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_name_that_the_server_would_cut_is_refused() {
    let db = Db::postgres();
    let connector = db.open(&[("roles", map(&[]))]);
    let error = one(&*connector, create(named("role", &"x".repeat(64)), &[])).await.unwrap_err();
    assert!(matches!(&error, ConnectorError::Invalid(why) if why.contains("63 bytes")), "{error}");
    let error = one(&*connector, create(named("role", "a\0b"), &[])).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Invalid(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_role_and_superusers_are_not_changed() {
    let db = Db::postgres();
    db.run("DROP ROLE IF EXISTS mighty; CREATE ROLE mighty SUPERUSER");
    let connector = db.open(&[("roles", map(&[]))]);
    for name in ["muster", "mighty"] {
        let change = Change::SetEnabled { object: named("role", name), enabled: false };
        let error = one(&*connector, change).await.unwrap_err();
        assert!(matches!(error, ConnectorError::Refused(_)), "{error}");
        let error =
            one(&*connector, Change::Delete { object: named("role", name) }).await.unwrap_err();
        assert!(matches!(error, ConnectorError::Refused(_)), "{error}");
    }
    let wanted = [("superuser", Value::Bool(true))];
    let error = one(&*connector, create(named("role", "climber"), &wanted)).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Refused(_)), "{error}");
    assert!(connector.get(&named("role", "climber"), &[]).await.unwrap().is_none());
}
