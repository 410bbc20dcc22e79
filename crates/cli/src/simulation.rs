//! What happens by an instant in the future if nothing new is heard: every evaluation that changes by the mere passing of
//! time, in order, and the plan of that day.
//!
//! Nothing is kept and no system is asked. The same evaluation is used as for plans, with another `now`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{Ctx, Error, IdentityFacts, Opened, load_identities, load_world, subject_of};
use muster_engine::{PlanOptions, Progress, make_plan};
use muster_model::{EntityId, Text, TypeId};
use muster_plan::Plan;
use muster_policy::{DesiredAccount, Evaluation, Model, Want};
use muster_store::{IdRange, ReadTx};

use crate::ui::counted;

/// Identities loaded at once.
const BATCH: usize = 2048;

/// What was found.
#[derive(Debug)]
pub(crate) struct Simulation {
    /// The beginning.
    pub(crate) from: Timestamp,
    /// The end.
    pub(crate) to: Timestamp,
    /// What happens, in order.
    pub(crate) events: Vec<Event>,
    /// The plan at the end, against what systems hold now.
    pub(crate) plan: Plan,
}

/// What happens to one identity at one instant.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) at: Timestamp,
    pub(crate) subject: Text,
    /// In a few words each: `active (was planned)`, `directory.user enabled`, `12 grants given`.
    pub(crate) what: Vec<String>,
}

/// An identity whose evaluation changes by time.
struct Followed {
    type_id: TypeId,
    facts: IdentityFacts,
    evaluation: Evaluation,
}

/// Looks ahead to `to`.
pub(crate) async fn simulate(
    ctx: &Ctx,
    opened: &Opened,
    to: Timestamp,
    progress: &dyn Progress,
) -> Result<Simulation, Error> {
    let from = ctx.now();
    let mut tx = opened.store.read().await?;
    let mut followed = BTreeMap::new();
    let mut due: BTreeMap<Timestamp, BTreeSet<EntityId>> = BTreeMap::new();
    follow(opened, &mut tx, from, to, &mut followed, &mut due).await?;
    let mut events = Vec::new();
    while let Some((at, ids)) = due.pop_first() {
        let world = load_world(&mut tx, opened, at, None).await?;
        for id in ids {
            let Some(identity) = followed.get_mut(&id) else { continue };
            let before = &identity.evaluation;
            identity.facts.known_state = before.state.map(|state| (state, before.state_since));
            let after = opened.evaluator.evaluate(&identity.facts.identity(), &world, at);
            let what = differences(&opened.model, identity.type_id, before, &after);
            if !what.is_empty() {
                let subject = subject_of(&opened.model, &identity.facts.row, &identity.facts.key);
                events.push(Event { at, subject, what });
            }
            if let Some(next) = after.next_change.filter(|next| *next > at && *next <= to) {
                due.entry(next).or_default().insert(id);
            }
            identity.evaluation = after;
        }
    }
    drop(tx);
    events.sort_by(|a, b| (a.at, &a.subject).cmp(&(b.at, &b.subject)));
    let options = PlanOptions { at: Some(to), people: Vec::new(), save: false };
    let plan = make_plan(ctx, opened, &options, progress).await?.plan;
    Ok(Simulation { from, to, events, plan })
}

/// Finds the identities for which something changes until `to`.
async fn follow(
    opened: &Opened,
    tx: &mut ReadTx,
    from: Timestamp,
    to: Timestamp,
    followed: &mut BTreeMap<EntityId, Followed>,
    due: &mut BTreeMap<Timestamp, BTreeSet<EntityId>>,
) -> Result<(), Error> {
    everybody(opened, tx, from, |type_id, facts, evaluation| {
        if let Some(next) = evaluation.next_change.filter(|next| *next > from && *next <= to) {
            due.entry(next).or_default().insert(facts.row.id);
            followed.insert(facts.row.id, Followed { type_id, facts, evaluation });
        }
    })
    .await
}

