//! What was found of everybody by one look, in little room: enough to say of whom a list consists, not to show them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use muster_model::{EntityId, Row, Slot, Text, TypeId, ValueType};
use muster_policy::Evaluation;

use crate::{
    Opened,
    duties::{Access, Duties},
    leavers::is_leaving_state,
};

/// Ids of identities that are kept together, so that a change of one copies little.
const TOGETHER: i64 = 1024;

/// The attributes in which peers are alike.
pub(crate) const PEERS: [&str; 3] = ["department", "title", "manager"];

/// In what somebody is alike with their peers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Alike {
    Entity(EntityId),
    Text(Text),
}

/// What was found of one identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) id: EntityId,
    /// The roles held, by position, in order.
    roles: Box<[u32]>,
    /// The conflicts between duties, in order.
    pub(crate) conflicts: Box<[InConflict]>,
    /// Where those belong who are in a conflict: each link to a place, by its name.
    pub(crate) places: Box<[(Text, EntityId)]>,
    /// How much harm they could do, from 0 to 100.
    pub(crate) risk: u8,
    /// Whether they left.
    pub(crate) is_gone: bool,
    /// The values of [`PEERS`].
    pub(crate) alike: [Option<Alike>; PEERS.len()],
    /// What they are found by.
    pub(crate) names: Box<str>,
    /// When something else is right by the passing of time alone.
    due: Option<Timestamp>,
}

/// A conflict of one identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct InConflict {
    /// Which, by position.
    pub(crate) conflict: u32,
    /// True when an exception allows it.
    pub(crate) is_excepted: bool,
    /// True when it exists only because systems hold what nothing wants.
    pub(crate) is_outside: bool,
}

impl Found {
    /// Of an identity whose accounts hold this of what makes up duties.
    pub(crate) fn of(
        opened: &Opened,
        evaluation: &Evaluation,
        duties: &Duties,
        held: Option<&BTreeSet<Access>>,
    ) -> Self {
        let number = |position: usize| u32::try_from(position).unwrap_or(u32::MAX);
        let mut roles: Vec<u32> = evaluation.roles.iter().map(|held| number(held.role)).collect();
        roles.sort_unstable();
        let conflicts = duties.conflicts(opened, evaluation, held).into_iter();
        let conflicts: Box<[InConflict]> = conflicts
            .map(|conflict| InConflict {
                conflict: number(conflict),
                is_excepted: evaluation.is_excepted(conflict),
                is_outside: evaluation.conflicts.iter().all(|wanted| wanted.conflict != conflict),
            })
            .collect();
        Self {
            id: evaluation.row.id,
            roles: roles.into(),
            places: if conflicts.is_empty() {
                Box::default()
            } else {
                places(opened, &evaluation.row)
            },
            conflicts,
            risk: opened.evaluator.risk(evaluation).score,
            is_gone: is_leaving_state(opened, evaluation.row.type_id, evaluation.state),
            alike: PEERS.map(|name| alike(opened, &evaluation.row, name)),
            names: names(opened, &evaluation.row).into(),
            due: evaluation.next_change,
        }
    }

    /// Whether duties conflict, and no exception allows it.
    pub(crate) fn is_in_conflict(&self) -> bool {
        self.conflicts.iter().any(|one| !one.is_excepted)
    }

    /// The roles held, by position, in order.
    pub(crate) fn roles(&self) -> impl Iterator<Item = usize> {
        self.roles.iter().filter_map(|role| usize::try_from(*role).ok())
    }

    /// The conflicts, by position, each with whether an exception allows it.
    pub(crate) fn conflicts(&self) -> impl Iterator<Item = (usize, bool)> {
        let conflicts = self.conflicts.iter();
        conflicts.filter_map(|one| Some((usize::try_from(one.conflict).ok()?, one.is_excepted)))
    }

    /// Where they belong by a link.
    pub(crate) fn place(&self, link: &str) -> Option<EntityId> {
        self.places.iter().find(|(name, _)| **name == *link).map(|(_, place)| *place)
    }

    /// Whether a role, by position, is held.
    pub(crate) fn holds(&self, role: usize) -> bool {
        u32::try_from(role).is_ok_and(|role| self.roles.binary_search(&role).is_ok())
    }
}

fn alike(opened: &Opened, row: &Row, name: &str) -> Option<Alike> {
    let of = opened.model.schema.get(row.type_id)?;
    let value = row.get(of.attribute_named(name)?.slot);
    value.as_link().map(Alike::Entity).or_else(|| value.as_text().cloned().map(Alike::Text))
}

