//! MariaDB: one server for the test process, a fresh database for each test; or a server of one's own, to be killed.

use std::{
    collections::hash_map::RandomState,
    ffi::OsString,
    fs,
    hash::{BuildHasher as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

use anyhow::{Context as _, Result, anyhow};
use tempfile::TempDir;

use crate::{
    PASSWORD,
    process::{Launch, Server, find_program, on_free_port, run},
    tls::make_certificates,
};

const PACKAGES: &str = "mariadb-server mariadb-client";

/// The account that tests sign in with; its password is [`PASSWORD`].
const USER: &str = "muster";

/// The one server of this process, or why there is none.
static SERVER: Mutex<Option<Result<MariaDbServer, String>>> = Mutex::new(None);

/// A running server of one's own.
#[derive(Debug)]
pub struct MariaDbServer {
    // Dropped before the folder.
    server: Server,
    port: u16,
    folder: TempDir,
}

/// An empty database that is dropped with this value.
#[derive(Debug)]
pub struct MariaDb {
    name: String,
    port: u16,
}

impl MariaDb {
    /// A fresh database on the server of this process.
    pub fn start() -> Result<Self> {
        let mut slot = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
        let server = slot
            .get_or_insert_with(|| MariaDbServer::start().map_err(|error| format!("{error:#}")));
        match server {
            Ok(server) => server.database(),
            Err(error) => Err(anyhow!("{error}")),
        }
    }

    /// The address without the password, `mariadb://muster@127.0.0.1:…/…`.
    pub fn url(&self) -> String {
        format!("mariadb://{USER}@127.0.0.1:{}/{}", self.port, self.name)
    }

    /// Runs statements in this database and answers what they print: one line for each row, values between tabs.
    pub fn execute(&self, sql: &str) -> Result<String> {
        client(self.port, &self.name, sql)
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        // A database that stays behind disturbs nobody; the server goes away with the process.
        drop(client(self.port, "", &format!("DROP DATABASE {}", self.name)));
    }
}

impl MariaDbServer {
    /// Starts a server and waits until it answers. It has a certificate for `localhost` and allows plain connections too.
    pub fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("muster-mariadb-").tempdir()?;
        let install = find_program("mariadb-install-db", &[], PACKAGES)?;
        let data = folder.path().join("data");
        let mut command = Command::new(install);
        command.args(["--no-defaults", "--auth-root-authentication-method=normal"]);
        command.args(["--skip-test-db", "--skip-name-resolve", "--innodb-flush-method=nosync"]);
        command.args(["--innodb-log-file-size=16M", "--user=root"]);
        command.arg(format!("--datadir={}", data.display())).current_dir(folder.path());
        // Two of them at once would take away each other's temporary tables.
        command.env("TMPDIR", folder.path());
        run(&mut command, "").context("cannot make a MariaDB data folder")?;
        make_certificates(folder.path())?;
        let account = format!(
            "CREATE OR REPLACE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';\n\
             GRANT ALL ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n"
        );
        fs::write(folder.path().join("init.sql"), account)?;
        let (server, port) = on_free_port(|port| Ok((launch(folder.path(), port)?, port)))?;
        Ok(Self { server, port, folder })
    }

    /// A fresh database on this server.
    pub fn database(&self) -> Result<MariaDb> {
        let name = format!("muster_test_{:016x}", RandomState::new().build_hasher().finish());
        client(self.port, "", &format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"))?;
        Ok(MariaDb { name, port: self.port })
    }

    /// Ends the server as a power cut would.
    pub fn kill(&mut self) -> Result<()> {
        self.server.tell("kill")
    }

    /// Freezes the server: connections stay open and nothing answers.
    pub fn pause(&mut self) -> Result<()> {
        self.server.tell("pause")
    }

    /// Lets a frozen server go on.
    pub fn resume(&mut self) -> Result<()> {
        self.server.tell("resume")
    }

    /// Starts a killed server again, on the same port and with the same data.
    pub fn restart(&mut self) -> Result<()> {
        self.server = launch(self.folder.path(), self.port)?;
        Ok(())
    }

    /// The file with the authority that signed the server's certificate.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

fn launch(folder: &Path, port: u16) -> Result<Server> {
    let program = find_program("mariadbd", &["/usr/sbin/mariadbd"], PACKAGES)?;
    let place = folder.display();
    let mut command: Vec<OsString> = vec![program.into()];
    for argument in [
        "--no-defaults".to_owned(),
        "--user=root".to_owned(),
        format!("--datadir={place}/data"),
        format!("--tmpdir={place}"),
        format!("--socket={place}/server.sock"),
        format!("--pid-file={place}/server.pid"),
        format!("--init-file={place}/init.sql"),
        format!("--port={port}"),
        format!("--ssl-ca={place}/ca.pem"),
        format!("--ssl-cert={place}/server.pem"),
        format!("--ssl-key={place}/server.key"),
        "--bind-address=127.0.0.1".to_owned(),
        "--skip-log-bin".to_owned(),
        "--skip-name-resolve".to_owned(),
        "--max-connections=300".to_owned(),
        "--innodb-flush-log-at-trx-commit=2".to_owned(),
        "--innodb-flush-method=nosync".to_owned(),
        "--innodb-log-file-size=16M".to_owned(),
        "--innodb-buffer-pool-size=64M".to_owned(),
        "--innodb-doublewrite=0".to_owned(),
        "--character-set-server=utf8mb4".to_owned(),
    ] {
        command.push(argument.into());
    }
    let server = Server::start(&Launch { folder, end: "KILL", command })?;
    server.ready_when(|| client(port, "", "SELECT 1").is_ok())
}

/// Runs statements with the server's own client.
fn client(port: u16, database: &str, sql: &str) -> Result<String> {
    let program = find_program("mariadb", &[], PACKAGES)?;
    let mut command = Command::new(program);
    command.args(["--no-defaults", "--protocol=TCP", "--host=127.0.0.1", "--skip-ssl"]);
    command.args(["--batch", "--skip-column-names", "--default-character-set=utf8mb4"]);
    command.arg(format!("--port={port}")).arg(format!("--user={USER}"));
    // The password is known to everybody who can read this file.
    command.env("MYSQL_PWD", PASSWORD);
    if !database.is_empty() {
        command.arg(database);
    }
    Ok(String::from_utf8_lossy(&run(&mut command, sql)?).into_owned())
}
