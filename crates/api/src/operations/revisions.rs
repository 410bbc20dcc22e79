//! Revisions of the model. They are made from the files of the project folder.

use muster_app::{json, list_revisions, see_revision};
use muster_policy::Right::RevisionsRead;
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
    ]
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let limit = asked.limit();
    let revisions = list_revisions(&asked.opened, asked.after()?, limit).await?;
    let next = revisions.last().filter(|_| revisions.len() == limit);
    let next = next.map(|last| cursor(last.number));
    let items: Vec<Json> = revisions.iter().map(json::revision).collect();
    Ok(json::list(&items, next.as_deref()).into())
}

async fn get(asked: Asked) -> Result<Told, Problem> {
    let (head, files) = see_revision(&asked.opened, asked.id("revision")).await?;
    Ok(json::revision_with_files(&head, &files).into())
}
