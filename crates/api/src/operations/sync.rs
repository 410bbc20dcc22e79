//! Reading systems, and the change sets that guards hold.

use muster_engine::{
    SyncOptions, json, list_change_sets, reject_change_set, release_change_set, sync,
};
use muster_policy::Right::{SyncRun, SystemsRead};
use muster_store::ChangeSetId;
use muster_web::Problem;
use serde_json::{Value as Json, json};

use crate::{Operation, answer::Told, asked::Asked, jobs::Jobs};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::job(
            ("sync.run", "/sync", "Read systems and bring the repository up to what they say"),
            SyncRun,
            run,
        )
        .body("systems:text[]* complete:flag*"),
        Operation::list(
            ("change-sets.list", "/change-sets", "List the change sets that guards hold"),
            SystemsRead,
            "@ChangeSet",
            held,
        ),
        Operation::job(
            ("change-sets.release", "/change-sets/{id}/release", "Apply a held change set"),
            SyncRun,
            release,
        )
        .body("confirm:int?*"),
        Operation::post(
            ("change-sets.reject", "/change-sets/{id}/reject", "Throw a held change set away"),
            SyncRun,
            "@Rejected",
            reject,
        ),
    ]
}

async fn run(asked: Asked) -> Result<Told, Problem> {
    for system in asked.texts("systems") {
        asked.opened.system_named(&system)?;
    }
    Jobs::begin(asked, "sync", |asked, running| async move {
        let options =
            SyncOptions { systems: asked.texts("systems"), complete: asked.flag("complete") };
        let report = sync(&asked.ctx, &asked.opened, &options, &running).await?;
        let items: Vec<Json> = report.reads.iter().map(json::read).collect();
        Ok(muster_app::json::list(&items, None))
    })
    .await
}

async fn held(asked: Asked) -> Result<Told, Problem> {
    let sets = list_change_sets(&asked.opened).await?;
    let items: Vec<Json> = sets.iter().map(json::change_set).collect();
    Ok(muster_app::json::list(&items, None).into())
}

async fn release(asked: Asked) -> Result<Told, Problem> {
    Jobs::begin(asked, "release", |asked, running| async move {
        let (id, confirm) = (ChangeSetId(asked.id("id")), asked.confirm());
        Ok(json::read(&release_change_set(&asked.ctx, &asked.opened, id, confirm, &running).await?))
    })
    .await
}

async fn reject(asked: Asked) -> Result<Told, Problem> {
    let id = asked.id("id");
    reject_change_set(&asked.ctx, &asked.opened, ChangeSetId(id)).await?;
    Ok(json!({ "rejected": id }).into())
}
