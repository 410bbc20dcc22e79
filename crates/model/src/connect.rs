//! What systems hold and what is done to them, in words that fit every connector.

use std::{collections::BTreeMap, fmt};

use crate::{Span, Text, Value};

/// An object as a system holds it: an account, a group, a row of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The system's own id that survives a rename (`entryUUID`); the name again where there is none.
    pub id: Text,
    /// The address under which it is found: a DN, a key.
    pub name: Text,
    /// Whether it can be used to sign in; `None` where the system has no such notion.
    pub enabled: Option<bool>,
    /// The values in the order of the attributes that were asked for.
    pub values: Vec<Value>,
}

/// Names one object of a class on a system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// The object class as the model names it: `inetOrgPerson`, `groupOfNames`, a table.
    pub class: Text,
    /// The id as last read; empty when the object is known by name alone.
    pub id: Text,
    /// The name as last read.
    pub name: Text,
}

/// One change to one object. Every change is written so that doing it twice is doing it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Creates an object; an object of the same name is an error (`AlreadyExists`), never overwritten.
    Create {
        /// The class and name; `id` is empty.
        object: ObjectRef,
        /// Attribute values, none of them `Null`.
        values: Vec<(Text, Value)>,
        /// Whether it may be used at once; `None` where the system has no such notion.
        enabled: Option<bool>,
    },
    /// Replaces attribute values.
    Update {
        /// Which object.
        object: ObjectRef,
        /// Attribute, the value last observed, the new value; `Null` removes.
        values: Vec<(Text, Value, Value)>,
    },
    /// Gives an object another name (LDAP: modifyDN, also into another container).
    Rename {
        /// Which object, by its present name.
        object: ObjectRef,
        /// The new name.
        to: Text,
    },
    /// Enables or disables.
    SetEnabled {
        /// Which object.
        object: ObjectRef,
        /// The state to reach.
        enabled: bool,
    },
    /// Deletes an object; one that is not there is done already.
    Delete {
        /// Which object.
        object: ObjectRef,
    },
    /// Adds members to and removes members from a group-like object in one call.
    Members {
        /// The group.
        object: ObjectRef,
        /// The attribute that holds the members (`member`).
        attribute: Text,
        /// Names of accounts to add; one that is a member already is done.
        add: Vec<Text>,
        /// Names of accounts to remove; one that is no member is done.
        remove: Vec<Text>,
    },
}

impl Change {
    /// The object that is changed.
    pub fn object(&self) -> &ObjectRef {
        match self {
            Self::Create { object, .. }
            | Self::Update { object, .. }
            | Self::Rename { object, .. }
            | Self::SetEnabled { object, .. }
            | Self::Delete { object }
            | Self::Members { object, .. } => object,
        }
    }
}

/// What a connector says after a change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// The object's id, when the change made or moved it and the system tells.
    pub id: Option<Text>,
    /// The object's name afterwards, when it is not the one that was asked for.
    pub name: Option<Text>,
    /// Set when the system took the change and will do it later: its own number for it, empty when it gave none.
    pub pending: Option<Text>,
}

/// What a connector with these settings can do. `check` refuses a model that needs more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a list of independent abilities is what this is"
)]
pub struct Capabilities {
    /// Objects can be read.
    pub read: bool,
    /// Objects can be created.
    pub create: bool,
    /// Values can be changed.
    pub update: bool,
    /// Objects can be renamed.
    pub rename: bool,
    /// Objects can be enabled and disabled.
    pub enable: bool,
    /// Objects can be deleted.
    pub delete: bool,
    /// Membership is kept on the group (`members:`).
    pub members: bool,
    /// Only what changed since a cursor can be read.
    pub incremental: bool,
    /// Every value is text on this system, so values are compared as text.
    pub text_only: bool,
    /// How names compare.
    pub names: NameRule,
    /// Calls that may be under way at once.
    pub parallel: u16,
}

/// How a system compares names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRule {
    /// Byte for byte.
    Exact,
    /// Ignoring case.
    CaseInsensitive,
    /// As an LDAP distinguished name (RFC 4514): ignoring case and spaces around `,`, `=` and `+`.
    DistinguishedName,
}

/// A form of `name` such that two names of one object are equal.
pub fn name_key(rule: NameRule, name: &str) -> String {
    match rule {
        NameRule::Exact => name.to_owned(),
        NameRule::CaseInsensitive => name.to_lowercase(),
        NameRule::DistinguishedName => dn_key(name),
    }
}

