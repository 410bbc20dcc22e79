//! One batch: what may be done now, the intent on disk, the calls.

use std::collections::BTreeMap;

use muster_app::Error;
use muster_model::{AccountId, Change, EntityId, ObjectRef, Text, Value};
use muster_plan::Kind;
use muster_store::{Account, AccountStatus};
use rustc_hash::FxHashMap;

use super::{
    call::{Answers, call},
    outcome::Outcomes,
    sift::Sifted,
    system::{State, SystemRun, Todo},
};
use crate::{
    account_change::{Place, entitlement_object, group_attribute, held_on_account},
    orphan,
};

/// A call and the operations it carries out, by position in the batch.
pub(super) struct Call {
    pub(super) change: Change,
    pub(super) todo: Vec<usize>,
    uncertain: bool,
}

impl Call {
    /// The call that a person made, for the first operation of a batch; what it was is not looked at any more.
    pub(super) fn by_hand() -> Self {
        let object = ObjectRef { class: "".into(), id: "".into(), name: "".into() };
        Self { change: Change::Delete { object }, todo: vec![0], uncertain: false }
    }
}

/// Names an account to the executor: identity, account type number, and the account where the plan knew it.
pub(super) type AccountKey = (EntityId, i64, Option<AccountId>);

/// The accounts of the batch's identities; the oldest of a type also stands for the one that the plan did not know.
pub(super) type Accounts = FxHashMap<AccountKey, Account>;

impl SystemRun {
    /// Does one batch of operations of one phase; what waits for something still to be done is put into `postponed`.
    pub(super) async fn batch(
        &self,
        state: &mut State,
        batch: &[Todo],
        postponed: &mut Vec<Todo>,
    ) -> Result<(), Error> {
        let Sifted { batch, n_go, held, left } = self.sift(state, batch, postponed);
        if batch.is_empty() {
            return Ok(());
        }
        let go = batch.get(..n_go).unwrap_or_default();
        let accounts = self.accounts(go).await?;
        if self.system.readable {
            self.ensure_entitlements(state, go).await?;
        } else {
            self.ensure_known(state, go).await?;
        }
        let (calls, skipped) = self.calls(state, go, &accounts);
        let seqs: Vec<i64> = calls
            .iter()
            .flat_map(|call| &call.todo)
            .filter_map(|at| Some(go.get(*at)?.seq))
            .collect();
        let mut tx = self.opened.store.begin().await?;
        self.lease.renew(&self.ctx, &mut tx).await?;
        let refused = tx.mark_sent(self.plan, &seqs, self.ctx.now()).await?;
        if let Some(seq) = refused.first() {
            // Nothing of the batch went out, and nothing is marked as if it had.
            tx.rollback().await?;
            return Err(Error::new(
                muster_app::Kind::Conflict,
                format!("operation {seq} of the plan is being done by somebody else, or overtaken"),
            ));
        }
        tx.commit().await?;
        let changes: Vec<Change> = calls.iter().map(|call| call.change.clone()).collect();
        let uncertain: Vec<bool> = calls.iter().map(|call| call.uncertain).collect();
        let Answers { mut results, retried } =
            call(state.connector.as_ref(), &mut state.pace, &changes, &uncertain).await;
        state.part.retried += retried;
        self.move_memberships(state, go, &accounts, &calls, &mut results).await;
        self.examine(state, &results).await;
        let called = calls.iter().zip(&results).collect();
        self.write(state, &batch, &accounts, Outcomes { called, skipped, held, left }).await
    }

