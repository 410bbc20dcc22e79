//! Correlation: which identity a record or an account belongs to.
//!
//! Rules are tried in order; the first that finds anybody decides. Two candidates never link silently.

use jiff::Timestamp;
use muster_app::{Error, IdentityFacts, Opened, decode_facts, load_world};
use muster_lang::{Binding, Clock, EmptyWorld, Frame};
use muster_model::{EntityId, Fingerprint, Hasher, Row, TypeId, Value};
use muster_policy::{Match, MemoryWorld};
use muster_store::ReadTx;
use rustc_hash::FxHashMap;

const BATCH: usize = 4096;

/// The answer of correlation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nobody fits.
    Nobody,
    /// Exactly one identity, with this confidence.
    One(EntityId, u8),
    /// Several fit equally; a person decides.
    Several(Vec<EntityId>),
}

/// Entities by the values that the rules compare, one map for each rule.
#[derive(Debug)]
pub(crate) struct Correlator<'a> {
    rules: &'a [Match],
    maps: Vec<FxHashMap<Fingerprint, Vec<EntityId>>>,
}

impl<'a> Correlator<'a> {
    /// Indexes all entities of a type by what the rules compare.
    pub(crate) async fn build(
        tx: &mut ReadTx,
        opened: &Opened,
        type_id: TypeId,
        rules: &'a [Match],
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut correlator =
            Self { rules, maps: rules.iter().map(|_| FxHashMap::default()).collect() };
        let Some(names) = opened.names.type_names(type_id) else { return Ok(correlator) };
        if tx.id_bounds(names.no).await?.is_none() {
            return Ok(correlator);
        }
        let world = load_world(tx, opened, now, None).await?;
        let mut after = None;
        loop {
            let entities = tx.scan_entities(names.no, after, BATCH).await?;
            let Some(last) = entities.last() else { return Ok(correlator) };
            after = Some(last.id);
            for entity in entities {
                let facts = IdentityFacts {
                    row: decode_facts(
                        &opened.model,
                        &opened.names,
                        entity.id,
                        type_id,
                        &entity.facts,
                    )?,
                    key: entity.key,
                    version: entity.version,
                    assignments: Vec::new(),
                    facts: Vec::new(),
                    absent_since: entity.absent_since,
                    known_state: None,
                };
                let row = opened.evaluator.complete(&facts.identity(), &world, now);
                correlator.add(opened, &row, &world, now);
            }
        }
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

    /// Finds the identity for the values of a record or account.
    pub(crate) fn find(&self, opened: &Opened, theirs: &[Value], now: Timestamp) -> Found {
        let clock = Clock::new(now);
        let bindings = [Binding::Record(theirs), Binding::Absent];
        let frame = Frame {
            bindings: &bindings,
            world: &EmptyWorld,
            clock: &clock,
            timezone: &opened.model.timezone,
        };
        for (rule, map) in self.rules.iter().zip(&self.maps) {
            let values: Vec<Value> =
                rule.theirs.iter().map(|program| program.eval(&frame)).collect();
            let candidates = match_key(&values).and_then(|key| map.get(&key));
            match candidates.map(Vec::as_slice) {
                Some([one]) => return Found::One(*one, rule.confidence),
                Some([]) | None => {}
                Some(several) => return Found::Several(several.to_vec()),
            }
        }
        Found::Nobody
    }
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
