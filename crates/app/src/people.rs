//! Finding and listing entities.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
};

use jiff::Timestamp;
use muster_lang::{Clock, Env, Frame, Type, Variable, VariableType};
use muster_model::{EntityId, EntityType, Row, Text, TypeId, Value, ValueType};
use muster_policy::{Evaluator, LifecycleFact, MemoryWorld};
use muster_store::{Entity, ReadTx};

use crate::{
    Ctx, Error, IdentityFacts, Kind, Opened,
    facts::{
        all_lifecycle_facts, assignments_by_entity, decode_facts, lifecycle_facts, load_identities,
        load_world_for, type_of_number,
    },
    opened::similar,
};

/// Entities looked at in one step while a filter is applied.
const BATCH: usize = 1000;
/// Identities among which one with a similar name is looked for.
const LOOKED_AT: usize = 20_000;

/// A part of a list, and where the next part begins.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Pass it as `after` to get the next part; `None` at the end.
    pub next: Option<i64>,
}

/// Which entities are asked for.
#[derive(Debug, Clone, Default)]
pub struct PeopleQuery {
    /// The entity type; the first identity type when nothing is said.
    pub type_name: Option<String>,
    /// A condition over the entity's attributes.
    pub condition: Option<String>,
    /// As recorded at this instant.
    pub as_of: Option<Timestamp>,
    /// Those after this id.
    pub after: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

/// An entity for a list.
#[derive(Debug, Clone)]
pub struct Person {
    /// Its id.
    pub id: EntityId,
    /// Its type's name.
    pub type_name: Text,
    /// Its key.
    pub key: Text,
    /// How it is shown.
    pub display: Text,
    /// Its lifecycle state, for identities.
    pub lifecycle: Option<Text>,
    /// All attributes that have a value, links as the key of the other end where it is loaded.
    pub values: Vec<(Text, Value)>,
}

/// Entities of a type, computed attributes filled in.
pub async fn list_people(
    ctx: &Ctx,
    opened: &Opened,
    query: &PeopleQuery,
) -> Result<Page<Person>, Error> {
    let type_id = wanted_type(opened, query.type_name.as_deref())?;
    let now = query.as_of.unwrap_or_else(|| ctx.now());
    let condition = query.condition.as_deref();
    let condition = condition.map(|text| compile_condition(opened, type_id, text)).transpose()?;
    if let Some(condition) = condition.as_ref().filter(|_| !ctx.reach.is_everybody()) {
        reads_only_itself(condition)?;
    }
    let type_names =
        opened.names.type_names(type_id).ok_or_else(|| Error::bug("a type has no number"))?;
    let mut tx = opened.store.read().await?;
    let evaluator = evaluator_for(opened, condition.as_ref());
    let mut source = Source::of(ctx, opened, &mut tx, query, &evaluator).await?;
    let mut page = Page { items: Vec::new(), next: None };
    let mut after = query.after.map(EntityId);
    loop {
        let entities = source.next(&mut tx, type_names.no, query.as_of, after).await?;
        let Some(last) = entities.last() else { return Ok(page) };
        after = Some(last.id);
        if source.is_near {
            source.load_near(ctx, opened, &mut tx, &entities).await?;
        }
        for entity in entities.iter().filter(|entity| entity.type_no == type_names.no) {
            let said = match query.as_of {
                Some(at) => lifecycle_facts(&tx.assignments_as_of(entity.id, at).await?),
                None => source.said.remove(&entity.id).unwrap_or_default(),
            };
            let facts = IdentityFacts {
                row: decode_facts(&opened.model, &opened.names, entity.id, type_id, &entity.facts)?,
                key: entity.key.clone(),
                version: entity.version,
                assignments: Vec::new(),
                withheld: Vec::new(),
                facts: said,
                exceptions: Vec::new(),
                absent_since: entity.absent_since,
                known_state: None,
            };
            let world = &source.world;
            let evaluation = evaluator.evaluate(&facts.identity(), world, now);
            let fits = condition
                .as_ref()
                .is_none_or(|condition| holds(condition, &evaluation.row, world, opened, now));
            if !fits || !ctx.reach.covers(opened, &evaluation.row, world, now) {
                continue;
            }
            page.items.push(person(opened, &evaluation.row, &entity.key));
            if page.items.len() >= query.limit {
                page.next = Some(entity.id.0);
                return Ok(page);
            }
        }
    }
}

/// Where the entities of a list come from, and what is read of others to evaluate them.
struct Source {
    /// Those among whom all are that the caller reaches, where that is known.
    among: Option<BTreeSet<EntityId>>,
    /// Whether only what is near the entities of one step is loaded, with each step.
    is_near: bool,
    step: usize,
    world: MemoryWorld,
    /// What was said about the lifecycle of those who come next.
    said: BTreeMap<EntityId, Vec<LifecycleFact>>,
}

impl Source {
    /// Whoever is shown without being searched for is few: then the rest of the world is not loaded.
    async fn of(
        ctx: &Ctx,
        opened: &Opened,
        tx: &mut ReadTx,
        query: &PeopleQuery,
        evaluator: &Evaluator,
    ) -> Result<Self, Error> {
        let (mut among, mut is_all_shown) = (None, false);
        if query.as_of.is_none() {
            among = ctx.reach.at_most(opened, tx).await?;
            is_all_shown = query.condition.is_none() && ctx.reach.is_everybody();
        }
        let is_near = query.limit <= BATCH && (among.is_some() || is_all_shown);
        let step = if is_all_shown { query.limit.clamp(1, BATCH) } else { BATCH };
        let (mut world, mut said) = (MemoryWorld::default(), BTreeMap::new());
        if !is_near {
            let now = query.as_of.unwrap_or_else(|| ctx.now());
            world = load_world_for(tx, opened, evaluator, now, query.as_of).await?;
            said = all_lifecycle_facts(tx).await?;
        }
        Ok(Self { among, is_near, step, world, said })
    }

