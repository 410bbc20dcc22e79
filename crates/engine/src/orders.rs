//! Orders: the operations of plans that are being applied, one by one, as people see them and decide about them.

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::{EntityId, PlanId, Text};
use muster_plan::{decode_operation, describe};
use muster_store::{
    Entry, Operation, OperationEvent, OperationFilter, OperationState, Plan, PlanStatus, ReadTx,
    Sequence, Ticket, TicketStatus, Tx,
};
use serde_json::json;

use crate::plans::{load_plan, short};

const PAGE: usize = 1000;

/// Which orders are asked for.
#[derive(Debug, Clone, Default)]
pub struct OrderQuery {
    /// On this system only.
    pub system: Option<String>,
    /// In this state only.
    pub state: Option<OperationState>,
    /// For this identity only.
    pub person: Option<EntityId>,
    /// Of this plan only, by the beginning of its name.
    pub plan: Option<String>,
    /// How many at most.
    pub limit: usize,
}

/// An order.
#[derive(Debug, Clone)]
pub struct OrderView {
    /// Its name: the plan's short name and the place in it, `7f3a2c1b/12`.
    pub name: String,
    /// The system.
    pub system: Text,
    /// For whom.
    pub subject: Text,
    /// What is done, in words.
    pub what: String,
    /// How far it has come.
    pub state: OperationState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again.
    pub next_try: Option<Timestamp>,
    /// What the system said against it, or what it waits for.
    pub error: Option<Text>,
    /// The ticket, when somebody took it and will do it later.
    pub ticket: Option<i64>,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// When it was executed, failed, skipped or cancelled.
    pub done_at: Option<Timestamp>,
}

/// A step in the history of an order.
#[derive(Debug, Clone)]
pub struct OrderStep {
    /// When.
    pub at: Timestamp,
    /// The state from then on.
    pub state: OperationState,
    /// Who or what did it; empty for the system itself.
    pub actor: Text,
    /// Why.
    pub note: Text,
}

/// Orders, those of the newest plans first, each plan's in its order.
pub async fn list_orders(
    ctx: &Ctx,
    opened: &Opened,
    query: &OrderQuery,
) -> Result<Vec<OrderView>, Error> {
    let system_no = match &query.system {
        Some(name) => {
            let system = opened.system_named(name)?;
            opened.names.systems.get(system.id.index()).map(|names| names.no)
        }
        None => None,
    };
    let filter = OperationFilter { system_no, state: query.state };
    let mut tx = opened.store.read().await?;
    let plans = match &query.plan {
        Some(name) => tx.plan_by_hash(&name.to_lowercase()).await?.into_iter().collect(),
        None => tx.plans(None, None, PAGE).await?,
    };
    if let Some(person) = query.person {
        return of_person(&mut tx, opened, &plans, person, filter, query.limit).await;
    }
    let mut views = Vec::new();
    for plan in plans {
        let was_begun =
            matches!(plan.status, PlanStatus::Applying | PlanStatus::Done | PlanStatus::Stale);
        if !was_begun && query.plan.is_none() {
            continue;
        }
        let mut after = None;
        loop {
            let rest = query.limit.saturating_sub(views.len());
            let mut page = tx.operations(plan.id, filter, after, rest).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.seq);
            ctx.reach.narrow(ctx, opened, &mut tx, &mut page, |operation| operation.entity).await?;
            views.extend(page.into_iter().map(|operation| view(opened, &plan, operation)));
        }
        if views.len() >= query.limit {
            break;
        }
    }
    Ok(views)
}

async fn of_person(
    tx: &mut ReadTx,
    opened: &Opened,
    plans: &[Plan],
    person: EntityId,
    filter: OperationFilter,
    limit: usize,
) -> Result<Vec<OrderView>, Error> {
    let own = tx.operations_of(person, PAGE).await?;
    let is_meant = |operation: &Operation| {
        filter.system_no.is_none_or(|number| number == operation.system_no)
            && filter.state.is_none_or(|state| state == operation.state)
    };
    let views = own.into_iter().filter(is_meant).filter_map(|operation| {
        let plan = plans.iter().find(|plan| plan.id == operation.plan)?;
        Some(view(opened, plan, operation))
    });
    Ok(views.take(limit).collect())
}

