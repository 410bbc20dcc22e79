//! The JSON form of what these use cases answer: the same on the command line and over HTTP.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use muster_app::{ConflictView, DeliveryView, json::person};
use muster_model::Language;
use muster_policy::{By, Told};
use muster_store::RequestState;

use crate::{
    ACCESS_REQUESTS, AccessTask, CatalogueEntry, Checked, DelegationView, EventView, ExceptionView,
    NoticeSettings, Removal, RequestView, Requestable, RiskView, Solution, Suggestion,
    TopicSetting,
};

/// A request.
pub fn request(view: &RequestView) -> Json {
    json!({
        "id": view.id, "basket": view.basket, "requester": &*view.requester,
        "person": &*view.person, "display": &*view.display, "role": &*view.role,
        "description": view.description.as_deref(), "risk": view.risk, "extends": view.extends,
        "reason": &*view.reason,
        "answers": view.answers.iter().map(|(question, answer)| {
            json!({ "question": &**question, "answer": &**answer })
        }).collect::<Vec<_>>(),
        "from": instant(view.from), "until": instant(view.until), "state": view.state.word(),
        "stages": texts(&view.stages), "stage": view.stage.as_deref(),
        "waits_on": texts(&view.waits_on), "status": view.status, "next_at": instant(view.next_at),
        "made_at": view.made_at.to_string(), "ended_at": instant(view.ended_at),
        "assignment": view.assignment,
        "history": view.history.iter().map(event).collect::<Vec<_>>(),
        "delivery": view.delivery.as_ref().map(delivery),
    })
}

/// How far what was given has come on the systems.
fn delivery(view: &DeliveryView) -> Json {
    json!({
        "takes_away": view.takes_away, "status": view.status, "whole": view.is_whole(), "done": view.n_done(),
        "items": view.items.iter().map(|item| json!({
            "system": &*item.system, "what": item.what, "state": item.state.word(),
            "done": item.is_done(), "cause": item.cause.as_deref(),
            "next_try": instant(item.next_try), "order": item.order, "retry": item.retry,
        })).collect::<Vec<_>>(),
    })
}

fn event(event: &EventView) -> Json {
    json!({
        "at": event.at.to_string(), "what": &*event.what, "by": event.by.as_deref(),
        "in_place_of": event.in_place_of.as_deref(), "stage": event.stage.as_deref(),
        "note": &*event.note,
    })
}

/// A task: a request as the application that made it sees it. `url` is the address of the service.
pub fn access_task(task: &AccessTask, url: &str) -> Json {
    let AccessTask { id, request, approval } = task;
    let status = match request.state {
        RequestState::Waiting => "pending",
        RequestState::Approved => "approved",
        RequestState::Refused => "denied",
        RequestState::Withdrawn => "cancelled",
        RequestState::Expired => "expired",
    };
    let endpoint = format!("{url}{ACCESS_REQUESTS}/{id}");
    let is_waiting = request.state == RequestState::Waiting;
    let step = request.stages.iter().position(|stage| Some(stage) == request.stage.as_ref());
    let title = format!("Request {} for the role {}", request.id, request.role);
    let progress = step.filter(|_| is_waiting).map(|step| {
        json!({
            "current_step": step + 1, "total_steps": request.stages.len(),
            "step_name": request.stage.as_deref(),
        })
    });
    let links = is_waiting.then(|| json!({ "cancel": format!("{endpoint}/cancel") }));
    let seen = without_null(json!({
        "id": id, "status": status, "status_endpoint": endpoint, "display": { "title": title },
        "progress": progress, "links": links,
    }));
    let result = approval.as_ref().map(|approval| {
        let (at, until) = (approval.at.to_string(), approval.until.to_string());
        json!({
            "mode": "reevaluate",
            "approval": {
                "id": approval.id, "state": approval.state, "approved_at": at, "approved_until": until,
            },
        })
    });
    without_null(json!({ "task": seen, "result": result }))
}

/// What can be asked for after a denial. `url` is the address of the service.
pub fn requestable(of: &Requestable, url: &str) -> Json {
    let Requestable { roles, binding_token, expires_at, evaluation_id: _ } = of;
    let roles: Vec<Json> = roles
        .iter()
        .map(|offered| {
            json!({
                "role": &*offered.role, "description": offered.description.as_deref(),
                "reason": offered.reason, "questions": texts(&offered.questions),
            })
        })
        .collect();
    json!({
        "endpoint": format!("{url}{ACCESS_REQUESTS}"), "expires_at": expires_at.to_string(),
        "binding_token": binding_token, "display": { "title": "Request access", "roles": roles },
    })
}

/// A role that can be asked for.
pub fn catalogue_entry(entry: &CatalogueEntry) -> Json {
    let terms = &entry.terms;
    let seconds = |time: Option<jiff::SignedDuration>| time.map(|time| time.as_secs());
    json!({
        "role": &*entry.role, "description": entry.description.as_deref(),
        "owner": entry.owner.as_deref(), "risk": entry.risk, "grants": entry.grants,
        "stages": terms.stages.iter().map(|stage| &*stage.name).collect::<Vec<_>>(),
        "longest": seconds(terms.longest), "usual": seconds(terms.usual),
        "reason": terms.reason, "questions": texts(&terms.questions), "held": entry.held,
        "reviewed": entry.reviewed.as_ref().map(|of| json!({
            "every": of.every.as_secs(), "name": &*of.review, "stages": texts(&of.stages),
        })),
    })
}

