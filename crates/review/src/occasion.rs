//! Opens campaigns after what happened to people: small ones, about what it concerns. Nobody else is looked at.
//!
//! What happened is forgotten in the transaction that writes the campaign, so that a death between the two loses nothing and
//! asks nothing twice. What somebody is asked about already is not asked again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened};
use muster_governance::{REQUEST, canonical};
use muster_model::{AccountId, EntityId, SystemId, Text};
use muster_policy::{AccessReview, ReviewScope, SetAside};
use muster_store::{
    Account, AccountStatus, ItemKind, ItemState, ItemVerdict, ReadTx, ReviewEvent, ReviewItem, Tx,
};
use serde_json::json;

use crate::{
    NewCampaign,
    crowd::Crowd,
    event::{DORMANT, MOVED, OUTSIDE, event, insert, unused},
    held::{Ground, Held, shown},
    history::journal,
    open::write,
    person::{self, Person},
    scope::is_about,
    seen::Seen,
    sort::{Earlier, Found, sort},
    terms::{after, before},
};

/// Events that are looked at together.
const BATCH: usize = 500;
/// Accounts that became dormant and are looked at together.
const DORMANT_BATCH: usize = 2000;

/// Opens campaigns of a review after what happened since it was looked last. Returns how many.
pub(crate) async fn open_after_events(
    ctx: &Ctx,
    opened: &Opened,
    review: &AccessReview,
) -> Result<usize, Error> {
    let mut n = 0;
    for cause in [MOVED, OUTSIDE, DORMANT, REQUEST] {
        loop {
            let mut tx = opened.store.read().await?;
            let events = tx.review_events((&review.name, cause), ctx.now(), BATCH).await?;
            drop(tx);
            let is_all = events.len() < BATCH;
            if !events.is_empty() {
                n += usize::from(ask(ctx, opened, (review, cause), &events, None).await?);
            }
            if is_all {
                break;
            }
        }
    }
    if let Some(time) = review.scope.unused_for.filter(|_| review.open.dormant) {
        n += usize::from(open_for_dormant(ctx, opened, review, before(ctx.now(), time)).await?);
    }
    Ok(n)
}

/// Asks about accounts whose last use came to be too long ago since it was looked last: each of them once for each use.
/// What was so when a review was first looked at is left to its campaigns.
async fn open_for_dormant(
    ctx: &Ctx,
    opened: &Opened,
    review: &AccessReview,
    until: Timestamp,
) -> Result<bool, Error> {
    let mut tx = opened.store.read().await?;
    let since = tx.review_watched(&review.name, DORMANT).await?;
    let Some(from) = since else {
        drop(tx);
        let mut tx = opened.store.begin().await?;
        tx.watch_review(&review.name, DORMANT, until).await?;
        tx.commit().await?;
        return Ok(false);
    };
    let mut most = DORMANT_BATCH;
    let (page, looked) = loop {
        let mut page = tx.accounts_used_between(from, until, most).await?;
        let Some((_, last)) = page.last().copied().filter(|_| page.len() >= most) else {
            break (page, until);
        };
        // Others may have been used at the same moment as the last one: these come together.
        page.retain(|(_, at)| *at < last);
        if let Some((_, looked)) = page.last().copied() {
            break (page, looked);
        }
        most *= 2;
    };
    if page.is_empty() {
        return Ok(false);
    }
    let at: BTreeMap<AccountId, Timestamp> = page.into_iter().collect();
    let ids: Vec<AccountId> = at.keys().copied().collect();
    let accounts = tx.accounts(&ids).await?;
    drop(tx);
    let events: Vec<ReviewEvent> = accounts
        .into_iter()
        .filter(|account| account.status == AccountStatus::Linked && account.enabled != Some(false))
        .filter_map(|account| {
            let about = (Some(account.id), Text::from(""));
            let note = unused(*at.get(&account.id)?);
            Some(event((review, DORMANT), account.entity?, about, note, ctx.now()))
        })
        .collect();
    ask(ctx, opened, (review, DORMANT), &events, Some((from, looked))).await
}

