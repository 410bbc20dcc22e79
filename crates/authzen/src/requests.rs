//! What a single answer says of asking for access: the access request and approval profile, for clients that may use it.

use muster_app::{AccessQuestion, Error};
use muster_governance::{Denied, Worth, json, requestable, weigh_approval};
use muster_web::Call;
use serde_json::{Map, Value, json};

/// The capability by which clients know the profile.
pub(crate) const CAPABILITY: &str = "urn:openid:authzen:capability:access-request";
/// Seconds after which a client asks again at the latest.
const LONGEST_WAIT: i64 = 3600;

/// The answer with what the profile adds to it. `approval` is what the client shows of an earlier request.
pub(crate) async fn completed(
    call: &Call,
    question: &AccessQuestion,
    approval: Option<&Value>,
    mut answer: Value,
) -> Result<Value, Error> {
    let (ctx, opened) = (&call.ctx, &call.opened);
    let allowed = answer.get("decision").and_then(Value::as_bool).unwrap_or(false);
    let context = answer.get_mut("context").and_then(Value::as_object_mut);
    let Some((url, context)) = opened.model.url.as_ref().zip(context) else {
        return Ok(answer);
    };
    let me = call.caller.authority.as_ref().map(|authority| authority.person());
    let denied = Denied { client: &call.caller.name, me, question };
    let worth = match approval {
        Some(given) => Some(weigh_approval(ctx, opened, &denied, given).await?),
        None => None,
    };
    if allowed {
        if let Some(Worth::Holds { id, until }) = worth {
            let approval = json!({ "id": id, "approved_until": until.to_string() });
            context.insert("approval".to_owned(), approval);
        }
        return Ok(answer);
    }
    let offer = requestable(ctx, opened, &denied).await?;
    let next = worth.as_ref().map_or("request", |worth| next_step(context, worth, offer.is_some()));
    if let Some(offer) = offer.filter(|_| next == "request") {
        let reason = || "approval_required".into();
        context.entry("reason").or_insert_with(reason);
        context.insert("evaluation_id".to_owned(), offer.evaluation_id.as_str().into());
        context.insert("access_request".to_owned(), json::requestable(&offer, url));
    }
    Ok(answer)
}

/// Says what a client does next whose approval did not help, and returns it.
fn next_step(context: &mut Map<String, Value>, worth: &Worth, offered: bool) -> &'static str {
    let (reason, next) = match worth {
        Worth::Holds { .. } => ("policy_denied", "none"),
        Worth::Pending(seconds) => {
            context.insert("retry_after".to_owned(), (*seconds).min(LONGEST_WAIT).into());
            ("grant_pending", "retry")
        }
        Worth::Expired => ("approval_expired", "request"),
        Worth::Elsewhere => ("out_of_scope", "request"),
        Worth::Unknown => ("approval_unverifiable", "none"),
    };
    let next = if next == "request" && !offered { "none" } else { next };
    context.insert("reason".to_owned(), reason.into());
    context.insert("next_action".to_owned(), next.into());
    next
}
