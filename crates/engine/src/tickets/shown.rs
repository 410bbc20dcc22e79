//! Closes the tickets whose work a read shows: what can be seen, nobody has to say.

use muster_app::{AccountNames, Ctx, EntitlementIndex, Error, Opened};
use muster_model::{AccountId, Applied, Text, name_key};
use muster_plan::{Kind, Operation, decode_operation};
use muster_policy::System;
use muster_store::{
    Account, AccountStatus, OperationDone, OperationState, ReadTx, Ticket, TicketStatus, Tx,
};

use super::{entry, go_on};
use crate::account_change::Place;

/// Tickets that are looked at together.
const BATCH: usize = 1000;

/// What a ticket says when nobody closed it.
const NOTE: &str = "a read shows it";

/// What is known now of what a ticket asks for.
enum Seen {
    /// It is not done.
    Not,
    /// It is done, by this account where one was to be made.
    Done(Option<AccountId>),
}

/// The open tickets of a system, those of one account type where one is given; the oldest first.
pub(crate) async fn open_tickets(
    tx: &mut ReadTx,
    system_no: i64,
    account_type_no: Option<i64>,
) -> Result<Vec<Ticket>, Error> {
    let mut open = Vec::new();
    let mut after = None;
    loop {
        let page = tx.tickets(Some(TicketStatus::Open), after, BATCH).await?;
        let Some(last) = page.last() else { return Ok(open) };
        after = Some(last.id);
        open.extend(page.into_iter().filter(|ticket| {
            ticket.system_no == system_no
                && (account_type_no.is_none() || ticket.account_type_no == account_type_no)
        }));
    }
}

/// Closes the tickets of a system that was just read, as far as its accounts are as the tickets ask for. Their operations
/// are verified, and what waited for them goes on. Returns how many.
pub(crate) async fn close_shown(ctx: &Ctx, opened: &Opened, system: &System) -> Result<u64, Error> {
    let names = opened.names.systems.get(system.id.index());
    let names = names.ok_or_else(|| Error::bug("a system has no number"))?;
    let mut tx = opened.store.read().await?;
    let open = open_tickets(&mut tx, names.no, None).await?;
    if open.is_empty() {
        return Ok(0);
    }
    let index = EntitlementIndex::load(&mut tx, opened).await?;
    drop(tx);
    let mut n = 0;
    for ticket in open {
        let found = system.accounts.iter().zip(&names.accounts);
        let mut found = found.filter(|(_, names)| Some(names.no) == ticket.account_type_no);
        let Some((account_type, names)) = found.next() else { continue };
        let place = Place { system, account_type, names };
        let mut tx = opened.store.begin().await?;
        if close_one(ctx, &mut tx, &ticket, &place, &index).await? {
            tx.commit().await?;
            n += 1;
        }
    }
    Ok(n)
}

async fn close_one(
    ctx: &Ctx,
    tx: &mut Tx,
    ticket: &Ticket,
    place: &Place<'_>,
    index: &EntitlementIndex,
) -> Result<bool, Error> {
    let Some(stored) = tx.operation(ticket.plan, ticket.seq).await? else { return Ok(false) };
    if stored.state != OperationState::Sent {
        return Ok(false);
    }
    let operation = decode_operation(&stored.body)
        .map_err(|error| Error::bug("a saved order cannot be read").caused_by(error))?;
    let Seen::Done(made) =
        seen(ctx, tx, ticket, (&operation, stored.account), place, index).await?
    else {
        return Ok(false);
    };
    let (id, status) = (ticket.id, TicketStatus::Closed);
    if !tx.decide_ticket(id, status, None, ctx.now(), Some(NOTE)).await? {
        return Ok(false);
    }
    let done = OperationDone {
        seq: ticket.seq,
        state: OperationState::Executed,
        done_at: Some(ctx.now()),
        next_try: None,
        account: made,
        error: None,
    };
    tx.mark_done(ticket.plan, &[done]).await?;
    tx.mark_verified(ticket.plan, &[ticket.seq], ctx.now()).await?;
    tx.unsettle(&[operation.identity]).await?;
    entry(ctx, tx, ticket, "ticket.close", Some(NOTE)).await?;
    go_on(ctx, tx, &stored).await?;
    Ok(true)
}

/// Whether what is known of the account is what the operation would leave behind.
async fn seen(
    ctx: &Ctx,
    tx: &mut Tx,
    ticket: &Ticket,
    (operation, account): (&Operation, Option<AccountId>),
    place: &Place<'_>,
    index: &EntitlementIndex,
) -> Result<Seen, Error> {
    if matches!(operation.kind, Kind::Create { .. }) {
        let made = made(ctx, tx, ticket, operation, place).await?;
        return Ok(made.map_or(Seen::Not, |account| Seen::Done(Some(account))));
    }
    let account = match account {
        Some(id) => tx.account(id).await?,
        None => only_account(tx, operation, place.names).await?,
    };
    let is_done = match (&operation.kind, account) {
        (Kind::Delete, account) => account.is_none(),
        (_, Some(account)) => {
            let mut after = account.clone();
            place.after(operation, &mut after, &Applied::default(), index, ctx.now());
            after.fingerprint == account.fingerprint
        }
        (_, None) => false,
    };
    Ok(if is_done { Seen::Done(None) } else { Seen::Not })
}

/// The account that was made since the ticket was opened: its identity's, or nobody's with the name that was asked for,
/// which is its identity's from now on.
async fn made(
    ctx: &Ctx,
    tx: &mut Tx,
    ticket: &Ticket,
    operation: &Operation,
    place: &Place<'_>,
) -> Result<Option<AccountId>, Error> {
    let key: Text = name_key(place.system.names, &operation.target.name).into();
    let mut accounts = tx.accounts_of(operation.identity).await?;
    accounts.retain(|account| {
        account.type_no == place.names.no
            && (account.created_at >= ticket.opened_at || account.name_key == key)
    });
    if let Some(account) = accounts.into_iter().next() {
        return Ok(Some(account.id));
    }
    let named = tx.accounts_by_name(place.names.no, &[key]).await?.into_iter().next();
    let Some(account) = named.filter(|account| account.status == AccountStatus::Orphan) else {
        return Ok(None);
    };
    let link = (account.id, Some(operation.identity), AccountStatus::Linked, 100);
    tx.link_accounts(&[link], ctx.now()).await?;
    tx.forget_orphan_decisions(&[account.id]).await?;
    Ok(Some(account.id))
}

/// The identity's account of the type, when it has one and no more.
async fn only_account(
    tx: &mut Tx,
    operation: &Operation,
    names: &AccountNames,
) -> Result<Option<Account>, Error> {
    let mut accounts = tx.accounts_of(operation.identity).await?;
    accounts.retain(|account| account.type_no == names.no);
    Ok(accounts.pop().filter(|_| accounts.is_empty()))
}
