//! Random histories of a small company. After each step three ways of planning agree: everybody in full, everybody with
//! those passed over who are settled, and only those whom the step can have reached. When the plan is done, the system
//! is as an expectation says that is written here without the code under test.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use muster_app::{
    Opened, count_survey, find_people, list_active_leavers, list_conflicts, list_role_holders,
    list_roles, read_project,
};
use muster_connector::MemoryConnector;
use muster_engine::{
    ApplyOptions, CancelFlag, NoProgress, PlanOptions, SyncOptions, apply, make_plan, sync,
};
use muster_model::{EntityId, Value};
use muster_plan::Operation;

use crate::support::{Rig, report};

const MODEL: &str = r#"
muster: 1
timezone: Europe/Berlin
types:
  team: { key: code, attributes: { code: { type: string, unique: true }, name: { type: string } } }
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true }
      name: { type: string }
      away: { type: bool }
      end: { type: date }
      team: { type: link, to: team, inverse: members }
      boss: { type: link, to: person, inverse: reports }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      away: { when: away }
      active: { when: "true" }
systems:
  teams:
    connector: csv
    settings: { path: teams.csv, key: code }
    reads: { team: { owns: { code: record.code, name: record.name }, guards: { update: none } } }
  hr:
    connector: csv
    settings: { path: hr.csv, key: id }
    reads:
      person:
        owns:
          id: record.id
          name: record.name
          away: record.away
          end: record.end
          team: link("team", record.team)
          boss: link("person", record.boss)
        absent: { keep: 2d, state: leaver }
        guards: { absent: none, update: none }
  dir:
    connector: memory
    mode: enforce
    settings: { name: dir }
    accounts:
      user:
        object: user
        match: [{ on: "id == person.id" }]
        name: "'u-' + person.name"
        set: { id: person.id, team: person.team.name, boss: person.boss.name, bossIs: person.boss.lifecycle }
        states: { active: {}, away: { enabled: false }, leaver: { enabled: false, entitlements: none, delete_after: 30d } }
    entitlements: { group: { object: group, members: member, create: true } }
    guards: { disable: none, delete: none, revoke: none, rename: none }
roles:
  staff: { when: "person.lifecycle in ['active', 'away']", grants: [dir.user, { dir.group: all }] }
  sales: { when: "person.lifecycle == 'active' && person.team.code == 'T1'", grants: [{ dir.group: sales }] }
  lead: { when: "person.lifecycle == 'active' && person.reports.exists(r, r.lifecycle == 'active')", grants: [{ dir.group: leads }] }
  each: { when: "person.lifecycle == 'active'", grants: [{ dir.group: { each: "'team-' + person.team.code" } }] }
duties: { sell: [{ dir.group: sales }], lead: [{ dir.group: leads }] }
conflicts: { both: { between: [sell, lead], on: warn } }
"#;

/// Numbers that look random and are the same each time (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()].clone()
    }
}

/// A person as HR knows them.
#[derive(Debug, Clone)]
struct Person {
    name: String,
    away: bool,
    end: Option<Date>,
    team: String,
    boss: String,
    /// Since when the record is missing.
    gone: Option<Timestamp>,
}

/// An account as it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expected {
    name: String,
    enabled: bool,
    values: BTreeMap<&'static str, String>,
    groups: BTreeSet<String>,
}

struct Company {
    rig: Rig,
    opened: Opened,
    system: Arc<MemoryConnector>,
    dice: Dice,
    now: Timestamp,
    hired: u64,
    people: BTreeMap<String, Person>,
    teams: BTreeMap<String, String>,
    expected: BTreeMap<String, Expected>,
    /// A record that stands twice in the feed.
    double: Option<String>,
    told: Vec<String>,
}

impl Company {
    async fn new(seed: u64) -> Self {
        let mut rig = Rig::new(&[("muster.yaml", MODEL)]);
        rig.store = Some("sqlite::memory:".to_owned());
        let teams = [("T1", "Sales"), ("T2", "Post")];
        let mut company = Self {
            opened: open(&rig).await,
            system: rig.connectors.memory("dir"),
            rig,
            dice: Dice(seed),
            now: "2026-03-02T12:30:00Z".parse().unwrap(),
            hired: 0,
            people: BTreeMap::new(),
            teams: teams.map(|(code, name)| (code.to_owned(), name.to_owned())).into(),
            expected: BTreeMap::new(),
            double: None,
            told: vec![format!("seed {seed}")],
        };
        for _ in 0..3 {
            company.hire();
        }
        company
    }

