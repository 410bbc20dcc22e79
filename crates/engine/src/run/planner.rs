//! Plans for whoever changed, at once: touched identities and those whose time has come are evaluated, and what is to be
//! done for them goes into the queue in the same transaction that notes what was found.
//!
//! Whoever is touched again meanwhile is left out and looked at again, so that nothing goes out for facts that are gone.
//! What a person decides about, on systems in mode `propose` or behind a guard, is planned for all who wait, a moment later.

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use muster_app::{Error, Kind};
use muster_model::{EntityId, Text};
use muster_plan::{Base, Operation, Plan};
use muster_store::{ReadTx, Touched, Tx, WorkflowWatch};
use serde_json::json;
use tokio::time::Instant;

use super::{LOOK, Runner, node::Node, queue::Queued, work::MANY};
use crate::{
    evaluate::{Outcome, evaluate_all, evaluate_some},
    guards::Recent,
    lease::Lease,
    orphan,
    plans::{
        MadePlan, Scope, Waiting, enqueue, hold_back, hold_refused, keep, last_reads, leave_known,
        never_read,
    },
    progress::{NoProgress, Progress as _},
    review::Decisions,
    settle::{save_findings, save_findings_in},
};

/// Changes of this time are planned together.
const GATHER: Duration = Duration::from_millis(5);
/// Plans follow each other no faster: under load each holds several changes, and costs as many writes as one with a single one.
const SPACING: Duration = Duration::from_millis(15);
/// After so long without work, memory that only work needs is given back.
const QUIET: Duration = Duration::from_secs(5);
/// What a person decides about is planned so long after the first change.
const SOON: SignedDuration = SignedDuration::from_secs(1);
/// Planning for all who wait takes no more than one part in so many of the time.
const SHARE: i32 = 20;
/// More findings than these are saved before the plan and not with it.
const WITH_PLAN: usize = 5000;
/// Under this name it is kept with which revision everybody was looked at.
const EVERYBODY: &str = "everybody";

/// The planner of the node that holds the lease.
struct Planner<'n> {
    node: &'n Node,
    lease: &'n Lease,
    runner: Runner<'n>,
    recent: Recent,
    /// When all who wait are looked at, and how long that took the last time.
    all_at: Option<Timestamp>,
    all_took: SignedDuration,
    /// Whether nobody was looked at with this revision yet.
    everybody: bool,
    /// Systems that were never read completely; what is to be done there waits.
    unknown: Vec<Text>,
}

/// Who is looked at, and what was known of them before.
struct Looked {
    /// `None`: everybody.
    ids: Option<Vec<EntityId>>,
    touched: BTreeSet<Touched>,
    is_all: bool,
    now: Timestamp,
    base: Base,
    waiting: Waiting,
}

/// What is to be done for those who were looked at.
struct Orders {
    /// On systems in mode `enforce`.
    made: MadePlan,
    /// On those where a person decides, and what of it waits, by system.
    proposed: (Vec<Operation>, Vec<(Text, u64)>),
    proposed_scope: Scope,
}

impl Orders {
    fn is_held(&self) -> bool {
        self.made.plan.crossed().next().is_some()
    }
}

/// Who was touched again since they were looked at.
async fn touched_again(tx: &mut ReadTx, looked: &Looked) -> Result<BTreeSet<EntityId>, Error> {
    let since = match &looked.ids {
        Some(ids) => tx.touched_of(ids).await?,
        None => tx.touched(usize::MAX >> 1).await?,
    };
    let again = since.into_iter().filter(|touched| !looked.touched.contains(touched));
    Ok(again.map(|touched| touched.entity).collect())
}

