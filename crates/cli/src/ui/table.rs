//! Tables: aligned text, CSV, Markdown.

use comfy_table::{ContentArrangement, Table, presets};

use super::{Paint, printable};

/// How wide a table may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    /// As wide as it is.
    Unlimited,
    /// As wide as the terminal.
    Terminal,
    /// So many columns.
    Columns(u16),
}

/// Below this many columns nothing is wrapped.
const NARROW: u16 = 20;

/// Aligned columns without lines. On a terminal of known width long cells are wrapped; elsewhere never.
pub(super) fn text(columns: &[String], rows: &[Vec<String>], paint: Paint, width: Width) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    match width {
        Width::Unlimited => table.set_content_arrangement(ContentArrangement::Disabled),
        // A terminal that does not know its width must not break every word.
        Width::Terminal if table.width().is_none_or(|width| width < NARROW) => {
            table.set_content_arrangement(ContentArrangement::Disabled)
        }
        Width::Terminal => table.set_content_arrangement(ContentArrangement::Dynamic),
        Width::Columns(columns) => {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(columns)
        }
    };
    table.set_header(columns.iter().map(|column| column.replace('_', " ")));
    for row in rows {
        table.add_row(row.iter().map(|cell| printable(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines = table.lines().enumerate().map(|(index, line)| match index {
        0 => paint.bold(line.trim_end()),
        _ => line.trim_end().to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A cell that no terminal and no spreadsheet takes for a command: control characters are escaped, and what would be a
/// formula begins with `'`. Numbers stay numbers.
fn harmless(cell: &str) -> String {
    let cell = printable(cell);
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t']) && cell.parse::<f64>().is_err();
    if is_formula && cell != "-" { format!("'{cell}") } else { cell }
}

/// Comma-separated values with a header (RFC 4180).
pub(super) fn csv(columns: &[String], rows: &[Vec<String>]) -> String {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    // Writing into memory cannot fail; rows have as many cells as there are columns.
    drop(writer.write_record(columns));
    for row in rows {
        drop(writer.write_record(row.iter().map(|cell| harmless(cell))));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// A Markdown table.
pub(super) fn markdown(columns: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = line(columns.iter().map(|column| column.replace('_', " ")).collect());
    out.push('|');
    out.push_str(&"---|".repeat(columns.len()));
    out.push('\n');
    for row in rows {
        out.push_str(&line(row.iter().map(|cell| escaped(cell)).collect()));
    }
    out
}

fn escaped(cell: &str) -> String {
    printable(cell)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('|', "\\|")
        .replace('[', "\\[")
        .replace('`', "\\`")
        .replace('\n', "<br>")
}
