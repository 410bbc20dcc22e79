//! Confirming what was done on a system whose changes are followed: by what changed, and object by object.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use muster_app::list_alarms;
use muster_connector::{
    Connector, ConnectorError, Field, Intercept, Intercepted, ReadEnd, ReadRequest, Sink,
};
use muster_engine::{NoProgress, ReadReport, SyncOptions, sync};
use muster_model::{Applied, Change, Object, ObjectRef};
use muster_store::AlarmStatus;

use crate::support::Rig;

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: number
    attributes:
      number: { type: string, unique: true }
      title: { type: string }
      end: { type: date }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      active: { when: "true" }
systems:
  hr:
    connector: csv
    settings: { path: data/hr.csv, key: number }
    reads:
      person:
        owns: { number: record.number, title: record.title, end: record.end }
        guards: { create: none, update: none }
  directory:
    connector: memory
    mode: enforce
    complete_every: 365d
    settings: { name: directory }
    guards: { update: none, disable: none, revoke: none, delete: none }
    accounts:
      user:
        object: user
        match: [{ on: "uid == person.number" }]
        name: person.number
        set: { uid: person.number, title: person.title }
        states: { active: {}, leaver: { enabled: false, entitlements: none, delete_after: 1d } }
    entitlements:
      group: { object: group, members: member, create: true }
roles:
  staff: { when: "person.lifecycle == 'active'", grants: [directory.user, { directory.group: staff }] }
  heads: { when: "person.lifecycle == 'active' && person.title == 'Head'", grants: [{ directory.group: heads }] }
"#;

/// What was asked of the directory, and how it behaves.
#[derive(Default)]
struct Told {
    complete_reads: usize,
    gets: usize,
    /// It tells of no change: they come later.
    is_late: bool,
    /// It says yes and does nothing.
    lies: bool,
}

struct Between(Arc<Mutex<Told>>);

#[async_trait]
impl Intercept for Between {
    async fn read(
        &self,
        inner: &dyn Connector,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        let is_late = {
            let mut told = self.0.lock().unwrap();
            told.complete_reads += usize::from(request.since.is_none());
            told.is_late
        };
        match &request.since {
            Some(cursor) if is_late => Ok(ReadEnd {
                complete: true,
                incremental: true,
                cursor: Some(cursor.clone()),
                deleted: Vec::new(),
                problem: None,
            }),
            Some(_) | None => inner.read(request, sink).await,
        }
    }

    async fn get(
        &self,
        inner: &dyn Connector,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        self.0.lock().unwrap().gets += 1;
        inner.get(object, fields).await
    }

    async fn apply(
        &self,
        inner: &dyn Connector,
        changes: &[Change],
    ) -> Vec<Result<Applied, ConnectorError>> {
        if self.0.lock().unwrap().lies {
            return changes.iter().map(|_| Ok(Applied::default())).collect();
        }
        inner.apply(changes).await
    }
}

/// A file of people in which one more is head, and one more has left, on each day.
fn people(n: usize, day: usize) -> String {
    let line = |number: usize| {
        let title = if number <= day { "Head" } else { "Clerk" };
        let end = if number > n - day { format!("2026-03-{:02}", day + 1) } else { String::new() };
        format!("{number},{title},{end}\n")
    };
    format!("number,title,end\n{}", (1..=n).map(line).collect::<String>())
}

/// So many people with their accounts, confirmed by the first read of everything.
async fn settled(n: usize) -> (Rig, Arc<Mutex<Told>>) {
    let rig = Rig::new(&[("muster.yaml", MODEL), ("data/hr.csv", &people(n, 0))]);
    let told = Arc::new(Mutex::new(Told::default()));
    let between = Arc::clone(&told);
    let wrap = move |inner: Arc<dyn Connector>| -> Arc<dyn Connector> {
        Arc::new(Intercepted::new(inner, Between(Arc::clone(&between))))
    };
    rig.connectors.faulty.lock().unwrap().insert("directory".to_owned(), Box::new(wrap));
    rig.connectors.memory("directory").put("group", "heads", &[], None);
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    let (verified, _) = confirmed(&rig.sync_all().await.reads);
    assert_eq!(verified, made.plan.operations.len() as u64);
    assert_eq!(rig.plan().await.plan.operations, []);
    (rig, told)
}

