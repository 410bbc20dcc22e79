//! Reads text into trees, one per document, refusing what strict YAML does not have.
//!
//! Works from the parser's events with a stack of its own, so that depth costs no stack and limits hold while reading.

use std::collections::BTreeMap;

use muster_model::{Diagnostic, Span, Text};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use crate::yaml::{Entry, Kind, Node, Style};

/// Lists and maps may lie this deep in each other.
const MAX_DEPTH: usize = 64;
/// A file may have this many bytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// A file may have this many documents.
const MAX_DOCUMENTS: usize = 1000;

/// One document of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    /// Its content.
    pub(crate) root: Node,
    /// The `---` before it, or an empty place.
    pub(crate) start: Span,
}

/// Reads all documents of a file. What could be read is returned together with what is wrong.
pub(crate) fn read(file: u32, text: &str, problems: &mut Vec<Diagnostic>) -> Vec<Document> {
    if text.len() > MAX_BYTES {
        let span = Span { file, start: 0, end: 0 };
        problems.push(
            Diagnostic::error("E0107", span, "the file is larger than 4 MiB")
                .help("split it; the files of a project are read together"),
        );
        return Vec::new();
    }
    let mut reader = Reader::new(file, text, problems);
    reader.run();
    let documents = reader.documents;
    directives(file, text, &documents, problems);
    documents
}

/// A list or map that is not closed yet.
enum Open {
    List {
        start: usize,
        items: Vec<Node>,
    },
    /// `seen` says where each key stands; `key` is the one whose value comes next, and whether it is kept.
    Map {
        start: usize,
        entries: Vec<Entry>,
        seen: BTreeMap<Text, Span>,
        key: Option<(Node, bool)>,
    },
}

struct Reader<'t> {
    file: u32,
    text: &'t str,
    /// The byte at which each character starts, when they are not all one byte long.
    bytes: Option<Vec<u32>>,
    base: usize,
    problems: &'t mut Vec<Diagnostic>,
    open: Vec<Open>,
    documents: Vec<Document>,
    start: Span,
}

impl<'t> Reader<'t> {
    fn new(file: u32, text: &'t str, problems: &'t mut Vec<Diagnostic>) -> Self {
        let base = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let bytes = (!text.is_ascii()).then(|| {
            let rest = text.get(base..).unwrap_or("");
            rest.char_indices().map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect()
        });
        let start = Span { file, start: 0, end: 0 };
        let (open, documents) = (Vec::new(), Vec::new());
        Self { file, text, bytes, base, problems, open, documents, start }
    }

    fn run(&mut self) {
        let mut parser = Parser::new_from_str(self.text.get(self.base..).unwrap_or(""));
        while let Some(event) = parser.next_event() {
            match event {
                Ok((event, span)) => {
                    let from = self.byte(span.start.index());
                    let to = self.byte(span.end.index());
                    if !self.event(event, from, to) {
                        return;
                    }
                }
                Err(error) => {
                    self.syntax(&error);
                    return;
                }
            }
        }
    }

    /// The byte in the file at which character `index` of the text after the mark starts.
    fn byte(&self, index: usize) -> usize {
        match &self.bytes {
            None => (self.base + index).min(self.text.len()),
            Some(bytes) => bytes
                .get(index)
                .and_then(|at| usize::try_from(*at).ok())
                .map_or(self.text.len(), |at| self.base + at),
        }
    }

    fn span(&self, from: usize, to: usize) -> Span {
        let number = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Span { file: self.file, start: number(from), end: number(to.max(from)) }
    }

