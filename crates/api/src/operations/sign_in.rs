//! Who is signed in, who tried, and the second factors of people.

use muster_auth::{SignInQuery, factor_json, session_json, sign_in_json};
use muster_policy::Right::{SignInsRead, SignInsWrite};
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
            ("sign-ins.list", "/sign-ins", "See who tried to sign in, the newest first"),
            SignInsRead,
            "@SignIn",
            tries,
        )
        .query("person:text* outcome:allowed|continued|refused* from:instant* until:instant*")
        .paged(),
        Operation::list(
            ("sessions.list", "/sessions", "See where people are signed in, the oldest first"),
            SignInsRead,
            "@Session",
            sessions,
        )
        .paged(),
        Operation::post(
            ("sessions.end", "/people/{person}/sessions/end", "End all sessions of a person"),
            SignInsWrite,
            "@SessionsEnded",
            end,
        ),
        Operation::list(
            ("factors.list", "/people/{person}/factors", "See the second factors of a person"),
            SignInsRead,
            "@Factor",
            factors,
        ),
        Operation::post(
            (
                "factors.remove",
                "/people/{person}/factors/{factor}/remove",
                "Remove a second factor of a person, and end their sessions",
            ),
            SignInsWrite,
            "@FactorRemoved",
            remove,
        ),
    ]
}

async fn tries(asked: Asked) -> Result<Told, Problem> {
    let query = SignInQuery {
        person: asked.owned("person"),
        outcome: asked.maybe("outcome").map(Into::into),
        from: asked.instant("from"),
        until: asked.instant("until"),
        before: asked.after(),
        limit: asked.limit(),
    };
    let auth = asked.service.authenticator();
    let page = auth.list_sign_ins(&asked.ctx, &asked.opened, &query).await?;
    let items: Vec<Json> =
        page.items.iter().map(|(one, person)| sign_in_json(one, person.as_ref())).collect();
    Ok(muster_app::json::list(&items, page.next.map(cursor).as_deref()).into())
}

async fn sessions(asked: Asked) -> Result<Told, Problem> {
    let auth = asked.service.authenticator();
    let page = auth.list_sessions(&asked.ctx, &asked.opened, asked.after(), asked.limit()).await?;
    let items: Vec<Json> =
        page.items.iter().map(|(one, person)| session_json(one, person.as_ref())).collect();
    Ok(muster_app::json::list(&items, page.next.map(cursor).as_deref()).into())
}

async fn end(asked: Asked) -> Result<Told, Problem> {
    let (auth, person) = (asked.service.authenticator(), asked.text("person"));
    let ended = auth.end_sessions_of(&asked.ctx, &asked.opened, person).await?;
    Ok(json!({ "person": person, "ended": ended }).into())
}

async fn factors(asked: Asked) -> Result<Told, Problem> {
    let auth = asked.service.authenticator();
    let held = auth.list_factors(&asked.ctx, &asked.opened, asked.text("person")).await?;
    let items: Vec<Json> = held.iter().map(factor_json).collect();
    Ok(muster_app::json::list(&items, None).into())
}

async fn remove(asked: Asked) -> Result<Told, Problem> {
    let (auth, person) = (asked.service.authenticator(), asked.text("person"));
    let factor = asked.text("factor");
    let ended = auth.remove_factor(&asked.ctx, &asked.opened, (person, factor)).await?;
    Ok(json!({ "person": person, "factor": factor, "ended": ended }).into())
}
