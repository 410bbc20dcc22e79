//! Gives roles to identities directly, and takes them back.

use jiff::Timestamp;
use muster_model::{AssignmentId, Text};
use muster_policy::Reaction;
use muster_store::{Assignment, Entry, Sequence, Tx};
use serde_json::json;

use crate::{
    Ctx, Error, Holdings, IdentityFacts, Kind, Opened, find_role, gives_role, load_world_near,
    refuse_withheld, resolve_person, subject_of, withheld_name, would_conflict,
};

/// What is to be given.
#[derive(Debug, Clone)]
pub struct AssignRequest {
    /// The identity, by key or unique attribute.
    pub person: String,
    /// The role.
    pub role: String,
    /// From when; `None` for at once.
    pub from: Option<Timestamp>,
    /// Until when; `None` for good.
    pub until: Option<Timestamp>,
    /// Why; never empty.
    pub reason: String,
}

/// An assignment for people.
#[derive(Debug, Clone)]
pub struct AssignmentView {
    /// Its id.
    pub id: AssignmentId,
    /// The identity.
    pub person: Text,
    /// The role.
    pub role: Text,
    /// Where it comes from.
    pub origin: Text,
    /// Why.
    pub reason: Text,
    /// From when.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// By whom and when.
    pub created_by: Text,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it was taken back.
    pub ended_at: Option<Timestamp>,
}

/// Assigns a role. Assigning the same role for the same time again is refused.
pub async fn assign(
    ctx: &Ctx,
    opened: &Opened,
    request: &AssignRequest,
) -> Result<AssignmentView, Error> {
    check(request, ctx.now())?;
    let mut tx = opened.store.begin().await?;
    let person = resolve_person(ctx, opened, &mut tx, &request.person).await?;
    let role = role_for(ctx, opened, &person, &request.role)?;
    let open = tx.assignments_of(person.row.id).await?;
    let same = |a: &Assignment| {
        a.ended_at.is_none()
            && a.role == role
            && a.valid_from == request.from
            && a.valid_until == request.until
    };
    if open.iter().any(same) {
        return Err(Error::new(
            Kind::Conflict,
            format!("`{}` has role `{role}` for that time already", request.person),
        ));
    }
    if let Some(at) = opened.model.roles.iter().position(|of| of.name == role) {
        refuse_withheld(opened, &person, at, request.from.unwrap_or_else(|| ctx.now()))?;
    }
    refuse_conflicts(ctx, opened, &mut tx, &person, &role).await?;
    let id = AssignmentId(tx.take_ids(Sequence::Assignment, 1).await?);
    let assignment = Assignment {
        id,
        entity: person.row.id,
        role,
        origin: "operator".into(),
        reason: request.reason.trim().into(),
        valid_from: request.from,
        valid_until: request.until,
        created_at: ctx.now(),
        created_by: ctx.actor.clone(),
        ended_at: None,
        ended_by: None,
        end_reason: None,
    };
    tx.insert_assignments(std::slice::from_ref(&assignment)).await?;
    tx.unsettle(&[person.row.id]).await?;
    let subject = subject_of(&opened.model, &person.row, &person.key);
    journal(ctx, &mut tx, subject, "assignment.create", &assignment, &assignment.reason).await?;
    tx.commit().await?;
    Ok(view(opened, &person, assignment))
}

/// Takes a role back that was assigned. Roles that follow from rules cannot be taken back here.
pub async fn unassign(
    ctx: &Ctx,
    opened: &Opened,
    person: &str,
    role: &str,
    reason: &str,
) -> Result<AssignmentView, Error> {
    if reason.trim().is_empty() {
        return Err(Error::invalid("a reason is needed").hint("--reason \"…\""));
    }
    let mut tx = opened.store.begin().await?;
    let found = resolve_person(ctx, opened, &mut tx, person).await?;
    let open = tx
        .assignments_of(found.row.id)
        .await?
        .into_iter()
        .filter(|a| a.ended_at.is_none() && &*a.role == role);
    let Some(mut assignment) = open.max_by_key(|assignment| assignment.id) else {
        return Err(Error::not_found(format!("role `{role}` was not assigned to `{person}`"))
            .hint(format!("muster explain {person} shows where each role comes from; a rule is changed in the project")));
    };
    // Whoever may give a role may also lift what withholds it.
    let about = withheld_name(&assignment.role).unwrap_or(&assignment.role);
    if let Some(position) = opened.model.roles.iter().position(|of| *of.name == *about) {
        ctx.reach.may_give(opened, position)?;
    }
    tx.end_assignment(assignment.id, ctx.now(), &ctx.actor, reason.trim()).await?;
    tx.unsettle(&[found.row.id]).await?;
    assignment.ended_at = Some(ctx.now());
    let subject = subject_of(&opened.model, &found.row, &found.key);
    journal(ctx, &mut tx, subject, "assignment.end", &assignment, reason.trim()).await?;
    tx.commit().await?;
    Ok(view(opened, &found, assignment))
}

