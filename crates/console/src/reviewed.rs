//! Items of access reviews, as people read them.

use askama::Template;
use jiff::Timestamp;
use muster_review::{AnswerView, ItemView, Live};
use muster_store::{ItemOutcome, ItemState, ItemVerdict};

use crate::{
    asked,
    moment::Moment,
    texts::{ReviewTexts, Texts, filled},
    visit::Visit,
};

/// Why nobody is asked about something.
pub(crate) fn aside_why<'c>(texts: &ReviewTexts, cause: &'c str) -> &'c str {
    match cause {
        "by_rule" => texts.aside_by_rule,
        "unchanged" => texts.aside_unchanged,
        other => other,
    }
}

/// An item, for whoever decides about it.
#[derive(Template)]
#[template(path = "review_card.html")]
pub(crate) struct Card {
    texts: &'static Texts,
    pub(crate) id: i64,
    pub(crate) person: String,
    pub(crate) thing: String,
    title: String,
    description: String,
    why: String,
    /// What happened after which it is asked.
    because: String,
    risk: String,
    until: Option<Moment>,
    last_used: Option<Moment>,
    peers: Option<String>,
    change: String,
    recommend: String,
    effect: Vec<String>,
    /// What is to be known before anybody decides.
    notes: Vec<&'static str>,
    conflicts: Vec<String>,
    /// Which state is seen, for one that changed.
    mark: Option<String>,
    waits: bool,
    pub(crate) verdict: &'static str,
    pub(crate) reason: String,
    pub(crate) outcome: Option<String>,
    pub(crate) reviewer: String,
    /// Until when the answer can be taken back.
    undo: Option<String>,
}

impl Card {
    /// The card of an item.
    pub(crate) fn of(visit: &Visit, view: &ItemView, now: Timestamp) -> Self {
        let (all, texts) = (visit.texts, &visit.texts.review);
        let undo = view.undo_until.filter(|until| *until > now);
        let undo = undo.map(|at| filled(texts.undo_until, &[("at", visit.moment(at).shown())]));
        Self {
            texts: all,
            id: view.id,
            person: view.display.as_deref().unwrap_or(texts.of_nobody).to_owned(),
            thing: view.thing.to_string(),
            title: view.title.to_string(),
            description: view.description.as_deref().unwrap_or_default().to_owned(),
            why: view.why.clone(),
            because: view.cause.clone(),
            risk: asked::risk(&all.asking, view.risk),
            until: visit.maybe(view.until),
            last_used: visit.maybe(view.last_used),
            peers: peers(texts, view.peers),
            change: change(texts, &view.change).to_owned(),
            recommend: recommend(texts, view),
            effect: view.plan.clone(),
            notes: notes(texts, view),
            conflicts: view.conflicts.clone(),
            mark: match &view.live {
                Live::Changed(mark) => Some(mark.clone()),
                Live::Same | Live::Gone => None,
            },
            waits: view.state == ItemState::Waiting,
            verdict: verdict(texts, view),
            reason: view.reason.to_string(),
            outcome: outcome(texts, view),
            reviewer: view.reviewer.to_string(),
            undo,
        }
    }
}

fn peers(texts: &ReviewTexts, (have, of): (u64, u64)) -> Option<String> {
    let percent = (have * 100).checked_div(of)?;
    let values = [have, of, percent].map(|n| n.to_string());
    let [have, of, percent] = &values;
    Some(filled(texts.peers_of, &[("have", have), ("of", of), ("percent", percent)]))
}

fn change<'t>(texts: &'t ReviewTexts, word: &'t str) -> &'t str {
    match word {
        "new" => texts.new,
        "changed" => texts.changed,
        "same" => texts.same,
        other => other,
    }
}

fn recommend(texts: &ReviewTexts, view: &ItemView) -> String {
    let what = match &*view.recommend {
        "keep" => texts.keep,
        "revoke" => texts.revoke,
        other => other,
    };
    if view.recommend_why.is_empty() {
        return what.to_owned();
    }
    format!("{what}: {}", view.recommend_why)
}

fn notes(texts: &ReviewTexts, view: &ItemView) -> Vec<&'static str> {
    let live = match view.live {
        Live::Same => None,
        Live::Changed(_) => Some(texts.live_changed),
        Live::Gone => Some(texts.live_gone),
    };
    let waits = view.state == ItemState::Waiting;
    live.filter(|_| waits).into_iter().chain(view.disagree.then_some(texts.disagree)).collect()
}

fn verdict(texts: &ReviewTexts, view: &ItemView) -> &'static str {
    match (view.state, view.verdict) {
        (ItemState::Over, _) => texts.over,
        (_, ItemVerdict::Open) => texts.waits,
        (_, ItemVerdict::Keep) => texts.kept,
        (_, ItemVerdict::Revoke) => texts.removed,
        (_, ItemVerdict::Shorten) => texts.shortened,
    }
}

fn outcome(texts: &ReviewTexts, view: &ItemView) -> Option<String> {
    let text = match view.outcome {
        ItemOutcome::None => return None,
        ItemOutcome::Pending => texts.pending,
        ItemOutcome::Gone => texts.gone,
        ItemOutcome::Stays => texts.there,
    };
    Some(format!("{text} {}", view.outcome_note).trim().to_owned())
}

/// Something that was said about an item.
pub(crate) struct Told {
    pub(crate) at: Moment,
    pub(crate) by: String,
    pub(crate) in_place_of: Option<String>,
    pub(crate) what: String,
    pub(crate) note: String,
}

impl Told {
    /// What was said.
    pub(crate) fn of(visit: &Visit, answer: &AnswerView) -> Self {
        let texts = &visit.texts.review;
        let what = match &*answer.what {
            "keep" => texts.kept,
            "revoke" => texts.removed,
            "shorten" => texts.shortened,
            "unsure" => texts.unsure,
            "forward" => texts.forwarded,
            "undo" => texts.taken_back,
            "silence" => texts.by_silence,
            "gone" => texts.over,
            other => other,
        };
        Self {
            at: visit.moment(answer.at),
            by: answer.by.as_deref().unwrap_or_default().to_owned(),
            in_place_of: answer.in_place_of.as_ref().map(ToString::to_string),
            what: format!("{what} ({})", answer.stage),
            note: answer.note.to_string(),
        }
    }
}
