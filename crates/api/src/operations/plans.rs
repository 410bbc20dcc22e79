//! Plans: made, seen, applied exactly as they were seen.

use muster_engine::{
    ApplyOptions, PlanOptions, apply, cancel_plan, json, list_plans, load_plan, make_plan,
    make_revert, narrow_plan, provision,
};
use muster_model::Text;
use muster_plan::plan_json;
use muster_policy::Right::{PlansApply, PlansMake, PlansRead};
use muster_web::Problem;
use serde_json::{Value as Json, json};

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
    jobs::Jobs,
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::list(
            ("plans.list", "/plans", "List kept plans, the newest first"),
            PlansRead,
            "@Plan",
            list,
        )
        .paged(),
        Operation::job(
            (
                "plans.make",
                "/plans",
                "Make a plan: the exact list of changes that make every system right",
            ),
            PlansMake,
            make,
        )
        .body("people:text[]* at:instant?* save:flag*"),
        Operation::get(
            ("plans.get", "/plans/{plan}", "See a plan with its operations"),
            PlansRead,
            "map",
            get,
        )
        .tagged(),
        Operation::job(
            ("plans.apply", "/plans/{plan}/apply", "Do exactly what a plan shows, or refuse"),
            PlansApply,
            carry_out,
        )
        .body("confirm:int"),
        Operation::post(
            ("plans.cancel", "/plans/{plan}/cancel", "Cancel a plan: it can no longer be applied"),
            PlansApply,
            "@Cancelled",
            cancel,
        ),
        Operation::job(
            (
                "plans.revert",
                "/plans/{plan}/revert",
                "Make the plan that undoes what an applied plan did",
            ),
            PlansMake,
            revert,
        )
        .body("save:flag*"),
        Operation::job(
            (
                "people.provision",
                "/people/{person}/provision",
                "Bring one person's accounts up to date now, and show each step",
            ),
            PlansApply,
            bring_up,
        )
        .body("systems:text[]*"),
    ]
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let limit = asked.limit();
    let plans = list_plans(&asked.opened, limit, asked.after()).await?;
    let next = plans.last().filter(|_| plans.len() == limit).map(|last| cursor(last.id.0));
    let mut items: Vec<Json> = plans.iter().map(json::kept_plan).collect();
    if !asked.ctx.reach.is_everybody() {
        // Its numbers are about everybody.
        for plan in &mut items {
            put(plan, "summary", Json::Null);
        }
    }
    Ok(muster_app::json::list(&items, next.as_deref()).into())
}

async fn get(asked: Asked) -> Result<Told, Problem> {
    let mut made = load_plan(&asked.opened, Some(asked.text("plan"))).await?;
    let hash = made.plan.hash();
    narrow_plan(&asked.ctx, &asked.opened, &mut made.plan).await?;
    let mut document = plan_json(&made.plan, &made.name);
    put(&mut document, "hash", hash.into());
    put(&mut document, "status", made.status.word().into());
    Ok(document.into())
}

fn put(document: &mut Json, name: &str, value: Json) {
    if let Json::Object(map) = document {
        map.insert(name.to_owned(), value);
    }
}

async fn make(asked: Asked) -> Result<Told, Problem> {
    let mut people = Vec::new();
    for person in asked.texts("people") {
        people.push(asked.person(&person).await?);
    }
    let at = asked.instant("at");
    let whole = at.is_none() && people.is_empty();
    let save = asked.values.get("save").and_then(Json::as_bool).unwrap_or(whole) && at.is_none();
    let options = PlanOptions { at, people, save, ..PlanOptions::default() };
    Jobs::begin(asked, "plan", move |asked, running| async move {
        let made = make_plan(&asked.ctx, &asked.opened, &options, &running).await?;
        Ok(plan_json(&made.plan, &made.name))
    })
    .await
}

async fn carry_out(asked: Asked) -> Result<Told, Problem> {
    // What cannot be applied is refused at once, not by a job that fails.
    let made = load_plan(&asked.opened, Some(asked.text("plan"))).await?;
    let n = i64::try_from(made.plan.to_do().count()).unwrap_or(i64::MAX);
    if asked.int("confirm") != Some(n) {
        let error = muster_app::Error::new(
            muster_app::Kind::Held,
            format!("plan {} has {n} changes, which `confirm` has to say", made.name),
        );
        return Err(error.hint("look at it again").into());
    }
    Jobs::begin(asked, "apply", move |asked, running| async move {
        let options = ApplyOptions { confirm: asked.confirm(), ..ApplyOptions::default() };
        let cancel = running.cancel();
        let name = &made.name;
        let report =
            apply(&asked.ctx, &asked.opened, Some(name), &options, &running, &cancel).await?;
        Ok(json::applied(&report, name))
    })
    .await
}

async fn cancel(asked: Asked) -> Result<Told, Problem> {
    let name = asked.text("plan");
    cancel_plan(&asked.ctx, &asked.opened, name).await?;
    Ok(json!({ "plan": name, "status": "cancelled" }).into())
}

async fn revert(asked: Asked) -> Result<Told, Problem> {
    load_plan(&asked.opened, Some(asked.text("plan"))).await?;
    Jobs::begin(asked, "revert", |asked, _| async move {
        let save = asked.values.get("save").and_then(Json::as_bool).unwrap_or(true);
        let revert = make_revert(&asked.ctx, &asked.opened, asked.text("plan"), save).await?;
        Ok(json::reverted(&revert))
    })
    .await
}

async fn bring_up(asked: Asked) -> Result<Told, Problem> {
    let systems = asked.texts("systems");
    for system in &systems {
        asked.opened.system_named(system)?;
    }
    let person = asked.person(asked.text("person")).await?;
    Jobs::begin(asked, "provision", move |asked, _| async move {
        let systems: Vec<Text> = systems.into_iter().map(Text::from).collect();
        let steps = provision(&asked.ctx, &asked.opened, person, &systems).await?;
        let is_done = steps.iter().all(|step| step.ok);
        let steps: Vec<Json> = steps.iter().map(json::provision_step).collect();
        Ok(json!({ "person": asked.text("person"), "done": is_done, "steps": steps }))
    })
    .await
}
