//! Accounts of nobody, and those nobody answers for.

use muster_app::{AccountQuery, OrphanChoice, assign_orphan, decide_orphans, json, list_ownerless};
use muster_engine::{
    change_owner,
    json::{entered, orphan},
    list_orphans,
};
use muster_policy::Right::{AccountsRead, AccountsWrite, PeopleWrite};
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
            ("orphans.list", "/orphans", "List accounts that belong to nobody, with whose they may be and what was decided"),
            AccountsRead,
            "@Orphan",
            list,
        )
        .query("system:text* status:orphan|undecided|ignored*")
        .paged(),
        Operation::list(
            ("orphans.ownerless", "/ownerless", "List what nobody answers for any more"),
            AccountsRead,
            "@Ownerless",
            ownerless,
        )
        .paged(),
        Operation::post(
            ("orphans.assign", "/orphans/{id}/assign", "Give an account to a person"),
            AccountsWrite,
            "@Account",
            assign,
        )
        .body("person:text comment:filled"),
        Operation::post(
            ("orphans.owner", "/ownerless/{person}/owner", "Give what somebody answers for another owner"),
            PeopleWrite,
            "@Changed",
            owner,
        )
        .body("owner:text comment:filled"),
        Operation::post(
            ("orphans.decide", "/orphans/decide", "Say what is to become of accounts of nobody"),
            AccountsWrite,
            "@Accounts",
            decide,
        )
        .body("accounts:int[+] verb:authorise|delete|undo comment:text?* until:instant?* confirm:int?*"),
    ]
}

/// Accounts of nobody are nobody's people: who may see some people only sees none of them.
fn everybody(asked: &Asked) -> Result<(), Problem> {
    if asked.ctx.reach.is_everybody() {
        return Ok(());
    }
    Err(Problem::denied("this list is about accounts of nobody, and you may see some people only"))
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    everybody(&asked)?;
    let status = asked.maybe("status").and_then(AccountStatus::from_word);
    let query = AccountQuery {
        system: asked.owned("system"),
        after: asked.after(),
        limit: asked.limit(),
        ..AccountQuery::default()
    };
    let statuses = [status.unwrap_or(AccountStatus::Orphan)];
    let page = list_orphans(&asked.ctx, &asked.opened, &query, &statuses).await?;
    let items: Vec<Json> = page.items.iter().map(orphan).collect();
    Ok(json::list(&items, page.next.map(cursor).as_deref()).into())
}

async fn ownerless(asked: Asked) -> Result<Told, Problem> {
    everybody(&asked)?;
    let page = list_ownerless(&asked.ctx, &asked.opened, asked.after(), asked.limit()).await?;
    let items: Vec<Json> = page.items.iter().map(json::ownerless).collect();
    Ok(json::list(&items, page.next.map(cursor).as_deref()).into())
}

async fn assign(asked: Asked) -> Result<Told, Problem> {
    let (person, comment) = (asked.text("person"), asked.text("comment"));
    let view = assign_orphan(&asked.ctx, &asked.opened, asked.id("id"), person, comment).await?;
    Ok(json::account(&view).into())
}

async fn owner(asked: Asked) -> Result<Told, Problem> {
    let (person, owner) = (asked.text("person"), asked.text("owner"));
    let done =
        change_owner(&asked.ctx, &asked.opened, person, owner, asked.text("comment")).await?;
    Ok(entered(&done).into())
}

async fn decide(asked: Asked) -> Result<Told, Problem> {
    let choice = match asked.text("verb") {
        "authorise" => OrphanChoice::Authorise(asked.instant("until")),
        "delete" => OrphanChoice::Delete,
        _ => OrphanChoice::Undo,
    };
    let accounts = asked.ints("accounts");
    let (comment, confirm) = (asked.text("comment"), asked.confirm());
    let decided =
        decide_orphans(&asked.ctx, &asked.opened, &accounts, choice, comment, confirm).await?;
    let items: Vec<Json> = decided.iter().map(json::account).collect();
    Ok(serde_json::json!({ "items": items }).into())
}
