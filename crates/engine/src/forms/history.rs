//! What happens to drafts: in their own history, in the journal, and who is told.

use std::collections::BTreeSet;

use muster_app::{Ctx, Error, Kind, Opened};
use muster_governance::Somebody;
use muster_model::{EntityId, Text};
use muster_store::{Entry, FormDraft, FormEvent, FormTurn, NoticeKind, RequestApprover, Tx};
use serde_json::{Value as Json, json};

use super::draft::Entered;

/// What those are told whose turn it is.
pub(super) const TURN: &str = "turn";
/// What whoever began is told at the end.
pub(super) const OVER: &str = "over";

/// Who does something: a person, or nobody when its time came.
#[derive(Clone, Copy, Default)]
pub(super) struct By<'a> {
    pub(super) person: Option<&'a Somebody>,
    /// Whose delegate the person is.
    pub(super) in_place_of: Option<&'a Somebody>,
}

/// Writes into the history of a draft: what, at which step, and what was said.
pub(super) async fn tell(
    ctx: &Ctx,
    tx: &mut Tx,
    draft: &FormDraft,
    by: By<'_>,
    (what, step, note): (&str, &Text, &str),
) -> Result<(), Error> {
    tx.append_form_event(&FormEvent {
        draft: draft.id,
        place: 0,
        at: ctx.now(),
        actor: ctx.actor.clone(),
        entity: by.person.map(Somebody::id),
        in_place_of: by.in_place_of.map(Somebody::id),
        what: what.into(),
        step: step.clone(),
        note: note.into(),
    })
    .await?;
    Ok(())
}

/// Writes the entry of a use case into the journal. It names fields, never what stands in them. It comes last in the transaction.
pub(super) async fn journal(
    ctx: &Ctx,
    tx: &mut Tx,
    by: By<'_>,
    (action, draft): (&str, &FormDraft),
    detail: Json,
) -> Result<(), Error> {
    let person = by.person.map(|person| person.subject.clone());
    let mut all = json!({
        "form": &*draft.form, "by": by.person.map(|person| &*person.subject),
        "in_place_of": by.in_place_of.map(|giver| &*giver.subject),
    });
    if let (Json::Object(all), Json::Object(detail)) = (&mut all, detail) {
        all.extend(detail);
    }
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: person.filter(|name| *name != ctx.actor).or_else(|| ctx.on_behalf_of.clone()),
        action: action.into(),
        subject: format!("draft {}", draft.id).into(),
        detail: all.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}

/// Writes what changed about a draft, and whose turn it is from now on.
///
/// # Errors
///
/// `Conflict` when somebody else changed it in between; nothing is written.
pub(super) async fn save(
    tx: &mut Tx,
    draft: &FormDraft,
    turns: Option<&[RequestApprover]>,
) -> Result<(), Error> {
    if !tx.change_form_draft(draft).await? {
        return Err(changed(draft.id));
    }
    if let Some(turns) = turns {
        let turn = |of: &RequestApprover| FormTurn {
            draft: draft.id,
            entity: of.entity,
            role: of.role.clone(),
        };
        let turns: Vec<FormTurn> = turns.iter().map(turn).collect();
        tx.set_form_turns(draft.id, &turns).await?;
    }
    Ok(())
}

/// Somebody else was first.
pub(super) fn changed(id: i64) -> Error {
    let message = format!("draft {id} was changed by somebody else in between");
    Error::new(Kind::Conflict, message)
        .hint(format!("muster forms show {id} tells how it is now; enter yours again"))
}

/// What was entered, as it is kept.
pub(super) fn kept(entered: &Entered) -> Text {
    let texts = entered.iter().map(|(name, text)| (name.to_string(), Json::from(&**text)));
    Json::Object(texts.collect()).to_string().into()
}

/// Puts into the queue what people are told about a draft.
pub(super) async fn notify(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (draft, what): (i64, &str),
    people: &BTreeSet<EntityId>,
) -> Result<(), Error> {
    let about = (NoticeKind::Form, draft, what);
    muster_governance::notify(opened, tx, about, people, ctx.now()).await
}
