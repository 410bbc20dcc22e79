//! Lifecycle facts: what a person says by hand about the lifecycle of an identity.
//!
//! A fact is kept like an assignment, with origin, reason, time and history; nothing else is edited. Sources say what they
//! like: the fact holds until it is lifted. Facts of those whose personal attributes were erased cannot be lifted.

mod ahead;

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_app::{
    Ctx, Error, IdentityFacts, Kind, Opened, fact_kind, fact_name, load_identities, resolve_person,
    subject_of,
};
use muster_model::{AssignmentId, EntityId, Text, TypeId};
use muster_policy::FactKind;
use muster_store::{Assignment, Entry, Sequence, Tx};
use serde_json::json;

pub use self::ahead::{LifecycleAhead, Saying, preview_lifecycle};
use crate::dependents::dependents;

/// Why the assignments of somebody whose lifecycle ended were ended; only those are restored.
pub(crate) const LEFT: &str = "the lifecycle ended";

/// What is to be said about an identity.
#[derive(Debug, Clone)]
pub struct FactRequest {
    /// The identity, by key or unique attribute.
    pub person: String,
    /// What.
    pub kind: FactKind,
    /// From when; `None` for at once.
    pub from: Option<Timestamp>,
    /// Until when; `None` until it is lifted.
    pub until: Option<Timestamp>,
    /// Why; never empty.
    pub reason: String,
}

/// A lifecycle fact for people.
#[derive(Debug, Clone)]
pub struct FactView {
    /// Its id.
    pub id: AssignmentId,
    /// The identity.
    pub person: Text,
    /// What.
    pub kind: FactKind,
    /// Where it comes from.
    pub origin: Text,
    /// Why.
    pub reason: Text,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Option<Timestamp>,
    /// By whom.
    pub created_by: Text,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it was lifted.
    pub ended_at: Option<Timestamp>,
}

/// Says something about the lifecycle of an identity. Saying it again while it holds is refused.
pub async fn set_lifecycle_fact(
    ctx: &Ctx,
    opened: &Opened,
    request: &FactRequest,
) -> Result<FactView, Error> {
    let mut tx = opened.store.begin().await?;
    let person = resolve_person(ctx, opened, &mut tx, &request.person).await?;
    let fact = set_in(ctx, opened, &mut tx, &person, request, "operator").await?;
    tx.commit().await?;
    Ok(fact)
}

/// As [`set_lifecycle_fact`], as part of a transaction.
pub(crate) async fn set_in(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    person: &IdentityFacts,
    request: &FactRequest,
    origin: &str,
) -> Result<FactView, Error> {
    check(opened, person, request, ctx.now())?;
    let role = fact_name(request.kind);
    let open = tx.assignments_of(person.row.id).await?;
    let holds = |a: &&Assignment| {
        a.ended_at.is_none()
            && a.role == role
            && a.valid_until.is_none_or(|until| until > ctx.now())
    };
    let from = request.from.unwrap_or_else(|| ctx.now());
    if let Some(known) = open.iter().find(holds) {
        // A termination that comes sooner takes the place of the one that was planned.
        let sooner = known.valid_from.is_some_and(|known| known > ctx.now() && from < known);
        let is_again = request.kind == FactKind::Used;
        if !sooner && !is_again {
            let problem = format!("`{}` is {} already", request.person, request.kind.word());
            return Err(Error::new(Kind::Conflict, problem)
                .hint(format!("muster people facts {} shows since when and why", request.person)));
        }
        tx.end_assignment(
            known.id,
            ctx.now(),
            &ctx.actor,
            if is_again { "said again" } else { "it comes sooner" },
        )
        .await?;
    }
    let assignment = Assignment {
        id: AssignmentId(tx.take_ids(Sequence::Assignment, 1).await?),
        entity: person.row.id,
        role,
        origin: origin.into(),
        reason: request.reason.trim().into(),
        valid_from: Some(from),
        valid_until: request.until,
        created_at: ctx.now(),
        created_by: ctx.actor.clone(),
        ended_at: None,
        ended_by: None,
        end_reason: None,
    };
    tx.insert_assignments(std::slice::from_ref(&assignment)).await?;
    look_again(tx, opened, person).await?;
    let action = format!("lifecycle.{}", request.kind.word());
    journal(ctx, opened, tx, person, &action, (&assignment, &assignment.reason)).await?;
    view(opened, person, assignment)
}

/// Lifts a fact: from now on it does not count. The same rights come back that sources and rules give now.
pub async fn lift_lifecycle_fact(
    ctx: &Ctx,
    opened: &Opened,
    person: &str,
    kind: FactKind,
    reason: &str,
) -> Result<FactView, Error> {
    let mut tx = opened.store.begin().await?;
    let found = resolve_person(ctx, opened, &mut tx, person).await?;
    let Some(fact) = lift_in(ctx, opened, &mut tx, &found, kind, reason).await? else {
        return Err(Error::not_found(format!("`{person}` is not {}", kind.word()))
            .hint(format!("muster people facts {person} shows what was said")));
    };
    tx.commit().await?;
    Ok(fact)
}

