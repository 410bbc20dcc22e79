//! Values that are made: the first candidate that nobody holds.
//!
//! Which candidates are taken is asked for many at once, twice as many each time, so that the thousandth of equal initials
//! costs ten questions and not a thousand.

use muster_app::Error;
use muster_lang::{Binding, Clock, EmptyWorld, Frame};
use muster_model::{Slot, Text, Value};
use muster_policy::Rule;
use muster_store::Tx;
use rustc_hash::FxHashMap;

use super::{
    Arrival, Inbound,
    refused::{Outcome, Problem},
    unique::value_key,
};

/// Numbers tried for `n` before giving up.
const MOST_CANDIDATES: usize = 10_000;

/// Candidates that are asked for at once at most.
const MOST_AT_ONCE: usize = 1024;

/// Whether values of one attribute are taken, by their keys, as far as it is known: in the repository, or by this chunk.
type Taken = FxHashMap<Text, bool>;

impl Inbound<'_> {
    /// Makes generated values for entities that have none yet. The first free candidate wins and is kept for good.
    pub(super) async fn generate_values<'s>(
        &self,
        tx: &mut Tx,
        arrivals: &mut Vec<Arrival<'s>>,
        outcome: &mut Outcome<'_, 's>,
    ) -> Result<(), Error> {
        let is_other = |slot: Slot| slot != self.entity_type.key;
        self.generate(tx, arrivals, outcome, is_other).await
    }

    /// Makes keys that are generated for entities that have none.
    pub(super) async fn generate_keys<'s>(
        &self,
        tx: &mut Tx,
        arrivals: &mut Vec<Arrival<'s>>,
        outcome: &mut Outcome<'_, 's>,
    ) -> Result<(), Error> {
        self.generate(tx, arrivals, outcome, |slot| slot == self.entity_type.key).await
    }

    async fn generate<'s>(
        &self,
        tx: &mut Tx,
        arrivals: &mut Vec<Arrival<'s>>,
        outcome: &mut Outcome<'_, 's>,
        wanted: impl Fn(Slot) -> bool,
    ) -> Result<(), Error> {
        for (slot, rules) in self.behaviour.generated.iter().filter(|(slot, _)| wanted(*slot)) {
            let firsts: Vec<Text> = arrivals
                .iter()
                .filter(|arrival| arrival.row.get(*slot).is_null())
                .filter_map(|arrival| self.candidate(arrival, rules, 0))
                .collect();
            let mut taken = Taken::default();
            self.learn(tx, *slot, firsts.iter(), &mut taken).await?;
            let mut failed = Vec::new();
            for (index, arrival) in arrivals.iter_mut().enumerate() {
                if !arrival.row.get(*slot).is_null() {
                    continue;
                }
                match self.first_free(tx, arrival, *slot, rules, &mut taken).await? {
                    Some(value) => arrival.row.set(*slot, Value::Text(value)),
                    None => failed.push(index),
                }
            }
            for index in failed.into_iter().rev() {
                let arrival = arrivals.remove(index);
                let name =
                    self.entity_type.attribute(*slot).map_or("?", |attribute| &attribute.name);
                let problem = format!(
                    "no value could be made for `{name}`: what it is made from is missing or all candidates are taken"
                );
                outcome.turn_away(&arrival, Problem::conflict(Some(*slot), problem));
            }
        }
        Ok(())
    }

    /// Finds out which of these values are taken, where that is not known.
    async fn learn(
        &self,
        tx: &mut Tx,
        slot: Slot,
        values: impl Iterator<Item = &Text>,
        taken: &mut Taken,
    ) -> Result<(), Error> {
        let unknown: Vec<Text> =
            values.filter(|value| !taken.contains_key(&value_key(value))).cloned().collect();
        let holders = self.holders(tx, slot, &unknown).await?;
        for value in unknown {
            let key = value_key(&value);
            let is_taken = holders.contains_key(&key);
            taken.insert(key, is_taken);
        }
        Ok(())
    }

    async fn first_free(
        &self,
        tx: &mut Tx,
        arrival: &Arrival<'_>,
        slot: Slot,
        rules: &[Rule],
        taken: &mut Taken,
    ) -> Result<Option<Text>, Error> {
        let mut candidates = self.candidates(arrival, rules);
        let mut n_at_once = 1;
        loop {
            let some: Vec<Text> = candidates.by_ref().take(n_at_once).collect();
            if some.is_empty() {
                return Ok(None);
            }
            self.learn(tx, slot, some.iter(), taken).await?;
            let free = some.into_iter().map(|one| (value_key(&one), one));
            if let Some((key, candidate)) =
                free.into_iter().find(|(key, _)| taken.get(key) == Some(&false))
            {
                taken.insert(key, true);
                return Ok(Some(candidate));
            }
            n_at_once = (n_at_once * 2).min(MOST_AT_ONCE);
        }
    }

    /// The candidates in order, until one cannot be made or the last rule says the same again.
    fn candidates(&self, arrival: &Arrival<'_>, rules: &[Rule]) -> impl Iterator<Item = Text> {
        let mut last = None;
        (0..MOST_CANDIDATES).map_while(move |position| {
            let candidate = self.candidate(arrival, rules, position)?;
            if position >= rules.len() && last.as_ref() == Some(&candidate) {
                return None;
            }
            last = Some(candidate.clone());
            Some(candidate)
        })
    }

    /// The candidate at a position: the rules in order, then the last one again and again, its own `n` counting from 1.
    fn candidate(&self, arrival: &Arrival<'_>, rules: &[Rule], position: usize) -> Option<Text> {
        let rule = position.min(rules.len().saturating_sub(1));
        let counted = Value::Int(i64::try_from(position - rule).ok()?.saturating_add(1));
        let bindings = [Binding::Row(&arrival.row), Binding::Value(&counted)];
        let clock = Clock::new(self.now);
        let frame = Frame {
            bindings: &bindings,
            world: &EmptyWorld,
            clock: &clock,
            timezone: &self.opened.model.timezone,
        };
        rules.get(rule)?.program.eval(&frame).as_text().filter(|text| !text.is_empty()).cloned()
    }
}
