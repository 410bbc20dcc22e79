//! Backup, restore, and the way from SQLite to PostgreSQL: everything is copied, checked, and written into the journal.

use std::path::Path;

use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::Text;
use muster_store::{BackupInfo, BackupStamp, Entry, Options, Store, TableSum};
use serde_json::json;

use crate::{lease::Lease, progress::Progress};

/// Who must not be at work while a store moves: they would go on with the old one.
const AT_REST: [&str; 4] = ["run", "sync", "workflows", "anonymise"];

/// Writes everything into the new file `path`, while others go on working, and checks what was written.
pub async fn back_up(
    ctx: &Ctx,
    opened: &Opened,
    path: &Path,
    version: &str,
    progress: &dyn Progress,
) -> Result<BackupInfo, Error> {
    let task = progress.begin("reading", None);
    let stamp = BackupStamp { made_at: ctx.now(), version: version.into() };
    let info = opened.store.back_up(path, &stamp, &mut |_, n| task.advance(n)).await?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    note(ctx, &opened.store, "backup.make", &format!("backup {name}"), &info.tables).await?;
    Ok(info)
}

/// Puts a backup into the new store at `url`.
pub async fn restore(
    ctx: &Ctx,
    backup: &Path,
    url: &str,
    progress: &dyn Progress,
) -> Result<BackupInfo, Error> {
    let task = progress.begin("restoring", None);
    let listener = &mut |_: &str, n| task.advance(n);
    let (store, info) = Store::restore(backup, url, &Options::default(), listener).await?;
    let subject = format!("backup of {}", info.stamp.made_at);
    note(ctx, &store, "backup.restore", &subject, &info.tables).await?;
    Ok(info)
}

/// Copies everything into the new store at `url`, which is another kind of database. Nothing may be under way meanwhile.
pub async fn migrate(
    ctx: &Ctx,
    opened: &Opened,
    url: &str,
    progress: &dyn Progress,
) -> Result<Vec<TableSum>, Error> {
    let target = Store::open(url, &Options::default()).await?;
    if !opened.store.is_sqlite() && !target.is_sqlite() {
        return Err(Error::new(Kind::Invalid, "both stores are on PostgreSQL")
            .hint("make a backup and restore it: muster backup, muster restore"));
    }
    let mut leases = Vec::new();
    let mut moved = take_all(ctx, opened, &mut leases).await;
    if moved.is_ok() {
        let task = progress.begin("copying", None);
        let copied = opened.store.copy_to(&target, &mut |_, n| task.advance(n)).await;
        moved = copied.map_err(Error::from);
    }
    for lease in leases {
        moved = lease.release(opened, moved).await;
    }
    let sums = moved?;
    note(ctx, &target, "store.migrate", &format!("store {}", opened.store.url()), &sums).await?;
    Ok(sums)
}

async fn take_all(
    ctx: &Ctx,
    opened: &Opened,
    leases: &mut Vec<Lease>,
) -> Result<Vec<TableSum>, Error> {
    for name in AT_REST {
        leases.push(Lease::take(ctx, opened, name).await?);
    }
    Ok(Vec::new())
}

async fn note(
    ctx: &Ctx,
    store: &Store,
    action: &str,
    subject: &str,
    tables: &[TableSum],
) -> Result<(), Error> {
    let n_rows: u64 = tables.iter().map(|table| table.n_rows).sum();
    let mut tx = store.begin().await?;
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: action.into(),
        subject: Text::from(subject),
        detail: json!({ "rows": n_rows }).to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(tx.commit().await?)
}
