//! Servers that go away in the middle, and rows that the database refuses.

use std::sync::Arc;

use async_trait::async_trait;
use muster_connector::{BadObject, ConnectorError, ReadObject, Sink};
use muster_model::{Change, Value};
use muster_testkit::{MariaDbServer, Proxy};

use crate::support::{Db, create, field, map, named, one, open, read, request, settings_for, text};

const TABLE: &str = "CREATE TABLE person (login {name} PRIMARY KEY, mail {name} UNIQUE, age int)";

fn people(n: usize) -> Vec<Change> {
    let person = |i: usize| {
        create(named("person", &format!("p{i:05}")), &[("mail", Value::text(format!("{i}@x")))])
    };
    (0..n).map(person).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_refused_does_not_stop_the_others() {
    for db in Db::all() {
        db.make(TABLE);
        let connector = db.open(&[]);
        let mut changes = people(40);
        changes[7] = create(named("person", "p00003"), &[]);
        changes[20] = create(named("person", "other"), &[("mail", Value::text("1@x"))]);
        changes[30] = create(named("person", "old"), &[("age", Value::text("very"))]);
        let answers = connector.apply(&changes).await;
        for (i, answer) in answers.iter().enumerate() {
            match i {
                7 => assert!(
                    matches!(answer, Err(ConnectorError::AlreadyExists { .. })),
                    "{answer:?}"
                ),
                20 | 30 => assert!(matches!(answer, Err(ConnectorError::Invalid(_))), "{answer:?}"),
                _ => assert!(answer.is_ok(), "{i}: {answer:?}"),
            }
        }
        let (kept, _) = read(&*connector, &request("person", vec![])).await.unwrap();
        assert_eq!(kept.objects.len(), 37);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_at_the_commit_does_not_stop_the_others() {
    let db = Db::postgres();
    db.run(
        "CREATE TABLE team (name text PRIMARY KEY);
        CREATE TABLE person (login text PRIMARY KEY,
            team text REFERENCES team (name) DEFERRABLE INITIALLY DEFERRED)",
    );
    let connector = db.open(&[]);
    let changes = [
        create(named("person", "ada"), &[]),
        create(named("person", "bob"), &[("team", Value::text("nowhere"))]),
        create(named("person", "cy"), &[]),
    ];
    let answers = connector.apply(&changes).await;
    assert!(
        matches!(answers.as_slice(), [Ok(_), Err(ConnectorError::Invalid(_)), Ok(_)]),
        "{answers:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_names_no_values_of_other_columns() {
    for db in Db::all() {
        db.make(TABLE);
        let connector = db.open(&[]);
        let secret = ("mail", Value::text("private@tern.example"));
        let wrong = create(named("person", "ada"), &[secret, ("age", Value::text("very"))]);
        let error = one(&*connector, wrong).await.unwrap_err().to_string();
        assert!(error.contains("age") && !error.contains("private"), "{error}");
    }
}

/// Kills the server when the first objects arrive.
struct Killer<'a> {
    kill: Box<dyn FnMut() + Send + 'a>,
    n_objects: usize,
}

#[async_trait]
impl Sink for Killer<'_> {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        if self.n_objects == 0 {
            (self.kill)();
        }
        self.n_objects += objects.len();
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        panic!("{bad:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_half_way_leaves_what_is_not_known_unreachable() {
    let mut server = MariaDbServer::start().unwrap();
    let db = Db::Maria(server.database().unwrap());
    db.make(TABLE);
    let connector = db.open(&[("page_size", text("10"))]);
    assert!(connector.apply(&people(50)).await.iter().all(Result::is_ok));
    let mut sink = Killer { kill: Box::new(|| server.kill().unwrap()), n_objects: 0 };
    let end = connector.read(&request("person", vec![field("mail")]), &mut sink).await.unwrap();
    assert!(!end.complete && end.problem.is_some() && end.cursor.is_none(), "{end:?}");
    // The page that was asked for ahead may have arrived before the server died, more cannot have.
    assert!(matches!(sink.n_objects, 10 | 20), "{} objects", sink.n_objects);
    drop(sink);
    let answers = connector.apply(&people(60)).await;
    assert!(
        answers.iter().all(|answer| matches!(answer, Err(ConnectorError::Unreachable(_)))),
        "{answers:?}"
    );
    server.restart().unwrap();
    // The same connector goes on.
    assert!(connector.get(&named("person", "p00001"), &[]).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_as_done_is_there_when_the_line_breaks_in_apply() {
    for db in [Db::postgres(), Db::maria()] {
        db.make(TABLE);
        let proxy = Proxy::start(&db.url()).await.unwrap();
        let connector = open(&settings_for(proxy.url(), &[])).unwrap();
        assert!(connector.apply(&people(1)).await.iter().all(Result::is_ok));
        let connector = Arc::clone(&connector);
        // Enough for a few chunks of 500, not for all.
        proxy.cutter(400)();
        let answers = connector.apply(&people(20_000)[1..]).await;
        let direct = db.open(&[]);
        let (kept, _) = read(&*direct, &request("person", vec![])).await.unwrap();
        let n_done = answers.iter().filter(|answer| answer.is_ok()).count();
        assert!(n_done < answers.len(), "{n_done}");
        assert!(kept.objects.len() > n_done, "{} and {n_done}", kept.objects.len());
        for answer in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert!(matches!(answer, ConnectorError::Unreachable(_)), "{answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listening_and_a_wrong_password_are_told_apart() {
    let gone = open(&settings_for("postgres://muster@127.0.0.1:1/x", &[])).unwrap();
    let error = gone.test().await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("127.0.0.1:1"), "{error}");
    let db = Db::maria();
    let url = db.url().replace("muster@", "stranger@");
    let error = open(&settings_for(&url, &[])).unwrap().test().await.unwrap_err();
    assert!(matches!(error, ConnectorError::Refused(_)), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/none.db", folder.path().display());
    assert!(open(&settings_for(&url, &[])).unwrap().test().await.is_err());
    assert!(!folder.path().join("none.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_is_not_there_is_a_settings_error_with_a_hint() {
    for db in Db::all() {
        db.make(TABLE);
        let connector = db.open(&[]);
        let error = read(&*connector, &request("person", vec![field("mial")])).await.unwrap_err();
        assert!(error.to_string().contains("did you mean `mail`?"), "{error}");
        let error = read(&*connector, &request("persons", vec![])).await.unwrap_err();
        assert!(matches!(error, ConnectorError::Settings(_)), "{error}");
        // A column that is added later is found without a restart.
        db.make("ALTER TABLE person ADD COLUMN mial {name}");
        read(&*connector, &request("person", vec![field("mial")])).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_checked_against_the_given_authority() {
    let server = MariaDbServer::start().unwrap();
    let db = server.database().unwrap();
    let ca = text(server.ca_file().display().to_string());
    let by_name = db.url().replace("127.0.0.1", "localhost");
    let more = [("tls", text("verify-full")), ("ca", ca.clone())];
    open(&settings_for(&by_name, &more)).unwrap().test().await.unwrap();
    let more = [("tls", text("verify-full"))];
    let error = open(&settings_for(&by_name, &more)).unwrap().test().await.unwrap_err();
    assert!(error.to_string().contains("ertificate"), "{error}");
    drop(map(&[]));
}
