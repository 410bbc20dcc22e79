//! What has its time: campaigns that open, reminders, silence, and whether what was revoked is gone.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan as _};
use muster_app::{Ctx, Error, Kind, Opened};
use muster_governance::send_notices;
use muster_model::EntityId;
use muster_policy::{AccessReview, Silence};
use muster_store::{Campaign, CampaignStep, ItemState, ItemVerdict, ReviewItem};
use serde_json::json;

use crate::{
    NewCampaign,
    decide::save,
    history::{OPENED, REMIND, journal, notify},
    occasion::open_after_events,
    open::open_campaign,
    replace::replace_leavers,
    seen::Seen,
    silence::{change, settle_rest, silence},
    tell::ReviewTeller,
    terms::{Terms, after},
    verify::verify_outcomes,
};

/// Campaigns, and items of one, that are worked off together.
const BATCH: usize = 500;

/// Does what is due about access reviews. Returns how many campaigns were due.
///
/// Several nodes may do it: what one of them did, the others find changed and leave.
pub async fn work_due(ctx: &Ctx, opened: &Opened) -> Result<usize, Error> {
    let n = advance_due(ctx, opened).await?;
    send_notices(ctx, opened, &[&ReviewTeller]).await?;
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
    let going_on = match campaign.next_step {
        CampaignStep::Keep => Some(ItemVerdict::Keep),
        CampaignStep::Revoke => Some(ItemVerdict::Revoke),
        CampaignStep::Remind | CampaignStep::Settle => None,
    };
    if let Some(verdict) = going_on {
        drop(tx);
        return settle_rest(ctx, opened, campaign, verdict).await;
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
            notify(ctx, opened, &mut tx, (campaign.id, REMIND), &people).await?;
        }
        campaign.next_at = Some(campaign.due_at);
        campaign.next_step = CampaignStep::Settle;
        change(&mut tx, &mut campaign).await?;
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
        let to_fallback = |mut item: ReviewItem| {
            item.reviewer = Seen::read(&item.seen).fallback;
            item
        };
        let items: Vec<ReviewItem> = items.into_iter().map(to_fallback).collect();
        people.extend(items.iter().map(|item| item.reviewer));
        save(&mut tx, &items).await?;
    }
    campaign.due_at = after(ctx.now(), terms.due);
    campaign.next_at = Some(campaign.due_at);
    campaign.next_step = CampaignStep::Settle;
    change(&mut tx, &mut campaign).await?;
    notify(ctx, opened, &mut tx, (campaign.id, OPENED), &people).await?;
    let subject = format!("campaign {}", campaign.id).into();
    let detail = json!({ "reviewers": people.len() });
    journal(ctx, &mut tx, None, ("campaign.escalate", subject), detail).await?;
    tx.commit().await?;
    Ok(())
}
