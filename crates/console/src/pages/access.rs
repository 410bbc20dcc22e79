//! `/access`: what whoever looks has, through what, until when; and asking for more time.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use muster_app::{
    AccountExplained, Ctx, PersonExplained, When, explain_person, list_assignments, role_named,
};
use muster_governance::{
    CatalogueQuery, ExtendRequest, ShortenRequest, extend_assignment, search_catalogue,
    shorten_assignment,
};
use muster_model::{EntityId, Text};
use muster_web::Problem;

use super::{
    asking::ANSWER,
    person::{place_of, status},
};
use crate::{
    flash::Said,
    frame::{Frame, done, page},
    moment::Moment,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "access.html")]
struct Page<'v> {
    frame: Frame<'v>,
    roles: Vec<Role>,
    accounts: Vec<Account>,
}

struct Role {
    name: String,
    description: String,
    via: String,
    until: Option<Moment>,
    /// What has to be answered to ask for more time, where that can be asked for: field and question.
    more: Option<Vec<(String, String)>>,
    /// Whether a request gave it, so that it can be given back.
    less: bool,
}

struct Account {
    place: String,
    name: String,
    status: &'static str,
    access: Vec<String>,
}

/// The page.
pub(crate) async fn show(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let found = explain_person(&ctx, &visit.opened, visit.subject(), When::default()).await?;
    let accounts = found.accounts.iter().filter(|account| account.observed.is_some());
    let accounts = accounts.map(|account| account_shown(&visit, account)).collect();
    let roles = roles(&visit, &ctx, me, &found).await?;
    page(&visit, &Page { frame: Frame::of(&visit), roles, accounts })
}

async fn roles(
    visit: &Visit,
    ctx: &Ctx,
    me: EntityId,
    found: &PersonExplained,
) -> Result<Vec<Role>, Problem> {
    let (opened, now) = (&visit.opened, ctx.now());
    let query = CatalogueQuery { limit: usize::MAX, ..CatalogueQuery::default() };
    // Whoever is away asks for nothing, and still sees what they have.
    let catalogue = search_catalogue(ctx, opened, me, &query).await.map(|part| part.items);
    let questions: BTreeMap<Text, Vec<Text>> =
        catalogue.into_iter().flatten().map(|entry| (entry.role, entry.terms.questions)).collect();
    let given = list_assignments(ctx, opened, visit.subject()).await?;
    let is_open = |until: &jiff::Timestamp| *until > now;
    let role = |held: &muster_app::RoleHeld| {
        let open = given.iter().filter(|one| one.role == held.role && one.ended_at.is_none());
        let until = open.filter_map(|one| one.until).filter(is_open).max();
        let field = |question: &Text| (format!("{ANSWER}{question}"), question.to_string());
        let asked = questions.get(&held.role).filter(|_| until.is_some());
        let view = role_named(opened, &held.role).ok();
        Role {
            name: held.role.to_string(),
            description: view
                .and_then(|view| view.description)
                .map_or_else(String::new, |text| text.to_string()),
            via: held.via.clone(),
            until: visit.maybe(until),
            less: given.iter().any(|one| {
                one.role == held.role
                    && one.ended_at.is_none()
                    && one.until.is_none_or(|until| until > now)
                    && one.origin.starts_with("request ")
            }),
            more: asked.map(|questions| questions.iter().map(field).collect()),
        }
    };
    Ok(found.roles.iter().map(role).collect())
}

fn account_shown(visit: &Visit, account: &AccountExplained) -> Account {
    let observed = account.observed.as_ref();
    let there = account.entitlements.iter().filter(|one| one.there);
    Account {
        place: place_of(visit, &account.system, &account.account_type),
        name: observed.map_or_else(String::new, |seen| seen.name.to_string()),
        status: status(&visit.texts.person, account),
        access: there.map(|one| one.name.to_string()).collect(),
    }
}

/// Asks for more time with a role.
pub(crate) async fn extend(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let given = &visit.given;
    let more = ExtendRequest {
        role: given.text("role").to_owned(),
        person: None,
        until: given.real_day("until", &visit.opened.model.timezone)?,
        reason: given.text("reason").to_owned(),
        answers: given.beginning(ANSWER),
    };
    extend_assignment(&ctx, &visit.opened, me, &more).await?;
    Ok(done(Said::Asked, "/requests?ended=yes"))
}

/// Lets a role that a request gave end earlier.
pub(crate) async fn shorten(visit: Visit, ctx: Ctx, me: EntityId) -> Result<Response, Problem> {
    let given = &visit.given;
    let less = ShortenRequest {
        role: given.text("role").to_owned(),
        person: None,
        until: given.real_day("until", &visit.opened.model.timezone)?,
        reason: given.text("reason").to_owned(),
    };
    shorten_assignment(&ctx, &visit.opened, me, &less).await?;
    Ok(done(Said::Changed, "/access"))
}
