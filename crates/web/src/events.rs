//! Events over HTTP: a page after a cursor, and a stream that goes on (server-sent events) with `Last-Event-ID`.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::Query,
    http::HeaderMap,
    response::sse::{Event, Sse},
    routing::get,
};
use futures_util::{Stream, stream::unfold};
use muster_app::{
    EventFilter, Opened, PublishedEvent, Scope, cloud_event, event_source, last_event, list_events,
};
use muster_store::Wake;
use serde::Deserialize;
use serde_json::{Value as Json_, json};

use crate::{Answer, Call, Problem, Router};

/// Events of one page, and those that a stream reads at once.
const PAGE: usize = 100;
/// A stream looks at least so often whether something happened that nobody told it.
const LOOK: Duration = Duration::from_secs(1);
/// A stream says so often that it is still there.
const STILL_HERE: Duration = Duration::from_secs(15);
/// A stream ends after this time, so that it does not outlive its token; the client goes on where it was.
const LENGTH: Duration = Duration::from_mins(15);

/// `/api/v1/events` and `/api/v1/events/stream`.
pub fn events() -> Router {
    Router::new().route("/api/v1/events", get(list)).route("/api/v1/events/stream", get(stream))
}

/// What may be asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// After this place in the journal.
    after: Option<i64>,
    /// Actions, with commas; `*` at the end stands for anything.
    types: Option<String>,
    /// About whom or what, as above.
    subjects: Option<String>,
    /// How many at most.
    limit: Option<usize>,
}

impl Wanted {
    fn filter(&self) -> EventFilter {
        let list = |text: &Option<String>| {
            let words = text.iter().flat_map(|text| text.split(','));
            words.filter(|word| !word.is_empty()).map(Into::into).collect()
        };
        EventFilter { actions: list(&self.types), subjects: list(&self.subjects) }
    }
}

async fn list(call: Call, Query(wanted): Query<Wanted>) -> Answer<Json<Json_>> {
    call.need(Scope::Events)?;
    let limit = wanted.limit.unwrap_or(PAGE).clamp(1, PAGE * 10);
    let after = wanted.after.unwrap_or(0);
    let page = list_events(&call.opened, &wanted.filter(), after, limit).await?;
    let source = event_source(&call.opened);
    let events: Vec<Json_> = page.events.iter().map(|event| cloud_event(event, &source)).collect();
    Ok(Json(json!({ "events": events, "next": page.next, "end": page.is_end })))
}

/// A stream under way.
struct Following {
    opened: Arc<Opened>,
    filter: EventFilter,
    wake: Wake,
    cursor: i64,
    /// Events up to this one were seen before: the entry and the place in it.
    seen: Option<(i64, usize)>,
    ready: VecDeque<PublishedEvent>,
    source: String,
    begin: Instant,
}

async fn stream(
    call: Call,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    call.need(Scope::Events)?;
    let last = headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default());
    let seen = match last {
        Some(id) => Some(place(id).ok_or_else(|| {
            Problem::invalid("the header `Last-Event-ID` is not the id of an event")
        })?),
        None => None,
    };
    let cursor = match (seen, wanted.after) {
        (Some((entry, Some(_))), _) => entry - 1,
        (Some((entry, None)), _) => entry,
        (None, Some(after)) => after,
        (None, None) => last_event(&call.opened).await?,
    };
    let following = Following {
        filter: wanted.filter(),
        wake: call.opened.store.wake(),
        cursor,
        seen: seen.and_then(|(entry, part)| part.map(|part| (entry, part))),
        ready: VecDeque::new(),
        source: event_source(&call.opened),
        begin: Instant::now(),
        opened: call.opened,
    };
    let events = unfold(following, |mut following| async {
        let event = following.next().await?;
        Some((Ok(event), following))
    });
    Ok(Sse::new(events))
}

/// The entry that an id names, and the place in it.
fn place(id: &str) -> Option<(i64, Option<usize>)> {
    match id.split_once('.') {
        Some((entry, part)) => Some((entry.parse().ok()?, Some(part.parse().ok()?))),
        None => Some((id.parse().ok()?, None)),
    }
}

impl Following {
    /// The next event, once there is one. `None` when the stream is over: it was long, or the repository is gone.
    async fn next(&mut self) -> Option<Event> {
        let since = Instant::now();
        loop {
            if let Some(event) = self.ready.pop_front() {
                let seen = self.seen;
                let before = |(entry, part): (i64, Option<usize>)| {
                    seen.is_some_and(|(e, p)| entry == e && part.is_some_and(|part| part <= p))
                };
                if place(&event.id).is_some_and(before) {
                    continue;
                }
                let data = cloud_event(&event, &self.source).to_string();
                return Some(Event::default().id(event.id).event("event").data(data));
            }
            let left = LENGTH.checked_sub(self.begin.elapsed())?;
            let page = list_events(&self.opened, &self.filter, self.cursor, PAGE).await.ok()?;
            self.cursor = page.next;
            self.ready.extend(page.events);
            if self.ready.is_empty() && page.is_end {
                if since.elapsed() >= STILL_HERE {
                    return Some(Event::default().comment("still here"));
                }
                let look = left.min(LOOK);
                drop(tokio::time::timeout(look, self.wake.changed()).await);
            }
        }
    }
}
