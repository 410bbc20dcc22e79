//! The fact version: counts transactions that changed entities, links, accounts or assignments. What each of them changed is
//! remembered for a while in the process that did it, so that who keeps something made from facts need not look at everything.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use muster_model::EntityId;

use crate::{ReadTx, Store, StoreError, Tx, statement::args};

/// Entities that are remembered at most, all versions together.
const REMEMBERED: usize = 20_000;
/// Versions that are remembered at most.
const VERSIONS: usize = 10_000;

impl Store {
    /// The entities whose own values or assignments changed after version `from` and until version `to`, in order of id.
    /// `None` when that is not known, as when another process changed something, or when it was too much.
    pub fn changed_between(&self, from: i64, to: i64) -> Option<Vec<EntityId>> {
        self.changes(|changes| changes.between(from, to))
    }
}

impl ReadTx {
    /// The present fact version. A plan made at one version is stale at another.
    ///
    /// Bumped once by the commit of each transaction that changed entities, unique values, links, accounts, entitlements or assignments.
    pub async fn facts_version(&mut self) -> Result<i64, StoreError> {
        self.fetch_value("SELECT version FROM fact_version WHERE id = 1", args![]).await
    }
}

impl Tx {
    /// Counts one more transaction that changed facts, and answers the version. The last statement before a commit, so that
    /// writers on PostgreSQL wait for each other as briefly as can be.
    pub(crate) async fn bump_facts_version(&mut self) -> Result<Option<i64>, StoreError> {
        let sql = "UPDATE fact_version SET version = version + 1 WHERE id = 1 RETURNING version";
        Ok(self.fetch_changed(sql, args![]).await?.pop())
    }
}

/// What a transaction changed.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    entities: BTreeSet<EntityId>,
    is_unknown: bool,
}

impl Changed {
    /// Notes entities whose values or assignments change.
    pub(crate) fn note(&mut self, ids: impl IntoIterator<Item = EntityId>) {
        self.entities.extend(ids);
        if self.entities.len() > REMEMBERED {
            self.give_up();
        }
    }

    /// Notes that more changes than can be said.
    pub(crate) fn give_up(&mut self) {
        self.entities.clear();
        self.is_unknown = true;
    }
}

/// What transactions of this process changed, by the version that they made.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    by_version: BTreeMap<i64, Vec<EntityId>>,
    n_entities: usize,
}

impl Changes {
    pub(crate) fn keep(&mut self, version: i64, changed: &mut Changed) {
        let Changed { entities, is_unknown } = mem::take(changed);
        if is_unknown {
            // Nobody can go on from before this version.
            (self.by_version, self.n_entities) = (BTreeMap::new(), 0);
            return;
        }
        self.n_entities += entities.len();
        self.by_version.insert(version, entities.into_iter().collect());
        while self.n_entities > REMEMBERED || self.by_version.len() > VERSIONS {
            let Some((_, oldest)) = self.by_version.pop_first() else { break };
            self.n_entities -= oldest.len();
        }
    }

    fn between(&self, from: i64, to: i64) -> Option<Vec<EntityId>> {
        let mut changed = BTreeSet::new();
        for version in from.saturating_add(1)..=to {
            changed.extend(self.by_version.get(&version)?);
        }
        Some(changed.into_iter().collect())
    }
}
