//! What the values of one column are: days, numbers, yes and no, or text.

use std::collections::BTreeMap;

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
};

use super::{names, sheet::Sheet};

/// What the values are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// Whole numbers.
    Int,
    /// Numbers with a point.
    Float,
    /// Two words; the one for yes, and whether case varies. `None`: `true` and `false`.
    Bool(Option<(String, bool)>),
    /// Days in this format; `None`: ISO 8601 throughout.
    Date(Option<&'static str>),
    /// Instants in this format; `None`: RFC 3339.
    DateTime(Option<&'static str>),
}

/// One column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its position.
    pub(super) index: usize,
    /// Its name in the file, as the connector reads it.
    pub(super) name: String,
    /// What its values are.
    pub(super) kind: Kind,
    /// Rows without a value.
    pub(super) n_empty: usize,
    /// Different values.
    pub(super) n_distinct: usize,
    /// The first lines whose value stood before; the header is line 1.
    pub(super) doubles: Vec<usize>,
    /// Rows with a value that was there before.
    pub(super) n_doubles: usize,
    /// Values that are not what the others are.
    pub(super) n_odd: usize,
    /// True when days could be read in two ways.
    pub(super) ambiguous: bool,
}

impl Column {
    /// True when every row has a value of its own.
    pub(super) fn is_unique(&self) -> bool {
        self.n_doubles == 0 && self.n_distinct > 0
    }
}

/// Days as people write them, the likeliest first.
const DAYS: [&str; 13] = [
    "%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y",
    "%d %b %Y", "%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%Y%m%d",
];

/// Instants as people write them.
const INSTANTS: [&str; 5] = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
];

/// Two words of which the first means yes.
const YES_NO: [(&str, &str); 6] =
    [("true", "false"), ("yes", "no"), ("y", "n"), ("ja", "nein"), ("oui", "non"), ("t", "f")];

/// Looks at every column.
pub(super) fn columns(sheet: &Sheet) -> Vec<Column> {
    sheet.columns.iter().enumerate().map(|(index, name)| column(sheet, index, name)).collect()
}

/// The values of a column that are not empty, each with its line.
pub(super) fn values(sheet: &Sheet, index: usize) -> impl Iterator<Item = (usize, &str)> {
    sheet
        .rows
        .iter()
        .enumerate()
        .filter_map(move |(row, cells)| Some((row + 2, cells.get(index)?.as_str())))
        .filter(|(_, value)| !value.is_empty())
}

fn column(sheet: &Sheet, index: usize, name: &str) -> Column {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut doubles = Vec::new();
    let mut n_doubles = 0;
    for (line, value) in values(sheet, index) {
        let count = seen.entry(value).or_default();
        *count += 1;
        if *count > 1 {
            n_doubles += 1;
            if doubles.len() < 2 {
                doubles.push(line);
            }
        }
    }
    let n_filled = seen.values().sum::<usize>();
    let (kind, n_odd, ambiguous) = kind(name, &seen, n_filled);
    Column {
        index,
        name: name.to_owned(),
        kind,
        n_empty: sheet.rows.len() - n_filled,
        n_distinct: seen.len(),
        doubles,
        n_doubles,
        n_odd,
        ambiguous,
    }
}

/// The kind, how many values do not fit it, and whether another kind would have fitted as well.
fn kind(name: &str, seen: &BTreeMap<&str, usize>, n_filled: usize) -> (Kind, usize, bool) {
    if seen.is_empty() {
        return (Kind::Text, 0, false);
    }
    if let Some(kind) = yes_no(name, seen) {
        return (kind, 0, false);
    }
    if let Some(found) = days(name, seen, n_filled) {
        return found;
    }
    if let Some(found) = instants(seen) {
        return (found, 0, false);
    }
    let named_number = ["id", "no", "nr", "code", "zip", "plz", "phone", "tel", "number", "key"];
    let is_name = names::words(name).iter().any(|word| named_number.contains(&word.as_str()));
    if !is_name && seen.keys().all(|value| is_int(value)) {
        return (Kind::Int, 0, false);
    }
    if !is_name && seen.keys().all(|value| is_float(value)) {
        return (Kind::Float, 0, false);
    }
    (Kind::Text, 0, false)
}

