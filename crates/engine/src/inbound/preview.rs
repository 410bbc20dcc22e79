//! What staged records would change, attribute by attribute, without changing anything: for guards.

use std::collections::BTreeMap;

use muster_app::Error;
use muster_model::{Row, Slot, Text, Value};
use muster_store::{ReadTx, Tx};
use rustc_hash::FxHashSet;

use super::{Arrival, CHUNK, Inbound, refused::Outcome};
use crate::{
    report::ReadReport,
    source::{EXAMPLES, Staged},
};

/// What staged records would change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Preview {
    /// The attributes that would change, the most frequent first.
    pub(crate) attributes: Vec<AttributePreview>,
    /// Pairs of attributes that would have each other's values in most entities.
    pub(crate) swapped: Vec<(Text, Text)>,
}

/// An attribute that would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttributePreview {
    /// Its name.
    pub(crate) name: Text,
    /// For how many entities.
    pub(crate) n: u64,
    /// The first of them.
    pub(crate) examples: Vec<Example>,
}

/// One value that would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Example {
    /// The entity.
    pub(crate) key: Text,
    /// Its value now.
    pub(crate) old: String,
    /// Its value then.
    pub(crate) new: String,
}

#[derive(Default)]
struct Counted {
    n_entities: u64,
    changed: BTreeMap<Slot, (u64, Vec<Example>)>,
    swapped: BTreeMap<(Slot, Slot), u64>,
}

impl Inbound<'_> {
    /// Works out what the records of known entities would change. `without` are attributes that do not count.
    pub(crate) async fn preview(
        &mut self,
        records: &[Staged],
        without: &FxHashSet<Slot>,
    ) -> Result<Preview, Error> {
        let known: Vec<&Staged> = records
            .iter()
            .filter(|staged| self.marks.get(&staged.key).is_some_and(|mark| mark.entity.is_some()))
            .collect();
        let mut counted = Counted::default();
        for chunk in known.chunks(CHUNK) {
            let mut tx: Tx = self.opened.store.begin().await?;
            self.count_changes(&mut tx, chunk, without, &mut counted).await?;
            tx.rollback().await?;
        }
        Ok(self.finish(counted))
    }

    /// As [`Inbound::preview`], of a few records, within a transaction that goes on.
    pub(crate) async fn preview_in(
        &mut self,
        tx: &mut Tx,
        records: &[Staged],
    ) -> Result<Preview, Error> {
        let known = records.iter().filter(|staged| self.marks.contains_key(&staged.key));
        let known: Vec<&Staged> = known.collect();
        let mut counted = Counted::default();
        self.count_changes(tx, &known, &FxHashSet::default(), &mut counted).await?;
        Ok(self.finish(counted))
    }

    async fn count_changes(
        &mut self,
        tx: &mut Tx,
        records: &[&Staged],
        without: &FxHashSet<Slot>,
        counted: &mut Counted,
    ) -> Result<(), Error> {
        let mut report = ReadReport::default();
        let mut outcome = Outcome::new(&mut report);
        let mut arrivals = self.arrivals(tx, records.iter().copied(), &mut outcome).await?;
        self.resolve_links(tx, &mut arrivals).await?;
        for arrival in &arrivals {
            self.compare(tx, arrival, without, counted).await?;
        }
        Ok(())
    }

    async fn compare(
        &self,
        tx: &mut ReadTx,
        arrival: &Arrival<'_>,
        without: &FxHashSet<Slot>,
        counted: &mut Counted,
    ) -> Result<(), Error> {
        let Some((_, before)) = &arrival.before else { return Ok(()) };
        counted.n_entities += 1;
        let slots = arrival.derived.iter().copied().filter(|slot| !without.contains(slot));
        let changed: Vec<Slot> =
            slots.filter(|slot| before.get(*slot) != arrival.row.get(*slot)).collect();
        for slot in &changed {
            let (n, examples) = counted.changed.entry(*slot).or_default();
            *n += 1;
            if examples.len() < EXAMPLES {
                let old = shown(tx, before.get(*slot)).await?;
                let lost = arrival.pending.iter().find(|(of, ..)| of == slot);
                let new = match lost {
                    Some((_, _, key)) => format!("{key}, which is not there"),
                    None => shown(tx, arrival.row.get(*slot)).await?,
                };
                examples.push(Example { key: arrival.key.clone(), old, new });
            }
        }
        count_swaps(&changed, before, &arrival.row, &mut counted.swapped);
        Ok(())
    }

    fn finish(&self, counted: Counted) -> Preview {
        let name = |slot: Slot| {
            self.entity_type.attribute(slot).map_or_else(|| "?".into(), |found| found.name.clone())
        };
        let swapped = counted.swapped.iter();
        let swapped = swapped
            .filter(|(_, n)| **n >= 3 && **n * 2 > counted.n_entities)
            .map(|((one, other), _)| (name(*one), name(*other)))
            .collect();
        let mut attributes: Vec<AttributePreview> = counted
            .changed
            .into_iter()
            .map(|(slot, (n, examples))| AttributePreview { name: name(slot), n, examples })
            .collect();
        attributes.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.name.cmp(&b.name)));
        Preview { attributes, swapped }
    }
}

/// Notes pairs of attributes that take each other's values.
fn count_swaps(
    changed: &[Slot],
    before: &Row,
    after: &Row,
    swapped: &mut BTreeMap<(Slot, Slot), u64>,
) {
    for (position, one) in changed.iter().enumerate() {
        for other in changed.iter().skip(position + 1) {
            let (old, new) =
                ((before.get(*one), before.get(*other)), (after.get(*one), after.get(*other)));
            if !old.0.is_null() && old.0 == new.1 && old.1 == new.0 {
                *swapped.entry((*one, *other)).or_default() += 1;
            }
        }
    }
}

/// A value for people: links as the key of where they lead.
async fn shown(tx: &mut ReadTx, value: &Value) -> Result<String, Error> {
    let mut texts = Vec::new();
    for item in value.items() {
        texts.push(if let Value::Link(id) = item {
            let entity = tx.entity(*id).await?;
            entity.map_or_else(|| "?".to_owned(), |entity| entity.key.to_string())
        } else {
            item.to_string()
        });
    }
    let text = if texts.is_empty() { "nothing".to_owned() } else { texts.join(", ") };
    Ok(text.chars().take(60).collect())
}
