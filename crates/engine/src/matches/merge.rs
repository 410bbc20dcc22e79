//! Merges two identities that are one, and splits them again.
//!
//! The survivor gets records, accounts, assignments and links of the other one, whose entity stays with its history, out
//! of its type. What moved is written down, so that a split can bring it back.

use muster_app::{Ctx, Error, Opened, decode_facts, resolve_person};
use muster_model::{
    AccountId, AssignmentId, EntityId, Row, Slot, Text, TypeId, Value, ValueType, encode_row,
};
use muster_store::{Entity, Evaluation, Link, LinkSet, MergedEntity, RecordId, Tx, UniqueValue};
use rustc_hash::FxHashMap;
use serde_json::{Value as Json, json};

use super::{journal, reason_given};
use crate::{
    inbound::{Inbound, reads_of},
    lease::Lease,
    mapping::{by_hand, record_values},
    source::Source,
};

/// Merges `from` into `into`.
pub async fn merge_people(
    ctx: &Ctx,
    opened: &Opened,
    from: &str,
    into: &str,
    reason: &str,
) -> Result<(), Error> {
    let reason = reason_given(reason)?;
    let lease = Lease::take(ctx, opened, "sync").await?;
    let outcome = async {
        let mut tx = opened.store.begin().await?;
        let gone = resolve_person(ctx, opened, &mut tx, from).await?;
        let stays = resolve_person(ctx, opened, &mut tx, into).await?;
        let (a, b) = (gone.row.id, stays.row.id);
        if a == b || gone.row.type_id != stays.row.type_id {
            let problem = format!("`{from}` and `{into}` are not two identities of one type");
            return Err(Error::invalid(problem));
        }
        let moved = Moved::of(&mut tx, opened, gone.row.type_id, a).await?;
        moved.give(ctx, &mut tx, opened, (gone.row.type_id, a), b).await?;
        leave(ctx, &mut tx, opened, &gone.row).await?;
        tx.move_unique_values(a, b).await?;
        tx.insert_merged_entity(&MergedEntity {
            entity: a,
            survivor: b,
            merged_at: ctx.now(),
            merged_by: ctx.actor.clone(),
            reason: reason.into(),
            moved: moved.json().to_string().into(),
        })
        .await?;
        again(ctx, opened, &mut tx, gone.row.type_id, &[b], &[]).await?;
        let detail =
            json!({ "id": a.0, "into": &*stays.key, "reason": reason, "moved": moved.json() });
        journal(ctx, &mut tx, "identity.merge", &gone.key, detail).await?;
        tx.commit().await?;
        Ok(())
    }
    .await;
    lease.release(opened, outcome).await
}

/// Brings back an identity that was merged, named by the key it had, with all that moved and was not moved on since.
pub async fn split_people(
    ctx: &Ctx,
    opened: &Opened,
    merged: &str,
    reason: &str,
) -> Result<(), Error> {
    let reason = reason_given(reason)?;
    let lease = Lease::take(ctx, opened, "sync").await?;
    let outcome = async {
        let mut tx = opened.store.begin().await?;
        let (type_id, entity) = find_merged(opened, &mut tx, merged).await?;
        let a = entity.id;
        let note = tx.merged_entity(a).await?.ok_or_else(|| not_merged(merged))?;
        let b = note.survivor;
        tx.flip_entity_type(a).await?;
        tx.delete_merged_entity(a).await?;
        let row = decode_facts(&opened.model, &opened.names, a, type_id, &entity.facts)?;
        let moved = Moved::from_json(&note.moved).of_survivor(&mut tx, b).await?;
        let orphaned = moved.slots(&mut tx, opened, type_id).await?;
        moved.give(ctx, &mut tx, opened, (type_id, b), a).await?;
        again(ctx, opened, &mut tx, type_id, &[b], &orphaned).await?;
        take_back(&mut tx, opened, &row, b).await?;
        again(ctx, opened, &mut tx, type_id, &[a], &[]).await?;
        tx.unsettle(&[a, b]).await?;
        let detail = json!({ "id": a.0, "reason": reason, "moved": moved.json() });
        journal(ctx, &mut tx, "identity.split", &entity.key, detail).await?;
        tx.commit().await?;
        Ok(())
    }
    .await;
    lease.release(opened, outcome).await
}

fn not_merged(key: &str) -> Error {
    Error::not_found(format!("no identity `{key}` was merged into another one"))
}

async fn find_merged(opened: &Opened, tx: &mut Tx, key: &str) -> Result<(TypeId, Entity), Error> {
    for (entity_type, names) in opened.model.schema.types.iter().zip(&opened.names.types) {
        let found = tx.entities_by_key(-names.no, &[key.into()]).await?;
        if let Some(entity) = found.into_iter().flatten().next() {
            return Ok((entity_type.id, entity));
        }
    }
    Err(not_merged(key))
}

/// What belongs to an identity and goes with it.
#[derive(Debug, Default)]
struct Moved {
    records: Vec<i64>,
    accounts: Vec<i64>,
    assignments: Vec<i64>,
    /// Links that lead to it: the source and the number of the attribute.
    links: Vec<(i64, i64)>,
}