/// The assignments of an identity, ended ones included.
pub async fn list_assignments(
    ctx: &Ctx,
    opened: &Opened,
    person: &str,
) -> Result<Vec<AssignmentView>, Error> {
    let mut tx = opened.store.read().await?;
    let found = resolve_person(ctx, opened, &mut tx, person).await?;
    let all = tx.assignments_of(found.row.id).await?;
    let of_roles = all.into_iter().filter(gives_role);
    Ok(of_roles.map(|assignment| view(opened, &found, assignment)).collect())
}

/// Refuses what would complete a conflict that blocks or asks for approval.
async fn refuse_conflicts(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    person: &IdentityFacts,
    role: &Text,
) -> Result<(), Error> {
    if opened.model.conflicts.iter().all(|conflict| conflict.on == Reaction::Warn) {
        return Ok(());
    }
    let Some(at) = opened.model.roles.iter().position(|of| of.name == *role) else { return Ok(()) };
    let world = load_world_near(tx, opened, &[person.row.id], ctx.now()).await?;
    let holdings = Holdings::load(opened, tx, person.row.id).await?;
    let asking = ctx.reach.roles();
    let found = holdings.completed(opened, (person, &world), &[at], asking, ctx.now());
    match found.iter().find(|found| found.on != Reaction::Warn) {
        Some(found) => Err(would_conflict(role, found)),
        None => Ok(()),
    }
}

fn check(request: &AssignRequest, now: Timestamp) -> Result<(), Error> {
    if request.reason.trim().is_empty() {
        return Err(Error::invalid("a reason is needed").hint("--reason \"…\""));
    }
    if request.reason.chars().count() > 2000 {
        return Err(Error::invalid("the reason is longer than 2000 characters"));
    }
    if let (Some(from), Some(until)) = (request.from, request.until)
        && until <= from
    {
        return Err(Error::invalid(format!("the end {until} is not after the start {from}")));
    }
    if let Some(until) = request.until.filter(|until| *until <= now) {
        return Err(Error::invalid(format!("the end {until} is over already")).hint(
            "--until names a day to come; without it the role stays until it is taken back",
        ));
    }
    Ok(())
}

fn role_for(ctx: &Ctx, opened: &Opened, person: &IdentityFacts, name: &str) -> Result<Text, Error> {
    let (position, role) = find_role(opened, name, "muster roles lists them")?;
    if role.type_id != person.row.type_id {
        return Err(Error::invalid(format!("role `{name}` is for another entity type")));
    }
    ctx.reach.may_give(opened, position)?;
    Ok(role.name.clone())
}

async fn journal(
    ctx: &Ctx,
    tx: &mut Tx,
    subject: Text,
    action: &str,
    assignment: &Assignment,
    why: &str,
) -> Result<(), Error> {
    let at = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let detail = json!({
        "assignment": assignment.id.0, "role": &*assignment.role, "reason": why,
        "from": at(assignment.valid_from), "until": at(assignment.valid_until),
    });
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: action.into(),
        subject,
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}

fn view(opened: &Opened, person: &IdentityFacts, assignment: Assignment) -> AssignmentView {
    AssignmentView {
        id: assignment.id,
        person: subject_of(&opened.model, &person.row, &person.key),
        role: assignment.role,
        origin: assignment.origin,
        reason: assignment.reason,
        from: assignment.valid_from,
        until: assignment.valid_until,
        created_by: assignment.created_by,
        created_at: assignment.created_at,
        ended_at: assignment.ended_at,
    }
}
