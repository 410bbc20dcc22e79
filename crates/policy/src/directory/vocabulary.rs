//! The vocabulary of LDAP: the attribute types and object classes of RFC 4512, 4519, 4524, 2798 and 2307bis that entries may
//! have, with their identifiers, syntaxes and rules of comparison.

/// An attribute type.
#[derive(Debug, PartialEq, Eq)]
pub struct LdapAttribute {
    /// Its names, the usual one first.
    pub names: &'static [&'static str],
    /// Its object identifier.
    pub oid: &'static str,
    /// What its values are and how they compare.
    pub syntax: LdapSyntax,
    /// True when it has one value at most.
    pub single: bool,
}

/// What values are and how they compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LdapSyntax {
    /// Text, without regard to case and doubled spaces.
    Text,
    /// Text in ASCII, without regard to case.
    Ascii,
    /// Text in ASCII, letter for letter.
    AsciiExact,
    /// A whole number.
    Integer,
    /// `TRUE` or `FALSE`.
    Boolean,
    /// A distinguished name.
    Name,
    /// The name or identifier of a class or an attribute.
    Identifier,
    /// A telephone number, without regard to spaces and hyphens.
    Telephone,
    /// Bytes.
    Octets,
    /// An instant.
    Time,
    /// A UUID.
    Uuid,
}

/// An object class.
#[derive(Debug, PartialEq, Eq)]
pub struct LdapClass {
    /// Its name.
    pub name: &'static str,
    /// Its object identifier.
    pub oid: &'static str,
    /// The class that it extends.
    pub above: Option<&'static str>,
    /// What it is for.
    pub kind: LdapClassKind,
    /// Attributes that an entry must have.
    pub must: &'static [&'static str],
    /// Attributes that it may have.
    pub may: &'static [&'static str],
}

/// What an object class is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LdapClassKind {
    /// Others extend it.
    Abstract,
    /// It says what an entry is.
    Structural,
    /// It adds to what an entry is.
    Auxiliary,
}

/// The attribute type of this name, without regard to case.
pub fn ldap_attribute(name: &str) -> Option<&'static LdapAttribute> {
    let is_it = |known: &&LdapAttribute| {
        known.oid == name || known.names.iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    ATTRIBUTES.iter().find(is_it)
}

/// Every attribute type that is known.
pub fn ldap_attributes() -> &'static [LdapAttribute] {
    ATTRIBUTES
}

/// The object class of this name, without regard to case.
pub fn ldap_class(name: &str) -> Option<&'static LdapClass> {
    CLASSES.iter().find(|class| class.oid == name || class.name.eq_ignore_ascii_case(name))
}

/// Every object class that is known.
pub fn ldap_classes() -> &'static [LdapClass] {
    CLASSES
}

const fn many(
    names: &'static [&'static str],
    oid: &'static str,
    syntax: LdapSyntax,
) -> LdapAttribute {
    LdapAttribute { names, oid, syntax, single: false }
}

const fn one(
    names: &'static [&'static str],
    oid: &'static str,
    syntax: LdapSyntax,
) -> LdapAttribute {
    LdapAttribute { names, oid, syntax, single: true }
}

use LdapSyntax::{
    Ascii, AsciiExact, Boolean, Identifier, Integer, Name, Octets, Telephone, Text, Time, Uuid,
};

