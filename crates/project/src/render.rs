//! Shows diagnostics as text: code, message, place, the line with its underline, remedies, and a closing sum.

use std::fmt::Write as _;

use muster_model::{Diagnostic, Severity, SourceMap, Span};

use crate::{lines::Lines, mask::without_secrets};

/// The most characters of a line that are shown.
const WIDTH: usize = 140;
/// How many characters of a longer line are shown before the underline.
const BEFORE: usize = 60;

/// The files with the places of their lines.
struct Files<'s> {
    sources: &'s SourceMap,
    lines: Lines,
}

/// The escapes of one part of the output; empty without colour.
struct Palette {
    error: &'static str,
    warning: &'static str,
    frame: &'static str,
    bold: &'static str,
    off: &'static str,
}

const COLOUR: Palette = Palette {
    error: "\u{1b}[1;31m",
    warning: "\u{1b}[1;33m",
    frame: "\u{1b}[1;34m",
    bold: "\u{1b}[1m",
    off: "\u{1b}[0m",
};

const PLAIN: Palette = Palette { error: "", warning: "", frame: "", bold: "", off: "" };

/// Draws the diagnostics in the order given, and a closing line with their number.
pub fn render(diagnostics: &[Diagnostic], sources: &SourceMap, color: bool) -> String {
    let palette = if color { &COLOUR } else { &PLAIN };
    let mut out = String::new();
    let files = Files { sources, lines: Lines::new(sources) };
    for diagnostic in diagnostics {
        draw(&mut out, diagnostic, &files, palette);
    }
    out.push_str(&sum(diagnostics, sources));
    out
}

fn sum(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    let count = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
    let number = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let files = number(sources.files.len(), "file");
    let mut counted = Vec::new();
    for (severity, what) in [(Severity::Error, "error"), (Severity::Warning, "warning")] {
        if count(severity) > 0 {
            counted.push(number(count(severity), what));
        }
    }
    let worst = diagnostics.iter().find(|d| d.severity == Severity::Error);
    match worst.or(diagnostics.first()) {
        None => format!("no problems in {files}\n"),
        Some(first) => {
            format!("{} in {files}   more: muster help {}\n", counted.join(", "), first.code)
        }
    }
}

fn draw(out: &mut String, diagnostic: &Diagnostic, files: &Files<'_>, palette: &Palette) {
    let (word, colour) = match diagnostic.severity {
        Severity::Error => ("error", palette.error),
        Severity::Warning => ("warning", palette.warning),
    };
    let Palette { bold, frame, off, .. } = palette;
    // Writing into a String cannot fail, here and below.
    _ = writeln!(
        out,
        "{colour}{word}[{}]{off}{bold}: {}{off}",
        diagnostic.code,
        visible(&diagnostic.message)
    );
    let mut margin = 0;
    if let Some(span) = diagnostic.span {
        let location = files.lines.location(files.sources, span);
        margin = location.line.to_string().len();
        let (file, line, column) = (visible(&location.file), location.line, location.column);
        _ = writeln!(out, "{:margin$}{frame}-->{off} {file}:{line}:{column}", "");
        snippet(out, diagnostic, span, files.sources, (line, margin, colour), palette);
    }
    for help in &diagnostic.help {
        _ = writeln!(out, "{:margin$} {frame}={off} {}", "", visible(help));
    }
    for (span, text) in &diagnostic.related {
        let location = files.lines.location(files.sources, *span);
        let text = visible(text);
        let file = visible(&location.file);
        _ = writeln!(out, "{:margin$} {frame}={off} {text}  ({file}:{})", "", location.line);
    }
}

fn snippet(
    out: &mut String,
    diagnostic: &Diagnostic,
    span: Span,
    sources: &SourceMap,
    (number, margin, colour): (u32, usize, &str),
    palette: &Palette,
) {
    let Some(file) = sources.file(span) else { return };
    let start = usize::try_from(span.start).unwrap_or(usize::MAX).min(file.text.len());
    let end = usize::try_from(span.end).unwrap_or(usize::MAX).clamp(start, file.text.len());
    let Some(before) = file.text.get(..start) else { return };
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let rest = file.text.get(line_start..).unwrap_or("");
    let line = rest.lines().next().unwrap_or("");
    let first = file.text.get(line_start..start).map_or(0, |part| part.chars().count());
    let shown_end = end.min(line_start + line.len()).max(start);
    let length = file.text.get(start..shown_end).map_or(1, |part| part.chars().count()).max(1);
    let cut = if line.chars().count() > WIDTH { first.saturating_sub(BEFORE) } else { 0 };
    let shown: String = without_secrets(line).chars().skip(cut).take(WIDTH).collect();
    let length = length.min(WIDTH.saturating_sub(first - cut).max(1));
    let Palette { frame, off, .. } = palette;
    let line = visible(&shown);
    _ = writeln!(out, "{:margin$} {frame}|{off}", "");
    _ = writeln!(out, "{frame}{number} |{off} {}", line.trim_end());
    let marks = "^".repeat(length);
    let label = visible(&diagnostic.label);
    let underline = format!("{marks} {label}");
    let gap = first - cut;
    _ = writeln!(
        out,
        "{:margin$} {frame}|{off} {:gap$}{colour}{}{off}",
        "",
        "",
        underline.trim_end()
    );
}

/// The text with characters that would move the cursor or turn the direction of writing replaced, one for one.
fn visible(text: &str) -> String {
    let plain = |c: char| match c {
        '\t' => ' ',
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests;
