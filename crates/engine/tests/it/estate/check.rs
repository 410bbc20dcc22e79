//! The invariants of an estate, and what its targets hold, read past Muster.

use std::collections::{BTreeMap, BTreeSet};

use muster_app::{export_journal, verify_export};
use muster_connector::{
    BadObject, Connector as _, ConnectorError, Field, MemoryConnector, ReadObject, ReadRequest,
    Sink,
};
use muster_model::{Value, ValueType};
use muster_store::AccountStatus;

use super::{Estate, Person};
use crate::support::report;

impl Estate {
    /// The invariants of the estate hold.
    pub(super) async fn check(&self) {
        let held = self.held().await;
        let mut wrong = Vec::new();
        for (id, person) in &self.people {
            wrong.extend(self.wrongs(*id, person, &held));
        }
        let known = self.known().await;
        for (system, accounts) in &held {
            let real: BTreeSet<String> = accounts.keys().cloned().collect();
            let known = known.get(system).cloned().unwrap_or_default();
            wrong.extend(
                real.symmetric_difference(&known)
                    .map(|name| format!("{system} {name} is not known or not there")),
            );
        }
        assert_eq!(wrong, Vec::<String>::new(), "{}", self.story());
        assert_eq!(self.orphans().await, self.orphans, "{}", self.story());
        assert_eq!(self.faults.twice(), Vec::<String>::new(), "{}", self.story());
        let mut journal = Vec::new();
        export_journal(&self.opened, &mut journal).await.unwrap();
        verify_export(&mut journal.as_slice())
            .unwrap_or_else(|error| panic!("{}\n{}", report(&error), self.story()));
    }

    /// What is wrong with the accounts of somebody, by rules that are written here a second time.
    fn wrongs(&self, id: u64, person: &Person, held: &Held) -> Vec<String> {
        let today = self.today();
        let unit = &person.unit;
        let (login, gone) = (format!("u{id}"), self.vanished.contains(&id));
        let leaver = gone || person.end.is_some_and(|end| end < today);
        let planned = !leaver && person.start > today;
        let on = !leaver && !planned && !person.away;
        let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let unit_of = |prefix: &str| format!("{prefix}{unit}");
        let mut wanted: Vec<(&str, String, Wanted)> = Vec::new();
        let here = !leaver && !planned;
        if here {
            let groups = if on { set(&["all", &unit_of("unit-")]) } else { set(&["all"]) };
            wanted.push(("dir", format!("cn={login}"), Some((on, groups))));
            let shares = if on { set(&[&unit_of("s-")]) } else { set(&[]) };
            wanted.push(("files", login.clone(), Some((true, shares))));
            if ["U1", "U2"].contains(&unit.as_str()) {
                let lists = set(&["news", &unit_of("list-")]);
                wanted.push(("mail", format!("{login}@tern.example"), Some((true, lists))));
            }
        }
        wanted.push((
            "desk",
            format!("seat-{id}-{unit}"),
            (on && unit != "U9").then(|| (true, set(&[]))),
        ));
        if leaver {
            wanted.push(("files", login.clone(), None));
        }
        let mut wrong = Vec::new();
        for (system, name, account) in wanted {
            let found = held[system].get(&name);
            let is_right = match (&account, found) {
                (Some(wanted), Some(found)) => {
                    found.0.unwrap_or(true) == wanted.0 && found.1 == wanted.1
                }
                (None, found) => found.is_none(),
                (Some(_), None) => false,
            };
            if !is_right {
                wrong.push(format!("{id} {person:?} gone {gone}: {system} {name} is {found:?} and should be {account:?}"));
            }
        }
        // Who is not here has nothing that works, wherever an account of theirs may still be kept.
        let own = [("dir", format!("cn={login}")), ("mail", format!("{login}@tern.example"))];
        for (system, name) in own.into_iter().filter(|_| !here) {
            if let Some(found) =
                held[system].get(&name).filter(|(on, held)| *on != Some(false) || !held.is_empty())
            {
                wrong.push(format!("{id} {person:?} gone {gone} keeps {system} {name}: {found:?}"));
            }
        }
        wrong
    }

