//! Commands: a program with arguments, never a shell; what it may take in time is limited.

use std::{io, path::Path, process::Stdio, time::Duration};

use muster_app::{CommandCall, DeliverError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
    time::timeout,
};

/// Bytes of what a program answers.
const LONGEST: u64 = 4 << 20;

/// Runs a program in `folder`, waits for its end and answers what it wrote, where `output` is a pipe. Status 0 is success, 75 (temporary failure) may go well later.
pub(crate) async fn run(
    folder: &Path,
    call: &CommandCall<'_>,
    output: Stdio,
) -> Result<Vec<u8>, DeliverError> {
    let Some((program, arguments)) = call.run.split_first() else {
        return Err(DeliverError::for_good("there is no program to run"));
    };
    // A name with a `/` is a path within the project; any other one is looked for where programs are.
    let program = if program.contains('/') { folder.join(&**program) } else { (&**program).into() };
    let mut child = Command::new(&program)
        .args(arguments.iter().map(|argument| &**argument))
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(output)
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| DeliverError {
            problem: format!("`{}` cannot be run: {error}", program.display()),
            // It is being written.
            later: error.kind() == io::ErrorKind::ExecutableFileBusy,
        })?;
    let limit = Duration::try_from(call.timeout).unwrap_or(Duration::from_secs(30));
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let work = async {
        let write = async {
            if let Some(mut input) = input {
                // One that does not want to read closes its end; that is no failure.
                drop(input.write_all(&call.input).await);
            }
        };
        let read = async {
            let mut answer = Vec::new();
            if let Some(output) = output {
                output.take(LONGEST + 1).read_to_end(&mut answer).await?;
            }
            Ok(answer)
        };
        let ((), answer): ((), io::Result<Vec<u8>>) = tokio::join!(write, read);
        let status = child.wait().await?;
        Ok::<_, io::Error>((status, answer?))
    };
    match timeout(limit, work).await {
        Err(_) => Err(DeliverError::for_now(format!(
            "`{}` was stopped after {} seconds",
            program.display(),
            limit.as_secs()
        ))),
        Ok(Err(error)) => Err(DeliverError::for_now(error.to_string())),
        Ok(Ok((status, answer))) if status.success() && answer.len() as u64 <= LONGEST => {
            Ok(answer)
        }
        Ok(Ok((status, _))) if status.success() => {
            Err(DeliverError::for_good(format!("`{}` wrote too much", program.display())))
        }
        Ok(Ok((status, _))) => {
            let problem = format!("`{}` ended with {status}", program.display());
            Err(DeliverError { problem, later: status.code() == Some(75) })
        }
    }
}
