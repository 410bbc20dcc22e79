//! `muster schema`.

use crate::{Exit, Result, shell::Shell, ui::Format};

/// Print the JSON Schema of model files, for editors
///
/// In VS Code: `"yaml.schemas": {"muster.schema.json": ["*.yaml"]}`
#[derive(clap::Args, Debug)]
pub(crate) struct Args {}

pub(crate) fn run(shell: &mut Shell, args: &Args) -> Result<Exit> {
    let Args {} = args;
    let schema = muster_project::json_schema();
    let text = match shell.ui.format() {
        Format::Jsonl => schema.to_string(),
        Format::Text | Format::Json | Format::Csv | Format::Md => format!("{schema:#}"),
    };
    shell.ui.write(&format!("{text}\n"))?;
    Ok(Exit::Done)
}
