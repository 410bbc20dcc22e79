//! Makes plans, keeps them, finds them again.

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::{EntityId, PlanId, Text};
use muster_plan::{Base, GuardCheck, Operation, Plan, SystemRead, decode_operation, hash_again};
use muster_policy::{Held, Limit};
use muster_store::{Entry, OperationFilter, OperationState, PlanStatus, ReadTx, Sequence};
use serde_json::{Value as Json, json};

use crate::{
    evaluate::{Outcome, evaluate_all, evaluate_some},
    guards,
    progress::Progress,
    settle::save_findings,
};

const BATCH: usize = 5000;
/// Digits of the hash that name a plan.
const NAME: usize = 8;

/// How a plan is made.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// As if it were this time; such a plan is never saved.
    pub at: Option<Timestamp>,
    /// Only these identities; everybody when empty.
    pub people: Vec<EntityId>,
    /// Keep it, so that it can be applied.
    pub save: bool,
}

/// A plan with its name and what became of it.
#[derive(Debug, Clone)]
pub struct MadePlan {
    /// The plan.
    pub plan: Plan,
    /// Its short name.
    pub name: String,
    /// Its id, once saved.
    pub id: Option<PlanId>,
    /// What became of it.
    pub status: PlanStatus,
    /// Identities evaluated for it.
    pub evaluated: u64,
}

/// Evaluates, compares, checks the guards and saves the plan.
///
/// Facts that change while it is made are noticed, and it is made again. A plan without operations is not saved.
pub async fn make_plan(
    ctx: &Ctx,
    opened: &Opened,
    options: &PlanOptions,
    progress: &dyn Progress,
) -> Result<MadePlan, Error> {
    for _ in 0..5 {
        if let Some(made) = try_plan(ctx, opened, options, progress).await? {
            return Ok(made);
        }
    }
    Err(Error::new(Kind::Conflict, "the facts keep changing while the plan is made")
        .hint("try again when less is going on"))
}

async fn try_plan(
    ctx: &Ctx,
    opened: &Opened,
    options: &PlanOptions,
    progress: &dyn Progress,
) -> Result<Option<MadePlan>, Error> {
    let now = options.at.unwrap_or_else(|| ctx.now());
    let mut tx = opened.store.read().await?;
    let facts_version = tx.facts_version().await?;
    let systems = last_reads(&mut tx, opened).await?;
    let unknown = never_read(&mut tx, opened).await?;
    drop(tx);
    let outcome = if options.people.is_empty() {
        evaluate_all(opened, now, progress.begin("evaluate", None)).await?
    } else {
        evaluate_some(opened, &options.people, now).await?
    };
    let Outcome { mut operations, observed_only, evaluations, mut effects, watching, n } = outcome;
    if opened.store.read().await?.facts_version().await? != facts_version {
        return Ok(None);
    }
    if options.at.is_none() && effects.write_facts(ctx, opened).await? {
        return Ok(None);
    }
    let mut tx = opened.store.read().await?;
    let waiting = hold_back(&mut operations, unknown);
    let guards = guards::check(&mut tx, opened, &operations, ctx.now()).await?;
    drop(tx);
    let base = Base { revision: opened.revision, facts_version, now, systems };
    let mut plan = Plan::new(base, operations, observed_only, guards);
    plan.waiting = waiting;
    if options.at.is_none() {
        save_findings(opened, &evaluations, effects.notes, now).await?;
        if options.people.is_empty() {
            watching.all_known(opened, facts_version).await?;
        }
    }
    Ok(Some(keep(ctx, opened, plan, n, options.save && options.at.is_none()).await?))
}

/// Names a plan, and saves it where that is wanted and there is anything to do.
pub(crate) async fn keep(
    ctx: &Ctx,
    opened: &Opened,
    plan: Plan,
    evaluated: u64,
    wanted: bool,
) -> Result<MadePlan, Error> {
    let bodies = plan.bodies();
    let hash = plan.hash_of(&bodies);
    let status = if plan.crossed().next().is_some() { PlanStatus::Held } else { PlanStatus::Open };
    let name = hash.chars().take(NAME).collect();
    let mut made = MadePlan { plan, name, id: None, status, evaluated };
    if wanted && made.plan.to_do().next().is_some() {
        save(ctx, opened, &mut made, &hash, bodies).await?;
    }
    Ok(made)
}

pub(crate) async fn last_reads(tx: &mut ReadTx, opened: &Opened) -> Result<Vec<SystemRead>, Error> {
    let mut reads = Vec::new();
    for (system, names) in opened.model.systems.iter().zip(&opened.names.systems) {
        let runs = tx.latest_read_runs(names.no).await?;
        let at = runs.iter().filter_map(|run| run.ended_at).min();
        let complete = !runs.is_empty() && runs.iter().all(|run| run.complete);
        reads.push(SystemRead { system: system.name.clone(), at, complete });
    }
    Ok(reads)
}

