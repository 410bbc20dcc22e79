//! Writes what a chunk decided: entities, links, records, and whom to look at again.

use muster_app::{Error, Kind};
use muster_model::{EntityId, Row, Slot, encode_row};
use muster_store::{Entity, Evaluation, Record, RecordId, Sequence, Tx};
use rustc_hash::FxHashSet;

use super::{Arrival, Inbound};
use crate::{dependents::dependents, workflows::note_changes};

impl Inbound<'_> {
    /// Writes entities, links, records and whom to look at again; answers the known entities that changed.
    pub(super) async fn write(
        &mut self,
        tx: &mut Tx,
        arrivals: &[Arrival<'_>],
    ) -> Result<FxHashSet<EntityId>, Error> {
        let kept = |slot: Slot| {
            self.entity_type.attribute(slot).is_some_and(|attribute| attribute.kind.is_kept())
        };
        let mut new = Vec::new();
        let mut changed = Vec::new();
        for arrival in arrivals {
            let facts = encode_row(&arrival.row, &self.type_names.numbers, kept);
            let entity = Entity {
                id: arrival.row.id,
                type_no: self.type_names.no,
                key: arrival.key.clone(),
                version: arrival.before.as_ref().map_or(1, |(entity, _)| entity.version),
                facts,
                absent_since: arrival.absent_since,
                effective_at: self.now,
                recorded_at: self.now,
            };
            match &arrival.before {
                None => new.push(entity),
                Some((before, _))
                    if before.facts != entity.facts
                        || before.absent_since != entity.absent_since
                        || before.key != entity.key =>
                {
                    changed.push(entity);
                }
                Some(_) => {}
            }
        }
        tx.insert_entities(&new).await?;
        replace(tx, &changed).await?;
        self.write_links(tx, arrivals).await?;
        self.write_records(tx, arrivals).await?;
        let changed: FxHashSet<EntityId> = changed.iter().map(|entity| entity.id).collect();
        self.look_again(tx, arrivals, &changed).await?;
        self.count("create", new.len() as u64);
        self.journal(tx, arrivals, &changed).await?;
        Ok(changed)
    }

    async fn write_records(&self, tx: &mut Tx, arrivals: &[Arrival<'_>]) -> Result<(), Error> {
        let with_record = arrivals.iter().filter_map(|arrival| Some((arrival, arrival.staged?)));
        let n_new = with_record.clone().filter(|(arrival, _)| arrival.record.is_none()).count();
        let mut next = if n_new > 0 { tx.take_ids(Sequence::Record, n_new).await? } else { 0 };
        let (mut new, mut known) = (Vec::new(), Vec::new());
        for (arrival, staged) in with_record {
            let id = arrival.record.unwrap_or(RecordId(next));
            let record = Record {
                id,
                read_no: self.source.names.no,
                key: staged.key.clone(),
                native_id: staged.native_id.clone(),
                entity: Some(arrival.row.id),
                fingerprint: staged.fingerprint,
                content: staged.content.clone(),
                absent_since: None,
                confidence: arrival.confidence,
                line: i64::try_from(staged.line).unwrap_or(0),
            };
            if arrival.record.is_some() {
                known.push(record);
            } else {
                next += 1;
                new.push(record);
            }
        }
        tx.insert_records(&new).await?;
        tx.update_records(&known).await?;
        Ok(())
    }

    /// New identities are to be evaluated; changed ones, and whoever reads them, again.
    async fn look_again(
        &self,
        tx: &mut Tx,
        arrivals: &[Arrival<'_>],
        changed: &FxHashSet<EntityId>,
    ) -> Result<(), Error> {
        let new = arrivals.iter().filter(|arrival| arrival.before.is_none());
        if self.entity_type.identity {
            let fresh: Vec<Evaluation> = new
                .clone()
                .map(|arrival| Evaluation {
                    entity: arrival.row.id,
                    state_no: None,
                    state_since: None,
                    settled: None,
                    next_change: None,
                    evaluated_at: self.now,
                })
                .collect();
            tx.save_evaluations(&fresh).await?;
        }
        let rows: Vec<(Option<&Row>, &Row)> = arrivals
            .iter()
            .filter(|arrival| arrival.before.is_none() || changed.contains(&arrival.row.id))
            .map(|arrival| (arrival.before.as_ref().map(|(_, row)| row), &arrival.row))
            .collect();
        note_changes(tx, self.opened, self.entity_type.id, &rows, self.now).await?;
        muster_review::note_moves(tx, self.opened, self.entity_type.id, &rows, self.now).await?;
        let mut again = dependents(tx, self.opened, self.entity_type.id, &rows).await?;
        again.extend(changed);
        tx.unsettle(&again.into_iter().collect::<Vec<_>>()).await?;
        Ok(())
    }
}

/// Replaces entities, each of which must still be as it was read.
pub(crate) async fn replace(tx: &mut Tx, entities: &[Entity]) -> Result<(), Error> {
    let lost = tx.update_entities(entities).await?;
    let Some(id) = lost.first() else { return Ok(()) };
    let problem = format!("entity {id} was changed by somebody else during the run");
    Err(Error::new(Kind::Conflict, problem).hint("run it again"))
}
