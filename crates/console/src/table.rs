//! The table of pages: each with its address, the right it needs and its handler.

use std::{future::Future, pin::Pin, sync::Arc};

use axum::{http::Method, response::Response};
use muster_app::Ctx;
use muster_model::EntityId;
use muster_policy::Right::{
    self, AccountsRead, AccountsWrite, AlarmsRead, AlarmsWrite, AssignmentsRead, AssignmentsWrite,
    ConflictsWrite, DriftRead, DriftWrite, JournalExport, JournalRead, LifecycleWrite, MatchesRead,
    MatchesWrite, OrdersRead, OrdersWrite, PeopleRead, PlansApply, PlansMake, PlansRead,
    ReportsRead, RevisionsRead, RevisionsWrite, RolesRead, SyncRun, SystemsRead, SystemsWrite,
    TicketsRead, TicketsWrite, WorkflowsRead, WorkflowsRun,
};
use muster_web::Problem;

use crate::{
    frame::nothing,
    pages::{
        access, ahead, alarms, approvals, asking, assignments, campaigns, catalogue, changes,
        compare, conflict, conflict_map, conflicts, delegations, draft, drift, edit, forms, guests,
        held, home, journal, keys, leavers, lifecycle, matches, model, notices, orphans, people,
        person, plans, queue, reports, requests, reviews, risk, roles, search, systems, tickets,
        timeline, value, why, workflows,
    },
    visit::Visit,
};

/// A handler runs on a thread of its own, so its future need not move between threads.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<Response, Problem>>>>;

/// What answers a request for a page.
pub(crate) type Handler = Arc<dyn Fn(Visit) -> Answering + Send + Sync>;

