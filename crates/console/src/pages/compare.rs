//! `/people/{person}/compare`: what is different about somebody between two moments, past or to come.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use muster_app::{
    Ctx, EntitlementExplained, Kind, PersonExplained, When, explain_person, see_linked,
};
use muster_web::Problem;

use super::person::{item_shown, place_of};
use crate::{
    address,
    frame::{Frame, page},
    moment::Moment,
    visit::Visit,
};

/// The first moment, when none is chosen: so long ago.
const AGO: SignedDuration = SignedDuration::from_hours(30 * 24);

#[derive(Template)]
#[template(path = "compare.html")]
struct Page<'v> {
    frame: Frame<'v>,
    who: String,
    person: String,
    /// The days as fields for days write them.
    days: [String; 2],
    moments: [Moment; 2],
    rows: Vec<Row>,
}

/// Something that is different.
struct Row {
    sort: &'static str,
    name: String,
    before: String,
    after: String,
}

/// What there is to say about somebody: sort and name, and what it is.
type Facts = BTreeMap<(&'static str, String), String>;

/// The page.
pub(crate) async fn show(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let (given, zone) = (&visit.given, &visit.opened.model.timezone);
    let now = ctx.now();
    let present =
        explain_person(&ctx, &visit.opened, given.text("person"), When::default()).await?;
    let ago = now.checked_sub(AGO).unwrap_or(now);
    let first = given.real_day("a", zone)?.unwrap_or(ago);
    let second = given.real_day("b", zone)?.unwrap_or(now);
    let key = &*present.person.key;
    let before = facts(&visit, &ctx, key, (first, now)).await?;
    let after = facts(&visit, &ctx, key, (second, now)).await?;
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let text = |facts: &Facts, name| facts.get(name).cloned().unwrap_or_default();
    let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    let rows = changed.map(|name| Row {
        sort: name.0,
        name: name.1.clone(),
        before: text(&before, name),
        after: text(&after, name),
    });
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date().to_string();
    let template = Page {
        frame: Frame::of(&visit),
        who: present.person.display.to_string(),
        person: address::person(key),
        days: [day(first), day(second)],
        moments: [visit.moment(first), visit.moment(second)],
        rows: rows.collect(),
    };
    page(&visit, &template)
}

/// What is to be said at a moment: as it was recorded then, or as it will be when nothing new is heard.
async fn facts(
    visit: &Visit,
    ctx: &Ctx,
    key: &str,
    (at, now): (Timestamp, Timestamp),
) -> Result<Facts, Problem> {
    let (is_past, is_known) = (at < now, at <= now);
    let when = When { at: Some(at), as_of: is_past.then_some(at) };
    let then = if is_past { visit.opened.as_of(at).await? } else { (*visit.opened).clone() };
    let found = match explain_person(ctx, &then, key, when).await {
        Ok(found) => found,
        Err(error) if error.kind() == Kind::NotFound => return Ok(Facts::new()),
        Err(error) => return Err(error.into()),
    };
    let linked = see_linked(ctx, &then, &found.person.values).await?;
    let texts = visit.texts;
    let mut facts = Facts::new();
    if let Some(state) = &found.state {
        facts.insert((texts.person.state, String::new()), state.state.to_string());
    }
    for (name, value) in &found.person.values {
        let items = value.items().iter().filter_map(|item| item_shown(item, &linked));
        let shown: Vec<String> = items.map(|(text, _)| text).collect();
        facts.insert((texts.person.attributes, name.to_string()), shown.join(", "));
    }
    for role in &found.roles {
        facts.insert((texts.person.role, role.role.to_string()), role.via.clone());
    }
    for (name, one) in access(visit, &found) {
        // Nobody knows what will be there; what is wanted is what there will be.
        let text = match (is_known && one.there, one.wanted) {
            (true, false) => texts.access.no_reason,
            (false, true) if is_known => texts.person.not_there,
            (_, true) => texts.frame.yes,
            (false, false) => continue,
        };
        facts.insert((texts.access.entitlement, name), text.to_owned());
    }
    Ok(facts)
}

fn access<'f>(
    visit: &Visit,
    found: &'f PersonExplained,
) -> impl Iterator<Item = (String, &'f EntitlementExplained)> {
    found.accounts.iter().flat_map(|account| {
        let place = place_of(visit, &account.system, &account.account_type);
        account.entitlements.iter().map(move |one| (format!("{place}:{}", one.name), one))
    })
}
