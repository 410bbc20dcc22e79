//! What people, programs and SCIM clients enter: records of the built-in source, about entities that they name themselves.
//!
//! From where the values of all records are laid over each other it is the same road as that of a read.

use muster_app::{Ctx, Error, Kind};
use muster_model::{EntityId, Hasher, Row, Slot, Text, Value, encode_row};
use muster_policy::Local;
use muster_store::{Entity, Number, ReadTx, RecordId, Tx};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Arrival, Inbound, Problem,
    refused::Outcome,
    sayings::{Saying, is_there, presence_reads},
};
use crate::{
    report::ReadReport,
    source::{Staged, fingerprint},
};

/// What somebody enters about one entity.
#[derive(Clone)]
pub(crate) struct Hand<'c> {
    /// Who.
    pub(crate) ctx: &'c Ctx,
    /// Whom it is about; a new entity has its id already.
    pub(crate) entity: EntityId,
    /// The values; `Null` clears. Links lead to an entity or name its key.
    pub(crate) said: Vec<(Slot, Value)>,
    /// What else it does or needs.
    pub(crate) how: How,
}

/// What an entry does beside giving values, and what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct How {
    /// True when the entity must not be there yet.
    pub(crate) creates: bool,
    /// True when the end may be later than it was.
    pub(crate) confirms: bool,
    /// The version that the entity must have.
    pub(crate) if_version: Option<i64>,
}

/// An entity after something was entered about it.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) entity: EntityId,
    pub(crate) version: i64,
    pub(crate) key: Text,
    /// Links that wait for their other end: the attribute and the key.
    pub(crate) waiting: Vec<(Slot, Text)>,
}

/// What comes of an entry.
pub(crate) type Entered = Result<Arrived, Problem>;

