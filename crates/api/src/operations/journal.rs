//! The journal.

use std::io::BufReader;

use muster_app::{AuditQuery, export_journal, json, search_journal, verify_export};
use muster_policy::Right::{JournalExport, JournalRead};
use muster_store::JournalFilter;
use muster_web::Problem;
use serde_json::Value as Json;

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
    jobs::Jobs,
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::list(
            ("journal.search", "/journal", "Search the journal, the newest entries first"),
            JournalRead,
            "@Entry",
            search,
        )
        .query(
            "subject:text* actor:text* action:text* correlation:text* from:instant* until:instant*",
        )
        .paged(),
        Operation::get(
            ("journal.export", "/journal/export", "Export the whole journal as JSON lines"),
            JournalExport,
            "string",
            export,
        )
        .lines(),
        Operation::job(
            ("journal.verify", "/journal/verify", "Check that the journal is whole and unchanged"),
            JournalExport,
            verify,
        ),
    ]
}

async fn search(asked: Asked) -> Result<Told, Problem> {
    let text = |name: &str| asked.maybe(name).map(Into::into);
    let filter = JournalFilter {
        subject: text("subject"),
        actor: text("actor"),
        action: text("action"),
        correlation: text("correlation"),
        from: asked.instant("from"),
        until: asked.instant("until"),
    };
    let query = AuditQuery { filter, before: asked.after(), limit: asked.limit() };
    let page = search_journal(&asked.ctx, &asked.opened, &query).await?;
    let items: Vec<Json> = page.items.iter().map(json::journal_entry).collect();
    Ok(json::list(&items, page.next.map(cursor).as_deref()).into())
}

async fn export(asked: Asked) -> Result<Told, Problem> {
    let mut lines = Vec::new();
    export_journal(&asked.opened, &mut lines).await?;
    Ok(Told::lines(lines))
}

async fn verify(asked: Asked) -> Result<Told, Problem> {
    Jobs::begin(asked, "verify", |asked, _| async move {
        let mut lines = Vec::new();
        export_journal(&asked.opened, &mut lines).await?;
        Ok(json::verified(&verify_export(&mut BufReader::new(lines.as_slice()))?))
    })
    .await
}
