//! `/people/{person}/why`: why somebody has an access, or why not.

use askama::Template;
use axum::response::Response;
use muster_app::{AccessExplained, Ctx, When, explain_access};
use muster_web::Problem;

use crate::{
    address,
    frame::{Frame, page},
    graph::Graph,
    moment::Moment,
    reasons::{self, Sentence, Shown},
    texts::{AccessTexts, filled},
    visit::Visit,
};

#[derive(Template)]
#[template(path = "why.html")]
struct Page<'v> {
    frame: Frame<'v>,
    who: String,
    person: String,
    verdict: String,
    closing: &'static str,
    command: String,
    account: Option<(String, bool, Moment)>,
    state: Vec<Sentence>,
    reasons: Vec<Shown>,
    /// The same as a picture.
    graph: Option<Graph>,
    /// What would give it, where nothing does.
    missing: Vec<Vec<Sentence>>,
}

/// The page.
pub(crate) async fn show(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let (person, what) = (visit.given.text("person"), visit.given.text("what"));
    let found = explain_access(&ctx, &visit.opened, person, what, When::default()).await?;
    let account = found.account.as_ref().map(|account| {
        (account.name.to_string(), account.enabled == Some(false), visit.moment(account.changed_at))
    });
    let is_missing = found.reasons.is_empty();
    let missing = found.missing.iter().filter(|_| is_missing);
    let template = Page {
        frame: Frame::of(&visit),
        who: found.subject.to_string(),
        person: address::person(person),
        verdict: verdict(&found, &visit.texts.access),
        closing: closing(&found, &visit.texts.access),
        command: format!("muster explain {} {}", found.subject, found.access),
        account,
        state: found.state.as_ref().map(|state| reasons::state(&visit, state)).unwrap_or_default(),
        graph: Graph::of(visit.texts, &found.subject, &found.access, &found.reasons),
        reasons: reasons::all(&visit, &found.reasons),
        missing: missing.map(|one| reasons::missing(&visit, one)).collect(),
    };
    page(&visit, &template)
}

fn verdict(found: &AccessExplained, texts: &AccessTexts) -> String {
    let pattern = match (found.has, found.wanted, found.reasons.is_empty()) {
        (true, true, _) => texts.has,
        (true, false, true) => texts.has_without_reason,
        (true, false, false) => texts.has_against_state,
        (false, true, _) => texts.should_have,
        (false, false, _) => texts.has_not,
    };
    filled(pattern, &[("who", &found.subject), ("what", &found.access)])
}

/// What the next plan does about it.
fn closing(found: &AccessExplained, texts: &AccessTexts) -> &'static str {
    match (found.has, found.wanted) {
        (true, true) | (false, false) => texts.as_it_should,
        (true, false) => texts.next_takes,
        (false, true) => texts.next_gives,
    }
}
