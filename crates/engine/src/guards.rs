//! Counts a plan against the guards: what it does, what was done within a day, what is there.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use muster_app::{Error, Opened};
use muster_model::Text;
use muster_plan::{GuardCheck, Operation, count_guarded};
use muster_store::{AccountStatus, ReadTx};

const BATCH: usize = 5000;
/// How long a count may be used.
const COUNT_AGAIN: SignedDuration = SignedDuration::from_mins(1);
/// The rolling window of guards.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// What is counted at once: the window of a busy repository holds millions of operations.
const PIECE: SignedDuration = SignedDuration::from_mins(15);
/// How long after it was done an operation may still be written, by this node or another one.
const LATE: SignedDuration = SignedDuration::from_mins(2);

/// The guards that the operations touch. What is there is counted only where the number alone does not decide.
pub(crate) async fn check(
    tx: &mut ReadTx,
    opened: &Opened,
    operations: &[Operation],
    now: Timestamp,
) -> Result<Vec<GuardCheck>, Error> {
    Recent::default().check(tx, opened, operations, now).await
}

/// Operations by system and kind.
type Counts = BTreeMap<(Text, Text), u64>;

/// What was done within the window, and what is there. Counted seldom where plans are made all the time: what was planned
/// since is added, as if it were done.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    counted_at: Option<Timestamp>,
    /// What was done so long ago that it is counted once, in pieces with their ends.
    settled: VecDeque<(Timestamp, Counts)>,
    counts: Counts,
    /// Accounts that an operation of the kind could be about, on all systems at once.
    accounts: Option<Counts>,
    /// Entitlements that are held, by system.
    grants: BTreeMap<Text, u64>,
}

impl Recent {
    /// As [`check`], counting again only when the last count is old.
    pub(crate) async fn check(
        &mut self,
        tx: &mut ReadTx,
        opened: &Opened,
        operations: &[Operation],
        now: Timestamp,
    ) -> Result<Vec<GuardCheck>, Error> {
        let is_fresh = |at: Timestamp| at <= now && now.duration_since(at) < COUNT_AGAIN;
        if !self.counted_at.is_some_and(is_fresh) {
            self.count(tx, opened, now).await?;
            (self.counted_at, self.accounts) = (Some(now), None);
            self.grants.clear();
        }
        let mut guards = count_guarded(&opened.model, operations, &self.counts);
        for guard in guards.iter_mut().filter(|guard| guard.needs_population()) {
            guard.population = Some(self.population(tx, opened, guard).await?);
        }
        Ok(guards)
    }

    /// Counts what was done within the window: what is new, and what may have been written late.
    async fn count(
        &mut self,
        tx: &mut ReadTx,
        opened: &Opened,
        now: Timestamp,
    ) -> Result<(), Error> {
        let before = |length| now.saturating_sub(length).unwrap_or(Timestamp::MIN);
        let (begin, settled) = (before(WINDOW), before(LATE));
        while self.settled.front().is_some_and(|(end, _)| *end <= begin) {
            self.settled.pop_front();
        }
        let mut from = self.settled.back().map_or(begin, |(end, _)| *end);
        while from < settled {
            let until = from.saturating_add(PIECE).unwrap_or(Timestamp::MAX).min(settled);
            self.settled.push_back((until, done(tx, opened, from, until).await?));
            from = until;
        }
        self.counts = done(tx, opened, from, Timestamp::MAX).await?;
        for (key, n) in self.settled.iter().flat_map(|(_, counts)| counts) {
            *self.counts.entry(key.clone()).or_default() += n;
        }
        Ok(())
    }

    async fn population(
        &mut self,
        tx: &mut ReadTx,
        opened: &Opened,
        guard: &GuardCheck,
    ) -> Result<u64, Error> {
        if matches!(&*guard.kind, "grant" | "revoke") {
            if let Some(known) = self.grants.get(&guard.system) {
                return Ok(*known);
            }
            let n = count_grants(tx, opened, &guard.system).await?;
            self.grants.insert(guard.system.clone(), n);
            return Ok(n);
        }
        let accounts = match self.accounts.take() {
            Some(known) => known,
            None => count_accounts(tx, opened).await?,
        };
        let accounts = self.accounts.insert(accounts);
        Ok(accounts.get(&(guard.system.clone(), guard.kind.clone())).copied().unwrap_or(0))
    }

    /// Notes that these operations went into the queue.
    pub(crate) fn add(&mut self, operations: &[Operation]) {
        for operation in operations {
            let key = (operation.target.system.clone(), operation.kind.name().into());
            *self.counts.entry(key).or_default() += 1;
        }
    }
}

async fn done(
    tx: &mut ReadTx,
    opened: &Opened,
    from: Timestamp,
    until: Timestamp,
) -> Result<Counts, Error> {
    let mut counts = Counts::new();
    for count in tx.count_operations_done(from, until).await? {
        if let Some(system) = name_of(opened, count.system_no) {
            *counts.entry((system, count.kind)).or_default() += count.n;
        }
    }
    Ok(counts)
}

fn name_of(opened: &Opened, number: i64) -> Option<Text> {
    let position = opened.names.systems.iter().position(|names| names.no == number)?;
    opened.model.systems.get(position).map(|system| system.name.clone())
}

async fn count_accounts(tx: &mut ReadTx, opened: &Opened) -> Result<Counts, Error> {
    let mut population = Counts::new();
    for count in tx.count_accounts().await? {
        let linked = count.status == AccountStatus::Linked;
        let Some(system) = name_of(opened, count.system_no).filter(|_| linked) else { continue };
        for kind in ["create", "update", "rename", "delete", "enable"] {
            *population.entry((system.clone(), kind.into())).or_default() += count.n;
        }
        if count.enabled != Some(false) {
            *population.entry((system, "disable".into())).or_default() += count.n;
        }
    }
    Ok(population)
}

/// How many entitlements are held on a system.
async fn count_grants(tx: &mut ReadTx, opened: &Opened, system: &Text) -> Result<u64, Error> {
    let position = opened.model.systems.iter().position(|candidate| candidate.name == *system);
    let names = position.and_then(|position| opened.names.systems.get(position));
    let mut n = 0;
    for account in names.map_or(&[][..], |names| &names.accounts) {
        let mut after = None;
        loop {
            let page = tx.scan_accounts(account.no, after, BATCH).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            n += page.iter().map(|account| account.grants.len() as u64).sum::<u64>();
        }
    }
    Ok(n)
}
