//! `muster restore`.

use std::path::PathBuf;

use muster_app::absolute_url;
use muster_engine::restore;

use crate::{Exit, Result, commands::backup::report, progress::progress, shell::Shell};

/// Put a backup into a new store
///
/// The backup is checked first. The store must be new: an SQLite file that is not there, or a PostgreSQL database with
/// nothing in it. What is there is never overwritten. A backup of an older Muster is brought up to date on the way.
#[derive(clap::Args, Debug)]
#[command(after_help = "Then point `store` in muster.yaml, or --store, to it.")]
pub(crate) struct Args {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The new store: sqlite:PATH, from the project folder on, or postgres://…
    #[arg(long, value_name = "STORE")]
    to: String,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let path = shell.path(&args.file);
    let url = absolute_url(&shell.project_dir(), &args.to);
    let progress = progress(&shell.ui);
    let info = restore(&shell.ctx(), &path, &url, progress.as_ref()).await?;
    shell.ui.show(&report(&shell.shown_path(&path), "restored", &info))?;
    Ok(Exit::Done)
}
