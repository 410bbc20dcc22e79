//! Access that an application was denied, asked for by that application in the name of the subject: the access request and approval
//! profile of `AuthZEN` (a working-group draft; `docs/decisions/0030`).
//!
//! Nothing is kept of it beside the request for a role: what binds a request to a denial, and a task to its request, is vouched for
//! by the key of the project and stands in the hands of the application. A task is a request like any other; its rules hold.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use muster_app::{
    AccessQuestion, Ctx, Error, Kind, Opened, lacking_roles, question_digest, random,
};
use muster_model::{EntityId, Text};
use muster_policy::Reaction;
use muster_store::{Request, RequestState, hex};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::{
    NewRequest, RequestView,
    create::{create_for, drafts_for},
    view::one,
    withdraw::withdraw_request,
};

/// Where access is asked for, below the address of the service.
pub const ACCESS_REQUESTS: &str = "/api/v1/access-requests";
/// How long a denial can be answered with a request.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// How long an approval without an end of its own is good for asking again; what it gave goes on.
const GOOD: SignedDuration = SignedDuration::from_hours(24);
/// Roles that are looked at for one denial.
const MOST_ROLES: usize = 20;
/// What tokens are for: the first binds a request to its denial, the second is a task.
const DENIAL: &str = "access denial";
const TASK: &str = "access request task";

/// What an application asks about, and who it is.
#[derive(Debug, Clone, Copy)]
pub struct Denied<'a> {
    /// The client.
    pub client: &'a str,
    /// The person for whom it acts; `None` when it asks in the name of the subject.
    pub me: Option<EntityId>,
    /// The question that was denied.
    pub question: &'a AccessQuestion,
}

/// What can be asked for so that a denial becomes a yes.
#[derive(Debug, Clone)]
pub struct Requestable {
    /// The roles, any one of which is enough.
    pub roles: Vec<RoleOffered>,
    /// Names the denial, for those who follow what happened.
    pub evaluation_id: String,
    /// Binds a request to the denial.
    pub binding_token: String,
    /// Until when it can be asked for.
    pub expires_at: Timestamp,
}

/// A role that can be asked for.
#[derive(Debug, Clone)]
pub struct RoleOffered {
    /// Its name.
    pub role: Text,
    /// What it is for.
    pub description: Option<Text>,
    /// Whether a reason has to be given.
    pub reason: bool,
    /// What has to be answered.
    pub questions: Vec<Text>,
}

/// A request for what was denied.
#[derive(Debug, Clone, Default)]
pub struct AccessRequest {
    /// The role; may be left out where only one is enough.
    pub role: Option<String>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// Answers by question.
    pub answers: BTreeMap<String, String>,
    /// What binds it to the denial.
    pub binding_token: String,
    /// Until when the denial could be answered, as the denial said.
    pub expires_at: Option<Timestamp>,
    /// The denial's name, where the application sends it.
    pub evaluation_id: Option<String>,
}

/// A request on its way, as the application sees it.
#[derive(Debug, Clone)]
pub struct AccessTask {
    /// What the application names it by.
    pub id: String,
    /// The request.
    pub request: RequestView,
    /// What came of it when it was approved.
    pub approval: Option<Approval>,
}

/// What an application shows when it asks again.
#[derive(Debug, Clone)]
pub struct Approval {
    /// Its name.
    pub id: String,
    /// What proves it.
    pub state: String,
    /// Since when.
    pub at: Timestamp,
    /// Until when it is good for asking again.
    pub until: Timestamp,
}

/// What an approval that an application shows is worth for a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Worth {
    /// It is about this, and holds.
    Holds {
        /// Its name.
        id: String,
        /// Until when it is good for asking again.
        until: Timestamp,
    },
    /// What it gave begins later, in so many seconds.
    Pending(i64),
    /// It is over, or what it gave was taken back.
    Expired,
    /// It is about another question.
    Elsewhere,
    /// It is none of ours, or not this client's.
    Unknown,
}

