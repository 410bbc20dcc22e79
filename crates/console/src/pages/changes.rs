//! `/model/changes`: what a revision of the model changed, or two of them have different.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use muster_app::{Ctx, see_revision};
use muster_model::Text;
use muster_web::Problem;

use crate::{
    frame::{Frame, page},
    lines::{Line, compared},
    moment::Moment,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "changes.html")]
struct Page<'v> {
    frame: Frame<'v>,
    from: i64,
    to: i64,
    author: String,
    message: String,
    made_at: Moment,
    files: Vec<File>,
}

/// A file that is different.
struct File {
    path: String,
    lines: Vec<Shown>,
}

/// A line, with the sign before it.
pub(crate) struct Shown {
    pub(crate) sign: &'static str,
    pub(crate) class: &'static str,
    pub(crate) text: String,
}

/// The page. Without a second number it is the revision before.
pub(crate) async fn show(visit: Visit, _ctx: Ctx) -> Result<Response, Problem> {
    let to = visit.given.number("to").unwrap_or(visit.opened.revision);
    let from = visit.given.number("from").unwrap_or(to - 1);
    let (head, new) = see_revision(&visit.opened, to).await?;
    let (_, old) = see_revision(&visit.opened, from).await?;
    let mut texts: BTreeMap<Text, [&str; 2]> = BTreeMap::new();
    for file in &old {
        texts.entry(file.path.clone()).or_default()[0] = &file.text;
    }
    for file in &new {
        texts.entry(file.path.clone()).or_default()[1] = &file.text;
    }
    let files = texts.iter().map(|(path, [old, new])| File {
        path: path.to_string(),
        lines: compared(old, new).into_iter().map(|line| shown(&visit, line)).collect(),
    });
    let template = Page {
        frame: Frame::of(&visit),
        from,
        to,
        author: head.author.to_string(),
        message: head.message.to_string(),
        made_at: visit.moment(head.made_at),
        files: files.filter(|file| !file.lines.is_empty()).collect(),
    };
    page(&visit, &template)
}

/// A line of a comparison, as it is shown.
pub(crate) fn shown(visit: &Visit, line: Line<'_>) -> Shown {
    let of = |sign, class, text: &str| Shown { sign, class, text: text.to_owned() };
    match line {
        Line::Same(text) => of(" ", "same", text),
        Line::Gone(text) => of("-", "gone", text),
        Line::New(text) => of("+", "new", text),
        Line::LeftOut(n) => {
            let n = u64::try_from(n).unwrap_or(u64::MAX);
            let texts = &visit.texts.work;
            of("…", "same", &crate::texts::counted(texts.line_left_out, texts.lines_left_out, n))
        }
    }
}
