//! What is wanted of one account.

use muster_lang::Frame;
use muster_model::{TypeId, Value};

use crate::{
    AccountRef, AccountType, DesiredAccount, Evaluation, Evaluator, HeldRole, StateEffect, Want,
    evaluate::Granted,
    evaluator::{AccountPlan, TypePlan},
    lifecycle::Found,
};

/// What holds when a lifecycle state says nothing about an account.
const WORKING: StateEffect =
    StateEffect { prepare: None, enabled: true, entitlements: true, delete_after: None };

impl Evaluator {
    /// The account type that `account` names.
    pub fn account_type(&self, account: AccountRef) -> Option<&AccountType> {
        self.model().systems.get(account.system.index())?.accounts.get(account.account)
    }

    pub(crate) fn effect(&self, account: AccountRef, state: usize) -> Option<StateEffect> {
        self.account_type(account)?.states.get(state).copied().flatten()
    }

    pub(crate) fn effects(&self, type_id: TypeId) -> impl Iterator<Item = &[Option<StateEffect>]> {
        let accounts = self.model().systems.iter().flat_map(|system| &system.accounts);
        accounts
            .filter(move |account| account.identity == type_id)
            .map(|account| account.states.as_slice())
    }

    /// Decides about one account: the lifecycle state first, then what roles grant, then what happens without a grant.
    #[expect(clippy::too_many_arguments, reason = "all of it is the context of one evaluation")]
    pub(crate) fn desired_account(
        &self,
        (position, account_plan): (usize, &AccountPlan),
        plan: &TypePlan,
        roles: &[HeldRole],
        granted: &mut Granted,
        found: &Found,
        ahead: Option<&Evaluation>,
        frame: &Frame<'_>,
    ) -> DesiredAccount {
        let account = account_plan.account;
        let is_granted = granted.accounts.get(position).copied().unwrap_or(false);
        let Some(account_type) = self.account_type(account) else { return absent(account) };
        let effect = found.state.and_then(|state| self.effect(account, state));
        if let Some(effect) = effect {
            if effect.prepare.is_some() {
                return prepared_account(
                    account,
                    effect,
                    found,
                    ahead.and_then(|a| a.accounts.get(position)),
                    frame,
                );
            }
            let ends = effect.delete_after.and_then(|after| found.since.saturating_add(after).ok());
            if ends.is_some_and(|at| frame.clock.now >= at) {
                return absent(account);
            }
            // A state that ends in deletion is on the way out: what is there is kept, nothing is created any more.
            if !effect.enabled && (!is_granted || effect.delete_after.is_some()) {
                return retained(account, StateEffect { delete_after: None, ..effect });
            }
        }
        if !is_granted {
            return unassigned(account, account_type.unassigned);
        }
        let effect = effect.unwrap_or(WORKING);
        let entitlements = if effect.entitlements {
            granted.entitlements.get_mut(position).map(std::mem::take).unwrap_or_default()
        } else {
            Vec::new()
        };
        DesiredAccount {
            account,
            want: Want::Present,
            enabled: effect.enabled,
            name: account_type
                .account_name
                .program
                .eval(frame)
                .as_text()
                .filter(|name| !name.is_empty())
                .cloned(),
            values: self.values(position, account_type, plan, roles, frame),
            entitlements,
        }
    }

    fn values(
        &self,
        position: usize,
        account_type: &AccountType,
        plan: &TypePlan,
        roles: &[HeldRole],
        frame: &Frame<'_>,
    ) -> Vec<Value> {
        let mut values: Vec<Value> = account_type
            .set
            .iter()
            .map(|mapping| {
                let value =
                    mapping.value.as_ref().map_or(Value::Null, |rule| rule.program.eval(frame));
                if mapping.many { as_set(value) } else { as_single(value) }
            })
            .collect();
        for held in roles {
            let contributed = plan.values.get(held.role).map_or(&[][..], Vec::as_slice);
            for (_, mapping, value) in
                contributed.iter().filter(|(account, ..)| *account == position)
            {
                let rule =
                    self.model().roles.get(held.role).and_then(|role| role.values.get(*value));
                let contributed = rule.map_or(Value::Null, |rule| rule.value.program.eval(frame));
                let many = account_type.set.get(*mapping).is_some_and(|mapping| mapping.many);
                if let Some(place) = values.get_mut(*mapping).filter(|_| !contributed.is_null()) {
                    *place = if many { union(place, &contributed) } else { as_single(contributed) };
                }
            }
        }
        values
    }
}

fn retained(account: AccountRef, effect: StateEffect) -> DesiredAccount {
    let want = Want::Retained {
        delete_after: effect.delete_after,
        keep_entitlements: effect.entitlements,
    };
    DesiredAccount {
        account,
        want,
        enabled: effect.enabled,
        name: None,
        values: Vec::new(),
        entitlements: Vec::new(),
    }
}

/// No account.
pub(crate) fn absent(account: AccountRef) -> DesiredAccount {
    let nothing =
        StateEffect { prepare: None, enabled: false, entitlements: false, delete_after: None };
    DesiredAccount { want: Want::Absent, ..retained(account, nothing) }
}

fn unassigned(account: AccountRef, effect: StateEffect) -> DesiredAccount {
    if effect.delete_after.is_some_and(|after| after.is_zero()) {
        absent(account)
    } else {
        retained(account, effect)
    }
}

/// The account as it will be when the state ends, made ready in the form the state gives it.
fn prepared_account(
    account: AccountRef,
    effect: StateEffect,
    found: &Found,
    then: Option<&DesiredAccount>,
    frame: &Frame<'_>,
) -> DesiredAccount {
    let begins = effect
        .prepare
        .zip(found.until)
        .and_then(|(prepare, until)| until.saturating_sub(prepare).ok());
    let due = begins.is_some_and(|begins| frame.clock.now >= begins);
    if let (Some(begins), false) = (begins, due) {
        frame.clock.note(begins);
    }
    match then.filter(|then| due && then.want == Want::Present) {
        Some(then) => {
            let entitlements =
                if effect.entitlements { then.entitlements.clone() } else { Vec::new() };
            DesiredAccount { enabled: effect.enabled, entitlements, ..then.clone() }
        }
        None => retained(account, effect),
    }
}

fn as_single(value: Value) -> Value {
    if let Value::List(items) = value {
        items.first().cloned().unwrap_or(Value::Null)
    } else {
        value
    }
}

fn as_set(value: Value) -> Value {
    let Value::List(items) = &value else {
        return if value.is_null() { Value::Null } else { Value::List([value].into()) };
    };
    // `Null` sorts before everything else.
    let is_set =
        items.is_sorted_by(|a, b| a < b) && items.first().is_some_and(|first| !first.is_null());
    if is_set { value } else { Value::set(items.to_vec()) }
}

fn union(a: &Value, b: &Value) -> Value {
    Value::set(a.items().iter().chain(b.items()).cloned().collect())
}
