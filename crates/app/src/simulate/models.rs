//! What another model would mean for everybody: who gains and loses which role, account and entitlement, whose values
//! change, which conflicts appear.
//!
//! The facts are those of now. What another model would read from the same records differently shows only after a read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_model::{EntityId, Text, TypeId};
use muster_policy::{DesiredAccount, Evaluation, MemoryWorld, Model, Want};
use muster_store::{IdRange, IdentityRow, ReadTx};

use super::BATCH;
use crate::{
    Error, Opened,
    facts::{assignments_by_entity, identity_facts, load_world, subject_of},
};

/// The kind of [`Thing`] that a conflict is.
pub(crate) const CONFLICT: &str = "conflict";
/// Identities named as examples of an impact.
const EXAMPLES: usize = 3;

/// Something that an identity has or has not, or has with one value or another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// The lifecycle state.
    Lifecycle,
    /// A role.
    Role(Text),
    /// An account as `system.type`; its value is `enabled` or `disabled`.
    Account(Text),
    /// An entitlement as `system.kind:name`.
    Entitlement(Text),
    /// An attribute of an account as `system.type.attribute`.
    Attribute(Text),
    /// A conflict between duties.
    Conflict(Text),
}

impl Thing {
    /// What sort of thing it is.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Lifecycle => "lifecycle",
            Self::Role(_) => "role",
            Self::Account(_) => "account",
            Self::Entitlement(_) => "entitlement",
            Self::Attribute(_) => "attribute",
            Self::Conflict(_) => CONFLICT,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Lifecycle => "lifecycle",
            Self::Role(name)
            | Self::Account(name)
            | Self::Entitlement(name)
            | Self::Attribute(name)
            | Self::Conflict(name) => name,
        }
    }
}

/// A change of one thing for one identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It is there with the other model only.
    Gained,
    /// It is there with the present model only.
    Lost,
    /// It is there with both and differs: value now, value then.
    Changed(Text, Text),
}

/// See [`ChangeKind`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What changes.
    pub thing: Thing,
    /// How.
    pub kind: ChangeKind,
}

/// How many identities one thing changes for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impact {
    /// What changes.
    pub thing: Thing,
    /// Identities that gain it.
    pub gained: u64,
    /// Identities that lose it.
    pub lost: u64,
    /// Identities for which it changes.
    pub changed: u64,
    /// The first of them.
    pub examples: Vec<Text>,
}

/// Everything that changes for one identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonImpact {
    /// Which one.
    pub id: EntityId,
    /// How it is named to people.
    pub subject: Text,
    /// What changes, in order.
    pub changes: Vec<Change>,
}

/// What is asked of a comparison.
#[derive(Debug, Clone, Default)]
pub struct ModelQuery {
    /// Only things of this name, or of this kind.
    pub thing: Option<String>,
    /// Identities after this id are listed.
    pub after: Option<i64>,
    /// How many identities are listed at most; all are counted.
    pub limit: usize,
}

/// The outcome of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelsCompared {
    /// Identities evaluated.
    pub evaluated: u64,
    /// Identities for which something changes.
    pub affected: u64,
    /// By thing, in order.
    pub impacts: Vec<Impact>,
    /// The identities asked for, in order of id.
    pub people: Vec<PersonImpact>,
    /// Pass it as `after` for more identities.
    pub next: Option<i64>,
}

/// One of the two models with what it reads of the world.
struct Side<'a> {
    opened: &'a Opened,
    world: MemoryWorld,
}

/// Evaluates everybody at `now` with the model of `opened` and with that of `other`, which is the same repository.
///
/// `seen` is told after each part how many identities were looked at.
pub async fn compare_models(
    opened: &Opened,
    other: &Opened,
    now: Timestamp,
    query: &ModelQuery,
    seen: &(dyn Fn(u64) + Sync),
) -> Result<ModelsCompared, Error> {
    let mut tx = opened.store.read().await?;
    let here = Side { opened, world: load_world(&mut tx, opened, now, None).await? };
    let there = Side { opened: other, world: load_world(&mut tx, other, now, None).await? };
    let mut comparison =
        Comparison { query, now, found: ModelsCompared::default(), impacts: BTreeMap::new() };
    for number in identity_types(opened, other) {
        let mut range = IdRange { after: EntityId(0), to: EntityId(i64::MAX) };
        loop {
            let rows = tx.scan_identities(number, range, BATCH).await?;
            let Some(last) = rows.last() else { break };
            range.after = last.id;
            seen(rows.len() as u64);
            comparison.rows(&mut tx, &here, &there, number, rows).await?;
        }
    }
    Ok(comparison.finish())
}

