//! What the server says of itself: the root entry and the schema.

use std::{collections::BTreeSet, fmt::Write as _};

use bytes::Bytes;
use muster_model::Hasher;
use muster_policy::{
    LdapAttribute, LdapClassKind, LdapSyntax, ldap_attribute, ldap_attributes, ldap_classes,
};

use crate::{
    entry::Attribute,
    layout::{Layout, Place, SCHEMA, bytes},
};

/// Paged results (RFC 2696).
pub(crate) const PAGED: &str = "1.2.840.113556.1.4.319";
/// Server-side sorting (RFC 2891), and its answer.
pub(crate) const SORT: &str = "1.2.840.113556.1.4.473";
const SORT_RESULT: &str = "1.2.840.113556.1.4.474";
const MANAGE_DSA_IT: &str = "2.16.840.1.113730.3.4.2";
/// StartTLS (RFC 4511).
pub(crate) const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
/// Who am I (RFC 4532).
pub(crate) const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
/// A new password (RFC 3062).
pub(crate) const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";
/// `+` asks for operational attributes (RFC 3673).
const ALL_OPERATIONAL: &str = "1.3.6.1.4.1.4203.1.5.1";

/// The root entry: attributes that are shown, and those that are shown when they are asked for.
pub(crate) fn root(layout: &Layout, start_tls: bool) -> (Vec<Attribute>, Vec<Attribute>) {
    let list = |name: &str, values: &[&str]| {
        Attribute::new(name, values.iter().map(|v| bytes(v)).collect())
    };
    let mut extensions = vec![WHO_AM_I, PASSWORD_MODIFY];
    if start_tls {
        extensions.push(START_TLS);
    }
    let operational = vec![
        list("namingContexts", &[layout.base().1]),
        list("subschemaSubentry", &[SCHEMA]),
        list("supportedLDAPVersion", &["3"]),
        list("supportedControl", &[PAGED, SORT, SORT_RESULT, MANAGE_DSA_IT]),
        list("supportedExtension", &extensions),
        list("supportedFeatures", &[ALL_OPERATIONAL]),
        list("vendorName", &["Muster"]),
    ];
    (vec![list("objectClass", &["top"])], operational)
}

/// The schema: every attribute and class that an entry may have.
pub(crate) fn schema(layout: &Layout) -> (Vec<Attribute>, Vec<Attribute>) {
    let shown = vec![
        Attribute::new(
            "objectClass",
            [&b"top"[..], b"subentry", b"subschema"].map(Bytes::from_static).to_vec(),
        ),
        Attribute::new("cn", vec![bytes("subschema")]),
    ];
    let own: BTreeSet<&str> = layout
        .places
        .iter()
        .filter_map(Place::entities)
        .flat_map(|of| &of.attributes)
        .map(|attribute| &*attribute.name)
        .filter(|name| ldap_attribute(name).is_none())
        .collect();
    let known = ldap_attributes().iter().map(attribute_type);
    let attributes = known.chain(own.into_iter().map(own_type)).map(Bytes::from).collect();
    let mut seen = BTreeSet::new();
    let kinds = ldap_attributes().iter().map(|attribute| attribute.syntax);
    let kinds: Vec<LdapSyntax> = kinds.filter(|syntax| seen.insert(of(*syntax))).collect();
    let syntaxes = kinds.iter().map(|kind| format!("( {} )", of(*kind).0)).collect::<BTreeSet<_>>();
    let rules = kinds.iter().filter_map(|kind| {
        let (_, rule) = of(*kind);
        RULES.iter().find(|(name, ..)| *name == rule)
    });
    let rules = rules.map(|(name, oid, syntax)| format!("( {oid} NAME '{name}' SYNTAX {syntax} )"));
    let rules: BTreeSet<String> = rules.collect();
    let operational = vec![
        Attribute::new("attributeTypes", attributes),
        Attribute::new("objectClasses", classes()),
        Attribute::new("ldapSyntaxes", syntaxes.into_iter().map(Bytes::from).collect()),
        Attribute::new("matchingRules", rules.into_iter().map(Bytes::from).collect()),
        Attribute::new("subschemaSubentry", vec![bytes(SCHEMA)]),
    ];
    (shown, operational)
}