/// The links of an identity to what is no identity: departments, sites, teams.
fn places(opened: &Opened, row: &Row) -> Box<[(Text, EntityId)]> {
    let links = place_links(opened, row.type_id);
    links.filter_map(|(name, slot)| Some((name.clone(), row.get(slot).as_link()?))).collect()
}

/// The single links of a type to what is no identity.
pub(crate) fn place_links(opened: &Opened, of: TypeId) -> impl Iterator<Item = (&Text, Slot)> {
    let schema = &opened.model.schema;
    let attributes = schema.get(of).map_or(&[][..], |of| of.attributes.as_slice());
    let is_place = |to: TypeId| schema.get(to).is_some_and(|to| !to.identity);
    attributes.iter().filter_map(move |attribute| {
        let ValueType::Link(to) = attribute.value_type else { return None };
        (!attribute.many && is_place(to)).then_some((&attribute.name, attribute.slot))
    })
}

/// The name, and each text that is theirs alone, in lower case, with a line of its own for each.
pub(crate) fn names(opened: &Opened, row: &Row) -> String {
    let Some(of) = opened.model.schema.get(row.type_id) else { return String::new() };
    let named = of.attributes.iter().filter(|attribute| {
        attribute.unique || attribute.slot == of.key || &*attribute.name == "display"
    });
    let texts: Vec<String> = named
        .filter_map(|attribute| row.get(attribute.slot).as_text())
        .map(|text| text.to_lowercase())
        .collect();
    texts.join("\n")
}

/// Identities whose ids are near each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Piece {
    /// In order of id.
    found: Vec<Found>,
    /// The least of their instants.
    due: Option<Timestamp>,
}

impl Piece {
    fn put(&mut self, id: EntityId, found: Option<Found>) {
        let place = self.found.binary_search_by_key(&id, |known| known.id);
        match (place, found) {
            (Ok(place), Some(found)) => {
                if let Some(known) = self.found.get_mut(place) {
                    *known = found;
                }
            }
            (Ok(place), None) => drop(self.found.remove(place)),
            (Err(place), Some(found)) => self.found.insert(place, found),
            (Err(_), None) => {}
        }
        self.due = self.found.iter().filter_map(|found| found.due).min();
    }
}

/// What was found of everybody. A copy shares what neither of the two changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Everybody(BTreeMap<i64, Arc<Piece>>);

impl Everybody {
    /// Of identities in any order.
    pub(crate) fn new(found: Vec<Found>) -> Self {
        let mut pieces: BTreeMap<i64, Piece> = BTreeMap::new();
        for found in found {
            let piece = pieces.entry(found.id.0 / TOGETHER).or_default();
            piece.due = piece.due.into_iter().chain(found.due).min();
            piece.found.push(found);
        }
        for piece in pieces.values_mut() {
            piece.found.sort_unstable_by_key(|found| found.id);
            piece.found.shrink_to_fit();
        }
        Self(pieces.into_iter().map(|(number, piece)| (number, Arc::new(piece))).collect())
    }

    /// Replaces what was found of an identity; `None` where it is there no more.
    pub(crate) fn put(&mut self, id: EntityId, found: Option<Found>) {
        let piece = self.0.entry(id.0 / TOGETHER).or_default();
        Arc::make_mut(piece).put(id, found);
        if piece.found.is_empty() {
            self.0.remove(&(id.0 / TOGETHER));
        }
    }

    /// Everybody, in order of id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Found> {
        self.0.values().flat_map(|piece| &piece.found)
    }

    pub(crate) fn get(&self, id: EntityId) -> Option<&Found> {
        let piece = self.0.get(&(id.0 / TOGETHER))?;
        let place = piece.found.binary_search_by_key(&id, |known| known.id).ok()?;
        piece.found.get(place)
    }

    /// Those with a conflict that may be over when they lose an account, in order of id.
    pub(crate) fn outside(&self) -> Vec<EntityId> {
        let is_outside = |found: &&Found| found.conflicts.iter().any(|one| one.is_outside);
        self.iter().filter(is_outside).map(|found| found.id).collect()
    }

    /// Those of whom something else is right by the passing of time alone.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<EntityId> {
        let pieces = self.0.values().filter(|piece| piece.due.is_some_and(|due| due <= now));
        let found = pieces.flat_map(|piece| &piece.found);
        found
            .filter(|found| found.due.is_some_and(|due| due <= now))
            .map(|found| found.id)
            .collect()
    }
}
