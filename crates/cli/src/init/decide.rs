//! What the columns are to the model: the key, the manager, the department, the last day.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    NewFile,
    columns::{self, Column, Kind},
    names,
    sheet::{Sheet, SheetError},
    yaml,
};

/// How sure we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Confidence {
    /// Name and values agree.
    Confident,
    /// The values say so.
    Likely,
    /// Somebody should look.
    NeedsYou,
}

impl Confidence {
    /// The words for it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Confident => "confident",
            Self::Likely => "likely",
            Self::NeedsYou => "needs you",
        }
    }
}

/// What one column was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The file.
    pub(crate) file: String,
    /// The column.
    pub(crate) column: String,
    /// The attribute; `None` when it is left out.
    pub(crate) attribute: Option<String>,
    /// What was found.
    pub(crate) what: String,
    /// How sure we are.
    pub(crate) confidence: Confidence,
}

/// The project that follows from the files.
#[derive(Debug, Default)]
pub(crate) struct Proposal {
    /// The files that are read, people first.
    pub(super) sources: Vec<Source>,
    /// What was found.
    pub(crate) findings: Vec<Finding>,
    /// One line for each file: rows, columns, encoding.
    pub(crate) summaries: Vec<String>,
    /// What to know, as sentences.
    pub(crate) notes: Vec<String>,
    /// The files to write.
    pub(crate) files: Vec<NewFile>,
}

/// A file that becomes a source of one entity type.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) sheet: Sheet,
    pub(super) type_name: String,
    /// The position of its key among `attributes`.
    pub(super) key: usize,
    pub(super) attributes: Vec<Attribute>,
}

impl Source {
    /// The attribute with this name.
    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The name of the key attribute and its column.
    pub(super) fn key(&self) -> (&str, &str) {
        self.attributes
            .get(self.key)
            .map_or(("", ""), |key| (key.name.as_str(), key.column.as_str()))
    }
}

/// An attribute and where its value comes from.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) column: String,
    pub(super) type_name: &'static str,
    /// The entity type it leads to.
    pub(super) link: Option<String>,
    pub(super) unique: bool,
    pub(super) expression: String,
    /// Values that mean that somebody has left.
    pub(super) leaver_values: Vec<String>,
}

const LEFT: [&str; 14] = [
    "terminated",
    "inactive",
    "left",
    "leaver",
    "ended",
    "retired",
    "resigned",
    "separated",
    "exited",
    "departed",
    "former",
    "ausgeschieden",
    "inaktiv",
    "deceased",
];

/// A file with what is known about its columns.
struct Looked {
    sheet: Sheet,
    columns: Vec<Column>,
    key: Option<usize>,
    type_name: String,
    score: usize,
}

/// Decides about every column of every file.
pub(super) fn decide(sheets: Vec<Sheet>) -> Result<Proposal, SheetError> {
    let mut proposal = Proposal::default();
    let mut looked: Vec<Looked> = sheets.into_iter().enumerate().map(look).collect();
    looked.sort_by_key(|file| std::cmp::Reverse((file.score, file.sheet.n_rows)));
    let mut used = BTreeSet::new();
    for (index, file) in looked.iter_mut().enumerate() {
        let wanted =
            if index == 0 { "person".to_owned() } else { names::singular(&file.sheet.file) };
        let wanted = if index > 0 && wanted == "person" { "personFile".to_owned() } else { wanted };
        file.type_name = if index == 0 {
            used.insert(wanted.clone());
            wanted
        } else {
            names::free(&wanted, &mut used)
        };
        proposal.summaries.push(summary(&file.sheet));
        if index == 0 && file.key.is_none() {
            file.key = Some(second_best_key(&file.sheet, &file.columns)?);
        }
    }
    let (kept, skipped): (Vec<Looked>, Vec<Looked>) =
        looked.into_iter().partition(|file| file.key.is_some());
    for file in skipped {
        proposal.notes.push(format!(
            "{} is left out: no column is unique, and muster needs one row for each thing",
            file.sheet.file
        ));
    }
    let keys: BTreeMap<String, BTreeSet<String>> =
        kept.iter().map(|file| (file.type_name.clone(), key_values(file))).collect();
    for file in kept {
        let source = source(file, &keys, &mut proposal);
        proposal.sources.push(source);
    }
    Ok(proposal)
}

