//! PostgreSQL: one server for the test process, a fresh database for each test.

use std::{
    collections::hash_map::RandomState,
    ffi::OsString,
    fs,
    hash::{BuildHasher as _, Hasher as _},
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

use anyhow::{Context as _, Result, anyhow, bail};

use tokio_postgres::SimpleQueryMessage;

use crate::process::{Launch, Server, find_program, on_free_port, run};

const PACKAGES: &str = "postgresql";

/// The one server of this process, or why there is none.
static SERVER: Mutex<Option<Result<Shared, String>>> = Mutex::new(None);

#[derive(Debug)]
struct Shared {
    url: String,
    _server: Option<Server>,
}

/// An empty database that is dropped with this value.
#[derive(Debug)]
pub struct Database {
    url: String,
    name: String,
    server_url: String,
}

impl Database {
    /// The address, `postgres://…`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs statements in this database.
    pub fn execute(&self, sql: &str) -> Result<()> {
        execute(&self.url, sql)
    }

    /// Runs statements in this database and answers their rows: one line for each, values between tabs.
    pub fn query(&self, sql: &str) -> Result<String> {
        query(&self.url, sql)
    }

    /// Another database with the same content. Nobody may be connected to this one.
    pub fn copy(&self) -> Result<Self> {
        create(&self.server_url, &self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A database that stays behind disturbs nobody; the server goes away with the process.
        drop(execute(&self.server_url, &format!("DROP DATABASE {} WITH (FORCE)", self.name)));
    }
}

/// Gives a fresh database on a server of this process's own, or on the one that `MUSTER_TEST_POSTGRES` names.
pub fn postgres() -> Result<Database> {
    create(&server_url()?, "template0")
}

fn create(server_url: &str, template: &str) -> Result<Database> {
    let name = format!("muster_test_{:016x}", RandomState::new().build_hasher().finish());
    execute(server_url, &format!("CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'"))?;
    let url = with_database(server_url, &name)?;
    Ok(Database { url, name, server_url: server_url.to_owned() })
}

fn server_url() -> Result<String> {
    let mut slot = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    let shared = slot.get_or_insert_with(|| {
        let given = std::env::var_os("MUSTER_TEST_POSTGRES").filter(|url| !url.is_empty());
        match given {
            Some(url) => Ok(Shared { url: url.to_string_lossy().into_owned(), _server: None }),
            None => start().map_err(|error| format!("{error:#}")),
        }
    });
    match shared {
        Ok(shared) => Ok(shared.url.clone()),
        Err(error) => Err(anyhow!("{error}")),
    }
}

/// Puts `name` in the place of the database that `url` names.
fn with_database(url: &str, name: &str) -> Result<String> {
    let (address, query) = url.split_once('?').map_or((url, None), |(a, q)| (a, Some(q)));
    let (scheme, rest) =
        address.split_once("://").context("MUSTER_TEST_POSTGRES must be a postgres:// address")?;
    let host = rest.split_once('/').map_or(rest, |(host, _)| host);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Ok(format!("{scheme}://{host}/{name}{query}"))
}

fn start() -> Result<Shared> {
    let programs = programs()?;
    let folder = tempfile::Builder::new().prefix("muster-postgres-").tempdir()?;
    let user = unprivileged_user()?;
    if let Some(user) = &user {
        chown(folder.path(), Some(user.uid), Some(user.gid))?;
    }
    let data = folder.path().join("data");
    initialise(user.as_ref(), &data)?;
    fs::write(folder.path().join("server.log"), "")?;
    let (server, port) = on_free_port(|port| {
        let mut line = as_user(user.as_ref(), &programs.join("postgres"));
        line.extend(["-D".into(), data.clone().into()]);
        for setting in [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            "fsync=off".to_owned(),
            "full_page_writes=off".to_owned(),
            "synchronous_commit=off".to_owned(),
            "max_connections=300".to_owned(),
        ] {
            line.extend(["-c".into(), setting.into()]);
        }
        let server = Server::start(&Launch { folder: folder.path(), end: "QUIT", command: line })?;
        Ok((server.ready_when(|| execute(&address(port), "SELECT 1").is_ok())?, port))
    })?;
    // The watching shell removes the folder when the process ends; a value in a static is never dropped.
    drop(folder.keep());
    Ok(Shared { url: address(port), _server: Some(server) })
}

/// Makes a data folder of a server that trusts everybody on this machine.
pub(crate) fn initialise(user: Option<&User>, data: &Path) -> Result<()> {
    let mut initdb = as_user(user, &programs()?.join("initdb"));
    initdb.extend(
        ["--no-sync", "-A", "trust", "-U", "muster", "-E", "UTF8", "--locale=C", "-D"]
            .map(OsString::from),
    );
    initdb.push(data.into());
    run(&mut command(&initdb)?, "").context("cannot make a PostgreSQL data folder")?;
    Ok(())
}

pub(crate) fn address(port: u16) -> String {
    format!("postgres://muster@127.0.0.1:{port}/postgres")
}

/// The folder that holds both `initdb` and `postgres`, the newest first.
pub(crate) fn programs() -> Result<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    let mut folders: Vec<PathBuf> = versions.into_iter().rev().map(|(_, folder)| folder).collect();
    folders.push("/usr/local/bin".into());
    if let Ok(initdb) = find_program("initdb", &[], PACKAGES) {
        folders.extend(initdb.parent().map(Path::to_path_buf));
    }
    folders
        .into_iter()
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .with_context(|| {
            format!("PostgreSQL is not installed; run `apt-get install -y {PACKAGES}`")
        })
}

/// A user of the operating system.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// PostgreSQL refuses to run as root; answers whom to run it as when this process is root.
pub(crate) fn unprivileged_user() -> Result<Option<User>> {
    if number("id", &["-u"])? != 0 {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let (Ok(uid), Ok(gid)) = (number("id", &["-u", name]), number("id", &["-g", name])) {
            return Ok(Some(User { uid, gid }));
        }
    }
    bail!("PostgreSQL does not run as root and there is no user `postgres` or `nobody`")
}

fn number(program: &str, arguments: &[&str]) -> Result<u32> {
    let output = run(Command::new(program).args(arguments), "")?;
    String::from_utf8_lossy(&output).trim().parse().context("not a number")
}

pub(crate) fn as_user(user: Option<&User>, program: &Path) -> Vec<OsString> {
    let mut line: Vec<OsString> = Vec::new();
    if let Some(User { uid, gid }) = user {
        line.extend([
            "setpriv".into(),
            format!("--reuid={uid}").into(),
            format!("--regid={gid}").into(),
        ]);
        line.extend(["--clear-groups".into(), "--".into()]);
    }
    line.push(program.into());
    line
}

pub(crate) fn command(line: &[OsString]) -> Result<Command> {
    let (program, arguments) = line.split_first().context("an empty command")?;
    let mut command = Command::new(program);
    // The folder of the test may be closed to the other user.
    command.args(arguments).current_dir("/");
    Ok(command)
}

pub(crate) fn execute(url: &str, sql: &str) -> Result<()> {
    query(url, sql).map(drop)
}

/// Runs statements on a thread of its own, so that it may be called from inside and outside a runtime.
pub(crate) fn query(url: &str, sql: &str) -> Result<String> {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    let work = move || -> Result<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
            let driver = tokio::spawn(connection);
            let mut text = String::new();
            for message in client.simple_query(&sql).await? {
                if let SimpleQueryMessage::Row(row) = message {
                    let cells = (0..row.len()).map(|cell| row.get(cell).unwrap_or_default());
                    text.push_str(&cells.collect::<Vec<_>>().join("\t"));
                    text.push('\n');
                }
            }
            drop(client);
            driver.await??;
            Ok(text)
        })
    };
    std::thread::spawn(work).join().map_err(|_| anyhow!("the database call panicked"))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_in_an_address_is_replaced() {
        let url = |url| with_database(url, "new").unwrap();
        assert_eq!(
            url("postgres://a:b@h:5/old?sslmode=disable"),
            "postgres://a:b@h:5/new?sslmode=disable"
        );
        assert_eq!(url("postgres://h"), "postgres://h/new");
    }
}
