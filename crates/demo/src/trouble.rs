//! The trouble that is planted into accounts that were right.
//!
//! Leavers that nobody noticed, starters and blocked duties are part of the people themselves (`company`).

use std::collections::BTreeSet;

use crate::{
    company::Fate,
    people::Person,
    targets::{Account, Accounts, TARGETS, account_name},
};

/// An account that belongs to nobody.
struct Orphan {
    system: &'static str,
    name: &'static str,
    display: &'static str,
    held: &'static [&'static str],
}

const fn orphan(
    system: &'static str,
    name: &'static str,
    display: &'static str,
    held: &'static [&'static str],
) -> Orphan {
    Orphan { system, name, display, held }
}

const ORPHANS: [Orphan; 11] = [
    orphan("crm", "campaign-agency", "Agency, spring campaign", &["campaigns", "export-contacts"]),
    orphan("crm", "monika.stern", "Monika Stern", &["view-accounts", "edit-opportunities"]),
    orphan("crm", "trainee7", "Trainee 7", &["view-accounts"]),
    orphan("directory", "kiosk-gate2", "Kiosk at gate 2", &["office-apps"]),
    orphan("directory", "viktor.baum", "Viktor Baum", &["all-staff", "vpn"]),
    orphan("fleet", "telematics-old", "Old telematics box", &["view-vehicles", "tachograph"]),
    orphan("ledger", "AUDIT2023", "Auditors 2023", &["view-ledger", "report-all"]),
    orphan("ledger", "ERPADMIN", "Set-up account", &["view-ledger", "close-period"]),
    orphan("ledger", "M.STERN", "Monika Stern", &["view-ledger", "invoice-entry"]),
    orphan("ledger", "V.BAUM", "Viktor Baum", &["create-payment", "view-ledger"]),
    orphan("wiki", "import-bot", "Import 2019", &["handbook"]),
];

/// What somebody changed on a target without us.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutsideChange {
    /// The system.
    pub system: &'static str,
    /// The account's name there.
    pub account: String,
    /// The attribute; the one that holds entitlements for a grant made by hand.
    pub attribute: &'static str,
    /// The value or the entitlement that was put there.
    pub value: &'static str,
}

/// Adds the accounts that belong to nobody; answers system and name.
pub(crate) fn plant_orphans(accounts: &mut Accounts) -> Vec<(&'static str, &'static str)> {
    for orphan in &ORPHANS {
        let Some(target) = TARGETS.iter().find(|target| target.name == orphan.system) else {
            continue;
        };
        let shown = ["display_name", "full_name", "name"];
        let values = target.columns.iter().map(|column| match *column {
            column if shown.contains(&column) => orphan.display.to_owned(),
            "seat" => "reader".to_owned(),
            _ => String::new(),
        });
        let account = Account {
            enabled: true,
            values: values.collect(),
            held: orphan.held.iter().map(|name| (*name).to_owned()).collect(),
        };
        accounts.entry(orphan.system).or_default().insert(orphan.name.to_owned(), account);
    }
    ORPHANS.iter().map(|orphan| (orphan.system, orphan.name)).collect()
}

/// Gives movers back what their former roles gave; answers who kept what.
pub(crate) fn plant_leftovers(accounts: &mut Accounts, people: &[Person]) -> Vec<Leftover> {
    let mut leftovers = Vec::new();
    for person in people {
        let Fate::Moved { kept, .. } = person.fate else { continue };
        for &(system, entitlement) in kept {
            let name = account_name(system, person);
            let account =
                accounts.entry(system).or_default().entry(name).or_insert_with(|| Account {
                    enabled: true,
                    // Only Hugo Marques keeps a whole account: the CRM one.
                    values: vec![person.mail(), person.display(), "reader".to_owned()],
                    held: BTreeSet::new(),
                });
            account.held.insert(entitlement.to_owned());
            leftovers.push(Leftover { person: person.user_name.clone(), system, entitlement });
        }
    }
    leftovers.sort();
    leftovers
}

/// Access that somebody kept after moving to another department.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leftover {
    /// The person's `userName`.
    pub person: String,
    /// The system.
    pub system: &'static str,
    /// The entitlement.
    pub entitlement: &'static str,
}

/// What somebody does on a target at one stroke, past us.
struct Stroke {
    system: &'static str,
    /// The column that is changed, or that holds the entitlements.
    attribute: &'static str,
    /// The value or the entitlement.
    value: &'static str,
    /// Whose accounts, by title.
    title: &'static str,
    n: usize,
}

/// The causes of all changes made outside.
const STROKES: [Stroke; 3] = [
    // Customer service thought of a nicer title.
    Stroke {
        system: "directory",
        attribute: "title",
        value: "Customer happiness agent",
        title: "Service agent",
        n: 9,
    },
    // For the end of the month, and never taken back.
    Stroke {
        system: "ledger",
        attribute: "profiles",
        value: "report-all",
        title: "Accountant",
        n: 7,
    },
    // Who buys spare parts, since the new tours.
    Stroke {
        system: "ledger",
        attribute: "profiles",
        value: "view-suppliers",
        title: "Fleet planner",
        n: 3,
    },
];

/// Changes accounts on the targets, past us; answers what was done.
pub(crate) fn change_outside(accounts: &mut Accounts, people: &[Person]) -> Vec<OutsideChange> {
    let mut changes = Vec::new();
    for stroke in &STROKES {
        let &Stroke { system, attribute, value, title, n } = stroke;
        let is_meant = |person: &&Person| {
            person.title == title && person.fate == Fate::Works && person.functions.is_empty()
        };
        let columns = TARGETS.iter().find(|target| target.name == system).map(|of| of.columns);
        let column = columns.and_then(|all| all.iter().position(|column| *column == attribute));
        for person in people.iter().filter(is_meant).take(n) {
            let account = account_name(system, person);
            let known = accounts.get_mut(system).and_then(|all| all.get_mut(&account));
            let Some(known) = known else { continue };
            match column.and_then(|column| known.values.get_mut(column)) {
                Some(before) => value.clone_into(before),
                None => _ = known.held.insert(value.to_owned()),
            }
            changes.push(OutsideChange { system, account, attribute, value });
        }
    }
    changes.sort();
    changes
}