    /// What every target holds: by system and name, whether it can be used, and its entitlements.
    async fn held(&self) -> Held {
        let mut held = Held::new();
        let mut dir = objects(self.memory("dir").as_ref(), "user", None).await;
        for (group, (_, members)) in
            objects(self.memory("dir").as_ref(), "group", Some("member")).await
        {
            for member in members {
                let account = dir
                    .entry(member)
                    .or_insert_with(|| (Some(true), BTreeSet::from(["is no account".to_owned()])));
                account.1.insert(group.clone());
            }
        }
        held.insert("dir", dir);
        let (boxes, seats) = match &self.services {
            Some(services) => (services.boxes(), services.seats()),
            None => (
                objects(self.memory("mail").as_ref(), "", Some("lists")).await,
                objects(self.memory("desk").as_ref(), "", None).await,
            ),
        };
        held.insert("mail", boxes);
        held.insert("desk", seats);
        let lines = self.rig.read("files.csv");
        let files = lines.lines().skip(1).map(|line| {
            let mut cells = line.split(',');
            let (login, state) = (cells.next().unwrap(), cells.next().unwrap());
            let shares = cells.next_back().unwrap().split('|').filter(|share| !share.is_empty());
            (login.to_owned(), (Some(state == "open"), shares.map(str::to_owned).collect()))
        });
        held.insert("files", files.collect());
        held
    }

    /// The names of the accounts that the repository knows.
    async fn known(&self) -> BTreeMap<&'static str, BTreeSet<String>> {
        let mut tx = self.opened.store.read().await.unwrap();
        let mut known = BTreeMap::new();
        for system in ["dir", "mail", "files", "desk"] {
            let position =
                self.opened.model.systems.iter().position(|s| &*s.name == system).unwrap();
            let accounts = &self.opened.names.systems[position].accounts;
            let found = tx.scan_accounts(accounts[0].no, None, 10_000).await.unwrap();
            known.insert(
                system,
                found.into_iter().map(|account| account.name.to_string()).collect(),
            );
        }
        known
    }

    async fn orphans(&self) -> BTreeSet<String> {
        let mut tx = self.opened.store.read().await.unwrap();
        let mut orphans = BTreeSet::new();
        for (system, names) in self.opened.model.systems.iter().zip(&self.opened.names.systems) {
            for account in &names.accounts {
                let found =
                    tx.unlinked_accounts(account.no, AccountStatus::Orphan, None, 10_000).await;
                let names =
                    found.unwrap().into_iter().map(|a| format!("{} {}", system.name, a.name));
                orphans.extend(names);
            }
        }
        orphans
    }
}

/// Whether it is enabled, and its entitlements; `None` where the account must not be there.
type Wanted = Option<(bool, BTreeSet<String>)>;

/// By name: whether it can be used, and its entitlements.
pub(super) type Accounts = BTreeMap<String, (Option<bool>, BTreeSet<String>)>;

type Held = BTreeMap<&'static str, Accounts>;

struct Taken(Vec<ReadObject>);

#[async_trait::async_trait]
impl Sink for Taken {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        self.0.extend(objects);
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        panic!("{bad:?}")
    }
}

/// The objects of a class by name, with the values of one attribute.
async fn objects(system: &MemoryConnector, class: &str, attribute: Option<&str>) -> Accounts {
    let field = |name: &str| Field { name: name.into(), value_type: ValueType::Text, many: true };
    let fields = attribute.map(field).into_iter().collect();
    let request = ReadRequest { class: class.into(), fields, since: None, batch: 10_000 };
    let mut taken = Taken(Vec::new());
    system.read(&request, &mut taken).await.unwrap();
    let object = |ReadObject { object, .. }: ReadObject| {
        let values = object.values.first().map_or(&[][..], Value::items);
        let values = values.iter().filter_map(|value| value.as_text().map(ToString::to_string));
        (object.name.to_string(), (object.enabled, values.collect()))
    };
    taken.0.into_iter().map(object).collect()
}
