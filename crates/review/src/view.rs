//! Campaigns and items as people see them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened};
use muster_governance::People;
use muster_model::{EntityId, Text};
use muster_plan::{Operation, describe};
use muster_store::{
    Account, AccountStatus, Campaign, CampaignState, ItemKind, ItemOutcome, ItemState, ItemVerdict,
    ReadTx, ReviewItem,
};

use crate::{
    effect::Effect,
    held::Ground,
    judge::pace,
    person::{self, Person},
    seen::Seen,
    terms::{Terms, after},
};

/// A campaign with its figures.
#[derive(Debug, Clone)]
pub struct CampaignView {
    /// Its number.
    pub id: i64,
    /// The review of the model.
    pub review: Text,
    /// What it is called.
    pub title: Text,
    /// What it is for.
    pub description: String,
    /// Why it was opened.
    pub cause: Text,
    /// How far it is.
    pub state: CampaignState,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Until when it waits.
    pub due_at: Timestamp,
    /// When it was over.
    pub closed_at: Option<Timestamp>,
    /// How many items it asks about.
    pub asked: i64,
    /// How much it asks nobody about, by cause.
    pub aside: Vec<(Text, i64)>,
    /// Items that wait.
    pub waiting: i64,
    /// Items that were kept.
    pub kept: i64,
    /// Items that were revoked.
    pub removed: i64,
    /// Items that end earlier.
    pub narrowed: i64,
    /// Items that were gone before anybody decided.
    pub over: i64,
    /// Revocations that a read of the system confirmed.
    pub gone: i64,
    /// Revocations that have to be seen yet.
    pub pending: i64,
    /// The middle one of how long decisions took, in seconds, where that is known.
    pub median_seconds: Option<i64>,
    /// The share of decisions that took less than three seconds, in percent.
    pub glances: Option<u64>,
    /// Those for whom something waits, with how much; late when it is past due. Nobody for whoever reaches some people only.
    pub reviewers: Vec<(Text, i64)>,
    /// True when the time for answers is over.
    pub late: bool,
    /// The number to type for what silence would revoke; only while it is held.
    pub held: Option<i64>,
}

/// An item as its reviewer sees it.
#[derive(Debug, Clone)]
pub struct ItemView {
    /// Its number.
    pub id: i64,
    /// Its campaign.
    pub campaign: i64,
    /// What that is called.
    pub title: Text,
    /// Whose access; `None` for an account of nobody.
    pub entity: Option<EntityId>,
    /// The same, as the key.
    pub person: Option<Text>,
    /// The same, as shown.
    pub display: Option<Text>,
    /// What it is about.
    pub kind: ItemKind,
    /// The role, the entitlement or the account.
    pub thing: Text,
    /// What the role is for.
    pub description: Option<Text>,
    /// How much harm it can do.
    pub risk: Option<u8>,
    /// How it came.
    pub why: String,
    /// What happened after which it is asked; empty when the whole review was opened.
    pub cause: String,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// When it was last used, where that is known.
    pub last_used: Option<Timestamp>,
    /// How many of how many peers have it.
    pub peers: (u64, u64),
    /// Against the last decision: `new`, `changed`, `same`.
    pub change: String,
    /// `keep` or `revoke`.
    pub recommend: String,
    /// Why.
    pub recommend_why: String,
    /// Who is asked.
    pub reviewer: Text,
    /// By which rule: a stage of the review, `fallback`, or `forwarded`.
    pub rule: String,
    /// At which stage.
    pub stage: String,
    /// How far it is.
    pub state: ItemState,
    /// What was decided.
    pub verdict: ItemVerdict,
    /// Why.
    pub reason: Text,
    /// Who decided; `None` for Muster itself, or while nobody has.
    pub decided_by: Option<Text>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Until when that can be taken back.
    pub undo_until: Option<Timestamp>,
    /// What came of it.
    pub outcome: ItemOutcome,
    /// When that was seen.
    pub outcome_at: Option<Timestamp>,
    /// Why it is still there.
    pub outcome_note: Text,
    /// What a rule still gives.
    pub conflicts: Vec<String>,
    /// How it is now.
    pub live: Live,
    /// What a revocation does, as the plan says it; in lists empty.
    pub plan: Vec<String>,
    /// What was said, in order; in lists empty.
    pub answers: Vec<AnswerView>,
    /// True when reviewers do not agree.
    pub disagree: bool,
}

/// How something is now, beside what was seen when the campaign opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Live {
    /// As it was.
    Same,
    /// It is there and something about it changed; the mark says which state this is.
    Changed(String),
    /// It is not there any more.
    Gone,
}

