//! Works the queue off: for each system that something may be done on, one run at a time, on a thread of its own.
//!
//! A system is whoever's holds its lease; several nodes share the systems. One that is slow or hangs holds up nobody
//! else's orders.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use muster_app::{EntitlementIndex, Error, Kind};
use muster_model::PlanId;
use muster_store::Work;
use tokio::{task::JoinSet, time::Instant};

use super::{LOOK, Runner, node::Node, passes, retry::left_alone};
use crate::{
    apply::work_off,
    lease::{Lease, of_system},
    progress::NoProgress,
    target::{Answered, Target},
};

/// Changes of this time go out together.
const GATHER: Duration = Duration::from_millis(5);
/// A system on which nothing could be done, or that another node has, is looked at again after this time.
const REST: Duration = Duration::from_millis(500);

/// While there is more to do on a system, what was done is confirmed so often.
const CONFIRM: Duration = Duration::from_millis(500);

/// What a run on one system came to.
enum Worked {
    /// Something was done; perhaps there is more.
    Something,
    /// Nothing could be done now, or another node is at it.
    Nothing,
}

/// Works until the node is stopped.
pub(super) async fn run(node: &Node) -> Result<(), Error> {
    let mut wake = node.opened.store.wake();
    let mut running: JoinSet<(i64, Result<Worked, Error>)> = JoinSet::new();
    let mut busy: BTreeSet<i64> = BTreeSet::new();
    let mut resting: BTreeMap<i64, Instant> = BTreeMap::new();
    while !node.is_stopped() {
        resting.retain(|_, until| *until > Instant::now());
        for (system_no, plans) in ready(node).await? {
            if resting.contains_key(&system_no) || !busy.insert(system_no) {
                continue;
            }
            let (node, handle) = (node.clone(), tokio::runtime::Handle::current());
            running.spawn_blocking(move || {
                (system_no, handle.block_on(work_on(&node, system_no, &plans)))
            });
        }
        tokio::select! {
            Some(ended) = running.join_next() => {
                let (system_no, outcome) = ended
                    .map_err(|error| Error::bug("a system's run ended early").caused_by(error))?;
                busy.remove(&system_no);
                match outcome {
                    Ok(Worked::Something) => {}
                    Ok(Worked::Nothing) => {
                        resting.insert(system_no, Instant::now() + REST);
                    }
                    Err(error) if passes(&error) => {
                        resting.insert(system_no, Instant::now() + REST);
                    }
                    Err(error) => return Err(error),
                }
            }
            () = wake.changed() => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(LOOK) => {}
            () = node.stop.stopped() => {}
        }
    }
    while running.join_next().await.is_some() {}
    Ok(())
}

/// What may be done now, by system; nothing for those that are left alone.
async fn ready(node: &Node) -> Result<BTreeMap<i64, Vec<PlanId>>, Error> {
    let now = node.ctx.now();
    let mut tx = node.opened.store.read().await?;
    let work = tx.work(now).await?;
    if work.is_empty() {
        return Ok(BTreeMap::new());
    }
    let left_alone = left_alone(&tx.system_health().await?, now);
    let mut ready: BTreeMap<i64, Vec<PlanId>> = BTreeMap::new();
    for Work { system_no, plan } in work {
        if !left_alone.contains(&system_no) {
            ready.entry(system_no).or_default().push(plan);
        }
    }
    Ok(ready)
}

async fn work_on(node: &Node, system_no: i64, plans: &[PlanId]) -> Result<Worked, Error> {
    let (ctx, opened) = (&node.ctx, &node.opened);
    let position = opened.names.systems.iter().position(|names| names.no == system_no);
    let system = position.and_then(|position| opened.model.systems.get(position));
    // What the model no longer has is nobody's to do.
    let Some((position, system)) = position.zip(system) else { return Ok(Worked::Nothing) };
    let lease = match Lease::take_for_node(ctx, opened, &of_system(&system.name)).await {
        Ok(lease) => Arc::new(lease),
        Err(error) if error.kind() == Kind::Busy => return Ok(Worked::Nothing),
        Err(error) => return Err(error),
    };
    let work = async {
        let listener = |event: &super::RunEvent| node.say(event.clone());
        let teller = Runner::new(ctx, opened, &listener, &node.stop.flag);
        let mut worked = Worked::Nothing;
        let mut confirmed = Instant::now();
        for plan in plans {
            if node.is_stopped() {
                break;
            }
            let applied = work_off(ctx, opened, &lease, (*plan, position), &node.stop.flag).await?;
            teller.tell_applied(&applied);
            if applied.did_something() {
                worked = Worked::Something;
            }
            if !applied.quarantined.is_empty() {
                return Ok(worked);
            }
            if matches!(worked, Worked::Something) && confirmed.elapsed() > CONFIRM {
                ask(node, position).await?;
                confirmed = Instant::now();
            }
        }
        if matches!(worked, Worked::Something) {
            ask_for_all(node, (position, system_no)).await?;
        }
        Ok(worked)
    };
    let outcome = Box::pin(lease.hold(ctx, opened, work)).await;
    lease.release(opened, outcome).await
}

/// Confirms what was just done, until all of it is or there is something else to do on the system.
async fn ask_for_all(node: &Node, (position, system_no): (usize, i64)) -> Result<(), Error> {
    loop {
        let Answered { verified, is_more } = ask(node, position).await?;
        let is_over = !is_more || verified == 0 || node.is_stopped();
        if is_over || ready(node).await?.contains_key(&system_no) {
            return Ok(());
        }
    }
}

/// Confirms what was just done, where that costs the system nothing that its rate would count.
async fn ask(node: &Node, position: usize) -> Result<Answered, Error> {
    let (ctx, opened) = (&node.ctx, &node.opened);
    let asked = opened.model.systems.get(position);
    let Some(system) = asked.filter(|system| system.readable && system.work.rate.is_none()) else {
        return Ok(Answered::default());
    };
    let Ok(connector) = opened.connect(system) else { return Ok(Answered::default()) };
    let mut tx = opened.store.read().await?;
    let mut index = EntitlementIndex::load_of(&mut tx, opened, position).await?;
    drop(tx);
    let connector = connector.as_ref();
    Target { ctx, opened, system, connector, progress: &NoProgress }.ask(&mut index).await
}
