//! The log and the traces of commands that go on until they are stopped.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use muster_policy::{LogFormat, LogLevel, Server};
use muster_telemetry::{Format, Settings, Telemetry, Traces};
use tracing::Level;

use crate::{Exit, Result, error::CommandError, shell::Shell};

/// Standard variables; either says where traces go.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// What is logged on standard error, and how.
#[derive(clap::Args, Debug, Clone, Copy)]
pub(crate) struct LogArgs {
    /// How a line of the log on standard error looks [default: `server.log` of the model, else text]
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    log_format: Option<LogFormat>,
    /// The least that is logged [default: `server.log` of the model, else info]
    #[arg(long, value_name = "LEVEL", value_parser = levels())]
    log_level: Option<LogLevel>,
}

fn formats() -> impl TypedValueParser<Value = LogFormat> {
    PossibleValuesParser::new(LogFormat::WORDS)
        .map(|word| LogFormat::named(&word).unwrap_or(LogFormat::Text))
}

fn levels() -> impl TypedValueParser<Value = LogLevel> {
    PossibleValuesParser::new(LogLevel::WORDS)
        .map(|word| LogLevel::named(&word).unwrap_or(LogLevel::Info))
}

impl LogArgs {
    /// Begins the log and the traces: what the command line says, else what the model says.
    pub(crate) fn start(self, shell: &Shell, model: &Server) -> Result<Telemetry> {
        let format = match self.log_format.or(model.log_format) {
            Some(LogFormat::Json) => Format::Json,
            Some(LogFormat::Text) | None => Format::Text,
        };
        let level = match self.log_level.or(model.log_level) {
            Some(LogLevel::Error) => Level::ERROR,
            Some(LogLevel::Warn) => Level::WARN,
            Some(LogLevel::Info) | None => Level::INFO,
            Some(LogLevel::Debug) => Level::DEBUG,
            Some(LogLevel::Trace) => Level::TRACE,
        };
        let is_in_variables = ENDPOINTS.iter().any(|name| shell.host.variable(name).is_some());
        let traces = match &model.traces {
            _ if is_in_variables => Some(Traces::default()),
            Some(endpoint) => Some(Traces { endpoint: Some(endpoint.to_string()) }),
            None => None,
        };
        let settings = Settings { format, level, traces };
        let begun = muster_telemetry::start(&settings, shell.host.version, (shell.host.log)());
        begun.map_err(|error| CommandError::new(Exit::Failed, error.to_string()))
    }
}

/// Writes and sends what waits.
pub(crate) async fn end(telemetry: Telemetry) {
    // It blocks for a moment; a panic in it is nobody's business any more.
    drop(tokio::task::spawn_blocking(|| telemetry.end()).await);
}
