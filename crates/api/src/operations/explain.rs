//! Why somebody has something, and what would be.

use muster_app::{
    ModelQuery, Opened, When, compare_models, explain_access, explain_attribute, explain_person,
    json, look_ahead, model_files,
};
use muster_engine::{NoProgress, PlanOptions, make_plan};
use muster_plan::plan_json;
use muster_policy::Right::{PeopleRead, PlansMake};
use muster_web::Problem;
use serde_json::{Value as Json, json};

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
    jobs::Jobs,
};

pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![
        Operation::get(
            (
                "explain.person",
                "/people/{person}/explain",
                "Say why: state, roles, accounts of a person",
            ),
            PeopleRead,
            "map",
            person,
        )
        .query("at:instant* as_of:instant*"),
        Operation::get(
            (
                "explain.access",
                "/people/{person}/explain/access",
                "Say why a person has an account or an entitlement, or not",
            ),
            PeopleRead,
            "map",
            access,
        )
        .query("what:text at:instant* as_of:instant*"),
        Operation::get(
            (
                "explain.attribute",
                "/people/{person}/explain/attribute",
                "Say where a value comes from and where it goes",
            ),
            PeopleRead,
            "map",
            attribute,
        )
        .query("name:text at:instant* as_of:instant*"),
    ];
    all.extend(simulations());
    all
}

/// What would be: by an instant, or with another model.
fn simulations() -> Vec<Operation> {
    vec![
        Operation::job(
            (
                "simulate.ahead",
                "/simulate",
                "Look ahead to an instant: what happens by then if nothing new is heard",
            ),
            PlansMake,
            ahead,
        )
        .body("at:instant"),
        Operation::job(
            (
                "simulate.revision",
                "/simulate-revision",
                "Compare with another revision: who gains and loses what",
            ),
            PlansMake,
            revision,
        )
        .body("revision:int only:text?* who:flag?* limit:limit?* after:cursor?*"),
        Operation::job(
            (
                "simulate.model",
                "/simulate-model",
                "Compare with a model that is sent: who gains and loses what",
            ),
            PlansMake,
            model,
        )
        .body("files:texts only:text?* who:flag?* limit:limit?* after:cursor?*"),
    ]
}

fn when(asked: &Asked) -> When {
    When { at: asked.instant("at"), as_of: asked.instant("as_of") }
}

async fn person(asked: Asked) -> Result<Told, Problem> {
    let opened = of_its_day(&asked).await?;
    let found = explain_person(&asked.ctx, &opened, asked.text("person"), when(&asked)).await?;
    Ok(json::person_explained(&found).into())
}

async fn access(asked: Asked) -> Result<Told, Problem> {
    let opened = of_its_day(&asked).await?;
    let (person, what) = (asked.text("person"), asked.text("what"));
    let found = explain_access(&asked.ctx, &opened, person, what, when(&asked)).await?;
    Ok(json::access_explained(&found).into())
}

async fn attribute(asked: Asked) -> Result<Told, Problem> {
    let opened = of_its_day(&asked).await?;
    let (person, name) = (asked.text("person"), asked.text("name"));
    let found = explain_attribute(&asked.ctx, &opened, person, name, when(&asked)).await?;
    Ok(json::attribute_explained(&found).into())
}

/// The project with the model of the day that is asked about.
async fn of_its_day(asked: &Asked) -> Result<Opened, Problem> {
    Ok(match asked.instant("as_of") {
        Some(at) => asked.opened.as_of(at).await?,
        None => (*asked.opened).clone(),
    })
}

async fn ahead(asked: Asked) -> Result<Told, Problem> {
    let (from, to) = (asked.ctx.now(), asked.instant("at").unwrap_or_else(|| asked.ctx.now()));
    if to <= from {
        return Err(Problem::unprocessable("`at` is not in the future"));
    }
    Jobs::begin(asked, "simulate", move |asked, _| async move {
        let events = look_ahead(&asked.opened, from, to).await?;
        let options = PlanOptions { at: Some(to), ..PlanOptions::default() };
        let made = make_plan(&asked.ctx, &asked.opened, &options, &NoProgress).await?;
        let events: Vec<Json> = events.iter().map(json::event).collect();
        Ok(json!({
            "from": from.to_string(), "to": to.to_string(), "events": events, "plan": plan_json(&made.plan, ""),
        }))
    })
    .await
}

async fn revision(asked: Asked) -> Result<Told, Problem> {
    let other = asked.opened.at_revision(asked.id("revision")).await?;
    compared(asked, other).await
}

async fn model(asked: Asked) -> Result<Told, Problem> {
    let files = model_files(asked.files())?;
    let other = asked.opened.with_files(files, asked.opened.revision).await?;
    compared(asked, other).await
}

/// Who gains and loses what with the other model.
async fn compared(asked: Asked, other: Opened) -> Result<Told, Problem> {
    let query = ModelQuery {
        thing: asked.owned("only"),
        after: asked.after(),
        limit: if asked.flag("who") { asked.limit() } else { 0 },
    };
    Jobs::begin(asked, "simulate", move |asked, _| async move {
        let now = asked.ctx.now();
        let compared = compare_models(&asked.opened, &other, now, &query, &|_| {}).await?;
        if query.limit == 0 {
            return Ok(json::impacts(&compared));
        }
        let items: Vec<Json> = compared.people.iter().map(json::person_impact).collect();
        Ok(json::list(&items, compared.next.map(cursor).as_deref()))
    })
    .await
}
