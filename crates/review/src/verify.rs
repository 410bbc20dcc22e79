//! Whether what was revoked is gone from the connected systems, as a read after the change shows.

use muster_app::{Ctx, EntitlementIndex, Error, Opened, observed_account};
use muster_model::AccountId;
use muster_policy::Mode;
use muster_store::{Account, ItemOutcome, ReadTx, ReviewItem};

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
    let mut note = String::new();
    if item.entity.is_none() {
        let Some(account) = item.account else { return Ok(None) };
        if tx.account(account).await?.is_some() {
            note.push_str("the account is still there");
        }
    }
    for (account, kind, name) in &effect.expects {
        let Some(account) = tx.account(AccountId(*account)).await? else { continue };
        let held = holds(opened, tx, &account, (*kind, name)).await?;
        if held || !was_read(opened, tx, &account, item).await? {
            note = why_not(opened, &account, held);
            break;
        }
    }
    let is_gone = note.is_empty();
    if !is_gone && *item.outcome_note == *note {
        return Ok(None);
    }
    Ok(Some(ReviewItem {
        outcome: if is_gone { ItemOutcome::Gone } else { ItemOutcome::Pending },
        outcome_at: is_gone.then(|| ctx.now()),
        outcome_note: note.into(),
        ..item.clone()
    }))
}

async fn holds(
    opened: &Opened,
    tx: &mut ReadTx,
    account: &Account,
    (kind, name): (usize, &str),
) -> Result<bool, Error> {
    let index = EntitlementIndex::load_held(tx, opened, std::iter::once(account)).await?;
    let observed = observed_account(opened, &index, account)?;
    Ok(observed.entitlements.iter().any(|(of, held)| *of == kind && **held == *name))
}

/// Whether a read of the system that began after the decision ended after the last change of the account.
async fn was_read(
    opened: &Opened,
    tx: &mut ReadTx,
    account: &Account,
    item: &ReviewItem,
) -> Result<bool, Error> {
    let place = opened.names.systems.iter().position(|names| names.no == account.system_no);
    let readable = place.and_then(|at| opened.model.systems.get(at)).is_some_and(|of| of.readable);
    if !readable {
        return Ok(true);
    }
    let runs = tx.latest_read_runs(account.system_no).await?;
    let is_after = |run: &muster_store::ReadRun| {
        run.ended_at.is_some_and(|at| at >= account.changed_at)
            && item.decided_at.is_none_or(|at| run.started_at >= at)
    };
    Ok(runs.iter().any(is_after))
}

fn why_not(opened: &Opened, account: &Account, held: bool) -> String {
    let place = opened.names.systems.iter().position(|names| names.no == account.system_no);
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
