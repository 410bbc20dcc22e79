//! How fast accounts go into a directory. Nothing is asserted about time; `--nocapture` shows the numbers.

use std::{fmt::Write as _, io::Write as _, time::Instant};

use muster_model::{Change, Text};
use muster_testkit::SUFFIX;

use crate::support::{admin, create, create_person, field, group, one, read, request, slapd};

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_created_read_and_put_into_groups_in_bulk() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    let n = 5_000;
    let people: Vec<_> = (0..n).map(|i| create_person(&format!("p{i}"))).collect();
    let mut report = String::new();
    let mut measure = |what: &str, n: usize, started: Instant| {
        let per_second = n as f64 / started.elapsed().as_secs_f64();
        writeln!(report, "slapd without sync: {what} {per_second:.0}/s").unwrap();
    };
    directory.test().await.unwrap();

    let started = Instant::now();
    let answers = directory.apply(&people).await;
    measure("accounts created", n, started);
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|made| made.id.is_some())));

    let started = Instant::now();
    let (kept, end) = read(&*directory, &request("inetOrgPerson", vec![field("uid"), field("cn")]))
        .await
        .unwrap();
    measure("accounts read", n, started);
    assert!(end.complete && kept.objects.len() == n);

    one(&*directory, create(group("all"), &[])).await.unwrap();
    let add: Vec<Text> = (0..n).map(|i| format!("uid=p{i},ou=people,{SUFFIX}").into()).collect();
    let change = Change::Members {
        object: group("all"),
        attribute: "member".into(),
        add,
        remove: Vec::new(),
    };
    let started = Instant::now();
    one(&*directory, change).await.unwrap();
    measure("members added", n, started);

    let gone: Vec<_> =
        people.iter().map(|made| Change::Delete { object: made.object().clone() }).collect();
    let started = Instant::now();
    assert!(directory.apply(&gone).await.iter().all(Result::is_ok));
    measure("accounts deleted", n, started);
    std::io::stderr().write_all(report.as_bytes()).unwrap();
}
