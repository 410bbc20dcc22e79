//! `muster people load` and `template`: a file of rows.

use std::path::PathBuf;

use muster_engine::{LoadMode, RowProblem, TemplateColumn, json, load_local, template};

use crate::{
    Exit, Result,
    progress::progress,
    shell::Shell,
    ui::{Format, Report},
};

/// Enter a file of rows: CSV, TSV or a workbook
///
/// A row whose key is there changes that entity, any other row makes one; an empty cell leaves what there is. Rows that
/// are right are entered, the others are listed. The same file again changes nothing.
#[derive(clap::Args, Debug)]
pub(crate) struct LoadArgs {
    /// The file; its first row names the attributes
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The entity type
    #[arg(long = "type", value_name = "TYPE")]
    pub(super) type_name: String,
    /// Try every row and enter none
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// Write the first row of a file for `muster people load`
#[derive(clap::Args, Debug)]
pub(crate) struct TemplateArgs {
    /// The entity type
    #[arg(long = "type", value_name = "TYPE")]
    type_name: String,
}

pub(super) async fn run(shell: &mut Shell, args: LoadArgs) -> Result<Exit> {
    let LoadArgs { file, type_name, dry_run } = args;
    let (ctx, opened) = shell.open().await?;
    let mode = if dry_run { LoadMode::DryRun } else { LoadMode::Load };
    let progress = progress(&shell.ui);
    let path = shell.path(&file);
    let done = load_local(&ctx, &opened, &type_name, &path, mode, progress.as_ref()).await?;
    let items = done.refused.iter().map(|refused| (row(refused), json::row_problem(refused)));
    let list = Report::list(&["line", "column", "problem", "remedy"], items, None);
    let report = Report { json: json::loaded(&done, mode), ..list };
    if done.refused.is_empty() && shell.ui.format() == Format::Text {
        shell.ui.write("every row can be used\n")?;
    } else {
        shell.ui.show(&report)?;
    }
    let would = if dry_run { "would be " } else { "" };
    shell.ui.say(&format!(
        "{} rows: {} {would}entered, {} {would}changed, {} as they are, {} refused",
        done.rows,
        done.created,
        done.changed,
        done.unchanged,
        done.refused.len()
    ))?;
    if !dry_run && done.created + done.changed > 0 {
        shell.ui.say("see what follows: muster plan")?;
    }
    Ok(if done.refused.is_empty() { Exit::Done } else { Exit::Partial })
}

fn row(refused: &RowProblem) -> Vec<String> {
    let RowProblem { line, column, problem, remedy } = refused;
    let column = column.as_deref().unwrap_or_default();
    vec![line.to_string(), column.to_owned(), problem.clone(), remedy.clone()]
}

pub(super) async fn write_template(shell: &mut Shell, args: TemplateArgs) -> Result<Exit> {
    let (_, opened) = shell.open().await?;
    let columns = template(&opened, &args.type_name)?;
    if matches!(shell.ui.format(), Format::Text | Format::Csv) {
        let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
        shell.ui.write(&format!("{}\n", names.join(",")))?;
        let needed = columns.iter().filter(|column| column.required);
        let needed: Vec<&str> = needed.map(|column| &*column.name).collect();
        shell.ui.say(&format!("every row needs: {}", needed.join(", ")))?;
        return Ok(Exit::Done);
    }
    let cells = |column: &TemplateColumn| {
        let word = |is: bool| if is { "yes" } else { "" };
        vec![
            column.name.to_string(),
            column.value_type.to_owned(),
            word(column.required).to_owned(),
            word(column.many).to_owned(),
            column.choices.join(", "),
        ]
    };
    let items = columns.iter().map(|column| (cells(column), json::template_column(column)));
    shell.ui.show(&Report::list(&["name", "type", "required", "many", "choices"], items, None))?;
    Ok(Exit::Done)
}