pub(crate) fn view(opened: &Opened, plan: &Plan, operation: Operation) -> OrderView {
    let decoded = decode_operation(&operation.body).ok();
    let position = opened.names.systems.iter().position(|names| names.no == operation.system_no);
    let system = position.and_then(|position| opened.model.systems.get(position));
    OrderView {
        name: format!("{}/{}", short(plan), operation.seq),
        system: system
            .map(|system| system.name.clone())
            .or_else(|| decoded.as_ref().map(|decoded| decoded.target.system.clone()))
            .unwrap_or_else(|| "?".into()),
        subject: operation.subject,
        what: decoded.map_or_else(|| operation.kind.to_string(), |decoded| describe(&decoded.kind)),
        state: operation.state,
        attempts: operation.attempts,
        next_try: operation.next_try,
        error: operation.error,
        ticket: operation.ticket,
        planned_at: plan.made_at,
        done_at: operation.done_at,
    }
}

/// An order by name, with its history, the oldest step first.
pub async fn order_history(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
) -> Result<(OrderView, Vec<OrderStep>), Error> {
    let (plan, operation) = find(ctx, opened, name).await?;
    let mut tx = opened.store.read().await?;
    let step = |at, state, actor: &str, note: &str| OrderStep {
        at,
        state,
        actor: actor.into(),
        note: note.into(),
    };
    let mut steps = vec![step(plan.made_at, OperationState::Planned, &plan.made_by, "")];
    let events = tx.operation_events(operation.plan, operation.seq).await?;
    steps.extend(events.into_iter().map(|event| OrderStep {
        at: event.at,
        state: event.state,
        actor: event.actor,
        note: event.note,
    }));
    let tickets = tx.tickets_of(operation.plan, operation.seq).await?;
    steps.extend(tickets.iter().map(|ticket| {
        step(ticket.opened_at, OperationState::Sent, "", &format!("ticket {}", ticket.id))
    }));
    if let Some(at) = operation.sent_at {
        let note = format!("try {}", operation.attempts);
        steps.push(step(at, OperationState::Sent, "", &note));
    }
    let error = operation.error.as_deref().unwrap_or_default();
    if let Some(at) = operation.done_at {
        let is_verified = operation.state == OperationState::Verified;
        let state = if is_verified { OperationState::Executed } else { operation.state };
        let is_told = steps.iter().any(|step| step.at == at && step.state == state);
        if !is_told {
            steps.push(step(at, state, "", error));
        }
    }
    if let Some(at) = operation.verified_at {
        steps.push(step(at, OperationState::Verified, "", ""));
    }
    steps.sort_by_key(|step| step.at);
    Ok((view(opened, &plan, operation), steps))
}

/// True when a person has to decide first.
async fn is_under_review(opened: &Opened, operation: &Operation) -> Result<bool, Error> {
    let waiting = opened.store.read().await?.waiting_reviews_of(operation.plan).await?;
    Ok(waiting.iter().any(|review| review.seq == operation.seq))
}

