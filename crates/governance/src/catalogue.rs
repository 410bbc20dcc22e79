//! What somebody can ask for.

use muster_app::{Ctx, Error, Opened, Page, resolve_person, role_named as role_view};
use muster_model::{EntityId, Text};
use muster_policy::RequestTerms;

use crate::{
    people::{People, need_to_work},
    reviewed::{Reviewed, reviewed},
    terms::terms_for,
};

/// Which part of the catalogue.
#[derive(Debug, Clone, Default)]
pub struct CatalogueQuery {
    /// Words, each of which stands in the name, the description or what the role grants.
    pub search: String,
    /// For whom, by key or another unique value; for oneself when `None`.
    pub person: Option<String>,
    /// After this place, which the page before named.
    pub after: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

/// A role that can be asked for.
#[derive(Debug, Clone)]
pub struct CatalogueEntry {
    /// Its name.
    pub role: Text,
    /// What it is for.
    pub description: Option<Text>,
    /// Who answers for it.
    pub owner: Option<Text>,
    /// How much harm it can do, from 0 to 100.
    pub risk: Option<u8>,
    /// What it grants.
    pub grants: Vec<String>,
    /// On which terms.
    pub terms: RequestTerms,
    /// When and by whom it will be reviewed, where the terms say so.
    pub reviewed: Option<Reviewed>,
    /// Whether the person has it already.
    pub held: bool,
}

/// The roles that `me` can ask for, for themselves or somebody else, by name.
///
/// # Errors
///
/// `NotFound` when there is no such person.
pub async fn search_catalogue(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    query: &CatalogueQuery,
) -> Result<Page<CatalogueEntry>, Error> {
    let mut tx = opened.store.read().await?;
    let id = match &query.person {
        Some(name) => resolve_person(ctx, opened, &mut tx, name).await?.row.id,
        None => me,
    };
    let now = ctx.now();
    let people = People::load(opened, &mut tx, [me, id].into(), now).await?;
    let (asks, subject) = (people.need(me)?, people.need(id)?);
    need_to_work(opened, asks)?;
    let words: Vec<String> = query.search.split_whitespace().map(str::to_lowercase).collect();
    let mut items: Vec<CatalogueEntry> = Vec::new();
    let (mut last, mut next) = (None, None);
    let roles = opened.model.roles.iter().enumerate().filter(|(_, role)| !role.request.is_empty());
    let place = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
    for (at, role) in roles.filter(|(at, _)| query.after.is_none_or(|after| place(*at) > after)) {
        let Some(terms) = terms_for(opened, &people, role, (asks, subject), now) else { continue };
        let grants = role_view(opened, &role.name)?.grants;
        if !fits(&words, &role.name, role.description.as_ref(), &grants) {
            continue;
        }
        if items.len() == query.limit {
            next = last;
            break;
        }
        last = Some(place(at));
        items.push(CatalogueEntry {
            role: role.name.clone(),
            description: role.description.clone(),
            owner: role.owner.clone(),
            risk: role.risk,
            grants,
            reviewed: reviewed(opened, &terms),
            terms,
            held: subject.holds(at),
        });
    }
    Ok(Page { items, next })
}

fn fits(words: &[String], name: &str, description: Option<&Text>, grants: &[String]) -> bool {
    let description = description.map_or("", |text| text);
    let all = format!("{name} {description} {}", grants.join(" ")).to_lowercase();
    words.iter().all(|word| all.contains(word))
}
