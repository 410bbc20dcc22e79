//! One batch: intent on disk, calls, outcome on disk.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_app::Error;
use muster_connector::ConnectorError;
use muster_model::{AccountId, Applied, Change, EntityId, ObjectRef, Text, Value, name_key};
use muster_plan::{Kind, describe};
use muster_store::{
    Account, AccountOrigin, AccountStatus, Entitlement, Entry, OperationDone, OperationState,
    Sequence, Tx,
};
use rustc_hash::FxHashMap;
use serde_json::json;

use super::{
    call::{Answers, call},
    system::{State, SystemRun, Todo},
};
use crate::{
    account_change::{Place, entitlement_object, group_attribute, held_on_account},
    target::new_entitlements,
};

/// A call and the operations it carries out, by position in the batch.
pub(super) struct Call {
    pub(super) change: Change,
    pub(super) todo: Vec<usize>,
    uncertain: bool,
}

/// How a batch went: what was called for with its answers, and what could not be called for, with the reason.
struct Outcomes<'a> {
    called: Vec<(&'a Call, &'a Result<Applied, ConnectorError>)>,
    skipped: Vec<(usize, String)>,
}

/// The accounts of the batch's identities by identity and account type number.
pub(super) type Accounts = FxHashMap<(EntityId, i64), Account>;

