//! Roles, what was given directly, accounts.

use muster_app::{
    AccountQuery, AssignRequest, assign, json, list_accounts, list_assignments, list_roles,
    role_named, unassign,
};
use muster_engine::list_grace;
use muster_policy::Right::{AccountsRead, AssignmentsRead, AssignmentsWrite, RolesRead};
use muster_store::AccountStatus;
use muster_web::Problem;
use serde_json::Value as Json;

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::list(
            ("roles.list", "/roles", "List the roles of the model"),
            RolesRead,
            "@Role",
            roles,
        ),
        Operation::get(("roles.get", "/roles/{role}", "See a role"), RolesRead, "@Role", role),
        Operation::list(
            (
                "assignments.list",
                "/people/{person}/assignments",
                "List the roles that a person was given directly",
            ),
            AssignmentsRead,
            "@Assignment",
            list,
        ),
        Operation::post(
            ("assignments.create", "/people/{person}/assignments", "Give a role directly"),
            AssignmentsWrite,
            "@Assignment",
            give,
        )
        .body("role:text reason:filled from:instant?* until:instant?*")
        .makes(),
        Operation::post(
            (
                "assignments.end",
                "/people/{person}/assignments/end",
                "Take a role back that was given directly",
            ),
            AssignmentsWrite,
            "@Assignment",
            end,
        )
        .body("role:text reason:filled"),
        Operation::list(
            (
                "assignments.grace",
                "/grace",
                "List roles that people lost by rule and keep for a grace period",
            ),
            AssignmentsRead,
            "@Grace",
            grace,
        )
        .paged(),
        Operation::list(
            ("accounts.list", "/accounts", "List accounts as they were last read"),
            AccountsRead,
            "@Account",
            accounts,
        )
        .query("system:text* person:text* status:linked|orphan|undecided|ignored* as_of:instant*")
        .paged(),
    ]
}

async fn roles(asked: Asked) -> Result<Told, Problem> {
    let items: Vec<Json> = list_roles(&asked.opened).iter().map(json::role).collect();
    Ok(json::list(&items, None).into())
}

async fn role(asked: Asked) -> Result<Told, Problem> {
    Ok(json::role(&role_named(&asked.opened, asked.text("role"))?).into())
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let given = list_assignments(&asked.ctx, &asked.opened, asked.text("person")).await?;
    let items: Vec<Json> = given.iter().map(json::assignment).collect();
    Ok(json::list(&items, None).into())
}

async fn give(asked: Asked) -> Result<Told, Problem> {
    let request = AssignRequest {
        person: asked.text("person").to_owned(),
        role: asked.text("role").to_owned(),
        from: asked.instant("from"),
        until: asked.instant("until"),
        reason: asked.text("reason").to_owned(),
    };
    Ok(Told::made(&json::assignment(&assign(&asked.ctx, &asked.opened, &request).await?)))
}

async fn end(asked: Asked) -> Result<Told, Problem> {
    let (person, role, reason) = (asked.text("person"), asked.text("role"), asked.text("reason"));
    Ok(json::assignment(&unassign(&asked.ctx, &asked.opened, person, role, reason).await?).into())
}

async fn grace(asked: Asked) -> Result<Told, Problem> {
    if !asked.ctx.reach.is_everybody() {
        return Err(Problem::denied(
            "this list is about everybody, and you may see some people only",
        ));
    }
    let page = list_grace(&asked.ctx, &asked.opened, asked.after(), asked.limit()).await?;
    let items: Vec<Json> = page.items.iter().map(muster_engine::json::grace).collect();
    Ok(json::list(&items, page.next.map(cursor).as_deref()).into())
}

async fn accounts(asked: Asked) -> Result<Told, Problem> {
    let query = AccountQuery {
        system: asked.owned("system"),
        status: asked.maybe("status").and_then(AccountStatus::from_word),
        person: asked.owned("person"),
        as_of: asked.instant("as_of"),
        after: asked.after(),
        limit: asked.limit(),
    };
    let opened = match query.as_of {
        Some(at) => asked.opened.as_of(at).await?,
        None => (*asked.opened).clone(),
    };
    let page = list_accounts(&asked.ctx, &opened, &query).await?;
    let items: Vec<Json> = page.items.iter().map(json::account).collect();
    Ok(json::list(&items, page.next.map(cursor).as_deref()).into())
}
