//! `/queue`: orders with their state, cause and next try; each with its history, and what can be done about it.

use askama::Template;
use axum::response::Response;
use muster_app::{Ctx, Error};
use muster_engine::{
    OrderQuery, OrderView, ReviewAnswer, cancel_order, decide_review, list_orders, list_reviews,
    order_history, retry_order,
};
use muster_policy::Right;
use muster_store::{OperationState, ReviewVerdict};
use muster_web::Problem;

use crate::{
    address,
    flash::Said,
    frame::{Frame, done, page},
    given::ROWS,
    moment::Moment,
    texts::WorkTexts,
    visit::Visit,
};

/// The word of the filter for what waits for a second person.
const REVIEW: &str = "review";

#[derive(Template)]
#[template(path = "queue.html")]
struct List<'v> {
    frame: Frame<'v>,
    states: Vec<Choice>,
    systems: Vec<(&'v str, bool)>,
    orders: Vec<Order>,
    is_more: bool,
}

struct Choice {
    word: &'static str,
    label: &'static str,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "order.html")]
struct One<'v> {
    frame: Frame<'v>,
    order: Order,
    steps: Vec<Step>,
    /// What can be done about it: label, address, and whether a reason is asked for.
    verbs: Vec<(&'static str, String, bool)>,
}

struct Order {
    name: String,
    href: String,
    plan: String,
    system: String,
    subject: String,
    person: String,
    what: String,
    state: &'static str,
    is_wrong: bool,
    attempts: u32,
    next_try: Option<Moment>,
    error: String,
    planned: Moment,
}

struct Step {
    at: Moment,
    state: &'static str,
    actor: String,
    note: String,
}

impl Order {
    fn of(visit: &Visit, view: &OrderView) -> Self {
        let plan = view.name.split('/').next().unwrap_or_default();
        Self {
            href: address::order(&view.name),
            plan: format!("/plans/{plan}"),
            name: view.name.clone(),
            system: view.system.to_string(),
            subject: view.subject.to_string(),
            person: address::person(&view.subject),
            what: view.what.clone(),
            state: state(&visit.texts.work, view.state),
            is_wrong: matches!(view.state, OperationState::Failed | OperationState::Held),
            attempts: view.attempts,
            next_try: visit.maybe(view.next_try),
            error: view.error.as_deref().unwrap_or_default().to_owned(),
            planned: visit.moment(view.planned_at),
        }
    }
}

pub(super) fn state(texts: &WorkTexts, state: OperationState) -> &'static str {
    match state {
        OperationState::Planned => texts.planned,
        OperationState::Sent => texts.sent,
        OperationState::Executed => texts.executed,
        OperationState::Verified => texts.verified,
        OperationState::Held => texts.held,
        OperationState::Failed => texts.failed,
        OperationState::Cancelled => texts.cancelled,
        OperationState::Skipped => texts.skipped,
    }
}

/// The list: those of the newest plans first.
pub(crate) async fn list(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let word = visit.given.text("state");
    let mut orders = if word == REVIEW {
        in_review(&visit, &ctx).await?
    } else {
        filtered(&visit, &ctx).await?
    };
    let is_more = orders.len() > ROWS;
    orders.truncate(ROWS);
    let texts = &visit.texts.work;
    let choice = |of: OperationState| Choice {
        word: of.word(),
        label: state(texts, of),
        is_chosen: of.word() == word,
    };
    let mut states: Vec<Choice> = OperationState::ALL.iter().copied().map(choice).collect();
    states.push(Choice { word: REVIEW, label: texts.in_review, is_chosen: word == REVIEW });
    let chosen = visit.given.text("system");
    let template = List {
        frame: Frame::of(&visit),
        states,
        systems: visit
            .opened
            .model
            .systems
            .iter()
            .map(|system| (&*system.name, *system.name == *chosen))
            .collect(),
        orders: orders.iter().map(|view| Order::of(&visit, view)).collect(),
        is_more,
    };
    page(&visit, &template)
}

