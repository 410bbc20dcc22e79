//! What happened in a campaign, in the journal, and who is told.

use std::collections::BTreeSet;

use muster_app::{Ctx, Error, Opened};
use muster_model::{EntityId, Text};
use muster_store::{Entry, NoticeKind, Tx};
use serde_json::Value as Json;

/// What is said: a campaign began.
pub(crate) const OPENED: &str = "opened";
/// What is said: somebody has not answered.
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

/// Puts into the queue what people are told about a campaign.
pub(crate) async fn notify(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (campaign, what): (i64, &str),
    people: &BTreeSet<EntityId>,
) -> Result<(), Error> {
    let about = (NoticeKind::Review, campaign, what);
    muster_governance::notify(opened, tx, about, people, ctx.now()).await
}
