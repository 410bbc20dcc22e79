//! Printed pages (PDF): A4 across, the names of the columns on each page, page n of m at the foot.

use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};
use muster_app::Error;
use muster_model::Language;
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

use super::{
    Sheet,
    font::{Font, font},
    unwritten,
};
use crate::{
    Cell, Chart, Head, Kind,
    chart::short,
    words::{head_word, said},
};

/// A4 across, in points.
const WIDE: f32 = 842.0;
const HIGH: f32 = 595.0;
const EDGE: f32 = 36.0;
/// Where rows end, above the foot.
const FOOT: f32 = 48.0;
const SIZE: f32 = 7.0;
const LINE: f32 = 9.0;
/// Between a cell and its column's edge.
const GAP: f32 = 3.0;
/// Lines of a cell at most.
const LINES: usize = 4;
/// Rows of a document at most; more are nothing to print.
const ROWS: u64 = 50_000;
/// The font, as pages name it.
const FONT: Name<'static> = Name(b"F");

pub(super) struct Paper {
    font: &'static Font,
    pdf: Pdf,
    next: Ref,
    /// The contents of the pages that are full.
    pages: Vec<Ref>,
    /// The page that is written.
    content: Content,
    /// How far down it is.
    y: f32,
    /// Where the columns begin, and where the last one ends.
    edges: Vec<f32>,
    n: u64,
}

impl Paper {
    pub(super) fn begin(head: &Head) -> Result<Self, Error> {
        let mut paper = Self {
            font: font()?,
            pdf: Pdf::new(),
            next: Ref::new(1),
            pages: Vec::new(),
            content: Content::new(),
            y: HIGH - EDGE,
            edges: edges(head),
            n: 0,
        };
        paper.first(head);
        paper.columns(head);
        Ok(paper)
    }

    /// The title, what the report is about and was made of, and its picture.
    fn first(&mut self, head: &Head) {
        self.y -= 16.0;
        self.write(head.report.title_in(head.language), (EDGE, self.y), 16.0);
        self.y -= 16.0;
        self.write(head.report.about_in(head.language), (EDGE, self.y), 9.0);
        self.y -= 6.0;
        for (name, value) in head.lines() {
            self.y -= LINE + 2.0;
            self.write(&name, (EDGE, self.y), 8.0);
            let value = self.lines(&value, WIDE - 2.0 * EDGE - 120.0, 8.0, 1);
            for line in value {
                self.write(&line, (EDGE + 120.0, self.y), 8.0);
            }
        }
        self.y -= 14.0;
        if let Some(chart) = &head.chart {
            self.chart(chart, head.language);
        }
    }

    /// The bars, each with its name and its number; the part that the chart names is filled.
    fn chart(&mut self, chart: &Chart, language: Language) {
        let longest = chart.bars.iter().map(|bar| bar.value).max().unwrap_or(1).max(1);
        #[expect(clippy::cast_precision_loss, reason = "bars are as long as they look")]
        let long = |value: u64| value as f32 / longest as f32 * 360.0;
        let measure = head_word(language, chart.measure);
        let title = chart.part.map_or_else(
            || measure.to_owned(),
            |part| said(language, "{}, filled: {}", &[measure, head_word(language, part)]),
        );
        self.write(&title, (EDGE, self.y), 8.0);
        for bar in chart.bars.iter().take(12) {
            self.y -= 13.0;
            self.write(&short(&bar.name), (EDGE, self.y + 2.0), 8.0);
            let filled = if chart.part.is_some() { bar.part } else { bar.value };
            self.content.rect(EDGE + 160.0, self.y, long(bar.value), 9.0).stroke();
            self.content.rect(EDGE + 160.0, self.y, long(filled), 9.0).fill_nonzero();
            let number = match chart.part {
                Some(_) => format!("{} / {}", bar.part, bar.value),
                None => bar.value.to_string(),
            };
            self.write(&number, (EDGE + 166.0 + long(bar.value), self.y + 2.0), 8.0);
        }
        if chart.bars.len() > 12 {
            self.y -= 13.0;
            let left = (chart.bars.len() - 12).to_string();
            let left = said(language, "and {} more", &[&left]);
            self.write(&left, (EDGE, self.y + 2.0), 8.0);
        }
        self.y -= 16.0;
    }

    /// The names of the columns, with a line below.
    fn columns(&mut self, head: &Head) {
        let columns = head.report.columns.iter();
        let names: Vec<&str> = columns.map(|of| head_word(head.language, of.name)).collect();
        self.cells(&names);
        let y = self.y + LINE - 3.0;
        self.content.move_to(EDGE, y).line_to(WIDE - EDGE, y).stroke();
    }

    /// Cells beside each other, as many lines as the longest needs.
    fn cells(&mut self, cells: &[&str]) {
        let laid = self.laid(cells);
        let n = laid.iter().map(Vec::len).max().unwrap_or(1).max(1);
        for (lines, left) in laid.iter().zip(self.edges.clone()) {
            let mut y = self.y;
            for line in lines {
                self.write(line, (left, y), SIZE);
                y -= LINE;
            }
        }
        for _ in 0..n {
            self.y -= LINE;
        }
        self.y -= 2.0;
    }

    /// The lines of cells, as they fit into their columns.
    fn laid(&self, cells: &[&str]) -> Vec<Vec<String>> {
        let wide = self.edges.windows(2).map(|pair| match pair {
            [left, right] => right - left - GAP,
            _ => 0.0,
        });
        cells.iter().zip(wide).map(|(cell, wide)| self.lines(cell, wide, SIZE, LINES)).collect()
    }

