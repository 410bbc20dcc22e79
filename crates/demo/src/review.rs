//! The review that is open when the sample company starts, and how much of it needs somebody's judgement.

use crate::{
    Company,
    company::Fate,
    people::Person,
    roles::{ROLES, Role},
};

/// The review of `policy/reviews.yaml`.
pub const REVIEW: &str = "ledger";
/// What its campaign is called.
pub const CAMPAIGN: &str = "Ledger Q4";

/// The profiles of the ledger that it is about.
pub(crate) const SCOPE: [&str; 12] = [
    "post-journal",
    "invoice-entry",
    "create-invoice",
    "create-payment",
    "approve-payment",
    "approve-cost",
    "bank-statements",
    "close-period",
    "report-all",
    "report-own",
    "request-refund",
    "view-suppliers",
];

/// What no role gives: somebody is asked about each.
pub(crate) fn asked(company: &Company) -> usize {
    let is_meant = |system: &str, name: &str| system == "ledger" && SCOPE.contains(&name);
    let by_hand = company.outside.iter().filter(|change| is_meant(change.system, change.value));
    let kept = company.leftovers.iter().filter(|kept| is_meant(kept.system, kept.entitlement));
    by_hand.count() + kept.count()
}

/// What roles give: it is reviewed at the role.
pub(crate) fn set_aside(company: &Company) -> usize {
    let grants =
        |role: &Role| role.grants.iter().any(|(of, name)| *of == "ledger" && SCOPE.contains(name));
    let gives = |role: &&Role| {
        grants(role) || ROLES.iter().any(|of| role.includes.contains(&of.name) && grants(of))
    };
    let people = company.people.iter().filter(|person| is_meant(person));
    people.map(|person| ROLES.iter().filter(gives).filter(|role| (role.when)(person)).count()).sum()
}

/// Whoever is active and heads no department.
fn is_meant(person: &Person) -> bool {
    matches!(person.fate, Fate::Works | Fate::Moved { .. }) && person.grade < 6
}
