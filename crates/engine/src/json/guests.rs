//! Guests as JSON.

use serde_json::{Value as Json, json};

use crate::{GuestLink, GuestView};

/// A guest.
pub fn guest(guest: &GuestView) -> Json {
    json!({
        "id": guest.entity.0, "guest": &*guest.key, "display": &*guest.display,
        "mail": guest.mail.as_deref(), "organisation": &*guest.organisation, "title": &*guest.title,
        "state": guest.state.word(), "since": guest.since.to_string(),
        "removed_at": guest.next_at.map(|at| at.to_string()),
        "sponsor": guest.sponsor.as_deref(), "sponsor_display": guest.sponsor_display.as_deref(),
        "without_sponsor": guest.without_sponsor, "until": &*guest.until,
        "roles": guest.roles.iter().map(|role| &**role).collect::<Vec<_>>(),
        "accepted_at": guest.accepted_at.map(|at| at.to_string()),
        "moved_from": guest.moved_from.as_deref(),
        "moved_at": guest.moved_at.map(|at| at.to_string()),
        "made_at": guest.made_at.to_string(), "made_by": &*guest.made_by,
    })
}

/// What a link led to.
pub fn guest_link(link: &GuestLink) -> Json {
    json!({ "id": link.entity.0, "display": &*link.display, "state": link.state.word() })
}
