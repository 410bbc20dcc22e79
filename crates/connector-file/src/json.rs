//! JSON files: an array of maps, such an array somewhere inside a document, or one map a line.
//!
//! A nested value is named by its path, `name.given`. What is not named stays as it is; keys are written in alphabetical
//! order. A key that stands twice in a map is an error, as readers differ in which of the two they take.

mod strict;

use muster_connector::{ConnectorError, SettingReader, json};
use muster_model::{NameRule, Text, Value};
use serde_json::{Map, Value as Json};

use crate::{
    place::{Place, has_extension},
    whole::{Content, Format},
};

/// What is special about a JSON file.
#[derive(Debug, Clone)]
pub(crate) struct JsonFormat {
    /// Where the array stands (RFC 6901); empty for the document itself.
    items: Text,
    /// True when each line is a map.
    lines: bool,
    /// As written in the settings.
    lines_set: Option<bool>,
}

/// The document around the array.
#[derive(Debug, Clone, Default)]
pub(crate) struct Document(Option<Json>);

impl Format for JsonFormat {
    type Item = Map<String, Json>;
    type Frame = Document;

    const NAMES: NameRule = NameRule::Exact;
    const HAS_MEMBERS: bool = true;
    const KEY_IS_ATTRIBUTE: bool = true;

    fn read_settings(reader: &mut SettingReader<'_>) -> Self {
        let items = reader.text("items").unwrap_or_else(|| "".into());
        if !items.is_empty() && !items.starts_with('/') {
            let message = format!("setting `items` must be a pointer to the array, not `{items}`");
            reader.problem("items", message, Some("write for example `/data/people`".to_owned()));
        }
        let lines_set = reader.boolean("lines");
        if lines_set == Some(true) && !items.is_empty() {
            let message = "settings `items` and `lines` do not go together";
            reader.problem("lines", message, Some("a file of lines has no array".to_owned()));
        }
        Self { items, lines: lines_set.unwrap_or(false), lines_set }
    }

    fn see_path(&mut self, path: &str) {
        let plain = path.strip_suffix(".gz").unwrap_or(path);
        let by_name = has_extension(plain, "jsonl") || has_extension(plain, "ndjson");
        self.lines = self.lines_set.unwrap_or(by_name && self.items.is_empty());
    }

    fn parse(&self, place: &Place, bytes: Vec<u8>) -> Result<Content<Self>, ConnectorError> {
        let shown = &place.shown;
        let malformed =
            |problem: String| ConnectorError::Malformed(format!("`{shown}`: {problem}"));
        let text = String::from_utf8(bytes).map_err(|error| {
            let after = error.utf8_error().valid_up_to();
            malformed(format!("it is not valid {} after {after} bytes", place.encoding.name()))
        })?;
        if text.trim().is_empty() && !(self.lines && place.writable) {
            let problem = "the file is empty: not even an array; deliver it again";
            return Err(malformed(problem.to_owned()));
        }
        if self.lines {
            return Ok(Self::parse_lines(&text));
        }
        let mut root = strict::parse(&text).map_err(malformed)?;
        let place = root.pointer_mut(&self.items).ok_or_else(|| {
            malformed(format!("there is nothing at `{}`; check the setting `items`", self.items))
        })?;
        let Json::Array(items) = place.take() else {
            let at = if self.items.is_empty() { "the document" } else { &*self.items };
            return Err(malformed(format!(
                "{at} is no array; name the array's place with `items`, for example `items: /people`"
            )));
        };
        let mut content = Content { frame: Document(Some(root)), ..Content::default() };
        for (number, item) in (1..).zip(items) {
            take(&mut content, item, number);
        }
        Ok(content)
    }

