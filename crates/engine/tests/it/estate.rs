//! Random histories of an estate: a thousand people, two sources, four targets. People join, move, pause and leave; feeds
//! come late, empty, cut or broken; systems go out of order or lie; runs die half way; accounts are changed past Muster; the
//! clock leaps ahead. After each settling the same invariants hold:
//!
//! * every account on every target belongs to somebody and is as the model says, or is listed as an orphan;
//! * no leaver keeps anything;
//! * looking at everybody and looking at those who can have changed give the same;
//! * the journal verifies;
//! * nothing was made twice, by the targets' own account.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use muster_app::{Kind, Opened};
use muster_connector::{Intercepted, MemoryConnector};
use muster_engine::{
    ApplyOptions, ApplyReport, CancelFlag, MadePlan, NoProgress, PlanOptions, SyncOptions,
    SyncReport, apply, make_plan, sync,
};
use muster_model::Value;
use muster_plan::Operation;

use crate::{
    random::Dice,
    support::{Rig, report},
};

mod check;
pub(crate) mod faults;
mod model;
mod services;

use faults::{Faults, Faulty};
use services::Services;

/// A person as HR knows them.
#[derive(Debug, Clone)]
struct Person {
    name: String,
    unit: String,
    away: bool,
    start: Date,
    end: Option<Date>,
    badge: String,
}

struct Estate {
    rig: Rig,
    opened: Opened,
    faults: Arc<Faults>,
    /// Instead of `mail` and `desk` in memory.
    services: Option<Services>,
    dice: Dice,
    now: Timestamp,
    people: BTreeMap<u64, Person>,
    /// Those whose record vanished without an end date.
    vanished: BTreeSet<u64>,
    hired: u64,
    orphans: BTreeSet<String>,
    told: Vec<String>,
}

impl Estate {
    async fn new(seed: u64, people: u64, services: Option<Services>) -> Self {
        let model = services.as_ref().map_or_else(|| model::MODEL.to_owned(), Services::model);
        let mut rig =
            Rig::new(&[("muster.yaml", &model), ("files.csv", "login,state,full_name,shares\n")]);
        rig.store = Some("sqlite::memory:".to_owned());
        let faults = Arc::new(Faults::default());
        let shared = Arc::clone(&faults);
        *rig.connectors.wrap_all.lock().unwrap() = Some(Box::new(move |system, inner| {
            Arc::new(Intercepted::new(inner, Faulty::new(Services::system_at(system), &shared)))
        }));
        let opened = rig.open().await;
        let mut estate = Self {
            rig,
            opened,
            faults,
            services,
            dice: Dice(seed),
            now: "2026-03-02T09:30:00Z".parse().unwrap(),
            people: BTreeMap::new(),
            vanished: BTreeSet::new(),
            hired: 0,
            orphans: BTreeSet::new(),
            told: vec![format!("seed {seed}")],
        };
        let today = estate.today();
        for _ in 0..people {
            estate.hire(today);
        }
        estate
    }

    fn today(&self) -> Date {
        self.now.to_zoned(TimeZone::get("Europe/Berlin").unwrap()).date()
    }

    fn hire(&mut self, start: Date) {
        self.hired += 1;
        let person = Person {
            name: format!("Name {}", self.hired),
            unit: self.dice.pick(&["U1", "U2", "U3", "U9"]).to_owned(),
            away: self.dice.below(20) == 0,
            start,
            end: None,
            badge: format!("B{}", self.hired),
        };
        self.people.insert(self.hired, person);
    }

    fn memory(&self, name: &str) -> Arc<MemoryConnector> {
        self.rig.connectors.memory(name)
    }

    fn tell(&mut self, what: String) {
        self.told.push(what);
    }

    fn story(&self) -> String {
        self.told.join("\n")
    }

    /// Some people who are there, by id.
    fn some(&mut self, most: u64) -> Vec<u64> {
        let ids: Vec<u64> =
            self.people.keys().copied().filter(|id| !self.vanished.contains(id)).collect();
        let n = self.dice.below(most) + 1;
        let chosen: BTreeSet<u64> = (0..n).map(|_| self.dice.pick(&ids)).collect();
        chosen.into_iter().collect()
    }

    /// The facts change: people join, move, pause, come back, leave.
    fn live(&mut self) {
        let hours = self.dice.pick(&[1, 5, 14, 30, 80, 300, 800]);
        self.now += SignedDuration::from_hours(hours);
        let today = self.today();
        let what = self.dice.below(6);
        let chosen = if what == 0 { Vec::new() } else { self.some(12) };
        self.tell(format!("+{hours}h to {}, life {what} of {chosen:?}", self.now));
        if what == 0 {
            for _ in 0..=self.dice.below(8) {
                let ahead = i64::try_from(self.dice.below(10)).unwrap();
                self.hire(today + jiff::Span::new().days(ahead - 2));
            }
        }
        for id in chosen {
            let (unit, days) = (self.dice.pick(&["U1", "U2", "U3", "U9"]), self.dice.below(5));
            let Some(person) = self.people.get_mut(&id) else { continue };
            match what {
                1 => unit.clone_into(&mut person.unit),
                2 => person.away = !person.away,
                3 => {
                    person.end =
                        Some(today + jiff::Span::new().days(i64::try_from(days).unwrap() - 1));
                }
                4 => person.end = None,
                _ if days == 0 => drop(self.vanished.insert(id)),
                _ => person.name = format!("Renamed {id} {days}"),
            }
        }
        if self.dice.below(4) == 0
            && let Some(back) = self.vanished.pop_first()
        {
            self.tell(format!("{back} is back"));
        }
    }

