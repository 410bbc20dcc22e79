//! `muster schema`.

use crate::{Exit, Result, shell::Shell};

/// Print the JSON Schema of model files, for editors
///
/// In VS Code: `"yaml.schemas": {"muster.schema.json": ["*.yaml"]}`
#[derive(clap::Args, Debug)]
pub(crate) struct Args {}

pub(crate) fn run(shell: &mut Shell, args: &Args) -> Result<Exit> {
    let Args {} = args;
    let schema = muster_project::json_schema();
    shell.ui.write(&format!("{schema:#}\n"))?;
    Ok(Exit::Done)
}
