//! Approves and refuses requests.

use jiff::Timestamp;
use muster_app::{Ctx, Error, Holdings, Kind, Opened, refuse_withheld, would_conflict};
use muster_model::{AssignmentId, EntityId, Text};
use muster_policy::{Reaction, RequestTerms};
use muster_store::{
    Assignment, ReadTx, Request, RequestApprover, RequestStage, RequestState, Sequence, Tx,
};
use serde_json::json;

use crate::{
    RequestView,
    history::{By, DECIDE, ENDED, journal, notify, save, tell},
    people::{People, Somebody, canonical, need_to_work, not_left},
    reviewed::note_review,
    rules,
    stage::{Crowd, addressees, approvers, barred},
    terms::terms_for,
    view::one,
    warn::warn_of_end,
};

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The request goes on.
    Approve,
    /// It is over.
    Refuse,
}

/// What an approver says.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Yes or no.
    pub verdict: Verdict,
    /// Why; a refusal needs it.
    pub note: String,
    /// An earlier end.
    pub until: Option<Timestamp>,
}

/// Decides about the stage at which a request is. The last approval gives the role.
///
/// # Errors
///
/// `Denied` for everybody but those who may decide now, `Conflict` when it does not wait any more, when somebody else
/// decided at the same moment, or when it would complete a conflict about which nobody was asked.
pub async fn decide_request(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    id: i64,
    answer: &Answer,
) -> Result<RequestView, Error> {
    let crowd = Crowd::look(opened, ctx.now()).await?;
    let mut tx = opened.store.begin().await?;
    let request = waiting(&mut tx, id).await?;
    let request = decide_in(ctx, (opened, &crowd), &mut tx, me, request, answer).await?;
    tx.commit().await?;
    one(ctx, opened, request, true).await
}

/// Decides as part of a transaction about a request that waits.
pub(crate) async fn decide_in(
    ctx: &Ctx,
    (opened, crowd): (&Opened, &Crowd),
    tx: &mut Tx,
    me: EntityId,
    mut request: Request,
    answer: &Answer,
) -> Result<Request, Error> {
    let id = request.id;
    let stages = tx.request_stages(id).await?;
    let place = usize::try_from(request.stage).unwrap_or(usize::MAX);
    let stage = stages.get(place).ok_or_else(|| Error::bug("a request waits at no stage"))?;
    let asked = approvers(ctx, (opened, crowd), tx, &request, stage).await?;
    let in_place_of = may_decide(ctx, opened, tx, me, &request, &asked).await?;
    let all = [Some(me), Some(request.subject), Some(request.requester), in_place_of];
    let people = People::load(opened, tx, all.into_iter().flatten().collect(), ctx.now()).await?;
    let by = By {
        person: Some(people.need(me)?),
        in_place_of: in_place_of.and_then(|giver| people.get(giver)),
    };
    if rules::is_over(stage, request.stage_since, ctx.now()) {
        return Err(Error::new(Kind::Conflict, format!("request {id} waited for too long")));
    }
    match answer.verdict {
        Verdict::Refuse => refuse((ctx, opened), tx, &mut request, stage, (by, answer)).await?,
        Verdict::Approve => {
            if let Some(until) = answer.until {
                let time = (request.valid_from, request.valid_until);
                let until = rules::shortened(ctx.now(), time, until)
                    .map_err(|problem| Error::invalid(problem.to_string()))?;
                request.valid_until = Some(until);
            }
            tell(ctx, tx, id, by, ("approved", Some(stage), answer.note.trim())).await?;
            match stages.get(place + 1) {
                Some(next) => put_to(ctx, (opened, crowd), tx, &mut request, next).await?,
                None => finish(ctx, opened, tx, &mut request, &people).await?,
            }
        }
    }
    entry(ctx, tx, (by, &people), (&request, stage), answer).await?;
    Ok(request)
}

/// A request that waits.
pub(crate) async fn waiting(tx: &mut ReadTx, id: i64) -> Result<Request, Error> {
    let Some(request) = tx.request(id).await? else {
        return Err(Error::not_found(format!("there is no request {id}")));
    };
    let over = match request.state {
        RequestState::Waiting => return Ok(request),
        RequestState::Approved => "was approved already",
        RequestState::Refused => "was refused already",
        RequestState::Withdrawn => "was withdrawn",
        RequestState::Expired => "waited for too long and is over",
    };
    Err(Error::new(Kind::Conflict, format!("request {id} {over}")))
}

