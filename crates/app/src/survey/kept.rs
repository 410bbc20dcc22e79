//! The last look at everybody, kept in memory and renewed for those whom a change can concern.
//!
//! It is made when it is first asked for. It says of whom a list consists; whoever is shown is evaluated as they are now.

use std::{collections::BTreeSet, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use muster_model::EntityId;
use muster_store::ReadTx;
use tokio::sync::Mutex;

use super::found::{Everybody, Found};
use crate::{
    Error, Opened,
    duties::Duties,
    reached::{changes_since, reached},
    simulate::{evaluate_these, everybody},
};

/// Identities that are looked at again; where more are to be, looking at everybody costs less.
const MANY: usize = 10_000;

/// Whoever began to ask so much earlier than the last look was made sees what it found.
const MEANWHILE: SignedDuration = SignedDuration::from_secs(10);

/// What was found by the last look.
#[derive(Debug, Default)]
pub(crate) struct Survey(Mutex<Option<Arc<Look>>>);

/// What was found of everybody, as of one state of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) everybody: Everybody,
    version: i64,
    at: Timestamp,
    pub(crate) duties: Duties,
}

impl Survey {
    /// What is right now. Who asks meanwhile waits, and has no work of their own.
    pub(crate) async fn look(&self, opened: &Opened, now: Timestamp) -> Result<Arc<Look>, Error> {
        let mut kept = self.0.lock().await;
        let look = match &*kept {
            Some(known) => known.renewed(opened, now).await?,
            None => Some(Look::make(opened, now).await?),
        };
        if let Some(look) = look {
            *kept = Some(Arc::new(look));
        }
        kept.as_ref().map(Arc::clone).ok_or_else(|| Error::bug("nobody was looked at"))
    }
}

impl Look {
    /// Looks at everybody.
    pub(crate) async fn make(opened: &Opened, now: Timestamp) -> Result<Self, Error> {
        let mut tx = opened.store.read().await?;
        let version = tx.facts_version().await?;
        let duties = Duties::load(&mut tx, opened).await?;
        let held = duties.held_by_all(&mut tx, opened).await?;
        let mut found = Vec::new();
        everybody(&mut tx, opened, now, |_, _, evaluation| {
            let held = held.get(&evaluation.row.id);
            found.push(Found::of(opened, &evaluation, &duties, held));
        })
        .await?;
        Ok(Self { everybody: Everybody::new(found), version, at: now, duties })
    }

    /// This look as it is right now; `None` where it is.
    async fn renewed(&self, opened: &Opened, now: Timestamp) -> Result<Option<Self>, Error> {
        let (mut tx, version, changed) = changes_since(opened, self.version).await?;
        let due = self.everybody.due(now);
        let is_past = self.at.duration_since(now) > MEANWHILE;
        if version == self.version && due.is_empty() && !is_past {
            return Ok(None);
        }
        let is_other = is_past
            || (version != self.version && Duties::load(&mut tx, opened).await? != self.duties);
        let holders = opened.store.holders_changed_between(self.version, version);
        let ids = match (changed, holders) {
            (Some(changed), Some(holders)) if !is_other => {
                let reached = reached(&mut tx, opened, changed, due, MANY).await?;
                reached.map(|ids| ids.into_iter().chain(holders).chain(self.everybody.outside()))
            }
            _ => None,
        };
        let Some(ids) = ids else {
            drop(tx);
            return Self::make(opened, now).await.map(Some);
        };
        let ids: BTreeSet<EntityId> = ids.collect();
        let ids: Vec<EntityId> = ids.into_iter().collect();
        let mut look = Self { version, at: now.max(self.at), ..self.clone() };
        look.again(&mut tx, opened, &ids).await?;
        Ok(Some(look))
    }

    async fn again(
        &mut self,
        tx: &mut ReadTx,
        opened: &Opened,
        ids: &[EntityId],
    ) -> Result<(), Error> {
        let mut gone: BTreeSet<EntityId> = ids.iter().copied().collect();
        let held = self.duties.held_by(tx, ids).await?;
        for (_, evaluation) in evaluate_these(tx, opened, ids, self.at).await? {
            let of = opened.model.schema.get(evaluation.row.type_id);
            if !of.is_some_and(|of| of.identity) {
                continue;
            }
            gone.remove(&evaluation.row.id);
            let held = held.get(&evaluation.row.id);
            let found = Found::of(opened, &evaluation, &self.duties, held);
            self.everybody.put(found.id, Some(found));
        }
        for id in gone {
            self.everybody.put(id, None);
        }
        Ok(())
    }
}
