//! Links by which somebody decides about one request, on a telephone: in mails, or shown to whoever wants to go on there.
//!
//! A link is 256 random bits that stand in the mail alone; here only their hash is kept. What is shown is shown once. It is for one person and for one request as it was
//! then: it opens nothing once it was used, once the request changed or is over, and once that person may not decide any more.
//! Whether it is enough by itself is said by the model (`notices.links_decide_below`).

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind, Opened, random};
use muster_model::{EntityId, Text};
use muster_store::{DecisionLink, ReadTx, Request, RequestStage, hex};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    Answer, RequestView,
    decide::{decide_in, may_decide, waiting},
    history::{By, journal},
    people::People,
    rules::is_over,
    stage::{Crowd, approvers},
    view::{one, views},
};

/// A link that somebody has asked for.
#[derive(Debug, Clone)]
pub struct OwnLink {
    /// What it decides about.
    pub request: RequestView,
    /// Its address, with the secret that cannot be had again.
    pub address: String,
    /// When it ends.
    pub ends_at: Timestamp,
}

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

/// Makes a link for somebody for whom a request waits, so that they can go on with it on their telephone.
///
/// # Errors
///
/// As [`decide_request`](crate::decide_request); `Invalid` where the model does not say where people find Muster.
pub async fn link_to_decide(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    id: i64,
) -> Result<OwnLink, Error> {
    let Some(url) = &opened.model.url else {
        return Err(Error::invalid("nothing says at which address people find Muster")
            .hint("say it in muster.yaml: `url: https://…`"));
    };
    let crowd = Crowd::look(opened, ctx.now()).await?;
    let mut tx = opened.store.begin().await?;
    let request = waiting(&mut tx, id).await?;
    stage_for(ctx, (opened, &crowd), &mut tx, me, &request).await?;
    let (secret, link) = new_link(ctx, opened, &request, me)?;
    tx.insert_decision_link(&link).await?;
    let people = People::load(opened, &mut tx, [me].into(), ctx.now()).await?;
    let by = By::oneself(people.need(me)?);
    let detail = json!({ "role": &*request.role, "ends_at": link.ends_at.to_string() });
    let subject = format!("request {id}").into();
    journal(ctx, &mut tx, by, ("request.link", subject), detail).await?;
    tx.commit().await?;
    let request = one(ctx, opened, request, false).await?;
    Ok(OwnLink { request, address: address(url, &secret), ends_at: link.ends_at })
}

/// Makes a link for somebody who is asked; the secret is for their mail and cannot be had again.
pub(crate) async fn make_link(
    ctx: &Ctx,
    opened: &Opened,
    request: &Request,
    entity: EntityId,
) -> Result<(String, DecisionLink), Error> {
    let (secret, link) = new_link(ctx, opened, request, entity)?;
    let mut tx = opened.store.begin().await?;
    tx.insert_decision_link(&link).await?;
    tx.commit().await?;
    Ok((secret, link))
}

/// A link that is not kept yet.
fn new_link(
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
    match stage_for(ctx, (opened, crowd), tx, link.entity, &request).await {
        Ok(stage) => Ok(Found { link, request, stage }),
        Err(error) if matches!(error.kind(), Kind::Denied | Kind::NotFound | Kind::Conflict) => {
            Err(no_such_link())
        }
        Err(error) => Err(error),
    }
}

/// The stage at which somebody may decide about a request now.
async fn stage_for(
    ctx: &Ctx,
    (opened, crowd): (&Opened, &Crowd),
    tx: &mut ReadTx,
    who: EntityId,
    request: &Request,
) -> Result<RequestStage, Error> {
    let id = request.id;
    let stages = tx.request_stages(id).await?;
    let place = usize::try_from(request.stage).unwrap_or(usize::MAX);
    let stage = stages.into_iter().nth(place);
    let stage = stage.ok_or_else(|| Error::bug("a request waits at no stage"))?;
    if is_over(&stage, request.stage_since, ctx.now()) {
        return Err(Error::new(Kind::Conflict, format!("request {id} waited for too long")));
    }
    let asked = approvers(ctx, (opened, crowd), tx, request, &stage).await?;
    may_decide(ctx, opened, tx, who, request, &asked).await?;
    Ok(stage)
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