async fn filtered(visit: &Visit, ctx: &Ctx) -> Result<Vec<OrderView>, Error> {
    let query = OrderQuery {
        system: visit.given.filled("system"),
        state: OperationState::from_word(visit.given.text("state")),
        person: None,
        plan: visit.given.filled("plan"),
        limit: ROWS + 1,
    };
    list_orders(ctx, &visit.opened, &query).await
}

async fn in_review(visit: &Visit, ctx: &Ctx) -> Result<Vec<OrderView>, Error> {
    let reviews = list_reviews(ctx, &visit.opened, ROWS + 1).await?;
    Ok(reviews.into_iter().map(|review| review.order).collect())
}

/// One order with its history.
pub(crate) async fn show(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let (view, steps) = order_history(&ctx, &visit.opened, &name(&visit)).await?;
    let texts = &visit.texts.work;
    let step = |step: &muster_engine::OrderStep| Step {
        at: visit.moment(step.at),
        state: state(texts, step.state),
        actor: step.actor.to_string(),
        note: step.note.to_string(),
    };
    let steps = steps.iter().map(step).collect();
    let verbs = match visit.may(Right::OrdersWrite) {
        Some(_) => verbs(&visit, &ctx, &view).await?,
        None => Vec::new(),
    };
    let order = Order::of(&visit, &view);
    page(&visit, &One { frame: Frame::of(&visit), order, steps, verbs })
}

async fn verbs(
    visit: &Visit,
    ctx: &Ctx,
    view: &OrderView,
) -> Result<Vec<(&'static str, String, bool)>, Error> {
    let texts = &visit.texts.work;
    let to = |verb: &str| format!("{}/{verb}", address::order(&view.name));
    let mut verbs = Vec::new();
    match view.state {
        OperationState::Held => {
            let reviews = list_reviews(ctx, &visit.opened, usize::MAX).await?;
            if reviews.iter().any(|review| review.order.name == view.name) {
                verbs.push((texts.approve, to("approve"), true));
                verbs.push((texts.refuse, to("refuse"), true));
            }
        }
        OperationState::Failed => verbs.push((texts.retry, to("retry"), false)),
        OperationState::Planned => {
            verbs.push((texts.retry, to("retry"), false));
            verbs.push((texts.cancel, to("cancel"), false));
        }
        OperationState::Sent
        | OperationState::Executed
        | OperationState::Verified
        | OperationState::Cancelled
        | OperationState::Skipped => {}
    }
    Ok(verbs)
}

fn name(visit: &Visit) -> String {
    format!("{}/{}", visit.given.text("plan"), visit.given.text("number"))
}

/// Tries it again at once.
pub(crate) async fn retry(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    retry_order(&ctx, &visit.opened, &name(&visit)).await?;
    Ok(back(&visit, Said::Retried))
}

/// Takes it back.
pub(crate) async fn cancel(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    cancel_order(&ctx, &visit.opened, &name(&visit)).await?;
    Ok(back(&visit, Said::Cancelled))
}

/// Lets it go out.
pub(crate) async fn approve(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    decide(&visit, &ctx, ReviewVerdict::Approved).await?;
    Ok(back(&visit, Said::Approved))
}

/// Keeps it back.
pub(crate) async fn refuse(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    decide(&visit, &ctx, ReviewVerdict::Refused).await?;
    Ok(back(&visit, Said::Refused))
}

async fn decide(visit: &Visit, ctx: &Ctx, verdict: ReviewVerdict) -> Result<(), Error> {
    let answer = ReviewAnswer { verdict, note: visit.given.text("reason").into() };
    decide_review(ctx, &visit.opened, &name(visit), &answer).await
}

fn back(visit: &Visit, said: Said) -> Response {
    done(said, &address::order(&name(visit)))
}
