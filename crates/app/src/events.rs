//! Events: what happened, for other programs, in the form of `CloudEvents` 1.0.
//!
//! The journal is the outbox: its entries are written in the transaction of what they tell, have no gaps and one order.
//! An event is an entry in another form, and the place in the journal is the cursor. An entry about several operations
//! becomes one event for each.

use muster_model::Text;
use muster_store::{Entry, JournalEntry};
use serde_json::{Value as Json, json};

use crate::{Ctx, Error, Kind, Opened};

/// Entries that are read at once.
const PAGE: usize = 500;
/// Stands before the action in the type of an event.
pub const EVENT_PREFIX: &str = "muster.";

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedEvent {
    /// Names it for ever; the same when it is sent again.
    pub id: String,
    /// The place in the journal; those that come later have a higher one, or the same and come later in the entry.
    pub cursor: i64,
    /// What happened, as the journal calls it: `assignment.create`.
    pub action: Text,
    /// To whom or what.
    pub subject: Text,
    /// The entry that it was made from, for who, when, and what belongs together.
    pub entry: Entry,
    /// Before, after and why.
    pub data: Json,
}

/// Which events are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Actions; `*` at the end stands for anything. All when empty.
    pub actions: Vec<Text>,
    /// About whom or what; `*` at the end as above. All when empty.
    pub subjects: Vec<Text>,
}

/// Events after a cursor.
#[derive(Debug, Clone, Default)]
pub struct EventPage {
    /// In the order in which they happened.
    pub events: Vec<PublishedEvent>,
    /// Where to go on.
    pub next: i64,
    /// True when there was nothing more at that moment.
    pub is_end: bool,
}

impl EventFilter {
    /// True for an event that is wanted.
    pub fn wants(&self, event: &PublishedEvent) -> bool {
        fits(&self.actions, &event.action) && fits(&self.subjects, &event.subject)
    }
}

/// True when one of the patterns fits, or when there are none.
fn fits(patterns: &[Text], text: &str) -> bool {
    let fits = |pattern: &Text| match pattern.strip_suffix('*') {
        Some(beginning) => text.starts_with(beginning),
        None => **pattern == *text,
    };
    patterns.is_empty() || patterns.iter().any(fits)
}

/// The events of an entry, in order.
pub fn events_of(stored: JournalEntry) -> Vec<PublishedEvent> {
    let JournalEntry { seq, entry, .. } = stored;
    let mut data: Json = serde_json::from_str(&entry.detail).unwrap_or_default();
    let event = |id: String, subject: Text, data: Json| {
        let action = entry.action.clone();
        PublishedEvent { id, cursor: seq, action, subject, entry: entry.clone(), data }
    };
    let operations = match data.get_mut("operations") {
        Some(Json::Array(operations)) if *entry.action == *"operations.done" => {
            std::mem::take(operations)
        }
        Some(_) | None => return vec![event(seq.to_string(), entry.subject.clone(), data)],
    };
    let system = data.get("system").cloned().unwrap_or_default();
    let parts = operations.into_iter().enumerate().map(|(n, mut operation)| {
        let subject = operation.get("subject").and_then(Json::as_str).unwrap_or("?").into();
        if let Json::Object(operation) = &mut operation {
            operation.insert("system".to_owned(), system.clone());
            operation.insert("plan".to_owned(), json!(&*entry.subject));
        }
        event(format!("{seq}.{n}"), subject, operation)
    });
    parts.collect()
}

/// An event in the form of `CloudEvents` 1.0; `source` says which Muster.
pub fn cloud_event(event: &PublishedEvent, source: &str) -> Json {
    let PublishedEvent { id, cursor, action, subject, entry, data } = event;
    let mut json = json!({
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": format!("{EVENT_PREFIX}{action}"),
        "subject": &**subject,
        "time": entry.at.to_string(),
        "datacontenttype": "application/json",
        "data": data,
        "sequence": cursor.to_string(),
        "actor": &*entry.actor,
    });
    if let (Json::Object(json), Some(correlation)) = (&mut json, &entry.correlation) {
        json.insert("correlation".to_owned(), Json::from(&**correlation));
    }
    json
}

/// What [`cloud_event`] says it comes from.
pub fn event_source(opened: &Opened) -> String {
    let name = opened.dir.file_name().map(|name| name.to_string_lossy().into_owned());
    format!("/muster/{}", name.unwrap_or_default())
}

/// Events after the place `after` in the journal, at most about `limit`.
pub async fn list_events(
    opened: &Opened,
    filter: &EventFilter,
    after: i64,
    limit: usize,
) -> Result<EventPage, Error> {
    let mut page = EventPage { next: after, ..EventPage::default() };
    let mut tx = opened.store.read().await?;
    while page.events.len() < limit {
        let entries = tx.scan_journal(Some(page.next), PAGE.min(limit)).await?;
        let Some(last) = entries.last() else {
            page.is_end = true;
            return Ok(page);
        };
        let next = last.seq;
        for entry in entries {
            // An entry is never parted: its place is the cursor.
            if page.events.len() >= limit {
                return Ok(page);
            }
            page.next = entry.seq;
            page.events.extend(events_of(entry).into_iter().filter(|event| filter.wants(event)));
        }
        page.next = next;
    }
    Ok(page)
}

/// The place of the last event; whoever begins there hears of what happens from now on.
pub async fn last_event(opened: &Opened) -> Result<i64, Error> {
    Ok(opened.store.read().await?.journal_end().await?)
}

/// The webhook of the model with this name.
pub fn webhook_named<'o>(
    opened: &'o Opened,
    name: &str,
) -> Result<&'o muster_policy::Webhook, Error> {
    let found = opened.model.webhooks.iter().find(|webhook| *webhook.name == *name);
    found.ok_or_else(|| {
        let error = Error::not_found(format!("there is no webhook `{name}`"));
        let names = opened.model.webhooks.iter().map(|webhook| &webhook.name);
        match crate::similar(name, names) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("webhooks: in the model names them"),
        }
    })
}

/// Lets a webhook begin again after the place `from` in the journal, also one that was disabled.
pub async fn replay_webhook(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    from: Option<i64>,
) -> Result<i64, Error> {
    let webhook = webhook_named(opened, name)?;
    let mut tx = opened.store.begin().await?;
    let end = tx.journal_end().await?;
    let state = tx.webhook(name).await?.unwrap_or_default();
    let cursor = from.unwrap_or(state.cursor);
    if !(0..=end).contains(&cursor) {
        return Err(Error::new(
            Kind::Invalid,
            format!("there is no place {cursor} in the journal"),
        )
        .hint(format!("it ends at {end}; muster events list shows the places")));
    }
    let state = muster_store::WebhookState {
        name: webhook.name.clone(),
        cursor,
        ..muster_store::WebhookState::default()
    };
    tx.save_webhook(&state).await?;
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: "webhook.replay".into(),
        subject: format!("webhook {name}").into(),
        detail: json!({ "after": cursor }).to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    tx.commit().await?;
    Ok(cursor)
}
