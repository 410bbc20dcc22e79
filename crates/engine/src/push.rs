//! Records that come without being asked for: a client pushes them to a source that is not read.
//!
//! A push is a read of a few records: they are correlated, mapped, guarded, written and kept like those of any other
//! source, and what they leave out stays as it was. What a guard holds joins the change set of the source that waits, and
//! so does everything pushed until somebody has decided, so that nothing overtakes it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind, Opened};
use muster_connector::PUSHED;
use muster_model::{EntityId, Hasher, Row, Setting, Text, TypeId, Value, encode_row};
use muster_policy::{Read, System};
use muster_store::{ChangeCounts, ChangeSetId, ReadTx, Record, RecordMark, Sequence, Tx};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    change_set,
    decisions::Decided,
    inbound::{Arrived, Inbound, Problem, PushEnd},
    local::{LocalChange, LocalDone, LocalVerb},
    mapping::record_values,
    source::{Source, Staged, Staging, fingerprint, judge, remember},
};

mod known;

use known::{Ends, Known};

/// What came of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// The record is in, and this is its entity.
    Done(LocalDone),
    /// A guard holds it: it waits in this change set.
    Held {
        /// The change set.
        change_set: ChangeSetId,
        /// Why.
        reason: Text,
    },
    /// A person has to say whose record it is.
    Undecided {
        /// Why.
        problem: Text,
    },
}

/// A record as it is pushed: values by column, and what the source calls it, if it does.
#[derive(Debug, Clone)]
pub struct Push {
    /// What is done, to which entity, by whom. `set` names columns of the read; what it has no column for is left out.
    pub change: LocalChange,
    /// The source's own id of the record.
    pub key: Option<Text>,
}

/// The source that a client pushes records of a type to, if the model names one.
pub fn source_of_client<'o>(opened: &'o Opened, client: &str, of: TypeId) -> Option<&'o System> {
    opened.model.systems.iter().find(|system| {
        let named = match system.settings.entries.get("client") {
            Some((_, Setting::Scalar(name, _))) => &**name == client,
            Some(_) | None => false,
        };
        &*system.connector == PUSHED && named && system.reads.iter().any(|read| read.type_id == of)
    })
}

/// Applies pushes to one source, as part of `tx`; the answers are in the order of `pushes`. No entity comes twice.
pub async fn push_in(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    system: &System,
    pushes: &[Push],
) -> Result<Vec<Result<Pushed, Error>>, Error> {
    let mut by_type: BTreeMap<&Text, Vec<(usize, &Push)>> = BTreeMap::new();
    for (place, push) in pushes.iter().enumerate() {
        by_type.entry(&push.change.type_name).or_default().push((place, push));
    }
    let mut answers: Vec<(usize, Result<Pushed, Error>)> = Vec::with_capacity(pushes.len());
    for (type_name, pushes) in by_type {
        let source = source(opened, system, type_name)?;
        let pushing = Pushing { ctx, opened, source, now: ctx.now() };
        answers.extend(pushing.carry_out(tx, pushes).await?);
    }
    answers.sort_by_key(|(place, _)| *place);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

fn source<'o>(
    opened: &'o Opened,
    system: &'o System,
    type_name: &'o Text,
) -> Result<Source<'o>, Error> {
    let missing = || Error::not_found(format!("`{}` has no `{type_name}`", system.name));
    let of = opened.model.schema.type_named(type_name).ok_or_else(missing)?;
    let at = system.reads.iter().position(|read| read.type_id == of.id).ok_or_else(missing)?;
    let names = opened.names.systems.get(system.id.index()).and_then(|names| names.reads.get(at));
    let read = system.reads.get(at);
    let (Some(read), Some(names)) = (read, names) else { return Err(missing()) };
    Ok(Source { system, read, names, what: type_name })
}

type Answers = Vec<(usize, Result<Pushed, Error>)>;

/// What is pushed to one read of a source.
struct Pushing<'a> {
    ctx: &'a Ctx,
    opened: &'a Opened,
    source: Source<'a>,
    now: Timestamp,
}

