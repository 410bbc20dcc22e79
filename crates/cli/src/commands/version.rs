//! `muster version`.

use serde_json::json;

use crate::{Exit, Result, shell::Shell, ui::Report};

/// Show the version and what it was built for
#[derive(clap::Args, Debug)]
pub(crate) struct Args {}

pub(crate) fn run(shell: &mut Shell, args: &Args) -> Result<Exit> {
    let Args {} = args;
    let (version, target) = (shell.host.version, shell.host.target.clone());
    let json = json!({ "version": version, "target": target });
    let fields = vec![("version", version.to_owned()), ("target", target.clone())];
    shell.ui.show(&Report::one(fields, json).text(format!("muster {version}  {target}")))?;
    Ok(Exit::Done)
}
