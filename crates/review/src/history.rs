//! What happened in a campaign, in the journal and in mails.

use std::collections::BTreeSet;

use muster_app::{Ctx, Error};
use muster_model::{EntityId, Text};
use muster_store::{Entry, ReviewNotice, Sequence, Tx};
use serde_json::Value as Json;

/// What a mail says: a campaign began.
pub(crate) const OPENED: &str = "opened";
/// What a mail says: somebody has not answered.
pub(crate) const REMIND: &str = "remind";

/// Writes the one entry of a use case into the journal. It comes last in the transaction.
pub(crate) async fn journal(
    ctx: &Ctx,
    tx: &mut Tx,
    by: Option<&Text>,
    (action, subject): (&str, Text),
    detail: Json,
) -> Result<(), Error> {
    let by = by.filter(|name| **name != ctx.actor).cloned();
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: by.or_else(|| ctx.on_behalf_of.clone()),
        action: action.into(),
        subject,
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}

/// Puts mails about a campaign into the queue.
pub(crate) async fn notify(
    ctx: &Ctx,
    tx: &mut Tx,
    campaign: i64,
    what: &str,
    people: &BTreeSet<EntityId>,
) -> Result<(), Error> {
    if people.is_empty() {
        return Ok(());
    }
    let first = tx.take_ids(Sequence::ReviewNotice, people.len()).await?;
    let now = ctx.now();
    let notices: Vec<ReviewNotice> = (first..)
        .zip(people)
        .map(|(id, entity)| ReviewNotice {
            id,
            campaign,
            entity: *entity,
            what: what.into(),
            tries: 0,
            next_try: now,
        })
        .collect();
    tx.insert_review_notices(&notices).await?;
    Ok(())
}
