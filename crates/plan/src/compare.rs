//! Desired against observed for one identity.
//!
//! Every difference becomes one operation; equal sides give none. The comparison is on the form the system holds:
//! text-only systems are compared as text, names by the system's rule.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_lang::World;
use muster_model::{AccountId, NameRule, Text, Value, name_key};
use muster_policy::{
    AccountRef, AccountType, DesiredAccount, Evaluation, Evaluator, Manage, Mapping, StateEffect,
    Subject, System, Want,
};

use crate::{
    AttributeChange, Kind, Operation, OperationReason, Target, conflict::hold_back_conflicts,
};

/// An account of the identity as last observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The account in the repository.
    pub id: AccountId,
    /// Its account type.
    pub account: AccountRef,
    /// The id the system gave it.
    pub native_id: Text,
    /// Its name on the system.
    pub name: Text,
    /// Whether it can be used; `None` where the system has no such notion.
    pub enabled: Option<bool>,
    /// Its values by position in `AccountType::set`.
    pub values: Vec<Value>,
    /// Its entitlements: position in `System::entitlements` and name, sorted.
    pub entitlements: Vec<(usize, Text)>,
    /// Since when it is out of use, if it is.
    pub disabled_since: Option<Timestamp>,
    /// When it was last used, or became known; `None` where nobody asks.
    pub last_used: Option<Timestamp>,
}

/// The outcome of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// What is to be done; empty when nothing differs.
    pub operations: Vec<Operation>,
    /// When an account that is kept disabled is due for deletion, or one that nobody uses for a warning or its end.
    pub next_change: Option<Timestamp>,
    /// Accounts that will be disabled unless somebody uses them, each with when it was last used.
    pub idle: Vec<(AccountRef, Timestamp)>,
}

mod idle;

use idle::UseOf;

struct Context<'a> {
    evaluator: &'a Evaluator,
    evaluation: &'a Evaluation,
    world: &'a dyn World,
    now: Timestamp,
    subject: Text,
}

/// Compares what `evaluation` wants with what is observed of the identity's accounts.
///
/// `subject` names the identity to people.
pub fn compare(
    evaluator: &Evaluator,
    evaluation: &Evaluation,
    observed: &[Observed],
    subject: &Text,
    world: &dyn World,
    now: Timestamp,
) -> Compared {
    let context = Context { evaluator, evaluation, world, now, subject: subject.clone() };
    let mut compared = Compared::default();
    let mut all: BTreeMap<AccountRef, Vec<&Observed>> = BTreeMap::new();
    for observed in observed {
        all.entry(observed.account).or_default().push(observed);
    }
    let mut by_account: BTreeMap<AccountRef, &Observed> = BTreeMap::new();
    for desired in &evaluation.accounts {
        let Some(system) = evaluator.model().systems.get(desired.account.system.index()) else {
            continue;
        };
        let Some(account_type) = system.accounts.get(desired.account.account) else { continue };
        let side = Side { system, account_type, desired };
        let accounts = side.in_order(all.remove(&desired.account).unwrap_or_default());
        if let Some(first) = accounts.first() {
            by_account.insert(desired.account, first);
        }
        if account_type.manage == Manage::Attributes {
            context.write_back(&side, accounts.first().copied(), &mut compared.operations);
            continue;
        }
        if accounts.is_empty() && desired.want == Want::Present {
            context.create(&side, &mut compared.operations);
        }
        for (position, observed) in accounts.into_iter().enumerate() {
            context.account(&side, observed, position == 0, &mut compared);
        }
    }
    // Accounts that nothing is wanted of may take part in conflicts all the same.
    for (account, observed) in all {
        if let Some(first) = observed.into_iter().min_by_key(|observed| observed.id) {
            by_account.insert(account, first);
        }
    }
    let model = evaluator.model();
    hold_back_conflicts(model, evaluation, &by_account, world, &mut compared.operations);
    compared
}

struct Side<'a> {
    system: &'a System,
    account_type: &'a AccountType,
    desired: &'a DesiredAccount,
}

impl Side<'_> {
    /// The accounts of the identity, first the one that is kept right: the one with the wanted name, else the oldest.
    fn in_order<'o>(&self, mut accounts: Vec<&'o Observed>) -> Vec<&'o Observed> {
        let key = |name: &Text| name_key(self.system.names, name);
        let wanted = self.desired.name.as_ref().map(|name| key(&object_name(self.system, name)));
        accounts.sort_by_key(|observed| {
            (wanted.as_ref().is_none_or(|wanted| key(&observed.name) != *wanted), observed.id)
        });
        accounts
    }
}

