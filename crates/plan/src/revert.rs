//! Undoing what a plan did, by operations that compensate it.
//!
//! Only what is still as the plan left it is undone: what somebody changed since stays, and is named with the reason.

use std::collections::{BTreeMap, BTreeSet};

use muster_model::{AccountId, EntityId, Text, Value, name_key};
use muster_policy::{AccountRef, AccountType, Mode, Model, System};

use crate::{
    AttributeChange, Kind, Observed, Operation, OperationReason, Target,
    compare::{entitlement_kind, shaped},
};

/// What is known for undoing.
#[derive(Debug, Default)]
pub struct Known {
    /// The accounts of each identity as they are now.
    pub now: BTreeMap<EntityId, Vec<Observed>>,
    /// Accounts that the plan deleted, as they were before.
    pub deleted: BTreeMap<AccountId, Observed>,
}

/// The outcome: what compensates, and what is left as it is.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reverted {
    /// The compensating operations.
    pub operations: Vec<Operation>,
    /// Operations that are not undone, each with the reason.
    pub left: Vec<(Operation, Text)>,
}

/// Operations that undo `done`, which the plan `name` did; in whatever order they come.
pub fn revert(model: &Model, name: &str, done: &[Operation], known: &Known) -> Reverted {
    let reason = OperationReason { text: format!("undoes plan {name}").into(), at: None };
    let mut undo = Undo {
        known,
        reason,
        reverted: Reverted::default(),
        removed: BTreeSet::new(),
        made: BTreeMap::new(),
    };
    // What was made goes whole, what was deleted comes back whole; both decide about the rest.
    let is_whole =
        |operation: &&Operation| matches!(operation.kind, Kind::Create { .. } | Kind::Delete);
    for operation in done.iter().filter(is_whole).chain(done.iter().filter(|o| !is_whole(o))) {
        if let Err(why) = undo.operation(model, operation) {
            undo.reverted.left.push((operation.clone(), why.into()));
        }
    }
    undo.reverted
}

struct Undo<'a> {
    known: &'a Known,
    reason: OperationReason,
    reverted: Reverted,
    /// Accounts that go: nothing else is undone on them.
    removed: BTreeSet<AccountId>,
    /// Accounts that come back, by identity and account type.
    made: BTreeMap<(EntityId, AccountRef), Target>,
}

/// Where an operation was done.
struct Place<'a> {
    system: &'a System,
    account_type: &'a AccountType,
    account: AccountRef,
}

impl Undo<'_> {
    fn operation(&mut self, model: &Model, operation: &Operation) -> Result<(), &'static str> {
        let place =
            place(model, operation).ok_or("the model no longer has this kind of account")?;
        if place.system.mode == Mode::Observe {
            return Err("the system is only observed");
        }
        let own = self.known.now.get(&operation.identity).map_or(&[][..], Vec::as_slice);
        let of_type = || own.iter().filter(|observed| observed.account == place.account);
        let key = |name: &str| name_key(place.system.names, name);
        let same = |observed: &&Observed| {
            let by_name = || key(&observed.name) == key(&operation.target.name);
            operation.target.account.map_or_else(by_name, |id| observed.id == id)
        };
        let now = of_type().find(same).or_else(|| of_type().next());
        match &operation.kind {
            Kind::Create { .. } => {
                self.remove(operation, &place, now.ok_or("the account is gone already")?);
                Ok(())
            }
            Kind::Delete if now.is_some() => Err("there is an account again"),
            Kind::Delete => self.bring_back(operation, &place),
            Kind::Grant { entitlement, name } | Kind::Revoke { entitlement, name } => {
                self.membership(operation, &place, now, entitlement, name)
            }
            Kind::Update { .. } | Kind::Rename { .. } | Kind::Enable | Kind::Disable => {
                if let Some(target) = self.made.get(&(operation.identity, place.account)) {
                    // It comes back as it was last, so what came before is undone on it.
                    self.push(operation, target.clone(), opposite(operation)?);
                    return Ok(());
                }
                let now = now.ok_or("the account is gone")?;
                if self.removed.contains(&now.id) {
                    return Ok(());
                }
                let kind = changed_back(operation, &place, now)?;
                self.push(operation, target(&place, now), kind);
                Ok(())
            }
        }
    }

    fn push(&mut self, operation: &Operation, target: Target, kind: Kind) {
        self.reverted.operations.push(Operation {
            identity: operation.identity,
            subject: operation.subject.clone(),
            target,
            kind,
            reason: self.reason.clone(),
            blocked: None,
        });
    }

    /// An account that the plan made goes, with all that it holds.
    fn remove(&mut self, operation: &Operation, place: &Place<'_>, now: &Observed) {
        for (kind, name) in &now.entitlements {
            let entitlement = entitlement_kind(place.system, *kind);
            self.push(
                operation,
                target(place, now),
                Kind::Revoke { entitlement, name: name.clone() },
            );
        }
        self.push(operation, target(place, now), Kind::Delete);
        self.removed.insert(now.id);
    }

    /// An account that the plan deleted comes back with the values it had; what it held comes back with its own operations.
    fn bring_back(&mut self, operation: &Operation, place: &Place<'_>) -> Result<(), &'static str> {
        let unknown = "nothing is kept of the account";
        let id = operation.target.account.ok_or(unknown)?;
        let before = self.known.deleted.get(&id).ok_or(unknown)?;
        let values = place.account_type.set.iter().zip(&before.values);
        let values = values
            .map(|(mapping, value)| {
                (mapping.attribute.clone(), shaped(place.system, mapping, value))
            })
            .filter(|(_, value)| !value.is_null())
            .collect();
        let target = Target { account: None, native_id: "".into(), ..operation.target.clone() };
        let enabled = before.enabled.unwrap_or(true);
        self.push(operation, target.clone(), Kind::Create { values, enabled });
        self.made.insert((operation.identity, place.account), target);
        Ok(())
    }

    fn membership(
        &mut self,
        operation: &Operation,
        place: &Place<'_>,
        now: Option<&Observed>,
        entitlement: &Text,
        name: &Text,
    ) -> Result<(), &'static str> {
        let (entitlement, name) = (entitlement.clone(), name.clone());
        let was_granted = matches!(operation.kind, Kind::Grant { .. });
        if let Some(target) = self.made.get(&(operation.identity, place.account)) {
            let target = target.clone();
            if !was_granted {
                self.push(operation, target, Kind::Grant { entitlement, name });
            }
            return Ok(());
        }
        let now = now.ok_or("the account is gone")?;
        if self.removed.contains(&now.id) {
            return Ok(());
        }
        let holds = now.entitlements.iter().any(|(kind, held)| {
            entitlement_kind(place.system, *kind) == entitlement && *held == name
        });
        let kind = match (was_granted, holds) {
            (true, true) => Kind::Revoke { entitlement, name },
            (false, false) => Kind::Grant { entitlement, name },
            (true, false) => return Err("it is taken already"),
            (false, true) => return Err("it is held again"),
        };
        self.push(operation, target(place, now), kind);
        Ok(())
    }
}

