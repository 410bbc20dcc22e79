//! What a server answered, as a report of the command.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::Line;
use crate::{ui::Report, when};

/// The report: the document as it came, and the columns of the line for people.
pub(super) fn report(line: &Line, is_paged: bool, mut document: Json) -> Report {
    let next = document.get("next").and_then(Json::as_str).map(|next| {
        if is_paged { next.trim_start_matches('c').to_owned() } else { next.to_owned() }
    });
    if let (Some(next), Some(place)) = (&next, document.get_mut("next")) {
        *place = next.as_str().into();
    }
    let Some(items) = document.get(line.items).and_then(Json::as_array) else {
        return one(document);
    };
    let columns: Vec<(&str, &str)> = match line.columns {
        "" => fields_of(items),
        columns => columns.split(',').map(|c| c.split_once('=').unwrap_or((c, c))).collect(),
    };
    let row = |item: &Json| columns.iter().map(|(_, field)| cell(item.get(*field))).collect();
    let rows = items.iter().map(row).collect();
    let lines = (line.items == "items").then(|| items.clone());
    Report {
        columns: columns.iter().map(|(header, _)| (*header).to_owned()).collect(),
        rows,
        lines,
        empty: "nothing found",
        next,
        json: document,
        ..Report::default()
    }
}

/// One thing, field by field.
fn one(document: Json) -> Report {
    let row = |(name, value): (&String, &Json)| vec![name.replace('_', " "), cell(Some(value))];
    let rows = document.as_object().into_iter().flatten().map(row).collect();
    let columns = ["name", "value"].map(str::to_owned).to_vec();
    Report { columns, rows, empty: "done", json: document, ..Report::default() }
}

/// The names of the simple fields, where nothing says which ones matter.
fn fields_of(items: &[Json]) -> Vec<(&str, &str)> {
    let first = items.first().and_then(Json::as_object).into_iter().flatten();
    let simple = first.filter(|(_, value)| !value.is_object() && !value.is_array());
    simple.map(|(name, _)| (name.as_str(), name.as_str())).collect()
}

/// A value for people: instants to the second, lists with commas, of an object its place or its name.
fn cell(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::Bool(is)) => if *is { "yes" } else { "no" }.to_owned(),
        Some(Json::Number(number)) => number.to_string(),
        Some(Json::String(text)) => match text.parse::<Timestamp>() {
            Ok(at) => when::shown(at),
            Err(_) => text.clone(),
        },
        Some(Json::Array(items)) => {
            items.iter().map(|item| cell(Some(item))).collect::<Vec<_>>().join(", ")
        }
        Some(Json::Object(fields)) => match (fields.get("file"), fields.get("name")) {
            (None, None) if fields.contains_key("status") => cell(fields.get("status")),
            (Some(file), _) => format!("{}:{}", cell(Some(file)), cell(fields.get("line"))),
            (None, Some(name)) => cell(Some(name)),
            (None, None) => Json::Object(fields.clone()).to_string(),
        },
    }
}
