//! Whether a read shows what a system said it did, item by item; what it fails to show raises an alarm.

use std::collections::{BTreeMap, BTreeSet};

use muster_app::{AccountNames, EntitlementIndex, Error, NewAlarm};
use muster_model::{AccountId, EntityId, PlanId, Text, Value, name_key};
use muster_plan::{AttributeChange, Kind, decode_operation, describe};
use muster_store::{
    Account, AlarmKind, Operation, OperationFilter, OperationState, PlanStatus, ReadTx,
};
use rustc_hash::FxHashMap;
use serde_json::json;

use super::{BATCH, Target, seen::Seen, verify::Judged};
use crate::tickets::open_tickets;

/// Something of an account that an operation changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Item {
    /// Whether it is there at all.
    There,
    /// Its name.
    Name,
    /// Whether it can be used.
    Enabled,
    /// The value of an attribute.
    Attribute(Text),
    /// An entitlement: position of the kind, and name.
    Entitlement(usize, Text),
}

/// An operation of ours whose effect no read has shown yet.
#[derive(Debug)]
struct Ours {
    plan: PlanId,
    seq: i64,
    /// The system said that it did it; otherwise nobody knows.
    executed: bool,
    kind: Kind,
    subject: Text,
    entity: Option<EntityId>,
    native_id: Text,
    name: Text,
}

impl Ours {
    fn new(operation: &Operation, executed: bool) -> Result<Self, Error> {
        let planned = planned(operation)?;
        Ok(Self {
            plan: operation.plan,
            seq: operation.seq,
            executed,
            kind: planned.kind,
            subject: planned.subject,
            entity: operation.entity,
            native_id: planned.target.native_id,
            name: planned.target.name,
        })
    }
}

/// An operation as it was planned.
pub(super) fn planned(operation: &Operation) -> Result<muster_plan::Operation, Error> {
    decode_operation(&operation.body)
        .map_err(|error| Error::bug("a saved operation cannot be read").caused_by(error))
}

/// What became of operations in the light of a read.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    ours: Vec<Ours>,
    by_account: FxHashMap<AccountId, Vec<usize>>,
    by_entity: FxHashMap<EntityId, Vec<usize>>,
    /// Attributes that are set once, which may never be seen as they were set.
    left_alone: BTreeSet<Text>,
    /// Items whose difference our operations explain, by account.
    explained: FxHashMap<AccountId, BTreeSet<Item>>,
    /// Operations that the read shows.
    pub(super) shown: Judged,
    /// Operations that the read does not show.
    pub(super) doubted: Judged,
    /// What to say of those that came to nothing.
    pub(super) alarms: Vec<NewAlarm>,
}

/// An item as it was before an operation and as it should be after.
type Effect = (Item, Value, Value);