fn place<'a>(model: &'a Model, operation: &Operation) -> Option<Place<'a>> {
    let system = model.systems.iter().find(|system| system.name == operation.target.system)?;
    let position =
        system.accounts.iter().position(|of| of.name == operation.target.account_type)?;
    let account = AccountRef { system: system.id, account: position };
    Some(Place { system, account_type: system.accounts.get(position)?, account })
}

fn target(place: &Place<'_>, now: &Observed) -> Target {
    Target {
        system: place.system.name.clone(),
        account_type: place.account_type.name.clone(),
        account: Some(now.id),
        native_id: now.native_id.clone(),
        name: now.name.clone(),
    }
}

/// What changes an account back to what it was before `operation`, where it is still as the operation left it.
fn changed_back(
    operation: &Operation,
    place: &Place<'_>,
    now: &Observed,
) -> Result<Kind, &'static str> {
    let key = |name: &str| name_key(place.system.names, name);
    match (opposite(operation)?, &operation.kind) {
        (Kind::Update { mut changes }, _) => {
            let value_now = |attribute: &Text| {
                let at = place.account_type.set.iter().position(|of| of.attribute == *attribute)?;
                let mapping = place.account_type.set.get(at)?;
                Some(shaped(place.system, mapping, now.values.get(at).unwrap_or(&Value::Null)))
            };
            changes.retain(|change| value_now(&change.attribute).as_ref() == Some(&change.old));
            if changes.is_empty() {
                return Err("the values were changed since");
            }
            Ok(Kind::Update { changes })
        }
        (_, Kind::Rename { to }) if key(&now.name) != key(to) => Err("it was renamed since"),
        (Kind::Disable, _) if now.enabled != Some(true) => Err("it was switched since"),
        (Kind::Enable, _) if now.enabled != Some(false) => Err("it was switched since"),
        (kind, _) => Ok(kind),
    }
}

/// The change of an account that undoes a change of an account.
fn opposite(operation: &Operation) -> Result<Kind, &'static str> {
    match &operation.kind {
        Kind::Update { changes } => {
            let back = changes.iter().map(|AttributeChange { attribute, old, new }| {
                AttributeChange { attribute: attribute.clone(), old: new.clone(), new: old.clone() }
            });
            Ok(Kind::Update { changes: back.collect() })
        }
        Kind::Rename { .. } => Ok(Kind::Rename { to: operation.target.name.clone() }),
        Kind::Enable => Ok(Kind::Disable),
        Kind::Disable => Ok(Kind::Enable),
        Kind::Create { .. } | Kind::Delete | Kind::Grant { .. } | Kind::Revoke { .. } => {
            Err("it is no change of an account")
        }
    }
}
