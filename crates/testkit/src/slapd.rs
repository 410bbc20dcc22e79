//! OpenLDAP's `slapd` with an LMDB database.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::{
    Entry, PASSWORD, SUFFIX,
    ldap::Tools,
    process::{Launch, Server, find_program, free_port, on_free_port},
    tls::{Certificates, make_certificates},
};

const PACKAGES: &str = "slapd ldap-utils";

/// How a test directory differs from the usual one.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, named where they are set")]
pub struct SlapdOptions {
    /// Does not wait for the disk; for speed.
    pub nosync: bool,
    /// Offers StartTLS on the plain port and LDAPS on another one, with a certificate of its own.
    pub tls: bool,
    /// Writes every operation to the log, see [`Slapd::log`].
    pub log_operations: bool,
    /// A `limits *` line for everybody but the administrator: `size.soft=10 size.hard=10 size.prtotal=unlimited`.
    pub limits: Option<String>,
    /// Loads the password policy overlay, which knows `pwdAccountLockedTime`.
    pub password_policy: bool,
    /// Loads the overlay that tells what changed since a cookie (RFC 4533), with a log of so many changes.
    pub sync_log: Option<u32>,
    /// Attributes that are indexed besides the usual ones, with the kinds of index: `mail eq`.
    pub index: Option<String>,
}

/// A running OpenLDAP server with the suffix [`SUFFIX`], `ou=people` and `ou=groups`.
///
/// `cn=admin` may do everything, `cn=service` may read and write within the limits, `cn=reader` may only read.
#[derive(Debug)]
pub struct Slapd {
    // Dropped before the folder.
    server: Server,
    port: u16,
    tls_port: u16,
    options: SlapdOptions,
    certificates: Option<Certificates>,
    folder: TempDir,
}

impl Slapd {
    /// Starts a server and waits until it answers.
    pub fn start(options: SlapdOptions) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("muster-slapd-").tempdir()?;
        fs::create_dir(folder.path().join("data"))?;
        let certificates = options.tls.then(|| make_certificates(folder.path())).transpose()?;
        let slapd = program()?;
        fs::write(
            folder.path().join("slapd.conf"),
            configuration(folder.path(), &options, certificates.as_ref())?,
        )?;
        let (server, port, tls_port) = on_free_port(|port| {
            let tls_port = free_port()?;
            let server =
                launch(&slapd, folder.path(), port, options.tls.then_some(tls_port), &options)?;
            Ok((server, port, tls_port))
        })?;
        let started = Self { server, port, tls_port, options, certificates, folder };
        started.tools().add(&first_entries()).context("cannot load the first entries")?;
        Ok(started)
    }

    /// Ends the server as a power cut would.
    pub fn kill(&mut self) -> Result<()> {
        self.server.tell("kill")
    }

    /// Asks the server to end and waits for it.
    pub fn stop(&mut self) -> Result<()> {
        self.server.tell("stop")
    }

    /// Freezes the server: connections stay open and nothing answers.
    pub fn pause(&mut self) -> Result<()> {
        self.server.tell("pause")
    }

    /// Lets a frozen server go on.
    pub fn resume(&mut self) -> Result<()> {
        self.server.tell("resume")
    }

    /// Starts a stopped or killed server again, on the same port and with the same data.
    pub fn restart(&mut self) -> Result<()> {
        let tls_port = self.options.tls.then_some(self.tls_port);
        self.server = launch(&program()?, self.folder.path(), self.port, tls_port, &self.options)?;
        Ok(())
    }

    /// The plain address, `ldap://127.0.0.1:…`.
    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    /// The address with TLS from the first byte, `ldaps://localhost:…`; only with [`SlapdOptions::tls`].
    pub fn tls_url(&self) -> String {
        format!("ldaps://localhost:{}", self.tls_port)
    }

    /// The file with the authority that signed the server's certificate; only with [`SlapdOptions::tls`].
    pub fn ca_file(&self) -> Option<&Path> {
        self.certificates.as_ref().map(|certificates| certificates.ca.as_path())
    }

    /// The administrator's name; the password is [`PASSWORD`].
    pub fn admin(&self) -> String {
        format!("cn=admin,{SUFFIX}")
    }

    /// Entries under `base` as `ldapsearch` shows them to the administrator.
    pub fn search(&self, base: &str, filter: &str, attributes: &[&str]) -> Result<Vec<Entry>> {
        self.tools().search(base, filter, attributes)
    }

    /// Adds the entries of `ldif`.
    pub fn add_ldif(&self, ldif: &str) -> Result<()> {
        self.tools().add(ldif)
    }

    /// Applies the changes of `ldif` (`changetype: modify` and others).
    pub fn modify(&self, ldif: &str) -> Result<()> {
        self.tools().modify(ldif)
    }

    /// Everything the server wrote to its log since it was first started.
    pub fn log(&self) -> String {
        self.server.log()
    }

    fn tools(&self) -> Tools {
        Tools::plain(self.url(), self.admin())
    }
}

