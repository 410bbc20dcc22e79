//! The trace that a caller has begun: its span becomes the parent of ours (W3C Trace Context).

use opentelemetry::{global, propagation::Extractor};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Makes `span` part of the trace that the headers name, if they name one. `header` answers the value of a header.
pub fn follow<'h>(span: &Span, header: &dyn Fn(&str) -> Option<&'h str>) {
    if span.is_disabled() {
        return;
    }
    let parent = global::get_text_map_propagator(|propagator| propagator.extract(&Headers(header)));
    // Without traces there is nobody to tell.
    drop(span.set_parent(parent));
}

struct Headers<'f, 'h>(&'f dyn Fn(&str) -> Option<&'h str>);

impl Extractor for Headers<'_, '_> {
    fn get(&self, key: &str) -> Option<&str> {
        (self.0)(key)
    }

    fn keys(&self) -> Vec<&str> {
        Vec::new()
    }
}
