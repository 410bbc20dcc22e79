//! `/drift`: what was changed outside, by what caused it, and what is decided about it.

use askama::Template;
use axum::response::Response;
use muster_app::{
    Chosen, Ctx, DriftGroupView, DriftQuery, DriftVerb, DriftView, decide_drift, drift_groups,
    list_drift,
};
use muster_policy::Right;
use muster_store::{DriftDecision, DriftWhat};
use muster_web::Problem;

use super::Pager;
use crate::{
    address,
    flash::Said,
    frame::{Frame, done, page},
    given::ROWS,
    moment::Moment,
    visit::Visit,
};

#[derive(Template)]
#[template(path = "drift.html")]
struct ByCause<'v> {
    frame: Frame<'v>,
    groups: Vec<Group>,
    pager: Pager,
}

/// What one cause changed.
struct Group {
    href: String,
    n: u64,
    n_undecided: u64,
    example: Item,
    first: Moment,
    last: Moment,
}

#[derive(Template)]
#[template(path = "drift_items.html")]
struct OneByOne<'v> {
    frame: Frame<'v>,
    items: Vec<Item>,
    /// The group that can be decided about at once, with the number that confirms it.
    decide: Option<(String, u64)>,
    pager: Pager,
}

struct Item {
    system: String,
    account: String,
    person: Option<(String, String)>,
    what: String,
    before: String,
    after: String,
    seen: Moment,
    decision: &'static str,
}

/// By cause; one by one for who may see some people only.
pub(crate) async fn list(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    if !ctx.reach.is_everybody() {
        return items(visit, ctx, None).await;
    }
    let after = visit.given.filled("after");
    let (found, next) = drift_groups(&ctx, &visit.opened, false, after.as_deref(), ROWS).await?;
    let pager = Pager::new("/drift", &visit.given, &[], next);
    let groups = found.iter().map(|view| group(&visit, view)).collect();
    page(&visit, &ByCause { frame: Frame::of(&visit), groups, pager })
}

fn group(visit: &Visit, view: &DriftGroupView) -> Group {
    Group {
        href: format!("/drift/{}", address::part(&view.group)),
        n: view.n,
        n_undecided: view.n_undecided,
        example: item(visit, &view.example),
        first: visit.moment(view.first_seen),
        last: visit.moment(view.last_seen),
    }
}

/// What one cause changed.
pub(crate) async fn show(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let group = visit.given.filled("group");
    items(visit, ctx, group).await
}

async fn items(visit: Visit, ctx: Ctx, group: Option<String>) -> Result<Response, Problem> {
    let after = visit.given.number("after");
    let query = DriftQuery { group: group.clone(), after, limit: ROWS, ..DriftQuery::default() };
    let part = list_drift(&ctx, &visit.opened, &query).await?;
    if group.is_some() && after.is_none() && part.items.is_empty() {
        return Err(crate::frame::nothing());
    }
    // The number is that of the items, so it is only known when all of them are seen.
    let whole = part.next.is_none() && after.is_none();
    let n = u64::try_from(part.items.len()).unwrap_or(u64::MAX);
    let decide = group.as_ref().filter(|_| whole && visit.may(Right::DriftWrite).is_some());
    let decide = decide.map(|group| (format!("/drift/{}/decide", address::part(group)), n));
    let path =
        group.map_or("/drift".to_owned(), |group| format!("/drift/{}", address::part(&group)));
    let pager = Pager::new(&path, &visit.given, &[], part.next.map(|next| next.to_string()));
    let items = part.items.iter().map(|view| item(&visit, view)).collect();
    page(&visit, &OneByOne { frame: Frame::of(&visit), items, decide, pager })
}

fn item(visit: &Visit, view: &DriftView) -> Item {
    let texts = &visit.texts.work;
    let what = match view.what {
        DriftWhat::Gone => texts.account_gone.to_owned(),
        DriftWhat::Appeared => texts.account_appeared.to_owned(),
        DriftWhat::Attribute | DriftWhat::Entitlement | DriftWhat::Enabled | DriftWhat::Name => {
            view.kind
                .as_ref()
                .map_or_else(|| view.item.to_string(), |kind| format!("{kind} {}", view.item))
        }
    };
    let value = |value: &muster_model::Value| {
        if value.is_null() { visit.texts.access.nothing.to_owned() } else { value.to_string() }
    };
    Item {
        system: view.system.to_string(),
        account: view.account.to_string(),
        person: view.person.as_ref().map(|person| (person.to_string(), address::person(person))),
        what,
        before: value(&view.before),
        after: value(&view.after),
        seen: visit.moment(view.seen_at),
        decision: match view.decision {
            DriftDecision::Undecided => texts.undecided,
            DriftDecision::Accept => texts.accepted,
            DriftDecision::Adopt => texts.adopted,
            DriftDecision::Revert => texts.to_be_reverted,
        },
    }
}

/// Decides about everything that one cause changed, if it is still as much as was seen.
pub(crate) async fn decide(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let given = &visit.given;
    let until = given.day("until", &visit.opened.model.timezone);
    let verb = match given.text("verb") {
        "revert" => DriftVerb::Revert,
        "accept" => DriftVerb::Accept(until),
        "undo" => DriftVerb::Undo,
        _ => return Err(Problem::invalid("no decision was chosen")),
    };
    let group = given.text("group").to_owned();
    let chosen = Chosen::Group(group);
    decide_drift(
        &ctx,
        &visit.opened,
        &chosen,
        verb,
        given.text("comment"),
        given.number("confirm"),
    )
    .await?;
    Ok(done(Said::Decided, "/drift"))
}
