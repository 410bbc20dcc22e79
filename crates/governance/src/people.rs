//! Those who take part in requests, as they are now.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{
    Ctx, Error, IdentityFacts, Kind, Opened, Reach, entity_type, load_identities, load_world_near,
    resolve_person, subject_of,
};
use muster_model::{EntityId, Row, Text, TypeId};
use muster_policy::{Evaluation, MemoryWorld};
use muster_store::ReadTx;

/// Attributes that hold the address of a person, the first one there is.
const ADDRESS: [&str; 2] = ["mail", "email"];
/// How many merges in a row are followed.
const MERGES: usize = 16;

/// Somebody as they are now.
#[derive(Debug)]
pub struct Somebody {
    /// Their facts.
    pub facts: IdentityFacts,
    /// What follows from them.
    pub evaluation: Evaluation,
    /// How they are named.
    pub subject: Text,
}

/// Those of some identities that are there, with what expressions read of others.
#[derive(Debug)]
pub struct People {
    by_id: BTreeMap<EntityId, Somebody>,
    /// What expressions read of others.
    pub world: MemoryWorld,
}

impl People {
    /// Loads and evaluates identities; those that are not there any more are left out.
    pub async fn load(
        opened: &Opened,
        tx: &mut ReadTx,
        ids: BTreeSet<EntityId>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let ids: Vec<EntityId> = ids.into_iter().collect();
        let mut by_type: BTreeMap<TypeId, Vec<EntityId>> = BTreeMap::new();
        for entity in tx.entities(&ids).await? {
            // The type of one that was merged is none.
            let Some(type_id) = entity_type(opened, entity.type_no) else { continue };
            by_type.entry(type_id).or_default().push(entity.id);
        }
        let world = load_world_near(tx, opened, &ids, now).await?;
        let mut by_id = BTreeMap::new();
        for (type_id, ids) in by_type {
            for facts in load_identities(tx, opened, type_id, &ids, now).await? {
                let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, now);
                let subject = subject_of(&opened.model, &facts.row, &facts.key);
                by_id.insert(facts.row.id, Somebody { facts, evaluation, subject });
            }
        }
        Ok(Self { by_id, world })
    }

    /// Somebody of them.
    pub fn get(&self, id: EntityId) -> Option<&Somebody> {
        self.by_id.get(&id)
    }

    /// Somebody who has to be there.
    pub fn need(&self, id: EntityId) -> Result<&Somebody, Error> {
        self.get(id).ok_or_else(|| Error::not_found("the person is not there any more"))
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Somebody> {
        self.by_id.values()
    }

    /// How somebody is shown to people; their number when they are not there any more.
    pub fn display(&self, opened: &Opened, id: EntityId) -> Text {
        self.get(id).map_or_else(|| self.name(id), |found| found.display(opened))
    }

    /// How somebody is named; their number when they are not there any more.
    pub fn name(&self, id: EntityId) -> Text {
        self.get(id).map_or_else(|| format!("entity {id}").into(), |found| found.subject.clone())
    }
}

impl Somebody {
    /// The roles they have, by position.
    pub fn roles(&self) -> Vec<usize> {
        self.evaluation.roles.iter().map(|held| held.role).collect()
    }

    /// Who it is.
    pub fn id(&self) -> EntityId {
        self.facts.row.id
    }

    /// How they are shown to people.
    pub fn display(&self, opened: &Opened) -> Text {
        let of = opened.model.schema.get(self.facts.row.type_id);
        let slot = of.and_then(|of| of.attribute_named("display")).map(|attribute| attribute.slot);
        let shown = slot.and_then(|slot| self.row().get(slot).as_text());
        shown.unwrap_or(&self.subject).clone()
    }

    /// Whether they may act: neither before their first day, nor away, nor gone.
    pub fn works(&self, opened: &Opened) -> bool {
        let behaviour = opened.model.types.get(self.facts.row.type_id.index());
        match (behaviour, self.evaluation.state) {
            (Some(behaviour), Some(state)) => behaviour.works(state),
            _ => true,
        }
    }

    /// Whether they have left for good.
    pub fn has_left(&self, opened: &Opened) -> bool {
        let behaviour = opened.model.types.get(self.facts.row.type_id.index());
        let state = self.evaluation.state;
        state.is_some() && behaviour.is_some_and(|of| of.terminated == state)
    }

    /// Whether they have a role, by position.
    pub fn holds(&self, role: usize) -> bool {
        self.evaluation.roles.iter().any(|held| held.role == role)
    }

