//! From stored rows to what evaluation reads: identities, assignments, the world that links lead to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_model::{AssignmentId, EntityId, Row, Slot, Text, TypeId, Value, decode_row};
use muster_policy::{
    Assignment, ConflictException, Evaluator, FactKind, Identity, LifecycleFact, MemoryWorld,
    Model, Withheld, Withhold,
};
use muster_store::{IdentityRow, ReadTx};

use crate::{Error, Names, Opened, nested::load_nested};

/// Rows fetched at once when everything is scanned.
const BATCH: usize = 4096;

/// One identity with everything that evaluation takes.
#[derive(Debug, Clone)]
pub struct IdentityFacts {
    /// Its attributes as kept.
    pub row: Row,
    /// Its key.
    pub key: Text,
    /// Its version.
    pub version: i64,
    /// Its assignments that hold or will.
    pub assignments: Vec<Assignment>,
    /// What is withheld from it.
    pub withheld: Vec<Withheld>,
    /// What was said about its lifecycle by hand.
    pub facts: Vec<LifecycleFact>,
    /// The conflicts that it may have for a time.
    pub exceptions: Vec<ConflictException>,
    /// Since when its record is missing.
    pub absent_since: Option<Timestamp>,
    /// The lifecycle state last found, and since when.
    pub known_state: Option<(usize, Timestamp)>,
}

impl IdentityFacts {
    /// What evaluation takes.
    pub fn identity(&self) -> Identity<'_> {
        Identity {
            row: &self.row,
            assignments: &self.assignments,
            withheld: &self.withheld,
            facts: &self.facts,
            exceptions: &self.exceptions,
            absent_since: self.absent_since,
            known_state: self.known_state,
        }
    }

    /// The same identity with these roles, by position, as if they were assigned.
    #[must_use]
    pub fn with_roles(&self, roles: &[usize]) -> Self {
        let mut more = self.clone();
        more.assignments.extend(roles.iter().map(|role| Assignment {
            id: AssignmentId(0),
            role: *role,
            from: None,
            until: None,
            reason: "requested".into(),
            by: "".into(),
        }));
        more
    }
}

/// Decodes the stored attribute values of an entity.
pub fn decode_facts(
    model: &Model,
    names: &Names,
    id: EntityId,
    type_id: TypeId,
    facts: &[u8],
) -> Result<Row, Error> {
    let n = model.schema.get(type_id).map_or(0, |entity_type| entity_type.attributes.len());
    let mut row = Row::empty(id, type_id, n);
    let type_names =
        names.type_names(type_id).ok_or_else(|| Error::bug("an entity type has no number"))?;
    decode_row(facts, &type_names.numbers, &mut row).map_err(|error| {
        Error::bug(format!("the values of entity {id} cannot be read")).caused_by(error)
    })?;
    Ok(row)
}

/// Decodes an identity as a scan found it.
pub fn identity_facts(
    opened: &Opened,
    type_id: TypeId,
    stored: IdentityRow,
    assignments: Vec<muster_store::Assignment>,
) -> Result<IdentityFacts, Error> {
    let row = decode_facts(&opened.model, &opened.names, stored.id, type_id, &stored.facts)?;
    let states = opened.names.type_names(type_id).map_or(&[][..], |names| &names.states);
    let state = stored.state_no.and_then(|number| states.iter().position(|state| *state == number));
    Ok(IdentityFacts {
        row,
        key: stored.key,
        version: stored.version,
        facts: lifecycle_facts(&assignments),
        exceptions: exceptions(&opened.model, &assignments),
        withheld: withheld(&opened.model, &assignments),
        assignments: role_assignments(&opened.model, assignments),
        absent_since: stored.absent_since,
        known_state: state.zip(stored.state_since),
    })
}

/// Stored assignments as evaluation takes them; those of roles that the model no longer has are left out.
pub fn role_assignments(model: &Model, stored: Vec<muster_store::Assignment>) -> Vec<Assignment> {
    stored
        .into_iter()
        .filter(|assignment| assignment.ended_at.is_none())
        .filter_map(|assignment| {
            let role = model.roles.binary_search_by(|role| role.name.cmp(&assignment.role)).ok()?;
            Some(Assignment {
                id: AssignmentId(assignment.id.0),
                role,
                from: assignment.valid_from,
                until: assignment.valid_until,
                reason: assignment.reason,
                by: assignment.created_by,
            })
        })
        .collect()
}

/// Stands before what an assignment says where it has the name of a role and gives none; no role is called so.
const FACT_MARK: char = '@';

/// Stands before the name of a conflict in an assignment that is an exception from it.
const EXCEPTION_MARK: &str = "@except:";

