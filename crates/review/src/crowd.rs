//! Everybody as far as it decides who is asked: whether they work, whom their links lead to, which roles they have.

use std::collections::{BTreeMap, BTreeSet};

use muster_app::{Ctx, Error, Kind, Opened, Reach, list_role_holders};
use muster_governance::{People, anybody_named};
use muster_model::{EntityId, Slot, Text};
use muster_policy::{AccessReview, Approver, Evaluation, ReviewStage, Reviewer};
use muster_store::ReadTx;

use crate::person::Person;

/// How many managers up a decision goes when those below may not take it.
const LEVELS: usize = 8;

/// Holders of a role among whom one is found who may decide.
const HOLDERS: usize = 50;

/// Who is asked about an item.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Stage by stage.
    pub(crate) reviewers: Vec<EntityId>,
    /// The rule by which each of them was found: the stage, or `fallback`.
    pub(crate) rules: Vec<String>,
    /// Who where a stage has nobody.
    pub(crate) fallback: EntityId,
}

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

    /// These people and whoever may be asked about them, as far as links lead. Nobody else is looked at; who has a role is
    /// known from the last look at everybody.
    pub(crate) async fn near(
        ctx: &Ctx,
        opened: &'a Opened,
        tx: &mut ReadTx,
        review: &AccessReview,
        people: &[Person],
    ) -> Result<Self, Error> {
        let named = named(ctx, opened, tx).await?;
        let mut ahead: BTreeSet<EntityId> = named.values().copied().collect();
        let mut crowd = Self::new(opened, named);
        ahead.extend(crowd.holders_of(ctx, review).await?);
        for person in people {
            crowd.add(person.facts.row.id, &person.evaluation);
        }
        for _ in 0..=LEVELS {
            let linked = crowd.by_id.values().flat_map(|one| &one.links).map(|(_, to)| *to);
            ahead.extend(linked);
            ahead.retain(|id| !crowd.by_id.contains_key(id));
            if ahead.is_empty() {
                break;
            }
            let more = People::load(opened, tx, std::mem::take(&mut ahead), ctx.now()).await?;
            for somebody in more.iter() {
                crowd.add(somebody.id(), &somebody.evaluation);
            }
        }
        Ok(crowd)
    }

    /// The first holders of each role that may be asked.
    async fn holders_of(&self, ctx: &Ctx, review: &AccessReview) -> Result<Vec<EntityId>, Error> {
        let stages = review.stages.iter().filter_map(|stage| match &stage.by {
            Reviewer::By(by) => Some(by),
            Reviewer::Own | Reviewer::Owner => None,
        });
        let all = &self.opened.model.roles;
        let asked = stages.chain([&review.fallback]).filter_map(|by| match by {
            Approver::Role(role) => all.get(*role),
            Approver::Link(_) | Approver::Person(_) => None,
        });
        let is_owned = review.stages.iter().any(|stage| stage.by == Reviewer::Owner);
        let owners = all.iter().filter_map(|role| role.owner.as_ref()).filter(|_| is_owned);
        let owners = owners.filter_map(|name| all.iter().find(|role| role.name == *name));
        let roles: BTreeSet<&Text> = asked.chain(owners).map(|role| &role.name).collect();
        let ctx = Ctx { reach: Reach::default(), ..ctx.clone() };
        let mut found = Vec::new();
        for role in roles {
            let (page, _) = list_role_holders(&ctx, self.opened, role, 0, HOLDERS).await?;
            found.extend(page.items.into_iter().map(|holder| holder.person.id));
        }
        Ok(found)
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
    /// nobody at all. Nobody is asked about themselves but where the stage says so: whoever is asked first about the fallback
    /// takes their place.
    pub(crate) fn asked(
        &self,
        review: &AccessReview,
        subject: Option<EntityId>,
        thing: &Text,
    ) -> Option<Asked> {
        let of = |by: &Reviewer| match by {
            Reviewer::Own => subject.filter(|id| self.works(*id)),
            Reviewer::Owner => self.owner(subject, thing),
            Reviewer::By(by) => self.by(by, subject),
        };
        let stages: Vec<_> = review.stages.iter().map(|stage| (stage, of(&stage.by))).collect();
        let fallback = self.by(&review.fallback, subject).or_else(|| {
            let mut found = stages.iter().filter_map(|(_, found)| *found);
            found.find(|id| Some(*id) != subject)
        })?;
        Some(Asked {
            reviewers: stages.iter().map(|(_, found)| found.unwrap_or(fallback)).collect(),
            rules: stages.iter().map(|(stage, found)| rule(stage, *found)).collect(),
            fallback,
        })
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

fn rule(stage: &ReviewStage, found: Option<EntityId>) -> String {
    found.map_or_else(|| "fallback".to_owned(), |_| stage.name.to_string())
}

/// The people whom the model names as reviewers, fallbacks and owners.
fn names(opened: &Opened) -> BTreeSet<Text> {
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

/// Whoever the model names, by what it calls them.
pub(crate) async fn named(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
) -> Result<BTreeMap<Text, EntityId>, Error> {
    let mut named = BTreeMap::new();
    for name in names(opened) {
        match anybody_named(ctx, opened, tx, &name).await {
            Ok(id) => _ = named.insert(name, id),
            // It may be a role.
            Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Invalid) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(named)
}