/// The numbers of the entity types that hold identities in either model.
fn identity_types(opened: &Opened, other: &Opened) -> Vec<muster_store::Number> {
    let of = |opened: &Opened| {
        let types = opened.model.schema.types.iter().zip(&opened.names.types);
        types.filter(|(of, _)| of.identity).map(|(_, names)| names.no).collect::<Vec<_>>()
    };
    let mut numbers = of(opened);
    numbers.extend(of(other));
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

struct Comparison<'a> {
    query: &'a ModelQuery,
    now: Timestamp,
    found: ModelsCompared,
    impacts: BTreeMap<Thing, Impact>,
}

impl Comparison<'_> {
    async fn rows(
        &mut self,
        tx: &mut ReadTx,
        here: &Side<'_>,
        there: &Side<'_>,
        type_no: muster_store::Number,
        rows: Vec<IdentityRow>,
    ) -> Result<(), Error> {
        let ids: Vec<EntityId> = rows.iter().map(|row| row.id).collect();
        let mut assignments = assignments_by_entity(tx.assignments_of_many(&ids, self.now).await?);
        for row in rows {
            self.found.evaluated += 1;
            let own = assignments.remove(&row.id).unwrap_or_default();
            let (id, key) = (row.id, row.key.clone());
            let before = here.evaluate(type_no, row.clone(), own.clone(), self.now)?;
            let after = there.evaluate(type_no, row, own, self.now)?;
            let changes = differences(here, before.as_ref(), there, after.as_ref());
            let wanted: Vec<Change> =
                changes.into_iter().filter(|change| self.is_wanted(&change.thing)).collect();
            if let Some(evaluation) = before.or(after).filter(|_| !wanted.is_empty()) {
                let model = if here.opened.names.types.iter().any(|names| names.no == type_no) {
                    &here.opened.model
                } else {
                    &there.opened.model
                };
                self.count(id, subject_of(model, &evaluation.row, &key), wanted);
            }
        }
        Ok(())
    }

    fn is_wanted(&self, thing: &Thing) -> bool {
        self.query
            .thing
            .as_deref()
            .is_none_or(|wanted| wanted == thing.name() || wanted == thing.kind())
    }

    fn count(&mut self, id: EntityId, subject: Text, changes: Vec<Change>) {
        self.found.affected += 1;
        for change in &changes {
            let impact = self.impacts.entry(change.thing.clone()).or_insert_with(|| Impact {
                thing: change.thing.clone(),
                gained: 0,
                lost: 0,
                changed: 0,
                examples: Vec::new(),
            });
            match change.kind {
                ChangeKind::Gained => impact.gained += 1,
                ChangeKind::Lost => impact.lost += 1,
                ChangeKind::Changed(..) => impact.changed += 1,
            }
            if impact.examples.len() < EXAMPLES {
                impact.examples.push(subject.clone());
            }
        }
        if self.query.after.is_some_and(|after| id.0 <= after) {
            return;
        }
        if self.found.people.len() < self.query.limit {
            self.found.people.push(PersonImpact { id, subject, changes });
        } else {
            self.found.next = self.found.people.last().map(|last| last.id.0);
        }
    }

    fn finish(self) -> ModelsCompared {
        ModelsCompared { impacts: self.impacts.into_values().collect(), ..self.found }
    }
}

