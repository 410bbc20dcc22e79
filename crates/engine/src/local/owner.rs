//! Gives what somebody answers for, such as a service account, to another owner.

use muster_app::{Ctx, Error, Kind, Opened, resolve_person, why_left};
use muster_model::Value;
use muster_store::Entry;
use serde_json::json;

use super::{LocalDone, LocalVerb, change_local_in, people};

/// Makes somebody the owner of an identity, or the sponsor of one that is kept by hand.
///
/// The owner is an attribute as any other: where a source has the say about it, it is changed there. Nobody who has left
/// becomes owner.
///
/// # Errors
///
/// [`Kind::Invalid`] where the type of the identity has no owner or no reason is given, [`Kind::Conflict`] when the new owner has left,
/// [`Kind::Denied`] when the owner comes from a source.
pub async fn change_owner(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    owner: &str,
    comment: &str,
) -> Result<LocalDone, Error> {
    if comment.trim().is_empty() {
        return Err(Error::invalid("a reason is needed").hint("--comment \"…\""));
    }
    let (of, entity) = people::find(ctx, opened, None, name).await?;
    let behaviour = opened.model.types.get(of.id.index());
    let slot = behaviour.and_then(|of| of.owner.or(of.local.map(|local| local.sponsor)));
    let Some(slot) = slot else {
        let problem = format!("nobody answers for a `{}`: the model does not say how", of.name);
        return Err(Error::invalid(problem).hint("add `owner: …` to the type"));
    };
    let mut tx = opened.store.begin().await?;
    let found = resolve_person(ctx, opened, &mut tx, owner).await?;
    if let Some(why) = why_left(ctx, opened, &mut tx, found.row.id).await? {
        return Err(Error::new(Kind::Conflict, format!("`{owner}` cannot answer for it: {why}")));
    }
    let set = vec![(people::attribute(of, slot), Some(Value::Link(found.row.id)))];
    let change = people::change(ctx, LocalVerb::Change, of, entity, set);
    let done = change_local_in(ctx, opened, &mut tx, std::slice::from_ref(&change)).await?;
    let done =
        done.into_iter().next().unwrap_or_else(|| Err(Error::bug("a change has no answer")))?;
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: "owner.change".into(),
        subject: done.key.clone(),
        detail: json!({ "owner": &*found.key, "comment": comment.trim() }).to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    tx.commit().await?;
    Ok(done)
}
