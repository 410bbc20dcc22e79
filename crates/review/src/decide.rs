//! Decides about items, and forwards them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind, Opened};
use muster_governance::{People, Somebody, anybody_named, canonical, need_to_work};
use muster_model::EntityId;
use muster_policy::ReasonFor;
use muster_store::{
    Campaign, CampaignState, ItemOutcome, ItemState, ItemVerdict, ReadTx, ReviewAnswer, ReviewItem,
    Tx,
};
use serde_json::json;

use crate::{
    effect::{self, Effect, Verdict},
    held::{Ground, Held},
    history::{OPENED, journal, notify},
    judge::took,
    person::{self, Revocation},
    seen::Seen,
    terms::Terms,
    view::{ItemView, Live, item_views, live},
};

/// Characters of a reason at most.
const LONGEST: usize = 2000;
/// Items that are decided at once, at most.
const MOST: usize = 500;

/// What a reviewer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemAnswer {
    /// It stays.
    Keep,
    /// It goes.
    Revoke,
    /// It ends then.
    Shorten(Timestamp),
    /// The reviewer does not know: whoever is the fallback is asked.
    Unsure,
    /// Somebody else has to decide, by key or another unique value.
    Forward(String),
}

/// What is said about items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What.
    pub answer: ItemAnswer,
    /// Why.
    pub reason: String,
    /// The mark of the state that was seen, for one that changed since the campaign opened.
    pub mark: Option<String>,
    /// The number of items; needed for more than one.
    pub confirm: Option<u64>,
}

/// Decides about an item, or about several that are about the same. What was gone meanwhile is over, which is said; what
/// changed is not decided unseen. The decision of the last stage is done at once.
///
/// # Errors
///
/// `Denied` for everybody but the reviewer and their delegates, and for oneself; `Conflict` for what is decided already or
/// changed; `Held` for several without their number; `Invalid` without a reason where one is needed.
pub async fn decide_items(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    ids: &[i64],
    decision: &Decision,
) -> Result<Vec<ItemView>, Error> {
    let mut tx = opened.store.begin().await?;
    let ids: BTreeSet<i64> = ids.iter().copied().collect();
    let mut items = Vec::with_capacity(ids.len());
    for id in &ids {
        items.push(waiting(&mut tx, *id).await?);
    }
    alike(&items, decision)?;
    let Some(first) = items.first() else { return Ok(Vec::new()) };
    let campaign = open_campaign_of(&mut tx, first).await?;
    let terms = Terms::read(&campaign.terms);
    check(ctx, &terms, decision)?;
    let before = tx.last_decision_of(campaign.id, me).await?;
    let millis = took(before, ctx.now(), items.len());
    let ground = Ground::load(&mut tx, opened).await?;
    let (campaign, terms) = (&campaign, &terms);
    let deciding = Deciding { ctx, ground: &ground, me, campaign, terms, decision, millis };
    let mut told = Vec::new();
    for item in items {
        told.push(deciding.one(&mut tx, item).await?);
    }
    let detail = json!({ "campaign": campaign.id, "items": told });
    let subject = match ids.first().filter(|_| ids.len() == 1) {
        Some(id) => format!("review item {id}"),
        None => format!("{} review items", ids.len()),
    };
    let people = People::load(opened, &mut tx, [me].into(), ctx.now()).await?;
    let by = people.need(me)?.subject.clone();
    journal(ctx, &mut tx, Some(&by), (word(&decision.answer).1, subject.into()), detail).await?;
    close_when_done(ctx, &mut tx, campaign).await?;
    tx.commit().await?;
    let mut tx = opened.store.read().await?;
    let mut now = Vec::with_capacity(ids.len());
    for id in ids {
        now.extend(tx.review_item(id).await?);
    }
    item_views(ctx, opened, &mut tx, now, true).await
}

/// One decision about several items.
struct Deciding<'a> {
    ctx: &'a Ctx,
    ground: &'a Ground<'a>,
    me: EntityId,
    campaign: &'a Campaign,
    terms: &'a Terms,
    decision: &'a Decision,
    millis: Option<i64>,
}

