//! Wraps any connector and lets its calls go wrong by a seeded schedule: for tests and for the demo.
//!
//! What goes wrong depends on the seed, on the call, on the object and on how often that call was tried, never on the
//! clock or on the order of calls; the same run meets the same faults. It invents no objects and changes no values.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use muster_model::{Applied, Capabilities, Change, Object, ObjectRef};

use crate::{
    BadObject, Connector, ConnectorError, Discovered, Field, ReadEnd, ReadObject, ReadRequest, Sink,
};

mod schedule;
mod settings;

use schedule::{Fate, fate, hash};
pub use settings::{ChaosSettings, Rate};

/// A connector whose calls go wrong now and then.
pub struct Chaos {
    inner: Arc<dyn Connector>,
    settings: ChaosSettings,
    n_calls: AtomicU64,
    /// How often each call was tried, by its hash.
    tries: Mutex<HashMap<u64, u64>>,
    counts: Mutex<ChaosCounts>,
}

/// How many calls went wrong, by how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChaosCounts {
    /// Calls that came, those that went well included.
    pub calls: u64,
    /// Calls that did not reach the system.
    pub dropped: u64,
    /// Calls that reached it and whose answer was lost.
    pub failed_after: u64,
    /// Changes that were sent twice.
    pub duplicated: u64,
    /// Changes that were answered with yes and not done.
    pub lied: u64,
    /// Calls that were told to wait.
    pub throttled: u64,
    /// Changes that were refused.
    pub failed: u64,
    /// Reads that were cut.
    pub cut: u64,
    /// Calls that came after the system had died.
    pub dead: u64,
}

impl fmt::Debug for Chaos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chaos")
            .field("inner", &self.inner)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Chaos {
    /// Wraps `inner`.
    pub fn new(inner: Arc<dyn Connector>, settings: ChaosSettings) -> Self {
        Self {
            inner,
            settings,
            n_calls: AtomicU64::new(0),
            tries: Mutex::default(),
            counts: Mutex::default(),
        }
    }

    /// What went wrong so far.
    pub fn counts(&self) -> ChaosCounts {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides about the next call of this kind on this object, and counts it.
    fn decide(&self, kind: &str, object: &ObjectRef) -> (Fate, u64) {
        let place = hash(self.settings.seed, &[kind, &object.class, &object.name]);
        let attempt = {
            let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
            let attempt = tries.entry(place).or_insert(0);
            *attempt += 1;
            *attempt
        };
        let dice = hash(place, &[&attempt.to_string()]);
        let n_before = self.n_calls.fetch_add(1, Ordering::Relaxed);
        let is_dead = self.settings.die_after.is_some_and(|limit| n_before >= limit);
        let fate = if is_dead { Fate::Dead } else { fate(&self.settings, kind, dice) };
        self.count(fate);
        (fate, dice)
    }

    fn count(&self, fate: Fate) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.calls += 1;
        let counter = match fate {
            Fate::Pass => return,
            Fate::Drop => &mut counts.dropped,
            Fate::FailAfter => &mut counts.failed_after,
            Fate::Duplicate => &mut counts.duplicated,
            Fate::Lie => &mut counts.lied,
            Fate::Throttle => &mut counts.throttled,
            Fate::Fail => &mut counts.failed,
            Fate::Cut => &mut counts.cut,
            Fate::Dead => &mut counts.dead,
        };
        *counter += 1;
    }

    async fn wait(&self, dice: u64) {
        if let Some(delay) = self.settings.delay_of(dice) {
            tokio::time::sleep(delay).await;
        }
    }

    /// The error that a call with this fate answers instead of reaching the system.
    fn error_before(&self, fate: Fate) -> Option<ConnectorError> {
        match fate {
            Fate::Drop => Some(unreachable("the call was dropped on the way")),
            Fate::Dead => Some(unreachable("the system has died")),
            Fate::Throttle => {
                Some(ConnectorError::Throttled { after: Some(self.settings.throttle_after) })
            }
            Fate::Fail => {
                Some(ConnectorError::Invalid("chaos: the system will not have it".to_owned()))
            }
            Fate::Pass | Fate::FailAfter | Fate::Duplicate | Fate::Lie | Fate::Cut => None,
        }
    }

    /// Decides about a call that is no change, waits, and fails it if it does not get through.
    async fn pass(&self, kind: &str, object: &ObjectRef) -> Result<(Fate, u64), ConnectorError> {
        let (fate, dice) = self.decide(kind, object);
        self.wait(dice).await;
        self.error_before(fate).map_or(Ok((fate, dice)), Err)
    }
}

fn unreachable(what: &str) -> ConnectorError {
    ConnectorError::Unreachable(format!("chaos: {what}"))
}

fn lost() -> ConnectorError {
    unreachable("the answer was lost")
}

