//! The queue: order across systems, what fails for a while and for good, tickets, and the loop that does it all.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use muster_app::Kind;
use muster_connector::{Connector, ConnectorError, Intercept, Intercepted};
use muster_engine::{
    CancelFlag, NoProgress, OrderQuery, RunEnd, RunEvent, RunOptions, SyncOptions, attest_ticket,
    cancel_order, close_ticket, list_orders, list_systems, list_tickets, order_history,
    refuse_ticket, report_leavers, reroute_order, retry_order, run, sync,
};
use muster_model::{Applied, Change};
use muster_store::{AlarmKind, AlarmStatus, OperationState, TicketStatus};

use crate::support::{Rig, report};

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true, required: true }
      name: { type: string }
      gone: { type: string }
    lifecycle:
      leaver: { when: "gone == 'yes'" }
      active: { when: "true" }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: id }
    every: 5m
    reads:
      person:
        match: [{ on: "id == record.id" }]
        owns: { id: record.id, name: record.name, gone: record.gone }
        guards: { update: none, create: none }
  directory:
    connector: memory
    mode: MODE
    settings: { name: directory }
    every: 5m
    guards: { delete: none, disable: none, revoke: none }
    accounts:
      user:
        name: person.name
        set: { cn: person.name }
        match: [{ on: "cn == person.name" }]
        states: { active: {}, leaver: { enabled: false, entitlements: none, delete_after: 0d } }
  crm:
    connector: memory
    mode: MODE
    after: [directory]
    settings: { name: crm }
    every: 5m
    guards: { delete: none, disable: none, revoke: none }
    accounts:
      user:
        name: person.name
        set: { cn: person.name }
        match: [{ on: "cn == person.name" }]
        states: { active: {}, leaver: { enabled: false, entitlements: none, delete_after: 0d } }
MORE
roles:
  everyone: { when: "person.lifecycle == 'active'", grants: [directory.user, crm.userGRANTS] }
"#;

const BADGES: &str = "
  badges:
    connector: manual
    mode: enforce
    settings: { can: [create, update, rename, delete, members], attest: ATTEST }
    accounts: { card: { name: person.name, set: { cn: person.name } } }
    entitlements: { door: { object: door, members: holder, create: true } }
";

pub(crate) fn people(names: &[&str]) -> String {
    let lines = names.iter().enumerate().map(|(id, name)| format!("{},{name},\n", id + 1));
    format!("id,name,gone\n{}", lines.collect::<String>())
}

fn rig_of(mode: &str, more: &str, grants: &str, names: &[&str]) -> Rig {
    let model = MODEL.replace("MODE", mode).replace("MORE", more).replace("GRANTS", grants);
    Rig::new(&[("muster.yaml", &model), ("hr.csv", &people(names))])
}

pub(crate) fn rig(names: &[&str]) -> Rig {
    rig_of("enforce", "", "", names)
}

type Fault = Box<dyn FnMut(&Change) -> Option<ConnectorError> + Send>;

/// What goes wrong with a connector, and what it was asked to do.
#[derive(Default)]
pub(crate) struct Faults {
    apply: Mutex<Option<Fault>>,
    test: Mutex<Option<ConnectorError>>,
    pub(crate) delay: Mutex<Duration>,
    pub(crate) calls: Mutex<Vec<Instant>>,
}

impl Faults {
    pub(crate) fn fail(
        &self,
        fault: impl FnMut(&Change) -> Option<ConnectorError> + Send + 'static,
    ) {
        *self.apply.lock().unwrap() = Some(Box::new(fault));
    }

    pub(crate) fn heal(&self) {
        *self.apply.lock().unwrap() = None;
        *self.test.lock().unwrap() = None;
    }
}

/// What was done where, in order.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

struct Faulty {
    name: String,
    faults: Arc<Faults>,
    log: Log,
}

#[async_trait]
impl Intercept for Faulty {
    async fn test(&self, inner: &dyn Connector) -> Result<String, ConnectorError> {
        let fault = self.faults.test.lock().unwrap().clone();
        match fault {
            Some(error) => Err(error),
            None => inner.test().await,
        }
    }