fn look((index, mut sheet): (usize, Sheet)) -> Looked {
    sheet.input = index;
    let columns = columns::columns(&sheet);
    let person =
        ["givenName", "familyName", "fullName", "mail", "userName", "manager", "employeeId"];
    let score = columns
        .iter()
        .filter(|c| names::known(&c.name).is_some_and(|known| person.contains(&known)))
        .count();
    let key = columns
        .iter()
        .filter(|column| column.is_unique() && column.n_empty == 0)
        .min_by_key(|column| (names::key_rank(&column.name), column.index))
        .map(|column| column.index);
    Looked { sheet, columns, key, type_name: String::new(), score }
}

/// The likeliest key where no column is without fault.
fn second_best_key(sheet: &Sheet, columns: &[Column]) -> Result<usize, SheetError> {
    columns
        .iter()
        .filter(|column| (column.n_doubles + column.n_empty) * 2 < sheet.rows.len())
        .min_by_key(|column| (names::key_rank(&column.name), column.n_doubles + column.n_empty))
        .map(|column| column.index)
        .ok_or_else(|| SheetError::NoKey(sheet.file.clone()))
}

fn key_values(file: &Looked) -> BTreeSet<String> {
    let key = file.key.unwrap_or(0);
    columns::values(&file.sheet, key).map(|(_, value)| value.to_owned()).collect()
}

fn summary(sheet: &Sheet) -> String {
    let delimiter = match sheet.delimiter {
        ',' => String::new(),
        '\t' => ", tabs between".to_owned(),
        other => format!(", `{other}` between"),
    };
    let encoding = sheet.encoding.unwrap_or("UTF-8");
    format!(
        "{}: {} rows, {} columns, {encoding}{delimiter}",
        sheet.file,
        sheet.n_rows,
        sheet.columns.len()
    )
}

fn source(
    file: Looked,
    keys: &BTreeMap<String, BTreeSet<String>>,
    proposal: &mut Proposal,
) -> Source {
    let Looked { sheet, columns, key, type_name, score: _ } = file;
    let key = key.unwrap_or(0);
    notes(&sheet, &mut proposal.notes);
    let mut used = BTreeSet::new();
    let mut attributes = Vec::new();
    let mut key_position = 0;
    let is_person = type_name == "person";
    for column in &columns {
        let column = &as_meant(column, is_person);
        let is_key = column.index == key;
        if column.n_distinct == 0 {
            proposal.findings.push(finding(
                &sheet,
                column,
                None,
                "always empty, left out".to_owned(),
                Confidence::Confident,
            ));
            continue;
        }
        let known = if is_person { names::known(&column.name) } else { None };
        let known =
            known.map(|known| if is_family_name(known, &columns) { "familyName" } else { known });
        let known =
            known.filter(|known| (*known == "employeeId") == is_key && !used.contains(*known));
        let link = if is_key { None } else { link(&sheet, column, known, &type_name, keys) };
        let wanted = match (&link, known) {
            (_, Some(known)) => known.to_owned(),
            (Some((to, _)), None) if is_person && *to != "person" && !used.contains(to) => {
                to.clone()
            }
            (Some(_) | None, None) => names::camel(&column.name),
        };
        let name = names::free(&wanted, &mut used);
        let (what, confidence) = describe(&sheet, column, is_key, known, link.as_ref(), keys);
        proposal.findings.push(finding(&sheet, column, Some(name.clone()), what, confidence));
        if is_key {
            key_position = attributes.len();
        }
        attributes.push(attribute(&sheet, column, name, is_key, link.map(|(to, _)| to)));
    }
    Source { sheet, type_name, key: key_position, attributes }
}

/// `Name` beside `Vorname` is the family name.
fn is_family_name(known: &str, columns: &[Column]) -> bool {
    let has = |attribute: &str| {
        columns.iter().any(|column| names::known(&column.name) == Some(attribute))
    };
    known == "fullName" && has("givenName") && !has("familyName")
}

/// A name is text even where every name looks like a number, a day or a yes.
fn as_meant(column: &Column, is_person: bool) -> Column {
    let known = names::known(&column.name).filter(|_| is_person);
    if known.is_some_and(|known| !known.ends_with("Date")) {
        return Column { kind: Kind::Text, n_odd: 0, ambiguous: false, ..column.clone() };
    }
    column.clone()
}

