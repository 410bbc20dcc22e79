//! What somebody has and had, asked for, and what was decided about it.

use muster_app::{AccountQuery, Error, fact_kind, list_accounts, withheld_name};
use muster_governance::People;
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
        let line = |what: &str| format!("{item}: {what}");
        let origin = || Cell::Text(account.system.clone());
        let times = || [Cell::Instant(account.changed_at), Cell::Nothing];
        let state = match account.enabled {
            Some(true) => "usable",
            Some(false) => "not usable",
            None => account.status.word(),
        };
        told.add(("account", &line("state")), Cell::words(state), origin(), times());
        for (name, value) in &account.values {
            let value = Cell::words(value.to_string());
            told.add(("account", &line(name)), value, origin(), times());
        }
        for (kind, name) in &account.entitlements {
            let value = Cell::Text(name.clone());
            told.add(("account", &line(kind)), value, origin(), times());
        }
    }
    Ok(())
}

fn told_assignment(of: &Assignment, told: &mut Told) {
    let item = match (fact_kind(&of.role), withheld_name(&of.role)) {
        (Some(kind), _) => format!("said by hand: {}", kind.word()),
        (None, Some(what)) => format!("withheld: {what}"),
        (None, None) if of.role.starts_with('@') => of.role.trim_start_matches('@').to_owned(),
        (None, None) => format!("role {}", of.role),
    };
    let mut value = of.reason.to_string();
    if let Some(end) = of.end_reason.as_ref().filter(|end| !end.is_empty()) {
        value = format!("{value}; ended: {end}");
    }
    let from = of.valid_from.unwrap_or(of.created_at);
    let times = [Cell::Instant(from), Cell::at(of.ended_at.or(of.valid_until))];
    let origin = Cell::words(format!("{} by {}", of.origin, of.created_by));
    told.add(("assignment", &item), Cell::words(value), origin, times);
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
    let item = if request.subject == about.id {
        format!("request {}: role {}", request.id, request.role)
    } else {
        format!(
            "request {}: role {} for {}",
            request.id,
            request.role,
            people.name(request.subject)
        )
    };
    let value = match &*request.reason {
        "" => request.state.word().to_owned(),
        reason => format!("{}: {reason}", request.state.word()),
    };
    let origin = Cell::words(format!("asked by {}", people.name(request.requester)));
    let times = [Cell::Instant(request.made_at), Cell::at(request.ended_at)];
    told.add(("request", &item), Cell::words(value), origin, times);
    for event in look.tx.request_events(request.id).await? {
        let line = format!("request {}: {}", request.id, event.what);
        let times = [Cell::Instant(event.at), Cell::Nothing];
        let by = Cell::words(format!("by {}", event.actor));
        told.add(("request", &line), Cell::words(event.note), by, times);
    }
    Ok(())
}

async fn reviews(look: &mut Look, about: &About, told: &mut Told) -> Result<(), Error> {
    for item in look.tx.review_items_about(about.id, MOST).await? {
        let line = format!("{} {}", item.kind.word(), item.thing);
        let value = match &*item.reason {
            "" => item.verdict.word().to_owned(),
            reason => format!("{}: {reason}", item.verdict.word()),
        };
        let origin = Cell::words(format!("campaign {}", item.campaign));
        let times = [Cell::at(item.decided_at), Cell::at(item.until)];
        told.add(("review", &line), Cell::words(value), origin, times);
        for answer in look.tx.review_answers(item.id).await? {
            let line = format!("{} {}: {}", item.kind.word(), item.thing, answer.what);
            let times = [Cell::Instant(answer.at), Cell::at(answer.until)];
            let by = Cell::words(format!("by {}", answer.actor));
            told.add(("review", &line), Cell::words(answer.note), by, times);
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
        let name = people.name(other);
        let item = if of.giver == about.id {
            format!("{name} decides in their place")
        } else {
            format!("decides in the place of {name}")
        };
        let times = [Cell::Instant(of.valid_from), Cell::Instant(of.valid_until)];
        let by = Cell::words(format!("by {}", of.made_by));
        told.add(("delegation", &item), Cell::words(of.reason), by, times);
    }
    Ok(())
}
