//! `/model`: the files of the model as it is now, line by line and part by part, and its revisions.

use std::ops::Range;

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

/// Lines and bytes of a file that are shown together.
const LINES: usize = 300;
const BYTES: usize = 24_000;

#[derive(Template)]
#[template(path = "model.html")]
struct Page<'v> {
    frame: Frame<'v>,
    revision: i64,
    files: Vec<(String, String, bool)>,
    revisions: Vec<Revision>,
    /// The part of a file that is shown.
    shown: Option<Shown>,
    /// The form for it, for those who may publish.
    edit: Option<String>,
}

/// Some lines of a file, with the ways to those before and after them.
struct Shown {
    path: String,
    /// Each with its number.
    lines: Vec<(usize, String)>,
    /// The numbers of the first line and the last one, and how many the file has.
    from: usize,
    to: usize,
    n_lines: usize,
    before: Option<String>,
    after: Option<String>,
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
    let number = head.number.to_string();
    let file = |path: &str| {
        let revision = if head.number == visit.opened.revision { "" } else { &*number };
        address::with("/model", &[("file", path), ("revision", revision)])
    };
    let shown = match files.iter().find(|file| *file.path == *asked) {
        Some(of) => Some(shown(&of.path, &of.text, visit.given.number("line"), &file(&of.path))),
        None if asked.is_empty() => None,
        None => return Err(nothing()),
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
            .map(|_| address::edit(asked, "")),
        shown,
    };
    page(&visit, &template)
}

/// The part in which a line stands; lines are counted from 1.
fn shown(path: &str, text: &str, line: Option<usize>, file: &str) -> Shown {
    let parts = parts(text);
    let asked = line.unwrap_or(1).saturating_sub(1);
    let at = parts.iter().position(|part| part.contains(&asked)).unwrap_or(0);
    let part = parts.get(at).cloned().unwrap_or_default();
    let lines = text.lines().enumerate().skip(part.start).take(part.len());
    let beginning =
        |part: &Range<usize>| address::with(file, &[("line", &(part.start + 1).to_string())]);
    Shown {
        path: path.to_owned(),
        lines: lines.map(|(number, line)| (number + 1, line.to_owned())).collect(),
        from: part.start + 1,
        to: part.end,
        n_lines: parts.last().map_or(0, |last| last.end),
        before: at.checked_sub(1).and_then(|at| parts.get(at)).map(beginning),
        after: parts.get(at + 1).map(beginning),
    }
}

/// The parts in which a file is shown: not too many lines each, nor too long ones.
fn parts(text: &str) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (number, line) in text.lines().enumerate() {
        let part = parts.last_mut();
        let part = part.filter(|part| part.len() < LINES && bytes + line.len() <= BYTES);
        if let Some(part) = part {
            part.end = number + 1;
        } else {
            bytes = 0;
            parts.push(number..number + 1);
        }
        bytes += line.len();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_in_one_part_and_no_part_is_long() {
        let lines: Vec<String> = (0..9000).map(|n| format!("line {n}\n")).collect();
        let text = lines.concat();
        let (short, long) = (parts(&text), parts(&("x".repeat(2000) + "\n").repeat(60)));
        for parts in [&short, &long] {
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start), "{parts:?}");
        }
        assert_eq!((short.len(), short.last().unwrap().end), (30, 9000));
        assert_eq!((long.len(), long.last().unwrap().end), (5, 60));
        let part = shown("a", &text, Some(350), "/model?file=a");
        assert_eq!((part.lines[0].0, &*part.lines[0].1), (301, "line 300"));
        assert_eq!(part.before.as_deref(), Some("/model?file=a&line=1"));
        assert_eq!(part.after.as_deref(), Some("/model?file=a&line=601"));
    }
}
