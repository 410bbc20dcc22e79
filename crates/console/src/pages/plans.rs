//! `/plans`: plans, made, seen in three zooms, applied exactly as they were seen.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::response::Response;
use muster_app::{Ctx, name_person};
use muster_engine::{
    ApplyOptions, CancelFlag, MadePlan, NoProgress, PlanOptions, apply, cancel_plan, list_plans,
    load_plan, make_plan, narrow_plan,
};
use muster_plan::{Operation, describe_guard};
use muster_policy::Right;
use muster_store::PlanStatus;
use muster_web::Problem;

use super::{Pager, ahead::Row, part_of};
use crate::{
    flash::Said,
    frame::{Frame, done, page},
    given::ROWS,
    moment::Moment,
    texts::WorkTexts,
    visit::Visit,
    work::begun,
};

/// Operations shown of each group.
const SHOWN: usize = 4;

#[derive(Template)]
#[template(path = "plans.html")]
struct List<'v> {
    frame: Frame<'v>,
    plans: Vec<Plan>,
    may_make: bool,
    pager: Pager,
}

struct Plan {
    href: String,
    name: String,
    status: &'static str,
    is_held: bool,
    made_at: Moment,
    made_by: String,
}

#[derive(Template)]
#[template(path = "plan.html")]
struct One<'v> {
    frame: Frame<'v>,
    name: &'v str,
    status: &'static str,
    base: Base,
    zooms: Vec<Zoom>,
    sums: Vec<Sum>,
    groups: Vec<Group>,
    operations: Vec<Row>,
    guards: Vec<(String, bool)>,
    /// The number that confirms it, for who may apply it.
    apply: Option<usize>,
    may_cancel: bool,
    pager: Pager,
}

/// What the plan was made from.
struct Base {
    revision: i64,
    at: Moment,
    reads: Vec<(String, Option<Moment>, bool)>,
}

struct Zoom {
    href: String,
    label: &'static str,
    is_here: bool,
}

/// Operations of one kind on one system.
struct Sum {
    system: String,
    kind: &'static str,
    n: usize,
}

struct Group {
    heading: String,
    n: usize,
    operations: Vec<Row>,
}

/// How near one looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Near {
    Sum,
    Rule,
    Person,
    System,
    Operations,
}

const NEARS: [(&str, Near); 5] = [
    ("sum", Near::Sum),
    ("rule", Near::Rule),
    ("person", Near::Person),
    ("system", Near::System),
    ("operations", Near::Operations),
];

/// The list.
pub(crate) async fn list(visit: Visit, _ctx: Ctx) -> Result<Response, Problem> {
    let plans = list_plans(&visit.opened, ROWS, visit.given.number("after")).await?;
    let next = plans.last().filter(|_| plans.len() == ROWS).map(|last| last.id.0.to_string());
    let template = List {
        frame: Frame::of(&visit),
        plans: plans.iter().map(|plan| row(&visit, plan)).collect(),
        may_make: visit.may_for_everybody(Right::PlansMake).is_some(),
        pager: Pager::new("/plans", &visit.given, &[], next),
    };
    page(&visit, &template)
}

fn row(visit: &Visit, plan: &muster_store::Plan) -> Plan {
    let name: String = plan.hash.chars().take(8).collect();
    Plan {
        href: format!("/plans/{name}"),
        name,
        status: status(&visit.texts.work, plan.status),
        is_held: plan.status == PlanStatus::Held,
        made_at: visit.moment(plan.made_at),
        made_by: plan.made_by.to_string(),
    }
}

/// The status as it is shown.
pub(crate) fn status(texts: &WorkTexts, status: PlanStatus) -> &'static str {
    match status {
        PlanStatus::Open => texts.open,
        PlanStatus::Held => texts.held,
        PlanStatus::Applying => texts.applying,
        PlanStatus::Done => texts.applied,
        PlanStatus::Stale => texts.stale,
        PlanStatus::Cancelled => texts.cancelled,
    }
}

