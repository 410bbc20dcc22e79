//! Lists campaigns and items.

use muster_app::{Ctx, Error, Opened, Page};
use muster_governance::canonical;
use muster_model::EntityId;
use muster_store::{Campaign, ItemState, ReadTx};

use crate::{
    CampaignView, ItemView,
    decide::unknown,
    view::{campaign_view, item_views},
};

/// Campaigns of a title that are looked through.
const TITLES: usize = 1000;

/// Whose items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhoseItems {
    /// Those that somebody is asked about.
    Of(EntityId),
    /// All of a campaign, within reach of the context.
    All(i64),
}

/// Which items.
#[derive(Debug, Clone, Copy)]
pub struct ItemQuery {
    /// Whose.
    pub whose: WhoseItems,
    /// Of this campaign only.
    pub campaign: Option<i64>,
    /// In this state only.
    pub state: Option<ItemState>,
    /// After this number.
    pub after: i64,
    /// How many at most.
    pub limit: usize,
}

/// Campaigns, the newest first; those that are over too with `closed`.
pub async fn list_campaigns(
    ctx: &Ctx,
    opened: &Opened,
    closed: bool,
    (before, limit): (Option<i64>, usize),
) -> Result<Page<CampaignView>, Error> {
    let mut tx = opened.store.read().await?;
    let found = tx.campaigns(closed, before, limit).await?;
    let next = found.last().filter(|_| found.len() >= limit).map(|last| last.id);
    let mut items = Vec::with_capacity(found.len());
    for campaign in found {
        items.push(campaign_view(ctx, opened, &mut tx, campaign).await?);
    }
    Ok(Page { items, next })
}

/// A campaign by number or title, with its figures.
///
/// # Errors
///
/// `NotFound` without such a campaign.
pub async fn campaign_status(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
) -> Result<CampaignView, Error> {
    let mut tx = opened.store.read().await?;
    let campaign = campaign_named(&mut tx, name).await?;
    campaign_view(ctx, opened, &mut tx, campaign).await
}

/// The number of a campaign by number or title.
///
/// # Errors
///
/// `NotFound` without such a campaign.
pub async fn campaign_id(opened: &Opened, name: &str) -> Result<i64, Error> {
    Ok(campaign_named(&mut opened.store.read().await?, name).await?.id)
}

/// The campaign with this number, or the newest one with this title or of this review.
pub(crate) async fn campaign_named(tx: &mut ReadTx, name: &str) -> Result<Campaign, Error> {
    if let Ok(id) = name.parse()
        && let Some(found) = tx.campaign(id).await?
    {
        return Ok(found);
    }
    let all = tx.campaigns(true, None, TITLES).await?;
    let named = all.iter().find(|of| *of.title == *name);
    let found = named.or_else(|| all.iter().find(|of| *of.review == *name)).cloned();
    found.ok_or_else(|| {
        Error::not_found(format!("there is no campaign `{name}`"))
            .hint("muster reviews list shows them; muster reviews open NAME opens one")
    })
}

/// Items in order of number, as they are now. The last number of a full page is where the next one goes on.
pub async fn list_items(
    ctx: &Ctx,
    opened: &Opened,
    query: &ItemQuery,
) -> Result<Page<ItemView>, Error> {
    let ItemQuery { whose, campaign, state, after, limit } = *query;
    let mut tx = opened.store.read().await?;
    let mut found = match whose {
        WhoseItems::Of(me) => {
            let state = state.unwrap_or(ItemState::Waiting);
            let delegations = tx.delegations_to(me, ctx.now()).await?;
            let mut found = Vec::new();
            for who in delegations.iter().map(|of| of.giver).chain([me]) {
                found.extend(tx.review_items_for((who, state), campaign, after, limit).await?);
            }
            found.sort_by_key(|item| item.id);
            found.dedup_by_key(|item| item.id);
            found.truncate(limit);
            found
        }
        WhoseItems::All(campaign) => tx.review_items(campaign, state, after, limit).await?,
    };
    let next = found.last().filter(|_| found.len() >= limit).map(|last| last.id);
    match whose {
        WhoseItems::All(_) => {
            ctx.reach.narrow(ctx, opened, &mut tx, &mut found, |item| item.entity).await?;
        }
        // Whoever is a delegate does not see their own access.
        WhoseItems::Of(me) => {
            let own = canonical(&mut tx, me).await?;
            let mut others = Vec::with_capacity(found.len());
            for item in found {
                let subject = match item.entity {
                    Some(id) => Some(canonical(&mut tx, id).await?),
                    None => None,
                };
                if subject != Some(own) || item.reviewer == me {
                    others.push(item);
                }
            }
            found = others;
        }
    }
    Ok(Page { items: item_views(ctx, opened, &mut tx, found, false).await?, next })
}

/// One item with what a revocation does and what was said: for its reviewer, their delegates and whoever answered, and
/// without `me` for whoever the context reaches.
///
/// # Errors
///
/// `NotFound` for everybody else.
pub async fn see_item(
    ctx: &Ctx,
    opened: &Opened,
    me: Option<EntityId>,
    id: i64,
) -> Result<ItemView, Error> {
    let mut tx = opened.store.read().await?;
    let item = tx.review_item(id).await?.ok_or_else(|| unknown(id))?;
    let sees = match me {
        None => ctx.reach.sees(ctx, opened, &mut tx, item.entity).await?,
        Some(me) => {
            let givers = tx.delegations_to(me, ctx.now()).await?;
            let answered = tx.review_answers(id).await?;
            item.reviewer == me
                || givers.iter().any(|of| of.giver == item.reviewer)
                || answered.iter().any(|of| of.entity == Some(me))
        }
    };
    if !sees {
        return Err(unknown(id));
    }
    let views = item_views(ctx, opened, &mut tx, vec![item], true).await?;
    views.into_iter().next().ok_or_else(|| unknown(id))
}
