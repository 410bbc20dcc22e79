//! What happened to a request, in its own history and in the journal, and who gets a mail about it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind};
use muster_model::{EntityId, Text};
use muster_store::{
    Entry, Request, RequestApprover, RequestEvent, RequestNotice, RequestStage, Sequence, Tx,
};
use serde_json::Value as Json;

use crate::people::Somebody;

/// What a mail says.
pub(crate) const DECIDE: &str = "decide";
/// What a mail says to somebody who did not answer.
pub(crate) const REMIND: &str = "remind";
/// What a mail says to whoever asked, at the end.
pub(crate) const ENDED: &str = "ended";
/// What a mail says to whoever has it, before it ends.
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

/// Puts mails about a request into the queue.
pub(crate) async fn notify(
    ctx: &Ctx,
    tx: &mut Tx,
    request: i64,
    what: &str,
    people: &BTreeSet<EntityId>,
) -> Result<(), Error> {
    notify_at(tx, request, what, people, ctx.now()).await
}

/// As [`notify`], for a time to come.
pub(crate) async fn notify_at(
    tx: &mut Tx,
    request: i64,
    what: &str,
    people: &BTreeSet<EntityId>,
    at: Timestamp,
) -> Result<(), Error> {
    if people.is_empty() {
        return Ok(());
    }
    let first = tx.take_ids(Sequence::RequestNotice, people.len()).await?;
    let notice = |(id, entity): (i64, &EntityId)| RequestNotice {
        id,
        request,
        entity: *entity,
        what: what.into(),
        tries: 0,
        next_try: at,
    };
    let notices: Vec<RequestNotice> = (first..).zip(people).map(notice).collect();
    tx.insert_request_notices(&notices).await?;
    Ok(())
}
