//! Conflicts between duties: who has one, exceptions, what would end one; and how much harm people could do.

use muster_app::{json::list as items, list_conflicts};
use muster_governance::{
    NewException, end_exception, except_conflict, json, list_exceptions, list_risks, see_risk,
    solve_conflict,
};
use muster_policy::Right::{ConflictsWrite, PeopleRead};
use muster_web::Problem;
use serde_json::Value as Json;

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
};

pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![
        Operation::list(
            ("conflicts.list", "/conflicts", "List who has duties that nobody may have together"),
            PeopleRead,
            "@Conflict",
            list,
        )
        .query("conflict:text*")
        .paged(),
        Operation::get(
            (
                "conflicts.solve",
                "/people/{person}/conflicts/{conflict}",
                "See the least that would end a conflict of a person",
            ),
            PeopleRead,
            "@Solution",
            solve,
        ),
        Operation::list(
            ("risk.list", "/risk", "List who could do harm, the greatest score first"),
            PeopleRead,
            "@Risk",
            risks,
        )
        .paged(),
        Operation::get(
            ("risk.get", "/people/{person}/risk", "See how much harm a person could do"),
            PeopleRead,
            "@Risk",
            risk,
        ),
    ];
    all.extend(exceptions());
    all
}

fn exceptions() -> [Operation; 3] {
    [
        Operation::list(
            ("exceptions.list", "/exceptions", "List exceptions from conflicts"),
            PeopleRead,
            "@Exception",
            excepted,
        )
        .query("conflict:text*")
        .paged(),
        Operation::post(
            ("exceptions.create", "/exceptions", "Allow somebody a conflict for a time"),
            ConflictsWrite,
            "@Exception",
            except,
        )
        .body(
            "person:filled conflict:filled from:instant?* until:instant reason:filled \
             mitigation:filled owner:filled",
        )
        .makes(),
        Operation::post(
            ("exceptions.end", "/exceptions/{id}/end", "End an exception before its time"),
            ConflictsWrite,
            "@Exception",
            end,
        )
        .body("reason:filled"),
    ]
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    // The place is the number of those before.
    let before = asked.after().and_then(|after| usize::try_from(after).ok()).unwrap_or(0);
    let (conflict, limit) = (asked.maybe("conflict"), asked.limit());
    let part = list_conflicts(&asked.ctx, &asked.opened, conflict, before, limit).await?;
    let views: Vec<Json> = part.items.iter().map(json::conflict).collect();
    Ok(items(&views, part.next.map(cursor).as_deref()).into())
}

async fn solve(asked: Asked) -> Result<Told, Problem> {
    let (person, conflict) = (asked.text("person"), asked.text("conflict"));
    Ok(json::solution(&solve_conflict(&asked.ctx, &asked.opened, person, conflict).await?).into())
}

async fn risks(asked: Asked) -> Result<Told, Problem> {
    let before = asked.after().and_then(|after| usize::try_from(after).ok()).unwrap_or(0);
    let page = list_risks(&asked.ctx, &asked.opened, before, asked.limit()).await?;
    let views: Vec<Json> = page.items.iter().map(json::risk).collect();
    Ok(items(&views, page.next.map(cursor).as_deref()).into())
}

async fn risk(asked: Asked) -> Result<Told, Problem> {
    Ok(json::risk(&see_risk(&asked.ctx, &asked.opened, asked.text("person")).await?).into())
}

async fn excepted(asked: Asked) -> Result<Told, Problem> {
    let (conflict, after) = (asked.maybe("conflict"), asked.after());
    let page = list_exceptions(&asked.ctx, &asked.opened, conflict, after, asked.limit()).await?;
    let views: Vec<Json> = page.items.iter().map(json::exception).collect();
    Ok(items(&views, page.next.map(cursor).as_deref()).into())
}

async fn except(asked: Asked) -> Result<Told, Problem> {
    let new = NewException {
        person: asked.text("person").to_owned(),
        conflict: asked.text("conflict").to_owned(),
        from: asked.instant("from"),
        until: asked.instant("until").ok_or_else(|| Problem::invalid("`until` is missing"))?,
        reason: asked.text("reason").to_owned(),
        mitigation: asked.text("mitigation").to_owned(),
        owner: asked.text("owner").to_owned(),
    };
    let view = except_conflict(&asked.ctx, &asked.opened, &new).await?;
    Ok(Told::made(&json::exception(&view)))
}

async fn end(asked: Asked) -> Result<Told, Problem> {
    let (id, reason) = (asked.id("id"), asked.text("reason"));
    Ok(json::exception(&end_exception(&asked.ctx, &asked.opened, id, reason).await?).into())
}