/// How many operations reads confirmed, and how many they failed to show.
fn confirmed(reads: &[ReadReport]) -> (u64, u64) {
    let sum = |n: fn(&ReadReport) -> u64| reads.iter().map(n).sum();
    (sum(|read| read.verified), sum(|read| read.unconfirmed))
}

/// What the people of a day have to have is done; answers how many operations that were.
async fn a_day(rig: &Rig, n: usize, day: usize) -> u64 {
    rig.at(&format!("2026-03-{:02}T12:00:00Z", 2 + day));
    rig.write("data/hr.csv", &people(n, day));
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await.executed
}

/// A read of everything finds nothing else than what is known.
async fn nothing_was_missed(rig: &Rig) {
    let options = SyncOptions { complete: true, ..SyncOptions::default() };
    let synced = sync(&rig.ctx(), &rig.open().await, &options, &NoProgress).await.unwrap();
    for read in synced.reads {
        assert_eq!((read.created, read.changed, read.absent, read.drift), (0, 0, 0, 0), "{read:?}");
    }
}

#[tokio::test]
async fn a_directory_that_changes_all_the_time_is_read_completely_once() {
    let (rig, told) = settled(40).await;
    let before = told.lock().unwrap().complete_reads;
    for day in 1..8 {
        // On every other day it tells what changed only later.
        told.lock().unwrap().is_late = day % 2 == 0;
        let executed = a_day(&rig, 40, day).await;
        assert!(executed >= 4, "{executed}");
        let gets = told.lock().unwrap().gets;
        assert_eq!(confirmed(&rig.sync_all().await.reads), (executed, 0), "day {day}");
        let read_one_by_one = told.lock().unwrap().gets - gets;
        // What is deleted is read by itself too, where the changes do not name it.
        assert_eq!(read_one_by_one >= 4, day % 2 == 0, "day {day}: {read_one_by_one}");
    }
    assert_eq!(told.lock().unwrap().complete_reads, before);
    told.lock().unwrap().is_late = false;
    nothing_was_missed(&rig).await;
    rig.verify_journal().await;
}

#[tokio::test]
async fn a_lie_shows_when_its_objects_are_read_one_by_one() {
    let (rig, told) = settled(10).await;
    let before = told.lock().unwrap().complete_reads;
    told.lock().unwrap().lies = true;
    let executed = a_day(&rig, 10, 1).await;
    assert_eq!(executed, 4, "a title, a group, and one who leaves");
    let reads = rig.sync_all().await.reads;
    assert_eq!(confirmed(&reads), (0, 4), "{reads:?}");
    assert_eq!(reads.iter().map(|read| read.drift).sum::<u64>(), 0);
    let alarms = list_alarms(&rig.open().await, AlarmStatus::Open, None, 9).await.unwrap().items;
    assert_eq!(alarms.len(), 4, "{alarms:?}");
    told.lock().unwrap().lies = false;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    assert_eq!(confirmed(&rig.sync_all().await.reads), (4, 0));
    assert_eq!(told.lock().unwrap().complete_reads, before);
    nothing_was_missed(&rig).await;
}

#[tokio::test]
async fn what_somebody_deletes_before_it_is_confirmed_is_gone() {
    let (rig, told) = settled(10).await;
    let before = told.lock().unwrap().complete_reads;
    told.lock().unwrap().is_late = true;
    a_day(&rig, 10, 1).await;
    rig.connectors.memory("directory").remove("user", "1");
    let reads = rig.sync_all().await.reads;
    assert_eq!(reads.iter().map(|read| read.absent).sum::<u64>(), 1, "{reads:?}");
    assert_eq!(told.lock().unwrap().complete_reads, before);
    let made = rig.plan().await;
    assert!(made.plan.operations.iter().any(|operation| operation.kind.name() == "create"));
    told.lock().unwrap().is_late = false;
    rig.apply_whole(&made).await;
    rig.sync_all().await;
    nothing_was_missed(&rig).await;
}

#[tokio::test]
async fn much_that_waits_is_confirmed_by_one_complete_read() {
    let (rig, told) = settled(80).await;
    told.lock().unwrap().is_late = true;
    let before = told.lock().unwrap().complete_reads;
    rig.write("data/hr.csv", &people(80, 0).replace("Clerk", "Actor"));
    rig.release().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    assert_eq!(confirmed(&rig.sync_all().await.reads), (80, 0));
    assert_eq!(told.lock().unwrap().complete_reads, before + 2, "the groups and the accounts");
}
