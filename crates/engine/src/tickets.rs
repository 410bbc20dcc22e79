//! Tickets: what people, or systems that take their time, do instead of a call that is done when it returns.
//!
//! Who closes a ticket says that it was done: its operation is executed, and what waited for it goes on. Where the system
//! can be read, the next read verifies it; a read that shows the work first closes the ticket by itself. Where it cannot be
//! read, somebody attests it: the same person by closing it, or a second one where the system's settings say `attest: second`.

use std::sync::Arc;

use muster_app::{Ctx, Error, Kind, Opened};
use muster_plan::decode_operation;
use muster_policy::System;
use muster_store::{Entry, Operation, OperationState, PlanStatus, Ticket, TicketStatus, Tx};
use serde_json::json;

use crate::{
    apply::do_by_hand,
    lease::Lease,
    orders::{release_waiting, tell},
};

mod shown;

pub(crate) use shown::{close_shown, open_tickets};

/// Tickets with this status, or all, the oldest first.
pub async fn list_tickets(
    opened: &Opened,
    status: Option<TicketStatus>,
    after: Option<i64>,
    limit: usize,
) -> Result<Vec<Ticket>, Error> {
    Ok(opened.store.read().await?.tickets(status, after, limit).await?)
}

/// The ticket with this number.
pub async fn see_ticket(opened: &Opened, id: i64) -> Result<Ticket, Error> {
    let found = list_tickets(opened, None, Some(id.saturating_sub(1)), 1).await?;
    let ticket = found.into_iter().find(|ticket| ticket.id == id);
    ticket.ok_or_else(|| {
        Error::not_found(format!("there is no ticket {id}")).hint("muster tickets list shows them")
    })
}

/// Says that what the ticket asks for was done.
pub async fn close_ticket(
    ctx: &Ctx,
    opened: &Opened,
    id: i64,
    note: Option<&str>,
) -> Result<(), Error> {
    let lease = Arc::new(Lease::take(ctx, opened, "apply").await?);
    let outcome = close(ctx, opened, &lease, id, note).await;
    lease.release(opened, outcome).await
}

async fn close(
    ctx: &Ctx,
    opened: &Opened,
    lease: &Arc<Lease>,
    id: i64,
    note: Option<&str>,
) -> Result<(), Error> {
    let (ticket, operation) = open_ticket(opened, id).await?;
    let system = system_of(opened, &ticket)?;
    if operation.state == OperationState::Sent {
        let decoded = decode_operation(&operation.body)
            .map_err(|error| Error::bug("a saved order cannot be read").caused_by(error))?;
        do_by_hand(ctx, opened, lease, system, &operation, decoded).await?;
    }
    let mut tx = opened.store.begin().await?;
    decide(ctx, &mut tx, &ticket, TicketStatus::Closed, note, "ticket.close").await?;
    if !system.readable && !wants_second(system) {
        tx.attest_ticket(id, &ctx.actor, ctx.now()).await?;
        tx.mark_verified(ticket.plan, &[ticket.seq], ctx.now()).await?;
    }
    go_on(ctx, &mut tx, &operation).await?;
    tx.commit().await?;
    Ok(())
}

/// Says that what the ticket asks for will not be done: its operation failed.
pub async fn refuse_ticket(
    ctx: &Ctx,
    opened: &Opened,
    id: i64,
    note: Option<&str>,
) -> Result<(), Error> {
    let lease = Lease::take(ctx, opened, "apply").await?;
    let outcome = async {
        let (ticket, operation) = open_ticket(opened, id).await?;
        let mut tx = opened.store.begin().await?;
        decide(ctx, &mut tx, &ticket, TicketStatus::Refused, note, "ticket.refuse").await?;
        let why = format!("refused by {}: {}", ctx.actor, note.unwrap_or("no reason given"));
        tx.mark_done(
            operation.plan,
            &[muster_store::OperationDone {
                seq: operation.seq,
                state: OperationState::Failed,
                done_at: Some(ctx.now()),
                next_try: None,
                account: None,
                error: Some(why.as_str().into()),
            }],
        )
        .await?;
        tx.clear_tickets(operation.plan, &[operation.seq]).await?;
        tell(ctx, &mut tx, operation.plan, &[operation.seq], OperationState::Failed, &why).await?;
        tx.commit().await?;
        Ok(())
    }
    .await;
    lease.release(opened, outcome).await
}

