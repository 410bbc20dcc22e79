//! `/leavers`: who is gone and can still do something.

use askama::Template;
use axum::response::Response;
use muster_app::{Ctx, list_active_leavers};
use muster_web::Problem;

use super::{Pager, people::Row};
use crate::{
    frame::{Frame, page},
    given::ROWS,
    moment::Moment,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "leavers.html")]
struct Page<'v> {
    frame: Frame<'v>,
    rows: Vec<Leaver>,
    pager: Pager,
}

struct Leaver {
    row: Row,
    since: Moment,
    systems: String,
}

/// The page.
pub(crate) async fn list(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let part = list_active_leavers(&ctx, &visit.opened, visit.given.after(), ROWS).await?;
    let leaver = |one: &muster_app::ActiveLeaver| Leaver {
        row: Row::of(&one.person),
        since: visit.moment(one.since),
        systems: one.systems.join(", "),
    };
    let rows = part.items.iter().map(leaver).collect();
    let next = part.next.map(|next| next.to_string());
    let pager = Pager::new("/leavers", &visit.given, &[], next);
    page(&visit, &Page { frame: Frame::of(&visit), rows, pager })
}
