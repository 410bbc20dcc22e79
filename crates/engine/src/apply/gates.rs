//! Operations that wait for others of the plan, on whatever system these are.
//!
//! Every system has its own thread. A thread never waits while it has something to do; what waits is put aside and asked
//! for again. Whoever ends, with whatever outcome, says so here, and a thread that ends opens everything it leaves behind.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use muster_model::Text;
use tokio::sync::Notify;

/// A thread that waits looks again after this time even when nobody called, to hear of a request to stop.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How far an operation is that others wait for.
#[derive(Debug, Clone)]
pub(super) enum Gate {
    /// It will be done in this run.
    Open,
    /// It is done.
    Done,
    /// It failed, or is held; for people.
    Failed(Text),
    /// It will not be done in this run; for people.
    Left(Text),
}

/// What is to become of an operation now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing is in its way.
    Go,
    /// Not yet.
    Wait,
    /// Never, as things are.
    Hold(Text),
    /// Not in this run.
    Leave(Text),
}

/// The operations that others wait for, by place in the plan.
#[derive(Debug, Default)]
pub(super) struct Gates {
    gates: Mutex<BTreeMap<i64, Gate>>,
    changed: Notify,
}

impl Gates {
    /// Gates in these states.
    pub(super) fn new(gates: BTreeMap<i64, Gate>) -> Self {
        Self { gates: Mutex::new(gates), changed: Notify::new() }
    }

    /// What is to become of an operation that comes after `after`.
    pub(super) fn ask(&self, after: &[i64]) -> Answer {
        if after.is_empty() {
            return Answer::Go;
        }
        let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let mut answer = Answer::Go;
        for seq in after {
            match gates.get(seq) {
                Some(Gate::Failed(why)) => return Answer::Hold(why.clone()),
                Some(Gate::Left(why)) => answer = Answer::Leave(why.clone()),
                Some(Gate::Open) if answer == Answer::Go => answer = Answer::Wait,
                None | Some(Gate::Done | Gate::Open) => {}
            }
        }
        answer
    }

    /// Says what became of operations; those that nobody waits for are passed over.
    pub(super) fn tell(&self, outcomes: impl Iterator<Item = (i64, Gate)>) {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if gates.is_empty() {
            return;
        }
        let mut told = false;
        for (seq, outcome) in outcomes {
            if let Some(gate) = gates.get_mut(&seq) {
                *gate = outcome;
                told = true;
            }
        }
        drop(gates);
        if told {
            self.changed.notify_waiters();
        }
    }

    /// Says of those among `seqs` that are open still that they are left.
    pub(super) fn leave(&self, seqs: impl Iterator<Item = i64>, why: &Text) {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        for seq in seqs {
            if let Some(gate) = gates.get_mut(&seq).filter(|gate| matches!(gate, Gate::Open)) {
                *gate = Gate::Left(why.clone());
            }
        }
        drop(gates);
        self.changed.notify_waiters();
    }

    /// Waits until something may have changed.
    pub(super) async fn wait(&self) {
        drop(tokio::time::timeout(LOOK_AGAIN, self.changed.notified()).await);
    }
}