/// True when an assignment gives a role, and does not say something else about an identity.
pub fn gives_role(assignment: &muster_store::Assignment) -> bool {
    !assignment.role.starts_with(FACT_MARK)
}

/// What an exception from a conflict is called where an assignment has the name of a role.
pub fn exception_name(conflict: &str) -> Text {
    format!("{EXCEPTION_MARK}{conflict}").into()
}

/// The conflict that an assignment is an exception from.
pub fn exception_from(name: &str) -> Option<&str> {
    name.strip_prefix(EXCEPTION_MARK)
}

/// The exceptions among stored assignments; ended ones, and those from conflicts that the model no longer has, are left
/// out.
fn exceptions(model: &Model, stored: &[muster_store::Assignment]) -> Vec<ConflictException> {
    let open = stored.iter().filter(|assignment| assignment.ended_at.is_none());
    let found = open.filter_map(|assignment| {
        let name = exception_from(&assignment.role)?;
        let conflict = model.conflicts.iter().position(|conflict| *conflict.name == *name)?;
        Some(ConflictException {
            id: assignment.id,
            conflict,
            from: assignment.valid_from.unwrap_or(assignment.created_at),
            until: assignment.valid_until,
        })
    });
    found.collect()
}

/// What a lifecycle fact is called where an assignment has the name of a role.
pub fn fact_name(kind: FactKind) -> Text {
    format!("{FACT_MARK}{}", kind.word()).into()
}

/// The kind of lifecycle fact that an assignment stands for; `None` for one of a role.
pub fn fact_kind(name: &str) -> Option<FactKind> {
    let word = name.strip_prefix(FACT_MARK)?;
    FactKind::ALL.iter().copied().find(|kind| kind.word() == word)
}

/// Stands before a withheld role where other assignments have the name of a role.
const WITHHELD_ROLE: &str = "@withhold-role:";
/// Stands before a withheld entitlement there; no role is called so.
const WITHHELD_GRANT: &str = "@withhold-grant:";

/// What a withheld role or entitlement is called where an assignment has the name of a role: `@withhold-role:sales`,
/// `@withhold-grant:directory.group:staff`.
pub fn withhold_name(model: &Model, what: &Withhold) -> Text {
    match what {
        Withhold::Role(role) => {
            let name = model.roles.get(*role).map_or("", |role| &role.name);
            format!("{WITHHELD_ROLE}{name}").into()
        }
        Withhold::Entitlement { system, kind, name } => {
            let system = model.systems.get(system.index());
            let kind = system.and_then(|system| system.entitlements.get(*kind));
            let (system, kind) = (system.map_or("", |of| &of.name), kind.map_or("", |of| &of.name));
            format!("{WITHHELD_GRANT}{system}.{kind}:{name}").into()
        }
    }
}

/// What an assignment withholds, for people: `sales`, `directory.group:staff`; `None` for one that gives.
pub fn withheld_name(name: &str) -> Option<&str> {
    name.strip_prefix(WITHHELD_ROLE).or_else(|| name.strip_prefix(WITHHELD_GRANT))
}

/// What an assignment withholds; `None` for one that gives, and for what the model no longer has.
pub fn withhold_named(model: &Model, name: &str) -> Option<Withhold> {
    if let Some(role) = name.strip_prefix(WITHHELD_ROLE) {
        return Some(Withhold::Role(model.roles.iter().position(|of| *of.name == *role)?));
    }
    let (place, name) = name.strip_prefix(WITHHELD_GRANT)?.split_once(':')?;
    let (system, kind) = place.split_once('.')?;
    let system = model.systems.iter().find(|of| *of.name == *system)?;
    let kind = system.entitlements.iter().position(|of| *of.name == *kind)?;
    Some(Withhold::Entitlement { system: system.id, kind, name: name.into() })
}

/// What is withheld by stored assignments; ended ones are left out.
pub fn withheld(model: &Model, stored: &[muster_store::Assignment]) -> Vec<Withheld> {
    let open = stored.iter().filter(|assignment| assignment.ended_at.is_none());
    let withheld = open.filter_map(|assignment| {
        Some(Withheld {
            id: AssignmentId(assignment.id.0),
            what: withhold_named(model, &assignment.role)?,
            from: assignment.valid_from,
            until: assignment.valid_until,
            reason: assignment.reason.clone(),
            by: assignment.created_by.clone(),
        })
    });
    withheld.collect()
}

/// The lifecycle facts among stored assignments; ended ones are left out.
pub fn lifecycle_facts(stored: &[muster_store::Assignment]) -> Vec<LifecycleFact> {
    let open = stored.iter().filter(|assignment| assignment.ended_at.is_none());
    let mut facts: Vec<LifecycleFact> = open.filter_map(fact_of).collect();
    facts.sort_unstable();
    facts
}

