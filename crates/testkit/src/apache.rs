//! Apache's web server with one page behind a sign-in.

use std::{
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    time::Duration,
};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::process::{Launch, Server, find_program, on_free_port};

const PACKAGES: &str = "apache2-bin";
const MODULES: &[&str] = &["mpm_event", "authn_core", "authz_core", "authz_user"];
/// How long it is waited for a page.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running web server; `/` asks for a name and a password.
#[derive(Debug)]
pub struct Apache {
    // Dropped before the folder.
    _server: Server,
    port: u16,
    _folder: TempDir,
}

impl Apache {
    /// Starts it. `rules` are the directives that say where the directory is and who may come in: `AuthLDAPURL …`,
    /// `Require ldap-group …`.
    pub fn start(rules: &str) -> Result<Self> {
        let location = |_| {
            format!(
                "<Location />\nAuthType Basic\nAuthName Tern\nAuthBasicProvider ldap\n{rules}\n</Location>\n"
            )
        };
        Self::with(&["auth_basic", "ldap", "authnz_ldap"], location)
    }

    /// Starts it with more modules, and with the directives for the port that it gets.
    pub fn with(modules: &[&str], directives: impl Fn(u16) -> String) -> Result<Self> {
        let program = find_program("apache2", &["/usr/sbin/apache2"], PACKAGES)?;
        let folder = tempfile::Builder::new().prefix("muster-apache-").tempdir()?;
        // It reads its pages as somebody who may do nothing.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        fs::create_dir(folder.path().join("pages"))?;
        fs::write(folder.path().join("pages/index.html"), "welcome")?;
        let (server, port) = on_free_port(|port| {
            fs::write(
                folder.path().join("httpd.conf"),
                configuration(folder.path(), port, modules, &directives(port)),
            )?;
            let command = vec![
                program.clone().into(),
                "-DFOREGROUND".into(),
                "-f".into(),
                folder.path().join("httpd.conf").into(),
            ];
            let server = Server::start(&Launch { folder: folder.path(), end: "TERM", command })?;
            Ok((server.ready_when(|| status(port, None).is_ok())?, port))
        })?;
        Ok(Self { _server: server, port, _folder: folder })
    }

    /// The port on which it answers.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The status that the page is answered with to this name and password, which go in Base64: `name:password`.
    pub fn status(&self, credentials: &str) -> Result<u16> {
        status(self.port, Some(credentials))
    }
}

fn configuration(folder: &Path, port: u16, more: &[&str], directives: &str) -> String {
    let mut modules = String::new();
    for name in MODULES.iter().chain(more) {
        // Writing into a String cannot fail.
        _ = writeln!(modules, "LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so");
    }
    let place = folder.display();
    format!(
        "ServerRoot {place}\nPidFile {place}/httpd.pid\nErrorLog {place}/error.log\nListen 127.0.0.1:{port}\n\
         ServerName localhost\nUser nobody\nGroup nogroup\n{modules}DocumentRoot {place}/pages\n{directives}"
    )
}

fn status(port: u16, credentials: Option<&str>) -> Result<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let sign_in = credentials.map(|known| format!("Authorization: Basic {known}\r\n"));
    let sign_in = sign_in.unwrap_or_default();
    write!(
        stream,
        "GET /index.html HTTP/1.1\r\nHost: localhost\r\n{sign_in}Connection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).context("no answer")?;
    Ok(status.parse()?)
}