/// Evaluates every identity at `now` and hands each to `take`.
pub(crate) async fn everybody(
    opened: &Opened,
    tx: &mut ReadTx,
    now: Timestamp,
    mut take: impl FnMut(TypeId, IdentityFacts, Evaluation),
) -> Result<(), Error> {
    let world = load_world(tx, opened, now, None).await?;
    for entity_type in opened.model.schema.types.iter().filter(|entity_type| entity_type.identity) {
        let type_id = entity_type.id;
        let Some(names) = opened.names.type_names(type_id) else { continue };
        let mut range = IdRange { after: EntityId(0), to: EntityId(i64::MAX) };
        loop {
            let rows = tx.scan_identities(names.no, range, BATCH).await?;
            let Some(last) = rows.last() else { break };
            range.after = last.id;
            let ids: Vec<EntityId> = rows.iter().map(|row| row.id).collect();
            for facts in load_identities(tx, opened, type_id, &ids, now).await? {
                let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, now);
                take(type_id, facts, evaluation);
            }
        }
    }
    Ok(())
}

/// What changed from one evaluation to the next, in words.
fn differences(
    model: &Model,
    type_id: TypeId,
    before: &Evaluation,
    after: &Evaluation,
) -> Vec<String> {
    let mut what = Vec::new();
    let state = |evaluation: &Evaluation| {
        let states =
            model.types.get(type_id.index()).map_or(&[][..], |behaviour| &behaviour.lifecycle);
        evaluation
            .state
            .and_then(|state| states.get(state))
            .map_or("no state", |state| &*state.name)
            .to_owned()
    };
    if before.state != after.state {
        what.push(format!("{} (was {})", state(after), state(before)));
    }
    let roles = |evaluation: &Evaluation| {
        evaluation.roles.iter().map(|held| held.role).collect::<BTreeSet<_>>()
    };
    let (roles_before, roles_after) = (roles(before), roles(after));
    changed_roles(model, &roles_after, &roles_before, "gets", &mut what);
    changed_roles(model, &roles_before, &roles_after, "loses", &mut what);
    let mut changed: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (old, new) in before.accounts.iter().zip(&after.accounts) {
        if let Some((word, account)) = account_change(model, old, new) {
            changed.entry(word).or_default().push(account);
        }
    }
    what.extend(changed.into_iter().map(|(word, accounts)| match accounts.as_slice() {
        few if few.len() <= 3 => format!("{} {word}", few.join(" and ")),
        many => format!("{} {word}", counted(many.len(), "account")),
    }));
    let grants = |evaluation: &Evaluation| {
        let accounts = evaluation.accounts.iter();
        accounts
            .flat_map(|desired| {
                desired.entitlements.iter().map(move |held| (desired.account, held.clone()))
            })
            .collect::<BTreeSet<_>>()
    };
    let (grants_before, grants_after) = (grants(before), grants(after));
    let (given, taken) = (
        grants_after.difference(&grants_before).count(),
        grants_before.difference(&grants_after).count(),
    );
    if given > 0 {
        what.push(format!("{} given", counted(given, "grant")));
    }
    if taken > 0 {
        what.push(format!("{} taken", counted(taken, "grant")));
    }
    what
}

fn changed_roles(
    model: &Model,
    of: &BTreeSet<usize>,
    without: &BTreeSet<usize>,
    verb: &str,
    what: &mut Vec<String>,
) {
    let names: Vec<&str> = of
        .difference(without)
        .filter_map(|role| model.roles.get(*role))
        .map(|role| &*role.name)
        .collect();
    match names.len() {
        0 => {}
        1..=3 => what.push(format!("{verb} {}", names.join(", "))),
        n => what.push(format!("{verb} {n} roles")),
    }
}

fn account_change(
    model: &Model,
    old: &DesiredAccount,
    new: &DesiredAccount,
) -> Option<(&'static str, String)> {
    let word = |desired: &DesiredAccount| match (desired.want, desired.enabled) {
        (Want::Present, true) => "enabled",
        (Want::Present, false) => "made ready",
        (Want::Retained { .. }, true) => "kept",
        (Want::Retained { .. }, false) => "disabled",
        (Want::Absent, _) => "deleted",
    };
    if word(old) == word(new) {
        return None;
    }
    let system = model.systems.get(new.account.system.index())?;
    let account = system.accounts.get(new.account.account)?;
    Some((word(new), format!("{}.{}", system.name, account.name)))
}