impl Moved {
    async fn of(tx: &mut Tx, opened: &Opened, of: TypeId, id: EntityId) -> Result<Self, Error> {
        let mut links = Vec::new();
        for (source_type, slot) in links_to(opened, of) {
            let Some(no) = opened.names.attribute_no(source_type, slot) else { continue };
            let sources: Vec<Link> = tx.sources_of_many(no, &[id]).await?;
            links.extend(sources.iter().map(|link| (link.source.0, no)));
        }
        let open = tx.assignments_of(id).await?.into_iter().filter(|a| a.ended_at.is_none());
        Ok(Self {
            records: tx.records_of(id).await?.iter().map(|record| record.id.0).collect(),
            accounts: tx.accounts_of(id).await?.iter().map(|account| account.id.0).collect(),
            assignments: open.map(|assignment| assignment.id.0).collect(),
            links,
        })
    }

    fn json(&self) -> Json {
        json!({
            "records": self.records, "accounts": self.accounts, "assignments": self.assignments, "links": self.links,
        })
    }

    fn from_json(text: &str) -> Self {
        let json: Json = serde_json::from_str(text).unwrap_or_default();
        let numbers = |key: &str| -> Vec<i64> {
            let all = json.get(key).and_then(Json::as_array);
            all.map_or_else(Vec::new, |all| all.iter().filter_map(Json::as_i64).collect())
        };
        let pair = |pair: &Json| Some((pair.get(0)?.as_i64()?, pair.get(1)?.as_i64()?));
        let links = json.get("links").and_then(Json::as_array);
        Self {
            records: numbers("records"),
            accounts: numbers("accounts"),
            assignments: numbers("assignments"),
            links: links.map_or_else(Vec::new, |all| all.iter().filter_map(pair).collect()),
        }
    }

    /// What of it the survivor still has.
    async fn of_survivor(mut self, tx: &mut Tx, survivor: EntityId) -> Result<Self, Error> {
        let records: Vec<i64> = tx.records_of(survivor).await?.iter().map(|r| r.id.0).collect();
        let accounts: Vec<i64> = tx.accounts_of(survivor).await?.iter().map(|a| a.id.0).collect();
        let given: Vec<i64> = tx.assignments_of(survivor).await?.iter().map(|a| a.id.0).collect();
        self.records.retain(|id| records.contains(id));
        self.accounts.retain(|id| accounts.contains(id));
        self.assignments.retain(|id| given.contains(id));
        Ok(self)
    }

    /// The attributes that the records speak of.
    async fn slots(&self, tx: &mut Tx, opened: &Opened, of: TypeId) -> Result<Vec<Slot>, Error> {
        let mut slots = Vec::new();
        for (_, read, names) in reads_of(opened, of) {
            for id in &self.records {
                let before = RecordId(id - 1);
                let page = tx.scan_records(names.no, Some(before), 1).await?;
                let Some(record) = page.first().filter(|record| record.id.0 == *id) else {
                    continue;
                };
                if read.by_hand {
                    let said = record_values(read, names, &record.content)?;
                    slots.extend(by_hand(&opened.model.schema, read, &said).iter().map(|s| s.0));
                } else {
                    slots.extend(read.owns.iter().map(|(slot, _)| *slot));
                }
            }
        }
        slots.sort_unstable();
        slots.dedup();
        Ok(slots)
    }

    async fn give(
        &self,
        ctx: &Ctx,
        tx: &mut Tx,
        opened: &Opened,
        (of, from): (TypeId, EntityId),
        to: EntityId,
    ) -> Result<(), Error> {
        let records = self.records.iter().map(|id| (RecordId(*id), Some(to), 100));
        tx.link_records(&records.collect::<Vec<_>>()).await?;
        let ids: Vec<AccountId> = self.accounts.iter().map(|id| AccountId(*id)).collect();
        let accounts = tx.accounts(&ids).await?;
        let links = accounts.iter().map(|a| (a.id, Some(to), a.status, a.confidence));
        tx.link_accounts(&links.collect::<Vec<_>>(), ctx.now()).await?;
        let assignments: Vec<AssignmentId> =
            self.assignments.iter().map(|id| AssignmentId(*id)).collect();
        tx.move_assignments(&assignments, to).await?;
        for (source, attribute_no) in &self.links {
            let place = links_to(opened, of)
                .find(|(t, slot)| opened.names.attribute_no(*t, *slot) == Some(*attribute_no));
            let Some((source_type, slot)) = place else { continue };
            relink(ctx, tx, opened, (EntityId(*source), source_type, slot), (from, to)).await?;
        }
        tx.unsettle(&[from, to]).await?;
        Ok(())
    }
}

/// The link attributes that lead to a type.
fn links_to(opened: &Opened, of: TypeId) -> impl Iterator<Item = (TypeId, Slot)> {
    opened.model.schema.types.iter().flat_map(move |entity_type| {
        let attributes = entity_type.attributes.iter();
        attributes
            .filter(move |a| a.kind.is_kept() && a.value_type == ValueType::Link(of))
            .map(|attribute| (entity_type.id, attribute.slot))
    })
}

