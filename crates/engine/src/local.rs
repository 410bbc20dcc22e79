//! Entities that are entered by hand: by people, by programs, by SCIM clients.
//!
//! What comes in is a record of the built-in source `local`, one for each entity, and goes the road of every other record:
//! `inbound` lays the records over each other, makes values, follows links, keeps history and writes the journal. Many
//! changes share one transaction; each succeeds or fails by itself. What a change costs does not grow with the repository.

use std::collections::{BTreeMap, BTreeSet};

use muster_app::{Ctx, Error, Opened, similar};
use muster_model::{EntityId, EntityType, Slot, Text, Value};
use muster_store::{Sequence, Tx};

use crate::{
    inbound::{Arrived, Hand, How, Inbound, Problem},
    source::Source,
};

mod alike;
mod load;
mod owner;
mod people;
mod values;

pub use alike::{LookAlike, look_alikes};
pub use load::{LoadMode, LoadReport, RowProblem, TemplateColumn, load_local, template};
pub use owner::change_owner;
pub use people::{Values, change_one, confirm_local, edit_local, end_local};

/// What is done to a local record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalVerb {
    /// A new entity, or one whose local record was removed and that no connected source ever had.
    Create,
    /// Other values; an entity that has no local record yet gets one.
    Change,
    /// As `Change`; the end of an entity that is kept by hand may be later than it was.
    Confirm,
    /// The local record is gone. What follows is for the model to say; history stays.
    Remove,
}

/// A change to one local record.
#[derive(Debug, Clone)]
pub struct LocalChange {
    /// What is done.
    pub verb: LocalVerb,
    /// The entity type, by name.
    pub type_name: Text,
    /// Which entity; ignored by `Create`.
    pub entity: Option<EntityId>,
    /// Values by attribute name. `None` clears; what is not named stays. Text is read as the attribute's type, links are
    /// the key of the other end or [`Value::Link`], several values are a list.
    pub set: Vec<(Text, Option<Value>)>,
    /// The version that the entity must have, from [`LocalDone::version`] or `Entity::version`.
    pub if_version: Option<i64>,
    /// Who does it, on whose behalf, and what belongs together.
    pub by: Ctx,
}

/// What a change came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalDone {
    /// The entity.
    pub entity: EntityId,
    /// Its version now; as before when nothing changed.
    pub version: i64,
    /// Its key now.
    pub key: Text,
    /// Links whose other end is not there yet: the attribute and the key. They are made when it arrives.
    pub waiting: Vec<(Text, Text)>,
}

/// Makes changes in one transaction of their own. The answers are in the order of `changes`.
pub async fn change_local(
    ctx: &Ctx,
    opened: &Opened,
    changes: &[LocalChange],
) -> Result<Vec<Result<LocalDone, Error>>, Error> {
    let mut tx = opened.store.begin().await?;
    let done = change_local_in(ctx, opened, &mut tx, changes).await?;
    tx.commit().await?;
    Ok(done)
}

/// As [`change_local`], within a transaction that the caller commits.
///
/// A change that fails leaves nothing behind; its error has a kind and, where it is about one, the attribute. When the
/// whole answers an error, the transaction must be rolled back.
#[tracing::instrument(name = "use_case", skip_all, fields(otel.name = "change_local"))]
pub async fn change_local_in(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    changes: &[LocalChange],
) -> Result<Vec<Result<LocalDone, Error>>, Error> {
    let mut done: Vec<Option<Result<LocalDone, Error>>> = changes.iter().map(|_| None).collect();
    let any_merged = tx.any_merged().await?;
    for (type_name, wave) in waves(changes) {
        let Ok(of) = type_named(opened, &type_name) else {
            for (place, _) in wave {
                put(&mut done, place, Err(unknown_type(opened, &type_name)));
            }
            continue;
        };
        let removes = wave.first().is_some_and(|(_, change)| change.verb == LocalVerb::Remove);
        let group = Group { ctx, opened, of, removes, any_merged };
        for (place, outcome) in group.carry_out(tx, wave).await? {
            put(&mut done, place, outcome);
        }
    }
    let missing = || Err(Error::bug("a change has no answer"));
    Ok(done.into_iter().map(|outcome| outcome.unwrap_or_else(missing)).collect())
}

