//! JSON that borrows its texts from the bytes it was parsed from, as far as nothing in them is escaped.
//!
//! What connectors read is looked at once and dropped; a text of its own for each key and value would cost more than
//! all the rest.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value as Json};

use super::{Node, Shape};

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Tree<'a> {
    /// `null`.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Self>),
    /// A map.
    Map(Members<'a>),
}

/// The members of a map in the order written; of a key that stands twice, the last one counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Members<'a>(Vec<(Cow<'a, str>, Tree<'a>)>);

impl<'a> Members<'a> {
    /// The value of a key.
    pub fn get(&self, name: &str) -> Option<&Tree<'a>> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn get_mut(&mut self, name: &str) -> Option<&mut Tree<'a>> {
        self.0.iter_mut().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl Tree<'_> {
    /// Takes away what stands at a pointer (RFC 6901), leaving `null` there.
    pub fn take(&mut self, pointer: &str) -> Option<Self> {
        let place = steps(pointer)?.iter().try_fold(self, |tree, step| match tree {
            Tree::List(items) => items.get_mut(index(step)?),
            Tree::Map(members) => members.get_mut(step),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => None,
        });
        place.map(std::mem::take)
    }

    /// The same with texts of its own.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Number(number) => Json::Number(number.clone()),
            Self::Text(text) => Json::from(&**text),
            Self::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Self::Map(members) => {
                let member = |(name, value): &(Cow<'_, str>, Tree<'_>)| {
                    (name.clone().into_owned(), value.to_json())
                };
                Json::Object(members.0.iter().map(member).collect::<Map<_, _>>())
            }
        }
    }
}

impl Node for Tree<'_> {
    fn shape(&self) -> Shape<'_, Self> {
        match self {
            Self::Null => Shape::Null,
            Self::Bool(value) => Shape::Bool(*value),
            Self::Number(number) => Shape::Number(number),
            Self::Text(text) => Shape::Text(text),
            Self::List(items) => Shape::List(items),
            Self::Map(_) => Shape::Map,
        }
    }

    fn member(&self, name: &str) -> Option<&Self> {
        let Self::Map(members) = self else { return None };
        members.get(name)
    }
}

/// The names and numbers in a pointer; `None` when it is none.
pub(super) fn steps(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    let plain = |step: &str| step.replace("~1", "/").replace("~0", "~");
    Some(pointer.strip_prefix('/')?.split('/').map(plain).collect())
}

/// The place in a list that a step names: `0`, or digits that do not begin with it.
pub(super) fn index(step: &str) -> Option<usize> {
    let is_written_otherwise = step.starts_with('+') || (step.starts_with('0') && step.len() > 1);
    if is_written_otherwise { None } else { step.parse().ok() }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Tree<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyMap)
    }
}

struct AnyMap;

impl<'de> Visitor<'de> for AnyMap {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Key(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Tree<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Tree::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Tree::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(number).map_or(Tree::Null, Tree::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Tree::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Tree::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        AnyMap.visit_map(map).map(Tree::Map)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::pointed, *};

    const TEXT: &str = r#"{"a~/b":[{"x":"plain","y":"two\nlines"},1,-2.5,true,null],"k":1,"k":2}"#;

    #[test]
    fn it_reads_what_the_owning_form_reads() {
        let tree: Tree<'_> = serde_json::from_str(TEXT).unwrap();
        let json: Json = serde_json::from_str(TEXT).unwrap();
        assert_eq!(tree.to_json(), json);
        for pointer in ["", "/a~0~1b/0/x", "/a~0~1b/1", "/a~0~1b/01", "/a~0~1b/9", "/k", "k", "/no"]
        {
            let found = pointed(&tree, pointer).map(Tree::to_json);
            assert_eq!(found.as_ref(), json.pointer(pointer), "{pointer}");
            assert_eq!(pointed(&json, pointer), json.pointer(pointer), "{pointer}");
            assert_eq!(tree.clone().take(pointer).map(|tree| tree.to_json()), found, "{pointer}");
        }
        assert!(serde_json::from_str::<Tree<'_>>(&"[".repeat(200_000)).is_err());
    }

    #[test]
    fn only_what_is_escaped_is_copied() {
        let tree: Tree<'_> = serde_json::from_str(TEXT).unwrap();
        let text = |name| pointed(&tree, &format!("/a~0~1b/0/{name}"));
        assert!(matches!(text("x"), Some(Tree::Text(Cow::Borrowed("plain")))));
        assert!(matches!(text("y"), Some(Tree::Text(Cow::Owned(_)))));
    }
}
