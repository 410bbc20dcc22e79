//! Why: the roles behind an account or entitlement, the rule behind a value, the conditions that failed.
//!
//! Works on an evaluation that was made anyway; nothing here is on the fast path.

use jiff::Timestamp;
use muster_lang::{Binding, Clock, Condition, Frame, World};
use muster_model::{AssignmentId, Location, Text, Value};

use crate::{
    AccountRef, Assignment, Evaluation, Evaluator, HeldRole, Rule, Via,
    evaluator::{PlannedGrant, TypePlan},
};

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// An account.
    Account(AccountRef),
    /// An entitlement of an account: position in `System::entitlements` and name.
    Entitlement(AccountRef, usize, &'a str),
}

/// One reason for having something: a role, and how the role came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The role.
    pub role: Text,
    /// Where the role is written.
    pub at: Location,
    /// How the identity came to it.
    pub because: Because,
}

/// How a role came to an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// Its rule holds.
    Rule {
        /// The conditions with the values they read.
        conditions: Vec<Condition>,
        /// Where the rule is written.
        at: Location,
    },
    /// It was assigned.
    Assigned {
        /// Which assignment.
        id: AssignmentId,
        /// The reason given.
        reason: Text,
        /// Who assigned it.
        by: Text,
        /// From when.
        from: Option<Timestamp>,
        /// Until when.
        until: Option<Timestamp>,
    },
    /// Another role includes it.
    Included(Box<Reason>),
}

/// A role that would give the thing asked about, and why the identity does not have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingRole {
    /// The role.
    pub role: Text,
    /// Where it is written.
    pub at: Location,
    /// The conditions of its rule; empty when it is given by assignment only.
    pub conditions: Vec<Condition>,
}

/// Why an account attribute has its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeReason {
    /// The value.
    pub value: Value,
    /// The expression.
    pub source: Text,
    /// Where it is written.
    pub at: Location,
    /// The paths it read and their values.
    pub reads: Vec<(Text, Value)>,
    /// The role that contributes the value, if it is not the mapping of the account.
    pub role: Option<Text>,
}

/// Why an identity is in its lifecycle state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateReason {
    /// The state.
    pub state: Text,
    /// Since when.
    pub since: Timestamp,
    /// The conditions; empty when the state follows from the vanished record.
    pub conditions: Vec<Condition>,
    /// Where the rule is written.
    pub at: Location,
}

