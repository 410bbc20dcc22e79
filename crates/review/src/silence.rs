//! Settles what nobody decided in time: a batch in each transaction, so that a death loses nothing and the rest goes on.

use std::collections::{BTreeMap, BTreeSet};

use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::{AccountId, EntityId};
use muster_store::{
    Account, Campaign, CampaignState, CampaignStep, ItemState, ItemVerdict, ReadTx, ReviewAnswer,
    ReviewItem, Tx,
};
use serde_json::json;

use crate::{
    CampaignView,
    decide::{save, settle_all},
    effect::Verdict,
    held::Ground,
    history::journal,
    judge::is_held,
    list::{campaign_named, campaign_status},
    open::need_everybody,
    person::{self, Person},
    terms::Terms,
    view::{Live, live},
};

/// Items that are settled in one transaction.
const BATCH: usize = 2000;

/// Settles what nobody decided. Revocations over the guard are held until somebody agreed to their number.
pub(crate) async fn silence(
    ctx: &Ctx,
    opened: &Opened,
    mut campaign: Campaign,
    verdict: ItemVerdict,
    agreed: Option<i64>,
) -> Result<(), Error> {
    let terms = Terms::read(&campaign.terms);
    let mut tx = opened.store.begin().await?;
    let waits = waiting(&mut tx, &campaign).await?;
    let n = |n: i64| u64::try_from(n).unwrap_or(0);
    if verdict == ItemVerdict::Revoke
        && agreed != Some(waits)
        && is_held(terms.guard, n(waits), n(campaign.n_items))
    {
        campaign.state = CampaignState::Held;
        campaign.next_at = None;
        change(&mut tx, &mut campaign).await?;
        let subject = format!("campaign {}", campaign.id).into();
        let detail = json!({ "items": waits, "of": campaign.n_items });
        journal(ctx, &mut tx, None, ("campaign.hold", subject), detail).await?;
        tx.commit().await?;
        return Ok(());
    }
    drop(tx);
    settle_rest(ctx, opened, campaign, verdict).await
}

/// Settles what waits, which was agreed to where that was needed.
pub(crate) async fn settle_rest(
    ctx: &Ctx,
    opened: &Opened,
    mut campaign: Campaign,
    verdict: ItemVerdict,
) -> Result<(), Error> {
    while campaign.state != CampaignState::Closed {
        let mut tx = opened.store.begin().await?;
        let items = tx.review_items(campaign.id, Some(ItemState::Waiting), 0, BATCH).await?;
        let n = items.len();
        settle_batch(ctx, opened, &mut tx, (&campaign, verdict), items).await?;
        let left = waiting(&mut tx, &campaign).await?;
        if left == 0 {
            campaign.state = CampaignState::Closed;
            campaign.next_at = None;
            campaign.closed_at = Some(ctx.now());
        } else {
            campaign.state = CampaignState::Open;
            campaign.next_at = Some(ctx.now());
            campaign.next_step = match verdict {
                ItemVerdict::Revoke => CampaignStep::Revoke,
                ItemVerdict::Keep | ItemVerdict::Shorten | ItemVerdict::Open => CampaignStep::Keep,
            };
        }
        change(&mut tx, &mut campaign).await?;
        let subject = format!("campaign {}", campaign.id).into();
        let detail = json!({ "items": n, "verdict": verdict.word(), "left": left });
        journal(ctx, &mut tx, None, ("campaign.silence", subject), detail).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn settle_batch(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (campaign, verdict): (&Campaign, ItemVerdict),
    mut items: Vec<ReviewItem>,
) -> Result<(), Error> {
    let ground = Ground::load(tx, opened).await?;
    let terms = Terms::read(&campaign.terms);
    while !items.is_empty() {
        // What falls with one revocation is over for the next of the same person.
        let mut seen = BTreeSet::new();
        let is_first = |of: &ReviewItem| of.entity.is_none_or(|id| seen.insert(id));
        let (now, later) = match verdict {
            ItemVerdict::Keep => (items, Vec::new()),
            ItemVerdict::Revoke | ItemVerdict::Shorten | ItemVerdict::Open => {
                items.into_iter().partition(is_first)
            }
        };
        unanswered(ctx, &ground, tx, (&terms, verdict), now).await?;
        items = later;
    }
    Ok(())
}

/// Settles items that nobody decided. What changed since the campaign was opened is kept: nobody saw it as it is now.
async fn unanswered(
    ctx: &Ctx,
    ground: &Ground<'_>,
    tx: &mut Tx,
    (terms, verdict): (&Terms, ItemVerdict),
    items: Vec<ReviewItem>,
) -> Result<(), Error> {
    let now = ctx.now();
    let ids: Vec<EntityId> = items.iter().filter_map(|item| item.entity).collect();
    let (people, world) = person::load(ground, tx, &ids, now).await?;
    let people: BTreeMap<EntityId, &Person> =
        people.iter().map(|person| (person.facts.row.id, person)).collect();
    let of_nobody = items.iter().filter(|item| item.entity.is_none());
    let ids: Vec<AccountId> = of_nobody.filter_map(|item| item.account).collect();
    let accounts: BTreeMap<AccountId, Account> =
        tx.accounts(&ids).await?.into_iter().map(|account| (account.id, account)).collect();
    let (mut over, mut verdicts, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    for mut item in items {
        let person = item.entity.and_then(|id| people.get(&id)).copied();
        let is = live(&item, person, item.account.and_then(|id| accounts.get(&id)));
        let verdict = if matches!(is, Live::Changed(_)) { ItemVerdict::Keep } else { verdict };
        let what = if is == Live::Gone { "gone" } else { "silence" };
        answers.push(ReviewAnswer {
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
        });
        if is == Live::Gone {
            item.state = ItemState::Over;
            item.decided_at = Some(now);
            over.push(item);
            continue;
        }
        let found = person.and_then(|of| Some((of, of.find(&item.thing, item.account)?)));
        let taken = found.filter(|_| verdict != ItemVerdict::Keep);
        verdicts.push(Verdict {
            what: verdict,
            until: None,
            reason: "nobody answered in time".to_owned(),
            held: found.map(|(_, held)| held.clone()),
            revocation: taken
                .map(|(of, held)| of.without(ground, &world, held, now))
                .unwrap_or_default(),
            item,
        });
    }
    let settled = settle_all(ctx, ground.opened, tx, (terms, (None, None)), verdicts).await?;
    tx.append_review_answers(&answers).await?;
    save(tx, &over).await?;
    save(tx, &settled).await
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
    let n = waiting(&mut tx, &campaign).await?;
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

/// How much of a campaign waits.
async fn waiting(tx: &mut ReadTx, campaign: &Campaign) -> Result<i64, Error> {
    Ok(tx.waiting_reviewers(campaign.id).await?.iter().map(|of| of.n).sum())
}

/// Writes what changed about a campaign that was read with its version.
pub(crate) async fn change(tx: &mut Tx, campaign: &mut Campaign) -> Result<(), Error> {
    if tx.change_campaign(campaign).await? {
        campaign.version += 1;
        return Ok(());
    }
    let message = format!("campaign {} was changed by somebody else", campaign.id);
    Err(Error::new(Kind::Conflict, message))
}
