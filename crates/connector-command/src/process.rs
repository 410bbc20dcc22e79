//! One running script: its three pipes, its last words, and its end with everything it started.

use std::process::{ExitStatus, Stdio};

use muster_connector::ConnectorError;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    time::{Duration, timeout},
};

use crate::{redact::Tail, settings::Launch};

/// How much is read from a pipe at once.
const CHUNK: usize = 64 * 1024;

/// How long the end of a script that has closed its output is waited for.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A script that runs. Dropping it kills its whole process group.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    group: Option<Pid>,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    errors: Option<ChildStderr>,
    tail: Tail,
    /// The begin of a line whose end has not come yet.
    partial: Vec<u8>,
    max_line: usize,
    /// True until it has answered `hello`.
    pub(crate) is_fresh: bool,
}

/// Why there is no next line.
#[derive(Debug)]
pub(crate) enum NoLine {
    /// The script closed its output.
    Ended,
    /// The line is longer than allowed.
    TooLong,
    /// The line is not UTF-8.
    NotText,
}

impl Process {
    /// Starts the script in a process group of its own, without a shell and with nothing but the given variables.
    pub(crate) fn start(launch: &Launch) -> Result<Self, ConnectorError> {
        let mut parts = launch.settings.run.iter();
        let program = parts.next().map_or("", |program| &**program);
        // A program with a path is looked for in the project, any other in `PATH`.
        let path = if program.contains('/') {
            let folder =
                std::path::absolute(&launch.folder).unwrap_or_else(|_| launch.folder.clone());
            folder.join(program)
        } else {
            program.into()
        };
        let mut command = Command::new(path);
        command
            .args(parts.map(|part| &**part))
            .current_dir(&launch.folder)
            .env_clear()
            .envs(launch.env.iter().map(|(name, value)| (name, value.reveal())))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| {
            ConnectorError::Settings(format!(
                "cannot start `{program}`: {error}; check `run`, the right to execute it, and that the project folder is there"
            ))
        })?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let (input, output, errors) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let Some(output) = output else {
            return Err(ConnectorError::Unreachable("the script has no output".to_owned()));
        };
        Ok(Self {
            child,
            group,
            input,
            output: BufReader::with_capacity(CHUNK, output),
            errors,
            tail: Tail::new(launch.settings.stderr),
            partial: Vec::new(),
            max_line: launch.settings.max_line,
            is_fresh: true,
        })
    }

    /// Waits for the next line, while what is left of `request` goes out and standard error is taken in; `sent` counts
    /// the bytes that are out. Nothing is lost when the wait is given up.
    pub(crate) async fn line(
        &mut self,
        request: &[u8],
        sent: &mut usize,
        close_after: bool,
        line: &mut String,
    ) -> Result<(), NoLine> {
        let mut chunk = [0; 4096];
        loop {
            if self.buffered_line(line)? {
                return Ok(());
            }
            let left = request.get(*sent..).unwrap_or(&[]);
            if left.is_empty() && close_after {
                self.input = None;
            }
            tokio::select! {
                got = self.output.fill_buf() => match got {
                    Ok([]) | Err(_) => return Err(NoLine::Ended),
                    Ok(_) => {}
                },
                wrote = write(self.input.as_mut(), left), if !left.is_empty() => match wrote {
                    Some(n) => *sent += n,
                    // It reads no more. What it answers still counts; its end will be seen.
                    None => *sent = request.len(),
                },
                got = read(self.errors.as_mut(), &mut chunk), if self.errors.is_some() => match got {
                    0 => self.errors = None,
                    n => self.tail.push(chunk.get(..n).unwrap_or(&[])),
                },
            }
        }
    }

    /// Puts the next line into `line`, if all of it has been read already.
    pub(crate) fn buffered_line(&mut self, line: &mut String) -> Result<bool, NoLine> {
        let buffered = self.output.buffer();
        let end = buffered.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(buffered.len(), |end| end + 1);
        if self.partial.len() + taken > self.max_line {
            return Err(NoLine::TooLong);
        }
        let part = buffered.get(..end.unwrap_or(taken)).unwrap_or(&[]);
        if end.is_some() && self.partial.is_empty() {
            put(line, part)?;
        } else {
            self.partial.extend_from_slice(part);
        }
        self.output.consume(taken);
        if end.is_some() && !self.partial.is_empty() {
            put(line, &self.partial)?;
            self.partial.clear();
        }
        Ok(end.is_some())
    }

    /// True when it has said nothing that nobody asked for, and still runs.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.output.buffer().is_empty()
            && self.partial.is_empty()
            && matches!(self.child.try_wait(), Ok(None))
    }

    /// Kills it and everything it started.
    ///
    /// Called at once after its end was collected too, when what it started may still run: the group keeps its number
    /// as long as one of it is left, and nothing else had the time to get it.
    fn kill(&mut self) {
        if let Some(group) = self.group.take() {
            // A group that is gone already is as good as killed.
            _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Closes its input, so that it comes to its end, and waits for that at most so long.
    pub(crate) async fn finish(mut self, patience: Duration) {
        self.input = None;
        // One that does not end is killed when this is dropped.
        drop(timeout(patience, self.drained()).await);
    }

    /// How it ended; what it still had to say on standard error is kept.
    pub(crate) async fn end(&mut self) -> Option<ExitStatus> {
        self.input = None;
        timeout(LAST_WORDS, self.drained()).await.ok().flatten()
    }

    async fn drained(&mut self) -> Option<ExitStatus> {
        let status = self.collected().await;
        self.kill();
        status
    }

    async fn collected(&mut self) -> Option<ExitStatus> {
        let mut chunk = [0; 4096];
        while self.errors.is_some() {
            // A child of the script may hold the pipe open; the script's own end is enough.
            tokio::select! {
                biased;
                got = read(self.errors.as_mut(), &mut chunk) => match got {
                    0 => self.errors = None,
                    n => self.tail.push(chunk.get(..n).unwrap_or(&[])),
                },
                status = self.child.wait() => return status.ok(),
            }
        }
        self.child.wait().await.ok()
    }

    /// What it said last on standard error.
    pub(crate) fn tail(&self) -> &Tail {
        &self.tail
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn put(line: &mut String, bytes: &[u8]) -> Result<(), NoLine> {
    let text = std::str::from_utf8(bytes).map_err(|_| NoLine::NotText)?;
    line.clear();
    line.push_str(text);
    Ok(())
}

async fn write(input: Option<&mut ChildStdin>, bytes: &[u8]) -> Option<usize> {
    match input?.write(bytes).await {
        Ok(n) if n > 0 => Some(n),
        Ok(_) | Err(_) => None,
    }
}

/// Reads some bytes; 0 at the end.
async fn read(errors: Option<&mut ChildStderr>, chunk: &mut [u8]) -> usize {
    match errors {
        Some(errors) => errors.read(chunk).await.unwrap_or(0),
        None => 0,
    }
}
