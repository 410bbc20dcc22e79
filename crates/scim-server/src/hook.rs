//! Asks the project's own program or service before a client changes something: it may refuse, or change what is said.
//!
//! It is asked before any transaction begins. When it cannot be asked, or answers what cannot be understood, nothing
//! is changed.

use muster_app::{CommandCall, WebhookCall, WebhookKind};
use muster_model::Hasher;
use muster_policy::{Hook, HookAsks};
use serde_json::{Value as Json, json};

use crate::{
    error::Failure,
    write::{Job, Verb},
};

/// The change as it is to be made, or why it is not.
pub(crate) async fn pass(mut job: Job) -> Result<Job, Failure> {
    let Some(hook) = job.resource()?.hook.clone() else { return Ok(job) };
    let said = ask(&job, &hook).await.map_err(|problem| {
        let resource = &job.endpoint;
        tracing::error!(%problem, %resource, "a hook of SCIM failed; nothing was changed");
        let detail = "the hook of this resource type failed; nothing was changed";
        Failure { retry_after: Some(60), ..Failure::new(503, "", detail) }
    })?;
    match (said.get("reject"), said.get("data")) {
        (Some(Json::String(reason)), _) => Err(Failure::new(403, "", reason.as_str())),
        (_, Some(data)) => {
            if let Some(body) = body(&mut job.verb) {
                *body = data.clone();
            }
            Ok(job)
        }
        _ => Ok(job),
    }
}

/// What is said to that; anything but a document of ours is a failure.
async fn ask(job: &Job, hook: &Hook) -> Result<Json, String> {
    let deliver = job.view.opened.deliver().ok_or("programs cannot be run here")?;
    let (operation, id) = match &job.verb {
        Verb::Create(_) => ("create", None),
        Verb::Replace { id, .. } => ("replace", Some(id)),
        Verb::Patch { id, .. } => ("patch", Some(id)),
        Verb::Delete { id } => ("delete", Some(id)),
    };
    let mut verb = job.verb.clone();
    let name = job.resource().map(|resource| resource.name.clone()).unwrap_or_default();
    let question = json!({
        "operation": operation, "resourceType": name, "id": id, "by": &*job.view.ctx.actor,
        "data": body(&mut verb).map(std::mem::take),
    });
    let input = question.to_string().into_bytes();
    let timeout = hook.timeout;
    let answer = match &hook.asks {
        HookAsks::Program(run) => deliver.ask(&CommandCall { run, input, timeout }).await,
        HookAsks::Service { settings, allow_private } => {
            let ctx = &job.view.ctx;
            let id = question_id(&ctx.correlation, &input);
            let kind = WebhookKind::Question { at: ctx.now(), allow_private: *allow_private };
            let call = WebhookCall { settings, body: input, id: &id, timeout, kind };
            deliver.ask_webhook(&call).await
        }
    };
    let answer = answer.map_err(|error| error.to_string())?;
    let said: Json = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
    let is_ours = said.as_object().is_some_and(|map| {
        map.iter().all(|(key, value)| match key.as_str() {
            "reject" => value.is_string(),
            "data" => value.is_object() || value.is_array(),
            _ => false,
        })
    });
    if is_ours { Ok(said) } else { Err("the answer is not what a hook may say".to_owned()) }
}

/// The same for the same question in the same request.
fn question_id(correlation: &str, question: &[u8]) -> String {
    let mut hasher = Hasher::new();
    hasher.text(correlation);
    hasher.bytes(question);
    format!("hook_{}", hasher.finish())
}

fn body(verb: &mut Verb) -> Option<&mut Json> {
    match verb {
        Verb::Create(body) | Verb::Replace { body, .. } | Verb::Patch { body, .. } => Some(body),
        Verb::Delete { .. } => None,
    }
}
