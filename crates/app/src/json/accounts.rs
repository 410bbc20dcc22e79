//! Accounts, those of nobody, and those nobody answers for.

use muster_plan::value_json;
use muster_store::OrphanDecision;
use serde_json::{Value as Json, json};

use super::at;
use crate::{AccountView, Ownerless};

/// An account.
pub fn account(account: &AccountView) -> Json {
    let values: serde_json::Map<String, Json> =
        account.values.iter().map(|(name, value)| (name.to_string(), value_json(value))).collect();
    let entitlements: Vec<Json> = account
        .entitlements
        .iter()
        .map(|(kind, name)| json!({ "kind": &**kind, "name": &**name }))
        .collect();
    json!({
        "id": account.id.0, "system": &*account.system, "account_type": &*account.account_type, "name": &*account.name,
        "status": account.status.word(), "enabled": account.enabled, "person": account.person.as_deref(),
        "confidence": account.confidence, "origin": account.origin.word(), "changed_at": account.changed_at.to_string(),
        "values": values, "entitlements": entitlements,
    })
}

/// An account that belongs to nobody, with what was decided about it.
pub fn orphan(view: &AccountView, decision: Option<&OrphanDecision>) -> Json {
    let mut document = account(view);
    if let (Json::Object(document), Some(decision)) = (&mut document, decision) {
        document.insert("decision".to_owned(), orphan_decision(decision));
    }
    document
}

/// What was decided about an account that belongs to nobody.
pub fn orphan_decision(decision: &OrphanDecision) -> Json {
    json!({
        "verb": decision.verb.word(), "until": at(decision.until), "by": &*decision.decided_by,
        "at": decision.decided_at.to_string(), "comment": &*decision.remark,
    })
}

/// Something that nobody answers for.
pub fn ownerless(one: &Ownerless) -> Json {
    json!({
        "type": &*one.type_name, "subject": &*one.subject, "owner": one.owner.as_deref(), "why": one.why,
        "accounts": one.accounts,
    })
}
