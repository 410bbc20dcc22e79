//! Entries as they come over the wire, and the objects made of them.

use std::collections::BTreeSet;

use ldap3::{ResultEntry, asn1::StructureTag};
use muster_connector::{BadObject, Field};
use muster_model::{Object, Text, Value};

use crate::{
    ad::{self, account, guard, ids, range},
    dn,
    settings::{Class, LdapSettings},
    value::from_directory,
};

/// The attributes that hold an id which survives a rename, the better one first.
pub(crate) const ID_ATTRIBUTES: [&str; 2] = ["entryUUID", "nsUniqueId"];

/// An entry or part of one.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) dn: String,
    attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Entry {
    /// Takes an answer apart; `Err` tells what is wrong with it. A referral is no entry.
    pub(crate) fn parse(answer: ResultEntry) -> Result<Self, BadObject> {
        let bad = |problem: &str| BadObject {
            place: String::new(),
            problem: problem.to_owned(),
            name: None,
        };
        let malformed = || bad("the entry is malformed");
        let parts = answer.0.match_id(4).and_then(StructureTag::expect_constructed);
        let mut parts = parts.ok_or_else(malformed)?.into_iter();
        let name = parts.next().and_then(StructureTag::expect_primitive).ok_or_else(malformed)?;
        let dn = String::from_utf8(name).map_err(|_| bad("the name of an entry is not UTF-8"))?;
        let listed =
            parts.next().and_then(StructureTag::expect_constructed).ok_or_else(malformed)?;
        let mut attributes = Vec::with_capacity(listed.len());
        for attribute in listed {
            let mut parts = attribute.expect_constructed().ok_or_else(malformed)?.into_iter();
            let name =
                parts.next().and_then(StructureTag::expect_primitive).ok_or_else(malformed)?;
            let values =
                parts.next().and_then(StructureTag::expect_constructed).ok_or_else(malformed)?;
            let values = values.into_iter().filter_map(StructureTag::expect_primitive).collect();
            attributes.push((String::from_utf8_lossy(&name).into_owned(), values));
        }
        Ok(Self { dn, attributes })
    }

    /// The values of `attribute`, with or without the option `;binary`.
    pub(crate) fn values(&self, attribute: &str) -> &[Vec<u8>] {
        let wanted = plain(attribute);
        // A directory that gives out ranges also names the attribute without one, with no value.
        self.attributes
            .iter()
            .filter(|(name, _)| plain(name).eq_ignore_ascii_case(wanted))
            .max_by_key(|(_, values)| values.len())
            .map_or(&[], |(_, values)| values.as_slice())
    }

    /// The values of `attribute` that are text.
    pub(crate) fn texts(&self, attribute: &str) -> Vec<String> {
        let values = self.values(attribute).iter();
        values.filter_map(|value| String::from_utf8(value.clone()).ok()).collect()
    }

    /// A list that is not complete, and where its next range begins.
    pub(crate) fn unfinished_range(&self) -> Option<(String, usize)> {
        self.attributes.iter().find_map(|(name, _)| {
            let (attribute, next) = range::parse(name)?;
            Some((attribute.to_owned(), next?))
        })
    }

    /// Puts the range of `more` that begins at `start` behind what is there of the list.
    pub(crate) fn extend_range(&mut self, attribute: &str, start: usize, more: Self) {
        let is_meant = |name: &str| {
            range::parse(name).is_some_and(|(of, _)| of.eq_ignore_ascii_case(attribute))
        };
        let found = more.attributes.into_iter().find(|(name, _)| is_meant(name));
        // A list that has become shorter has no such range any more, and so is complete.
        let (name, values) =
            found.unwrap_or_else(|| (format!("{attribute};range={start}-*"), Vec::new()));
        if let Some(place) = self.attributes.iter_mut().find(|(name, _)| is_meant(name)) {
            place.0 = if values.is_empty() { format!("{attribute};range={start}-*") } else { name };
            place.1.extend(values);
        }
    }

    /// The id that survives a rename; the name where there is none.
    pub(crate) fn id(&self) -> Text {
        if let Some(id) = self.values(ad::GUID).first().and_then(|bytes| ids::guid_text(bytes)) {
            return id.into();
        }
        let id =
            ID_ATTRIBUTES.iter().find_map(|attribute| self.texts(attribute).into_iter().next());
        id.unwrap_or_else(|| self.dn.clone()).into()
    }
}

