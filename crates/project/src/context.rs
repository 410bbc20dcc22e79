//! What every step of loading shares: the files, the problems found so far, and places for people.

use std::sync::Arc;

use jiff::tz::TimeZone;
use muster_model::{Diagnostic, Location, Schema, SourceMap, Span, TypeId};

use crate::{
    lines::Lines,
    yaml::{Kind, Node, scalar_span},
};

/// The state of one load.
pub(crate) struct Context<'s> {
    /// The files.
    pub(crate) sources: &'s SourceMap,
    /// Problems in the order found.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The entity types, as soon as they are known.
    pub(crate) schema: Arc<Schema>,
    /// The project's time zone.
    pub(crate) timezone: TimeZone,
    lines: Lines,
}

impl<'s> Context<'s> {
    /// Nothing found yet.
    pub(crate) fn new(sources: &'s SourceMap) -> Self {
        Self {
            sources,
            diagnostics: Vec::new(),
            schema: Arc::default(),
            timezone: TimeZone::UTC,
            lines: Lines::new(sources),
        }
    }

    /// Notes a problem.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Notes an error with a help text.
    pub(crate) fn error(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(Diagnostic::error(code, span, message).help(help));
    }

    /// The name of a type, for messages.
    pub(crate) fn type_name(&self, id: TypeId) -> String {
        self.schema.get(id).map_or_else(|| "?".to_owned(), |found| found.name.to_string())
    }

    /// Where a span starts, for people.
    pub(crate) fn location(&self, span: Span) -> Location {
        self.lines.location(self.sources, span)
    }

    /// The place in the file of bytes `start..end` of a scalar's text.
    pub(crate) fn within(&self, node: &Node, start: usize, end: usize) -> Span {
        match (&node.kind, self.sources.file(node.span)) {
            (Kind::Scalar(text, style), Some(file)) => {
                scalar_span(&file.text, node.span, *style, text, start, end)
            }
            (Kind::Scalar(..) | Kind::Null | Kind::List(..) | Kind::Map(..), _) => node.span,
        }
    }
}
