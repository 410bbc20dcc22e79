//! One request and its answers, within limits of time and size.
//!
//! A process is handed back only after a request that was answered to its end; in every other case, also when the
//! call is given up half way, it is killed with everything it started.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use muster_connector::ConnectorError;
use serde_json::Value as Json;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep, timeout},
};

use crate::{
    process::{NoLine, Process},
    protocol::{self, Answer},
    settings::Launch,
};

/// The pause before a script that failed is started again; it doubles with each failure in a row.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The processes of one connector.
#[derive(Debug)]
pub(crate) struct Pool {
    /// What is started.
    pub(crate) launch: Launch,
    slots: Semaphore,
    idle: Mutex<Vec<Process>>,
    failures: AtomicU32,
    next_seq: AtomicU64,
}

impl Pool {
    /// A pool without a process yet.
    pub(crate) fn new(launch: Launch) -> Self {
        let slots = Semaphore::new(launch.settings.parallel.into());
        Self {
            launch,
            slots,
            idle: Mutex::default(),
            failures: AtomicU32::new(0),
            next_seq: AtomicU64::new(1),
        }
    }

    /// Begins a request, on a process that waits or a new one.
    pub(crate) async fn call(
        &self,
        op: &str,
        rest: &[(&str, Json)],
    ) -> Result<Call<'_>, ConnectorError> {
        let slot = self.slots.acquire().await;
        let slot = slot
            .map_err(|_| ConnectorError::Unreachable("the connector is being closed".to_owned()))?;
        let process = match self.waiting() {
            Some(process) => process,
            None => self.start().await?,
        };
        let hello_seq = self.next_seq.fetch_add(2, Ordering::Relaxed);
        let seq = hello_seq + 1;
        let mut out = if process.is_fresh { protocol::hello(hello_seq) } else { String::new() };
        out.push_str(&protocol::request(op, seq, rest));
        let waited = Duration::ZERO;
        let mut call =
            Call { pool: self, process, out, sent: 0, seq, waited, n_answers: 0, _slot: slot };
        if call.process.is_fresh {
            call.hello(hello_seq).await?;
        }
        Ok(call)
    }

    fn waiting(&self) -> Option<Process> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(mut process) = idle.pop() {
            if process.is_quiet() {
                return Some(process);
            }
        }
        None
    }

    async fn start(&self) -> Result<Process, ConnectorError> {
        let n_failures = self.failures.load(Ordering::Relaxed);
        if n_failures > 0 {
            let factor = 1 << n_failures.saturating_sub(1).min(10);
            sleep(LONGEST_PAUSE.min(FIRST_PAUSE * factor)).await;
        }
        let started = Process::start(&self.launch);
        if started.is_err() {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        started
    }
}

/// A request under way.
#[derive(Debug)]
pub(crate) struct Call<'p> {
    pool: &'p Pool,
    process: Process,
    out: String,
    sent: usize,
    seq: u64,
    /// The time that was spent waiting for the script.
    waited: Duration,
    /// Answers that came so far.
    pub(crate) n_answers: u64,
    _slot: SemaphorePermit<'p>,
}

