//! The sample company behind HTTP, as a process.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value as Json;

use crate::failure;

/// Only answers.
const WITHOUT_LOOP: &[&str] = &["--no-run"];

/// A `muster serve` that ends with the value.
pub(crate) struct Served {
    child: Child,
    /// Where it listens: `http://127.0.0.1:…`.
    pub(crate) url: String,
    folder: tempfile::TempDir,
}

impl Served {
    /// Serves without the loop.
    pub(crate) fn start() -> Self {
        Self::start_as(|_, _| {})
    }

    /// Serves a project of this model with the loop; `hr` is its file `hr.csv`.
    pub(crate) fn start_of(model: &str, hr: &str) -> Self {
        Self::start_in(&[], |dir| {
            fs::write(dir.join("muster.yaml"), model).unwrap();
            fs::write(dir.join("hr.csv"), hr).unwrap();
        })
    }

    /// Serves a project of one's own, without the loop.
    pub(crate) fn of(write: impl FnOnce(&Path)) -> Self {
        Self::start_in(WITHOUT_LOOP, write)
    }

    fn start_in(options: &[&str], write: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("tern");
        fs::create_dir(&dir).unwrap();
        write(&dir);
        let (child, url) = serve(&dir, options, |_, _| {});
        Self { child, url, folder }
    }

    /// The same; the project's folder and the command are changed before.
    pub(crate) fn start_as(change: impl FnOnce(&Path, &mut Command)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("tern");
        done(muster(folder.path()).args(["demo", "--dir"]).arg(&dir));
        let (child, url) = serve(&dir, WITHOUT_LOOP, change);
        Self { child, url, folder }
    }

    /// Kills the process and serves the same project again, elsewhere.
    pub(crate) fn kill_and_start_again(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        (self.child, self.url) = serve(&self.dir(), WITHOUT_LOOP, |_, _| {});
    }

    /// The project.
    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().join("tern")
    }

    /// A new client's token.
    pub(crate) fn token(&self, client: &str, scope: &str) -> String {
        let mut command = muster(&self.dir());
        done(command.args(["token", "create", client, "--scope", scope])).trim().to_owned()
    }

    /// What was said on standard error so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The whole answer to a GET with these header lines.
    pub(crate) fn get(&self, path: &str, headers: &[&str]) -> String {
        self.send("GET", path, headers, "")
    }

    /// The whole answer to a request. Whoever is refused early may find the connection closed while it still sends.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> String {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let mut headers = headers.join("\r\n");
        if !headers.is_empty() {
            headers.push_str("\r\n");
        }
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        drop(stream.write_all(body.as_bytes()));
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        drop(self.child.wait());
    }
}

/// Begins to serve a project; its log goes beside the project's folder. The process and where it listens.
fn serve(
    dir: &Path,
    options: &[&str],
    change: impl FnOnce(&Path, &mut Command),
) -> (Child, String) {
    let log = fs::File::create(dir.with_file_name("log")).unwrap();
    let mut command = muster(dir);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--output", "json"])
        .args(options)
        .stdout(Stdio::piped())
        .stderr(log);
    change(dir, &mut command);
    let mut child = command.spawn().unwrap();
    let (mut line, mut events) = (String::new(), BufReader::new(child.stdout.take().unwrap()));
    events.read_line(&mut line).unwrap();
    // What it goes on to tell has to go somewhere.
    std::thread::spawn(move || std::io::copy(&mut events, &mut std::io::sink()));
    let event: Json = serde_json::from_str(&line).unwrap();
    let url = event.get("url").and_then(Json::as_str).unwrap().to_owned();
    (child, url)
}

/// Waits for something to be there.
#[expect(
    clippy::disallowed_methods,
    reason = "there is nobody who would tell; the look has a deadline"
)]
pub(crate) fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The program, in a folder.
pub(crate) fn muster(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    command.current_dir(dir);
    command
}

/// The standard output of a command that has to succeed.
pub(crate) fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", failure(&output));
    String::from_utf8(output.stdout).unwrap()
}