/// What the pushes come to before anything is judged.
#[derive(Default)]
struct Work<'p> {
    staging: Staging,
    marks: FxHashMap<Text, RecordMark>,
    /// Records of entities that the source said nothing of before.
    links: Vec<(Text, EntityId)>,
    /// The pushes by the keys of their records.
    places: BTreeMap<Text, (usize, &'p Push)>,
    /// The pushes by the records that go, and whose these are.
    gone: Vec<(usize, &'p Push, EntityId)>,
}

impl<'a> Pushing<'a> {
    async fn carry_out(
        &self,
        tx: &mut Tx,
        pushes: Vec<(usize, &'a Push)>,
    ) -> Result<Answers, Error> {
        let mut answers = Answers::new();
        let held = change_set::held_for(tx, self.source.names.no).await?;
        let work = self.stage(tx, pushes, held.as_ref().map(|(_, held)| held), &mut answers);
        let work = work.await?;
        if work.staging.records.is_empty() && work.staging.absent.is_empty() {
            return Ok(answers);
        }
        let counts = self.counts(tx, &work).await?;
        let mut inbound = self.inbound(tx, &work).await?;
        let reason = if let Some((held, _)) = &held {
            Some(held.reason.to_string())
        } else {
            let staged = (&work.staging, counts);
            judge(self.source, tx, &mut inbound, staged, self.now).await?
        };
        if let Some(reason) = reason {
            let of = change_set::More { counts, reason, waiting: held };
            self.hold(tx, work, of, &mut answers).await?;
        } else {
            self.apply(tx, &mut inbound, work, (counts, &mut answers)).await?;
        }
        Ok(answers)
    }

    /// Finds the records that the pushes are about and lays what they say over what these held.
    async fn stage<'p>(
        &self,
        tx: &mut Tx,
        pushes: Vec<(usize, &'p Push)>,
        held: Option<&Staging>,
        answers: &mut Answers,
    ) -> Result<Work<'p>, Error> {
        let all: Vec<&Push> = pushes.iter().map(|(_, push)| *push).collect();
        let known = Known::load(tx, self.source, &all).await?;
        let ends = Ends::load(tx, &all).await?;
        let mut work = Work::default();
        for (place, push) in pushes {
            let mut record = known.of(push);
            let is_new = push.change.verb == LocalVerb::Create;
            if is_new && record.is_some_and(|record| record.absent_since.is_none()) {
                let key = push.key.as_deref().unwrap_or_default();
                let problem = format!("`{}` has a record `{key}` already", self.source.system.name);
                answers.push((place, Err(Error::new(Kind::Conflict, problem).about("externalId"))));
                continue;
            }
            if push.change.verb == LocalVerb::Remove {
                record = record.filter(|record| record.absent_since.is_none());
                match (record, push.change.entity) {
                    (Some(record), Some(entity)) => {
                        work.marks.insert(record.key.clone(), mark(record));
                        work.staging.absent.push(record.id);
                        work.gone.push((place, push, entity));
                    }
                    _ => answers.push((place, Err(self.not_ours()))),
                }
                continue;
            }
            let key = match (&push.key, record) {
                (Some(key), _) => key.clone(),
                (None, Some(record)) => record.key.clone(),
                (None, None) => format!("n{}", tx.take_ids(Sequence::Record, 1).await?).into(),
            };
            match self.staged(push, key.clone(), record, (&ends, held)) {
                Err(problem) => answers.push((place, Err(Error::new(Kind::Invalid, problem)))),
                Ok(staged) if record.is_some_and(|record| says_the_same(record, &staged)) => {
                    answers.push((place, self.unchanged(tx, push).await?));
                }
                Ok(_) if work.places.contains_key(&key) => {
                    let problem = format!("record `{key}` comes twice at once");
                    let problem = Error::new(Kind::Conflict, problem).about("externalId");
                    answers.push((place, Err(problem)));
                }
                Ok(staged) => {
                    match (record, push.change.entity.filter(|_| !is_new)) {
                        (Some(record), _) => drop(work.marks.insert(key.clone(), mark(record))),
                        (None, Some(entity)) => work.links.push((key.clone(), entity)),
                        (None, None) => {}
                    }
                    work.places.insert(key, (place, push));
                    work.staging.records.push(staged);
                }
            }
        }
        Ok(work)
    }

    fn not_ours(&self) -> Error {
        let problem = format!("`{}` has no record of it", self.source.system.name);
        Error::new(Kind::Conflict, problem).hint("remove it at the source that has one")
    }

    /// The record as it will be. What a guard holds of it counts as said.
    fn staged(
        &self,
        push: &Push,
        key: Text,
        record: Option<&Record>,
        (ends, held): (&Ends, Option<&Staging>),
    ) -> Result<Staged, String> {
        let Source { read, names, .. } = self.source;
        let waiting = held.and_then(|held| held.records.iter().find(|staged| staged.key == key));
        let content = match (waiting, record) {
            (Some(staged), _) => Some(&staged.content),
            (None, Some(record)) if record.absent_since.is_none() => Some(&record.content),
            (None, _) => None,
        };
        let mut values = match content {
            Some(content) => {
                record_values(read, names, content).map_err(|error| error.to_string())?
            }
            None => vec![Value::Null; read.columns.len()],
        };
        for (name, value) in &push.change.set {
            let Some(at) = column(read, name) else { continue };
            let (Some((_, value_type, many)), Some(slot)) =
                (read.columns.get(at), values.get_mut(at))
            else {
                continue;
            };
            *slot = match value {
                None => Value::Null,
                Some(value) => ends.in_column(value, *value_type, *many)?,
            };
        }
        let fingerprint = fingerprint(&mut Hasher::new(), &values);
        let row = Row { id: EntityId(0), type_id: TypeId(0), values, next_change: None };
        let content = encode_row(&row, &names.numbers, |_| true);
        Ok(Staged { key, native_id: "".into(), line: 0, fingerprint, content })
    }

    async fn unchanged(
        &self,
        tx: &mut ReadTx,
        push: &Push,
    ) -> Result<Result<Pushed, Error>, Error> {
        let id = push.change.entity.unwrap_or(EntityId(0));
        let entity = tx.entity(id).await?;
        let gone = || Error::not_found(format!("there is no such `{}`", self.source.what));
        Ok(entity.ok_or_else(gone).map(|entity| {
            Pushed::Done(LocalDone {
                entity: entity.id,
                version: entity.version,
                key: entity.key,
                waiting: Vec::new(),
            })
        }))
    }

    async fn counts(&self, tx: &mut ReadTx, work: &Work<'_>) -> Result<ChangeCounts, Error> {
        let (n_present, _) = tx.count_records(self.source.names.no).await?;
        let n_known = work.staging.records.iter().filter(|one| work.marks.contains_key(&one.key));
        let (n_update, n_absent) = (n_known.count() as u64, work.staging.absent.len() as u64);
        let n_create = work.staging.records.len() as u64 - n_update;
        Ok(ChangeCounts { n_create, n_update, n_absent, n_present })
    }

    async fn inbound(&self, tx: &mut Tx, work: &Work<'_>) -> Result<Inbound<'a>, Error> {
        let unknown = work.staging.records.iter().filter(|one| !work.marks.contains_key(&one.key));
        let unknown: Vec<Vec<Value>> = unknown
            .map(|one| record_values(self.source.read, self.source.names, &one.content))
            .collect::<Result<_, _>>()?;
        let mut inbound =
            Inbound::pushed(self.ctx, self.opened, self.source, tx, (work.marks.clone(), unknown))
                .await?;
        for (key, entity) in &work.links {
            inbound = inbound.knowing(Some((key.clone(), Decided::Link(*entity))));
        }
        Ok(inbound)
    }

    async fn hold(
        &self,
        tx: &mut Tx,
        mut work: Work<'_>,
        of: change_set::More,
        answers: &mut Answers,
    ) -> Result<(), Error> {
        let linked: FxHashSet<Text> = work.links.drain(..).map(|(key, _)| key).collect();
        let reason: Text = of.reason.as_str().into();
        // Whose such a record is would not be known any more when it is released.
        work.staging.records.retain(|staged| !linked.contains(&staged.key));
        let change_set =
            change_set::hold_more(self.ctx, tx, self.source, &work.staging, of).await?;
        let places = work.places.iter().map(|(key, (place, _))| (linked.contains(key), *place));
        for (is_linked, place) in places.chain(work.gone.iter().map(|(place, ..)| (false, *place)))
        {
            let answer = if is_linked {
                Err(Error::new(Kind::Held, format!("a guard holds the source: {reason}")))
            } else {
                Ok(Pushed::Held { change_set, reason: reason.clone() })
            };
            answers.push((place, answer));
        }
        Ok(())
    }

    async fn apply(
        &self,
        tx: &mut Tx,
        inbound: &mut Inbound<'a>,
        work: Work<'a>,
        (counts, answers): (ChangeCounts, &mut Answers),
    ) -> Result<(), Error> {
        let by =
            work.places.iter().map(|(key, (_, push))| (key.clone(), &push.change.by)).collect();
        let mut ends = inbound.push(tx, &work.staging.records, by).await?;
        for (key, (place, _)) in &work.places {
            let lost = || PushEnd::Refused(Problem::conflict(None, "it is none of our business"));
            answers.push((*place, self.told(ends.remove(key).unwrap_or_else(lost))));
        }
        inbound.push_absent(tx, &work.staging.absent).await?;
        for (place, push, entity) in &work.gone {
            let mut change = push.change.clone();
            change.entity = Some(*entity);
            answers.push((*place, self.unchanged(tx, &Push { change, key: None }).await?));
        }
        remember(tx, self.source, inbound.applied(), (counts.n_present, self.now)).await
    }

    fn told(&self, end: PushEnd) -> Result<Pushed, Error> {
        match end {
            PushEnd::Arrived(Arrived { entity, version, key, waiting: _ }) => {
                Ok(Pushed::Done(LocalDone { entity, version, key, waiting: Vec::new() }))
            }
            PushEnd::Undecided(problem) => Ok(Pushed::Undecided { problem: problem.into() }),
            PushEnd::Refused(Problem { kind, attribute, text }) => {
                let error = Error::new(kind, text);
                let of = self.opened.model.schema.get(self.source.read.type_id);
                let about = attribute.and_then(|slot| of?.attribute(slot));
                Err(match about {
                    Some(attribute) => error.about(&*attribute.name),
                    None => error,
                })
            }
        }
    }
}

fn column(read: &Read, name: &str) -> Option<usize> {
    read.columns.iter().position(|(column, ..)| &**column == name)
}

fn says_the_same(record: &Record, staged: &Staged) -> bool {
    record.fingerprint == staged.fingerprint
        && record.absent_since.is_none()
        && record.entity.is_some()
        && record.key == staged.key
}

fn mark(record: &Record) -> RecordMark {
    RecordMark {
        id: record.id,
        key: record.key.clone(),
        native_id: record.native_id.clone(),
        fingerprint: record.fingerprint,
        entity: record.entity,
        absent_since: record.absent_since,
    }
}
