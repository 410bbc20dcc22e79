//! A city's staff list becomes a directory, and again five years later when nearly everything has changed.

use muster_app::Opened;
use muster_engine::{NoProgress, list_change_sets, release_change_set};
use muster_store::{ChangeSetId, PlanStatus};

use crate::{
    server::{Server, assert_same},
    staff::{Expected, differences, look_alike, model, sample},
    support::{Rig, report},
};

/// Writes to tables that may be written though nothing changed.
const SMALL: [&str; 3] = ["read_run", "sequence", "lease"];

async fn city(server: &Server, first: &str, second: &str, store: Option<String>) {
    let mut rig = Rig::new(&[("muster.yaml", &model(server, "")), ("data/staff.csv", first)]);
    rig.store = store;
    let mut expected = Expected::default();

    rig.sync_all().await;
    let n = first.lines().count() as u64 - 1;
    let made = rig.plan().await;
    assert_eq!((made.evaluated, made.status), (n, PlanStatus::Open));
    rig.apply_whole(&made).await;
    expected.follow(first);
    assert_same(&server.contents(), expected.contents());
    confirmed(&rig).await;
    nothing_is_left(&rig, server).await;

    held_then_released(&rig, server, first, second, &expected).await;
    let made = rig.plan().await;
    assert_eq!(made.status, PlanStatus::Held);
    let error = rig.apply(None).await.unwrap_err();
    assert!(report(&error).contains("is held: directory "), "{}", report(&error));
    rig.apply_whole(&made).await;
    expected.follow(second);
    assert_same(&server.contents(), expected.contents());
    confirmed(&rig).await;
    nothing_is_left(&rig, server).await;

    rig.at("2026-08-01T12:00:00Z");
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    expected.delete_locked();
    assert_same(&server.contents(), expected.contents());
    rig.sync_all().await;
    nothing_is_left(&rig, server).await;
}

/// The read after an apply shows everything that was done.
async fn confirmed(rig: &Rig) {
    let read = rig.sync_all().await;
    let accounts = read.reads.iter().find(|read| &*read.what == "account user").unwrap();
    assert_eq!((accounts.created, accounts.changed, accounts.absent), (0, 0, 0));
    assert_eq!((accounts.unconfirmed, accounts.orphans), (0, 0));
    assert!(accounts.verified > 0);
}

/// Another round asks for nothing, writes nothing to the server and nothing to the big tables.
async fn nothing_is_left(rig: &Rig, server: &Server) {
    let before = server.writes();
    let opened = rig.open().await;
    rig.sync_in(&opened).await;
    let made = rig.plan_in(&opened).await;
    assert_eq!(made.plan.operations, []);
    assert_eq!(server.writes(), before);
    let writes = opened.store.writes();
    let big: Vec<_> =
        writes.iter().filter(|(table, n)| **n > 0 && !SMALL.contains(&table.as_str())).collect();
    assert!(big.is_empty(), "{big:?}");
}

/// A wrong number releases nothing.
async fn refused(rig: &Rig, opened: &Opened, id: ChangeSetId, right: u64) {
    for wrong in [None, Some(right - 1), Some(0)] {
        let error =
            release_change_set(&rig.ctx(), opened, id, wrong, &NoProgress).await.unwrap_err();
        assert!(report(&error).contains(&format!("changes {right} records")), "{}", report(&error));
    }
}

/// The second file is held whole; nothing happens before a person gives the right number.
async fn held_then_released(
    rig: &Rig,
    server: &Server,
    first: &str,
    second: &str,
    expected: &Expected,
) {
    rig.write("data/staff.csv", second);
    rig.at("2026-06-01T12:00:00Z");
    let opened = rig.open().await;
    let facts_version = opened.store.read().await.unwrap().facts_version().await.unwrap();
    let writes = server.writes();
    let read = rig.sync_in(&opened).await;
    let (new, changed, gone) = differences(first, second);
    let held = read.reads[0].held.as_ref().expect("the change set is held");
    let n_present = first.lines().count() - 1;
    for reason in [
        format!("{changed} of {n_present} records are changed; the limit is 100 or 30 %"),
        format!("{gone} of {n_present} records are gone; the limit is 5 or 2 % (gone are "),
        "`department` changes for ".to_owned(),
    ] {
        assert!(held.reason.contains(&reason), "{reason}: {}", held.reason);
    }
    let counts = held.counts;
    assert_eq!(
        (counts.n_create, counts.n_update, counts.n_absent),
        (new as u64, changed as u64, gone as u64)
    );
    // Nothing of it has happened.
    let opened = rig.open().await;
    assert_eq!(opened.store.read().await.unwrap().facts_version().await.unwrap(), facts_version);
    assert_eq!(rig.plan_in(&opened).await.plan.operations, []);
    assert_eq!(server.writes(), writes);
    assert_same(&server.contents(), expected.contents());

    let right = (new + changed + gone) as u64;
    let held = list_change_sets(&opened).await.unwrap();
    assert_eq!(held.len(), 1);
    let id = held[0].id;
    refused(rig, &opened, id, right).await;
    assert_eq!(rig.plan_in(&opened).await.plan.operations, []);
    let released =
        release_change_set(&rig.ctx(), &opened, id, Some(right), &NoProgress).await.unwrap();
    assert_eq!((released.n_bad, released.undecided), (0, 0), "{:?}", released.bad);
    assert!(list_change_sets(&opened).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_staff_list_becomes_an_openldap_directory_and_follows_five_years_later() {
    let (first, second) = look_alike(663);
    city(&Server::openldap(), &first, &second, None).await;
}

#[tokio::test]
async fn the_same_holds_with_postgresql_as_the_store() {
    let (first, second) = look_alike(300);
    let database = muster_testkit::postgres().unwrap();
    city(&Server::openldap(), &first, &second, Some(database.url().to_owned())).await;
}

#[tokio::test]
async fn the_same_holds_for_a_389_directory() {
    let (first, second) = look_alike(300);
    city(&Server::dirsrv(), &first, &second, None).await;
}

#[tokio::test]
async fn the_same_holds_for_the_real_lists_where_they_are_at_hand() {
    let files =
        sample("city-sample/hr-2018-03.csv.gz").zip(sample("city-sample/hr-2023-04.csv.gz"));
    let Some((first, second)) = files else { return };
    city(&Server::openldap(), &first, &second, None).await;
}
