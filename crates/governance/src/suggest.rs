//! Roles that somebody may lack: their peers have them, and they can ask for them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_app::{Ctx, Error, Holdings, Opened, PeerRole, PeerValue, count_peer_roles};
use muster_model::{EntityId, Text};
use muster_policy::Reaction;

use crate::{
    people::{People, Somebody, need_to_work},
    terms::terms_for,
};

/// Suggestions at most.
const MOST: usize = 6;
/// Requests that wait, of one person, at most.
const WAITING: usize = 1000;

/// A role that peers have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The role.
    pub role: Text,
    /// What it is for.
    pub description: Option<Text>,
    /// How much harm it can do, from 0 to 100.
    pub risk: Option<u8>,
    /// In what the peers are alike: `department`, `title`, `manager`.
    pub peers: &'static str,
    /// Which department or title, or whose people.
    pub group: Text,
    /// How many of them have it.
    pub have: usize,
    /// How many they are; never fewer than five.
    pub of: usize,
}

impl Suggestion {
    /// Why, in words: `9 of 11 in Fleet have it`.
    pub fn why(&self) -> String {
        let Self { have, of, group, .. } = self;
        match self.peers {
            "title" => format!("{have} of {of} with the title {group} have it"),
            "manager" => format!("{have} of {of} who report to {group} have it"),
            _ => format!("{have} of {of} in {group} have it"),
        }
    }
}

/// Roles that at least half of the people of the same department, title or manager have, and that `me` lacks, can ask for,
/// has not asked for yet and may have beside what they have; those that most have come first.
///
/// # Errors
///
/// `Denied` for those who may not act.
pub async fn suggest_roles(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
) -> Result<Vec<Suggestion>, Error> {
    let now = ctx.now();
    let mut counted = count_peer_roles(opened, me, now).await?;
    counted.retain(|one| one.have * 2 >= one.of);
    // The greatest share first; of several groups with one role the first one counts.
    counted.sort_by(|a, b| {
        let share = (b.have * a.of).cmp(&(a.have * b.of));
        share.then(b.have.cmp(&a.have)).then(a.role.cmp(&b.role))
    });
    let mut tx = opened.store.read().await?;
    let groups = counted.iter().filter_map(|one| match one.group.value {
        PeerValue::Entity(id) => Some(id),
        PeerValue::Text(_) => None,
    });
    let ids: BTreeSet<EntityId> = groups.chain([me]).collect();
    let people = People::load(opened, &mut tx, ids, now).await?;
    let myself = people.need(me)?;
    need_to_work(opened, myself)?;
    let holdings = Holdings::load(opened, &mut tx, me).await?;
    let waiting = tx.requests_about(me, false, None, WAITING).await?;
    let mut seen = BTreeSet::new();
    let new = counted.into_iter().filter(|one| seen.insert(one.role)).filter(|one| {
        let role = opened.model.roles.get(one.role);
        role.is_some_and(|role| waiting.iter().all(|request| request.role != role.name))
            && can_have(opened, (&people, myself, &holdings), one.role, now)
    });
    Ok(new.take(MOST).filter_map(|one| suggestion(opened, &people, one)).collect())
}

/// Whether somebody lacks a role, can ask for it, and may have it beside what they have.
fn can_have(
    opened: &Opened,
    (people, myself, holdings): (&People, &Somebody, &Holdings),
    at: usize,
    now: Timestamp,
) -> bool {
    let terms = |role| terms_for(opened, people, role, (myself, myself), now);
    if myself.holds(at) || opened.model.roles.get(at).and_then(terms).is_none() {
        return false;
    }
    let (facts, world, own) = (&myself.facts, &people.world, myself.roles());
    let completed = holdings.completed(opened, (facts, world), &[at], &own, now);
    completed.iter().all(|found| found.on != Reaction::Block)
}

fn suggestion(opened: &Opened, people: &People, one: PeerRole) -> Option<Suggestion> {
    let role = opened.model.roles.get(one.role)?;
    Some(Suggestion {
        role: role.name.clone(),
        description: role.description.clone(),
        risk: role.risk,
        peers: one.group.attribute,
        group: match one.group.value {
            PeerValue::Entity(id) => people.display(opened, id),
            PeerValue::Text(text) => text,
        },
        have: one.have,
        of: one.of,
    })
}
