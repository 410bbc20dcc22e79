//! Which roles explain what somebody holds: the way back from access to assignments, to take an existing estate over.
//!
//! One explanation is deduced, with what is missing of it; several explain nothing, and each is named.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_lang::{Binding, Clock, Frame, World};
use muster_model::{Text, TypeId};
use rustc_hash::FxHashMap;

use crate::{
    AccountRef, Evaluation, Evaluator, HeldRole, Via, Want,
    evaluate::{Granted, with_included},
    evaluator::PlannedGrant,
    withhold::closure,
};

/// Something that is held on a system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// An account.
    Account(AccountRef),
    /// An entitlement: the account type that holds it, the position of its kind in `System::entitlements`, its name.
    Entitlement(AccountRef, usize, Text),
}

/// A role that explains something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deduced {
    /// The role by position.
    pub role: usize,
    /// What it explains of what is held, in order.
    pub explains: Vec<Access>,
    /// What it grants and is not held, in order.
    pub missing: Vec<Access>,
}

/// What of somebody's access which roles explain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deduction {
    /// The only explanations, in order of role.
    pub deduced: Vec<Deduced>,
    /// What several roles explain equally well, with those roles.
    pub ambiguous: Vec<(Access, Vec<usize>)>,
    /// What only roles explain that are had by rule, with those roles; their rules do not hold.
    pub by_rule: Vec<(Access, Vec<usize>)>,
    /// What no role grants.
    pub unexplained: Vec<Access>,
}

/// Finds explanations; made once for a model.
#[derive(Debug)]
pub struct Deducer<'e> {
    evaluator: &'e Evaluator,
    /// Roles that grant something with themselves or what they include, by name written in the model.
    literal: FxHashMap<(TypeId, Access), BTreeSet<usize>>,
    /// Roles whose grants are worked out for each identity.
    computed: FxHashMap<TypeId, BTreeSet<usize>>,
}

impl<'e> Deducer<'e> {
    /// Indexes the roles of a model by what they grant.
    pub fn new(evaluator: &'e Evaluator) -> Self {
        let mut deducer =
            Self { evaluator, literal: FxHashMap::default(), computed: FxHashMap::default() };
        for (role, declared) in evaluator.model().roles.iter().enumerate() {
            let type_id = declared.type_id;
            let Some(plan) = evaluator.plan_of(type_id) else { continue };
            let closure = plan.closure.get(role).map_or(&[][..], Vec::as_slice);
            let account =
                |position: &usize| plan.accounts.get(*position).map(|account| account.account);
            for grant in closure.iter().filter_map(|of| plan.grants.get(*of)).flatten() {
                let access = match grant {
                    PlannedGrant::Account(at) => account(at).map(Access::Account),
                    PlannedGrant::Entitlement { account: at, kind, name } => {
                        account(at).map(|of| Access::Entitlement(of, *kind, name.clone()))
                    }
                    PlannedGrant::Computed { .. } => {
                        deducer.computed.entry(type_id).or_default().insert(role);
                        None
                    }
                };
                if let Some(access) = access {
                    deducer.literal.entry((type_id, access)).or_default().insert(role);
                }
            }
        }
        deducer
    }

    /// Explains what is `held` beyond what `evaluation` wants.
    pub fn deduce(
        &self,
        evaluation: &Evaluation,
        held: &[Access],
        world: &dyn World,
        now: Timestamp,
    ) -> Deduction {
        let wanted = wanted(evaluation);
        let held: BTreeSet<&Access> = held.iter().collect();
        let open: Vec<&Access> =
            held.iter().copied().filter(|access| !wanted.contains(*access)).collect();
        let mut deduction = Deduction::default();
        let mut grants: BTreeMap<usize, BTreeSet<Access>> = BTreeMap::new();
        let mut best: Vec<(&Access, Vec<usize>)> = Vec::new();
        // Entitlements first: an account is explained by whatever explains what it holds.
        for access in open.iter().rev() {
            let candidates = self.candidates(evaluation, access, &mut grants, world, now);
            let assignable: Vec<usize> =
                candidates.iter().copied().filter(|role| !self.by_rule(*role)).collect();
            if candidates.is_empty() {
                deduction.unexplained.push((*access).clone());
            } else if assignable.is_empty() {
                deduction.by_rule.push(((*access).clone(), candidates));
            } else {
                best.push((access, best_of(assignable, &grants, &held, &wanted)));
            }
        }
        let mut chosen: BTreeSet<usize> = BTreeSet::new();
        for (access, roles) in &best {
            let is_entitlement = matches!(access, Access::Entitlement(..));
            let is_covered = || chosen.iter().any(|role| gives(&grants, *role, access));
            if let [role] = roles.as_slice()
                && (is_entitlement || !is_covered())
            {
                chosen.insert(*role);
            }
        }
        for (access, roles) in best {
            if !chosen.iter().any(|role| gives(&grants, *role, access)) {
                deduction.ambiguous.push((access.clone(), roles));
            }
        }
        let is_explained =
            |access: &Access| chosen.iter().any(|role| gives(&grants, *role, access));
        deduction.unexplained.retain(|access| !is_explained(access));
        deduction.by_rule.retain(|(access, _)| !is_explained(access));
        for role in &chosen {
            let all = grants.get(role).into_iter().flatten();
            let (explains, missing) = all
                .filter(|access| !wanted.contains(*access))
                .cloned()
                .partition(|access| held.contains(access));
            deduction.deduced.push(Deduced { role: *role, explains, missing });
        }
        deduction.ambiguous.sort();
        deduction.by_rule.sort();
        deduction.unexplained.sort();
        deduction
    }