impl<'a> Inbound<'a> {
    /// Applies what was entered, each entity at most once; the outcomes are in the same order.
    pub(crate) async fn enter(
        &mut self,
        tx: &mut Tx,
        hands: &[Hand<'a>],
    ) -> Result<Vec<Entered>, Error> {
        self.entered_by.extend(hands.iter().map(|hand| (hand.entity, hand.ctx)));
        let ids: Vec<EntityId> = hands.iter().map(|hand| hand.entity).collect();
        let mut entities: FxHashMap<EntityId, Entity> =
            tx.entities(&ids).await?.into_iter().map(|entity| (entity.id, entity)).collect();
        let mut sayings = self.sayings(tx, &ids, &FxHashSet::default()).await?;
        let mut report = ReadReport::default();
        let (mut laid, mut refused) = (Vec::with_capacity(hands.len()), Refusals::default());
        for hand in hands {
            let known = entities.remove(&hand.entity);
            let others = sayings.remove(&hand.entity).unwrap_or_default();
            match self.lay(hand, known, others)? {
                Ok(one) => laid.push(one),
                Err(problem) => drop(refused.insert(hand.entity, problem)),
            }
        }
        let (staged, arrivals): (Vec<Staged>, Vec<(Arrival<'_>, Standing)>) = laid
            .into_iter()
            .map(|(staged, arrival, standing)| (staged, (arrival, standing)))
            .unzip();
        let mut standings = FxHashMap::default();
        let mut outcome = Outcome::new(&mut report);
        let mut fresh = Vec::with_capacity(arrivals.len());
        for ((mut arrival, standing), staged) in arrivals.into_iter().zip(&staged) {
            standings.insert(arrival.row.id, standing);
            arrival.staged = Some(staged);
            fresh.push(arrival);
        }
        self.generate_keys(tx, &mut fresh, &mut outcome).await?;
        let mut arrivals = self.check_complete(tx, fresh, &mut outcome).await?;
        self.resolve_links(tx, &mut arrivals).await?;
        self.check_kept(tx, &mut arrivals, &standings, &mut outcome).await?;
        self.generate_values(tx, &mut arrivals, &mut outcome).await?;
        self.take_unique(tx, &mut arrivals, &mut outcome).await?;
        for arrival in &mut arrivals {
            if standings.get(&arrival.row.id).is_some_and(|standing| standing.says_the_same) {
                arrival.staged = None;
            }
        }
        let changed = self.write(tx, &arrivals).await?;
        self.arrive_late(tx, &arrivals).await?;
        refused.extend(outcome.refused.into_iter().map(|one| (subject(one.staged), one.problem)));
        let arrived = arrivals.iter().map(|arrival| (arrival.row.id, arrival.arrived(&changed)));
        let mut arrived: FxHashMap<EntityId, Arrived> = arrived.collect();
        let outcome = |hand: &Hand<'_>| match refused.remove(&hand.entity) {
            Some(problem) => Err(problem),
            None => arrived
                .remove(&hand.entity)
                .ok_or_else(|| Problem::conflict(None, "it was entered twice at once")),
        };
        Ok(hands.iter().map(outcome).collect())
    }

    /// Lays what was entered over what the entity holds, unless somebody else has the say.
    fn lay<'s>(
        &self,
        hand: &Hand<'_>,
        known: Option<Entity>,
        mut sayings: Vec<Saying>,
    ) -> Result<Result<(Staged, Arrival<'s>, Standing), Problem>, Error> {
        if let Some(problem) = self.stands_against(hand, known.as_ref(), &sayings) {
            return Ok(Err(problem));
        }
        let own = sayings.iter().position(|s| s.read_no == self.source.names.no);
        let own = own.map(|at| sayings.remove(at));
        let record = own.as_ref().map(|own| RecordId(own.record));
        let before = own.filter(|own| own.present).map_or_else(Vec::new, |own| own.values);
        let mut said = before.clone();
        for (slot, value) in &hand.said {
            said.retain(|(of, _)| of != slot);
            said.push((*slot, value.clone()));
        }
        let staged = self.staged(hand.entity, &said);
        let was_there = known.as_ref().is_some_and(|entity| entity.absent_since.is_none());
        let says_the_same = was_there && self.staged(hand.entity, &before) == staged;
        sayings.push(self.saying(record, said));
        let mut arrival = self.arrival(hand.entity, known, &mut sayings)?;
        arrival.record = record;
        let presence = presence_reads(self.opened, self.entity_type.id);
        if is_there(&sayings, &presence) == Some(true) {
            arrival.absent_since = None;
        }
        let owner = |slot: &Slot| self.connected_word_on(*slot, &sayings);
        let was = |slot: Slot| arrival.before.as_ref().map(|(_, row)| row.get(slot));
        let overruled = hand.said.iter().find_map(|(slot, value)| {
            owner(slot).filter(|_| was(*slot) != Some(value)).map(|system| (*slot, system))
        });
        if let Some((slot, system)) = overruled {
            let name = self.entity_type.attribute(slot).map_or("?", |attribute| &*attribute.name);
            let problem = format!("`{name}` comes from `{system}`; change it there");
            return Ok(Err(Problem::denied(slot, problem)));
        }
        let kept_by_hand = !sayings.iter().any(|s| s.present && !s.by_hand);
        Ok(Ok((staged, arrival, Standing { says_the_same, kept_by_hand, how: hand.how })))
    }

    /// Why an entry cannot be what it wants to be.
    fn stands_against(
        &self,
        hand: &Hand<'_>,
        known: Option<&Entity>,
        sayings: &[Saying],
    ) -> Option<Problem> {
        let key = Some(self.entity_type.key);
        let known = known?;
        if hand.how.if_version.is_some_and(|version| version != known.version) {
            let problem = format!("`{}` was changed by somebody else in between", known.key);
            return Some(Problem::conflict(None, problem));
        }
        if !hand.how.creates {
            return None;
        }
        if known.absent_since.is_none() {
            return Some(Problem::conflict(key, format!("`{}` is there already", known.key)));
        }
        let source = sayings.iter().find(|saying| !saying.by_hand);
        let source = source.map(|saying| self.system_name(saying))?;
        let problem = format!("`{}` belongs to somebody whom `{source}` let go", known.key);
        Some(Problem::conflict(key, problem))
    }

    /// The record that holds what was entered. Its key is the number of the entity, which never changes.
    fn staged(&self, entity: EntityId, said: &[(Slot, Value)]) -> Staged {
        let of = self.entity_type;
        let mut row = Row::empty(entity, of.id, of.attributes.len());
        for (slot, value) in said {
            row.set(*slot, value.clone());
        }
        Staged {
            key: entity.to_string().into(),
            native_id: "".into(),
            line: 0,
            fingerprint: fingerprint(&mut Hasher::new(), &row.values),
            content: encode_row(&row, &self.source.names.numbers, |_| true),
        }
    }

    /// Refuses entities that are kept by hand and lack who answers for them, or an end.
    async fn check_kept<'s>(
        &self,
        tx: &mut ReadTx,
        arrivals: &mut Vec<Arrival<'s>>,
        standings: &FxHashMap<EntityId, Standing>,
        outcome: &mut Outcome<'_, 's>,
    ) -> Result<(), Error> {
        let Some(local) = self.behaviour.local else { return Ok(()) };
        let sponsors: Vec<EntityId> = arrivals
            .iter()
            .filter(|arrival| arrival.changes(local.sponsor))
            .filter_map(|arrival| link(arrival.row.get(local.sponsor)))
            .collect();
        let left = self.left(tx, &sponsors).await?;
        let kept: Vec<Arrival<'s>> = std::mem::take(arrivals);
        for arrival in kept {
            let standing = standings.get(&arrival.row.id).filter(|standing| standing.kept_by_hand);
            match standing.and_then(|standing| self.lacks(local, &arrival, standing.how, &left)) {
                Some(problem) => outcome.turn_away(&arrival, problem),
                None => arrivals.push(arrival),
            }
        }
        Ok(())
    }

