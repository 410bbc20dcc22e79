//! The closed loop in one process: read what is due, evaluate who is affected, plan, apply, try again, and sleep until the
//! next thing is due.
//!
//! The loop decides nothing that a person at the command line would not: it makes a plan, keeps it, and applies exactly
//! that one. On systems in mode `enforce` it does so at once unless a guard holds the plan; on those in mode `propose` the
//! plan waits for a person.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::Text;
use muster_policy::Mode;
use serde_json::{Value as Json, json};

use crate::{
    anonymise::anonymise_due,
    apply::CancelFlag,
    lease::Lease,
    leavers::watch_leavers,
    plans::{Known, MadePlan},
    progress::NoProgress,
    workflows::run_due_workflows,
};

mod due;
mod probe;
mod retry;
mod work;

/// The loop looks at least so often whether somebody else changed something.
const LOOK: Duration = Duration::from_millis(500);
/// It wakes up at least so often.
const LONGEST_SLEEP: SignedDuration = SignedDuration::from_secs(60);
/// After something failed that is not a system's fault.
const AFTER_TROUBLE: SignedDuration = SignedDuration::from_secs(5);

/// How the loop runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunOptions {
    /// Do what is due and end.
    pub once: bool,
    /// End at this instant.
    pub until: Option<Timestamp>,
}

/// Something that the loop did or met.
#[derive(Debug, Clone)]
pub struct RunEvent {
    /// When.
    pub at: Timestamp,
    /// In a word, for programs: `read`, `plan`, `apply`, `waits`, `quarantine`, `recover`, `alarm`, `erase`, `trouble`.
    pub what: &'static str,
    /// For people.
    pub text: String,
    /// For programs.
    pub detail: Json,
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// Everything that was due is done (`once`), or the time is up.
    Done,
    /// Somebody asked to stop.
    Stopped,
    /// There is a new revision of the model: the project has to be opened again.
    ModelChanged,
}

/// Hears what the loop does.
pub type Listener<'a> = &'a (dyn Fn(&RunEvent) + Send + Sync);

/// Runs the loop. Only one may run on a repository at a time; a second one is `Busy`.
pub async fn run(
    ctx: &Ctx,
    opened: &Opened,
    options: RunOptions,
    listener: Listener<'_>,
    cancel: &CancelFlag,
) -> Result<RunEnd, Error> {
    let lease = Arc::new(Lease::take(ctx, opened, "run").await?);
    let mut runner = Runner::new(ctx, opened, listener, cancel);
    let outcome = runner.go(&lease, options).await;
    lease.release(opened, outcome).await
}

/// The loop under way.
struct Runner<'a> {
    ctx: &'a Ctx,
    opened: &'a Opened,
    listener: Listener<'a>,
    cancel: &'a CancelFlag,
    /// Systems whose plans are applied at once, and those where a person decides.
    enforced: Vec<Text>,
    proposed: Vec<Text>,
    /// The fact version at which everybody affected was last looked at.
    seen: Option<i64>,
    /// The plans that wait for a person: of the enforced systems, of the others.
    waiting: [Option<MadePlan>; 2],
    /// What failed for good: not planned again before something about it changes.
    failed: Known,
    /// When to look again after trouble.
    after_trouble: Option<Timestamp>,
}

impl<'a> Runner<'a> {
    fn new(
        ctx: &'a Ctx,
        opened: &'a Opened,
        listener: Listener<'a>,
        cancel: &'a CancelFlag,
    ) -> Self {
        let of_mode = |mode: Mode| {
            let systems = opened.model.systems.iter().filter(|system| system.mode == mode);
            systems.map(|system| system.name.clone()).collect::<Vec<Text>>()
        };
        Self {
            ctx,
            opened,
            listener,
            cancel,
            enforced: of_mode(Mode::Enforce),
            proposed: of_mode(Mode::Propose),
            seen: None,
            waiting: [None, None],
            failed: Known::new(),
            after_trouble: None,
        }
    }