fn fact_of(assignment: &muster_store::Assignment) -> Option<LifecycleFact> {
    Some(LifecycleFact {
        kind: fact_kind(&assignment.role)?,
        from: assignment.valid_from.unwrap_or(assignment.created_at),
        until: assignment.valid_until,
    })
}

/// An identity as it was recorded at `as_of`, with its assignments as they stood then; `None` when it was not known.
pub async fn facts_as_of(
    tx: &mut ReadTx,
    opened: &Opened,
    mut facts: IdentityFacts,
    as_of: Timestamp,
) -> Result<Option<(IdentityFacts, Vec<muster_store::Assignment>)>, Error> {
    let (id, type_id) = (facts.row.id, facts.row.type_id);
    let Some(entity) = tx.entity_as_of(id, as_of).await? else { return Ok(None) };
    facts.row = decode_facts(&opened.model, &opened.names, id, type_id, &entity.facts)?;
    facts.key = entity.key;
    facts.absent_since = entity.absent_since;
    facts.known_state = facts.known_state.filter(|(_, since)| *since <= as_of);
    let mut assignments = tx.assignments_as_of(id, as_of).await?;
    // What was taken back later was not yet.
    for assignment in &mut assignments {
        (assignment.ended_at, assignment.ended_by, assignment.end_reason) = (None, None, None);
    }
    facts.facts = lifecycle_facts(&assignments);
    facts.withheld = withheld(&opened.model, &assignments);
    facts.exceptions = exceptions(&opened.model, &assignments);
    facts.assignments = role_assignments(&opened.model, assignments.clone());
    Ok(Some((facts, assignments)))
}

/// How an entity is named to people: a unique attribute that is not the key reads better than a number.
pub fn subject_of(model: &Model, row: &Row, key: &Text) -> Text {
    let Some(entity_type) = model.schema.get(row.type_id) else { return key.clone() };
    let unique = entity_type
        .attributes
        .iter()
        .filter(|attribute| attribute.unique && attribute.slot != entity_type.key);
    let generated =
        unique.clone().find(|attribute| attribute.kind == muster_model::AttributeKind::Generated);
    let named = generated.or_else(|| unique.clone().next());
    named
        .and_then(|attribute| row.get(attribute.slot).as_text())
        .cloned()
        .unwrap_or_else(|| key.clone())
}

/// Loads what evaluation reads of other entities, as of `now`; as recorded at `as_of` where given.
pub async fn load_world(
    tx: &mut ReadTx,
    opened: &Opened,
    now: Timestamp,
    as_of: Option<Timestamp>,
) -> Result<MemoryWorld, Error> {
    load_world_for(tx, opened, &opened.evaluator, now, as_of).await
}

/// As [`load_world`], for an evaluator that reads more than the model says.
pub async fn load_world_for(
    tx: &mut ReadTx,
    opened: &Opened,
    evaluator: &Evaluator,
    now: Timestamp,
    as_of: Option<Timestamp>,
) -> Result<MemoryWorld, Error> {
    let mut world = MemoryWorld::default();
    let projection = evaluator.projection();
    for (type_id, slots) in &projection.slots {
        load_type(tx, opened, *type_id, slots, as_of, &mut world).await?;
    }
    if reads_lifecycle(opened, projection) {
        for (id, facts) in all_lifecycle_facts(tx).await? {
            for fact in facts {
                world.insert_fact(id, fact);
            }
        }
    }
    for (of, slot) in &projection.inverses {
        match as_of {
            Some(at) => load_inverse_as_of(tx, opened, (*of, *slot), at, &mut world).await?,
            None => load_inverse(tx, opened, *of, *slot, &mut world).await?,
        }
    }
    if as_of.is_none() {
        load_nested(tx, opened, &mut world).await?;
    }
    world.complete(evaluator, now);
    Ok(world)
}

/// Whether the lifecycle of an entity is read through a link.
pub(crate) fn reads_lifecycle(opened: &Opened, projection: &muster_policy::Projection) -> bool {
    projection.slots.iter().any(|(type_id, slots)| {
        let lifecycle = opened.model.schema.get(*type_id).and_then(|of| of.lifecycle());
        lifecycle.is_some_and(|attribute| slots.contains(&attribute.slot))
    })
}

/// Every lifecycle fact that is not ended, by identity.
pub(crate) async fn all_lifecycle_facts(
    tx: &mut ReadTx,
) -> Result<BTreeMap<EntityId, Vec<LifecycleFact>>, Error> {
    let mut facts: BTreeMap<EntityId, Vec<LifecycleFact>> = BTreeMap::new();
    for kind in FactKind::ALL {
        let mut after = None;
        loop {
            let page = tx.assignments_of_role(&fact_name(*kind), after, BATCH).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.entity, last.id));
            for assignment in &page {
                facts.entry(assignment.entity).or_default().extend(fact_of(assignment));
            }
        }
    }
    Ok(facts)
}

