//! The alarm about somebody who left and can still use an account: one for each person and system.
//!
//! Who is settled has nothing left to be taken, so only those who left and are not settled are looked at; an index knows
//! them. An alarm is cleared when the account is out of use and no operation that says so waits for a read.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use muster_app::{
    Active, Ctx, Error, NewAlarm, Opened, active_leavers, clear_alarms, leaving_states,
    raise_alarms,
};
use muster_model::{EntityId, Text};
use muster_store::{AlarmKind, OperationState, ReadTx};
use serde_json::json;

use super::{OPERATIONS, PAGE};

/// Raises the alarms that are due and clears those that are over. Returns how many are new.
pub async fn watch_leavers(ctx: &Ctx, opened: &Opened) -> Result<usize, Error> {
    let now = ctx.now();
    let mut tx = opened.store.read().await?;
    let known = known(&mut tx).await?;
    let found = overdue(&mut tx, opened, now).await?;
    let mut over = Vec::new();
    for about in known.iter().filter(|about| !found.contains_key(*about)) {
        if !waits_for_read(&mut tx, opened, about).await? {
            over.push(about.clone());
        }
    }
    drop(tx);
    let new: Vec<NewAlarm> = found
        .into_iter()
        .filter(|(about, _)| !known.contains(about))
        .map(|(_, alarm)| alarm)
        .collect();
    if new.is_empty() && over.is_empty() {
        return Ok(0);
    }
    let mut tx = opened.store.begin().await?;
    raise_alarms(&mut tx, ctx, &new).await?;
    clear_alarms(&mut tx, ctx, AlarmKind::LeaverActive, &over).await?;
    tx.commit().await?;
    Ok(new.len())
}

/// What the alarms that are not cleared are about.
async fn known(tx: &mut ReadTx) -> Result<BTreeSet<Text>, Error> {
    let mut known = BTreeSet::new();
    let mut after = Text::from("");
    loop {
        let page = tx.alarms_about(AlarmKind::LeaverActive, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(known) };
        after = last.clone();
        known.extend(page);
    }
}

/// Who left, is able to use an account and has been for too long, by what the alarm is about.
async fn overdue(
    tx: &mut ReadTx,
    opened: &Opened,
    now: Timestamp,
) -> Result<BTreeMap<Text, NewAlarm>, Error> {
    let mut found = BTreeMap::new();
    let shortest = opened.model.systems.iter().map(|system| system.work.leaver_alarm).min();
    let until = now.saturating_sub(shortest.unwrap_or_default()).unwrap_or(Timestamp::MIN);
    for entity_type in opened.model.schema.types.iter().filter(|t| t.identity) {
        let Some(names) = opened.names.type_names(entity_type.id) else { continue };
        for state in leaving_states(opened, entity_type.id) {
            let Some(state_no) = names.states.get(state).copied() else { continue };
            let mut after = None;
            loop {
                let page = tx.unsettled_since(state_no, until, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = last.state_since.map(|since| (since, last.id));
                let ids: Vec<EntityId> = page.iter().map(|row| row.id).collect();
                for active in active_leavers(tx, opened, &ids, now).await? {
                    for system_no in active.systems.keys() {
                        found.extend(alarm(opened, &active, *system_no, now));
                    }
                }
            }
        }
    }
    Ok(found)
}

/// The alarm about somebody on a system, once the time that the system has is over.
fn alarm(
    opened: &Opened,
    active: &Active,
    system_no: i64,
    now: Timestamp,
) -> Option<(Text, NewAlarm)> {
    let position = opened.names.systems.iter().position(|names| names.no == system_no)?;
    let system = opened.model.systems.get(position)?;
    let left = active.evaluation.state_since;
    if now.duration_since(left) < system.work.leaver_alarm {
        return None;
    }
    let about: Text = format!("{} {system_no}", active.facts.row.id.0).into();
    let allowed = SignedDuration::as_secs(&system.work.leaver_alarm);
    let alarm = NewAlarm {
        kind: AlarmKind::LeaverActive,
        about: about.clone(),
        system_no: Some(system_no),
        subject: active.facts.key.clone(),
        message: format!("left at {left} and can still use an account on {}", system.name).into(),
        detail: json!({ "left": left.to_string(), "system": &*system.name, "allowed_seconds": allowed }),
    };
    Some((about, alarm))
}

/// Whether what ended the account was said to be done and no read has shown it.
async fn waits_for_read(tx: &mut ReadTx, opened: &Opened, about: &str) -> Result<bool, Error> {
    let numbers = about.split_once(' ').and_then(|(entity, system_no)| {
        Some((EntityId(entity.parse().ok()?), system_no.parse::<i64>().ok()?))
    });
    let Some((entity, system_no)) = numbers else { return Ok(false) };
    let mut systems = opened.model.systems.iter().zip(&opened.names.systems);
    if !systems.any(|(system, names)| names.no == system_no && system.readable) {
        return Ok(false);
    }
    // The newest one counts: an older one may be about which the system did not tell the truth.
    let operations = tx.operations_of(entity, OPERATIONS).await?;
    let last = operations.iter().find(|operation| {
        operation.system_no == system_no && matches!(&*operation.kind, "disable" | "delete")
    });
    Ok(last.is_some_and(|operation| operation.state == OperationState::Executed))
}
