//! `/held`: what guards hold, each with the number that lets it go on.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use muster_app::Ctx;
use muster_engine::{
    NoProgress, list_change_sets, list_plans, load_plan, reject_change_set, release_change_set,
};
use muster_plan::describe_guard;
use muster_policy::Right;
use muster_store::{ChangeSet, ChangeSetId, PlanStatus};
use muster_web::Problem;

use crate::{
    flash::Said,
    frame::{Frame, done, nothing, page},
    moment::Moment,
    visit::Visit,
    work::begun,
};

/// Plans looked at.
const MOST: usize = 1000;

#[derive(Template)]
#[template(path = "held.html")]
struct Page<'v> {
    frame: Frame<'v>,
    plans: Vec<Plan>,
    sets: Vec<Set>,
    may_apply: bool,
    may_release: bool,
}

/// A plan with the guards that it crosses.
struct Plan {
    name: String,
    made_at: Moment,
    n: usize,
    guards: Vec<String>,
}

/// Changes that a source wants to make.
struct Set {
    id: i64,
    system: String,
    made_at: Moment,
    reason: String,
    created: u64,
    updated: u64,
    absent: u64,
}

/// The page.
pub(crate) async fn list(visit: Visit, _ctx: Ctx) -> Result<Response, Problem> {
    let mut plans = Vec::new();
    if visit.may_for_everybody(Right::PlansRead).is_some() {
        let all = list_plans(&visit.opened, MOST, None).await?;
        for held in all.iter().filter(|plan| plan.status == PlanStatus::Held) {
            let made = load_plan(&visit.opened, Some(&held.hash)).await?;
            plans.push(Plan {
                n: made.plan.to_do().count(),
                guards: made.plan.crossed().map(describe_guard).collect(),
                made_at: visit.moment(held.made_at),
                name: made.name,
            });
        }
    }
    let sets = list_change_sets(&visit.opened).await?;
    let template = Page {
        frame: Frame::of(&visit),
        plans,
        sets: sets.iter().map(|set| shown(&visit, set)).collect(),
        may_apply: visit.may_for_everybody(Right::PlansApply).is_some(),
        may_release: visit.may_for_everybody(Right::SyncRun).is_some(),
    };
    page(&visit, &template)
}

fn shown(visit: &Visit, set: &ChangeSet) -> Set {
    let opened = &visit.opened;
    let systems = opened.model.systems.iter().zip(&opened.names.systems);
    let mut reads =
        systems.flat_map(|(system, names)| names.reads.iter().map(move |read| (system, read)));
    let system = reads.find(|(_, read)| read.no == set.read_no);
    Set {
        id: set.id.0,
        system: system.map_or_else(String::new, |(system, _)| system.name.to_string()),
        made_at: visit.moment(set.made_at),
        reason: set.reason.to_string(),
        created: set.counts.n_create,
        updated: set.counts.n_update,
        absent: set.counts.n_absent,
    }
}

fn id(visit: &Visit) -> Result<ChangeSetId, Problem> {
    visit.given.number("id").map(ChangeSetId).ok_or_else(nothing)
}

/// Applies a change set whole, if the number that was typed is the number of records it changes.
pub(crate) async fn release(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let (id, confirm) = (id(&visit)?, visit.given.number("confirm"));
    let opened = Arc::clone(&visit.opened);
    let released =
        begun(async move { release_change_set(&ctx, &opened, id, confirm, &NoProgress).await });
    let said = if released.await?.is_some() { Said::Released } else { Said::Running };
    Ok(done(said, "/held"))
}

/// Throws a change set away.
pub(crate) async fn reject(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    reject_change_set(&ctx, &visit.opened, id(&visit)?).await?;
    Ok(done(Said::Rejected, "/held"))
}