    /// The entities after an id.
    async fn next(
        &self,
        tx: &mut ReadTx,
        type_no: muster_store::Number,
        as_of: Option<Timestamp>,
        after: Option<EntityId>,
    ) -> Result<Vec<Entity>, Error> {
        if let Some(among) = &self.among {
            let first = after.map_or(Bound::Unbounded, Bound::Excluded);
            let ids = among.range((first, Bound::Unbounded)).take(self.step);
            return Ok(tx.entities(&ids.copied().collect::<Vec<_>>()).await?);
        }
        Ok(match as_of {
            Some(at) => tx.scan_entities_as_of(type_no, at, after, self.step).await?,
            None => tx.scan_entities(type_no, after, self.step).await?,
        })
    }

    async fn load_near(
        &mut self,
        ctx: &Ctx,
        opened: &Opened,
        tx: &mut ReadTx,
        entities: &[Entity],
    ) -> Result<(), Error> {
        let ids: Vec<EntityId> = entities.iter().map(|entity| entity.id).collect();
        self.world = ctx.reach.load_world(ctx, opened, tx, &ids).await?;
        let stored = assignments_by_entity(tx.assignments_of_many(&ids, ctx.now()).await?);
        self.said = stored.iter().map(|(id, stored)| (*id, lifecycle_facts(stored))).collect();
        Ok(())
    }
}

/// The evaluator, following also links that the condition follows and no rule of the model does.
fn evaluator_for(opened: &Opened, condition: Option<&muster_lang::Program>) -> Arc<Evaluator> {
    condition.map_or_else(
        || Arc::clone(&opened.evaluator),
        |condition| {
            let more = std::slice::from_ref(condition);
            Arc::new(Evaluator::reading(Arc::clone(&opened.model), more))
        },
    )
}

fn wanted_type(opened: &Opened, name: Option<&str>) -> Result<TypeId, Error> {
    let types = &opened.model.schema.types;
    let found = match name {
        Some(name) => types.iter().find(|entity_type| &*entity_type.name == name),
        None => types.iter().find(|entity_type| entity_type.identity),
    };
    found.map(|entity_type| entity_type.id).ok_or_else(|| {
        let known: Vec<&str> = types.iter().map(|entity_type| &*entity_type.name).collect();
        Error::not_found(format!("there is no entity type `{}`", name.unwrap_or("")))
            .hint(format!("the types are: {}", known.join(", ")))
    })
}

fn compile_condition(
    opened: &Opened,
    type_id: TypeId,
    text: &str,
) -> Result<muster_lang::Program, Error> {
    let name = opened
        .model
        .schema
        .get(type_id)
        .map_or_else(|| "entity".into(), |entity_type| entity_type.name.clone());
    let env = Env {
        schema: opened.model.schema.clone(),
        variables: vec![Variable { name, ty: VariableType::Entity(type_id) }],
        implicit: Some(0),
        now: true,
    };
    muster_lang::compile(text, &env, Some(&Type::Scalar(ValueType::Bool))).map_err(|problems| {
        let mut error = Error::invalid(match problems.first() {
            Some(problem) => format!("the condition `{text}` is not right: {}", problem.message),
            None => format!("the condition `{text}` is not right"),
        });
        for help in problems.into_iter().flat_map(|problem| problem.help) {
            error = error.hint(help);
        }
        error
    })
}

/// Refuses a condition that reads others through links: whoever may see some people only must not learn about others
/// from which of theirs fit.
fn reads_only_itself(condition: &muster_lang::Program) -> Result<(), Error> {
    match condition.paths().iter().find(|path| path.steps.len() > 1) {
        Some(path) => Err(Error::new(
            Kind::Denied,
            format!("`{}` reads somebody else, and you may not see everybody", path.text),
        )
        .hint("ask about attributes of the people themselves")),
        None => Ok(()),
    }
}

fn holds(
    condition: &muster_lang::Program,
    row: &Row,
    world: &dyn muster_lang::World,
    opened: &Opened,
    now: Timestamp,
) -> bool {
    let clock = Clock::new(now);
    let bindings = [muster_lang::Binding::Row(row)];
    condition.holds(&Frame {
        bindings: &bindings,
        world,
        clock: &clock,
        timezone: &opened.model.timezone,
    })
}

/// The view of an evaluated entity.
pub fn person(opened: &Opened, row: &Row, key: &Text) -> Person {
    let entity_type = opened.model.schema.get(row.type_id);
    let attributes = entity_type.map_or(&[][..], |entity_type| &entity_type.attributes);
    let value = |name: &str| {
        attributes
            .iter()
            .find(|a| &*a.name == name)
            .and_then(|a| row.get(a.slot).as_text())
            .cloned()
    };
    Person {
        id: row.id,
        type_name: entity_type.map_or_else(|| "?".into(), |entity_type| entity_type.name.clone()),
        key: key.clone(),
        display: value("display").unwrap_or_else(|| key.clone()),
        lifecycle: entity_type
            .and_then(|t| t.lifecycle())
            .and_then(|a| row.get(a.slot).as_text())
            .cloned(),
        values: attributes
            .iter()
            .map(|attribute| (attribute.name.clone(), row.get(attribute.slot).clone()))
            .filter(|(_, value)| !value.is_null())
            .collect(),
    }
}

/// Finds an identity by its key or by the value of any unique attribute.
pub async fn resolve_person(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    text: &str,
) -> Result<IdentityFacts, Error> {
    for entity_type in opened.model.schema.types.iter().filter(|entity_type| entity_type.identity) {
        let found = find_entity(opened, tx, entity_type, text).await?;
        if let Some(id) = found {
            let facts = load_identities(tx, opened, entity_type.id, &[id], ctx.now()).await?;
            let Some(facts) = facts.into_iter().next() else {
                return Err(Error::bug(format!("entity {id} has a key and no row")));
            };
            // Who is out of reach is not there, with the same words.
            if !ctx.reach.covers_identity(ctx, opened, tx, &facts).await? {
                break;
            }
            ctx.reach.not_oneself(id)?;
            return Ok(facts);
        }
    }
    let shown: String = text.chars().take(100).collect();
    let error = Error::not_found(format!("there is no identity `{shown}`"));
    if !ctx.reach.is_everybody() {
        return Err(error);
    }
    let error = match nearest(opened, tx, text).await? {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    };
    Err(error.hint("name it by its key or by another unique attribute; muster users lists them"))
}

/// Finds an entity of a type by its key or by the value of any unique attribute.
pub async fn find_entity(
    opened: &Opened,
    tx: &mut ReadTx,
    entity_type: &EntityType,
    text: &str,
) -> Result<Option<EntityId>, Error> {
    let Some(type_names) = opened.names.type_names(entity_type.id) else { return Ok(None) };
    let key: Text = text.into();
    let by_key = tx.entity_ids_by_key(type_names.no, std::slice::from_ref(&key)).await?;
    if let Some(found) = by_key.into_iter().flatten().next() {
        return Ok(Some(found));
    }
    let folded: Text = text.to_lowercase().into();
    for attribute in entity_type.attributes.iter().filter(|attribute| attribute.unique) {
        let Some(number) = type_names.attributes.get(attribute.slot.index()) else { continue };
        let values = std::slice::from_ref(&folded);
        let holders = tx.unique_value_holders(type_names.no, *number, values).await?;
        if let Some(found) = holders.into_iter().flatten().next() {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The unique text of an identity that is nearest to `text`, among the first identities of each type.
async fn nearest(opened: &Opened, tx: &mut ReadTx, text: &str) -> Result<Option<Text>, Error> {
    let mut texts: Vec<Text> = Vec::new();
    if text.len() > 200 {
        return Ok(None);
    }
    for entity_type in opened.model.schema.types.iter().filter(|entity_type| entity_type.identity) {
        let Some(type_names) = opened.names.type_names(entity_type.id) else { continue };
        for entity in tx.scan_entities(type_names.no, None, LOOKED_AT).await? {
            let (id, facts) = (entity.id, &entity.facts);
            let row = decode_facts(&opened.model, &opened.names, id, entity_type.id, facts)?;
            texts.push(entity.key);
            let unique = entity_type.attributes.iter().filter(|attribute| attribute.unique);
            texts.extend(unique.filter_map(|a| row.get(a.slot).as_text().cloned()));
        }
    }
    Ok(similar(text, texts.iter()).cloned())
}

/// The type of a stored entity.
pub fn entity_type(opened: &Opened, no: muster_store::Number) -> Option<TypeId> {
    type_of_number(&opened.names, no)
}
