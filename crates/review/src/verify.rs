//! Whether what was revoked is gone from the connected systems, as a read after the change shows.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened};
use muster_policy::Mode;
use muster_store::{ItemOutcome, ReadRun, ReadTx, ReviewItem};

use crate::{decide::save, effect::Effect};

/// Items that are looked at together.
const BATCH: usize = 500;

/// Looks at every revocation that has not been seen yet.
pub(crate) async fn verify_outcomes(ctx: &Ctx, opened: &Opened) -> Result<(), Error> {
    let mut place = 0;
    loop {
        let mut tx = opened.store.read().await?;
        let items = tx.pending_review_items(place, BATCH).await?;
        let Some(last) = items.last() else { return Ok(()) };
        place = last.id;
        let mut changed = Vec::new();
        for item in items {
            if let Some(now) = looked(ctx, opened, &mut tx, &item).await? {
                changed.push(now);
            }
        }
        drop(tx);
        if !changed.is_empty() {
            let mut tx = opened.store.begin().await?;
            for item in &changed {
                save(&mut tx, item).await?;
            }
            tx.commit().await?;
        }
    }
}

/// How an item is when something about it changed.
async fn looked(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    item: &ReviewItem,
) -> Result<Option<ReviewItem>, Error> {
    let effect = Effect::read(&item.effect);
    let (mut note, mut seen) = (String::new(), Vec::new());
    if item.entity.is_none() {
        let Some(account) = item.account else { return Ok(None) };
        if tx.account(account).await?.is_some() {
            note.push_str("the account is still there");
        }
    }
    for expected in &effect.expects {
        let account = tx.account(expected.account).await?;
        let system_no = account.as_ref().map_or(expected.system_no, |of| of.system_no);
        let changed_at = account.map(|of| of.changed_at);
        let there = expected.is_there(opened, tx).await?;
        match shown_by(opened, tx, system_no, (item.decided_at, changed_at)).await? {
            Some(read) if !there => seen.extend(read),
            _ => {
                note = why_not(opened, system_no, there);
                break;
            }
        }
    }
    let is_gone = note.is_empty();
    if !is_gone && *item.outcome_note == *note {
        return Ok(None);
    }
    Ok(Some(ReviewItem {
        outcome: if is_gone { ItemOutcome::Gone } else { ItemOutcome::Pending },
        outcome_at: is_gone.then(|| ctx.now()),
        outcome_note: if is_gone { by_read(&seen).into() } else { note.into() },
        ..item.clone()
    }))
}

/// The reads of a system that began after the decision and ended after the last change of the account, when all of them
/// did: accounts and entitlements are read apart. Nothing is read where the connector cannot.
async fn shown_by(
    opened: &Opened,
    tx: &mut ReadTx,
    system_no: i64,
    (decided_at, changed_at): (Option<Timestamp>, Option<Timestamp>),
) -> Result<Option<Option<String>>, Error> {
    let place = opened.names.systems.iter().position(|names| names.no == system_no);
    let Some(system) = place.and_then(|at| opened.model.systems.get(at)).filter(|of| of.readable)
    else {
        return Ok(Some(None));
    };
    let accounts = system.accounts.iter().map(|of| format!("account {}", of.name));
    let kinds = system.entitlements.iter().map(|of| format!("entitlement {}", of.name));
    let all: Vec<String> = accounts.chain(kinds).collect();
    let runs = tx.latest_read_runs(system_no).await?;
    let is_after = |run: &&ReadRun| {
        run.problem.is_none()
            && run.ended_at.is_some_and(|end| changed_at.is_none_or(|at| end >= at))
            && decided_at.is_none_or(|at| run.started_at >= at)
    };
    let (mut last, mut n) = (0, 0);
    for run in runs.iter().filter(|run| all.iter().any(|what| *what == *run.what)) {
        if !is_after(&run) {
            return Ok(None);
        }
        (last, n) = (run.id.0.max(last), n + 1);
    }
    Ok((n > 0).then(|| Some(format!("read {last} of `{}`", system.name))))
}

/// By which reads it was seen.
fn by_read(seen: &[String]) -> String {
    let seen: BTreeSet<&str> = seen.iter().map(String::as_str).collect();
    match seen.len() {
        0 => String::new(),
        _ => format!("shown by {}", seen.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

fn why_not(opened: &Opened, system_no: i64, held: bool) -> String {
    let place = opened.names.systems.iter().position(|names| names.no == system_no);
    let Some(system) = place.and_then(|at| opened.model.systems.get(at)) else {
        return "its system is not in the model any more".to_owned();
    };
    match (held, system.mode) {
        (true, Mode::Observe) => {
            format!("`{}` is only observed: nothing is changed there", system.name)
        }
        (true, Mode::Propose) => format!("`{}` waits for somebody to apply the plan", system.name),
        (true, Mode::Enforce) => format!("the plan for `{}` is not done yet", system.name),
        (false, _) => format!("the next read of `{}` has to confirm it", system.name),
    }
}