    fn hire(&mut self) {
        self.hired += 1;
        let person = Person {
            name: format!("n{}", self.hired),
            away: false,
            end: None,
            team: self.dice.pick(&["T1", "T2", "T3", ""]).to_owned(),
            // Also of people who are not there yet.
            boss: self.dice.pick(&["1", "2", "3", "5", "7", ""]).to_owned(),
            gone: None,
        };
        self.told.push(format!("hire {}: {person:?}", self.hired));
        self.people.insert(self.hired.to_string(), person);
    }

    /// Something happens. Time goes on in steps of ten hours, which never meet a limit of whole days exactly.
    fn step(&mut self) {
        let hours = self.dice.pick(&[0, 0, 10, 20, 30, 130, 730]);
        self.now += SignedDuration::from_hours(hours);
        self.double = None;
        let today = self.now.to_zoned(TimeZone::get("Europe/Berlin").unwrap()).date();
        let what = self.dice.below(12);
        self.told.push(format!("+{hours}h to {}, event {what}", self.now));
        if what == 0 && self.hired < 8 {
            return self.hire();
        }
        if what == 1 {
            let (code, name) =
                (self.dice.pick(&["T1", "T2", "T3"]), format!("Name{}", self.now.as_second()));
            self.teams.insert(code.to_owned(), name);
            return;
        }
        let ids: Vec<String> = self.people.keys().cloned().collect();
        let id = self.dice.pick(&ids);
        let days = i64::try_from(self.dice.below(6)).unwrap();
        let (team, boss) = (
            self.dice.pick(&["T1", "T2", "T3", ""]),
            self.dice.pick(&["1", "2", "4", "6", "8", ""]),
        );
        let stamp = self.now.as_second();
        if matches!(what, 8..=10) {
            return self.drift(&id);
        }
        let person = self.people.get_mut(&id).unwrap();
        if person.gone.is_some() && what != 5 {
            return;
        }
        self.told.push(format!("person {id} team {team} boss {boss} days {days}"));
        match what {
            2 => team.clone_into(&mut person.team),
            3 => boss.clone_into(&mut person.boss),
            4 => person.end = Some(today + jiff::Span::new().days(days)),
            5 => {
                // A record that is back is that of somebody who works here.
                person.end = None;
                person.gone = None;
            }
            6 if person.gone.is_none() => person.gone = Some(self.now),
            7 => person.name = format!("n{id}x{stamp}"),
            11 => self.double = person.gone.is_none().then(|| id.clone()),
            _ => person.away = !person.away,
        }
    }

    /// Somebody changes an account or a group past Muster.
    fn drift(&mut self, id: &str) {
        let Some(account) = self.expected.get(id).filter(|account| account.enabled) else { return };
        // Values of an account that is only kept are left as somebody made them.
        if self.state(&self.people[id]).0 != "active" {
            return;
        }
        let which = self.dice.below(5);
        self.told.push(format!("drift {which} on {id}"));
        let text = |name: &str| Value::text(account.values.get(name).map_or("", String::as_str));
        let object = format!("u-{}", account.name);
        match which {
            0 => {
                // Directories that keep references right take a deleted account out of its groups.
                self.system.remove("user", &object);
                for group in &account.groups {
                    let others = self
                        .expected
                        .iter()
                        .filter(|(other, account)| *other != id && account.groups.contains(group));
                    let others: Vec<Value> =
                        others.map(|(_, other)| Value::text(format!("u-{}", other.name))).collect();
                    let member = [("member", Value::set(others))];
                    self.system.put("group", group, &member, None);
                }
            }
            1 => {
                let values = [("id", text("id")), ("team", Value::text("nonsense"))];
                self.system.put("user", &object, &values, Some(true));
            }
            2 => {
                let values = ["id", "team", "boss", "bossIs"].map(|name| (name, text(name)));
                let values: Vec<_> =
                    values.into_iter().filter(|(_, value)| *value != Value::text("")).collect();
                self.system.put("user", &object, &values, Some(false));
            }
            3 => self.system.put("group", "all", &[], None),
            _ => {
                let member = [("member", Value::List([Value::text(object)].into()))];
                self.system.put("group", "leads", &member, None);
            }
        }
    }

    fn write(&self) {
        let teams = self.teams.iter().fold("code,name\n".to_owned(), |mut text, (code, name)| {
            writeln!(text, "{code},{name}").unwrap();
            text
        });
        self.rig.write("teams.csv", &teams);
        let mut text = "id,name,away,end,team,boss\n".to_owned();
        for (id, person) in self.people.iter().filter(|(_, person)| person.gone.is_none()) {
            let Person { name, away, end, team, boss, gone: _ } = person;
            let end = end.map_or(String::new(), |end| end.to_string());
            let times = if self.double.as_ref() == Some(id) { 2 } else { 1 };
            for _ in 0..times {
                writeln!(text, "{id},{name},{away},{end},{team},{boss}").unwrap();
            }
        }
        self.rig.write("hr.csv", &text);
    }

