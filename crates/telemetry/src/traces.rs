//! Sends spans to a collector: OTLP over HTTP, in batches, from a thread of its own. What the standard `OTEL_` variables say
//! of headers, time limits, sampling and the resource holds; the library below reads them.

use opentelemetry::{Key, KeyValue, global};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};

use crate::{OURS, TelemetryError, Traces};

/// How the library begins the name of a service that nobody has named.
const UNNAMED: &str = "unknown_service";

pub(crate) fn provider(
    to: &Traces,
    version: &'static str,
) -> Result<SdkTracerProvider, TelemetryError> {
    let mut exporter = SpanExporter::builder().with_http();
    if let Some(endpoint) = &to.endpoint {
        exporter = exporter.with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')));
    }
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter.build()?)
        .with_resource(resource(version))
        .build();
    global::set_text_map_propagator(TraceContextPropagator::new());
    Ok(provider)
}

/// Who sends: `muster`, unless the environment has another name for it.
fn resource(version: &'static str) -> Resource {
    let named = Resource::builder().build().get(&Key::from_static_str("service.name"));
    let resource = Resource::builder().with_attribute(KeyValue::new("service.version", version));
    match named {
        Some(name) if !name.as_str().starts_with(UNNAMED) => resource.build(),
        Some(_) | None => resource.with_service_name(OURS).build(),
    }
}