impl Deciding<'_> {
    async fn one(&self, tx: &mut Tx, mut item: ReviewItem) -> Result<serde_json::Value, Error> {
        let (ctx, opened) = (self.ctx, self.ground.opened);
        let in_place_of = may_decide(ctx, opened, tx, (self.me, self.terms), &item).await?;
        let now = ctx.now();
        let (held, revocation, live) = self.now(tx, &item).await?;
        let (mut what, _) = word(&self.decision.answer);
        let stage = self.terms.stage(item.stage).to_owned();
        match (&live, &self.decision.answer) {
            (Live::Gone, _) => {
                what = "gone";
                item.state = ItemState::Over;
                item.decided_at = Some(now);
            }
            (Live::Changed(mark), _) if self.decision.mark.as_ref() != Some(mark) => {
                return Err(changed(&item, mark));
            }
            (_, ItemAnswer::Unsure) => {
                let to = Seen::read(&item.seen).fallback;
                self.hand_on(tx, &mut item, to).await?;
            }
            (_, ItemAnswer::Forward(name)) => {
                let to = anybody_named(ctx, opened, tx, name).await?;
                self.hand_on(tx, &mut item, to).await?;
            }
            _ => item = self.verdict(tx, item, (held, revocation)).await?,
        }
        let answer = ReviewAnswer {
            item: item.id,
            place: 0,
            at: now,
            actor: ctx.actor.clone(),
            entity: Some(self.me),
            in_place_of,
            stage: stage.into(),
            what: what.into(),
            until: item.until,
            note: self.decision.reason.trim().into(),
        };
        tx.append_review_answers(std::slice::from_ref(&answer)).await?;
        save(tx, std::slice::from_ref(&item)).await?;
        Ok(json!({
            "item": item.id, "entity": item.entity.map(|id| id.0), "thing": &*item.thing,
            "what": what, "stage": &*answer.stage, "reason": &*answer.note,
            "in_place_of": in_place_of.map(|id| id.0), "until": item.until.map(|at| at.to_string()),
            "conflicts": Effect::read(&item.effect).conflicts,
        }))
    }

    /// How an item is now, and what taking it would do.
    async fn now(
        &self,
        tx: &mut Tx,
        item: &ReviewItem,
    ) -> Result<(Option<Held>, Revocation, Live), Error> {
        let Some(entity) = item.entity else {
            let account = match item.account {
                Some(id) => tx.account(id).await?,
                None => None,
            };
            return Ok((None, Revocation::default(), live(item, None, account.as_ref())));
        };
        let (people, world) = person::load(self.ground, tx, &[entity], self.ctx.now()).await?;
        let person = people.first();
        let live = live(item, person, None);
        let found =
            person.and_then(|person| Some((person, person.find(&item.thing, item.account)?)));
        let revocation =
            found.map(|(person, held)| person.without(self.ground, &world, held, self.ctx.now()));
        Ok((found.map(|(_, held)| held.clone()), revocation.unwrap_or_default(), live))
    }

    /// Keeps, revokes or shortens: at the last stage it is done, before that the next one is asked.
    async fn verdict(
        &self,
        tx: &mut Tx,
        mut item: ReviewItem,
        (held, revocation): (Option<Held>, Revocation),
    ) -> Result<ReviewItem, Error> {
        let (what, until) = match self.decision.answer {
            ItemAnswer::Revoke => (ItemVerdict::Revoke, None),
            ItemAnswer::Shorten(until) => (ItemVerdict::Shorten, Some(until)),
            ItemAnswer::Keep | ItemAnswer::Unsure | ItemAnswer::Forward(_) => {
                (ItemVerdict::Keep, None)
            }
        };
        let n = i64::try_from(self.terms.stages.len()).unwrap_or(0);
        if item.stage + 1 < n {
            let seen = Seen::read(&item.seen);
            let next = usize::try_from(item.stage + 1).ok().and_then(|at| seen.asked.get(at));
            item.stage += 1;
            item.reviewer = next.copied().unwrap_or(seen.fallback);
            self.tell(tx, item.reviewer).await?;
            return Ok(item);
        }
        if what == ItemVerdict::Shorten
            && item.until.or(Seen::read(&item.seen).until).is_some_and(|end| until > Some(end))
        {
            return Err(Error::invalid("it ends before that anyway"));
        }
        let reason = self.decision.reason.trim().to_owned();
        let id = item.id;
        let verdict = Verdict { item, what, until, reason, held, revocation };
        let by = (Some(self.me), self.millis);
        let (ctx, opened) = (self.ctx, self.ground.opened);
        let settled = settle_all(ctx, opened, tx, (self.terms, by), vec![verdict]).await?;
        settled.into_iter().next().ok_or_else(|| unknown(id))
    }

    /// Asks somebody else.
    async fn hand_on(&self, tx: &mut Tx, item: &mut ReviewItem, to: EntityId) -> Result<(), Error> {
        let opened = self.ground.opened;
        let people = People::load(opened, tx, [to].into(), self.ctx.now()).await?;
        need_to_work(opened, people.need(to)?)?;
        let is_own = self.is_subject(tx, item, to).await?;
        if is_own || canonical(tx, to).await? == canonical(tx, item.reviewer).await? {
            let message = "it has to be somebody else who is not reviewed here";
            return Err(Error::new(Kind::Conflict, message)
                .hint("decide it, or forward it to somebody who knows"));
        }
        item.reviewer = to;
        self.tell(tx, to).await
    }

    /// Tells somebody that they are asked now.
    async fn tell(&self, tx: &mut Tx, who: EntityId) -> Result<(), Error> {
        let what = (self.campaign.id, OPENED);
        notify(self.ctx, self.ground.opened, tx, what, &[who].into()).await
    }

    async fn is_subject(
        &self,
        tx: &mut ReadTx,
        item: &ReviewItem,
        who: EntityId,
    ) -> Result<bool, Error> {
        let Some(subject) = item.entity else { return Ok(false) };
        Ok(canonical(tx, subject).await? == canonical(tx, who).await?)
    }
}

