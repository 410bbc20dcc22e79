//! Makes a plan that undoes what another one did.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, EntitlementIndex, Error, Kind, Opened, observed_account};
use muster_model::{AccountId, EntityId, Text};
use muster_plan::{Base, Known, Operation, Plan, Reverted, decode_operation, revert};
use muster_store::{AccountStatus, OperationFilter, OperationState, PlanStatus, ReadTx};

use crate::{
    guards,
    plans::{MadePlan, Scope, keep, last_reads, load_plan},
};

const BATCH: usize = 5000;

/// A plan that undoes another one, and the operations it leaves as they are, each with the reason.
#[derive(Debug, Clone)]
pub struct MadeRevert {
    /// The plan.
    pub made: MadePlan,
    /// What it does not undo.
    pub left: Vec<(Operation, Text)>,
}

/// Makes a plan of operations that compensate those that the plan `name` did.
///
/// Only what is still as that plan left it is undone. The facts and the model stay as they are: what they still want, the
/// next ordinary plan proposes again.
pub async fn make_revert(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    save: bool,
) -> Result<MadeRevert, Error> {
    let mut tx = opened.store.read().await?;
    let stored = load_plan(opened, Some(name)).await?;
    let Some(id) = stored.id else { return Err(Error::bug("a saved plan has no id")) };
    if stored.status == PlanStatus::Applying {
        return Err(Error::new(
            Kind::Conflict,
            format!("plan `{}` is still being applied", stored.name),
        )
        .hint("finish it first: muster apply"));
    }
    let facts_version = tx.facts_version().await?;
    let systems = last_reads(&mut tx, opened).await?;
    let done = done_by(&mut tx, id).await?;
    if done.is_empty() {
        return Err(Error::new(Kind::Invalid, format!("plan `{}` did nothing", stored.name))
            .hint("muster plans lists the plans and what became of them"));
    }
    let known = known(&mut tx, opened, &done).await?;
    let operations: Vec<Operation> = done.into_iter().map(|(operation, _)| operation).collect();
    let Reverted { operations, left } = revert(&opened.model, &stored.name, &operations, &known);
    let guards = guards::check(&mut tx, opened, &operations, ctx.now()).await?;
    drop(tx);
    let base = Base { revision: opened.revision, facts_version, now: ctx.now(), systems };
    let plan = Plan::new(base, operations, Vec::new(), guards);
    let mut people: Vec<_> = plan.operations.iter().map(|operation| operation.identity).collect();
    people.sort_unstable();
    people.dedup();
    let scope = Scope { people, ..Scope::default() };
    Ok(MadeRevert { made: keep(ctx, opened, plan, scope, save).await?, left })
}

/// What a plan did, with the instant of each operation.
async fn done_by(
    tx: &mut ReadTx,
    plan: muster_model::PlanId,
) -> Result<Vec<(Operation, Timestamp)>, Error> {
    let mut done = Vec::new();
    let mut after = None;
    loop {
        let page = tx.operations(plan, OperationFilter::default(), after, BATCH).await?;
        let Some(last) = page.last() else { return Ok(done) };
        after = Some(last.seq);
        for stored in page {
            let is_done =
                matches!(stored.state, OperationState::Executed | OperationState::Verified);
            if let Some(at) = stored.done_at.filter(|_| is_done) {
                let operation = decode_operation(&stored.body)
                    .map_err(|error| Error::bug("a saved plan cannot be read").caused_by(error))?;
                done.push((operation, at));
            }
        }
    }
}

/// The accounts of the identities as they are, and deleted ones as they were before.
async fn known(
    tx: &mut ReadTx,
    opened: &Opened,
    done: &[(Operation, Timestamp)],
) -> Result<Known, Error> {
    let index = EntitlementIndex::load(tx, opened).await?;
    let mut known = Known::default();
    let identities: BTreeSet<EntityId> =
        done.iter().map(|(operation, _)| operation.identity).collect();
    let identities: Vec<EntityId> = identities.into_iter().collect();
    for chunk in identities.chunks(BATCH) {
        for account in tx.accounts_of_many(chunk).await? {
            if let Some(entity) = account.entity.filter(|_| account.status == AccountStatus::Linked)
            {
                let observed = observed_account(opened, &index, &account)?;
                known.now.entry(entity).or_default().push(observed);
            }
        }
    }
    let deletions: BTreeMap<AccountId, Timestamp> = done
        .iter()
        .filter(|(operation, _)| operation.kind == muster_plan::Kind::Delete)
        .filter_map(|(operation, at)| Some((operation.target.account?, *at)))
        .collect();
    for (id, at) in deletions {
        let before = at.saturating_sub(SignedDuration::from_micros(1)).unwrap_or(at);
        if let Some(account) = tx.account_as_of(id, before).await? {
            known.deleted.insert(id, observed_account(opened, &index, &account)?);
        }
    }
    Ok(known)
}