    /// A text in lines of a width, broken at spaces where there are some; a `…` stands where it was cut.
    fn lines(&self, text: &str, wide: f32, size: f32, most: usize) -> Vec<String> {
        // What cannot stand on the page need not be looked at.
        let begin: String = text.chars().take(1000).collect();
        let text = self.font.printable(&begin);
        let mut lines: Vec<String> = Vec::new();
        let (mut line, mut long) = (String::new(), 0.0);
        for sign in text.chars() {
            let width = self.font.width_of(sign, size);
            if long + width > wide && !line.is_empty() {
                let at = line.rfind([' ', '-', '.', ':', ',']).filter(|at| *at * 2 > line.len());
                let rest = at.map_or_else(String::new, |at| line.split_off(at + 1));
                lines.push(std::mem::replace(&mut line, rest));
                long = self.font.width(&line, size);
                if lines.len() >= most {
                    if let Some(last) = lines.last_mut() {
                        last.pop();
                        last.push('…');
                    }
                    return lines;
                }
            }
            line.push(sign);
            long += width;
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// Writes a line.
    fn write(&mut self, text: &str, (x, y): (f32, f32), size: f32) {
        let glyphs = self.font.encoded(&self.font.printable(text));
        self.content.begin_text();
        self.content.set_font(FONT, size).next_line(x, y).show(Str(&glyphs));
        self.content.end_text();
    }

    /// Ends the page, and begins another one.
    fn turn(&mut self) {
        let content = std::mem::replace(&mut self.content, Content::new()).finish();
        let id = self.stream(&content);
        self.pages.push(id);
        self.y = HIGH - EDGE - LINE;
    }

    fn stream(&mut self, content: &[u8]) -> Ref {
        let id = self.next.bump();
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
        // Writing into memory cannot fail.
        let packed = packer.write_all(content).and_then(|()| packer.finish()).unwrap_or_default();
        self.pdf.stream(id, &packed).filter(Filter::FlateDecode);
        id
    }

    /// The foot of a page.
    fn foot(&mut self, head: &Head, number: usize) -> Ref {
        let made = Cell::Instant(head.made_at);
        let language = head.language;
        let left = format!("{}, {}", head.report.title_in(language), made.shown(language));
        let counted = [number.to_string(), self.pages.len().to_string()];
        let right = said(language, "page {} of {}", &[&counted[0], &counted[1]]);
        let x = WIDE - EDGE - self.font.width(&right, 8.0);
        self.write(&left, (EDGE, EDGE - 8.0), 8.0);
        self.write(&right, (x, EDGE - 8.0), 8.0);
        let content = std::mem::replace(&mut self.content, Content::new()).finish();
        self.stream(&content)
    }
}

impl Sheet for Paper {
    fn row(&mut self, head: &Head, row: &[Cell], _: &mut dyn Write) -> Result<(), Error> {
        self.n += 1;
        if self.n > ROWS {
            return Err(Error::invalid(format!(
                "a PDF of more than {ROWS} rows is nothing to read"
            ))
            .hint("narrow the report, or take csv or xlsx"));
        }
        let shown: Vec<_> = row.iter().map(|cell| cell.shown(head.language)).collect();
        let cells: Vec<&str> = shown.iter().map(|cell| &**cell).collect();
        let n = self.laid(&cells).iter().map(Vec::len).max().unwrap_or(1).max(1);
        let high: f32 = std::iter::repeat_n(LINE, n).sum();
        if self.y - high < FOOT {
            self.turn();
            self.columns(head);
        }
        self.cells(&cells);
        Ok(())
    }

    fn end(mut self: Box<Self>, head: &Head, out: &mut dyn Write) -> Result<(), Error> {
        if self.n == 0 {
            let y = self.y;
            self.write(&said(head.language, "nothing found", &[]), (EDGE, y), SIZE);
        }
        self.turn();
        let feet: Vec<Ref> = (1..=self.pages.len()).map(|n| self.foot(head, n)).collect();
        let [catalog, tree, info] = std::array::from_fn(|_| self.next.bump());
        let font: [Ref; 5] = std::array::from_fn(|_| self.next.bump());
        let [used, ..] = font;
        let mut ids = Vec::with_capacity(feet.len());
        for (content, foot) in self.pages.iter().zip(feet) {
            let id = self.next.bump();
            let mut page = self.pdf.page(id);
            page.media_box(Rect::new(0.0, 0.0, WIDE, HIGH)).parent(tree);
            page.contents_array([*content, foot]);
            page.resources().fonts().pair(FONT, used);
            page.finish();
            ids.push(id);
        }
        let n = i32::try_from(ids.len()).unwrap_or(i32::MAX);
        self.pdf.pages(tree).kids(ids).count(n);
        self.pdf.catalog(catalog).pages(tree).lang(TextStr(head.language.tag()));
        let title = TextStr(head.report.title_in(head.language));
        self.pdf.document_info(info).title(title).producer(TextStr("Muster"));
        self.font.embed(&mut self.pdf, font);
        out.write_all(&self.pdf.finish()).map_err(unwritten)
    }
}

/// Where the columns begin and the last one ends: words have more room than numbers.
fn edges(head: &Head) -> Vec<f32> {
    let room = |kind: Kind| match kind {
        Kind::Text => 3.0,
        Kind::Instant => 2.2,
        Kind::Number | Kind::Seconds | Kind::Percent | Kind::Flag => 1.5,
    };
    let all: f32 = head.report.columns.iter().map(|column| room(column.kind)).sum();
    let mut edges = vec![EDGE];
    let mut x = EDGE;
    for column in head.report.columns {
        x += room(column.kind) / all.max(1.0) * (WIDE - 2.0 * EDGE);
        edges.push(x);
    }
    edges
}
