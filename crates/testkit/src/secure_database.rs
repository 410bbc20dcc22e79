//! PostgreSQL that takes connections under TLS only, and one user by a certificate.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::{
    database::{User, as_user, execute, initialise, programs, unprivileged_user},
    process::{Launch, Server, find_program, on_free_port},
    tls::{make_certificates_for, make_client_certificate},
};

/// Who may come in, and how: `muster` without being asked who it is, `keyed` with a certificate, nobody in the clear.
const RULES: &str = "\
local all all trust
hostssl all keyed 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 trust
host all all 127.0.0.1/32 reject
";

/// A running server. Its certificate is for `localhost`, not for the address.
#[derive(Debug)]
pub struct SecureDatabase {
    folder: PathBuf,
    port: u16,
    _server: Server,
}

impl SecureDatabase {
    /// Starts it.
    pub fn start() -> Result<Self> {
        Self::start_with("")
    }

    /// Starts it with lines of `pg_hba.conf` that come before the usual ones.
    pub fn start_with(rules: &str) -> Result<Self> {
        let user = unprivileged_user()?;
        // The shell that watches the server removes it.
        let folder = tempfile::Builder::new().prefix("muster-tls-").tempdir()?.keep();
        own(user.as_ref(), &folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        make_certificates_for(&folder, "DNS:localhost")?;
        make_client_certificate(&folder, "keyed")?;
        own(user.as_ref(), &folder.join("server.key"))?;
        let data = folder.join("data");
        initialise(user.as_ref(), &data)?;
        fs::write(data.join("pg_hba.conf"), format!("{rules}\n{RULES}"))?;
        fs::write(folder.join("server.log"), "")?;
        let (server, port) = on_free_port(|port| {
            let server = Server::start(&Launch {
                folder: &folder,
                end: "QUIT",
                command: command(user.as_ref(), &folder, port)?,
            })?;
            let inside = inside(&folder, port);
            Ok((server.ready_when(|| execute(&inside, "SELECT 1").is_ok())?, port))
        })?;
        execute(&inside(&folder, port), "CREATE ROLE keyed SUPERUSER LOGIN")?;
        Ok(Self { folder, port, _server: server })
    }

    /// The address for `user` at `host`, with `query` behind it.
    pub fn url(&self, user: &str, host: &str, query: &str) -> String {
        format!("postgres://{user}@{host}:{}/postgres{query}", self.port)
    }

    /// Makes a user that may do nothing but come in.
    pub fn add_user(&self, name: &str) -> Result<()> {
        execute(&inside(&self.folder, self.port), &format!("CREATE ROLE \"{name}\" LOGIN"))
    }

    /// True when a user comes in with this password.
    pub fn signs_in(&self, user: &str, password: &str) -> Result<bool> {
        let mut command = Command::new(find_program("psql", &[], "postgresql-client")?);
        command.args(["-w", "-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", user]);
        command.args(["-d", "postgres", "-c", "SELECT 1"]);
        command.env("PGPASSWORD", password).env("PGSSLMODE", "require");
        Ok(command.output()?.status.success())
    }

    /// A file of the server: `ca.pem`, `client.pem`, `client.key`.
    pub fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

fn command(user: Option<&User>, folder: &Path, port: u16) -> Result<Vec<OsString>> {
    let mut line = as_user(user, &programs()?.join("postgres"));
    line.extend(["-D".into(), folder.join("data").into()]);
    let file = |name: &str| folder.join(name).display().to_string();
    for setting in [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        format!("unix_socket_directories={}", folder.display()),
        "fsync=off".to_owned(),
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", file("server.pem")),
        format!("ssl_key_file={}", file("server.key")),
        format!("ssl_ca_file={}", file("ca.pem")),
    ] {
        line.extend(["-c".into(), setting.into()]);
    }
    Ok(line)
}

/// The address on this machine, past TLS.
fn inside(folder: &Path, port: u16) -> String {
    format!("host={} port={port} user=muster dbname=postgres", folder.display())
}

fn own(user: Option<&User>, path: &Path) -> Result<()> {
    if let Some(user) = user {
        chown(path, Some(user.uid), Some(user.gid))?;
    }
    Ok(())
}
