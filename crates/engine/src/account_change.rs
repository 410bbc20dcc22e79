//! Operations as calls to a connector, and what is believed of an account after the system said yes.

use jiff::Timestamp;
use muster_app::{AccountNames, EntitlementIndex};
use muster_connector::Field;
use muster_lang::{Binding, Clock, EmptyWorld, Frame};
use muster_model::{
    Applied, Change, EntityId, Hasher, ObjectRef, Row, Text, TypeId, Value, decode_row, encode_row,
    name_key,
};
use muster_plan::{Kind, Operation, object_name};
use muster_policy::{AccountType, EntitlementKind, Held, System};
use muster_store::{Account, EntitlementId};

use crate::target::account_fingerprint;

/// The name of the object that stands for an entitlement.
pub(crate) fn entitlement_object(system: &System, kind: &EntitlementKind, name: &Text) -> Text {
    let Some(rule) = &kind.object_name else { return object_name(system, name) };
    let value = Value::Text(name.clone());
    let bindings = [Binding::Value(&value)];
    let clock = Clock::new(Timestamp::UNIX_EPOCH);
    let frame = Frame {
        bindings: &bindings,
        world: &EmptyWorld,
        clock: &clock,
        timezone: &jiff::tz::TimeZone::UTC,
    };
    match rule.program.eval(&frame).as_text() {
        Some(object) => object_name(system, object),
        None => object_name(system, name),
    }
}

/// Where an operation is done.
pub(crate) struct Place<'a> {
    pub(crate) system: &'a System,
    pub(crate) account_type: &'a AccountType,
    pub(crate) names: &'a AccountNames,
}