impl Judgement {
    /// Of operations that were executed and not seen, of those that were under way when a run broke off, and of those that
    /// somebody does when they can.
    pub(super) async fn load(
        target: &Target<'_>,
        tx: &mut ReadTx,
        names: &AccountNames,
        executed: &[&Operation],
    ) -> Result<Self, Error> {
        let of_type = target.system.accounts.iter().flat_map(|account| &account.set);
        let left_alone: BTreeSet<Text> = of_type
            .filter(|mapping| mapping.on_create)
            .map(|mapping| mapping.attribute.clone())
            .collect();
        let mut judgement = Self { left_alone, ..Self::default() };
        for operation in executed {
            judgement.add(operation, true)?;
        }
        let system_no =
            target.opened.names.systems.get(target.system.id.index()).map(|names| names.no);
        let all = OperationFilter { system_no, state: None };
        let tickets = match system_no {
            Some(system_no) => open_tickets(tx, system_no, Some(names.no)).await?,
            None => Vec::new(),
        };
        for ticket in tickets {
            if let Some(operation) = tx.operation(ticket.plan, ticket.seq).await? {
                judgement.add(&operation, false)?;
            }
        }
        for plan in tx.plans(Some(PlanStatus::Applying), None, BATCH).await? {
            let mut after = None;
            loop {
                let page = tx.operations(plan.id, all, after, BATCH).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.seq);
                let under_way = page.iter().filter(|o| {
                    let may_be_done = (o.state == OperationState::Sent && o.ticket.is_none())
                        || (o.state == OperationState::Planned && o.attempts > 0);
                    may_be_done && o.account_type_no == Some(names.no)
                });
                for operation in under_way {
                    judgement.add(operation, false)?;
                }
            }
        }
        Ok(judgement)
    }

    fn add(&mut self, operation: &Operation, executed: bool) -> Result<(), Error> {
        let at = self.ours.len();
        if let Some(account) = operation.account {
            self.by_account.entry(account).or_default().push(at);
        } else if let Some(entity) = operation.entity {
            self.by_entity.entry(entity).or_default().push(at);
        }
        self.ours.push(Ours::new(operation, executed)?);
        Ok(())
    }

    /// The operations on an account, in the order in which they were done.
    fn on(&self, account: AccountId, entity: Option<EntityId>) -> Vec<usize> {
        let of_account = self.by_account.get(&account).into_iter().flatten();
        let of_entity = entity.and_then(|entity| self.by_entity.get(&entity));
        let mut on: Vec<usize> =
            of_account.chain(of_entity.into_iter().flatten()).copied().collect();
        on.sort_by_key(|at| self.ours.get(*at).map(|ours| (ours.plan, ours.seq)));
        on
    }

    /// Whether a difference in this item is what our operations did, or failed to do.
    pub(super) fn explains(&self, account: &Account, item: &Item) -> bool {
        self.explained.get(&account.id).is_some_and(|items| items.contains(item))
    }

    /// Judges the operations on an account that was seen to differ from what was believed; `None`: it is gone.
    pub(super) fn judge(
        &mut self,
        target: &Target<'_>,
        names: &AccountNames,
        index: &EntitlementIndex,
        account: &Account,
        seen: Option<&Seen>,
    ) {
        let on = self.on(account.id, account.entity);
        // Of two operations on one item the later one counts.
        let mut latest: BTreeMap<Item, (usize, Value, Value)> = BTreeMap::new();
        for at in &on {
            let Some(ours) = self.ours.get(*at) else { continue };
            for (item, before, after) in effects(target, ours) {
                if !matches!(&item, Item::Attribute(name) if self.left_alone.contains(name)) {
                    latest.insert(item, (*at, before, after));
                }
            }
        }
        let mut failed: BTreeSet<usize> = BTreeSet::new();
        for (item, (at, before, after)) in latest {
            let now = state(target, names, index, seen, &item);
            let Some(ours) = self.ours.get(at) else { continue };
            let (is_done, is_undone) =
                (same(&item, target, &now, &after), same(&item, target, &now, &before));
            if is_done || is_undone || !ours.executed {
                self.explained.entry(account.id).or_default().insert(item.clone());
            }
            if !is_done && ours.executed {
                failed.insert(at);
                if is_undone {
                    let alarm = alarm(target, ours, account.entity, &item, (&after, &now));
                    self.alarms.push(alarm);
                }
            }
        }
        for at in on {
            let Some(ours) = self.ours.get(at).filter(|ours| ours.executed) else { continue };
            let place = (ours.plan, ours.seq);
            if failed.contains(&at) {
                self.doubted.insert(place)
            } else {
                self.shown.insert(place)
            };
        }
    }

    /// Judges deletions and creations by an account that was not known and is there.
    pub(super) fn judge_new(&mut self, target: &Target<'_>, account: &Account) {
        for ours in &self.ours {
            let is_it = match &ours.kind {
                Kind::Create { .. } => {
                    !ours.executed && ours.entity.is_some() && ours.entity == account.entity
                }
                Kind::Delete => {
                    let rule = target.system.names;
                    (!ours.native_id.is_empty() && ours.native_id == account.native_id)
                        || name_key(rule, &ours.name) == *account.name_key
                }
                Kind::Update { .. }
                | Kind::Rename { .. }
                | Kind::Enable
                | Kind::Disable
                | Kind::Grant { .. }
                | Kind::Revoke { .. } => false,
            };
            if !is_it {
                continue;
            }
            self.explained.entry(account.id).or_default().insert(Item::There);
            if ours.executed {
                self.doubted.insert((ours.plan, ours.seq));
                let (gone, there) = (Value::Bool(false), Value::Bool(true));
                self.alarms.push(alarm(target, ours, ours.entity, &Item::There, (&gone, &there)));
            }
        }
    }
}

/// What the alarms about an operation would be about.
pub(super) fn troubles(target: &Target<'_>, operation: &Operation) -> Result<Vec<Text>, Error> {
    let ours = Ours::new(operation, true)?;
    let items = effects(target, &ours).into_iter();
    Ok(items.map(|(item, ..)| about(target, &ours, ours.entity, &item)).collect())
}

