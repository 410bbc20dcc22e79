//! The operations of a plan on one system, phase by phase, in batches.

use std::sync::Arc;

use jiff::Timestamp;
use muster_app::{Ctx, EntitlementIndex, Error, Opened};
use muster_connector::{Connector, ConnectorError};
use muster_model::{EntityId, PlanId, Text};
use muster_plan::{Kind, Operation};
use muster_policy::System;
use muster_store::{EntitlementId, SystemHealth};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{CancelFlag, gates::Gates, health::is_about_us, pace::Pace};
use crate::{lease::Lease, progress::Task};

/// Operations in one batch where calls run side by side.
const BATCH: usize = 512;
/// Operations in one batch where the system takes one call at a time, or members are put together by group.
const LARGE_BATCH: usize = 4096;

/// An operation that is still to be done.
#[derive(Debug, Clone)]
pub(crate) struct Todo {
    pub(crate) seq: i64,
    pub(crate) operation: Operation,
    /// An earlier call may have gone out.
    pub(crate) uncertain: bool,
    /// How often it was tried.
    pub(crate) attempts: u32,
    /// The operations of the plan that come first.
    pub(crate) after: Vec<i64>,
}

impl Todo {
    /// The account it works on, among those of type `type_no`.
    pub(super) fn key(&self, type_no: i64) -> super::batch::AccountKey {
        (self.operation.identity, type_no, self.operation.target.account)
    }

    /// The account it works on.
    pub(super) fn account(&self) -> (EntityId, Text) {
        (self.operation.identity, self.operation.target.account_type.clone())
    }
}

/// Why nothing more can be done to an account in this run.
#[derive(Debug, Clone)]
pub(super) enum Block {
    /// It could not be made, or got no new name.
    Failed,
    /// It waits for something that is still to be done.
    Wait,
    /// It waits for something that failed.
    Hold(Text),
    /// It waits for something that is left for later.
    Leave(Text),
}

/// The part of the report that belongs to one system.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(super) executed: u64,
    pub(super) failed: Vec<(Operation, String)>,
    pub(super) held: Vec<(Operation, String)>,
    pub(super) skipped: u64,
    pub(super) taken: u64,
    pub(super) retried: u64,
    pub(super) left: u64,
    pub(super) next_try: Option<Timestamp>,
    pub(super) quarantined: Option<(Text, String)>,
}

impl Part {
    /// Notes that something is tried again at `at`.
    pub(super) fn waits_until(&mut self, at: Timestamp) {
        self.next_try = self.next_try.into_iter().chain([at]).min();
    }
}

/// One system's share of a plan.
pub(crate) struct SystemRun {
    pub(super) ctx: Ctx,
    pub(super) opened: Opened,
    pub(super) lease: Arc<Lease>,
    pub(super) plan: PlanId,
    pub(super) name: Text,
    pub(super) position: usize,
    pub(super) system: System,
    pub(super) task: Box<dyn Task>,
    pub(super) gates: Arc<Gates>,
    /// A person asked: what failed is tried at once, whatever was written down about when.
    pub(super) at_once: bool,
    pub(super) cancel: CancelFlag,
    /// Set when nobody waits for the outcome any more.
    pub(super) abandoned: CancelFlag,
}

/// What changes while a system's operations are done.
pub(super) struct State {
    pub(super) connector: Arc<dyn Connector>,
    pub(super) pace: Pace,
    pub(super) index: EntitlementIndex,
    /// Accounts to which nothing more can be done.
    pub(super) blocked: FxHashMap<(EntityId, Text), Block>,
    /// Entitlements that were made in this run.
    pub(super) made: FxHashSet<EntitlementId>,
    pub(super) health: SystemHealth,
    pub(super) stored_health: SystemHealth,
    pub(super) part: Part,
}

impl State {
    /// True when the system as a whole is the trouble, so that its operations wait for it.
    pub(super) fn is_system(&self, error: &ConnectorError) -> bool {
        self.health.ill_since.is_some() && is_about_us(error)
    }
}

impl SystemRun {
    /// The system's number in the repository.
    pub(super) fn system_no(&self) -> i64 {
        self.opened.names.systems.get(self.position).map_or(0, |names| names.no)
    }