fn notes(sheet: &Sheet, notes: &mut Vec<String>) {
    if sheet.header_mended {
        notes.push(format!(
            "the header of {} has names that are empty, doubled or badly spaced; the copy in data/ has better ones",
            sheet.file
        ));
    }
    if sheet.ragged > 0 {
        notes.push(format!(
            "{} rows of {} have more or fewer cells than the header; muster sync reports each",
            sheet.ragged, sheet.file
        ));
    }
}

fn finding(
    sheet: &Sheet,
    column: &Column,
    attribute: Option<String>,
    what: String,
    confidence: Confidence,
) -> Finding {
    Finding { file: sheet.file.clone(), column: column.name.clone(), attribute, what, confidence }
}

/// The entity type a column leads to and the percentage of its values that do.
fn link(
    sheet: &Sheet,
    column: &Column,
    known: Option<&str>,
    own_type: &str,
    keys: &BTreeMap<String, BTreeSet<String>>,
) -> Option<(String, usize)> {
    if !matches!(known, None | Some("department" | "manager" | "location")) {
        return None;
    }
    let n = columns::values(sheet, column.index).count();
    let mut best: Option<(String, usize)> = None;
    for (to, values) in keys {
        let resolved = columns::values(sheet, column.index)
            .filter(|(_, value)| values.contains(*value))
            .count();
        let percent = resolved * 100 / n.max(1);
        let is_own = to == own_type;
        let meant = if is_own {
            known == Some("manager") || is_parent(&column.name)
        } else {
            shares_word(&column.name, to) || known == Some("department")
        };
        let enough = if meant { 80 } else { 101 };
        if percent >= enough && best.as_ref().is_none_or(|(_, known)| percent > *known) {
            best = Some((to.clone(), percent));
        }
    }
    best
}

fn is_parent(column: &str) -> bool {
    names::words(column)
        .iter()
        .any(|word| ["parent", "manager", "boss", "supervisor", "lead"].contains(&word.as_str()))
}

/// `dept_no` and `department` have a word in common, or one begins the other.
fn shares_word(column: &str, type_name: &str) -> bool {
    let columns = names::words(column);
    let types = names::words(type_name);
    columns.iter().any(|a| {
        types.iter().any(|b| {
            a == b
                || (a.len() >= 3 && b.starts_with(a.as_str()))
                || (b.len() >= 3 && a.starts_with(b.as_str()))
        })
    })
}

fn describe(
    sheet: &Sheet,
    column: &Column,
    is_key: bool,
    known: Option<&str>,
    link: Option<&(String, usize)>,
    keys: &BTreeMap<String, BTreeSet<String>>,
) -> (String, Confidence) {
    if is_key {
        return describe_key(column);
    }
    if let Some((to, percent)) = link {
        let confidence = if *percent >= 95 { Confidence::Confident } else { Confidence::NeedsYou };
        return (format!("{percent} % lead to a {to}"), confidence);
    }
    if known == Some("manager") {
        let n = columns::values(sheet, column.index).count().max(1);
        let person = keys.get("person");
        let found = columns::values(sheet, column.index)
            .filter(|(_, v)| person.is_some_and(|keys| keys.contains(*v)))
            .count();
        return (
            format!("text: only {} % lead to a person", found * 100 / n),
            Confidence::NeedsYou,
        );
    }
    if known == Some("userName") && column.n_doubles > 0 {
        return (
            format!("{} duplicates: {}", column.n_doubles, rows(&column.doubles)),
            Confidence::NeedsYou,
        );
    }
    let sure = if known.is_some() { Confidence::Confident } else { Confidence::Likely };
    describe_kind(column, sure)
}

fn describe_key(column: &Column) -> (String, Confidence) {
    match (column.n_doubles, column.n_empty) {
        (0, 0) => ("key: unique, never empty".to_owned(), Confidence::Confident),
        (0, n) => (format!("key, but empty in {n} rows"), Confidence::NeedsYou),
        (n, 0) => {
            (format!("key, but {n} duplicates: {}", rows(&column.doubles)), Confidence::NeedsYou)
        }
        (n, m) => (format!("key, but {n} duplicates and empty in {m} rows"), Confidence::NeedsYou),
    }
}

