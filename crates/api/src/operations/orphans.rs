//! Accounts of nobody, and those nobody answers for.

use muster_app::{
    AccountQuery, AccountView, OrphanChoice, assign_orphan, decide_orphans, json, list_accounts,
    list_ownerless, orphan_decisions,
};
use muster_policy::Right::{AccountsRead, AccountsWrite};
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
            ("orphans.list", "/orphans", "List accounts that belong to nobody, with what was decided"),
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
        status: Some(status.unwrap_or(AccountStatus::Orphan)),
        after: asked.after(),
        limit: asked.limit(),
        ..AccountQuery::default()
    };
    let page = list_accounts(&asked.ctx, &asked.opened, &query).await?;
    let decisions = orphan_decisions(&asked.opened).await?;
    let of = |account: &AccountView| decisions.iter().find(|one| one.account == account.id);
    let items: Vec<Json> =
        page.items.iter().map(|account| json::orphan(account, of(account))).collect();
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