impl Call<'_> {
    /// The next answer, out of `line`. After an error the script is stopped, and there is nothing more.
    pub(crate) async fn next<'l>(
        &mut self,
        line: &'l mut String,
    ) -> Result<Answer<'l>, ConnectorError> {
        let answer = self.answer(self.seq, line).await?;
        self.n_answers += 1;
        Ok(answer)
    }

    async fn answer<'l>(
        &mut self,
        seq: u64,
        line: &'l mut String,
    ) -> Result<Answer<'l>, ConnectorError> {
        self.line(line).await?;
        let line: &'l str = line;
        let answer: Answer<'_> = match serde_json::from_str(line) {
            Ok(answer) => answer,
            Err(error) => {
                let problem =
                    format!("a line that is not of the protocol ({error}): `{}`", shorten(line));
                return Err(self.broken(&problem).await);
            }
        };
        match answer.seq {
            Some(other) if other != seq => {
                let problem = format!("an answer to request {other}, and not to {seq}");
                Err(self.broken(&problem).await)
            }
            Some(_) | None => Ok(answer),
        }
    }

    async fn hello(&mut self, seq: u64) -> Result<(), ConnectorError> {
        let mut line = String::new();
        let answer = self.answer(seq, &mut line).await?;
        if let Some(error) = &answer.error {
            return Err(error.error(&"".into(), |text| self.clean(text)));
        }
        match answer.protocol {
            Some(protocol::VERSION) => {}
            Some(other) => {
                return Err(ConnectorError::Settings(format!(
                    "the script speaks version {other} of the protocol, and muster version {}; change the script",
                    protocol::VERSION
                )));
            }
            None => {
                let problem = "no `protocol` in its answer to `hello`";
                return Err(self.broken(problem).await);
            }
        }
        if let Some(offered) = &answer.can
            && let Some(missing) = self
                .pool
                .launch
                .settings
                .claimed()
                .find(|claimed| !offered.iter().any(|offer| offer == claimed))
        {
            return Err(ConnectorError::Settings(format!(
                "setting `can` claims `{missing}`, which the script does not offer; remove it or change the script"
            )));
        }
        self.process.is_fresh = false;
        Ok(())
    }

    /// The next line, within the limits.
    async fn line(&mut self, line: &mut String) -> Result<(), ConnectorError> {
        let settings = &self.pool.launch.settings;
        let left = settings.longest.saturating_sub(self.waited);
        let patience = settings.timeout.min(left);
        let got = match self.process.buffered_line(line) {
            Ok(true) => return Ok(()),
            Ok(false) => {
                let began = Instant::now();
                let out = self.out.as_bytes();
                let next = self.process.line(out, &mut self.sent, !settings.keep, line);
                let got = timeout(patience, next).await;
                self.waited += began.elapsed();
                got
            }
            Err(no_line) => Ok(Err(no_line)),
        };
        match got {
            Ok(Ok(())) => Ok(()),
            Ok(Err(NoLine::Ended)) => Err(self.ended().await),
            Ok(Err(NoLine::TooLong)) => {
                let limit = settings.max_line;
                Err(self
                    .broken(&format!("a line longer than {limit} bytes; raise `max_line`"))
                    .await)
            }
            Ok(Err(NoLine::NotText)) => Err(self.broken("a line that is not UTF-8").await),
            Err(_) => {
                self.count_failure();
                let limit = if patience < settings.timeout { "longest" } else { "timeout" };
                Err(ConnectorError::Unreachable(format!(
                    "the script was stopped because it took longer than `{limit}`{}",
                    self.last_words()
                )))
            }
        }
    }

    /// The error for a script that ended in the middle.
    async fn ended(&mut self) -> ConnectorError {
        self.count_failure();
        let status = self.process.end().await;
        let how = status
            .map_or_else(|| "closed its output".to_owned(), |status| format!("ended ({status})"));
        let words = self.last_words();
        ConnectorError::Unreachable(format!("the script {how} before it had answered{words}"))
    }

    /// The error for a script that does not keep to the protocol.
    pub(crate) async fn broken(&mut self, problem: &str) -> ConnectorError {
        self.count_failure();
        // It may be about to say more about it.
        _ = self.process.end().await;
        let problem = self.clean(problem);
        ConnectorError::Malformed(format!("the script sent {problem}{}", self.last_words()))
    }

    /// The error that an answer carries for the whole request, if it does; the script may go on.
    pub(crate) fn refusal(
        &self,
        answer: &Answer<'_>,
        name: &muster_model::Text,
    ) -> Option<ConnectorError> {
        answer.error.as_ref().map(|error| error.error(name, |text| self.clean(text)))
    }

    /// `text` without secrets.
    pub(crate) fn clean(&self, text: &str) -> String {
        self.pool.launch.redactor.clean(text)
    }

    /// Ends a request that was answered, and keeps the script for the next one.
    pub(crate) async fn finish(self) {
        let Self { pool, mut process, out, sent, seq: _, waited: _, n_answers: _, _slot } = self;
        pool.failures.store(0, Ordering::Relaxed);
        if !pool.launch.settings.keep {
            process.finish(pool.launch.settings.timeout).await;
        } else if sent == out.len() && process.is_quiet() {
            pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(process);
        }
    }

    fn count_failure(&self) {
        self.pool.failures.fetch_add(1, Ordering::Relaxed);
    }

    fn last_words(&self) -> String {
        let words = self.process.tail().shown(&self.pool.launch.redactor);
        if words.is_empty() { String::new() } else { format!("; its last words: {words}") }
    }
}

fn shorten(line: &str) -> String {
    line.chars().take(200).collect()
}
