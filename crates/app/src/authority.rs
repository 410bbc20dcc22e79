//! What a person may do in Muster, and for whom: the `muster:` of the roles they have.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use muster_lang::{Binding, Clock, Frame, World};
use muster_model::{AttributeKind, EntityId, Row, Text};
use muster_policy::{Administration, MemoryWorld, Model, Right};
use muster_store::ReadTx;

use crate::{
    Ctx, Error, IdentityFacts, Kind, Opened, entity_type, load_identities, load_world_near,
    subject_of,
};

/// A person with what their roles allow in Muster.
#[derive(Debug)]
pub struct Authority {
    person: EntityId,
    subject: Text,
    row: Row,
    /// Positions of the roles held.
    roles: Vec<usize>,
    model: Arc<Model>,
}

impl Authority {
    /// What this person may do now; `None` when there is no such person. Who has left or is suspended may do nothing.
    pub async fn of(ctx: &Ctx, opened: &Opened, person: EntityId) -> Result<Option<Self>, Error> {
        let mut tx = opened.store.read().await?;
        let Some(entity) = tx.entity(person).await? else { return Ok(None) };
        let Some(type_id) = entity_type(opened, entity.type_no) else { return Ok(None) };
        let found = load_identities(&mut tx, opened, type_id, &[person], ctx.now()).await?;
        let Some(facts) = found.into_iter().next() else { return Ok(None) };
        let world = load_world_near(&mut tx, opened, &[person], ctx.now()).await?;
        let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, ctx.now());
        let behaviour = opened.model.types.get(type_id.index());
        let works = behaviour.is_some_and(|of| {
            let state = evaluation.state;
            state.is_none() || (state != of.terminated && state != of.suspended)
        });
        let held = evaluation.roles.iter().map(|held| held.role);
        let roles = if works { held.collect() } else { Vec::new() };
        let subject = subject_of(&opened.model, &facts.row, &facts.key);
        let model = Arc::clone(&opened.model);
        Ok(Some(Self { person, subject, row: evaluation.row, roles, model }))
    }

    /// The entity that it is.
    pub fn person(&self) -> EntityId {
        self.person
    }

    /// Who it is.
    pub fn subject(&self) -> &Text {
        &self.subject
    }

    /// For whom this person has the right; `None` when they do not have it at all.
    pub fn reach(self: &Arc<Self>, right: Right) -> Option<Reach> {
        self.grants(right).next()?;
        Some(Reach(Some((Arc::clone(self), right))))
    }

    /// Whether this person has any right at all.
    pub fn has_any(&self) -> bool {
        let mut roles = self.roles.iter().filter_map(|role| self.model.roles.get(*role));
        roles.any(|role| role.muster.as_ref().is_some_and(|of| !of.may.is_empty()))
    }

    fn grants(&self, right: Right) -> impl Iterator<Item = &Administration> {
        let roles = self.roles.iter().filter_map(|role| self.model.roles.get(*role));
        roles.filter_map(|role| role.muster.as_ref()).filter(move |of| of.may.contains(&right))
    }

    fn is_over_everybody(&self, right: Right) -> bool {
        self.grants(right).any(|of| of.over.is_none())
    }
}

/// Whom a caller can see or change with what they are doing.
#[derive(Debug, Clone, Default)]
pub struct Reach(Option<(Arc<Authority>, Right)>);

impl Reach {
    /// True when nobody is left out.
    pub fn is_everybody(&self) -> bool {
        self.0.as_ref().is_none_or(|(authority, right)| authority.is_over_everybody(*right))
    }

    /// The person who acts; `None` when it is not known to be one.
    pub fn person(&self) -> Option<EntityId> {
        self.0.as_ref().map(|(authority, _)| authority.person)
    }

    /// The roles, by position, of the person who acts; none when it is not known to be one.
    pub fn roles(&self) -> &[usize] {
        self.0.as_ref().map_or(&[], |(authority, _)| &authority.roles)
    }

    /// True when it reaches the entity of this evaluated row.
    pub fn covers(&self, opened: &Opened, row: &Row, world: &dyn World, now: Timestamp) -> bool {
        let Some((authority, right)) = self.0.as_ref().filter(|_| !self.is_everybody()) else {
            return true;
        };
        if authority.row.type_id != row.type_id {
            return false;
        }
        let clock = Clock::new(now);
        let bindings = [Binding::Row(row), Binding::Row(&authority.row)];
        let timezone = &opened.model.timezone;
        let frame = Frame { bindings: &bindings, world, clock: &clock, timezone };
        let mut over = authority.grants(*right).filter_map(|of| of.over.as_ref());
        over.any(|over| over.program.holds(&frame))
    }

