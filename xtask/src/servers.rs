//! The real servers that tests start: looked for, installed where that is allowed, else asked for in one line.
//!
//! This installs programs only. Tests start their own servers on free ports with their own data; no service of the
//! machine is started, stopped or changed.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context as _, Result, bail};

use crate::{command, steps::say};

/// A Debian package and how its presence is seen.
#[derive(Debug, Clone, Copy)]
struct Server {
    package: &'static str,
    sign: Sign,
}

/// How the presence of a package is seen.
#[derive(Debug, Clone, Copy)]
enum Sign {
    /// By a program.
    Program(&'static str),
    /// By modules of Python; Debian's `python3` comes without some that belong to it.
    PythonModules(&'static str),
}

const SERVERS: &[Server] = &[
    Server { package: "slapd", sign: Sign::Program("slapd") },
    Server { package: "ldap-utils", sign: Sign::Program("ldapsearch") },
    Server { package: "apache2-bin", sign: Sign::Program("apache2") },
    Server { package: "389-ds-base", sign: Sign::Program("ns-slapd") },
    Server { package: "postgresql", sign: Sign::Program("initdb") },
    Server { package: "mariadb-server", sign: Sign::Program("mariadbd") },
    Server { package: "samba-ad-dc", sign: Sign::Program("samba") },
    // Brings no program, only a module.
    Server { package: "libapache2-mod-auth-openidc", sign: Sign::Program("mod_auth_openidc.so") },
    Server { package: "nodejs", sign: Sign::Program("node") },
    Server { package: "npm", sign: Sign::Program("npm") },
    // Brings no program, only the templates of a domain.
    Server { package: "samba-ad-provision", sign: Sign::Program("provision_users.ldif") },
    // What `sssd` needs to make people of a directory users of a machine.
    Server { package: "sssd-ldap", sign: Sign::Program("libsss_ldap.so") },
    Server { package: "libnss-sss", sign: Sign::Program("libnss_sss.so.2") },
    Server { package: "libpam-sss", sign: Sign::Program("pam_sss.so") },
    Server { package: "pamtester", sign: Sign::Program("pamtester") },
    Server { package: "chromium", sign: Sign::Program("chromium") },
    Server { package: "chromium-driver", sign: Sign::Program("chromedriver") },
    Server { package: "poppler-utils", sign: Sign::Program("pdftotext") },
    Server { package: "openssl", sign: Sign::Program("openssl") },
    Server { package: "python3-venv", sign: Sign::PythonModules("ensurepip, venv") },
];

/// What is to be done about missing packages.
#[derive(Debug, PartialEq, Eq)]
enum Remedy {
    Nothing,
    Install(Vec<&'static str>),
    Ask(String),
}

/// Makes sure that every server is there.
pub(crate) fn ensure() -> Result<()> {
    let folders = more_folders();
    let missing: Vec<&'static str> = SERVERS
        .iter()
        .filter(|server| !server.sign.is_seen(&folders))
        .map(|server| server.package)
        .collect();
    let may_install = command::find_program("apt-get", &[]).is_some() && is_root();
    match remedy(missing, may_install) {
        Remedy::Nothing => Ok(()),
        Remedy::Install(packages) => install(&packages),
        Remedy::Ask(text) => bail!(text),
    }
}

impl Sign {
    fn is_seen(self, folders: &[PathBuf]) -> bool {
        match self {
            Self::Program(program) => command::find_program(program, folders).is_some(),
            Self::PythonModules(modules) => {
                let code = format!("import {modules}");
                ["python3", "/usr/bin/python3"].into_iter().any(|program| {
                    let mut python = Command::new(program);
                    python.args(["-c", &code]);
                    command::output(python).is_ok()
                })
            }
        }
    }
}

fn remedy(missing: Vec<&'static str>, may_install: bool) -> Remedy {
    if missing.is_empty() {
        Remedy::Nothing
    } else if may_install {
        Remedy::Install(missing)
    } else {
        let packages = missing.join(" ");
        Remedy::Ask(format!(
            "the tests start real servers, and these Debian packages are missing: {packages}\n\
             install them (or what your system calls them) and run this again:\n  \
             sudo apt-get update && sudo apt-get install --no-install-recommends -y {packages}"
        ))
    }
}

/// Where Debian keeps server programs that are not on the path of everybody.
fn more_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = [
        "/usr/sbin",
        "/usr/local/sbin",
        "/usr/lib/apache2/modules",
        "/usr/lib/openldap",
        "/usr/libexec",
        "/usr/share/samba/setup",
    ]
    .map(PathBuf::from)
    .into();
    // Libraries stand in a folder named after the machine: `/usr/lib/x86_64-linux-gnu`.
    let libraries = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let libraries = libraries
        .map(|entry| entry.path())
        .filter(|path| path.display().to_string().ends_with("-gnu"));
    for path in libraries {
        folders.extend([path.join("sssd"), path.join("security"), path]);
    }
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders
}

fn is_root() -> bool {
    let mut id = Command::new("id");
    id.arg("-u");
    command::output(id).is_ok_and(|id| id.trim() == "0")
}

fn install(packages: &[&str]) -> Result<()> {
    say(&format!("installing for the tests: {}", packages.join(" ")));
    let _no_services = NoServices::begin()?;
    command::run(apt(&["update", "-q"]))?;
    let mut install = apt(&["install", "-q", "-y", "--no-install-recommends"]);
    install.args(packages);
    command::run(install)
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    command
}

/// While it lives, Debian's packages do not start the services they bring.
struct NoServices {
    written: Option<PathBuf>,
}

impl NoServices {
    fn begin() -> Result<Self> {
        let path = PathBuf::from("/usr/sbin/policy-rc.d");
        if path.exists() {
            return Ok(Self { written: None }); // the machine has a policy of its own, such as in containers
        }
        let rule = "#!/bin/sh\nexit 101\n";
        fs::write(&path, rule).with_context(|| format!("cannot write `{}`", path.display()))?;
        let mut make_executable = Command::new("chmod");
        make_executable.arg("755").arg(&path);
        let no_services = Self { written: Some(path) };
        command::output(make_executable)?;
        Ok(no_services)
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if let Some(path) = &self.written
            && let Err(error) = fs::remove_file(path)
        {
            say(&format!("warning: cannot remove `{}`: {error}", path.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Remedy, Sign, remedy};

    #[test]
    fn a_python_without_the_modules_that_are_needed_is_not_enough() {
        assert!(Sign::PythonModules("sys").is_seen(&[]));
        assert!(!Sign::PythonModules("sys, no_such_module").is_seen(&[]));
    }

    #[test]
    fn nothing_is_installed_when_nothing_is_missing() {
        assert_eq!(remedy(vec![], true), Remedy::Nothing);
    }

    #[test]
    fn missing_servers_are_installed_where_that_is_allowed() {
        assert_eq!(remedy(vec!["slapd"], true), Remedy::Install(vec!["slapd"]));
    }

    #[test]
    fn who_may_not_install_gets_the_line_to_run() {
        let Remedy::Ask(text) = remedy(vec!["slapd", "postgresql"], false) else {
            panic!("expected a question")
        };
        assert!(text.ends_with("install --no-install-recommends -y slapd postgresql"), "{text}");
    }
}
