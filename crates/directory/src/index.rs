//! Where to look: for each attribute the values and whose they are, for each group its members, for each entry its name.
//!
//! It is made of everything that is shown, once. When facts change, only those are looked at again whom that can concern, while
//! others go on using the former one. So it only says where to look: whatever it finds is looked at again as it is now, and
//! what only it knows, that is members and names in other entries, may lag behind by as long as that takes.

mod column;
mod grams;
mod making;
mod part;
mod pieces;

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use muster_app::{Error, Opened, changes_since, linking_to, reached};
use muster_model::{EntityId, Text};
use muster_store::ReadTx;
use rustc_hash::FxHashSet;

use crate::{
    entry::{self, Subject},
    layout::Layout,
};
use column::Columns;
use making::{make_all, make_some};
use part::{Part, entity_of};

pub(crate) use column::compare;
pub(crate) use making::linked;
pub(crate) use pieces::{Pieces, contains};

/// Entities that are kept beside the great part before they become part of it.
const BESIDE: usize = 5_000;
/// Looking at more than these again costs as much as looking at everything.
const MANY: usize = 2_000;

/// Where to look, as of one state of the repository.
#[derive(Debug, Default, Clone)]
pub(crate) struct Index {
    /// The state of the repository that it is right for.
    pub(crate) version: i64,
    great: Arc<Part>,
    /// What is right of those who changed since the great part was made.
    fresh: Arc<Part>,
    /// Who changed since.
    replaced: Arc<FxHashSet<EntityId>>,
}

impl Index {
    /// Looks at everything.
    pub(crate) async fn make(
        opened: &Opened,
        layout: &Layout,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut tx = opened.store.read().await?;
        let version = tx.facts_version().await?;
        let mut great = make_all(&mut tx, opened, layout, now).await?;
        let great = beside(move || {
            great.sort();
            great
        })
        .await?;
        Ok(Self { version, great: Arc::new(great), ..Self::default() })
    }

    /// The index as it is right now; `None` where it is this one.
    pub(crate) async fn renewed(
        &self,
        opened: &Opened,
        layout: &Layout,
        now: Timestamp,
    ) -> Result<Option<Self>, Error> {
        let (mut tx, version, changed) = changes_since(opened, self.version).await?;
        let due = self.due(now);
        if version == self.version && due.is_empty() {
            return Ok(None);
        }
        let ids = match changed {
            Some(changed) => reached(&mut tx, opened, changed, due, MANY).await?,
            None => None,
        };
        let Some(ids) = ids else {
            drop(tx);
            return Self::make(opened, layout, now).await.map(Some);
        };
        let fresh = self.look_again(&mut tx, opened, layout, ids, now).await?;
        Ok(Some(match fresh {
            Some((fresh, ids)) => Self { version, ..self.with(fresh, ids).await? },
            None => Self { version, ..self.clone() },
        }))
    }

    /// Looks at some entities again, and at those that name them where they are called otherwise now.
    async fn look_again(
        &self,
        tx: &mut ReadTx,
        opened: &Opened,
        layout: &Layout,
        mut ids: BTreeSet<EntityId>,
        now: Timestamp,
    ) -> Result<Option<(Part, BTreeSet<EntityId>)>, Error> {
        if ids.is_empty() {
            return Ok(None);
        }
        let mut part = make_some(tx, opened, layout, &ids, self, now).await?;
        if self.great.names_others || self.fresh.names_others {
            let is_renamed = |id: &EntityId| self.naming(*id) != part.naming(*id);
            let renamed: Vec<EntityId> = ids.iter().copied().filter(is_renamed).collect();
            let n_before = ids.len();
            ids.extend(linking_to(tx, opened, &renamed).await?);
            if ids.len() > n_before {
                part = make_some(tx, opened, layout, &ids, self, now).await?;
            }
        }
        Ok(Some((part, ids)))
    }

