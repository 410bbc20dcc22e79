//! The closed loop in one process: read what is due, evaluate who is affected, plan, apply, try again, and sleep until the
//! next thing is due.
//!
//! The loop decides nothing that a person at the command line would not: it makes a plan, keeps it, and applies exactly
//! that one. On systems in mode `enforce` it does so at once unless a guard holds the plan; on those in mode `propose` the
//! plan waits for a person.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::Text;
use muster_policy::Mode;
use serde_json::{Value as Json, json};

use crate::{
    anonymise::anonymise_due,
    apply::CancelFlag,
    forms::advance_forms,
    guests::advance_guests,
    lease::Lease,
    leavers::watch_leavers,
    plans::{Known, MadePlan},
    progress::NoProgress,
    workflows::run_due_workflows,
};

mod due;
mod hands;
mod letters;
mod node;
mod planner;
mod posts;
mod probe;
mod queue;
mod retry;
mod rounds;
mod serve;
mod work;

/// The loop looks at least so often whether somebody else changed something.
const LOOK: Duration = Duration::from_millis(500);
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

/// Runs the loop: with `once` a round that does what is due, else on until it is stopped.
///
/// Several nodes may run it on one repository: they share the work, and when one is lost the others go on. `Busy` when a
/// round is asked for while another one is under way.
pub async fn run(
    ctx: &Ctx,
    opened: &Opened,
    options: RunOptions,
    listener: Listener<'_>,
    cancel: &CancelFlag,
) -> Result<RunEnd, Error> {
    if !options.once {
        return serve::serve(ctx, opened, options, listener, cancel).await;
    }
    let lease = Lease::take(ctx, opened, "run").await?;
    let mut runner = Runner::new(ctx, opened, listener, cancel);
    let outcome = runner.once().await;
    lease.release(opened, outcome).await
}

/// One round under way, and what the parts of the loop have in common with it.
struct Runner<'a> {
    ctx: &'a Ctx,
    opened: &'a Opened,
    listener: Listener<'a>,
    cancel: &'a CancelFlag,
    /// Systems whose plans are applied at once, and those where a person decides.
    enforced: Vec<Text>,
    proposed: Vec<Text>,
    /// The plans that wait for a person: of the enforced systems, of the others.
    waiting: [Option<MadePlan>; 2],
    /// What failed for good: not planned again before something about it changes.
    failed: Known,
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
            waiting: [None, None],
            failed: Known::new(),
        }
    }

    /// One round: everything that is due now.
    async fn once(&mut self) -> Result<RunEnd, Error> {
        if self.cancel.is_set() {
            return Ok(RunEnd::Stopped);
        }
        if model_changed(self.opened).await? {
            return Ok(RunEnd::ModelChanged);
        }
        let steps = async {
            self.probe().await?;
            self.read().await?;
            // No plan is applied before one that was interrupted.
            self.retry().await?;
            self.plan_and_apply().await?;
            self.watch().await?;
            self.requests().await?;
            letters::send(self.ctx, self.opened).await?;
            let now = self.ctx.now();
            Box::pin(run_due_workflows(self.ctx, self.opened, now, &NoProgress)).await?;
            self.forget(now).await
        };
        match steps.await {
            Ok(()) => {}
            Err(error) if passes(&error) => {
                self.tell("trouble", error.to_string(), json!({ "error": error.to_string() }));
            }
            Err(error) => return Err(error),
        }
        Ok(RunEnd::Done)
    }

    /// Reminds, escalates and ends requests whose time has come; the same about guests and access reviews, of which it sees
    /// whether what they revoked is gone. What is to be mailed is written down.
    async fn requests(&self) -> Result<(), Error> {
        Box::pin(muster_governance::advance_due(self.ctx, self.opened)).await?;
        Box::pin(advance_guests(self.ctx, self.opened)).await?;
        Box::pin(advance_forms(self.ctx, self.opened)).await?;
        Box::pin(muster_review::advance_due(self.ctx, self.opened)).await.map(drop)
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

    fn progress() -> NoProgress {
        NoProgress
    }
}

async fn model_changed(opened: &Opened) -> Result<bool, Error> {
    let latest = opened.store.read().await?.latest_revision().await?;
    Ok(latest.is_some_and(|latest| latest.number > opened.revision))
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
