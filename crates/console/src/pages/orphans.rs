//! `/orphans`: accounts that belong to nobody, with whose they may be and why.

use askama::Template;
use axum::response::Response;
use muster_app::{AccountQuery, Ctx, OrphanChoice, assign_orphan, decide_orphans};
use muster_engine::{OrphanView, list_orphans};
use muster_policy::Right;
use muster_store::{AccountStatus, OrphanVerb};
use muster_web::Problem;

use super::Pager;
use crate::{
    address,
    flash::Said,
    frame::{Frame, done, nothing, page},
    given::ROWS,
    moment::Moment,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "orphans.html")]
struct Page<'v> {
    frame: Frame<'v>,
    systems: Vec<(&'v str, bool)>,
    rows: Vec<Orphan>,
    may_decide: bool,
    pager: Pager,
}

struct Orphan {
    id: i64,
    system: String,
    name: String,
    values: String,
    enabled: bool,
    changed: Moment,
    decision: &'static str,
    is_decided: bool,
    candidates: Vec<Candidate>,
}

struct Candidate {
    key: String,
    href: String,
    confidence: u64,
    why: String,
}

/// The list. Accounts of nobody are nobody's people: who may see some people only sees none of them.
pub(crate) async fn list(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    if !ctx.reach.is_everybody() {
        return Err(nothing());
    }
    let query = AccountQuery {
        system: visit.given.filled("system"),
        after: visit.given.number("after"),
        limit: ROWS,
        ..AccountQuery::default()
    };
    let part = list_orphans(&ctx, &visit.opened, &query, &[AccountStatus::Orphan]).await?;
    let chosen = visit.given.text("system");
    let systems = visit.opened.model.systems.iter().filter(|system| !system.accounts.is_empty());
    let template = Page {
        frame: Frame::of(&visit),
        systems: systems.map(|system| (&*system.name, *system.name == *chosen)).collect(),
        rows: part.items.iter().map(|view| orphan(&visit, view)).collect(),
        may_decide: visit.may_for_everybody(Right::AccountsWrite).is_some(),
        pager: Pager::new(
            "/orphans",
            &visit.given,
            &["system"],
            part.next.map(|next| next.to_string()),
        ),
    };
    page(&visit, &template)
}

fn orphan(visit: &Visit, view: &OrphanView) -> Orphan {
    let texts = &visit.texts.work;
    let values = view.account.values.iter().map(|(name, value)| format!("{name}: {value}"));
    let candidates = view.candidates.iter().map(|one| Candidate {
        key: one.key.to_string(),
        href: address::person(&one.key),
        confidence: one.confidence,
        why: one.why.clone(),
    });
    Orphan {
        id: view.account.id.0,
        system: view.account.system.to_string(),
        name: view.account.name.to_string(),
        values: values.collect::<Vec<_>>().join(", "),
        enabled: view.account.enabled != Some(false),
        changed: visit.moment(view.account.changed_at),
        decision: match view.decision.as_ref().map(|decision| decision.verb) {
            None => texts.undecided,
            Some(OrphanVerb::Delete) => texts.to_be_deleted,
            Some(OrphanVerb::Authorise) => texts.may_stay,
        },
        is_decided: view.decision.is_some(),
        candidates: candidates.collect(),
    }
}

/// Gives an account to a person.
pub(crate) async fn assign(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let id = account(&visit)?;
    let (person, comment) = (visit.given.text("person"), visit.given.text("comment"));
    assign_orphan(&ctx, &visit.opened, id, person, comment).await?;
    Ok(done(Said::Given, "/orphans"))
}

/// Says what is to become of an account.
pub(crate) async fn decide(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let accounts = [account(&visit)?];
    decided(&visit, &ctx, &accounts, Some(1)).await
}

/// The same for those that were chosen, with their number.
pub(crate) async fn decide_many(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let chosen = visit.given.texts("account");
    let accounts: Vec<i64> = chosen.iter().filter_map(|id| id.parse().ok()).collect();
    decided(&visit, &ctx, &accounts, visit.given.number("confirm")).await
}

async fn decided(
    visit: &Visit,
    ctx: &Ctx,
    accounts: &[i64],
    confirm: Option<u64>,
) -> Result<Response, Problem> {
    let given = &visit.given;
    let until = given.real_day("until", &visit.opened.model.timezone)?;
    let choice = match given.text("verb") {
        "authorise" => OrphanChoice::Authorise(until),
        "delete" => OrphanChoice::Delete,
        "undo" => OrphanChoice::Undo,
        _ => return Err(Problem::invalid("no decision was chosen")),
    };
    decide_orphans(ctx, &visit.opened, accounts, choice, given.text("comment"), confirm).await?;
    Ok(done(Said::Decided, "/orphans"))
}

fn account(visit: &Visit) -> Result<i64, Problem> {
    visit.given.number("id").ok_or_else(nothing)
}
