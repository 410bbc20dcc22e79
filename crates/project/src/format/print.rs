//! Prints trees with their comments.

use std::collections::VecDeque;

use muster_model::Span;

use crate::{
    format::comments::Comment,
    yaml::{Document, Entry, Kind, Node, Style},
};

/// A map or list in braces may make its line this long.
const WIDTH: usize = 120;
/// Values of neighbouring keys are aligned over at most this many characters.
const MAX_KEY: usize = 32;

/// A line of output; the comment is put to its column at the end.
#[derive(Default)]
struct Line {
    text: String,
    comment: Option<Comment>,
}

struct Printer<'t> {
    text: &'t str,
    /// The byte at which each line starts.
    starts: Vec<usize>,
    comments: VecDeque<Comment>,
    lines: Vec<Line>,
    line: Line,
}

/// Prints the documents; `None` for what cannot be printed in one form.
pub(super) fn print(text: &str, documents: &[Document], comments: Vec<Comment>) -> Option<String> {
    let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
    let starts = std::iter::once(0).chain(ends).collect();
    let comments = comments.into();
    let mut printer = Printer { text, starts, comments, lines: Vec::new(), line: Line::default() };
    for (index, document) in documents.iter().enumerate() {
        let next = documents.get(index + 1).map_or(text.len(), |next| byte(next.start.start));
        if index > 0 {
            printer.leading(byte(document.start.start), 0);
            printer.line.text.push_str("---");
            printer.end(byte(document.start.end));
        }
        match &document.root.kind {
            Kind::Map(entries, _) => printer.map(entries, 0, next)?,
            Kind::List(items, _) => printer.list(items, 0, next)?,
            Kind::Scalar(..) => {
                printer.leading(byte(document.root.span.start), 0);
                printer.value(&document.root, 0, byte(document.start.end))?;
            }
            Kind::Null => {}
        }
    }
    printer.leading(text.len(), 0);
    Some(printer.finish())
}

