//! Access that was denied, asked for by the application to which it was denied: the access request and approval profile of
//! `AuthZEN`. The denial stands in the answer to an evaluation; what is asked for is a role, and the rules of requests hold.

use axum::http::StatusCode;
use muster_app::{
    Scope,
    json::{Wanted, access_question},
};
use muster_governance::{
    ACCESS_REQUESTS, AccessRequest, AccessRequestError, AccessTask, Denied, cancel_access_task,
    json, request_access, see_access_task,
};
use muster_web::{Code, Problem};
use serde_json::{Map, Value as Json};

use crate::{Operation, answer::Told, asked::Asked, instant};

/// What the types of the profile's problems begin with.
const PROBLEM: &str = "urn:openid:authzen:access-request:error:";

pub(super) fn operations() -> [Operation; 3] {
    [
        Operation::post(
            ("access-requests.create", "/access-requests", "Ask for access that was denied"),
            None,
            "@AccessTask",
            create,
        )
        .body("subject:map resource:map action:map context:map* requested_access:map* denial:map client:map*")
        .makes(),
        Operation::get(
            ("access-requests.get", "/access-requests/{task}", "See how a request for access stands"),
            None,
            "@AccessTask",
            get,
        ),
        Operation::post(
            ("access-requests.cancel", "/access-requests/{task}/cancel", "Take a request for access back"),
            None,
            "@AccessTask",
            cancel,
        )
        .body("reason:text?* comment:text?*"),
    ]
    .map(|operation| operation.scoped(Scope::AccessRequest))
}

async fn create(asked: Asked) -> Result<Told, Problem> {
    let url = url(&asked)?;
    let question = access_question(&asked.values, None, Wanted::ALL).map_err(Problem::invalid)?;
    let wanted = wanted(&asked.values)?;
    let me = asked.caller.authority.as_ref().map(|authority| authority.person());
    let denied = Denied { client: &asked.caller.name, me, question: &question };
    let task = request_access(&asked.ctx, &asked.opened, &denied, &wanted).await;
    let task = task.map_err(problem)?;
    let at = format!("{ACCESS_REQUESTS}/{}", task.id);
    Ok(Told::document(StatusCode::CREATED, &json::access_task(&task, &url)).at(at))
}

async fn get(asked: Asked) -> Result<Told, Problem> {
    let client = &asked.caller.name;
    told(&asked, see_access_task(&asked.ctx, &asked.opened, client, asked.text("task")).await)
}

async fn cancel(asked: Asked) -> Result<Told, Problem> {
    let task = (&*asked.caller.name, asked.text("task"));
    let reason = asked.maybe("comment").unwrap_or_else(|| asked.text("reason"));
    told(&asked, cancel_access_task(&asked.ctx, &asked.opened, task, reason).await)
}

fn told(asked: &Asked, task: Result<AccessTask, AccessRequestError>) -> Result<Told, Problem> {
    let task = task.map_err(problem)?;
    Ok(json::access_task(&task, &url(asked)?).into())
}

/// The address of the service, which a task has to name.
fn url(asked: &Asked) -> Result<String, Problem> {
    let url = asked.opened.model.url.as_ref();
    url.map(ToString::to_string).ok_or_else(|| {
        Problem::not_found("this service does not say where it is reached")
            .hint("set `url:` in the project")
    })
}

/// What is asked for, from `requested_access`, `context` and `denial`. What the profile does not know is passed over.
fn wanted(values: &Map<String, Json>) -> Result<AccessRequest, Problem> {
    let of = |place: &str, name: &str| values.get(place)?.get(name);
    let text = |place: &str, name: &str| match of(place, name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Problem::invalid(format!("`{place}.{name}` is not a text"))),
    };
    let moment = |place: &str, name: &str| match text(place, name)? {
        None => Ok(None),
        Some(text) => instant::read(&text).map(Some).ok_or_else(|| {
            Problem::invalid(format!(
                "`{place}.{name}`: an instant like 2027-02-01T08:00:00Z is needed"
            ))
        }),
    };
    let answers = match of("requested_access", "answers") {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Object(answers)) => answers
            .iter()
            .map(|(question, answer)| Some((question.clone(), answer.as_str()?.to_owned())))
            .collect::<Option<Vec<_>>>()
            .ok_or(()),
        Some(_) => Err(()),
    };
    let answers = answers.map_err(|()| {
        Problem::invalid("`requested_access.answers` is not a map from questions to texts")
    })?;
    let reason = match text("context", "business_justification")? {
        Some(reason) => reason,
        None => text("context", "reason")?.unwrap_or_default(),
    };
    Ok(AccessRequest {
        role: text("requested_access", "role")?,
        until: moment("requested_access", "requested_until")?,
        reason,
        answers: answers.into_iter().collect(),
        binding_token: text("denial", "binding_token")?.unwrap_or_default(),
        expires_at: moment("denial", "expires_at")?,
        evaluation_id: text("denial", "evaluation_id")?,
    })
}

fn problem(error: AccessRequestError) -> Problem {
    let detail = error.to_string();
    let (code, word) = match error {
        AccessRequestError::NotRequestable => (Code::INVALID, "not_requestable"),
        AccessRequestError::Unbound => (Code::INVALID, "invalid_denial_binding"),
        AccessRequestError::Expired => (Code::EXPIRED, "expired_denial"),
        AccessRequestError::UnknownTask => (Code::NOT_FOUND, "unknown_task"),
        AccessRequestError::Over => (Code::CONFLICT, "invalid_task_state"),
        AccessRequestError::Request(error) => return error.into(),
    };
    Problem::new(code, detail).of_kind(&format!("{PROBLEM}{word}"))
}