impl Context<'_> {
    /// One account that is there. Further ones beside the first are never renamed, filled in, enabled or given anything;
    /// they lose what nobody grants and end with the identity.
    fn account(&self, side: &Side<'_>, observed: &Observed, first: bool, compared: &mut Compared) {
        match side.desired.want {
            Want::Present if first => {
                let use_of = self.use_of(side, observed, compared);
                self.adjust(side, observed, &use_of, &mut compared.operations);
            }
            Want::Present => {
                let use_of = self.use_of(side, observed, compared);
                let target = target_of(side, observed);
                self.revokes(side, observed, &target, &mut compared.operations);
                if observed.enabled == Some(true) && !use_of.enabled {
                    compared.operations.push(self.switch_as(side, &target, &use_of));
                }
            }
            Want::Retained { keep_entitlements, delete_after } => {
                let due =
                    delete_after.and_then(|after| observed.disabled_since?.checked_add(after).ok());
                if due.is_some_and(|due| due <= self.now) {
                    self.delete(side, observed, &mut compared.operations);
                } else {
                    compared.next_change = compared.next_change.into_iter().chain(due).min();
                    self.retain(side, observed, keep_entitlements, &mut compared.operations);
                }
            }
            Want::Absent => self.delete(side, observed, &mut compared.operations),
        }
    }

    /// Values that go back to a source: only attributes, only of an account that is there.
    fn write_back(
        &self,
        side: &Side<'_>,
        observed: Option<&Observed>,
        operations: &mut Vec<Operation>,
    ) {
        if let (Some(observed), Want::Present) = (observed, side.desired.want) {
            self.update(side, observed, &target_of(side, observed), operations);
        }
    }

    fn create(&self, side: &Side<'_>, operations: &mut Vec<Operation>) {
        let Some(name) = &side.desired.name else { return };
        let name = object_name(side.system, name);
        let target = Target {
            system: side.system.name.clone(),
            account_type: side.account_type.name.clone(),
            account: None,
            native_id: "".into(),
            name,
        };
        let values = side.account_type.set.iter().zip(&side.desired.values);
        let values = values
            .map(|(mapping, value)| {
                (mapping.attribute.clone(), shaped(side.system, mapping, value))
            })
            .filter(|(_, value)| !value.is_null())
            .collect();
        let reason = self.reason(Subject::Account(side.desired.account));
        let enabled = side.desired.enabled;
        operations.push(self.operation(target.clone(), Kind::Create { values, enabled }, reason));
        self.grants(side, &[], &target, operations);
    }

    fn adjust(
        &self,
        side: &Side<'_>,
        observed: &Observed,
        use_of: &UseOf,
        operations: &mut Vec<Operation>,
    ) {
        let target = target_of(side, observed);
        self.revokes(side, observed, &target, operations);
        if observed.enabled == Some(true) && !use_of.enabled {
            operations.push(self.switch_as(side, &target, use_of));
        }
        let wanted = side.desired.name.as_ref().map(|name| object_name(side.system, name));
        let renamed = wanted.filter(|to| {
            name_key(side.system.names, to) != name_key(side.system.names, &observed.name)
        });
        let mut after = target.clone();
        if let Some(to) = renamed {
            let reason = OperationReason {
                text: "its name follows the rule".into(),
                at: Some(side.account_type.account_name.at.clone()),
            };
            operations.push(self.operation(target, Kind::Rename { to: to.clone() }, reason));
            after.name = to;
        }
        self.update(side, observed, &after, operations);
        if observed.enabled == Some(false) && use_of.enabled {
            operations.push(self.switch_as(side, &after, use_of));
        }
        self.grants(side, &observed.entitlements, &after, operations);
    }

    fn update(
        &self,
        side: &Side<'_>,
        observed: &Observed,
        target: &Target,
        operations: &mut Vec<Operation>,
    ) {
        let mut at = None;
        let mut changes = Vec::new();
        for (position, mapping) in
            side.account_type.set.iter().enumerate().filter(|(_, mapping)| !mapping.on_create)
        {
            let shaped_at = |values: &[Value]| {
                shaped(side.system, mapping, values.get(position).unwrap_or(&Value::Null))
            };
            let (old, new) = (shaped_at(&observed.values), shaped_at(&side.desired.values));
            if new != old {
                at = at.or_else(|| mapping.value.as_ref().map(|rule| rule.at.clone()));
                changes.push(AttributeChange { attribute: mapping.attribute.clone(), old, new });
            }
        }
        if !changes.is_empty() {
            let reason = OperationReason { text: "values follow the mapping".into(), at };
            operations.push(self.operation(target.clone(), Kind::Update { changes }, reason));
        }
    }

    fn retain(
        &self,
        side: &Side<'_>,
        observed: &Observed,
        keep_entitlements: bool,
        operations: &mut Vec<Operation>,
    ) {
        let target = target_of(side, observed);
        if !keep_entitlements {
            self.revokes(side, observed, &target, operations);
        }
        if observed.enabled.is_some_and(|enabled| enabled != side.desired.enabled) {
            operations.push(self.switch(side, target, side.desired.enabled));
        }
    }

    fn delete(&self, side: &Side<'_>, observed: &Observed, operations: &mut Vec<Operation>) {
        let target = target_of(side, observed);
        self.revokes(side, observed, &target, operations);
        operations.push(self.operation(target, Kind::Delete, self.state_reason(side)));
    }

    fn revokes(
        &self,
        side: &Side<'_>,
        observed: &Observed,
        target: &Target,
        operations: &mut Vec<Operation>,
    ) {
        for (kind, name) in &observed.entitlements {
            if side.desired.entitlements.binary_search(&(*kind, name.clone())).is_err() {
                let reason = match side.desired.want {
                    Want::Present => OperationReason { text: "no role grants it".into(), at: None },
                    Want::Retained { .. } | Want::Absent => self.state_reason(side),
                };
                let entitlement = entitlement_kind(side.system, *kind);
                let kind = Kind::Revoke { entitlement, name: name.clone() };
                operations.push(self.operation(target.clone(), kind, reason));
            }
        }
    }

    fn grants(
        &self,
        side: &Side<'_>,
        held: &[(usize, Text)],
        target: &Target,
        operations: &mut Vec<Operation>,
    ) {
        for (kind, name) in &side.desired.entitlements {
            if held.binary_search(&(*kind, name.clone())).is_err() {
                let reason = self.reason(Subject::Entitlement(side.desired.account, *kind, name));
                let entitlement = entitlement_kind(side.system, *kind);
                let kind = Kind::Grant { entitlement, name: name.clone() };
                operations.push(self.operation(target.clone(), kind, reason));
            }
        }
    }

    fn switch(&self, side: &Side<'_>, target: Target, enabled: bool) -> Operation {
        let kind = if enabled { Kind::Enable } else { Kind::Disable };
        self.operation(target, kind, self.state_reason(side))
    }

    fn operation(&self, target: Target, kind: Kind, reason: OperationReason) -> Operation {
        let (identity, subject) = (self.evaluation.row.id, self.subject.clone());
        Operation { identity, subject, target, kind, reason, blocked: None }
    }

    /// The first role that grants `subject`.
    fn reason(&self, subject: Subject<'_>) -> OperationReason {
        let (_, held) = self.evaluator.granting(self.evaluation, subject, self.world, self.now);
        match held.first().and_then(|held| self.evaluator.model().roles.get(held.role)) {
            Some(role) => OperationReason {
                text: format!("role `{}`", role.name).into(),
                at: Some(role.at.clone()),
            },
            None => OperationReason { text: "wanted".into(), at: None },
        }
    }

    /// The lifecycle state where it says something about the account; otherwise that no role grants it.
    fn state_reason(&self, side: &Side<'_>) -> OperationReason {
        let stated = self
            .evaluation
            .state
            .filter(|state| side.account_type.states.get(*state).copied().flatten().is_some());
        let type_model = self.evaluator.model().types.get(self.evaluation.row.type_id.index());
        match stated.zip(type_model).and_then(|(state, behaviour)| behaviour.lifecycle.get(state)) {
            Some(state)
                if !is_working(side, self.evaluation.state)
                    || side.desired.want == Want::Present =>
            {
                OperationReason {
                    text: format!("lifecycle `{}`", state.name).into(),
                    at: Some(state.when.at.clone()),
                }
            }
            Some(_) | None => OperationReason {
                text: "no role grants it".into(),
                at: Some(side.account_type.at.clone()),
            },
        }
    }
}

