//! Tells people beside everything else: a mail server or a chat that hangs holds up what is told and nothing more, not even the end
//! of the loop.

use std::time::Duration;

use muster_app::{Ctx, Error, Kind, Opened};
use muster_governance::{RequestTeller, Teller, send_notices};
use muster_review::ReviewTeller;

use super::{LOOK, node::Node};
use crate::{
    forms::FormTeller,
    guests::{GuestTeller, send_applications},
    lease::Lease,
};

/// How often is looked for what is to be told later or again.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Sends until the node is stopped; on one node at a time. What is on its way then is sent again by whoever goes on.
pub(super) async fn run(node: &Node) -> Result<(), Error> {
    let (ctx, opened) = (&node.ctx, &node.opened);
    while !node.is_stopped() {
        let lease = match Lease::take_for_node(ctx, opened, "letters").await {
            Ok(lease) => lease,
            Err(error) if error.kind() == Kind::Busy => {
                node.pause(LOOK).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        let outcome = Box::pin(lease.hold(ctx, opened, keep_sending(node))).await;
        return lease.release(opened, outcome).await;
    }
    Ok(())
}

async fn keep_sending(node: &Node) -> Result<(), Error> {
    let mut wake = node.opened.store.wake();
    while !node.is_stopped() {
        tokio::select! {
            sent = send(&node.ctx, &node.opened) => sent?,
            () = node.stop.stopped() => return Ok(()),
        }
        tokio::select! {
            () = wake.changed() => {}
            () = node.pause(LOOK_AGAIN) => {}
        }
    }
    Ok(())
}

/// Sends what is due now.
pub(super) async fn send(ctx: &Ctx, opened: &Opened) -> Result<(), Error> {
    let tellers: [&dyn Teller; 4] = [&RequestTeller, &ReviewTeller, &FormTeller, &GuestTeller];
    send_notices(ctx, opened, &tellers).await?;
    send_applications(ctx, opened).await
}
