//! `/metrics`: figures in the text form of `OpenMetrics` 1.0, for a client with the scope `metrics`.
//!
//! What the repository knows is asked when somebody scrapes; what only this process knows is counted as it happens. Labels
//! are systems, states and routes of our own: nothing that a caller writes becomes one.

mod text;

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::Timestamp;
use muster_app::{Opened, Scope};
use muster_store::{AlarmStatus, PlanStatus, ReadTx};

use crate::{Call, Problem, Router, Service};
use text::Page;

/// Upper ends of the buckets of a duration, in seconds.
const BUCKETS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0];
/// Open alarms and plans under way that are looked at; more are counted as so many.
const MOST: usize = 1_000;

/// What this process counts.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(String, String, u16), Durations>>,
}

/// How long something took, in classes.
#[derive(Debug, Clone, Default)]
struct Durations {
    /// How many fell into each bucket, and beyond the last.
    counts: [u64; BUCKETS.len() + 1],
    sum: f64,
}

impl Durations {
    fn add(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        let place = BUCKETS.iter().position(|end| seconds <= *end).unwrap_or(BUCKETS.len());
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
        }
        self.sum += seconds;
    }
}

impl Metrics {
    fn requested(&self, method: &Method, route: &str, status: u16, took: Duration) {
        // A method that HTTP does not know is the caller's own word.
        let known = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let method = if known.contains(method) { method.as_str() } else { "OTHER" };
        let key = (method.to_owned(), route.to_owned(), status);
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.entry(key).or_default().add(took);
    }
}

pub(crate) fn router() -> Router {
    Router::new().route("/metrics", get(metrics))
}

/// Times every request.
pub(crate) async fn time(State(service): State<Service>, request: Request, next: Next) -> Response {
    let begin = std::time::Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let route = route.as_deref().unwrap_or("none");
    service.metrics().requested(&method, route, response.status().as_u16(), begin.elapsed());
    response
}

async fn metrics(State(service): State<Service>, call: Call) -> Result<impl IntoResponse, Problem> {
    call.need(Scope::Metrics)?;
    let mut page = Page::default();
    requests(&mut page, service.metrics());
    repository(&mut page, &call.opened).await.map_err(muster_app::Error::from)?;
    if let Some(beat) = service.last_beat() {
        page.family(
            "muster_loop_beat_timestamp_seconds",
            "gauge",
            "When the loop was last seen alive.",
        );
        page.sample("muster_loop_beat_timestamp_seconds", &[], seconds(beat));
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], page.end()))
}

fn requests(page: &mut Page, metrics: &Metrics) {
    let requests = metrics.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let name = "muster_http_request_duration_seconds";
    page.family(name, "histogram", "How long requests took, by route and status.");
    for ((method, route, status), durations) in requests {
        let status = status.to_string();
        let labels = [("method", &*method), ("route", &*route), ("status", &*status)];
        page.histogram(name, &labels, &BUCKETS, &durations.counts, durations.sum);
    }
}

async fn repository(page: &mut Page, opened: &Opened) -> Result<(), muster_store::StoreError> {
    let mut tx = opened.store.read().await?;
    let named: BTreeMap<i64, &str> = opened
        .names
        .systems
        .iter()
        .zip(&opened.model.systems)
        .map(|(names, system)| (names.no, &*system.name))
        .collect();
    queue(page, &mut tx, &named).await?;
    page.family(
        "muster_read_timestamp_seconds",
        "gauge",
        "When a system was last read, by outcome.",
    );
    for (number, system) in &named {
        for run in tx.latest_read_runs(*number).await? {
            let outcome = if run.complete { "complete" } else { "incomplete" };
            let labels = [("system", *system), ("what", &*run.what), ("outcome", outcome)];
            let at = run.ended_at.unwrap_or(run.started_at);
            page.sample("muster_read_timestamp_seconds", &labels, seconds(at));
        }
    }
    page.family(
        "muster_system_ill",
        "gauge",
        "1 while a system is left alone because it fails, or paused.",
    );
    for health in tx.system_health().await? {
        if let Some(system) = named.get(&health.system_no) {
            let ill = u64::from(health.ill_since.is_some() || health.paused_at.is_some());
            page.sample("muster_system_ill", &[("system", system)], ill);
        }
    }
    let n_alarms = tx.alarms(AlarmStatus::Open, None, MOST).await?.len();
    page.family("muster_alarms", "gauge", "Open alarms.");
    page.sample("muster_alarms", &[], n_alarms);
    page.family("muster_facts_version", "gauge", "Rises with each change of facts.");
    page.sample("muster_facts_version", &[], tx.facts_version().await?);
    page.family("muster_store_rows_written", "counter", "Rows written by this process, by table.");
    for (table, n) in opened.store.writes() {
        page.sample("muster_store_rows_written_total", &[("table", &table)], n);
    }
    Ok(())
}

/// What is under way, by system and state.
async fn queue(
    page: &mut Page,
    tx: &mut ReadTx,
    named: &BTreeMap<i64, &str>,
) -> Result<(), muster_store::StoreError> {
    let mut queued: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut oldest: Option<Timestamp> = None;
    for plan in tx.plans(Some(PlanStatus::Applying), None, MOST).await? {
        oldest = oldest.into_iter().chain([plan.made_at]).min();
        for count in tx.queue_of(plan.id).await? {
            let system = named.get(&count.system_no).copied().unwrap_or("gone");
            *queued.entry((system, count.state.word())).or_default() += count.n;
        }
    }
    page.family("muster_orders", "gauge", "Orders that are not done yet, by system and state.");
    for ((system, state), n) in queued {
        page.sample("muster_orders", &[("system", system), ("state", state)], n);
    }
    page.family(
        "muster_queue_oldest_timestamp_seconds",
        "gauge",
        "When the oldest plan under way was made.",
    );
    if let Some(oldest) = oldest {
        page.sample("muster_queue_oldest_timestamp_seconds", &[], seconds(oldest));
    }
    Ok(())
}

fn seconds(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}
