//! What is the least that has to be taken back for a conflict to be over.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_lang::World;
use muster_model::Text;

use crate::{AccountRef, Assignment, Evaluation, Evaluator, Grant, Identity, Via};

/// Assignments that are tried together at most; more than that nobody would call small.
const TOGETHER: usize = 3;
/// Assignments that are tried at most, so that a person with hundreds of them is answered too.
const TRIED: usize = 24;

/// What would end a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removals {
    /// The smallest sets of assignments whose end would do, that with the least loss first; none when ending assignments
    /// does not help.
    pub sets: Vec<RemovalSet>,
    /// The roles, by position, that a rule gives and that hold a duty of the conflict: only the model, or what it reads of
    /// the identity, changes them.
    pub by_rule: Vec<usize>,
}

/// Assignments that would end a conflict together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovalSet {
    /// Positions in [`Identity::assignments`].
    pub assignments: Vec<usize>,
    /// All entitlements that would be lost, those of the conflict included: account, kind by position in its system, name.
    pub lost: Vec<(AccountRef, usize, Text)>,
}

impl Evaluator {
    /// The least that would end this conflict, by position, for an identity that has it.
    ///
    /// Sets of one assignment are tried first, then of two, then of three; each is evaluated as it would be.
    pub fn smallest_removals(
        &self,
        identity: &Identity<'_>,
        world: &dyn World,
        now: Timestamp,
        conflict: usize,
    ) -> Removals {
        let before = self.evaluate(identity, world, now);
        let has = |evaluation: &Evaluation| {
            evaluation.conflicts.iter().any(|found| found.conflict == conflict)
        };
        let without = |left_out: &[usize]| {
            let kept: Vec<Assignment> = (identity.assignments.iter().enumerate())
                .filter(|(position, _)| !left_out.contains(position))
                .map(|(_, assignment)| assignment.clone())
                .collect();
            self.evaluate(&Identity { assignments: &kept, ..*identity }, world, now)
        };
        let mut removals = Removals { sets: Vec::new(), by_rule: self.by_rule(&before, conflict) };
        if !has(&before) {
            return removals;
        }
        // What takes nothing away by itself may still do so together with another that gives the same.
        let tried = self.candidates(identity, &before, conflict);
        for size in 1..=TOGETHER.min(tried.len()) {
            for assignments in combinations(&tried, size) {
                let after = without(&assignments);
                if !has(&after) {
                    removals.sets.push(RemovalSet { assignments, lost: lost(&before, &after) });
                }
            }
            if !removals.sets.is_empty() {
                break;
            }
        }
        removals.sets.sort_by_key(|set| (set.lost.len(), set.assignments.clone()));
        removals
    }

    /// The assignments that bring a duty of the conflict, by position.
    fn candidates(
        &self,
        identity: &Identity<'_>,
        before: &Evaluation,
        conflict: usize,
    ) -> Vec<usize> {
        let given = identity.assignments.iter().enumerate();
        let all =
            given.filter(|(_, assignment)| self.holds_duty(before, assignment.role, conflict));
        all.map(|(position, _)| position).take(TRIED).collect()
    }

    /// The roles that a rule gives and that bring a duty of the conflict.
    fn by_rule(&self, before: &Evaluation, conflict: usize) -> Vec<usize> {
        let by_rule = before.roles.iter().filter(|held| held.via == Via::Rule);
        by_rule
            .map(|held| held.role)
            .filter(|role| self.holds_duty(before, *role, conflict))
            .collect()
    }

    /// Whether a role, with all it includes, could be what holds a duty of the conflict: a grant of the kind of one. Names
    /// that are worked out, and nested groups, are not looked into; the evaluation that follows tells.
    fn holds_duty(&self, before: &Evaluation, role: usize, conflict: usize) -> bool {
        let model = self.model();
        let Some(plan) = self.plan_of(before.row.type_id) else { return false };
        let duties = model.conflicts.get(conflict).map_or(&[][..], |of| &of.between);
        let kinds: BTreeSet<(usize, usize)> = duties
            .iter()
            .filter_map(|duty| model.duties.get(*duty))
            .flat_map(|duty| &duty.entitlements)
            .map(|(system, kind, _)| (system.index(), *kind))
            .collect();
        let all = plan.closure.get(role).map_or(&[][..], Vec::as_slice);
        let mut grants =
            all.iter().filter_map(|role| model.roles.get(*role)).flat_map(|r| &r.grants);
        grants.any(|grant| match grant {
            Grant::Entitlement { system, kind, .. } => kinds.contains(&(system.index(), *kind)),
            Grant::Account { .. } => false,
        })
    }
}

/// The entitlements of `before` that are not in `after`.
fn lost(before: &Evaluation, after: &Evaluation) -> Vec<(AccountRef, usize, Text)> {
    let all = |evaluation: &Evaluation| -> BTreeSet<(AccountRef, usize, Text)> {
        let accounts = evaluation.accounts.iter();
        accounts
            .flat_map(|desired| {
                let held = desired.entitlements.iter();
                held.map(|(kind, name)| (desired.account, *kind, name.clone()))
            })
            .collect()
    };
    all(before).difference(&all(after)).cloned().collect()
}

/// All ways to take `size` of `from`, in order.
fn combinations(from: &[usize], size: usize) -> Vec<Vec<usize>> {
    let Some(smaller) = size.checked_sub(1) else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for (at, first) in from.iter().enumerate() {
        for mut rest in combinations(from.get(at + 1..).unwrap_or_default(), smaller) {
            rest.insert(0, *first);
            all.push(rest);
        }
    }
    all
}
