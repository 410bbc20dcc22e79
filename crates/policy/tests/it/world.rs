//! Models and facts written as text, for the tests of `policy` and `plan`. The only place of these tests that builds rows.
//!
//! Facts are lines: `person 7 name="Ada Lovelace" start=2026-03-01 team=T1 phones=[1,2]` is an entity with its key,
//! `assign 7 sales until=2026-04-01T00:00:00Z` an assignment, `absent 7 2026-01-01T00:00:00Z` a vanished record,
//! `said 7 terminated from=2026-01-01T09:30:00Z` a lifecycle fact,
//! `known 7 active 2026-01-01T00:00:00Z` the state that the last evaluation found,
//! `except 7 four-eyes until=2026-04-01` a conflict that an identity may have, `nested dir.group inner outer` a group in a
//! group.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use muster_model::{
    AssignmentId, Capabilities, EntityId, NameRule, Row, SettingProblem, Settings, SystemId, Text,
    Value, ValueType, parse_value,
};
use muster_policy::{
    Assignment, ConflictException, Evaluation, Evaluator, FactKind, Identity, LifecycleFact,
    MemoryWorld, Model, Withheld, Withhold,
};
use muster_project::{Catalogue, File, load, render};

/// Connectors that exist only here: `plain` holds typed values, `text` and `ldap` hold texts, `feed` cannot disable.
struct Pretended;

impl Catalogue for Pretended {
    fn connectors(&self) -> Vec<&'static str> {
        vec!["feed", "ldap", "plain", "text"]
    }

    fn capabilities(
        &self,
        connector: &str,
        _settings: &Settings,
    ) -> Result<Capabilities, Vec<SettingProblem>> {
        Ok(Capabilities {
            read: true,
            create: true,
            update: true,
            rename: true,
            enable: connector != "feed",
            delete: true,
            members: true,
            incremental: false,
            text_only: connector == "text" || connector == "ldap",
            names: if connector == "ldap" { NameRule::DistinguishedName } else { NameRule::Exact },
            parallel: 1,
        })
    }
}

