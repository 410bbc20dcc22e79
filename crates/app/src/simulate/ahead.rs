//! What happens by an instant in the future if nothing new is heard: every evaluation that changes by the mere passing of
//! time, in order.
//!
//! Nothing is kept and no system is asked. The same evaluation is used as for plans, with another `now`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_model::{EntityId, Text, TypeId};
use muster_policy::{DesiredAccount, Evaluation, Model, Want};

use super::everybody;
use crate::{Error, IdentityFacts, Opened, load_world, subject_of};

/// What happens to one identity at one instant.
#[derive(Debug)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// To whom.
    pub subject: Text,
    /// In a few words each: `active (was planned)`, `directory.user enabled`, `12 grants given`.
    pub what: Vec<String>,
}

/// An identity whose evaluation changes by time.
struct Followed {
    type_id: TypeId,
    facts: IdentityFacts,
    evaluation: Evaluation,
}

/// What happens from `from` to `to`, in order of time and subject.
pub async fn look_ahead(
    opened: &Opened,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Event>, Error> {
    let mut tx = opened.store.read().await?;
    let mut followed = BTreeMap::new();
    let mut due: BTreeMap<Timestamp, BTreeSet<EntityId>> = BTreeMap::new();
    everybody(&mut tx, opened, from, |type_id, facts, evaluation| {
        if let Some(next) = evaluation.next_change.filter(|next| *next > from && *next <= to) {
            due.entry(next).or_default().insert(facts.row.id);
            followed.insert(facts.row.id, Followed { type_id, facts, evaluation });
        }
    })
    .await?;
    let mut world = load_world(&mut tx, opened, from, None).await?;
    drop(tx);
    let mut events = Vec::new();
    while let Some((at, ids)) = due.pop_first() {
        world.complete(&opened.evaluator, at);
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
    events.sort_by(|a, b| (a.at, &a.subject).cmp(&(b.at, &b.subject)));
    Ok(events)
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

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
