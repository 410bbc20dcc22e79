//! People and other entities: see them, and change those that no system of record keeps.

use axum::http::Method;
use muster_app::{PeopleQuery, Person, entity_history, json, list_people, see_person};
use muster_engine::{
    LocalChange, LocalVerb, change_local, confirm_local, end_local,
    json::{entered, template_column},
    template,
};
use muster_model::Text;
use muster_plan::json_value;
use muster_policy::Right::{PeopleRead, PeopleWrite};
use muster_web::Problem;
use serde_json::{Value as Json, json};

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
};

pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![
        Operation::list(
            ("people.list", "/people", "List people, or other entities"),
            PeopleRead,
            "@Person",
            list,
        )
        .query("where:text* type:text* as_of:instant*")
        .paged(),
        Operation::get(
            ("people.count", "/people-count", "Count people, or other entities"),
            PeopleRead,
            "@Count",
            count,
        )
        .query("where:text* type:text* as_of:instant*"),
        Operation::get(
            ("people.get", "/people/{person}", "See a person"),
            PeopleRead,
            "@Person",
            get,
        )
        .tagged(),
        Operation::get(
            (
                "people.history",
                "/people/{person}/history",
                "See what was known of a person, version by version",
            ),
            PeopleRead,
            "@History",
            history,
        ),
        Operation::post(
            ("people.add", "/people", "Add an entity that no system of record keeps"),
            PeopleWrite,
            "@Changed",
            add,
        )
        .body("type:text values:values")
        .makes(),
        Operation::post(
            ("people.edit", "/people/{person}", "Change what no system of record says of a person"),
            PeopleWrite,
            "@Changed",
            edit,
        )
        .with(Method::PATCH)
        .body("values:values"),
        Operation::post(
            ("people.remove", "/people/{person}", "Take back what was entered of a person by hand"),
            PeopleWrite,
            "@Changed",
            remove,
        )
        .with(Method::DELETE),
    ];
    all.extend(by_hand());
    all
}

/// Entities that are entered by hand, with a sponsor and an end.
fn by_hand() -> Vec<Operation> {
    vec![
        Operation::post(
            ("people.end", "/people/{person}/end", "End somebody who was entered by hand"),
            PeopleWrite,
            "@Changed",
            end,
        )
        .body("at:filled?*"),
        Operation::post(
            (
                "people.confirm",
                "/people/{person}/confirm",
                "Say for the sponsor that somebody is still wanted, until a later end",
            ),
            PeopleWrite,
            "@Changed",
            confirm,
        )
        .body("until:filled"),
        Operation::list(
            ("people.template", "/templates/{type}", "List the columns of a file of entities"),
            PeopleRead,
            "@Column",
            columns,
        ),
    ]
}

fn query(asked: &Asked, limit: usize) -> PeopleQuery {
    PeopleQuery {
        type_name: asked.owned("type"),
        condition: asked.owned("where"),
        as_of: asked.instant("as_of"),
        after: asked.after(),
        limit,
    }
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let page = list_people(&asked.ctx, &asked.opened, &query(&asked, asked.limit())).await?;
    let items: Vec<Json> = page.items.iter().map(json::person).collect();
    Ok(json::list(&items, page.next.map(cursor).as_deref()).into())
}

async fn count(asked: Asked) -> Result<Told, Problem> {
    let page = list_people(&asked.ctx, &asked.opened, &query(&asked, usize::MAX)).await?;
    Ok(json!({ "count": page.items.len() }).into())
}

async fn get(asked: Asked) -> Result<Told, Problem> {
    let (person, _) = see_person(&asked.ctx, &asked.opened, asked.text("person")).await?;
    Ok(json::person(&person).into())
}

async fn history(asked: Asked) -> Result<Told, Problem> {
    let versions = entity_history(&asked.ctx, &asked.opened, asked.text("person")).await?;
    let items: Vec<Json> = versions.iter().map(json::version).collect();
    Ok(json!({ "items": items }).into())
}

async fn add(asked: Asked) -> Result<Told, Problem> {
    if !asked.ctx.reach.is_everybody() {
        let detail = "whoever may change some people only cannot add anybody";
        return Err(Problem::denied(detail));
    }
    let person = change(&asked, LocalVerb::Create, asked.text("type").into(), None).await?;
    let key = person.get("key").and_then(Json::as_str).unwrap_or_default().to_owned();
    Ok(Told::made(&person).at(format!("/api/v1/people/{key}")))
}

async fn edit(asked: Asked) -> Result<Told, Problem> {
    let (person, version) = see_person(&asked.ctx, &asked.opened, asked.text("person")).await?;
    let of = Some((&person, version));
    Ok(change(&asked, LocalVerb::Change, person.type_name.clone(), of).await?.into())
}

async fn remove(asked: Asked) -> Result<Told, Problem> {
    let (person, version) = see_person(&asked.ctx, &asked.opened, asked.text("person")).await?;
    let of = Some((&person, version));
    Ok(change(&asked, LocalVerb::Remove, person.type_name.clone(), of).await?.into())
}

async fn change(
    asked: &Asked,
    verb: LocalVerb,
    type_name: Text,
    of: Option<(&Person, i64)>,
) -> Result<Json, Problem> {
    let values = asked.values.get("values").and_then(Json::as_object);
    let mut set = Vec::new();
    for (name, value) in values.into_iter().flatten() {
        let given = json_value(value)
            .map_err(|wrong| Problem::unprocessable(format!("`{name}`: {wrong}")))?;
        let value = Some(given).filter(|value| !value.is_null());
        set.push((Text::from(name.as_str()), value));
    }
    let change = LocalChange {
        verb,
        type_name,
        entity: of.map(|(person, _)| person.id),
        set,
        // Who asked with `If-Match` saw exactly this version.
        if_version: of.filter(|_| asked.if_match.is_some()).map(|(_, version)| version),
        by: asked.ctx.clone(),
    };
    let done = change_local(&asked.ctx, &asked.opened, &[change]).await?;
    let done =
        done.into_iter().next().unwrap_or_else(|| Err(muster_app::Error::bug("no answer")))?;
    Ok(entered(&done))
}

async fn end(asked: Asked) -> Result<Told, Problem> {
    let (person, at) = (asked.text("person"), asked.maybe("at"));
    Ok(entered(&end_local(&asked.ctx, &asked.opened, person, at).await?).into())
}

async fn confirm(asked: Asked) -> Result<Told, Problem> {
    let (person, until) = (asked.text("person"), asked.text("until"));
    Ok(entered(&confirm_local(&asked.ctx, &asked.opened, person, until).await?).into())
}

async fn columns(asked: Asked) -> Result<Told, Problem> {
    let columns = template(&asked.opened, asked.text("type"))?;
    let items: Vec<Json> = columns.iter().map(template_column).collect();
    Ok(json::list(&items, None).into())
}
