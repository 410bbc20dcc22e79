//! What is around every page: navigation, search, what was done right before; and pages that say what went wrong.

use askama::Template;
use axum::{
    http::{HeaderValue, Method, StatusCode, header},
    response::{Html, IntoResponse as _, Redirect, Response},
};
use muster_app::Error;
use muster_policy::Right;
use muster_web::{Code, Problem};

use crate::{escape::visible, flash::Said, texts::Texts, visit::Visit};

/// Styles and the script of ours, forms to ourselves, and nothing else.
pub(crate) const CONTENT: &str = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

/// What `layout.html` needs.
pub(crate) struct Frame<'v> {
    pub(crate) texts: &'static Texts,
    pub(crate) display: &'v str,
    pub(crate) said: Option<&'static str>,
    /// As whom this is seen, where that can be chosen.
    pub(crate) viewing: Option<&'v str>,
    pub(crate) is_home: bool,
    /// What everybody may do.
    pub(crate) own: Vec<Entry>,
    /// What needs a right.
    pub(crate) navigation: Vec<Entry>,
    /// What was searched for.
    pub(crate) searched: &'v str,
}

/// A place in the navigation.
pub(crate) struct Entry {
    pub(crate) path: &'static str,
    pub(crate) label: &'static str,
    pub(crate) is_here: bool,
}

impl<'v> Frame<'v> {
    /// The frame of a page. It names the places that this person may see.
    pub(crate) fn of(visit: &'v Visit) -> Self {
        let texts = visit.texts;
        let entry = |path: &'static str, label| {
            let is_here = visit.path == path || visit.path.starts_with(&format!("{path}/"));
            Entry { path, label, is_here }
        };
        let own = own_places(visit).into_iter().map(|(path, label, _)| entry(path, label));
        let places = places(texts).into_iter().filter(|(.., seen)| seen.by(visit));
        let navigation = places.map(|(path, label, _)| entry(path, label));
        Self {
            texts,
            display: &visit.display,
            viewing: visit.viewing.as_deref(),
            is_home: visit.path == "/",
            said: visit.said.map(|said| said.text(texts)),
            own: own.collect(),
            navigation: navigation.collect(),
            searched: if visit.path == "/search" { visit.given.text("q") } else { "" },
        }
    }
}

/// Who sees a place.
enum Seen {
    /// Who has the right for somebody.
    For(Right),
    /// Who has the right for everybody.
    ForEverybody(Right),
}

impl Seen {
    fn by(&self, visit: &Visit) -> bool {
        match self {
            Self::For(right) => visit.may(*right).is_some(),
            Self::ForEverybody(right) => visit.may_for_everybody(*right).is_some(),
        }
    }
}

/// What everybody may do: address, name, and what it is for.
pub(crate) fn own_places(visit: &Visit) -> Vec<(&'static str, &'static str, &'static str)> {
    let texts = visit.texts;
    let asking = &texts.asking;
    let mut places = vec![
        ("/catalogue", asking.catalogue, asking.catalogue_help),
        ("/requests", asking.requests, asking.requests_help),
        ("/approvals", asking.approvals, asking.approvals_help),
        ("/reviews", texts.review.reviews, texts.review.reviews_help),
        ("/delegations", asking.delegations, asking.delegations_help),
        ("/access", asking.access, asking.access_help),
        ("/notices", texts.notice.notices, texts.notice.notices_help),
    ];
    if !visit.opened.model.forms.is_empty() {
        places.push(("/forms", texts.form.forms, texts.form.forms_help));
    }
    if visit.opened.model.guests.is_some() {
        places.push(("/guests", texts.desk.guests, texts.desk.guests_help));
    }
    places
}

