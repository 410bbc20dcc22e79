//! The product as a process of its own, as it is started in production.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value as Json;

/// How long a server may take until it is ready.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running `muster serve`; it ends with this.
pub(crate) struct Served {
    child: Child,
    /// `http://` and the address.
    pub(crate) url: String,
    /// `ldap://` and the address, where the directory is served.
    pub(crate) ldap: Option<String>,
    /// Seconds from the start of the process until `/readyz` said yes.
    pub(crate) ready: f64,
}

impl Served {
    /// Serves the project in `dir`; with the loop, unless `more` says `--no-run`.
    pub(crate) async fn start(dir: &Path, more: &[&str]) -> Result<Self> {
        let start = Instant::now();
        let mut child = muster(dir)?
            .args(["serve", "--listen", "127.0.0.1:0", "--output", "json"])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?);
        let mut line = String::new();
        lines.read_line(&mut line)?;
        let event: Json = serde_json::from_str(&line).context("`muster serve` did not start")?;
        let text = |place: &str| event.pointer(place).and_then(Json::as_str).map(str::to_owned);
        let (url, ldap) = (text("/url").context("no address")?, text("/ldap/0"));
        // What else it says is read, so that it never waits.
        std::thread::spawn(move || lines.lines().for_each(drop));
        let client = reqwest::Client::builder().no_proxy().build()?;
        while !client.get(format!("{url}/readyz")).send().await?.status().is_success() {
            ensure!(start.elapsed() < PATIENCE, "the server is not ready after {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(Self { child, url, ldap, ready: start.elapsed().as_secs_f64() })
    }

    /// The number of the process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// A line of the process's status, such as `VmRSS:`, in MiB.
    pub(crate) fn mib(&self, field: &str) -> u64 {
        crate::output::status_mib(&self.child.id().to_string(), field)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().unwrap_or_default();
        drop(self.child.wait());
    }
}

/// Runs a command of the product in `dir` and answers what it prints.
pub(crate) fn done(dir: &Path, args: &[&str]) -> Result<String> {
    let output = muster(dir)?.args(args).output()?;
    if !output.status.success() {
        bail!("`muster {}`: {}", args.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// A command of the product in `dir`.
pub(crate) fn muster(dir: &Path) -> Result<Command> {
    let mut command = Command::new(program()?);
    command.current_dir(dir);
    Ok(command)
}

/// The program, built beside this one.
fn program() -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("muster");
    ensure!(path.is_file(), "run `cargo build --release -p muster-server` first");
    Ok(path)
}
