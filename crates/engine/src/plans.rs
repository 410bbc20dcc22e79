//! Makes plans.
//!
//! A plan can be made for some people, for some systems, or in several parts from one evaluation: one for the systems
//! whose plans are applied at once and one for those where a person decides. Each part is a plan of its own, with its own
//! hash and guards; what is applied is what was shown.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind, Opened, decline_old_drift, expire_orphans};
use muster_model::{EntityId, PlanId, Text};
use muster_plan::{Base, Operation, Plan, SystemRead};
use muster_policy::Held;
use muster_store::{PlanStatus, ReadTx};

use crate::{
    evaluate::{Outcome, evaluate_all, evaluate_some},
    guards, orphan,
    progress::{NoProgress, Progress},
    review::{Decisions, to_be_reviewed},
    settle::{close_drift, save_findings},
};

mod find;
mod keep;
mod narrow;
mod waiting;

pub use find::{cancel_plan, list_plans, load_plan};
pub(crate) use find::{interrupted_plan, short, still_saved, stored_plan};
use keep::save;
pub(crate) use keep::{enqueue, save_made, withdraw};
pub use narrow::narrow_plan;
pub(crate) use waiting::{Waiting, hold_back, hold_refused, leave_known};

const BATCH: usize = 5000;
/// Digits of the hash that name a plan.
const NAME: usize = 8;

/// How a plan is made.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// As if it were this time; such a plan is never saved.
    pub at: Option<Timestamp>,
    /// Only these identities; everybody when empty.
    pub people: Vec<EntityId>,
    /// Only these systems, by name; all when empty.
    pub systems: Vec<Text>,
    /// Keep it, so that it can be applied.
    pub save: bool,
    /// What is in the queue already or failed for good, by identity and system: where a plan would say the same again,
    /// it says nothing.
    pub known: Arc<Known>,
}

/// Operations as they are kept, by identity and system.
pub type Known = BTreeMap<(EntityId, Text), BTreeSet<Vec<u8>>>;

/// What a plan is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The identities; everybody when empty.
    pub people: Vec<EntityId>,
    /// The systems; all when empty.
    pub systems: Vec<Text>,
    /// Identities and systems of whom earlier plans say the same, so that they go on with it.
    pub(crate) queued: BTreeSet<(EntityId, Text)>,
}

impl Scope {
    /// True when nothing is left out.
    pub(crate) fn is_everything(&self) -> bool {
        self.people.is_empty() && self.systems.is_empty()
    }

    /// True when the system is part of it.
    pub(crate) fn has_system(&self, name: &Text) -> bool {
        self.systems.is_empty() || self.systems.contains(name)
    }
}

/// A plan with its name and what became of it.
#[derive(Debug, Clone)]
pub struct MadePlan {
    /// The plan.
    pub plan: Plan,
    /// Its short name.
    pub name: String,
    /// Its id, once saved.
    pub id: Option<PlanId>,
    /// What became of it.
    pub status: PlanStatus,
    /// Identities evaluated for it.
    pub evaluated: u64,
    /// What it is about.
    pub scope: Scope,
    /// Places, from 1, of the operations that wait for a second person, or will when the plan is kept.
    pub reviews: BTreeSet<i64>,
}

/// Evaluates, compares, checks the guards and saves the plan.
///
/// Facts that change while it is made are noticed, and it is made again. A plan without operations is not saved.
pub async fn make_plan(
    ctx: &Ctx,
    opened: &Opened,
    options: &PlanOptions,
    progress: &dyn Progress,
) -> Result<MadePlan, Error> {
    let parts = vec![options.systems.clone()];
    let made = make_plans(ctx, opened, options, &parts, progress).await?.into_iter().next();
    made.ok_or_else(|| Error::bug("a plan of one part has no part"))
}