    /// The state, and since when a leaver is one.
    fn state(&self, person: &Person) -> (&'static str, Option<Timestamp>) {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let gone = person.gone.map(|at| at + SignedDuration::from_hours(48));
        if let Some(since) = gone.filter(|at| *at <= self.now) {
            return ("leaver", Some(since));
        }
        let ended =
            person.end.map(|end| end.tomorrow().unwrap().to_zoned(zone).unwrap().timestamp());
        match ended.filter(|at| *at <= self.now) {
            Some(since) => ("leaver", Some(since)),
            None if person.away => ("away", None),
            None => ("active", None),
        }
    }

    /// What has to be there once the plan is done.
    fn expect(&mut self) {
        let mut expected = self.expected.clone();
        for (id, person) in &self.people {
            let (state, since) = self.state(person);
            if let Some(since) = since {
                if since + SignedDuration::from_hours(30 * 24) <= self.now {
                    expected.remove(id);
                } else if let Some(account) = expected.get_mut(id) {
                    account.enabled = false;
                    account.groups.clear();
                }
                continue;
            }
            let mut values = BTreeMap::from([("id", id.clone())]);
            values.extend(self.teams.get(&person.team).map(|name| ("team", name.clone())));
            if let Some(boss) = self.people.get(&person.boss) {
                values.insert("boss", boss.name.clone());
                values.insert("bossIs", self.state(boss).0.to_owned());
            }
            let mut groups = BTreeSet::from(["all".to_owned()]);
            if state == "active" {
                groups.extend(
                    (person.team == "T1" && self.teams.contains_key("T1"))
                        .then(|| "sales".to_owned()),
                );
                groups.extend(
                    self.teams.contains_key(&person.team).then(|| format!("team-{}", person.team)),
                );
                let leads = self
                    .people
                    .values()
                    .any(|other| other.boss == *id && self.state(other).0 == "active");
                groups.extend(leads.then(|| "leads".to_owned()));
            }
            let (name, enabled) = (person.name.clone(), state == "active");
            expected.insert(id.clone(), Expected { name, enabled, values, groups });
        }
        self.expected = expected;
    }

    fn expected_dump(&self) -> Vec<String> {
        let mut groups: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let mut lines = Vec::new();
        for account in self.expected.values() {
            let object = format!("u-{}", account.name);
            for group in &account.groups {
                groups.entry(group).or_default().insert(object.clone());
            }
            let values: Vec<String> =
                account.values.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            let mut values = values;
            values.sort();
            lines.push(format!(
                "user {object} {}{}",
                if account.enabled { "on" } else { "off" },
                values.concat()
            ));
        }
        for (group, members) in groups {
            let members: Vec<String> = members.into_iter().collect();
            lines.push(format!("group {group} member=[{}]", members.join(", ")));
        }
        lines.sort();
        lines
    }

    fn real_dump(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .system
            .dump()
            .lines()
            .filter(|line| !line.starts_with("group ") || line.contains("member="))
            .map(|line| {
                match line.strip_prefix("group ").and_then(|group| group.split_once(" on ")) {
                    Some((group, members)) => format!("group {group} {members}"),
                    None => line.to_owned(),
                }
            })
            .collect();
        lines.sort();
        lines
    }

    async fn operations(&self, people: Vec<EntityId>) -> Vec<Operation> {
        let options = PlanOptions { at: Some(self.later()), people, ..PlanOptions::default() };
        make_plan(&self.rig.ctx(), &self.opened, &options, &NoProgress)
            .await
            .unwrap_or_else(|error| panic!("{}\n{}", report(&error), self.told.join("\n")))
            .plan
            .operations
    }

    /// An instant a little after everything that the step did.
    fn later(&self) -> Timestamp {
        self.now + SignedDuration::from_secs(60)
    }

    async fn sync(&self) {
        let options = SyncOptions::default();
        let synced = sync(&self.rig.ctx(), &self.opened, &options, &NoProgress)
            .await
            .unwrap_or_else(|error| panic!("{}\n{}", report(&error), self.told.join("\n")));
        for read in &synced.reads {
            assert!(read.complete && read.held.is_none(), "{read:?}\n{}", self.told.join("\n"));
        }
    }

