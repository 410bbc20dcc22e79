//! What has its time: campaigns that open, reminders, silence, and whether what was revoked is gone.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan as _};
use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::EntityId;
use muster_policy::{AccessReview, Silence};
use muster_store::{
    Campaign, CampaignState, CampaignStep, ItemState, ItemVerdict, ReviewAnswer, Tx,
};
use serde_json::json;

use crate::{
    CampaignView, NewCampaign,
    decide::{close_when_done, save, settle},
    held::Ground,
    history::{OPENED, REMIND, journal, notify},
    judge::is_held,
    list::{campaign_named, campaign_status},
    mail::send_mails,
    occasion::open_after_events,
    open::{need_everybody, open_campaign},
    person,
    replace::replace_leavers,
    seen::Seen,
    terms::{Terms, after},
    verify::verify_outcomes,
    view::{Live, live},
};

/// Items that are settled together.
const BATCH: usize = 500;

/// Does what is due about access reviews. Returns how many campaigns were due.
///
/// Several nodes may do it: what one of them did, the others find changed and leave.
pub async fn work_due(ctx: &Ctx, opened: &Opened) -> Result<usize, Error> {
    let n = advance_due(ctx, opened).await?;
    send_mails(ctx, opened).await?;
    Ok(n)
}

/// As [`work_due`], without the mail: a mail server may keep whoever sends waiting.
pub async fn advance_due(ctx: &Ctx, opened: &Opened) -> Result<usize, Error> {
    for review in &opened.model.access_reviews {
        open_due(ctx, opened, review).await?;
        open_after_events(ctx, opened, review).await?;
    }
    let due = opened.store.read().await?.due_campaigns(ctx.now(), BATCH).await?;
    for campaign in &due {
        match step(ctx, opened, campaign).await {
            Ok(()) => {}
            // Somebody decided at the same moment.
            Err(error) if error.kind() == Kind::Conflict => {}
            Err(error) => return Err(error),
        }
    }
    verify_outcomes(ctx, opened).await?;
    Ok(due.len())
}

/// Opens a campaign whose day or time came since it was looked last.
async fn open_due(ctx: &Ctx, opened: &Opened, review: &AccessReview) -> Result<(), Error> {
    let now = ctx.now();
    if review.open.dates.is_empty() && review.open.at.is_none() {
        return Ok(());
    }
    let since = opened.store.read().await?.review_watched(&review.name, "time").await?;
    let zone = &opened.model.timezone;
    let of_days =
        review.open.dates.iter().filter_map(|date| zone.to_timestamp(date.at(0, 0, 0, 0)).ok());
    // What was written down after its time is not made up for, but for the day itself.
    let first = since.unwrap_or_else(|| now.checked_sub(24.hours()).unwrap_or(now));
    let of_schedule = review
        .open
        .at
        .as_ref()
        .and_then(|(schedule, zone)| schedule.next_after(since.unwrap_or(now), zone));
    let came = |at: Timestamp| at > first && at <= now;
    let is_due = of_days.chain(of_schedule).any(came);
    // Two nodes may look at the same moment: the one that writes first opens.
    let mut tx = opened.store.begin().await?;
    if tx.review_watched(&review.name, "time").await? != since {
        return Ok(());
    }
    if is_due || since.is_none() {
        tx.watch_review(&review.name, "time", now).await?;
        tx.commit().await?;
    } else {
        drop(tx);
    }
    if !is_due {
        return Ok(());
    }
    let new = NewCampaign { review: &review.name, title: None, cause: "date", only: None };
    match open_campaign(ctx, opened, &new).await {
        // Nothing fits, or nobody could decide: `muster reviews open` tells.
        Err(error) if error.kind() == Kind::Conflict => Ok(()),
        done => done.map(drop),
    }
}

