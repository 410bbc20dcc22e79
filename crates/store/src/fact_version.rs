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
        self.changes(|changes| changes.between(from, to, |version| Some(&version.entities)))
    }

    /// The entities whose accounts were made, changed or linked to them in that time, in order of id. Who lost an account is
    /// not among them. `None` as with [`Store::changed_between`].
    pub fn holders_changed_between(&self, from: i64, to: i64) -> Option<Vec<EntityId>> {
        self.changes(|changes| changes.between(from, to, |version| version.holders.as_ref()))
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
    /// Those whose accounts changed; not more than are remembered.
    holders: BTreeSet<EntityId>,
    is_unknown: bool,
    are_holders_unknown: bool,
}

impl Changed {
    /// Notes entities whose values or assignments change.
    pub(crate) fn note(&mut self, ids: impl IntoIterator<Item = EntityId>) {
        self.entities.extend(ids);
        if self.entities.len() > REMEMBERED {
            self.give_up();
        }
    }

    /// Notes entities whose accounts change.
    pub(crate) fn note_holders(&mut self, ids: impl IntoIterator<Item = EntityId>) {
        self.holders.extend(ids);
        if self.holders.len() > REMEMBERED {
            self.holders.clear();
            self.are_holders_unknown = true;
        }
    }

    /// Notes that more changes than can be said.
    pub(crate) fn give_up(&mut self) {
        self.entities.clear();
        self.is_unknown = true;
    }
}

/// What one transaction changed, as it is remembered.
#[derive(Debug)]
struct Version {
    entities: Vec<EntityId>,
    /// `None` when they are too many.
    holders: Option<Vec<EntityId>>,
}

impl Version {
    fn len(&self) -> usize {
        self.entities.len() + self.holders.as_ref().map_or(0, Vec::len)
    }
}

/// What transactions of this process changed, by the version that they made.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    by_version: BTreeMap<i64, Version>,
    n_entities: usize,
}

impl Changes {
    pub(crate) fn keep(&mut self, version: i64, changed: &mut Changed) {
        let Changed { entities, holders, is_unknown, are_holders_unknown } = mem::take(changed);
        if is_unknown {
            // Nobody can go on from before this version.
            (self.by_version, self.n_entities) = (BTreeMap::new(), 0);
            return;
        }
        let holders = (!are_holders_unknown).then(|| holders.into_iter().collect());
        let made = Version { entities: entities.into_iter().collect(), holders };
        self.n_entities += made.len();
        self.by_version.insert(version, made);
        while self.n_entities > REMEMBERED || self.by_version.len() > VERSIONS {
            let Some((_, oldest)) = self.by_version.pop_first() else { break };
            self.n_entities -= oldest.len();
        }
    }

    /// What `of` says of all versions after `from` and until `to` together.
    fn between(
        &self,
        from: i64,
        to: i64,
        of: impl Fn(&Version) -> Option<&Vec<EntityId>>,
    ) -> Option<Vec<EntityId>> {
        let mut changed = BTreeSet::new();
        for version in from.saturating_add(1)..=to {
            changed.extend(of(self.by_version.get(&version)?)?);
        }
        Some(changed.into_iter().collect())
    }
}
