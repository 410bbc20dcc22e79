//! `/conflicts`: who has duties that nobody may have together, put together by conflict.

use askama::Template;
use axum::response::Response;
use muster_app::{ConflictView, Ctx, HeldAccess, list_conflicts};
use muster_web::Problem;

use super::{Pager, people::Row};
use crate::{
    address,
    frame::{Frame, page},
    given::ROWS,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "conflicts.html")]
struct Page<'v> {
    frame: Frame<'v>,
    rows: Vec<Conflict>,
    pager: Pager,
}

struct Conflict {
    row: Row,
    name: String,
    blocks: bool,
    at: String,
    line: String,
    /// What would end it, and allowing it for a time.
    solve: String,
    duties: Vec<Duty>,
}

/// A duty with what makes it up.
struct Duty {
    name: String,
    held: Vec<Held>,
}

/// An access, the page that says why it is held, and whether only the system holds it.
struct Held {
    access: String,
    why: String,
    outside: bool,
}

/// The page.
pub(crate) async fn list(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let part = list_conflicts(&ctx, &visit.opened, None, visit.given.after(), ROWS).await?;
    let rows = part.items.iter().map(conflict).collect();
    let next = part.next.map(|next| next.to_string());
    let pager = Pager::new("/conflicts", &visit.given, &[], next);
    page(&visit, &Page { frame: Frame::of(&visit), rows, pager })
}

fn conflict(view: &ConflictView) -> Conflict {
    let held = |held: &HeldAccess| Held {
        access: held.access.clone(),
        why: address::why(&view.person.key, &held.access),
        outside: held.is_outside,
    };
    let duties = view.duties.iter().map(|(name, accesses)| Duty {
        name: name.to_string(),
        held: accesses.iter().map(held).collect(),
    });
    Conflict {
        row: Row::of(&view.person),
        name: view.conflict.to_string(),
        blocks: view.blocks,
        at: view.at.to_string(),
        line: address::line(&view.at),
        solve: format!(
            "{}/conflicts/{}",
            address::person(&view.person.key),
            address::part(&view.conflict)
        ),
        duties: duties.collect(),
    }
}
