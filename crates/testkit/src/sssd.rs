//! `sssd`, which makes the people of a directory users of a machine.
//!
//! It keeps its configuration, its sockets and its cache in fixed places of the machine. Each one started here is alone with
//! folders of its own in these places, in a mount namespace of its own; that needs root, as `sssd` itself does. Nothing outside
//! is touched, so several run beside each other.

use std::{fs, path::Path, process::Command};

use anyhow::{Result, ensure};
use tempfile::TempDir;

use crate::process::{Launch, Server, find_program, run};

const PACKAGES: &str = "sssd-ldap libnss-sss libpam-sss pamtester";
/// The service of PAM that asks `sssd` alone.
const SERVICE: &str = "muster";
/// `$1` is the folder.
const BEGIN: &str = "set -e
mount --bind \"$1/etc\" /etc/sssd
mount --bind \"$1/lib\" /var/lib/sss
mount --bind \"$1/log\" /var/log/sssd
mount --bind \"$1/pam\" /etc/pam.d
mount --bind \"$1/nsswitch.conf\" /etc/nsswitch.conf
mount -t tmpfs tmpfs /run
exec sssd -i";

/// A running `sssd` with one domain.
#[derive(Debug)]
pub struct Sssd {
    // Dropped before the folder.
    server: Server,
    _folder: TempDir,
}

impl Sssd {
    /// Starts it and waits until it knows `user`. `domain` are the lines that say where the directory is: `ldap_uri = …`.
    pub fn start(domain: &str, user: &str) -> Result<Self> {
        find_program("sssd", &["/usr/sbin/sssd"], PACKAGES)?;
        find_program("pamtester", &[], PACKAGES)?;
        let id = run(Command::new("id").arg("-u"), "")?;
        ensure!(id == b"0\n", "`sssd` runs as root only; run this test as root");
        let folder = tempfile::Builder::new().prefix("muster-sssd-").tempdir()?;
        write_files(folder.path(), domain)?;
        let mut command: Vec<std::ffi::OsString> =
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", BEGIN, "begin"]
                .map(Into::into)
                .into();
        command.push(folder.path().into());
        let server = Server::start(&Launch { folder: folder.path(), end: "TERM", command })?;
        let pid = server.pid();
        let server = server.ready_when(|| passwd(pid, user).is_some())?;
        Ok(Self { server, _folder: folder })
    }

    /// The line of a user as `/etc/passwd` would have it; `None` for who is none.
    pub fn user(&self, name: &str) -> Option<String> {
        passwd(self.server.pid(), name)
    }

    /// The numbers of the groups that a user is in, the main one first.
    pub fn groups(&self, name: &str) -> Result<String> {
        let groups = run(&mut inside(self.server.pid(), &["id", "-G", name]), "")?;
        Ok(String::from_utf8(groups)?.trim().to_owned())
    }

    /// Whether a user signs in to the machine with this password.
    pub fn signs_in(&self, name: &str, password: &str) -> bool {
        let steps = ["pamtester", SERVICE, name, "authenticate", "acct_mgmt"];
        run(&mut inside(self.server.pid(), &steps), &format!("{password}\n")).is_ok()
    }

    /// What it said so far.
    pub fn log(&self) -> String {
        self.server.log()
    }
}

fn write_files(folder: &Path, domain: &str) -> Result<()> {
    for name in ["etc/conf.d", "log", "pam", "lib/pipes/private", "lib/pubconf/krb5.include.d"] {
        fs::create_dir_all(folder.join(name))?;
    }
    for name in ["db", "deskprofile", "gpo_cache", "mc", "secrets"] {
        fs::create_dir(folder.join("lib").join(name))?;
    }
    fs::write(folder.join("nsswitch.conf"), "passwd: files sss\ngroup: files sss\n")?;
    let rules = "auth required pam_sss.so\naccount required pam_sss.so\n";
    fs::write(folder.join("pam").join(SERVICE), rules)?;
    let configuration = format!(
        "[sssd]\nservices = nss, pam\ndomains = tern\n[nss]\nmemcache_timeout = 0\n[pam]\n[domain/tern]\nid_provider = ldap\nauth_provider = ldap\n\
         access_provider = permit\ncache_credentials = false\nentry_cache_timeout = 1\n{domain}\n"
    );
    let file = folder.join("etc/sssd.conf");
    fs::write(&file, configuration)?;
    run(Command::new("chmod").arg("600").arg(file), "").map(drop)
}

/// A command that sees the machine as `sssd` does.
fn inside(pid: u32, arguments: &[&str]) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["--mount", "--target", &pid.to_string()]).args(arguments);
    command
}

fn passwd(pid: u32, name: &str) -> Option<String> {
    let line = run(&mut inside(pid, &["getent", "passwd", "-s", "sss", name]), "").ok()?;
    Some(String::from_utf8(line).ok()?.trim().to_owned())
}
