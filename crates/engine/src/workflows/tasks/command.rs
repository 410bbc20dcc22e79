//! `command`: a program that reads a document.

use jiff::SignedDuration;
use muster_app::{CommandCall, Error};

use super::{At, Outcome, failed, nobody_sends};

const TIMEOUT: SignedDuration = SignedDuration::from_secs(30);

pub(super) async fn send(at: &At<'_>) -> Result<Outcome, Error> {
    let Some(deliver) = at.opened.deliver() else { return Ok(nobody_sends()) };
    let run = at.texts("run");
    let call = CommandCall {
        run: &run,
        input: at.document().to_string().into_bytes(),
        timeout: at.task.length("timeout").unwrap_or(TIMEOUT),
    };
    Ok(match deliver.command(&call).await {
        Ok(()) => Outcome::Done("ended well".to_owned()),
        Err(error) => failed(error),
    })
}
