//! `evaluate`: one identity, one instant, everything that follows.

use std::borrow::Cow;

use jiff::Timestamp;
use muster_lang::{Binding, Clock, Frame, World};
use muster_model::{Hasher, Text};

use crate::{
    Assignment, DesiredAccount, Evaluation, Evaluator, FactKind, FoundConflict, HeldRole, Identity,
    Missing, Via, Want, Withheld, Withhold,
    desired::absent,
    evaluator::{PlannedGrant, TypePlan},
    lifecycle::Found,
    withhold::{closure, take_out},
    world::earliest,
};

impl Evaluator {
    /// What `identity` should have at `now`.
    ///
    /// `world` holds what [`Evaluator::projection`] names. Total: it cannot fail. Equal input gives equal output.
    pub fn evaluate(
        &self,
        identity: &Identity<'_>,
        world: &dyn World,
        now: Timestamp,
    ) -> Evaluation {
        let clock = Clock::new(now);
        let mut row = identity.row.clone();
        let mut found = self.fill(&mut row, identity, world, &clock);
        let empty = TypePlan::default();
        let plan = self.plan_of(row.type_id).unwrap_or(&empty);
        let timezone = self.timezone_of(&row);
        let bindings = [Binding::Row(&row)];
        let frame = Frame { bindings: &bindings, world, clock: &clock, timezone: &timezone };

        let withheld = withheld_now(identity.withheld, &clock);
        let roles = self.held_roles(plan, (identity.assignments, &withheld), &frame);
        let mut granted = Granted::collect(plan, &roles, &frame);
        take_out(plan, &mut granted, &withheld);
        let (ahead, ahead_change) = self.prepared(identity, world, &mut found, now);
        let mut accounts: Vec<DesiredAccount> = plan
            .accounts
            .iter()
            .enumerate()
            .map(|account| {
                self.desired_account(
                    account,
                    plan,
                    &roles,
                    &mut granted,
                    &found,
                    ahead.as_deref(),
                    &frame,
                )
            })
            .collect();
        let deletion = self.deletion(identity, row.type_id, &found);
        if let Some(at) = deletion {
            clock.note(at);
            if now >= at {
                for desired in &mut accounts {
                    *desired = absent(desired.account);
                }
            }
        }
        let conflicts = self.conflicts(plan, &accounts, world);
        let excepted = excepted(identity, &clock);
        let deletions = accounts_change(self, plan, &found, now);
        let used = used(identity, &clock);
        let next_change = earliest(earliest(clock.next_change(), ahead_change), deletions);
        let fingerprint = outcome_fingerprint(plan, &accounts);
        let (state, state_since) = (found.state, found.since);
        Evaluation {
            row,
            state,
            state_since,
            roles,
            withheld,
            accounts,
            conflicts,
            excepted,
            used,
            ahead,
            next_change,
            fingerprint,
        }
    }

    /// When an identity that has left is deleted: nothing is wanted of any system from then on. `None` when it has not
    /// left, or its type keeps those who left.
    fn deletion(
        &self,
        identity: &Identity<'_>,
        type_id: muster_model::TypeId,
        found: &Found,
    ) -> Option<Timestamp> {
        let behaviour = self.model().types.get(type_id.index())?;
        if found.state.is_none() || found.state != behaviour.terminated {
            return None;
        }
        let said = identity.facts.iter().filter(|fact| {
            matches!(fact.kind, FactKind::Deleted | FactKind::Erased) && fact.until.is_none()
        });
        let kept =
            behaviour.retention.map(|retention| found.since.saturating_add(retention.delete));
        said.map(|fact| fact.from).chain(kept.and_then(Result::ok)).min()
    }

    /// When an identity, as evaluated, was or will be deleted.
    pub fn deleted_at(
        &self,
        identity: &Identity<'_>,
        evaluation: &Evaluation,
    ) -> Option<Timestamp> {
        let found = Found { state: evaluation.state, since: evaluation.state_since, until: None };
        self.deletion(identity, evaluation.row.type_id, &found)
    }

