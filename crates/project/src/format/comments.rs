//! Finds the comments of a file: every `#` that stands outside of scalars, after a blank or at the start of a line.

use crate::yaml::{Document, Kind, Node};

/// A comment and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Comment {
    /// The first byte.
    pub(super) start: usize,
    /// From `#` to the end of the line, without blanks at the end.
    pub(super) text: String,
    /// The line, from 0.
    pub(super) line: usize,
    /// How many characters stand before it on its line.
    pub(super) column: usize,
    /// True when nothing else stands on its line.
    pub(super) alone: bool,
    /// How many blanks stand before it.
    pub(super) gap: usize,
}

/// All comments in order.
pub(super) fn find(text: &str, documents: &[Document]) -> Vec<Comment> {
    let mut scalars = Vec::new();
    for document in documents {
        collect(&document.root, &mut scalars);
    }
    scalars.sort_unstable();
    let mut scalars = scalars.into_iter().peekable();
    let mut comments = Vec::new();
    let mut start = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let mut skip_to = 0;
        let mut blank_before = true;
        for (at, c) in line.char_indices() {
            let here = start + at;
            while scalars.next_if(|(_, end)| *end <= here).is_some() {}
            if let Some((from, end)) = scalars.peek()
                && *from <= here
            {
                skip_to = *end;
            }
            if here >= skip_to && c == '#' && blank_before {
                comments.push(comment(line, at, start, number));
                break;
            }
            blank_before = here >= skip_to && c.is_whitespace();
        }
        start += line.len();
    }
    comments
}

fn comment(line: &str, at: usize, start: usize, number: usize) -> Comment {
    let before = line.get(..at).unwrap_or("");
    Comment {
        start: start + at,
        text: line.get(at..).unwrap_or("").trim_end().to_owned(),
        line: number,
        column: before.chars().count(),
        alone: before.trim_start_matches('\u{feff}').trim().is_empty(),
        gap: before.len() - before.trim_end().len(),
    }
}

fn collect(node: &Node, scalars: &mut Vec<(usize, usize)>) {
    let range = |span: muster_model::Span| {
        let byte = |at| usize::try_from(at).unwrap_or(usize::MAX);
        (byte(span.start), byte(span.end))
    };
    match &node.kind {
        Kind::Null => {}
        Kind::Scalar(..) => scalars.push(range(node.span)),
        Kind::List(items, _) => items.iter().for_each(|item| collect(item, scalars)),
        Kind::Map(entries, _) => {
            for entry in entries {
                scalars.push(range(entry.key_span));
                collect(&entry.value, scalars);
            }
        }
    }
}