fn whole(class: &str) -> ObjectRef {
    ObjectRef { class: class.into(), id: "".into(), name: "".into() }
}

#[async_trait]
impl Connector for Chaos {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn test(&self) -> Result<String, ConnectorError> {
        let (fate, _) = self.pass("test", &whole("")).await?;
        let told = self.inner.test().await?;
        if fate == Fate::FailAfter { Err(lost()) } else { Ok(format!("{told} (through chaos)")) }
    }

    async fn discover(&self) -> Result<Discovered, ConnectorError> {
        let (fate, _) = self.pass("discover", &whole("")).await?;
        let found = self.inner.discover().await?;
        if fate == Fate::FailAfter { Err(lost()) } else { Ok(found) }
    }

    async fn read(
        &self,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        let (fate, dice) = self.pass("read", &whole(&request.class)).await?;
        // A lost answer to a read is a read that ends early.
        if !matches!(fate, Fate::Cut | Fate::FailAfter) {
            return self.inner.read(request, sink).await;
        }
        let n_allowed = usize::try_from(dice >> 32).unwrap_or(0) % 100;
        let mut scissors = Scissors { sink, n_left: n_allowed, refusal: None };
        let ended = self.inner.read(request, &mut scissors).await;
        let n_read = n_allowed - scissors.n_left;
        match (ended, scissors.refusal) {
            (_, Some(Refusal::Sink(error))) | (Err(error), None) => Err(error),
            (Ok(_), _) | (Err(_), Some(Refusal::Cut)) => Ok(ReadEnd {
                complete: false,
                incremental: request.since.is_some(),
                cursor: None,
                deleted: Vec::new(),
                problem: Some(format!("chaos: the read was cut after {n_read} objects")),
            }),
        }
    }

    async fn get(
        &self,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        let (fate, _) = self.pass("get", object).await?;
        let found = self.inner.get(object, fields).await?;
        if fate == Fate::FailAfter { Err(lost()) } else { Ok(found) }
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        let mut delay_dice = None;
        let mut fates = Vec::with_capacity(changes.len());
        let mut sent = Vec::with_capacity(changes.len());
        for change in changes {
            let (fate, dice) = self.decide(kind(change), change.object());
            delay_dice.get_or_insert(dice);
            fates.push(fate);
            match fate {
                Fate::Pass | Fate::FailAfter => sent.push(change.clone()),
                Fate::Duplicate => sent.extend([change.clone(), change.clone()]),
                Fate::Drop | Fate::Lie | Fate::Throttle | Fate::Fail | Fate::Cut | Fate::Dead => {}
            }
        }
        // One call carries the batch, so it waits once.
        if let Some(dice) = delay_dice {
            self.wait(dice).await;
        }
        let answers = if sent.is_empty() { Vec::new() } else { self.inner.apply(&sent).await };
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Err(lost()));
        fates
            .into_iter()
            .map(|fate| match fate {
                Fate::Pass => next(),
                Fate::FailAfter => next().and_then(|_| Err(lost())),
                Fate::Duplicate => {
                    let first = next();
                    // The sender of a doubled message hears the last answer, unless the first said more.
                    let second = next();
                    if first.is_ok() { first } else { second }
                }
                Fate::Lie => Ok(Applied::default()),
                Fate::Drop | Fate::Throttle | Fate::Fail | Fate::Cut | Fate::Dead => {
                    self.error_before(fate).map_or(Ok(Applied::default()), Err)
                }
            })
            .collect()
    }
}

fn kind(change: &Change) -> &'static str {
    match change {
        Change::Create { .. } => "create",
        Change::Update { .. } => "update",
        Change::Rename { .. } => "rename",
        Change::SetEnabled { .. } => "enable",
        Change::Delete { .. } => "delete",
        Change::Members { .. } => "members",
    }
}

/// Why [`Scissors`] refused.
enum Refusal {
    /// The sink behind it refused.
    Sink(ConnectorError),
    /// The allowed objects are through.
    Cut,
}

/// Hands over a number of objects and then breaks off.
struct Scissors<'s> {
    sink: &'s mut dyn Sink,
    n_left: usize,
    refusal: Option<Refusal>,
}

#[async_trait]
impl Sink for Scissors<'_> {
    async fn objects(&mut self, mut objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        let is_over = objects.len() > self.n_left;
        objects.truncate(self.n_left);
        self.n_left -= objects.len();
        if !objects.is_empty()
            && let Err(error) = self.sink.objects(objects).await
        {
            self.refusal = Some(Refusal::Sink(error.clone()));
            return Err(error);
        }
        if is_over {
            self.refusal = Some(Refusal::Cut);
            return Err(unreachable("the read was cut"));
        }
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        if let Err(error) = self.sink.bad(bad).await {
            self.refusal = Some(Refusal::Sink(error.clone()));
            return Err(error);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
