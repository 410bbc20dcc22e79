//! What is known of some entities, or of all.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_model::{EntityId, Text};
use rustc_hash::{FxHashMap, FxHashSet};

use super::column::Column;
use crate::entry::Subject;

/// The attributes, in lower case, that people search by a piece of a value.
const SEARCHED: [&str; 6] = ["cn", "displayname", "givenname", "mail", "sn", "uid"];

/// Everything in order.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// The entities of each container.
    all: Vec<Vec<EntityId>>,
    /// The attributes of each container, by their names in lower case.
    columns: Vec<BTreeMap<Text, Column>>,
    /// The container of an entity, and the value that names it there.
    names: FxHashMap<EntityId, (u32, Text)>,
    /// Those who say of themselves that they are in a group.
    said: BTreeMap<Subject, Vec<Subject>>,
    /// Those whom a group lists itself.
    listed: BTreeMap<Subject, Vec<Subject>>,
    /// When something else is right of whom by the passing of time alone.
    due: Vec<(Timestamp, EntityId)>,
    /// Whether an entry has the name of another one among its values.
    pub(super) names_others: bool,
}

impl Part {
    /// Nothing, for so many containers.
    pub(super) fn new(n_places: usize) -> Self {
        let (mut all, mut columns) = (Vec::new(), Vec::new());
        all.resize_with(n_places, Vec::new);
        columns.resize_with(n_places, BTreeMap::new);
        Self { all, columns, ..Self::default() }
    }

    /// Notes an entity that is shown in a container.
    pub(super) fn show(&mut self, place: usize, id: EntityId, naming: Text) {
        self.names.insert(id, (u32::try_from(place).unwrap_or(u32::MAX), naming));
        if let Some(all) = self.all.get_mut(place) {
            all.push(id);
        }
    }

    /// Notes values of an attribute.
    pub(super) fn add_values(
        &mut self,
        place: usize,
        attribute: &str,
        values: impl Iterator<Item = Text>,
        id: EntityId,
    ) {
        if let Some(columns) = self.columns.get_mut(place) {
            columns.entry(attribute.to_ascii_lowercase().into()).or_default().extend(values, id);
        }
    }

    /// Notes that a member says to be in a group.
    pub(super) fn say(&mut self, group: Subject, member: EntityId) {
        self.said.entry(group).or_default().push(Subject::Entity(member));
    }

    /// Notes whom a group lists.
    pub(super) fn list(&mut self, group: EntityId, members: impl Iterator<Item = Subject>) {
        self.listed.entry(Subject::Entity(group)).or_default().extend(members);
    }

    /// Notes when to look at somebody again.
    pub(super) fn look_again(&mut self, at: Timestamp, id: EntityId) {
        self.due.push((at, id));
    }

    /// Brings everything into order.
    pub(super) fn sort(&mut self) {
        self.all.iter_mut().for_each(|all| all.sort());
        for (attribute, column) in self.columns.iter_mut().flatten() {
            column.finish(SEARCHED.contains(&&**attribute));
        }
        for members in self.said.values_mut().chain(self.listed.values_mut()) {
            members.sort();
            members.dedup();
        }
        self.due.sort();
    }

    /// This part without some entities and with what another part knows.
    pub(super) fn with(&self, without: &FxHashSet<EntityId>, other: &Self) -> Self {
        let stays = |id: EntityId| !without.contains(&id);
        let is_kept = |of: &Subject| entity_of(of).is_none_or(stays);
        let n_places = self.all.len().max(other.all.len());
        let mut made = Self::new(n_places);
        for part in [self, other] {
            let is_own = std::ptr::eq(part, self);
            let stays = |id: EntityId| !is_own || stays(id);
            for (made, all) in made.all.iter_mut().zip(&part.all) {
                made.extend(all.iter().copied().filter(|id| stays(*id)));
            }
            for (made, columns) in made.columns.iter_mut().zip(&part.columns) {
                for (attribute, column) in columns {
                    made.entry(attribute.clone()).or_default().join(column, stays);
                }
            }
            let names = part.names.iter().filter(|(id, _)| stays(**id));
            made.names.extend(names.map(|(id, name)| (*id, name.clone())));
            for (group, members) in &part.said {
                let stay = members.iter().filter(|who| !is_own || is_kept(who)).copied();
                made.said.entry(*group).or_default().extend(stay);
            }
            let lists = part.listed.iter().filter(|(group, _)| !is_own || is_kept(group));
            made.listed.extend(lists.map(|(group, members)| (*group, members.clone())));
            made.due.extend(part.due.iter().filter(|(_, id)| stays(*id)).copied());
            made.names_others |= part.names_others;
        }
        made.sort();
        made
    }

    pub(super) fn all(&self, place: usize) -> &[EntityId] {
        self.all.get(place).map_or(&[], Vec::as_slice)
    }

    pub(super) fn column(&self, place: usize, attribute: &str) -> Option<&Column> {
        self.columns.get(place)?.get(attribute)
    }

    pub(super) fn naming(&self, id: EntityId) -> Option<(usize, &Text)> {
        let (place, naming) = self.names.get(&id)?;
        Some((usize::try_from(*place).ok()?, naming))
    }

    pub(super) fn say_they_are_in(&self, group: Subject) -> &[Subject] {
        self.said.get(&group).map_or(&[], Vec::as_slice)
    }

    pub(super) fn listed_by(&self, group: Subject) -> &[Subject] {
        self.listed.get(&group).map_or(&[], Vec::as_slice)
    }

    /// Those who have to be looked at again.
    pub(super) fn due(&self, now: Timestamp) -> impl Iterator<Item = EntityId> {
        self.due.iter().take_while(move |(at, _)| *at <= now).map(|(_, id)| *id)
    }
}

/// The entity that something is.
pub(super) fn entity_of(subject: &Subject) -> Option<EntityId> {
    match subject {
        Subject::Entity(id) => Some(*id),
        Subject::Node(_) | Subject::Role(_) => None,
    }
}
