//! `/people/{person}/timeline`: what happened to somebody, with both times, and what will happen by the passing of time.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use muster_app::{
    AuditQuery, Ctx, Error, Person, PersonExplained, VersionView, When, entity_history,
    explain_person, name_person, search_journal, see_linked,
};
use muster_model::{Text, Value};
use muster_policy::{Right, Want};
use muster_store::JournalFilter;
use muster_web::Problem;

use super::person::item_shown;
use crate::{
    address,
    frame::{Frame, page},
    given::ROWS,
    moment::Moment,
    texts::filled,
    visit::Visit,
};

/// Instants that are looked ahead to.
const AHEAD: usize = 8;

#[derive(Template)]
#[template(path = "timeline.html")]
struct Page<'v> {
    frame: Frame<'v>,
    who: String,
    person: String,
    future: Vec<Ahead>,
    past: Vec<Event>,
}

/// What will be from an instant on.
struct Ahead {
    at: Moment,
    what: Vec<String>,
}

/// Something that happened.
struct Event {
    order: Timestamp,
    effective: Option<Moment>,
    recorded: Moment,
    what: Vec<String>,
    by: String,
    /// The entries of the journal that belong to it.
    href: Option<String>,
}

/// The page.
pub(crate) async fn show(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let asked = visit.given.text("person");
    let present = explain_person(&ctx, &visit.opened, asked, When::default()).await?;
    let (_, subject) = name_person(&ctx, &visit.opened, asked).await?;
    let key = present.person.key.to_string();
    let who = present.person.display.to_string();
    let mut past = versions(&visit, &ctx, &key).await?;
    past.extend(entries(&visit, &subject).await?);
    past.sort_by_key(|event| std::cmp::Reverse(event.order));
    let future = ahead(&visit, &ctx, &key, present).await?;
    let person = address::person(&key);
    page(&visit, &Page { frame: Frame::of(&visit), who, person, future, past })
}

/// What was known of them, version by version: what each changed.
async fn versions(visit: &Visit, ctx: &Ctx, key: &str) -> Result<Vec<Event>, Error> {
    let versions = entity_history(ctx, &visit.opened, key).await?;
    let values: Vec<(Text, Value)> = versions.iter().flat_map(|one| one.values.clone()).collect();
    let linked = see_linked(ctx, &visit.opened, &values).await?;
    let before = versions.iter().skip(1).map(Some).chain([None]);
    let event = |(version, before): (&VersionView, Option<&VersionView>)| Event {
        order: version.recorded_at,
        effective: Some(visit.moment(version.effective_at)),
        recorded: visit.moment(version.recorded_at),
        what: match before {
            Some(before) => changes(visit, before, version, &linked),
            None => vec![visit.texts.person.first_known.to_owned()],
        },
        by: String::new(),
        href: None,
    };
    Ok(versions.iter().zip(before).map(event).collect())
}

fn changes(visit: &Visit, old: &VersionView, new: &VersionView, linked: &[Person]) -> Vec<String> {
    let by_name = |version: &VersionView| -> BTreeMap<Text, String> {
        let shown = version.values.iter().map(|(name, value)| {
            let items = value.items().iter().filter_map(|item| item_shown(item, linked));
            (name.clone(), items.map(|(text, _)| text).collect::<Vec<_>>().join(", "))
        });
        shown.collect()
    };
    let (old, new) = (by_name(old), by_name(new));
    let names: BTreeSet<&Text> = old.keys().chain(new.keys()).collect();
    let changed = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    let nothing = visit.texts.access.nothing;
    let text = |name: &Text| {
        let value =
            |of: &BTreeMap<Text, String>| of.get(name).map_or(nothing.to_owned(), Clone::clone);
        filled(
            visit.texts.person.changed,
            &[("name", name), ("old", &value(&old)), ("new", &value(&new))],
        )
    };
    changed.map(text).collect()
}

/// What the journal says of them, for those who may read it.
async fn entries(visit: &Visit, subject: &Text) -> Result<Vec<Event>, Error> {
    let Some(ctx) = visit.may(Right::JournalRead) else { return Ok(Vec::new()) };
    let filter = JournalFilter { subject: Some(subject.clone()), ..JournalFilter::default() };
    let found =
        search_journal(&ctx, &visit.opened, &AuditQuery { filter, before: None, limit: ROWS })
            .await;
    let part = match found {
        Ok(part) => part,
        // Who reads the journal of others only sees none of this one.
        Err(error) if error.kind() == muster_app::Kind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let event = |one: &muster_store::JournalEntry| Event {
        order: one.entry.at,
        effective: None,
        recorded: visit.moment(one.entry.at),
        what: vec![one.entry.action.to_string()],
        by: one.entry.actor.to_string(),
        href: one
            .entry
            .correlation
            .as_ref()
            .map(|of| address::with("/journal", &[("correlation", of)])),
    };
    Ok(part.items.iter().map(event).collect())
}

/// What changes by time alone: each next change, until there is none.
async fn ahead(
    visit: &Visit,
    ctx: &Ctx,
    key: &str,
    present: PersonExplained,
) -> Result<Vec<Ahead>, Error> {
    let mut known = present;
    let mut future = Vec::new();
    for _ in 0..AHEAD {
        let Some(at) = known.next_change else { break };
        let when = When { at: Some(at), as_of: None };
        let next = explain_person(ctx, &visit.opened, key, when).await?;
        let what = differences(visit, &known, &next);
        if !what.is_empty() {
            future.push(Ahead { at: visit.moment(at), what });
        }
        known = next;
    }
    Ok(future)
}

fn differences(visit: &Visit, old: &PersonExplained, new: &PersonExplained) -> Vec<String> {
    let texts = &visit.texts.person;
    let mut what = Vec::new();
    let state = |of: &PersonExplained| {
        of.state.as_ref().map_or_else(Text::default, |state| state.state.clone())
    };
    if state(old) != state(new) {
        what.push(filled(texts.becomes, &[("new", &state(new)), ("old", &state(old))]));
    }
    let roles = |of: &PersonExplained| {
        of.roles.iter().map(|held| held.role.clone()).collect::<BTreeSet<_>>()
    };
    let (before, after) = (roles(old), roles(new));
    what.extend(after.difference(&before).map(|role| filled(texts.gets, &[("role", role)])));
    what.extend(before.difference(&after).map(|role| filled(texts.loses, &[("role", role)])));
    let usable = |of: &PersonExplained| {
        let usable = of
            .accounts
            .iter()
            .filter(|one| one.desired.want != Want::Absent && one.desired.enabled);
        usable.map(|one| one.system.clone()).collect::<BTreeSet<_>>()
    };
    let (before, after) = (usable(old), usable(new));
    what.extend(
        after.difference(&before).map(|system| filled(texts.account_gives, &[("system", system)])),
    );
    what.extend(
        before.difference(&after).map(|system| filled(texts.account_takes, &[("system", system)])),
    );
    what
}