/// Why access could not be asked for.
#[derive(Debug, thiserror::Error)]
pub enum AccessRequestError {
    /// No role that can be asked for would be enough.
    #[error("no role that can be asked for would allow it; it may be allowed already")]
    NotRequestable,
    /// It was denied too long ago.
    #[error("it was denied too long ago; ask for the decision again")]
    Expired,
    /// What is asked for is not what was denied.
    #[error("this is not what was denied to this client")]
    Unbound,
    /// There is no such task, or it is another client's.
    #[error("there is no such task")]
    UnknownTask,
    /// It does not wait any more.
    #[error("the request is over")]
    Over,
    /// What requests are refused for.
    #[error(transparent)]
    Request(#[from] Error),
}

/// What could be asked for so that the question is allowed; `None` when it is allowed, or when nothing that can be asked for would
/// be enough. Only to be asked about a denial.
pub async fn requestable(
    ctx: &Ctx,
    opened: &Opened,
    denied: &Denied<'_>,
) -> Result<Option<Requestable>, Error> {
    let Some((_, roles)) = offered(ctx, opened, denied).await? else { return Ok(None) };
    let evaluation_id = hex(&random::<16>()?);
    let expires_at = later(ctx.now(), FRESH);
    let claims = json!({
        "client": denied.client, "question": digest(opened, denied.question),
        "evaluation": evaluation_id, "exp": expires_at.as_second(),
    });
    let binding_token = opened.sealer()?.vouch(DENIAL, &claims);
    let expires_at = Timestamp::from_second(expires_at.as_second()).unwrap_or(expires_at);
    Ok(Some(Requestable { roles, evaluation_id, binding_token, expires_at }))
}

/// Asks for what was denied.
///
/// # Errors
///
/// What [`AccessRequestError`] says; requests are refused as [`create_request`](crate::create_request) refuses them.
pub async fn request_access(
    ctx: &Ctx,
    opened: &Opened,
    denied: &Denied<'_>,
    wanted: &AccessRequest,
) -> Result<AccessTask, AccessRequestError> {
    let evaluation = bound(ctx, opened, denied, wanted)?;
    let offered = offered(ctx, opened, denied).await?;
    let (subject, roles) = offered.ok_or(AccessRequestError::NotRequestable)?;
    let new = NewRequest {
        roles: vec![chosen(&roles, wanted.role.as_deref())?.to_string()],
        people: Vec::new(),
        from: None,
        until: wanted.until,
        reason: wanted.reason.clone(),
        answers: wanted.answers.clone(),
    };
    let me = denied.me.unwrap_or(subject);
    let made = create_for(ctx, opened, (me, vec![subject]), &new).await?;
    let request = made.into_iter().next().ok_or_else(|| Error::bug("a request was not made"))?;
    let claims = json!({
        "client": denied.client, "request": request.id, "evaluation": evaluation,
        "question": digest(opened, denied.question),
    });
    let id = opened.sealer()?.vouch(TASK, &claims);
    Ok(task(id, request))
}

/// How a request stands, for the client that made it.
///
/// # Errors
///
/// `UnknownTask` for a task that is none or is another client's, in the same words.
pub async fn see_access_task(
    ctx: &Ctx,
    opened: &Opened,
    client: &str,
    id: &str,
) -> Result<AccessTask, AccessRequestError> {
    let request = made_by(opened, client, id).await?.ok_or(AccessRequestError::UnknownTask)?;
    Ok(task(id.to_owned(), one(ctx, opened, request, false).await?))
}

/// Takes a request back that waits.
///
/// # Errors
///
/// As [`see_access_task`]; `Over` when it does not wait any more.
pub async fn cancel_access_task(
    ctx: &Ctx,
    opened: &Opened,
    (client, id): (&str, &str),
    reason: &str,
) -> Result<AccessTask, AccessRequestError> {
    let request = made_by(opened, client, id).await?.ok_or(AccessRequestError::UnknownTask)?;
    let withdrawn = withdraw_request(ctx, opened, request.requester, request.id, reason).await;
    match withdrawn {
        Ok(request) => Ok(task(id.to_owned(), request)),
        Err(error) if error.kind() == Kind::Conflict => Err(AccessRequestError::Over),
        Err(error) => Err(error.into()),
    }
}

/// What the approval that an application shows is worth for a question now. It never allows anything by itself.
pub async fn weigh_approval(
    ctx: &Ctx,
    opened: &Opened,
    asked: &Denied<'_>,
    given: &Json,
) -> Result<Worth, Error> {
    let text = |name: &str| given.get(name).and_then(Json::as_str).unwrap_or_default();
    let (id, state) = (text("id"), text("state"));
    let Some(claims) = claims(opened, asked.client, state)?.filter(|_| approval_id(state) == id)
    else {
        return Ok(Worth::Unknown);
    };
    if claims.question != digest(opened, asked.question) {
        return Ok(Worth::Elsewhere);
    }
    let mut tx = opened.store.read().await?;
    let Some(request) = tx.request(claims.request).await? else { return Ok(Worth::Unknown) };
    let Some(assignment) = request.assignment else { return Ok(Worth::Unknown) };
    let given = tx.assignment(assignment).await?;
    let until = good_until(request.valid_until, request.ended_at.unwrap_or(request.made_at));
    let Some(given) = given.filter(|given| given.ended_at.is_none() && ctx.now() < until) else {
        return Ok(Worth::Expired);
    };
    match given.valid_from.filter(|from| *from > ctx.now()) {
        Some(from) => Ok(Worth::Pending(from.duration_since(ctx.now()).as_secs() + 1)),
        None => Ok(Worth::Holds { id: id.to_owned(), until }),
    }
}

/// The subject and the roles that can be asked for, each of which would be enough. Whatever would be refused is not offered.
async fn offered(
    ctx: &Ctx,
    opened: &Opened,
    denied: &Denied<'_>,
) -> Result<Option<(EntityId, Vec<RoleOffered>)>, Error> {
    let Some(lacking) = lacking_roles(opened, ctx.now(), denied.question).await? else {
        return Ok(None);
    };
    let subject = lacking.subject;
    let me = denied.me.unwrap_or(subject);
    let mut tx = opened.store.read().await?;
    let roles = lacking.roles.iter().filter_map(|at| opened.model.roles.get(*at));
    let mut offered = Vec::new();
    for role in roles.filter(|role| !role.request.is_empty()).take(MOST_ROLES) {
        let new = NewRequest { roles: vec![role.name.to_string()], ..NewRequest::default() };
        let drafts = match drafts_for(ctx, opened, &mut tx, (me, &[subject]), &new).await {
            Ok((_, drafts)) => drafts,
            Err(error) if matches!(error.kind(), Kind::Denied | Kind::Conflict | Kind::Invalid) => {
                continue;
            }
            Err(error) => return Err(error),
        };
        for draft in drafts {
            if draft.conflicts.iter().all(|found| found.on != Reaction::Block) {
                offered.push(RoleOffered {
                    role: role.name.clone(),
                    description: role.description.clone(),
                    reason: draft.terms.reason,
                    questions: draft.terms.questions.clone(),
                });
            }
        }
    }
    Ok((!offered.is_empty()).then_some((subject, offered)))
}

/// The role that is asked for: the one that is named, or the only one there is.
fn chosen<'r>(roles: &'r [RoleOffered], named: Option<&str>) -> Result<&'r Text, Error> {
    let found = match (named, roles) {
        (Some(name), _) => roles.iter().find(|offered| &*offered.role == name),
        (None, [one]) => Some(one),
        (None, _) => None,
    };
    found.map(|offered| &offered.role).ok_or_else(|| {
        let names: Vec<&str> = roles.iter().map(|offered| &*offered.role).collect();
        Error::invalid("`requested_access.role` has to be one of the roles that would be enough")
            .hint(format!("the roles are: {}", names.join(", ")))
    })
}

