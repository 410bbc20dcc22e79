//! `/journal`: what happened, found by who, what and when; and whether the chain is whole.

use std::{fmt::Write as _, io::BufReader};

use askama::Template;
use axum::response::Response;
use muster_app::{AuditQuery, Ctx, Kind, export_journal, search_journal, verify_export};
use muster_policy::Right;
use muster_store::{JournalEntry, JournalFilter};
use muster_web::Problem;

use super::Pager;
use crate::{
    address,
    frame::{Frame, page},
    given::ROWS,
    moment::Moment,
    texts::filled,
    visit::Visit,
};

/// The fields of the filter.
const FIELDS: [&str; 6] = ["subject", "actor", "action", "correlation", "from", "until"];

#[derive(Template)]
#[template(path = "journal.html")]
struct List<'v> {
    frame: Frame<'v>,
    subject: &'v str,
    actor: &'v str,
    action: &'v str,
    correlation: &'v str,
    from: &'v str,
    until: &'v str,
    entries: Vec<Entry>,
    may_verify: bool,
    command: String,
    pager: Pager,
}

struct Entry {
    seq: i64,
    at: Moment,
    actor: String,
    for_whom: Option<String>,
    action: String,
    subject: String,
    detail: String,
    /// What belongs together.
    together: Option<String>,
}

#[derive(Template)]
#[template(path = "verified.html")]
struct Verified<'v> {
    frame: Frame<'v>,
    text: String,
    is_whole: bool,
}

/// The list, the newest first.
pub(crate) async fn list(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let (given, zone) = (&visit.given, &visit.opened.model.timezone);
    let text = |name: &str| given.filled(name).map(Into::into);
    let filter = JournalFilter {
        subject: text("subject"),
        actor: text("actor"),
        action: text("action"),
        correlation: text("correlation"),
        from: given.day("from", zone),
        until: given.day("until", zone),
    };
    let query = AuditQuery { filter, before: given.number("after"), limit: ROWS };
    let part = search_journal(&ctx, &visit.opened, &query).await?;
    let template = List {
        frame: Frame::of(&visit),
        subject: given.text("subject"),
        actor: given.text("actor"),
        action: given.text("action"),
        correlation: given.text("correlation"),
        from: given.text("from"),
        until: given.text("until"),
        entries: part.items.iter().map(|one| entry(&visit, one)).collect(),
        may_verify: visit.may_for_everybody(Right::JournalExport).is_some(),
        command: command(&visit),
        pager: Pager::new("/journal", given, &FIELDS, part.next.map(|next| next.to_string())),
    };
    page(&visit, &template)
}

fn entry(visit: &Visit, one: &JournalEntry) -> Entry {
    let of = &one.entry;
    Entry {
        seq: one.seq,
        at: visit.moment(of.at),
        actor: of.actor.to_string(),
        for_whom: of.on_behalf_of.as_ref().map(ToString::to_string),
        action: of.action.to_string(),
        subject: of.subject.to_string(),
        detail: if &*of.detail == "{}" { String::new() } else { of.detail.to_string() },
        together: of
            .correlation
            .as_ref()
            .map(|of| address::with("/journal", &[("correlation", of)])),
    }
}

/// The same search on the command line.
fn command(visit: &Visit) -> String {
    let mut command = "muster audit search".to_owned();
    for name in FIELDS {
        if let Some(value) = visit.given.filled(name) {
            let quoted = value.replace('\'', "'\\''");
            // Writing into a String cannot fail.
            _ = write!(command, " --{name} '{quoted}'");
        }
    }
    command
}

/// Checks that the journal is whole and unchanged.
pub(crate) async fn verify(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    if !ctx.reach.is_everybody() {
        return Err(crate::frame::nothing());
    }
    let texts = &visit.texts.work;
    let mut lines = Vec::new();
    export_journal(&visit.opened, &mut lines).await?;
    let (text, is_whole) = match verify_export(&mut BufReader::new(lines.as_slice())) {
        Ok(summary) => (filled(texts.chain_whole, &[("n", &summary.n_entries.to_string())]), true),
        Err(error) if error.kind() == Kind::BrokenChain => {
            (filled(texts.chain_broken, &[("place", &error.to_string())]), false)
        }
        Err(error) => return Err(error.into()),
    };
    page(&visit, &Verified { frame: Frame::of(&visit), text, is_whole })
}
