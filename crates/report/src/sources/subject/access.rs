//! What somebody has and had, asked for, and what was decided about it.

use muster_app::{AccountQuery, Error, fact_kind, list_accounts, withheld_name};
use muster_governance::People;
use muster_model::Text;
use muster_store::{Assignment, Request};

use super::{About, MOST, Told};
use crate::{Cell, reader::Look};

pub(super) async fn tell(look: &mut Look, about: &About, told: &mut Told) -> Result<(), Error> {
    accounts(look, about, told).await?;
    for assignment in look.tx.assignments_of(about.id).await? {
        told_assignment(&assignment, told);
    }
    let about_them = look.tx.requests_about(about.id, true, None, MOST).await?;
    let mut requests = look.tx.requests_by(about.id, true, None, MOST).await?;
    requests.retain(|request| request.subject != about.id);
    requests.extend(about_them);
    requests.sort_by_key(|request| request.id);
    for request in &requests {
        told_request(look, about, request, told).await?;
    }
    reviews(look, about, told).await?;
    delegations(look, about, told).await
}

async fn accounts(look: &mut Look, about: &About, told: &mut Told) -> Result<(), Error> {
    let query =
        AccountQuery { person: Some(about.key.clone()), limit: MOST, ..AccountQuery::default() };
    let (ctx, opened) = (&look.ctx, &look.opened);
    for account in list_accounts(ctx, opened, &query).await?.items {
        let item = format!("{}.{} {}", account.system, account.account_type, account.name);
        let line = |what: &str| Cell::words(format!("{item}: {what}"));
        let origin = || Cell::Text(account.system.clone());
        let times = || [Cell::Instant(account.changed_at), Cell::Nothing];
        let state = match account.enabled {
            Some(true) => Cell::word("usable"),
            Some(false) => Cell::word("not usable"),
            None => Cell::word(account.status.word()),
        };
        let of_state = Cell::said("{}: state", [Cell::words(item.as_str())]);
        told.add(("account", of_state), state, origin(), times());
        for (name, value) in &account.values {
            let value = Cell::words(value.to_string());
            told.add(("account", line(name)), value, origin(), times());
        }
        for (kind, name) in &account.entitlements {
            let value = Cell::Text(name.clone());
            told.add(("account", line(kind)), value, origin(), times());
        }
    }
    Ok(())
}

fn told_assignment(of: &Assignment, told: &mut Told) {
    let item = match (fact_kind(&of.role), withheld_name(&of.role)) {
        (Some(kind), _) => Cell::said("said by hand: {}", [Cell::perhaps_word(kind.word())]),
        (None, Some(what)) => Cell::said("withheld: {}", [Cell::words(what)]),
        (None, None) if of.role.starts_with('@') => Cell::words(of.role.trim_start_matches('@')),
        (None, None) => Cell::said("role {}", [Cell::Text(of.role.clone())]),
    };
    let mut value = Cell::words(of.reason.clone());
    if let Some(end) = of.end_reason.as_ref().filter(|end| !end.is_empty()) {
        value = Cell::said("{}; ended: {}", [value, Cell::Text(end.clone())]);
    }
    let from = of.valid_from.unwrap_or(of.created_at);
    let times = [Cell::Instant(from), Cell::at(of.ended_at.or(of.valid_until))];
    let by = [Cell::Text(of.origin.clone()), Cell::Text(of.created_by.clone())];
    told.add(("assignment", item), value, Cell::said("{} by {}", by), times);
}

async fn told_request(
    look: &mut Look,
    about: &About,
    request: &Request,
    told: &mut Told,
) -> Result<(), Error> {
    let ids = [request.requester, request.subject];
    let now = look.ctx.now();
    let people = People::load(&look.opened, &mut look.tx, ids.into_iter().collect(), now).await?;
    let which = [Cell::Number(request.id), Cell::Text(request.role.clone())];
    let item = if request.subject == about.id {
        Cell::said("request {}: role {}", which)
    } else {
        let whom = Cell::words(people.name(request.subject));
        Cell::said("request {}: role {} for {}", which.into_iter().chain([whom]))
    };
    let value = with_reason(request.state.word(), &request.reason);
    let origin = Cell::said("asked by {}", [Cell::words(people.name(request.requester))]);
    let times = [Cell::Instant(request.made_at), Cell::at(request.ended_at)];
    told.add(("request", item), value, origin, times);
    for event in look.tx.request_events(request.id).await? {
        let what = [Cell::Number(request.id), Cell::perhaps_word(&event.what)];
        let line = Cell::said("request {}: {}", what);
        let times = [Cell::Instant(event.at), Cell::Nothing];
        let by = Cell::said("by {}", [Cell::Text(event.actor)]);
        told.add(("request", line), Cell::words(event.note), by, times);
    }
    Ok(())
}

async fn reviews(look: &mut Look, about: &About, told: &mut Told) -> Result<(), Error> {
    for item in look.tx.review_items_about(about.id, MOST).await? {
        let thing = [Cell::word(item.kind.word()), Cell::Text(item.thing.clone())];
        let line = Cell::said("{} {}", thing);
        let value = with_reason(item.verdict.word(), &item.reason);
        let origin = Cell::said("campaign {}", [Cell::Number(item.campaign)]);
        let times = [Cell::at(item.decided_at), Cell::at(item.until)];
        told.add(("review", line.clone()), value, origin, times);
        for answer in look.tx.review_answers(item.id).await? {
            let line = Cell::said("{}: {}", [line.clone(), Cell::perhaps_word(&answer.what)]);
            let times = [Cell::Instant(answer.at), Cell::at(answer.until)];
            let by = Cell::said("by {}", [Cell::Text(answer.actor)]);
            told.add(("review", line), Cell::words(answer.note), by, times);
        }
    }
    Ok(())
}

async fn delegations(look: &mut Look, about: &About, told: &mut Told) -> Result<(), Error> {
    let now = look.ctx.now();
    let mut all = look.tx.delegations_from(about.id, now).await?;
    all.extend(look.tx.delegations_to(about.id, now).await?);
    for of in all {
        let other = if of.giver == about.id { of.delegate } else { of.giver };
        let people = People::load(&look.opened, &mut look.tx, [other].into(), now).await?;
        let name = [Cell::words(people.name(other))];
        let item = if of.giver == about.id {
            Cell::said("{} decides in their place", name)
        } else {
            Cell::said("decides in the place of {}", name)
        };
        let times = [Cell::Instant(of.valid_from), Cell::Instant(of.valid_until)];
        let by = Cell::said("by {}", [Cell::Text(of.made_by)]);
        told.add(("delegation", item), Cell::words(of.reason), by, times);
    }
    Ok(())
}

/// A fixed word, and why, where that was said.
fn with_reason(word: &'static str, reason: &Text) -> Cell {
    if reason.is_empty() {
        return Cell::word(word);
    }
    Cell::said("{}: {}", [Cell::word(word), Cell::Text(reason.clone())])
}
