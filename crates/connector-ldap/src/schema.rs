//! Reads a directory's schema (RFC 4512, 4.1) as far as mappings need it: classes, attributes, types.
//!
//! Descriptions that cannot be read are passed over; a schema is never refused.

use std::collections::{BTreeMap, BTreeSet};

use muster_connector::{Discovered, DiscoveredClass};
use muster_model::{Text, ValueType};

/// How far a chain of superiors is followed; a schema that is longer or goes round in circles ends there.
const MOST_SUPERIORS: usize = 32;

#[derive(Debug, Default)]
struct ClassType {
    name: String,
    superiors: Vec<String>,
    must: Vec<String>,
    may: Vec<String>,
    is_abstract: bool,
}

#[derive(Debug, Clone)]
struct AttributeType {
    name: String,
    superior: Option<String>,
    syntax: Option<String>,
    is_single: bool,
}

/// The kinds of the attributes whose values are not plain text, by the lower-cased names.
pub(crate) fn kinds(attribute_types: &[String]) -> BTreeMap<String, ValueType> {
    let attributes = attributes_by_name(attribute_types);
    let kind = |(name, attribute): (&String, &AttributeType)| {
        let kind = value_type(attribute, &attributes);
        (kind != ValueType::Text).then(|| (name.clone(), kind))
    };
    attributes.iter().filter_map(kind).collect()
}

fn attributes_by_name(attribute_types: &[String]) -> BTreeMap<String, AttributeType> {
    let mut attributes: BTreeMap<String, AttributeType> = BTreeMap::new();
    for (names, attribute) in attribute_types.iter().filter_map(|text| attribute_type(text)) {
        for name in names {
            attributes.insert(name.to_lowercase(), attribute.clone());
        }
    }
    attributes
}

/// The classes that entries can be made of, by name, each with its own and its superiors' attributes.
pub(crate) fn read(object_classes: &[String], attribute_types: &[String]) -> Discovered {
    let attributes = attributes_by_name(attribute_types);
    let mut classes: BTreeMap<String, ClassType> = BTreeMap::new();
    for class in object_classes.iter().filter_map(|text| class_type(text)) {
        classes.insert(class.name.to_lowercase(), class);
    }
    let discovered =
        classes.values().filter(|class| !class.is_abstract).map(|class| DiscoveredClass {
            name: class.name.as_str().into(),
            attributes: attributes_of(class, &classes, &attributes),
        });
    Discovered { classes: discovered.collect() }
}

fn attributes_of(
    class: &ClassType,
    classes: &BTreeMap<String, ClassType>,
    attributes: &BTreeMap<String, AttributeType>,
) -> Vec<(Text, ValueType, bool, bool)> {
    let (mut must, mut all) = (BTreeSet::new(), BTreeMap::new());
    let mut ahead: Vec<&ClassType> = vec![class];
    let mut seen = BTreeSet::new();
    while let Some(class) = ahead.pop() {
        if !seen.insert(class.name.to_lowercase()) || seen.len() > MOST_SUPERIORS {
            continue;
        }
        must.extend(class.must.iter().map(|name| name.to_lowercase()));
        for name in class.must.iter().chain(&class.may) {
            all.insert(name.to_lowercase(), name.clone());
        }
        let superiors = class.superiors.iter();
        ahead.extend(superiors.filter_map(|name| classes.get(&name.to_lowercase())));
    }
    let describe = |(key, name): (String, String)| {
        let known = attributes.get(&key);
        let value_type = known.map_or(ValueType::Text, |known| value_type(known, attributes));
        let name = known.map_or(name, |known| known.name.clone());
        (name.into(), value_type, !known.is_some_and(|known| known.is_single), must.contains(&key))
    };
    all.into_iter().map(describe).collect()
}

fn value_type(
    attribute: &AttributeType,
    attributes: &BTreeMap<String, AttributeType>,
) -> ValueType {
    let mut attribute = attribute;
    for _ in 0..MOST_SUPERIORS {
        if let Some(syntax) = &attribute.syntax {
            return syntax_type(syntax);
        }
        let superior =
            attribute.superior.as_ref().and_then(|name| attributes.get(&name.to_lowercase()));
        let Some(superior) = superior else { break };
        attribute = superior;
    }
    ValueType::Text
}