fn yes_no(name: &str, seen: &BTreeMap<&str, usize>) -> Option<Kind> {
    let lower: Vec<String> = seen.keys().map(|value| value.to_lowercase()).collect();
    for (yes, no) in YES_NO {
        if lower.iter().all(|value| value == yes || value == no)
            && lower.iter().any(|value| value == yes)
        {
            let plain = seen
                .keys()
                .all(|value| ["true", "false", "TRUE", "FALSE", "True", "False"].contains(value));
            if plain {
                return Some(Kind::Bool(None));
            }
            let written: Vec<&&str> =
                seen.keys().filter(|value| value.to_lowercase() == yes).collect();
            return match written.as_slice() {
                [one] => Some(Kind::Bool(Some(((**one).to_owned(), false)))),
                _ => Some(Kind::Bool(Some((yes.to_owned(), true)))),
            };
        }
    }
    let hinted = names::words(name)
        .iter()
        .any(|word| ["is", "has", "on", "flag", "active"].contains(&word.as_str()));
    let digits = seen.contains_key("1") && seen.keys().all(|value| ["0", "1"].contains(value));
    (hinted && digits).then(|| Kind::Bool(Some(("1".to_owned(), false))))
}

fn days(name: &str, seen: &BTreeMap<&str, usize>, n_filled: usize) -> Option<(Kind, usize, bool)> {
    let hinted = names::known(name).is_some_and(|known| known.ends_with("Date"))
        || names::words(name).iter().any(|word| {
            ["date", "day", "since", "from", "until", "datum", "dob", "birthday"]
                .contains(&word.as_str())
                || word.ends_with("date")
                || word.ends_with("datum")
        });
    let mut fitting: Vec<(usize, &'static str)> = DAYS
        .into_iter()
        .filter(|format| hinted || *format != "%Y%m%d")
        .filter_map(|format| Some((odd(seen, n_filled, |value| is_day(value, format))?, format)))
        .collect();
    fitting.sort_by_key(|(n_odd, _)| *n_odd);
    let (n_odd, format) = *fitting.first()?;
    let ambiguous = fitting.iter().filter(|(other, _)| *other == n_odd).count() > 1;
    let format = (format != "%Y-%m-%d" || n_odd > 0).then_some(format);
    Some((Kind::Date(format), n_odd, ambiguous))
}

/// A day in exactly this format: as many digits for the year as the format says.
fn is_day(value: &str, format: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let long_year = format.contains("%Y");
    let wanted = match (format, long_year) {
        ("%Y%m%d", _) => 8..=8,
        (_, true) if format.contains("%b") => 5..=6,
        (_, true) => 6..=8,
        (_, false) => 4..=6,
    };
    wanted.contains(&digits) && Date::strptime(format, value.trim()).is_ok()
}

fn instants(seen: &BTreeMap<&str, usize>) -> Option<Kind> {
    if seen.keys().all(|value| value.len() > 15 && value.parse::<Timestamp>().is_ok()) {
        return Some(Kind::DateTime(None));
    }
    let fits =
        |format: &str| seen.keys().all(|value| DateTime::strptime(format, value.trim()).is_ok());
    let format = INSTANTS.into_iter().find(|format| fits(format))?;
    let midnight = |value: &&str| {
        DateTime::strptime(format, value.trim())
            .is_ok_and(|at| at.hour() == 0 && at.minute() == 0 && at.second() == 0)
    };
    if seen.keys().all(midnight) {
        return Some(Kind::Date(Some(format)));
    }
    Some(Kind::DateTime(Some(format)))
}

/// How many rows do not fit; `None` when more than two in a hundred.
fn odd(
    seen: &BTreeMap<&str, usize>,
    n_filled: usize,
    fits: impl Fn(&str) -> bool,
) -> Option<usize> {
    let allowed = n_filled / 50;
    let mut n_odd = 0;
    for (value, count) in seen {
        if !fits(value) {
            n_odd += count;
            if n_odd > allowed {
                return None;
            }
        }
    }
    Some(n_odd)
}

/// A whole number whose text is the number: no leading zeros, no plus sign.
fn is_int(value: &str) -> bool {
    value.parse::<i64>().is_ok_and(|number| number.to_string() == value)
}

fn is_float(value: &str) -> bool {
    let zeros = value.trim_start_matches('-').starts_with('0')
        && !value.trim_start_matches('-').starts_with("0.");
    let plain = value.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-');
    plain && (!zeros || value == "0") && value.parse::<f64>().is_ok()
}
