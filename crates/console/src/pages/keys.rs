//! `/keys`: what single keys do, and how to switch them off.

use askama::Template;
use axum::response::Response;
use muster_web::Problem;

use crate::{
    frame::{Frame, page},
    visit::Visit,
};

#[derive(Template)]
#[template(path = "keys.html")]
struct Page<'v> {
    frame: Frame<'v>,
    keys: [(&'static str, &'static str); 7],
}

/// The page.
pub(crate) async fn show(visit: Visit) -> Result<Response, Problem> {
    let home = &visit.texts.home;
    let keys = [
        ("/", home.key_search),
        ("w", home.key_why),
        ("t", home.key_timeline),
        ("p", home.key_plan),
        ("j", home.key_next),
        ("k", home.key_previous),
        ("?", home.key_help),
    ];
    page(&visit, &Page { frame: Frame::of(&visit), keys })
}