    /// Somebody changes the targets past Muster.
    fn drift(&mut self) {
        let which = self.dice.below(6);
        let chosen = self.some(3);
        self.tell(format!("drift {which} on {chosen:?}"));
        for id in chosen {
            let login = format!("u{id}");
            match which {
                0 => {
                    let values =
                        [("login", Value::text(login.as_str())), ("cn", Value::text("Somebody"))];
                    if self.memory("dir").dump().contains(&format!("user cn={login} ")) {
                        self.memory("dir").put("user", &format!("cn={login}"), &values, Some(true));
                    }
                }
                1 => {
                    let member = Value::List([Value::text(format!("cn={login}"))].into());
                    self.memory("dir").put("group", "all", &[("member", member)], None);
                }
                2 => {
                    let name = format!("{login}@tern.example");
                    if self.remove_box(&name) {
                        self.faults.note("mail", &name, -1);
                    }
                }
                3 => {
                    let name = format!("intruder-{id}");
                    self.take_seat(&name);
                    self.orphans.insert(format!("desk {name}"));
                }
                4 => {
                    let text = self
                        .rig
                        .read("files.csv")
                        .replace(&format!("\n{login},open,"), &format!("\n{login},locked,"));
                    self.rig.write("files.csv", &text);
                }
                _ => {
                    let name = format!("cn={login}");
                    if self.memory("dir").dump().contains(&format!("user {name} ")) {
                        self.memory("dir").remove("user", &name);
                        self.faults.note("dir", &name, -1);
                    }
                }
            }
        }
    }

    /// Removes a mailbox, if it is there.
    fn remove_box(&self, name: &str) -> bool {
        if let Some(services) = &self.services {
            return services.remove_box(name);
        }
        let is_there = self.memory("mail").dump().contains(&format!(" {name} "));
        self.memory("mail").remove("", name);
        is_there
    }

    fn take_seat(&self, name: &str) {
        match &self.services {
            Some(services) => services.take_seat(name),
            None => self.memory("desk").put("", name, &[("who", Value::text(name))], None),
        }
    }

    /// The feeds as they should be.
    fn feeds(&self) -> (String, String) {
        let mut hr = "id,name,unit,away,start,end\n".to_owned();
        let mut badges = "id,badge\n".to_owned();
        for (id, person) in self.people.iter().filter(|(id, _)| !self.vanished.contains(id)) {
            let Person { name, unit, away, start, end, badge } = person;
            let end = end.map_or(String::new(), |end| end.to_string());
            writeln!(hr, "{id},{name},{unit},{away},{start},{end}").unwrap();
            writeln!(badges, "{id},{badge}").unwrap();
        }
        (hr, badges)
    }

    fn write_feeds(&self) {
        let (hr, badges) = self.feeds();
        self.rig.write("hr.csv", &hr);
        self.rig.write("badges.csv", &badges);
    }

