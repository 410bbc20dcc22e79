//! Links: references by key become links; those that lead nowhere yet wait for the other end to arrive.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{Error, Opened, decode_facts, entity_type};
use muster_model::{EntityId, Slot, Text, TypeId, Value, ValueType, encode_row};
use muster_policy::MemoryWorld;
use muster_store::{Link, LinkSet, Number, PendingLink, ReadTx, Tx};
use rustc_hash::FxHashMap;

use super::{Arrival, Inbound, write::replace};
use crate::dependents::dependents;

impl Inbound<'_> {
    /// Turns references by key into links; those that lead nowhere yet are remembered.
    pub(super) async fn resolve_links(
        &self,
        tx: &mut ReadTx,
        arrivals: &mut [Arrival<'_>],
    ) -> Result<(), Error> {
        let mut wanted: BTreeMap<TypeId, BTreeSet<Text>> = BTreeMap::new();
        for reference in
            arrivals.iter().flat_map(|arrival| &arrival.row.values).flat_map(Value::items)
        {
            if let Value::Reference(reference) = reference {
                wanted.entry(reference.to).or_default().insert(reference.key.clone());
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let mut ids: FxHashMap<(TypeId, Text), EntityId> = FxHashMap::default();
        for (type_id, keys) in wanted {
            let Some(names) = self.opened.names.type_names(type_id) else { continue };
            let keys: Vec<Text> = keys.into_iter().collect();
            let found = tx.entity_ids_by_key(names.no, &keys).await?;
            ids.extend(
                keys.into_iter().zip(found).filter_map(|(key, id)| Some(((type_id, key), id?))),
            );
        }
        for arrival in arrivals.iter() {
            ids.insert((self.entity_type.id, arrival.key.clone()), arrival.row.id);
        }
        for arrival in arrivals {
            resolve(arrival, &ids);
        }
        Ok(())
    }

    /// Writes the links that differ, and notes those that wait.
    pub(super) async fn write_links(
        &self,
        tx: &mut Tx,
        arrivals: &[Arrival<'_>],
    ) -> Result<(), Error> {
        let attributes = self.entity_type.attributes.iter();
        let linking: Vec<(Slot, Number)> = attributes
            .filter(|a| a.kind.is_kept() && matches!(a.value_type, ValueType::Link(_)))
            .filter_map(|a| Some((a.slot, *self.type_names.attributes.get(a.slot.index())?)))
            .collect();
        let (mut fresh, mut sets) = (Vec::new(), Vec::new());
        let (mut pending, mut obsolete) = (Vec::new(), Vec::new());
        for arrival in arrivals {
            let source = arrival.row.id;
            for (slot, attribute_no) in linking.iter().copied() {
                let targets = targets(arrival.row.get(slot)).into_iter();
                match &arrival.before {
                    None => {
                        fresh.extend(targets.map(|target| Link { source, attribute_no, target }));
                    }
                    Some((_, before)) if before.get(slot) != arrival.row.get(slot) => {
                        let targets = targets.collect();
                        sets.push(LinkSet { source, attribute_no, targets });
                    }
                    Some(_) => {}
                }
            }
            if arrival.before.is_some() && !arrival.derived.is_empty() {
                let derived = arrival.derived.iter();
                let numbers: Vec<Number> = derived
                    .filter_map(|slot| self.type_names.attributes.get(slot.index()).copied())
                    .collect();
                let waiting = tx.pending_links_of(source).await?;
                obsolete.extend(waiting.into_iter().filter(|l| numbers.contains(&l.attribute_no)));
            }
            pending.extend(self.pending_links(arrival));
        }
        obsolete.retain(|link| !pending.contains(link));
        tx.delete_pending_links(&obsolete).await?;
        tx.insert_links(&fresh).await?;
        tx.replace_links(&sets).await?;
        tx.insert_pending_links(&pending).await?;
        Ok(())
    }

    fn pending_links(&self, arrival: &Arrival<'_>) -> impl Iterator<Item = PendingLink> {
        arrival.pending.iter().filter_map(|(slot, to, key)| {
            Some(PendingLink {
                source: arrival.row.id,
                attribute_no: *self.type_names.attributes.get(slot.index())?,
                target_type: self.opened.names.type_names(*to)?.no,
                target_key: key.clone(),
            })
        })
    }

    /// Links that waited for the new entities of this chunk are made now.
    pub(super) async fn arrive_late(
        &mut self,
        tx: &mut Tx,
        arrivals: &[Arrival<'_>],
    ) -> Result<(), Error> {
        let keys: BTreeMap<Text, EntityId> = arrivals
            .iter()
            .filter(|a| a.before.is_none())
            .map(|a| (a.key.clone(), a.row.id))
            .collect();
        if keys.is_empty() {
            return Ok(());
        }
        let wanted: Vec<Text> = keys.keys().cloned().collect();
        let waiting = tx.pending_links_to(self.type_names.no, &wanted).await?;
        late_links(tx, self.opened, &waiting, &keys, self.now).await?;
        let world = MemoryWorld::default();
        for arrival in arrivals.iter().filter(|arrival| arrival.before.is_none()) {
            self.correlator.add(self.opened, &arrival.row, &world, self.now);
        }
        Ok(())
    }
}

/// The entities that a value leads to.
fn targets(value: &Value) -> Vec<EntityId> {
    let items = value.items().iter();
    items.filter_map(|item| if let Value::Link(id) = item { Some(*id) } else { None }).collect()
}

/// Puts links in place of references; a reference that leads nowhere waits.
fn resolve(arrival: &mut Arrival<'_>, ids: &FxHashMap<(TypeId, Text), EntityId>) {
    for (index, value) in arrival.row.values.iter_mut().enumerate() {
        if !value.items().iter().any(|item| matches!(item, Value::Reference(_))) {
            continue;
        }
        let slot = Slot(u16::try_from(index).unwrap_or(u16::MAX));
        let is_list = matches!(value, Value::List(_));
        let mut links = Vec::new();
        for item in value.items() {
            let Value::Reference(reference) = item else {
                links.push(item.clone());
                continue;
            };
            match ids.get(&(reference.to, reference.key.clone())) {
                Some(id) => links.push(Value::Link(*id)),
                None => arrival.pending.push((slot, reference.to, reference.key.clone())),
            }
        }
        *value = if is_list {
            Value::set(links)
        } else {
            links.into_iter().next().unwrap_or(Value::Null)
        };
    }
}

/// Makes links whose other end has arrived.
async fn late_links(
    tx: &mut Tx,
    opened: &Opened,
    waiting: &[PendingLink],
    arrived: &BTreeMap<Text, EntityId>,
    now: Timestamp,
) -> Result<(), Error> {
    for link in waiting {
        let Some(target) = arrived.get(&link.target_key) else { continue };
        let Some(mut entity) = tx.entity(link.source).await? else { continue };
        let Some(type_id) = entity_type(opened, entity.type_no) else { continue };
        let Some(names) = opened.names.type_names(type_id) else { continue };
        let Some(of) = opened.model.schema.get(type_id) else { continue };
        let position = names.attributes.iter().position(|number| *number == link.attribute_no);
        let Some(attribute) = position.and_then(|position| of.attributes.get(position)) else {
            continue;
        };
        let before = decode_facts(&opened.model, &opened.names, entity.id, type_id, &entity.facts)?;
        let mut row = before.clone();
        let ends =
            row.get(attribute.slot).items().iter().cloned().chain([Value::Link(*target)]).collect();
        let value = if attribute.many { Value::set(ends) } else { Value::Link(*target) };
        let targets = targets(&value);
        row.set(attribute.slot, value);
        entity.facts = encode_row(&row, &names.numbers, |slot| {
            of.attribute(slot).is_some_and(|a| a.kind.is_kept())
        });
        (entity.effective_at, entity.recorded_at) = (now, now);
        replace(tx, std::slice::from_ref(&entity)).await?;
        tx.replace_links(&[LinkSet {
            source: entity.id,
            attribute_no: link.attribute_no,
            targets,
        }])
        .await?;
        let mut again = dependents(tx, opened, type_id, &[(Some(&before), &row)]).await?;
        again.insert(entity.id);
        tx.unsettle(&again.into_iter().collect::<Vec<_>>()).await?;
    }
    tx.delete_pending_links(waiting).await?;
    Ok(())
}
