//! Where to look: for each attribute the values and whose they are, for each group its members, for each entry its name.
//!
//! It is made of everything that is shown, and made anew while others go on using the former one when facts have changed. So
//! it only says where to look: whatever it finds is looked at again as it is now, and what only it knows, that is members and
//! names in other entries, may lag behind by as long as it takes to be made.

mod column;

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_app::{Error, IdentityFacts, Opened, identity_facts, load_world};
use muster_model::{AttributeKind, EntityId, Row, Text, Value};
use muster_policy::{EntityEntries, MemoryWorld};
use muster_store::{IdRange, ReadTx};
use rustc_hash::FxHashMap;

use crate::{
    entry::{self, Subject},
    layout::{Layout, Place},
    name::{Name, fold},
    syntax::{comparable, syntax_of, written},
};

pub(crate) use column::{Column, compare};

/// Entities looked at in one step.
const BATCH: usize = 500;

/// Where to look, as of one state of the repository.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// The state of the repository that it was made from.
    pub(crate) version: i64,
    /// When it is no longer right by the passing of time alone.
    pub(crate) until: Option<Timestamp>,
    /// The entities of each container, in order of id.
    all: Vec<Vec<EntityId>>,
    /// The attributes of each container, by their names in lower case.
    columns: Vec<BTreeMap<Text, Column>>,
    /// The container of an entity, and the value that names it there.
    names: FxHashMap<EntityId, (u32, Text)>,
    /// The members of groups, in order.
    members: BTreeMap<Subject, Vec<Subject>>,
}

impl Index {
    /// Looks at everything.
    pub(crate) async fn make(
        opened: &Opened,
        layout: &Layout,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut tx = opened.store.read().await?;
        let mut making = Making {
            opened,
            layout,
            now,
            world: load_world(&mut tx, opened, now, None).await?,
            links: Vec::new(),
            index: Self { version: tx.facts_version().await?, ..Self::default() },
        };
        for (position, place) in layout.places.iter().enumerate() {
            making.index.all.push(Vec::new());
            making.index.columns.push(BTreeMap::new());
            if let Some(of) = place.entities() {
                making.container(&mut tx, position, place, of).await?;
            }
        }
        Ok(making.finish())
    }

    /// The entities of a container, in order of id.
    pub(crate) fn all(&self, place: usize) -> &[EntityId] {
        self.all.get(place).map_or(&[], Vec::as_slice)
    }

    /// The values of an attribute in a container.
    pub(crate) fn column(&self, place: usize, attribute: &str) -> Option<&Column> {
        self.columns.get(place)?.get(&*attribute.to_ascii_lowercase())
    }

    /// The container of an entity and the value that names it.
    pub(crate) fn naming(&self, id: EntityId) -> Option<(usize, &Text)> {
        let (place, naming) = self.names.get(&id)?;
        Some((usize::try_from(*place).ok()?, naming))
    }

    /// The name of what is shown of an entity.
    pub(crate) fn dn(&self, layout: &Layout, id: EntityId) -> Option<String> {
        let (place, naming) = self.naming(id)?;
        Some(entry::dn(layout.places.get(place)?, naming))
    }

    /// The members of a group, in order.
    pub(crate) fn members(&self, group: Subject) -> &[Subject] {
        self.members.get(&group).map_or(&[], Vec::as_slice)
    }

    /// Everybody who is in a group, also through others.
    pub(crate) fn all_members(&self, group: Subject) -> Vec<Subject> {
        let mut seen = std::collections::BTreeSet::new();
        let mut ahead = vec![group];
        while let Some(group) = ahead.pop() {
            ahead.extend(self.members(group).iter().filter(|member| seen.insert(**member)));
        }
        seen.into_iter().collect()
    }
}

/// An index that is being made.
struct Making<'a> {
    opened: &'a Opened,
    layout: &'a Layout,
    now: Timestamp,
    world: MemoryWorld,
    /// Values that are links: container, attribute, whose, where to. The names are known in the end only.
    links: Vec<(usize, Text, EntityId, Value)>,
    index: Index,
}

