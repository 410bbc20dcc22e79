//! The applications of the model, and their secrets.

use axum::http::Method;
use muster_app::{
    application_json, application_secret_json, create_application_secret, list_application_secrets,
    revoke_application_secret,
};
use muster_policy::Right::{ClientsRead, ClientsWrite};
use muster_web::Problem;
use serde_json::{Value as Json, json};

use crate::{Operation, answer::Told, asked::Asked};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::list(
            ("applications.list", "/applications", "List the applications of the model"),
            ClientsRead,
            "@Application",
            list,
        ),
        Operation::list(
            (
                "application-secrets.list",
                "/applications/{application}/secrets",
                "List the secrets of an application, without the secrets",
            ),
            ClientsRead,
            "@ApplicationSecret",
            secrets,
        ),
        Operation::post(
            (
                "application-secrets.create",
                "/applications/{application}/secrets",
                "Make a secret of an application; those it has stay valid",
            ),
            ClientsWrite,
            "@ApplicationSecretMade",
            create,
        )
        .body("expires_at:instant?*")
        .makes(),
        Operation::post(
            (
                "application-secrets.revoke",
                "/applications/{application}/secrets/{id}",
                "Refuse a secret of an application from now on",
            ),
            ClientsWrite,
            "@ApplicationSecretRevoked",
            revoke,
        )
        .with(Method::DELETE),
    ]
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let known = &asked.opened.model.applications;
    let items: Vec<Json> = known.iter().map(application_json).collect();
    Ok(muster_app::json::list(&items, None).into())
}

async fn secrets(asked: Asked) -> Result<Told, Problem> {
    let kept = list_application_secrets(&asked.opened, asked.text("application")).await?;
    let now = asked.ctx.now();
    let items: Vec<Json> = kept.iter().map(|kept| application_secret_json(kept, now)).collect();
    Ok(muster_app::json::list(&items, None).into())
}

async fn create(asked: Asked) -> Result<Told, Problem> {
    let (name, end) = (asked.text("application"), asked.instant("expires_at"));
    let made = create_application_secret(&asked.ctx, &asked.opened, name, end).await?;
    Ok(Told::made(&made.json(asked.ctx.now())))
}

async fn revoke(asked: Asked) -> Result<Told, Problem> {
    let (name, id) = (asked.text("application"), asked.id("id"));
    revoke_application_secret(&asked.ctx, &asked.opened, name, id).await?;
    Ok(json!({ "application": name, "secret": id, "valid": false }).into())
}
