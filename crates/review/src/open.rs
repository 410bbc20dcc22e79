//! Opens campaigns: everybody is looked at once, and what needs judgement becomes items.

use muster_app::{Ctx, Error, Kind, Opened, load_identities, load_world};
use muster_model::{EntityId, Text};
use muster_policy::{AccessReview, MemoryWorld};
use muster_store::{
    AccountStatus, Campaign, CampaignAside, CampaignState, CampaignStep, IdRange, ItemKind,
    ItemState, ItemVerdict, ReadTx, Sequence, Tx,
};
use serde_json::json;

use crate::{
    CampaignView,
    crowd::{Crowd, named},
    held::{Ground, Held},
    history::{OPENED, journal, notify},
    person::accounts_of,
    scope::is_about,
    seen::Seen,
    sort::{Earlier, Found, Sorted, sort},
    terms::{Terms, after},
    view::campaign_view,
};

/// Identities that are looked at together.
const BATCH: usize = 2048;
/// Items that are written together.
const WRITTEN: usize = 5000;
/// Campaigns of the same review whose decisions count as earlier ones.
const EARLIER: usize = 20;
/// The same with those that opened after events.
const MOST_EARLIER: usize = 2000;

/// What is to be opened.
#[derive(Debug, Clone)]
pub struct NewCampaign<'a> {
    /// The review of the model.
    pub review: &'a str,
    /// What it is called; the review's name and the day when nothing is said.
    pub title: Option<&'a str>,
    /// Why: `hand`, `date`, `moved`, `outside`, `dormant`.
    pub cause: &'a str,
    /// About this identity only.
    pub only: Option<EntityId>,
}

/// Opens a campaign of a review now.
///
/// # Errors
///
/// `NotFound` without such a review, `Conflict` when somebody would be left whom nobody reviews, or when nothing fits,
/// `Denied` for whoever reaches some people only.
pub async fn open_campaign(
    ctx: &Ctx,
    opened: &Opened,
    new: &NewCampaign<'_>,
) -> Result<CampaignView, Error> {
    need_everybody(ctx)?;
    let review = review_named(opened, new.review)?;
    let now = ctx.now();
    let mut tx = opened.store.read().await?;
    let earlier = earlier(&mut tx, review).await?;
    let ground = Ground::load(&mut tx, opened).await?;
    let named = named(ctx, opened, &mut tx).await?;
    let mut crowd = Crowd::new(opened, named);
    let mut found = look(ctx, &ground, &mut tx, (review, new.only), &mut crowd).await?;
    if review.scope.orphans && new.only.is_none() {
        found.extend(orphans(opened, &mut tx, review).await?);
    }
    drop(tx);
    let sorted = sort(&ground, (review, review.set_aside), &crowd, (&found, &earlier), now);
    if let Some(thing) = sorted.nobody.first() {
        return Err(nobody(review, thing));
    }
    if sorted.items.is_empty() && sorted.aside.is_empty() {
        let message = format!("nothing fits the scope of review `{}`", review.name);
        return Err(Error::new(Kind::Conflict, message)
            .hint("muster roles and accounts show what is there"));
    }
    let mut tx = opened.store.begin().await?;
    let campaign = write((ctx, opened), &mut tx, (review, new), sorted).await?;
    tx.commit().await?;
    campaign_view(ctx, opened, &mut opened.store.read().await?, campaign).await
}

fn nobody(review: &AccessReview, thing: &str) -> Error {
    let message = format!("nobody could decide about `{thing}` in review `{}`", review.name);
    Error::new(Kind::Conflict, message)
        .hint("name a `fallback` that somebody has who is not reviewed themselves")
}

/// A campaign is about everybody: whoever may change some people only neither opens nor releases one.
pub(crate) fn need_everybody(ctx: &Ctx) -> Result<(), Error> {
    if ctx.reach.is_everybody() {
        return Ok(());
    }
    let message = "a campaign is about everybody, and you may change some people only";
    Err(Error::new(Kind::Denied, message))
}