    /// Their attributes, computed ones filled in.
    pub fn row(&self) -> &Row {
        &self.evaluation.row
    }

    /// The one identity that this link leads to.
    pub fn link(&self, opened: &Opened, name: &str) -> Option<EntityId> {
        let of = opened.model.schema.get(self.facts.row.type_id)?;
        self.row().get(of.attribute_named(name)?.slot).as_link()
    }
}

/// Under which identity somebody counts: the one into which theirs was merged.
pub async fn canonical(tx: &mut ReadTx, id: EntityId) -> Result<EntityId, Error> {
    let mut id = id;
    for _ in 0..MERGES {
        match tx.merged_entity(id).await? {
            Some(merged) => id = merged.survivor,
            None => break,
        }
    }
    Ok(id)
}

/// Under which names something may wait for somebody: as themselves, for the one in whose place they act, and, with entity 0, as
/// whoever has a role that one of these has.
pub async fn waits_as(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    me: EntityId,
) -> Result<BTreeSet<(EntityId, Text)>, Error> {
    let delegations = tx.delegations_to(me, ctx.now()).await?;
    let all = delegations.iter().map(|of| of.giver).chain([me]).collect();
    let people = People::load(opened, tx, all, ctx.now()).await?;
    let mut names = BTreeSet::new();
    for who in people.iter().filter(|who| who.works(opened)) {
        names.insert((who.id(), "".into()));
        let held = who.evaluation.roles.iter().filter_map(|held| opened.model.roles.get(held.role));
        names.extend(held.map(|role| (EntityId(0), role.name.clone())));
    }
    Ok(names)
}

/// Who acts, for a face that knows them by name.
///
/// # Errors
///
/// `NotFound` when there is no such person.
pub async fn person_named(ctx: &Ctx, opened: &Opened, name: &str) -> Result<EntityId, Error> {
    let mut tx = opened.store.read().await?;
    Ok(resolve_person(ctx, opened, &mut tx, name).await?.row.id)
}

/// An identity by name, whether the caller reaches it or not: who answers for something need not be one of their people.
pub async fn anybody_named(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    name: &str,
) -> Result<EntityId, Error> {
    let ctx = Ctx { reach: Reach::default(), ..ctx.clone() };
    Ok(resolve_person(&ctx, opened, tx, name).await?.row.id)
}

/// How somebody stands at a moment.
#[derive(Debug, Clone)]
pub struct Standing {
    /// How they are named.
    pub subject: Text,
    /// How they are shown to people.
    pub display: Text,
    /// Their attributes, computed ones filled in.
    pub row: Row,
    /// The roles that they have, by position.
    pub roles: Vec<usize>,
    /// Whether they may act: neither before their first day, nor away, nor gone.
    pub works: bool,
    /// Whether they have left for good.
    pub has_left: bool,
}

/// How somebody stands now; `None` when they are not there any more.
pub async fn standing(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    id: EntityId,
) -> Result<Option<Standing>, Error> {
    let people = People::load(opened, tx, [id].into(), ctx.now()).await?;
    Ok(people.get(id).map(|found| Standing {
        subject: found.subject.clone(),
        display: found.display(opened),
        row: found.row().clone(),
        roles: found.roles(),
        works: found.works(opened),
        has_left: found.has_left(opened),
    }))
}

/// The address of somebody; that of a guest is where the model says.
pub(crate) fn address_of(opened: &Opened, found: &Somebody) -> Option<Text> {
    let row = found.row();
    if let Some(guests) = opened.model.guests.as_ref().filter(|of| of.type_id == row.type_id) {
        return row.get(guests.mail).as_text().cloned();
    }
    let of = opened.model.schema.get(row.type_id);
    let mut slots = ADDRESS.iter().filter_map(|name| of?.attribute_named(name));
    slots.find_map(|attribute| row.get(attribute.slot).as_text().cloned())
}

/// Refuses those who may not act.
pub fn need_to_work(opened: &Opened, who: &Somebody) -> Result<(), Error> {
    if who.works(opened) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Denied,
        format!(
            "`{}` has left, is away or has not begun, and decides and asks for nothing",
            who.subject
        ),
    ))
}

/// Refuses what is for somebody who has left.
pub(crate) fn not_left(opened: &Opened, subject: &Somebody) -> Result<(), Error> {
    if subject.has_left(opened) {
        let message = format!("`{}` has left and gets nothing", subject.subject);
        return Err(Error::new(Kind::Denied, message));
    }
    Ok(())
}
