//! Mails about campaigns to those who are asked. They hold no secret, and nothing in them decides.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Deliver, Error, Mail, Opened};
use muster_governance::address;
use muster_model::Settings;
use muster_store::{CampaignState, ItemState, ReviewNotice};

use crate::history::REMIND;

/// Mails that are sent in one go.
const BATCH: usize = 100;
/// How often a mail is tried.
const TRIES: i64 = 8;
/// The pause after the first try that failed; it doubles.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// Items that are counted in a mail.
const COUNTED: usize = 1000;

/// Sends the mails that are due. Where the project does not say how mail is sent, there is none.
pub async fn send_mails(ctx: &Ctx, opened: &Opened) -> Result<(), Error> {
    let due = opened.store.read().await?.due_review_notices(ctx.now(), BATCH).await?;
    let sends = opened.model.mail.as_ref().zip(opened.deliver());
    for notice in due {
        let again = match &sends {
            Some((server, deliver)) => {
                send(ctx, opened, &notice, (server, deliver.as_ref())).await?
            }
            None => false,
        };
        let mut tx = opened.store.begin().await?;
        if again && notice.tries + 1 < TRIES {
            tx.retry_review_notice(notice.id, later(ctx.now(), notice.tries)).await?;
        } else {
            tx.delete_review_notice(notice.id).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

fn later(now: Timestamp, tries: i64) -> Timestamp {
    let doubled = 1_i32.checked_shl(u32::try_from(tries).unwrap_or(0)).unwrap_or(1);
    now.checked_add(PAUSE * doubled).unwrap_or(now)
}

/// Sends one mail; true when it may go later.
async fn send(
    ctx: &Ctx,
    opened: &Opened,
    notice: &ReviewNotice,
    (server, deliver): (&Settings, &dyn Deliver),
) -> Result<bool, Error> {
    let mut tx = opened.store.read().await?;
    let Some(campaign) = tx.campaign(notice.campaign).await? else { return Ok(false) };
    let mine = (notice.entity, ItemState::Waiting);
    let n = tx.review_items_for(mine, Some(campaign.id), 0, COUNTED).await?.len();
    if campaign.state == CampaignState::Closed || n == 0 {
        return Ok(false);
    }
    let Some(to) = address(ctx, opened, &mut tx, notice.entity).await? else { return Ok(false) };
    drop(tx);
    let title = campaign.title.split_whitespace().collect::<Vec<_>>().join(" ");
    let still = if *notice.what == *REMIND { "still " } else { "" };
    let subject = format!("Review {title}: {n} {still}wait for you");
    let see = match &opened.model.url {
        Some(url) => {
            format!("Sign in at {url}, or: muster reviews items --campaign {}", campaign.id)
        }
        None => format!("See: muster reviews items --campaign {}", campaign.id),
    };
    let due = campaign.due_at.strftime("%F");
    let text = format!(
        "{n} items of the access review {title} {still}wait for your decision until {due}.\n\n{see}"
    );
    let id = format!("review-{}-{}", notice.campaign, notice.id);
    let mail = Mail { to: vec![to], subject, text, html: None, id };
    Ok(matches!(deliver.mail(server, &mail).await, Err(error) if error.later))
}
