//! A synchronisation: reads systems, one after the other, sources before targets.

use muster_app::{Ctx, Error, Opened};
use muster_policy::System;
use muster_store::{Number, ReadCounts, ReadRun, ReadRunId, Sequence};

use crate::{
    lease::Lease,
    progress::Progress,
    report::{ReadReport, SyncReport},
    source::{Extent, Noted, Source, read_source},
    target::Target,
    tickets::close_shown,
};

/// What is synchronised.
#[derive(Debug, Clone, Default)]
pub struct SyncOptions {
    /// The systems by name; all when empty.
    pub systems: Vec<String>,
    /// True when everything is read, even where only what changed could be.
    pub complete: bool,
}

/// Reads systems and brings the repository up to what they say.
///
/// A system that fails does not stop the others; the report says which. Two runs at once are refused.
#[tracing::instrument(name = "use_case", skip_all, fields(otel.name = "sync"))]
pub async fn sync(
    ctx: &Ctx,
    opened: &Opened,
    options: &SyncOptions,
    progress: &dyn Progress,
) -> Result<SyncReport, Error> {
    for name in &options.systems {
        opened.system_named(name)?;
    }
    let lease = Lease::take(ctx, opened, "sync").await?;
    let wanted = |system: &&System| {
        options.systems.is_empty() || options.systems.iter().any(|name| **name == *system.name)
    };
    let extent = if options.complete { Extent::Complete } else { Extent::Changes };
    let mut report = SyncReport::default();
    let outcome = async {
        for system in
            opened.model.systems.iter().filter(wanted).filter(|system| !system.reads.is_empty())
        {
            report.reads.extend(sources(ctx, opened, system, extent, progress).await?);
        }
        for system in opened
            .model
            .systems
            .iter()
            .filter(wanted)
            .filter(|system| !system.accounts.is_empty() && system.readable)
        {
            // What is changed while it is read would look as if somebody else had done it.
            let alone = Lease::take_systems(ctx, opened, [&system.name].into_iter()).await?;
            let reads = targets(ctx, opened, system, extent, progress).await;
            report.reads.extend(alone.release(opened, reads).await?);
        }
        Ok(())
    }
    .await;
    lease.release(opened, outcome.map(|()| report)).await
}

async fn sources(
    ctx: &Ctx,
    opened: &Opened,
    system: &System,
    extent: Extent,
    progress: &dyn Progress,
) -> Result<Vec<ReadReport>, Error> {
    let names = opened
        .names
        .systems
        .get(system.id.index())
        .ok_or_else(|| Error::bug("a system has no number"))?;
    let mut reports = Vec::new();
    for (read, read_names) in system.reads.iter().zip(&names.reads) {
        let what = opened
            .model
            .schema
            .get(read.type_id)
            .map_or_else(|| "?".into(), |entity_type| entity_type.name.clone());
        let started = ctx.now();
        let source = Source { system, read, names: read_names, what: &what };
        let (report, noted) = match opened.connect(system) {
            Ok(connector) => {
                read_source(ctx, opened, source, connector.as_ref(), extent, progress).await?
            }
            Err(error) => (failed(system, &what, &error), Noted::unchanged(opened, source).await?),
        };
        finish(ctx, opened, system, &report, started, Some((read_names.no, noted))).await?;
        reports.push(report);
    }
    Ok(reports)
}

async fn targets(
    ctx: &Ctx,
    opened: &Opened,
    system: &System,
    extent: Extent,
    progress: &dyn Progress,
) -> Result<Vec<ReadReport>, Error> {
    let started = ctx.now();
    let reports = match opened.connect(system) {
        Ok(connector) => {
            Target { ctx, opened, system, connector: connector.as_ref(), progress }
                .read(extent)
                .await?
        }
        Err(error) => vec![failed(system, "accounts", &error)],
    };
    for report in &reports {
        finish(ctx, opened, system, report, started, None).await?;
    }
    close_shown(ctx, opened, system).await?;
    Ok(reports)
}

fn failed(system: &System, what: &str, error: &muster_connector::ConnectorError) -> ReadReport {
    let mut report = ReadReport::new(&system.name, what);
    report.problem = Some(error.to_string());
    report
}

/// Writes down that a read ran and how it went.
async fn finish(
    ctx: &Ctx,
    opened: &Opened,
    system: &System,
    report: &ReadReport,
    started: jiff::Timestamp,
    noted: Option<(Number, Noted)>,
) -> Result<(), Error> {
    let system_no = opened.names.systems.get(system.id.index()).map_or(0, |names| names.no);
    let mut tx = opened.store.begin().await?;
    let id = match report.run {
        Some(run) => run,
        None => ReadRunId(tx.take_ids(Sequence::ReadRun, 1).await?),
    };
    let cursor = match &noted {
        Some((_, noted)) => noted.cursor.as_ref(),
        None => report.cursor.as_ref(),
    };
    let run = ReadRun {
        id,
        system_no,
        what: report.what.clone(),
        started_at: started,
        ended_at: Some(ctx.now()),
        complete: report.complete && !report.incremental,
        incremental: report.incremental,
        counts: ReadCounts {
            n_objects: report.objects,
            n_new: report.created,
            n_changed: report.changed,
            n_absent: report.absent,
            n_bad: report.n_bad,
        },
        cursor: cursor.map(|cursor| cursor.as_bytes().to_vec()),
        problem: report.problem.as_deref().map(Into::into),
    };
    tx.insert_read_run(&run).await?;
    tx.finish_read_run(&run).await?;
    tx.insert_read_problems(id, &report.bad).await?;
    if let Some((read_no, noted)) = &noted {
        noted.save(&mut tx, *read_no, ctx.now()).await?;
    }
    tx.commit().await?;
    Ok(())
}
