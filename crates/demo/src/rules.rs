//! Applies the roles of `roles` to people, as `project/policy` does.
//!
//! The target files are made with these, so that a plan over the fresh sample shows the planted trouble and nothing
//! else. A test compares the two.

use std::collections::{BTreeMap, BTreeSet};

use crate::{company::Fate, people::Person, roles::ROLES};

/// What people hold, by system and entitlement name. A system that is there with no names is a bare account.
pub(crate) type Access = BTreeMap<&'static str, BTreeSet<String>>;

/// What the person's roles grant while they work here.
pub(crate) fn access(person: &Person) -> Access {
    let mut access = Access::new();
    for system in ["directory", "mail", "wiki"] {
        access.entry(system).or_default();
    }
    let mut add = |system: &'static str, name: String| {
        access.entry(system).or_default().insert(name);
    };
    for role in ROLES.iter().filter(|role| (role.when)(person)) {
        let included = ROLES.iter().filter(|other| role.includes.contains(&other.name));
        for (system, name) in included.chain([role]).flat_map(|role| role.grants) {
            // One half of a blocked conflict is never granted; see `policy/duties.yaml`.
            if !is_held_back(person, name) {
                add(system, (*name).to_owned());
            }
        }
    }
    let department = person.department.code.to_lowercase();
    add("directory", format!("dept-{department}"));
    add("mail", format!("dept-{department}"));
    let site = person.site.code.to_lowercase();
    for prefix in ["site", "door"] {
        add("directory", format!("{prefix}-{site}"));
    }
    add("mail", format!("site-{site}"));
    for certificate in &person.certificates {
        add("directory", format!("cert-{certificate}"));
    }
    access
}

/// True for the approver whose other role posts journals: `books-and-bank` blocks.
fn is_held_back(person: &Person, grant: &str) -> bool {
    grant == "approve-payment"
        && person.title == "Accountant"
        && person.functions.contains(&"payment-approver")
}

/// True for people who work here, on leave or not.
pub(crate) fn is_employed(person: &Person) -> bool {
    match person.fate {
        Fate::Works | Fate::OnLeave | Fate::Moved { .. } => true,
        Fate::Starts(_) | Fate::Left(_) | Fate::LeftUnnoticed(_) => false,
    }
}
