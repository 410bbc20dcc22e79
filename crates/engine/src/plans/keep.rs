//! Keeps a plan with its operations, each with those that come before it.

use muster_app::{Ctx, Error, Opened};
use muster_model::{PlanId, Text};
use muster_plan::{Base, GuardCheck, Operation, constraints, hash_again};
use muster_store::{Entry, OperationState, PlanStatus, Sequence, Tx};
use serde_json::{Value as Json, json};

use super::{BATCH, MadePlan, NAME, Scope};
use crate::{
    orphan,
    review::{add_cause, review_rows, to_be_reviewed},
};

/// What an operation says that a second person has to decide about.
const WAITS_FOR_REVIEW: &str = "waits for review";

/// Keeps it. `asked_by` is who asked for it, where a person did.
pub(super) async fn save(
    ctx: &Ctx,
    opened: &Opened,
    made: &mut MadePlan,
    (hash, bodies): (&str, Vec<Vec<u8>>),
    asked_by: Option<&Text>,
) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    save_in(ctx, opened, &mut tx, made, (hash, bodies), asked_by).await?;
    tx.commit().await?;
    Ok(())
}

/// As [`save`], as part of a transaction. A plan that is there already and goes on is taken for this one.
async fn save_in(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    made: &mut MadePlan,
    (hash, bodies): (&str, Vec<Vec<u8>>),
    asked_by: Option<&Text>,
) -> Result<(), Error> {
    let mut hash = hash.to_owned();
    while let Some(same) = tx.plan_by_hash(&hash).await? {
        if goes_on(same.status) && made.status != PlanStatus::Applying {
            (made.id, made.status) = (Some(same.id), same.status);
            made.reviews = add_cause(tx, same.id, asked_by).await?;
            return Ok(());
        }
        hash = hash_again(&hash);
        made.name = hash.chars().take(NAME).collect();
    }
    let id = PlanId(tx.take_ids(Sequence::Plan, 1).await?);
    let base = &made.plan.base;
    let plan = muster_store::Plan {
        id,
        hash: hash.as_str().into(),
        revision: base.revision,
        facts_version: base.facts_version,
        made_at: ctx.now(),
        made_by: ctx.actor.clone(),
        status: made.status,
        base: base_json(base, &made.scope).to_string().into(),
        summary: json!({ "operations": made.plan.to_do().count() }).to_string().into(),
        guard: guards_json(&made.plan.guards).to_string().into(),
    };
    tx.insert_plan(&plan).await?;
    let waiting = to_be_reviewed(tx, opened, &made.plan.operations, asked_by).await?;
    let mut rows = Vec::new();
    let after = constraints(&opened.model, &made.plan.operations);
    for (((seq, operation), body), after) in (1..).zip(&made.plan.operations).zip(bodies).zip(after)
    {
        let mut row = row(opened, id, seq, operation, body);
        // Places begin at 1.
        if waiting.contains_key(&seq) {
            row.state = OperationState::Held;
            row.error = Some(WAITS_FOR_REVIEW.into());
        }
        row.after = after.into_iter().filter_map(|at| i64::try_from(at + 1).ok()).collect();
        rows.push(row);
        if rows.len() == BATCH {
            tx.insert_operations(&rows).await?;
            rows.clear();
        }
    }
    tx.insert_operations(&rows).await?;
    made.reviews = waiting.keys().copied().collect();
    tx.insert_reviews(&review_rows(id, waiting, ctx.now())).await?;
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: "plan.make".into(),
        subject: format!("plan {}", made.name).into(),
        detail: json!({ "hash": hash, "operations": made.plan.operations.len(), "status": made.status.word(), "reviews": made.reviews.len() }).to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    made.id = Some(id);
    Ok(())
}

fn goes_on(status: PlanStatus) -> bool {
    matches!(status, PlanStatus::Open | PlanStatus::Held | PlanStatus::Applying)
}

/// Puts a plan into the queue, as part of a transaction: it is kept, and being applied from then on.
pub(crate) async fn enqueue(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    made: &mut MadePlan,
) -> Result<(), Error> {
    let bodies = made.plan.bodies();
    let hash = made.plan.hash_of(&bodies);
    made.status = PlanStatus::Applying;
    save_in(ctx, opened, tx, made, (&hash, bodies), None).await
}

/// Keeps a plan that the loop made: nobody asked for it.
pub(crate) async fn save_made(
    ctx: &Ctx,
    opened: &Opened,
    made: &mut MadePlan,
) -> Result<(), Error> {
    let bodies = made.plan.bodies();
    let hash = made.plan.hash_of(&bodies);
    save(ctx, opened, made, (&hash, bodies), None).await
}

/// Notes that a plan that waited for a person is overtaken by another one. One that was decided about stays as it is.
pub(crate) async fn withdraw(ctx: &Ctx, opened: &Opened, made: &MadePlan) -> Result<(), Error> {
    let Some(id) = made.id else { return Ok(()) };
    let mut tx = opened.store.begin().await?;
    let from = [PlanStatus::Open, PlanStatus::Held];
    if tx.set_plan_status(id, &from, PlanStatus::Stale).await? {
        tx.append_journal(&Entry {
            at: ctx.now(),
            actor: ctx.actor.clone(),
            on_behalf_of: ctx.on_behalf_of.clone(),
            action: "plan.withdraw".into(),
            subject: format!("plan {}", made.name).into(),
            detail: "{}".into(),
            correlation: Some(ctx.correlation.clone()),
        })
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

fn row(
    opened: &Opened,
    plan: PlanId,
    seq: i64,
    operation: &Operation,
    body: Vec<u8>,
) -> muster_store::Operation {
    let system =
        opened.model.systems.iter().position(|system| system.name == operation.target.system);
    let names = system.and_then(|system| opened.names.systems.get(system));
    let accounts = system
        .and_then(|system| opened.model.systems.get(system))
        .map_or(&[][..], |system| &system.accounts);
    let position =
        accounts.iter().position(|account| account.name == operation.target.account_type);
    let account_type_no = names
        .zip(position)
        .and_then(|(names, position)| names.accounts.get(position))
        .map(|account| account.no);
    muster_store::Operation {
        plan,
        seq,
        system_no: names.map_or(0, |names| names.no),
        entity: orphan::account_of(operation.identity).is_none().then_some(operation.identity),
        account_type_no,
        account: operation.target.account,
        kind: operation.kind.name().into(),
        subject: operation.subject.clone(),
        body,
        after: Vec::new(),
        state: if operation.blocked.is_some() {
            OperationState::Held
        } else {
            OperationState::Planned
        },
        attempts: 0,
        next_try: None,
        sent_at: None,
        done_at: None,
        error: None,
        verified_at: None,
        ticket: None,
    }
}

fn base_json(base: &Base, scope: &Scope) -> Json {
    let systems = base.systems.iter().map(|read| {
        json!({ "system": &*read.system, "at": read.at.map(|at| at.to_string()), "complete": read.complete })
    });
    let people: Vec<i64> = scope.people.iter().map(|id| id.0).collect();
    let only: Vec<&str> = scope.systems.iter().map(|name| &**name).collect();
    json!({
        "now": base.now.to_string(), "systems": systems.collect::<Vec<_>>(), "people": people, "only": only,
    })
}

fn guards_json(guards: &[GuardCheck]) -> Json {
    let guard = |g: &GuardCheck| {
        json!({ "system": &*g.system, "kind": &*g.kind, "planned": g.planned, "recent": g.recent,
                "population": g.population, "max": g.limit.max, "percent": g.limit.percent })
    };
    guards.iter().map(guard).collect()
}