/// Plans until the node is stopped; on one node at a time.
pub(super) async fn run(node: &Node) -> Result<(), Error> {
    let (ctx, opened) = (&node.ctx, &node.opened);
    while !node.is_stopped() {
        let lease = match Lease::take_for_node(ctx, opened, "plans").await {
            Ok(lease) => lease,
            Err(error) if error.kind() == Kind::Busy => {
                node.pause(LOOK).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        let listener = |event: &super::RunEvent| node.say(event.clone());
        let mut planner = Planner {
            node,
            lease: &lease,
            runner: Runner::new(ctx, opened, &listener, &node.stop.flag),
            recent: Recent::default(),
            all_at: Some(ctx.now()),
            all_took: SignedDuration::ZERO,
            everybody: false,
            unknown: Vec::new(),
        };
        let outcome = Box::pin(lease.hold(ctx, opened, planner.go())).await;
        return lease.release(opened, outcome).await;
    }
    Ok(())
}

impl Planner<'_> {
    async fn go(&mut self) -> Result<(), Error> {
        let mut wake = self.node.opened.store.wake();
        let watch = self.node.opened.store.read().await?.workflow_watch(EVERYBODY).await?;
        self.everybody = watch.is_none_or(|watch| watch.revision != self.node.opened.revision);
        let mut busy_at = Some(Instant::now());
        while !self.node.is_stopped() {
            // What commits from here on calls again.
            drop(tokio::time::timeout(Duration::ZERO, wake.changed()).await);
            let begin = Instant::now();
            if self.look().await? {
                busy_at = Some(begin);
                tokio::time::sleep_until(begin + SPACING).await;
                continue;
            }
            if busy_at.is_some_and(|at| at.elapsed() >= QUIET) {
                busy_at = None;
                self.release_memory();
            }
            tokio::select! {
                () = wake.changed() => tokio::time::sleep(GATHER).await,
                () = tokio::time::sleep(self.rest().await?) => {}
                () = self.node.stop.stopped() => {}
            }
        }
        Ok(())
    }

    /// Gives back what work needed and rest does not.
    fn release_memory(&self) {
        self.node.opened.store.release_memory();
        // The allocator looks for pages to give back when a large piece is freed.
        drop(std::hint::black_box(Vec::<u8>::with_capacity(8 << 20)));
    }

    /// How long nothing is due, as far as is known.
    async fn rest(&self) -> Result<Duration, Error> {
        let due = self.node.opened.store.read().await?.next_change().await?;
        let next = [due, self.all_at].into_iter().flatten().min();
        let now = self.node.ctx.now();
        let rest = next.map(|at| Duration::try_from(at.duration_since(now)).unwrap_or_default());
        Ok(rest.map_or(LOOK, |rest| rest.min(LOOK)))
    }

    /// Looks at whoever is to be looked at now. True when there was somebody.
    async fn look(&mut self) -> Result<bool, Error> {
        let Some(looked) = self.who().await? else { return Ok(false) };
        let (ctx, opened) = (&self.node.ctx, &self.node.opened);
        let mut outcome = match &looked.ids {
            None => evaluate_all(opened, looked.now, NoProgress.begin("evaluate", None)).await?,
            Some(ids) => evaluate_some(opened, ids, looked.now).await?,
        };
        if outcome.effects.write_facts(ctx, opened).await? {
            return Ok(true);
        }
        if looked.is_all {
            let mut tx = opened.store.read().await?;
            let into = (&mut outcome.operations, &mut outcome.observed_only);
            orphan::add_deletions(&mut tx, opened, &[], into).await?;
        }
        let people = looked.ids.as_deref().unwrap_or_default();
        let decisions = Decisions::load(&mut opened.store.read().await?).await?;
        if decisions.forget_others(opened, &outcome.operations, people).await? {
            return Ok(true);
        }
        hold_refused(opened, &mut outcome.operations, &decisions);
        let watching = std::mem::take(&mut outcome.watching);
        let facts_version = looked.base.facts_version;
        let is_everybody = looked.ids.is_none();
        let seen = self.put(looked, outcome).await?;
        if is_everybody && seen {
            watching.all_known(opened, facts_version).await?;
            self.everybody_was_seen(facts_version).await?;
        }
        Ok(true)
    }

    /// Who is to be looked at now; `None` when there is nobody.
    async fn who(&mut self) -> Result<Option<Looked>, Error> {
        let opened = &self.node.opened;
        let now = self.node.ctx.now();
        let mut tx = opened.store.read().await?;
        let touched = tx.touched(MANY + 1).await?;
        let due = tx.due_identities(now, MANY + 1).await?;
        if !self.unknown.is_empty() && never_read(&mut tx, opened).await? != self.unknown {
            self.all_at = Some(now);
        }
        let is_many = touched.len() > MANY || due.len() > MANY;
        let is_all = is_many || self.all_at.is_some_and(|at| at <= now);
        if touched.is_empty() && due.is_empty() && !is_all {
            return Ok(None);
        }
        let facts_version = tx.facts_version().await?;
        let systems = last_reads(&mut tx, opened).await?;
        self.unknown = never_read(&mut tx, opened).await?;
        let waiting = Waiting::load(&mut tx, opened, self.unknown.clone()).await?;
        drop(tx);
        let mut ids: BTreeSet<EntityId> = touched.iter().map(|touched| touched.entity).collect();
        ids.extend(due);
        let mut ids = Some(ids);
        if is_all {
            self.all_at = None;
            ids = match self.runner.affected().await? {
                Some(affected) if !is_many && !self.everybody => {
                    ids.map(|ids| ids.into_iter().chain(affected).collect())
                }
                Some(_) | None => None,
            };
        }
        let base = Base { revision: opened.revision, facts_version, now, systems };
        let (ids, touched) =
            (ids.map(|ids| ids.into_iter().collect()), BTreeSet::from_iter(touched));
        Ok(Some(Looked { ids, touched, is_all, now, base, waiting }))
    }

    async fn everybody_was_seen(&mut self, facts_version: i64) -> Result<(), Error> {
        self.everybody = false;
        let revision = self.node.opened.revision;
        let workflow = EVERYBODY.into();
        let watch = WorkflowWatch { workflow, facts_version, revision, next_due: None };
        let mut tx = self.node.opened.store.begin().await?;
        tx.save_workflow_watch(&watch).await?;
        Ok(tx.commit().await?)
    }

    /// Puts what is to be done into the queue, with what was found. False when somebody is to be looked at again.
    async fn put(&mut self, looked: Looked, mut outcome: Outcome) -> Result<bool, Error> {
        let (ctx, opened, now) = (&self.node.ctx, &self.node.opened, looked.now);
        if outcome.evaluations.len() > WITH_PLAN {
            let notes = std::mem::take(&mut outcome.effects.notes);
            save_findings(opened, &outcome.evaluations, notes, now).await?;
            outcome.evaluations.clear();
        }
        let mut tx = opened.store.begin().await?;
        self.lease.renew(ctx, &mut tx).await?;
        let again = touched_again(&mut tx, &looked).await?;
        outcome.leave_out(&again);
        let mut orders = self.orders(&mut tx, &looked, &mut outcome, &again).await?;
        let Outcome { evaluations, mut effects, over, .. } = outcome;
        save_findings_in(&mut tx, &evaluations, &mut effects.notes, now).await?;
        tx.close_drift(&over, now, "as wanted").await?;
        let mut touched: Vec<Touched> = looked.touched.iter().copied().collect();
        touched.sort_unstable_by_key(|touched| touched.entity);
        tx.looked_at(&touched).await?;
        let goes_out = !orders.is_held() && orders.made.plan.to_do().next().is_some();
        if goes_out {
            enqueue(ctx, opened, &mut tx, &mut orders.made).await?;
        }
        tx.commit().await?;
        if goes_out {
            self.recent.add(&orders.made.plan.operations);
            self.tell_planned(&orders.made);
        }
        self.wait_for_people(looked, orders).await?;
        Ok(again.is_empty())
    }

    /// What goes into the queue, and what a person decides about. Takes back what is overtaken.
    async fn orders(
        &mut self,
        tx: &mut Tx,
        looked: &Looked,
        outcome: &mut Outcome,
        again: &BTreeSet<EntityId>,
    ) -> Result<Orders, Error> {
        let (ctx, opened) = (&self.node.ctx, &self.node.opened);
        let queued = Queued::load(tx, opened, looked.ids.as_deref(), again).await?;
        let mut scope = Scope {
            people: looked.ids.clone().unwrap_or_default(),
            systems: self.runner.enforced.clone(),
            queued: BTreeSet::new(),
        };
        let operations = std::mem::take(&mut outcome.operations);
        let operations = leave_known(operations, &queued.known, &mut scope);
        queued.cancel_overtaken(ctx, tx, &scope.queued).await?;
        let mut waiting = looked.waiting.clone();
        waiting.under_way = queued.under_way;
        let proposed_scope = Scope { systems: self.runner.proposed.clone(), ..scope.clone() };
        // A scope without systems would be one with all of them.
        let of = |scope: &Scope| {
            if scope.systems.is_empty() {
                return (Vec::new(), Vec::new());
            }
            hold_back(opened, operations.clone(), &waiting, scope)
        };
        let (proposed, (enforced, left_out)) = (of(&proposed_scope), of(&scope));
        let guards = self.recent.check(tx, opened, &enforced, looked.now).await?;
        let observed_only = std::mem::take(&mut outcome.observed_only);
        let drift = std::mem::take(&mut outcome.drift);
        let plan = Plan::new(looked.base.clone(), enforced, observed_only, guards);
        let mut plan = plan.with_drift(drift);
        plan.waiting = left_out;
        let mut made = keep(ctx, opened, plan, scope, false).await?;
        made.evaluated = outcome.n;
        Ok(Orders { made, proposed, proposed_scope })
    }

    /// Keeps what a person decides about. It is planned for all who wait; otherwise that is done soon.
    async fn wait_for_people(&mut self, looked: Looked, orders: Orders) -> Result<(), Error> {
        if !looked.is_all {
            let needs_person = orders.is_held() || !orders.proposed.0.is_empty();
            if needs_person && self.all_at.is_none() {
                self.all_at = looked.now.checked_add(SOON.max(self.all_took * SHARE)).ok();
            }
            return Ok(());
        }
        let is_held = orders.is_held();
        let Orders { made, proposed, proposed_scope } = orders;
        let held = if is_held {
            made
        } else {
            let nothing = Plan::new(looked.base.clone(), Vec::new(), Vec::new(), Vec::new());
            keep(&self.node.ctx, &self.node.opened, nothing, made.scope, false).await?
        };
        self.runner.wait_for_person(0, held).await?;
        self.all_took = self.node.ctx.now().duration_since(looked.now);
        self.propose(looked.base, proposed, proposed_scope).await
    }

    /// Keeps the plan for systems where a person decides.
    async fn propose(
        &mut self,
        base: Base,
        (operations, left_out): (Vec<Operation>, Vec<(Text, u64)>),
        scope: Scope,
    ) -> Result<(), Error> {
        if self.runner.proposed.is_empty() {
            return Ok(());
        }
        let (ctx, opened) = (&self.node.ctx, &self.node.opened);
        let mut tx = opened.store.read().await?;
        let guards = self.recent.check(&mut tx, opened, &operations, base.now).await?;
        drop(tx);
        let mut plan = Plan::new(base, operations, Vec::new(), guards);
        plan.waiting = left_out;
        let made = keep(ctx, opened, plan, scope, false).await?;
        self.runner.wait_for_person(1, made).await
    }

    fn tell_planned(&self, made: &MadePlan) {
        let (name, n) = (&made.name, made.plan.to_do().count());
        self.node.tell(
            "plan",
            format!("plan {name}: {n} operations"),
            json!({ "plan": name, "operations": n, "people": made.evaluated }),
        );
    }
}
