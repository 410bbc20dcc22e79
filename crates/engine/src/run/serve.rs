//! The loop on one node of perhaps several: its parts side by side, each on a thread of its own.
//!
//! One plans for whoever changed, one works the queue off, one does what has its times: reads, probes, workflows; one
//! posts events, one sends mail. What only one node may do at a time is guarded by a lease that is soon free when its node is lost. No node leads.

use std::time::Duration;

use muster_app::{Ctx, Error, Opened};
use serde_json::json;
use tokio::{sync::mpsc, task::JoinSet};

use super::{
    AFTER_TROUBLE, LOOK, Listener, RunEnd, RunOptions, hands, letters,
    node::{Node, StopOnDrop},
    passes, planner, posts, rounds,
};
use crate::apply::CancelFlag;

/// How often it is asked whether the model changed when nothing calls.
const ASK_FOR_MODEL: Duration = Duration::from_secs(2);

/// A part of the loop.
#[derive(Debug, Clone, Copy)]
enum Part {
    Plans,
    Hands,
    Rounds,
    Posts,
    Letters,
}

/// Runs until it is stopped, the time is up or the model changed.
pub(super) async fn serve(
    ctx: &Ctx,
    opened: &Opened,
    options: RunOptions,
    listener: Listener<'_>,
    cancel: &CancelFlag,
) -> Result<RunEnd, Error> {
    let (said, mut heard) = mpsc::unbounded_channel();
    let node = Node::new(ctx, opened, said);
    let _stop = StopOnDrop(node.stop.clone());
    let mut parts = JoinSet::new();
    let handle = tokio::runtime::Handle::current();
    for part in [Part::Plans, Part::Hands, Part::Rounds, Part::Posts, Part::Letters] {
        let (node, handle) = (node.clone(), handle.clone());
        parts.spawn_blocking(move || handle.block_on(keep_going(&node, part)));
    }
    let mut end = {
        let mut watching = std::pin::pin!(watch(ctx, opened, options, cancel));
        loop {
            tokio::select! {
                Some(event) = heard.recv() => listener(&event),
                end = &mut watching => break end,
                Some(ended) = parts.join_next() => {
                    break joined(ended).map(|()| RunEnd::Stopped);
                }
            }
        }
    };
    node.stop.set();
    drop(node);
    while let Some(event) = heard.recv().await {
        listener(&event);
    }
    while let Some(ended) = parts.join_next().await {
        let ended = joined(ended);
        end = end.and_then(|end| ended.map(|()| end));
    }
    end
}

fn joined(ended: Result<Result<(), Error>, tokio::task::JoinError>) -> Result<(), Error> {
    ended.map_err(|error| Error::bug("a part of the loop ended early").caused_by(error))?
}

/// Does a part again and again: what fails may be over when it is tried again.
async fn keep_going(node: &Node, part: Part) -> Result<(), Error> {
    while !node.is_stopped() {
        let outcome = match part {
            Part::Plans => Box::pin(planner::run(node)).await,
            Part::Hands => hands::run(node).await,
            Part::Rounds => Box::pin(rounds::run(node)).await,
            Part::Posts => posts::run(node).await,
            Part::Letters => Box::pin(letters::run(node)).await,
        };
        match outcome {
            Ok(()) => {}
            Err(error) if passes(&error) => {
                node.tell("trouble", error.to_string(), json!({ "error": error.to_string() }));
                node.pause(Duration::try_from(AFTER_TROUBLE).unwrap_or(LOOK)).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Waits for a reason to end.
async fn watch(
    ctx: &Ctx,
    opened: &Opened,
    options: RunOptions,
    cancel: &CancelFlag,
) -> Result<RunEnd, Error> {
    let mut ask = tokio::time::Instant::now();
    loop {
        if cancel.is_set() {
            return Ok(RunEnd::Stopped);
        }
        let now = ctx.now();
        if options.until.is_some_and(|until| now >= until) {
            return Ok(RunEnd::Done);
        }
        if ask.elapsed() >= ASK_FOR_MODEL {
            ask = tokio::time::Instant::now();
            match super::model_changed(opened).await {
                Ok(true) => return Ok(RunEnd::ModelChanged),
                Err(error) if !passes(&error) => return Err(error),
                Ok(false) | Err(_) => {}
            }
        }
        let rest =
            options.until.and_then(|until| Duration::try_from(until.duration_since(now)).ok());
        tokio::time::sleep(rest.map_or(LOOK, |rest| rest.min(LOOK))).await;
    }
}