fn effects(target: &Target<'_>, ours: &Ours) -> Vec<Effect> {
    let (yes, no) = (Value::Bool(true), Value::Bool(false));
    let kind_at = |name: &Text| {
        target.system.entitlements.iter().position(|kind| kind.name == *name).unwrap_or(usize::MAX)
    };
    match &ours.kind {
        Kind::Create { values, enabled } => {
            let mut all = vec![
                (Item::There, no, yes),
                (Item::Enabled, Value::Bool(!enabled), Value::Bool(*enabled)),
            ];
            let value = |(name, value): &(Text, Value)| {
                (Item::Attribute(name.clone()), Value::Null, value.clone())
            };
            all.extend(values.iter().map(value));
            all
        }
        Kind::Update { changes } => {
            let change = |AttributeChange { attribute, old, new }: &AttributeChange| {
                (Item::Attribute(attribute.clone()), old.clone(), new.clone())
            };
            changes.iter().map(change).collect()
        }
        Kind::Rename { to } => {
            vec![(Item::Name, Value::Text(ours.name.clone()), Value::Text(to.clone()))]
        }
        Kind::Enable => vec![(Item::Enabled, no, yes)],
        Kind::Disable => vec![(Item::Enabled, yes, no)],
        Kind::Delete => vec![(Item::There, yes, no)],
        Kind::Grant { entitlement, name } => {
            vec![(Item::Entitlement(kind_at(entitlement), name.clone()), no, yes)]
        }
        Kind::Revoke { entitlement, name } => {
            vec![(Item::Entitlement(kind_at(entitlement), name.clone()), yes, no)]
        }
    }
}

/// An item as it was seen; `Null` where nothing can be said.
fn state(
    target: &Target<'_>,
    names: &AccountNames,
    index: &EntitlementIndex,
    seen: Option<&Seen>,
    item: &Item,
) -> Value {
    let Some(seen) = seen else {
        return match item {
            Item::There | Item::Enabled | Item::Entitlement(..) => Value::Bool(false),
            Item::Name | Item::Attribute(_) => Value::Null,
        };
    };
    match item {
        Item::There => Value::Bool(true),
        Item::Name => Value::Text(seen.name.clone()),
        Item::Enabled => seen.enabled.map_or(Value::Null, Value::Bool),
        Item::Attribute(name) => {
            let at = names.layout.fields.iter().position(|field| field.name == *name);
            at.and_then(|at| seen.values.get(at)).cloned().unwrap_or(Value::Null)
        }
        Item::Entitlement(kind, name) => {
            let id = index.get(target.system.id.index(), *kind, name).map(|known| known.id);
            Value::Bool(id.is_some_and(|id| seen.grants.binary_search(&id).is_ok()))
        }
    }
}

/// Whether an item is as a value says.
fn same(item: &Item, target: &Target<'_>, now: &Value, value: &Value) -> bool {
    match (item, now, value) {
        (Item::Name, Value::Text(now), Value::Text(value)) => {
            name_key(target.system.names, now) == name_key(target.system.names, value)
        }
        // The system has no such notion.
        (Item::Enabled, Value::Null, _) => true,
        _ => {
            let set = |value: &Value| Value::set(value.items().to_vec());
            set(&now.to_wire_text()) == set(&value.to_wire_text())
        }
    }
}

/// Names the trouble for programs: the same for the same item of the same identity's account.
fn about(target: &Target<'_>, ours: &Ours, entity: Option<EntityId>, item: &Item) -> Text {
    let whose = entity.map_or_else(|| ours.name.to_string(), |entity| entity.to_string());
    let item = match item {
        Item::There => "account".to_owned(),
        Item::Name => "name".to_owned(),
        Item::Enabled => "enabled".to_owned(),
        Item::Attribute(name) => format!("attribute {name}"),
        Item::Entitlement(kind, name) => format!("entitlement {kind} {name}"),
    };
    format!("{} {whose} {item}", target.system.name).into()
}

fn alarm(
    target: &Target<'_>,
    ours: &Ours,
    entity: Option<EntityId>,
    item: &Item,
    (expected, now): (&Value, &Value),
) -> NewAlarm {
    let system = target.opened.names.systems.get(target.system.id.index());
    let shown = |value: &Value| match (item, value) {
        (Item::There, Value::Bool(true)) => "there".to_owned(),
        (Item::There, _) => "not there".to_owned(),
        (Item::Enabled, Value::Bool(true)) => "enabled".to_owned(),
        (Item::Enabled, _) => "disabled".to_owned(),
        (Item::Entitlement(..), Value::Bool(true)) => "held".to_owned(),
        (Item::Entitlement(..), _) => "not held".to_owned(),
        (_, Value::Null) => "nothing".to_owned(),
        (_, value) => value.to_string(),
    };
    let what = describe(&ours.kind);
    let Ours { plan, seq, name, subject, .. } = ours;
    NewAlarm {
        kind: AlarmKind::NotDone,
        about: about(target, ours, entity, item),
        system_no: system.map(|names| names.no),
        subject: subject.clone(),
        message: format!(
            "`{}` said that it did: {what}, for `{name}`; a later read does not show it",
            target.system.name
        )
        .into(),
        detail: json!({
            "plan": plan.0, "operation": seq, "account": &**name, "kind": ours.kind.name(),
            "what": what, "expected": shown(expected), "seen": shown(now),
        }),
    }
}