/// The name of an attribute without the options that only say how its values came.
fn plain(name: &str) -> &str {
    let name = range::parse(name).map_or(name, |(attribute, _)| attribute);
    name.strip_suffix(";binary").unwrap_or(name)
}

/// Makes objects of entries of one class.
#[derive(Debug)]
pub(crate) struct Shape<'a> {
    settings: &'a LdapSettings,
    class: &'a Class,
    fields: &'a [Field],
}

impl<'a> Shape<'a> {
    pub(crate) fn new(settings: &'a LdapSettings, class: &'a Class, fields: &'a [Field]) -> Self {
        Self { settings, class, fields }
    }

    /// The attributes to ask the directory for, in a fixed order and without doubles.
    pub(crate) fn attributes(&self) -> Vec<String> {
        let mut wanted: BTreeSet<String> =
            self.settings.id_attributes().iter().map(|&name| name.to_owned()).collect();
        wanted.extend(self.fields.iter().map(|field| field.name.to_string()));
        if self.settings.is_domain() {
            if self.class.is_account() {
                wanted.insert(ad::CONTROL.to_owned());
            }
            return range::first_ranges(wanted);
        }
        if let Some(disable) = self.settings.disable.as_ref().filter(|_| self.class.is_account()) {
            wanted.insert(disable.attribute.to_string());
        }
        wanted.into_iter().collect()
    }

    /// The object that `entry` is, or why it cannot be read.
    pub(crate) fn object(&self, entry: &Entry) -> Result<Object, BadObject> {
        let values: Result<Vec<Value>, BadObject> =
            self.fields.iter().map(|field| self.value(entry, field)).collect();
        Ok(Object {
            id: entry.id(),
            name: entry.dn.as_str().into(),
            enabled: self.enabled(entry),
            values: values?,
        })
    }

    fn enabled(&self, entry: &Entry) -> Option<bool> {
        if self.settings.is_domain() && self.class.is_account() {
            return Some(guard::control_of(entry)? & account::DISABLED == 0);
        }
        let disable = self.settings.disable.as_ref().filter(|_| self.class.is_account())?;
        let off = |value: &String| value.eq_ignore_ascii_case(&disable.off);
        Some(!entry.texts(&disable.attribute).iter().any(off))
    }

    fn value(&self, entry: &Entry, field: &Field) -> Result<Value, BadObject> {
        let mut values = Vec::new();
        for bytes in entry.values(&field.name) {
            if self.settings.is_domain() && ad::value::is_own(&field.name) {
                values.extend(ad::value::readable(field, bytes).map(Value::text));
                continue;
            }
            let Some(text) = from_directory(bytes, field.value_type) else {
                return Err(BadObject {
                    place: entry.dn.clone(),
                    problem: format!(
                        "`{}` holds bytes that are not text; declare it as binary",
                        field.name
                    ),
                    name: Some(entry.dn.as_str().into()),
                });
            };
            if let Some(text) = self.seen(entry, field, text) {
                values.push(Value::text(text));
            }
        }
        if field.many {
            return Ok(Value::set(values));
        }
        Ok(values.into_iter().next().unwrap_or_default())
    }

    /// Leaves out the member that only fills an empty group, and names members by their account.
    fn seen(&self, entry: &Entry, field: &Field, text: String) -> Option<String> {
        if field.name.eq_ignore_ascii_case("memberUid") {
            let base = self.settings.account_base();
            return Some(format!("uid={},{base}", dn::escape_value(&text)));
        }
        let filled = self.class.required_members();
        if filled.is_some_and(|attribute| field.name.eq_ignore_ascii_case(attribute)) {
            let filler = self.settings.empty_member.as_ref().unwrap_or(&entry.dn);
            if text == *filler || dn::key(&text) == dn::key(filler) {
                return None;
            }
        }
        Some(text)
    }
}
