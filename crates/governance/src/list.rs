//! Lists requests and shows one.

use muster_app::{Ctx, Error, Kind, Opened, Page};
use muster_model::EntityId;
use muster_store::{ReadTx, Request};

use crate::{
    RequestView,
    people::{canonical, waits_as},
    stage::barred,
    view::{one, views},
};

/// Whose requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those that somebody made.
    By(EntityId),
    /// Those that are about somebody.
    About(EntityId),
    /// Those that wait for somebody's decision.
    ToDecide(EntityId),
    /// Those about everybody within reach of the context.
    All,
}

/// Which requests.
#[derive(Debug, Clone, Copy)]
pub struct RequestQuery {
    /// Whose.
    pub whose: Whose,
    /// Also those that are over.
    pub ended: bool,
    /// Before this number.
    pub before: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

/// Requests, the newest first. The last number of a full page is where the next one goes on.
pub async fn list_requests(
    ctx: &Ctx,
    opened: &Opened,
    query: &RequestQuery,
) -> Result<Page<RequestView>, Error> {
    let RequestQuery { whose, ended, before, limit } = *query;
    let mut tx = opened.store.read().await?;
    let mut found = match whose {
        Whose::By(who) => tx.requests_by(who, ended, before, limit).await?,
        Whose::About(who) => tx.requests_about(who, ended, before, limit).await?,
        Whose::ToDecide(who) => to_decide(ctx, opened, &mut tx, who, (before, limit)).await?,
        Whose::All => tx.requests(ended, before, limit).await?,
    };
    let next = found.last().filter(|_| found.len() >= limit).map(|last| last.id);
    if whose == Whose::All {
        let about = |request: &Request| Some(request.subject);
        ctx.reach.narrow(ctx, opened, &mut tx, &mut found, about).await?;
    }
    if let Whose::ToDecide(who) = whose {
        found = without_own(&mut tx, who, found).await?;
    }
    Ok(Page { items: views(ctx, opened, &mut tx, found, false).await?, next })
}

/// Those that wait for somebody: for themselves, for a role that they have, or for somebody in whose place they decide.
async fn to_decide(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    me: EntityId,
    (before, limit): (Option<i64>, usize),
) -> Result<Vec<Request>, Error> {
    let mut found: Vec<Request> = Vec::new();
    for (entity, role) in waits_as(ctx, opened, tx, me).await? {
        found.extend(tx.requests_to_decide((entity, &role), before, limit).await?);
    }
    found.sort_by_key(|request| std::cmp::Reverse(request.id));
    found.dedup_by_key(|request| request.id);
    found.truncate(limit);
    Ok(found)
}

/// A role may wait for whoever has it; that is never about what they asked for themselves.
async fn without_own(
    tx: &mut ReadTx,
    me: EntityId,
    found: Vec<Request>,
) -> Result<Vec<Request>, Error> {
    let me = canonical(tx, me).await?;
    let mut others = Vec::with_capacity(found.len());
    for request in found {
        if !barred(tx, &request).await?.is(me) {
            others.push(request);
        }
    }
    Ok(others)
}

/// One request with its history: for whoever asked, whoever would get it, whoever may decide or decided, and without
/// `me` for whoever the context reaches.
pub async fn see_request(
    ctx: &Ctx,
    opened: &Opened,
    me: Option<EntityId>,
    id: i64,
) -> Result<RequestView, Error> {
    let mut tx = opened.store.read().await?;
    let request = tx.request(id).await?.ok_or_else(|| unknown(id))?;
    let sees = match me {
        None => ctx.reach.sees(ctx, opened, &mut tx, Some(request.subject)).await?,
        Some(me) => {
            is_party(&mut tx, me, &request).await?
                || takes_part(ctx, opened, &mut tx, me, id).await?
        }
    };
    if !sees {
        return Err(unknown(id));
    }
    drop(tx);
    one(ctx, opened, request, true).await
}

/// Whether somebody asked or would get it.
pub(crate) async fn is_party(
    tx: &mut ReadTx,
    me: EntityId,
    request: &Request,
) -> Result<bool, Error> {
    Ok(barred(tx, request).await?.is(canonical(tx, me).await?))
}

/// Whether somebody may decide about a request, or did.
async fn takes_part(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    me: EntityId,
    id: i64,
) -> Result<bool, Error> {
    let waits = to_decide(ctx, opened, tx, me, (Some(id.saturating_add(1)), 1)).await?;
    if waits.iter().any(|request| request.id == id) {
        return Ok(true);
    }
    Ok(tx.request_events(id).await?.iter().any(|event| event.entity == Some(me)))
}

/// There is no such request, or none that the caller may know of.
pub(crate) fn unknown(id: i64) -> Error {
    Error::new(Kind::NotFound, format!("there is no request {id}"))
        .hint("muster requests list shows your own, muster approvals list those that wait for you")
}
