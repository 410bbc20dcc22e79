//! What people decide about operations that wait for them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::{PlanId, Text};
use muster_plan::{
    NotDecider, Operation, decode_operation, may_decide, operation_json, review_key, review_of,
};
use muster_store::{
    Entry, OperationReview, OperationState, PlanStatus, QueueCount, ReviewDecision, ReviewVerdict,
    Tx,
};
use serde_json::json;

use crate::{
    evaluate::evaluate_some,
    orders::{OrderView, find, release_waiting, tell, view},
    orphan,
};

/// How many waiting operations are looked at for one list.
const MOST: usize = 10_000;

/// An operation that waits for a decision.
#[derive(Debug, Clone)]
pub struct ReviewView {
    /// The order.
    pub order: OrderView,
    /// Since when it waits.
    pub asked_at: Timestamp,
    /// Why it would be done.
    pub reason: Text,
    /// Who may decide; anybody but those in `not_by` when empty.
    pub by: Vec<Text>,
    /// Who may not, because they caused it.
    pub not_by: Vec<Text>,
}

/// What somebody says about an operation.
#[derive(Debug, Clone)]
pub struct ReviewAnswer {
    /// Yes or no.
    pub verdict: ReviewVerdict,
    /// Why; may be empty.
    pub note: Text,
}

/// What waits for a decision, the oldest first, at most `limit`. The same operation in several plans is told once.
pub async fn list_reviews(
    ctx: &Ctx,
    opened: &Opened,
    limit: usize,
) -> Result<Vec<ReviewView>, Error> {
    let mut tx = opened.store.read().await?;
    let mut seen = BTreeSet::new();
    let mut views = Vec::new();
    for review in tx.waiting_reviews(None, MOST).await? {
        if views.len() == limit {
            break;
        }
        if !seen.insert(review.key.clone()) {
            continue;
        }
        let found = tx.plan(review.plan).await?.zip(tx.operation(review.plan, review.seq).await?);
        let Some((plan, row)) = found else { continue };
        if !ctx.reach.sees(ctx, opened, &mut tx, row.entity).await? {
            continue;
        }
        let Ok(operation) = decode_operation(&row.body) else { continue };
        let by = review_of(&opened.model, &operation).map_or(Vec::new(), |rule| rule.by.clone());
        views.push(ReviewView {
            order: view(opened, &plan, row),
            asked_at: review.asked_at,
            reason: operation.reason.text,
            by,
            not_by: causes(&review).into_iter().collect(),
        });
    }
    Ok(views)
}

fn causes(review: &OperationReview) -> BTreeSet<Text> {
    review.causes.lines().map(Into::into).collect()
}

/// Lets an operation go out, or keeps it back for as long as nothing about it changes.
///
/// # Errors
///
/// `Denied` for who caused it or is not named by the rule, `Conflict` when it does not wait, `Stale` when what it would
/// do is no longer wanted.
pub async fn decide_review(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    answer: &ReviewAnswer,
) -> Result<(), Error> {
    let (_, row) = find(ctx, opened, name).await?;
    let operation = decode_operation(&row.body)
        .map_err(|error| Error::bug("a saved order cannot be read").caused_by(error))?;
    let is_wanted = answer.verdict == ReviewVerdict::Refused
        || is_still_wanted(ctx, opened, &operation).await?;
    let key = review_key(&operation);
    let mut tx = opened.store.begin().await?;
    let asked = tx.reviews_with_key(&key).await?;
    let is_asked = |review: &&OperationReview| (review.plan, review.seq) == (row.plan, row.seq);
    let Some(review) = asked.iter().find(is_asked) else {
        return Err(Error::new(Kind::Conflict, format!("order `{name}` does not wait for review"))
            .hint("muster orders review list shows what does"));
    };
    allow(ctx, opened, name, &operation, &causes(review))?;
    if !is_wanted {
        return Err(Error::new(
            Kind::Stale,
            format!("what order `{name}` would do is no longer wanted"),
        )
        .hint("muster plan shows what is to be done now"));
    }
    tx.decide_review(&ReviewDecision {
        key,
        identity: operation.identity,
        system_no: row.system_no,
        verdict: answer.verdict,
        decided_at: ctx.now(),
        decided_by: ctx.actor.clone(),
        note: answer.note.clone(),
    })
    .await?;
    for review in &asked {
        put(ctx, &mut tx, review, answer).await?;
    }
    journal(ctx, &mut tx, name, &operation, review, answer).await?;
    tx.commit().await?;
    Ok(())
}