/// Something that was said about an item.
#[derive(Debug, Clone)]
pub struct AnswerView {
    /// When.
    pub at: Timestamp,
    /// Who; `None` for Muster itself.
    pub by: Option<Text>,
    /// Whose delegate they were.
    pub in_place_of: Option<Text>,
    /// At which stage.
    pub stage: Text,
    /// `keep`, `revoke`, `shorten`, `unsure`, `forward`, `undo`, `silence`, `gone`.
    pub what: Text,
    /// The earlier end.
    pub until: Option<Timestamp>,
    /// Why.
    pub note: Text,
}

/// An operation in a line: `- ledger jo: revoke profile approve-payment`.
pub(crate) fn operation(operation: &Operation) -> String {
    let target = &operation.target;
    format!("{} {}: {}", target.system, target.name, describe(&operation.kind))
}

/// A campaign with its figures.
pub(crate) async fn campaign_view(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    campaign: Campaign,
) -> Result<CampaignView, Error> {
    let terms = Terms::read(&campaign.terms);
    let counts = tx.count_review_items(campaign.id).await?;
    let sum = |is: &dyn Fn(&muster_store::ItemCount) -> bool| -> i64 {
        counts.iter().filter(|of| is(of)).map(|of| of.n).sum()
    };
    let of = |verdict| sum(&|of| of.state == ItemState::Decided && of.verdict == verdict);
    let waiting = sum(&|of| of.state == ItemState::Waiting);
    let waits = tx.waiting_reviewers(campaign.id).await?;
    let ids: BTreeSet<EntityId> = waits.iter().map(|of| of.reviewer).collect();
    let people = People::load(opened, tx, ids, ctx.now()).await?;
    let (median, glances) = pace(&tx.review_millis(campaign.id).await?);
    let aside = tx.campaign_aside(campaign.id).await?;
    Ok(CampaignView {
        id: campaign.id,
        review: campaign.review,
        title: campaign.title,
        description: terms.description,
        cause: campaign.cause,
        opened_at: campaign.opened_at,
        due_at: campaign.due_at,
        closed_at: campaign.closed_at,
        asked: campaign.n_items,
        aside: aside.into_iter().map(|of| (of.cause, of.n)).collect(),
        waiting,
        kept: of(ItemVerdict::Keep),
        removed: of(ItemVerdict::Revoke),
        narrowed: of(ItemVerdict::Shorten),
        over: sum(&|of| of.state == ItemState::Over),
        gone: sum(&|of| of.outcome == ItemOutcome::Gone),
        pending: sum(&|of| of.outcome == ItemOutcome::Pending),
        median_seconds: median.map(|millis| (millis + 500) / 1000),
        glances,
        reviewers: waits
            .iter()
            .filter(|_| ctx.reach.is_everybody())
            .map(|of| (people.display(opened, of.reviewer), of.n))
            .collect(),
        late: campaign.state != CampaignState::Closed && campaign.due_at <= ctx.now(),
        held: (campaign.state == CampaignState::Held).then_some(waiting),
        state: campaign.state,
    })
}

/// Items as they are now; with `whole` also the plan of a revocation and what was said.
pub(crate) async fn item_views(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    items: Vec<ReviewItem>,
    whole: bool,
) -> Result<Vec<ItemView>, Error> {
    let now = ctx.now();
    let ground = Ground::load(tx, opened).await?;
    let subjects: Vec<EntityId> = items.iter().filter_map(|item| item.entity).collect();
    let (all, world) = person::load(&ground, tx, &subjects, now).await?;
    let by_id: BTreeMap<EntityId, &Person> =
        all.iter().map(|person| (person.facts.row.id, person)).collect();
    let of = |item: &ReviewItem| [Some(item.reviewer), item.entity, item.decided_by];
    let ids = items.iter().flat_map(of).flatten().collect();
    let people = People::load(opened, tx, ids, now).await?;
    let ids: Vec<i64> = items.iter().map(|item| item.id).collect();
    let mut said = said(opened, tx, &ids, now).await?;
    let mut campaigns: BTreeMap<i64, (Text, Terms)> = BTreeMap::new();
    let mut views = Vec::with_capacity(items.len());
    for item in items {
        if !campaigns.contains_key(&item.campaign)
            && let Some(campaign) = tx.campaign(item.campaign).await?
        {
            campaigns.insert(campaign.id, (campaign.title, Terms::read(&campaign.terms)));
        }
        let account = match (item.entity, item.account) {
            (None, Some(account)) => tx.account(account).await?,
            _ => None,
        };
        let person = item.entity.and_then(|id| by_id.get(&id).copied());
        let live = live(&item, person, account.as_ref());
        let held =
            person.and_then(|person| Some((person, person.find(&item.thing, item.account)?)));
        let plan = match held.filter(|_| whole && item.state == ItemState::Waiting) {
            Some((person, held)) => {
                let revocation = person.without(&ground, &world, held, now);
                revocation.operations.iter().map(operation).collect()
            }
            None => Effect::read(&item.effect).plan,
        };
        let answers = said.remove(&item.id).unwrap_or_default();
        let of = campaigns.get(&item.campaign);
        views.push(item_view(opened, &people, item, (of, live, plan, answers)));
    }
    if !whole {
        for view in &mut views {
            view.answers.clear();
        }
    }
    Ok(views)
}