async fn step(ctx: &Ctx, opened: &Opened, seen: &Campaign) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    let Some(mut campaign) = tx.campaign(seen.id).await? else { return Ok(()) };
    if campaign.next_at.is_none_or(|at| at > ctx.now()) {
        return Ok(());
    }
    let terms = Terms::read(&campaign.terms);
    let is_over = campaign.next_step == CampaignStep::Settle || campaign.due_at <= ctx.now();
    let replaced = replace_leavers(ctx, opened, &mut tx, &campaign).await?;
    if !is_over || replaced.is_some() {
        let waits = tx.waiting_reviewers(campaign.id).await?;
        let people: BTreeSet<EntityId> = waits.iter().map(|of| of.reviewer).collect();
        if is_over {
            // Whoever is asked only now has as long as the others had.
            campaign.due_at = after(ctx.now(), terms.due);
        } else {
            notify(ctx, &mut tx, campaign.id, REMIND, &people).await?;
        }
        campaign.next_at = Some(campaign.due_at);
        campaign.next_step = CampaignStep::Settle;
        change(&mut tx, &campaign).await?;
        let detail = json!({ "reviewers": people.len(), "replaced": replaced });
        let subject = format!("campaign {}", campaign.id).into();
        let action = if is_over { "campaign.replace" } else { "campaign.remind" };
        journal(ctx, &mut tx, None, (action, subject), detail).await?;
        tx.commit().await?;
        return Ok(());
    }
    drop(tx);
    match terms.silence {
        Silence::Revoke => silence(ctx, opened, campaign, ItemVerdict::Revoke, None).await,
        Silence::Ask
            if campaign.next_step != CampaignStep::Settle || !was_asked(&campaign, &terms) =>
        {
            ask_fallback(ctx, opened, campaign, &terms).await
        }
        Silence::Keep | Silence::Ask => {
            silence(ctx, opened, campaign, ItemVerdict::Keep, None).await
        }
    }
}

/// Whether the fallback had its time already.
fn was_asked(campaign: &Campaign, terms: &Terms) -> bool {
    campaign.due_at > after(campaign.opened_at, terms.due)
}

