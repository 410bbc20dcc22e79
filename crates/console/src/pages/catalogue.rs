//! `/catalogue`: the roles that somebody can ask for, in plain words, with who approves; several can be chosen.

use askama::Template;
use axum::response::Response;
use muster_app::Ctx;
use muster_governance::{
    CatalogueEntry, CatalogueQuery, Suggestion, search_catalogue, suggest_roles,
};
use muster_model::EntityId;
use muster_web::Problem;

use super::Pager;
use crate::{
    address, asked,
    frame::{Frame, page},
    visit::Visit,
};

/// Cards on one page.
const CARDS: usize = 20;

#[derive(Template)]
#[template(path = "catalogue.html")]
struct Page<'v> {
    frame: Frame<'v>,
    search: &'v str,
    /// For whom; oneself when empty.
    person: &'v str,
    chosen: Vec<String>,
    /// Those of them that have no card here.
    elsewhere: Vec<String>,
    /// What peers have; only where nothing was searched for and nobody else is asked for.
    suggested: Vec<Suggested>,
    cards: Vec<Card>,
    pager: Pager,
}

/// A role that peers have.
struct Suggested {
    role: String,
    description: String,
    why: String,
    ask: String,
}

/// A role.
struct Card {
    role: String,
    description: String,
    opens: String,
    owner: String,
    risk: String,
    usual: String,
    longest: String,
    approves: String,
    reviewed: Option<String>,
    held: bool,
    chosen: bool,
    ask: String,
}

/// The page.
pub(crate) async fn list(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let given = &visit.given;
    let query = CatalogueQuery {
        search: given.text("q").to_owned(),
        person: given.filled("person"),
        after: given.number("after"),
        limit: CARDS,
    };
    let part = search_catalogue(&ctx, &visit.opened, me, &query).await?;
    let chosen = given.texts("role");
    let is_home = query.search.is_empty() && query.person.is_none() && query.after.is_none();
    let suggested = if is_home && chosen.is_empty() {
        suggest_roles(&ctx, &visit.opened, me).await?
    } else {
        Vec::new()
    };
    let has_card = |role: &String| part.items.iter().any(|entry| *entry.role == **role);
    let next = part.next.map(|next| next.to_string());
    let template = Page {
        frame: Frame::of(&visit),
        search: given.text("q"),
        person: given.text("person"),
        suggested: suggested.iter().map(|one| peers_have(&visit, one)).collect(),
        cards: part.items.iter().map(|entry| card(&visit, entry, &chosen)).collect(),
        elsewhere: chosen.iter().filter(|role| !has_card(role)).cloned().collect(),
        pager: Pager::new("/catalogue", given, &["q", "person"], next),
        chosen,
    };
    page(&visit, &template)
}

fn peers_have(visit: &Visit, one: &Suggestion) -> Suggested {
    Suggested {
        role: one.role.to_string(),
        description: one.description.as_deref().unwrap_or_default().to_owned(),
        why: asked::peers(&visit.texts.asking, one),
        ask: address::with("/ask", &[("role", &one.role)]),
    }
}

fn card(visit: &Visit, entry: &CatalogueEntry, chosen: &[String]) -> Card {
    let texts = &visit.texts.asking;
    let terms = &entry.terms;
    let person = visit.given.text("person");
    Card {
        role: entry.role.to_string(),
        description: entry.description.as_deref().unwrap_or_default().to_owned(),
        opens: entry.grants.join(", "),
        owner: entry.owner.as_deref().unwrap_or_default().to_owned(),
        risk: asked::risk(texts, entry.risk),
        usual: asked::length(texts, terms.usual.or(terms.longest)),
        longest: asked::length(texts, terms.longest),
        approves: asked::stages(texts, terms),
        reviewed: entry.reviewed.as_ref().map(|of| asked::reviewed(texts, of)),
        held: entry.held,
        chosen: chosen.iter().any(|role| **role == *entry.role),
        ask: address::with("/ask", &[("role", &entry.role), ("people", person)]),
    }
}
