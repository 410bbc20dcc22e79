//! Everybody as far as it decides who is asked: whether they work, whom their links lead to, which roles they have.

use std::collections::{BTreeMap, BTreeSet};

use muster_app::Opened;
use muster_model::{EntityId, Slot, Text};
use muster_policy::{AccessReview, Approver, Evaluation, Reviewer};

/// How many managers up a decision goes when those below may not take it.
const LEVELS: usize = 8;

/// One of them.
#[derive(Debug)]
struct One {
    works: bool,
    links: Vec<(Slot, EntityId)>,
}

/// Everybody.
#[derive(Debug)]
pub(crate) struct Crowd<'a> {
    opened: &'a Opened,
    slots: BTreeSet<Slot>,
    by_id: BTreeMap<EntityId, One>,
    holders: BTreeMap<usize, Vec<EntityId>>,
    named: BTreeMap<Text, EntityId>,
}

impl<'a> Crowd<'a> {
    /// Nobody yet; `named` are the people whom the model names, by what it calls them.
    pub(crate) fn new(opened: &'a Opened, named: BTreeMap<Text, EntityId>) -> Self {
        let mut slots = BTreeSet::new();
        for review in &opened.model.access_reviews {
            for stage in &review.stages {
                if let Reviewer::By(Approver::Link(slot)) = stage.by {
                    slots.insert(slot);
                }
            }
        }
        Self { opened, slots, by_id: BTreeMap::new(), holders: BTreeMap::new(), named }
    }

    /// Adds somebody.
    pub(crate) fn add(&mut self, id: EntityId, evaluation: &Evaluation) {
        let behaviour = self.opened.model.types.get(evaluation.row.type_id.index());
        let works = match (behaviour, evaluation.state) {
            (Some(behaviour), Some(state)) => behaviour.works(state),
            _ => true,
        };
        let link = |slot: &Slot| Some((*slot, evaluation.row.get(*slot).as_link()?));
        let links = self.slots.iter().filter_map(link).collect();
        self.by_id.insert(id, One { works, links });
        for held in evaluation.roles.iter().filter(|_| works) {
            self.holders.entry(held.role).or_default().push(id);
        }
    }

    /// Who is asked about an item of `subject`, stage by stage, and who where a stage has nobody. `None` when there is
    /// nobody at all. Nobody is asked about themselves but where the stage says so.
    pub(crate) fn asked(
        &self,
        review: &AccessReview,
        subject: Option<EntityId>,
        thing: &Text,
    ) -> Option<(Vec<EntityId>, EntityId)> {
        let fallback = self.by(&review.fallback, subject)?;
        let of = |by: &Reviewer| match by {
            Reviewer::Own => subject.filter(|id| self.works(*id)),
            Reviewer::Owner => self.owner(subject, thing),
            Reviewer::By(by) => self.by(by, subject),
        };
        let stages = review.stages.iter().map(|stage| of(&stage.by).unwrap_or(fallback));
        Some((stages.collect(), fallback))
    }

    fn works(&self, id: EntityId) -> bool {
        self.by_id.get(&id).is_some_and(|one| one.works)
    }

    fn may(&self, id: EntityId, subject: Option<EntityId>) -> bool {
        Some(id) != subject && self.works(id)
    }

    fn by(&self, by: &Approver, subject: Option<EntityId>) -> Option<EntityId> {
        match by {
            Approver::Link(slot) => {
                let mut at = subject?;
                for _ in 0..LEVELS {
                    let links = &self.by_id.get(&at)?.links;
                    at = links.iter().find(|(of, _)| of == slot)?.1;
                    if self.may(at, subject) {
                        return Some(at);
                    }
                }
                None
            }
            Approver::Person(name) => {
                self.named.get(name).copied().filter(|id| self.may(*id, subject))
            }
            Approver::Role(role) => {
                let holders = self.holders.get(role).map_or(&[][..], Vec::as_slice);
                holders.iter().copied().filter(|id| self.may(*id, subject)).min()
            }
        }
    }

    /// Whoever answers for the role, or for a role that grants the entitlement.
    fn owner(&self, subject: Option<EntityId>, thing: &Text) -> Option<EntityId> {
        let roles = &self.opened.model.roles;
        let owner = roles.iter().find(|role| role.name == *thing)?.owner.as_ref()?;
        match roles.iter().position(|role| role.name == *owner) {
            Some(role) => self.by(&Approver::Role(role), subject),
            None => self.by(&Approver::Person(owner.clone()), subject),
        }
    }
}

/// The people whom the model names as reviewers, fallbacks and owners.
pub(crate) fn names(opened: &Opened) -> BTreeSet<Text> {
    let mut names = BTreeSet::new();
    for review in &opened.model.access_reviews {
        let stages = review.stages.iter().filter_map(|stage| match &stage.by {
            Reviewer::By(by) => Some(by),
            Reviewer::Own | Reviewer::Owner => None,
        });
        names.extend(stages.chain([&review.fallback]).filter_map(|by| match by {
            Approver::Person(name) => Some(name.clone()),
            Approver::Link(_) | Approver::Role(_) => None,
        }));
    }
    names.extend(opened.model.roles.iter().filter_map(|role| role.owner.clone()));
    names
}