    async fn apply(
        &self,
        inner: &dyn Connector,
        changes: &[Change],
    ) -> Vec<Result<Applied, ConnectorError>> {
        let delay = *self.faults.delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        let mut answers = Vec::new();
        for change in changes {
            self.faults.calls.lock().unwrap().push(Instant::now());
            let fault = match &mut *self.faults.apply.lock().unwrap() {
                Some(fault) => fault(change),
                None => None,
            };
            if let Some(error) = fault {
                answers.push(Err(error));
                continue;
            }
            let what = match change {
                Change::Create { .. } => "create",
                Change::Delete { .. } => "delete",
                Change::Update { .. }
                | Change::Rename { .. }
                | Change::SetEnabled { .. }
                | Change::Members { .. } => "change",
            };
            let line = format!("{} {what} {}", self.name, change.object().name);
            self.log.lock().unwrap().push(line);
            answers.extend(inner.apply(std::slice::from_ref(change)).await);
        }
        answers
    }
}

pub(crate) fn put_between(rig: &Rig, name: &str, log: &Log) -> Arc<Faults> {
    let faults = Arc::new(Faults::default());
    let (own, log, of) = (Arc::clone(&faults), Arc::clone(log), name.to_owned());
    let wrap = move |inner: Arc<dyn Connector>| -> Arc<dyn Connector> {
        let (faults, log) = (Arc::clone(&own), Arc::clone(&log));
        Arc::new(Intercepted::new(inner, Faulty { name: of.clone(), faults, log }))
    };
    rig.connectors.faulty.lock().unwrap().insert(name.to_owned(), Box::new(wrap));
    faults
}

pub(crate) fn unreachable() -> ConnectorError {
    ConnectorError::Unreachable("503 Service Unavailable".to_owned())
}

pub(crate) async fn once(rig: &Rig) -> (RunEnd, Vec<RunEvent>) {
    let opened = rig.open().await;
    let events = Mutex::new(Vec::new());
    let listener = |event: &RunEvent| events.lock().unwrap().push(event.clone());
    let options = RunOptions { once: true, until: None };
    let end = run(&rig.ctx(), &opened, options, &listener, &CancelFlag::default()).await;
    (end.unwrap_or_else(|error| panic!("{}", report(&error))), events.into_inner().unwrap())
}

fn words(events: &[RunEvent]) -> Vec<&'static str> {
    events.iter().map(|event| event.what).collect()
}