/// The type of a syntax of RFC 4517 (and RFC 4530); everything else is text.
///
/// So are octet strings, though any bytes may be in them: passwords and keys are, and are written as text.
fn syntax_type(syntax: &str) -> ValueType {
    let oid = syntax.split_once('{').map_or(syntax, |(oid, _)| oid);
    if oid == "1.3.6.1.1.16.1" {
        return ValueType::Uuid;
    }
    match oid.strip_prefix("1.3.6.1.4.1.1466.115.121.1.") {
        Some("7") => ValueType::Bool,
        Some("27") => ValueType::Int,
        Some("24" | "53") => ValueType::DateTime,
        Some("4" | "5" | "8" | "9" | "10" | "23" | "28") => ValueType::Binary,
        Some(_) | None => ValueType::Text,
    }
}

fn class_type(text: &str) -> Option<ClassType> {
    let terms = terms(text);
    Some(ClassType {
        name: names(&terms).into_iter().next()?,
        superiors: listed(&terms, "SUP"),
        must: listed(&terms, "MUST"),
        may: listed(&terms, "MAY"),
        is_abstract: terms.iter().any(|term| term.is_word("ABSTRACT")),
    })
}

fn attribute_type(text: &str) -> Option<(Vec<String>, AttributeType)> {
    let terms = terms(text);
    let names = names(&terms);
    let attribute = AttributeType {
        name: names.first()?.clone(),
        superior: listed(&terms, "SUP").into_iter().next(),
        syntax: listed(&terms, "SYNTAX").into_iter().next(),
        is_single: terms.iter().any(|term| term.is_word("SINGLE-VALUE")),
    };
    Some((names, attribute))
}

/// A piece of a description.
#[derive(Debug, PartialEq, Eq)]
enum Term {
    Word(String),
    Quoted(String),
    Open,
    Close,
}

impl Term {
    fn is_word(&self, wanted: &str) -> bool {
        matches!(self, Self::Word(word) if word == wanted)
    }
}

fn terms(text: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        let after = rest.strip_prefix(c).unwrap_or_default();
        rest = match c {
            '(' => {
                terms.push(Term::Open);
                after
            }
            ')' => {
                terms.push(Term::Close);
                after
            }
            '\'' => {
                let (quoted, after) = after.split_once('\'').unwrap_or((after, ""));
                terms.push(Term::Quoted(quoted.to_owned()));
                after
            }
            '$' => after,
            _ => {
                let end = rest.find([' ', '(', ')', '\'', '$']).unwrap_or(rest.len());
                let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                terms.push(Term::Word(word.to_owned()));
                after
            }
        }
        .trim_start();
    }
    terms
}

fn names(terms: &[Term]) -> Vec<String> {
    listed(terms, "NAME")
}

/// What follows `keyword`: one word or text, or all those in parentheses.
fn listed(terms: &[Term], keyword: &str) -> Vec<String> {
    let mut after = terms.iter().skip_while(|term| !term.is_word(keyword)).skip(1);
    match after.next() {
        Some(Term::Word(text) | Term::Quoted(text)) => vec![text.clone()],
        Some(Term::Open) => after
            .map_while(|term| match term {
                Term::Word(text) | Term::Quoted(text) => Some(text.clone()),
                Term::Open | Term::Close => None,
            })
            .collect(),
        Some(Term::Close) | None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_has_its_own_and_its_superiors_attributes_with_their_types() {
        let classes = [
            "( 2.5.6.0 NAME 'top' ABSTRACT MUST objectClass )",
            "( 2.5.6.6 NAME 'person' DESC 'it''s (a) person' SUP top STRUCTURAL MUST ( sn $ cn ) MAY ( jpegPhoto $ born ) )",
            "( 1.1 NAME ( 'worker' 'labourer' ) SUP person MAY badge )",
            "( 9.9 NAME 'circle' SUP circle )",
            "nonsense",
        ]
        .map(str::to_owned);
        let types = [
            "( 2.5.4.41 NAME 'name' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32768} )",
            "( 2.5.4.4 NAME ( 'sn' 'surname' ) SUP name )",
            "( 2.5.4.35 NAME 'jpegPhoto' SYNTAX 1.3.6.1.4.1.1466.115.121.1.28{128} )",
            "( 1.2 NAME 'born' SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE )",
        ]
        .map(str::to_owned);
        let found = read(&classes, &types);
        let worker = found.classes.iter().find(|class| &*class.name == "worker").unwrap();
        let line = |(name, value_type, many, required): &(Text, ValueType, bool, bool)| {
            format!("{name} {} {many} {required}", value_type.name())
        };
        let lines: Vec<String> = worker.attributes.iter().map(line).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        badge string true false
        born datetime false false
        cn string true true
        jpegPhoto binary true false
        objectClass string true true
        sn string true true
        ");
        assert!(!found.classes.iter().any(|class| &*class.name == "top"));
    }
}
