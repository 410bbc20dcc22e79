//! What happened to a request, in its own history and in the journal, and who is told of it.

use std::collections::BTreeSet;

use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::{EntityId, Text};
use muster_store::{Entry, NoticeKind, Request, RequestApprover, RequestEvent, RequestStage, Tx};
use serde_json::Value as Json;

use crate::{notices, people::Somebody};

/// What those are told who are asked.
pub(crate) const DECIDE: &str = "decide";
/// What somebody is told who did not answer.
pub(crate) const REMIND: &str = "remind";
/// What whoever asked is told at the end.
pub(crate) const ENDED: &str = "ended";
/// What whoever has it is told before it ends.
pub(crate) const ENDING: &str = "ending";

/// Who does something: a person, or nobody when its time came.
#[derive(Clone, Copy, Default)]
pub(crate) struct By<'a> {
    pub(crate) person: Option<&'a Somebody>,
    /// Whose delegate the person is.
    pub(crate) in_place_of: Option<&'a Somebody>,
}

impl<'a> By<'a> {
    /// Somebody for themselves.
    pub(crate) fn oneself(person: &'a Somebody) -> Self {
        Self { person: Some(person), in_place_of: None }
    }
}

/// Writes into the history of a request.
pub(crate) async fn tell(
    ctx: &Ctx,
    tx: &mut Tx,
    request: i64,
    by: By<'_>,
    (what, stage, note): (&str, Option<&RequestStage>, &str),
) -> Result<(), Error> {
    tx.append_request_event(&RequestEvent {
        request,
        place: 0,
        at: ctx.now(),
        actor: ctx.actor.clone(),
        entity: by.person.map(Somebody::id),
        in_place_of: by.in_place_of.map(Somebody::id),
        what: what.into(),
        stage: stage.map(|stage| stage.name.clone()),
        note: note.into(),
    })
    .await?;
    Ok(())
}

/// Writes the one entry of a use case into the journal. It comes last in the transaction.
pub(crate) async fn journal(
    ctx: &Ctx,
    tx: &mut Tx,
    by: By<'_>,
    (action, subject): (&str, Text),
    detail: Json,
) -> Result<(), Error> {
    let person = by.person.map(|person| person.subject.clone());
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: person.filter(|name| *name != ctx.actor).or_else(|| ctx.on_behalf_of.clone()),
        action: action.into(),
        subject,
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}

/// Writes what changed about a request. Links about it as it was before open nothing any more.
///
/// # Errors
///
/// `Conflict` when somebody else decided or changed it in between; nothing is written.
pub(crate) async fn save(
    tx: &mut Tx,
    request: &Request,
    approvers: &[RequestApprover],
) -> Result<(), Error> {
    if !tx.change_request(request).await? {
        let message = format!("request {} was decided or changed by somebody else", request.id);
        return Err(Error::new(Kind::Conflict, message)
            .hint(format!("muster requests show {} tells how it is now", request.id)));
    }
    tx.set_request_approvers(request.id, approvers).await?;
    tx.delete_decision_links(request.id).await?;
    Ok(())
}

/// Puts into the queue what people are told about a request.
pub(crate) async fn notify(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (request, what): (i64, &str),
    people: &BTreeSet<EntityId>,
) -> Result<(), Error> {
    notices::notify(opened, tx, (NoticeKind::Request, request, what), people, ctx.now()).await
}
