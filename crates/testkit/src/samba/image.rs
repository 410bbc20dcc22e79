//! Domains that are made once and copied for every server, as making one takes many seconds.
//!
//! They lie in the build's target folder under a name that tells Samba's version and the recipe.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};

use anyhow::{Context as _, Result};

use super::{AD_PASSWORD, PACKAGES, REALM, SambaOptions, configuration, configure};
use crate::{
    SUFFIX,
    process::{find_program, run},
};

/// Raised when a domain is made in another way, so that no old one is taken.
const RECIPE: u32 = 1;

/// Fills the database directly, in one transaction. `sys.argv`: configuration, suffix, number of contacts.
const FILL: &str = r#"
import sys
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
configuration = LoadParm()
configuration.load(sys.argv[1])
database = SamDB(lp=configuration, session_info=system_session())
suffix, contacts = sys.argv[2], int(sys.argv[3])
database.transaction_start()
for name in ["people", "groups"] + (["crowd"] if contacts else []):
    database.add({"dn": f"OU={name},{suffix}", "objectClass": "organizationalUnit"})
for number in range(contacts):
    database.add({"dn": f"CN=c{number:04d},OU=crowd,{suffix}", "objectClass": "contact"})
database.transaction_commit()
"#;

/// The folder with a domain made for these options, made now if it is the first time.
pub(super) fn get(program: &Path, options: &SambaOptions) -> Result<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let version = String::from_utf8(run(Command::new(program).arg("--version"), "")?)?;
    let version = version.split_whitespace().last().unwrap_or_default();
    let crowd = if options.crowd { "-crowd" } else { "" };
    let shelf = shelf()?;
    let image = shelf.join(format!("samba-{version}-{RECIPE}{crowd}"));
    if image.is_dir() {
        return Ok(image);
    }
    let folder = tempfile::Builder::new().prefix("making-samba-").tempdir_in(&shelf)?;
    provision(folder.path())?;
    fill(folder.path(), if options.crowd { 5_000 } else { 0 })?;
    // Another process may have been faster; then its domain is as good.
    if fs::rename(folder.path(), &image).is_ok() {
        drop(folder.keep());
    }
    Ok(image)
}

/// Copies a domain, holes in its files included.
pub(super) fn copy(image: &Path, to: &Path) -> Result<()> {
    let from = image.join(".");
    run(Command::new("cp").args(["-a", "--sparse=always"]).arg(from).arg(to), "").map(drop)
}

/// A folder below the build's target folder; else one for all builds of this user.
fn shelf() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program
        .ancestors()
        .find(|folder| folder.ends_with("target") || folder.join("CACHEDIR.TAG").is_file());
    let shelf = target.map_or_else(std::env::temp_dir, Path::to_path_buf).join("muster-testkit");
    fs::create_dir_all(&shelf)?;
    Ok(shelf)
}

fn provision(folder: &Path) -> Result<()> {
    let mut command = samba_tool()?;
    command.args(["domain", "provision", "--server-role=dc", "--dns-backend=NONE"]);
    command.args(["--host-name=dc1", "--host-ip=127.0.0.1", "--domain=TERN"]);
    command.arg(format!("--realm={REALM}")).arg(format!("--adminpass={AD_PASSWORD}"));
    command.arg(format!("--targetdir={}", folder.display()));
    run(command.env("TDB_NO_FSYNC", "1"), "")
        .with_context(|| format!("cannot make a domain; is everything of {PACKAGES} installed?"))?;
    Ok(())
}

fn fill(folder: &Path, contacts: u32) -> Result<()> {
    configure(folder, std::net::Ipv4Addr::LOCALHOST, None)?;
    // The interpreter for which the packages bring Samba's modules.
    let mut python = Command::new(find_program("python3", &["/usr/bin/python3"], "python3-samba")?);
    python.args(["-c", FILL]).arg(configuration(folder)).arg(SUFFIX).arg(contacts.to_string());
    run(python.env("TDB_NO_FSYNC", "1"), "").map(drop).context("cannot fill the domain")
}

fn samba_tool() -> Result<Command> {
    Ok(Command::new(find_program("samba-tool", &[], PACKAGES)?))
}
