//! Where agents fetch calls and leave what came of them.

use std::time::Duration;

use axum::{
    Extension,
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use bytes::Bytes;
use muster_app::Scope;
use muster_model::Text;
use muster_web::{Call, Code, Problem, Router};

use crate::{Agents, wire::Part};

/// How long an agent that asks is kept waiting for a call; shorter than the time in which a server stops.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn router(agents: Agents) -> Router {
    Router::new()
        .route("/agent/v1/calls", post(fetch))
        .route("/agent/v1/calls/{id}/take", post(take))
        .route("/agent/v1/calls/{id}/parts", post(pass))
        .layer(Extension(agents))
}

/// The next call, or none (204) after a while.
async fn fetch(call: Call, Extension(agents): Extension<Agents>) -> Result<Response, Problem> {
    let name = name_of(&call)?;
    Ok(match agents.fetch(&name, PATIENCE).await {
        Some(ask) => ([(header::CONTENT_TYPE, "application/octet-stream")], ask).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// Gives the call to the agent, which then makes it. 410: another agent took it, or nobody waits for it any more.
async fn take(
    call: Call,
    Extension(agents): Extension<Agents>,
    Path(id): Path<i64>,
) -> Result<StatusCode, Problem> {
    let name = name_of(&call)?;
    Ok(if agents.take(&name, id) { StatusCode::NO_CONTENT } else { StatusCode::GONE })
}

/// Passes on a part of an answer. 410: nobody waits for it any more.
async fn pass(
    call: Call,
    Extension(agents): Extension<Agents>,
    Path(id): Path<i64>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let name = name_of(&call)?;
    let part = Part::decode(&body).map_err(|error| Problem::invalid(error.to_string()))?;
    let is_waited_for = agents.pass(&name, id, part).await;
    Ok(if is_waited_for { StatusCode::NO_CONTENT } else { StatusCode::GONE })
}

/// The agent that calls: a client by the name that systems of the model say.
fn name_of(call: &Call) -> Result<Text, Problem> {
    call.need(Scope::Agent)?;
    let name = &call.caller.name;
    if call.opened.model.systems.iter().any(|system| system.agent.as_ref() == Some(name)) {
        return Ok(name.clone());
    }
    let problem = format!("no system of the model says `agent: {name}`");
    Err(Problem::new(Code::NOT_FOUND, problem)
        .hint("the name of the agent is that of the client its token was made for"))
}