/// As [`make_plan`], once for each of `parts`, which are lists of systems, from one evaluation.
#[tracing::instrument(name = "use_case", skip_all, fields(otel.name = "plan"))]
pub(crate) async fn make_plans(
    ctx: &Ctx,
    opened: &Opened,
    options: &PlanOptions,
    parts: &[Vec<Text>],
    progress: &dyn Progress,
) -> Result<Vec<MadePlan>, Error> {
    if options.at.is_none() {
        decline_old_drift(ctx, opened).await?;
        expire_orphans(ctx, opened).await?;
    }
    for _ in 0..5 {
        if let Some(made) = try_plans(ctx, opened, options, parts, progress).await? {
            return Ok(made);
        }
    }
    Err(Error::new(Kind::Conflict, "the facts keep changing while the plan is made")
        .hint("try again when less is going on"))
}

/// The plan made again from the facts of now, for the same identities and systems; not saved.
pub(crate) async fn remake(ctx: &Ctx, opened: &Opened, made: &MadePlan) -> Result<MadePlan, Error> {
    let mut people = made.scope.people.clone();
    if people.is_empty() {
        people = made.plan.operations.iter().map(|operation| operation.identity).collect();
        people.sort_unstable();
        people.dedup();
    }
    let systems = made.scope.systems.clone();
    let options = PlanOptions { people, systems, ..PlanOptions::default() };
    make_plan(ctx, opened, &options, &NoProgress).await
}

async fn try_plans(
    ctx: &Ctx,
    opened: &Opened,
    options: &PlanOptions,
    parts: &[Vec<Text>],
    progress: &dyn Progress,
) -> Result<Option<Vec<MadePlan>>, Error> {
    let now = options.at.unwrap_or_else(|| ctx.now());
    let mut tx = opened.store.read().await?;
    let facts_version = tx.facts_version().await?;
    let systems = last_reads(&mut tx, opened).await?;
    let unknown = never_read(&mut tx, opened).await?;
    let waiting = Waiting::load(&mut tx, opened, unknown).await?;
    drop(tx);
    let outcome = if options.people.is_empty() {
        evaluate_all(opened, now, progress.begin("evaluate", None)).await?
    } else {
        evaluate_some(opened, &options.people, now).await?
    };
    let Outcome {
        mut operations,
        mut observed_only,
        drift,
        over,
        evaluations,
        mut effects,
        watching,
        n,
    } = outcome;
    if opened.store.read().await?.facts_version().await? != facts_version {
        return Ok(None);
    }
    if options.at.is_none() && effects.write_facts(ctx, opened).await? {
        return Ok(None);
    }
    let mut tx = opened.store.read().await?;
    orphan::add_deletions(&mut tx, opened, &options.people, (&mut operations, &mut observed_only))
        .await?;
    let decisions = Decisions::load(&mut tx).await?;
    drop(tx);
    if options.at.is_none() && decisions.forget_others(opened, &operations, &options.people).await?
    {
        return Ok(None);
    }
    hold_refused(opened, &mut operations, &decisions);
    if options.at.is_none() {
        save_findings(opened, &evaluations, effects.notes, now).await?;
        if options.people.is_empty() {
            watching.all_known(opened, facts_version).await?;
        }
        close_drift(opened, &over, now).await?;
    }
    let base = Base { revision: opened.revision, facts_version, now, systems };
    let differs = Differences { base, operations, observed_only, drift, waiting };
    let mut plans = Vec::new();
    for part in parts {
        let made = differs.plan(ctx, opened, options, part).await?;
        plans.push(MadePlan { evaluated: n, ..made });
    }
    Ok(Some(plans))
}

/// What differs, of which each part becomes a plan of its own.
struct Differences {
    base: Base,
    operations: Vec<Operation>,
    observed_only: Vec<Operation>,
    drift: Vec<Operation>,
    waiting: Waiting,
}

impl Differences {
    /// The plan for some systems.
    async fn plan(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        options: &PlanOptions,
        systems: &[Text],
    ) -> Result<MadePlan, Error> {
        let (people, systems) = (options.people.clone(), systems.to_vec());
        let mut scope = Scope { people, systems, queued: BTreeSet::new() };
        let operations = leave_known(self.operations.clone(), &options.known, &mut scope);
        let (operations, left_out) = hold_back(opened, operations, &self.waiting, &scope);
        let mut tx = opened.store.read().await?;
        let guards = guards::check(&mut tx, opened, &operations, ctx.now()).await?;
        drop(tx);
        let mut plan = Plan::new(self.base.clone(), operations, self.observed_only.clone(), guards)
            .with_drift(self.drift.clone());
        plan.waiting = left_out;
        let wanted = options.save && options.at.is_none();
        keep(ctx, opened, plan, scope, wanted).await
    }
}