pub(crate) async fn orders(rig: &Rig, state: Option<OperationState>) -> Vec<(String, String)> {
    let query = OrderQuery { state, limit: 5000, ..OrderQuery::default() };
    let orders = list_orders(&rig.ctx(), &rig.open().await, &query).await.unwrap();
    orders
        .into_iter()
        .map(|order| (order.name, format!("{} {}", order.system, order.subject)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_made_in_the_order_of_the_systems_and_deleted_in_the_reverse_one() {
    let names = ["ada", "bob", "eve"];
    let rig = rig(&names);
    let log = Log::default();
    let directory = put_between(&rig, "directory", &log);
    put_between(&rig, "crm", &log);
    // The system that comes first is the slow one.
    *directory.delay.lock().unwrap() = Duration::from_millis(150);
    rig.sync().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    let place = |line: String| log.lock().unwrap().iter().position(|l| *l == line).unwrap();
    for name in names {
        let (first, second) =
            (place(format!("directory create {name}")), place(format!("crm create {name}")));
        assert!(first < second, "{:?}", log.lock().unwrap());
    }
    rig.write("hr.csv", &people(&names).replace(",\n", ",yes\n"));
    rig.at("2026-03-03T12:00:00Z");
    rig.sync().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    for name in names {
        let (first, second) =
            (place(format!("crm delete {name}")), place(format!("directory delete {name}")));
        assert!(first < second, "{:?}", log.lock().unwrap());
    }
    assert!(rig.connectors.memory("crm").dump().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_something_that_failed_is_held_and_goes_on_after_a_retry() {
    let rig = rig(&["ada", "bob"]);
    let log = Log::default();
    let directory = put_between(&rig, "directory", &log);
    put_between(&rig, "crm", &log);
    directory.fail(|change| {
        (&*change.object().name == "ada")
            .then(|| ConnectorError::Invalid("the name is reserved".to_owned()))
    });
    rig.sync().await;
    rig.plan().await;
    let applied = rig.apply(Some(4)).await.unwrap();
    assert_eq!((applied.executed, applied.failed.len(), applied.left), (2, 1, 0), "{applied:?}");
    assert_eq!(applied.held.len(), 1);
    assert!(applied.held[0].1.contains("on directory (order 3), which failed"), "{applied:?}");
    let failed = orders(&rig, Some(OperationState::Failed)).await;
    assert_eq!(failed[0].1, "directory 1");
    assert_eq!(orders(&rig, Some(OperationState::Held)).await[0].1, "crm 1");
    directory.heal();
    let opened = rig.open().await;
    assert_eq!(retry_order(&rig.ctx(), &opened, &failed[0].0).await.unwrap(), 2);
    let plan = failed[0].0.split('/').next().unwrap();
    let applied = muster_engine::apply(
        &rig.ctx(),
        &opened,
        Some(plan),
        &muster_engine::ApplyOptions { auto_approve: true, ..Default::default() },
        &NoProgress,
        &CancelFlag::default(),
    )
    .await
    .unwrap();
    assert_eq!((applied.executed, applied.held.len(), applied.left), (2, 0, 0), "{applied:?}");
    let (_, history) = order_history(&rig.ctx(), &opened, &failed[0].0).await.unwrap();
    let states: Vec<&str> = history.iter().map(|step| step.state.word()).collect();
    assert_eq!(states, ["planned", "planned", "sent", "executed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_answers_503_three_times_gets_everything_once() {
    let rig = rig(&["ada"]);
    let log = Log::default();
    let directory = put_between(&rig, "directory", &log);
    let mut failures = 3;
    directory.fail(move |_| {
        failures -= 1;
        (failures >= 0).then(unreachable)
    });
    rig.sync().await;
    let made = rig.plan().await;
    let applied = rig.apply_whole(&made).await;
    assert_eq!(applied.retried, 3);
    assert_eq!(log.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_are_one_alarm_and_the_system_comes_back_by_itself() {
    let rig = rig(&["ada", "bob"]);
    let log = Log::default();
    let crm = put_between(&rig, "crm", &log);
    let refused = || ConnectorError::Refused("invalid credentials".to_owned());
    crm.fail(move |_| Some(refused()));
    *crm.test.lock().unwrap() = Some(refused());
    rig.sync().await;
    let (_, events) = once(&rig).await;
    assert!(words(&events).contains(&"quarantine"), "{events:?}");
    let systems = list_systems(&rig.open().await).await.unwrap();
    let state = |name: &str| systems.iter().find(|s| *s.name == *name).unwrap();
    assert_eq!((state("crm").state, state("crm").planned), ("quarantine", 2), "{systems:?}");
    assert_eq!(state("directory").state, "well");
    assert!(orders(&rig, Some(OperationState::Failed)).await.is_empty(), "nothing failed for good");
    let calls = crm.calls.lock().unwrap().len();
    // Not yet: neither a probe nor a call.
    once(&rig).await;
    assert_eq!(crm.calls.lock().unwrap().len(), calls);
    // Still refused when the probe is due.
    rig.at("2026-03-02T12:10:00Z");
    once(&rig).await;
    assert_eq!(crm.calls.lock().unwrap().len(), calls);
    let alarms = async |status| {
        let opened = rig.open().await;
        let mut tx = opened.store.read().await.unwrap();
        tx.alarms(status, None, 9).await.unwrap()
    };
    assert_eq!(alarms(AlarmStatus::Open).await.len(), 1);
    crm.heal();
    rig.at("2026-03-02T12:20:00Z");
    let (_, events) = once(&rig).await;
    assert!(words(&events).contains(&"recover"), "{events:?}");
    assert_eq!(alarms(AlarmStatus::Open).await.len(), 0);
    assert_eq!(orders(&rig, Some(OperationState::Planned)).await, []);
    assert!(rig.connectors.memory("crm").dump().contains("ada"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_person_among_a_thousand_does_not_stop_the_others() {
    let names: Vec<String> = (0..1000).map(|n| format!("p{n:04}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rig = rig(&names);
    let log = Log::default();
    let directory = put_between(&rig, "directory", &log);
    directory.fail(|change| (&*change.object().name == "p0500").then(unreachable));
    rig.sync().await;
    rig.plan().await;
    let applied = rig.apply(Some(2000)).await.unwrap();
    assert_eq!((applied.executed, applied.left, applied.failed.len()), (1998, 2, 0));
    assert!(applied.next_try.is_some() && applied.quarantined.is_empty(), "{applied:?}");
    // The loop tries it when its time has come, not before, and plans nothing twice.
    let before = directory.calls.lock().unwrap().len();
    once(&rig).await;
    assert_eq!(directory.calls.lock().unwrap().len(), before);
    directory.heal();
    rig.at("2026-03-02T13:00:00Z");
    once(&rig).await;
    assert_eq!(orders(&rig, Some(OperationState::Planned)).await, []);
    assert_eq!(directory.calls.lock().unwrap().len(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_is_kept_and_a_system_that_asks_to_wait_is_left_alone() {
    let model = MODEL.replace("MODE", "enforce").replace("MORE", "").replace("GRANTS", "");
    let model = model
        .replace("settings: { name: directory }", "settings: { name: directory }\n    rate: 20/s");
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let rig = Rig::new(&[("muster.yaml", &model), ("hr.csv", &people(&names))]);
    let log = Log::default();
    let directory = put_between(&rig, "directory", &log);
    let crm = put_between(&rig, "crm", &log);
    crm.fail(|_| Some(ConnectorError::Throttled { after: Some(Duration::from_mins(10)) }));
    rig.sync().await;
    rig.plan().await;
    let applied = rig.apply(Some(20)).await.unwrap();
    assert_eq!((applied.executed, applied.left), (10, 10), "{applied:?}");
    let calls = directory.calls.lock().unwrap().clone();
    let took = calls.last().unwrap().duration_since(calls[0]);
    assert!(took >= Duration::from_millis(250), "{took:?}");
    let asked = crm.calls.lock().unwrap().len();
    crm.heal();
    rig.at("2026-03-02T12:09:00Z");
    once(&rig).await;
    assert_eq!(crm.calls.lock().unwrap().len(), asked, "it asked for ten minutes");
    rig.at("2026-03-02T12:11:00Z");
    once(&rig).await;
    assert_eq!(crm.calls.lock().unwrap().len(), asked + 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_closes_a_ticket_and_what_waited_for_it_goes_on() {
    let badges = BADGES.replace("ATTEST", "second");
    let rig = rig_of("enforce", &badges, ", badges.card, { badges.door: lab }", &["ada"]);
    rig.sync().await;
    let (_, events) = once(&rig).await;
    let opened = rig.open().await;
    let open = list_tickets(&opened, Some(TicketStatus::Open), None, 9).await.unwrap();
    assert_eq!(open.len(), 1, "{events:?}");
    assert_eq!(orders(&rig, Some(OperationState::Held)).await[0].1, "badges 1");
    // Nobody asks for it twice, whatever else changes.
    rig.write("hr.csv", &people(&["ada", "bob"]));
    rig.at("2026-03-02T13:00:00Z");
    once(&rig).await;
    let open = list_tickets(&opened, Some(TicketStatus::Open), None, 9).await.unwrap();
    assert_eq!(open.len(), 2, "one for each person");
    close_ticket(&rig.ctx(), &opened, open[0].id, Some("handed out")).await.unwrap();
    let twice = close_ticket(&rig.ctx(), &opened, open[0].id, None).await.unwrap_err();
    assert_eq!(twice.kind(), Kind::Conflict);
    let executed = orders(&rig, Some(OperationState::Executed)).await;
    assert!(executed.iter().any(|(_, order)| order == "badges 1"), "{executed:?}");
    let own = attest_ticket(&rig.ctx(), &opened, open[0].id).await.unwrap_err();
    assert_eq!(own.kind(), Kind::Denied);
    let second = muster_app::Ctx { actor: "second".into(), ..rig.ctx() };
    attest_ticket(&second, &opened, open[0].id).await.unwrap();
    let verified = orders(&rig, Some(OperationState::Verified)).await;
    assert!(verified.iter().any(|(_, order)| order == "badges 1"), "{verified:?}");
    // The door comes after the card.
    once(&rig).await;
    let open = list_tickets(&opened, Some(TicketStatus::Open), None, 9).await.unwrap();
    assert_eq!(open.iter().map(|ticket| &*ticket.kind).collect::<Vec<_>>(), ["create", "grant"]);
    refuse_ticket(&rig.ctx(), &opened, open[1].id, Some("no such door")).await.unwrap();
    assert_eq!(orders(&rig, Some(OperationState::Failed)).await[0].1, "badges 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_a_broken_system_can_be_given_to_people_or_taken_back() {
    let rig = rig(&["ada", "bob"]);
    let log = Log::default();
    let crm = put_between(&rig, "crm", &log);
    crm.fail(|_| Some(unreachable()));
    *crm.test.lock().unwrap() = Some(unreachable());
    rig.sync().await;
    rig.plan().await;
    rig.apply(Some(4)).await.unwrap();
    let planned = orders(&rig, Some(OperationState::Planned)).await;
    assert_eq!(planned.len(), 2);
    let opened = rig.open().await;
    let ticket = reroute_order(&rig.ctx(), &opened, &planned[0].0).await.unwrap();
    cancel_order(&rig.ctx(), &opened, &planned[1].0).await.unwrap();
    let again = cancel_order(&rig.ctx(), &opened, &planned[0].0).await.unwrap_err();
    assert!(report(&again).contains("is sent and cannot be cancelled"), "{}", report(&again));
    close_ticket(&rig.ctx(), &opened, ticket, None).await.unwrap();
    let executed = orders(&rig, Some(OperationState::Executed)).await;
    assert_eq!(executed.len(), 3, "{executed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loop_reads_plans_and_applies_and_then_has_nothing_to_do() {
    let rig = rig(&["ada", "bob"]);
    let (end, events) = once(&rig).await;
    assert_eq!(end, RunEnd::Done);
    assert!(words(&events).contains(&"read") && words(&events).contains(&"apply"), "{events:?}");
    assert!(rig.connectors.memory("crm").dump().contains("bob"));
    let (_, events) = once(&rig).await;
    assert_eq!(words(&events), Vec::<&str>::new(), "{events:?}");
    rig.at("2026-03-02T12:10:00Z");
    let (_, events) = once(&rig).await;
    assert!(words(&events).iter().all(|word| *word == "read"), "{events:?}");
    assert_eq!(orders(&rig, Some(OperationState::Executed)).await, [], "all are verified");
    // Somebody leaves; the report knows how long it took.
    rig.write("hr.csv", &people(&["ada", "bob"]).replace("1,ada,", "1,ada,yes"));
    rig.at("2026-03-02T12:20:00Z");
    once(&rig).await;
    rig.at("2026-03-02T12:30:00Z");
    once(&rig).await;
    let leavers =
        report_leavers(&rig.ctx(), &rig.open().await, jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(leavers.people, 1);
    assert!(leavers.rows.iter().all(|row| row.n == 1 && row.active.is_empty()), "{leavers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_who_can_still_use_an_account_raises_one_alarm_until_a_read_shows_its_end() {
    let rig = rig(&["ada", "bob"]);
    let log = Log::default();
    let crm = put_between(&rig, "crm", &log);
    once(&rig).await;
    rig.write("hr.csv", &people(&["ada", "bob"]).replace("1,ada,", "1,ada,yes"));
    crm.fail(|_| Some(unreachable()));
    *crm.test.lock().unwrap() = Some(unreachable());
    rig.at("2026-03-02T12:10:00Z");
    once(&rig).await;
    rig.at("2026-03-02T12:14:00Z");
    let (_, events) = once(&rig).await;
    assert!(!words(&events).contains(&"alarm"), "not yet: {events:?}");
    for time in ["12:15:30", "12:17:00"] {
        rig.at(&format!("2026-03-02T{time}Z"));
        once(&rig).await;
        // What is deleted in the other system waits for this one.
        assert_eq!(leaver_alarms(&rig).await, ["1 crm 1", "1 directory 1"], "one for each, once");
    }
    crm.heal();
    rig.at("2026-03-02T14:00:00Z");
    once(&rig).await;
    rig.at("2026-03-02T14:10:00Z");
    once(&rig).await;
    assert_eq!(leaver_alarms(&rig).await, Vec::<String>::new());
}

/// The open alarms about leavers: for whom, where, how often.
async fn leaver_alarms(rig: &Rig) -> Vec<String> {
    let opened = rig.open().await;
    let alarms = muster_app::list_alarms(&opened, AlarmStatus::Open, None, 100).await.unwrap();
    let leavers = alarms.items.into_iter().filter(|a| a.kind == AlarmKind::LeaverActive);
    leavers.map(|a| format!("{} {} {}", a.subject, a.system.unwrap(), a.n)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_systems_where_a_person_decides_waits_and_is_applied_as_it_was_shown() {
    let model = MODEL.replacen("MODE", "enforce", 1).replace("MODE", "propose");
    let model = model.replace("MORE", "").replace("GRANTS", "");
    let rig = Rig::new(&[("muster.yaml", &model), ("hr.csv", &people(&["ada"]))]);
    let (_, events) = once(&rig).await;
    assert!(rig.connectors.memory("directory").dump().contains("ada"));
    // The account that comes first was not there when the plans were made; now it is.
    let (_, more) = once(&rig).await;
    let waits: Vec<&RunEvent> =
        events.iter().chain(&more).filter(|event| event.what == "waits").collect();
    assert_eq!(waits.len(), 1, "{events:?} {more:?}");
    assert!(rig.connectors.memory("crm").dump().is_empty());
    let plan = waits[0].detail["plan"].as_str().unwrap().to_owned();
    // Something else happens; what was shown is still exactly what is to be done.
    rig.write("hr.csv", &people(&["ada", "bob"]));
    rig.at("2026-03-02T12:05:30Z");
    rig.sync().await;
    let opened = rig.open().await;
    let options = muster_engine::ApplyOptions { confirm: Some(1), ..Default::default() };
    let applied = muster_engine::apply(
        &rig.ctx(),
        &opened,
        Some(&plan),
        &options,
        &NoProgress,
        &CancelFlag::default(),
    )
    .await
    .unwrap_or_else(|error| panic!("{}", report(&error)));
    assert_eq!((applied.executed, applied.left), (1, 0));
}

#[tokio::test]
async fn a_source_that_cannot_be_read_is_not_said_to_be_well() {
    let rig = rig(&["ada"]);
    rig.sync_all().await;
    let state = async || {
        let systems = list_systems(&rig.open().await).await.unwrap();
        let hr = systems.iter().find(|system| *system.name == *"hr").unwrap();
        (hr.state, hr.reason.clone().unwrap_or_default())
    };
    assert_eq!(state().await, ("well", "".into()));
    rig.write("hr.csv", "");
    drop(sync(&rig.ctx(), &rig.open().await, &SyncOptions::default(), &NoProgress).await);
    let (word, reason) = state().await;
    assert_eq!(word, "failing");
    assert!(reason.contains("hr.csv"), "{reason}");
    rig.write("hr.csv", &people(&["ada"]));
    rig.sync_all().await;
    assert_eq!(state().await, ("well", "".into()));
}