/// The checked model; problems fail the test with their text.
pub(crate) fn model(text: &str) -> Arc<Model> {
    try_model(text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The checked model, or what is wrong with it.
pub(crate) fn try_model(text: &str) -> Result<Arc<Model>, String> {
    try_models(&[("muster.yaml".to_owned(), text.to_owned())])
}

/// The checked model of several files, or what is wrong with it.
pub(crate) fn try_models(files: &[(String, String)]) -> Result<Arc<Model>, String> {
    let files = files
        .iter()
        .map(|(path, text)| File { path: path.as_str().into(), text: text.as_str().into() });
    let loaded = load(files.collect(), &Pretended);
    let problems = render(&loaded.diagnostics, &loaded.sources, false);
    loaded.model.map(Arc::new).ok_or(problems)
}

/// An instant; a day alone is its start in UTC.
pub(crate) fn instant(text: &str) -> Timestamp {
    let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    text.parse().unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

/// Entities, assignments and what else evaluation is told.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) rows: Vec<Row>,
    pub(crate) assignments: BTreeMap<EntityId, Vec<Assignment>>,
    pub(crate) withheld: BTreeMap<EntityId, Vec<Withheld>>,
    pub(crate) absent: BTreeMap<EntityId, Timestamp>,
    pub(crate) said: BTreeMap<EntityId, Vec<LifecycleFact>>,
    pub(crate) known: BTreeMap<EntityId, (usize, Timestamp)>,
    pub(crate) excepted: BTreeMap<EntityId, Vec<ConflictException>>,
    pub(crate) nested: BTreeMap<(SystemId, usize), BTreeMap<Text, Vec<Text>>>,
}

impl Facts {
    /// Reads the lines.
    pub(crate) fn read(model: &Model, text: &str) -> Self {
        let lines: Vec<Vec<String>> = text.lines().map(words).filter(|w| !w.is_empty()).collect();
        let mut facts = Self::default();
        let mut keys = BTreeMap::new();
        for line in &lines {
            if let Some(entity_type) = model.schema.type_named(&line[0]) {
                let id = EntityId(i64::try_from(facts.rows.len()).unwrap() + 1);
                keys.insert((entity_type.id, line[1].clone()), id);
                facts.rows.push(Row::empty(id, entity_type.id, entity_type.attributes.len()));
            }
        }
        let mut n = 0;
        for line in &lines {
            let find = |key: &str| {
                let found = keys.iter().find(|((of, k), _)| {
                    k == key && model.schema.get(*of).is_some_and(|of| of.identity)
                });
                *found.unwrap_or_else(|| panic!("nobody has the key `{key}`")).1
            };
            match line[0].as_str() {
                "assign" => facts.assign(model, find(&line[1]), line),
                "except" => facts.except(model, find(&line[1]), line),
                "nested" => facts.nest(model, line),
                "withhold" => facts.withhold(model, find(&line[1]), line),
                "said" => facts.say(find(&line[1]), line),
                "absent" => _ = facts.absent.insert(find(&line[1]), instant(&line[2])),
                "known" => {
                    let id = find(&line[1]);
                    let row = facts.rows.iter().find(|row| row.id == id).unwrap();
                    let states = &model.types[row.type_id.index()].lifecycle;
                    let state = states.iter().position(|state| *state.name == *line[2]).unwrap();
                    facts.known.insert(id, (state, instant(&line[3])));
                }
                _ => {
                    fill(model, &mut facts.rows[n], line, &keys);
                    n += 1;
                }
            }
        }
        facts
    }

    fn assign(&mut self, model: &Model, id: EntityId, line: &[String]) {
        let role = model.roles.iter().position(|role| *role.name == *line[2]);
        let time = |key: &str| line.iter().find_map(|word| word.strip_prefix(key)).map(instant);
        let own = self.assignments.entry(id).or_default();
        own.push(Assignment {
            id: AssignmentId(i64::try_from(own.len()).unwrap() + 1),
            role: role.unwrap_or_else(|| panic!("no role `{}`", line[2])),
            from: time("from="),
            until: time("until="),
            reason: "asked for".into(),
            by: "grace".into(),
        });
    }

    fn except(&mut self, model: &Model, id: EntityId, line: &[String]) {
        let conflict = model.conflicts.iter().position(|conflict| *conflict.name == *line[2]);
        let time = |key: &str| line.iter().find_map(|word| word.strip_prefix(key)).map(instant);
        self.excepted.entry(id).or_default().push(ConflictException {
            id: AssignmentId(0),
            conflict: conflict.unwrap_or_else(|| panic!("no conflict `{}`", line[2])),
            from: time("from=").unwrap_or(Timestamp::MIN),
            until: time("until="),
        });
    }

    fn nest(&mut self, model: &Model, line: &[String]) {
        let (system, kind) = line[1].split_once('.').unwrap();
        let system = model.systems.iter().find(|found| *found.name == *system).unwrap();
        let kind = system.entitlements.iter().position(|found| *found.name == *kind).unwrap();
        let of_kind = self.nested.entry((system.id, kind)).or_default();
        of_kind.entry(line[2].as_str().into()).or_default().push(line[3].as_str().into());
    }

    /// `withhold ada sales until=2026-03-01`, or `withhold ada directory.group:staff`.
    fn withhold(&mut self, model: &Model, id: EntityId, line: &[String]) {
        let time = |key: &str| line.iter().find_map(|word| word.strip_prefix(key)).map(instant);
        let what = match line[2].split_once(':') {
            None => {
                Withhold::Role(model.roles.iter().position(|role| *role.name == *line[2]).unwrap())
            }
            Some((place, name)) => {
                let (of, kind) = place.split_once('.').unwrap();
                let system = model.systems.iter().find(|system| *system.name == *of).unwrap();
                let kind = system.entitlements.iter().position(|of| *of.name == *kind).unwrap();
                Withhold::Entitlement { system: system.id, kind, name: name.into() }
            }
        };
        let own = self.withheld.entry(id).or_default();
        own.push(Withheld {
            id: AssignmentId(i64::try_from(own.len()).unwrap() + 100),
            what,
            from: time("from="),
            until: time("until="),
            reason: "not needed".into(),
            by: "grace".into(),
        });
    }

    fn say(&mut self, id: EntityId, line: &[String]) {
        let kind = FactKind::ALL.iter().find(|kind| kind.word() == line[2]).unwrap();
        let time = |key: &str| line.iter().find_map(|word| word.strip_prefix(key)).map(instant);
        let fact =
            LifecycleFact { kind: *kind, from: time("from=").unwrap(), until: time("until=") };
        self.said.entry(id).or_default().push(fact);
    }

    /// The world that links lead to, as of `now`.
    pub(crate) fn world(&self, evaluator: &Evaluator, now: Timestamp) -> MemoryWorld {
        let mut world = MemoryWorld::default();
        for row in &self.rows {
            world.insert(row.clone());
            let entity_type = evaluator.model().schema.get(row.type_id).unwrap();
            for attribute in &entity_type.attributes {
                for value in row.get(attribute.slot).items() {
                    if let Value::Link(target) = value {
                        world.insert_link(row.type_id, attribute.slot, row.id, *target);
                    }
                }
            }
        }
        self.absent.iter().for_each(|(id, since)| world.insert_absent(*id, *since));
        for (id, facts) in &self.said {
            for fact in facts {
                world.insert_fact(*id, *fact);
            }
        }
        for ((system, kind), brings) in &self.nested {
            world.insert_nested(*system, *kind, brings.clone().into_iter().collect());
        }
        world.complete(evaluator, now);
        world
    }

    /// The identities in order of id.
    pub(crate) fn identities<'a>(&'a self, model: &'a Model) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(|row| model.schema.get(row.type_id).is_some_and(|t| t.identity))
    }

    /// What evaluation takes of one identity.
    pub(crate) fn identity<'a>(&'a self, row: &'a Row) -> Identity<'a> {
        Identity {
            row,
            assignments: self.assignments.get(&row.id).map_or(&[], Vec::as_slice),
            withheld: self.withheld.get(&row.id).map_or(&[], Vec::as_slice),
            facts: self.said.get(&row.id).map_or(&[], Vec::as_slice),
            exceptions: self.excepted.get(&row.id).map_or(&[], Vec::as_slice),
            absent_since: self.absent.get(&row.id).copied(),
            known_state: self.known.get(&row.id).copied(),
        }
    }

    /// Evaluates one identity.
    pub(crate) fn evaluate(&self, evaluator: &Evaluator, row: &Row, now: Timestamp) -> Evaluation {
        evaluator.evaluate(&self.identity(row), &self.world(evaluator, now), now)
    }
}

fn fill(
    model: &Model,
    row: &mut Row,
    line: &[String],
    keys: &BTreeMap<(muster_model::TypeId, String), EntityId>,
) {
    let entity_type = model.schema.get(row.type_id).unwrap();
    row.set(entity_type.key, Value::text(line[1].as_str()));
    for word in &line[2..] {
        let (name, text) = word.split_once('=').unwrap_or_else(|| panic!("`{word}` has no `=`"));
        let attribute = entity_type.attribute_named(name);
        let attribute = attribute.unwrap_or_else(|| panic!("no attribute `{name}`"));
        let read = |text: &str| {
            if let ValueType::Link(to) = attribute.value_type {
                return keys.get(&(to, text.to_owned())).map_or(Value::Null, |id| Value::Link(*id));
            }
            parse_value(text, attribute.value_type)
                .unwrap_or_else(|error| panic!("{word}: {error}"))
        };
        let value = match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            Some(items) => Value::set(items.split(',').map(read).collect()),
            None => read(text),
        };
        row.set(attribute.slot, value);
    }
}

/// The words of a line; quotes hold spaces together, `#` begins a comment.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted => break,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The key of a row.
pub(crate) fn key(model: &Model, row: &Row) -> Text {
    let slot = model.schema.get(row.type_id).unwrap().key;
    row.get(slot).as_text().cloned().unwrap_or_else(|| "?".into())
}
