//! Plans, what applying them did, and their orders.

use muster_model::Text;
use muster_plan::{operation_json, plan_json};
use muster_store::Plan;
use serde_json::{Value as Json, json};

use super::at;
use crate::{ApplyReport, MadePlan, MadeRevert, OrderStep, OrderView, ReviewView};

/// The short name of a kept plan: the first characters of its hash.
pub fn plan_name(plan: &Plan) -> String {
    plan.hash.chars().take(8).collect()
}

/// A kept plan without its operations.
pub fn kept_plan(plan: &Plan) -> Json {
    json!({
        "plan": plan_name(plan), "hash": &*plan.hash, "status": plan.status.word(), "revision": plan.revision,
        "made_at": plan.made_at.to_string(), "made_by": &*plan.made_by,
        "summary": serde_json::from_str::<Json>(&plan.summary).unwrap_or(Json::Null),
    })
}

/// A plan, with the places from 1 of the operations that a second person decides about.
pub fn made_plan(made: &MadePlan) -> Json {
    let mut json = plan_json(&made.plan, &made.name);
    if !made.reviews.is_empty() {
        put(&mut json, "reviews", made.reviews.iter().copied().collect());
    }
    json
}

/// A plan that undoes another one, with what it does not undo.
pub fn reverted(revert: &MadeRevert) -> Json {
    let mut json = plan_json(&revert.made.plan, &revert.made.name);
    let left = revert.left.iter().map(|(operation, why)| {
        let mut json = operation_json(operation);
        put(&mut json, "left_because", Json::from(&**why));
        json
    });
    let left = left.collect();
    put(&mut json, "left", left);
    json
}

/// What applying the plan of this name did.
pub fn applied(report: &ApplyReport, name: &str) -> Json {
    let failed: Vec<Json> = report
        .failed
        .iter()
        .map(|(operation, error)| json!({ "operation": operation_json(operation), "error": error }))
        .collect();
    let held: Vec<Json> = report
        .held
        .iter()
        .map(|(operation, why)| json!({ "operation": operation_json(operation), "why": why }))
        .collect();
    let quarantined: Vec<Json> = report
        .quarantined
        .iter()
        .map(|(system, why)| json!({ "system": &**system, "error": why }))
        .collect();
    json!({
        "plan": name, "executed": report.executed, "failed": failed, "skipped": report.skipped, "retried": report.retried,
        "left": report.left, "left_in_background": report.left_in_background, "taken": report.taken, "held": held,
        "reviews": report.reviews,
        "next_try": at(report.next_try), "done_before": report.done_before, "interrupted": report.interrupted,
        "quarantined": quarantined,
    })
}

/// An order.
pub fn order(order: &OrderView) -> Json {
    json!({
        "order": order.name, "system": &*order.system, "subject": &*order.subject, "what": order.what,
        "state": order.state.word(), "attempts": order.attempts, "next_try": at(order.next_try),
        "error": order.error.as_deref(), "ticket": order.ticket, "planned_at": order.planned_at.to_string(),
        "done_at": at(order.done_at),
    })
}

/// An order with what became of it, step by step.
pub fn order_with_history(view: &OrderView, steps: &[OrderStep]) -> Json {
    let history: Vec<Json> = steps
        .iter()
        .map(|step| {
            json!({
                "at": step.at.to_string(), "state": step.state.word(), "by": &*step.actor, "note": &*step.note,
            })
        })
        .collect();
    let mut json = order(view);
    put(&mut json, "history", Json::Array(history));
    json
}

/// An order that waits for a second person.
pub fn review(review: &ReviewView) -> Json {
    let names = |names: &[Text]| names.iter().map(|name| Json::from(&**name)).collect();
    let mut json = order(&review.order);
    put(&mut json, "reason", Json::from(&*review.reason));
    put(&mut json, "asked_at", Json::from(review.asked_at.to_string()));
    put(&mut json, "by", names(&review.by));
    put(&mut json, "not_by", names(&review.not_by));
    json
}

fn put(json: &mut Json, key: &str, value: Json) {
    if let Json::Object(map) = json {
        map.insert(key.to_owned(), value);
    }
}
