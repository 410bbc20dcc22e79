//! Wrong settings are told all at once, with a way out.

use muster_model::Span;

use super::*;

const SPAN: Span = Span { file: 0, start: 0, end: 0 };

fn text(text: &str) -> Setting {
    Setting::Scalar(text.into(), SPAN)
}

fn map(entries: &[(&str, Setting)]) -> Settings {
    let entries = entries.iter().map(|(key, value)| ((*key).into(), (SPAN, value.clone())));
    Settings { entries: entries.collect(), span: SPAN }
}

fn problems(entries: &[(&str, Setting)]) -> Vec<String> {
    let problems = SqlSettings::read(&map(entries)).err().unwrap_or_default();
    problems.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn an_address_says_where_and_who() {
    let read = |url: &str| SqlSettings::read(&map(&[("url", text(url))])).unwrap().url;
    let url = read("postgres://muster%40x@db.tern.example/hr%20new");
    assert_eq!(url.place, Place::Network("db.tern.example".to_owned(), 5432));
    assert_eq!((url.user.as_deref(), &*url.database), (Some("muster@x"), "hr new"));
    assert_eq!(read("mariadb://[::1]:3307/x").place, Place::Network("::1".to_owned(), 3307));
    let socket = read("postgres://%2Frun%2Fpostgresql/hr").place;
    assert_eq!(socket, Place::Socket("/run/postgresql".to_owned()));
    assert_eq!(read("sqlite:data/hr.db").place, Place::File("data/hr.db".to_owned()));
}

#[test]
fn a_wrong_address_is_told_with_what_is_right() {
    for (url, told) in [
        ("postgress://x/y", "`postgress` is not a database that muster speaks to"),
        ("postgres://me:secret@x/y", "a password must not stand in the project"),
        ("postgres://x/y?sslmode=disable", "`url` takes no `?` part"),
        ("postgres://x", "`postgres://x` has no usable host and database"),
        ("sqlite::memory:", "the address of a SQLite file needs a path"),
        ("hr.db", "`hr.db` is not the address of a database"),
    ] {
        assert_eq!(problems(&[("url", text(url))]), [told]);
    }
}

#[test]
fn another_machine_is_spoken_to_under_tls_unless_told_otherwise() {
    let tls = |url: &str| SqlSettings::read(&map(&[("url", text(url))])).unwrap().tls;
    assert_eq!(tls("postgres://db.tern.example/x"), Tls::VerifyFull);
    assert_eq!(tls("postgres://localhost/x"), Tls::Off);
    let off = map(&[("url", text("mysql://db/x")), ("tls", text("off"))]);
    assert_eq!(SqlSettings::read(&off).unwrap().tls, Tls::Off);
    let told = problems(&[("url", text("sqlite:x.db")), ("tls", text("verify-full"))]);
    assert_eq!(told, ["`tls` needs a server on the network"]);
}

#[test]
fn every_mistake_in_a_class_is_told_at_once() {
    let class = map(&[
        ("table", text("person")),
        ("query", text("SELECT 1")),
        (
            "enabled",
            Setting::Map(map(&[("column", text("a")), ("on", text("x")), ("off", text("x"))])),
        ),
        ("disabled_at", text("b")),
        ("changes", Setting::Map(map(&[("overlap", text("soon"))]))),
        ("lists", Setting::Map(map(&[("member", Setting::Map(map(&[("owner", text("o"))])))]))),
        ("kye", text("login")),
    ]);
    let classes = Setting::Map(map(&[("person", Setting::Map(class))]));
    let told = problems(&[
        ("url", text("mariadb://x/y")),
        ("classes", classes),
        ("roles", Setting::Map(map(&[]))),
    ]);
    for part in [
        "`table` and `query` do not go together",
        "`on` and `off` are the same",
        "`enabled` and `disabled_at` do not go together",
        "`changes` needs either `column` or `table`",
        "a list needs a `table`",
        "unknown setting `classes.person.kye`",
        "`roles` needs a PostgreSQL server",
    ] {
        assert!(told.iter().any(|problem| problem.contains(part)), "{part}: {told:?}");
    }
}

#[test]
fn nothing_is_claimed_that_the_settings_do_not_give() {
    let plain = SqlSettings::read(&map(&[("url", text("sqlite:x.db"))])).unwrap().capabilities();
    assert!(plain.read && !plain.create && !plain.delete && !plain.enable && !plain.incremental);
    let writable = map(&[("url", text("sqlite:x.db")), ("writable", text("true"))]);
    let writable = SqlSettings::read(&writable).unwrap().capabilities();
    assert!(writable.create && writable.rename && !writable.enable && !writable.members);
}