    /// Something goes wrong while Muster works: returns when the process died or the run ended.
    async fn trouble(&mut self) {
        let (hr, _) = self.feeds();
        let which = self.dice.below(7);
        self.tell(format!("trouble {which}"));
        self.write_feeds();
        match which {
            0 => self.rig.write("hr.csv", "id,name,unit,away,start,end\n"),
            1 => self.rig.write("hr.csv", hr.get(..hr.len() / 2).unwrap()),
            2 => self.rig.write("hr.csv", ""),
            3 => {
                let system = self.dice.pick(&["dir", "mail", "files.csv", "desk"]);
                self.faults.take_out(system);
            }
            4 => {
                for system in ["dir", "mail", "desk"] {
                    self.faults.make_lie(system);
                }
            }
            _ => {
                let calls = self.dice.below(12);
                self.faults.die_after(calls);
            }
        }
        let died = Arc::clone(&self.faults);
        let now = self.now;
        tokio::select! {
            () = died.died.notified() => {}
            () = async {
                self.rig.at(&now.to_string());
                let options = SyncOptions::default();
                // A broken feed or a system that is out is a report, not a failure of the run.
                sync(&self.rig.ctx(), &self.opened, &options, &NoProgress).await.unwrap();
                let made = self.plan().await;
                if made.id.is_some() {
                    self.apply().await;
                }
            } => {}
        }
        let patience = Instant::now();
        while self.faults.is_at_work() {
            assert!(
                patience.elapsed() < Duration::from_mins(1),
                "a run that died does not end\n{}",
                self.story()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.faults.heal();
    }

    async fn sync(&self) -> SyncReport {
        let options = SyncOptions { ..SyncOptions::default() };
        sync(&self.rig.ctx(), &self.opened, &options, &NoProgress)
            .await
            .unwrap_or_else(|error| panic!("{}\n{}", report(&error), self.story()))
    }

    async fn plan(&self) -> MadePlan {
        let options = PlanOptions { save: true, ..PlanOptions::default() };
        make_plan(&self.rig.ctx(), &self.opened, &options, &NoProgress)
            .await
            .unwrap_or_else(|error| panic!("{}\n{}", report(&error), self.story()))
    }

    /// Everything works again: reads, decides about what is held, plans and applies until nothing is left.
    async fn settle(&mut self) {
        self.write_feeds();
        self.rig.at(&self.now.to_string());
        for round in 0..8 {
            let synced = self.sync().await;
            for read in &synced.reads {
                assert!(read.complete, "{read:?}\n{}", self.story());
                if let Some(held) = &read.held {
                    let n = held.counts.n_create + held.counts.n_update + held.counts.n_absent;
                    muster_engine::release_change_set(
                        &self.rig.ctx(),
                        &self.opened,
                        held.id,
                        Some(n),
                        &NoProgress,
                    )
                    .await
                    .unwrap_or_else(|error| panic!("{}\n{}", report(&error), self.story()));
                }
            }
            let in_full = self.operations(&self.everybody().await).await;
            let made = self.plan().await;
            assert_eq!(
                made.plan.operations,
                in_full,
                "incremental differs from full\n{}",
                self.story()
            );
            if made.plan.to_do().next().is_none() {
                assert!(round > 0 || self.told.len() > 1, "nothing was ever done");
                return self.check().await;
            }
            let applied = self.apply().await;
            assert!(applied.failed.is_empty(), "{:?}\n{}", applied.failed, self.story());
        }
        panic!("it does not settle\n{}", self.story());
    }

    /// Applies the plan, once the last threads of a run that died have let go.
    async fn apply(&self) -> ApplyReport {
        let patience = Instant::now();
        let options = ApplyOptions { auto_approve: true, ..ApplyOptions::default() };
        loop {
            let cancel = CancelFlag::default();
            let ctx = self.rig.ctx();
            match apply(&ctx, &self.opened, None, &options, &NoProgress, &cancel).await {
                Ok(applied) => return applied,
                Err(error)
                    if error.kind() == Kind::Busy
                        && patience.elapsed() < Duration::from_secs(30) =>
                {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(error) => panic!("{}\n{}", report(&error), self.story()),
            }
        }
    }

    async fn everybody(&self) -> Vec<muster_model::EntityId> {
        let mut tx = self.opened.store.read().await.unwrap();
        let person = self.opened.model.schema.type_named("person").unwrap();
        let no = self.opened.names.type_names(person.id).unwrap().no;
        tx.scan_entities(no, None, 10_000).await.unwrap().into_iter().map(|e| e.id).collect()
    }

    async fn operations(&self, people: &[muster_model::EntityId]) -> Vec<Operation> {
        let options = PlanOptions { people: people.to_vec(), ..PlanOptions::default() };
        let made = make_plan(&self.rig.ctx(), &self.opened, &options, &NoProgress).await.unwrap();
        made.plan.operations
    }
}

/// Lives through a history; answers how much was changed and how much was only said to be.
async fn history(seed: u64, (people, steps): (u64, u64), services: Option<Services>) -> (u64, u64) {
    let mut estate = Estate::new(seed, people, services).await;
    estate.settle().await;
    for _ in 0..steps {
        estate.live();
        match estate.dice.below(4) {
            0 => {}
            1 => estate.drift(),
            2 => estate.trouble().await,
            _ => {
                estate.trouble().await;
                estate.drift();
                estate.live();
            }
        }
        estate.settle().await;
    }
    estate.faults.counts()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_estate_keeps_its_invariants_through_any_history() {
    let (mut changes, mut lies) = (0, 0);
    for seed in 0..3 {
        let counts = Box::pin(history(seed, (100, 15), None)).await;
        changes += counts.0;
        lies += counts.1;
    }
    assert!(changes > 1000 && lies > 5, "{changes} changes, {lies} lies");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_people_keep_them_too() {
    Box::pin(history(77, (1000, 10), None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scim_service_and_a_database_keep_them_through_the_same_faults() {
    let (mut changes, mut lies) = (0, 0);
    for seed in [0, 10, 12] {
        let services = Some(Services::start());
        let counts = Box::pin(history(seed, (20, 14), services)).await;
        changes += counts.0;
        lies += counts.1;
    }
    assert!(changes > 200 && lies > 0, "{changes} changes, {lies} lies");
}
