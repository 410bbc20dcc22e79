//! The sample company Tern Logistics, made from a seed.
//!
//! [`files`] gives the whole project folder: model files as a good engineer would write them, an HR export, and six CSV
//! files that stand in for target systems. The targets agree with the policy except for planted trouble, which
//! [`expectations`] lists. What somebody changes on them past Muster comes after the first read, with
//! [`changed_outside`]. Dates follow the given day; everything else is always the same. Nothing is written to disk here,
//! and nothing is read.

mod certificates;
mod company;
mod data;
mod expectations;
mod guests;
mod names;
mod people;
mod project;
mod random;
mod requests;
mod review;
mod roles;
mod rules;
mod targets;
#[cfg(test)]
mod tests;
mod trouble;

use jiff::civil::Date;

pub use crate::{
    expectations::{Expectations, ExpectedConflict, expectations},
    guests::{DemoGuest, GUESTS},
    requests::{DemoRequest, REQUESTS},
    review::{CAMPAIGN, REVIEW},
    trouble::{Leftover, OutsideChange},
};
use crate::{
    people::Person,
    targets::{Accounts, Target},
};

/// A file of the sample project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoFile {
    /// Where it belongs, relative to the project folder, with `/` between folders.
    pub path: &'static str,
    /// What it holds.
    pub content: Vec<u8>,
}

/// Every file of the sample project as of `today`, in order of path. The same day gives the same bytes.
pub fn files(today: Date) -> Vec<DemoFile> {
    let company = Company::new(today);
    let mut files: Vec<DemoFile> = project::FILES
        .iter()
        .map(|(path, text)| DemoFile { path, content: text.as_bytes().to_vec() })
        .collect();
    files.push(DemoFile { path: "data/hr.csv", content: data::hr(&company.people, today) });
    files.push(DemoFile { path: "data/departments.csv", content: data::departments() });
    files.push(DemoFile { path: "data/sites.csv", content: data::sites() });
    files.extend(targets::TARGETS.iter().map(|target| file_of(target, &company.before)));
    files.sort_by_key(|file| file.path);
    files
}

/// The target files after somebody changed accounts on them past Muster; those that are still the same are left out.
pub fn changed_outside(today: Date) -> Vec<DemoFile> {
    let Company { before, accounts, .. } = Company::new(today);
    let is_changed = |target: &&Target| before.get(target.name) != accounts.get(target.name);
    targets::TARGETS.iter().filter(is_changed).map(|target| file_of(target, &accounts)).collect()
}

fn file_of(target: &Target, accounts: &Accounts) -> DemoFile {
    let accounts = accounts.get(target.name).into_iter().flatten();
    DemoFile { path: target.path, content: data::target(target, accounts) }
}

/// How many grants there are on the targets, the planted ones included.
const N_GRANTS: usize = 4312;

/// The people, their accounts and what is wrong with them.
struct Company {
    people: Vec<Person>,
    /// The accounts before somebody changed them outside.
    before: Accounts,
    accounts: Accounts,
    orphans: Vec<(&'static str, &'static str)>,
    outside: Vec<OutsideChange>,
    leftovers: Vec<Leftover>,
}

impl Company {
    /// Makes the company; certificates bring the number of grants to [`N_GRANTS`].
    fn new(today: Date) -> Self {
        let mut people = people::people(today);
        let missing = N_GRANTS.saturating_sub(Self::with(people.clone()).n_grants());
        certificates::hand_out(&mut people, missing);
        Self::with(people)
    }

    fn with(people: Vec<Person>) -> Self {
        let mut accounts = targets::accounts(&people);
        let leftovers = trouble::plant_leftovers(&mut accounts, &people);
        let orphans = trouble::plant_orphans(&mut accounts);
        let before = accounts.clone();
        let outside = trouble::change_outside(&mut accounts, &people);
        Self { people, before, accounts, orphans, outside, leftovers }
    }

    fn n_grants(&self) -> usize {
        self.accounts.values().flat_map(|all| all.values()).map(|account| account.held.len()).sum()
    }
}
