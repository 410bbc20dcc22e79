//! Exceptions from conflicts: for one person, with what keeps the harm small, somebody who answers for it, and an end.
//!
//! An exception is an assignment, so that it has a past and ends at its minute.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Kind, Opened, Page, exception_from, exception_name, resolve_person};
use muster_model::{AssignmentId, EntityId, Text};
use muster_policy::Conflict;
use muster_store::{Assignment, ExceptionTerms, ReadTx, Sequence, Tx};
use serde_json::json;

use crate::{
    history::{By, journal},
    people::{People, canonical, need_to_work, not_left},
};

/// How long an exception holds at most, in days.
const LONGEST: i64 = 366;
/// Characters of a text at most.
const LONGEST_TEXT: usize = 2000;
/// Exceptions read at once.
const BATCH: usize = 1000;

/// An exception that is to be made.
#[derive(Debug, Clone)]
pub struct NewException {
    /// For whom, by key or another unique value.
    pub person: String,
    /// From which conflict.
    pub conflict: String,
    /// From when; `None` for at once.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Timestamp,
    /// Why it has to be.
    pub reason: String,
    /// What keeps the harm small meanwhile.
    pub mitigation: String,
    /// Who answers for it, by key or another unique value.
    pub owner: String,
}

/// An exception from a conflict.
#[derive(Debug, Clone)]
pub struct ExceptionView {
    /// Its number.
    pub id: AssignmentId,
    /// For whom.
    pub entity: EntityId,
    /// The same, named.
    pub person: Text,
    /// From which conflict.
    pub conflict: Text,
    /// Why.
    pub reason: Text,
    /// What keeps the harm small meanwhile.
    pub mitigation: Text,
    /// Who answers for it.
    pub owner: Text,
    /// From when.
    pub from: Timestamp,
    /// Until when; `None` when it has no end.
    pub until: Option<Timestamp>,
    /// By whom it was made.
    pub created_by: Text,
    /// When it was ended before its time.
    pub ended_at: Option<Timestamp>,
}

/// Allows somebody a conflict for a time. What the conflict held back goes out with the next plan.
///
/// # Errors
///
/// `Invalid` without a reason, a mitigation or an end within a year; `Denied` for oneself and for an owner who is the
/// person; `Conflict` when there is one for that time already.
pub async fn except_conflict(
    ctx: &Ctx,
    opened: &Opened,
    new: &NewException,
) -> Result<ExceptionView, Error> {
    let now = ctx.now();
    let from = new.from.filter(|from| *from > now).unwrap_or(now);
    check(new, from)?;
    let conflict = conflict_named(opened, &new.conflict)?;
    let mut tx = opened.store.begin().await?;
    let subject = resolve_person(ctx, opened, &mut tx, &new.person).await?.row.id;
    let owner = crate::people::anybody_named(ctx, opened, &mut tx, &new.owner).await?;
    let people = People::load(opened, &mut tx, [subject, owner].into(), now).await?;
    not_left(opened, people.need(subject)?)?;
    need_to_work(opened, people.need(owner)?)?;
    not_for_oneself(ctx, &mut tx, subject, owner).await?;
    free(&mut tx, (subject, conflict), (from, new.until)).await?;
    let id = AssignmentId(tx.take_ids(Sequence::Assignment, 1).await?);
    let assignment = Assignment {
        id,
        entity: subject,
        role: exception_name(&conflict.name),
        origin: "exception".into(),
        reason: new.reason.trim().into(),
        valid_from: Some(from),
        valid_until: Some(new.until),
        created_at: now,
        created_by: ctx.actor.clone(),
        ended_at: None,
        ended_by: None,
        end_reason: None,
    };
    let terms = ExceptionTerms { assignment: id, mitigation: new.mitigation.trim().into(), owner };
    tx.insert_assignments(std::slice::from_ref(&assignment)).await?;
    tx.insert_exception_terms(&terms).await?;
    tx.unsettle(&[subject]).await?;
    let detail = json!({
        "exception": id.0, "conflict": &*conflict.name, "reason": &*assignment.reason,
        "mitigation": &*terms.mitigation, "owner": &*people.name(owner),
        "from": from.to_string(), "until": new.until.to_string(),
    });
    let name = people.name(subject);
    journal(ctx, &mut tx, By::default(), ("exception.create", name), detail).await?;
    tx.commit().await?;
    Ok(view(&people, assignment, Some(terms)))
}