impl SystemRun {
    /// Does one batch of operations of one phase.
    pub(super) async fn batch(&self, state: &mut State, batch: &[Todo]) -> Result<(), Error> {
        let accounts = self.accounts(batch).await?;
        self.ensure_entitlements(state, batch).await?;
        let (calls, skipped) = self.calls(state, batch, &accounts);
        let seqs: Vec<i64> = calls
            .iter()
            .flat_map(|call| &call.todo)
            .filter_map(|at| Some(batch.get(*at)?.seq))
            .collect();
        let mut tx = self.opened.store.begin().await?;
        self.lease.renew(&self.ctx, &mut tx).await?;
        let refused = tx.mark_sent(self.plan, &seqs, self.ctx.now()).await?;
        tx.commit().await?;
        if let Some(seq) = refused.first() {
            return Err(Error::new(
                muster_app::Kind::Conflict,
                format!("operation {seq} of the plan is being done by somebody else"),
            ));
        }
        let changes: Vec<Change> = calls.iter().map(|call| call.change.clone()).collect();
        let uncertain: Vec<bool> = calls.iter().map(|call| call.uncertain).collect();
        let Answers { mut results, retried } =
            call(state.connector.as_ref(), &changes, &uncertain).await;
        state.part.retried += retried;
        self.move_memberships(state, batch, &accounts, &calls, &mut results).await;
        let called = calls.iter().zip(&results).collect();
        self.write(state, batch, &accounts, Outcomes { called, skipped }).await
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

    async fn accounts(&self, batch: &[Todo]) -> Result<Accounts, Error> {
        let mut ids: Vec<EntityId> = batch.iter().map(|todo| todo.operation.identity).collect();
        ids.sort_unstable();
        ids.dedup();
        let system_no = self.opened.names.systems.get(self.position).map_or(0, |names| names.no);
        let accounts = self.opened.store.read().await?.accounts_on_system(system_no, &ids).await?;
        let linked = accounts.into_iter().filter(|account| account.status == AccountStatus::Linked);
        Ok(linked
            .filter_map(|account| Some(((account.entity?, account.type_no), account)))
            .collect())
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
            let key = (todo.operation.identity, todo.operation.target.account_type.clone());
            let account = accounts.get(&(todo.operation.identity, place.names.no));
            if state.broken.contains(&key)
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
        let account = accounts.get(&(first.operation.identity, place.names.no))?;
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

    /// Makes entitlements known that are granted for the first time, and makes them on the system where the model says so.
    async fn ensure_entitlements(&self, state: &mut State, batch: &[Todo]) -> Result<(), Error> {
        let mut wanted: BTreeMap<usize, Vec<Text>> = BTreeMap::new();
        for todo in batch {
            let Kind::Grant { entitlement, name } = &todo.operation.kind else { continue };
            let Some(kind) =
                self.system.entitlements.iter().position(|kind| kind.name == *entitlement)
            else {
                continue;
            };
            let known = state.index.get(self.position, kind, name).is_some_and(|known| {
                let on_account = self
                    .system
                    .entitlements
                    .get(kind)
                    .is_some_and(|k| group_attribute(k).is_none());
                on_account
                    || (known.present && !known.native_name.is_empty())
                    || state.made.contains(&known.id)
            });
            let names = wanted.entry(kind).or_default();
            if !known && !names.contains(name) {
                names.push(name.clone());
            }
        }
        for (kind, names) in wanted.into_iter().filter(|(_, names)| !names.is_empty()) {
            self.make_entitlements(state, kind, &names).await?;
        }
        Ok(())
    }

    async fn make_entitlements(
        &self,
        state: &mut State,
        position: usize,
        names: &[Text],
    ) -> Result<(), Error> {
        let Some(kind) = self.system.entitlements.get(position) else { return Ok(()) };
        let mut answers: Vec<Result<Applied, ConnectorError>> =
            names.iter().map(|_| Ok(Applied::default())).collect();
        let objects: Vec<ObjectRef> = names
            .iter()
            .map(|name| ObjectRef {
                class: kind.object.clone(),
                id: "".into(),
                name: entitlement_object(&self.system, kind, name),
            })
            .collect();
        if group_attribute(kind).is_some() && kind.create {
            let changes: Vec<Change> = objects
                .iter()
                .map(|object| Change::Create {
                    object: object.clone(),
                    values: Vec::new(),
                    enabled: None,
                })
                .collect();
            let made = call(state.connector.as_ref(), &changes, &vec![true; changes.len()]).await;
            state.part.retried += made.retried;
            answers = made.results;
        }
        let numbers = self
            .opened
            .names
            .systems
            .get(self.position)
            .and_then(|names| Some((names.no, *names.kinds.get(position)?)));
        let Some((system_no, kind_no)) = numbers else { return Ok(()) };
        let mut tx = self.opened.store.begin().await?;
        let unknown: Vec<Text> = names
            .iter()
            .filter(|name| state.index.get(self.position, position, name).is_none())
            .cloned()
            .collect();
        for entitlement in new_entitlements(&mut tx, system_no, kind_no, &unknown).await? {
            state.index.insert(self.position, position, entitlement);
        }
        let mut saved = Vec::new();
        for ((name, object), answer) in names.iter().zip(&objects).zip(answers) {
            let Some(known) = state.index.get(self.position, position, name) else { continue };
            if let Ok(applied) = answer {
                let native_name = applied.name.unwrap_or_else(|| object.name.clone());
                let native_id = applied.id.unwrap_or_else(|| known.native_id.clone());
                saved.push(Entitlement { present: true, native_name, native_id, ..known.clone() });
                state.made.insert(known.id);
            }
        }
        tx.save_entitlements(&saved).await?;
        tx.commit().await?;
        for entitlement in saved {
            state.index.insert(self.position, position, entitlement);
        }
        Ok(())
    }

    /// Writes down how each operation ended and what is believed of the accounts now.
    async fn write(
        &self,
        state: &mut State,
        batch: &[Todo],
        accounts: &Accounts,
        outcomes: Outcomes<'_>,
    ) -> Result<(), Error> {
        let Outcomes { called, skipped } = outcomes;
        let mut tx = self.opened.store.begin().await?;
        let mut ledger = Ledger::new(accounts);
        for (call, result) in called {
            for todo in call.todo.iter().filter_map(|at| batch.get(*at)) {
                self.outcome(&mut tx, state, todo, result, &mut ledger).await?;
            }
        }
        for (at, why) in skipped {
            let Some(todo) = batch.get(at) else { continue };
            state.part.skipped += 1;
            ledger.done.push(self.done(todo, OperationState::Skipped, None, Some(&why)));
            ledger.log.push(json!({ "seq": todo.seq, "subject": &*todo.operation.subject, "what": describe(&todo.operation.kind), "skipped": why }));
        }
        ledger.save(&mut tx, self.ctx.now()).await?;
        tx.mark_done(self.plan, &ledger.done).await?;
        tx.append_journal(&Entry {
            at: self.ctx.now(),
            actor: self.ctx.actor.clone(),
            on_behalf_of: None,
            action: "operations.done".into(),
            subject: format!("plan {}", self.name).into(),
            detail: json!({ "system": &*self.system.name, "operations": ledger.log })
                .to_string()
                .into(),
            correlation: Some(self.ctx.correlation.clone()),
        })
        .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn outcome(
        &self,
        tx: &mut Tx,
        state: &mut State,
        todo: &Todo,
        result: &Result<Applied, ConnectorError>,
        ledger: &mut Ledger<'_>,
    ) -> Result<(), Error> {
        let what = describe(&todo.operation.kind);
        match result {
            Ok(applied) => {
                let account = self.believe(tx, state, todo, applied, ledger).await?;
                state.part.executed += 1;
                ledger.done.push(self.done(todo, OperationState::Executed, account, None));
                ledger.log.push(
                    json!({ "seq": todo.seq, "subject": &*todo.operation.subject, "what": what }),
                );
            }
            Err(error) if error.is_transient() => {
                state.part.left += 1;
                state.part.quarantined = Some((self.system.name.clone(), error.to_string()));
                ledger.done.push(OperationDone {
                    done_at: None,
                    ..self.done(todo, OperationState::Planned, None, Some(&error.to_string()))
                });
            }
            Err(error) => {
                let error = error.to_string();
                if matches!(todo.operation.kind, Kind::Create { .. } | Kind::Rename { .. }) {
                    state.broken.insert((
                        todo.operation.identity,
                        todo.operation.target.account_type.clone(),
                    ));
                }
                ledger.done.push(self.done(todo, OperationState::Failed, None, Some(&error)));
                ledger.log.push(json!({ "seq": todo.seq, "subject": &*todo.operation.subject, "what": what, "failed": error }));
                state.part.failed.push((todo.operation.clone(), error));
            }
        }
        Ok(())
    }

    /// Carries an executed operation over to the account; returns the id of one that was made.
    async fn believe(
        &self,
        tx: &mut Tx,
        state: &State,
        todo: &Todo,
        applied: &Applied,
        ledger: &mut Ledger<'_>,
    ) -> Result<Option<AccountId>, Error> {
        let Some(place) = self.place(todo) else { return Ok(None) };
        let key = (todo.operation.identity, place.names.no);
        let now = self.ctx.now();
        if let Kind::Create { .. } = todo.operation.kind {
            if let Some(account) = self.found_since(tx, todo, &place, applied, ledger).await? {
                let id = account.id;
                ledger.changed.insert(key, account);
                return Ok(Some(id));
            }
            let id = AccountId(tx.take_ids(Sequence::Account, 1).await?);
            let can_switch = state.connector.capabilities().enable;
            let mut account = Account {
                id,
                system_no: self.opened.names.systems.get(self.position).map_or(0, |names| names.no),
                type_no: place.names.no,
                native_id: "".into(),
                name: todo.operation.target.name.clone(),
                name_key: "".into(),
                entity: Some(todo.operation.identity),
                status: AccountStatus::Linked,
                confidence: 100,
                enabled: can_switch.then_some(true),
                disabled_since: None,
                content: Vec::new(),
                grants: Vec::new(),
                fingerprint: muster_model::Fingerprint::default(),
                created_at: now,
                changed_at: now,
                origin: AccountOrigin::Made,
            };
            place.after(&todo.operation, &mut account, applied, &state.index, now);
            ledger.new.insert(key, account);
            return Ok(Some(id));
        }
        if let Some(account) = ledger.account(key) {
            if matches!(todo.operation.kind, Kind::Delete) {
                let id = account.id;
                ledger.deleted.push(id);
            } else {
                place.after(&todo.operation, account, applied, &state.index, now);
                account.changed_at = now;
            }
        }
        Ok(None)
    }

    /// The account that an earlier call made, when a read has found it before its answer was written down.
    async fn found_since(
        &self,
        tx: &mut Tx,
        todo: &Todo,
        place: &Place<'_>,
        applied: &Applied,
        ledger: &Ledger<'_>,
    ) -> Result<Option<Account>, Error> {
        let identity = todo.operation.identity;
        if !todo.uncertain {
            return Ok(None);
        }
        if let Some(known) = ledger.known.get(&(identity, place.names.no)) {
            return Ok(Some(known.clone()));
        }
        let id = applied.id.as_deref().unwrap_or("");
        let mut found = tx.account_by_native_id(place.names.no, id).await?;
        if found.is_none() {
            let name = applied.name.as_ref().unwrap_or(&todo.operation.target.name);
            let key: Text = name_key(self.system.names, name).into();
            found = tx.accounts_by_name(place.names.no, &[key]).await?.into_iter().next();
        }
        Ok(found.map(|account| Account {
            entity: Some(identity),
            status: AccountStatus::Linked,
            confidence: 100,
            origin: AccountOrigin::Made,
            ..account
        }))
    }

    fn done(
        &self,
        todo: &Todo,
        state: OperationState,
        account: Option<AccountId>,
        error: Option<&str>,
    ) -> OperationDone {
        OperationDone {
            seq: todo.seq,
            state,
            done_at: Some(self.ctx.now()),
            next_try: None,
            account,
            error: error.map(Into::into),
        }
    }
}

/// What one batch changes in the repository.
struct Ledger<'a> {
    known: &'a Accounts,
    new: BTreeMap<(EntityId, i64), Account>,
    changed: BTreeMap<(EntityId, i64), Account>,
    deleted: Vec<AccountId>,
    done: Vec<OperationDone>,
    log: Vec<serde_json::Value>,
}

impl<'a> Ledger<'a> {
    fn new(known: &'a Accounts) -> Self {
        Self {
            known,
            new: BTreeMap::new(),
            changed: BTreeMap::new(),
            deleted: Vec::new(),
            done: Vec::new(),
            log: Vec::new(),
        }
    }

    fn account(&mut self, key: (EntityId, i64)) -> Option<&mut Account> {
        if !self.changed.contains_key(&key) {
            self.changed.insert(key, self.known.get(&key)?.clone());
        }
        self.changed.get_mut(&key)
    }

    async fn save(&mut self, tx: &mut Tx, now: Timestamp) -> Result<(), Error> {
        let new: Vec<Account> = std::mem::take(&mut self.new).into_values().collect();
        tx.insert_accounts(&new).await?;
        let deleted = &self.deleted;
        let changed: Vec<Account> = std::mem::take(&mut self.changed)
            .into_values()
            .filter(|account| !deleted.contains(&account.id))
            .collect();
        tx.update_accounts(&changed).await?;
        tx.delete_accounts(&self.deleted, now).await?;
        Ok(())
    }
}
