//! Takes a request back that waits.

use muster_app::{Ctx, Error, Opened};
use muster_model::EntityId;
use muster_store::RequestState;
use serde_json::json;

use crate::{
    RequestView,
    decide::{close, waiting},
    history::{By, journal, tell},
    list::{is_party, unknown},
    people::People,
    view::one,
};

/// Takes a request back. Whoever asked may, and whoever would get it.
///
/// # Errors
///
/// `NotFound` for others, `Conflict` when it does not wait any more.
pub async fn withdraw_request(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    id: i64,
    reason: &str,
) -> Result<RequestView, Error> {
    let mut tx = opened.store.begin().await?;
    let mut request = tx.request(id).await?.ok_or_else(|| unknown(id))?;
    if !is_party(&mut tx, me, &request).await? {
        return Err(unknown(id));
    }
    waiting(&mut tx, id).await?;
    let people = People::load(opened, &mut tx, [me, request.subject].into(), ctx.now()).await?;
    let by = By::oneself(people.need(me)?);
    close(ctx, &mut tx, &mut request, RequestState::Withdrawn).await?;
    tell(ctx, &mut tx, id, by, ("withdrawn", None, reason.trim())).await?;
    let person = people.name(request.subject);
    let detail = json!({ "person": &*person, "role": &*request.role, "reason": reason.trim() });
    let subject = format!("request {id}").into();
    journal(ctx, &mut tx, by, ("request.withdraw", subject), detail).await?;
    tx.commit().await?;
    one(ctx, opened, request, true).await
}
