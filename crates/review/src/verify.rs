//! Whether what was revoked is gone from the connected systems, as a read after the change shows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{Ctx, EntitlementIndex, Error, Opened};
use muster_model::AccountId;
use muster_policy::Mode;
use muster_store::{Account, ItemOutcome, ReadRun, ReadTx, ReviewItem};

use crate::{decide::save, effect::Effect};

/// Items that are looked at together.
const BATCH: usize = 2000;

/// Looks at every revocation that has not been seen yet.
pub(crate) async fn verify_outcomes(ctx: &Ctx, opened: &Opened) -> Result<(), Error> {
    let mut place = 0;
    loop {
        let mut tx = opened.store.read().await?;
        let items = tx.pending_review_items(place, BATCH).await?;
        let Some(last) = items.last() else { return Ok(()) };
        place = last.id;
        let seen = Seen::load(opened, &mut tx, &items).await?;
        drop(tx);
        let changed = items.iter().map(|item| seen.looked(ctx, item));
        let changed: Vec<ReviewItem> =
            changed.collect::<Result<Vec<_>, Error>>()?.into_iter().flatten().collect();
        if !changed.is_empty() {
            let mut tx = opened.store.begin().await?;
            save(&mut tx, &changed).await?;
            tx.commit().await?;
        }
    }
}

/// What was seen of the accounts that items are about.
struct Seen<'a> {
    opened: &'a Opened,
    accounts: BTreeMap<AccountId, Account>,
    index: EntitlementIndex,
    /// The latest reads by the number of a system.
    reads: BTreeMap<i64, Vec<ReadRun>>,
}

impl<'a> Seen<'a> {
    async fn load(
        opened: &'a Opened,
        tx: &mut ReadTx,
        items: &[ReviewItem],
    ) -> Result<Self, Error> {
        let mut ids: BTreeSet<AccountId> = BTreeSet::new();
        for item in items {
            let expects = Effect::read(&item.effect).expects;
            ids.extend(expects.iter().map(|expected| expected.account));
            ids.extend(item.account.filter(|_| item.entity.is_none()));
        }
        let ids: Vec<AccountId> = ids.into_iter().collect();
        let accounts: BTreeMap<AccountId, Account> =
            tx.accounts(&ids).await?.into_iter().map(|account| (account.id, account)).collect();
        let index = EntitlementIndex::load_held(tx, opened, accounts.values()).await?;
        let mut reads = BTreeMap::new();
        for names in &opened.names.systems {
            reads.insert(names.no, tx.latest_read_runs(names.no).await?);
        }
        Ok(Self { opened, accounts, index, reads })
    }

    /// How an item is when something about it changed.
    fn looked(&self, ctx: &Ctx, item: &ReviewItem) -> Result<Option<ReviewItem>, Error> {
        let effect = Effect::read(&item.effect);
        let (mut note, mut seen) = (String::new(), Vec::new());
        if item.entity.is_none() {
            let Some(account) = item.account else { return Ok(None) };
            if self.accounts.contains_key(&account) {
                note.push_str("the account is still there");
            }
        }
        for expected in &effect.expects {
            let account = self.accounts.get(&expected.account);
            let system_no = account.map_or(expected.system_no, |of| of.system_no);
            let changed_at = account.map(|of| of.changed_at);
            let there = expected.is_there(self.opened, &self.index, account)?;
            match self.shown_by(system_no, (item.decided_at, changed_at)) {
                Some(read) if !there => seen.push(read),
                _ => {
                    note = why_not(self.opened, system_no, there);
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

    /// The reads of a system that began after the decision and ended after the last change of the account, when all of
    /// them did: accounts and entitlements are read apart. Empty where the connector cannot read.
    fn shown_by(
        &self,
        system_no: i64,
        (decided_at, changed_at): (Option<Timestamp>, Option<Timestamp>),
    ) -> Option<String> {
        let opened = self.opened;
        let place = opened.names.systems.iter().position(|names| names.no == system_no);
        let Some(system) =
            place.and_then(|at| opened.model.systems.get(at)).filter(|of| of.readable)
        else {
            return Some(String::new());
        };
        let accounts = system.accounts.iter().map(|of| format!("account {}", of.name));
        let kinds = system.entitlements.iter().map(|of| format!("entitlement {}", of.name));
        let all: Vec<String> = accounts.chain(kinds).collect();
        let runs = self.reads.get(&system_no).map_or(&[][..], Vec::as_slice);
        let is_after = |run: &ReadRun| {
            run.problem.is_none()
                && run.ended_at.is_some_and(|end| changed_at.is_none_or(|at| end >= at))
                && decided_at.is_none_or(|at| run.started_at >= at)
        };
        let (mut last, mut n) = (0, 0);
        for run in runs.iter().filter(|run| all.iter().any(|what| *what == *run.what)) {
            if !is_after(run) {
                return None;
            }
            (last, n) = (run.id.0.max(last), n + 1);
        }
        (n > 0).then(|| format!("read {last} of `{}`", system.name))
    }
}

/// By which reads it was seen.
fn by_read(seen: &[String]) -> String {
    let seen = seen.iter().map(String::as_str).filter(|read| !read.is_empty());
    let seen: BTreeSet<&str> = seen.collect();
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