fn byte(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

fn width(text: &str) -> usize {
    text.chars().count()
}

impl<'t> Printer<'t> {
    fn raw(&self, span: Span) -> &'t str {
        self.text.get(byte(span.start)..byte(span.end)).unwrap_or("").trim_end()
    }

    /// The line, from 0, on which a byte stands.
    fn line_of(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// True when the line before the one of `at` is empty.
    fn after_blank(&self, at: usize) -> bool {
        let line = self.line_of(at);
        let Some(before) = line.checked_sub(1) else { return false };
        let from = self.starts.get(before).copied().unwrap_or(0);
        let to = self.starts.get(line).copied().unwrap_or(from);
        self.text.get(from..to).is_some_and(|text| text.trim().is_empty())
    }

    /// Ends the line, with the comment that stands behind `at`.
    fn end(&mut self, at: usize) {
        let here = self.line_of(at);
        let behind =
            self.comments.front().is_some_and(|c| !c.alone && c.line == here && c.start >= at);
        if behind {
            self.line.comment = self.comments.pop_front();
        }
        self.lines.push(std::mem::take(&mut self.line));
    }

    fn blank(&mut self) {
        let last = self.lines.last();
        if last.is_some_and(|line| !line.text.is_empty() || line.comment.is_some()) {
            self.lines.push(Line::default());
        }
    }

    /// Prints the comments before `at`, each on a line of its own, and the empty line before `at`.
    fn leading(&mut self, at: usize, indent: usize) {
        self.comments_until(at, indent, 0);
        if at < self.text.len() && self.after_blank(at) {
            self.blank();
        }
    }

    fn comments_until(&mut self, at: usize, indent: usize, column: usize) {
        while let Some(comment) =
            self.comments.pop_front_if(|next| next.start < at && next.column >= column)
        {
            if self.after_blank(comment.start) {
                self.blank();
            }
            let text = format!("{:indent$}{}", "", comment.text);
            self.lines.push(Line { text, comment: None });
        }
    }

    /// Prints the comments at the end of a block that are indented like it.
    fn closing(&mut self, first: usize, until: usize, indent: usize) {
        let start = self.starts.get(self.line_of(first)).copied().unwrap_or(0);
        let column = self.text.get(start..first).map_or(0, width);
        if column > 0 && self.comments.front().is_some_and(|comment| comment.alone) {
            self.comments_until(until, indent, column);
        }
    }

    fn map(&mut self, entries: &[Entry], indent: usize, until: usize) -> Option<()> {
        let pads = self.pads(entries, indent);
        for (index, entry) in entries.iter().enumerate() {
            let next = entries.get(index + 1).map_or(until, |next| byte(next.key_span.start));
            // The first entry may stand behind a dash.
            if self.line.text.is_empty() {
                self.leading(byte(entry.key_span.start), indent);
                self.line.text.push_str(&" ".repeat(indent));
            }
            let key = self.raw(entry.key_span);
            self.line.text.push_str(key);
            self.line.text.push(':');
            let pad = pads.get(index).copied().unwrap_or(0).saturating_sub(width(key));
            self.entry_value(entry, indent, next, pad)?;
        }
        if let Some(first) = entries.first() {
            self.closing(byte(first.key_span.start), until, indent);
        }
        Some(())
    }

    fn entry_value(
        &mut self,
        entry: &Entry,
        indent: usize,
        until: usize,
        pad: usize,
    ) -> Option<()> {
        let node = &entry.value;
        let key_end = byte(entry.key_span.end);
        let room = indent + width(self.raw(entry.key_span)) + 2;
        match &node.kind {
            Kind::Null => {
                let raw = self.raw(node.span);
                if matches!(raw, "~" | "null") {
                    self.line.text.push(' ');
                    self.line.text.push_str(raw);
                }
                self.end(key_end);
                Some(())
            }
            Kind::List(items, _) if !self.fits(node, room) => {
                self.end(key_end);
                self.list(items, indent + 2, until)
            }
            Kind::Map(entries, _) if !self.fits(node, room) => {
                self.end(key_end);
                self.map(entries, indent + 2, until)
            }
            Kind::Scalar(..) | Kind::List(..) | Kind::Map(..) => {
                self.line.text.push_str(&" ".repeat(pad + 1));
                self.value(node, indent, key_end)
            }
        }
    }

    fn list(&mut self, items: &[Node], indent: usize, until: usize) -> Option<()> {
        for (index, item) in items.iter().enumerate() {
            let next = items.get(index + 1).map_or(until, |next| byte(next.span.start));
            if self.line.text.is_empty() {
                self.leading(byte(item.span.start), indent);
                self.line.text.push_str(&" ".repeat(indent));
            }
            self.line.text.push('-');
            match &item.kind {
                Kind::Null => self.end(byte(item.span.start)),
                Kind::List(inner, _) if !self.fits(item, indent + 2) => {
                    self.line.text.push(' ');
                    self.list(inner, indent + 2, next)?;
                }
                Kind::Map(inner, _) if !self.fits(item, indent + 2) => {
                    self.line.text.push(' ');
                    self.map(inner, indent + 2, next)?;
                }
                Kind::Scalar(..) | Kind::List(..) | Kind::Map(..) => {
                    self.line.text.push(' ');
                    self.value(item, indent, byte(item.span.start))?;
                }
            }
        }
        if let Some(first) = items.first() {
            // The dash stands two characters before the item as a rule.
            self.closing(byte(first.span.start).saturating_sub(2), until, indent);
        }
        Some(())
    }

    /// Prints a scalar, or a map or list that fits its line, and ends the line.
    fn value(&mut self, node: &Node, indent: usize, after: usize) -> Option<()> {
        match &node.kind {
            Kind::Scalar(_, Style::Block) => return self.block_scalar(node, indent, after),
            Kind::Scalar(..) => {
                let mut lines = self.raw(node.span).lines();
                self.line.text.push_str(lines.next().unwrap_or("").trim_end());
                for line in lines {
                    let text = std::mem::take(&mut self.line.text);
                    self.lines.push(Line { text, comment: None });
                    let line = line.trim();
                    if !line.is_empty() {
                        self.line.text = format!("{:1$}{line}", "", indent + 2);
                    }
                }
            }
            Kind::Null | Kind::List(..) | Kind::Map(..) => {
                let flow = self.flow(node);
                self.line.text.push_str(&flow);
            }
        }
        self.end(byte(node.span.end));
        Some(())
    }

    fn block_scalar(&mut self, node: &Node, indent: usize, after: usize) -> Option<()> {
        let from = byte(node.span.start);
        let between = self.text.get(after..from)?;
        let at = between.find(['|', '>'])?;
        let header = between.get(at..)?.split([' ', '\n', '\r', '\t', '#']).next()?;
        // A number in the header counts columns, which move.
        if header.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.line.text.push_str(header);
        let header_line = self.line_of(after + at);
        self.end(after + at + header.len());
        let first = self.starts.get(header_line + 1).copied()?;
        let content = self.text.get(first..byte(node.span.end))?;
        let strip = content
            .lines()
            .find(|line| !line.trim().is_empty())
            .map_or(0, |line| line.len() - line.trim_start_matches(' ').len());
        let keep = header.ends_with('+');
        let content = if keep { content } else { content.trim_end() };
        for line in content.lines() {
            let line = line.get(strip..).unwrap_or("").trim_end_matches('\r');
            let text = if line.is_empty() {
                String::new()
            } else {
                format!("{:1$}{line}", "", indent + 2)
            };
            self.lines.push(Line { text, comment: None });
        }
        Some(())
    }

    /// True when a map or list is short enough for one line, has no comments and is empty or was written in braces.
    fn fits(&self, node: &Node, room: usize) -> bool {
        let flow = match &node.kind {
            Kind::List(items, flow) => *flow || items.is_empty(),
            Kind::Map(entries, flow) => *flow || entries.is_empty(),
            Kind::Null | Kind::Scalar(..) => return true,
        };
        let (from, to) = (byte(node.span.start), byte(node.span.end));
        let commented = self.comments_in(from, to).next().is_some();
        flow && !commented && self.is_simple(node) && room + width(&self.flow(node)) <= WIDTH
    }

    /// The comments that are still to be printed and stand in these bytes.
    fn comments_in(&self, from: usize, to: usize) -> impl Iterator<Item = &Comment> {
        let first = self.comments.partition_point(|comment| comment.start < from);
        self.comments.iter().skip(first).take_while(move |comment| comment.start < to)
    }

    /// True when no scalar in it goes over several lines.
    fn is_simple(&self, node: &Node) -> bool {
        match &node.kind {
            Kind::Null => true,
            Kind::Scalar(_, style) => *style != Style::Block && !self.raw(node.span).contains('\n'),
            Kind::List(items, _) => items.iter().all(|item| self.is_simple(item)),
            Kind::Map(entries, _) => entries.iter().all(|entry| self.is_simple(&entry.value)),
        }
    }

    fn flow(&self, node: &Node) -> String {
        match &node.kind {
            Kind::Null => {
                let raw = self.raw(node.span);
                if matches!(raw, "~" | "null") { raw.to_owned() } else { String::new() }
            }
            Kind::Scalar(..) => self.raw(node.span).to_owned(),
            Kind::List(items, _) => {
                let items: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Kind::Map(entries, _) if entries.is_empty() => "{}".to_owned(),
            Kind::Map(entries, _) => {
                let entries = entries.iter().map(|entry| {
                    let value = self.flow(&entry.value);
                    format!("{}: {value}", self.raw(entry.key_span)).trim_end().to_owned()
                });
                format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// To how many characters the keys of a map are filled up: neighbouring lines are aligned where the author
    /// aligned one of them.
    fn pads(&self, entries: &[Entry], indent: usize) -> Vec<usize> {
        let mut pads = vec![0; entries.len()];
        let mut index = 0;
        while index < entries.len() {
            let mut end = index;
            let (mut widest, mut aligned) = (0, false);
            while let Some(entry) = entries.get(end) {
                let key = width(self.raw(entry.key_span));
                let joined = end == index || self.follows(entries.get(end - 1), entry);
                if !joined || !self.one_line(entry, indent + key + 2) || key > MAX_KEY {
                    break;
                }
                widest = widest.max(key);
                let (from, to) = (byte(entry.key_span.end), byte(entry.value.span.start));
                let between = self.text.get(from..to).unwrap_or("");
                aligned |= between.len() > 2 && between.trim() == ":";
                end += 1;
            }
            if aligned {
                pads.iter_mut().take(end).skip(index).for_each(|pad| *pad = widest);
            }
            index = end.max(index + 1);
        }
        pads
    }

    /// True when an entry is printed on one line.
    fn one_line(&self, entry: &Entry, room: usize) -> bool {
        !entry.value.is_null() && self.is_simple(&entry.value) && self.fits(&entry.value, room)
    }

    /// True when nothing stands between two entries, no empty line and no comment of its own.
    fn follows(&self, before: Option<&Entry>, entry: &Entry) -> bool {
        let Some(before) = before else { return false };
        let from = byte(before.value.span.end.max(before.key_span.end));
        let at = byte(entry.key_span.start);
        let commented = self.comments_in(from, at).any(|comment| comment.alone);
        !commented && !self.after_blank(at)
    }

    fn finish(mut self) -> String {
        while self.lines.last().is_some_and(|line| line.text.is_empty() && line.comment.is_none()) {
            self.lines.pop();
        }
        let mut out = String::new();
        let mut index = 0;
        while let Some(line) = self.lines.get(index) {
            if line.comment.is_none() {
                out.push_str(line.text.trim_end());
                out.push('\n');
                index += 1;
                continue;
            }
            let run =
                self.lines.iter().skip(index).take_while(|line| line.comment.is_some()).count();
            let block = self.lines.iter().skip(index).take(run);
            let aligned = run > 1
                && block.clone().any(|line| line.comment.as_ref().is_some_and(|c| c.gap > 2));
            let widest = block.clone().map(|line| width(&line.text)).max().unwrap_or(0);
            for line in block {
                let gap = if aligned { widest - width(&line.text) } else { 0 } + 2;
                let comment = line.comment.as_ref().map_or("", |comment| &*comment.text);
                out.push_str(&line.text);
                out.push_str(&" ".repeat(gap));
                out.push_str(comment);
                out.push('\n');
            }
            index += run;
        }
        out
    }
}
