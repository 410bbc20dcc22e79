//! What every step of loading shares: the files, the problems found so far, and places for people.

use std::{collections::BTreeMap, sync::Arc};

use muster_model::{Diagnostic, Location, Schema, SourceMap, Span, TypeId};

use crate::yaml::{Kind, Node, scalar_span};

/// The state of one load.
pub(crate) struct Context<'s> {
    /// The files.
    pub(crate) sources: &'s SourceMap,
    /// Problems in the order found.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The entity types, as soon as they are known.
    pub(crate) schema: Arc<Schema>,
    /// The byte at which each line starts, by file.
    lines: BTreeMap<u32, Vec<usize>>,
}

impl<'s> Context<'s> {
    /// Nothing found yet.
    pub(crate) fn new(sources: &'s SourceMap) -> Self {
        let mut lines = BTreeMap::new();
        for (number, file) in (0u32..).zip(&sources.files) {
            let ends = file.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            let starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
            lines.insert(number, starts);
        }
        Self { sources, diagnostics: Vec::new(), schema: Arc::default(), lines }
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

    /// Where a span starts, for people; quicker than the source map for many questions.
    pub(crate) fn location(&self, span: Span) -> Location {
        let (Some(file), Some(lines)) = (self.sources.file(span), self.lines.get(&span.file))
        else {
            return self.sources.location(span);
        };
        let start = usize::try_from(span.start).unwrap_or(usize::MAX);
        let line = lines.partition_point(|line_start| *line_start <= start);
        let line_start = lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = file.text.get(line_start..start).unwrap_or("").chars().count() + 1;
        Location {
            file: file.path.clone(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
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
