//! The loop as it runs in a server: it reacts to what changes, on one node and on several, by the clock on the wall.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use muster_app::{Clock, Ctx, Opened};
use muster_engine::{
    CancelFlag, NoProgress, RunEnd, RunEvent, RunOptions, SyncOptions, pause_system, resume_system,
    run, sync,
};
use muster_store::OperationState;

use crate::{
    queue::{Log, orders, people, put_between, rig},
    support::{Rig, report},
};

/// The real time, in a process of this name.
struct Wall(&'static str);

impl Clock for Wall {
    #[expect(clippy::disallowed_methods, reason = "these tests are about real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn process(&self) -> String {
        self.0.to_owned()
    }
}

pub(crate) fn ctx(process: &'static str) -> Ctx {
    Ctx::new(process.into(), "test".into(), Arc::new(Wall(process)))
}

/// A loop that runs until it is stopped or lost.
pub(crate) struct Node {
    cancel: CancelFlag,
    task: tokio::task::JoinHandle<RunEnd>,
}

impl Node {
    pub(crate) async fn start(rig: &Rig, process: &'static str) -> Self {
        let (ctx, opened) = (ctx(process), rig.open().await);
        let cancel = CancelFlag(Arc::new(AtomicBool::new(false)));
        let own = cancel.clone();
        let task = tokio::spawn(async move {
            let quiet = |_: &RunEvent| {};
            run(&ctx, &opened, RunOptions::default(), &quiet, &own)
                .await
                .unwrap_or_else(|error| panic!("{}", report(&error)))
        });
        Self { cancel, task }
    }

    pub(crate) async fn stop(self) {
        self.cancel.0.store(true, Ordering::Relaxed);
        assert_eq!(self.task.await.unwrap(), RunEnd::Stopped);
    }

    /// As if the process had died: nothing is given back, nothing is finished.
    async fn lose(self) {
        self.task.abort();
        drop(self.task.await);
    }
}

/// Waits until `what` holds; answers how long that took.
pub(crate) async fn until(
    what: &str,
    within: u64,
    mut holds: impl AsyncFnMut() -> bool,
) -> Duration {
    let begin = Instant::now();
    while !holds().await {
        assert!(begin.elapsed() < Duration::from_secs(within), "not within {within} s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begin.elapsed()
}

/// New facts, from somebody who is not the loop.
async fn read_people(rig: &Rig, opened: &Opened, names: &[&str]) {
    rig.write("hr.csv", &people(names));
    let options = SyncOptions { systems: vec!["hr".to_owned()], complete: false };
    until("the facts are read", 20, async || {
        sync(&ctx("reader"), opened, &options, &NoProgress).await.is_ok()
    })
    .await;
}

fn has(rig: &Rig, system: &str, name: &str) -> bool {
    rig.connectors.memory(system).dump().contains(name)
}

async fn all_verified(rig: &Rig, n: usize) -> bool {
    orders(rig, Some(OperationState::Verified)).await.len() == n
        && orders(rig, None).await.len() == n
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_done_and_verified_within_seconds() {
    let rig = rig(&["ada"]);
    let node = Node::start(&rig, "one").await;
    until("the first account is verified", 30, async || all_verified(&rig, 2).await).await;
    let opened = rig.open().await;
    read_people(&rig, &opened, &["ada", "bob"]).await;
    let took = until("bob is verified", 10, async || all_verified(&rig, 4).await).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    node.stop().await;
    assert_eq!(rig.plan().await.plan.operations, [], "a plan for everybody finds nothing left");
    rig.verify_journal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_that_hangs_holds_up_no_other_one() {
    let rig = rig(&["ada"]);
    let log = Log::default();
    let crm = put_between(&rig, "crm", &log);
    let node = Node::start(&rig, "one").await;
    until("the first account is there", 30, async || all_verified(&rig, 2).await).await;
    *crm.delay.lock().unwrap() = Duration::from_secs(6);
    let opened = rig.open().await;
    for (n, name) in ["bob", "eve"].into_iter().enumerate() {
        let names = ["ada", "bob", "eve"];
        read_people(&rig, &opened, &names[..n + 2]).await;
        let took = until(name, 10, async || has(&rig, "directory", name)).await;
        assert!(took < Duration::from_secs(3), "{name}: {took:?}");
    }
    assert!(!has(&rig, "crm", "bob"), "it hangs");
    *crm.delay.lock().unwrap() = Duration::ZERO;
    until("everything is done", 30, async || all_verified(&rig, 6).await).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_system_is_left_alone_and_goes_on_when_it_is_resumed() {
    let rig = rig(&["ada"]);
    let log = Log::default();
    let crm = put_between(&rig, "crm", &log);
    let opened = rig.open().await;
    pause_system(&ctx("person"), &opened, "crm", "the vendor is at it").await.unwrap();
    let node = Node::start(&rig, "one").await;
    until("the other one is done", 30, async || has(&rig, "directory", "ada")).await;
    assert!(crm.calls.lock().unwrap().is_empty());
    resume_system(&ctx("person"), &opened, "crm").await.unwrap();
    until("it goes on", 10, async || has(&rig, "crm", "ada")).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_nodes_one_is_lost_and_nothing_is_done_twice() {
    let rig = rig(&["p0"]);
    let log = Log::default();
    put_between(&rig, "crm", &log);
    put_between(&rig, "directory", &log);
    let first = Node::start(&rig, "one").await;
    let second = Node::start(&rig, "two").await;
    let opened = rig.open().await;
    let names: Vec<String> = (0..12).map(|n| format!("p{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut first = Some(first);
    for n in 1..names.len() {
        read_people(&rig, &opened, &names[..=n]).await;
        if n == 6 {
            first.take().unwrap().lose().await;
        }
    }
    until("everything is done", 40, async || all_verified(&rig, 2 * names.len()).await).await;
    second.stop().await;
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    for line in log.lock().unwrap().iter() {
        *calls.entry(line.clone()).or_default() += 1;
    }
    assert_eq!(calls.len(), 2 * names.len(), "{calls:?}");
    assert!(calls.values().all(|n| *n == 1), "{calls:?}");
    rig.verify_journal().await;
}