    fn by_rule(&self, role: usize) -> bool {
        self.evaluator.model().roles.get(role).is_some_and(|role| role.when.is_some())
    }

    /// Roles that are not held and would give `access`, in order.
    fn candidates(
        &self,
        evaluation: &Evaluation,
        access: &Access,
        grants: &mut BTreeMap<usize, BTreeSet<Access>>,
        world: &dyn World,
        now: Timestamp,
    ) -> Vec<usize> {
        let type_id = evaluation.row.type_id;
        let literal = self.literal.get(&(type_id, access.clone()));
        // An account comes with every entitlement on it; that explains the entitlement, not the account alone.
        let computed =
            self.computed.get(&type_id).filter(|_| matches!(access, Access::Entitlement(..)));
        let all: BTreeSet<usize> = literal.into_iter().chain(computed).flatten().copied().collect();
        let mut candidates = Vec::new();
        for role in all {
            if evaluation.roles.iter().any(|held| held.role == role) {
                continue;
            }
            let given =
                grants.entry(role).or_insert_with(|| self.granted(evaluation, role, world, now));
            if given.contains(access) {
                candidates.push(role);
            }
        }
        candidates
    }

    /// What a role would give to the identity, with what it includes.
    fn granted(
        &self,
        evaluation: &Evaluation,
        role: usize,
        world: &dyn World,
        now: Timestamp,
    ) -> BTreeSet<Access> {
        let mut all = BTreeSet::new();
        let Some(plan) = self.evaluator.plan_of(evaluation.row.type_id) else { return all };
        let clock = Clock::new(now);
        let bindings = [Binding::Row(&evaluation.row)];
        let timezone = self.evaluator.timezone_of(&evaluation.row);
        let frame = Frame { bindings: &bindings, world, clock: &clock, timezone: &timezone };
        let roles = with_included(&[HeldRole { role, via: Via::Rule }], |role| {
            closure(plan, self.evaluator.model(), &[], role)
        });
        let granted = Granted::collect(plan, &roles, &frame);
        for ((account, has), names) in
            plan.accounts.iter().zip(granted.accounts).zip(granted.entitlements)
        {
            if has {
                all.insert(Access::Account(account.account));
            }
            let entitlement = |(kind, name)| Access::Entitlement(account.account, kind, name);
            all.extend(names.into_iter().map(entitlement));
        }
        all
    }
}

impl Evaluator {
    /// The assignments, by position in what the identity was evaluated with, without which the outcome would be the same.
    ///
    /// Each is looked at alone: of two that stand for each other, both are named.
    pub fn redundant(
        &self,
        identity: &crate::Identity<'_>,
        world: &dyn World,
        now: Timestamp,
    ) -> Vec<usize> {
        let with = self.evaluate(identity, world, now);
        let without = |position: &usize| {
            let mut assignments = identity.assignments.to_vec();
            assignments.remove(*position);
            let identity = crate::Identity { assignments: &assignments, ..*identity };
            let same = self.evaluate(&identity, world, now);
            same.fingerprint == with.fingerprint
        };
        let is_held = |position: &usize| {
            identity.assignments.get(*position).is_some_and(|assignment| {
                assignment.from.is_none_or(|from| from <= now)
                    && assignment.until.is_none_or(|until| now < until)
            })
        };
        (0..identity.assignments.len()).filter(is_held).filter(without).collect()
    }
}

/// What an evaluation wants to be there.
fn wanted(evaluation: &Evaluation) -> BTreeSet<Access> {
    let mut all = BTreeSet::new();
    for desired in evaluation.accounts.iter().filter(|desired| desired.want == Want::Present) {
        all.insert(Access::Account(desired.account));
        let entitlements = desired.entitlements.iter();
        all.extend(
            entitlements
                .map(|(kind, name)| Access::Entitlement(desired.account, *kind, name.clone())),
        );
    }
    all
}

fn gives(grants: &BTreeMap<usize, BTreeSet<Access>>, role: usize, access: &Access) -> bool {
    grants.get(&role).is_some_and(|given| given.contains(access))
}

/// Those of the candidates that explain best: of which nothing is missing, and no other one explains more.
fn best_of(
    candidates: Vec<usize>,
    grants: &BTreeMap<usize, BTreeSet<Access>>,
    held: &BTreeSet<&Access>,
    wanted: &BTreeSet<Access>,
) -> Vec<usize> {
    let empty = BTreeSet::new();
    let of = |role: usize| grants.get(&role).unwrap_or(&empty);
    let is_whole = |role: &usize| {
        of(*role).iter().all(|access| held.contains(access) || wanted.contains(access))
    };
    let whole: Vec<usize> = candidates.iter().copied().filter(is_whole).collect();
    if whole.is_empty() {
        return candidates;
    }
    let is_part = |role: &usize| {
        whole.iter().any(|other| of(*role) != of(*other) && of(*role).is_subset(of(*other)))
    };
    let largest: Vec<usize> = whole.iter().copied().filter(|role| !is_part(role)).collect();
    largest
}
