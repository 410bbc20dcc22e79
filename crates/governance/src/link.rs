//! Links in mails by which somebody decides about one request, on a telephone.
//!
//! A link is 256 random bits that stand in the mail alone; here only their hash is kept. It is for one person and for one request as it was
//! then: it opens nothing once it was used, once the request changed or is over, and once that person may not decide any more.
//! Whether it is enough by itself is said by the model (`notices.links_decide_below`).

use muster_app::{Ctx, Error, Kind, Opened, random};
use muster_model::{EntityId, Text};
use muster_store::{DecisionLink, ReadTx, Request, RequestStage, hex};
use sha2::{Digest as _, Sha256};

use crate::{
    Answer, RequestView,
    decide::{decide_in, may_decide},
    rules::is_over,
    stage::{Crowd, approvers},
    view::{one, views},
};

/// What a link leads to.
#[derive(Debug, Clone)]
pub struct LinkView {
    /// Who decides with it.
    pub approver: EntityId,
    /// About what.
    pub request: RequestView,
    /// Whether they have to prove who they are.
    pub needs_proof: bool,
}

/// What a link leads to. Nothing is changed by looking.
///
/// # Errors
///
/// `NotFound` for every link that opens nothing, in the same words.
pub async fn see_decision_link(
    ctx: &Ctx,
    opened: &Opened,
    secret: &str,
) -> Result<LinkView, Error> {
    let crowd = Crowd::look(opened, ctx.now()).await?;
    let mut tx = opened.store.read().await?;
    let found = find(ctx, (opened, &crowd), &mut tx, secret).await?;
    let needs_proof = needs_proof(opened, &found);
    let Found { link, request, .. } = found;
    let view = views(ctx, opened, &mut tx, vec![request], false).await?.pop();
    let request = view.ok_or_else(|| Error::bug("a request has no view"))?;
    Ok(LinkView { approver: link.entity, request, needs_proof })
}

/// Decides with a link. `proved` is who has just proved who they are, if anybody did.
///
/// # Errors
///
/// `NotFound` for a link that opens nothing, and for one of somebody else than has proved who they are; `Denied` when it is
/// not enough by itself; otherwise as [`decide_request`](crate::decide_request). Then it can still be used.
pub async fn decide_by_link(
    ctx: &Ctx,
    opened: &Opened,
    (secret, proved): (&str, Option<EntityId>),
    answer: &Answer,
) -> Result<RequestView, Error> {
    let crowd = Crowd::look(opened, ctx.now()).await?;
    let mut tx = opened.store.begin().await?;
    let found = find(ctx, (opened, &crowd), &mut tx, secret).await?;
    if proved.is_some_and(|who| who != found.link.entity) {
        return Err(no_such_link());
    }
    if proved.is_none() && needs_proof(opened, &found) {
        return Err(Error::new(Kind::Denied, "a link alone does not decide about this")
            .hint("sign in, and open it again"));
    }
    let Found { link, request, .. } = found;
    if !tx.use_decision_link(&link.hash).await? {
        return Err(no_such_link());
    }
    let request = decide_in(ctx, (opened, &crowd), &mut tx, link.entity, request, answer).await?;
    tx.commit().await?;
    one(ctx, opened, request, true).await
}

/// Makes a link for somebody who is asked; the secret is for their mail and cannot be had again.
pub(crate) async fn make_link(
    ctx: &Ctx,
    opened: &Opened,
    request: &Request,
    entity: EntityId,
) -> Result<(String, DecisionLink), Error> {
    let secret = hex(&random::<32>()?);
    let ends_at = ctx.now().checked_add(opened.model.notices.link);
    let link = DecisionLink {
        hash: hash(&secret),
        request: request.id,
        entity,
        version: request.version,
        ends_at: ends_at.unwrap_or_else(|_| ctx.now()),
    };
    let mut tx = opened.store.begin().await?;
    tx.insert_decision_link(&link).await?;
    tx.commit().await?;
    Ok((secret, link))
}

/// A link that holds.
struct Found {
    link: DecisionLink,
    request: Request,
    stage: RequestStage,
}

async fn find(
    ctx: &Ctx,
    (opened, crowd): (&Opened, &Crowd),
    tx: &mut ReadTx,
    secret: &str,
) -> Result<Found, Error> {
    let link = tx.decision_link(&hash(secret)).await?.filter(|link| link.ends_at > ctx.now());
    let link = link.ok_or_else(no_such_link)?;
    let request = tx.request(link.request).await?;
    let same = |request: &Request| {
        request.version == link.version && request.state == muster_store::RequestState::Waiting
    };
    let request = request.filter(same).ok_or_else(no_such_link)?;
    let stages = tx.request_stages(request.id).await?;
    let place = usize::try_from(request.stage).unwrap_or(usize::MAX);
    let stage = stages.into_iter().nth(place).ok_or_else(no_such_link)?;
    if is_over(&stage, request.stage_since, ctx.now()) {
        return Err(no_such_link());
    }
    let asked = approvers(ctx, (opened, crowd), tx, &request, &stage).await?;
    match may_decide(ctx, opened, tx, link.entity, &request, &asked).await {
        Ok(_) => Ok(Found { link, request, stage }),
        Err(error) if matches!(error.kind(), Kind::Denied | Kind::NotFound) => Err(no_such_link()),
        Err(error) => Err(error),
    }
}

/// Whether whoever has the link has to prove who they are: unless the role is harmless enough, and always about conflicts.
fn needs_proof(opened: &Opened, found: &Found) -> bool {
    let role = opened.model.roles.iter().find(|role| role.name == found.request.role);
    let is_conflict = found.stage.name.starts_with("conflict ");
    is_conflict || !opened.model.notices.link_is_enough(role.and_then(|role| role.risk))
}

/// The address of a link.
pub(crate) fn address(url: &Text, secret: &str) -> String {
    format!("{url}/decide/{secret}")
}

fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

fn no_such_link() -> Error {
    Error::not_found("this link opens nothing, or nothing any more")
        .hint("muster approvals list shows what waits for you")
}
