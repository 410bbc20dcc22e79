//! `muster migrate`.

use muster_app::{absolute_url, json};
use muster_engine::migrate;
use serde_json::json;

use crate::{
    Exit, Result,
    commands::backup::n_rows,
    progress::progress,
    shell::Shell,
    ui::{Report, counted},
};

/// Move the repository to another database: from SQLite to PostgreSQL, or back
///
/// Everything is copied in one transaction, and each table is compared by hash before it counts: it arrives whole or not
/// at all, and can be tried again. The new database must be empty. Nothing else may run meanwhile; the old store stays as
/// it is, and is no longer used once `store` in muster.yaml names the new one.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The new store, written as for --store; `MUSTER_TARGET` keeps a password off the command line
    #[arg(long, value_name = "STORE")]
    to: Option<String>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let variable = shell.host.variable("MUSTER_TARGET").map(str::to_owned);
    let Some(to) = args.to.or(variable) else {
        return Err(crate::error::CommandError::usage("where to is missing")
            .hint("muster migrate --to postgres://USER@HOST/DATABASE"));
    };
    let (ctx, opened) = shell.open().await?;
    let progress = progress(&shell.ui);
    let tables = migrate(&ctx, &opened, &absolute_url(&opened.dir, &to), progress.as_ref()).await?;
    let rows = n_rows(&tables);
    let json = json!({ "rows": rows, "tables": json::table_sums(&tables) });
    let text = format!(
        "{} of {} copied and compared; now set `store` in muster.yaml",
        counted(rows.try_into().unwrap_or(usize::MAX), "row"),
        counted(tables.len(), "table")
    );
    shell.ui.show(&Report::one(vec![("rows", rows.to_string())], json).text(text))?;
    Ok(Exit::Done)
}
