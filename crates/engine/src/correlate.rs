//! Correlation: which identities a record or an account may belong to, by which rule and how sure.
//!
//! What is done with the candidates is decided by `muster_policy::settle`. The first rule that finds anybody counts;
//! later ones only suggest.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use muster_app::{Error, IdentityFacts, Opened, decode_facts, load_world_for};
use muster_lang::{Binding, Clock, EmptyWorld, Frame, Program};
use muster_model::{EntityId, Fingerprint, Hasher, Row, Text, TypeId, Value};
use muster_policy::{Evaluator, Match, MemoryWorld};
use muster_store::{Entity, Number, ReadTx};

use rustc_hash::FxHashMap;

use crate::inbound::value_key;

const BATCH: usize = 4096;

/// An identity that a rule found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The identity.
    pub(crate) entity: EntityId,
    /// How sure the rule is.
    pub(crate) confidence: u8,
    /// The rule, by position.
    pub(crate) rule: usize,
    /// True when no rule before it found anybody.
    pub(crate) first: bool,
}

/// Entities by the values that the rules compare, one map for each rule.
#[derive(Debug)]
pub(crate) struct Correlator<'a> {
    rules: &'a [Match],
    maps: Vec<FxHashMap<Fingerprint, Vec<EntityId>>>,
}

impl<'a> Correlator<'a> {
    /// One that finds nobody.
    pub(crate) fn empty(rules: &'a [Match]) -> Self {
        Self { rules, maps: rules.iter().map(|_| FxHashMap::default()).collect() }
    }

    /// Indexes all entities of a type by what the rules compare.
    pub(crate) async fn build(
        tx: &mut ReadTx,
        opened: &Opened,
        type_id: TypeId,
        rules: &'a [Match],
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut correlator = Self::empty(rules);
        let Some(names) = opened.names.type_names(type_id) else { return Ok(correlator) };
        if tx.id_bounds(names.no).await?.is_none() {
            return Ok(correlator);
        }
        let evaluator = evaluator(opened, rules);
        let world = load_world_for(tx, opened, &evaluator, now, None).await?;
        let mut after = None;
        loop {
            let entities = tx.scan_entities(names.no, after, BATCH).await?;
            let Some(last) = entities.last() else { return Ok(correlator) };
            after = Some(last.id);
            correlator.add_all(opened, type_id, entities, (&evaluator, &world, now))?;
        }
    }

