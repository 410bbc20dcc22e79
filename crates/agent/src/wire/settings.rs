//! Settings as JSON. Places in model files stay behind; secrets go as the names they have there.

use muster_model::{Setting, Settings, Span};
use serde_json::{Map, Value as Json, json};

use super::WireError;

const NOWHERE: Span = Span { file: 0, start: 0, end: 0 };

pub(super) fn write(settings: &Settings) -> String {
    map(settings).to_string()
}

pub(super) fn read(text: &str) -> Result<Settings, WireError> {
    settings(serde_json::from_str(text).map_err(|error| WireError::Damaged(error.to_string()))?)
}

fn map(settings: &Settings) -> Json {
    let entries = settings.entries.iter();
    Json::Object(entries.map(|(key, (_, setting))| (key.to_string(), one(setting))).collect())
}

fn one(setting: &Setting) -> Json {
    match setting {
        Setting::Null => Json::Null,
        Setting::Scalar(text, _) => Json::from(&**text),
        Setting::List(items, _) => Json::Array(items.iter().map(one).collect()),
        Setting::Map(inner) => json!({ "map": map(inner) }),
        Setting::Secret { from, name, span: _ } => json!({ "secret": { &**from: &**name } }),
    }
}

fn settings(map: Map<String, Json>) -> Result<Settings, WireError> {
    let entry = |(key, json): (String, Json)| Ok((key.into(), (NOWHERE, setting(json)?)));
    let entries: Result<_, WireError> = map.into_iter().map(entry).collect();
    Ok(Settings { entries: entries?, span: NOWHERE })
}

fn setting(json: Json) -> Result<Setting, WireError> {
    match json {
        Json::Null => Ok(Setting::Null),
        Json::String(text) => Ok(Setting::Scalar(text.into(), NOWHERE)),
        Json::Array(items) => {
            let items: Result<_, WireError> = items.into_iter().map(setting).collect();
            Ok(Setting::List(items?, NOWHERE))
        }
        Json::Object(tagged) => match tagged.into_iter().next() {
            Some((tag, Json::Object(inner))) if tag == "map" => Ok(Setting::Map(settings(inner)?)),
            Some((tag, Json::Object(inner))) if tag == "secret" => match inner.into_iter().next() {
                Some((from, Json::String(name))) => {
                    Ok(Setting::Secret { from: from.into(), name: name.into(), span: NOWHERE })
                }
                _ => Err(unfit()),
            },
            _ => Err(unfit()),
        },
        Json::Bool(_) | Json::Number(_) => Err(unfit()),
    }
}

fn unfit() -> WireError {
    WireError::Damaged("these are no settings".to_owned())
}
