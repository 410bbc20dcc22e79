//! Sorts what was found: who is asked about what, and what nobody is asked about.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_model::{EntityId, Text};
use muster_policy::{AccessReview, SetAside};
use muster_store::{ItemKind, ItemOutcome, ItemState, ItemVerdict, ReviewItem};

use crate::{
    crowd::Crowd,
    held::{Ground, Held},
    judge::{Known, recommend, set_aside},
    scope::fits,
    seen::Seen,
};

/// Something found, with what is known of its owner.
pub(crate) struct Found {
    pub(crate) entity: Option<EntityId>,
    /// Whom its owner is compared with: those who have the same manager.
    pub(crate) group: Option<EntityId>,
    pub(crate) held: Held,
    /// What happened, when that is why somebody is asked.
    pub(crate) cause: String,
}

/// What was decided before about the same.
pub(crate) type Earlier = BTreeMap<(Option<EntityId>, Text), (Timestamp, bool, String)>;

/// Items, what is set aside by cause, and who is asked.
#[derive(Default)]
pub(crate) struct Sorted {
    pub(crate) items: Vec<ReviewItem>,
    pub(crate) aside: BTreeMap<&'static str, i64>,
    pub(crate) reviewers: BTreeSet<EntityId>,
    /// Things about which nobody could decide.
    pub(crate) nobody: Vec<Text>,
}

/// Sorts what was found.
pub(crate) fn sort(
    ground: &Ground<'_>,
    (review, rule): (&AccessReview, SetAside),
    crowd: &Crowd<'_>,
    (found, earlier): (&[Found], &Earlier),
    now: Timestamp,
) -> Sorted {
    let mut groups: BTreeMap<EntityId, BTreeSet<Option<EntityId>>> = BTreeMap::new();
    let mut having: BTreeMap<(EntityId, &Text), u64> = BTreeMap::new();
    for one in found {
        if let Some(group) = one.group {
            groups.entry(group).or_default().insert(one.entity);
            *having.entry((group, &one.held.thing)).or_default() += 1;
        }
    }
    let mut sorted = Sorted::default();
    for one in found {
        let before = earlier.get(&(one.entity, one.held.thing.clone()));
        let is_orphan = one.held.kind == ItemKind::Orphan;
        if !is_orphan && !fits(ground, review, &one.held, before.map(|(at, ..)| *at), now) {
            continue;
        }
        let mark = one.held.mark();
        let peers = one.group.map_or((0, 0), |group| {
            let of = groups.get(&group).map_or(0, |of| of.len() as u64);
            let have = having.get(&(group, &one.held.thing)).copied().unwrap_or(0);
            (have.saturating_sub(1), of.saturating_sub(1))
        });
        let unchanged = before.is_some_and(|(_, kept, of)| *kept && *of == mark);
        let (kind, risk, last_used) = (one.held.kind, one.held.risk, one.held.last_used);
        let known = Known { kind, risk, last_used, peers, unchanged };
        if let Some(cause) = set_aside(rule, &known) {
            *sorted.aside.entry(cause).or_default() += 1;
            continue;
        }
        let Some(asked) = crowd.asked(review, one.entity, &one.held.thing) else {
            sorted.nobody.push(one.held.thing.clone());
            continue;
        };
        let (advice, advice_why) = recommend(&known, now);
        let change = match before {
            None => "new",
            Some((.., of)) if *of == mark => "same",
            Some(_) => "changed",
        };
        let seen = Seen {
            why: one.held.why.clone(),
            mark,
            until: one.held.until,
            risk,
            last_used,
            peers,
            change: change.to_owned(),
            recommend: advice.to_owned(),
            recommend_why: advice_why,
            asked: asked.reviewers,
            rules: asked.rules,
            fallback: asked.fallback,
            cause: one.cause.clone(),
        };
        sorted.reviewers.extend(seen.asked.first());
        sorted.items.push(item(one, &seen));
    }
    sorted
}

fn item(found: &Found, seen: &Seen) -> ReviewItem {
    ReviewItem {
        id: 0,
        campaign: 0,
        entity: found.entity,
        account: found.held.account,
        kind: found.held.kind,
        thing: found.held.thing.clone(),
        seen: seen.to_json().into(),
        reviewer: seen.asked.first().copied().unwrap_or(seen.fallback),
        stage: 0,
        state: ItemState::Waiting,
        version: 1,
        verdict: ItemVerdict::Open,
        until: None,
        reason: "".into(),
        decided_at: None,
        decided_by: None,
        millis: None,
        effect: "{}".into(),
        outcome: ItemOutcome::None,
        outcome_at: None,
        outcome_note: "".into(),
    }
}
