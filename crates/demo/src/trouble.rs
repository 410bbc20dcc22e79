//! The trouble that is planted into accounts that were right.
//!
//! Leavers that nobody noticed, starters and blocked duties are part of the people themselves (`company`).

use std::collections::BTreeSet;

use crate::{
    company::Fate,
    people::Person,
    random::Random,
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

/// Titles that somebody found nicer.
const TITLES: [&str; 8] = [
    "Senior accountant",
    "Sales executive",
    "IT hero",
    "Dispatcher (night)",
    "Deputy head",
    "Customer happiness agent",
    "Trainee",
    "Driver and trainer",
];

/// Profiles that somebody gave by hand.
const PROFILES: [&str; 11] = [
    "report-all",
    "bank-statements",
    "report-fleet",
    "report-own",
    "view-suppliers",
    "report-all",
    "approve-cost",
    "report-own",
    "view-suppliers",
    "create-invoice",
    "request-refund",
];

/// Changes titles in the directory and gives profiles on the ledger, past us; answers what was done.
pub(crate) fn plant_outside(accounts: &mut Accounts, people: &[Person]) -> Vec<OutsideChange> {
    let mut random = Random::new(0x0051_de19);
    let mut ordinary: Vec<&Person> = people
        .iter()
        .filter(|p| p.fate == Fate::Works && p.functions.is_empty() && p.grade < 5)
        .collect();
    random.shuffle(&mut ordinary);
    let mut changes = Vec::new();
    let titles = TARGETS
        .iter()
        .find(|target| target.name == "directory")
        .and_then(|target| target.columns.iter().position(|column| *column == "title"));
    for (person, title) in ordinary.iter().zip(TITLES) {
        let account = accounts.get_mut("directory").and_then(|all| all.get_mut(&person.user_name));
        let value = account.and_then(|account| account.values.get_mut(titles?));
        if let Some(value) = value {
            title.clone_into(value);
            changes.push(outside("directory", &person.user_name, "title", title));
        }
    }
    let mut profiles = PROFILES.iter().peekable();
    for person in ordinary.iter().skip(TITLES.len()) {
        let ledger = accounts.get_mut("ledger");
        let Some(account) = ledger.and_then(|all| all.get_mut(&person.ledger_name)) else {
            continue;
        };
        let Some(profile) = profiles.peek() else { break };
        if !account.held.insert((**profile).to_owned()) {
            continue;
        }
        changes.push(outside("ledger", &person.ledger_name, "profiles", profile));
        profiles.next();
    }
    changes.sort();
    changes
}

fn outside(
    system: &'static str,
    account: &str,
    attribute: &'static str,
    value: &'static str,
) -> OutsideChange {
    OutsideChange { system, account: account.to_owned(), attribute, value }
}