/// Asks the fallback about everything that nobody decided, for as long again.
async fn ask_fallback(
    ctx: &Ctx,
    opened: &Opened,
    mut campaign: Campaign,
    terms: &Terms,
) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    let mut people = BTreeSet::new();
    let mut place = 0;
    loop {
        let items = tx.review_items(campaign.id, Some(ItemState::Waiting), place, BATCH).await?;
        let Some(last) = items.last() else { break };
        place = last.id;
        for mut item in items {
            item.reviewer = Seen::read(&item.seen).fallback;
            people.insert(item.reviewer);
            save(&mut tx, &item).await?;
        }
    }
    campaign.due_at = after(ctx.now(), terms.due);
    campaign.next_at = Some(campaign.due_at);
    campaign.next_step = CampaignStep::Settle;
    change(&mut tx, &campaign).await?;
    notify(ctx, &mut tx, campaign.id, OPENED, &people).await?;
    let subject = format!("campaign {}", campaign.id).into();
    let detail = json!({ "reviewers": people.len() });
    journal(ctx, &mut tx, None, ("campaign.escalate", subject), detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Settles what nobody decided. Revocations over the guard are held until somebody agreed to their number.
async fn silence(
    ctx: &Ctx,
    opened: &Opened,
    mut campaign: Campaign,
    verdict: ItemVerdict,
    agreed: Option<i64>,
) -> Result<(), Error> {
    let terms = Terms::read(&campaign.terms);
    let mut tx = opened.store.begin().await?;
    let waits: i64 = tx.waiting_reviewers(campaign.id).await?.iter().map(|of| of.n).sum();
    let n = |n: i64| u64::try_from(n).unwrap_or(0);
    if verdict == ItemVerdict::Revoke
        && agreed != Some(waits)
        && is_held(terms.guard, n(waits), n(campaign.n_items))
    {
        campaign.state = CampaignState::Held;
        campaign.next_at = None;
        change(&mut tx, &campaign).await?;
        let subject = format!("campaign {}", campaign.id).into();
        let detail = json!({ "items": waits, "of": campaign.n_items });
        journal(ctx, &mut tx, None, ("campaign.hold", subject), detail).await?;
        tx.commit().await?;
        return Ok(());
    }
    let ground = Ground::load(&mut tx, opened).await?;
    let mut place = 0;
    loop {
        let items = tx.review_items(campaign.id, Some(ItemState::Waiting), place, BATCH).await?;
        let Some(last) = items.last() else { break };
        place = last.id;
        for item in items {
            unanswered(ctx, &ground, &mut tx, (&terms, verdict), item).await?;
        }
    }
    let subject = format!("campaign {}", campaign.id).into();
    let detail = json!({ "items": waits, "verdict": verdict.word() });
    journal(ctx, &mut tx, None, ("campaign.silence", subject), detail).await?;
    campaign.state = CampaignState::Open;
    close_when_done(ctx, &mut tx, &campaign).await?;
    tx.commit().await?;
    Ok(())
}

/// Settles one item that nobody decided. What changed since the campaign was opened is kept: nobody saw it as it is now.
async fn unanswered(
    ctx: &Ctx,
    ground: &Ground<'_>,
    tx: &mut Tx,
    (terms, verdict): (&Terms, ItemVerdict),
    mut item: muster_store::ReviewItem,
) -> Result<(), Error> {
    let now = ctx.now();
    let ids: Vec<EntityId> = item.entity.into_iter().collect();
    let (people, world) = person::load(ground, tx, &ids, now).await?;
    let account = match item.account.filter(|_| item.entity.is_none()) {
        Some(id) => tx.account(id).await?,
        None => None,
    };
    let person = people.first();
    let is = live(&item, person, account.as_ref());
    let verdict = if matches!(is, Live::Changed(_)) { ItemVerdict::Keep } else { verdict };
    let what = match is {
        Live::Gone => {
            item.state = ItemState::Over;
            item.decided_at = Some(now);
            "gone"
        }
        Live::Changed(_) | Live::Same => {
            let found = person.and_then(|of| Some((of, of.find(&item.thing, item.account)?)));
            let held = found.map(|(_, held)| held.clone()).or_else(|| {
                let of = account.as_ref()?;
                Some(crate::open::orphan(&"".into(), &"".into(), muster_model::SystemId(0), of))
            });
            let revocation =
                found.map(|(of, held)| of.without(ground, &world, held, now)).unwrap_or_default();
            let said = (verdict, None, "nobody answered in time");
            let what = (terms, &mut item, held.as_ref());
            settle(ctx, ground.opened, tx, what, said, (None, None), revocation).await?;
            "silence"
        }
    };
    let answer = ReviewAnswer {
        item: item.id,
        place: 0,
        at: now,
        actor: ctx.actor.clone(),
        entity: None,
        in_place_of: None,
        stage: terms.stage(item.stage).into(),
        what: what.into(),
        until: None,
        note: verdict.word().into(),
    };
    tx.append_review_answer(&answer).await?;
    save(tx, &item).await
}

/// Decides about what silence would revoke and the guard holds: `revoke` with the number of items, or all of it is kept.
///
/// # Errors
///
/// `Conflict` when nothing is held, `Held` without the right number, `Denied` for whoever reaches some people only.
pub async fn release_silence(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    (revoke, confirm): (bool, Option<i64>),
) -> Result<CampaignView, Error> {
    need_everybody(ctx)?;
    let mut tx = opened.store.read().await?;
    let campaign = campaign_named(&mut tx, name).await?;
    if campaign.state != CampaignState::Held {
        let message = format!("nothing of campaign {} is held", campaign.id);
        return Err(Error::new(Kind::Conflict, message));
    }
    let n: i64 = tx.waiting_reviewers(campaign.id).await?.iter().map(|of| of.n).sum();
    drop(tx);
    if confirm != Some(n) {
        return Err(Error::new(Kind::Held, format!("it is {n} items, and nobody agreed to that"))
            .hint(format!("if it is right, add --confirm {n}")));
    }
    let verdict = if revoke { ItemVerdict::Revoke } else { ItemVerdict::Keep };
    let id = campaign.id.to_string();
    silence(ctx, opened, campaign, verdict, confirm).await?;
    campaign_status(ctx, opened, &id).await
}

async fn change(tx: &mut Tx, campaign: &Campaign) -> Result<(), Error> {
    if tx.change_campaign(campaign).await? {
        return Ok(());
    }
    let message = format!("campaign {} was changed by somebody else", campaign.id);
    Err(Error::new(Kind::Conflict, message))
}
