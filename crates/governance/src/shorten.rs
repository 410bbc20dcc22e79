//! Gives back what was asked for before its time, or sets an earlier end. Less access needs nobody's approval.

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind, Opened, resolve_person};
use muster_model::{AssignmentId, EntityId, Text};
use muster_store::{Assignment, ReadTx, Sequence, Tx};
use serde_json::json;

use crate::{
    RequestView,
    history::{By, journal, tell},
    people::{People, Somebody, canonical, need_to_work},
    terms::role_named,
    view::one,
    warn::warn_of_end,
};

/// Characters of a reason at most.
const LONGEST: usize = 2000;

/// What is to end earlier.
#[derive(Debug, Clone, Default)]
pub struct ShortenRequest {
    /// The role.
    pub role: String,
    /// Who has it; oneself when `None`.
    pub person: Option<String>,
    /// Until when; `None` for at once.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

/// Lets what was given by requests end earlier: for whoever has it, their manager, and whoever approved it. Answers the request
/// that ends now with the role.
///
/// # Errors
///
/// `NotFound` when the role was not given by a request, for everybody else too; `Conflict` when it ends before that already.
pub async fn shorten_assignment(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    less: &ShortenRequest,
) -> Result<RequestView, Error> {
    let now = ctx.now();
    if less.reason.chars().count() > LONGEST {
        return Err(Error::invalid(format!("a reason is longer than {LONGEST} characters")));
    }
    let mut tx = opened.store.begin().await?;
    let (_, role) = role_named(opened, &less.role)?;
    let id = match &less.person {
        Some(name) => resolve_person(ctx, opened, &mut tx, name).await?.row.id,
        None => me,
    };
    let people = People::load(opened, &mut tx, [me, id].into(), now).await?;
    let (acts, subject) = (people.need(me)?, people.need(id)?);
    need_to_work(opened, acts)?;
    let given = given(&mut tx, id, &role.name, now).await?;
    if given.is_empty() || !may_shorten(opened, &mut tx, acts, subject, &given).await? {
        let message = format!("role `{}` was not given to `{}`", role.name, subject.subject);
        return Err(Error::not_found(format!("{message} by a request that is yours to shorten"))
            .hint("muster unassign takes back what was assigned, for whoever may"));
    }
    let until = less.until.filter(|until| *until > now);
    let by = By::oneself(acts);
    let mut last = None;
    for (request, old) in given {
        let end = until.unwrap_or(now);
        if old.valid_until.is_some_and(|at| at <= end) {
            continue;
        }
        let made =
            shorten((ctx, opened), &mut tx, (&old, request), (until, less.reason.trim())).await?;
        let note = until.map_or_else(String::new, |at| format!("until {at}"));
        let note = [note.as_str(), less.reason.trim()].join(" ");
        tell(ctx, &mut tx, request, by, ("shortened", None, note.trim())).await?;
        if made.is_some() || last.is_none() {
            last = Some((request, old.id, made));
        }
    }
    let Some((request, old, made)) = last else {
        let message = format!("role `{}` of `{}` ends before that", role.name, subject.subject);
        return Err(Error::new(Kind::Conflict, message).hint("name an earlier end"));
    };
    tx.unsettle(&[id]).await?;
    let detail = json!({
        "person": &*subject.subject, "role": &*role.name, "reason": less.reason.trim(),
        "until": until.map(|at| at.to_string()), "assignment": old.0, "made": made.map(|of| of.0),
    });
    let about = format!("request {request}").into();
    journal(ctx, &mut tx, by, ("assignment.shorten", about), detail).await?;
    let request = tx.request(request).await?;
    tx.commit().await?;
    let request = request.ok_or_else(|| Error::bug("what was given has no request"))?;
    one(ctx, opened, request, true).await
}

/// What requests gave somebody and is not over, each with its request.
async fn given(
    tx: &mut ReadTx,
    id: EntityId,
    role: &Text,
    now: Timestamp,
) -> Result<Vec<(i64, Assignment)>, Error> {
    let all = tx.assignments_of(id).await?;
    let open = all.into_iter().filter(|one| {
        one.role == *role
            && one.ended_at.is_none()
            && one.valid_until.is_none_or(|until| until > now)
    });
    let of_request = open.filter_map(|one| {
        let request = one.origin.strip_prefix("request ")?.parse().ok()?;
        Some((request, one))
    });
    Ok(of_request.collect())
}

/// Whether somebody has it themselves, leads whoever has it, or approved all of it.
async fn may_shorten(
    opened: &Opened,
    tx: &mut ReadTx,
    acts: &Somebody,
    subject: &Somebody,
    given: &[(i64, Assignment)],
) -> Result<bool, Error> {
    let own = canonical(tx, acts.id()).await?;
    if own == canonical(tx, subject.id()).await? {
        return Ok(true);
    }
    if let Some(manager) = subject.link(opened, "manager")
        && canonical(tx, manager).await? == own
    {
        return Ok(true);
    }
    for (request, _) in given {
        let events = tx.request_events(*request).await?;
        let approved = events.iter().filter(|event| *event.what == *"approved");
        if !approved.filter_map(|event| event.entity).any(|entity| entity == acts.id()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Ends an assignment, and makes the same one with an earlier end where something is left of it.
async fn shorten(
    (ctx, opened): (&Ctx, &Opened),
    tx: &mut Tx,
    (old, request): (&Assignment, i64),
    (until, reason): (Option<Timestamp>, &str),
) -> Result<Option<AssignmentId>, Error> {
    let now = ctx.now();
    tx.end_assignment(old.id, now, &ctx.actor, reason).await?;
    let Some(until) = until.filter(|until| old.valid_from.is_none_or(|from| from < *until)) else {
        return Ok(None);
    };
    let id = AssignmentId(tx.take_ids(Sequence::Assignment, 1).await?);
    let made = Assignment {
        id,
        valid_from: old.valid_from.filter(|from| *from > now),
        valid_until: Some(until),
        created_at: now,
        created_by: ctx.actor.clone(),
        ..old.clone()
    };
    tx.insert_assignments(std::slice::from_ref(&made)).await?;
    tx.replace_request_assignment(request, old.id, id).await?;
    warn_of_end(ctx, opened, tx, request, &made).await?;
    Ok(Some(id))
}
