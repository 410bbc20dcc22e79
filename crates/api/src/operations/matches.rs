//! Whose records and accounts are.

use muster_engine::{
    Decision, apply_rule, decide_match, json, list_matches, merge_people, split_people, undo_match,
};
use muster_policy::Right::{MatchesRead, MatchesWrite};
use muster_store::CaseStatus;
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
            ("matches.list", "/matches", "List records and accounts that no rule can place"),
            MatchesRead,
            "@Match",
            list,
        )
        .query("refused:flag*")
        .paged(),
        Operation::post(
            ("matches.decide", "/matches/{id}/decide", "Say whose a record or an account is"),
            MatchesWrite,
            "@Done",
            decide,
        )
        .body("whose:person|new|nobody person:text?* reason:filled"),
        Operation::post(
            (
                "matches.apply-rule",
                "/matches/{id}/apply-rule",
                "Link every case like this one to its only candidate",
            ),
            MatchesWrite,
            "@Done",
            rule,
        )
        .body("confirm:int?* reason:filled"),
        Operation::post(
            (
                "matches.undo",
                "/matches/undo",
                "Take a record or an account away from whom it belongs to",
            ),
            MatchesWrite,
            "@Done",
            undo,
        )
        .body("subject:text reason:filled"),
        Operation::post(
            ("people.merge", "/people/{person}/merge", "Merge a person into another one"),
            MatchesWrite,
            "@Done",
            merge,
        )
        .body("into:text reason:filled"),
        Operation::post(
            ("people.split", "/people/{person}/split", "Bring back a person who was merged"),
            MatchesWrite,
            "@Done",
            split,
        )
        .body("reason:filled"),
    ]
}

fn done(said: &str) -> Told {
    json!({ "done": said }).into()
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let refused = asked.flag("refused");
    let status = if refused { CaseStatus::Refused } else { CaseStatus::Undecided };
    let page = list_matches(&asked.opened, status, asked.after(), asked.limit()).await?;
    let items: Vec<Json> = page.items.iter().map(json::match_case).collect();
    Ok(muster_app::json::list(&items, page.next.map(cursor).as_deref()).into())
}

async fn decide(asked: Asked) -> Result<Told, Problem> {
    let decision = match (asked.text("whose"), asked.maybe("person")) {
        ("person", Some(person)) => Decision::Link(person.to_owned()),
        ("person", None) => return Err(Problem::unprocessable("`person` is missing")),
        ("new", _) => Decision::New,
        _ => Decision::Nobody,
    };
    let id = asked.id("id");
    decide_match(&asked.ctx, &asked.opened, id, &decision, asked.text("reason")).await?;
    Ok(done(&format!("case {id} is decided")))
}

async fn rule(asked: Asked) -> Result<Told, Problem> {
    let (id, confirm, reason) = (asked.id("id"), asked.confirm(), asked.text("reason"));
    let n = apply_rule(&asked.ctx, &asked.opened, id, confirm, reason).await?;
    Ok(done(&format!("{n} cases are decided")))
}

async fn undo(asked: Asked) -> Result<Told, Problem> {
    let (subject, reason) = (asked.text("subject"), asked.text("reason"));
    let of = undo_match(&asked.ctx, &asked.opened, subject, reason).await?;
    Ok(done(&format!("{subject} no longer belongs to {of}")))
}

async fn merge(asked: Asked) -> Result<Told, Problem> {
    let (person, into, reason) = (asked.text("person"), asked.text("into"), asked.text("reason"));
    merge_people(&asked.ctx, &asked.opened, person, into, reason).await?;
    Ok(done(&format!("{person} is merged into {into}")))
}

async fn split(asked: Asked) -> Result<Told, Problem> {
    let (person, reason) = (asked.text("person"), asked.text("reason"));
    split_people(&asked.ctx, &asked.opened, person, reason).await?;
    Ok(done(&format!("{person} is back")))
}