/// As [`lift_lifecycle_fact`], as part of a transaction; `None` when there is nothing to lift.
pub(crate) async fn lift_in(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    person: &IdentityFacts,
    kind: FactKind,
    reason: &str,
) -> Result<Option<FactView>, Error> {
    let role = fact_name(kind);
    lift_those(ctx, opened, tx, person, reason, &|fact| fact.role == role).await
}

async fn lift_those(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    person: &IdentityFacts,
    reason: &str,
    is_meant: &(dyn Fn(&Assignment) -> bool + Sync),
) -> Result<Option<FactView>, Error> {
    let reason = given(reason)?;
    let mut lifted = None;
    for mut fact in tx.assignments_of(person.row.id).await? {
        if !is_meant(&fact) || !tx.end_assignment(fact.id, ctx.now(), &ctx.actor, reason).await? {
            continue;
        }
        fact.ended_at = Some(ctx.now());
        let word = fact_kind(&fact.role).map_or("?", FactKind::word);
        let action = format!("lifecycle.{word}.lift");
        journal(ctx, opened, tx, person, &action, (&fact, reason)).await?;
        lifted = Some(view(opened, person, fact)?);
    }
    if lifted.is_some() {
        look_again(tx, opened, person).await?;
    }
    Ok(lifted)
}

/// Suspends an identity as part of a transaction, in the name of whoever `origin` is. Nothing happens when it is suspended
/// already, by whomever.
pub async fn suspend_in(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (type_id, entity): (TypeId, EntityId),
    (origin, reason): (&str, &str),
) -> Result<(), Error> {
    let Some(person) = identity(ctx, opened, tx, (type_id, entity)).await? else { return Ok(()) };
    if person.facts.iter().any(|fact| fact.kind == FactKind::Suspended) {
        return Ok(());
    }
    let request = FactRequest {
        person: person.key.to_string(),
        kind: FactKind::Suspended,
        from: None,
        until: None,
        reason: reason.to_owned(),
    };
    set_in(ctx, opened, tx, &person, &request, origin).await.map(drop)
}

/// Lifts the suspension that `origin` made, as part of a transaction. Those that others made stay.
pub async fn resume_in(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (type_id, entity): (TypeId, EntityId),
    (origin, reason): (&str, &str),
) -> Result<(), Error> {
    let Some(person) = identity(ctx, opened, tx, (type_id, entity)).await? else { return Ok(()) };
    let role = fact_name(FactKind::Suspended);
    let is_ours = |fact: &Assignment| fact.role == role && &*fact.origin == origin;
    lift_those(ctx, opened, tx, &person, reason, &is_ours).await.map(drop)
}

pub(crate) async fn identity(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (type_id, entity): (TypeId, EntityId),
) -> Result<Option<IdentityFacts>, Error> {
    let found = load_identities(tx, opened, type_id, &[entity], ctx.now()).await?;
    Ok(found.into_iter().next())
}

/// What came back with a restored identity.
#[derive(Debug, Clone)]
pub struct Restored {
    /// The identity.
    pub person: Text,
    /// The facts that were lifted.
    pub lifted: Vec<FactKind>,
    /// The roles that were given directly and are so again.
    pub roles: Vec<Text>,
}

/// Brings an identity back that has left or was deleted, with the roles that it was given directly.
///
/// Lifts termination and deletion by hand. Where a source says that the lifecycle has ended, the source has to change.
pub async fn restore_identity(
    ctx: &Ctx,
    opened: &Opened,
    person: &str,
    reason: &str,
) -> Result<Restored, Error> {
    let mut tx = opened.store.begin().await?;
    let found = resolve_person(ctx, opened, &mut tx, person).await?;
    let restored = restore_in(ctx, opened, &mut tx, &found, reason).await?;
    tx.commit().await?;
    Ok(restored)
}

/// As [`restore_identity`], as part of a transaction.
pub(crate) async fn restore_in(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    found: &IdentityFacts,
    reason: &str,
) -> Result<Restored, Error> {
    given(reason)?;
    let person = subject_of(&opened.model, &found.row, &found.key);
    if found.facts.iter().any(|fact| fact.kind == FactKind::Erased) {
        let problem = format!("the personal attributes of `{person}` were erased for good");
        return Err(Error::new(Kind::Conflict, problem)
            .hint("the next record of the person makes a new identity"));
    }
    let mut lifted = Vec::new();
    for kind in [FactKind::Deleted, FactKind::Terminated] {
        if lift_in(ctx, opened, tx, found, kind, reason).await?.is_some() {
            lifted.push(kind);
        }
    }
    let roles = give_back(ctx, opened, tx, found, reason).await?;
    if lifted.is_empty() && roles.is_empty() {
        let problem = format!("there is nothing of `{person}` to restore");
        return Err(Error::new(Kind::Conflict, problem)
            .hint("who left by a date comes back when the source says so"));
    }
    tx.unsettle(&[found.row.id]).await?;
    Ok(Restored { person, lifted, roles })
}

