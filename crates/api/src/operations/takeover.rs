//! Taking an existing estate over.

use muster_app::{AcceptDeduced, accept_deduced, json, take_over};
use muster_policy::Right::{AssignmentsWrite, PlansMake};
use muster_web::Problem;
use serde_json::{Value as Json, json};

use crate::{Operation, answer::Told, asked::Asked, jobs::Jobs};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::job(
            ("takeover.look", "/takeover", "See which roles explain what people hold already"),
            PlansMake,
            look,
        )
        .body("system:text?* show:deduced|open|unexplained|redundant|indirect?*"),
        Operation::job(
            ("takeover.accept", "/takeover/accept", "Write the deduced assignments"),
            AssignmentsWrite,
            accept,
        )
        .body("system:text?* role:text?* with_missing:flag* confirm:int"),
    ]
}

async fn look(asked: Asked) -> Result<Told, Problem> {
    Jobs::begin(asked, "takeover", |asked, _| async move {
        let taken = take_over(&asked.ctx, &asked.opened, asked.maybe("system")).await?;
        let items: Vec<Json> = match asked.maybe("show") {
            None => return Ok(json::takeover_sums(&taken)),
            Some("deduced") => taken.deduced.iter().map(json::deduced).collect(),
            Some("open") => taken.open.iter().map(json::open_access).collect(),
            Some("unexplained") => taken.unexplained.iter().map(json::open_access).collect(),
            Some("redundant") => taken.redundant.iter().map(json::redundant).collect(),
            Some(_) => taken.indirect.iter().map(json::indirect).collect(),
        };
        Ok(json::list(&items, None))
    })
    .await
}

async fn accept(asked: Asked) -> Result<Told, Problem> {
    if !asked.ctx.reach.is_everybody() {
        return Err(Problem::denied(
            "this is about everybody, and you may change some people only",
        ));
    }
    for role in asked.opened.model.roles.iter().enumerate() {
        let wanted = asked.maybe("role").is_none_or(|name| *name == *role.1.name);
        if wanted {
            asked.ctx.reach.may_give(&asked.opened, role.0)?;
        }
    }
    Jobs::begin(asked, "takeover", |asked, _| async move {
        let accept = AcceptDeduced {
            system: asked.maybe("system"),
            role: asked.maybe("role"),
            with_missing: asked.flag("with_missing"),
            confirm: asked.confirm(),
        };
        let n = accept_deduced(&asked.ctx, &asked.opened, accept).await?;
        Ok(json!({ "assigned": n }))
    })
    .await
}