/// Names a plan, and saves it where that is wanted and there is anything to do.
pub(crate) async fn keep(
    ctx: &Ctx,
    opened: &Opened,
    plan: Plan,
    scope: Scope,
    wanted: bool,
) -> Result<MadePlan, Error> {
    let bodies = plan.bodies();
    let hash = plan.hash_of(&bodies);
    let status = if plan.crossed().next().is_some() { PlanStatus::Held } else { PlanStatus::Open };
    let name = hash.chars().take(NAME).collect();
    let mut tx = opened.store.read().await?;
    let reviews = to_be_reviewed(&mut tx, opened, &plan.operations, None).await?;
    drop(tx);
    let reviews = reviews.into_keys().collect();
    let mut made = MadePlan { plan, name, id: None, status, evaluated: 0, scope, reviews };
    if wanted && made.plan.to_do().next().is_some() {
        save(ctx, opened, &mut made, (&hash, bodies), Some(&ctx.actor)).await?;
    }
    Ok(made)
}

pub(crate) async fn last_reads(tx: &mut ReadTx, opened: &Opened) -> Result<Vec<SystemRead>, Error> {
    let mut reads = Vec::new();
    for (system, names) in opened.model.systems.iter().zip(&opened.names.systems) {
        let runs = tx.latest_read_runs(names.no).await?;
        let at = runs.iter().filter_map(|run| run.ended_at).min();
        let complete = !runs.is_empty() && runs.iter().all(|run| run.complete);
        reads.push(SystemRead { system: system.name.clone(), at, complete });
    }
    Ok(reads)
}

/// Targets of which some account type or entitlement kind was never read completely.
pub(crate) async fn never_read(tx: &mut ReadTx, opened: &Opened) -> Result<Vec<Text>, Error> {
    let mut unknown = Vec::new();
    for (system, names) in opened.model.systems.iter().zip(&opened.names.systems) {
        if !system.readable {
            // Nobody can look; what is known is what was done.
            continue;
        }
        let groups =
            system.entitlements.iter().filter(|kind| matches!(kind.held, Held::OnGroup(_)));
        let kinds = groups.map(|kind| format!("entitlement {}", kind.name));
        let accounts = system.accounts.iter().map(|account| format!("account {}", account.name));
        for what in kinds.chain(accounts).collect::<Vec<_>>() {
            if tx.latest_complete_read(names.no, &what).await?.is_none() {
                unknown.push(system.name.clone());
                break;
            }
        }
    }
    Ok(unknown)
}

impl Scope {
    /// The systems of the scope with their numbers.
    fn numbered<'o>(&self, opened: &'o Opened) -> Vec<(&'o Text, i64)> {
        let systems = opened.model.systems.iter().zip(&opened.names.systems);
        systems
            .filter(|(system, _)| self.has_system(&system.name))
            .map(|(system, names)| (&system.name, names.no))
            .collect()
    }

    /// The systems of a scope that is for everybody on some systems.
    pub(crate) fn for_everybody(&self, opened: &Opened) -> Vec<i64> {
        if self.people.is_empty() {
            self.numbered(opened).into_iter().map(|(_, number)| number).collect()
        } else {
            Vec::new()
        }
    }

    /// Every identity with every system of a scope that is for some people, without those that earlier plans go on with.
    pub(crate) fn pairs(&self, opened: &Opened) -> Vec<(EntityId, i64)> {
        let systems = self.numbered(opened);
        let all = self.people.iter().flat_map(|id| systems.iter().map(|system| (*id, *system)));
        all.filter(|(id, (name, _))| !self.queued.contains(&(*id, (*name).clone())))
            .map(|(id, (_, number))| (id, number))
            .collect()
    }
}
