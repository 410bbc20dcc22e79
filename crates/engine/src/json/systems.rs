//! Connected systems, what people do by hand on them, one person's way through them, and webhooks.

use muster_store::Ticket;
use serde_json::{Value as Json, json};

use super::at;
use crate::{ProvisionStep, SystemView, WebhookView};

/// A system: how it is and what waits for it.
pub fn system(system: &SystemView) -> Json {
    json!({
        "system": &*system.name, "connector": &*system.connector, "mode": system.mode, "state": system.state,
        "since": at(system.since), "reason": system.reason.as_deref(), "failures": system.failures,
        "next_try": at(system.next_probe), "read_at": at(system.read_at), "planned": system.planned,
        "sent": system.sent, "held": system.held, "tickets": system.tickets,
    })
}

/// A ticket.
pub fn ticket(ticket: &Ticket) -> Json {
    json!({
        "ticket": ticket.id, "subject": &*ticket.subject, "what": &*ticket.what, "kind": &*ticket.kind,
        "status": ticket.status.word(), "reference": &*ticket.reference, "opened_at": ticket.opened_at.to_string(),
        "closed_at": at(ticket.closed_at), "closed_by": ticket.closed_by.as_deref(), "note": ticket.note.as_deref(),
        "attested_at": at(ticket.attested_at), "attested_by": ticket.attested_by.as_deref(),
    })
}

/// A webhook: how far it has come and how it is.
pub fn webhook(webhook: &WebhookView) -> Json {
    json!({
        "webhook": &*webhook.name, "url": &*webhook.url, "state": webhook.state, "since": at(webhook.since),
        "after": webhook.cursor, "behind": webhook.behind, "next_try": at(webhook.next_try),
        "reason": webhook.reason.as_deref(),
    })
}

/// A step of bringing one person's accounts up to date.
pub fn provision_step(step: &ProvisionStep) -> Json {
    json!({
        "system": &*step.system, "step": step.step, "ok": step.ok, "text": step.text, "detail": step.detail,
    })
}
