//! How each system is, for people: pause it, resume it, see what waits for it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind, NewAlarm, Opened, clear_alarms, raise_alarm};
use muster_model::Text;
use muster_policy::System;
use muster_store::{
    AlarmKind, Entry, OperationState, PlanStatus, ReadRun, ReadTx, SystemHealth, TicketStatus, Tx,
};
use serde_json::json;

use crate::backoff::next_try;

const PAGE: usize = 1000;

/// A system with its state and its queue.
#[derive(Debug, Clone)]
pub struct SystemView {
    /// Its name.
    pub name: Text,
    /// The kind of connector.
    pub connector: Text,
    /// What may be done to it: `observe`, `propose`, `enforce`.
    pub mode: &'static str,
    /// How it is: `well`, `paused`, `quarantine`, `resting`, `failing` (its last read ended early).
    pub state: &'static str,
    /// Since when it is not well.
    pub since: Option<Timestamp>,
    /// Why.
    pub reason: Option<Text>,
    /// How often in a row it failed.
    pub failures: u32,
    /// When it is tried again.
    pub next_probe: Option<Timestamp>,
    /// When the oldest of its reads ended; `None` when it was never read.
    pub read_at: Option<Timestamp>,
    /// Operations that are to be done.
    pub planned: u64,
    /// Operations that went out and have no answer yet.
    pub sent: u64,
    /// Operations that are held.
    pub held: u64,
    /// Operations that somebody took and will do later.
    pub tickets: u64,
}

/// Every system of the model, in order of name.
pub async fn list_systems(opened: &Opened) -> Result<Vec<SystemView>, Error> {
    let mut tx = opened.store.read().await?;
    let health: BTreeMap<i64, SystemHealth> =
        tx.system_health().await?.into_iter().map(|health| (health.system_no, health)).collect();
    let queue = queue(&mut tx).await?;
    let tickets = open_tickets(&mut tx).await?;
    let mut views = Vec::new();
    for (system, names) in opened.model.systems.iter().zip(&opened.names.systems) {
        let runs = tx.latest_read_runs(names.no).await?;
        let health = health.get(&names.no).cloned().unwrap_or_default();
        let count = |state| queue.get(&(names.no, state)).copied().unwrap_or_default();
        let (state, since, reason) = state_of(&health, &runs);
        let (sent, taken) = count(OperationState::Sent);
        views.push(SystemView {
            name: system.name.clone(),
            connector: system.connector.clone(),
            mode: system.mode.word(),
            state,
            since,
            reason,
            failures: health.failures,
            next_probe: health.next_probe,
            read_at: runs.iter().filter_map(|run| run.ended_at).min(),
            planned: count(OperationState::Planned).0,
            sent: sent.saturating_sub(taken),
            held: count(OperationState::Held).0,
            tickets: tickets.get(&names.no).copied().unwrap_or(0),
        });
    }
    Ok(views)
}

/// How many operations wait, and how many of these with a ticket, by system and state.
async fn queue(tx: &mut ReadTx) -> Result<BTreeMap<(i64, OperationState), (u64, u64)>, Error> {
    let mut queue: BTreeMap<(i64, OperationState), (u64, u64)> = BTreeMap::new();
    for plan in tx.plans(Some(PlanStatus::Applying), None, PAGE).await? {
        for count in tx.queue_of(plan.id).await? {
            let (n, tickets) = queue.entry((count.system_no, count.state)).or_default();
            *n += count.n;
            *tickets += count.n_tickets;
        }
    }
    Ok(queue)
}

/// How many tickets are open, by system: also those of plans of which nothing else is left.
async fn open_tickets(tx: &mut ReadTx) -> Result<BTreeMap<i64, u64>, Error> {
    let mut tickets: BTreeMap<i64, u64> = BTreeMap::new();
    let mut after = None;
    loop {
        let page = tx.tickets(Some(TicketStatus::Open), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(tickets) };
        after = Some(last.id);
        for ticket in page {
            *tickets.entry(ticket.system_no).or_default() += 1;
        }
    }
}

fn state_of(
    health: &SystemHealth,
    runs: &[ReadRun],
) -> (&'static str, Option<Timestamp>, Option<Text>) {
    if health.paused_at.is_some() {
        return ("paused", health.paused_at, health.pause_reason.clone());
    }
    if health.ill_since.is_some() {
        return ("quarantine", health.ill_since, health.reason.clone());
    }
    if health.next_probe.is_some() {
        return ("resting", None, Some("it asked to wait".into()));
    }
    if let Some(failed) = runs.iter().find(|run| run.problem.is_some()) {
        return ("failing", failed.ended_at, failed.problem.clone());
    }
    ("well", None, None)
}

/// The system with this name: how it is and what waits for it.
pub async fn see_system(opened: &Opened, name: &str) -> Result<SystemView, Error> {
    opened.system_named(name)?;
    let systems = list_systems(opened).await?;
    let found = systems.into_iter().find(|view| *view.name == *name);
    found.ok_or_else(|| Error::bug(format!("system `{name}` is in no list")))
}