/// Lower-cases a DN, drops the spaces around separators and brings escapes into one form.
fn dn_key(dn: &str) -> String {
    let mut key = String::with_capacity(dn.len());
    let mut chars = dn.chars().peekable();
    let mut pending_spaces = 0usize;
    let mut at_start = true;
    while let Some(c) = chars.next() {
        match c {
            ' ' if at_start => {}
            ' ' => pending_spaces += 1,
            ',' | '=' | '+' | ';' => {
                pending_spaces = 0;
                key.push(if c == ';' { ',' } else { c });
                at_start = true;
            }
            _ => {
                key.extend(std::iter::repeat_n(' ', pending_spaces));
                pending_spaces = 0;
                at_start = false;
                if c == '\\' {
                    push_escaped(&mut key, &mut chars);
                } else {
                    key.extend(c.to_lowercase());
                }
            }
        }
    }
    key
}

/// Brings `\2c`, `\2C` and `\,` into the one form `\2c`; hex pairs of other characters into the characters themselves.
fn push_escaped(key: &mut String, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    let Some(first) = chars.next() else { return key.push('\\') };
    let mut bytes = Vec::new();
    let mut high = first;
    while let Some(h) = high.to_digit(16) {
        let Some(l) = chars.peek().and_then(|c| c.to_digit(16)) else { break };
        chars.next();
        bytes.push(u8::try_from(h << 4 | l).unwrap_or(0));
        let mut ahead = chars.clone();
        if ahead.next() == Some('\\')
            && ahead.next().is_some_and(|c| c.is_ascii_hexdigit())
            && ahead.next().is_some_and(|c| c.is_ascii_hexdigit())
        {
            chars.next();
            high = chars.next().unwrap_or('\\');
        } else {
            break;
        }
    }
    let plain = if bytes.is_empty() {
        first.to_string()
    } else {
        String::from_utf8_lossy(&bytes).into_owned()
    };
    for c in plain.to_lowercase().chars() {
        if matches!(c, ',' | '=' | '+' | ';' | '\\' | '"' | '<' | '>' | '#' | ' ') {
            use fmt::Write as _;
            // Writing into a String cannot fail.
            _ = write!(key, "\\{:02x}", u32::from(c));
        } else {
            key.push(c);
        }
    }
}

/// A connector's settings as written: scalars, lists and maps, each with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// No value.
    Null,
    /// Text, number or boolean as written.
    Scalar(Text, Span),
    /// A list.
    List(Vec<Self>, Span),
    /// A map in the order written.
    Map(Settings),
    /// A secret that is looked up when the connector opens: `{ env: NAME }` or `{ file: PATH }`.
    Secret {
        /// `env` or `file`.
        from: Text,
        /// The variable or the path.
        name: Text,
        /// Where it is written.
        span: Span,
    },
}

/// The `settings:` map of a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The entries by key, each with the place of the key.
    pub entries: BTreeMap<Text, (Span, Setting)>,
    /// The whole map.
    pub span: Span,
}

impl Settings {
    /// The scalar under `key`.
    pub fn scalar(&self, key: &str) -> Option<&Text> {
        match self.entries.get(key) {
            Some((_, Setting::Scalar(text, _))) => Some(text),
            Some((
                _,
                Setting::Null | Setting::List(..) | Setting::Map(_) | Setting::Secret { .. },
            ))
            | None => None,
        }
    }

    /// The map under `key`.
    pub fn map(&self, key: &str) -> Option<&Self> {
        match self.entries.get(key) {
            Some((_, Setting::Map(map))) => Some(map),
            Some((
                _,
                Setting::Null | Setting::Scalar(..) | Setting::List(..) | Setting::Secret { .. },
            ))
            | None => None,
        }
    }
}

/// A setting that a connector does not accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingProblem {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What would be right.
    pub help: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_entry_have_one_key() {
        let key = |dn: &str| name_key(NameRule::DistinguishedName, dn);
        assert_eq!(key("UID=Ada , ou=People,dc=X"), key("uid=ada,OU=people, DC=x"));
        assert_eq!(key("cn=Lovelace\\, Ada,dc=x"), key("cn=Lovelace\\2C Ada,dc=x"));
        assert_eq!(key("cn=M\\c3\\bcller,dc=x"), key("cn=müller,dc=x"));
        assert_ne!(key("cn=a\\,b,dc=x"), key("cn=a,b,dc=x"));
    }
}
