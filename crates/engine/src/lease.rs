//! The right to do something that only one may do at a time.
//!
//! A lease names its holder: who, which run, in which process. One that was held by a process that is gone, or by a run of
//! this process that ended without giving it back, is free at once; any other one when its time is up.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::Text;
use muster_store::{LeaseAnswer, Tx};

/// How long a run may take, from the last time it renewed its lease, before another one may take over.
const LENGTH: SignedDuration = SignedDuration::from_hours(2);
/// How long the lease of a node that is lost keeps others away. One that is alive renews it all the time.
const OF_NODE: SignedDuration = SignedDuration::from_secs(8);
/// How often, and with which pause, a system's lease is asked for.
const WAITS_FOR_SYSTEM: u32 = 100;
const WAIT: Duration = Duration::from_millis(100);
/// How often a node renews.
const BEAT: Duration = Duration::from_secs(2);

/// The runs of this process that are under way, by number, and the number of the latest.
static RUNS: Mutex<(BTreeSet<u64>, u64)> = Mutex::new((BTreeSet::new(), 0));

/// A lease that this run holds, or several that belong together.
#[derive(Debug)]
pub struct Lease {
    names: Vec<String>,
    holder: String,
    length: SignedDuration,
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
    pub(crate) async fn take(ctx: &Ctx, opened: &Opened, name: &str) -> Result<Self, Error> {
        Self::take_for(ctx, opened, vec![name.to_owned()], LENGTH).await
    }

    /// Takes the lease called `name` for work that goes on: when its node is lost, another one soon takes over. See
    /// [`Lease::hold`]. `Busy` when somebody holds it.
    pub async fn take_for_node(ctx: &Ctx, opened: &Opened, name: &str) -> Result<Self, Error> {
        Self::take_for(ctx, opened, vec![name.to_owned()], OF_NODE).await
    }

    /// As [`Lease::take`], for systems by name, all or none: whoever works with one for a moment is waited for.
    pub(crate) async fn take_systems<'n>(
        ctx: &Ctx,
        opened: &Opened,
        systems: impl Iterator<Item = &'n Text>,
    ) -> Result<Self, Error> {
        let names: Vec<String> = systems.map(|name| of_system(name)).collect();
        for _ in 0..WAITS_FOR_SYSTEM {
            match Self::take_for(ctx, opened, names.clone(), LENGTH).await {
                Err(error) if error.kind() == Kind::Busy => tokio::time::sleep(WAIT).await,
                answer => return answer,
            }
        }
        Self::take_for(ctx, opened, names, LENGTH).await
    }

    async fn take_for(
        ctx: &Ctx,
        opened: &Opened,
        names: Vec<String>,
        length: SignedDuration,
    ) -> Result<Self, Error> {
        let run = Run::begin();
        let holder = format!("{} run-{} {}", ctx.actor, run.0, ctx.clock.process());
        let now = ctx.now();
        let mut tx = opened.store.begin().await?;
        for name in &names {
            let mut answer = tx.take_lease(name, &holder, now, until(now, length)).await?;
            if let LeaseAnswer::HeldBy(lease) = &answer
                && is_free(ctx, &lease.holder)
            {
                let dead = lease.holder.clone();
                tx.release_lease(name, &dead).await?;
                answer = tx.take_lease(name, &holder, now, until(now, length)).await?;
            }
            if let LeaseAnswer::HeldBy(lease) = answer {
                return Err(Error::new(
                    Kind::Busy,
                    format!(
                        "{name} is being run by {} since {}",
                        shown(&lease.holder),
                        lease.taken_at
                    ),
                )
                .hint("wait until it ends"));
            }
        }
        tx.commit().await?;
        Ok(Self { names, holder, length, _run: run })
    }

    /// Holds on to the lease as part of `tx`, so that nothing of `tx` happens when somebody else took over.
    pub(crate) async fn renew(&self, ctx: &Ctx, tx: &mut Tx) -> Result<(), Error> {
        let now = ctx.now();
        for name in &self.names {
            let answer = tx.take_lease(name, &self.holder, now, until(now, self.length)).await?;
            if let LeaseAnswer::HeldBy(lease) = answer {
                return Err(Error::new(
                    Kind::Busy,
                    format!(
                        "{name} was taken over by {} at {}",
                        shown(&lease.holder),
                        lease.taken_at
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Does `work` and renews the lease all the while. Ends the work when somebody else took over, or when the lease could
    /// not be renewed for so long that somebody may have.
    pub async fn hold<T>(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::select! {
            biased;
            done = work => done,
            lost = self.beat(ctx, opened) => Err(lost),
        }
    }

    /// Renews the lease until that fails for good; answers why.
    async fn beat(&self, ctx: &Ctx, opened: &Opened) -> Error {
        let mut renewed = ctx.now();
        loop {
            tokio::time::sleep(BEAT).await;
            match self.renew_alone(ctx, opened).await {
                Ok(()) => renewed = ctx.now(),
                Err(error) => {
                    let is_over = ctx.now().duration_since(renewed) >= self.length;
                    if error.kind() == Kind::Busy || is_over {
                        return error;
                    }
                }
            }
        }
    }

    async fn renew_alone(&self, ctx: &Ctx, opened: &Opened) -> Result<(), Error> {
        let mut tx = opened.store.begin().await?;
        self.renew(ctx, &mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// Gives the lease back after a run that ended with `outcome`.
    ///
    /// When both fail, what went wrong first tells more; the lease is free anyway once this value is gone.
    pub async fn release<T>(&self, opened: &Opened, outcome: Result<T, Error>) -> Result<T, Error> {
        let released = self.give_back(opened).await;
        let value = outcome?;
        released?;
        Ok(value)
    }

    async fn give_back(&self, opened: &Opened) -> Result<(), Error> {
        let mut tx = opened.store.begin().await?;
        for name in &self.names {
            tx.release_lease(name, &self.holder).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// The lease of a system: whoever holds it may read the system as a target, and change what it holds.
pub(crate) fn of_system(name: &str) -> String {
    format!("system {name}")
}

fn until(now: Timestamp, length: SignedDuration) -> Timestamp {
    now.saturating_add(length).unwrap_or(now)
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