/// Lets an order that failed, is held or waits be tried at once, with everything that waits for it.
pub async fn retry_order(ctx: &Ctx, opened: &Opened, name: &str) -> Result<u64, Error> {
    let (plan, operation) = find(ctx, opened, name).await?;
    may_go_on(&plan, name)?;
    let may_be_retried = [
        OperationState::Failed,
        OperationState::Held,
        OperationState::Skipped,
        OperationState::Planned,
    ];
    if is_blocked(&operation) {
        return Err(Error::new(
            Kind::Held,
            format!("order `{name}` is held back by a conflict between duties"),
        )
        .hint("take one of the duties away, then make a plan: muster plan"));
    }
    if is_under_review(opened, &operation).await? {
        return Err(Error::new(Kind::Held, format!("order `{name}` waits for review")).hint(
            format!("somebody who did not cause it decides: muster orders review approve {name}"),
        ));
    }
    let mut tx = opened.store.begin().await?;
    if !tx
        .decide_operation(plan.id, operation.seq, &may_be_retried, OperationState::Planned, None)
        .await?
    {
        return Err(refused(&operation, name, "tried again"));
    }
    let mut seqs = vec![operation.seq];
    seqs.extend(release_waiting(&mut tx, &operation).await?);
    tell(ctx, &mut tx, plan.id, &seqs, OperationState::Planned, "to be tried again").await?;
    let from = [PlanStatus::Done];
    tx.set_plan_status(plan.id, &from, PlanStatus::Applying).await?;
    entry(ctx, &mut tx, name, "order.retry").await?;
    tx.commit().await?;
    Ok(seqs.len() as u64)
}

/// Puts what waits for `operation`, or for its account, back into the queue; returns the places.
pub(crate) async fn release_waiting(tx: &mut Tx, operation: &Operation) -> Result<Vec<i64>, Error> {
    let mut released = Vec::new();
    let reviewed = tx.waiting_reviews_of(operation.plan).await?;
    for state in [OperationState::Held, OperationState::Skipped] {
        let filter = OperationFilter { system_no: None, state: Some(state) };
        let mut after = None;
        loop {
            let page = tx.operations(operation.plan, filter, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.seq);
            for other in page {
                let is_same_account = other.system_no == operation.system_no
                    && other.entity == operation.entity
                    && other.account_type_no == operation.account_type_no;
                let waits = other.after.contains(&operation.seq) || is_same_account;
                let is_reviewed = reviewed.iter().any(|review| review.seq == other.seq);
                if !waits || is_reviewed || is_blocked(&other) {
                    continue;
                }
                let (from, to) = ([state], OperationState::Planned);
                if tx.decide_operation(other.plan, other.seq, &from, to, None).await? {
                    released.push(other.seq);
                }
            }
        }
    }
    Ok(released)
}

fn is_blocked(operation: &Operation) -> bool {
    decode_operation(&operation.body).is_ok_and(|decoded| decoded.blocked.is_some())
}

/// Takes an order back that did not go out yet.
pub async fn cancel_order(ctx: &Ctx, opened: &Opened, name: &str) -> Result<(), Error> {
    let (plan, operation) = find(ctx, opened, name).await?;
    let mut tx = opened.store.begin().await?;
    let (from, to) = ([OperationState::Planned, OperationState::Held], OperationState::Cancelled);
    if !tx.decide_operation(plan.id, operation.seq, &from, to, Some(ctx.now())).await? {
        return Err(refused(&operation, name, "cancelled"));
    }
    tell(ctx, &mut tx, plan.id, &[operation.seq], to, "cancelled").await?;
    tx.end_reviews(plan.id, ctx.now()).await?;
    entry(ctx, &mut tx, name, "order.cancel").await?;
    tx.commit().await?;
    Ok(())
}

