//! `webhook`: a signed document for an address.

use jiff::SignedDuration;
use muster_app::{Error, WebhookCall, WebhookKind};
use muster_policy::TaskArg;

use super::{At, Outcome, failed, nobody_sends};

const TIMEOUT: SignedDuration = SignedDuration::from_secs(10);

pub(super) async fn send(at: &At<'_>) -> Result<Outcome, Error> {
    let Some(deliver) = at.opened.deliver() else { return Ok(nobody_sends()) };
    let Some(TaskArg::Settings(settings)) = at.task.args.get("settings") else {
        return Err(Error::bug("a webhook has no settings"));
    };
    let id = at.id();
    let call = WebhookCall {
        settings,
        body: at.document().to_string().into_bytes(),
        id: &id,
        timeout: at.task.length("timeout").unwrap_or(TIMEOUT),
        kind: WebhookKind::Task,
    };
    Ok(match deliver.webhook(&call).await {
        Ok(()) => Outcome::Done("answered".to_owned()),
        Err(error) => failed(error),
    })
}