/// Makes sure that a request is about what was denied to this client a short time ago; the name of the denial.
fn bound(
    ctx: &Ctx,
    opened: &Opened,
    denied: &Denied<'_>,
    wanted: &AccessRequest,
) -> Result<String, AccessRequestError> {
    let vouched = opened.sealer()?.vouched(DENIAL, &wanted.binding_token);
    let claims = vouched.ok_or(AccessRequestError::Unbound)?;
    let said = |name: &str| claims.get(name).and_then(Json::as_str);
    let expires_at = claims.get("exp").and_then(Json::as_i64);
    let expires_at = expires_at.and_then(|at| Timestamp::from_second(at).ok());
    let evaluation = said("evaluation").unwrap_or_default();
    let is_bound = said("client") == Some(denied.client)
        && said("question") == Some(&*digest(opened, denied.question))
        && expires_at.is_some()
        && wanted.expires_at == expires_at
        && wanted.evaluation_id.as_ref().is_none_or(|id| id == evaluation);
    if !is_bound {
        return Err(AccessRequestError::Unbound);
    }
    if expires_at.is_none_or(|at| at <= ctx.now()) {
        return Err(AccessRequestError::Expired);
    }
    Ok(evaluation.to_owned())
}

/// What a task says.
struct Claims {
    request: i64,
    question: String,
}

/// What a task of this client says.
fn claims(opened: &Opened, client: &str, task: &str) -> Result<Option<Claims>, Error> {
    let vouched = opened.sealer()?.vouched(TASK, task);
    Ok(vouched.and_then(|claims| {
        let said = |name: &str| claims.get(name)?.as_str();
        let question = said("question")?.to_owned();
        let request = claims.get("request")?.as_i64()?;
        (said("client") == Some(client)).then_some(Claims { request, question })
    }))
}

/// The request that a client made and names by its task.
async fn made_by(opened: &Opened, client: &str, task: &str) -> Result<Option<Request>, Error> {
    let Some(claims) = claims(opened, client, task)? else { return Ok(None) };
    Ok(opened.store.read().await?.request(claims.request).await?)
}

fn task(id: String, request: RequestView) -> AccessTask {
    let approved = request.state == RequestState::Approved;
    let at = request.ended_at.unwrap_or(request.made_at);
    let approval = approved.then(|| Approval {
        id: approval_id(&id),
        state: id.clone(),
        at,
        until: good_until(request.until, at),
    });
    AccessTask { id, request, approval }
}

/// The name of the approval that a task comes to.
fn approval_id(task: &str) -> String {
    hex(&Sha256::new().chain_update("approval ").chain_update(task).finalize())
}

fn good_until(until: Option<Timestamp>, at: Timestamp) -> Timestamp {
    until.unwrap_or_else(|| later(at, GOOD))
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn digest(opened: &Opened, question: &AccessQuestion) -> String {
    hex(&question_digest(opened, question))
}
