//! Tells a program of a ticket: the change as JSON on its standard input; the first line it writes is its own number.

use std::{path::Path, process::Stdio, time::Duration};

use muster_connector::ConnectorError;
use muster_model::{Change, Text};
use serde_json::{Value as Json, json};
use tokio::{io::AsyncWriteExt as _, process::Command};

/// Runs the program; one that fails, or takes longer than `within`, was not told.
pub(crate) async fn tell(
    program: &[Text],
    base: &Path,
    change: &Change,
    within: Duration,
) -> Result<Text, ConnectorError> {
    let Some((name, arguments)) = program.split_first() else { return Ok("".into()) };
    let failed = |why: String| ConnectorError::Unreachable(format!("`{name}`: {why}"));
    let mut command = Command::new(&**name);
    command.args(arguments.iter().map(|argument| &**argument)).current_dir(base);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let told = async {
        if let Some(mut input) = child.stdin.take() {
            // A program that does not want to read it may still have been told by being started.
            drop(input.write_all(format!("{}\n", document(change)).as_bytes()).await);
        }
        child.wait_with_output().await
    };
    let output = tokio::time::timeout(within, told)
        .await
        .map_err(|_| failed(format!("it did not end within {} s", within.as_secs())))?
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(said.lines().next().unwrap_or("it failed without a word").to_owned()));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    Ok(said.lines().next().unwrap_or_default().trim().into())
}

/// A change for people: what, on which object, and the values.
fn document(change: &Change) -> Json {
    let text = |value: &muster_model::Value| match value.items() {
        [] => Json::Null,
        [one] => Json::from(one.to_wire_text().as_text().map(ToString::to_string)),
        several => several
            .iter()
            .map(|item| Json::from(item.to_wire_text().as_text().map(ToString::to_string)))
            .collect(),
    };
    let object = change.object();
    let (what, detail) = match change {
        Change::Create { values, enabled, .. } => {
            let values: serde_json::Map<String, Json> =
                values.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
            ("create", json!({ "values": values, "enabled": enabled }))
        }
        Change::Update { values, .. } => {
            let values: Vec<Json> = values
                .iter()
                .map(|(name, old, new)| json!({ "name": &**name, "old": text(old), "new": text(new) }))
                .collect();
            ("update", json!({ "values": values }))
        }
        Change::Rename { to, .. } => ("rename", json!({ "to": &**to })),
        Change::SetEnabled { enabled, .. } => {
            (if *enabled { "enable" } else { "disable" }, json!({}))
        }
        Change::Delete { .. } => ("delete", json!({})),
        Change::Members { add, remove, .. } => {
            let names =
                |names: &[Text]| names.iter().map(|name| Json::from(&**name)).collect::<Json>();
            ("members", json!({ "add": names(add), "remove": names(remove) }))
        }
    };
    json!({ "what": what, "class": &*object.class, "name": &*object.name, "detail": detail })
}
