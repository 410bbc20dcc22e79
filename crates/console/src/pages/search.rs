//! `/search`: people, roles, entitlements and systems by a part of their names, as far as this person may see them.

use askama::Template;
use axum::response::Response;
use muster_app::{Error, find_people, list_roles};
use muster_policy::Right;
use muster_web::Problem;

use super::people::Row;
use crate::{
    address,
    frame::{Frame, page},
    visit::Visit,
};

/// Rows shown of each sort.
const SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "search.html")]
struct Page<'v> {
    frame: Frame<'v>,
    people: Vec<Row>,
    /// Roles, entitlements, systems: heading and places.
    others: Vec<(&'static str, Vec<Place>)>,
    is_more: bool,
    is_empty: bool,
}

/// Something that was found.
struct Place {
    href: String,
    name: String,
    help: String,
}

/// The page.
pub(crate) async fn show(visit: Visit) -> Result<Response, Problem> {
    let wanted = visit.given.text("q").to_lowercase();
    let (mut people, mut others) = (Vec::new(), Vec::new());
    if !wanted.is_empty() {
        people = found_people(&visit, &wanted).await?;
        others = vec![
            (visit.texts.frame.roles, roles(&visit, &wanted)),
            (visit.texts.home.entitlements, entitlements(&visit, &wanted)),
            (visit.texts.frame.systems, systems(&visit, &wanted)),
        ];
    }
    let is_more = people.len() > SHOWN || others.iter().any(|(_, places)| places.len() > SHOWN);
    people.truncate(SHOWN);
    for (_, places) in &mut others {
        places.truncate(SHOWN);
    }
    others.retain(|(_, places)| !places.is_empty());
    let is_empty = people.is_empty() && others.is_empty();
    page(&visit, &Page { frame: Frame::of(&visit), people, others, is_more, is_empty })
}

/// People whose name, or a text that is theirs alone, holds what is wanted.
async fn found_people(visit: &Visit, wanted: &str) -> Result<Vec<Row>, Error> {
    let Some(ctx) = visit.may(Right::PeopleRead) else { return Ok(Vec::new()) };
    let found = find_people(&ctx, &visit.opened, wanted, SHOWN + 1).await?;
    Ok(found.iter().map(Row::of).collect())
}

fn roles(visit: &Visit, wanted: &str) -> Vec<Place> {
    if visit.may(Right::RolesRead).is_none() {
        return Vec::new();
    }
    let roles = list_roles(&visit.opened).into_iter();
    let found = roles.filter(|role| {
        fits(&role.name, wanted) || fits(role.description.as_deref().unwrap_or_default(), wanted)
    });
    let place = |role: muster_app::RoleView| Place {
        href: address::role(&role.name),
        name: role.name.to_string(),
        help: role.description.as_deref().unwrap_or_default().to_owned(),
    };
    found.take(SHOWN + 1).map(place).collect()
}

/// What roles grant by name, with the roles.
fn entitlements(visit: &Visit, wanted: &str) -> Vec<Place> {
    if visit.may(Right::RolesRead).is_none() {
        return Vec::new();
    }
    let mut found = std::collections::BTreeMap::<String, Vec<String>>::new();
    for role in list_roles(&visit.opened) {
        for grant in role.grants.iter().filter(|grant| fits(grant, wanted)) {
            found.entry(grant.clone()).or_default().push(role.name.to_string());
        }
    }
    let place = |(name, roles): (String, Vec<String>)| Place {
        href: roles.first().map_or_else(String::new, |role| address::role(role)),
        help: roles.join(", "),
        name,
    };
    found.into_iter().take(SHOWN + 1).map(place).collect()
}

fn systems(visit: &Visit, wanted: &str) -> Vec<Place> {
    if visit.may(Right::SystemsRead).is_none() {
        return Vec::new();
    }
    let systems = visit.opened.model.systems.iter().filter(|system| fits(&system.name, wanted));
    let place = |system: &muster_policy::System| Place {
        href: address::system(&system.name),
        name: system.name.to_string(),
        help: system.connector.to_string(),
    };
    systems.take(SHOWN + 1).map(place).collect()
}

fn fits(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(wanted)
}