fn allow(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    operation: &Operation,
    causes: &BTreeSet<Text>,
) -> Result<(), Error> {
    let Some(rule) = review_of(&opened.model, operation) else {
        return Err(Error::new(
            Kind::Stale,
            format!("the model no longer asks for a review of order `{name}`"),
        )
        .hint("muster plan makes a plan that needs none"));
    };
    may_decide(rule, &ctx.actor, causes, &operation.subject).map_err(|why| match why {
        NotDecider::CausedIt => Error::new(
            Kind::Denied,
            format!("you caused order `{name}` or it is about you; somebody else decides"),
        )
        .hint("nobody decides about a plan of their own, a role they gave, or themselves"),
        NotDecider::NotNamed => {
            Error::new(Kind::Denied, format!("you may not decide about order `{name}`"))
                .hint(format!("{} may: the rule is at {}", rule.by.join(", "), rule.at))
        }
    })
}

/// Whether the facts of now still ask for it. What follows from no rule is asked for by its plan alone.
async fn is_still_wanted(ctx: &Ctx, opened: &Opened, operation: &Operation) -> Result<bool, Error> {
    if operation.reason.at.is_none() && orphan::account_of(operation.identity).is_none() {
        return Ok(true);
    }
    let people = [operation.identity];
    let mut outcome = evaluate_some(opened, &people, ctx.now()).await?;
    let mut tx = opened.store.read().await?;
    let both = (&mut outcome.operations, &mut outcome.observed_only);
    orphan::add_deletions(&mut tx, opened, &people, both).await?;
    let key = review_key(operation);
    Ok(outcome.operations.iter().any(|wanted| review_key(wanted) == key))
}

/// Moves one operation that waited.
async fn put(
    ctx: &Ctx,
    tx: &mut Tx,
    review: &OperationReview,
    answer: &ReviewAnswer,
) -> Result<(), Error> {
    let (plan, seq) = (review.plan, review.seq);
    let Some(row) = tx.operation(plan, seq).await? else { return Ok(()) };
    let (to, done_at, said) = match answer.verdict {
        ReviewVerdict::Approved => (OperationState::Planned, None, "approved"),
        ReviewVerdict::Refused => (OperationState::Cancelled, Some(ctx.now()), "refused"),
    };
    if tx.decide_operation(plan, seq, &[OperationState::Held], to, done_at).await? {
        let note = match &*answer.note {
            "" => said.to_owned(),
            note => format!("{said}: {note}"),
        };
        tell(ctx, tx, plan, &[seq], to, &note).await?;
    }
    if to == OperationState::Planned {
        let released = release_waiting(tx, &row).await?;
        tell(ctx, tx, plan, &released, to, "what it waited for was approved").await?;
    }
    tx.end_reviews(plan, ctx.now()).await?;
    close_if_over(tx, plan).await
}

/// A plan of which nothing can be done any more is over.
async fn close_if_over(tx: &mut Tx, plan: PlanId) -> Result<(), Error> {
    let is_left =
        |count: &QueueCount| matches!(count.state, OperationState::Planned | OperationState::Sent);
    let is_open = tx.queue_of(plan).await?.iter().any(is_left)
        || !tx.waiting_reviews_of(plan).await?.is_empty();
    if !is_open {
        tx.set_plan_status(plan, &[PlanStatus::Applying], PlanStatus::Done).await?;
    }
    Ok(())
}

async fn journal(
    ctx: &Ctx,
    tx: &mut Tx,
    name: &str,
    operation: &Operation,
    review: &OperationReview,
    answer: &ReviewAnswer,
) -> Result<(), Error> {
    let action = match answer.verdict {
        ReviewVerdict::Approved => "review.approve",
        ReviewVerdict::Refused => "review.refuse",
    };
    let causes: Vec<&str> = review.causes.lines().collect();
    let detail = json!({
        "operation": operation_json(operation), "note": &*answer.note,
        "asked_at": review.asked_at.to_string(), "caused_by": causes,
    });
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: action.into(),
        subject: format!("order {name}").into(),
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}
