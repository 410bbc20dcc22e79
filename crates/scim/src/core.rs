//! The schemas of users, groups and the enterprise extension, for servers that tell none and for our own.

use crate::{Attribute, AttributeKind, Mutability, Returned, Schema, Uniqueness, urn};

/// Users (RFC 7643, 4.1).
pub fn user_schema() -> Schema {
    let mut user_name = Attribute::text("userName", "The unique name to sign in with");
    (user_name.required, user_name.uniqueness) = (true, Uniqueness::Server);
    let mut password = Attribute::text("password", "The password, which is never returned");
    (password.mutability, password.returned) = (Mutability::WriteOnly, Returned::Never);
    let mut profile = Attribute::text("profileUrl", "A page about the person");
    (profile.kind, profile.references) = (AttributeKind::Reference, vec!["external".to_owned()]);
    let mut attributes = vec![user_name, name(), profile, password];
    for (name, description) in [
        ("displayName", "The name to show"),
        ("nickName", "How the person is called"),
        ("title", "The job title"),
        ("userType", "Employee, contractor and so on"),
        ("preferredLanguage", "The language to write to the person in"),
        ("locale", "How numbers and dates are written"),
        ("timezone", "The time zone, such as Europe/Berlin"),
    ] {
        attributes.push(Attribute::text(name, description));
    }
    attributes.push(of_kind("active", "Whether the account can be used", AttributeKind::Boolean));
    attributes.extend(lists_of_users());
    schema(urn::USER, "User", "User account", attributes)
}

fn name() -> Attribute {
    complex(
        "name",
        "The parts of the person's name",
        &[
            ("formatted", "The whole name"),
            ("familyName", "The family name"),
            ("givenName", "The given name"),
            ("middleName", "Middle names"),
            ("honorificPrefix", "What stands before the name, such as Dr."),
            ("honorificSuffix", "What stands after the name, such as III"),
        ],
    )
}

/// The attributes of users that have several values.
fn lists_of_users() -> Vec<Attribute> {
    let text = AttributeKind::Text;
    let address = complex(
        "addresses",
        "Postal addresses",
        &[
            ("formatted", "The whole address"),
            ("streetAddress", "Street and house"),
            ("locality", "City"),
            ("region", "State or region"),
            ("postalCode", "Postal code"),
            ("country", "Country, two letters"),
            ("type", "Work, home or other"),
        ],
    );
    let mut groups = several("groups", "The groups that the user is in", text, &[]);
    groups.mutability = Mutability::ReadOnly;
    let phones = &["work", "home", "mobile", "fax", "pager", "other"];
    vec![
        several("emails", "Mail addresses", text, &["work", "home", "other"]),
        several("phoneNumbers", "Telephone numbers", text, phones),
        several("ims", "Addresses for messages", text, &[]),
        several("photos", "Pictures", AttributeKind::Reference, &["photo", "thumbnail"]),
        Attribute { many: true, ..address },
        groups,
        several("entitlements", "Things that the user has", text, &[]),
        several("roles", "Roles of the user", text, &[]),
        several("x509Certificates", "Certificates", AttributeKind::Binary, &[]),
    ]
}

/// Groups (RFC 7643, 4.2).
pub fn group_schema() -> Schema {
    let mut display_name = Attribute::text("displayName", "The name of the group");
    display_name.required = true;
    let mut members = complex(
        "members",
        "The members of the group",
        &[("value", "The id of a member"), ("display", "Its name"), ("type", "User or Group")],
    );
    members.many = true;
    for sub in &mut members.sub {
        sub.mutability = Mutability::Immutable;
    }
    let mut reference = Attribute::text("$ref", "The address of a member");
    reference.kind = AttributeKind::Reference;
    reference.references = vec!["User".to_owned(), "Group".to_owned()];
    reference.mutability = Mutability::Immutable;
    members.sub.push(reference);
    schema(urn::GROUP, "Group", "Group", vec![display_name, members])
}

/// The extension for users of enterprises (RFC 7643, 4.3).
pub fn enterprise_user_schema() -> Schema {
    let texts = [
        ("employeeNumber", "The number that the employer gave"),
        ("costCenter", "The cost centre"),
        ("organization", "The organisation"),
        ("division", "The division"),
        ("department", "The department"),
    ];
    let mut attributes: Vec<Attribute> =
        texts.iter().map(|(name, description)| Attribute::text(name, description)).collect();
    let mut manager = complex(
        "manager",
        "The user's manager",
        &[("value", "The id of the manager"), ("displayName", "The manager's name")],
    );
    if let Some(name) = manager.sub.last_mut() {
        name.mutability = Mutability::ReadOnly;
    }
    let mut reference = Attribute::text("$ref", "The address of the manager");
    (reference.kind, reference.references) = (AttributeKind::Reference, vec!["User".to_owned()]);
    manager.sub.push(reference);
    attributes.push(manager);
    schema(urn::ENTERPRISE_USER, "EnterpriseUser", "Enterprise User", attributes)
}

fn schema(id: &str, name: &str, description: &str, attributes: Vec<Attribute>) -> Schema {
    Schema {
        id: id.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
        attributes,
    }
}

fn of_kind(name: &str, description: &str, kind: AttributeKind) -> Attribute {
    Attribute { kind, ..Attribute::text(name, description) }
}

fn complex(name: &str, description: &str, sub: &[(&str, &str)]) -> Attribute {
    let sub = sub.iter().map(|(name, description)| Attribute::text(name, description)).collect();
    Attribute { sub, ..of_kind(name, description, AttributeKind::Complex) }
}

/// An attribute with several values, each with the usual sub-attributes (RFC 7643, 2.4).
fn several(name: &str, description: &str, kind: AttributeKind, types: &[&str]) -> Attribute {
    let mut attribute = complex(
        name,
        description,
        &[("value", "The value"), ("display", "For people"), ("type", "What it is for")],
    );
    attribute.many = true;
    for sub in &mut attribute.sub {
        match sub.name.as_str() {
            "value" => sub.kind = kind,
            "type" => sub.suggested = types.iter().map(|word| (*word).to_owned()).collect(),
            _ => {}
        }
    }
    let primary = "Whether it is the one to use first";
    attribute.sub.push(of_kind("primary", primary, AttributeKind::Boolean));
    attribute
}