    /// Those whom the next run has to look at: not settled, or their time has come.
    async fn reached(&self) -> Vec<EntityId> {
        let mut tx = self.opened.store.read().await.unwrap();
        let person = self.opened.model.schema.type_named("person").unwrap();
        let no = self.opened.names.type_names(person.id).unwrap().no;
        let mut ids: BTreeSet<EntityId> =
            tx.unsettled_identities(no, None, 1000).await.unwrap().into_iter().collect();
        ids.extend(tx.due_identities(self.later(), 1000).await.unwrap());
        ids.into_iter().collect()
    }

    async fn everybody(&self) -> Vec<EntityId> {
        let mut tx = self.opened.store.read().await.unwrap();
        let person = self.opened.model.schema.type_named("person").unwrap();
        let no = self.opened.names.type_names(person.id).unwrap().no;
        let entities = tx.scan_entities(no, None, 1000).await.unwrap();
        entities.into_iter().map(|entity| entity.id).collect()
    }

    /// Reads, plans in three ways, applies, reads again, and compares with what was expected.
    async fn check(&mut self) {
        self.write();
        self.rig.at(&self.now.to_string());
        self.sync().await;
        let in_full = self.operations(self.everybody().await).await;
        let passing_over = self.operations(Vec::new()).await;
        assert_eq!(in_full, passing_over, "settled people differ\n{}", self.told.join("\n"));
        let reached = self.reached().await;
        let of_reached =
            if reached.is_empty() { Vec::new() } else { self.operations(reached.clone()).await };
        assert_eq!(in_full, of_reached, "reached: {reached:?}\n{}", self.told.join("\n"));
        self.survey_again().await;
        self.rig.at(&self.later().to_string());
        let options = PlanOptions { save: true, ..PlanOptions::default() };
        let made = make_plan(&self.rig.ctx(), &self.opened, &options, &NoProgress)
            .await
            .unwrap_or_else(|error| panic!("{}\n{}", report(&error), self.told.join("\n")));
        assert_eq!(made.plan.operations, in_full, "{}", self.told.join("\n"));
        if made.id.is_some() {
            let options =
                ApplyOptions { confirm: None, auto_approve: true, ..ApplyOptions::default() };
            let cancel = CancelFlag::default();
            let applied =
                apply(&self.rig.ctx(), &self.opened, None, &options, &NoProgress, &cancel)
                    .await
                    .unwrap_or_else(|error| panic!("{}\n{}", report(&error), self.told.join("\n")));
            assert!(applied.failed.is_empty(), "{:?}\n{}", applied.failed, self.told.join("\n"));
        }
        self.expect();
        assert_eq!(self.real_dump(), self.expected_dump(), "{}", self.told.join("\n"));
        self.sync().await;
        self.survey_again().await;
        let rest = self.operations(self.everybody().await).await;
        assert_eq!(rest, Vec::new(), "{}", self.told.join("\n"));
    }
}

impl Company {
    /// What is kept of the last look at everybody, renewed, is what a new look finds.
    async fn survey_again(&self) {
        let kept = self.surveyed(&self.opened).await;
        let files = read_project(&self.opened.dir).unwrap();
        let again = self.opened.with_files(files, self.opened.revision).await.unwrap();
        let new = self.surveyed(&again).await;
        assert_eq!(kept, new, "{}", self.told.join("\n"));
    }

    async fn surveyed(&self, opened: &Opened) -> Vec<String> {
        let (ctx, mut lines) = (self.rig.ctx(), Vec::new());
        lines.push(format!("{:?}", count_survey(&ctx, opened).await.unwrap()));
        lines.push(format!("{:?}", list_conflicts(&ctx, opened, None, 0, 1000).await.unwrap()));
        lines.push(format!("{:?}", list_active_leavers(&ctx, opened, 0, 1000).await.unwrap()));
        for role in list_roles(opened) {
            let holders = list_role_holders(&ctx, opened, &role.name, 0, 1000).await.unwrap();
            lines.push(format!("{} {holders:?}", role.name));
        }
        for text in ["1", "a", "nobody"] {
            lines.push(format!("{:?}", find_people(&ctx, opened, text, 1000).await.unwrap()));
        }
        lines
    }
}

async fn open(rig: &Rig) -> Opened {
    rig.open().await
}

async fn history(seed: u64) {
    let mut company = Company::new(seed).await;
    company.check().await;
    for _ in 0..20 {
        company.step();
        company.check().await;
    }
}

#[tokio::test]
async fn a_random_history_ends_each_step_as_expected() {
    for seed in 0..8 {
        Box::pin(history(seed)).await;
    }
}