    /// Does all of it; what cannot be done now is left for another run.
    pub(super) async fn run(self, todo: Vec<Todo>) -> Result<Part, Error> {
        let seqs: Vec<i64> = todo.iter().map(|todo| todo.seq).collect();
        let outcome = self.all(todo).await;
        // Nobody may wait for what this run does not do any more, whatever the reason.
        let why = format!("waits for {}", self.system.name).into();
        self.gates.leave(seqs.into_iter(), &why);
        outcome
    }

    async fn all(&self, todo: Vec<Todo>) -> Result<Part, Error> {
        let n = todo.len() as u64;
        let connector = self.opened.connect(&self.system);
        let mut health = self.health().await?;
        let is_ready = self.is_ready(&mut health, connector.as_deref()).await?;
        let (Ok(connector), true) = (connector, is_ready) else {
            return Ok(self.left_alone(&health, n));
        };
        let mut state = self.begin(connector, health).await?;
        let mut todo = todo;
        loop {
            let mut postponed = Vec::new();
            let n_left = self.pass(&mut state, &todo, &mut postponed).await?;
            if n_left > 0 || postponed.is_empty() || self.is_stopped(&state) {
                state.part.left += (n_left + postponed.len()) as u64;
                return Ok(state.part);
            }
            state.blocked.retain(|_, block| !matches!(block, Block::Wait));
            self.gates.wait().await;
            todo = postponed;
        }
    }

    /// What is worked with while operations are done.
    pub(super) async fn begin(
        &self,
        connector: Arc<dyn Connector>,
        health: SystemHealth,
    ) -> Result<State, Error> {
        let mut tx = self.opened.store.read().await?;
        let index = EntitlementIndex::load_of(&mut tx, &self.opened, self.position).await?;
        drop(tx);
        let pace = Pace::new(&self.system, connector.capabilities().parallel);
        Ok(State {
            connector,
            pace,
            index,
            blocked: FxHashMap::default(),
            made: FxHashSet::default(),
            stored_health: health.clone(),
            health,
            part: Part::default(),
        })
    }

    /// How the system was when last seen.
    pub(super) async fn health(&self) -> Result<SystemHealth, Error> {
        let system_no = self.system_no();
        let all = self.opened.store.read().await?.system_health().await?;
        let known = all.into_iter().find(|health| health.system_no == system_no);
        Ok(known.unwrap_or_else(|| SystemHealth { system_no, ..SystemHealth::default() }))
    }

    fn left_alone(&self, health: &SystemHealth, n: u64) -> Part {
        let why = match (&health.paused_at, &health.reason) {
            (Some(_), _) => format!(
                "paused by {}: {}",
                health.paused_by.as_deref().unwrap_or("?"),
                health.pause_reason.as_deref().unwrap_or("no reason given")
            ),
            (None, Some(reason)) => reason.to_string(),
            (None, None) => "it asked to wait".to_owned(),
        };
        let quarantined = Some((self.system.name.clone(), why));
        let next_try = health.next_probe.filter(|_| health.paused_at.is_none());
        Part { left: n, quarantined, next_try, ..Part::default() }
    }

    fn is_stopped(&self, state: &State) -> bool {
        self.cancel.is_set() || self.abandoned.is_set() || state.part.quarantined.is_some()
    }

    /// Goes through the operations once; returns how many it did not come to.
    async fn pass(
        &self,
        state: &mut State,
        todo: &[Todo],
        postponed: &mut Vec<Todo>,
    ) -> Result<usize, Error> {
        let one_at_a_time = state.connector.capabilities().parallel <= 1;
        let mut rest = todo;
        while let Some(first) = rest.first() {
            if self.is_stopped(state) {
                break;
            }
            let is_membership =
                matches!(first.operation.kind, Kind::Grant { .. } | Kind::Revoke { .. });
            let most = if is_membership || one_at_a_time { LARGE_BATCH } else { BATCH };
            let most = most.min(state.pace.batch());
            let phase = first.operation.kind.phase();
            let n = rest
                .iter()
                .take(most)
                .take_while(|todo| todo.operation.kind.phase() == phase)
                .count();
            let (batch, after) = rest.split_at(n);
            let before = postponed.len();
            self.batch(state, batch, postponed).await?;
            self.task.advance((n + before).saturating_sub(postponed.len()) as u64);
            rest = after;
        }
        Ok(rest.len())
    }
}
