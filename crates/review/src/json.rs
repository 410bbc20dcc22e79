//! The JSON form of what these use cases answer: the same on the command line and over HTTP.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::{AnswerView, CampaignView, ItemView, Live};

/// A campaign.
pub fn campaign(view: &CampaignView) -> Json {
    json!({
        "id": view.id, "review": &*view.review, "title": &*view.title,
        "description": view.description, "cause": &*view.cause, "state": view.state.word(),
        "opened_at": view.opened_at.to_string(), "due_at": view.due_at.to_string(),
        "closed_at": instant(view.closed_at), "asked": view.asked,
        "aside": view.aside.iter().map(|(cause, n)| json!({ "cause": &**cause, "n": n })).collect::<Vec<_>>(),
        "waiting": view.waiting, "kept": view.kept, "removed": view.removed,
        "narrowed": view.narrowed, "over": view.over, "gone": view.gone, "pending": view.pending,
        "median_seconds": view.median_seconds, "glances_percent": view.glances,
        "reviewers": view.reviewers.iter().map(|(who, n)| json!({ "reviewer": &**who, "waiting": n })).collect::<Vec<_>>(),
        "late": view.late, "held": view.held,
    })
}

/// An item.
pub fn item(view: &ItemView) -> Json {
    let (live, mark) = match &view.live {
        Live::Same => ("same", None),
        Live::Changed(mark) => ("changed", Some(mark)),
        Live::Gone => ("gone", None),
    };
    json!({
        "id": view.id, "campaign": view.campaign, "title": &*view.title,
        "person": view.person.as_deref(), "display": view.display.as_deref(),
        "kind": view.kind.word(), "thing": &*view.thing, "description": view.description.as_deref(),
        "risk": view.risk, "why": view.why, "cause": view.cause, "until": instant(view.until),
        "last_used": instant(view.last_used),
        "peers": { "have": view.peers.0, "of": view.peers.1 }, "change": view.change,
        "recommend": view.recommend, "recommend_why": view.recommend_why,
        "reviewer": &*view.reviewer, "rule": view.rule, "stage": view.stage, "state": view.state.word(),
        "verdict": view.verdict.word(), "reason": &*view.reason,
        "decided_at": instant(view.decided_at), "decided_by": view.decided_by.as_deref(), "undo_until": instant(view.undo_until),
        "outcome": view.outcome.word(), "outcome_at": instant(view.outcome_at),
        "outcome_note": &*view.outcome_note, "conflicts": view.conflicts,
        "live": live, "mark": mark, "plan": view.plan, "disagree": view.disagree,
        "answers": view.answers.iter().map(answer).collect::<Vec<_>>(),
    })
}

fn answer(answer: &AnswerView) -> Json {
    json!({
        "at": answer.at.to_string(), "by": answer.by.as_deref(),
        "in_place_of": answer.in_place_of.as_deref(), "stage": &*answer.stage,
        "what": &*answer.what, "until": instant(answer.until), "note": &*answer.note,
    })
}

fn instant(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}
