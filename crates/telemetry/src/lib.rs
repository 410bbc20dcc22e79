//! What a service says of itself: a log, a line for each event, and traces that a collector takes over OTLP.
//!
//! Libraries emit `tracing` events and spans and know nothing of this crate. A command that serves calls [`start`] once, and
//! [`Telemetry::end`] when it is done. What must never be in either stands in docs/dev/logging.md.

mod context;
mod lines;
mod traces;

use std::io::Write;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Metadata, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, Registry,
    filter::{FilterFn, Targets, filter_fn},
    layer::SubscriberExt as _,
};

pub use context::follow;

use crate::lines::Lines;

/// The beginning of the targets of our own crates.
const OURS: &str = "muster";
/// The span of a request; it is in the log too, so that every line says to which request it belongs.
const REQUEST: &str = "request";

/// What is told, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How a line of the log looks.
    pub format: Format,
    /// The least that is logged.
    pub level: Level,
    /// Traces; none are made without.
    pub traces: Option<Traces>,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// A JSON document.
    Json,
}

/// Where traces go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traces {
    /// The collector's address, without `/v1/traces`; without one it is that of the `OTEL_` variables.
    pub endpoint: Option<String>,
}

/// The log and traces cannot be begun.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The exporter refuses its settings.
    #[error("traces cannot be sent: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
}

/// The log and the traces of this process, until [`Telemetry::end`].
#[derive(Debug)]
#[must_use = "what waits to be written is lost without `end`"]
pub struct Telemetry {
    lines: Lines,
    traces: Option<SdkTracerProvider>,
}

/// Begins the log, on `out`, and the traces. What else in this process began it first goes on; it is for one command.
pub fn start(
    settings: &Settings,
    version: &'static str,
    out: Box<dyn Write + Send>,
) -> Result<Telemetry, TelemetryError> {
    let lines = Lines::begin(out);
    let traces = settings.traces.as_ref().map(|to| traces::provider(to, version)).transpose()?;
    let subscriber = subscriber(settings, &lines, traces.as_ref());
    // A process has one; tests that run commands in one process have the first.
    drop(tracing::subscriber::set_global_default(subscriber));
    Ok(Telemetry { lines, traces })
}

fn subscriber(
    settings: &Settings,
    lines: &Lines,
    traces: Option<&SdkTracerProvider>,
) -> impl tracing::Subscriber + Send + Sync + use<> {
    let spans = traces.map(|provider| {
        let tracer = provider.tracer(OURS);
        tracing_opentelemetry::layer().with_tracer(tracer).with_filter(ours(LevelFilter::DEBUG))
    });
    let log = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(lines.clone());
    let log: Box<dyn Layer<Registry> + Send + Sync> = match settings.format {
        Format::Text => Box::new(log),
        Format::Json => {
            Box::new(log.json().flatten_event(true).with_current_span(true).with_span_list(false))
        }
    };
    let log = log.with_filter(logged()).with_filter(ours(settings.level.into()));
    Registry::default().with(log).with(spans)
}

impl Telemetry {
    /// Sends and writes what waits. It blocks, for some seconds at most.
    pub fn end(self) {
        if let Some(Err(error)) = self.traces.map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "the last traces were not taken");
        }
        self.lines.end();
    }
}

/// Our own words from `level` on, and what is wrong in the libraries below; but nothing of the one that says of every
/// message of a stranger what is wrong with it.
fn ours(level: LevelFilter) -> Targets {
    let below = Targets::new().with_default(LevelFilter::WARN.min(level));
    below.with_target("ldap3_proto", LevelFilter::OFF).with_target(OURS, level)
}

/// Events, and the one span that lines say.
fn logged() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    filter_fn(|metadata| metadata.is_event() || metadata.name() == REQUEST)
}

#[cfg(test)]
mod tests;
