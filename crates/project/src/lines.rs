//! Where lines start, so that many places can be found in big files quickly.

use std::collections::BTreeMap;

use muster_model::{Location, SourceMap, Span};

/// The byte at which each line starts, by file.
#[derive(Debug)]
pub(crate) struct Lines {
    starts: BTreeMap<u32, Vec<usize>>,
}

impl Lines {
    /// Reads the files through once.
    pub(crate) fn new(sources: &SourceMap) -> Self {
        let mut starts = BTreeMap::new();
        for (number, file) in (0u32..).zip(&sources.files) {
            let ends = file.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            starts.insert(number, std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect());
        }
        Self { starts }
    }

    /// Where a span starts, for people; the same as [`SourceMap::location`].
    pub(crate) fn location(&self, sources: &SourceMap, span: Span) -> Location {
        let (Some(file), Some(starts)) = (sources.file(span), self.starts.get(&span.file)) else {
            return sources.location(span);
        };
        let start = usize::try_from(span.start).unwrap_or(usize::MAX).min(file.text.len());
        let line = starts.partition_point(|line_start| *line_start <= start);
        let line_start = starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = file.text.get(line_start..start).unwrap_or("").chars().count() + 1;
        Location {
            file: file.path.clone(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }
}