/// The syntax and the rule of equality.
fn of(syntax: LdapSyntax) -> (&'static str, &'static str) {
    match syntax {
        LdapSyntax::Text => ("1.3.6.1.4.1.1466.115.121.1.15", "caseIgnoreMatch"),
        LdapSyntax::Ascii => ("1.3.6.1.4.1.1466.115.121.1.26", "caseIgnoreIA5Match"),
        LdapSyntax::AsciiExact => ("1.3.6.1.4.1.1466.115.121.1.26", "caseExactIA5Match"),
        LdapSyntax::Integer => ("1.3.6.1.4.1.1466.115.121.1.27", "integerMatch"),
        LdapSyntax::Boolean => ("1.3.6.1.4.1.1466.115.121.1.7", "booleanMatch"),
        LdapSyntax::Name => ("1.3.6.1.4.1.1466.115.121.1.12", "distinguishedNameMatch"),
        LdapSyntax::Identifier => ("1.3.6.1.4.1.1466.115.121.1.38", "objectIdentifierMatch"),
        LdapSyntax::Telephone => ("1.3.6.1.4.1.1466.115.121.1.50", "telephoneNumberMatch"),
        LdapSyntax::Octets => ("1.3.6.1.4.1.1466.115.121.1.40", "octetStringMatch"),
        LdapSyntax::Time => ("1.3.6.1.4.1.1466.115.121.1.24", "generalizedTimeMatch"),
        LdapSyntax::Uuid => ("1.3.6.1.1.16.1", "uuidMatch"),
    }
}

/// Rules of equality with their identifiers and syntaxes.
const RULES: &[(&str, &str, &str)] = &[
    ("objectIdentifierMatch", "2.5.13.0", "1.3.6.1.4.1.1466.115.121.1.38"),
    ("distinguishedNameMatch", "2.5.13.1", "1.3.6.1.4.1.1466.115.121.1.12"),
    ("caseIgnoreMatch", "2.5.13.2", "1.3.6.1.4.1.1466.115.121.1.15"),
    ("booleanMatch", "2.5.13.13", "1.3.6.1.4.1.1466.115.121.1.7"),
    ("integerMatch", "2.5.13.14", "1.3.6.1.4.1.1466.115.121.1.27"),
    ("octetStringMatch", "2.5.13.17", "1.3.6.1.4.1.1466.115.121.1.40"),
    ("telephoneNumberMatch", "2.5.13.20", "1.3.6.1.4.1.1466.115.121.1.50"),
    ("generalizedTimeMatch", "2.5.13.27", "1.3.6.1.4.1.1466.115.121.1.24"),
    ("caseExactIA5Match", "1.3.6.1.4.1.1466.109.114.1", "1.3.6.1.4.1.1466.115.121.1.26"),
    ("caseIgnoreIA5Match", "1.3.6.1.4.1.1466.109.114.2", "1.3.6.1.4.1.1466.115.121.1.26"),
    ("uuidMatch", "1.3.6.1.1.16.2", "1.3.6.1.1.16.1"),
];

fn attribute_type(attribute: &LdapAttribute) -> String {
    let (syntax, rule) = of(attribute.syntax);
    let names: Vec<String> = attribute.names.iter().map(|name| format!("'{name}'")).collect();
    let names =
        if let [one] = names.as_slice() { one.clone() } else { format!("( {} )", names.join(" ")) };
    let single = if attribute.single { " SINGLE-VALUE" } else { "" };
    format!("( {} NAME {names} EQUALITY {rule} SYNTAX {syntax}{single} )", attribute.oid)
}

/// An attribute of the project's own. Its identifier is one of those that anybody may make from a UUID.
fn own_type(name: &str) -> String {
    let mut hasher = Hasher::new();
    hasher.text(&name.to_ascii_lowercase());
    let (syntax, rule) = of(LdapSyntax::Text);
    format!("( 2.25.{} NAME '{name}' EQUALITY {rule} SYNTAX {syntax} )", hasher.finish().0)
}

fn classes() -> Vec<Bytes> {
    let text = ldap_classes().iter().map(|class| {
        let mut text = format!("( {} NAME '{}'", class.oid, class.name);
        // Writing into a String cannot fail.
        if let Some(above) = class.above {
            _ = write!(text, " SUP {above}");
        }
        text.push_str(match class.kind {
            LdapClassKind::Abstract => " ABSTRACT",
            LdapClassKind::Structural => " STRUCTURAL",
            LdapClassKind::Auxiliary => " AUXILIARY",
        });
        for (word, names) in [("MUST", class.must), ("MAY", class.may)] {
            match names {
                [] => {}
                [one] => _ = write!(text, " {word} {one}"),
                several => _ = write!(text, " {word} ( {} )", several.join(" $ ")),
            }
        }
        text.push_str(" )");
        text
    });
    text.map(Bytes::from).collect()
}