/// Does what final verdicts say, and gives the items with that, as they are to be saved.
pub(crate) async fn settle_all(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (terms, (by, millis)): (&Terms, (Option<EntityId>, Option<i64>)),
    verdicts: Vec<Verdict>,
) -> Result<Vec<ReviewItem>, Error> {
    let effects = effect::apply(ctx, opened, tx, terms, &verdicts).await?;
    let settled = verdicts.into_iter().zip(effects).map(|(verdict, effect)| {
        let Verdict { mut item, what, until, reason, held: _, revocation: _ } = verdict;
        item.state = ItemState::Decided;
        item.verdict = what;
        item.until = until;
        item.reason = reason.into();
        item.decided_at = Some(ctx.now());
        item.decided_by = by;
        item.millis = millis;
        item.outcome = match what {
            ItemVerdict::Revoke if effect::has_to_be_seen(&item, &effect) => ItemOutcome::Pending,
            ItemVerdict::Revoke => ItemOutcome::Gone,
            ItemVerdict::Open | ItemVerdict::Keep | ItemVerdict::Shorten => ItemOutcome::None,
        };
        if item.outcome == ItemOutcome::Gone {
            item.outcome_at = Some(ctx.now());
            item.outcome_note = "no connected system held anything because of it".into();
        }
        item.effect = effect.to_json().into();
        item
    });
    Ok(settled.collect())
}

/// An item that waits.
async fn waiting(tx: &mut ReadTx, id: i64) -> Result<ReviewItem, Error> {
    let item = tx.review_item(id).await?.ok_or_else(|| unknown(id))?;
    let over = match item.state {
        ItemState::Waiting => return Ok(item),
        ItemState::Decided => format!("item {id} is decided already: {}", item.verdict),
        ItemState::Over => format!("item {id} was gone before anybody decided"),
    };
    Err(Error::new(Kind::Conflict, over)
        .hint(format!("muster reviews show {id} tells what was said")))
}

async fn open_campaign_of(tx: &mut ReadTx, item: &ReviewItem) -> Result<Campaign, Error> {
    let campaign = tx.campaign(item.campaign).await?.ok_or_else(|| unknown(item.id))?;
    if campaign.state == CampaignState::Closed {
        let message = format!("campaign {} is over", campaign.id);
        return Err(Error::new(Kind::Conflict, message));
    }
    Ok(campaign)
}

/// Several are decided together only when they are about the same, and when their number is agreed to.
fn alike(items: &[ReviewItem], decision: &Decision) -> Result<(), Error> {
    let n = items.len();
    if n == 0 || n > MOST {
        return Err(Error::invalid(format!("decide about at least one item and at most {MOST}")));
    }
    let Some(first) = items.first() else { return Ok(()) };
    let same = |of: &ReviewItem| {
        (of.campaign, of.kind, of.stage) == (first.campaign, first.kind, first.stage)
            && of.thing == first.thing
    };
    if !items.iter().all(same) {
        return Err(Error::invalid(
            "several items are decided together only when they are about the same role or entitlement",
        ));
    }
    if n > 1 && decision.confirm != Some(n as u64) {
        return Err(Error::new(Kind::Held, format!("it is {n} items, and nobody agreed to that"))
            .hint(format!("if it is right, add --confirm {n}")));
    }
    Ok(())
}

