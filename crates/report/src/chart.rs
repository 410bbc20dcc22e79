//! The whole as a picture: bars beside their names, with their numbers written out.
//!
//! Nothing is told by colour. Lines and writing have the colour of the text around them, so it is right in every theme and on
//! paper; a part of a bar is filled, the rest is hatched.

use std::fmt::Write as _;

use muster_model::Text;
use serde_json::{Value as Json, json};

/// Bars at most; what is left is one more.
const BARS: usize = 12;
/// Signs of a name that are shown.
const SIGNS: usize = 28;
const LEFT: usize = 200;
const WIDTH: usize = 640;
/// The longest bar.
const LONG: u64 = 360;
const STEP: usize = 26;

/// A bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// What it stands for.
    pub name: Text,
    /// How long it is.
    pub value: u64,
    /// How much of it is of the kind that the chart names.
    pub part: u64,
}

/// Bars of one measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// What is measured.
    pub measure: &'static str,
    /// What the filled part of each bar is; without it bars are filled whole.
    pub part: Option<&'static str>,
    /// The bars.
    pub bars: Vec<Bar>,
}

/// The words of a chart in the language of whoever reads it.
#[derive(Debug, Clone, Copy)]
pub struct ChartWords<'a> {
    /// What it shows.
    pub title: &'a str,
    /// What the filled part is.
    pub part: Option<&'a str>,
    /// What stands for the bars that are left out.
    pub others: &'a str,
}

impl Chart {
    /// A chart; the longest bars come first, and of many the rest is put together. `None` where there is nothing to show.
    pub(crate) fn new(
        measure: &'static str,
        part: Option<&'static str>,
        mut bars: Vec<Bar>,
    ) -> Option<Self> {
        bars.retain(|bar| bar.value > 0);
        bars.sort_by(|one, other| (other.value, &one.name).cmp(&(one.value, &other.name)));
        (!bars.is_empty()).then_some(Self { measure, part, bars })
    }

    /// The bars that are shown, with the rest as the last one.
    fn shown(&self, others: &str) -> Vec<Bar> {
        let (first, rest) = self.bars.split_at(BARS.min(self.bars.len()));
        let mut shown = first.to_vec();
        if !rest.is_empty() {
            let sum = |of: fn(&Bar) -> u64| rest.iter().map(of).sum();
            let name = format!("{others} ({})", rest.len()).into();
            shown.push(Bar { name, value: sum(|bar| bar.value), part: sum(|bar| bar.part) });
        }
        shown
    }

    /// The chart as a document.
    pub fn json(&self) -> Json {
        let bar = |bar: &Bar| match self.part {
            Some(_) => json!({ "name": &*bar.name, "value": bar.value, "part": bar.part }),
            None => json!({ "name": &*bar.name, "value": bar.value }),
        };
        let bars: Vec<Json> = self.bars.iter().map(bar).collect();
        json!({ "measure": self.measure, "part": self.part, "bars": bars })
    }

    /// What the picture says, in words.
    pub fn words(&self, words: ChartWords<'_>) -> String {
        let mut text = String::new();
        for bar in self.shown(words.others) {
            let end = if text.is_empty() { "" } else { "; " };
            // Writing into a String cannot fail.
            _ = write!(text, "{end}{} {}", bar.name, bar.value);
            if let Some(part) = words.part.filter(|_| self.part.is_some()) {
                _ = write!(text, " ({part} {})", bar.part);
            }
        }
        text
    }

    /// The picture, as SVG.
    pub fn svg(&self, words: ChartWords<'_>) -> String {
        let bars = self.shown(words.others);
        let longest = bars.iter().map(|bar| bar.value).max().unwrap_or(1).max(1);
        let long = |value: u64| {
            let exact = u128::from(value) * u128::from(LONG) / u128::from(longest);
            u64::try_from(exact).unwrap_or(LONG)
        };
        let legend = if self.part.is_some() { STEP } else { 0 };
        let height = bars.len() * STEP + legend + 8;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
             font-family=\"sans-serif\" font-size=\"13\" fill=\"currentColor\" stroke=\"none\" aria-labelledby=\"chart-title chart-words\">\
             <title id=\"chart-title\">{}</title><desc id=\"chart-words\">{}</desc>\
             <defs><pattern id=\"chart-rest\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
             <rect width=\"2\" height=\"6\"/></pattern></defs>",
            escaped(words.title),
            escaped(&self.words(words)),
        );
        for (place, bar) in bars.iter().enumerate() {
            let top = place * STEP + 4;
            let base = top + 14;
            let (whole, part) = match self.part {
                Some(_) => (long(bar.value), long(bar.part.min(bar.value))),
                None => (long(bar.value), long(bar.value)),
            };
            let number = match self.part {
                Some(_) => format!("{} / {}", bar.part, bar.value),
                None => bar.value.to_string(),
            };
            _ = write!(
                svg,
                "<text x=\"{}\" y=\"{base}\" text-anchor=\"end\">{}</text>\
                 <rect x=\"{LEFT}\" y=\"{top}\" width=\"{whole}\" height=\"18\" fill=\"url(#chart-rest)\" stroke=\"currentColor\"/>\
                 <rect x=\"{LEFT}\" y=\"{top}\" width=\"{part}\" height=\"18\"/>\
                 <text x=\"{}\" y=\"{base}\">{number}</text>",
                LEFT - 8,
                escaped(&short(&bar.name)),
                u64::try_from(LEFT).unwrap_or_default() + whole + 6,
            );
        }
        if let Some(part) = words.part.filter(|_| self.part.is_some()) {
            let top = bars.len() * STEP + 6;
            _ = write!(
                svg,
                "<rect x=\"{LEFT}\" y=\"{top}\" width=\"14\" height=\"14\"/><text x=\"{}\" y=\"{}\">{}</text>",
                LEFT + 20,
                top + 12,
                escaped(part)
            );
        }
        svg.push_str("</svg>");
        svg
    }
}

/// The beginning of a name.
pub(crate) fn short(name: &str) -> String {
    if name.chars().count() <= SIGNS {
        return name.to_owned();
    }
    name.chars().take(SIGNS - 1).chain(['…']).collect()
}

/// A text as it stands in XML; what XML cannot hold is shown by its number.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in crate::plain::seen(text).chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(sign),
        }
    }
    out
}