impl Making<'_> {
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
        self.index.until = [self.index.until, until].into_iter().flatten().min();
        let Some(values) = shown else { return };
        let id = facts.row.id;
        let Some((naming, attributes)) = entry::attributes(place, of, &values, &|_| None) else {
            return;
        };
        let Some(columns) = self.index.columns.get_mut(position) else { return };
        for attribute in attributes.iter().skip(1) {
            let syntax = syntax_of(&attribute.name);
            let column = columns.entry(attribute.name.to_ascii_lowercase().into()).or_default();
            for value in &attribute.values {
                column.extend(comparable(syntax, value).map(|value| (&*value).into()), id);
            }
        }
        for (attribute, value) in of.attributes.iter().zip(values) {
            if value.items().iter().any(|item| matches!(item, Value::Link(_))) {
                self.links.push((position, attribute.name.clone(), id, value));
            }
        }
        let place = u32::try_from(position).unwrap_or(u32::MAX);
        self.index.names.insert(id, (place, naming.into()));
        if let Some(all) = self.index.all.get_mut(position) {
            all.push(id);
        }
        for held in &evaluation.roles {
            if self.layout.place_of_role(held.role).is_some() {
                let group = Subject::Role(held.role);
                self.index.members.entry(group).or_default().push(Subject::Entity(id));
            }
        }
        self.groups(of, &evaluation.row);
    }

    /// Notes of which groups an entity is a member, and who its members are, by the links that it holds itself.
    fn groups(&mut self, own: &EntityEntries, row: &Row) {
        let links = |slot| {
            row.get(slot).items().iter().filter_map(|item| match item {
                Value::Link(id) => Some(Subject::Entity(*id)),
                Value::Null
                | Value::Bool(_)
                | Value::Int(_)
                | Value::Float(_)
                | Value::Text(_)
                | Value::Date(_)
                | Value::DateTime(_)
                | Value::Binary(_)
                | Value::Uuid(_)
                | Value::Reference(_)
                | Value::List(_) => None,
            })
        };
        let this = Subject::Entity(row.id);
        let schema = &self.opened.model.schema;
        for group in self.layout.groups() {
            for slot in &group.members {
                let kind = schema.attribute(group.type_id, *slot).map(|attribute| attribute.kind);
                match kind {
                    Some(AttributeKind::Inverse { of, slot }) if of == row.type_id => {
                        for group in links(slot) {
                            self.index.members.entry(group).or_default().push(this);
                        }
                    }
                    Some(AttributeKind::Inverse { .. }) | None => {}
                    Some(_) if group.type_id == own.type_id => {
                        self.index.members.entry(this).or_default().extend(links(*slot));
                    }
                    Some(_) => {}
                }
            }
        }
    }

    /// Brings everything into order.
    fn finish(mut self) -> Index {
        let name_of = |id| self.index.dn(self.layout, id);
        let mut named: Vec<(usize, Text, EntityId, Vec<Text>)> = Vec::new();
        for (position, attribute, id, value) in &self.links {
            let values = written(syntax_of(attribute), value, &name_of).into_iter();
            let values = values.filter_map(|dn| {
                let name = Name::read(std::str::from_utf8(&dn).ok()?)?;
                Some(name.comparable().into())
            });
            named.push((*position, attribute.clone(), *id, values.collect()));
        }
        for (position, attribute, id, values) in named {
            let Some(columns) = self.index.columns.get_mut(position) else { continue };
            let column = columns.entry(attribute.to_ascii_lowercase().into()).or_default();
            column.extend(values, id);
        }
        for column in self.index.columns.iter_mut().flat_map(BTreeMap::values_mut) {
            column.sort();
        }
        let names = &self.index.names;
        for members in self.index.members.values_mut() {
            // Who is not shown is no member.
            members.retain(|member| match member {
                Subject::Entity(id) => names.contains_key(id),
                Subject::Node(_) | Subject::Role(_) => true,
            });
            members.sort_unstable();
            members.dedup();
        }
        self.index
    }
}

/// True when the comparable form of a value holds these pieces in their order.
pub(crate) fn contains(value: &str, pieces: &Pieces) -> bool {
    let Some(mut rest) = value.strip_prefix(&*pieces.initial) else { return false };
    for any in &pieces.any {
        match rest.split_once(&**any) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(&*pieces.last)
}

/// The pieces of a substring filter in comparable form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pieces {
    pub(crate) initial: String,
    pub(crate) any: Vec<String>,
    pub(crate) last: String,
}

impl Pieces {
    /// The pieces of a filter. A space at the edge of a piece counts, as it does within the value.
    pub(crate) fn of(filter: &ldap3_proto::proto::LdapSubstringFilter) -> Self {
        let piece = |text: &str| {
            let mut folded = fold(text);
            if text.starts_with(' ') && !folded.is_empty() {
                folded.insert(0, ' ');
            }
            if text.ends_with(' ') {
                folded.push(' ');
            }
            folded
        };
        Self {
            initial: filter
                .initial
                .as_deref()
                .map(|text| piece(text).trim_start().to_owned())
                .unwrap_or_default(),
            any: filter
                .any
                .iter()
                .map(|text| piece(text))
                .filter(|piece| !piece.is_empty())
                .collect(),
            last: filter
                .final_
                .as_deref()
                .map(|text| piece(text).trim_end().to_owned())
                .unwrap_or_default(),
        }
    }
}
