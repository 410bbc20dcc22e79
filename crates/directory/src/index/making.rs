//! Making an index: entities are evaluated, and what is shown of them is noted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{
    Error, IdentityFacts, Opened, entities_by_type, identity_facts, load_identities, load_world,
    load_world_near,
};
use muster_model::{AttributeKind, EntityId, Row, Text, Value};
use muster_policy::{EntityEntries, MemoryWorld};
use muster_store::{IdRange, ReadTx};

use super::{Index, part::Part};
use crate::{
    entry::{self, Subject},
    layout::{Layout, Place},
    name::Name,
    syntax::{comparable, syntax_of, written},
};

/// Entities looked at in one step.
const BATCH: usize = 500;

/// A part that is being made.
struct Making<'a> {
    opened: &'a Opened,
    layout: &'a Layout,
    now: Timestamp,
    world: MemoryWorld,
    /// Values that are links: container, attribute, whose, where to. The names are known in the end only.
    links: Vec<(usize, Text, EntityId, Value)>,
    part: Part,
}

/// Looks at everything. What it finds is not in order yet.
pub(super) async fn make_all(
    tx: &mut ReadTx,
    opened: &Opened,
    layout: &Layout,
    now: Timestamp,
) -> Result<Part, Error> {
    let world = load_world(tx, opened, now, None).await?;
    let mut making = Making::new(opened, layout, now, world);
    for (position, place) in layout.places.iter().enumerate() {
        if let Some(of) = place.entities() {
            making.container(tx, position, place, of).await?;
        }
    }
    Ok(making.finish(&|part, id| dn_in(part, layout, id)))
}

/// Looks at some entities. What others are called is known from before.
pub(super) async fn make_some(
    tx: &mut ReadTx,
    opened: &Opened,
    layout: &Layout,
    ids: &BTreeSet<EntityId>,
    former: &Index,
    now: Timestamp,
) -> Result<Part, Error> {
    let all: Vec<EntityId> = ids.iter().copied().collect();
    let world = load_world_near(tx, opened, &all, now).await?;
    let by_type = entities_by_type(tx, opened, &all).await?;
    let mut making = Making::new(opened, layout, now, world);
    for (position, place) in layout.places.iter().enumerate() {
        let Some(of) = place.entities() else { continue };
        let Some(ids) = by_type.get(&of.type_id) else { continue };
        for facts in load_identities(tx, opened, of.type_id, ids, now).await? {
            making.entity(position, place, of, &facts);
        }
    }
    let mut part = making.finish(&|part, id| {
        if ids.contains(&id) { dn_in(part, layout, id) } else { former.dn(layout, id) }
    });
    part.sort();
    Ok(part)
}

fn dn_in(part: &Part, layout: &Layout, id: EntityId) -> Option<String> {
    let (place, naming) = part.naming(id)?;
    Some(entry::dn(layout.places.get(place)?, naming))
}

impl<'a> Making<'a> {
    fn new(opened: &'a Opened, layout: &'a Layout, now: Timestamp, world: MemoryWorld) -> Self {
        let part = Part::new(layout.places.len());
        Self { opened, layout, now, world, links: Vec::new(), part }
    }

    async fn container(
        &mut self,
        tx: &mut ReadTx,
        position: usize,
        place: &Place,
        of: &EntityEntries,
    ) -> Result<(), Error> {
        let Some(names) = self.opened.names.type_names(of.type_id) else { return Ok(()) };
        let mut after = EntityId(0);
        loop {
            let range = IdRange { after, to: EntityId(i64::MAX) };
            let rows = tx.scan_identities(names.no, range, BATCH).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            let ids: Vec<EntityId> = rows.iter().map(|row| row.id).collect();
            let mut assignments: BTreeMap<EntityId, Vec<_>> = BTreeMap::new();
            for assignment in tx.assignments_of_many(&ids, self.now).await? {
                assignments.entry(assignment.entity).or_default().push(assignment);
            }
            for row in rows {
                let own = assignments.remove(&row.id).unwrap_or_default();
                let facts = identity_facts(self.opened, of.type_id, row, own)?;
                self.entity(position, place, of, &facts);
            }
            // Others are to be answered meanwhile.
            tokio::task::yield_now().await;
        }
    }

    fn entity(
        &mut self,
        position: usize,
        place: &Place,
        of: &EntityEntries,
        facts: &IdentityFacts,
    ) {
        let (opened, now) = (self.opened, self.now);
        let evaluation = opened.evaluator.evaluate(&facts.identity(), &self.world, now);
        let (shown, until) = entry::values(opened, of, facts, &evaluation, &self.world, now);
        let id = facts.row.id;
        if let Some(until) = until {
            self.part.look_again(until, id);
        }
        let Some(values) = shown else { return };
        let Some((naming, attributes)) = entry::attributes(place, of, &values, &|_| None) else {
            return;
        };
        for attribute in attributes.iter().skip(1) {
            let syntax = syntax_of(&attribute.name);
            let values = attribute.values.iter();
            let values = values.filter_map(|value| Some((&*comparable(syntax, value)?).into()));
            self.part.add_values(position, &attribute.name, values, id);
        }
        for (attribute, value) in of.attributes.iter().zip(values) {
            if value.items().iter().any(|item| matches!(item, Value::Link(_))) {
                self.links.push((position, attribute.name.clone(), id, value));
            }
        }
        self.part.show(position, id, naming.into());
        for held in &evaluation.roles {
            if self.layout.place_of_role(held.role).is_some() {
                self.part.say(Subject::Role(held.role), id);
            }
        }
        self.groups(of, &evaluation.row);
    }

    /// Notes of which groups an entity is a member, and who its members are, by the links that it holds itself.
    fn groups(&mut self, own: &EntityEntries, row: &Row) {
        let links = |slot| row.get(slot).items().iter().filter_map(linked);
        let schema = &self.opened.model.schema;
        for group in self.layout.groups() {
            for slot in &group.members {
                let kind = schema.attribute(group.type_id, *slot).map(|attribute| attribute.kind);
                match kind {
                    Some(AttributeKind::Inverse { of, slot }) if of == row.type_id => {
                        for group in links(slot) {
                            self.part.say(group, row.id);
                        }
                    }
                    Some(AttributeKind::Inverse { .. }) | None => {}
                    Some(_) if group.type_id == own.type_id => {
                        self.part.list(row.id, links(*slot));
                    }
                    Some(_) => {}
                }
            }
        }
    }

    /// Adds the values that are names.
    fn finish(self, name_of: &dyn Fn(&Part, EntityId) -> Option<String>) -> Part {
        let Self { mut part, links, .. } = self;
        part.names_others = !links.is_empty();
        for (position, attribute, id, value) in links {
            let values = written(syntax_of(&attribute), &value, &|id| name_of(&part, id));
            let names = values.iter().filter_map(|dn| Name::read(std::str::from_utf8(dn).ok()?));
            let names: Vec<Text> = names.map(|name| name.comparable().into()).collect();
            part.add_values(position, &attribute, names.into_iter(), id);
        }
        part
    }
}

/// What a value links to.
pub(crate) fn linked(value: &Value) -> Option<Subject> {
    if let Value::Link(id) = value { Some(Subject::Entity(*id)) } else { None }
}