impl Evaluator {
    /// The held roles that grant `subject` themselves; for an account made ready early, the roles that will.
    pub fn granting<'e>(
        &self,
        evaluation: &'e Evaluation,
        subject: Subject<'_>,
        world: &dyn World,
        now: Timestamp,
    ) -> (&'e Evaluation, Vec<HeldRole>) {
        let Some(plan) = self.plan_of(evaluation.row.type_id) else {
            return (evaluation, Vec::new());
        };
        let held: Vec<HeldRole> = self.in_frame(evaluation, world, now, |frame| {
            evaluation
                .roles
                .iter()
                .copied()
                .filter(|held| grants(plan, held.role, subject, frame))
                .filter(|_| !evaluation.withholds(subject))
                .collect()
        });
        match &evaluation.ahead {
            Some(ahead) if held.is_empty() => self.granting(ahead, subject, world, now),
            Some(_) | None => (evaluation, held),
        }
    }

    /// All reasons for `subject`, each down to a rule or an assignment.
    pub fn reasons(
        &self,
        evaluation: &Evaluation,
        assignments: &[Assignment],
        subject: Subject<'_>,
        world: &dyn World,
        now: Timestamp,
    ) -> Vec<Reason> {
        let (evaluation, held) = self.granting(evaluation, subject, world, now);
        self.in_frame(evaluation, world, now, |frame| {
            held.iter()
                .filter_map(|held| self.reason(evaluation, assignments, *held, frame, 0))
                .collect()
        })
    }

    /// The reason for one held role.
    fn reason(
        &self,
        evaluation: &Evaluation,
        assignments: &[Assignment],
        held: HeldRole,
        frame: &Frame<'_>,
        depth: u8,
    ) -> Option<Reason> {
        let role = self.model().roles.get(held.role)?;
        let because = match held.via {
            Via::Rule => {
                let when = role.when.as_ref()?;
                Because::Rule { conditions: when.program.conditions(frame), at: when.at.clone() }
            }
            Via::Assigned(position) => {
                let Assignment { id, role: _, from, until, reason, by } =
                    assignments.get(position)?;
                Because::Assigned {
                    id: *id,
                    reason: reason.clone(),
                    by: by.clone(),
                    from: *from,
                    until: *until,
                }
            }
            Via::Included(by) if depth < 32 => {
                let includer = evaluation.roles.iter().find(|held| held.role == by)?;
                Because::Included(Box::new(self.reason(
                    evaluation,
                    assignments,
                    *includer,
                    frame,
                    depth + 1,
                )?))
            }
            Via::Included(_) => return None,
        };
        Some(Reason { role: role.name.clone(), at: role.at.clone(), because })
    }

    /// The roles that would grant `subject` but are not held, with the conditions of their rules.
    pub fn missing(
        &self,
        evaluation: &Evaluation,
        subject: Subject<'_>,
        world: &dyn World,
        now: Timestamp,
    ) -> Vec<MissingRole> {
        let Some(plan) = self.plan_of(evaluation.row.type_id) else { return Vec::new() };
        self.in_frame(evaluation, world, now, |frame| {
            let held = |position: usize| evaluation.roles.iter().any(|held| held.role == position);
            let candidates = self.model().roles.iter().enumerate();
            candidates
                .filter(|(position, role)| {
                    role.type_id == evaluation.row.type_id && !held(*position)
                })
                .filter(|(position, _)| brings(plan, *position, subject, frame))
                .map(|(_, role)| MissingRole {
                    role: role.name.clone(),
                    at: role.at.clone(),
                    conditions: role
                        .when
                        .as_ref()
                        .map_or_else(Vec::new, |when| when.program.conditions(frame)),
                })
                .collect()
        })
    }

    /// Why attribute `mapping` of `account` has its value; `None` when nothing sets it.
    pub fn attribute_reason(
        &self,
        evaluation: &Evaluation,
        account: AccountRef,
        mapping: usize,
        world: &dyn World,
        now: Timestamp,
    ) -> Option<AttributeReason> {
        let plan = self.plan_of(evaluation.row.type_id)?;
        let position = plan.accounts.iter().position(|candidate| candidate.account == account)?;
        let contributed = evaluation.roles.iter().rev().filter_map(|held| {
            let values = plan.values.get(held.role)?;
            let (_, _, value) = values.iter().find(|(a, m, _)| *a == position && *m == mapping)?;
            let role = self.model().roles.get(held.role)?;
            Some((role.name.clone(), &role.values.get(*value)?.value))
        });
        let rule = self.account_type(account)?.set.get(mapping)?;
        let wanted = evaluation.accounts.get(position).and_then(|a| a.values.get(mapping));
        self.in_frame(evaluation, world, now, |frame| {
            let mut of_roles = contributed
                .map(|(role, rule)| AttributeReason {
                    role: Some(role),
                    ..attribute_reason(rule, frame)
                })
                .filter(|reason| !reason.value.is_null());
            let of_mapping = || rule.value.as_ref().map(|rule| attribute_reason(rule, frame));
            let mut reason = of_roles.next().or_else(of_mapping)?;
            // Where several values are allowed, each role adds to the mapping: the value is that of all together.
            if let Some(union) = wanted.filter(|_| rule.many) {
                reason.value = union.clone();
            }
            Some(reason)
        })
    }

    /// Why the identity is in its lifecycle state.
    pub fn state_reason(
        &self,
        evaluation: &Evaluation,
        world: &dyn World,
        now: Timestamp,
    ) -> Option<StateReason> {
        let position = evaluation.state?;
        let state =
            self.model().types.get(evaluation.row.type_id.index())?.lifecycle.get(position)?;
        self.in_frame(evaluation, world, now, |frame| {
            let conditions = if state.when.program.holds(frame) {
                state.when.program.conditions(frame)
            } else {
                Vec::new()
            };
            Some(StateReason {
                state: state.name.clone(),
                since: evaluation.state_since,
                conditions,
                at: state.when.at.clone(),
            })
        })
    }

    fn in_frame<T>(
        &self,
        evaluation: &Evaluation,
        world: &dyn World,
        now: Timestamp,
        answer: impl FnOnce(&Frame<'_>) -> T,
    ) -> T {
        let clock = Clock::new(now);
        let timezone = self.timezone_of(&evaluation.row);
        let bindings = [Binding::Row(&evaluation.row)];
        answer(&Frame { bindings: &bindings, world, clock: &clock, timezone: &timezone })
    }
}

fn attribute_reason(rule: &Rule, frame: &Frame<'_>) -> AttributeReason {
    let value = rule.program.eval(frame);
    let reads =
        rule.program.conditions(frame).into_iter().flat_map(|condition| condition.reads).collect();
    AttributeReason {
        value,
        source: rule.program.source().clone(),
        at: rule.at.clone(),
        reads,
        role: None,
    }
}

/// True when the role grants `subject` itself.
fn grants(plan: &TypePlan, role: usize, subject: Subject<'_>, frame: &Frame<'_>) -> bool {
    let account_of = |position: usize| plan.accounts.get(position).map(|plan| plan.account);
    plan.grants.get(role).is_some_and(|granted| {
        granted.iter().any(|grant| match (subject, grant) {
            (
                Subject::Account(account),
                PlannedGrant::Account(position)
                | PlannedGrant::Entitlement { account: position, .. }
                | PlannedGrant::Computed { account: position, .. },
            ) => account_of(*position) == Some(account),
            (
                Subject::Entitlement(account, kind, name),
                PlannedGrant::Entitlement { account: position, kind: k, name: n },
            ) => account_of(*position) == Some(account) && *k == kind && **n == *name,
            (
                Subject::Entitlement(account, kind, name),
                PlannedGrant::Computed { account: position, kind: k, names },
            ) => {
                account_of(*position) == Some(account)
                    && *k == kind
                    && names
                        .eval(frame)
                        .items()
                        .iter()
                        .any(|n| n.as_text().is_some_and(|n| **n == *name))
            }
            (Subject::Entitlement(..), PlannedGrant::Account(_)) => false,
        })
    })
}

/// True when the role or one it includes grants `subject`.
fn brings(plan: &TypePlan, role: usize, subject: Subject<'_>, frame: &Frame<'_>) -> bool {
    plan.closure
        .get(role)
        .is_some_and(|closure| closure.iter().any(|role| grants(plan, *role, subject, frame)))
}