/// Opens one campaign for what happened, and forgets it; `window` is from and until when uses were looked at. False when
/// nothing is to be asked, or another node did it.
async fn ask(
    ctx: &Ctx,
    opened: &Opened,
    (review, cause): (&AccessReview, &str),
    events: &[ReviewEvent],
    window: Option<(Timestamp, Timestamp)>,
) -> Result<bool, Error> {
    let mut tx = opened.store.read().await?;
    let now = ctx.now();
    let ground = Ground::load(&mut tx, opened).await?;
    let whose = survivors(&mut tx, events).await?;
    let ids: BTreeSet<EntityId> = whose.values().copied().collect();
    let ids: Vec<EntityId> = ids.into_iter().collect();
    let (people, world) = person::load(&ground, &mut tx, &ids, now).await?;
    // The policy that named the review says what it is about.
    let named;
    let review = match cause {
        REQUEST => {
            named = AccessReview { scope: ReviewScope::default(), ..review.clone() };
            &named
        }
        _ => review,
    };
    let again = again(opened, review, (events, &whose), &people, now);
    let (earlier, waiting) = known(&mut tx, review, &ids).await?;
    let systems = systems_of(opened, &mut tx, events).await?;
    let mut found = Vec::new();
    for person in &people {
        if !is_about(&opened.model, review, &person.evaluation.row, &world, now) {
            continue;
        }
        let id = person.facts.row.id;
        let own = || events.iter().filter(|of| whose.get(&of.entity) == Some(&id));
        for held in &person.held {
            let why = own().find(|of| concerns(&ground, &systems, of, held));
            let asked = waiting.contains(&(id, held.thing.clone(), held.account));
            if let Some(why) = why.filter(|_| !asked) {
                let (entity, cause) = (Some(id), why.note.to_string());
                found.push(Found { entity, group: None, held: held.clone(), cause });
            }
        }
    }
    let crowd = Crowd::near(ctx, opened, &mut tx, review, &people).await?;
    drop(tx);
    // That nothing changed since it was kept says little: something happened.
    let rule = SetAside { unchanged: false, ..review.set_aside };
    let sorted = sort(&ground, (review, rule), &crowd, (&found, &earlier), now);
    let mut tx = opened.store.begin().await?;
    if !forget(&mut tx, review, events, window).await? {
        return Ok(false);
    }
    insert(&mut tx, again).await?;
    let is_asked = !sorted.items.is_empty();
    if let Some(thing) = sorted.nobody.first() {
        let detail = json!({ "review": &*review.name, "cause": cause, "items": sorted.nobody.len(), "first": &**thing });
        let subject = format!("review {}", review.name).into();
        journal(ctx, &mut tx, None, ("campaign.nobody", subject), detail).await?;
    }
    if is_asked {
        let only = ids.first().copied().filter(|_| ids.len() == 1);
        let title = format!("{} {cause} {}", review.name, now.strftime("%F"));
        let new = NewCampaign { review: &review.name, title: Some(&title), cause, only };
        write((ctx, opened), &mut tx, (review, &new), sorted).await?;
    }
    tx.commit().await?;
    Ok(is_asked)
}

/// Whom these events are about now: the identities into which theirs were merged.
async fn survivors(
    tx: &mut ReadTx,
    events: &[ReviewEvent],
) -> Result<BTreeMap<EntityId, EntityId>, Error> {
    let mut whose: BTreeMap<EntityId, EntityId> =
        events.iter().map(|event| (event.entity, event.entity)).collect();
    if tx.any_merged().await? {
        for (id, now) in &mut whose {
            *now = canonical(tx, *id).await?;
        }
    }
    Ok(whose)
}

