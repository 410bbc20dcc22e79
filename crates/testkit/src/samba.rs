//! Samba as an Active Directory domain controller, with its LDAP service alone.
//!
//! The ports of the service are fixed (389, 636), so every server gets a loopback address of its own. That takes the
//! right to use port 389; whoever lacks it is told. A domain is made once per machine and copied, see `image`.

mod image;

use std::{
    fs,
    io::ErrorKind,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::{
    Entry, SUFFIX,
    ldap::Tools,
    process::{Launch, Server, find_program, run},
    tls::{Certificates, make_certificates_for},
};

const PACKAGES: &str = "samba-ad-dc samba-ad-provision";
const REALM: &str = "TERN.EXAMPLE";
/// The password of the domain's administrator and a fitting one for accounts; the domain asks for more than
/// `crate::PASSWORD` has.
pub const AD_PASSWORD: &str = "Correct-horse-1";

/// How a test domain differs from the usual one.
#[derive(Debug, Clone, Default)]
pub struct SambaOptions {
    /// Brings `ou=crowd` with 5,000 contacts `cn=c0000` to `cn=c4999`.
    pub crowd: bool,
}

/// A running domain controller of the domain `tern.example` with `ou=people` and `ou=groups`.
#[derive(Debug)]
pub struct Samba {
    // Dropped before the folder.
    server: Server,
    address: Ipv4Addr,
    certificates: Certificates,
    folder: TempDir,
}

impl Samba {
    /// Starts a domain controller and waits until it answers.
    pub fn start(options: &SambaOptions) -> Result<Self> {
        let program = program()?;
        let image = image::get(&program, options)?;
        let folder = tempfile::Builder::new().prefix("muster-samba-").tempdir()?;
        image::copy(&image, folder.path())?;
        let mut last = None;
        for _ in 0..3 {
            let address = free_address()?;
            let certificates =
                make_certificates_for(folder.path(), &format!("DNS:localhost,IP:{address}"))?;
            fs::set_permissions(&certificates.key, fs::Permissions::from_mode(0o600))?;
            configure(folder.path(), address, Some(&certificates))?;
            match launch(&program, folder.path(), address, &certificates) {
                Ok(server) => return Ok(Self { server, address, certificates, folder }),
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("Samba was not tried")?)
    }

    /// Ends the server as a power cut would.
    pub fn kill(&mut self) -> Result<()> {
        self.server.tell("kill")
    }

    /// Starts a killed server again, with the same address and data.
    pub fn restart(&mut self) -> Result<()> {
        let folder = self.folder.path();
        self.server = launch(&program()?, folder, self.address, &self.certificates)?;
        Ok(())
    }

    /// The plain address, `ldap://127.…`; it offers StartTLS.
    pub fn url(&self) -> String {
        format!("ldap://{}", self.address)
    }

    /// The address with TLS from the first byte, `ldaps://127.…`.
    pub fn tls_url(&self) -> String {
        format!("ldaps://{}", self.address)
    }

    /// The file with the authority that signed the server's certificate.
    pub fn ca_file(&self) -> &Path {
        &self.certificates.ca
    }

    /// The administrator's name; the password is [`AD_PASSWORD`].
    pub fn admin(&self) -> String {
        admin()
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

    /// Runs `samba-tool` on the domain, without the LDAP service: `["user", "disable", "ada"]`.
    pub fn tool(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(find_program("samba-tool", &[], PACKAGES)?);
        command.args(arguments).arg("-s").arg(configuration(self.folder.path()));
        Ok(String::from_utf8(run(command.env("TDB_NO_FSYNC", "1"), "")?)?)
    }

    /// True when somebody can sign in as `name` (a full name, or `ada@tern.example`) with `password`.
    pub fn signs_in(&self, name: &str, password: &str) -> Result<bool> {
        // Samba knows no `whoami`; any search does, as it signs in first.
        let mut command = Command::new(find_program("ldapsearch", &[], "ldap-utils")?);
        command.env("LDAPTLS_CACERT", &self.certificates.ca);
        command.args(["-x", "-H", &self.tls_url(), "-D", name, "-w", password]);
        command.args(["-s", "base", "-b", "", "supportedLDAPVersion"]);
        Ok(run(&mut command, "").is_ok())
    }

    fn tools(&self) -> Tools {
        tools(self.address, &self.certificates, admin())
    }
}

fn admin() -> String {
    format!("CN=Administrator,CN=Users,{SUFFIX}")
}

fn program() -> Result<PathBuf> {
    find_program("samba", &["/usr/sbin/samba", "/usr/local/samba/sbin/samba"], PACKAGES)
}

fn tools(address: Ipv4Addr, certificates: &Certificates, admin: String) -> Tools {
    Tools {
        url: format!("ldaps://{address}"),
        admin,
        password: AD_PASSWORD,
        ca: Some(certificates.ca.clone()),
    }
}

fn configuration(folder: &Path) -> PathBuf {
    folder.join("smb.conf")
}

fn launch(
    program: &Path,
    folder: &Path,
    address: Ipv4Addr,
    certificates: &Certificates,
) -> Result<Server> {
    // A killed server leaves its number behind, which may be somebody else's by now.
    drop(fs::remove_file(folder.join("run/samba.pid")));
    let command = vec![
        "env".into(),
        "TDB_NO_FSYNC=1".into(),
        program.into(),
        "-s".into(),
        configuration(folder).into(),
        "-i".into(),
        "-M".into(),
        "single".into(),
    ];
    let server = Server::start(&Launch { folder, end: "KILL", command })?;
    let tools = tools(address, certificates, String::new());
    server.ready_when(|| tools.answers())
}

/// Writes the configuration: one process, the LDAP service alone, everything in `folder`.
fn configure(folder: &Path, address: Ipv4Addr, certificates: Option<&Certificates>) -> Result<()> {
    let place = folder.display();
    let mut lines = vec![
        "[global]".to_owned(),
        "netbios name = DC1".to_owned(),
        format!("realm = {REALM}"),
        "workgroup = TERN".to_owned(),
        "server role = active directory domain controller".to_owned(),
        "server services = ldap".to_owned(),
        // The mask must be wider than one address, or the address is taken for that of the net.
        format!("interfaces = {address}/8"),
        "bind interfaces only = yes".to_owned(),
        "ldap server require strong auth = no".to_owned(),
        "disable netbios = yes".to_owned(),
        "logging = file".to_owned(),
        format!("log file = {place}/log.samba"),
        "ldb:nosync = true".to_owned(),
    ];
    for (key, name) in [
        ("private dir", "private"),
        ("state directory", "state"),
        ("cache directory", "cache"),
        ("lock directory", "lock"),
        ("pid directory", "run"),
        ("binddns dir", "bind-dns"),
        ("ncalrpc dir", "ncalrpc"),
        ("winbindd socket directory", "winbindd"),
        ("ntp signd socket directory", "ntp_signd"),
    ] {
        lines.push(format!("{key} = {place}/{name}"));
    }
    if let Some(Certificates { ca, certificate, key }) = certificates {
        lines.push(format!("tls cafile = {}", ca.display()));
        lines.push(format!("tls certfile = {}", certificate.display()));
        lines.push(format!("tls keyfile = {}", key.display()));
    }
    for share in ["sysvol", "netlogon"] {
        lines.push(format!("[{share}]\npath = {place}/state/sysvol\nread only = no"));
    }
    for name in ["run", "cache", "lock", "ncalrpc"] {
        fs::create_dir_all(folder.join(name))?;
    }
    fs::write(configuration(folder), lines.join("\n") + "\n")?;
    Ok(())
}

/// A loopback address on which nobody listens at port 389.
fn free_address() -> Result<Ipv4Addr> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..1000 {
        // Processes begin at different places, so that they seldom meet.
        let number = std::process::id().wrapping_mul(16) + NEXT.fetch_add(1, Ordering::Relaxed);
        let [_, _, high, low] = number.to_be_bytes();
        let address = Ipv4Addr::new(127, 77, high, low.clamp(1, 254));
        match TcpListener::bind((address, 389)) {
            Ok(_) => return Ok(address),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => bail!(
                "Samba listens at port 389, which this user may not use; run the tests as root, or once \
                 `sysctl -w net.ipv4.ip_unprivileged_port_start=389`"
            ),
            Err(_) => {}
        }
    }
    bail!(
        "port 389 is taken on every loopback address; stop the service that listens on all of them"
    )
}
