//! `webhook`: a signed document for an address; the run may wait for what whoever was called says of it.

use jiff::SignedDuration;
use muster_app::{Error, WebhookCall, WebhookKind};
use muster_policy::TaskArg;
use serde_json::json;

use super::{At, Outcome, failed, nobody_sends};

const TIMEOUT: SignedDuration = SignedDuration::from_secs(10);

pub(super) async fn send(at: &At<'_>) -> Result<Outcome, Error> {
    let Some(deliver) = at.opened.deliver() else { return Ok(nobody_sends()) };
    let Some(TaskArg::Settings(settings)) = at.task.args.get("settings") else {
        return Err(Error::bug("a webhook has no settings"));
    };
    let within = at.task.length("answer_within");
    let until = within.and_then(|within| at.now.checked_add(within).ok());
    let mut document = at.document();
    if let (Some(until), Some(document)) = (until, document.as_object_mut()) {
        let url = at.opened.model.url.as_deref().unwrap_or_default();
        let url = format!("{url}/api/v1/workflow-runs/{}/answer", at.run.id);
        document.insert("answer".to_owned(), json!({ "until": until.to_string(), "url": url }));
    }
    let id = at.id();
    let call = WebhookCall {
        settings,
        body: document.to_string().into_bytes(),
        id: &id,
        timeout: at.task.length("timeout").unwrap_or(TIMEOUT),
        kind: WebhookKind::Task,
    };
    Ok(match (deliver.webhook(&call).await, until) {
        (Ok(()), None) => Outcome::Done("answered".to_owned()),
        (Ok(()), Some(until)) => Outcome::Called(until),
        (Err(error), _) => failed(error),
    })
}

/// What becomes of the run when no answer came in time.
pub(super) fn unanswered(at: &At<'_>) -> Outcome {
    let problem = "no answer came in time".to_owned();
    match at.task.text("unanswered").map(|word| &**word) {
        Some("go_on") => Outcome::Skipped(problem),
        Some("stop") => Outcome::Stop,
        Some(_) | None => Outcome::Failed { problem, later: false },
    }
}