    /// As [`Correlator::build`], for a few records: where every rule compares a key or a unique attribute, only the entities
    /// that have such a value are looked at, whatever the repository holds.
    pub(crate) async fn seek(
        tx: &mut ReadTx,
        opened: &Opened,
        (type_id, rules): (TypeId, &'a [Match]),
        records: &[Vec<Value>],
        now: Timestamp,
    ) -> Result<Self, Error> {
        let indexes: Option<Vec<Indexed>> =
            rules.iter().map(|rule| indexed(opened, type_id, rule)).collect();
        let (Some(indexes), Some(names)) = (indexes, opened.names.type_names(type_id)) else {
            return Self::build(tx, opened, type_id, rules, now).await;
        };
        let mut found = BTreeSet::new();
        for (rule, index) in rules.iter().zip(indexes) {
            let values = records.iter().filter_map(|record| {
                let values = compared(opened, rule, record, now);
                values.get(index.part)?.to_wire_text().as_text().cloned()
            });
            let ids = match index.attribute_no {
                None => tx.entity_ids_by_key(names.no, &values.collect::<Vec<_>>()).await?,
                Some(no) => {
                    let folded: Vec<Text> = values.map(|text| value_key(&text)).collect();
                    tx.unique_value_holders(names.no, no, &folded).await?
                }
            };
            found.extend(ids.into_iter().flatten());
        }
        let mut correlator = Self::empty(rules);
        let found: Vec<EntityId> = found.into_iter().collect();
        let entities = tx.entities(&found).await?;
        let world = MemoryWorld::default();
        correlator.add_all(opened, type_id, entities, (&opened.evaluator, &world, now))?;
        Ok(correlator)
    }

    /// The entities that it knows.
    pub(crate) fn entities(&self) -> BTreeSet<EntityId> {
        self.maps.iter().flat_map(FxHashMap::values).flatten().copied().collect()
    }

    fn add_all(
        &mut self,
        opened: &Opened,
        type_id: TypeId,
        entities: Vec<Entity>,
        (evaluator, world, now): (&Evaluator, &MemoryWorld, Timestamp),
    ) -> Result<(), Error> {
        let (model, names) = (&opened.model, &opened.names);
        for entity in entities {
            let facts = IdentityFacts {
                row: decode_facts(model, names, entity.id, type_id, &entity.facts)?,
                key: entity.key,
                version: entity.version,
                assignments: Vec::new(),
                withheld: Vec::new(),
                facts: Vec::new(),
                exceptions: Vec::new(),
                absent_since: entity.absent_since,
                known_state: None,
            };
            let row = evaluator.complete(&facts.identity(), world, now);
            self.add(opened, &row, world, now);
        }
        Ok(())
    }

    /// Adds an entity whose computed attributes are filled in.
    pub(crate) fn add(&mut self, opened: &Opened, row: &Row, world: &MemoryWorld, now: Timestamp) {
        let clock = Clock::new(now);
        let bindings = [Binding::Absent, Binding::Row(row)];
        let frame =
            Frame { bindings: &bindings, world, clock: &clock, timezone: &opened.model.timezone };
        for (rule, map) in self.rules.iter().zip(&mut self.maps) {
            let values: Vec<Value> = rule.ours.iter().map(|program| program.eval(&frame)).collect();
            if let Some(key) = match_key(&values) {
                let candidates = map.entry(key).or_default();
                if !candidates.contains(&row.id) {
                    candidates.push(row.id);
                }
            }
        }
    }

    /// Finds the identities for the values of a record or account, in the order of the rules, each once.
    pub(crate) fn find(&self, opened: &Opened, theirs: &[Value], now: Timestamp) -> Vec<Candidate> {
        let mut found: Vec<Candidate> = Vec::new();
        for (position, (rule, map)) in self.rules.iter().zip(&self.maps).enumerate() {
            let values = compared(opened, rule, theirs, now);
            let Some(entities) = match_key(&values).and_then(|key| map.get(&key)) else { continue };
            let first = found.first().is_none_or(|candidate| candidate.rule == position);
            for entity in entities {
                if found.iter().all(|candidate| candidate.entity != *entity) {
                    found.push(Candidate {
                        entity: *entity,
                        confidence: rule.confidence,
                        rule: position,
                        first,
                    });
                }
            }
        }
        found
    }

    /// Why a rule found what it found: its place, and the values that were equal.
    pub(crate) fn why(
        &self,
        opened: &Opened,
        rule: usize,
        theirs: &[Value],
        now: Timestamp,
    ) -> String {
        let Some(rule) = self.rules.get(rule) else { return String::new() };
        let values = compared(opened, rule, theirs, now);
        let parts =
            rule.ours.iter().zip(&rule.theirs).zip(values).map(|((ours, theirs), value)| {
                format!("{} = {} = {value}", ours.source(), theirs.source())
            });
        format!("{}: {}", rule.at, parts.collect::<Vec<_>>().join(", "))
    }
}

/// How the database finds the entities that a rule may be about.
struct Indexed {
    /// The part of the rule, by position.
    part: usize,
    /// The number of the unique attribute; `None` for the key.
    attribute_no: Option<Number>,
}

/// The part of a rule that compares the key or a unique attribute as it is kept, if all that the rule reads is kept.
fn indexed(opened: &Opened, type_id: TypeId, rule: &Match) -> Option<Indexed> {
    let of = opened.model.schema.get(type_id)?;
    let is_kept = |program: &Program| {
        program.paths().iter().all(|path| match path.steps.as_slice() {
            [(_, slot)] => of.attribute(*slot).is_some_and(|attribute| attribute.kind.is_kept()),
            _ => false,
        })
    };
    if !rule.ours.iter().all(is_kept) {
        return None;
    }
    let names = opened.names.type_names(type_id)?;
    rule.ours.iter().enumerate().find_map(|(part, program)| {
        let [path] = program.paths() else { return None };
        let [(_, slot)] = path.steps.as_slice() else { return None };
        let attribute = of.attribute(*slot)?;
        let is_bare = program.source().chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
        let is_key = attribute.slot == of.key;
        let attribute_no = if is_key { None } else { Some(*names.attributes.get(slot.index())?) };
        let is_found = is_key || attribute.unique;
        (is_bare && is_found && !attribute.many).then_some(Indexed { part, attribute_no })
    })
}

/// The evaluator of the model, or one whose world also holds what the rules read through links.
fn evaluator(opened: &Opened, rules: &[Match]) -> Arc<Evaluator> {
    let ours: Vec<Program> = rules.iter().flat_map(|rule| rule.ours.iter().cloned()).collect();
    let far = ours.iter().flat_map(Program::paths).any(|path| path.steps.len() > 1);
    if far {
        Arc::new(Evaluator::reading(Arc::clone(&opened.model), &ours))
    } else {
        Arc::clone(&opened.evaluator)
    }
}

/// What a rule compares of a record or account.
fn compared(opened: &Opened, rule: &Match, theirs: &[Value], now: Timestamp) -> Vec<Value> {
    let clock = Clock::new(now);
    let bindings = [Binding::Record(theirs), Binding::Absent];
    let frame = Frame {
        bindings: &bindings,
        world: &EmptyWorld,
        clock: &clock,
        timezone: &opened.model.timezone,
    };
    rule.theirs.iter().map(|program| program.eval(&frame)).collect()
}

/// Equal for equal values, whatever types the two sides have; `None` when a value is missing.
fn match_key(values: &[Value]) -> Option<Fingerprint> {
    let mut hasher = Hasher::new();
    for value in values {
        let text = value.to_wire_text();
        if text.is_null() {
            return None;
        }
        text.fingerprint(&mut hasher);
    }
    Some(hasher.finish())
}
