//! What is true of the fresh sample company; `muster demo --check` compares what the product finds with it.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::{
    Company,
    company::Fate,
    review,
    trouble::{Leftover, OutsideChange},
};

/// Numbers and names of the sample company on its first day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectations {
    /// Everybody in the HR file.
    pub people: usize,
    /// People who work here, those on leave included.
    pub employed: usize,
    /// People on leave (lifecycle `suspended`), by `userName`.
    pub on_leave: Vec<String>,
    /// People who start later (lifecycle `planned`), by `userName`.
    pub starters: Vec<String>,
    /// Those of them whose accounts are to be prepared now.
    pub starters_to_prepare: Vec<String>,
    /// People whose last day has passed (lifecycle `leaver`), by `userName`.
    pub leavers: Vec<String>,
    /// Those of them whose accounts are still active.
    pub leavers_still_active: Vec<String>,
    /// Number of target systems.
    pub systems: usize,
    /// Number of accounts on them.
    pub accounts: usize,
    /// Number of accounts by system.
    pub accounts_by_system: Vec<(&'static str, usize)>,
    /// Number of different entitlements held on them.
    pub entitlements: usize,
    /// Number of grants: an account holding an entitlement.
    pub grants: usize,
    /// Accounts that belong to nobody: system and account name.
    pub orphans: Vec<(&'static str, &'static str)>,
    /// People with duties that do not go together.
    pub conflicts: Vec<ExpectedConflict>,
    /// What is changed on targets without us, after the first read.
    pub outside: Vec<OutsideChange>,
    /// People who moved and kept access, by `userName`.
    pub movers: Vec<String>,
    /// What they kept.
    pub leftovers: Vec<Leftover>,
    /// How many things somebody is asked about in the open review.
    pub asked: usize,
    /// How many it sets aside, since a role gives them.
    pub set_aside: usize,
    /// Policy tests in the project.
    pub tests: usize,
    /// Roles in the project.
    pub roles: usize,
}

/// Duties of one person that do not go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedConflict {
    /// The person's `userName`.
    pub person: String,
    /// The conflict's name.
    pub conflict: &'static str,
    /// True when a grant is held back for it.
    pub blocks: bool,
}

/// What is true of the files that [`crate::files`] makes for the same day.
pub fn expectations(today: Date) -> Expectations {
    let company = Company::new(today);
    let named = |wanted: fn(Fate) -> bool| -> Vec<String> {
        let mut names: Vec<String> = company
            .people
            .iter()
            .filter(|person| wanted(person.fate))
            .map(|person| person.user_name.clone())
            .collect();
        names.sort();
        names
    };
    let accounts_by_system: Vec<(&str, usize)> =
        company.accounts.iter().map(|(system, accounts)| (*system, accounts.len())).collect();
    let starters = named(|fate| matches!(fate, Fate::Starts(_)));
    let leavers = named(|fate| matches!(fate, Fate::Left(_) | Fate::LeftUnnoticed(_)));
    Expectations {
        people: company.people.len(),
        employed: company.people.len() - starters.len() - leavers.len(),
        on_leave: named(|fate| fate == Fate::OnLeave),
        starters_to_prepare: named(|fate| matches!(fate, Fate::Starts(days) if days < 3)),
        starters,
        leavers_still_active: named(|fate| matches!(fate, Fate::LeftUnnoticed(_))),
        leavers,
        systems: company.accounts.len(),
        accounts: accounts_by_system.iter().map(|(_, count)| count).sum(),
        accounts_by_system,
        entitlements: entitlements(&company),
        grants: company.n_grants(),
        conflicts: conflicts(&company),
        movers: named(|fate| matches!(fate, Fate::Moved { .. })),
        asked: review::asked(&company),
        set_aside: review::set_aside(&company),
        orphans: company.orphans,
        outside: company.outside,
        leftovers: company.leftovers,
        tests: occurrences(crate::project::TESTS, "\n  - name: "),
        roles: crate::project::ROLES
            .iter()
            .flat_map(|text| text.lines())
            .filter(|line| {
                line.strip_prefix("  ").is_some_and(|name| {
                    name.ends_with(':') && name.starts_with(|c: char| c.is_ascii_lowercase())
                })
            })
            .count(),
    }
}

fn occurrences(texts: &[&str], what: &str) -> usize {
    texts.iter().map(|text| text.matches(what).count()).sum()
}

fn entitlements(company: &Company) -> usize {
    let mut seen = BTreeSet::new();
    for (system, accounts) in &company.accounts {
        for account in accounts.values() {
            seen.extend(account.held.iter().map(|name| (*system, name.as_str())));
        }
    }
    seen.len()
}

/// Who has which function beside a job that does not go with it.
fn conflicts(company: &Company) -> Vec<ExpectedConflict> {
    let mut conflicts = Vec::new();
    for person in &company.people {
        let (conflict, blocks) = match (person.title, person.functions.first().copied()) {
            ("Accountant", Some("payment-approver")) => ("books-and-bank", true),
            ("Payments clerk", Some("supplier-master")) => ("supplier-and-pay", false),
            _ => continue,
        };
        conflicts.push(ExpectedConflict { person: person.user_name.clone(), conflict, blocks });
    }
    conflicts.sort_by(|a, b| a.person.cmp(&b.person));
    conflicts
}