    pub(super) fn place(&self, todo: &Todo) -> Option<Place<'_>> {
        let name = &todo.operation.target.account_type;
        let position = self.system.accounts.iter().position(|account| account.name == *name)?;
        let names = self.opened.names.systems.get(self.position)?.accounts.get(position)?;
        Some(Place {
            system: &self.system,
            account_type: self.system.accounts.get(position)?,
            names,
        })
    }

    pub(super) async fn accounts(&self, batch: &[Todo]) -> Result<Accounts, Error> {
        let mut ids: Vec<EntityId> = batch.iter().map(|todo| todo.operation.identity).collect();
        ids.sort_unstable();
        ids.dedup();
        let orphans: Vec<AccountId> = ids.iter().filter_map(|id| orphan::account_of(*id)).collect();
        ids.retain(|id| orphan::account_of(*id).is_none());
        let mut tx = self.opened.store.read().await?;
        let accounts = tx.accounts_on_system(self.system_no(), &ids).await?;
        let mut linked: Vec<Account> = accounts
            .into_iter()
            .filter(|account| account.status == AccountStatus::Linked)
            .collect();
        linked.sort_by_key(|account| account.id);
        let mut found = Accounts::default();
        for account in linked {
            let Some(entity) = account.entity else { continue };
            found.entry((entity, account.type_no, None)).or_insert_with(|| account.clone());
            found.insert((entity, account.type_no, Some(account.id)), account);
        }
        for account in tx.accounts(&orphans).await? {
            // Somebody may have found an owner for it since.
            if account.status == AccountStatus::Orphan {
                let stand_in = orphan::stand_in(account.id);
                found.insert((stand_in, account.type_no, Some(account.id)), account.clone());
                found.insert((stand_in, account.type_no, None), account);
            }
        }
        Ok(found)
    }

    /// The calls for the batch, and the operations that cannot be called for, with the reason.
    fn calls(
        &self,
        state: &State,
        batch: &[Todo],
        accounts: &Accounts,
    ) -> (Vec<Call>, Vec<(usize, String)>) {
        let mut calls: Vec<Call> = Vec::new();
        let mut skipped = Vec::new();
        let can_switch = state.connector.capabilities().enable;
        let mut members: BTreeMap<(usize, Text), usize> = BTreeMap::new();
        let mut holders: BTreeMap<(AccountId, usize), Vec<usize>> = BTreeMap::new();
        for (at, todo) in batch.iter().enumerate() {
            let Some(place) = self.place(todo) else {
                skipped.push((at, "the model no longer has this account type".to_owned()));
                continue;
            };
            let account = accounts.get(&todo.key(place.names.no));
            if state.blocked.contains_key(&todo.account())
                || (account.is_none() && !matches!(todo.operation.kind, Kind::Create { .. }))
            {
                skipped.push((at, "the account is not there".to_owned()));
                continue;
            }
            let Some((position, kind, name)) = place.membership(&todo.operation) else {
                if let Some(change) = place.change(&todo.operation, account, can_switch) {
                    calls.push(Call { change, todo: vec![at], uncertain: todo.uncertain });
                }
                continue;
            };
            match (group_attribute(kind), account) {
                (Some(attribute), Some(account)) => {
                    let call = *members.entry((position, name.clone())).or_insert_with(|| {
                        let object = self.entitlement_ref(state, position, name);
                        let change = Change::Members {
                            object,
                            attribute: attribute.clone(),
                            add: Vec::new(),
                            remove: Vec::new(),
                        };
                        calls.push(Call { change, todo: Vec::new(), uncertain: false });
                        calls.len() - 1
                    });
                    if let Some(Call {
                        change: Change::Members { add, remove, .. },
                        todo: carried,
                        ..
                    }) = calls.get_mut(call)
                    {
                        let is_grant = matches!(todo.operation.kind, Kind::Grant { .. });
                        let list = if is_grant { add } else { remove };
                        list.push(account.name.clone());
                        carried.push(at);
                    }
                }
                (None, Some(account)) => {
                    holders.entry((account.id, position)).or_default().push(at);
                }
                (_, None) => skipped.push((at, "the account is not there".to_owned())),
            }
        }
        for ((_, kind), carried) in holders {
            calls.extend(self.on_account(state, batch, accounts, kind, carried));
        }
        (calls, skipped)
    }

    /// One update of the attribute that holds entitlements, for all operations on one account.
    fn on_account(
        &self,
        state: &State,
        batch: &[Todo],
        accounts: &Accounts,
        kind: usize,
        carried: Vec<usize>,
    ) -> Option<Call> {
        let first = batch.get(*carried.first()?)?;
        let place = self.place(first)?;
        let account = accounts.get(&first.key(place.names.no))?;
        let (mut add, mut remove) = (Vec::new(), Vec::new());
        for todo in carried.iter().filter_map(|at| batch.get(*at)) {
            match &todo.operation.kind {
                Kind::Grant { name, .. } => add.push(name.clone()),
                Kind::Revoke { name, .. } => remove.push(name.clone()),
                Kind::Create { .. }
                | Kind::Update { .. }
                | Kind::Rename { .. }
                | Kind::Enable
                | Kind::Disable
                | Kind::Delete => {}
            }
        }
        let muster_policy::Held::OnAccount(attribute) = &self.system.entitlements.get(kind)?.held
        else {
            return None;
        };
        let (old, new): (Value, Value) =
            held_on_account(kind, account, &state.index, &add, &remove);
        let change = Change::Update {
            object: place.object(&first.operation, Some(account)),
            values: vec![(attribute.clone(), old, new)],
        };
        Some(Call { change, todo: carried, uncertain: false })
    }

    pub(super) fn entitlement_ref(&self, state: &State, kind: usize, name: &Text) -> ObjectRef {
        let class = self
            .system
            .entitlements
            .get(kind)
            .map_or_else(|| "".into(), |kind| kind.object.clone());
        let made = self
            .system
            .entitlements
            .get(kind)
            .map_or_else(|| name.clone(), |kind| entitlement_object(&self.system, kind, name));
        match state.index.get(self.position, kind, name) {
            Some(known) if !known.native_name.is_empty() => {
                ObjectRef { class, id: known.native_id.clone(), name: known.native_name.clone() }
            }
            Some(_) | None => ObjectRef { class, id: "".into(), name: made },
        }
    }
}
