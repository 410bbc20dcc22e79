//! From a position in the text of a scalar to the bytes of the file that say it.
//!
//! Exact for plain and quoted scalars on one line, escapes included; for scalars over several lines, folded ones
//! included, the characters are matched one after another, which finds the right line.

use muster_model::Span;

use crate::yaml::Style;

/// For each byte of the decoded scalar, and one past its end, the byte in `source` where it is written.
///
/// `source` is what stands in the file between the ends of the scalar, quotes included.
pub(crate) fn places(source: &str, style: Style, decoded: &str) -> Vec<usize> {
    let end = match style {
        Style::Plain | Style::Block => source.len(),
        Style::Single | Style::Double => source.len().saturating_sub(1),
    };
    let mut at = match style {
        Style::Plain | Style::Block => 0,
        Style::Single | Style::Double => 1,
    };
    let mut map = Vec::with_capacity(decoded.len() + 1);
    for wanted in decoded.chars() {
        let rest = source.get(at..end).unwrap_or("");
        let (skip, length) = step(rest, style, wanted);
        map.extend(std::iter::repeat_n(at + skip, wanted.len_utf8()));
        at = (at + skip + length).min(end);
    }
    map.push(at);
    map
}

/// How many bytes to skip before `wanted`, and how many bytes say it.
fn step(rest: &str, style: Style, wanted: char) -> (usize, usize) {
    let Some(first) = rest.chars().next() else { return (0, 0) };
    match style {
        Style::Single if rest.starts_with("''") => (0, 2),
        Style::Double if first == '\\' && !rest.starts_with("\\\n") => (0, escape_length(rest)),
        Style::Plain | Style::Single | Style::Double | Style::Block if first == wanted => {
            // A blank that is followed by the end of its line was folded away, and the line end says the blank.
            if wanted == ' ' && rest.trim_start_matches([' ', '\t']).starts_with(['\r', '\n']) {
                (0, folded(rest))
            } else {
                (0, wanted.len_utf8())
            }
        }
        Style::Plain | Style::Single | Style::Double | Style::Block if wanted == ' ' => {
            (0, folded(rest))
        }
        Style::Plain | Style::Single | Style::Double | Style::Block => {
            let skip = rest.find(wanted).unwrap_or(0);
            let blank = rest
                .get(..skip)
                .is_some_and(|skipped| skipped.chars().all(|c| c.is_whitespace() || c == '\\'));
            if blank { (skip, wanted.len_utf8()) } else { (0, 0) }
        }
    }
}

/// The length of a line end with the blanks around it.
fn folded(rest: &str) -> usize {
    rest.len() - rest.trim_start().len()
}

fn escape_length(rest: &str) -> usize {
    let digits = match rest.as_bytes().get(1) {
        Some(b'x') => 2,
        Some(b'u') => 4,
        Some(b'U') => 8,
        _ => 0,
    };
    let kind = rest.chars().nth(1).map_or(0, char::len_utf8);
    1 + kind + digits
}

/// The bytes of the file that say `start..end` of the text of the scalar at `span`.
pub(crate) fn scalar_span(
    file: &str,
    span: Span,
    style: Style,
    decoded: &str,
    start: usize,
    end: usize,
) -> Span {
    let from = usize::try_from(span.start).unwrap_or(usize::MAX);
    let to = usize::try_from(span.end).unwrap_or(usize::MAX);
    let Some(source) = file.get(from..to) else { return span };
    let map = places(source, style, decoded);
    let place = |offset: usize| {
        let within = map.get(offset.min(decoded.len())).copied().unwrap_or(source.len());
        u32::try_from(from + within).unwrap_or(span.end)
    };
    let first = place(start);
    // The end is one past the last byte, so the place of the last byte decides, not that of the next one.
    let last_char = decoded.get(..end.min(decoded.len())).and_then(|text| text.chars().next_back());
    let last = match last_char {
        Some(c) if end > start => {
            let at = place(end.min(decoded.len()) - c.len_utf8());
            let after = usize::try_from(at).ok().and_then(|at| file.get(at..to));
            let (_, length) = after.map_or((0, 1), |rest| step(rest, style, c));
            at + u32::try_from(length.max(1)).unwrap_or(1)
        }
        _ => first,
    };
    Span { file: span.file, start: first, end: last.max(first) }
}
