//! Campaigns and items on the terminal.

use jiff::Timestamp;
use muster_app::Page;
use muster_review::{AnswerView, CampaignView, Checked, ItemView, Live, json};
use muster_store::CampaignState;
use serde_json::json;

use crate::{ui::Report, when::shown};

fn instant(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, shown)
}

/// Campaigns, one in a row.
pub(super) fn campaigns(page: &Page<CampaignView>) -> Report {
    let items = page.items.iter().map(|view| {
        let row = vec![
            view.id.to_string(),
            view.title.to_string(),
            view.state.to_string(),
            shown(view.due_at),
            view.asked.to_string(),
            view.waiting.to_string(),
            view.kept.to_string(),
            view.removed.to_string(),
        ];
        (row, json::campaign(view))
    });
    let columns = ["campaign", "title", "state", "due", "asked", "waiting", "kept", "revoked"];
    Report::list(&columns, items, page.next.map(|next| next.to_string()))
        .empty("no campaign is open")
}

/// How far a campaign is.
pub(super) fn campaign(view: &CampaignView) -> Report {
    let late = if view.late { " (late)" } else { "" };
    let state = match view.state {
        CampaignState::Held => "held: silence would revoke more than the guard lets pass",
        CampaignState::Open | CampaignState::Closed => view.state.word(),
    };
    let mut fields = vec![
        ("campaign", view.id.to_string()),
        ("title", view.title.to_string()),
        ("review", view.review.to_string()),
        ("what it is for", view.description.clone()),
        ("opened", format!("{} ({})", shown(view.opened_at), view.cause)),
        ("due", format!("{}{late}", shown(view.due_at))),
        ("over since", instant(view.closed_at)),
        ("state", state.to_owned()),
        ("asked", view.asked.to_string()),
    ];
    let aside = view.aside.iter().map(|(cause, n)| ("asked nobody", format!("{n} ({cause})")));
    fields.extend(aside);
    let counts = [
        ("waiting", view.waiting),
        ("kept", view.kept),
        ("revoked", view.removed),
        ("shortened", view.narrowed),
        ("gone before", view.over),
        ("seen to be gone", view.gone),
        ("to be seen yet", view.pending),
    ];
    let counts = counts.into_iter().filter(|(_, n)| *n > 0);
    fields.extend(counts.map(|(name, n)| (name, n.to_string())));
    if let Some(seconds) = view.median_seconds {
        fields.push(("half decided within", format!("{seconds} s")));
    }
    if let Some(percent) = view.glances {
        fields.push(("within 3 s", format!("{percent} %")));
    }
    fields.extend(view.reviewers.iter().map(|(who, n)| ("waits for", format!("{who}: {n}"))));
    if let Some(n) = view.held {
        let release = format!("muster reviews release {} --silence revoke --confirm {n}", view.id);
        fields.push(("to let it", release));
    }
    fields.retain(|(_, value)| !value.is_empty());
    Report::one(fields, json::campaign(view))
}

/// Items, one in a row.
pub(super) fn items(page: &Page<ItemView>) -> Report {
    let items = page.items.iter().map(|view| {
        let row = vec![
            view.id.to_string(),
            view.person.as_deref().unwrap_or_default().to_owned(),
            view.thing.to_string(),
            view.why.clone(),
            view.recommend.clone(),
            view.recommend_why.clone(),
            view.reviewer.to_string(),
            view.verdict.to_string(),
        ];
        (row, json::item(view))
    });
    let columns =
        ["item", "person", "what", "how it came", "advice", "because", "who decides", "decision"];
    Report::list(&columns, items, page.next.map(|next| next.to_string()))
        .empty("nothing waits for you")
}

/// What was decided, with what a rule still gives.
pub(super) fn decided(views: &[ItemView]) -> Report {
    let items = views.iter().map(|view| {
        let row = vec![
            view.id.to_string(),
            view.person.as_deref().unwrap_or_default().to_owned(),
            view.thing.to_string(),
            view.state.to_string(),
            view.verdict.to_string(),
            view.reviewer.to_string(),
            instant(view.undo_until),
            view.conflicts.join("; "),
        ];
        (row, json::item(view))
    });
    let columns =
        ["item", "person", "what", "state", "decision", "who decides", "undo until", "rules"];
    Report::list(&columns, items, None)
}

/// One item: who has what, how it came, what is advised, what a revocation does, and what was said.
pub(super) fn one(view: &ItemView) -> Report {
    let person = view.display.as_ref().zip(view.person.as_ref());
    let advice = match view.recommend_why.as_str() {
        "" => view.recommend.clone(),
        why => format!("{}: {why}", view.recommend),
    };
    let now = match view.live {
        Live::Same => "",
        Live::Changed(_) => "not as it was when the campaign opened",
        Live::Gone => "gone",
    };
    let mut fields = vec![
        ("item", view.id.to_string()),
        ("campaign", format!("{} ({})", view.title, view.campaign)),
        ("person", person.map_or_else(String::new, |(display, key)| format!("{display} ({key})"))),
        ("what", view.thing.to_string()),
        ("what it opens", view.description.as_deref().unwrap_or_default().to_owned()),
        ("risk", view.risk.map_or_else(String::new, |risk| format!("{risk} of 100"))),
        ("how it came", view.why.clone()),
        ("asked because", view.cause.clone()),
        ("until", instant(view.until)),
        ("last used", instant(view.last_used)),
        ("advice", advice),
        ("who decides", view.reviewer.to_string()),
        ("state", view.state.to_string()),
        ("decision", view.verdict.to_string()),
        ("reason", view.reason.to_string()),
        ("undo until", instant(view.undo_until)),
        ("outcome", view.outcome_note.to_string()),
        ("now", now.to_owned()),
    ];
    fields.extend(view.plan.iter().map(|line| ("a revocation does", line.clone())));
    fields.extend(view.conflicts.iter().map(|line| ("rules", line.clone())));
    fields.extend(view.answers.iter().map(|answer| ("", told(answer))));
    fields.retain(|(_, value)| !value.is_empty());
    Report::one(fields, json::item(view))
}

fn told(answer: &AnswerView) -> String {
    let by = answer.by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
    let of = answer.in_place_of.as_ref();
    let of = of.map_or_else(String::new, |of| format!(" in the place of {of}"));
    let until = answer.until.map_or_else(String::new, |until| format!(" until {}", shown(until)));
    let note = if answer.note.is_empty() { String::new() } else { format!(": {}", answer.note) };
    format!("{} {}{by}{of} ({}){until}{note}", shown(answer.at), answer.what, answer.stage)
}

/// Evidence that was checked.
pub(super) fn checked(checked: &Checked) -> Report {
    let Checked {
        title,
        campaign,
        made_at,
        items,
        entries,
        key,
        public_key,
        first_key,
        is_trusted,
    } = checked;
    let trust = if *is_trusted {
        "the first key is the one that was given".to_owned()
    } else {
        format!("is {first_key} the first key of the installation? --key says it")
    };
    let fields = vec![
        ("campaign", format!("{title} ({campaign})")),
        ("made at", made_at.clone()),
        ("items", items.to_string()),
        ("journal", format!("{entries} entries, whole, up to a signed checkpoint")),
        ("signed with", format!("key {key}, {public_key}")),
        ("trust", trust),
    ];
    let json = json!({
        "campaign": campaign, "title": title, "made_at": made_at, "items": items,
        "entries": entries, "key": key, "public_key": public_key, "first_key": first_key,
        "trusted": is_trusted,
    });
    Report::one(fields, json)
}