fn places(texts: &Texts) -> Vec<(&'static str, &'static str, Seen)> {
    let (frame, desk) = (&texts.frame, &texts.desk);
    vec![
        ("/people", frame.people, Seen::For(Right::PeopleRead)),
        ("/leavers", frame.leavers, Seen::For(Right::PeopleRead)),
        ("/conflicts", frame.conflicts, Seen::For(Right::PeopleRead)),
        ("/exceptions", desk.exceptions, Seen::For(Right::PeopleRead)),
        ("/risk", texts.asking.risk, Seen::For(Right::PeopleRead)),
        ("/matches", desk.matches, Seen::ForEverybody(Right::MatchesRead)),
        ("/orphans", frame.orphans, Seen::ForEverybody(Right::AccountsRead)),
        ("/drift", frame.drift, Seen::For(Right::DriftRead)),
        ("/plans", frame.plans, Seen::For(Right::PlansRead)),
        ("/held", frame.held, Seen::For(Right::SystemsRead)),
        ("/queue", frame.queue, Seen::For(Right::OrdersRead)),
        ("/campaigns", texts.review.campaigns, Seen::ForEverybody(Right::AssignmentsRead)),
        ("/tickets", desk.tickets, Seen::ForEverybody(Right::TicketsRead)),
        ("/alarms", desk.alarms, Seen::ForEverybody(Right::AlarmsRead)),
        ("/workflows", desk.workflows, Seen::For(Right::WorkflowsRead)),
        ("/systems", frame.systems, Seen::For(Right::SystemsRead)),
        ("/roles", frame.roles, Seen::For(Right::RolesRead)),
        ("/model", frame.model, Seen::For(Right::RevisionsRead)),
        ("/reports", texts.report.reports, Seen::For(Right::ReportsRead)),
        ("/journal", frame.journal, Seen::For(Right::JournalRead)),
    ]
}

/// A page that extends `layout.html`.
pub(crate) fn page(visit: &Visit, template: &impl Template) -> Result<Response, Problem> {
    with_status(visit, StatusCode::OK, template)
}

/// As [`page`], with a status of its own.
pub(crate) fn with_status(
    visit: &Visit,
    status: StatusCode,
    template: &impl Template,
) -> Result<Response, Problem> {
    let text = template.render().map_err(|error| {
        Problem::from(Error::bug("a page cannot be filled in").caused_by(error))
    })?;
    let headers =
        [(header::CONTENT_SECURITY_POLICY, CONTENT), (header::VARY, "Accept-Language, Cookie")];
    let mut response = (status, headers, Html(visible(text))).into_response();
    if visit.said.is_some() {
        set_cookie(&mut response, &Said::forget());
    }
    Ok(response)
}

/// On to a page, which says what was done.
pub(crate) fn done(said: Said, path: &str) -> Response {
    let mut response = Redirect::to(path).into_response();
    set_cookie(&mut response, &said.keep());
    response
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'v> {
    frame: Frame<'v>,
    title: &'static str,
    help: &'static str,
    detail: &'v str,
    hints: &'v [String],
}

/// There is nothing at this address, or nothing for this person, which is the same.
pub(crate) fn nothing() -> Problem {
    Problem::not_found("there is nothing at this address")
}

/// The page that says what went wrong.
pub(crate) fn problem(visit: &Visit, problem: Problem, method: &Method) -> Response {
    let denied = problem.status == StatusCode::FORBIDDEN && *method == Method::GET;
    let problem = if denied { nothing() } else { problem };
    let texts = &visit.texts.problem;
    let (title, help) = match problem.code {
        code if code == Code::NOT_FOUND.word => (texts.not_found, texts.not_found_help),
        code if code == Code::DENIED.word => (texts.denied, texts.denied_help),
        code if [Code::CONFLICT.word, Code::STALE.word, Code::CHANGED.word].contains(&code) => {
            (texts.changed, texts.changed_help)
        }
        code if code == Code::HELD.word => (texts.held, texts.held_help),
        code if [Code::BUSY.word, Code::UNAVAILABLE.word, Code::RATE.word].contains(&code) => {
            (texts.later, texts.later_help)
        }
        code if code == Code::BUG.word => (texts.bug, texts.bug_help),
        _ => (texts.invalid, texts.invalid_help),
    };
    let template = ProblemPage {
        frame: Frame::of(visit),
        title,
        help,
        detail: &problem.detail,
        hints: &problem.hints,
    };
    with_status(visit, problem.status, &template)
        .unwrap_or_else(|_| problem.clone().into_response())
}
