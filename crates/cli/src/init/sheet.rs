//! A CSV file as rows: encoding, delimiter, header.

use std::collections::BTreeSet;

use encoding_rs::Encoding;

use super::Input;

/// Rows looked at; more would not change what is found.
pub(super) const MAX_ROWS: usize = 200_000;

/// Why a file cannot be the beginning of a project.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SheetError {
    /// There is nothing in it.
    #[error("`{0}` is empty: not even a header")]
    Empty(String),
    /// There is a header and nothing else.
    #[error("`{0}` has a header and no rows")]
    NoRows(String),
    /// It is not a table of text.
    #[error("`{0}` is not a CSV file: {1}")]
    NotText(String, String),
    /// No file tells of people.
    #[error("no column of `{0}` could be a key: each is empty in some rows and none is unique")]
    NoKey(String),
}

/// A file as rows.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    /// The file's name.
    pub(crate) file: String,
    /// Its position among the inputs.
    pub(crate) input: usize,
    /// The delimiter.
    pub(crate) delimiter: char,
    /// The encoding where it is not UTF-8 (or marked by a byte order mark): its label.
    pub(crate) encoding: Option<&'static str>,
    /// The columns with usable, unique names.
    pub(crate) columns: Vec<String>,
    /// The header when it cannot be used as it is.
    pub(crate) header_mended: bool,
    /// The rows, one cell for each column, at most [`MAX_ROWS`].
    pub(crate) rows: Vec<Vec<String>>,
    /// How many rows the file has.
    pub(crate) n_rows: usize,
    /// Lines whose number of cells is not that of the header.
    pub(crate) ragged: usize,
    /// The whole file with the mended header, when it was mended.
    pub(crate) rewritten: Option<String>,
}

/// Reads a file.
pub(crate) fn read(input: &Input) -> Result<Sheet, SheetError> {
    let (text, encoding) = decode(input)?;
    if text.trim().is_empty() {
        return Err(SheetError::Empty(input.name.clone()));
    }
    let delimiter = delimiter_of(&text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(u8::try_from(delimiter).unwrap_or(b','))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let not_text = |error: &csv::Error| SheetError::NotText(input.name.clone(), error.to_string());
    let header: Vec<String> = match records.next() {
        Some(Ok(record)) => record.iter().map(str::to_owned).collect(),
        Some(Err(error)) => return Err(not_text(&error)),
        None => return Err(SheetError::Empty(input.name.clone())),
    };
    let columns = usable(&header);
    let header_mended = columns != header;
    let mut sheet = Sheet {
        file: input.name.clone(),
        input: 0,
        delimiter,
        encoding,
        columns,
        header_mended,
        rows: Vec::new(),
        n_rows: 0,
        ragged: 0,
        rewritten: None,
    };
    let mut copy = header_mended.then(|| csv::Writer::from_writer(Vec::new()));
    if let Some(copy) = &mut copy {
        // Writing into memory cannot fail, here and below.
        drop(copy.write_record(&sheet.columns));
    }
    for record in records {
        let record = record.map_err(|error| not_text(&error))?;
        sheet.n_rows += 1;
        sheet.ragged += usize::from(record.len() != sheet.columns.len());
        let mut row: Vec<String> = record.iter().map(str::to_owned).collect();
        row.resize(sheet.columns.len(), String::new());
        if let Some(copy) = &mut copy {
            drop(copy.write_record(&row));
        }
        if sheet.rows.len() < MAX_ROWS {
            sheet.rows.push(row);
        }
    }
    if sheet.rows.is_empty() {
        return Err(SheetError::NoRows(input.name.clone()));
    }
    sheet.rewritten = copy
        .and_then(|copy| copy.into_inner().ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(sheet)
}

/// The text, and the encoding's label where the connector has to be told.
fn decode(input: &Input) -> Result<(String, Option<&'static str>), SheetError> {
    if let Some((encoding, mark)) = Encoding::for_bom(&input.bytes) {
        let (text, _) =
            encoding.decode_without_bom_handling(input.bytes.get(mark..).unwrap_or_default());
        return Ok((text.into_owned(), None));
    }
    if input.bytes.iter().take(4096).any(|byte| *byte == 0) {
        let problem = "it holds zero bytes; export it as CSV in UTF-8";
        return Err(SheetError::NotText(input.name.clone(), problem.to_owned()));
    }
    if let Ok(text) = std::str::from_utf8(&input.bytes) {
        return Ok((text.to_owned(), None));
    }
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&input.bytes);
    Ok((text.into_owned(), Some("windows-1252")))
}

/// The candidate that stands equally often, and often, in the first lines.
fn delimiter_of(text: &str) -> char {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(20).collect();
    let score = |delimiter: char| {
        let counts: Vec<usize> = lines.iter().map(|line| outside_quotes(line, delimiter)).collect();
        let header = counts.first().copied().unwrap_or(0);
        let alike = counts.iter().filter(|count| **count == header).count();
        if header == 0 { 0 } else { alike * 1000 + header }
    };
    [',', ';', '\t', '|'].into_iter().rev().max_by_key(|delimiter| score(*delimiter)).unwrap_or(',')
}

fn outside_quotes(line: &str, wanted: char) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for c in line.chars() {
        quoted ^= c == '"';
        count += usize::from(c == wanted && !quoted);
    }
    count
}

/// Names that are not empty, not doubled and have no spaces at their ends.
fn usable(header: &[String]) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut names = Vec::with_capacity(header.len());
    for (index, raw) in header.iter().enumerate() {
        let words: Vec<&str> = raw.split(|c: char| c.is_whitespace() || c.is_control()).collect();
        let base = words.join(" ").trim().to_owned();
        let base = if base.is_empty() { format!("column {}", index + 1) } else { base };
        let mut name = base.clone();
        let mut n = 2;
        while !taken.insert(name.clone()) {
            name = format!("{base} {n}");
            n += 1;
        }
        names.push(name);
    }
    names
}
