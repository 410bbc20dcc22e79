//! Who calls: clients, their tokens, and oneself.

use axum::http::Method;
use jiff::{SignedDuration, Timestamp};
use muster_app::{
    Scope, Scopes, create_token_for, end_client, list_clients, revoke_token, rotate_token,
    token_json,
};
use muster_policy::Right::{self, ClientsRead, ClientsWrite};
use muster_web::Problem;
use serde_json::{Value as Json, json};

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(("me", "/me", "See who you are and what you may do"), None, "@Me", me),
        Operation::list(
            ("clients.list", "/clients", "List clients and their tokens"),
            ClientsRead,
            "@Client",
            list,
        )
        .paged(),
        Operation::post(
            (
                "tokens.create",
                "/clients/{client}/tokens",
                "Make a token, and the client if there is none",
            ),
            ClientsWrite,
            "@TokenMade",
            create,
        )
        .body("scopes:access|access:request|admin|api:read|api:write|events|metrics|scim|scim:read[+] expires_at:instant?* as:text?*")
        .makes(),
        Operation::post(
            (
                "tokens.rotate",
                "/clients/{client}/rotate",
                "Make a new token; those the client has end soon after",
            ),
            ClientsWrite,
            "@TokenMade",
            rotate,
        )
        .body("expires_at:instant?* old_end:instant?*")
        .makes(),
        Operation::post(
            ("tokens.revoke", "/clients/{client}/tokens/{id}", "Refuse a token from now on"),
            ClientsWrite,
            "@Revoked",
            revoke,
        )
        .with(Method::DELETE),
        Operation::post(
            ("clients.end", "/clients/{client}", "End a client: all its tokens are refused"),
            ClientsWrite,
            "@Revoked",
            end,
        )
        .with(Method::DELETE),
    ]
}

async fn me(asked: Asked) -> Result<Told, Problem> {
    let caller = &asked.caller;
    let holds = |right: Right| match &caller.authority {
        Some(authority) => authority.reach(right).map(|reach| reach.is_everybody()),
        None => Some(true),
    };
    let rights: Vec<Json> = Right::TABLE
        .iter()
        .filter_map(|(right, word, _)| {
            holds(*right).map(|everybody| json!({ "right": word, "over_everybody": everybody }))
        })
        .collect();
    let person = caller.authority.as_ref().map(|authority| authority.subject().to_string());
    Ok(json!({
        "actor": &*asked.ctx.actor, "scopes": caller.scopes.to_string(), "on_behalf_of": person,
        "timezone": asked.opened.model.timezone.iana_name(), "rights": rights,
    })
    .into())
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let (now, limit) = (asked.ctx.now(), asked.limit());
    let clients = list_clients(&asked.opened, asked.after(), limit).await?;
    let next = clients.last().filter(|_| clients.len() == limit).map(|(last, _)| cursor(last.id));
    let items: Vec<Json> = clients
        .iter()
        .map(|(client, tokens)| {
            let tokens: Vec<Json> = tokens.iter().map(|token| token_json(token, now)).collect();
            json!({
                "client": &*client.name, "created_at": client.created_at.to_string(), "created_by": &*client.created_by,
                "ended_at": client.ended_at.map(|at| at.to_string()), "tokens": tokens,
            })
        })
        .collect();
    Ok(muster_app::json::list(&items, next.as_deref()).into())
}

async fn create(asked: Asked) -> Result<Told, Problem> {
    let scopes = asked.texts("scopes");
    let scopes: Scopes =
        scopes.iter().map(|word| word.parse::<Scope>()).collect::<Result<_, _>>()?;
    for scope in Scope::ALL {
        // Nobody gives what they do not have.
        if scopes.cover(scope) && !asked.caller.scopes.cover(scope) {
            return Err(Problem::denied(format!("your token lacks the scope `{scope}`")));
        }
    }
    // Who acts for a person gives nobody more than that person may do.
    let own = asked.caller.authority.as_ref().map(|authority| authority.subject().to_string());
    let person = match (own, asked.owned("as")) {
        (Some(own), Some(other)) if own != other => {
            return Err(Problem::denied("you make tokens that act for yourself only"));
        }
        (Some(own), _) => Some(own),
        (None, given) => given,
    };
    let (name, end) = (asked.text("client"), Some(end_of(&asked)));
    let made =
        create_token_for(&asked.ctx, &asked.opened, name, &scopes, end, person.as_deref()).await?;
    Ok(shown(&asked, &made))
}

/// When a new token ends: every token does.
fn end_of(asked: &Asked) -> Timestamp {
    let year = asked.ctx.now().checked_add(SignedDuration::from_hours(365 * 24));
    asked.instant("expires_at").unwrap_or_else(|| year.unwrap_or(Timestamp::MAX))
}

fn shown(asked: &Asked, made: &muster_app::TokenMade) -> Told {
    let kept = token_json(&made.kept, asked.ctx.now());
    Told::made(&json!({ "client": &*made.client, "secret": made.token, "token": kept }))
}

async fn rotate(asked: Asked) -> Result<Told, Problem> {
    if asked.caller.authority.is_some() {
        let detail = "a new token has the scopes of the old one, which you may not have";
        return Err(Problem::denied(detail).hint("make a token of your own instead"));
    }
    let later = asked.ctx.now().checked_add(SignedDuration::from_hours(24));
    let old_end = asked.instant("old_end").unwrap_or_else(|| later.unwrap_or(Timestamp::MAX));
    let (name, end) = (asked.text("client"), Some(end_of(&asked)));
    let made = rotate_token(&asked.ctx, &asked.opened, name, old_end, end).await?;
    Ok(shown(&asked, &made))
}

async fn revoke(asked: Asked) -> Result<Told, Problem> {
    revoke_token(&asked.ctx, &asked.opened, asked.text("client"), asked.id("id")).await?;
    Ok(json!({ "client": asked.text("client"), "valid": false }).into())
}

async fn end(asked: Asked) -> Result<Told, Problem> {
    end_client(&asked.ctx, &asked.opened, asked.text("client")).await?;
    Ok(json!({ "client": asked.text("client"), "valid": false }).into())
}
