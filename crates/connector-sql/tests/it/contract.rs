//! The promises of every connector, kept on all three databases.

use std::sync::Arc;

use muster_connector::{
    Chaos, ChaosSettings, Connector,
    contract::{self, GroupSubject, Subject},
};
use muster_model::Setting;
use muster_testkit::Proxy;

use crate::support::{Db, map, open, settings_for, text};

/// Tables with everything: an id, a flag, a list of texts, groups, a log of changes kept by triggers.
const TABLES: &str = "
CREATE TABLE person (id {serial}, login {name} NOT NULL UNIQUE, title {name}, town {name}, active {bool} NOT NULL DEFAULT true);
CREATE TABLE person_tag (person bigint NOT NULL REFERENCES person (id), tag {name} NOT NULL, PRIMARY KEY (person, tag));
CREATE TABLE team (id {serial}, name {name} NOT NULL UNIQUE);
CREATE TABLE team_member (team bigint NOT NULL REFERENCES team (id), person bigint NOT NULL REFERENCES person (id), PRIMARY KEY (team, person));
CREATE TABLE person_log (seq {serial}, person bigint NOT NULL);
";

const POSTGRES_LOG: &str = "
CREATE FUNCTION log_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO person_log (person) VALUES (COALESCE(NEW.id, OLD.id));
  RETURN NULL;
END $$;
CREATE TRIGGER log_person AFTER INSERT OR UPDATE OR DELETE ON person FOR EACH ROW EXECUTE FUNCTION log_person();
";

const OTHER_LOG: &str = "
CREATE TRIGGER log_a AFTER INSERT ON person FOR EACH ROW {begin} INSERT INTO person_log (person) VALUES (NEW.id){end};
CREATE TRIGGER log_b AFTER UPDATE ON person FOR EACH ROW {begin} INSERT INTO person_log (person) VALUES (NEW.id){end};
CREATE TRIGGER log_c AFTER DELETE ON person FOR EACH ROW {begin} INSERT INTO person_log (person) VALUES (OLD.id){end};
";

fn make(db: &Db) {
    db.make(TABLES);
    match db {
        Db::Postgres(_) => db.run(POSTGRES_LOG),
        Db::Maria(_) => db.run(&OTHER_LOG.replace("{begin}", "").replace("{end}", "")),
        Db::Sqlite(_) => db.run(&OTHER_LOG.replace("{begin}", "BEGIN").replace("{end}", "; END")),
    }
}

fn classes() -> Setting {
    let list = |table: &str, owner: &str, value: &str, of: Option<&str>| {
        let mut entries =
            vec![("table", text(table)), ("owner", text(owner)), ("value", text(value))];
        entries.extend(of.map(|of| ("of", text(of))));
        map(&entries)
    };
    map(&[
        (
            "person",
            map(&[
                ("key", text("login")),
                ("id", text("id")),
                ("enabled", map(&[("column", text("active"))])),
                ("lists", map(&[("tags", list("person_tag", "person", "tag", None))])),
                (
                    "changes",
                    map(&[
                        ("table", text("person_log")),
                        ("sequence", text("seq")),
                        ("object", text("person")),
                        ("overlap", text("0")),
                    ]),
                ),
            ]),
        ),
        (
            "team",
            map(&[
                ("key", text("name")),
                ("id", text("id")),
                (
                    "lists",
                    map(&[("member", list("team_member", "team", "person", Some("person")))]),
                ),
            ]),
        ),
    ])
}

async fn subject(db: Db, through_chaos: bool) -> Subject {
    make(&db);
    let mut url = db.url();
    let mut cut: Option<Arc<dyn Fn() + Send + Sync>> = None;
    let mut proxy = None;
    if !matches!(db, Db::Sqlite(_)) {
        let started = Proxy::start(&url).await.unwrap();
        started.url().clone_into(&mut url);
        cut = Some(started.cutter(1_200));
        proxy = Some(started);
    }
    let settings = settings_for(&url, &[("classes", classes()), ("page_size", text("10"))]);
    let mut connector: Arc<dyn Connector> = open(&settings).unwrap();
    if through_chaos {
        connector = Arc::new(Chaos::new(connector, ChaosSettings::default()));
    }
    Subject {
        group: Some(GroupSubject {
            class: "team".into(),
            name: Arc::new(|word| word.into()),
            required: Arc::new(|_| Vec::new()),
            members: "member".into(),
        }),
        cut,
        hold: Box::new((proxy, std::sync::Mutex::new(db))),
        ..Subject::new(connector, "person")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_keeps_every_promise() {
    contract::run_all(async || subject(Db::postgres(), false).await).await.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_keeps_every_promise() {
    contract::run_all(async || subject(Db::maria(), false).await).await.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_every_promise() {
    contract::run_all(async || subject(Db::sqlite(), false).await).await.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_is_kept_through_chaos_that_does_nothing() {
    contract::run_all(async || subject(Db::sqlite(), true).await).await.assert_kept();
}

/// The roles of the server, which all tests share, so each subject has names and markers of its own.
async fn role_subject(number: usize) -> Subject {
    let db = Db::postgres();
    let proxy = Proxy::start(&db.url()).await.unwrap();
    let (accounts, groups) =
        (format!("contract{number} accounts"), format!("contract{number} groups"));
    db.run(&format!("CREATE ROLE \"{accounts}\"; CREATE ROLE \"{groups}\""));
    let settings = settings_for(
        proxy.url(),
        &[
            ("roles", map(&[("accounts", text(accounts)), ("groups", text(groups))])),
            ("page_size", text("10")),
        ],
    );
    let name: contract::NameOf = Arc::new(move |word| format!("contract{number} {word}").into());
    Subject {
        name: Arc::clone(&name),
        texts: ["comment".into(), "setting.muster.town".into()],
        many: None,
        group: Some(GroupSubject {
            class: "membership".into(),
            name,
            required: Arc::new(|_| Vec::new()),
            members: "member".into(),
        }),
        cut: Some(proxy.cutter(1_200)),
        hold: Box::new((proxy, std::sync::Mutex::new(db))),
        ..Subject::new(open(&settings).unwrap(), "role")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_roles_keep_every_promise() {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let report = contract::run_all(async || {
        role_subject(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)).await
    });
    report.await.assert_kept();
}