/// Whether somebody may decide, and if so in whose place, if not for themselves.
pub(crate) async fn may_decide(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    me: EntityId,
    request: &Request,
    asked: &[RequestApprover],
) -> Result<Option<EntityId>, Error> {
    let delegations = tx.delegations_to(me, ctx.now()).await?;
    let givers: Vec<EntityId> = delegations.iter().map(|of| of.giver).collect();
    let all = givers.iter().copied().chain([me]).collect();
    let people = People::load(opened, tx, all, ctx.now()).await?;
    need_to_work(opened, people.need(me)?)?;
    let barred = barred(tx, request).await?;
    if barred.is(canonical(tx, me).await?) {
        return Err(Error::new(
            Kind::Denied,
            "nobody decides about what they asked for or would get",
        )
        .hint("somebody else who is asked has to do it"));
    }
    if is_asked(opened, tx, people.need(me)?, asked).await? {
        return Ok(None);
    }
    for giver in givers {
        let Some(found) = people.get(giver).filter(|found| found.works(opened)) else { continue };
        if !barred.is(canonical(tx, giver).await?) && is_asked(opened, tx, found, asked).await? {
            return Ok(Some(giver));
        }
    }
    Err(Error::new(Kind::Denied, format!("you are not asked about request {}", request.id))
        .hint("muster approvals list shows what waits for you"))
}

