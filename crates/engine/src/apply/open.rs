//! What is still to be done of a plan: which operations may be tried now, and which others wait for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened};
use muster_model::{PlanId, Text};
use muster_plan::Operation;
use muster_store::{OperationProgress, OperationState};

use super::{
    PAGE,
    gates::{Gate, Gates},
    outcome::WAITS_FOR_TICKET,
    system::Todo,
};
use crate::backoff::is_due;

/// What is still to be done of a plan.
pub(super) struct Open {
    /// The operations that may be tried now, by system, in order.
    pub(super) by_system: BTreeMap<Text, Vec<Todo>>,
    /// How far the operations are that others wait for.
    pub(super) gates: Gates,
    /// How many are to be tried later.
    pub(super) later: u64,
    /// When the first of those is.
    pub(super) next_try: Option<Timestamp>,
    /// How many somebody took and will do later.
    pub(super) taken: u64,
}

/// Finds it. A plan's operations are numbered in its own order. When `patient`, what waits for its next try is left.
pub(super) async fn open_operations(
    ctx: &Ctx,
    opened: &Opened,
    plan: PlanId,
    operations: Vec<Operation>,
    patient: bool,
) -> Result<Open, Error> {
    let states = states(opened, plan).await?;
    let waited_for: BTreeSet<i64> = states.iter().flat_map(|state| state.after.clone()).collect();
    let mut open = Open {
        by_system: BTreeMap::new(),
        gates: Gates::default(),
        later: 0,
        next_try: None,
        taken: 0,
    };
    let mut gates = BTreeMap::new();
    let mut operations = operations.into_iter();
    let now = ctx.now();
    for OperationProgress { seq, state, attempts, next_try, ticket, after } in states {
        let Some(operation) = operations.next() else {
            return Err(Error::bug("a saved plan has more states than operations"));
        };
        let may_be_done = matches!(state, OperationState::Planned | OperationState::Sent);
        let is_later = state == OperationState::Planned && patient && !is_due(next_try, now);
        if waited_for.contains(&seq) {
            gates.insert(seq, gate(state, ticket, is_later));
        }
        if !may_be_done {
            continue;
        }
        if ticket.is_some() {
            open.taken += 1;
        } else if is_later {
            open.later += 1;
            open.next_try = open.next_try.into_iter().chain(next_try).min();
        } else {
            let todo = open.by_system.entry(operation.target.system.clone()).or_default();
            todo.push(Todo { seq, operation, uncertain: attempts > 0, attempts, after });
        }
    }
    open.gates = Gates::new(gates);
    Ok(open)
}

async fn states(opened: &Opened, plan: PlanId) -> Result<Vec<OperationProgress>, Error> {
    let mut tx = opened.store.read().await?;
    let mut states: Vec<OperationProgress> = Vec::new();
    loop {
        let after = states.last().map_or(0, |last| last.seq);
        let page = tx.operation_states(plan, after, PAGE).await?;
        if page.is_empty() {
            return Ok(states);
        }
        states.extend(page);
    }
}

fn gate(state: OperationState, ticket: Option<i64>, is_later: bool) -> Gate {
    match state {
        OperationState::Executed | OperationState::Verified => Gate::Done,
        OperationState::Failed
        | OperationState::Held
        | OperationState::Cancelled
        | OperationState::Skipped => {
            Gate::Failed(format!("waits for an order that is {state}").into())
        }
        OperationState::Planned if is_later => Gate::Left("waits for a later try".into()),
        OperationState::Sent if ticket.is_some() => Gate::Left(WAITS_FOR_TICKET.into()),
        OperationState::Planned | OperationState::Sent => Gate::Open,
    }
}
