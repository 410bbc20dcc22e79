//! `muster backup`.

use std::path::PathBuf;

use muster_app::json;
use muster_engine::back_up;
use muster_store::{BackupInfo, TableSum, check_backup};

use crate::{
    Exit, Result,
    progress::progress,
    shell::Shell,
    ui::{Report, counted},
    when,
};

/// Write everything into one file, while everybody goes on working
///
/// The file holds people, history, plans and the journal at one moment, from SQLite or PostgreSQL alike. It is read
/// back and checked before it gets its name. `muster restore` puts it into a new store of either kind. Files with
/// keys and secrets are not part of it: keep them elsewhere.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "The file is only for its owner to read. Keep it as safe as the store itself."
)]
pub(crate) struct Args {
    /// The new file, or a folder in which it gets a name with the time
    #[arg(value_name = "FILE|DIR")]
    to: PathBuf,
    /// Only check a backup that is there
    #[arg(long)]
    check: bool,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let mut path = shell.path(&args.to);
    if args.check {
        let info = check_backup(&path).await.map_err(muster_app::Error::from)?;
        shell.ui.show(&report(&shell.shown_path(&path), "is whole", &info))?;
        return Ok(Exit::Done);
    }
    let (ctx, opened) = shell.open().await?;
    if path.is_dir() {
        path.push(format!("muster-{}.backup", ctx.now().strftime("%Y%m%dT%H%M%SZ")));
    }
    let progress = progress(&shell.ui);
    let info = back_up(&ctx, &opened, &path, shell.host.version, progress.as_ref()).await?;
    shell.ui.show(&report(&shell.shown_path(&path), "written and checked", &info))?;
    Ok(Exit::Done)
}

/// What a backup holds; `done` says what became of it.
pub(crate) fn report(file: &str, done: &str, info: &BackupInfo) -> Report {
    let BackupInfo { stamp, schema: _, tables, journal } = info;
    let n_rows = n_rows(tables);
    let fields = vec![
        ("file", file.to_owned()),
        ("made", when::shown(stamp.made_at)),
        ("made by", format!("muster {}", stamp.version)),
        ("rows", n_rows.to_string()),
        ("events", journal.n_entries.to_string()),
    ];
    let mut json = json::backup(info);
    if let Some(fields) = json.as_object_mut() {
        fields.insert("file".to_owned(), file.into());
    }
    let shown = n_rows.try_into().unwrap_or(usize::MAX);
    Report::one(fields, json).text(format!(
        "{file} {done}: {} of {}, journal up to {}",
        counted(shown, "row"),
        counted(tables.len(), "table"),
        journal.last_seq.unwrap_or_default()
    ))
}

/// All rows of all tables.
pub(crate) fn n_rows(tables: &[TableSum]) -> u64 {
    tables.iter().map(|table| table.n_rows).sum()
}
