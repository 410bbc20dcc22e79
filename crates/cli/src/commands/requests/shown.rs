//! Requests on the terminal.

use jiff::{SignedDuration, Timestamp};
use muster_app::{DeliveryItem, Page};
use muster_governance::{
    CatalogueEntry, Checked, DelegationView, OwnLink, RequestView, Reviewed, Suggestion, json,
};
use muster_signin::code_lines;
use serde_json::json;

use crate::{
    ui::{Paint, Report},
    when::shown,
};

fn instant(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, shown)
}

/// Requests, one in a row.
pub(in crate::commands) fn list(page: &Page<RequestView>, empty: &'static str) -> Report {
    let items = page.items.iter().map(|view| {
        let row = vec![
            view.id.to_string(),
            view.role.to_string(),
            view.person.to_string(),
            view.requester.to_string(),
            instant(view.until),
            view.status.clone(),
            view.reason.to_string(),
        ];
        (row, json::request(view))
    });
    let columns = ["request", "role", "for", "asked by", "until", "status", "reason"];
    Report::list(&columns, items, page.next.map(|next| next.to_string())).empty(empty)
}

/// One request: who, what it opens, why, how risky, how long, and what happened.
pub(in crate::commands) fn one(view: &RequestView) -> Report {
    let mut fields = vec![
        ("request", view.id.to_string()),
        ("for", format!("{} ({})", view.display, view.person)),
        ("role", view.role.to_string()),
        ("what it opens", view.description.as_deref().unwrap_or_default().to_owned()),
        ("risk", view.risk.map_or_else(String::new, |risk| format!("{risk} of 100"))),
        ("why", view.reason.to_string()),
        ("asked by", view.requester.to_string()),
        ("from", instant(view.from)),
        ("until", instant(view.until)),
        ("status", view.status.clone()),
    ];
    fields.extend(view.answers.iter().map(|(question, answer)| (&**question, answer.to_string())));
    let told = view.history.iter().map(|event| {
        let by = event.by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
        let of = event.in_place_of.as_ref();
        let of = of.map_or_else(String::new, |of| format!(" in the place of {of}"));
        let stage = event.stage.as_ref().map_or_else(String::new, |stage| format!(" ({stage})"));
        let note = if event.note.is_empty() { String::new() } else { format!(": {}", event.note) };
        ("", format!("{} {}{by}{of}{stage}{note}", shown(event.at), event.what))
    });
    fields.extend(told);
    if let Some(delivery) = &view.delivery {
        fields.push(("delivery", delivery.status.clone()));
        fields.extend(delivery.items.iter().map(|item| ("", delivered(item))));
    }
    fields.retain(|(_, value)| !value.is_empty());
    Report::one(fields, json::request(view))
}

/// How far one account or entitlement has come, with the way to have it tried again.
fn delivered(item: &DeliveryItem) -> String {
    let cause = item.cause.as_ref().map_or_else(String::new, |cause| format!(": {cause}"));
    let next = item.next_try.map_or_else(String::new, |at| format!(", next try {}", shown(at)));
    let retry = item.order.as_ref().filter(|_| item.retry);
    let retry = retry.map_or_else(String::new, |of| format!("; muster orders retry {of}"));
    format!("{} {}: {}{cause}{next}{retry}", item.system, item.what, item.state)
}

/// Roles that peers have.
pub(super) fn suggestions(all: &[Suggestion]) -> Report {
    let items = all.iter().map(|one| {
        let row = vec![
            one.role.to_string(),
            one.description.as_deref().unwrap_or_default().to_owned(),
            one.risk.map_or_else(String::new, |risk| risk.to_string()),
            one.why(),
        ];
        (row, json::suggestion(one))
    });
    Report::list(&["role", "what it opens", "risk", "why"], items, None)
        .empty("your peers have nothing that you lack and can ask for")
}

