//! `assign`, `unassign`, `unassign_all`: roles that are given directly.

use muster_app::{Error, gives_role};
use muster_model::AssignmentId;
use muster_store::{Assignment, Sequence, Tx};
use serde_json::json;

use super::{At, Outcome};

pub(super) async fn assign(at: &At<'_>, tx: &mut Tx) -> Result<Outcome, Error> {
    let role = role_name(at)?;
    let given = tx.assignments_of(at.facts.row.id).await?;
    let holds = |a: &Assignment| {
        a.ended_at.is_none() && a.role == role && a.valid_until.is_none_or(|until| until > at.now)
    };
    if given.iter().any(holds) {
        return Ok(Outcome::Skipped("it is given already".to_owned()));
    }
    let until = at.task.length("for").and_then(|length| at.now.checked_add(length).ok());
    let assignment = Assignment {
        id: AssignmentId(tx.take_ids(Sequence::Assignment, 1).await?),
        entity: at.facts.row.id,
        role,
        origin: at.origin(),
        reason: at.reason().into(),
        valid_from: None,
        valid_until: until,
        created_at: at.now,
        created_by: at.ctx.actor.clone(),
        ended_at: None,
        ended_by: None,
        end_reason: None,
    };
    tx.insert_assignments(std::slice::from_ref(&assignment)).await?;
    tx.unsettle(&[at.facts.row.id]).await?;
    let detail = json!({
        "assignment": assignment.id.0, "role": &*assignment.role, "reason": &*assignment.reason,
        "until": until.map(|until| until.to_string()),
    });
    at.journal(tx, "assignment.create", detail).await?;
    Ok(Outcome::Done(assignment.role.to_string()))
}

pub(super) async fn unassign(at: &At<'_>, tx: &mut Tx) -> Result<Outcome, Error> {
    let role = role_name(at)?;
    end(at, tx, |assignment| assignment.role == role).await
}

pub(super) async fn unassign_all(at: &At<'_>, tx: &mut Tx) -> Result<Outcome, Error> {
    end(at, tx, gives_role).await
}

async fn end(
    at: &At<'_>,
    tx: &mut Tx,
    is_wanted: impl Fn(&Assignment) -> bool,
) -> Result<Outcome, Error> {
    let given = tx.assignments_of(at.facts.row.id).await?;
    let mut ended = 0;
    for assignment in given.iter().filter(|a| a.ended_at.is_none() && is_wanted(a)) {
        let reason = at.reason();
        tx.end_assignment(assignment.id, at.now, &at.ctx.actor, &reason).await?;
        let detail = json!({
            "assignment": assignment.id.0, "role": &*assignment.role, "reason": reason,
        });
        at.journal(tx, "assignment.end", detail).await?;
        ended += 1;
    }
    if ended == 0 {
        return Ok(Outcome::Skipped("nothing of it is given directly".to_owned()));
    }
    tx.unsettle(&[at.facts.row.id]).await?;
    Ok(Outcome::Done(format!("{ended} taken back")))
}

fn role_name(at: &At<'_>) -> Result<muster_model::Text, Error> {
    let role = at.task.role("role").and_then(|role| at.opened.model.roles.get(role));
    role.map(|role| role.name.clone()).ok_or_else(|| Error::bug("a task has no role"))
}
