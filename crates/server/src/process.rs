//! The process: environment, streams, clock, signals, panics.

use std::{
    collections::BTreeMap,
    io::{self, BufReader, IsTerminal as _, Write as _},
    panic::PanicHookInfo,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::Timestamp;
use muster_app::Clock;
use muster_cli::{Streams, VARIABLES};

/// The clock of the machine.
#[derive(Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that is passed to everybody else"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn process(&self) -> String {
        muster_app::process_name()
    }

    fn is_gone(&self, process: &str) -> bool {
        muster_app::process_is_gone(process)
    }
}

/// An environment variable.
#[expect(
    clippy::disallowed_methods,
    reason = "the composition root reads the environment for everybody else"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The variables that the command line knows.
pub(crate) fn variables() -> BTreeMap<String, String> {
    VARIABLES.iter().filter_map(|(name, _)| Some(((*name).to_owned(), variable(name)?))).collect()
}

/// Who runs the process: the user's name, or at least the number.
pub(crate) fn user_name() -> String {
    let names = ["USER", "LOGNAME", "USERNAME"];
    let named = names.into_iter().find_map(|name| variable(name).filter(|user| !user.is_empty()));
    named.or_else(owner).unwrap_or_else(|| "unknown".to_owned())
}

/// The user by number, as the list of users names it. A service or a container may have no name in its environment.
#[cfg(unix)]
fn owner() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let number = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    });
    Some(named.unwrap_or_else(|| format!("user {number}")))
}

#[cfg(not(unix))]
fn owner() -> Option<String> {
    None
}

/// What the program was built for.
pub(crate) fn target() -> String {
    let parts = [std::env::consts::ARCH, std::env::consts::OS, environment()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

fn environment() -> &'static str {
    if cfg!(target_env = "gnu") {
        "gnu"
    } else if cfg!(target_env = "musl") {
        "musl"
    } else if cfg!(target_env = "msvc") {
        "msvc"
    } else {
        ""
    }
}

/// The three streams.
pub(crate) fn streams() -> Streams {
    let (out, err, input) = (io::stdout(), io::stderr(), io::stdin());
    Streams {
        out_is_terminal: out.is_terminal(),
        err_is_terminal: err.is_terminal(),
        input_is_terminal: input.is_terminal(),
        out: Box::new(out),
        err: Box::new(err),
        input: Box::new(BufReader::new(input)),
    }
}

/// Waits for Ctrl-C. The first one asks a command that stops gracefully to stop; otherwise, and the second time, the
/// process ends at once, which is safe: everything is written so that it can be begun again.
#[expect(clippy::exit, reason = "nobody else can end the process while a command runs")]
pub(crate) async fn watch_interrupts(
    interrupted: Arc<AtomicBool>,
    stops_gracefully: Arc<AtomicBool>,
) {
    while asked_to_stop().await.is_ok() {
        let first = !interrupted.swap(true, Ordering::Relaxed);
        if !(first && stops_gracefully.load(Ordering::Relaxed)) {
            drop(writeln!(io::stderr(), "\ninterrupted; safe to run again"));
            std::process::exit(130);
        }
        drop(writeln!(
            io::stderr(),
            "\nstopping after the running call; Ctrl-C again stops at once"
        ));
    }
}

/// Waits for Ctrl-C, or for whoever manages the process to end it.
#[cfg(unix)]
async fn asked_to_stop() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminated.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// Says that a panic is our mistake.
pub(crate) fn report_panic(info: &PanicHookInfo<'_>) {
    let what = info.payload_as_str().unwrap_or("no message");
    let place =
        info.location().map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
    let mut err = io::stderr().lock();
    drop(writeln!(err, "error: {what}{place}\n"));
    drop(writeln!(
        err,
        "hint: this is a bug in muster, please report it with the command you gave; nothing half-written remains"
    ));
}

/// Says that the process cannot begin its work.
pub(crate) fn cannot_start(error: &io::Error) -> ExitCode {
    drop(writeln!(io::stderr(), "error: cannot start threads: {error}"));
    ExitCode::FAILURE
}
