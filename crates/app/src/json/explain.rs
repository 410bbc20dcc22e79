//! Why: reasons, conditions, states.

use muster_lang::Condition;
use muster_plan::value_json;
use muster_policy::{Because, MissingRole, Reason, StateReason, Want};
use serde_json::{Value as Json, json};

use super::{accounts, at, people};
use crate::{
    AccessExplained, AccountExplained, AttributeExplained, IdleExplained, Origin, PersonExplained,
};

/// A person: state, roles, accounts, what is not as it should be.
pub fn person_explained(explained: &PersonExplained) -> Json {
    let PersonExplained { person, state, roles, withheld, accounts, conflicts, next_change } =
        explained;
    let roles: Vec<Json> = roles
        .iter()
        .map(|role| json!({ "role": &*role.role, "via": role.via, "at": role.at.to_string() }))
        .collect();
    json!({
        "person": people::person(person), "state": state.as_ref().map(state_json), "roles": roles,
        "withheld": withheld.iter().map(|(what, one)| {
            json!({ "what": &**what, "assignment": one.id.0, "until": at(one.until),
                    "by": &*one.by, "reason": &*one.reason })
        }).collect::<Vec<_>>(),
        "accounts": accounts.iter().map(account_json).collect::<Vec<_>>(),
        "conflicts": conflicts.iter().map(|name| &**name).collect::<Vec<_>>(), "next_change": at(*next_change),
    })
}

fn account_json(account: &AccountExplained) -> Json {
    let want = match account.desired.want {
        Want::Present => "present",
        Want::Retained { .. } => "retained",
        Want::Absent => "absent",
    };
    let attributes: Vec<Json> = account
        .attributes
        .iter()
        .map(|(name, reason)| {
            json!({
                "attribute": &**name, "value": value_json(&reason.value), "expression": &*reason.source,
                "at": reason.at.to_string(), "role": reason.role.as_deref(),
            })
        })
        .collect();
    let entitlements: Vec<Json> = account
        .entitlements
        .iter()
        .map(|entitlement| {
            json!({
                "kind": &*entitlement.kind, "name": &*entitlement.name, "wanted": entitlement.wanted,
                "there": entitlement.there, "reasons": reasons_json(&entitlement.reasons),
            })
        })
        .collect();
    json!({
        "system": &*account.system, "account_type": &*account.account_type, "want": want, "enabled": account.desired.enabled,
        "name": account.desired.name.as_deref(), "observed": account.observed.as_ref().map(accounts::account),
        "idle": account.idle.as_ref().map(idle_json),
        "reasons": reasons_json(&account.reasons), "attributes": attributes, "entitlements": entitlements,
    })
}

fn idle_json(idle: &IdleExplained) -> Json {
    json!({
        "since": idle.unused.since.to_string(), "due": idle.unused.due.to_string(), "is_idle": idle.is_idle,
        "at": idle.at.to_string(),
    })
}

/// One account or entitlement: does the person have it, should they, and why.
pub fn access_explained(explained: &AccessExplained) -> Json {
    let AccessExplained {
        subject,
        access,
        has,
        wanted,
        reasons,
        missing,
        withheld,
        account,
        idle,
        state,
    } = explained;
    json!({
        "person": &**subject, "access": access, "has": has, "wanted": wanted, "reasons": reasons_json(reasons),
        "missing": missing.iter().map(missing_json).collect::<Vec<_>>(),
        "withheld": withheld.iter().map(|one| {
            json!({ "assignment": one.id.0, "until": at(one.until), "by": &*one.by,
                    "reason": &*one.reason })
        }).collect::<Vec<_>>(),
        "account": account.as_ref().map(|account| json!({
            "name": &*account.name, "enabled": account.enabled, "status": account.status.word(),
            "changed_at": account.changed_at.to_string(),
        })),
        "idle": idle.as_ref().map(idle_json),
        "state": state.as_ref().map(state_json),
    })
}

/// One attribute: its value, where it comes from, where it goes.
pub fn attribute_explained(explained: &AttributeExplained) -> Json {
    let AttributeExplained { subject, attribute, value, origin, used_by } = explained;
    let used: Vec<Json> = used_by
        .iter()
        .map(|(system, attribute, reason)| {
            json!({
                "system": &**system, "attribute": &**attribute, "value": value_json(&reason.value),
                "expression": &*reason.source, "at": reason.at.to_string(), "role": reason.role.as_deref(),
            })
        })
        .collect();
    json!({
        "person": &**subject, "attribute": &**attribute, "value": value_json(value), "origin": origin_json(origin),
        "used_by": used,
    })
}

fn origin_json(origin: &Origin) -> Json {
    match origin {
        Origin::Source { system, record, line, expression, at } => json!({
            "kind": "source", "system": &**system, "record": &**record, "line": line, "expression": &**expression,
            "at": at.to_string(),
        }),
        Origin::Entered => json!({ "kind": "entered" }),
        Origin::Computed { expression, at } => {
            json!({ "kind": "computed", "expression": &**expression, "at": at.to_string() })
        }
        Origin::Generated { at } => json!({ "kind": "generated", "at": at.to_string() }),
        Origin::Lifecycle(state) => {
            json!({ "kind": "lifecycle", "state": state.as_ref().map(state_json) })
        }
        Origin::Nothing => json!({ "kind": "nothing" }),
    }
}

fn condition_json(condition: &Condition) -> Json {
    let reads: serde_json::Map<String, Json> =
        condition.reads.iter().map(|(path, value)| (path.to_string(), value_json(value))).collect();
    json!({
        "condition": &*condition.source, "holds": condition.holds, "reads": reads, "flips": at(condition.flips),
    })
}

fn conditions_json(conditions: &[Condition]) -> Vec<Json> {
    conditions.iter().map(condition_json).collect()
}

fn reasons_json(reasons: &[Reason]) -> Vec<Json> {
    reasons.iter().map(reason_json).collect()
}

fn reason_json(reason: &Reason) -> Json {
    json!({ "role": &*reason.role, "at": reason.at.to_string(), "because": because_json(&reason.because) })
}

fn because_json(because: &Because) -> Json {
    match because {
        Because::Rule { conditions, at } => {
            json!({ "rule": at.to_string(), "conditions": conditions_json(conditions) })
        }
        Because::Assigned { id, reason, by, from, until } => json!({
            "assignment": id.0, "reason": &**reason, "by": &**by, "from": at(*from), "until": at(*until),
        }),
        Because::Included(outer) => json!({ "included_in": reason_json(outer) }),
    }
}

fn missing_json(missing: &MissingRole) -> Json {
    json!({
        "role": &*missing.role, "at": missing.at.to_string(), "conditions": conditions_json(&missing.conditions),
    })
}

fn state_json(state: &StateReason) -> Json {
    json!({
        "state": &*state.state, "since": state.since.to_string(), "at": state.at.to_string(),
        "conditions": conditions_json(&state.conditions),
    })
}