/// How an item is now.
pub(crate) fn live(item: &ReviewItem, person: Option<&Person>, account: Option<&Account>) -> Live {
    if item.entity.is_none() {
        let is_there = account.is_some_and(|of| of.status == AccountStatus::Orphan);
        return if is_there { Live::Same } else { Live::Gone };
    }
    let Some(held) = person.and_then(|person| person.find(&item.thing, item.account)) else {
        return Live::Gone;
    };
    let mark = held.mark();
    if mark == Seen::read(&item.seen).mark { Live::Same } else { Live::Changed(mark) }
}

#[expect(clippy::type_complexity, reason = "what is known of one item")]
fn item_view(
    opened: &Opened,
    people: &People,
    item: ReviewItem,
    (campaign, live, plan, answers): (Option<&(Text, Terms)>, Live, Vec<String>, Vec<AnswerView>),
) -> ItemView {
    let seen = Seen::read(&item.seen);
    let role = opened.model.roles.iter().find(|role| role.name == item.thing);
    let grace = campaign.map(|(_, terms)| terms.grace);
    let is_decided = item.state == ItemState::Decided;
    let undo_until = item.decided_at.zip(grace).filter(|_| is_decided);
    let said: BTreeSet<&str> = answers
        .iter()
        .map(|answer| &*answer.what)
        .filter(|what| matches!(*what, "keep" | "revoke" | "shorten"))
        .collect();
    let rule = rule(&seen, &item);
    ItemView {
        id: item.id,
        campaign: item.campaign,
        title: campaign.map_or_else(|| "".into(), |(title, _)| title.clone()),
        entity: item.entity,
        person: item.entity.map(|id| people.name(id)),
        display: item.entity.map(|id| people.display(opened, id)),
        kind: item.kind,
        description: role.and_then(|role| role.description.clone()),
        thing: item.thing,
        risk: seen.risk,
        why: seen.why,
        cause: seen.cause,
        until: seen.until,
        last_used: seen.last_used,
        peers: seen.peers,
        change: seen.change,
        recommend: seen.recommend,
        recommend_why: seen.recommend_why,
        reviewer: people.display(opened, item.reviewer),
        rule,
        stage: campaign.map_or("", |(_, terms)| terms.stage(item.stage)).to_owned(),
        state: item.state,
        verdict: item.verdict,
        reason: item.reason,
        decided_by: item.decided_by.map(|id| people.display(opened, id)),
        decided_at: item.decided_at,
        undo_until: undo_until.map(|(at, grace)| after(at, grace)),
        outcome: item.outcome,
        outcome_at: item.outcome_at,
        outcome_note: item.outcome_note,
        conflicts: Effect::read(&item.effect).conflicts,
        live,
        plan,
        disagree: said.len() > 1,
        answers,
    }
}

/// How the present reviewer of an item was found.
fn rule(seen: &Seen, item: &ReviewItem) -> String {
    let at = usize::try_from(item.stage).unwrap_or(usize::MAX);
    let is_first = seen.asked.get(at) == Some(&item.reviewer);
    let found = seen.rules.get(at).filter(|_| is_first).cloned();
    let other = if item.reviewer == seen.fallback { "fallback" } else { "forwarded" };
    found.unwrap_or_else(|| other.to_owned())
}

/// What was said about items.
async fn said(
    opened: &Opened,
    tx: &mut ReadTx,
    items: &[i64],
    now: Timestamp,
) -> Result<BTreeMap<i64, Vec<AnswerView>>, Error> {
    let answers = tx.review_answers_of(items).await?;
    let ids = answers.iter().flat_map(|answer| [answer.entity, answer.in_place_of]).flatten();
    let people = People::load(opened, tx, ids.collect(), now).await?;
    let mut said: BTreeMap<i64, Vec<AnswerView>> = BTreeMap::new();
    for answer in answers {
        said.entry(answer.item).or_default().push(AnswerView {
            at: answer.at,
            by: answer.entity.map(|id| people.display(opened, id)),
            in_place_of: answer.in_place_of.map(|id| people.display(opened, id)),
            stage: answer.stage,
            what: answer.what,
            until: answer.until,
            note: answer.note,
        });
    }
    Ok(said)
}
