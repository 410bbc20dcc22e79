//! Requests as people see them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_app::{Ctx, DeliveryView, Error, Opened, see_delivery};
use muster_model::{AssignmentId, EntityId, Text};
use muster_store::{ReadTx, Request, RequestApprover, RequestEvent, RequestStage, RequestState};

use crate::people::People;

/// A request.
#[derive(Debug, Clone)]
pub struct RequestView {
    /// Its number.
    pub id: i64,
    /// The number of the first of those that were made at once.
    pub basket: i64,
    /// Who asks.
    pub requester: Text,
    /// Who would get it.
    pub person: Text,
    /// The same, as shown to people.
    pub display: Text,
    /// The entity that would get it.
    pub entity: EntityId,
    /// The role.
    pub role: Text,
    /// What the role is for.
    pub description: Option<Text>,
    /// How much harm it can do, from 0 to 100.
    pub risk: Option<u8>,
    /// Whether it is about more time for what somebody has.
    pub extends: bool,
    /// Why.
    pub reason: Text,
    /// Questions with their answers.
    pub answers: Vec<(Text, Text)>,
    /// From when.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// What became of it.
    pub state: RequestState,
    /// The names of its stages.
    pub stages: Vec<Text>,
    /// At which of them it is; `None` when it is over.
    pub stage: Option<Text>,
    /// For whom it waits, in words.
    pub waits_on: Vec<Text>,
    /// Where it is, in a line: `waits on T. Abara (manager)`.
    pub status: String,
    /// When the wait is over if nobody answers; the next thing that is due.
    pub next_at: Option<Timestamp>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// The assignment that it became.
    pub assignment: Option<i64>,
    /// What happened, in order; empty in lists.
    pub history: Vec<EventView>,
    /// How far what was given has come on the systems; none in lists, and where nothing was given.
    pub delivery: Option<DeliveryView>,
}

/// Something that happened to a request.
#[derive(Debug, Clone)]
pub struct EventView {
    /// When.
    pub at: Timestamp,
    /// What: `made`, `approved`, `refused`, `changed`, `withdrawn`, `reminded`, `escalated`, `expired`, `given`.
    pub what: Text,
    /// Who; `None` when its time came.
    pub by: Option<Text>,
    /// Whose delegate they were.
    pub in_place_of: Option<Text>,
    /// At which stage.
    pub stage: Option<Text>,
    /// What they said.
    pub note: Text,
}

/// The views of requests, in their order.
pub(crate) async fn views(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    requests: Vec<Request>,
    history: bool,
) -> Result<Vec<RequestView>, Error> {
    let ids: BTreeSet<EntityId> =
        requests.iter().flat_map(|request| [request.requester, request.subject]).collect();
    let people = People::load(opened, tx, ids, ctx.now()).await?;
    let mut views = Vec::with_capacity(requests.len());
    for request in requests {
        let stages = tx.request_stages(request.id).await?;
        let approvers = tx.request_approvers(request.id).await?;
        let waits_on = waits_on(opened, tx, &approvers, ctx.now()).await?;
        let mut view = view(opened, &people, request, &stages, waits_on);
        if history {
            let events = tx.request_events(view.id).await?;
            view.history = told(opened, tx, events, ctx.now()).await?;
            view.delivery = delivery(opened, tx, (&people, &view), ctx.now()).await?;
        }
        views.push(view);
    }
    Ok(views)
}

/// The view of one request as it is now, with its history where that is wanted.
pub(crate) async fn one(
    ctx: &Ctx,
    opened: &Opened,
    request: Request,
    history: bool,
) -> Result<RequestView, Error> {
    let mut tx = opened.store.read().await?;
    let view = views(ctx, opened, &mut tx, vec![request], history).await?.pop();
    view.ok_or_else(|| Error::bug("a request has no view"))
}

/// Those for whom a stage waits, in words.
pub async fn waits_on(
    opened: &Opened,
    tx: &mut ReadTx,
    approvers: &[RequestApprover],
    now: Timestamp,
) -> Result<Vec<Text>, Error> {
    let named = approvers.iter().filter(|approver| approver.role.is_empty());
    let people =
        People::load(opened, tx, named.map(|approver| approver.entity).collect(), now).await?;
    let words = approvers.iter().map(|approver| match &*approver.role {
        "" => people.display(opened, approver.entity),
        role => format!("whoever has role {role}").into(),
    });
    Ok(words.collect())
}

fn view(
    opened: &Opened,
    people: &People,
    request: Request,
    stages: &[RequestStage],
    waits_on: Vec<Text>,
) -> RequestView {
    let is_waiting = request.state == RequestState::Waiting;
    let stage = usize::try_from(request.stage).ok().and_then(|place| stages.get(place));
    let stage = stage.filter(|_| is_waiting).map(|stage| stage.name.clone());
    let role = opened.model.roles.iter().find(|role| role.name == request.role);
    RequestView {
        id: request.id,
        basket: request.basket,
        requester: people.name(request.requester),
        person: people.name(request.subject),
        display: people.display(opened, request.subject),
        entity: request.subject,
        description: role.and_then(|role| role.description.clone()),
        risk: role.and_then(|role| role.risk),
        role: request.role,
        extends: request.extends.is_some(),
        reason: request.reason,
        answers: answers(&request.answers),
        from: request.valid_from,
        until: request.valid_until,
        status: status(request.state, stage.as_ref(), &waits_on),
        state: request.state,
        stages: stages.iter().map(|stage| stage.name.clone()).collect(),
        stage,
        waits_on,
        next_at: request.next_at,
        made_at: request.made_at,
        ended_at: request.ended_at,
        assignment: request.assignment.map(|id| id.0),
        history: Vec::new(),
        delivery: None,
    }
}

/// How far what was given has come.
async fn delivery(
    opened: &Opened,
    tx: &mut ReadTx,
    (people, view): (&People, &RequestView),
    now: Timestamp,
) -> Result<Option<DeliveryView>, Error> {
    let (Some(id), Some(subject)) = (view.assignment, people.get(view.entity)) else {
        return Ok(None);
    };
    match tx.assignment(AssignmentId(id)).await? {
        Some(given) => see_delivery(opened, tx, (&subject.facts, &people.world), &given, now).await,
        None => Ok(None),
    }
}

fn status(state: RequestState, stage: Option<&Text>, waits_on: &[Text]) -> String {
    let stage = stage.map_or("", |stage| stage);
    match (state, waits_on) {
        (RequestState::Waiting, []) => format!("waits on nobody ({stage})"),
        (RequestState::Waiting, who) => format!("waits on {} ({stage})", who.join(" or ")),
        _ => state.word().to_owned(),
    }
}

fn answers(stored: &str) -> Vec<(Text, Text)> {
    let pairs: Vec<(String, String)> = serde_json::from_str(stored).unwrap_or_default();
    pairs.into_iter().map(|(question, answer)| (question.into(), answer.into())).collect()
}

async fn told(
    opened: &Opened,
    tx: &mut ReadTx,
    events: Vec<RequestEvent>,
    now: Timestamp,
) -> Result<Vec<EventView>, Error> {
    let ids = events.iter().flat_map(|event| [event.entity, event.in_place_of]);
    let people = People::load(opened, tx, ids.flatten().collect(), now).await?;
    let views = events.into_iter().map(|event| EventView {
        at: event.at,
        what: event.what,
        by: event.entity.map(|id| people.name(id)),
        in_place_of: event.in_place_of.map(|id| people.name(id)),
        stage: event.stage,
        note: event.note,
    });
    Ok(views.collect())
}