/// Lets a link lead somewhere else.
async fn relink(
    ctx: &Ctx,
    tx: &mut Tx,
    opened: &Opened,
    (source, of, slot): (EntityId, TypeId, Slot),
    (from, to): (EntityId, EntityId),
) -> Result<(), Error> {
    let (Some(mut entity), Some(names), Some(entity_type), Some(attribute_no)) = (
        tx.entity(source).await?,
        opened.names.type_names(of),
        opened.model.schema.get(of),
        opened.names.attribute_no(of, slot),
    ) else {
        return Ok(());
    };
    let mut row = decode_facts(&opened.model, &opened.names, source, of, &entity.facts)?;
    let many = entity_type.attribute(slot).is_some_and(|attribute| attribute.many);
    let ends: Vec<Value> = row
        .get(slot)
        .items()
        .iter()
        .map(|end| if *end == Value::Link(from) { Value::Link(to) } else { end.clone() })
        .collect();
    let targets =
        ends.iter().filter_map(|end| if let Value::Link(id) = end { Some(*id) } else { None });
    let targets = targets.collect();
    let value =
        if many { Value::set(ends) } else { ends.into_iter().next().unwrap_or(Value::Null) };
    row.set(slot, value);
    entity.facts = encode_row(&row, &names.numbers, |slot| {
        entity_type.attribute(slot).is_some_and(|attribute| attribute.kind.is_kept())
    });
    (entity.effective_at, entity.recorded_at) = (ctx.now(), ctx.now());
    crate::inbound::replace(tx, std::slice::from_ref(&entity)).await?;
    tx.replace_links(&[LinkSet { source, attribute_no, targets }]).await?;
    tx.unsettle(&[source]).await?;
    Ok(())
}

/// Takes an identity out of its type: nothing evaluates it and no link leads from it.
async fn leave(ctx: &Ctx, tx: &mut Tx, opened: &Opened, row: &Row) -> Result<(), Error> {
    let sets = out_links(opened, row).into_iter().map(|set| LinkSet { targets: Vec::new(), ..set });
    tx.replace_links(&sets.collect::<Vec<_>>()).await?;
    tx.save_evaluations(&[Evaluation {
        entity: row.id,
        state_no: None,
        state_since: None,
        settled: None,
        next_change: None,
        evaluated_at: ctx.now(),
    }])
    .await?;
    tx.flip_entity_type(row.id).await?;
    Ok(())
}

/// Gives an identity that comes back its links and unique values.
async fn take_back(
    tx: &mut Tx,
    opened: &Opened,
    row: &Row,
    survivor: EntityId,
) -> Result<(), Error> {
    tx.replace_links(&out_links(opened, row)).await?;
    let (Some(names), Some(entity_type)) =
        (opened.names.type_names(row.type_id), opened.model.schema.get(row.type_id))
    else {
        return Ok(());
    };
    let unique = entity_type
        .attributes
        .iter()
        .filter(|a| a.unique && a.kind.is_kept() && a.slot != entity_type.key);
    let mut values: Vec<UniqueValue> = unique
        .filter(|attribute| !row.get(attribute.slot).is_null())
        .filter_map(|attribute| {
            Some(UniqueValue {
                type_no: names.no,
                attribute_no: *names.attributes.get(attribute.slot.index())?,
                value_key: row.get(attribute.slot).to_string().to_lowercase().into(),
                entity: survivor,
            })
        })
        .collect();
    tx.drop_unique_values(&values).await?;
    for value in &mut values {
        value.entity = row.id;
    }
    tx.take_unique_values(&values).await?;
    Ok(())
}

fn out_links(opened: &Opened, row: &Row) -> Vec<LinkSet> {
    let Some(entity_type) = opened.model.schema.get(row.type_id) else { return Vec::new() };
    let attributes = entity_type.attributes.iter();
    let links =
        attributes.filter(|a| a.kind.is_kept() && matches!(a.value_type, ValueType::Link(_)));
    links
        .filter_map(|attribute| {
            let ends = row.get(attribute.slot).items().iter();
            let targets = ends
                .filter_map(|end| if let Value::Link(id) = end { Some(*id) } else { None })
                .collect();
            let attribute_no = opened.names.attribute_no(row.type_id, attribute.slot)?;
            Some(LinkSet { source: row.id, attribute_no, targets })
        })
        .collect()
}

/// Works identities out again from the records they have now.
async fn again(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    of: TypeId,
    ids: &[EntityId],
    orphaned: &[Slot],
) -> Result<(), Error> {
    let Some((system, read, names)) = reads_of(opened, of).next() else { return Ok(()) };
    let what: Text = "record".into();
    let source = Source { system, read, names, what: &what };
    let inbound = Inbound::decided(ctx, opened, source, FxHashMap::default()).await?;
    inbound.knowing(None).rederive(tx, ids, "its records are others now", orphaned).await
}