const ATTRIBUTES: &[LdapAttribute] = &[
    many(&["objectClass"], "2.5.4.0", Identifier),
    many(&["cn", "commonName"], "2.5.4.3", Text),
    many(&["sn", "surname"], "2.5.4.4", Text),
    many(&["serialNumber"], "2.5.4.5", Text),
    one(&["c", "countryName"], "2.5.4.6", Text),
    many(&["l", "localityName"], "2.5.4.7", Text),
    many(&["st"], "2.5.4.8", Text),
    many(&["street", "streetAddress"], "2.5.4.9", Text),
    many(&["o", "organizationName"], "2.5.4.10", Text),
    many(&["ou", "organizationalUnitName"], "2.5.4.11", Text),
    many(&["title"], "2.5.4.12", Text),
    many(&["description"], "2.5.4.13", Text),
    many(&["postalAddress"], "2.5.4.16", Text),
    many(&["postalCode"], "2.5.4.17", Text),
    many(&["postOfficeBox"], "2.5.4.18", Text),
    many(&["physicalDeliveryOfficeName"], "2.5.4.19", Text),
    many(&["telephoneNumber"], "2.5.4.20", Telephone),
    many(&["facsimileTelephoneNumber", "fax"], "2.5.4.23", Telephone),
    many(&["businessCategory"], "2.5.4.15", Text),
    many(&["member"], "2.5.4.31", Name),
    many(&["owner"], "2.5.4.32", Name),
    many(&["seeAlso"], "2.5.4.34", Name),
    many(&["givenName", "gn"], "2.5.4.42", Text),
    many(&["initials"], "2.5.4.43", Text),
    many(&["generationQualifier"], "2.5.4.44", Text),
    many(&["dnQualifier"], "2.5.4.46", Text),
    many(&["uniqueMember"], "2.5.4.50", Name),
    many(&["uid", "userid"], "0.9.2342.19200300.100.1.1", Text),
    many(&["mail", "rfc822Mailbox"], "0.9.2342.19200300.100.1.3", Ascii),
    many(&["roomNumber"], "0.9.2342.19200300.100.1.6", Text),
    many(&["manager"], "0.9.2342.19200300.100.1.10", Name),
    many(&["homePhone", "homeTelephoneNumber"], "0.9.2342.19200300.100.1.20", Telephone),
    many(&["secretary"], "0.9.2342.19200300.100.1.21", Name),
    one(&["dc", "domainComponent"], "0.9.2342.19200300.100.1.25", Ascii),
    many(&["mobile", "mobileTelephoneNumber"], "0.9.2342.19200300.100.1.41", Telephone),
    many(&["pager", "pagerTelephoneNumber"], "0.9.2342.19200300.100.1.42", Telephone),
    many(&["jpegPhoto"], "0.9.2342.19200300.100.1.60", Octets),
    many(&["host"], "0.9.2342.19200300.100.1.9", Text),
    many(&["departmentNumber"], "2.16.840.1.113730.3.1.2", Text),
    one(&["employeeNumber"], "2.16.840.1.113730.3.1.3", Text),
    many(&["employeeType"], "2.16.840.1.113730.3.1.4", Text),
    one(&["preferredLanguage"], "2.16.840.1.113730.3.1.39", Text),
    one(&["displayName"], "2.16.840.1.113730.3.1.241", Text),
    many(&["labeledURI"], "1.3.6.1.4.1.250.1.57", AsciiExact),
    one(&["uidNumber"], "1.3.6.1.1.1.1.0", Integer),
    one(&["gidNumber"], "1.3.6.1.1.1.1.1", Integer),
    one(&["gecos"], "1.3.6.1.1.1.1.2", Text),
    one(&["homeDirectory"], "1.3.6.1.1.1.1.3", AsciiExact),
    one(&["loginShell"], "1.3.6.1.1.1.1.4", AsciiExact),
    many(&["memberUid"], "1.3.6.1.1.1.1.12", AsciiExact),
    one(&["shadowLastChange"], "1.3.6.1.1.1.1.5", Integer),
    one(&["shadowExpire"], "1.3.6.1.1.1.1.10", Integer),
    many(&["sshPublicKey"], "1.3.6.1.4.1.24552.500.1.1.1.13", Octets),
    many(&["memberOf"], "1.2.840.113556.1.2.102", Name),
    one(&["structuralObjectClass"], "2.5.21.9", Identifier),
    one(&["createTimestamp"], "2.5.18.1", Time),
    one(&["modifyTimestamp"], "2.5.18.2", Time),
    one(&["subschemaSubentry"], "2.5.18.10", Name),
    one(&["hasSubordinates"], "2.5.18.9", Boolean),
    one(&["entryDN"], "1.3.6.1.1.20", Name),
    one(&["entryUUID"], "1.3.6.1.1.16.4", Uuid),
];

