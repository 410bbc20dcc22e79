//! Writes people and accounts as the CSV files that stand in for real systems.

use std::fmt::Write as _;

use jiff::civil::Date;

use crate::{
    company::{DEPARTMENTS, Fate, SITES},
    people::Person,
    targets::{Account, Target},
};

/// One line of a CSV file.
fn line<'a>(text: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            // Writing into a String cannot fail.
            _ = write!(text, "\"{}\"", cell.replace('"', "\"\""));
        } else {
            text.push_str(cell);
        }
    }
    text.push('\n');
}

/// The HR file.
pub(crate) fn hr(people: &[Person], today: Date) -> Vec<u8> {
    let mut text = String::new();
    line(
        &mut text,
        [
            "emp_no",
            "uuid",
            "first_name",
            "last_name",
            "job",
            "grade",
            "dept_no",
            "cost_center",
            "in_dept_since",
            "site",
            "time_zone",
            "boss_no",
            "contract",
            "weekly_hours",
            "start",
            "end",
            "on_leave",
            "functions",
            "certificates",
            "licence_until",
            "phones",
            "changed_at",
        ],
    );
    for person in people {
        let certificates: Vec<&str> = person.certificates.iter().copied().collect();
        let changed = if person.since > today { today } else { person.since };
        line(
            &mut text,
            [
                person.number.to_string().as_str(),
                &person.uuid,
                person.given,
                person.family,
                person.title,
                &person.grade.to_string(),
                person.department.code,
                person.department.cost_center,
                &day(Some(person.since)),
                person.site.code,
                person.site.zone,
                &person.manager.map_or_else(String::new, |manager| manager.to_string()),
                person.contract,
                person.weekly_hours,
                &day(Some(person.start)),
                &day(person.end),
                if person.fate == Fate::OnLeave { "yes" } else { "no" },
                &person.functions.join("|"),
                &certificates.join("|"),
                &day(person.licence_until),
                &person.phones.join("|"),
                &format!("{changed}T05:30:00Z"),
            ],
        );
    }
    text.into_bytes()
}

/// A day as the HR department writes it: `30.11.2026`.
fn day(date: Option<Date>) -> String {
    date.map_or_else(String::new, |date| {
        format!("{:02}.{:02}.{:04}", date.day(), date.month(), date.year())
    })
}

/// The departments.
pub(crate) fn departments() -> Vec<u8> {
    let mut text = String::new();
    line(&mut text, ["code", "name", "parent", "cost_center"]);
    for department in &DEPARTMENTS {
        line(
            &mut text,
            [department.code, department.name, department.parent, department.cost_center],
        );
    }
    text.into_bytes()
}

/// The sites.
pub(crate) fn sites() -> Vec<u8> {
    let mut text = String::new();
    line(&mut text, ["code", "name", "city", "country"]);
    for site in &SITES {
        line(&mut text, [site.code, site.name, site.city, site.country]);
    }
    text.into_bytes()
}

/// The accounts of a target.
pub(crate) fn target<'a>(
    target: &Target,
    accounts: impl IntoIterator<Item = (&'a String, &'a Account)>,
) -> Vec<u8> {
    let mut text = String::new();
    let [on, off] = target.states;
    line(
        &mut text,
        [target.key, "state"]
            .into_iter()
            .chain(target.columns.iter().copied())
            .chain([target.held_in]),
    );
    for (name, account) in accounts {
        let held: Vec<&str> = account.held.iter().map(String::as_str).collect();
        let held = held.join("|");
        let state = if account.enabled { on } else { off };
        line(
            &mut text,
            [name.as_str(), state]
                .into_iter()
                .chain(account.values.iter().map(String::as_str))
                .chain([held.as_str()]),
        );
    }
    text.into_bytes()
}
