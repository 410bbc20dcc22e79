//! Revisions of the model, and a new one from files that are sent.

use axum::http::Method;
use muster_app::{json, list_revisions, model_files, publish_model, see_revision};
use muster_policy::Right::{RevisionsRead, RevisionsWrite};
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
            ("revisions.list", "/revisions", "List the revisions of the model, the newest first"),
            RevisionsRead,
            "@Revision",
            list,
        )
        .paged(),
        Operation::get(
            ("revisions.get", "/revisions/{revision}", "See a revision with its files"),
            RevisionsRead,
            "map",
            get,
        ),
        Operation::get(
            ("model.get", "/model", "See the present model: its revision and its files"),
            RevisionsRead,
            "map",
            present,
        )
        .tagged(),
        Operation::post(
            ("model.check", "/model/check", "Say what is wrong with the files of a model"),
            RevisionsRead,
            "@Checked",
            check,
        )
        .body("files:texts"),
        Operation::post(
            (
                "model.publish",
                "/model",
                "Publish the files of a model in the place of the present ones",
            ),
            RevisionsWrite,
            "@Published",
            publish,
        )
        .with(Method::PUT)
        .body("files:texts confirm:int?*")
        .only_as_seen(),
    ]
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let limit = asked.limit();
    let revisions = list_revisions(&asked.opened, asked.after(), limit).await?;
    let next = revisions.last().filter(|_| revisions.len() == limit);
    let next = next.map(|last| cursor(last.number));
    let items: Vec<Json> = revisions.iter().map(json::revision).collect();
    Ok(json::list(&items, next.as_deref()).into())
}

async fn get(asked: Asked) -> Result<Told, Problem> {
    let (head, files) = see_revision(&asked.opened, asked.id("revision")).await?;
    Ok(json::revision_with_files(&head, &files).into())
}

async fn present(asked: Asked) -> Result<Told, Problem> {
    let (head, files) = see_revision(&asked.opened, asked.opened.revision).await?;
    Ok(json::revision_with_files(&head, &files).into())
}

async fn check(asked: Asked) -> Result<Told, Problem> {
    let files = model_files(asked.files())?;
    Ok(json::checked(&asked.opened.check(&files)).into())
}

async fn publish(asked: Asked) -> Result<Told, Problem> {
    let base = asked.opened.revision;
    let files = model_files(asked.files())?;
    let opened = publish_model(&asked.ctx, &asked.opened, files, base, asked.confirm()).await?;
    let document = json!({ "revision": opened.revision, "is_new": opened.revision != base });
    asked.service.replace(opened);
    Ok(document.into())
}
