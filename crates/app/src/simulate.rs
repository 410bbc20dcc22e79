//! What would be: at another time, or with another model. Nothing is kept and no system is asked.

mod ahead;
mod models;

use jiff::Timestamp;
use muster_model::{EntityId, TypeId};
use muster_policy::Evaluation;
use muster_store::{IdRange, ReadTx};

use crate::{
    Error, IdentityFacts, Opened, entities_by_type, load_identities, load_world, load_world_near,
};

pub use ahead::{Event, look_ahead};
pub(crate) use models::CONFLICT;
pub use models::{
    Change, ChangeKind, Impact, ModelQuery, ModelsCompared, PersonImpact, Thing, compare_models,
};

/// Identities loaded at once.
const BATCH: usize = 2048;

/// Evaluates every identity at `now` and hands each to `take`.
pub async fn everybody(
    tx: &mut ReadTx,
    opened: &Opened,
    now: Timestamp,
    mut take: impl FnMut(TypeId, IdentityFacts, Evaluation),
) -> Result<(), Error> {
    let world = load_world(tx, opened, now, None).await?;
    for entity_type in opened.model.schema.types.iter().filter(|entity_type| entity_type.identity) {
        let type_id = entity_type.id;
        let Some(names) = opened.names.type_names(type_id) else { continue };
        let mut range = IdRange { after: EntityId(0), to: EntityId(i64::MAX) };
        loop {
            let rows = tx.scan_identities(names.no, range, BATCH).await?;
            let Some(last) = rows.last() else { break };
            range.after = last.id;
            let ids: Vec<EntityId> = rows.iter().map(|row| row.id).collect();
            for facts in load_identities(tx, opened, type_id, &ids, now).await? {
                let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, now);
                take(type_id, facts, evaluation);
            }
        }
    }
    Ok(())
}

/// Evaluates these entities as they are at `now`, in order of id; those that are not there are left out.
pub(crate) async fn evaluate_these(
    tx: &mut ReadTx,
    opened: &Opened,
    ids: &[EntityId],
    now: Timestamp,
) -> Result<Vec<(IdentityFacts, Evaluation)>, Error> {
    let world = load_world_near(tx, opened, ids, now).await?;
    let mut found = Vec::with_capacity(ids.len());
    for (type_id, ids) in entities_by_type(tx, opened, ids).await? {
        for facts in load_identities(tx, opened, type_id, &ids, now).await? {
            let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, now);
            found.push((facts, evaluation));
        }
    }
    found.sort_by_key(|(facts, _)| facts.row.id);
    Ok(found)
}