/// Whether a stage waits for somebody.
pub async fn is_asked(
    opened: &Opened,
    tx: &mut ReadTx,
    who: &Somebody,
    asked: &[RequestApprover],
) -> Result<bool, Error> {
    let own = canonical(tx, who.id()).await?;
    for approver in asked {
        let is = if approver.role.is_empty() {
            canonical(tx, approver.entity).await? == own
        } else {
            let roles = &opened.model.roles;
            roles.iter().position(|of| of.name == approver.role).is_some_and(|at| who.holds(at))
        };
        if is {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn refuse(
    (ctx, opened): (&Ctx, &Opened),
    tx: &mut Tx,
    request: &mut Request,
    stage: &RequestStage,
    (by, answer): (By<'_>, &Answer),
) -> Result<(), Error> {
    if answer.note.trim().is_empty() {
        let error = Error::invalid("a refusal needs a reason, so that people know what to do");
        return Err(error.hint("--reason \"…\""));
    }
    tell(ctx, tx, request.id, by, ("refused", Some(stage), answer.note.trim())).await?;
    end(ctx, opened, tx, request, RequestState::Refused).await
}

/// Ends a request that waits, and tells whoever asked.
pub(crate) async fn end(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    request: &mut Request,
    state: RequestState,
) -> Result<(), Error> {
    close(ctx, tx, request, state).await?;
    notify(ctx, opened, tx, (request.id, ENDED), &[request.requester].into()).await
}

/// Ends a request about whose end nobody has to be told.
pub(crate) async fn close(
    ctx: &Ctx,
    tx: &mut Tx,
    request: &mut Request,
    state: RequestState,
) -> Result<(), Error> {
    request.state = state;
    request.ended_at = Some(ctx.now());
    request.next_at = None;
    save(tx, request, &[]).await
}

/// Puts a request to a stage, and tells those who are asked.
pub(crate) async fn put_to(
    ctx: &Ctx,
    (opened, crowd): (&Opened, &Crowd),
    tx: &mut Tx,
    request: &mut Request,
    stage: &RequestStage,
) -> Result<(), Error> {
    let now = ctx.now();
    let (at, step) = rules::next_due(stage, now, now);
    request.stage = stage.place;
    request.stage_since = now;
    request.next_at = Some(at);
    request.next_step = step;
    let asked = approvers(ctx, (opened, crowd), tx, request, stage).await?;
    save(tx, request, &asked).await?;
    let people = addressees(ctx, (opened, crowd), tx, (request, &asked)).await?;
    notify(ctx, opened, tx, (request.id, DECIDE), &people).await
}

/// The last stage is passed.
async fn finish(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    request: &mut Request,
    people: &People,
) -> Result<(), Error> {
    let subject = people.need(request.subject)?;
    not_left(opened, subject)?;
    request.assignment = Some(give(ctx, opened, tx, (subject, people), request).await?);
    tell(ctx, tx, request.id, By::default(), ("given", None, "")).await?;
    end(ctx, opened, tx, request, RequestState::Approved).await
}

/// Gives a role that was asked for.
pub(crate) async fn give(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (subject, people): (&Somebody, &People),
    request: &Request,
) -> Result<AssignmentId, Error> {
    let now = ctx.now();
    if request.valid_until.is_some_and(|until| until <= now) {
        let message = format!("the time that request {} is about is over", request.id);
        return Err(Error::new(Kind::Conflict, message).hint("refuse it, or ask again"));
    }
    if let Some(at) = opened.model.roles.iter().position(|of| of.name == request.role) {
        refuse_withheld(opened, &subject.facts, at, request.valid_from.unwrap_or(now).max(now))?;
    }
    if request.extends.is_none() {
        conflicts(ctx, opened, tx, (subject, people), request).await?;
    }
    if let Some(old) = request.extends
        && tx.assignment(old).await?.is_none_or(|old| old.ended_at.is_some())
    {
        let message = format!("what request {} would extend was taken back", request.id);
        return Err(Error::new(Kind::Conflict, message).hint("refuse it, or ask for the role"));
    }
    let id = AssignmentId(tx.take_ids(Sequence::Assignment, 1).await?);
    let reason: Text = match &*request.reason {
        "" => format!("request {}", request.id).into(),
        reason => format!("request {}: {reason}", request.id).into(),
    };
    let assignment = Assignment {
        id,
        entity: request.subject,
        role: request.role.clone(),
        origin: format!("request {}", request.id).into(),
        reason,
        valid_from: request.valid_from.filter(|from| *from > now),
        valid_until: request.valid_until,
        created_at: now,
        created_by: ctx.actor.clone(),
        ended_at: None,
        ended_by: None,
        end_reason: None,
    };
    tx.insert_assignments(std::slice::from_ref(&assignment)).await?;
    if let Some(terms) = terms_of(opened, (subject, people), request, now) {
        note_review(tx, &terms, &assignment, now).await?;
    }
    warn_of_end(ctx, opened, tx, request.id, &assignment).await?;
    tx.unsettle(&[request.subject]).await?;
    Ok(id)
}

/// The terms by which something was asked for, as they are now.
fn terms_of(
    opened: &Opened,
    (subject, people): (&Somebody, &People),
    request: &Request,
    now: Timestamp,
) -> Option<RequestTerms> {
    let role = opened.model.roles.iter().find(|role| role.name == request.role)?;
    terms_for(opened, people, role, (people.get(request.requester)?, subject), now)
}

/// What became a conflict since the request was made.
async fn conflicts(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (subject, people): (&Somebody, &People),
    request: &Request,
) -> Result<(), Error> {
    let Some(at) = opened.model.roles.iter().position(|role| role.name == request.role) else {
        let message = format!("there is no role `{}` any more", request.role);
        return Err(Error::new(Kind::Conflict, message).hint("refuse the request"));
    };
    let stages = tx.request_stages(request.id).await?;
    let asking = people.get(request.requester).map(Somebody::roles).unwrap_or_default();
    let (facts, world) = (&subject.facts, &people.world);
    let holdings = Holdings::load(opened, tx, subject.id()).await?;
    for found in holdings.completed(opened, (facts, world), &[at], &asking, ctx.now()) {
        let name = format!("conflict {}", found.conflict.name);
        let was_asked = stages.iter().any(|stage| *stage.name == *name);
        if found.on == Reaction::Block || (matches!(found.on, Reaction::Approve(_)) && !was_asked) {
            return Err(would_conflict(&request.role, &found));
        }
    }
    Ok(())
}

async fn entry(
    ctx: &Ctx,
    tx: &mut Tx,
    (by, people): (By<'_>, &People),
    (request, stage): (&Request, &RequestStage),
    answer: &Answer,
) -> Result<(), Error> {
    let action = match answer.verdict {
        Verdict::Approve => "request.approve",
        Verdict::Refuse => "request.refuse",
    };
    let detail = json!({
        "person": &*people.name(request.subject), "role": &*request.role, "stage": &*stage.name,
        "by": by.person.map(|by| &*by.subject), "in_place_of": by.in_place_of.map(|of| &*of.subject),
        "note": answer.note.trim(), "until": request.valid_until.map(|at| at.to_string()),
        "assignment": request.assignment.map(|of| of.0),
    });
    let subject = format!("request {}", request.id).into();
    journal(ctx, tx, by, (action, subject), detail).await
}