/// Targets of which some account type or entitlement kind was never read completely.
async fn never_read(tx: &mut ReadTx, opened: &Opened) -> Result<Vec<Text>, Error> {
    let mut unknown = Vec::new();
    for (system, names) in opened.model.systems.iter().zip(&opened.names.systems) {
        let groups =
            system.entitlements.iter().filter(|kind| matches!(kind.held, Held::OnGroup(_)));
        let kinds = groups.map(|kind| format!("entitlement {}", kind.name));
        let accounts = system.accounts.iter().map(|account| format!("account {}", account.name));
        for what in kinds.chain(accounts).collect::<Vec<_>>() {
            if tx.latest_complete_read(names.no, &what).await?.is_none() {
                unknown.push(system.name.clone());
                break;
            }
        }
    }
    Ok(unknown)
}

/// Takes the operations on unknown systems out and counts them.
fn hold_back(operations: &mut Vec<Operation>, unknown: Vec<Text>) -> Vec<(Text, u64)> {
    let on =
        |system: &Text| operations.iter().filter(|o| o.target.system == *system).count() as u64;
    let waiting: Vec<(Text, u64)> = unknown
        .into_iter()
        .map(|system| (system.clone(), on(&system)))
        .filter(|(_, n)| *n > 0)
        .collect();
    operations
        .retain(|operation| !waiting.iter().any(|(system, _)| *system == operation.target.system));
    waiting
}

async fn save(
    ctx: &Ctx,
    opened: &Opened,
    made: &mut MadePlan,
    hash: &str,
    bodies: Vec<Vec<u8>>,
) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    let mut hash = hash.to_owned();
    while let Some(same) = tx.plan_by_hash(&hash).await? {
        if matches!(same.status, PlanStatus::Open | PlanStatus::Held | PlanStatus::Applying) {
            (made.id, made.status) = (Some(same.id), same.status);
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
        base: base_json(base).to_string().into(),
        summary: json!({ "operations": made.plan.to_do().count() }).to_string().into(),
        guard: guards_json(&made.plan.guards).to_string().into(),
    };
    tx.insert_plan(&plan).await?;
    let mut rows = Vec::new();
    for ((seq, operation), body) in (1..).zip(&made.plan.operations).zip(bodies) {
        rows.push(row(opened, id, seq, operation, body));
        if rows.len() == BATCH {
            tx.insert_operations(&rows).await?;
            rows.clear();
        }
    }
    tx.insert_operations(&rows).await?;
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: None,
        action: "plan.make".into(),
        subject: format!("plan {}", made.name).into(),
        detail: json!({ "hash": hash, "operations": made.plan.operations.len(), "status": made.status.word() }).to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    tx.commit().await?;
    made.id = Some(id);
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
        entity: Some(operation.identity),
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
    }
}

fn base_json(base: &Base) -> Json {
    let systems = base.systems.iter().map(|read| {
        json!({ "system": &*read.system, "at": read.at.map(|at| at.to_string()), "complete": read.complete })
    });
    json!({ "now": base.now.to_string(), "systems": systems.collect::<Vec<_>>() })
}

fn guards_json(guards: &[GuardCheck]) -> Json {
    let guard = |g: &GuardCheck| {
        json!({ "system": &*g.system, "kind": &*g.kind, "planned": g.planned, "recent": g.recent,
                "population": g.population, "max": g.limit.max, "percent": g.limit.percent })
    };
    guards.iter().map(guard).collect()
}

/// The plan, if there is one, that has calls under way whose outcome nobody knows: the process that made them died.
pub(crate) async fn interrupted_plan(tx: &mut ReadTx) -> Result<Option<muster_store::Plan>, Error> {
    let sent = OperationFilter { system_no: None, state: Some(OperationState::Sent) };
    for plan in tx.plans(Some(PlanStatus::Applying), None, BATCH).await? {
        if !tx.operations(plan.id, sent, None, 1).await?.is_empty() {
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
    Ok(MadePlan {
        plan: Plan::new(read_base(&stored), operations, Vec::new(), read_guards(&stored.guard)),
        name: stored.hash.chars().take(NAME).collect(),
        id: Some(stored.id),
        status: stored.status,
        evaluated: 0,
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
        on_behalf_of: None,
        action: "plan.cancel".into(),
        subject: format!("plan {}", made.name).into(),
        detail: "{}".into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    tx.commit().await?;
    Ok(())
}