fn program() -> Result<PathBuf> {
    find_program("slapd", &["/usr/sbin/slapd", "/usr/libexec/slapd"], PACKAGES)
}

fn launch(
    slapd: &Path,
    folder: &Path,
    port: u16,
    tls_port: Option<u16>,
    options: &SlapdOptions,
) -> Result<Server> {
    let mut listen = format!("ldap://127.0.0.1:{port}/");
    if let Some(tls_port) = tls_port {
        listen = format!("{listen} ldaps://127.0.0.1:{tls_port}/");
    }
    let command = vec![
        slapd.into(),
        "-f".into(),
        folder.join("slapd.conf").into(),
        "-h".into(),
        listen.into(),
        "-d".into(),
        if options.log_operations { "256".into() } else { "0".into() },
    ];
    let server = Server::start(&Launch { folder, end: "KILL", command })?;
    let tools = Tools::plain(format!("ldap://127.0.0.1:{port}"), String::new());
    server.ready_when(|| tools.answers())
}

fn configuration(
    folder: &Path,
    options: &SlapdOptions,
    certificates: Option<&Certificates>,
) -> Result<String> {
    let place = folder.display();
    let schema = ["/etc/ldap/schema", "/etc/openldap/schema"]
        .into_iter()
        .find(|schema| Path::new(schema).is_dir());
    let Some(schema) = schema else {
        bail!("OpenLDAP's schema files are missing; run `apt-get install -y {PACKAGES}`");
    };
    let mut lines: Vec<String> = ["core", "cosine", "nis", "inetorgperson"]
        .iter()
        .map(|name| format!("include {schema}/{name}.schema"))
        .collect();
    if Path::new("/usr/lib/ldap/back_mdb.so").exists() {
        lines.push("modulepath /usr/lib/ldap".to_owned());
        lines.push("moduleload back_mdb".to_owned());
        if options.password_policy {
            lines.push("moduleload ppolicy".to_owned());
        }
        if options.sync_log.is_some() {
            lines.push("moduleload syncprov".to_owned());
        }
    }
    lines.push(format!("pidfile {place}/slapd.pid"));
    lines.push("threads 4".to_owned());
    lines.push("sortvals member uniqueMember memberUid".to_owned());
    if let Some(certificates) = certificates {
        lines.push(format!("TLSCACertificateFile {}", certificates.ca.display()));
        lines.push(format!("TLSCertificateFile {}", certificates.certificate.display()));
        lines.push(format!("TLSCertificateKeyFile {}", certificates.key.display()));
    }
    lines.extend(["database mdb".to_owned(), format!("suffix {SUFFIX}")]);
    lines.push(format!("rootdn cn=admin,{SUFFIX}"));
    lines.push(format!("rootpw \"{PASSWORD}\""));
    lines.extend([format!("directory {place}/data"), "maxsize 4294967296".to_owned()]);
    lines.push("index objectClass,uid,entryUUID eq".to_owned());
    lines.push(format!("index {}", options.index.as_deref().unwrap_or("cn eq")));
    if options.nosync {
        lines.push("dbnosync".to_owned());
    }
    if let Some(limits) = &options.limits {
        lines.push(format!("limits * {limits}"));
    }
    lines.push("access to attrs=userPassword by anonymous auth by * none".to_owned());
    lines.push(format!(
        "access to * by dn.exact=\"cn=service,{SUFFIX}\" write by users read by * none"
    ));
    if options.password_policy {
        lines.push("overlay ppolicy".to_owned());
    }
    if let Some(changes) = options.sync_log {
        lines.push("index entryCSN eq".to_owned());
        lines.push("overlay syncprov".to_owned());
        lines.push(format!("syncprov-sessionlog {changes}"));
    }
    Ok(lines.join("\n") + "\n")
}

fn first_entries() -> String {
    format!(
        "dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: tern\no: Tern\n\n{}",
        ordinary_entries()
    )
}

/// The containers and the two lesser accounts, as LDIF.
pub(crate) fn ordinary_entries() -> String {
    use std::fmt::Write as _;
    let mut ldif = String::new();
    for container in ["people", "groups"] {
        _ = write!(
            ldif,
            "dn: ou={container},{SUFFIX}\nobjectClass: organizationalUnit\nou: {container}\n\n"
        );
    }
    for account in ["service", "reader"] {
        _ = write!(
            ldif,
            "dn: cn={account},{SUFFIX}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n\
             cn: {account}\nuserPassword: {PASSWORD}\n\n"
        );
    }
    ldif
}
