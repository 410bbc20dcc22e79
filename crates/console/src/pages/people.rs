//! `/people`: everybody whom this person may see, or those whom a condition of the model's language fits.

use askama::Template;
use axum::response::Response;
use muster_app::{Ctx, PeopleQuery, Person, list_people};
use muster_web::Problem;

use super::Pager;
use crate::{
    address,
    frame::{Frame, page},
    given::ROWS,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "people.html")]
struct Page<'v> {
    frame: Frame<'v>,
    kinds: Vec<Kind<'v>>,
    condition: &'v str,
    rows: Vec<Row>,
    pager: Pager,
}

/// A type of entities.
struct Kind<'v> {
    name: &'v str,
    is_chosen: bool,
}

/// Somebody in a list.
pub(crate) struct Row {
    pub(crate) href: String,
    pub(crate) display: String,
    pub(crate) key: String,
    pub(crate) state: String,
}

impl Row {
    /// The row of a person.
    pub(crate) fn of(person: &Person) -> Self {
        Self {
            href: address::person(&person.key),
            display: person.display.to_string(),
            key: person.key.to_string(),
            state: person.lifecycle.as_deref().unwrap_or_default().to_owned(),
        }
    }
}

/// The page.
pub(crate) async fn list(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let query = PeopleQuery {
        type_name: visit.given.filled("type"),
        condition: visit.given.filled("where"),
        as_of: None,
        after: visit.given.number("after"),
        limit: ROWS,
    };
    let part = list_people(&ctx, &visit.opened, &query).await?;
    let chosen = visit.given.text("type");
    let identities = visit.opened.model.schema.types.iter().filter(|of| of.identity);
    let kinds = identities.map(|of| Kind { name: &of.name, is_chosen: *of.name == *chosen });
    let next = part.next.map(|next| next.to_string());
    let template = Page {
        frame: Frame::of(&visit),
        kinds: kinds.collect(),
        condition: visit.given.text("where"),
        rows: part.items.iter().map(Row::of).collect(),
        pager: Pager::new("/people", &visit.given, &["type", "where"], next),
    };
    page(&visit, &template)
}