    fn lacks(
        &self,
        local: Local,
        arrival: &Arrival<'_>,
        how: How,
        left: &FxHashSet<EntityId>,
    ) -> Option<Problem> {
        let name = |slot: Slot| self.entity_type.attribute(slot).map_or("?", |a| &*a.name);
        let (sponsor, until) = (Some(local.sponsor), Some(local.until));
        if let Some((.., key)) = arrival.pending.iter().find(|(slot, ..)| *slot == local.sponsor) {
            return Some(Problem::invalid(sponsor, format!("nobody has the key `{key}`")));
        }
        let Some(answers) = link(arrival.row.get(local.sponsor)) else {
            let problem = format!("`{}` is missing: who answers for it", name(local.sponsor));
            return Some(Problem::invalid(sponsor, problem));
        };
        if answers == arrival.row.id {
            return Some(Problem::invalid(sponsor, "nobody answers for themselves"));
        }
        if left.contains(&answers) {
            let problem = "the sponsor has left and answers for nobody";
            return Some(Problem::invalid(sponsor, problem));
        }
        let end = arrival.row.get(local.until);
        if end.is_null() {
            let problem = format!("`{}` is missing: when it ends", name(local.until));
            return Some(Problem::invalid(until, problem));
        }
        let before = arrival.before.as_ref().filter(|_| !how.creates && !how.confirms);
        let before = before.map(|(_, row)| row.get(local.until)).filter(|value| !value.is_null());
        if before.is_some_and(|before| end > before) {
            let problem = "its end moves only when the sponsor confirms it";
            return Some(Problem::denied(local.until, problem));
        }
        None
    }

    /// Those of them whose lifecycle has ended.
    async fn left(&self, tx: &mut ReadTx, ids: &[EntityId]) -> Result<FxHashSet<EntityId>, Error> {
        let mut left = FxHashSet::default();
        if ids.is_empty() {
            return Ok(left);
        }
        let ended: Vec<Number> = self
            .opened
            .model
            .types
            .iter()
            .zip(&self.opened.names.types)
            .filter_map(|(of, names)| names.states.get(of.terminated?).copied())
            .collect();
        for identity in tx.identities(ids).await? {
            if identity.state_no.is_some_and(|state| ended.contains(&state)) {
                left.insert(identity.id);
            }
        }
        Ok(left)
    }

