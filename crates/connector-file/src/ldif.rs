//! LDIF files (RFC 2849): entries of a directory as a source and as a target.
//!
//! Records of content are read, and records that add an entry; other changes are refused, entry by entry, and so are values
//! that are fetched from a URL. Attributes that nobody names stay as they are, comments do not.

mod parse;
mod render;

use std::collections::{BTreeMap, BTreeSet};

use encoding_rs::Encoding;
use muster_connector::{ConnectorError, SettingReader};
use muster_model::{NameRule, Text, Value};

use crate::{
    place::Place,
    whole::{Content, Format},
};

/// An entry: its name and its values in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The distinguished name.
    pub(crate) dn: Text,
    /// Attribute and value, as often as there are values.
    pub(crate) values: Vec<(Text, Vec<u8>)>,
}

/// What is special about an LDIF file: nothing that could be set.
#[derive(Debug, Clone)]
pub(crate) struct LdifFormat;

impl Format for LdifFormat {
    type Item = Entry;
    type Frame = ();

    const NAMES: NameRule = NameRule::DistinguishedName;
    const HAS_MEMBERS: bool = true;
    const KEY_IS_ATTRIBUTE: bool = false;

    fn read_settings(_reader: &mut SettingReader<'_>) -> Self {
        Self
    }

    fn read_key(_reader: &mut SettingReader<'_>) -> Option<Text> {
        Some("dn".into())
    }

    fn read_encoding(_reader: &mut SettingReader<'_>) -> &'static Encoding {
        encoding_rs::UTF_8
    }

    fn parse(&self, place: &Place, bytes: Vec<u8>) -> Result<Content<Self>, ConnectorError> {
        parse::parse(&bytes)
            .map_err(|problem| ConnectorError::Malformed(format!("`{}`: {problem}", place.shown)))
    }

    fn render(&self, content: &Content<Self>) -> Result<Vec<u8>, String> {
        Ok(render::render(content.items()))
    }

    fn create(&self, class: &str, _key: &str, name: &str) -> Result<Entry, String> {
        check_dn(name)?;
        let mut values = Vec::new();
        if !class.is_empty() {
            values.push(("objectClass".into(), class.as_bytes().to_vec()));
        }
        Ok(Entry { dn: name.into(), values })
    }

    fn name(&self, item: &Entry, _key: &str) -> Text {
        item.dn.clone()
    }

    fn rename(&self, item: &mut Entry, _key: &str, to: &str) -> Result<(), String> {
        check_dn(to)?;
        item.dn = to.into();
        Ok(())
    }

    fn is_of(&self, item: &Entry, class: &str) -> bool {
        class.is_empty()
            || item.values.iter().any(|(name, value)| {
                name.eq_ignore_ascii_case("objectClass")
                    && value.eq_ignore_ascii_case(class.as_bytes())
            })
    }

    fn get(&self, item: &Entry, name: &str, many: bool) -> Result<Value, String> {
        let mut values =
            item.values.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(
                |(_, value)| match std::str::from_utf8(value) {
                    Ok("") => Value::Null,
                    Ok(text) => Value::text(text),
                    // As text of its bytes, as every text-only system holds binary values.
                    Err(_) => Value::Binary(value.as_slice().into()).to_wire_text(),
                },
            );
        if name.eq_ignore_ascii_case("dn") {
            return Ok(Value::Text(item.dn.clone()));
        }
        Ok(if many { Value::set(values.collect()) } else { values.next().unwrap_or_default() })
    }

    fn set(&self, item: &mut Entry, name: &str, value: &Value) -> Result<(), String> {
        check_name(name)?;
        let place = item.values.iter().position(|(known, _)| known.eq_ignore_ascii_case(name));
        item.values.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        let at = place.unwrap_or(item.values.len()).min(item.values.len());
        let new = value.items().iter().map(|value| {
            let bytes = if let Value::Binary(bytes) = value {
                bytes.to_vec()
            } else {
                value.to_string().into_bytes()
            };
            (name.into(), bytes)
        });
        let new: Vec<(Text, Vec<u8>)> = new.collect();
        item.values.splice(at..at, new);
        Ok(())
    }

    fn classes(&self, content: &Content<Self>) -> Vec<(Text, Vec<Text>)> {
        let mut classes: BTreeMap<String, BTreeSet<Text>> = BTreeMap::new();
        for entry in content.items() {
            let names: Vec<&Text> = entry.values.iter().map(|(name, _)| name).collect();
            for (name, value) in &entry.values {
                if name.eq_ignore_ascii_case("objectClass") {
                    let class = String::from_utf8_lossy(value).into_owned();
                    classes.entry(class).or_default().extend(names.iter().copied().cloned());
                }
            }
        }
        let texts =
            |(class, names): (String, BTreeSet<Text>)| (class.into(), names.into_iter().collect());
        classes.into_iter().map(texts).collect()
    }
}

/// A name must look like one, so that a wrong mapping is seen before it is written.
fn check_dn(dn: &str) -> Result<(), String> {
    if dn.contains('=') && !dn.contains(['\n', '\r', '\0']) {
        Ok(())
    } else {
        Err("it is no distinguished name, such as `uid=ada,ou=people,dc=tern,dc=example`"
            .to_owned())
    }
}

/// An attribute's name, with options: letters, digits, `-`, `;` and `.`.
fn check_name(name: &str) -> Result<(), String> {
    let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ';' | '.');
    if !name.is_empty() && name.chars().all(is_good) {
        Ok(())
    } else {
        Err("is no name of an attribute: write letters, digits, `-` and `;`".to_owned())
    }
}

#[cfg(test)]
mod tests;
