//! Which systems are to be read now, and when the next one is.

use jiff::Timestamp;
use muster_app::Error;
use muster_policy::System;
use muster_store::SystemHealth;
use serde_json::json;

use super::Runner;
use crate::{
    backoff::is_due,
    sync::{SyncOptions, sync},
};

impl Runner<'_> {
    /// Reads every system that is due.
    pub(super) async fn read(&mut self) -> Result<(), Error> {
        let now = self.ctx.now();
        let mut systems = Vec::new();
        for (system, at) in self.reads().await? {
            if due_at(system, at).is_none_or(|due| due <= now || at.is_some_and(|at| at > now)) {
                systems.push(system.name.to_string());
            }
        }
        if systems.is_empty() {
            return Ok(());
        }
        let options = SyncOptions { systems, ..SyncOptions::default() };
        let report = sync(self.ctx, self.opened, &options, &Self::progress()).await?;
        for read in &report.reads {
            let trouble = read.problem.as_deref();
            let how = trouble.map_or_else(
                || {
                    format!(
                        "{} objects, {} new, {} changed, {} gone",
                        read.objects, read.created, read.changed, read.absent
                    )
                },
                str::to_owned,
            );
            self.tell(
                "read",
                format!("read {} {}: {how}", read.system, read.what),
                json!({
                    "system": &*read.system, "what": &*read.what, "objects": read.objects, "new": read.created,
                    "changed": read.changed, "gone": read.absent, "complete": read.complete, "problem": trouble,
                    "verified": read.verified, "unconfirmed": read.unconfirmed, "held": read.held.is_some(),
                }),
            );
        }
        Ok(())
    }

    /// When the next read is due.
    pub(super) async fn next_read(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        let reads = self.reads().await?;
        Ok(reads.iter().map(|(system, at)| due_at(system, *at).unwrap_or(now)).min())
    }

    /// The systems that are read by themselves and may be read, each with when it was last.
    async fn reads(&self) -> Result<Vec<(&System, Option<Timestamp>)>, Error> {
        let mut tx = self.opened.store.read().await?;
        let health = tx.system_health().await?;
        let now = self.ctx.now();
        let mut reads = Vec::new();
        for (system, names) in self.opened.model.systems.iter().zip(&self.opened.names.systems) {
            let is_left_alone = |health: &SystemHealth| {
                health.system_no == names.no
                    && (health.paused_at.is_some()
                        || (health.ill_since.is_some() && !is_due(health.next_probe, now)))
            };
            let is_read = !system.reads.is_empty() || !system.accounts.is_empty();
            if (system.work.every.is_none() && system.work.at.is_none())
                || !is_read
                || !system.readable
                || health.iter().any(is_left_alone)
            {
                continue;
            }
            let runs = tx.latest_read_runs(names.no).await?;
            reads.push((system, runs.iter().filter_map(|run| run.ended_at).min()));
        }
        Ok(reads)
    }
}

/// When a system that was last read `at` is due again; `None`: it never was, so it is due now. When the last read seems to be
/// in the future a clock was wrong, and it is due too.
fn due_at(system: &System, at: Option<Timestamp>) -> Option<Timestamp> {
    let at = at?;
    let every = system.work.every.map(|every| at.saturating_add(every).unwrap_or(Timestamp::MAX));
    let timed = system.work.at.as_ref().and_then(|(times, zone)| times.next_after(at, zone));
    every.into_iter().chain(timed).min().or(Some(Timestamp::MAX))
}