    /// The outcome at the end of the present state, when that state prepares accounts and the time has come; also the
    /// instant at which the time comes. Sets `until` of `found` to the true end of such a state.
    fn prepared(
        &self,
        identity: &Identity<'_>,
        world: &dyn World,
        found: &mut Found,
        now: Timestamp,
    ) -> (Option<Box<Evaluation>>, Option<Timestamp>) {
        let (Some(state), Some(_)) = (found.state, found.until) else { return (None, None) };
        let longest = self
            .effects(identity.row.type_id)
            .filter_map(|states| states.get(state).copied().flatten()?.prepare)
            .max();
        let Some(longest) = longest else { return (None, None) };
        found.until = self.end_of_state(identity, world, found);
        let Some(until) = found.until else { return (None, None) };
        let begins = until.saturating_sub(longest).unwrap_or(Timestamp::MIN);
        if now < begins {
            return (None, Some(begins));
        }
        (Some(Box::new(self.evaluate(identity, world, until))), None)
    }

    /// The roles held: by rule, by assignment, by inclusion; in order of position.
    fn held_roles(
        &self,
        plan: &TypePlan,
        (assignments, withheld): (&[Assignment], &[Withhold]),
        frame: &Frame<'_>,
    ) -> Vec<HeldRole> {
        let mut direct: Vec<HeldRole> = Vec::new();
        let mut try_role = |role: usize| {
            let when = self.model().roles.get(role).and_then(|role| role.when.as_ref());
            if when.is_some_and(|when| when.program.holds(frame)) {
                direct.push(HeldRole { role, via: Via::Rule });
            }
        };
        plan.rules.candidates(frame, Missing::Fails, &mut try_role);
        for (position, assignment) in assignments.iter().enumerate() {
            let ends = [assignment.from, assignment.until];
            ends.into_iter().flatten().for_each(|at| frame.clock.note(at));
            let now = frame.clock.now;
            if assignment.from.is_none_or(|from| from <= now)
                && assignment.until.is_none_or(|until| now < until)
            {
                direct.push(HeldRole { role: assignment.role, via: Via::Assigned(position) });
            }
        }
        direct.retain(|held| !withheld.contains(&Withhold::Role(held.role)));
        with_included(&direct, |role| closure(plan, self.model(), withheld, role))
    }

    /// Conflicts among what the accounts should hold and what comes with it.
    fn conflicts(
        &self,
        plan: &TypePlan,
        accounts: &[DesiredAccount],
        world: &dyn World,
    ) -> Vec<FoundConflict> {
        if plan.duties.is_empty() {
            return Vec::new();
        }
        let mut held = Vec::new();
        for account in accounts {
            for (kind, name) in &account.entitlements {
                let brought = world.brings(account.account.system, *kind, name);
                for name in std::iter::once(name).chain(brought) {
                    let key = (account.account, *kind, name.clone());
                    held.extend(plan.duties.get(&key).into_iter().flatten());
                }
            }
        }
        held.sort_unstable();
        held.dedup();
        let holds = |duty: &usize| held.binary_search(duty).is_ok();
        self.model()
            .conflicts
            .iter()
            .enumerate()
            .filter_map(|(conflict, between)| {
                let duties: Vec<usize> = between.between.iter().copied().filter(holds).collect();
                (duties.len() > 1).then_some(FoundConflict { conflict, duties })
            })
            .collect()
    }
}

/// What is withheld at this instant, in order.
fn withheld_now(all: &[Withheld], clock: &Clock) -> Vec<Withhold> {
    for end in all.iter().flat_map(|one| [one.from, one.until]).flatten() {
        clock.note(end);
    }
    let holding = all.iter().filter(|one| one.holds(clock.now));
    let mut what: Vec<Withhold> = holding.map(|one| one.what.clone()).collect();
    what.sort_unstable();
    what.dedup();
    what
}

/// Adds what the direct roles include, as `closure` says; the first reason in the order rule, assignment, inclusion stays.
pub(crate) fn with_included<'p>(
    direct: &[HeldRole],
    closure: impl Fn(usize) -> Cow<'p, [usize]>,
) -> Vec<HeldRole> {
    let mut roles = direct.to_vec();
    for held in direct {
        let closure = closure(held.role);
        let included = closure.iter().filter(|role| **role != held.role);
        roles.extend(included.map(|role| HeldRole { role: *role, via: Via::Included(held.role) }));
    }
    roles.sort_by_key(|held| {
        (
            held.role,
            match held.via {
                Via::Rule => (0, 0),
                Via::Assigned(position) => (1, position),
                Via::Included(by) => (2, by),
            },
        )
    });
    roles.dedup_by_key(|held| held.role);
    roles
}

