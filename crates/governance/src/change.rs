//! Changes a request that waits. Whoever agreed to something else has to be asked again.

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::EntityId;
use serde_json::json;

use crate::{
    RequestView,
    decide::{put_to, waiting},
    history::{By, journal, tell},
    list::unknown,
    people::{People, canonical, need_to_work},
    rules,
    stage::Crowd,
    terms::{not_for, role_named, terms_for},
    view::one,
};

/// What is asked for instead.
#[derive(Debug, Clone, Default)]
pub struct ChangeRequest {
    /// From when; `None` leaves it.
    pub from: Option<Timestamp>,
    /// Until when; `None` leaves it.
    pub until: Option<Timestamp>,
    /// Why; `None` leaves it.
    pub reason: Option<String>,
}

/// Changes what is asked for, and begins again at the first stage: earlier approvals are void.
///
/// # Errors
///
/// `NotFound` for everybody but whoever asked, `Conflict` when it does not wait any more, otherwise as `create_request`.
pub async fn change_request(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    id: i64,
    change: &ChangeRequest,
) -> Result<RequestView, Error> {
    let crowd = Crowd::look(opened, ctx.now()).await?;
    let mut tx = opened.store.begin().await?;
    let found = tx.request(id).await?.ok_or_else(|| unknown(id))?;
    if canonical(&mut tx, found.requester).await? != canonical(&mut tx, me).await? {
        return Err(unknown(id));
    }
    let mut request = waiting(&mut tx, id).await?;
    let people = People::load(opened, &mut tx, [me, request.subject].into(), ctx.now()).await?;
    let (asks, subject) = (people.need(me)?, people.need(request.subject)?);
    need_to_work(opened, asks)?;
    let (_, role) = role_named(opened, &request.role)?;
    let terms = terms_for(opened, &people, role, (asks, subject), ctx.now());
    let terms = terms.ok_or_else(|| not_for(role, subject))?;
    if request.extends.is_some() && change.from.is_some() {
        let message = format!("request {id} begins when what it extends ends");
        return Err(Error::new(Kind::Invalid, message).hint("change its end or its reason"));
    }
    request.valid_from = change.from.or(request.valid_from);
    let until = change.until.or(request.valid_until);
    request.valid_until = rules::end(&terms, ctx.now(), request.valid_from, until)
        .map_err(|problem| Error::invalid(problem.to_string()))?;
    if let Some(reason) = &change.reason {
        if terms.reason && reason.trim().is_empty() {
            return Err(Error::invalid("a reason is needed").hint("--reason \"…\""));
        }
        request.reason = reason.trim().into();
    }
    let stages = tx.request_stages(id).await?;
    let first = stages.first().ok_or_else(|| Error::bug("a request waits at no stage"))?;
    let by = By::oneself(asks);
    tell(ctx, &mut tx, id, by, ("changed", None, "earlier approvals are void")).await?;
    put_to(ctx, (opened, &crowd), &mut tx, &mut request, first).await?;
    let detail = json!({
        "person": &*subject.subject, "role": &*request.role, "reason": &*request.reason,
        "from": request.valid_from.map(|at| at.to_string()),
        "until": request.valid_until.map(|at| at.to_string()),
    });
    let about = format!("request {id}").into();
    journal(ctx, &mut tx, by, ("request.change", about), detail).await?;
    tx.commit().await?;
    one(ctx, opened, request, true).await
}
