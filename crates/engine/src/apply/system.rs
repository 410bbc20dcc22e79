//! The operations of a plan on one system, phase by phase, in batches.

use std::sync::Arc;

use muster_app::{Ctx, EntitlementIndex, Error, Opened};
use muster_connector::Connector;
use muster_model::{PlanId, Text};
use muster_plan::{Kind, Operation};
use muster_policy::System;
use muster_store::EntitlementId;
use rustc_hash::FxHashSet;

use super::CancelFlag;
use crate::{lease::Lease, progress::Task};

/// Operations in one batch where calls run side by side.
const BATCH: usize = 512;
/// Operations in one batch where the system takes one call at a time, or members are put together by group.
const LARGE_BATCH: usize = 4096;

/// An operation that is still to be done.
#[derive(Debug, Clone)]
pub(super) struct Todo {
    pub(super) seq: i64,
    pub(super) operation: Operation,
    /// An earlier call may have gone out.
    pub(super) uncertain: bool,
}

/// The part of the report that belongs to one system.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) executed: u64,
    pub(super) failed: Vec<(Operation, String)>,
    pub(super) skipped: u64,
    pub(super) retried: u64,
    pub(super) left: u64,
    pub(super) quarantined: Option<(Text, String)>,
}

/// One system's share of a plan.
pub(super) struct SystemRun {
    pub(super) ctx: Ctx,
    pub(super) opened: Opened,
    pub(super) lease: Arc<Lease>,
    pub(super) plan: PlanId,
    pub(super) name: Text,
    pub(super) position: usize,
    pub(super) system: System,
    pub(super) task: Box<dyn Task>,
    pub(super) cancel: CancelFlag,
    /// Set when nobody waits for the outcome any more.
    pub(super) abandoned: CancelFlag,
}

/// What changes while a system's operations are done.
pub(super) struct State {
    pub(super) connector: Arc<dyn Connector>,
    pub(super) index: EntitlementIndex,
    /// Accounts whose creation or renaming failed: what depends on them is left out.
    pub(super) broken: FxHashSet<(muster_model::EntityId, Text)>,
    /// Entitlements that were made in this run.
    pub(super) made: FxHashSet<EntitlementId>,
    pub(super) part: Part,
}

impl SystemRun {
    /// Does all of it; what cannot be done now is left for another run.
    pub(super) async fn run(self, todo: Vec<Todo>) -> Result<Part, Error> {
        let n = todo.len() as u64;
        let connector = match self.opened.connect(&self.system) {
            Ok(connector) => connector,
            Err(error) => {
                let quarantined = Some((self.system.name.clone(), error.to_string()));
                return Ok(Part { left: n, quarantined, ..Part::default() });
            }
        };
        let index =
            EntitlementIndex::load(&mut self.opened.store.read().await?, &self.opened).await?;
        let one_at_a_time = connector.capabilities().parallel <= 1;
        let mut state = State {
            connector,
            index,
            broken: FxHashSet::default(),
            made: FxHashSet::default(),
            part: Part::default(),
        };
        let mut rest = todo.as_slice();
        while let Some(first) = rest.first() {
            if self.cancel.is_set() || self.abandoned.is_set() || state.part.quarantined.is_some() {
                break;
            }
            let is_membership =
                matches!(first.operation.kind, Kind::Grant { .. } | Kind::Revoke { .. });
            let most = if is_membership || one_at_a_time { LARGE_BATCH } else { BATCH };
            let phase = first.operation.kind.phase();
            let n = rest
                .iter()
                .take(most)
                .take_while(|todo| todo.operation.kind.phase() == phase)
                .count();
            let (batch, after) = rest.split_at(n);
            self.batch(&mut state, batch).await?;
            self.task.advance(n as u64);
            rest = after;
        }
        state.part.left += rest.len() as u64;
        Ok(state.part)
    }
}