fn check(ctx: &Ctx, terms: &Terms, decision: &Decision) -> Result<(), Error> {
    let reason = decision.reason.trim();
    if reason.chars().count() > LONGEST {
        return Err(Error::invalid(format!("a reason is longer than {LONGEST} characters")));
    }
    let needed = match terms.reason {
        ReasonFor::All => true,
        ReasonFor::Changes => !matches!(decision.answer, ItemAnswer::Keep | ItemAnswer::Unsure),
        ReasonFor::Nothing => false,
    };
    if needed && reason.is_empty() {
        return Err(Error::invalid("a reason is needed").hint("--reason \"…\""));
    }
    match decision.answer {
        ItemAnswer::Shorten(until) if until <= ctx.now() => {
            Err(Error::invalid(format!("the end {until} is over already"))
                .hint("revoke it instead"))
        }
        ItemAnswer::Keep
        | ItemAnswer::Revoke
        | ItemAnswer::Shorten(_)
        | ItemAnswer::Unsure
        | ItemAnswer::Forward(_) => Ok(()),
    }
}

/// Whether somebody may decide, and if so in whose place, if not for themselves.
pub(crate) async fn may_decide(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    (me, terms): (EntityId, &Terms),
    item: &ReviewItem,
) -> Result<Option<EntityId>, Error> {
    let givers: Vec<EntityId> =
        tx.delegations_to(me, ctx.now()).await?.iter().map(|of| of.giver).collect();
    let all = givers.iter().copied().chain([me]).collect();
    let people = People::load(opened, tx, all, ctx.now()).await?;
    need_to_work(opened, people.need(me)?)?;
    let own = canonical(tx, me).await?;
    let subject = match item.entity {
        Some(id) => Some(canonical(tx, id).await?),
        None => None,
    };
    let reviewer = canonical(tx, item.reviewer).await?;
    if subject == Some(own) && !(terms.is_own(item.stage) && reviewer == own) {
        return Err(Error::new(Kind::Denied, "nobody decides about their own access"));
    }
    if reviewer == own {
        return Ok(None);
    }
    for giver in givers {
        let works = people.get(giver).is_some_and(|of: &Somebody| of.works(opened));
        let is = canonical(tx, giver).await?;
        if works && is == reviewer && subject != Some(is) {
            return Ok(Some(giver));
        }
    }
    // Whoever does not review it need not learn that it is there.
    Err(unknown(item.id))
}

/// Ends a campaign whose last item was decided.
pub(crate) async fn close_when_done(
    ctx: &Ctx,
    tx: &mut Tx,
    campaign: &Campaign,
) -> Result<(), Error> {
    if tx.waiting_reviewers(campaign.id).await?.is_empty() {
        let closed = Campaign {
            state: CampaignState::Closed,
            next_at: None,
            closed_at: Some(ctx.now()),
            ..campaign.clone()
        };
        tx.change_campaign(&closed).await?;
    }
    Ok(())
}

/// Writes what changed about items.
pub(crate) async fn save(tx: &mut Tx, items: &[ReviewItem]) -> Result<(), Error> {
    if let Some(id) = tx.change_review_items(items).await?.first() {
        let message = format!("item {id} was decided or changed by somebody else");
        return Err(Error::new(Kind::Conflict, message)
            .hint(format!("muster reviews show {id} tells how it is now")));
    }
    Ok(())
}

fn changed(item: &ReviewItem, mark: &str) -> Error {
    let message = format!("item {} is not as it was when the review began", item.id);
    Error::new(Kind::Conflict, message).hint(format!(
        "look at it: muster reviews show {}; to decide about it as it is now, add --seen {mark}",
        item.id
    ))
}

/// There is no such item, or none that the caller may know of.
pub(crate) fn unknown(id: i64) -> Error {
    Error::not_found(format!("there is no item {id} for you"))
        .hint("muster reviews items lists what waits for you")
}

/// The word for an answer, and the action in the journal.
fn word(answer: &ItemAnswer) -> (&'static str, &'static str) {
    match answer {
        ItemAnswer::Keep => ("keep", "review.keep"),
        ItemAnswer::Revoke => ("revoke", "review.revoke"),
        ItemAnswer::Shorten(_) => ("shorten", "review.shorten"),
        ItemAnswer::Unsure => ("unsure", "review.unsure"),
        ItemAnswer::Forward(_) => ("forward", "review.forward"),
    }
}