async fn load_type(
    tx: &mut ReadTx,
    opened: &Opened,
    type_id: TypeId,
    slots: &BTreeSet<Slot>,
    as_of: Option<Timestamp>,
    world: &mut MemoryWorld,
) -> Result<(), Error> {
    let Some(type_names) = opened.names.type_names(type_id) else { return Ok(()) };
    let mut after = None;
    loop {
        let entities = match as_of {
            Some(at) => tx.scan_entities_as_of(type_names.no, at, after, BATCH).await?,
            None => tx.scan_entities(type_names.no, after, BATCH).await?,
        };
        let Some(last) = entities.last() else { return Ok(()) };
        after = Some(last.id);
        for entity in &entities {
            let row =
                decode_facts(&opened.model, &opened.names, entity.id, type_id, &entity.facts)?;
            add_to_world(world, row, slots, entity.absent_since);
        }
    }
}

/// Adds what is read of an entity. With a million entities the rest would be most of the memory.
pub(crate) fn add_to_world(
    world: &mut MemoryWorld,
    mut row: Row,
    slots: &BTreeSet<Slot>,
    absent_since: Option<Timestamp>,
) {
    row.values.truncate(slots.last().map_or(0, |last| last.index() + 1));
    for (index, value) in row.values.iter_mut().enumerate() {
        if !u16::try_from(index).is_ok_and(|index| slots.contains(&Slot(index))) {
            *value = Value::Null;
        }
    }
    row.values.shrink_to_fit();
    if let Some(since) = absent_since {
        world.insert_absent(row.id, since);
    }
    world.insert(row);
}

async fn load_inverse(
    tx: &mut ReadTx,
    opened: &Opened,
    of: TypeId,
    slot: Slot,
    world: &mut MemoryWorld,
) -> Result<(), Error> {
    let Some(attribute_no) = opened.names.attribute_no(of, slot) else { return Ok(()) };
    let mut after = None;
    loop {
        let links = tx.scan_links(attribute_no, after, BATCH).await?;
        let Some(last) = links.last() else { return Ok(()) };
        after = Some((last.target, last.source));
        for link in &links {
            world.insert_link(of, slot, link.source, link.target);
        }
    }
}

/// Links as they were: the link table knows the present ones only, the former versions of entities hold theirs.
async fn load_inverse_as_of(
    tx: &mut ReadTx,
    opened: &Opened,
    (of, slot): (TypeId, Slot),
    at: Timestamp,
    world: &mut MemoryWorld,
) -> Result<(), Error> {
    let Some(type_names) = opened.names.type_names(of) else { return Ok(()) };
    let mut after = None;
    loop {
        let entities = tx.scan_entities_as_of(type_names.no, at, after, BATCH).await?;
        let Some(last) = entities.last() else { return Ok(()) };
        after = Some(last.id);
        for entity in &entities {
            let row = decode_facts(&opened.model, &opened.names, entity.id, of, &entity.facts)?;
            for end in row.get(slot).items() {
                if let Value::Link(target) = end {
                    world.insert_link(of, slot, entity.id, *target);
                }
            }
        }
    }
}

/// Loads identities with their assignments, in the order of `ids`.
pub async fn load_identities(
    tx: &mut ReadTx,
    opened: &Opened,
    type_id: TypeId,
    ids: &[EntityId],
    now: Timestamp,
) -> Result<Vec<IdentityFacts>, Error> {
    let mut assignments = assignments_by_entity(tx.assignments_of_many(ids, now).await?);
    let rows = tx.identities(ids).await?;
    rows.into_iter()
        .map(|row| {
            let own = assignments.remove(&row.id).unwrap_or_default();
            identity_facts(opened, type_id, row, own)
        })
        .collect()
}

pub(crate) fn assignments_by_entity(
    assignments: Vec<muster_store::Assignment>,
) -> BTreeMap<EntityId, Vec<muster_store::Assignment>> {
    let mut map: BTreeMap<EntityId, Vec<_>> = BTreeMap::new();
    for assignment in assignments {
        map.entry(assignment.entity).or_default().push(assignment);
    }
    map
}

/// The type of an entity by its number.
pub(crate) fn type_of_number(names: &Names, no: muster_store::Number) -> Option<TypeId> {
    names
        .types
        .iter()
        .position(|names| names.no == no)
        .and_then(|index| u16::try_from(index).ok())
        .map(TypeId)
}
