//! Takes decisions back.

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind, Opened};
use muster_governance::People;
use muster_model::EntityId;
use muster_store::{
    Campaign, CampaignState, CampaignStep, ItemKind, ItemOutcome, ItemState, ItemVerdict,
    ReviewAnswer, ReviewItem, Tx,
};
use serde_json::json;

use crate::{
    decide::{may_decide, save, unknown},
    effect::{self, Effect},
    held::Ground,
    history::journal,
    person,
    seen::Seen,
    terms::{Terms, after},
    view::{ItemView, item_views},
};

/// Takes a decision back, within the grace time. The item waits again.
///
/// # Errors
///
/// `Denied` for everybody but the reviewer and their delegates, `Conflict` when there is no decision or the time is over.
pub async fn undo_item(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    id: i64,
    reason: &str,
) -> Result<ItemView, Error> {
    let mut tx = opened.store.begin().await?;
    let mut item = tx.review_item(id).await?.ok_or_else(|| unknown(id))?;
    let campaign = tx.campaign(item.campaign).await?.ok_or_else(|| unknown(id))?;
    let terms = Terms::read(&campaign.terms);
    let in_place_of = may_decide(ctx, opened, &mut tx, (me, &terms), &item).await?;
    let decided = item.decided_at.filter(|_| item.state == ItemState::Decided);
    let Some(at) = decided else {
        return Err(Error::new(Kind::Conflict, format!("item {id} is not decided")));
    };
    let last = after(at, terms.grace);
    if last <= ctx.now() {
        let message = format!("the decision about item {id} could be taken back until {last}");
        return Err(Error::new(Kind::Conflict, message).hint("ask for the access again"));
    }
    effect::undo(ctx, &mut tx, &item, &Effect::read(&item.effect)).await?;
    let answer = ReviewAnswer {
        item: id,
        place: 0,
        at: ctx.now(),
        actor: ctx.actor.clone(),
        entity: Some(me),
        in_place_of,
        stage: terms.stage(item.stage).into(),
        what: "undo".into(),
        until: None,
        note: reason.trim().into(),
    };
    tx.append_review_answers(&[answer]).await?;
    item.state = ItemState::Waiting;
    item.verdict = ItemVerdict::Open;
    item.until = None;
    item.reason = "".into();
    (item.decided_at, item.decided_by, item.millis) = (None, None, None);
    (item.outcome, item.outcome_at) = (ItemOutcome::None, None);
    item.outcome_note = "".into();
    item.effect = "{}".into();
    refresh(opened, &mut tx, &mut item, ctx.now()).await?;
    save(&mut tx, std::slice::from_ref(&item)).await?;
    reopen(&mut tx, &campaign).await?;
    let people = People::load(opened, &mut tx, [me].into(), ctx.now()).await?;
    let by = people.need(me)?.subject.clone();
    let detail =
        json!({ "campaign": item.campaign, "thing": &*item.thing, "reason": reason.trim() });
    let subject = format!("review item {id}").into();
    journal(ctx, &mut tx, Some(&by), ("review.undo", subject), detail).await?;
    tx.commit().await?;
    let mut tx = opened.store.read().await?;
    let views = item_views(ctx, opened, &mut tx, vec![item], true).await?;
    views.into_iter().next().ok_or_else(|| unknown(id))
}

/// What was given again has another number; that is no change that somebody has to look at.
async fn refresh(
    opened: &Opened,
    tx: &mut Tx,
    item: &mut ReviewItem,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(entity) = item.entity.filter(|_| item.kind == ItemKind::Assigned) else {
        return Ok(());
    };
    let ground = Ground::load(tx, opened).await?;
    let (people, _) = person::load(&ground, tx, &[entity], now).await?;
    let held = people.first().and_then(|person| person.find(&item.thing, item.account));
    if let Some(held) = held {
        let seen = Seen { mark: held.mark(), ..Seen::read(&item.seen) };
        item.seen = seen.to_json().into();
        tx.see_review_item(item.id, &item.seen).await?;
    }
    Ok(())
}

/// A campaign that was over is not, once a decision of it was taken back.
async fn reopen(tx: &mut Tx, campaign: &Campaign) -> Result<(), Error> {
    if campaign.state == CampaignState::Closed {
        let open = Campaign {
            state: CampaignState::Open,
            closed_at: None,
            next_at: Some(campaign.due_at),
            next_step: CampaignStep::Settle,
            ..campaign.clone()
        };
        tx.change_campaign(&open).await?;
    }
    Ok(())
}
