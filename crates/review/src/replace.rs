//! Puts somebody else in the place of reviewers who left: nothing waits for whoever cannot answer.

use std::collections::BTreeSet;

use muster_app::{Ctx, Error, Opened};
use muster_governance::{People, canonical};
use muster_model::EntityId;
use muster_store::{Campaign, ItemState, ReadTx, ReviewItem, Tx};
use serde_json::json;

use crate::{
    decide::save,
    history::{OPENED, notify},
    seen::Seen,
};

/// Items that are handed on together.
const BATCH: usize = 500;

/// Asks the fallback about what waits for reviewers who do not work any more, where the fallback works and is not the one
/// whose access it is. Says for the journal how many items that were, for how many reviewers.
pub(crate) async fn replace_leavers(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    campaign: &Campaign,
) -> Result<Option<serde_json::Value>, Error> {
    let waits = tx.waiting_reviewers(campaign.id).await?;
    let asked: BTreeSet<EntityId> = waits.iter().map(|of| of.reviewer).collect();
    let gone = not_working(ctx, opened, tx, asked).await?;
    if gone.is_empty() {
        return Ok(None);
    }
    let (mut n, mut place, mut told) = (0, 0, BTreeSet::new());
    loop {
        let items = tx.review_items(campaign.id, Some(ItemState::Waiting), place, BATCH).await?;
        let Some(last) = items.last() else { break };
        place = last.id;
        let items: Vec<ReviewItem> =
            items.into_iter().filter(|of| gone.contains(&of.reviewer)).collect();
        let instead = items.iter().map(|of| Seen::read(&of.seen).fallback).collect();
        let idle = not_working(ctx, opened, tx, instead).await?;
        let mut handed = Vec::new();
        for mut item in items {
            let to = Seen::read(&item.seen).fallback;
            if idle.contains(&to) || is_own(tx, &item, to).await? {
                continue;
            }
            item.reviewer = to;
            told.insert(to);
            handed.push(item);
        }
        save(tx, &handed).await?;
        n += handed.len();
    }
    notify(ctx, opened, tx, (campaign.id, OPENED), &told).await?;
    Ok((n > 0).then(|| json!({ "items": n, "reviewers": gone.len() })))
}

async fn is_own(tx: &mut ReadTx, item: &ReviewItem, who: EntityId) -> Result<bool, Error> {
    let Some(subject) = item.entity else { return Ok(false) };
    Ok(canonical(tx, subject).await? == canonical(tx, who).await?)
}

/// Those of these people who do not work, or are not there any more.
async fn not_working(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    ids: BTreeSet<EntityId>,
) -> Result<BTreeSet<EntityId>, Error> {
    let mut canonicals = Vec::with_capacity(ids.len());
    for id in ids {
        canonicals.push((id, canonical(tx, id).await?));
    }
    let all = canonicals.iter().map(|(_, of)| *of).collect();
    let people = People::load(opened, tx, all, ctx.now()).await?;
    let works = |id| people.get(id).is_some_and(|of| of.works(opened));
    Ok(canonicals.into_iter().filter(|(_, of)| !works(*of)).map(|(id, _)| id).collect())
}