    fn syntax(&mut self, error: &ScanError) {
        let at = self.byte(error.marker().index());
        let to = self
            .text
            .get(at..)
            .and_then(|rest| rest.chars().next())
            .map_or(at, |c| at + c.len_utf8());
        let info = error.info();
        let help = if info.contains("tab") {
            Some("indent with spaces")
        } else if info.contains("simple key") || info.contains("mapping values") {
            Some("write `key: value`, and put text with `: ` or ` #` in it in quotes")
        } else if info.contains("flow") {
            Some("close every `[` and `{`, and put a comma between entries")
        } else {
            None
        };
        let mut diagnostic = Diagnostic::error(
            "E0101",
            self.span(at, to),
            format!("this is not valid YAML: {info}"),
        );
        diagnostic.help.extend(help.map(str::to_owned));
        self.problems.push(diagnostic);
    }

    /// Takes one event; false stops the reading.
    fn event(&mut self, event: Event<'_>, from: usize, to: usize) -> bool {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(explicit) => {
                self.start = if explicit { self.span(from, to) } else { self.span(from, from) };
                if self.documents.len() >= MAX_DOCUMENTS {
                    let message = format!("the file has more than {MAX_DOCUMENTS} documents");
                    let diagnostic = Diagnostic::error("E0108", self.start, message);
                    self.problems.push(diagnostic.help("put them together or into several files"));
                    return false;
                }
            }
            Event::Alias(_) => {
                let span = self.span(from, to);
                self.problems.push(
                    Diagnostic::error("E0103", span, "aliases are not used in model files")
                        .label("alias")
                        .help(
                            "write the value where it is needed, or make it a role or an attribute",
                        ),
                );
                self.finish(Node { span, kind: Kind::Null });
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.decorations(anchor != 0, tag.is_some(), from);
                let kind = scalar(&text, style, from == to);
                self.finish(Node { span: self.span(from, to), kind });
            }
            Event::SequenceStart(anchor, tag) => {
                self.decorations(anchor != 0, tag.is_some(), from);
                return self.push(Open::List { start: from, items: Vec::new() });
            }
            Event::MappingStart(anchor, tag) => {
                self.decorations(anchor != 0, tag.is_some(), from);
                return self.push(Open::Map {
                    start: from,
                    entries: Vec::new(),
                    seen: BTreeMap::new(),
                    key: None,
                });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(to),
        }
        true
    }

    fn push(&mut self, open: Open) -> bool {
        if self.open.len() >= MAX_DEPTH {
            let (Open::List { start, .. } | Open::Map { start, .. }) = open;
            let message = format!("lists and maps are nested more than {MAX_DEPTH} deep");
            let span = self.span(start, start + 1);
            self.problems.push(Diagnostic::error("E0106", span, message).label("too deep"));
            return false;
        }
        self.open.push(open);
        true
    }

    fn close(&mut self, to: usize) {
        let Some(open) = self.open.pop() else { return };
        let (Open::List { start, .. } | Open::Map { start, .. }) = open;
        let flow = self.text.get(start..).is_some_and(|rest| match open {
            Open::List { .. } => rest.starts_with('['),
            Open::Map { .. } => rest.starts_with('{'),
        });
        // The parser ends a block where the next thing starts; its last child says where it really ends.
        let (kind, last) = match open {
            Open::List { items, .. } => {
                let last = items.last().map(|item| item.span.end);
                (Kind::List(items, flow), last)
            }
            Open::Map { entries, .. } => {
                let last = entries.last().map(|entry| entry.value.span.end.max(entry.key_span.end));
                (Kind::Map(entries, flow), last)
            }
        };
        let end = match last.and_then(|last| usize::try_from(last).ok()) {
            Some(last) if !flow => last,
            _ => self.closing_bracket(start, to),
        };
        let span = self.span(start, end);
        self.finish(Node { span, kind });
    }

    /// One past the bracket that closes a flow collection; the parser's end may lie behind blanks.
    fn closing_bracket(&self, start: usize, to: usize) -> usize {
        let inside = self.text.get(start..to).unwrap_or("");
        inside.rfind([']', '}']).map_or(to, |at| start + at + 1)
    }

    /// Puts a finished node where it belongs.
    fn finish(&mut self, mut node: Node) {
        if matches!(self.open.last(), Some(Open::Map { key: None, .. })) {
            self.name(&mut node);
        }
        match self.open.last_mut() {
            None => self.documents.push(Document { root: node, start: self.start }),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, seen, key, .. }) => match key.take() {
                None => {
                    let known = node.text().and_then(|text| seen.get(text)).copied();
                    let problem = bad_key(&node, known);
                    let keep = problem.is_none();
                    seen.extend(node.text().filter(|_| keep).map(|text| (text.clone(), node.span)));
                    self.problems.extend(problem);
                    *key = Some((node, keep));
                }
                Some((name, true)) => {
                    if let Kind::Scalar(text, style) = name.kind {
                        let entry =
                            Entry { key: text, key_style: style, key_span: name.span, value: node };
                        entries.push(entry);
                    }
                }
                Some((_, false)) => {}
            },
        }
    }

    /// A key is text even where a value of that look would be nothing.
    fn name(&self, node: &mut Node) {
        let byte = |at| usize::try_from(at).unwrap_or(usize::MAX);
        let raw = self.text.get(byte(node.span.start)..byte(node.span.end)).unwrap_or("");
        if node.is_null() && matches!(raw, "null" | "~") {
            node.kind = Kind::Scalar(raw.into(), Style::Plain);
        }
    }

    fn decorations(&mut self, anchor: bool, tag: bool, from: usize) {
        // The parser places a node after its anchor and tag; they stand on the same line as a rule.
        let before = self.text.get(..from).unwrap_or("");
        let find = |sign: char| before.rfind(sign).unwrap_or(from);
        if anchor {
            let at = find('&');
            let span = self.span(at, self.word_end(at));
            self.problems.push(
                Diagnostic::error("E0103", span, "anchors are not used in model files")
                    .label("anchor")
                    .help("a value that begins with `&` has to be in quotes"),
            );
        }
        if tag {
            let at = find('!');
            let span = self.span(at, self.word_end(at));
            self.problems.push(
                Diagnostic::error("E0104", span, "tags are not used in model files")
                    .label("tag")
                    .help("leave it out; the type of a value is known from its place")
                    .help("a value that begins with `!` has to be in quotes"),
            );
        }
    }

    fn word_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or("");
        at + rest.find(char::is_whitespace).unwrap_or(rest.len())
    }
}

