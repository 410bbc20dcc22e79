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

/// Takes a part of an answer. 410: nobody waits for it any more.
async fn pass(
    call: Call,
    Extension(agents): Extension<Agents>,
    Path(id): Path<i64>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let name = name_of(&call)?;
    let part = Part::decode(&body).map_err(|error| Problem::invalid(error.to_string()))?;
    if agents.pass(&name, id, part).await {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Ok(StatusCode::GONE)
    }
}

/// The agent that calls: a client by the name that systems of the model say.
fn name_of(call: &Call) -> Result<Text, Problem> {
    call.need(Scope::Agent)?;
    let name = call.caller.actor.strip_prefix("client ").unwrap_or_default();
    let systems = &call.opened.model.systems;
    let known =
        systems.iter().filter_map(|system| system.agent.clone()).find(|agent| **agent == *name);
    known.ok_or_else(|| {
        Problem::new(Code::NOT_FOUND, format!("no system of the model says `agent: {name}`"))
            .hint("the name of the agent is that of the client its token was made for")
    })
}