/// What requests gave and is reviewed again and again, as long as somebody has it and a policy says so.
fn again(
    opened: &Opened,
    review: &AccessReview,
    (events, whose): (&[ReviewEvent], &BTreeMap<EntityId, EntityId>),
    people: &[Person],
    now: Timestamp,
) -> Vec<ReviewEvent> {
    let every = |event: &ReviewEvent| {
        let at = opened.model.roles.iter().position(|role| role.name == event.thing)?;
        let id = whose.get(&event.entity)?;
        let person = people.iter().find(|person| person.facts.row.id == *id)?;
        person.facts.assignments.iter().find(|held| held.role == at)?;
        let policies = opened.model.roles.get(at)?.request.iter();
        let named = policies.filter_map(|policy| policy.terms.review.as_ref());
        named.filter(|terms| terms.name == review.name).map(|terms| terms.every).min()
    };
    let events = events.iter().filter(|event| &*event.cause == REQUEST);
    let next = events
        .filter_map(|event| Some(ReviewEvent { at: after(now, every(event)?), ..event.clone() }));
    next.collect()
}

/// Forgets what was looked at. False when another node was faster.
async fn forget(
    tx: &mut Tx,
    review: &AccessReview,
    events: &[ReviewEvent],
    window: Option<(Timestamp, Timestamp)>,
) -> Result<bool, Error> {
    let Some((from, looked)) = window else {
        let ids: Vec<i64> = events.iter().map(|of| of.id).collect();
        return Ok(tx.delete_review_events(&ids).await?);
    };
    if tx.review_watched(&review.name, DORMANT).await? != Some(from) {
        return Ok(false);
    }
    tx.watch_review(&review.name, DORMANT, looked).await?;
    Ok(true)
}

/// What was decided before about the same, and what somebody is asked about now.
async fn known(
    tx: &mut ReadTx,
    review: &AccessReview,
    ids: &[EntityId],
) -> Result<(Earlier, BTreeSet<(EntityId, Text, Option<AccountId>)>), Error> {
    let (mut earlier, mut waiting) = (Earlier::new(), BTreeSet::new());
    for item in tx.review_items_of(&review.name, ids).await? {
        let ReviewItem { entity: Some(entity), thing, account, .. } = item else { continue };
        match (item.state, item.decided_at) {
            (ItemState::Waiting, _) => _ = waiting.insert((entity, thing, account)),
            (ItemState::Decided, Some(at)) => {
                let kept = item.verdict == ItemVerdict::Keep && item.decided_by.is_some();
                let mark = Seen::read(&item.seen).mark;
                earlier.insert((Some(entity), thing), (at, kept, mark));
            }
            (ItemState::Decided | ItemState::Over, _) => {}
        }
    }
    Ok((earlier, waiting))
}

/// The system of each account to which something happened.
async fn systems_of(
    opened: &Opened,
    tx: &mut ReadTx,
    events: &[ReviewEvent],
) -> Result<BTreeMap<AccountId, SystemId>, Error> {
    let ids: Vec<AccountId> = events.iter().filter_map(|of| of.account).collect();
    let system = |account: &Account| {
        let mut systems = opened.model.systems.iter().zip(&opened.names.systems);
        systems.find(|(_, names)| names.no == account.system_no).map(|(of, _)| of.id)
    };
    let accounts = tx.accounts(&ids).await?;
    Ok(accounts.iter().filter_map(|of| Some((of.id, system(of)?))).collect())
}

/// Whether what happened is about something that somebody holds. What was given outside may have become a role since.
fn concerns(
    ground: &Ground<'_>,
    systems: &BTreeMap<AccountId, SystemId>,
    event: &ReviewEvent,
    held: &Held,
) -> bool {
    let Some(account) = event.account else {
        let is_role = held.kind == ItemKind::Assigned && held.thing == event.thing;
        return event.thing.is_empty() || is_role;
    };
    if !event.thing.is_empty() {
        let roles = &ground.opened.model.roles;
        let gives = |role| {
            let grants = ground.grants(role);
            grants
                .is_some_and(|of| of.iter().any(|right| shown(ground.opened, right) == event.thing))
        };
        return match held.kind {
            ItemKind::Assigned => {
                roles.iter().position(|of| of.name == held.thing).is_some_and(gives)
            }
            ItemKind::Extra => held.account == Some(account) && held.thing == event.thing,
            ItemKind::Rule | ItemKind::Nested | ItemKind::Orphan => false,
        };
    }
    match held.account {
        Some(of) => of == account,
        None => systems.get(&account).is_some_and(|system| held.systems.contains(system)),
    }
}
