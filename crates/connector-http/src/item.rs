//! Where values stand in JSON: pointers (`/data/people`) and paths (`name.given`).

use muster_connector::{
    Field,
    json::{self, Node},
};
use muster_model::{Object, Text, Value};
use serde_json::{Map, Value as Json};

use crate::settings::Class;

/// What stands at `path`: a pointer (RFC 6901) when it begins with `/`, else names joined by dots; a name that holds a dot
/// itself is found too. An empty path is the document.
pub(crate) fn at<'j, N: Node>(json: &'j N, path: &str) -> Option<&'j N> {
    if path.is_empty() {
        return Some(json);
    }
    if path.starts_with('/') {
        return json::pointed(json, path);
    }
    if let Some(found) = json.member(path) {
        return Some(found);
    }
    let (outer, inner) = path.split_once('.')?;
    at(json.member(outer)?, inner)
}

/// Puts a value at a path of names, making the maps on the way.
pub(crate) fn put(map: &mut Map<String, Json>, path: &str, value: Json) {
    let is_whole = map.contains_key(path) || path.starts_with('@');
    match path.split_once('.').filter(|_| !is_whole) {
        None => {
            map.insert(path.to_owned(), value);
        }
        Some((outer, inner)) => {
            let slot = map.entry(outer).or_insert_with(|| Json::Object(Map::new()));
            if !slot.is_object() {
                *slot = Json::Object(Map::new());
            }
            if let Json::Object(inner_map) = slot {
                put(inner_map, inner, value);
            }
        }
    }
}

/// The text at a path; nothing for what is absent or no scalar.
pub(crate) fn text<N: Node>(json: &N, path: &str) -> Option<Text> {
    match json::value_of(at(json, path)?, false) {
        Ok(Value::Text(text)) => Some(text),
        Ok(_) | Err(_) => None,
    }
}

/// The object that `item` describes; the error says what is wrong with it.
pub(crate) fn object<N: Node>(class: &Class, item: &N, fields: &[Field]) -> Result<Object, String> {
    let name = text(item, &class.name).ok_or_else(|| format!("it has no `{}`", class.name))?;
    let id = text(item, &class.id).ok_or_else(|| format!("it has no `{}`", class.id))?;
    let enabled = match &class.enabled {
        None => None,
        Some(state) => match text(item, &state.path) {
            None => None,
            Some(held) if held == state.on => Some(true),
            Some(held) if held == state.off => Some(false),
            Some(held) => {
                let held: String = held.chars().take(60).collect();
                return Err(format!(
                    "`{}` holds `{held}`, which is neither `{}` nor `{}`",
                    state.path, state.on, state.off
                ));
            }
        },
    };
    let mut values = Vec::with_capacity(fields.len());
    for field in fields {
        values.push(match at(item, &field.name) {
            None => Value::Null,
            Some(found) => json::value_of(found, field.many)
                .map_err(|found| format!("`{}` holds {found}", field.name))?,
        });
    }
    Ok(Object { id, name, enabled, values })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_found_by_path_and_by_pointer() {
        let item = json!({"name": {"given": "Ada"}, "a.b": 1, "@odata.id": "x"});
        assert_eq!(at(&item, "name.given"), Some(&json!("Ada")));
        assert_eq!(at(&item, "/name/given"), Some(&json!("Ada")));
        assert_eq!(at(&item, "a.b"), Some(&json!(1)));
        assert_eq!(at(&item, "@odata.id"), Some(&json!("x")));
        assert_eq!(at(&item, "name.none"), None);
    }

    #[test]
    fn values_are_put_where_they_will_be_found() {
        let mut map = Map::new();
        put(&mut map, "name.given", json!("Ada"));
        put(&mut map, "name.family", json!("L"));
        put(&mut map, "on", json!(true));
        assert_eq!(Json::Object(map), json!({"name": {"given": "Ada", "family": "L"}, "on": true}));
    }
}