    async fn go(&mut self, lease: &Lease, options: RunOptions) -> Result<RunEnd, Error> {
        loop {
            if self.cancel.is_set() {
                return Ok(RunEnd::Stopped);
            }
            let mut tx = self.opened.store.begin().await?;
            lease.renew(self.ctx, &mut tx).await?;
            tx.commit().await?;
            if self.model_changed().await? {
                return Ok(RunEnd::ModelChanged);
            }
            self.cycle().await?;
            let now = self.ctx.now();
            if options.once || options.until.is_some_and(|until| now >= until) {
                return Ok(RunEnd::Done);
            }
            let wake = self.next_wake(now).await?;
            self.sleep(options.until.map_or(wake, |until| wake.min(until))).await?;
        }
    }

    /// One round: everything that is due now.
    async fn cycle(&mut self) -> Result<(), Error> {
        self.after_trouble = None;
        let steps = async {
            self.probe().await?;
            self.read().await?;
            self.plan_and_apply().await?;
            self.retry().await?;
            self.watch().await?;
            let now = self.ctx.now();
            Box::pin(run_due_workflows(self.ctx, self.opened, now, &NoProgress)).await?;
            self.forget(now).await
        };
        match steps.await {
            Ok(()) => Ok(()),
            Err(error) if passes(&error) => {
                self.after_trouble = self.ctx.now().checked_add(AFTER_TROUBLE).ok();
                self.tell("trouble", error.to_string(), json!({ "error": error.to_string() }));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Raises alarms about those who left and can still use an account.
    async fn watch(&self) -> Result<(), Error> {
        let n = watch_leavers(self.ctx, self.opened).await?;
        if n > 0 {
            let text = format!("{n} accounts of people who left can still be used");
            self.tell("alarm", text, json!({ "leavers": n }));
        }
        Ok(())
    }

    /// Erases those whose retention is over.
    async fn forget(&self, now: Timestamp) -> Result<(), Error> {
        let report = Box::pin(anonymise_due(self.ctx, self.opened, now, &NoProgress)).await?;
        if report.erased > 0 {
            let text = format!("erased {} whose retention is over", report.erased);
            self.tell("erase", text, json!({ "erased": report.erased }));
        }
        Ok(())
    }

    fn tell(&self, what: &'static str, text: String, detail: Json) {
        (self.listener)(&RunEvent { at: self.ctx.now(), what, text, detail });
    }

    async fn model_changed(&self) -> Result<bool, Error> {
        let latest = self.opened.store.read().await?.latest_revision().await?;
        Ok(latest.is_some_and(|latest| latest.number > self.opened.revision))
    }

    /// The earliest instant at which something is due.
    async fn next_wake(&self, now: Timestamp) -> Result<Timestamp, Error> {
        let latest = now.saturating_add(LONGEST_SLEEP).unwrap_or(now);
        let due = [
            self.after_trouble,
            self.next_read(now).await?,
            self.opened.store.read().await?.next_change().await?,
            self.next_retry(now).await?,
            self.next_probe().await?,
        ];
        let next = due.into_iter().flatten().min().unwrap_or(latest).min(latest);
        Ok(self.after_trouble.map_or(next, |after| next.max(after)))
    }

    /// Sleeps until `wake`, until somebody changed something, or until somebody asked to stop.
    async fn sleep(&self, wake: Timestamp) -> Result<(), Error> {
        loop {
            let now = self.ctx.now();
            if self.cancel.is_set() || now >= wake {
                return Ok(());
            }
            let rest = Duration::try_from(wake.duration_since(now)).unwrap_or(LOOK);
            tokio::time::sleep(rest.min(LOOK)).await;
            let changed = self.opened.store.read().await?.facts_version().await?;
            if self.after_trouble.is_none() && self.seen != Some(changed) {
                return Ok(());
            }
        }
    }

    fn progress() -> NoProgress {
        NoProgress
    }
}

/// True for what may be over when it is tried again: somebody else was at it, or something could not be reached.
fn passes(error: &Error) -> bool {
    match error.kind() {
        Kind::Busy | Kind::Conflict | Kind::Stale | Kind::Held | Kind::Unavailable => true,
        Kind::NotFound
        | Kind::Invalid
        | Kind::Project
        | Kind::Denied
        | Kind::BrokenChain
        | Kind::Bug => false,
    }
}