fn put<T>(places: &mut [Option<T>], place: usize, value: T) {
    if let Some(slot) = places.get_mut(place) {
        *slot = Some(value);
    }
}

type Numbered<'c> = (usize, &'c LocalChange);

/// Changes of one type that can be made together: no entity comes twice, and removals are by themselves.
fn waves(changes: &[LocalChange]) -> Vec<(Text, Vec<Numbered<'_>>)> {
    let mut waves = Vec::new();
    let mut open: BTreeMap<(Text, bool), Vec<Numbered<'_>>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (place, change) in changes.iter().enumerate() {
        let entity = change.entity.filter(|_| change.verb != LocalVerb::Create);
        if entity.is_some_and(|entity| !seen.insert(entity)) {
            waves.extend(std::mem::take(&mut open).into_iter().map(|((of, _), all)| (of, all)));
            seen = entity.into_iter().collect();
        }
        let kind = (change.type_name.clone(), change.verb == LocalVerb::Remove);
        open.entry(kind).or_default().push((place, change));
    }
    waves.extend(open.into_iter().map(|((of, _), all)| (of, all)));
    waves
}

/// The entity type of this name.
fn type_named<'o>(opened: &'o Opened, name: &str) -> Result<&'o EntityType, Error> {
    let found = opened.model.schema.types.iter().find(|of| &*of.name == name);
    found.ok_or_else(|| unknown_type(opened, name))
}

fn unknown_type(opened: &Opened, name: &str) -> Error {
    let error = Error::not_found(format!("there is no entity type `{name}`"));
    match similar(name, opened.model.schema.types.iter().map(|of| &of.name)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    }
}

/// What changes of one type need.
struct Group<'a> {
    ctx: &'a Ctx,
    opened: &'a Opened,
    of: &'a EntityType,
    /// True when the records of all of them go.
    removes: bool,
    any_merged: bool,
}

/// A change whose values are understood.
struct Meant<'a> {
    place: usize,
    change: &'a LocalChange,
    said: Vec<(Slot, Value)>,
}

type Outcomes = Vec<(usize, Result<LocalDone, Error>)>;

impl<'a> Group<'a> {
    async fn carry_out(&self, tx: &mut Tx, wave: Vec<Numbered<'a>>) -> Result<Outcomes, Error> {
        let mut outcomes = Outcomes::new();
        let mut meant = Vec::with_capacity(wave.len());
        for (place, change) in wave {
            match self.values(change) {
                Ok(said) => meant.push(Meant { place, change, said }),
                Err(problem) => outcomes.push((place, Err(self.error(problem)))),
            }
        }
        let meant = self.follow_links(tx, meant, &mut outcomes).await?;
        let meant = self.find(tx, meant, &mut outcomes).await?;
        let hands: Vec<Hand<'a>> = meant.iter().map(|(_, hand)| hand.clone()).collect();
        let system = &self.opened.model.local;
        let at = self.of.id.index();
        let (Some(read), Some(names)) =
            (system.reads.get(at), self.opened.names.local.reads.get(at))
        else {
            return Err(Error::bug("a type has no read for what is entered by hand"));
        };
        let source = Source { system, read, names, what: &self.of.name };
        let mut inbound = Inbound::by_hand(self.ctx, self.opened, source, self.any_merged)?;
        let entered = if self.removes {
            inbound.take_back(tx, &hands).await?
        } else {
            inbound.enter(tx, &hands).await?
        };
        for ((place, _), entered) in meant.into_iter().zip(entered) {
            outcomes.push((place, self.outcome(entered)));
        }
        Ok(outcomes)
    }