fn target_of(side: &Side<'_>, observed: &Observed) -> Target {
    Target {
        system: side.system.name.clone(),
        account_type: side.account_type.name.clone(),
        account: Some(observed.id),
        native_id: observed.native_id.clone(),
        name: observed.name.clone(),
    }
}

fn is_working(side: &Side<'_>, state: Option<usize>) -> bool {
    let effect = state.and_then(|state| side.account_type.states.get(state).copied().flatten());
    effect.is_some_and(|StateEffect { enabled, .. }| enabled)
}

pub(crate) fn entitlement_kind(system: &System, kind: usize) -> Text {
    system.entitlements.get(kind).map_or_else(|| "?".into(), |kind| kind.name.clone())
}

/// The name as the system will show it: relative distinguished names get the system's base.
pub fn object_name(system: &System, name: &Text) -> Text {
    match (system.names, system.settings.scalar("base")) {
        (NameRule::DistinguishedName, Some(base)) => {
            let (key, base_key) = (name_key(system.names, name), name_key(system.names, base));
            if key == base_key || key.ends_with(&format!(",{base_key}")) {
                name.clone()
            } else {
                format!("{name},{base}").into()
            }
        }
        (NameRule::DistinguishedName | NameRule::Exact | NameRule::CaseInsensitive, _) => {
            name.clone()
        }
    }
}

/// The value on the wire, a set where several values are allowed, so that one value and a list of one are the same.
pub(crate) fn shaped(system: &System, mapping: &Mapping, value: &Value) -> Value {
    let value = on_wire(system, value);
    if mapping.many { Value::set(value.items().to_vec()) } else { value }
}

/// The value in the form the system holds it.
pub fn on_wire(system: &System, value: &Value) -> Value {
    if system.text_only { value.to_wire_text() } else { value.clone() }
}