/// A page, or a form that a page sends.
#[derive(Clone)]
pub struct Page {
    /// `GET` for pages, `POST` for forms.
    pub method: Method,
    /// The address, with `{name}` for values.
    pub path: &'static str,
    /// The right without which it is not there; `None` for whoever is signed in.
    pub right: Option<Right>,
    pub(crate) handler: Handler,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Page {
    /// A page for whoever is signed in. What it shows beyond that it asks of [`Visit::may`].
    fn open<F>(path: &'static str, handler: fn(Visit) -> F) -> Self
    where
        F: Future<Output = Result<Response, Problem>> + 'static,
    {
        let handler: Handler = Arc::new(move |visit| Box::pin(handler(visit)));
        Self { method: Method::GET, path, right: None, handler }
    }

    /// A page whose handler is given a context that the right narrows.
    fn get<F>(path: &'static str, right: Right, handler: fn(Visit, Ctx) -> F) -> Self
    where
        F: Future<Output = Result<Response, Problem>> + 'static,
    {
        let handler: Handler = Arc::new(move |visit: Visit| {
            Box::pin(async move {
                // Without the right there is nothing here.
                let ctx = visit.may(right).ok_or_else(nothing)?;
                handler(visit, ctx).await
            })
        });
        Self { method: Method::GET, path, right: Some(right), handler }
    }

    /// A page about whoever is signed in, and what everybody may do.
    fn own<F>(path: &'static str, handler: fn(Visit, Ctx, EntityId) -> F) -> Self
    where
        F: Future<Output = Result<Response, Problem>> + 'static,
    {
        let handler: Handler = Arc::new(move |visit: Visit| {
            let (ctx, me) = visit.myself();
            Box::pin(handler(visit, ctx, me))
        });
        Self { method: Method::GET, path, right: None, handler }
    }

    /// A form, as [`Page::own`].
    fn own_post<F>(path: &'static str, handler: fn(Visit, Ctx, EntityId) -> F) -> Self
    where
        F: Future<Output = Result<Response, Problem>> + 'static,
    {
        Self { method: Method::POST, ..Self::own(path, handler) }
    }

    /// A form, as [`Page::get`].
    fn post<F>(path: &'static str, right: Right, handler: fn(Visit, Ctx) -> F) -> Self
    where
        F: Future<Output = Result<Response, Problem>> + 'static,
    {
        Self { method: Method::POST, ..Self::get(path, right, handler) }
    }
}

/// Every page and form.
pub fn pages() -> Vec<Page> {
    let mut all = vec![
        Page::open("/", home::show),
        Page::open("/search", search::show),
        Page::open("/keys", keys::show),
        Page::get("/roles", RolesRead, roles::list),
        Page::get("/roles/{role}", RolesRead, roles::show),
        Page::get("/model", RevisionsRead, model::show),
        Page::get("/model/edit", RevisionsWrite, edit::form),
        Page::post("/model/draft", RevisionsWrite, edit::draft),
        Page::post("/model/publish", RevisionsWrite, edit::publish),
        Page::get("/model/changes", RevisionsRead, changes::show),
        Page::get("/journal", JournalRead, journal::list),
        Page::get("/reports", ReportsRead, reports::list),
        Page::get("/reports/{report}", ReportsRead, reports::show),
        Page::get("/reports/{report}/file", ReportsRead, reports::file),
        Page::get("/journal/verify", JournalExport, journal::verify),
    ];
    all.extend(about_oneself());
    all.extend(about_people());
    all.extend(about_systems());
    all.extend(about_work());
    all
}

/// What everybody may do who is signed in.
fn about_oneself() -> Vec<Page> {
    vec![
        Page::own("/access", access::show),
        Page::own_post("/access/extend", access::extend),
        Page::own_post("/access/shorten", access::shorten),
        Page::own("/catalogue", catalogue::list),
        Page::own("/ask", asking::form),
        Page::own_post("/ask/preview", asking::preview),
        Page::own_post("/ask", asking::send),
        Page::own("/requests", requests::list),
        Page::own("/requests/{id}", requests::show),
        Page::own_post("/requests/{id}/change", requests::change),
        Page::own_post("/requests/{id}/withdraw", requests::withdraw),
        Page::own("/approvals", approvals::list),
        Page::own_post("/approvals/{id}/approve", approvals::approve),
        Page::own_post("/approvals/{id}/refuse", approvals::refuse),
        Page::own_post("/approvals/{id}/link", approvals::link),
        Page::own("/forms", forms::list),
        Page::own_post("/forms/{form}/begin", forms::begin),
        Page::own("/forms/drafts/{id}", draft::show),
        Page::own_post("/forms/drafts/{id}", draft::work),
        Page::own_post("/forms/drafts/{id}/preview", draft::preview),
        Page::own_post("/forms/drafts/{id}/find", draft::find),
        Page::own_post("/forms/drafts/{id}/end", draft::end),
        Page::own("/guests", guests::list),
        Page::own_post("/guests", guests::invite),
        Page::own("/reviews", reviews::list),
        Page::own("/reviews/{id}", reviews::show),
        Page::own_post("/reviews/decide", reviews::decide),
        Page::own_post("/reviews/{id}/undo", reviews::undo),
        Page::own("/delegations", delegations::list),
        Page::own_post("/delegations", delegations::create),
        Page::own_post("/delegations/{id}/end", delegations::end),
        Page::own("/notices", notices::show),
        Page::own_post("/notices", notices::change),
    ]
}

fn about_people() -> Vec<Page> {
    vec![
        Page::get("/people", PeopleRead, people::list),
        Page::get("/people/{person}", PeopleRead, person::show),
        Page::get("/people/{person}/why", PeopleRead, why::show),
        Page::get("/people/{person}/value", PeopleRead, value::show),
        Page::get("/people/{person}/timeline", PeopleRead, timeline::show),
        Page::get("/people/{person}/compare", PeopleRead, compare::show),
        Page::get("/people/{person}/plan", PlansMake, ahead::show),
        Page::get("/people/{person}/assignments", AssignmentsRead, assignments::list),
        Page::post("/people/{person}/assignments", AssignmentsWrite, assignments::give),
        Page::post("/people/{person}/assignments/end", AssignmentsWrite, assignments::end),
        Page::get("/people/{person}/lifecycle", LifecycleWrite, lifecycle::show),
        Page::post("/people/{person}/lifecycle", LifecycleWrite, lifecycle::say),
        Page::get("/leavers", PeopleRead, leavers::list),
        Page::get("/conflicts", PeopleRead, conflicts::list),
        Page::get("/conflicts/map", PeopleRead, conflict_map::show),
        Page::get("/conflicts/people", PeopleRead, conflict_map::people),
        Page::get("/people/{person}/conflicts/{conflict}", PeopleRead, conflict::show),
        Page::post("/people/{person}/conflicts/{conflict}", ConflictsWrite, conflict::except),
        Page::get("/exceptions", PeopleRead, conflict::exceptions),
        Page::post("/exceptions/{id}/end", ConflictsWrite, conflict::end),
        Page::get("/risk", PeopleRead, risk::list),
    ]
}

fn about_systems() -> Vec<Page> {
    vec![
        Page::get("/systems", SystemsRead, systems::list),
        Page::get("/systems/{system}", SystemsRead, systems::show),
        Page::post("/systems/{system}/pause", SystemsWrite, systems::pause),
        Page::post("/systems/{system}/resume", SystemsWrite, systems::resume),
        Page::get("/drift", DriftRead, drift::list),
        Page::get("/drift/{group}", DriftRead, drift::show),
        Page::post("/drift/{group}/decide", DriftWrite, drift::decide),
        Page::get("/drift/item/{id}", DriftRead, drift::one),
        Page::post("/drift/item/{id}/decide", DriftWrite, drift::decide_one),
        Page::post("/drift/item/{id}/adopt", DriftWrite, drift::adopt),
        Page::get("/orphans", AccountsRead, orphans::list),
        Page::post("/orphans/{id}/assign", AccountsWrite, orphans::assign),
        Page::post("/orphans/decide", AccountsWrite, orphans::decide_many),
        Page::post("/orphans/{id}/decide", AccountsWrite, orphans::decide),
        Page::get("/held", SystemsRead, held::list),
        Page::post("/held/{id}/release", SyncRun, held::release),
        Page::post("/held/{id}/reject", SyncRun, held::reject),
        Page::get("/matches", MatchesRead, matches::list),
        Page::post("/matches/{id}/decide", MatchesWrite, matches::decide),
        Page::get("/matches/{id}/like", MatchesWrite, matches::like),
        Page::post("/matches/{id}/like", MatchesWrite, matches::link_all),
        Page::get("/alarms", AlarmsRead, alarms::list),
        Page::post("/alarms/{id}/acknowledge", AlarmsWrite, alarms::acknowledge),
    ]
}

fn about_work() -> Vec<Page> {
    vec![
        Page::get("/plans", PlansRead, plans::list),
        Page::post("/plans", PlansMake, plans::make),
        Page::get("/plans/{plan}", PlansRead, plans::show),
        Page::post("/plans/{plan}/apply", PlansApply, plans::carry_out),
        Page::post("/plans/{plan}/cancel", PlansApply, plans::cancel),
        Page::get("/queue", OrdersRead, queue::list),
        Page::get("/queue/{plan}/{number}", OrdersRead, queue::show),
        Page::post("/queue/{plan}/{number}/retry", OrdersWrite, queue::retry),
        Page::post("/queue/{plan}/{number}/cancel", OrdersWrite, queue::cancel),
        Page::post("/queue/{plan}/{number}/approve", OrdersWrite, queue::approve),
        Page::post("/queue/{plan}/{number}/refuse", OrdersWrite, queue::refuse),
        Page::get("/campaigns", AssignmentsRead, campaigns::list),
        Page::get("/campaigns/{campaign}", AssignmentsRead, campaigns::show),
        Page::get("/campaigns/{campaign}/evidence", AssignmentsRead, campaigns::evidence),
        Page::post("/campaigns/{campaign}/release", AssignmentsWrite, campaigns::release),
        Page::get("/tickets", TicketsRead, tickets::list),
        Page::post("/tickets/{id}/close", TicketsWrite, tickets::close),
        Page::post("/tickets/{id}/refuse", TicketsWrite, tickets::refuse),
        Page::post("/tickets/{id}/attest", TicketsWrite, tickets::attest),
        Page::get("/workflows", WorkflowsRead, workflows::list),
        Page::get("/workflows/{workflow}", WorkflowsRun, workflows::show),
        Page::post("/workflows/{workflow}/run", WorkflowsRun, workflows::run_it),
        Page::post("/workflows/runs/{id}/answer", WorkflowsRun, workflows::answer),
    ]
}
