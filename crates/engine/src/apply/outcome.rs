//! What became of the operations of a batch: written down in one transaction, with what is believed of the accounts now.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use muster_app::Error;
use muster_connector::ConnectorError;
use muster_model::{AccountId, Applied, Text, name_key};
use muster_plan::{Kind, describe};
use muster_store::{
    Account, AccountOrigin, AccountStatus, Entry, OperationDone, OperationEvent, OperationState,
    Sequence, Ticket, TicketStatus, Tx,
};
use serde_json::json;

use super::{
    batch::AccountKey,
    batch::{Accounts, Call},
    gates::Gate,
    sift::block,
    system::{Block, State, SystemRun, Todo},
};
use crate::{account_change::Place, backoff::next_try};

/// How a batch went: what was called for with its answers, and what could not be called for, with the reason.
pub(super) struct Outcomes<'a> {
    pub(super) called: Vec<(&'a Call, &'a Result<Applied, ConnectorError>)>,
    pub(super) skipped: Vec<(usize, String)>,
    /// What waits for something that failed.
    pub(super) held: Vec<(usize, Text)>,
    /// What waits for something that is left for later.
    pub(super) left: Vec<(usize, Text)>,
}

impl SystemRun {
    /// Writes down how each operation ended and what is believed of the accounts now.
    pub(super) async fn write(
        &self,
        state: &mut State,
        batch: &[Todo],
        accounts: &Accounts,
        outcomes: Outcomes<'_>,
    ) -> Result<(), Error> {
        let Outcomes { called, skipped, held, left } = outcomes;
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
            ledger.log(todo, "skipped", &why);
            ledger.gates.push((todo.seq, Gate::Failed(why.into())));
        }
        for (at, why) in held {
            let Some(todo) = batch.get(at) else { continue };
            let held = self.done(todo, OperationState::Held, None, Some(&why));
            ledger.done.push(OperationDone { done_at: None, ..held });
            ledger.event(self, todo, OperationState::Held, &why);
            ledger.log(todo, "held", &why);
            ledger.gates.push((todo.seq, Gate::Failed(why.clone())));
            state.part.held.push((todo.operation.clone(), why.to_string()));
        }
        for (at, why) in left {
            let Some(todo) = batch.get(at) else { continue };
            let next_try =
                Some(self.ctx.now().saturating_add(LOOK_AGAIN).unwrap_or(Timestamp::MAX));
            let left = self.done(todo, OperationState::Planned, None, Some(&why));
            ledger.done.push(OperationDone { done_at: None, next_try, ..left });
            ledger.gates.push((todo.seq, Gate::Left(why)));
            state.part.left += 1;
        }
        ledger.save(&mut tx, self.ctx.now()).await?;
        tx.mark_done(self.plan, &ledger.done).await?;
        // Whoever something was done for is looked at again: perhaps more is to be done now.
        let ended = ledger.done.iter().filter(|done| done.state == OperationState::Executed);
        let ended: BTreeSet<i64> = ended.map(|done| done.seq).collect();
        let ended = batch.iter().filter(|todo| ended.contains(&todo.seq));
        tx.unsettle(&ended.map(|todo| todo.operation.identity).collect::<Vec<_>>()).await?;
        self.open_tickets(&mut tx, &ledger).await?;
        tx.add_operation_events(self.plan, &ledger.events).await?;
        self.save_health(&mut tx, state).await?;
        if !ledger.log.is_empty() {
            self.journal(&mut tx, &ledger.log).await?;
        }
        tx.commit().await?;
        self.gates.tell(ledger.gates.into_iter());
        Ok(())
    }

    async fn journal(&self, tx: &mut Tx, log: &[serde_json::Value]) -> Result<(), Error> {
        tx.append_journal(&Entry {
            at: self.ctx.now(),
            actor: self.ctx.actor.clone(),
            on_behalf_of: self.ctx.on_behalf_of.clone(),
            action: "operations.done".into(),
            subject: format!("plan {}", self.name).into(),
            detail: json!({ "system": &*self.system.name, "operations": log }).to_string().into(),
            correlation: Some(self.ctx.correlation.clone()),
        })
        .await?;
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
        match result {
            Ok(Applied { pending: Some(reference), .. }) => {
                state.part.taken += 1;
                ledger.tickets.push((todo.clone(), reference.clone()));
                ledger.log(todo, "taken", reference);
                block(state, todo, Block::Hold(WAITS_FOR_TICKET.into()));
                ledger.gates.push((todo.seq, Gate::Left(WAITS_FOR_TICKET.into())));
            }
            Ok(applied) => {
                let account = self.believe(tx, state, todo, applied, ledger).await?;
                state.part.executed += 1;
                ledger.done.push(self.done(todo, OperationState::Executed, account, None));
                ledger.log.push(json!({
                    "seq": todo.seq, "subject": &*todo.operation.subject, "what": describe(&todo.operation.kind),
                }));
                ledger.gates.push((todo.seq, Gate::Done));
            }
            Err(error) if error.is_transient() || state.is_system(error) => {
                self.try_again(state, todo, error, ledger);
            }
            Err(error) => {
                let error = error.to_string();
                block(state, todo, Block::Failed);
                ledger.done.push(self.done(todo, OperationState::Failed, None, Some(&error)));
                ledger.log(todo, "failed", &error);
                let why = waits_for(todo, "failed");
                ledger.gates.push((todo.seq, Gate::Failed(why)));
                state.part.failed.push((todo.operation.clone(), error));
            }
        }
        Ok(())
    }

    /// Leaves an operation planned: it is tried again when its time has come, or when the system is well again.
    fn try_again(
        &self,
        state: &mut State,
        todo: &Todo,
        error: &ConnectorError,
        ledger: &mut Ledger<'_>,
    ) {
        let now = self.ctx.now();
        let asked = match error {
            ConnectorError::Throttled { after } => *after,
            ConnectorError::Unreachable(_)
            | ConnectorError::Refused(_)
            | ConnectorError::AlreadyExists { .. }
            | ConnectorError::NotFound { .. }
            | ConnectorError::Invalid(_)
            | ConnectorError::Settings(_)
            | ConnectorError::Malformed(_) => None,
        };
        let own = next_try(now, todo.attempts + 1, asked, (&*self.system.name, todo.seq));
        let at = state.health.next_probe.unwrap_or(own);
        let error = error.to_string();
        state.part.left += 1;
        state.part.waits_until(at);
        block(state, todo, Block::Leave(error.clone().into()));
        ledger.event(self, todo, OperationState::Planned, &error);
        ledger.done.push(OperationDone {
            done_at: None,
            next_try: Some(at),
            ..self.done(todo, OperationState::Planned, None, Some(&error))
        });
        ledger.gates.push((todo.seq, Gate::Left(waits_for(todo, "left for later"))));
    }

    async fn open_tickets(&self, tx: &mut Tx, ledger: &Ledger<'_>) -> Result<(), Error> {
        if ledger.tickets.is_empty() {
            return Ok(());
        }
        let first = tx.take_ids(Sequence::Ticket, ledger.tickets.len()).await?;
        let tickets: Vec<Ticket> = (first..)
            .zip(&ledger.tickets)
            .map(|(id, (todo, reference))| Ticket {
                id,
                plan: self.plan,
                seq: todo.seq,
                system_no: self.system_no(),
                entity: Some(todo.operation.identity),
                account_type_no: self.place(todo).map(|place| place.names.no),
                kind: todo.operation.kind.name().into(),
                subject: todo.operation.subject.clone(),
                what: format!(
                    "{} ({})",
                    describe(&todo.operation.kind),
                    todo.operation.target.name
                )
                .into(),
                reference: reference.clone(),
                status: TicketStatus::Open,
                opened_at: self.ctx.now(),
                closed_at: None,
                closed_by: None,
                attested_at: None,
                attested_by: None,
                note: None,
            })
            .collect();
        tx.insert_tickets(&tickets).await?;
        let taken: Vec<(i64, i64)> = tickets.iter().map(|ticket| (ticket.seq, ticket.id)).collect();
        tx.mark_taken(self.plan, &taken).await?;
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
        let key = todo.key(place.names.no);
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
                system_no: self.system_no(),
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
        if let Some(known) = ledger.known.get(&(identity, place.names.no, None)) {
            return Ok(Some(Account { origin: AccountOrigin::Made, ..known.clone() }));
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

/// When something is looked at again that waits for something else; whatever ends the waiting also ends this pause.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// Why something waits for an operation that a person, or a slow system, will do later.
pub(super) const WAITS_FOR_TICKET: &str = "waits for a ticket";

/// Why something that waits for `todo` cannot be done.
fn waits_for(todo: &Todo, how: &str) -> Text {
    let operation = &todo.operation;
    let what = describe(&operation.kind);
    format!("waits for {what} on {} (order {}), which {how}", operation.target.system, todo.seq)
        .into()
}

/// What one batch changes in the repository.
struct Ledger<'a> {
    known: &'a Accounts,
    new: BTreeMap<AccountKey, Account>,
    changed: BTreeMap<AccountKey, Account>,
    deleted: Vec<AccountId>,
    done: Vec<OperationDone>,
    tickets: Vec<(Todo, Text)>,
    events: Vec<OperationEvent>,
    gates: Vec<(i64, Gate)>,
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
            tickets: Vec::new(),
            events: Vec::new(),
            gates: Vec::new(),
            log: Vec::new(),
        }
    }

    fn log(&mut self, todo: &Todo, how: &str, why: &str) {
        self.log.push(json!({
            "seq": todo.seq, "subject": &*todo.operation.subject, "what": describe(&todo.operation.kind), how: why,
        }));
    }

    fn event(&mut self, run: &SystemRun, todo: &Todo, state: OperationState, note: &str) {
        let (at, actor) = (run.ctx.now(), run.ctx.actor.clone());
        self.events.push(OperationEvent { seq: todo.seq, at, state, actor, note: note.into() });
    }

    fn account(&mut self, key: AccountKey) -> Option<&mut Account> {
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
        tx.forget_orphan_decisions(&self.deleted).await?;
        Ok(())
    }
}
