//! Which attributes an answer has: `attributes` and `excludedAttributes` (RFC 7644, 3.9).

use muster_scim::{AttributePath, Path, key_of, parse_path, remove};
use serde_json::{Map, Value as Json};

use crate::error::Failure;

/// What is always there.
const ALWAYS: &[&str] = &["schemas", "id"];
/// Paths in one list at most.
const MOST: usize = 256;

/// Which attributes are asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Selection {
    /// Those that are returned by default.
    #[default]
    Default,
    /// These and what is always there.
    Only(Vec<AttributePath>),
    /// The default without these.
    Without(Vec<AttributePath>),
    /// Everything, for a filter to look at; members only where it asks for them.
    Whole {
        /// Whether it asks for members.
        members: bool,
    },
}

impl Selection {
    /// Reads the two parameters; the first one counts when both are there.
    pub(crate) fn read(only: Option<&str>, without: Option<&str>) -> Result<Self, Failure> {
        match (only.map(paths).transpose()?, without.map(paths).transpose()?) {
            (Some(only), _) if !only.is_empty() => Ok(Self::Only(only)),
            (_, Some(without)) if !without.is_empty() => Ok(Self::Without(without)),
            _ => Ok(Self::Default),
        }
    }

    /// True when the top-level attribute of that name is asked for, or a part of it.
    pub(crate) fn wants(&self, name: &str) -> bool {
        match self {
            Self::Default => true,
            Self::Whole { members } => *members || !name.eq_ignore_ascii_case("members"),
            Self::Only(paths) => paths.iter().any(|path| path.name.eq_ignore_ascii_case(name)),
            Self::Without(paths) => {
                !paths.iter().any(|path| path.sub.is_none() && path.name.eq_ignore_ascii_case(name))
            }
        }
    }

    /// True when the attribute is asked for by name.
    pub(crate) fn names(&self, name: &str) -> bool {
        matches!(self, Self::Only(_) | Self::Whole { .. }) && self.wants(name)
    }

    /// True when a sub-attribute is asked for by name.
    pub(crate) fn names_part(&self, name: &str, part: &str) -> bool {
        let is_it = |path: &AttributePath| {
            path.name.eq_ignore_ascii_case(name)
                && path.sub.as_deref().is_some_and(|sub| sub.eq_ignore_ascii_case(part))
        };
        match self {
            Self::Only(paths) => paths.iter().any(is_it),
            Self::Whole { .. } => true,
            Self::Default | Self::Without(_) => false,
        }
    }

    /// The resource with what is asked for.
    pub(crate) fn apply(&self, resource: Json) -> Json {
        match self {
            Self::Default | Self::Whole { .. } => resource,
            Self::Only(paths) => only(&resource, paths),
            Self::Without(paths) => without(resource, paths),
        }
    }
}

fn paths(text: &str) -> Result<Vec<AttributePath>, Failure> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let paths: Result<Vec<AttributePath>, Failure> = parts
        .map(|part| {
            let path = parse_path(part)
                .map_err(|error| Failure::invalid_value(format!("`{part}`: {error}")))?;
            Ok(path.attribute)
        })
        .collect();
    let paths = paths?;
    if paths.len() > MOST {
        return Err(Failure::invalid_value("too many attributes are named"));
    }
    Ok(paths)
}

fn without(mut resource: Json, paths: &[AttributePath]) -> Json {
    for path in paths {
        let is_always = ALWAYS.iter().any(|name| name.eq_ignore_ascii_case(&path.name));
        if !is_always {
            remove(&mut resource, &Path { attribute: path.clone(), filter: None });
        }
    }
    resource
}

fn only(resource: &Json, paths: &[AttributePath]) -> Json {
    let Json::Object(from) = resource else { return Json::Null };
    let mut to = Map::new();
    for name in ALWAYS {
        if let Some(value) = from.get(*name) {
            to.insert((*name).to_owned(), value.clone());
        }
    }
    for path in paths {
        let whole =
            path.whole_urn().map(|urn| key_of(from, &urn)).filter(|key| from.contains_key(key));
        if let Some(key) = whole {
            copy(from, &mut to, &key, None);
            continue;
        }
        match path.schema.as_ref().map(|schema| key_of(from, schema)) {
            Some(extension) if from.contains_key(&extension) => {
                let Some(Json::Object(inner)) = from.get(&extension) else { continue };
                let place = to.entry(extension).or_insert_with(|| Json::Object(Map::new()));
                if let Json::Object(place) = place {
                    copy(inner, place, &key_of(inner, &path.name), path.sub.as_deref());
                }
            }
            Some(_) | None => copy(from, &mut to, &key_of(from, &path.name), path.sub.as_deref()),
        }
    }
    Json::Object(to)
}

/// Copies an attribute, or one sub-attribute of it; what is there already is added to.
fn copy(from: &Map<String, Json>, to: &mut Map<String, Json>, key: &str, sub: Option<&str>) {
    let Some(value) = from.get(key) else { return };
    let Some(sub) = sub else {
        to.insert(key.to_owned(), value.clone());
        return;
    };
    match value {
        Json::Object(inner) => {
            let place = to.entry(key.to_owned()).or_insert_with(|| Json::Object(Map::new()));
            if let Json::Object(place) = place {
                copy(inner, place, &key_of(inner, sub), None);
            }
        }
        Json::Array(items) => {
            let empty = || items.iter().map(|_| Json::Object(Map::new())).collect();
            let place = to.entry(key.to_owned()).or_insert_with(|| Json::Array(empty()));
            let Json::Array(places) = place else { return };
            for (item, place) in items.iter().zip(places) {
                if let (Json::Object(inner), Json::Object(place)) = (item, place) {
                    copy(inner, place, &key_of(inner, sub), None);
                }
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}
