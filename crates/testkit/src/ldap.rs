//! Calls the command-line tools of OpenLDAP, which know nothing of our code.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{
    Entry, PASSWORD,
    ldif::parse_ldif,
    process::{find_program, run},
};

/// What a tool of OpenLDAP said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// How it ended: the result code of LDAP, as these tools do.
    pub code: i32,
    /// What it wrote.
    pub output: String,
    /// What it complained about.
    pub errors: String,
}

impl Told {
    /// The entries that were found.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        parse_ldif(&self.output)
    }
}

/// Calls a tool of OpenLDAP: `ldapsearch`, `ldapwhoami`, `ldapcompare`, `ldappasswd`. It believes the authority in `ca`.
pub fn ldap_tool(program: &str, url: &str, ca: Option<&Path>, arguments: &[&str]) -> Result<Told> {
    let mut command = Command::new(find_program(program, &[], "ldap-utils")?);
    command.envs(ca.iter().map(|ca| ("LDAPTLS_CACERT", ca)));
    command.args(["-x", "-o", "nettimeout=30", "-H", url]);
    let output =
        command.args(arguments).output().with_context(|| format!("cannot run `{program}`"))?;
    Ok(Told {
        code: output.status.code().context("it was killed")?,
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// How to reach a directory as its administrator.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    pub(crate) url: String,
    pub(crate) admin: String,
    pub(crate) password: &'static str,
    /// The authority to believe, where the address is one with TLS.
    pub(crate) ca: Option<PathBuf>,
}

impl Tools {
    /// Over the plain address `url`, with the usual password.
    pub(crate) fn plain(url: String, admin: String) -> Self {
        Self { url, admin, password: PASSWORD, ca: None }
    }

    /// True when the server answers an anonymous read of its root entry.
    pub(crate) fn answers(&self) -> bool {
        let mut command = Command::new("ldapsearch");
        command.envs(self.ca.iter().map(|ca| ("LDAPTLS_CACERT", ca)));
        command.args(["-x", "-LLL", "-o", "nettimeout=2", "-H", &self.url]);
        command.args(["-s", "base", "-b", "", "supportedLDAPVersion"]);
        run(&mut command, "").is_ok()
    }

    pub(crate) fn search(
        &self,
        base: &str,
        filter: &str,
        attributes: &[&str],
    ) -> Result<Vec<Entry>> {
        let mut command = self.command("ldapsearch")?;
        command.args(["-LLL", "-o", "ldif-wrap=no", "-E", "pr=1000/noprompt", "-b", base, filter]);
        command.args(attributes);
        parse_ldif(&String::from_utf8(run(&mut command, "")?).context("LDIF is ASCII")?)
    }

    pub(crate) fn add(&self, ldif: &str) -> Result<()> {
        run(&mut self.command("ldapadd")?, ldif).map(drop)
    }

    pub(crate) fn modify(&self, ldif: &str) -> Result<()> {
        run(&mut self.command("ldapmodify")?, ldif).map(drop)
    }

    fn command(&self, program: &str) -> Result<Command> {
        let mut command = Command::new(find_program(program, &[], "ldap-utils")?);
        command.envs(self.ca.iter().map(|ca| ("LDAPTLS_CACERT", ca)));
        command.args(["-x", "-H", &self.url, "-D", &self.admin, "-w", self.password]);
        Ok(command)
    }
}
