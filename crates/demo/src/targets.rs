//! The six target systems: which columns their files have, and the accounts that the policy asks for.
//!
//! Nothing is wrong here yet; `trouble` sees to that.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::{
    company::{Department, Fate},
    people::Person,
    rules::{Access, access, is_employed},
};

/// A target system.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    /// The column with the account's name.
    pub(crate) key: &'static str,
    /// What the state column says for accounts that can and cannot be used.
    pub(crate) states: [&'static str; 2],
    /// The other columns.
    pub(crate) columns: &'static [&'static str],
    /// The column with the entitlements.
    pub(crate) held_in: &'static str,
}

/// The target systems in the order of their names.
pub(crate) const TARGETS: [Target; 6] = [
    Target {
        name: "crm",
        path: "data/crm.csv",
        key: "user",
        states: ["active", "blocked"],
        columns: &["email", "full_name", "seat"],
        held_in: "profiles",
    },
    Target {
        name: "directory",
        path: "data/directory.csv",
        key: "login",
        states: ["active", "disabled"],
        columns: &[
            "employee_no",
            "display_name",
            "mail",
            "title",
            "department",
            "manager",
            "phones",
            "employee_type",
        ],
        held_in: "groups",
    },
    Target {
        name: "fleet",
        path: "data/fleet.csv",
        key: "login",
        states: ["active", "parked"],
        columns: &["badge", "name", "depot", "licence_until"],
        held_in: "permits",
    },
    Target {
        name: "ledger",
        path: "data/ledger.csv",
        key: "account",
        states: ["open", "locked"],
        columns: &["employee_no", "name", "cost_center", "valid_until"],
        held_in: "profiles",
    },
    Target {
        name: "mail",
        path: "data/mail.csv",
        key: "address",
        states: ["open", "closed"],
        columns: &["owner", "display_name", "quota_mb"],
        held_in: "lists",
    },
    Target {
        name: "wiki",
        path: "data/wiki.csv",
        key: "name",
        states: ["active", "inactive"],
        columns: &["mail", "display_name"],
        held_in: "spaces",
    },
];

/// An account on a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) enabled: bool,
    /// Values in the order of the target's columns.
    pub(crate) values: Vec<String>,
    pub(crate) held: BTreeSet<String>,
}

/// The accounts of all targets: by system, then by name.
pub(crate) type Accounts = BTreeMap<&'static str, BTreeMap<String, Account>>;

/// The accounts that are there on the day that everything was right, and those of people who left unnoticed.
pub(crate) fn accounts(people: &[Person]) -> Accounts {
    let by_number: BTreeMap<usize, &Person> =
        people.iter().map(|person| (person.number, person)).collect();
    let mut accounts = Accounts::new();
    for person in people {
        let manager = person.manager.and_then(|number| by_number.get(&number).copied());
        for (system, held) in observed_access(person) {
            let account = Account {
                enabled: matches!(
                    person.fate,
                    Fate::Works | Fate::Moved { .. } | Fate::LeftUnnoticed(_)
                ),
                values: values(system, person, manager),
                held,
            };
            let name = account_name(system, person);
            accounts.entry(system).or_default().insert(name, account);
        }
    }
    accounts
}

/// What the person's accounts hold on the targets before anything was planted.
fn observed_access(person: &Person) -> Access {
    let mut access = access(person);
    match person.fate {
        _ if is_employed(person) => {}
        Fate::LeftUnnoticed(_) => {}
        // Disabled accounts stay for 30 days.
        Fate::Left(days) if days < 30 => access.values_mut().for_each(BTreeSet::clear),
        Fate::Works | Fate::OnLeave | Fate::Moved { .. } | Fate::Starts(_) | Fate::Left(_) => {
            access.clear();
        }
    }
    access
}

/// The name of the person's account, as `name:` in the system's file says.
pub(crate) fn account_name(system: &str, person: &Person) -> String {
    match system {
        "ledger" => person.ledger_name.clone(),
        "mail" => person.mail(),
        _ => person.user_name.clone(),
    }
}

/// The values of the person's account, as `set:` in the system's file says.
fn values(system: &str, person: &Person, manager: Option<&Person>) -> Vec<String> {
    let number = person.number.to_string();
    let day = |date: Option<Date>| date.map_or_else(String::new, |date| date.to_string());
    match system {
        "crm" => vec![person.mail(), person.display(), seat(person.department).to_owned()],
        "directory" => vec![
            number,
            person.display(),
            person.mail(),
            person.title.to_owned(),
            person.department.name.to_owned(),
            manager.map_or_else(String::new, |manager| manager.user_name.clone()),
            person.phones.join("|"),
            if person.contract == "contractor" { "external" } else { person.contract }.to_owned(),
        ],
        "fleet" => {
            vec![number, person.display(), person.site.code.to_owned(), day(person.licence_until)]
        }
        "ledger" => vec![
            number,
            person.display(),
            person.department.cost_center.to_owned(),
            day(person.end),
        ],
        "mail" => vec![number, person.display(), "2048".to_owned()],
        _ => vec![person.mail(), person.display()],
    }
}

/// What the CRM account costs, by role.
fn seat(department: &Department) -> &'static str {
    match department.code {
        "SAL" => "sales",
        "CUS" => "service",
        _ => "reader",
    }
}