/// One plan, as near as one looks.
pub(crate) async fn show(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let mut made = load_plan(&visit.opened, Some(visit.given.text("plan"))).await?;
    narrow_plan(&ctx, &visit.opened, &mut made.plan).await?;
    let path = format!("/plans/{}", made.name);
    let word = visit.given.text("zoom");
    let near = NEARS.iter().find(|(known, _)| *known == word).map_or(Near::Sum, |(_, near)| *near);
    let all: Vec<&Operation> = made.plan.operations.iter().collect();
    let part = part_of(if near == Near::Operations { all } else { Vec::new() }, &visit.given);
    let groups = part_of(groups(&visit, &made, near), &visit.given);
    let next = part.next.or(groups.next).map(|next| next.to_string());
    let pager = Pager::new(&path, &visit.given, &["zoom"], next);
    let texts = &visit.texts.work;
    let labels = [texts.sum, texts.by_rule, texts.by_person, texts.by_system, texts.one_by_one];
    let zooms = NEARS.iter().zip(labels).map(|((word, of), label)| Zoom {
        href: format!("{path}?zoom={word}"),
        label,
        is_here: *of == near,
    });
    let waits = matches!(made.status, PlanStatus::Open | PlanStatus::Held);
    let may_apply = visit.may_for_everybody(Right::PlansApply).is_some();
    let template = One {
        frame: Frame::of(&visit),
        name: &made.name,
        status: status(texts, made.status),
        base: base(&visit, &made),
        zooms: zooms.collect(),
        sums: if near == Near::Sum { sums(&made) } else { Vec::new() },
        groups: groups.items,
        operations: part.items.iter().map(|one| Row::of(&visit, one)).collect(),
        guards: made
            .plan
            .guards
            .iter()
            .map(|guard| (describe_guard(guard), guard.is_crossed()))
            .collect(),
        apply: (waits && may_apply).then(|| made.plan.to_do().count()),
        may_cancel: may_apply && (waits || made.status == PlanStatus::Stale),
        pager,
    };
    page(&visit, &template)
}

fn base(visit: &Visit, made: &MadePlan) -> Base {
    let of = &made.plan.base;
    let reads = of
        .systems
        .iter()
        .map(|read| (read.system.to_string(), visit.maybe(read.at), read.complete));
    Base { revision: of.revision, at: visit.moment(of.now), reads: reads.collect() }
}

fn sums(made: &MadePlan) -> Vec<Sum> {
    let mut counts: BTreeMap<(&str, &'static str), usize> = BTreeMap::new();
    for operation in made.plan.to_do() {
        *counts.entry((&operation.target.system, operation.kind.name())).or_default() += 1;
    }
    let sum = |((system, kind), n): ((&str, &'static str), usize)| Sum {
        system: system.to_owned(),
        kind,
        n,
    };
    counts.into_iter().map(sum).collect()
}

fn groups(visit: &Visit, made: &MadePlan, near: Near) -> Vec<Group> {
    let heading = |operation: &Operation| match near {
        Near::Person => operation.subject.to_string(),
        Near::System => operation.target.system.to_string(),
        Near::Sum | Near::Rule | Near::Operations => {
            let reason = &operation.reason;
            reason
                .at
                .as_ref()
                .map_or_else(|| reason.text.to_string(), |at| format!("{} ({at})", reason.text))
        }
    };
    let mut groups: BTreeMap<String, Vec<&Operation>> = BTreeMap::new();
    if matches!(near, Near::Rule | Near::Person | Near::System) {
        for operation in &made.plan.operations {
            groups.entry(heading(operation)).or_default().push(operation);
        }
    }
    let group = |(heading, all): (String, Vec<&Operation>)| Group {
        heading,
        n: all.len(),
        operations: all.iter().take(SHOWN).map(|one| Row::of(visit, one)).collect(),
    };
    groups.into_iter().map(group).collect()
}

/// Makes a plan for everybody, or for one person.
pub(crate) async fn make(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let mut people = Vec::new();
    match visit.given.filled("person") {
        Some(person) => people.push(name_person(&ctx, &visit.opened, &person).await?.0),
        // A plan about everybody is made by who reaches everybody.
        None if !ctx.reach.is_everybody() => return Err(crate::frame::nothing()),
        None => {}
    }
    let options = PlanOptions { people, save: true, ..PlanOptions::default() };
    let opened = Arc::clone(&visit.opened);
    let made = begun(async move { make_plan(&ctx, &opened, &options, &NoProgress).await }).await?;
    Ok(match made {
        Some(made) if made.plan.operations.is_empty() => done(Said::Nothing, "/plans"),
        Some(made) => done(Said::Made, &format!("/plans/{}", made.name)),
        None => done(Said::Running, "/plans"),
    })
}

/// Does exactly what the plan shows, if the number that was typed is the number of its operations.
pub(crate) async fn carry_out(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let made = load_plan(&visit.opened, Some(visit.given.text("plan"))).await?;
    let n = u64::try_from(made.plan.to_do().count()).unwrap_or(u64::MAX);
    let confirm: Option<u64> = visit.given.number("confirm");
    if confirm != Some(n) {
        let held = muster_app::Error::new(
            muster_app::Kind::Held,
            format!("plan {} has {n} changes, and another number was typed", made.name),
        );
        return Err(held.into());
    }
    let (opened, name) = (Arc::clone(&visit.opened), made.name.clone());
    let options = ApplyOptions { confirm, ..ApplyOptions::default() };
    let applied = begun(async move {
        apply(&ctx, &opened, Some(&name), &options, &NoProgress, &CancelFlag::default()).await
    });
    let said = if applied.await?.is_some() { Said::Applied } else { Said::Running };
    Ok(done(said, &format!("/plans/{}", made.name)))
}

/// Throws a plan away.
pub(crate) async fn cancel(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let name = visit.given.text("plan");
    cancel_plan(&ctx, &visit.opened, name).await?;
    Ok(done(Said::Cancelled, "/plans"))
}