/// The review with this name.
pub(crate) fn review_named<'o>(opened: &'o Opened, name: &str) -> Result<&'o AccessReview, Error> {
    let reviews = &opened.model.access_reviews;
    reviews.iter().find(|review| *review.name == *name).ok_or_else(|| {
        let known: Vec<&str> = reviews.iter().map(|review| &*review.name).collect();
        Error::not_found(format!("there is no review `{name}`")).hint(match known.as_slice() {
            [] => "write one under `reviews:` in the project".to_owned(),
            known => format!("there is: {}", known.join(", ")),
        })
    })
}

/// The last decision about everything, from earlier campaigns of the same review.
async fn earlier(tx: &mut ReadTx, review: &AccessReview) -> Result<Earlier, Error> {
    let mut earlier = Earlier::new();
    // Small ones after events do not push the large ones out.
    let mut campaigns = tx.campaigns_of(&review.name, MOST_EARLIER).await?;
    let is_large = |of: &Campaign| matches!(&*of.cause, "hand" | "date");
    if let Some((last, _)) =
        campaigns.iter().enumerate().filter(|(_, of)| is_large(of)).take(EARLIER).last()
    {
        campaigns.truncate(last + 1);
    }
    campaigns.reverse();
    for campaign in campaigns {
        let mut after = 0;
        loop {
            let items =
                tx.review_items(campaign.id, Some(ItemState::Decided), after, WRITTEN).await?;
            let Some(last) = items.last() else { break };
            after = last.id;
            for item in items {
                let Some(at) = item.decided_at else { continue };
                let mark = Seen::read(&item.seen).mark;
                let kept = item.verdict == ItemVerdict::Keep && item.decided_by.is_some();
                earlier.insert((item.entity, item.thing), (at, kept, mark));
            }
        }
    }
    Ok(earlier)
}

/// Looks at everybody: what those hold whom the review is about, and who may be asked.
async fn look(
    ctx: &Ctx,
    ground: &Ground<'_>,
    tx: &mut ReadTx,
    (review, only): (&AccessReview, Option<EntityId>),
    crowd: &mut Crowd<'_>,
) -> Result<Vec<Found>, Error> {
    let (opened, now) = (ground.opened, ctx.now());
    let world: MemoryWorld = load_world(tx, opened, now, None).await?;
    let manager = opened.model.schema.get(review.type_id);
    let manager = manager.and_then(|of| of.attribute_named("manager")).map(|of| of.slot);
    let mut found = Vec::new();
    for entity_type in opened.model.schema.types.iter().filter(|of| of.identity) {
        let Some(names) = opened.names.type_names(entity_type.id) else { continue };
        let mut range = IdRange { after: EntityId(0), to: EntityId(i64::MAX) };
        loop {
            let rows = tx.scan_identities(names.no, range, BATCH).await?;
            let Some(last) = rows.last() else { break };
            range.after = last.id;
            let ids: Vec<EntityId> = rows.iter().map(|row| row.id).collect();
            let is_meant = review.type_id == entity_type.id;
            let own = if is_meant { ids.as_slice() } else { &[] };
            let mut accounts = accounts_of(ground, tx, own).await?;
            for facts in load_identities(tx, opened, entity_type.id, &ids, now).await? {
                let id = facts.row.id;
                let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, now);
                crowd.add(id, &evaluation);
                let is_meant = only.is_none_or(|only| only == id)
                    && is_about(&opened.model, review, &evaluation.row, &world, now);
                if is_meant {
                    let group = manager.and_then(|slot| evaluation.row.get(slot).as_link());
                    let own = accounts.remove(&id).unwrap_or_default();
                    let held = ground.held(&facts, &evaluation, &own, now);
                    let entity = Some(id);
                    found.extend(held.into_iter().map(|held| Found {
                        entity,
                        group,
                        held,
                        cause: String::new(),
                    }));
                }
            }
        }
    }
    Ok(found)
}

