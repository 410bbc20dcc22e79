//! What the parts of the loop on one node share, and how they are ended.

use std::time::Duration;

use muster_app::{Ctx, Opened};
use serde_json::Value as Json;
use tokio::sync::{mpsc, watch};

use super::RunEvent;
use crate::apply::CancelFlag;

/// One node, as its parts see it.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) ctx: Ctx,
    pub(super) opened: Opened,
    pub(super) stop: Stop,
    said: mpsc::UnboundedSender<RunEvent>,
}

/// Ends the parts of a node: each stops after the step it is in.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    /// For what looks at a flag between calls.
    pub(super) flag: CancelFlag,
    signal: watch::Sender<bool>,
}

/// Ends the parts of a node when it is dropped.
pub(super) struct StopOnDrop(pub(super) Stop);

impl Node {
    pub(super) fn new(ctx: &Ctx, opened: &Opened, said: mpsc::UnboundedSender<RunEvent>) -> Self {
        let stop = Stop { flag: CancelFlag::default(), signal: watch::Sender::new(false) };
        Self { ctx: ctx.clone(), opened: opened.clone(), stop, said }
    }

    /// Tells what happened. When nobody hears it any more, nobody has to.
    pub(super) fn say(&self, event: RunEvent) {
        drop(self.said.send(event));
    }

    pub(super) fn tell(&self, what: &'static str, text: String, detail: Json) {
        self.say(RunEvent { at: self.ctx.now(), what, text, detail });
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.flag.is_set()
    }

    /// Waits so long, or until the node is stopped.
    pub(super) async fn pause(&self, length: Duration) {
        drop(tokio::time::timeout(length, self.stop.stopped()).await);
    }
}

impl Stop {
    pub(super) fn set(&self) {
        self.flag.0.store(true, std::sync::atomic::Ordering::Relaxed);
        self.signal.send_replace(true);
    }

    /// Waits until the node is stopped.
    pub(super) async fn stopped(&self) {
        let mut signal = self.signal.subscribe();
        // INVARIANT: the sender is in `self`, so it is there until this returns.
        drop(signal.wait_for(|stopped| *stopped).await);
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.set();
    }
}