fn describe_kind(column: &Column, sure: Confidence) -> (String, Confidence) {
    let odd = if column.n_odd > 0 {
        format!(", {} values are none", column.n_odd)
    } else {
        String::new()
    };
    match &column.kind {
        Kind::Text if column.is_unique() && column.n_empty == 0 => {
            ("text, unique".to_owned(), sure)
        }
        Kind::Text => (format!("text, {} different", column.n_distinct), sure),
        Kind::Int => ("whole numbers".to_owned(), Confidence::Likely),
        Kind::Float => ("numbers".to_owned(), Confidence::Likely),
        Kind::Bool(None) => ("true or false".to_owned(), Confidence::Confident),
        Kind::Bool(Some((yes, _))) => (format!("yes or no, `{yes}` is yes"), Confidence::Confident),
        Kind::Date(_) if column.ambiguous => (
            format!(
                "days as {}{odd}; day and month could be the other way",
                shown_format(&column.kind)
            ),
            Confidence::NeedsYou,
        ),
        Kind::Date(_) => {
            (format!("days as {}{odd}", shown_format(&column.kind)), Confidence::Confident)
        }
        Kind::DateTime(_) => (format!("instants as {}", shown_format(&column.kind)), sure),
    }
}

/// A format as people say it: `DD.MM.YYYY`.
fn shown_format(kind: &Kind) -> String {
    let format = match kind {
        Kind::Date(format) => format.unwrap_or("%Y-%m-%d"),
        Kind::DateTime(format) => format.unwrap_or("%Y-%m-%dT%H:%M:%SZ"),
        Kind::Text | Kind::Int | Kind::Float | Kind::Bool(_) => "",
    };
    let parts = [
        ("%Y", "YYYY"),
        ("%m", "MM"),
        ("%d", "DD"),
        ("%y", "YY"),
        ("%b", "Mon"),
        ("%H", "hh"),
        ("%M", "mm"),
        ("%S", "ss"),
    ];
    parts.iter().fold(format.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn rows(lines: &[usize]) -> String {
    let shown: Vec<String> = lines.iter().map(ToString::to_string).collect();
    format!("lines {}", shown.join(", "))
}

fn attribute(
    sheet: &Sheet,
    column: &Column,
    name: String,
    is_key: bool,
    link: Option<String>,
) -> Attribute {
    let read = yaml::column(&column.name);
    let (type_name, expression) = match (&link, &column.kind) {
        _ if is_key => ("string", read),
        (Some(to), _) => ("link", format!("link({}, {read})", yaml::literal(to))),
        (None, Kind::Text) => ("string", read),
        (None, Kind::Int) => ("int", read),
        (None, Kind::Float) => ("float", read),
        (None, Kind::Bool(None)) => ("bool", read),
        (None, Kind::Bool(Some((yes, true)))) => {
            ("bool", format!("lower({read}) == {}", yaml::literal(yes)))
        }
        (None, Kind::Bool(Some((yes, false)))) => {
            ("bool", format!("{read} == {}", yaml::literal(yes)))
        }
        (None, Kind::Date(None)) => ("date", read),
        (None, Kind::Date(Some(format))) => {
            ("date", format!("date({read}, {})", yaml::literal(format)))
        }
        (None, Kind::DateTime(None)) => ("datetime", read),
        (None, Kind::DateTime(Some(format))) => {
            ("datetime", format!("datetime({read}, {})", yaml::literal(format)))
        }
    };
    let unique = is_key || (name == "userName" && column.is_unique());
    let leaver_values = if name == "status" { leaver_values(sheet, column) } else { Vec::new() };
    Attribute {
        name,
        column: column.name.clone(),
        type_name,
        link,
        unique,
        expression,
        leaver_values,
    }
}

fn leaver_values(sheet: &Sheet, column: &Column) -> Vec<String> {
    let values: BTreeSet<&str> =
        columns::values(sheet, column.index).map(|(_, value)| value).collect();
    values
        .into_iter()
        .filter(|value| LEFT.contains(&names::plain(value).as_str()))
        .map(str::to_owned)
        .collect()
}
