//! Posts events to webhooks, each on its own, so that one that fails holds up no other.

use std::time::Duration;

use jiff::Timestamp;
use muster_app::{Error, Kind};
use muster_policy::Webhook;
use tokio::task::JoinSet;

use super::{LOOK, node::Node, passes};
use crate::{
    lease::Lease,
    webhooks::{Delivered, deliver, of_webhook},
};

/// How often is looked whether somebody lets a webhook begin again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Posts until the node is stopped.
pub(super) async fn run(node: &Node) -> Result<(), Error> {
    let mut posting = JoinSet::new();
    for webhook in node.opened.model.webhooks.clone() {
        let node = node.clone();
        posting.spawn(async move { keep_posting(&node, &webhook).await });
    }
    while let Some(ended) = posting.join_next().await {
        ended.map_err(|error| Error::bug("a webhook's run ended early").caused_by(error))??;
    }
    node.stop.stopped().await;
    Ok(())
}

async fn keep_posting(node: &Node, webhook: &Webhook) -> Result<(), Error> {
    while !node.is_stopped() {
        match post(node, webhook).await {
            Ok(()) => {}
            Err(error) if passes(&error) => node.pause(LOOK_AGAIN).await,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn post(node: &Node, webhook: &Webhook) -> Result<(), Error> {
    let (ctx, opened) = (&node.ctx, &node.opened);
    let lease = match Lease::take_for_node(ctx, opened, &of_webhook(&webhook.name)).await {
        Ok(lease) => lease,
        Err(error) if error.kind() == Kind::Busy => {
            node.pause(LOOK).await;
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let work = async {
        let mut wake = opened.store.wake();
        while !node.is_stopped() {
            match deliver(ctx, opened, &lease, webhook).await? {
                Delivered::Something => {}
                Delivered::Later(at) => node.pause(until(at, ctx.now()).min(LOOK_AGAIN)).await,
                Delivered::Disabled => node.pause(LOOK_AGAIN).await,
                Delivered::Nothing => {
                    tokio::select! {
                        () = wake.changed() => {}
                        () = node.pause(LOOK) => {}
                    }
                }
            }
        }
        Ok(())
    };
    let outcome = lease.hold(ctx, opened, work).await;
    lease.release(opened, outcome).await
}

fn until(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO)
}