/// What held roles grant, by position of the account type.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) accounts: Vec<bool>,
    pub(crate) entitlements: Vec<Vec<(usize, Text)>>,
}

impl Granted {
    pub(crate) fn collect(plan: &TypePlan, roles: &[HeldRole], frame: &Frame<'_>) -> Self {
        let n = plan.accounts.len();
        let mut granted = Self { accounts: vec![false; n], entitlements: vec![Vec::new(); n] };
        for grant in roles.iter().filter_map(|held| plan.grants.get(held.role)).flatten() {
            match grant {
                PlannedGrant::Account(account) => granted.mark(*account),
                PlannedGrant::Entitlement { account, kind, name } => {
                    granted.add(*account, *kind, name.clone());
                }
                PlannedGrant::Computed { account, kind, names } => {
                    for name in
                        names.eval(frame).items().iter().filter_map(muster_model::Value::as_text)
                    {
                        if !name.is_empty() {
                            granted.add(*account, *kind, name.clone());
                        }
                    }
                }
            }
        }
        for names in &mut granted.entitlements {
            names.sort_unstable();
            names.dedup();
        }
        granted
    }

    fn mark(&mut self, account: usize) {
        if let Some(place) = self.accounts.get_mut(account) {
            *place = true;
        }
    }

    fn add(&mut self, account: usize, kind: usize, name: Text) {
        self.mark(account);
        if let Some(names) = self.entitlements.get_mut(account) {
            names.push((kind, name));
        }
    }
}

/// When a state that deletes accounts after some time will do so.
fn accounts_change(
    evaluator: &Evaluator,
    plan: &TypePlan,
    found: &Found,
    now: Timestamp,
) -> Option<Timestamp> {
    let state = found.state?;
    plan.accounts
        .iter()
        .filter_map(|account| evaluator.effect(account.account, state)?.delete_after)
        .filter_map(|after| found.since.saturating_add(after).ok())
        .filter(|at| *at > now)
        .min()
}

/// The last instant from which accounts count as used by what was said by hand.
fn used(identity: &Identity<'_>, clock: &Clock) -> Option<Timestamp> {
    let said = identity.facts.iter().filter(|fact| fact.kind == FactKind::Used);
    said.map(|fact| fact.from).inspect(|at| clock.note(*at)).filter(|at| *at <= clock.now).max()
}

/// The conflicts that an exception allows at the time of `clock`.
fn excepted(identity: &Identity<'_>, clock: &Clock) -> Vec<usize> {
    let mut excepted = Vec::new();
    for exception in identity.exceptions {
        clock.note(exception.from);
        exception.until.into_iter().for_each(|at| clock.note(at));
        if exception.from <= clock.now && exception.until.is_none_or(|until| clock.now < until) {
            excepted.push(exception.conflict);
        }
    }
    excepted.sort_unstable();
    excepted.dedup();
    excepted
}

fn outcome_fingerprint(plan: &TypePlan, accounts: &[DesiredAccount]) -> muster_model::Fingerprint {
    let mut hasher = Hasher::new();
    for (desired, plan) in accounts.iter().zip(&plan.accounts) {
        hasher.bytes(&plan.salt.to_bytes());
        match desired.want {
            Want::Absent => hasher.byte(0),
            Want::Retained { keep_entitlements, delete_after } => {
                hasher.byte(1 + 2 * u8::from(keep_entitlements));
                hasher.int(delete_after.map_or(-1, |after| after.as_secs()));
            }
            Want::Present => hasher.byte(2),
        }
        hasher.byte(u8::from(desired.enabled));
        hasher.text(desired.name.as_deref().unwrap_or(""));
        hasher.byte(u8::from(desired.name.is_some()));
        desired.values.iter().for_each(|value| value.fingerprint(&mut hasher));
        hasher.int(i64::try_from(desired.entitlements.len()).unwrap_or(i64::MAX));
        for (kind, name) in &desired.entitlements {
            hasher.int(i64::try_from(*kind).unwrap_or(i64::MAX));
            hasher.text(name);
        }
    }
    hasher.finish()
}
