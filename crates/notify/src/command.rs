//! Commands: a program with arguments, never a shell; what it may take in time is limited.

use std::{path::Path, process::Stdio, time::Duration};

use muster_app::{CommandCall, DeliverError};
use tokio::{io::AsyncWriteExt as _, process::Command, time::timeout};

/// Runs a program in `folder` and waits for its end. Status 0 is success, 75 (temporary failure) may go well later.
pub(crate) async fn run(folder: &Path, call: &CommandCall<'_>) -> Result<(), DeliverError> {
    let Some((program, arguments)) = call.run.split_first() else {
        return Err(DeliverError::for_good("there is no program to run"));
    };
    // A name with a `/` is a path within the project; any other one is looked for where programs are.
    let program = if program.contains('/') { folder.join(&**program) } else { (&**program).into() };
    let mut child = Command::new(&program)
        .args(arguments.iter().map(|argument| &**argument))
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            DeliverError::for_good(format!("`{}` cannot be run: {error}", program.display()))
        })?;
    let limit = Duration::try_from(call.timeout).unwrap_or(Duration::from_secs(30));
    let work = async {
        if let Some(mut input) = child.stdin.take() {
            // One that does not want to read closes its end; that is no failure.
            drop(input.write_all(&call.input).await);
        }
        child.wait().await
    };
    match timeout(limit, work).await {
        Err(_) => Err(DeliverError::for_now(format!(
            "`{}` was stopped after {} seconds",
            program.display(),
            limit.as_secs()
        ))),
        Ok(Err(error)) => Err(DeliverError::for_now(error.to_string())),
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => {
            let problem = format!("`{}` ended with {status}", program.display());
            Err(DeliverError { problem, later: status.code() == Some(75) })
        }
    }
}
