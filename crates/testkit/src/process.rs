//! A server as a child process that a small shell watches over.
//!
//! The shell holds one end of a pipe. When the test process ends, in whatever way, the pipe closes and the shell
//! kills the server and removes its folder; `PR_SET_PDEATHSIG` would not do, as it follows the thread, not the process.

use std::{
    ffi::OsString,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// How long a server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(90);

/// `$1` folder, `$2` log file, `$3` signal at the end, then the server's command line.
const WATCH: &str = r#"
dir=$1; log=$2; end=$3; shift 3
"$@" >>"$log" 2>&1 </dev/null &
pid=$!
echo "$pid"
while read -r word; do
  case $word in
    kill) kill -KILL "$pid"; wait "$pid"; echo done; exit 0 ;;
    stop) kill -TERM "$pid"; wait "$pid"; echo done; exit 0 ;;
    pause)
      kill -STOP "$pid"
      # Each thread stops on its own; one that has not yet may answer once more.
      while grep -L '^State:.T' /proc/"$pid"/task/*/status 2>/dev/null | grep -q .; do sleep 0.01; done
      echo done ;;
    resume) kill -CONT "$pid"; echo done ;;
  esac
done
kill -"$end" "$pid"; kill -CONT "$pid"; wait "$pid"
rm -rf -- "$dir"
"#;

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    watch: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pid: u32,
    log: PathBuf,
}

/// What to start.
pub(crate) struct Launch<'a> {
    /// The folder that is removed at the end.
    pub(crate) folder: &'a Path,
    /// The signal that ends it when nobody needs it any more: `KILL`, or gentler where helpers would stay behind.
    pub(crate) end: &'static str,
    /// Program and arguments.
    pub(crate) command: Vec<OsString>,
}

impl Server {
    pub(crate) fn start(launch: &Launch<'_>) -> Result<Self> {
        let log = launch.folder.join("server.log");
        let mut watch = Command::new("sh")
            .args(["-c", WATCH, "watch"])
            .arg(launch.folder)
            .arg(&log)
            .arg(launch.end)
            .args(&launch.command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start a shell")?;
        let commands = watch.stdin.take();
        let mut answers = BufReader::new(watch.stdout.take().context("the shell has no output")?);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let pid = line.trim().parse().context("the shell did not start the server")?;
        Ok(Self { watch, commands, answers, pid, log })
    }

    /// Sends `kill`, `stop`, `pause` or `resume` and waits until it happened.
    pub(crate) fn tell(&mut self, word: &str) -> Result<()> {
        let commands = self.commands.as_mut().context("the server has been stopped")?;
        writeln!(commands, "{word}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if word == "kill" || word == "stop" {
            self.watch.wait()?;
            self.commands = None;
        }
        Ok(())
    }

    /// Waits until `ready` answers true; an early end of the server is an error with the end of its log, and its
    /// folder stays for another try.
    pub(crate) fn ready_when(mut self, mut ready: impl FnMut() -> bool) -> Result<Self> {
        let started = Instant::now();
        while !ready() {
            let problem = if self.has_ended() {
                "ended at once"
            } else if started.elapsed() > PATIENCE {
                "does not answer"
            } else {
                pause();
                continue;
            };
            let log = self.log_end();
            self.tell("kill")?;
            bail!("the server {problem}: {log}");
        }
        Ok(self)
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Everything the server has written so far.
    pub(crate) fn log(&self) -> String {
        fs::read(&self.log)
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }

    /// True when the process is gone or only waits to be collected.
    fn has_ended(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'))
    }

    fn log_end(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let skip = lines.len().saturating_sub(15);
        lines.into_iter().skip(skip).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.commands = None;
        // Nothing can be done about a shell that cannot be waited for.
        drop(self.watch.wait());
    }
}

#[expect(clippy::disallowed_methods, reason = "the pause between two looks at a condition")]
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot bind a loopback port")?;
    Ok(listener.local_addr()?.port())
}

/// Tries `start` again when another program took the port in between.
pub(crate) fn on_free_port<T>(mut start: impl FnMut(u16) -> Result<T>) -> Result<T> {
    let mut left = 3;
    loop {
        left -= 1;
        match start(free_port()?) {
            Err(_) if left > 0 => {}
            other => return other,
        }
    }
}

/// The first of `candidates` that exists, else where `PATH` finds `program`; otherwise how to install it.
pub(crate) fn find_program(program: &str, candidates: &[&str], packages: &str) -> Result<PathBuf> {
    let listed = candidates.iter().map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(program));
    listed.chain(on_path).find(|path| path.is_file()).with_context(|| {
        format!("`{program}` is not installed; run `apt-get install -y {packages}`")
    })
}

/// Runs `command` with `input` and answers its output; a failure is an error with what it said.
pub(crate) fn run(command: &mut Command, input: &str) -> Result<Vec<u8>> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{name}`"))?;
    let stdin = child.stdin.take().context("no input")?;
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        let mut stdin = stdin;
        // A program that ends without reading everything says so by its exit code.
        drop(stdin.write_all(input.as_bytes()));
    });
    let output = child.wait_with_output()?;
    drop(writer.join());
    if !output.status.success() {
        bail!("`{name}` failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}