/// What is wrong with a key.
fn bad_key(node: &Node, known: Option<Span>) -> Option<Diagnostic> {
    let Kind::Scalar(text, _) = &node.kind else {
        let diagnostic = Diagnostic::error("E0109", node.span, "a key has to be a word or text");
        return Some(diagnostic.label(format!("{} cannot be a key", node.what())));
    };
    if &**text == "<<" {
        let diagnostic =
            Diagnostic::error("E0105", node.span, "merge keys are not used in model files");
        return Some(diagnostic.help("write the entries out"));
    }
    known.map(|first| {
        Diagnostic::error("E0102", node.span, format!("the key `{text}` is there twice"))
            .label("second time")
            .related(first, "first here")
    })
}

fn scalar(text: &str, style: ScalarStyle, empty: bool) -> Kind {
    let style = match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
    };
    if style == Style::Plain && (empty || matches!(text, "" | "~" | "null")) {
        return Kind::Null;
    }
    Kind::Scalar(text.into(), style)
}

/// Refuses `%YAML` and `%TAG` lines, which the parser passes over.
fn directives(file: u32, text: &str, documents: &[Document], problems: &mut Vec<Diagnostic>) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let start = number(at);
        let inside = |document: &Document| {
            document.root.span.start <= start && start < document.root.span.end
        };
        if line.starts_with('%') && !documents.iter().any(inside) {
            let span = Span { file, start, end: number(at + line.trim_end().len()) };
            problems.push(
                Diagnostic::error("E0110", span, "directives are not used in model files")
                    .help("leave the line out"),
            );
        }
        at += line.len();
    }
}