impl Place<'_> {
    /// The object of an account: as it is known now, or as the operation names it.
    pub(crate) fn object(&self, operation: &Operation, account: Option<&Account>) -> ObjectRef {
        let class = self.account_type.object.clone();
        match account {
            Some(account) => {
                ObjectRef { class, id: account.native_id.clone(), name: account.name.clone() }
            }
            None => ObjectRef {
                class,
                id: operation.target.native_id.clone(),
                name: operation.target.name.clone(),
            },
        }
    }

    /// The call for an operation on the account itself; `None` for memberships, which are put together by group.
    ///
    /// `can_switch` tells whether the system knows enabled and disabled accounts at all.
    pub(crate) fn change(
        &self,
        operation: &Operation,
        account: Option<&Account>,
        can_switch: bool,
    ) -> Option<Change> {
        let object = self.object(operation, account);
        Some(match &operation.kind {
            Kind::Create { values, enabled } => {
                let object =
                    ObjectRef { id: "".into(), name: operation.target.name.clone(), ..object };
                Change::Create {
                    object,
                    values: values.clone(),
                    enabled: can_switch.then_some(*enabled),
                }
            }
            Kind::Update { changes } => Change::Update {
                object,
                values: changes
                    .iter()
                    .map(|c| (c.attribute.clone(), c.old.clone(), c.new.clone()))
                    .collect(),
            },
            Kind::Rename { to } => Change::Rename { object, to: to.clone() },
            Kind::Enable => Change::SetEnabled { object, enabled: true },
            Kind::Disable => Change::SetEnabled { object, enabled: false },
            Kind::Delete => Change::Delete { object },
            Kind::Grant { .. } | Kind::Revoke { .. } => return None,
        })
    }

    /// The entitlement kind of a membership operation and how it is held.
    pub(crate) fn membership<'k>(
        &'k self,
        operation: &'k Operation,
    ) -> Option<(usize, &'k EntitlementKind, &'k Text)> {
        let (Kind::Grant { entitlement, name } | Kind::Revoke { entitlement, name }) =
            &operation.kind
        else {
            return None;
        };
        let position =
            self.system.entitlements.iter().position(|kind| kind.name == *entitlement)?;
        Some((position, self.system.entitlements.get(position)?, name))
    }

    /// What is believed of the account after `operation` was done at `now`.
    pub(crate) fn after(
        &self,
        operation: &Operation,
        account: &mut Account,
        applied: &Applied,
        index: &EntitlementIndex,
        now: Timestamp,
    ) {
        if let Some(name) = &applied.name {
            account.name = name.clone();
        }
        if let Some(id) = &applied.id {
            account.native_id = id.clone();
        }
        match &operation.kind {
            Kind::Create { values, enabled } => {
                self.write(account, values.iter().map(|(attribute, value)| (attribute, value)));
                account.switch(account.enabled.map(|_| *enabled), now);
            }
            Kind::Update { changes } => {
                self.write(account, changes.iter().map(|change| (&change.attribute, &change.new)));
            }
            Kind::Rename { to } if applied.name.is_none() => account.name = to.clone(),
            Kind::Enable => account.switch(Some(true), now),
            Kind::Disable => account.switch(Some(false), now),
            Kind::Grant { .. } => {
                if let Some(id) = self.entitlement(operation, index)
                    && let Err(at) = account.grants.binary_search(&id)
                {
                    account.grants.insert(at, id);
                }
            }
            Kind::Revoke { .. } => {
                account.grants.retain(|held| Some(*held) != self.entitlement(operation, index));
            }
            Kind::Rename { .. } | Kind::Delete => {}
        }
        account.name_key = name_key(self.system.names, &account.name).into();
        account.fingerprint = account_fingerprint(
            &mut Hasher::new(),
            &account.name,
            account.enabled,
            &account.content,
            &account.grants,
        );
    }

    fn entitlement(
        &self,
        operation: &Operation,
        index: &EntitlementIndex,
    ) -> Option<EntitlementId> {
        let (position, _, name) = self.membership(operation)?;
        Some(index.get(self.system.id.index(), position, name)?.id)
    }

    /// Lays values over what the account holds. What cannot be read is left for the next synchronisation.
    fn write<'v>(
        &self,
        account: &mut Account,
        values: impl Iterator<Item = (&'v Text, &'v Value)>,
    ) {
        let layout = &self.names.layout;
        let mut row = Row::empty(EntityId(0), TypeId(0), layout.fields.len());
        if !account.content.is_empty()
            && decode_row(&account.content, &layout.numbers, &mut row).is_err()
        {
            return;
        }
        // Both sides are in order of attribute, so the search goes on where the last one ended.
        let mut from = 0;
        for (attribute, value) in values {
            let is_it = |field: &Field| field.name == *attribute;
            let ahead = layout.fields.iter().skip(from).position(is_it).map(|at| at + from);
            if let Some(at) = ahead.or_else(|| layout.fields.iter().position(is_it)) {
                from = at + 1;
                if let Some(place) = row.values.get_mut(at) {
                    *place = value.clone();
                }
            }
        }
        account.content = encode_row(&row, &layout.numbers, |_| true);
    }
}

/// The value of the attribute that holds entitlements on the account, before and after adding and removing names.
pub(crate) fn held_on_account(
    kind: usize,
    account: &Account,
    index: &EntitlementIndex,
    add: &[Text],
    remove: &[Text],
) -> (Value, Value) {
    let held = account
        .grants
        .iter()
        .filter_map(|id| index.name(*id))
        .filter(|(k, _)| *k == kind)
        .map(|(_, name)| name);
    let old: Vec<Value> = held.clone().map(|name| Value::Text(name.clone())).collect();
    let kept =
        held.filter(|name| !remove.contains(name)).chain(add).map(|name| Value::Text(name.clone()));
    (Value::set(old), Value::set(kept.collect()))
}

/// True when memberships of this kind are kept on the group.
pub(crate) fn group_attribute(kind: &EntitlementKind) -> Option<&Text> {
    match &kind.held {
        Held::OnGroup(attribute) => Some(attribute),
        Held::OnAccount(_) => None,
    }
}