    /// Takes back what was entered, each entity at most once. What follows is for the model to say.
    pub(crate) async fn take_back(
        &mut self,
        tx: &mut Tx,
        hands: &[Hand<'a>],
    ) -> Result<Vec<Entered>, Error> {
        self.entered_by.extend(hands.iter().map(|hand| (hand.entity, hand.ctx)));
        let ids: Vec<EntityId> = hands.iter().map(|hand| hand.entity).collect();
        let known = tx.entities(&ids).await?;
        let sayings = self.sayings(tx, &ids, &FxHashSet::default()).await?;
        let (mut records, mut gone, mut refused) = (Vec::new(), Vec::new(), Refusals::default());
        for hand in hands {
            let sayings = sayings.get(&hand.entity).map_or(&[][..], Vec::as_slice);
            let entity = known.iter().find(|entity| entity.id == hand.entity);
            match self.may_go(hand, entity, sayings) {
                Ok(record) => {
                    records.push(record);
                    gone.push(hand.entity);
                }
                Err(problem) => drop(refused.insert(hand.entity, problem)),
            }
        }
        tx.set_records_absent(&records, Some(self.now)).await?;
        self.rederive(tx, &gone, "taken back by hand", &[]).await?;
        let after = tx.entities(&gone).await?;
        let arrived = |entity: Entity| Arrived {
            entity: entity.id,
            version: entity.version,
            key: entity.key,
            waiting: Vec::new(),
        };
        let mut arrived: FxHashMap<EntityId, Arrived> =
            after.into_iter().map(|entity| (entity.id, arrived(entity))).collect();
        let missing = || Problem::conflict(None, "it was taken back twice at once");
        let outcome = |hand: &Hand<'_>| match refused.remove(&hand.entity) {
            Some(problem) => Err(problem),
            None => arrived.remove(&hand.entity).ok_or_else(missing),
        };
        Ok(hands.iter().map(outcome).collect())
    }

    /// The record that goes, unless there is none or a connected source still has one.
    fn may_go(
        &self,
        hand: &Hand<'_>,
        known: Option<&Entity>,
        sayings: &[Saying],
    ) -> Result<RecordId, Problem> {
        if let Some(problem) = self.stands_against(hand, known, sayings) {
            return Err(problem);
        }
        let key = known.map_or("?", |entity| &*entity.key);
        if let Some(saying) = sayings.iter().find(|saying| saying.present && !saying.by_hand) {
            let source = self.system_name(saying);
            let problem = format!("`{key}` comes from `{source}`; remove it there");
            return Err(Problem::denied(self.entity_type.key, problem));
        }
        let own = sayings.iter().find(|saying| saying.present && saying.by_hand);
        own.map(|own| RecordId(own.record)).ok_or_else(|| Problem {
            kind: Kind::NotFound,
            attribute: None,
            text: format!("`{key}` is gone already"),
        })
    }
}

type Refusals = FxHashMap<EntityId, Problem>;

/// How what was entered stands to what was there.
struct Standing {
    /// True when the record stays as it is.
    says_the_same: bool,
    /// True when no connected source has the entity.
    kept_by_hand: bool,
    how: How,
}

impl Arrival<'_> {
    fn changes(&self, slot: Slot) -> bool {
        self.before.as_ref().is_none_or(|(_, row)| row.get(slot) != self.row.get(slot))
    }

    pub(super) fn arrived(&self, changed: &FxHashSet<EntityId>) -> Arrived {
        let before = self.before.as_ref().map_or(0, |(entity, _)| entity.version);
        let is_other = self.before.is_none() || changed.contains(&self.row.id);
        Arrived {
            entity: self.row.id,
            version: before + i64::from(is_other),
            key: self.key.clone(),
            waiting: self.pending.iter().map(|(slot, _, key)| (*slot, key.clone())).collect(),
        }
    }
}

/// The entity that a record of the built-in source is about.
fn subject(staged: &Staged) -> EntityId {
    EntityId(staged.key.parse().unwrap_or_default())
}

fn link(value: &Value) -> Option<EntityId> {
    if let Value::Link(id) = value { Some(*id) } else { None }
}