/// Accounts that belong to nobody, on the systems of the scope.
async fn orphans(
    opened: &Opened,
    tx: &mut ReadTx,
    review: &AccessReview,
) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    let systems = opened.model.systems.iter().zip(&opened.names.systems);
    let meant = |id| review.scope.systems.is_empty() || review.scope.systems.contains(id);
    for (system, names) in systems.filter(|(system, _)| meant(&system.id)) {
        for (account_type, names) in system.accounts.iter().zip(&names.accounts) {
            let mut after = None;
            loop {
                let page =
                    tx.unlinked_accounts(names.no, AccountStatus::Orphan, after, BATCH).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                found.extend(page.into_iter().map(|account| Found {
                    entity: None,
                    group: None,
                    cause: String::new(),
                    held: orphan(&system.name, &account_type.name, system.id, &account),
                }));
            }
        }
    }
    Ok(found)
}

/// An account that belongs to nobody, as something to decide about.
pub(crate) fn orphan(
    system: &Text,
    account_type: &Text,
    id: muster_model::SystemId,
    account: &muster_store::Account,
) -> Held {
    Held {
        kind: ItemKind::Orphan,
        thing: format!("{system}.{account_type}:{}", account.name).into(),
        account: Some(account.id),
        why: "it belongs to nobody".to_owned(),
        assignments: Vec::new(),
        until: None,
        risk: None,
        last_used: None,
        rights: Vec::new(),
        systems: vec![id],
    }
}

/// Writes a campaign with its items, who is told, and the entry in the journal.
pub(crate) async fn write(
    (ctx, opened): (&Ctx, &Opened),
    tx: &mut Tx,
    (review, new): (&AccessReview, &NewCampaign<'_>),
    sorted: Sorted,
) -> Result<Campaign, Error> {
    let Sorted { mut items, aside, reviewers, nobody: _ } = sorted;
    let (now, terms) = (ctx.now(), Terms::of(review));
    let id = tx.take_ids(Sequence::Campaign, 1).await?;
    let first = tx.take_ids(Sequence::ReviewItem, items.len()).await?;
    for (number, item) in (first..).zip(&mut items) {
        item.id = number;
        item.campaign = id;
    }
    let due_at = after(now, terms.due);
    let is_open = !items.is_empty();
    let (next_at, next_step) = match terms.remind {
        Some(remind) => (after(now, remind), CampaignStep::Remind),
        None => (due_at, CampaignStep::Settle),
    };
    let title = new.title.map_or_else(
        || format!("{} {}", review.name, now.strftime("%F")),
        |title| title.trim().to_owned(),
    );
    let campaign = Campaign {
        id,
        review: review.name.clone(),
        title: title.into(),
        cause: new.cause.into(),
        entity: new.only,
        terms: terms.to_json().into(),
        state: if is_open { CampaignState::Open } else { CampaignState::Closed },
        version: 1,
        n_items: i64::try_from(items.len()).unwrap_or(i64::MAX),
        opened_at: now,
        opened_by: ctx.actor.clone(),
        due_at,
        next_at: is_open.then_some(next_at),
        next_step,
        closed_at: (!is_open).then_some(now),
    };
    let aside: Vec<CampaignAside> = aside
        .into_iter()
        .map(|(cause, n)| CampaignAside { campaign: id, cause: cause.into(), n })
        .collect();
    tx.insert_campaign(&campaign, &aside).await?;
    for batch in items.chunks(WRITTEN) {
        tx.insert_review_items(batch).await?;
    }
    notify(ctx, opened, tx, (id, OPENED), &reviewers).await?;
    let detail = json!({
        "review": &*campaign.review, "title": &*campaign.title, "cause": new.cause,
        "items": items.len(), "due": due_at.to_string(), "reviewers": reviewers.len(),
        "aside": aside.iter().map(|one| json!([&*one.cause, one.n])).collect::<Vec<_>>(),
    });
    journal(ctx, tx, None, ("campaign.open", format!("campaign {id}").into()), detail).await?;
    Ok(campaign)
}