/// Confirms that what a closed ticket asked for was really done.
pub async fn attest_ticket(ctx: &Ctx, opened: &Opened, id: i64) -> Result<(), Error> {
    let ticket = ticket(opened, id).await?;
    let system = system_of(opened, &ticket)?;
    if ticket.status != TicketStatus::Closed {
        return Err(Error::new(
            Kind::Conflict,
            format!("ticket {id} is {} and cannot be attested", ticket.status),
        ));
    }
    if wants_second(system) && ticket.closed_by.as_ref() == Some(&ctx.actor) {
        return Err(Error::new(
            Kind::Denied,
            format!("ticket {id} was closed by you; somebody else has to attest it"),
        )
        .hint("the settings of the system say `attest: second`"));
    }
    let mut tx = opened.store.begin().await?;
    if !tx.attest_ticket(id, &ctx.actor, ctx.now()).await? {
        return Err(Error::new(Kind::Conflict, format!("ticket {id} was attested already")));
    }
    tx.mark_verified(ticket.plan, &[ticket.seq], ctx.now()).await?;
    entry(ctx, &mut tx, &ticket, "ticket.attest", None).await?;
    tx.commit().await?;
    Ok(())
}

/// What waited for the operation goes on.
async fn go_on(ctx: &Ctx, tx: &mut Tx, operation: &Operation) -> Result<(), Error> {
    let released = release_waiting(tx, operation).await?;
    if !released.is_empty() {
        let note = "what it waited for was done";
        tell(ctx, tx, operation.plan, &released, OperationState::Planned, note).await?;
    }
    tx.hasten(operation.plan, None).await?;
    let planned = |count: &muster_store::QueueCount| count.state == OperationState::Planned;
    if tx.queue_of(operation.plan).await?.iter().any(planned) {
        tx.set_plan_status(operation.plan, &[PlanStatus::Done], PlanStatus::Applying).await?;
    }
    Ok(())
}

async fn decide(
    ctx: &Ctx,
    tx: &mut Tx,
    ticket: &Ticket,
    to: TicketStatus,
    note: Option<&str>,
    action: &str,
) -> Result<(), Error> {
    if !tx.decide_ticket(ticket.id, to, Some(&ctx.actor), ctx.now(), note).await? {
        return Err(Error::new(
            Kind::Conflict,
            format!("somebody else decided about ticket {}", ticket.id),
        ));
    }
    entry(ctx, tx, ticket, action, note).await
}

async fn entry(
    ctx: &Ctx,
    tx: &mut Tx,
    ticket: &Ticket,
    action: &str,
    note: Option<&str>,
) -> Result<(), Error> {
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: action.into(),
        subject: format!("ticket {}", ticket.id).into(),
        detail: json!({ "what": &*ticket.what, "subject": &*ticket.subject, "note": note })
            .to_string()
            .into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}

async fn ticket(opened: &Opened, id: i64) -> Result<Ticket, Error> {
    let found = opened.store.read().await?.ticket(id).await?;
    found.ok_or_else(|| {
        Error::not_found(format!("there is no ticket {id}")).hint("muster tickets list shows them")
    })
}

async fn open_ticket(opened: &Opened, id: i64) -> Result<(Ticket, Operation), Error> {
    let ticket = ticket(opened, id).await?;
    if ticket.status != TicketStatus::Open {
        let who = ticket.closed_by.as_deref().unwrap_or("a read");
        return Err(Error::new(
            Kind::Conflict,
            format!("ticket {id} was {} by {who} already", ticket.status),
        ));
    }
    let operation = opened.store.read().await?.operation(ticket.plan, ticket.seq).await?;
    let operation = operation.ok_or_else(|| Error::bug("a ticket has no order"))?;
    Ok((ticket, operation))
}

fn system_of<'a>(opened: &'a Opened, ticket: &Ticket) -> Result<&'a System, Error> {
    let position = opened.names.systems.iter().position(|names| names.no == ticket.system_no);
    position.and_then(|position| opened.model.systems.get(position)).ok_or_else(|| {
        Error::new(Kind::Stale, "the model no longer has the system of the ticket")
            .hint(format!("refuse it: muster tickets refuse {}", ticket.id))
    })
}

/// Whether a second person has to attest what was done by hand.
fn wants_second(system: &System) -> bool {
    system.settings.scalar("attest").is_some_and(|attest| &**attest == "second")
}