/// Ends an exception before its time. What is held stays held and is a conflict again.
///
/// # Errors
///
/// `Invalid` without a reason, `NotFound` when there is none of this number, or it is over.
pub async fn end_exception(
    ctx: &Ctx,
    opened: &Opened,
    id: i64,
    reason: &str,
) -> Result<ExceptionView, Error> {
    if reason.trim().is_empty() {
        return Err(Error::invalid("a reason is needed").hint("--reason \"…\""));
    }
    let mut tx = opened.store.begin().await?;
    let found = tx.assignment(AssignmentId(id)).await?;
    let found = found.filter(|of| exception_from(&of.role).is_some() && is_open(of, ctx.now()));
    let missing = || {
        Error::not_found(format!("there is no exception {id} that could be ended"))
            .hint("muster conflicts exceptions lists them")
    };
    let mut assignment = found.ok_or_else(missing)?;
    if !ctx.reach.sees(ctx, opened, &mut tx, Some(assignment.entity)).await? {
        return Err(missing());
    }
    ctx.reach.not_oneself(assignment.entity)?;
    if !tx.end_assignment(assignment.id, ctx.now(), &ctx.actor, reason.trim()).await? {
        return Err(missing());
    }
    assignment.ended_at = Some(ctx.now());
    tx.unsettle(&[assignment.entity]).await?;
    let terms = tx.exception_terms(&[assignment.id]).await?.pop();
    let people = People::load(opened, &mut tx, concerned(&assignment, terms.as_ref()), ctx.now());
    let people = people.await?;
    let conflict = exception_from(&assignment.role).unwrap_or_default();
    let detail = json!({ "exception": id, "conflict": conflict, "reason": reason.trim() });
    let name = people.name(assignment.entity);
    journal(ctx, &mut tx, By::default(), ("exception.end", name), detail).await?;
    tx.commit().await?;
    Ok(view(&people, assignment, terms))
}

/// The exceptions that hold or will, by number; from one conflict where it is named.
///
/// # Errors
///
/// `NotFound` when there is no such conflict.
pub async fn list_exceptions(
    ctx: &Ctx,
    opened: &Opened,
    conflict: Option<&str>,
    after: Option<i64>,
    limit: usize,
) -> Result<Page<ExceptionView>, Error> {
    let named = conflict.map(|name| conflict_named(opened, name)).transpose()?;
    let mut tx = opened.store.read().await?;
    let mut all = Vec::new();
    for conflict in &opened.model.conflicts {
        if named.is_none_or(|named| named.name == conflict.name) {
            all.extend(open_from(&mut tx, conflict, ctx.now()).await?);
        }
    }
    all.retain(|exception| after.is_none_or(|after| exception.id.0 > after));
    all.sort_unstable_by_key(|exception| exception.id);
    ctx.reach.narrow(ctx, opened, &mut tx, &mut all, |exception| Some(exception.entity)).await?;
    let more = all.len() > limit;
    all.truncate(limit);
    let next = all.last().filter(|_| more).map(|last| last.id.0);
    let ids: Vec<AssignmentId> = all.iter().map(|exception| exception.id).collect();
    let terms = tx.exception_terms(&ids).await?;
    let mut concerned: BTreeSet<EntityId> = all.iter().map(|exception| exception.entity).collect();
    concerned.extend(terms.iter().map(|terms| terms.owner));
    let people = People::load(opened, &mut tx, concerned, ctx.now()).await?;
    let items = all.into_iter().map(|exception| {
        let terms = terms.iter().find(|terms| terms.assignment == exception.id).cloned();
        view(&people, exception, terms)
    });
    Ok(Page { items: items.collect(), next })
}

/// The conflict of this name in the model.
pub(crate) fn conflict_named<'o>(opened: &'o Opened, name: &str) -> Result<&'o Conflict, Error> {
    let mut conflicts = opened.model.conflicts.iter();
    conflicts.find(|conflict| &*conflict.name == name).ok_or_else(|| {
        let names: Vec<&str> = opened.model.conflicts.iter().map(|of| &*of.name).collect();
        let error = Error::not_found(format!("there is no conflict `{name}`"));
        if names.is_empty() {
            error.hint("the project has no `conflicts:`")
        } else {
            error.hint(format!("the conflicts are: {}", names.join(", ")))
        }
    })
}