    /// As [`Reach::covers`], for an identity that is not evaluated yet.
    pub async fn covers_identity(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        tx: &mut ReadTx,
        facts: &IdentityFacts,
    ) -> Result<bool, Error> {
        if self.is_everybody() {
            return Ok(true);
        }
        let world = self.load_world(ctx, opened, tx, &[facts.row.id]).await?;
        let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, ctx.now());
        Ok(self.covers(opened, &evaluation.row, &world, ctx.now()))
    }

    /// Those of these entities that it reaches, by their present facts.
    pub async fn those_covered(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        tx: &mut ReadTx,
        entities: BTreeSet<EntityId>,
    ) -> Result<BTreeSet<EntityId>, Error> {
        let Some((authority, _)) = self.0.as_ref().filter(|_| !self.is_everybody()) else {
            return Ok(entities);
        };
        let type_id = authority.row.type_id;
        let ids: Vec<EntityId> = entities.into_iter().collect();
        let entities = tx.entities(&ids).await?;
        let of_type = entities.iter().filter(|e| entity_type(opened, e.type_no) == Some(type_id));
        let ids: Vec<EntityId> = of_type.map(|entity| entity.id).collect();
        let world = self.load_world(ctx, opened, tx, &ids).await?;
        let mut covered = BTreeSet::new();
        for facts in load_identities(tx, opened, type_id, &ids, ctx.now()).await? {
            let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, ctx.now());
            if self.covers(opened, &evaluation.row, &world, ctx.now()) {
                covered.insert(facts.row.id);
            }
        }
        Ok(covered)
    }

    /// What is read of others when it is asked whether these entities are covered.
    pub(crate) async fn load_world(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        tx: &mut ReadTx,
        ids: &[EntityId],
    ) -> Result<MemoryWorld, Error> {
        let own = self.0.iter().map(|(authority, _)| authority.person);
        let ids: Vec<EntityId> = ids.iter().copied().chain(own).collect();
        load_world_near(tx, opened, &ids, ctx.now()).await
    }

    /// Those whom it reaches are among these; `None` where that is not known without looking at everybody.
    ///
    /// A link from those who are reached has to lead to a known place, as in `person.department == me.department`.
    pub(crate) async fn at_most(
        &self,
        opened: &Opened,
        tx: &mut ReadTx,
    ) -> Result<Option<BTreeSet<EntityId>>, Error> {
        let Some((authority, right)) = self.0.as_ref().filter(|_| !self.is_everybody()) else {
            return Ok(None);
        };
        let mut reached = BTreeSet::new();
        for over in authority.grants(*right).filter_map(|of| of.over.as_ref()) {
            let place = over.program.join().and_then(|join| {
                let end = match join.of {
                    Some(slot) => authority.row.get(slot).as_link()?,
                    None => authority.person,
                };
                let type_id = authority.row.type_id;
                let attribute = opened.model.schema.attribute(type_id, join.link)?;
                let is_kept = attribute.kind == AttributeKind::Stored;
                let number = opened.names.attribute_no(type_id, join.link);
                number.filter(|_| is_kept).map(|number| (number, end))
            });
            let Some((number, end)) = place else { return Ok(None) };
            let links = tx.sources_of_many(number, &[end]).await?;
            reached.extend(links.into_iter().map(|link| link.source));
        }
        Ok(Some(reached))
    }

    /// Keeps those items that are about somebody it reaches. What is about nobody is seen by who reaches everybody.
    pub async fn narrow<T>(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        tx: &mut ReadTx,
        items: &mut Vec<T>,
        about: impl Fn(&T) -> Option<EntityId>,
    ) -> Result<(), Error> {
        if self.is_everybody() {
            return Ok(());
        }
        let entities = items.iter().filter_map(&about).collect();
        let seen = self.those_covered(ctx, opened, tx, entities).await?;
        items.retain(|item| about(item).is_some_and(|entity| seen.contains(&entity)));
        Ok(())
    }

    /// True when it reaches what is about this entity, or about nobody.
    pub async fn sees(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        tx: &mut ReadTx,
        about: Option<EntityId>,
    ) -> Result<bool, Error> {
        let mut one = vec![about];
        self.narrow(ctx, opened, tx, &mut one, |about| *about).await?;
        Ok(!one.is_empty())
    }

    /// Refuses a person's change of what concerns themselves: nobody widens their own reach.
    pub fn not_oneself(&self, person: EntityId) -> Result<(), Error> {
        match &self.0 {
            Some((authority, right)) if authority.person == person && !right.is_read() => {
                Err(Error::new(Kind::Denied, "nobody changes this for themselves")
                    .hint("somebody else with the right has to do it"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses to give or take a role, by position, that allows in Muster what the person may not do for everybody.
    pub fn may_give(&self, opened: &Opened, role: usize) -> Result<(), Error> {
        let Some((authority, _)) = &self.0 else { return Ok(()) };
        for position in opened.model.brought_by(role) {
            let Some(role) = opened.model.roles.get(position) else { continue };
            let given = role.muster.iter().flat_map(|of| &of.may);
            for right in given {
                if !authority.is_over_everybody(*right) {
                    let name = &role.name;
                    let word = right.word();
                    return Err(Error::new(
                        Kind::Denied,
                        format!(
                            "role `{name}` allows `{word}`, which you may not do for everybody"
                        ),
                    ));
                }
            }
        }
        Ok(())
    }
}
