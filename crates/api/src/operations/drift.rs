//! What was changed outside, and what is decided about it.

use muster_app::{
    Chosen, DriftQuery, DriftVerb, adopt_drift, decide_drift, drift_groups, json, list_drift,
    show_drift,
};
use muster_policy::Right::{DriftRead, DriftWrite};
use muster_web::Problem;
use serde_json::{Value as Json, json};

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::list(
            ("drift.list", "/drift", "List drift, one by one"),
            DriftRead,
            "@Drift",
            list,
        )
        .query("group:text* read:int* accepted:flag*")
        .paged(),
        Operation::list(
            ("drift.groups", "/drift-groups", "List drift, put together by what caused it"),
            DriftRead,
            "@DriftGroup",
            groups,
        )
        .query("by:cause|read* limit:limit* after:text*"),
        Operation::get(
            ("drift.get", "/drift/{id}", "See an item of drift"),
            DriftRead,
            "@Drift",
            get,
        )
        .tagged(),
        Operation::post(
            (
                "drift.decide",
                "/drift/{id}/decide",
                "Put drift right, let it be, or take a decision back",
            ),
            DriftWrite,
            "@Decided",
            decide,
        )
        .body("verb:revert|accept|undo comment:text?* until:instant?*"),
        Operation::post(
            (
                "drift.decide-group",
                "/drift-groups/{group}/decide",
                "Decide about everything that one cause changed",
            ),
            DriftWrite,
            "@Decided",
            decide,
        )
        .body("verb:revert|accept|undo comment:text?* until:instant?* confirm:int?*"),
        Operation::post(
            ("drift.adopt", "/drift/{id}/adopt", "Make drift what is wanted"),
            DriftWrite,
            "map",
            adopt,
        )
        .body("comment:filled"),
    ]
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let query = DriftQuery {
        group: asked.owned("group"),
        read: asked.int("read"),
        accepted: asked.flag("accepted"),
        after: asked.after(),
        limit: asked.limit(),
    };
    let page = list_drift(&asked.ctx, &asked.opened, &query).await?;
    let items: Vec<Json> = page.items.iter().map(json::drift).collect();
    Ok(json::list(&items, page.next.map(cursor).as_deref()).into())
}

async fn groups(asked: Asked) -> Result<Told, Problem> {
    let by_read = asked.maybe("by") == Some("read");
    let (found, next) =
        drift_groups(&asked.ctx, &asked.opened, by_read, asked.maybe("after"), asked.limit())
            .await?;
    let items: Vec<Json> = found.iter().map(json::drift_group).collect();
    Ok(json::list(&items, next.as_deref()).into())
}

async fn get(asked: Asked) -> Result<Told, Problem> {
    Ok(json::drift(&show_drift(&asked.ctx, &asked.opened, asked.id("id")).await?).into())
}

async fn decide(asked: Asked) -> Result<Told, Problem> {
    let group = asked.owned("group").map(Chosen::Group);
    let chosen = group.unwrap_or_else(|| Chosen::One(asked.id("id")));
    let verb = match asked.text("verb") {
        "revert" => DriftVerb::Revert,
        "accept" => DriftVerb::Accept(asked.instant("until")),
        _ => DriftVerb::Undo,
    };
    let (comment, confirm) = (asked.text("comment"), asked.confirm());
    let (drift, n) =
        decide_drift(&asked.ctx, &asked.opened, &chosen, verb, comment, confirm).await?;
    let items: Vec<Json> = drift.iter().map(json::drift).collect();
    Ok(json!({ "items": items, "decided": n }).into())
}

async fn adopt(asked: Asked) -> Result<Told, Problem> {
    let (id, comment) = (asked.id("id"), asked.text("comment"));
    Ok(json::adopted(&adopt_drift(&asked.ctx, &asked.opened, id, comment).await?).into())
}
