//! What is left out of a plan because something else comes first: a read, a ticket, an operation that is left out itself.

use std::collections::{BTreeMap, BTreeSet};

use muster_app::{Error, Opened};
use muster_model::{EntityId, Text};
use muster_plan::{Kind, Operation, constraints, encode_operation};
use muster_store::{ReadTx, TicketStatus};

use super::{BATCH, Known, Scope};
use crate::review::Decisions;

/// What operations wait for.
#[derive(Clone)]
pub(crate) struct Waiting {
    /// Systems of which nobody knows yet what is there.
    unknown: Vec<Text>,
    /// For whom something is being done by hand: identity, system, account type; and the kinds of operation.
    tickets: BTreeMap<(EntityId, Text, Text), BTreeSet<Text>>,
    /// For whom a call is under way on which system.
    pub(crate) under_way: BTreeSet<(EntityId, Text)>,
}

impl Waiting {
    /// Finds it.
    pub(crate) async fn load(
        tx: &mut ReadTx,
        opened: &Opened,
        unknown: Vec<Text>,
    ) -> Result<Self, Error> {
        let mut tickets: BTreeMap<_, BTreeSet<Text>> = BTreeMap::new();
        let mut after = None;
        loop {
            let page = tx.tickets(Some(TicketStatus::Open), after, BATCH).await?;
            let Some(last) = page.last() else {
                return Ok(Self { unknown, tickets, under_way: BTreeSet::new() });
            };
            after = Some(last.id);
            for ticket in page {
                let found = opened
                    .model
                    .systems
                    .iter()
                    .zip(&opened.names.systems)
                    .find(|(_, names)| names.no == ticket.system_no);
                let Some(((system, names), entity)) = found.zip(ticket.entity) else { continue };
                let accounts = system.accounts.iter().zip(&names.accounts);
                let account = accounts
                    .filter(|(_, names)| Some(names.no) == ticket.account_type_no)
                    .map(|(account, _)| account.name.clone())
                    .next();
                let Some(account) = account else { continue };
                let key = (entity, system.name.clone(), account);
                tickets.entry(key).or_default().insert(ticket.kind);
            }
        }
    }

    /// True while somebody is at the account: everything waits for one that is being made, and for another operation of
    /// the same kind only that kind.
    fn has_ticket(&self, operation: &Operation) -> bool {
        let target = &operation.target;
        let key = (operation.identity, target.system.clone(), target.account_type.clone());
        self.tickets
            .get(&key)
            .is_some_and(|kinds| kinds.contains("create") || kinds.contains(operation.kind.name()))
    }
}

/// Takes out what would only say again what is in the queue or failed for good, and notes in the scope for whom.
///
/// All that is to be done for somebody on a system is known, or none of it: a part of it may contradict the rest.
pub(crate) fn leave_known(
    operations: Vec<Operation>,
    known: &Known,
    scope: &mut Scope,
) -> Vec<Operation> {
    if known.is_empty() {
        return operations;
    }
    let pair = |operation: &Operation| (operation.identity, operation.target.system.clone());
    let mut same: BTreeMap<(EntityId, Text), (bool, bool)> = BTreeMap::new();
    for operation in &operations {
        let Some(bodies) = known.get(&pair(operation)) else { continue };
        let is_known = bodies.contains(&encode_operation(operation));
        let (all, made) = same.entry(pair(operation)).or_insert((true, false));
        *all &= is_known;
        // What depends on an account that could not be made was not even tried.
        *made |= is_known && matches!(operation.kind, Kind::Create { .. });
    }
    scope.queued =
        same.into_iter().filter(|(_, (all, made))| *all || *made).map(|(pair, _)| pair).collect();
    operations.into_iter().filter(|operation| !scope.queued.contains(&pair(operation))).collect()
}

/// Takes out what is not for the scope, and what waits, and counts the latter by system.
pub(crate) fn hold_back(
    opened: &Opened,
    operations: Vec<Operation>,
    waiting: &Waiting,
    scope: &Scope,
) -> (Vec<Operation>, Vec<(Text, u64)>) {
    let mut out: Vec<bool> = operations
        .iter()
        .map(|operation| {
            let system = &operation.target.system;
            !scope.has_system(system)
                || waiting.unknown.contains(system)
                || waiting.has_ticket(operation)
                || waiting.under_way.contains(&(operation.identity, system.clone()))
        })
        .collect();
    if !out.contains(&true) {
        return (operations, Vec::new());
    }
    leave_out_what_follows(opened, &operations, &mut out);
    let mut counts: BTreeMap<Text, u64> = BTreeMap::new();
    let mut kept = Vec::new();
    for (operation, out) in operations.into_iter().zip(out) {
        if !out {
            kept.push(operation);
        } else if scope.has_system(&operation.target.system) {
            *counts.entry(operation.target.system).or_default() += 1;
        }
    }
    (kept, counts.into_iter().collect())
}

/// Marks what somebody refused, and what would come after it: all of it is shown and not done.
pub(crate) fn hold_refused(opened: &Opened, operations: &mut [Operation], decisions: &Decisions) {
    let mut out = decisions.mark_refused(operations);
    if !out.contains(&true) {
        return;
    }
    leave_out_what_follows(opened, operations, &mut out);
    for (operation, _) in operations.iter_mut().zip(out).filter(|(_, is_out)| *is_out) {
        operation.blocked.get_or_insert_with(|| "follows what was refused".into());
    }
}

/// What comes after something that is left out is left out too, and with an account that is not made all of it.
fn leave_out_what_follows(opened: &Opened, operations: &[Operation], out: &mut [bool]) {
    let after = constraints(&opened.model, operations);
    loop {
        let mut unmade: BTreeSet<(EntityId, &Text, &Text)> = BTreeSet::new();
        for (operation, out) in operations.iter().zip(out.iter()) {
            if *out && matches!(operation.kind, Kind::Create { .. }) {
                let target = &operation.target;
                unmade.insert((operation.identity, &target.system, &target.account_type));
            }
        }
        let is_out = |at: &usize| out.get(*at) == Some(&true);
        let more: Vec<usize> = operations
            .iter()
            .zip(&after)
            .enumerate()
            .filter(|(at, (operation, after))| {
                let target = &operation.target;
                let key = (operation.identity, &target.system, &target.account_type);
                !is_out(at) && (after.iter().any(is_out) || unmade.contains(&key))
            })
            .map(|(at, _)| at)
            .collect();
        if more.is_empty() {
            return;
        }
        for at in more {
            if let Some(out) = out.get_mut(at) {
                *out = true;
            }
        }
    }
}
