//! The right to do something that only one may do at a time.
//!
//! A lease names its holder: who, which run, in which process. One that was held by a process that is gone, or by a run of
//! this process that ended without giving it back, is free at once; any other one when its time is up.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Kind, Opened};
use muster_store::{LeaseAnswer, Tx};

/// How long a run may take, from the last time it renewed its lease, before another one may take over.
const LENGTH: SignedDuration = SignedDuration::from_hours(2);

/// The runs of this process that are under way, by number, and the number of the latest.
static RUNS: Mutex<(BTreeSet<u64>, u64)> = Mutex::new((BTreeSet::new(), 0));

/// A lease that this run holds.
#[derive(Debug)]
pub(crate) struct Lease {
    name: &'static str,
    holder: String,
    _run: Run,
}

/// A run that is under way as long as the value is there.
#[derive(Debug)]
struct Run(u64);

impl Run {
    fn begin() -> Self {
        let mut runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
        runs.1 += 1;
        let number = runs.1;
        runs.0.insert(number);
        Self(number)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        RUNS.lock().unwrap_or_else(PoisonError::into_inner).0.remove(&self.0);
    }
}

impl Lease {
    /// Takes the lease called `name`; `Busy` when somebody holds it.
    pub(crate) async fn take(
        ctx: &Ctx,
        opened: &Opened,
        name: &'static str,
    ) -> Result<Self, Error> {
        let run = Run::begin();
        let holder = format!("{} run-{} {}", ctx.actor, run.0, ctx.clock.process());
        let now = ctx.now();
        let mut tx = opened.store.begin().await?;
        let mut answer = tx.take_lease(name, &holder, now, until(now)).await?;
        if let LeaseAnswer::HeldBy(lease) = &answer
            && is_free(ctx, &lease.holder)
        {
            let dead = lease.holder.clone();
            tx.release_lease(name, &dead).await?;
            answer = tx.take_lease(name, &holder, now, until(now)).await?;
        }
        match answer {
            LeaseAnswer::Taken => {
                tx.commit().await?;
                Ok(Self { name, holder, _run: run })
            }
            LeaseAnswer::HeldBy(lease) => Err(Error::new(
                Kind::Busy,
                format!("{name} is being run by {} since {}", shown(&lease.holder), lease.taken_at),
            )
            .hint("wait until it ends")),
        }
    }

    /// Holds on to the lease as part of `tx`, so that nothing of `tx` happens when somebody else took over.
    pub(crate) async fn renew(&self, ctx: &Ctx, tx: &mut Tx) -> Result<(), Error> {
        let now = ctx.now();
        match tx.take_lease(self.name, &self.holder, now, until(now)).await? {
            LeaseAnswer::Taken => Ok(()),
            LeaseAnswer::HeldBy(lease) => Err(Error::new(
                Kind::Busy,
                format!(
                    "{} was taken over by {} at {}",
                    self.name,
                    shown(&lease.holder),
                    lease.taken_at
                ),
            )),
        }
    }

    /// Gives the lease back after a run that ended with `outcome`.
    ///
    /// When both fail, what went wrong first tells more; the lease is free anyway once this value is gone.
    pub(crate) async fn release<T>(
        &self,
        opened: &Opened,
        outcome: Result<T, Error>,
    ) -> Result<T, Error> {
        let released = self.give_back(opened).await;
        let value = outcome?;
        released?;
        Ok(value)
    }

    async fn give_back(&self, opened: &Opened) -> Result<(), Error> {
        let mut tx = opened.store.begin().await?;
        tx.release_lease(self.name, &self.holder).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn until(now: Timestamp) -> Timestamp {
    now.saturating_add(LENGTH).unwrap_or(now)
}

/// A holder for people: who it is, and the number of the process.
fn shown(holder: &str) -> String {
    let mut parts = holder.rsplitn(3, ' ');
    match (parts.next().and_then(|process| process.split('-').next()), parts.nth(1)) {
        (Some(pid), Some(actor)) if !pid.is_empty() => format!("{actor} (process {pid})"),
        _ => holder.to_owned(),
    }
}

fn is_free(ctx: &Ctx, holder: &str) -> bool {
    let mut parts = holder.rsplitn(3, ' ');
    let (Some(process), Some(run)) = (parts.next(), parts.next()) else { return false };
    if process == ctx.clock.process() {
        let number = run.strip_prefix("run-").and_then(|number| number.parse().ok());
        let runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
        // Without a name, this process cannot be told from others.
        return !process.is_empty() && number.is_some_and(|number: u64| !runs.0.contains(&number));
    }
    ctx.clock.is_gone(process)
}