/// A role that peers have.
pub fn suggestion(suggestion: &Suggestion) -> Json {
    json!({
        "role": &*suggestion.role, "description": suggestion.description.as_deref(),
        "risk": suggestion.risk, "peers": suggestion.peers, "group": &*suggestion.group,
        "have": suggestion.have, "of": suggestion.of, "why": suggestion.why(),
    })
}

/// What a request would come to.
pub fn checked(checked: &Checked) -> Json {
    json!({
        "person": &*checked.person, "role": &*checked.role, "until": instant(checked.until),
        "stages": checked.stages.iter().map(|(name, who)| {
            json!({ "stage": &**name, "waits_on": texts(who) })
        }).collect::<Vec<_>>(),
        "questions": texts(&checked.questions), "reason": checked.reason_needed,
        "conflicts": checked.conflicts.iter().map(|conflict| {
            let description = conflict.description.as_deref();
            json!({ "conflict": &*conflict.name, "description": description, "on": conflict.on })
        }).collect::<Vec<_>>(),
        "plan": checked.plan.iter().map(|change| json!({
            "system": &*change.system, "account": &*change.account, "what": change.what,
            "blocked": change.blocked.as_deref(),
        })).collect::<Vec<_>>(),
    })
}

/// A delegation.
pub fn delegation(view: &DelegationView) -> Json {
    json!({
        "id": view.id, "giver": &*view.giver, "delegate": &*view.delegate,
        "from": view.from.to_string(), "until": view.until.to_string(), "reason": &*view.reason,
    })
}

/// How somebody is told; what they did not choose is left out.
pub fn notice_settings(view: &NoticeSettings) -> Json {
    let topic = |one: &TopicSetting| {
        without_null(json!({
            "topic": one.topic.word(), "told": one.told.word(),
            "chosen": one.chosen.map(Told::word), "usual": one.usual.word(),
        }))
    };
    without_null(json!({
        "person": &*view.subject, "topics": view.topics.iter().map(topic).collect::<Vec<_>>(),
        "by": view.by.word(), "chosen_by": view.chosen_by.map(By::word),
        "has_mail": view.has_mail, "has_chat": view.has_chat, "language": view.language.tag(),
        "chosen_language": view.chosen_language.map(Language::tag),
        "gathered_at": &view.gathered_at,
    }))
}

fn without_null(mut json: Json) -> Json {
    if let Some(fields) = json.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    json
}

fn instant(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

fn texts(texts: &[muster_model::Text]) -> Vec<&str> {
    texts.iter().map(|text| &**text).collect()
}

/// Duties of somebody that nobody may have together.
pub fn conflict(view: &ConflictView) -> Json {
    json!({
        "person": person(&view.person), "conflict": &*view.conflict,
        "duties": view.duties.iter().map(|(name, held)| {
            let outside = held.iter().filter(|held| held.is_outside);
            json!({
                "duty": &**name,
                "held": held.iter().map(|held| &held.access).collect::<Vec<_>>(),
                "outside": outside.map(|held| &held.access).collect::<Vec<_>>(),
            })
        }).collect::<Vec<_>>(),
        "blocks": view.blocks, "excepted": view.excepted, "at": view.at.to_string(),
    })
}

/// An exception from a conflict.
pub fn exception(view: &ExceptionView) -> Json {
    json!({
        "id": view.id.0, "person": &*view.person, "conflict": &*view.conflict,
        "reason": &*view.reason, "mitigation": &*view.mitigation, "owner": &*view.owner,
        "from": view.from.to_string(), "until": instant(view.until),
        "created_by": &*view.created_by, "ended_at": instant(view.ended_at),
    })
}

/// What would end a conflict.
pub fn solution(view: &Solution) -> Json {
    json!({
        "person": &*view.person, "conflict": &*view.conflict, "excepted": view.excepted,
        "removals": view.removals.iter().map(removal).collect::<Vec<_>>(),
        "by_rule": view.by_rule.iter().map(|(role, at)| {
            json!({ "role": &**role, "at": at.to_string() })
        }).collect::<Vec<_>>(),
        "outside": view.outside,
    })
}

fn removal(removal: &Removal) -> Json {
    json!({
        "assignments": removal.assignments.iter().map(|(id, role)| {
            json!({ "id": id.0, "role": &**role })
        }).collect::<Vec<_>>(),
        "lost": removal.lost,
    })
}

/// How much harm somebody could do.
pub fn risk(view: &RiskView) -> Json {
    json!({
        "person": person(&view.person), "score": view.score,
        "parts": view.parts.iter().map(|part| {
            json!({ "kind": part.kind, "name": &*part.name, "risk": part.risk })
        }).collect::<Vec<_>>(),
    })
}