use LdapClassKind::{Abstract, Auxiliary, Structural};

const CLASSES: &[LdapClass] = &[
    class("top", "2.5.6.0", None, Abstract, &["objectClass"], &[]),
    class(
        "domain",
        "0.9.2342.19200300.100.4.13",
        Some("top"),
        Structural,
        &["dc"],
        &["o", "description"],
    ),
    class(
        "organization",
        "2.5.6.4",
        Some("top"),
        Structural,
        &["o"],
        &["description", "l", "st", "street"],
    ),
    class(
        "organizationalUnit",
        "2.5.6.5",
        Some("top"),
        Structural,
        &["ou"],
        &["description", "l", "st", "street"],
    ),
    class("dcObject", "1.3.6.1.4.1.1466.344", Some("top"), Auxiliary, &["dc"], &[]),
    class(
        "person",
        "2.5.6.6",
        Some("top"),
        Structural,
        &["sn", "cn"],
        &["telephoneNumber", "seeAlso", "description"],
    ),
    class(
        "organizationalPerson",
        "2.5.6.7",
        Some("person"),
        Structural,
        &[],
        &[
            "title",
            "ou",
            "l",
            "st",
            "street",
            "postalAddress",
            "postalCode",
            "postOfficeBox",
            "physicalDeliveryOfficeName",
            "facsimileTelephoneNumber",
        ],
    ),
    class(
        "inetOrgPerson",
        "2.16.840.1.113730.3.2.2",
        Some("organizationalPerson"),
        Structural,
        &[],
        &[
            "uid",
            "givenName",
            "displayName",
            "initials",
            "mail",
            "mobile",
            "pager",
            "homePhone",
            "roomNumber",
            "manager",
            "secretary",
            "o",
            "businessCategory",
            "departmentNumber",
            "employeeNumber",
            "employeeType",
            "preferredLanguage",
            "labeledURI",
            "jpegPhoto",
        ],
    ),
    class(
        "account",
        "0.9.2342.19200300.100.4.5",
        Some("top"),
        Structural,
        &["uid"],
        &["description", "seeAlso", "l", "o", "ou", "host"],
    ),
    class(
        "posixAccount",
        "1.3.6.1.1.1.2.0",
        Some("top"),
        Auxiliary,
        &["cn", "uid", "uidNumber", "gidNumber", "homeDirectory"],
        &["loginShell", "gecos", "description"],
    ),
    class(
        "shadowAccount",
        "1.3.6.1.1.1.2.1",
        Some("top"),
        Auxiliary,
        &["uid"],
        &["shadowLastChange", "shadowExpire", "description"],
    ),
    class(
        "posixGroup",
        "1.3.6.1.1.1.2.2",
        Some("top"),
        Auxiliary,
        &["gidNumber"],
        &["memberUid", "description"],
    ),
    class(
        "groupOfNames",
        "2.5.6.9",
        Some("top"),
        Structural,
        &["cn"],
        &["member", "businessCategory", "seeAlso", "owner", "ou", "o", "description"],
    ),
    class(
        "groupOfUniqueNames",
        "2.5.6.17",
        Some("top"),
        Structural,
        &["cn"],
        &["uniqueMember", "businessCategory", "seeAlso", "owner", "ou", "o", "description"],
    ),
    class(
        "ldapPublicKey",
        "1.3.6.1.4.1.24552.500.1.1.2.0",
        Some("top"),
        Auxiliary,
        &[],
        &["sshPublicKey", "uid"],
    ),
    class("extensibleObject", "1.3.6.1.4.1.1466.101.120.111", Some("top"), Auxiliary, &[], &[]),
];

const fn class(
    name: &'static str,
    oid: &'static str,
    above: Option<&'static str>,
    kind: LdapClassKind,
    must: &'static [&'static str],
    may: &'static [&'static str],
) -> LdapClass {
    LdapClass { name, oid, above, kind, must, may }
}