/// Keeps a system from being read and changed until somebody resumes it.
pub async fn pause_system(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    reason: &str,
) -> Result<(), Error> {
    let mut health = stored(opened, name).await?;
    if health.paused_at.is_some() {
        return Err(Error::new(Kind::Conflict, format!("the system `{name}` is paused already"))
            .hint(format!("go on with it: muster systems resume {name}")));
    }
    health.paused_at = Some(ctx.now());
    health.paused_by = Some(ctx.actor.clone());
    health.pause_reason = Some(reason.into()).filter(|_| !reason.is_empty());
    let mut tx = opened.store.begin().await?;
    tx.save_system_health(&health).await?;
    entry(ctx, &mut tx, name, "system.pause", reason).await?;
    tx.commit().await?;
    Ok(())
}

/// Lets a system be worked with again, at once: a pause ends, and one in quarantine is probed with the next call.
pub async fn resume_system(ctx: &Ctx, opened: &Opened, name: &str) -> Result<(), Error> {
    let mut health = stored(opened, name).await?;
    (health.paused_at, health.paused_by, health.pause_reason) = (None, None, None);
    health.next_probe = health.ill_since.map(|_| ctx.now());
    let mut tx = opened.store.begin().await?;
    tx.save_system_health(&health).await?;
    for plan in tx.plans(Some(PlanStatus::Applying), None, PAGE).await? {
        tx.hasten(plan.id, Some(health.system_no)).await?;
    }
    entry(ctx, &mut tx, name, "system.resume", "").await?;
    tx.commit().await?;
    Ok(())
}

async fn stored(opened: &Opened, name: &str) -> Result<SystemHealth, Error> {
    let system = opened.system_named(name)?;
    let system_no = opened.names.systems.get(system.id.index()).map_or(0, |names| names.no);
    let all = opened.store.read().await?.system_health().await?;
    let known = all.into_iter().find(|health| health.system_no == system_no);
    Ok(known.unwrap_or_else(|| SystemHealth { system_no, ..SystemHealth::default() }))
}

/// Asks a system in quarantine whether it is well again; when it is, what waits for it may go on at once.
pub(crate) async fn probe_system(
    ctx: &Ctx,
    opened: &Opened,
    system: &System,
) -> Result<bool, Error> {
    let before = stored(opened, &system.name).await?;
    let mut health = before.clone();
    let answer = match opened.connect(system) {
        Ok(connector) => connector.test().await.map(drop),
        Err(error) => Err(error),
    };
    match &answer {
        Ok(()) => {
            (health.ill_since, health.reason) = (None, None);
            (health.failures, health.next_probe) = (0, None);
        }
        Err(error) => {
            health.failures += 1;
            health.reason = Some(error.to_string().into());
            health.next_probe = Some(next_try(ctx.now(), health.failures, None, &*system.name));
        }
    }
    let mut tx = opened.store.begin().await?;
    keep_health(ctx, &mut tx, system, &before, &health).await?;
    if answer.is_ok() {
        for plan in tx.plans(Some(PlanStatus::Applying), None, PAGE).await? {
            tx.hasten(plan.id, Some(health.system_no)).await?;
        }
    }
    tx.commit().await?;
    Ok(answer.is_ok())
}

/// Writes down how a system is; where it went into quarantine or came back, also the journal and one alarm.
pub(crate) async fn keep_health(
    ctx: &Ctx,
    tx: &mut Tx,
    system: &System,
    before: &SystemHealth,
    health: &SystemHealth,
) -> Result<(), Error> {
    tx.save_system_health(health).await?;
    let about: Text = format!("system {}", system.name).into();
    let reason = health.reason.as_deref().or(before.reason.as_deref()).unwrap_or_default();
    match (before.ill_since, health.ill_since) {
        (None, Some(_)) => {
            let alarm = NewAlarm {
                kind: AlarmKind::Quarantine,
                about,
                system_no: Some(health.system_no),
                subject: system.name.clone(),
                message: format!("it is left alone: {reason}").into(),
                detail: json!({ "reason": reason }),
            };
            raise_alarm(tx, ctx, &alarm).await?;
            entry(ctx, tx, &system.name, "system.quarantine", reason).await
        }
        (Some(_), None) => {
            clear_alarms(tx, ctx, AlarmKind::Quarantine, &[about]).await?;
            entry(ctx, tx, &system.name, "system.recover", reason).await
        }
        (None, None) | (Some(_), Some(_)) => Ok(()),
    }
}

async fn entry(
    ctx: &Ctx,
    tx: &mut Tx,
    name: &str,
    action: &str,
    reason: &str,
) -> Result<(), Error> {
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: action.into(),
        subject: format!("system {name}").into(),
        detail: json!({ "reason": reason }).to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}
