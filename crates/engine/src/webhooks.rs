//! Posts events to webhooks: each in the order in which things happened, until it was accepted, from its own cursor.
//!
//! What was accepted is not sent again but after a crash; its id is the same then. An address that fails for too long is
//! disabled, with an alarm, and begins again where it stopped when somebody says so.

use jiff::{SignedDuration, Timestamp};
use muster_app::{
    Ctx, DeliverError, Error, EventFilter, Kind, NewAlarm, Opened, PublishedEvent, WebhookCall,
    WebhookKind, clear_alarms, cloud_event, event_source, list_events, raise_alarm,
    security_events, verification_event, wanted_actions, webhook_named,
};
use muster_model::Text;
use muster_policy::Webhook;
use muster_store::{AlarmKind, WebhookState};
use serde_json::{Value as Json, json};

use crate::{backoff, lease::Lease};

/// Events that are looked at at once.
const PAGE: usize = 50;
/// The longest pause before an address that failed is tried again.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// A webhook with its state, for people.
#[derive(Debug, Clone)]
pub struct WebhookView {
    /// Its name.
    pub name: Text,
    /// The address.
    pub url: Text,
    /// Up to where everything was delivered.
    pub cursor: i64,
    /// How many entries of the journal come after that.
    pub behind: i64,
    /// `well`, `failing`, `disabled` or `new`.
    pub state: &'static str,
    /// Since when it is not well.
    pub since: Option<Timestamp>,
    /// What went wrong last.
    pub reason: Option<Text>,
    /// When it is tried again.
    pub next_try: Option<Timestamp>,
}

/// What a round of deliveries came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// Something was delivered; perhaps there is more.
    Something,
    /// Nothing is to be sent now.
    Nothing,
    /// It is not to be tried before this instant.
    Later(Timestamp),
    /// It is disabled.
    Disabled,
}

/// The lease of a webhook.
pub(crate) fn of_webhook(name: &str) -> String {
    format!("webhook {name}")
}

/// Every webhook of the model, in order of name.
pub async fn list_webhooks(opened: &Opened) -> Result<Vec<WebhookView>, Error> {
    let mut tx = opened.store.read().await?;
    let end = tx.journal_end().await?;
    let mut views = Vec::new();
    for webhook in &opened.model.webhooks {
        let known = tx.webhook(&webhook.name).await?;
        let is_known = known.is_some();
        let state = known.unwrap_or_else(|| begin_at(webhook, end));
        let (word, since) = match (state.disabled_at, state.failing_since) {
            (Some(at), _) => ("disabled", Some(at)),
            (None, Some(at)) => ("failing", Some(at)),
            (None, None) if is_known => ("well", None),
            (None, None) => ("new", None),
        };
        views.push(WebhookView {
            name: webhook.name.clone(),
            url: webhook.settings.scalar("url").cloned().unwrap_or_else(|| "".into()),
            cursor: state.cursor,
            behind: end - state.cursor,
            state: word,
            since,
            reason: state.reason,
            next_try: state.next_try,
        });
    }
    Ok(views)
}

/// Posts an event that says it is a test, without a cursor.
pub async fn test_webhook(ctx: &Ctx, opened: &Opened, name: &str) -> Result<(), Error> {
    let webhook = webhook_named(opened, name)?;
    let now = ctx.now();
    let entry = muster_store::Entry {
        at: now,
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: "webhook.test".into(),
        subject: format!("webhook {name}").into(),
        detail: "{}".into(),
        correlation: Some(ctx.correlation.clone()),
    };
    let event = PublishedEvent {
        id: format!("test-{}", now.as_microsecond()),
        cursor: 0,
        action: entry.action.clone(),
        subject: entry.subject.clone(),
        entry,
        data: json!({}),
    };
    let document = if webhook.is_scim() {
        verification_event(opened, webhook, &event)
    } else {
        cloud_event(&event, &event_source(opened))
    };
    let not_delivered = |problem: &dyn std::fmt::Display| {
        Error::new(Kind::Unavailable, format!("webhook `{name}` was not delivered: {problem}"))
    };
    match post(ctx, opened, webhook, (&event.id, &document)).await {
        Ok(None) => Ok(()),
        Ok(Some(refusal)) => Err(not_delivered(&refusal)),
        Err(error) => Err(not_delivered(&error)),
    }
}

