//! What has its times: probes of systems that were ill, reads, workflows, retention.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use muster_app::{Error, Kind, decline_old_drift, expire_orphans};

use super::{LOOK, Runner, node::Node};
use crate::{lease::Lease, progress::NoProgress, workflows::run_due_workflows};

/// What follows from changes beside plans may take a little longer.
const AFTER_CHANGE: Duration = Duration::from_secs(1);
/// How often is looked for what no time is known of.
const LOOK_FOR_MORE: Duration = Duration::from_secs(5);

/// Goes round until the node is stopped; on one node at a time.
pub(super) async fn run(node: &Node) -> Result<(), Error> {
    let (ctx, opened) = (&node.ctx, &node.opened);
    while !node.is_stopped() {
        let lease = match Lease::take_for_node(ctx, opened, "rounds").await {
            Ok(lease) => Arc::new(lease),
            Err(error) if error.kind() == Kind::Busy => {
                node.pause(LOOK).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        let outcome = Box::pin(lease.hold(ctx, opened, go_round(node))).await;
        return lease.release(opened, outcome).await;
    }
    Ok(())
}

async fn go_round(node: &Node) -> Result<(), Error> {
    let listener = |event: &super::RunEvent| node.say(event.clone());
    let mut runner = Runner::new(&node.ctx, &node.opened, &listener, &node.stop.flag);
    let mut wake = node.opened.store.wake();
    while !node.is_stopped() {
        runner.probe().await?;
        runner.read().await?;
        let now = node.ctx.now();
        decline_old_drift(&node.ctx, &node.opened).await?;
        expire_orphans(&node.ctx, &node.opened).await?;
        runner.requests().await?;
        Box::pin(run_due_workflows(&node.ctx, &node.opened, now, &NoProgress)).await?;
        runner.forget(now).await?;
        runner.watch().await?;
        let next = [runner.next_read(now).await?, runner.next_probe().await?];
        let next = next.into_iter().flatten().min().map_or(LOOK_FOR_MORE, |at| until(at, now));
        tokio::select! {
            () = wake.changed() => node.pause(AFTER_CHANGE).await,
            () = node.pause(next.min(LOOK_FOR_MORE)) => {}
        }
    }
    Ok(())
}

fn until(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO)
}
