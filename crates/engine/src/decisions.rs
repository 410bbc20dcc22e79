//! What people decided about records and accounts, ready to be asked while they are correlated.

use muster_app::Error;
use muster_model::{EntityId, Text};
use muster_store::{Matched, Number, ReadTx, Verdict};
use rustc_hash::{FxHashMap, FxHashSet};

/// The decisions about the records of a read, or the accounts of a type.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    decided: FxHashMap<Text, Decided>,
    not: FxHashMap<Text, FxHashSet<EntityId>>,
}

/// What holds for a record or an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decided {
    /// It belongs to this entity.
    Link(EntityId),
    /// It stands for a new entity.
    New,
    /// It is none of our business.
    Nobody,
}

impl Decisions {
    /// Loads them. Who was merged stands for the survivor; entities that are gone are passed over.
    pub(crate) async fn load(
        tx: &mut ReadTx,
        subject: Matched,
        scope_no: Number,
    ) -> Result<Self, Error> {
        let mut decisions = Self::default();
        for decision in tx.match_decisions_of(subject, scope_no).await? {
            let decided = match decision.verdict {
                Verdict::Not => {
                    decisions.not.entry(decision.key).or_default().insert(decision.entity);
                    continue;
                }
                Verdict::New => Decided::New,
                Verdict::Nobody => Decided::Nobody,
                Verdict::Link => {
                    let mut entity = decision.entity;
                    while let Some(merged) = tx.merged_entity(entity).await? {
                        entity = merged.survivor;
                    }
                    if tx.entity(entity).await?.is_none() {
                        continue;
                    }
                    Decided::Link(entity)
                }
            };
            decisions.decided.insert(decision.key, decided);
        }
        Ok(decisions)
    }

    /// Takes in a decision that is not written yet.
    pub(crate) fn note(&mut self, key: Text, decided: Decided) {
        self.decided.insert(key, decided);
    }

    /// What was decided about this one.
    pub(crate) fn about(&self, key: &str) -> Option<Decided> {
        self.decided.get(key).copied()
    }

    /// True when it was decided that this one does not belong to the entity.
    pub(crate) fn rules_out(&self, key: &str, entity: EntityId) -> bool {
        self.not.get(key).is_some_and(|not| not.contains(&entity))
    }
}