/// Assigns again what was ended when the lifecycle ended, the last time.
async fn give_back(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    person: &IdentityFacts,
    reason: &str,
) -> Result<Vec<Text>, Error> {
    let all = tx.assignments_of(person.row.id).await?;
    let by_leaving = |a: &&Assignment| a.end_reason.as_deref() == Some(LEFT);
    let Some(last) = all.iter().filter(by_leaving).filter_map(|a| a.ended_at).max() else {
        return Ok(Vec::new());
    };
    let open: BTreeSet<&Text> =
        all.iter().filter(|a| a.ended_at.is_none()).map(|a| &a.role).collect();
    let mut roles = Vec::new();
    for ended in all.iter().filter(by_leaving).filter(|a| a.ended_at == Some(last)) {
        let is_over = ended.valid_until.is_some_and(|until| until <= ctx.now());
        if is_over || open.contains(&ended.role) {
            continue;
        }
        let again = Assignment {
            id: AssignmentId(tx.take_ids(Sequence::Assignment, 1).await?),
            origin: "restore".into(),
            created_at: ctx.now(),
            created_by: ctx.actor.clone(),
            ended_at: None,
            ended_by: None,
            end_reason: None,
            ..ended.clone()
        };
        tx.insert_assignments(std::slice::from_ref(&again)).await?;
        journal(ctx, opened, tx, person, "assignment.restore", (&again, reason)).await?;
        roles.push(again.role);
    }
    Ok(roles)
}

/// What was said about the lifecycle of an identity, lifted facts included, the oldest first.
pub async fn list_lifecycle_facts(
    ctx: &Ctx,
    opened: &Opened,
    person: &str,
) -> Result<Vec<FactView>, Error> {
    let mut tx = opened.store.read().await?;
    let found = resolve_person(ctx, opened, &mut tx, person).await?;
    let all = tx.assignments_of(found.row.id).await?;
    let facts = all.into_iter().filter(|assignment| fact_kind(&assignment.role).is_some());
    facts.map(|assignment| view(opened, &found, assignment)).collect()
}

/// The person, and everybody whose evaluation reads the person's lifecycle, are looked at again.
async fn look_again(tx: &mut Tx, opened: &Opened, person: &IdentityFacts) -> Result<(), Error> {
    let row = &person.row;
    let mut again = dependents(tx, opened, row.type_id, &[(Some(row), row)]).await?;
    again.insert(row.id);
    tx.unsettle(&again.into_iter().collect::<Vec<EntityId>>()).await?;
    Ok(())
}

fn given(reason: &str) -> Result<&str, Error> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::invalid("a reason is needed").hint("--reason \"…\""));
    }
    if reason.chars().count() > 2000 {
        return Err(Error::invalid("the reason is longer than 2000 characters"));
    }
    Ok(reason)
}

fn check(
    opened: &Opened,
    person: &IdentityFacts,
    request: &FactRequest,
    now: Timestamp,
) -> Result<(), Error> {
    given(&request.reason)?;
    let from = request.from.unwrap_or(now);
    if let Some(until) = request.until.filter(|until| *until <= from.max(now)) {
        return Err(Error::invalid(format!("the end {until} is not after the start or is over")));
    }
    let behaviour = opened.model.types.get(person.row.type_id.index());
    let (state, fact) = match request.kind {
        FactKind::Used => return Ok(()),
        FactKind::Suspended => (behaviour.and_then(|b| b.suspended), "suspended"),
        FactKind::Terminated | FactKind::Deleted | FactKind::Erased => {
            (behaviour.and_then(|b| b.terminated), "terminated")
        }
    };
    if state.is_some() {
        return Ok(());
    }
    let name = opened.model.schema.get(person.row.type_id).map_or("?", |of| &*of.name);
    Err(Error::invalid(format!("no lifecycle state of `{name}` is what `{fact}` leads to"))
        .hint(format!("say `fact: {fact}` at one of the states of the type")))
}

async fn journal(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    person: &IdentityFacts,
    action: &str,
    (fact, why): (&Assignment, &str),
) -> Result<(), Error> {
    let at = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let detail = json!({
        "id": person.row.id.0, "assignment": fact.id.0, "role": &*fact.role, "reason": why, "from": at(fact.valid_from),
        "until": at(fact.valid_until),
    });
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: action.into(),
        subject: subject_of(&opened.model, &person.row, &person.key),
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}

fn view(opened: &Opened, person: &IdentityFacts, fact: Assignment) -> Result<FactView, Error> {
    let kind = fact_kind(&fact.role)
        .ok_or_else(|| Error::bug(format!("assignment {} is no lifecycle fact", fact.id)))?;
    Ok(FactView {
        id: fact.id,
        person: subject_of(&opened.model, &person.row, &person.key),
        kind,
        origin: fact.origin,
        reason: fact.reason,
        from: fact.valid_from.unwrap_or(fact.created_at),
        until: fact.valid_until,
        created_by: fact.created_by,
        created_at: fact.created_at,
        ended_at: fact.ended_at,
    })
}