    /// This index where what is known of some entities is replaced.
    async fn with(&self, part: Part, ids: BTreeSet<EntityId>) -> Result<Self, Error> {
        let ids: FxHashSet<EntityId> = ids.into_iter().collect();
        let fresh = self.fresh.with(&ids, &part);
        let replaced = &ids | &self.replaced;
        if replaced.len() <= BESIDE {
            let (fresh, replaced) = (Arc::new(fresh), Arc::new(replaced));
            return Ok(Self { fresh, replaced, ..self.clone() });
        }
        let great = Arc::clone(&self.great);
        let great = beside(move || great.with(&replaced, &fresh)).await?;
        Ok(Self { great: Arc::new(great), ..Self::default() })
    }

    /// Whether what it knows is right for a state of the repository at an instant, so that nobody else has to be asked.
    pub(crate) fn is_right(&self, version: i64, now: Timestamp) -> bool {
        self.version == version && self.due(now).is_empty()
    }

    /// Those of whom something else is right by the passing of time alone.
    fn due(&self, now: Timestamp) -> Vec<EntityId> {
        let great = self.great.due(now).filter(|id| !self.replaced.contains(id));
        great.chain(self.fresh.due(now)).collect()
    }

    /// The entities of a container, in order of id.
    pub(crate) fn all(&self, place: usize) -> Vec<EntityId> {
        let great = self.great.all(place).iter().filter(|id| !self.replaced.contains(id));
        let mut all: Vec<EntityId> = great.chain(self.fresh.all(place)).copied().collect();
        all.sort();
        all
    }

    /// The values of an attribute in a container.
    pub(crate) fn column(&self, place: usize, attribute: &str) -> Columns<'_> {
        let attribute = attribute.to_ascii_lowercase();
        Columns {
            great: self.great.column(place, &attribute),
            fresh: self.fresh.column(place, &attribute),
            replaced: &self.replaced,
        }
    }

    /// The container of an entity and the value that names it.
    pub(crate) fn naming(&self, id: EntityId) -> Option<(usize, &Text)> {
        let part = if self.replaced.contains(&id) { &self.fresh } else { &self.great };
        part.naming(id)
    }

    /// The name of what is shown of an entity.
    pub(crate) fn dn(&self, layout: &Layout, id: EntityId) -> Option<String> {
        let (place, naming) = self.naming(id)?;
        Some(entry::dn(layout.places.get(place)?, naming))
    }

    /// The members of a group, in order.
    pub(crate) fn members(&self, group: Subject) -> Vec<Subject> {
        let mut members: Vec<Subject> = self.each_member(group).collect();
        members.sort();
        members.dedup();
        members
    }

    /// Whether a group has members.
    pub(crate) fn has_members(&self, group: Subject) -> bool {
        self.each_member(group).next().is_some()
    }

    /// The members of a group; one may come twice.
    fn each_member(&self, group: Subject) -> impl Iterator<Item = Subject> {
        let is_replaced =
            |of: &Subject| entity_of(of).is_some_and(|id| self.replaced.contains(&id));
        let said = self.great.say_they_are_in(group).iter().filter(move |who| !is_replaced(who));
        let lists = if is_replaced(&group) { &self.fresh } else { &self.great };
        // Who is not shown is no member.
        let is_shown = |of: &&Subject| entity_of(of).is_none_or(|id| self.naming(id).is_some());
        let all = said.chain(self.fresh.say_they_are_in(group)).chain(lists.listed_by(group));
        all.filter(is_shown).copied()
    }

    /// Everybody who is in a group, also through others.
    pub(crate) fn all_members(&self, group: Subject) -> Vec<Subject> {
        let mut seen = BTreeSet::new();
        let mut ahead = vec![group];
        while let Some(group) = ahead.pop() {
            ahead.extend(self.each_member(group).filter(|member| seen.insert(*member)));
        }
        seen.into_iter().collect()
    }
}

/// Works on a thread of its own, so that others are answered meanwhile.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::bug("an index was not made").caused_by(error))
}
