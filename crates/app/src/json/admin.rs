//! Roles, revisions, alarms, findings, the journal's state.

use muster_project::File;
use muster_store::{BackupInfo, JournalKey, RevisionHead, Summary, TableSum, hex};
use serde_json::{Value as Json, json};

use crate::{AlarmView, Finding, RoleView, Verified};

/// A role of the model.
pub fn role(role: &RoleView) -> Json {
    json!({
        "name": &*role.name, "description": role.description.as_deref(), "owner": role.owner.as_deref(),
        "when": role.when.as_deref(), "includes": role.includes.iter().map(|name| &**name).collect::<Vec<_>>(),
        "grants": role.grants, "at": role.at.to_string(),
    })
}

/// A revision of the model, without its files.
pub fn revision(revision: &RevisionHead) -> Json {
    json!({
        "revision": revision.number, "made_at": revision.made_at.to_string(), "made_by": &*revision.author,
        "hash": &*revision.hash,
    })
}

/// A revision of the model with its files.
pub fn revision_with_files(head: &RevisionHead, files: &[File]) -> Json {
    let files: serde_json::Map<String, Json> =
        files.iter().map(|file| (file.path.to_string(), Json::from(&*file.text))).collect();
    let mut document = revision(head);
    if let Json::Object(document) = &mut document {
        document.insert("files".to_owned(), Json::Object(files));
    }
    document
}

/// An alarm.
pub fn alarm(alarm: &AlarmView) -> Json {
    json!({
        "id": alarm.id.0, "kind": alarm.kind.word(), "system": alarm.system.as_deref(), "subject": &*alarm.subject,
        "message": &*alarm.message, "detail": alarm.detail, "times": alarm.n, "raised_at": alarm.raised_at.to_string(),
        "last_at": alarm.last_at.to_string(), "status": alarm.status.word(), "by": alarm.decided_by.as_deref(),
        "comment": &*alarm.remark,
    })
}

/// What `doctor` found.
pub fn finding(finding: &Finding) -> Json {
    json!({
        "status": finding.status.word(), "what": finding.what, "detail": finding.detail, "fix": finding.fix,
    })
}

/// A journal, or an export of it, that is whole.
pub fn verified(summary: &Summary) -> Json {
    let Summary { n_entries, first_seq, last_seq, last_hash } = summary;
    let hash = hex(last_hash);
    json!({ "ok": true, "events": n_entries, "first": first_seq, "last": last_seq, "last_hash": hash })
}

/// What a backup holds, and when and by which program it was made.
pub fn backup(info: &BackupInfo) -> Json {
    let BackupInfo { stamp, schema, tables, journal } = info;
    json!({
        "made_at": stamp.made_at.to_string(), "version": &*stamp.version, "schema": schema, "journal": verified(journal),
        "tables": table_sums(tables),
    })
}

/// The number of rows of each table, and their hash.
pub fn table_sums(tables: &[TableSum]) -> Json {
    tables
        .iter()
        .map(|TableSum { table, n_rows, hash }| {
            json!({ "table": table, "rows": n_rows, "sha256": hex(hash) })
        })
        .collect()
}

/// An export whose chain is whole and whose signatures are right.
pub fn verified_export(verified: &Verified) -> Json {
    let Verified { summary, n_checkpoints, covered } = verified;
    let mut json = self::verified(summary);
    if let Some(fields) = json.as_object_mut() {
        fields.insert("checkpoints".to_owned(), (*n_checkpoints).into());
        fields.insert("covered".to_owned(), (*covered).into());
    }
    json
}

/// The public half of a key of the journal.
pub fn journal_key(key: &JournalKey) -> Json {
    json!({
        "number": key.number, "public_key": hex(&key.public_key), "made_at": key.made_at.to_string(),
        "endorsed": key.endorsement.is_some(),
    })
}