/// Gives an order to people: it gets a ticket, and counts as done when somebody closes it. Returns the ticket.
pub async fn reroute_order(ctx: &Ctx, opened: &Opened, name: &str) -> Result<i64, Error> {
    let (plan, operation) = find(ctx, opened, name).await?;
    may_go_on(&plan, name)?;
    let decoded = decode_operation(&operation.body)
        .map_err(|error| Error::bug("a saved order cannot be read").caused_by(error))?;
    let now = ctx.now();
    let mut tx = opened.store.begin().await?;
    let again = [OperationState::Failed];
    if operation.state == OperationState::Failed {
        let to = OperationState::Planned;
        tx.decide_operation(plan.id, operation.seq, &again, to, None).await?;
    }
    let is_free = matches!(operation.state, OperationState::Planned | OperationState::Failed);
    if !is_free || !tx.mark_sent(plan.id, &[operation.seq], now).await?.is_empty() {
        return Err(refused(&operation, name, "given to people"));
    }
    let id = tx.take_ids(Sequence::Ticket, 1).await?;
    let ticket = Ticket {
        id,
        plan: plan.id,
        seq: operation.seq,
        system_no: operation.system_no,
        entity: operation.entity,
        account_type_no: operation.account_type_no,
        kind: operation.kind.clone(),
        subject: operation.subject.clone(),
        what: format!("{} ({})", describe(&decoded.kind), decoded.target.name).into(),
        reference: "".into(),
        status: TicketStatus::Open,
        opened_at: now,
        closed_at: None,
        closed_by: None,
        attested_at: None,
        attested_by: None,
        note: None,
    };
    tx.insert_tickets(&[ticket]).await?;
    tx.mark_taken(plan.id, &[(operation.seq, id)]).await?;
    let note = format!("given to people: ticket {id}");
    tell(ctx, &mut tx, plan.id, &[operation.seq], OperationState::Sent, &note).await?;
    entry(ctx, &mut tx, name, "order.reroute").await?;
    tx.commit().await?;
    Ok(id)
}

/// What was overtaken by another plan is not to be done any more.
fn may_go_on(plan: &Plan, name: &str) -> Result<(), Error> {
    match plan.status {
        PlanStatus::Applying | PlanStatus::Done => Ok(()),
        PlanStatus::Open | PlanStatus::Held => Err(Error::new(
            Kind::Conflict,
            format!("the plan of order `{name}` is not applied yet"),
        )
        .hint(format!("apply it: muster apply {}", short(plan)))),
        PlanStatus::Stale | PlanStatus::Cancelled => {
            Err(Error::new(Kind::Stale, format!("the plan of order `{name}` was overtaken"))
                .hint("muster plan shows what is to be done now"))
        }
    }
}

fn refused(operation: &Operation, name: &str, what: &str) -> Error {
    let state = operation.state;
    let error =
        Error::new(Kind::Conflict, format!("order `{name}` is {state} and cannot be {what}"));
    match operation.ticket {
        Some(ticket) => error.hint(format!("it is with somebody: muster tickets show {ticket}")),
        None => error.hint(format!("muster orders show {name} says what happened to it")),
    }
}

/// Finds an order by name. Of somebody out of reach it is not there, with the same words.
pub(crate) async fn find(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
) -> Result<(Plan, Operation), Error> {
    let parts = name.split_once('/').and_then(|(plan, seq)| Some((plan, seq.parse().ok()?)));
    let Some((plan, seq)) = parts else {
        return Err(Error::invalid(format!("`{name}` is not the name of an order")).hint(
            "it is a plan and a place in it, such as `7f3a2c1b/12`; muster orders list shows them",
        ));
    };
    let made = load_plan(opened, Some(plan)).await?;
    let mut tx = opened.store.read().await?;
    let id = made.id.unwrap_or(PlanId(0));
    let mut found = tx.plan(id).await?.zip(tx.operation(id, seq).await?);
    if let Some((_, operation)) = &found
        && !ctx.reach.sees(ctx, opened, &mut tx, operation.entity).await?
    {
        found = None;
    }
    found.ok_or_else(|| {
        Error::not_found(format!("plan `{plan}` has no order {seq}"))
            .hint(format!("muster orders list --plan {plan} shows them"))
    })
}

pub(crate) async fn tell(
    ctx: &Ctx,
    tx: &mut Tx,
    plan: PlanId,
    seqs: &[i64],
    state: OperationState,
    note: &str,
) -> Result<(), Error> {
    let event = |seq: &i64| OperationEvent {
        seq: *seq,
        at: ctx.now(),
        state,
        actor: ctx.actor.clone(),
        note: note.into(),
    };
    let events: Vec<OperationEvent> = seqs.iter().map(event).collect();
    Ok(tx.add_operation_events(plan, &events).await?)
}

async fn entry(ctx: &Ctx, tx: &mut Tx, name: &str, action: &str) -> Result<(), Error> {
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: action.into(),
        subject: format!("order {name}").into(),
        detail: json!({}).to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}