    fn render(&self, content: &Content<Self>) -> Result<Vec<u8>, String> {
        let failed = |error: serde_json::Error| error.to_string();
        let mut bytes = Vec::new();
        if self.lines {
            for item in content.items() {
                serde_json::to_writer(&mut bytes, item).map_err(failed)?;
                bytes.push(b'\n');
            }
            return Ok(bytes);
        }
        let mut root = content.frame.0.clone().unwrap_or_else(|| empty_document(&self.items));
        let items = content.items().map(|item| Json::Object(item.clone())).collect();
        if let Some(place) = root.pointer_mut(&self.items) {
            *place = Json::Array(items);
        }
        serde_json::to_writer_pretty(&mut bytes, &root).map_err(failed)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn create(&self, _class: &str, key: &str, name: &str) -> Result<Self::Item, String> {
        let mut item = Map::new();
        self.rename(&mut item, key, name)?;
        Ok(item)
    }

    fn name(&self, item: &Self::Item, key: &str) -> Text {
        match self.get(item, key, false) {
            Ok(Value::Text(name)) => name,
            Ok(Value::Null) | Err(_) => "".into(),
            Ok(name) => name.to_string().into(),
        }
    }

    fn rename(&self, item: &mut Self::Item, key: &str, to: &str) -> Result<(), String> {
        self.set(item, key, &Value::text(to))
    }

    fn is_of(&self, _item: &Self::Item, _class: &str) -> bool {
        true
    }

    fn get(&self, item: &Self::Item, name: &str, many: bool) -> Result<Value, String> {
        let found = match (item.get(name), name.split_once('.')) {
            (Some(found), _) => found,
            (None, None) => return Ok(Value::Null),
            (None, Some((outer, inner))) => {
                return match item.get(outer) {
                    None | Some(Json::Null) => Ok(Value::Null),
                    Some(Json::Object(map)) => self.get(map, inner, many),
                    Some(_) => Err(format!("`{outer}` is no map, so it has no `{inner}`")),
                };
            }
        };
        json::value_of(found, many).map_err(|found| format!("`{name}` holds {found}"))
    }

    fn set(&self, item: &mut Self::Item, name: &str, value: &Value) -> Result<(), String> {
        if let (None, Some((outer, inner))) = (item.get(name), name.split_once('.')) {
            if value.is_null() && item.get(outer).is_none_or(Json::is_null) {
                return Ok(());
            }
            let map = item.entry(outer).or_insert_with(|| Json::Object(Map::new()));
            if map.is_null() {
                *map = Json::Object(Map::new());
            }
            let Json::Object(map) = map else {
                return Err(format!("cannot be set, as `{outer}` is no map"));
            };
            return self.set(map, inner, value);
        }
        if value.is_null() {
            item.remove(name);
        } else {
            item.insert(name.to_owned(), json::json_of(value));
        }
        Ok(())
    }

    fn classes(&self, content: &Content<Self>) -> Vec<(Text, Vec<Text>)> {
        let mut names = std::collections::BTreeSet::new();
        for item in content.items() {
            paths(item, "", &mut names);
        }
        vec![("".into(), names.into_iter().map(Text::from).collect())]
    }

    fn place_of(line: u64) -> String {
        format!("object {line}")
    }
}

impl JsonFormat {
    fn parse_lines(text: &str) -> Content<Self> {
        let mut content = Content::default();
        let mut last_problem = None;
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() {
                continue;
            }
            last_problem = None;
            match strict::parse(line) {
                Ok(item) => take(&mut content, item, number),
                Err(problem) => {
                    content.push_bad(number, &problem, None);
                    last_problem = Some(format!("the file is cut off in its last line: {problem}"));
                }
            }
        }
        if !text.ends_with('\n') {
            content.problem = last_problem;
        }
        content
    }
}

fn take(content: &mut Content<JsonFormat>, item: Json, number: u64) {
    if let Json::Object(map) = item {
        content.push(map, number);
    } else {
        content.push_bad(number, "it is no map", None);
    }
}

/// A document that holds nothing but an array at the pointer.
fn empty_document(pointer: &str) -> Json {
    let mut json = Json::Array(Vec::new());
    for part in pointer.rsplit('/').filter(|part| !part.is_empty()) {
        let name = part.replace("~1", "/").replace("~0", "~");
        json = Json::Object(Map::from_iter([(name, json)]));
    }
    json
}

/// The paths of all values.
fn paths(item: &Map<String, Json>, before: &str, names: &mut std::collections::BTreeSet<String>) {
    for (name, json) in item {
        if let Json::Object(map) = json {
            paths(map, &format!("{before}{name}."), names);
        } else {
            names.insert(format!("{before}{name}"));
        }
    }
}

#[cfg(test)]
mod tests;
