//! Tests of the store. Each runs on SQLite and on PostgreSQL from one source.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code")]

#[macro_use]
mod support;

mod accounts;
mod alarms;
mod api_calls;
mod applications;
mod assignments;
mod backups;
mod campaigns;
mod change_sets;
mod clients;
mod decision_links;
mod drift;
mod entities;
mod entitlements;
mod evaluations;
mod forms;
mod guests;
mod identifiers;
mod journal;
mod leases;
mod links;
mod mailed_codes;
mod matches;
mod notices;
mod open;
mod passkeys;
mod plans;
mod query_plans;
mod queue;
mod reads;
mod records;
mod recoveries;
mod requests;
mod revisions;
mod schema;
mod scim;
mod sign_in_flows;
mod sign_ins;
mod statistics;
mod tls;
mod transactions;
mod unique_values;
mod wake;
mod workflows;

#[test]
fn no_file_of_tests_is_forgotten() {
    let main = include_str!("main.rs");
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.is_file() && name != "main" {
            assert!(main.contains(&format!("mod {name};")), "{name}");
        }
    }
}
