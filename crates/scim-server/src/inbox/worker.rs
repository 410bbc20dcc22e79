//! Working off the requests that wait, one after the other in the order in which they came.
//!
//! Whoever holds the lease does it, so there is one at a time, and when a process dies another one, or the same one after
//! its restart, goes on where the results end.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Kind, Opened};
use muster_engine::Lease;
use muster_store::Job;
use muster_web::Service;
use serde_json::{Value as Json, json};

use super::KIND;
use crate::{
    bulk::{Bulk, Ledger},
    http::Scim,
    mails::catch_up,
    view::View,
};

/// The right to work requests off.
const LEASE: &str = "scim bulk";
/// How often it is looked whether somebody else left something undone.
const LOOK: Duration = Duration::from_secs(2);

/// How long results are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Requests whose results are forgotten at once.
const FORGOTTEN: usize = 100;

/// Works off whatever comes as long as the service is there.
pub(crate) async fn keep_going(scim: Weak<Scim>, service: Service) {
    if let Err(error) = catch_up(&service.opened()).await {
        tracing::error!(%error, "mail addresses could not be written down; searches take longer");
    }
    loop {
        let came = {
            let Some(scim) = scim.upgrade() else { return };
            match round(&scim, &service).await {
                Err(error) if error.kind() != Kind::Busy => {
                    tracing::error!(%error, "bulk requests of SCIM wait; it is tried again");
                }
                Ok(()) | Err(_) => {}
            }
            Arc::clone(&scim.inbox.came)
        };
        drop(tokio::time::timeout(LOOK, came.notified()).await);
    }
}

/// Works off what waits, unless somebody else is at it.
async fn round(scim: &Scim, service: &Service) -> Result<(), Error> {
    let opened = service.opened();
    if opened.store.read().await?.oldest_scim_bulk().await?.is_none() {
        return Ok(());
    }
    let ctx = Ctx::new("muster".into(), LEASE.into(), Arc::clone(service.clock()));
    let lease = Lease::take_for_node(&ctx, &opened, LEASE).await?;
    let work = Box::pin(work_off(scim, service));
    let outcome = lease.hold(&ctx, &opened, work).await;
    lease.release(&opened, outcome).await
}

async fn work_off(scim: &Scim, service: &Service) -> Result<(), Error> {
    let mut tx = service.opened().store.begin().await?;
    tx.adopt_scim_bulks(&service.clock().process()).await?;
    tx.commit().await?;
    loop {
        let opened = service.opened();
        let Some(job) = opened.store.read().await?.oldest_scim_bulk().await? else {
            return forget(&opened, service.clock().now()).await;
        };
        carry_out(scim, service, opened, job).await?;
    }
}

/// Forgets results whose time is over.
async fn forget(opened: &Opened, now: Timestamp) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    let before = now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
    tx.forget_scim_bulk_results(KIND, before, FORGOTTEN).await?;
    tx.commit().await?;
    Ok(())
}

/// Works one request off.
async fn carry_out(
    scim: &Scim,
    service: &Service,
    opened: Arc<Opened>,
    id: i64,
) -> Result<(), Error> {
    let mut tx = opened.store.read().await?;
    let (Some(bulk), Some(job)) = (tx.scim_bulk(id).await?, tx.job(id).await?) else {
        return Ok(());
    };
    drop(tx);
    let Job { client, actor, correlation, .. } = job;
    let mut ctx = Ctx::new(actor, correlation, Arc::clone(service.clock()));
    ctx.on_behalf_of = bulk.on_behalf_of;
    let view = View {
        mapping: scim.mapping(&opened),
        client: client.to_string().into(),
        base: bulk.base,
        now: ctx.now(),
        is_inbox: true,
        opened,
        ctx,
    };
    let body: Json = serde_json::from_slice(&bulk.request).unwrap_or_default();
    let done = match Bulk::read(&body) {
        Ok(bulk) => bulk.carry_out(&view, &scim.writer, Some(Ledger { job: id })).await?,
        // It was read before it was taken.
        Err(failure) => {
            let problem = failure.error.detail.unwrap_or_default();
            tracing::error!(problem, job.id = id, "a bulk request of SCIM cannot be read");
            Vec::new()
        }
    };
    let n_failed = done.iter().filter(|done| done.failed()).count();
    let answer = json!({ "operations": done.len(), "failed": n_failed });
    let mut tx = view.opened.store.begin().await?;
    tx.forget_scim_bulk(id).await?;
    tx.end_job(id, view.ctx.now(), 200, answer.to_string().as_bytes()).await?;
    tx.commit().await?;
    Ok(())
}