    /// Finds the entities that are meant, and gives new ones their ids.
    async fn find(
        &self,
        tx: &mut Tx,
        meant: Vec<Meant<'a>>,
        outcomes: &mut Outcomes,
    ) -> Result<Vec<(usize, Hand<'a>)>, Error> {
        let Some(names) = self.opened.names.type_names(self.of.id) else {
            return Err(Error::bug("a type has no number"));
        };
        let creates = |meant: &&Meant<'_>| meant.change.verb == LocalVerb::Create;
        let keys: Vec<Text> =
            meant.iter().filter(creates).filter_map(|one| self.key(one)).collect();
        let found = tx.entity_ids_by_key(names.no, &keys).await?;
        let there: BTreeMap<Text, EntityId> =
            keys.into_iter().zip(found).filter_map(|(key, id)| Some((key, id?))).collect();
        let named: Vec<EntityId> = meant.iter().filter_map(|one| one.change.entity).collect();
        let known = tx.entities(&named).await?;
        let known: BTreeSet<EntityId> =
            known.iter().filter(|of| of.type_no == names.no).map(|of| of.id).collect();
        let is_new = |one: &&Meant<'_>| {
            creates(one) && self.key(one).is_none_or(|key| !there.contains_key(&key))
        };
        let n_new = meant.iter().filter(is_new).count();
        let mut next = if n_new > 0 { tx.take_ids(Sequence::Entity, n_new).await? } else { 0 };
        let mut hands = Vec::with_capacity(meant.len());
        let mut taken = known.clone();
        for one in meant {
            let is_new = one.change.verb == LocalVerb::Create;
            let entity = if is_new {
                let known = self.key(&one).and_then(|key| there.get(&key).copied());
                known.unwrap_or_else(|| {
                    next += 1;
                    EntityId(next - 1)
                })
            } else if let Some(id) = one.change.entity.filter(|id| known.contains(id)) {
                id
            } else {
                let error = Error::not_found(format!("there is no such `{}`", self.of.name));
                outcomes.push((one.place, Err(error)));
                continue;
            };
            if is_new && !taken.insert(entity) {
                let key = self.key(&one).unwrap_or_else(|| "".into());
                let problem = format!("`{key}` is there already");
                let problem = Problem::conflict(Some(self.of.key), problem);
                outcomes.push((one.place, Err(self.error(problem))));
                continue;
            }
            hands.push((one.place, hand(one, entity)));
        }
        Ok(hands)
    }

    /// The key that a change gives.
    fn key(&self, meant: &Meant<'_>) -> Option<Text> {
        let (_, value) = meant.said.iter().find(|(slot, _)| *slot == self.of.key)?;
        value.to_wire_text().as_text().cloned()
    }

    fn outcome(&self, entered: Result<Arrived, Problem>) -> Result<LocalDone, Error> {
        let Arrived { entity, version, key, waiting } =
            entered.map_err(|problem| self.error(problem))?;
        let waiting = waiting.into_iter().map(|(slot, key)| (self.name(slot), key)).collect();
        Ok(LocalDone { entity, version, key, waiting })
    }

    fn name(&self, slot: Slot) -> Text {
        self.of.attribute(slot).map_or_else(|| "?".into(), |attribute| attribute.name.clone())
    }

    fn error(&self, problem: Problem) -> Error {
        let Problem { kind, attribute, text } = problem;
        let error = Error::new(kind, text);
        match attribute {
            Some(slot) => error.about(&*self.name(slot)),
            None => error,
        }
    }
}

fn hand(meant: Meant<'_>, entity: EntityId) -> Hand<'_> {
    let Meant { change, said, place: _ } = meant;
    Hand {
        ctx: &change.by,
        entity,
        said,
        how: How {
            creates: change.verb == LocalVerb::Create,
            confirms: change.verb == LocalVerb::Confirm,
            if_version: change.if_version,
        },
    }
}
