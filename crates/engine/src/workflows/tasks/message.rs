//! `alarm`, `note`, `fail`: a message in the journal.

use muster_app::Error;
use muster_store::Tx;
use serde_json::json;

use super::{At, Outcome};

pub(super) async fn write(at: &At<'_>, tx: &mut Tx) -> Result<Outcome, Error> {
    let text = at.task.text("text").map_or("", |text| &**text);
    let action = format!("workflow.{}", at.task.kind);
    let detail = json!({ "workflow": &*at.workflow.name, "run": at.run.id, "text": text });
    at.journal(tx, &action, detail).await?;
    Ok(match &*at.task.kind {
        "fail" => Outcome::Failed { problem: text.to_owned(), later: false },
        _ => Outcome::Done(String::new()),
    })
}
