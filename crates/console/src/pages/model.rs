//! `/model`: the files of the model as it is now, line by line, and its revisions.

use askama::Template;
use axum::response::Response;
use muster_app::{Ctx, list_revisions, see_revision};
use muster_policy::Right;
use muster_web::Problem;

use crate::{
    address,
    frame::{Frame, nothing, page},
    given::ROWS,
    moment::Moment,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "model.html")]
struct Page<'v> {
    frame: Frame<'v>,
    revision: i64,
    files: Vec<(String, String, bool)>,
    revisions: Vec<Revision>,
    /// The file that is shown, with its lines.
    shown: Option<(String, Vec<String>)>,
    /// The form for it, for those who may publish.
    edit: Option<String>,
}

struct Revision {
    number: i64,
    href: String,
    author: String,
    made_at: Moment,
    message: String,
    /// The page of what it changed; none for the first one.
    changes: Option<String>,
}

/// The page.
pub(crate) async fn show(visit: Visit, _ctx: Ctx) -> Result<Response, Problem> {
    let revision = visit.given.number("revision").unwrap_or(visit.opened.revision);
    let (head, files) = see_revision(&visit.opened, revision).await?;
    let asked = visit.given.text("file");
    let shown = match files.iter().find(|file| *file.path == *asked) {
        Some(file) => Some((file.path.to_string(), file.text.lines().map(str::to_owned).collect())),
        None if asked.is_empty() => None,
        None => return Err(nothing()),
    };
    let number = head.number.to_string();
    let file = |path: &str| {
        let revision = if head.number == visit.opened.revision { "" } else { &*number };
        address::with("/model", &[("file", path), ("revision", revision)])
    };
    let revisions = list_revisions(&visit.opened, None, ROWS).await?;
    let before = revisions.iter().skip(1).map(Some).chain([None]);
    let changes = |from: i64, to: i64| format!("/model/changes?from={from}&to={to}");
    let revisions = revisions.iter().zip(before).map(|(one, before)| Revision {
        changes: before.map(|before| changes(before.number, one.number)),
        number: one.number,
        href: address::with("/model", &[("revision", &one.number.to_string())]),
        author: one.author.to_string(),
        made_at: visit.moment(one.made_at),
        message: one.message.to_string(),
    });
    let template = Page {
        frame: Frame::of(&visit),
        revision: head.number,
        files: files
            .iter()
            .map(|one| (one.path.to_string(), file(&one.path), *one.path == *asked))
            .collect(),
        revisions: revisions.collect(),
        edit: visit
            .may_for_everybody(Right::RevisionsWrite)
            .filter(|_| shown.is_some() && head.number == visit.opened.revision)
            .map(|_| address::with("/model/edit", &[("file", asked)])),
        shown,
    };
    page(&visit, &template)
}
