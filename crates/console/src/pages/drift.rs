//! `/drift`: what was changed outside, by what caused it, and what is decided about it.

use askama::Template;
use axum::response::Response;
use muster_app::{
    AdoptAhead, Adopted, Chosen, Ctx, DriftGroupView, DriftQuery, DriftVerb, DriftView, Error,
    adopt_drift, decide_drift, drift_groups, list_drift, preview_drift,
};
use muster_policy::Right;
use muster_store::{DriftDecision, DriftWhat};
use muster_web::Problem;

use super::{Coming, Pager, coming};
use crate::{
    address,
    flash::Said,
    frame::{Frame, done, nothing, page},
    given::ROWS,
    moment::Moment,
    texts::filled,
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
    href: String,
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
        return Err(nothing());
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
        href: format!("/drift/item/{}", view.id.0),
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
    let group = Chosen::Group(visit.given.text("group").to_owned());
    let confirm = visit.given.number("confirm");
    decided(&visit, &ctx, &group, confirm).await?;
    Ok(done(Said::Decided, "/drift"))
}

async fn decided(
    visit: &Visit,
    ctx: &Ctx,
    chosen: &Chosen,
    confirm: Option<u64>,
) -> Result<(), Problem> {
    let given = &visit.given;
    let until = given.day("until", &visit.opened.model.timezone);
    let verb = match given.text("verb") {
        "revert" => DriftVerb::Revert,
        "accept" => DriftVerb::Accept(until),
        "undo" => DriftVerb::Undo,
        _ => return Err(Problem::invalid("no decision was chosen")),
    };
    decide_drift(ctx, &visit.opened, chosen, verb, given.text("comment"), confirm).await?;
    Ok(())
}

#[derive(Template)]
#[template(path = "drift_item.html")]
struct One<'v> {
    frame: Frame<'v>,
    item: Item,
    remark: String,
    by: String,
    may_decide: bool,
    is_decided: bool,
    /// What would be done if it were put right.
    coming: Vec<Coming>,
    /// What would come of adopting it; `None` when it is over.
    adopt: Option<Adopt>,
}

/// What would come of adopting drift.
struct Adopt {
    /// Whether it can be done.
    can: bool,
    said: String,
    /// What is proposed for the model.
    proposal: Option<String>,
    coming: Vec<Coming>,
}

/// One item, with what each decision would come to.
pub(crate) async fn one(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let id = visit.given.number("id").ok_or_else(nothing)?;
    let ahead = preview_drift(&ctx, &visit.opened, id).await?;
    let view = &ahead.drift;
    let template = One {
        frame: Frame::of(&visit),
        item: item(&visit, view),
        remark: view.remark.to_string(),
        by: view.decided_by.as_ref().map_or_else(String::new, ToString::to_string),
        may_decide: ahead.adopt.is_some() && visit.may(Right::DriftWrite).is_some(),
        is_decided: view.decision != DriftDecision::Undecided,
        coming: coming(&ahead.revert),
        adopt: ahead.adopt.as_ref().map(|adopt| adopted(&visit, adopt)),
    };
    page(&visit, &template)
}

fn adopted(visit: &Visit, adopt: &Result<AdoptAhead, Error>) -> Adopt {
    let texts = &visit.texts.desk;
    let said = |can, said, proposal, coming| Adopt { can, said, proposal, coming };
    match adopt {
        Ok(AdoptAhead { adopted: Adopted::Assigned { role, .. }, plan }) => {
            said(true, filled(texts.would_assign, &[("role", role)]), None, coming(plan))
        }
        Ok(AdoptAhead { adopted: Adopted::Proposed { text, why, .. }, plan }) => {
            let why = filled(texts.would_propose, &[("why", why)]);
            said(true, why, Some(text.clone()), coming(plan))
        }
        Err(error) => {
            let why = filled(texts.cannot_adopt, &[("why", &error.to_string())]);
            said(false, why, None, Vec::new())
        }
    }
}

/// Decides about one item.
pub(crate) async fn decide_one(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let id = visit.given.number("id").ok_or_else(nothing)?;
    decided(&visit, &ctx, &Chosen::One(id), None).await?;
    Ok(done(Said::Decided, &format!("/drift/item/{id}")))
}

/// Makes one item what is wanted.
pub(crate) async fn adopt(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let id = visit.given.number("id").ok_or_else(nothing)?;
    adopt_drift(&ctx, &visit.opened, id, visit.given.text("comment")).await?;
    Ok(done(Said::Adopted, &format!("/drift/item/{id}")))
}
