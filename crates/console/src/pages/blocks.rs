//! The entries of a long file of the model, to choose which one is changed. A part of `/model/edit`.

use askama::Template;
use axum::response::Response;
use muster_app::blocks;
use muster_web::Problem;

use super::{Pager, part_of};
use crate::{
    address,
    frame::{Frame, page},
    visit::Visit,
};

#[derive(Template)]
#[template(path = "blocks.html")]
struct Page<'v> {
    frame: Frame<'v>,
    path: &'v str,
    /// What the names hold that are shown.
    wanted: &'v str,
    rows: Vec<Row>,
    pager: Pager,
}

/// An entry: its form, its line, and the page of that.
struct Row {
    name: String,
    form: String,
    line: usize,
    shown: String,
}

/// The page.
pub(crate) fn list(visit: &Visit, path: &str, text: &str) -> Result<Response, Problem> {
    let wanted = visit.given.text("q");
    let mut all = blocks(text);
    if all.is_empty() {
        let problem = Problem::invalid(format!(
            "`{path}` is too long for a form, and has no entries with names"
        ));
        return Err(problem.hint("edit the file itself"));
    }
    all.retain(|block| block.name.contains(wanted));
    let part = part_of(all, &visit.given);
    let rows = part.items.iter().map(|block| {
        let (name, line) = (format!("{}/{}", block.section, block.name), block.lines.start + 1);
        let shown = address::with("/model", &[("file", path), ("line", &line.to_string())]);
        Row { form: address::edit(path, &name), name, line, shown: format!("{shown}#L{line}") }
    });
    let next = part.next.map(|next| next.to_string());
    let pager = Pager::new("/model/edit", &visit.given, &["file", "q"], next);
    page(
        visit,
        &Page {
            frame: Frame::of(visit),
            path: visit.given.text("file"),
            wanted,
            rows: rows.collect(),
            pager,
        },
    )
}