/// Posts what is to be posted now, one page of it. Whoever calls holds the webhook's lease.
pub(crate) async fn deliver(
    ctx: &Ctx,
    opened: &Opened,
    lease: &Lease,
    webhook: &Webhook,
) -> Result<Delivered, Error> {
    let mut tx = opened.store.read().await?;
    let known = tx.webhook(&webhook.name).await?;
    let end = tx.journal_end().await?;
    drop(tx);
    let Some(mut state) = known else {
        // A new one hears of what happens from now on; `replay` gives it more.
        save(ctx, opened, lease, &begin_at(webhook, end)).await?;
        return Ok(Delivered::Something);
    };
    if state.disabled_at.is_some() {
        return Ok(Delivered::Disabled);
    }
    if let Some(at) = state.next_try.filter(|at| !backoff::is_due(Some(*at), ctx.now())) {
        return Ok(Delivered::Later(at));
    }
    let (actions, subjects) = (wanted_actions(webhook), webhook.subjects.clone());
    let filter = EventFilter { actions, subjects };
    let page = list_events(opened, &filter, state.cursor, PAGE).await?;
    let was_failing = state.failing_since.is_some();
    for event in &page.events {
        for (id, document) in documents(opened, webhook, event).await? {
            let refusal = match post(ctx, opened, webhook, (&id, &document)).await {
                Ok(refusal) => refusal,
                Err(error) => return failed(ctx, opened, lease, (webhook, state), &error).await,
            };
            // What comes before the entry of this event is delivered; the entry itself perhaps in part.
            state.cursor = state.cursor.max(event.cursor - 1);
            (state.failures, state.failing_since) = (0, None);
            (state.next_try, state.reason) = (None, refusal.map(Text::from));
        }
    }
    if page.next == state.cursor {
        return Ok(Delivered::Nothing);
    }
    state.cursor = page.next;
    // What is only passed over need not be noted each time.
    if !page.events.is_empty() || !page.is_end {
        save(ctx, opened, lease, &state).await?;
    }
    if was_failing && !page.events.is_empty() {
        let mut tx = opened.store.begin().await?;
        clear_alarms(&mut tx, ctx, AlarmKind::WebhookDisabled, &[about(webhook)]).await?;
        tx.commit().await?;
    }
    Ok(if page.is_end { Delivered::Nothing } else { Delivered::Something })
}

fn begin_at(webhook: &Webhook, cursor: i64) -> WebhookState {
    WebhookState { name: webhook.name.clone(), cursor, ..WebhookState::default() }
}

/// What is posted of an event, each document with the id that it always has.
async fn documents(
    opened: &Opened,
    webhook: &Webhook,
    event: &PublishedEvent,
) -> Result<Vec<(String, Json)>, Error> {
    if webhook.is_scim() {
        return security_events(opened, webhook, event).await;
    }
    Ok(vec![(event.id.clone(), cloud_event(event, &event_source(opened)))])
}

/// Posts a document; answers why the receiver refuses it where it will never take it.
async fn post(
    ctx: &Ctx,
    opened: &Opened,
    webhook: &Webhook,
    (id, document): (&str, &Json),
) -> Result<Option<String>, DeliverError> {
    let Some(deliver) = opened.deliver() else {
        return Err(DeliverError::for_good("nothing here sends webhooks"));
    };
    let allow_private = webhook.allow_private;
    let kind = if webhook.is_scim() {
        WebhookKind::Token { allow_private }
    } else {
        WebhookKind::Event { at: ctx.now(), allow_private }
    };
    let body = document.to_string().into_bytes();
    let (settings, timeout) = (&webhook.settings, webhook.timeout);
    let answer = deliver.ask_webhook(&WebhookCall { settings, body, id, timeout, kind }).await?;
    let is_refused = webhook.is_scim() && !answer.is_empty();
    Ok(is_refused
        .then(|| format!("the receiver refused `{id}`: {}", String::from_utf8_lossy(&answer))))
}

/// Notes a failure; after too long a time nothing is sent any more.
async fn failed(
    ctx: &Ctx,
    opened: &Opened,
    lease: &Lease,
    (webhook, mut state): (&Webhook, WebhookState),
    error: &DeliverError,
) -> Result<Delivered, Error> {
    let now = ctx.now();
    state.failures += 1;
    let since = *state.failing_since.get_or_insert(now);
    state.reason = Some(error.problem.as_str().into());
    let pause = backoff::next_try(now, state.failures, None, &*webhook.name);
    let next = pause.min(now.saturating_add(LONGEST).unwrap_or(pause));
    state.next_try = Some(next);
    if now.duration_since(since) < webhook.give_up {
        save(ctx, opened, lease, &state).await?;
        return Ok(Delivered::Later(next));
    }
    (state.disabled_at, state.next_try) = (Some(now), None);
    let mut tx = opened.store.begin().await?;
    lease.renew(ctx, &mut tx).await?;
    tx.save_webhook(&state).await?;
    let alarm = NewAlarm {
        kind: AlarmKind::WebhookDisabled,
        about: about(webhook),
        system_no: None,
        subject: format!("webhook {}", webhook.name).into(),
        message: format!("it fails since {since} and is disabled: {}", error.problem).into(),
        detail: json!({ "webhook": &*webhook.name, "after": state.cursor, "failures": state.failures }),
    };
    raise_alarm(&mut tx, ctx, &alarm).await?;
    tx.commit().await?;
    Ok(Delivered::Disabled)
}

fn about(webhook: &Webhook) -> Text {
    format!("webhook {}", webhook.name).into()
}

async fn save(
    ctx: &Ctx,
    opened: &Opened,
    lease: &Lease,
    state: &WebhookState,
) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    lease.renew(ctx, &mut tx).await?;
    tx.save_webhook(state).await?;
    tx.commit().await?;
    Ok(())
}
