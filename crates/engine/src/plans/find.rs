//! Finds saved plans again, and throws them away.

use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::{EntityId, PlanId};
use muster_plan::{Base, GuardCheck, Plan, SystemRead, decode_operation};
use muster_policy::Limit;
use muster_store::{Entry, OperationFilter, PlanStatus, ReadTx};
use serde_json::Value as Json;

use super::{BATCH, MadePlan, NAME, Scope};

/// The plan, if there is one, that has calls under way whose outcome nobody knows: the process that made them died.
pub(crate) async fn interrupted_plan(tx: &mut ReadTx) -> Result<Option<muster_store::Plan>, Error> {
    for plan in tx.plans(Some(PlanStatus::Applying), None, BATCH).await? {
        if tx.is_interrupted(plan.id).await? {
            return Ok(Some(plan));
        }
    }
    Ok(None)
}

/// The short name of a saved plan.
pub(crate) fn short(plan: &muster_store::Plan) -> String {
    plan.hash.chars().take(NAME).collect()
}

/// Finds a saved plan by the beginning of its name; without a name the one that was interrupted, else the latest one that
/// is open, held or being applied.
pub async fn load_plan(opened: &Opened, name: Option<&str>) -> Result<MadePlan, Error> {
    let mut tx = opened.store.read().await?;
    let found = match name {
        Some(name) => tx.plan_by_hash(&name.to_lowercase()).await?,
        None if let Some(interrupted) = interrupted_plan(&mut tx).await? => Some(interrupted),
        None => {
            let latest = tx.plans(None, None, 20).await?;
            let usable = |plan: &muster_store::Plan| {
                matches!(plan.status, PlanStatus::Open | PlanStatus::Held | PlanStatus::Applying)
            };
            latest.into_iter().find(usable)
        }
    };
    let Some(stored) = found else {
        return Err(Error::not_found(match name {
            Some(name) => format!("there is no plan `{name}`"),
            None => "there is no plan to apply".to_owned(),
        })
        .hint("muster plan makes one; muster plans lists them"));
    };
    whole(&mut tx, &stored).await
}

/// The saved plan with this id.
pub(crate) async fn stored_plan(opened: &Opened, id: PlanId) -> Result<Option<MadePlan>, Error> {
    let mut tx = opened.store.read().await?;
    match tx.plan(id).await? {
        Some(stored) => whole(&mut tx, &stored).await.map(Some),
        None => Ok(None),
    }
}

async fn whole(tx: &mut ReadTx, stored: &muster_store::Plan) -> Result<MadePlan, Error> {
    let mut operations = Vec::new();
    let mut after = None;
    loop {
        let page = tx.operations(stored.id, OperationFilter::default(), after, BATCH).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.seq);
        for operation in &page {
            operations.push(
                decode_operation(&operation.body)
                    .map_err(|error| Error::bug("a saved plan cannot be read").caused_by(error))?,
            );
        }
    }
    let reviews = tx.waiting_reviews_of(stored.id).await?.iter().map(|one| one.seq).collect();
    Ok(MadePlan {
        plan: Plan::new(read_base(stored), operations, Vec::new(), read_guards(&stored.guard)),
        name: stored.hash.chars().take(NAME).collect(),
        id: Some(stored.id),
        status: stored.status,
        evaluated: 0,
        scope: read_scope(stored),
        reviews,
    })
}

fn read_base(stored: &muster_store::Plan) -> Base {
    let json: Json = serde_json::from_str(&stored.base).unwrap_or_default();
    let systems = json.get("systems").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let time = |json: Option<&Json>| json.and_then(Json::as_str).and_then(|text| text.parse().ok());
    Base {
        revision: stored.revision,
        facts_version: stored.facts_version,
        now: time(json.get("now")).unwrap_or(stored.made_at),
        systems: systems
            .iter()
            .map(|read| SystemRead {
                system: read.get("system").and_then(Json::as_str).unwrap_or("?").into(),
                at: time(read.get("at")),
                complete: read.get("complete").and_then(Json::as_bool).unwrap_or(false),
            })
            .collect(),
    }
}

fn read_scope(stored: &muster_store::Plan) -> Scope {
    let json: Json = serde_json::from_str(&stored.base).unwrap_or_default();
    let list = |key| json.get(key).and_then(Json::as_array).map_or(&[][..], Vec::as_slice).iter();
    Scope {
        people: list("people").filter_map(Json::as_i64).map(EntityId).collect(),
        systems: list("only").filter_map(Json::as_str).map(Into::into).collect(),
        queued: std::collections::BTreeSet::new(),
    }
}

fn read_guards(text: &str) -> Vec<GuardCheck> {
    let json: Json = serde_json::from_str(text).unwrap_or_default();
    let number = |json: &Json, key: &str| json.get(key).and_then(Json::as_u64).unwrap_or(0);
    let text = |json: &Json, key: &str| json.get(key).and_then(Json::as_str).unwrap_or("?").into();
    let guards = json.as_array().map_or(&[][..], Vec::as_slice);
    let read = |guard: &Json| GuardCheck {
        system: text(guard, "system"),
        kind: text(guard, "kind"),
        planned: number(guard, "planned"),
        recent: number(guard, "recent"),
        population: guard.get("population").and_then(Json::as_u64),
        limit: Limit {
            max: number(guard, "max"),
            percent: u32::try_from(number(guard, "percent")).unwrap_or(0),
        },
    };
    guards.iter().map(read).collect()
}

/// The plan with the status that is stored now.
pub(crate) async fn still_saved(opened: &Opened, mut made: MadePlan) -> Result<MadePlan, Error> {
    let not_saved = || Error::bug("a plan that is to be applied was not saved");
    let id = made.id.ok_or_else(not_saved)?;
    let stored = opened.store.read().await?.plan(id).await?.ok_or_else(not_saved)?;
    if !stored.hash.starts_with(&made.name) {
        return Err(not_saved());
    }
    made.status = stored.status;
    Ok(made)
}

/// Saved plans, the newest first.
pub async fn list_plans(
    opened: &Opened,
    limit: usize,
    before: Option<i64>,
) -> Result<Vec<muster_store::Plan>, Error> {
    Ok(opened.store.read().await?.plans(None, before.map(PlanId), limit).await?)
}

/// Throws a plan away that is not being applied.
pub async fn cancel_plan(ctx: &Ctx, opened: &Opened, name: &str) -> Result<(), Error> {
    let made = load_plan(opened, Some(name)).await?;
    let Some(id) = made.id else { return Err(Error::bug("a saved plan has no id")) };
    let mut tx = opened.store.begin().await?;
    let from = [PlanStatus::Open, PlanStatus::Held, PlanStatus::Stale];
    if !tx.set_plan_status(id, &from, PlanStatus::Cancelled).await? {
        return Err(Error::new(
            Kind::Conflict,
            format!("plan `{}` is {} already", made.name, made.status),
        ));
    }
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: "plan.cancel".into(),
        subject: format!("plan {}", made.name).into(),
        detail: "{}".into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    tx.commit().await?;
    Ok(())
}