fn check(new: &NewException, from: Timestamp) -> Result<(), Error> {
    for (what, text) in [("reason", &new.reason), ("mitigation", &new.mitigation)] {
        if text.trim().is_empty() {
            let error = Error::invalid(format!("an exception needs a {what}"));
            return Err(error.hint(format!("--{what} \"…\"")));
        }
        if text.chars().count() > LONGEST_TEXT {
            let message = format!("the {what} is longer than {LONGEST_TEXT} characters");
            return Err(Error::invalid(message));
        }
    }
    if new.until <= from {
        let message = format!("the end {} is not after the start {from}", new.until);
        return Err(Error::invalid(message));
    }
    let latest = from.saturating_add(SignedDuration::from_hours(24 * LONGEST));
    if latest.is_ok_and(|latest| new.until > latest) {
        return Err(Error::invalid(format!("an exception holds {LONGEST} days at most"))
            .hint("look at it again then, and make another one if it still has to be"));
    }
    Ok(())
}

/// Refuses an exception for whoever makes it, under whatever identity, and one that only the person answers for.
async fn not_for_oneself(
    ctx: &Ctx,
    tx: &mut ReadTx,
    subject: EntityId,
    owner: EntityId,
) -> Result<(), Error> {
    let subject = canonical(tx, subject).await?;
    if let Some(me) = ctx.reach.person()
        && canonical(tx, me).await? == subject
    {
        return Err(Error::new(Kind::Denied, "nobody makes an exception for themselves")
            .hint("somebody else with the right has to do it"));
    }
    if canonical(tx, owner).await? == subject {
        let message = "who has the exception does not answer for it themselves";
        return Err(Error::new(Kind::Denied, message).hint("name somebody else as owner"));
    }
    Ok(())
}

/// Refuses a second exception for the same time.
async fn free(
    tx: &mut Tx,
    (subject, conflict): (EntityId, &Conflict),
    (from, until): (Timestamp, Timestamp),
) -> Result<(), Error> {
    let name = exception_name(&conflict.name);
    let mut all = tx.assignments_of(subject).await?.into_iter();
    let same = all.find(|of| {
        of.role == name
            && of.ended_at.is_none()
            && of.valid_until.is_none_or(|end| end > from)
            && of.valid_from.is_none_or(|start| start < until)
    });
    match same {
        Some(same) => Err(Error::new(
            Kind::Conflict,
            format!("exception {} from `{}` holds for that time already", same.id, conflict.name),
        )
        .hint(format!("muster conflicts end {} ends it", same.id))),
        None => Ok(()),
    }
}

/// The exceptions from a conflict that hold or will.
async fn open_from(
    tx: &mut ReadTx,
    conflict: &Conflict,
    now: Timestamp,
) -> Result<Vec<Assignment>, Error> {
    let name = exception_name(&conflict.name);
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = tx.assignments_of_role(&name, after, BATCH).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some((last.entity, last.id));
        all.extend(page.into_iter().filter(|exception| is_open(exception, now)));
    }
}

fn is_open(exception: &Assignment, now: Timestamp) -> bool {
    exception.ended_at.is_none() && exception.valid_until.is_none_or(|until| until > now)
}

fn concerned(exception: &Assignment, terms: Option<&ExceptionTerms>) -> BTreeSet<EntityId> {
    [exception.entity].into_iter().chain(terms.map(|terms| terms.owner)).collect()
}

fn view(people: &People, exception: Assignment, terms: Option<ExceptionTerms>) -> ExceptionView {
    ExceptionView {
        id: exception.id,
        entity: exception.entity,
        person: people.name(exception.entity),
        conflict: exception_from(&exception.role).unwrap_or_default().into(),
        reason: exception.reason,
        owner: terms.as_ref().map_or_else(|| "".into(), |terms| people.name(terms.owner)),
        mitigation: terms.map_or_else(|| "".into(), |terms| terms.mitigation),
        from: exception.valid_from.unwrap_or(exception.created_at),
        until: exception.valid_until,
        created_by: exception.created_by,
        ended_at: exception.ended_at,
    }
}