/// What can be asked for.
pub(super) fn catalogue(page: &Page<CatalogueEntry>) -> Report {
    let items = page.items.iter().map(|entry| {
        let stages: Vec<&str> = entry.terms.stages.iter().map(|stage| &*stage.name).collect();
        let row = vec![
            entry.role.to_string(),
            entry.description.as_deref().unwrap_or_default().to_owned(),
            entry.owner.as_deref().unwrap_or_default().to_owned(),
            entry.risk.map_or_else(String::new, |risk| risk.to_string()),
            days(entry.terms.usual.or(entry.terms.longest)),
            if stages.is_empty() { "nobody".to_owned() } else { stages.join(", then ") },
            entry.reviewed.as_ref().map_or_else(String::new, reviewed),
            if entry.held { "yes" } else { "" }.to_owned(),
        ];
        (row, json::catalogue_entry(entry))
    });
    let columns =
        ["role", "what it opens", "owner", "risk", "for", "who approves", "reviewed", "held"];
    Report::list(&columns, items, page.next.map(|next| next.to_string()))
        .empty("there is nothing that can be asked for")
}

/// `every 90 d by manager`.
fn reviewed(of: &Reviewed) -> String {
    let stages: Vec<&str> = of.stages.iter().map(|stage| &**stage).collect();
    format!("every {} by {}", days(Some(of.every)), stages.join(", then "))
}

fn days(time: Option<SignedDuration>) -> String {
    match time.map(|time| time.as_secs()) {
        None => "good".to_owned(),
        Some(seconds) if seconds % 86_400 == 0 => format!("{} d", seconds / 86_400),
        Some(seconds) => format!("{} h", seconds / 3_600),
    }
}

/// What requests would come to.
pub(super) fn checked(all: &[Checked]) -> Report {
    let items = all.iter().map(|checked| {
        let stages: Vec<String> = checked
            .stages
            .iter()
            .map(|(name, who)| match who.as_slice() {
                [] => format!("{name}: nobody"),
                who => format!("{name}: {}", who.join(" or ")),
            })
            .collect();
        let conflicts: Vec<String> = checked
            .conflicts
            .iter()
            .map(|conflict| format!("{} ({})", conflict.name, conflict.on))
            .collect();
        let plan: Vec<String> = (checked.plan.iter())
            .map(|change| match &change.blocked {
                Some(conflict) => format!("{} {} (held by {conflict})", change.system, change.what),
                None => format!("{} {}", change.system, change.what),
            })
            .collect();
        let row = vec![
            checked.role.to_string(),
            checked.person.to_string(),
            instant(checked.until),
            stages.join("; "),
            checked.questions.join("; "),
            conflicts.join("; "),
            plan.join("; "),
        ];
        (row, json::checked(checked))
    });
    let columns = ["role", "for", "until", "who approves", "questions", "conflicts", "plan"];
    Report::list(&columns, items, None)
}

/// A link by which a request is decided; with the code of it where that can be painted.
pub(in crate::commands) fn link(link: &OwnLink, paint: Option<Paint>) -> Report {
    let OwnLink { request, address, ends_at } = link;
    let mut text = format!("Request {}: {} for {}\n\n", request.id, request.role, request.display);
    for line in paint.iter().flat_map(|_| code_lines(address)) {
        put!(text, "{}\n", paint.map_or_else(String::new, |paint| paint.on_paper(&line)));
    }
    put!(
        text,
        "{address}\n\nIt is for you alone, decides once, and ends at {} or when the request changes.",
        shown(*ends_at)
    );
    let json = json!({
        "request": request.id, "address": address, "ends_at": ends_at.to_string(),
    });
    Report::one(Vec::new(), json).text(text)
}

/// Delegations.
pub(in crate::commands) fn delegations(all: &[DelegationView]) -> Report {
    let items = all.iter().map(|view| {
        let row = vec![
            view.id.to_string(),
            view.giver.to_string(),
            view.delegate.to_string(),
            shown(view.from),
            shown(view.until),
            view.reason.to_string(),
        ];
        (row, json::delegation(view))
    });
    let columns = ["delegation", "whose decisions", "who takes them", "from", "until", "reason"];
    Report::list(&columns, items, None).empty("nobody decides in your place, nor you in theirs")
}
