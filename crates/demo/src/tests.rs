//! What the sample company promises.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};

use crate::{
    Company, DemoFile, certificates, changed_outside, company::DEPARTMENTS, expectations, files,
    names, people::people, project, review, roles::ROLES,
};

const TODAY: Date = date(2026, 11, 20);

fn table(files: &[DemoFile], path: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let file = files.iter().find(|file| file.path == path).unwrap();
    let text = String::from_utf8(file.content.clone()).unwrap();
    assert!(!text.contains('"'), "the naive split below would be wrong");
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let rows: Vec<Vec<String>> = lines.collect();
    for row in &rows {
        assert_eq!(row.len(), header.len(), "{path}: {row:?}");
    }
    (header, rows)
}

#[test]
fn the_numbers_are_those_of_the_story() {
    let expected = expectations(TODAY);
    assert_eq!(
        (expected.people, expected.employed, expected.starters.len(), expected.leavers.len()),
        (240, 231, 4, 5)
    );
    assert_eq!(
        (expected.systems, expected.accounts, expected.entitlements, expected.grants),
        (6, 978, 164, 4312),
        "{:?}",
        expected.accounts_by_system
    );
    assert_eq!(
        (expected.orphans.len(), expected.outside.len(), expected.movers.len()),
        (11, 19, 6)
    );
    assert_eq!((expected.asked, expected.set_aside), (12, 38));
    assert_eq!(expected.leavers_still_active, ["ines.prieto", "sven.dahl"]);
    assert_eq!(expected.conflicts.len(), 3);
    assert!(expected.conflicts.iter().any(|c| c.person == "lena.fuchs" && c.blocks));
    assert!(expected.leftovers.iter().any(|leftover| leftover.person == "maya.okafor"
        && leftover.system == "ledger"
        && leftover.entitlement == "post-journal"));
    assert!(expected.tests >= 9);
    assert_eq!(expected.roles, ROLES.len() + 3, "three roles grant what depends on the person");
}

#[test]
fn somebody_changes_19_accounts_outside_at_three_strokes() {
    let (files, changed) = (files(TODAY), changed_outside(TODAY));
    let mut differing = Vec::new();
    for after in &changed {
        let (_, before) = table(&files, after.path);
        let (_, after) = table(&changed, after.path);
        assert_eq!(before.len(), after.len());
        differing.extend(before.into_iter().zip(after).filter(|(before, after)| before != after));
    }
    let outside = expectations(TODAY).outside;
    let names: BTreeSet<&str> = outside.iter().map(|change| &*change.account).collect();
    assert_eq!(differing.len(), 19);
    assert!(differing.iter().all(|(_, after)| names.contains(after[0].as_str())));
    let strokes: BTreeSet<_> =
        outside.iter().map(|of| (of.system, of.attribute, of.value)).collect();
    let n = |value| outside.iter().filter(|change| change.value == value).count();
    assert_eq!(strokes.len(), 3);
    assert_eq!(
        (n("Customer happiness agent"), n("report-all"), n("view-suppliers")),
        (9, 7, 3),
        "{outside:?}"
    );
}

#[test]
fn the_same_day_gives_the_same_bytes_and_another_day_only_other_dates() {
    assert_eq!(files(TODAY), files(TODAY));
    let (monday, later) = (expectations(TODAY), expectations(date(2028, 2, 29)));
    assert_eq!(monday, later);
    assert_ne!(files(TODAY), files(date(2026, 11, 21)));
}

#[test]
fn paths_are_sorted_and_unique() {
    let paths: Vec<&str> = files(TODAY).iter().map(|file| file.path).collect();
    assert!(paths.windows(2).all(|pair| pair[0] < pair[1]), "{paths:?}");
}

#[test]
fn references_lead_somewhere_and_managers_form_a_tree() {
    let people = people(TODAY);
    let by_number: BTreeMap<usize, _> = people.iter().map(|p| (p.number, p)).collect();
    assert_eq!(by_number.len(), people.len());
    assert_eq!(people.iter().filter(|person| person.manager.is_none()).count(), 1);
    for person in &people {
        let mut above = person;
        let mut steps = 0;
        while let Some(manager) = above.manager {
            above = by_number[&manager];
            steps += 1;
            assert!(steps < 10, "{} is above themselves", person.user_name);
        }
        assert_eq!(above.title, "Managing director");
    }
    for department in &DEPARTMENTS {
        assert!(
            department.parent.is_empty() || DEPARTMENTS.iter().any(|d| d.code == department.parent)
        );
    }
}

#[test]
fn names_are_plain_unique_and_two_people_share_one() {
    let people = people(TODAY);
    let users: BTreeSet<&str> = people.iter().map(|p| p.user_name.as_str()).collect();
    let ledger: BTreeSet<&str> = people.iter().map(|p| p.ledger_name.as_str()).collect();
    assert_eq!((users.len(), ledger.len()), (people.len(), people.len()));
    assert!(users.contains("ana.silva") && users.contains("ana.silva1"));
    for person in &people {
        assert!(names::ascii(&person.display()).is_ascii(), "{}", person.display());
    }
}

#[test]
fn linked_accounts_name_people_of_the_hr_file_and_orphans_do_not() {
    let files = files(TODAY);
    let (header, people) = table(&files, "data/hr.csv");
    assert_eq!((header[0].as_str(), people.len()), ("emp_no", 240));
    let numbers: BTreeSet<&str> = people.iter().map(|row| row[0].as_str()).collect();
    let expected = expectations(TODAY);
    for (path, system, column) in [
        ("data/directory.csv", "directory", "employee_no"),
        ("data/fleet.csv", "fleet", "badge"),
        ("data/ledger.csv", "ledger", "employee_no"),
        ("data/mail.csv", "mail", "owner"),
    ] {
        let (header, rows) = table(&files, path);
        let at = header.iter().position(|name| name == column).unwrap();
        for row in rows {
            let orphan = expected.orphans.contains(&(system, row[0].as_str()));
            assert_eq!(numbers.contains(row[at].as_str()), !orphan, "{path}: {row:?}");
        }
    }
}

#[test]
fn every_certificate_is_held_by_somebody() {
    let company = Company::new(TODAY);
    assert_eq!(certificates::held(&company.people).len(), 10);
}

#[test]
fn roles_in_code_are_the_roles_in_the_files() {
    let text = project::ROLES.join("\n");
    for role in ROLES {
        let Some((_, block)) = text.split_once(&format!("\n  {}:\n", role.name)) else {
            panic!("`{}` is not in the policy files", role.name);
        };
        let block = block.split("\n\n").next().unwrap();
        for (system, name) in role.grants {
            let granted = block.lines().any(|line| {
                line.contains(&format!("{{ {system}."))
                    && line.split([' ', '[', ']', ',', '}']).any(|word| word == *name)
            });
            assert!(granted, "`{}` does not grant {system} {name} in the file", role.name);
        }
        for include in role.includes {
            assert!(block.contains(&format!("includes: [{include}]")), "{}", role.name);
        }
    }
}

#[test]
fn the_scope_of_the_review_in_code_is_that_in_the_file() {
    let (_, text) = project::FILES.iter().find(|(path, _)| *path == "policy/reviews.yaml").unwrap();
    let (_, scope) = text.split_once("- ledger.profile:\n").unwrap();
    let names = scope.lines().map_while(|line| line.trim().strip_prefix("- "));
    assert_eq!(names.collect::<Vec<_>>(), review::SCOPE);
}