impl Side<'_> {
    /// The evaluation of an identity; nothing where the model does not know its type as one of identities.
    fn evaluate(
        &self,
        type_no: muster_store::Number,
        row: IdentityRow,
        assignments: Vec<muster_store::Assignment>,
        now: Timestamp,
    ) -> Result<Option<Evaluation>, Error> {
        let types = self.opened.model.schema.types.iter().zip(&self.opened.names.types);
        let found = types.into_iter().find(|(of, names)| of.identity && names.no == type_no);
        let Some(type_id) = found.map(|(of, _)| of.id) else { return Ok(None) };
        let facts = identity_facts(self.opened, type_id, row, assignments)?;
        Ok(Some(self.opened.evaluator.evaluate(&facts.identity(), &self.world, now)))
    }

    /// Everything an identity has, by name, with its value; accounts and what they hold where `accounts` says so.
    fn things(&self, evaluation: Option<&Evaluation>, accounts: bool) -> BTreeMap<Thing, Text> {
        let mut things = BTreeMap::new();
        let Some(evaluation) = evaluation else { return things };
        let model = &self.opened.model;
        if let Some(state) = state_name(model, evaluation.row.type_id, evaluation.state) {
            things.insert(Thing::Lifecycle, state);
        }
        let roles = evaluation.roles.iter().filter_map(|held| model.roles.get(held.role));
        things.extend(roles.map(|role| (Thing::Role(role.name.clone()), Text::default())));
        let conflicts =
            evaluation.conflicts.iter().filter_map(|found| model.conflicts.get(found.conflict));
        things.extend(conflicts.map(|c| (Thing::Conflict(c.name.clone()), Text::default())));
        let wanted = evaluation.accounts.iter().filter(|desired| desired.want == Want::Present);
        for desired in wanted.filter(|_| accounts) {
            account_things(model, desired, &mut things);
        }
        things
    }
}

fn state_name(model: &Model, type_id: TypeId, state: Option<usize>) -> Option<Text> {
    Some(model.types.get(type_id.index())?.lifecycle.get(state?)?.name.clone())
}

fn account_things(model: &Model, desired: &DesiredAccount, things: &mut BTreeMap<Thing, Text>) {
    let Some(system) = model.systems.get(desired.account.system.index()) else { return };
    let Some(account_type) = system.accounts.get(desired.account.account) else { return };
    let name = format!("{}.{}", system.name, account_type.name);
    let word = if desired.enabled { "enabled" } else { "disabled" };
    for (kind, entitlement) in &desired.entitlements {
        if let Some(kind) = system.entitlements.get(*kind) {
            let name = format!("{}.{}:{entitlement}", system.name, kind.name);
            things.insert(Thing::Entitlement(name.into()), Text::default());
        }
    }
    for (mapping, value) in account_type.set.iter().zip(&desired.values) {
        if !value.is_null() {
            let name = format!("{name}.{}", mapping.attribute);
            things.insert(Thing::Attribute(name.into()), value.to_string().into());
        }
    }
    things.insert(Thing::Account(name.into()), word.into());
}

/// What changes from one side to the other. Attributes of accounts that come or go are not told one by one.
fn differences(
    here: &Side<'_>,
    before: Option<&Evaluation>,
    there: &Side<'_>,
    after: Option<&Evaluation>,
) -> Vec<Change> {
    // Equal fingerprints want the same of every system, whatever the model.
    let is_same = before.zip(after).is_some_and(|(a, b)| a.fingerprint == b.fingerprint);
    let (before, after) = (here.things(before, !is_same), there.things(after, !is_same));
    if before == after {
        return Vec::new();
    }
    let in_both = |thing: &Thing| match thing {
        Thing::Attribute(name) => {
            let account = name.rsplit_once('.').map_or("", |(account, _)| account);
            let account = Thing::Account(account.into());
            before.contains_key(&account) && after.contains_key(&account)
        }
        Thing::Lifecycle
        | Thing::Role(_)
        | Thing::Account(_)
        | Thing::Entitlement(_)
        | Thing::Conflict(_) => true,
    };
    let lost_or_changed = before.iter().filter_map(|(thing, value)| match after.get(thing) {
        None => Some((thing, ChangeKind::Lost)),
        Some(then) if then != value => {
            Some((thing, ChangeKind::Changed(value.clone(), then.clone())))
        }
        Some(_) => None,
    });
    let gained = after.keys().filter(|thing| !before.contains_key(*thing));
    let gained = gained.map(|thing| (thing, ChangeKind::Gained));
    let mut changes: Vec<Change> = lost_or_changed
        .chain(gained)
        .filter(|(thing, _)| in_both(thing))
        .map(|(thing, kind)| Change { thing: thing.clone(), kind })
        .collect();
    changes.sort_unstable();
    changes
}
