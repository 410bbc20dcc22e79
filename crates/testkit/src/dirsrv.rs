//! 389 Directory Server, from an instance folder made by hand: no `dscreate`, no systemd, nothing system-wide touched.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::{
    Entry, PASSWORD, SUFFIX,
    ldap::Tools,
    process::{Launch, Server, find_program, on_free_port, run},
    slapd::ordinary_entries,
};

const PACKAGES: &str = "389-ds-base ldap-utils";
const ADMIN: &str = "cn=Directory Manager";
/// Where the packages put the templates of an instance.
const TEMPLATES: &str = "/usr/share/dirsrv/data";

/// A running 389 Directory Server with the suffix [`SUFFIX`], `ou=people` and `ou=groups`.
///
/// `cn=Directory Manager` may do everything, `cn=service` may read and write, `cn=reader` may only read.
#[derive(Debug)]
pub struct Dirsrv {
    // Dropped before the folder.
    server: Server,
    port: u16,
    folder: TempDir,
}

impl Dirsrv {
    /// Starts a server and waits until it answers.
    pub fn start() -> Result<Self> {
        let program = program()?;
        let folder = tempfile::Builder::new().prefix("muster-dirsrv-").tempdir()?;
        let (server, port) = on_free_port(|port| {
            make_instance(folder.path(), port)?;
            Ok((launch(&program, folder.path(), port)?, port))
        })?;
        let started = Self { server, port, folder };
        started.tools().add(&first_entries()).context("cannot load the first entries")?;
        Ok(started)
    }

    /// Ends the server as a power cut would.
    pub fn kill(&mut self) -> Result<()> {
        self.server.tell("kill")
    }

    /// Starts a killed server again, on the same port and with the same data.
    pub fn restart(&mut self) -> Result<()> {
        self.server = launch(&program()?, self.folder.path(), self.port)?;
        Ok(())
    }

    /// The address, `ldap://127.0.0.1:…`.
    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    /// The administrator's name; the password is [`PASSWORD`].
    pub fn admin(&self) -> String {
        ADMIN.to_owned()
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

    fn tools(&self) -> Tools {
        Tools::plain(self.url(), self.admin())
    }
}

impl Drop for Dirsrv {
    fn drop(&mut self) {
        let name = instance_name(self.folder.path());
        // The server names a semaphore after its instance and leaves it behind when it is killed.
        drop(self.server.tell("kill"));
        drop(fs::remove_file(format!("/dev/shm/sem.{name}.stats")));
    }
}

fn program() -> Result<PathBuf> {
    find_program("ns-slapd", &["/usr/sbin/ns-slapd"], PACKAGES)
}

/// A name that no other instance has, as the server uses it outside its folder too.
fn instance_name(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn configuration_folder(folder: &Path) -> PathBuf {
    folder.join(instance_name(folder))
}

fn launch(program: &Path, folder: &Path, port: u16) -> Result<Server> {
    let command = vec![
        program.into(),
        "-D".into(),
        configuration_folder(folder).into(),
        "-d".into(),
        "0".into(),
        "-i".into(),
        folder.join("run/pid").into(),
    ];
    let server = Server::start(&Launch { folder, end: "KILL", command })?;
    let tools = Tools::plain(format!("ldap://127.0.0.1:{port}"), String::new());
    server.ready_when(|| tools.answers())
}

fn make_instance(folder: &Path, port: u16) -> Result<()> {
    let configuration = configuration_folder(folder);
    for name in ["lock", "tmp", "ldif", "bak", "run", "inst", "log", "db", "db/userRoot", "home"] {
        fs::create_dir_all(folder.join(name))?;
    }
    let schema = configuration.join("schema");
    fs::create_dir_all(&schema)?;
    copy("/etc/dirsrv/config/slapd-collations.conf", &configuration)?;
    copy("/etc/dirsrv/schema/99user.ldif", &schema)?;
    let user = String::from_utf8(run(Command::new("id").arg("-un"), "")?)?;
    // One blank line between entries: the server takes a second one for an entry without a name.
    let mut ldif = template("template-dse.ldif")?.trim_end().to_owned() + "\n\n";
    ldif += &template("template-suffix-db.ldif")?;
    let place = |name: &str| folder.join(name).display().to_string();
    let password = format!("nsslapd-rootpw: {{CLEAR}}{PASSWORD}");
    for (token, value) in [
        ("nsslapd-rootpw: %ds_passwd%", format!("nsslapd-rootpwstoragescheme: CLEAR\n{password}")),
        ("%schema_dir%", schema.display().to_string()),
        ("%config_dir%", configuration.display().to_string()),
        ("%cert_dir%", configuration.display().to_string()),
        ("%lock_dir%", place("lock")),
        ("%tmp_dir%", place("tmp")),
        ("%ldif_dir%", place("ldif")),
        ("%bak_dir%", place("bak")),
        ("%run_dir%", place("run")),
        ("%inst_dir%", place("inst")),
        ("%log_dir%", place("log")),
        ("%db_dir%", place("db")),
        ("%db_home_dir%", place("home")),
        ("%db_lib%", "bdb".to_owned()),
        ("%ldapi%", place("ldapi")),
        ("%ldapi_enabled%", "off".to_owned()),
        ("%ldapi_autobind%", "off".to_owned()),
        ("%fqdn%", "localhost".to_owned()),
        ("%ds_port%", port.to_string()),
        ("%ds_user%", user.trim().to_owned()),
        ("%rootdn%", ADMIN.to_owned()),
        ("%ds_bename%", "userRoot".to_owned()),
        ("%ds_suffix%", SUFFIX.to_owned()),
    ] {
        ldif = ldif.replace(token, &value);
    }
    fs::write(configuration.join("dse.ldif"), ldif)?;
    Ok(())
}

fn copy(file: &str, to: &Path) -> Result<()> {
    let name = Path::new(file).file_name().context("a file has a name")?;
    fs::copy(file, to.join(name)).with_context(|| missing(file))?;
    Ok(())
}

fn template(name: &str) -> Result<String> {
    let path = format!("{TEMPLATES}/{name}");
    fs::read_to_string(&path).with_context(|| missing(&path))
}

fn missing(file: &str) -> String {
    format!("cannot read `{file}`; run `apt-get install -y {PACKAGES}`")
}

fn first_entries() -> String {
    let allow = |rights: &str, who: &str| {
        format!(
            "aci: (targetattr=\"*\")(version 3.0; acl \"{who}\"; allow ({rights}) userdn=\"ldap:///cn={who},{SUFFIX}\";)\n"
        )
    };
    format!(
        "dn: {SUFFIX}\nobjectClass: domain\ndc: tern\n{}{}\n{}",
        allow("all", "service"),
        allow("read, search, compare", "reader"),
        ordinary_entries()
    )
}
