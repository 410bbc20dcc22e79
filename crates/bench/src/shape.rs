//! The general shape: people of one file with attributes that rules test, targets with accounts and groups.

use std::fmt::Write as _;

/// Values each rule attribute takes; a role stands for one value.
const SPREAD: [(&str, u64); 4] =
    [("department", 10), ("title", 25), ("city", 5), ("costCenter", 60)];

/// The parameters of the shape.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) people: u64,
    pub(crate) targets: u64,
    /// Attributes of a person and of each account.
    pub(crate) attributes: u64,
    pub(crate) roles: u64,
}

impl Shape {
    pub(crate) fn text(&self) -> String {
        format!(
            "{} people, {} targets, {} attributes, {} roles, each role 1 to 4 groups",
            self.people, self.targets, self.attributes, self.roles
        )
    }

    /// How many values attribute `position` of [`SPREAD`] takes, so that all together make the wanted roles.
    fn values(&self, position: usize) -> u64 {
        let share = SPREAD.get(position).map_or(1, |(_, share)| *share);
        (self.roles * share / 100).max(1)
    }

    /// Free attributes beside the key, the names and the tested ones.
    fn free(&self) -> u64 {
        self.attributes.saturating_sub(8).max(1)
    }

    /// The model; accounts live on memory connectors.
    pub(crate) fn model(&self) -> String {
        let mut out = String::from(
            "muster: 1\ntypes:\n  person:\n    identity: true\n    key: employeeId\n    display: givenName + ' ' + familyName\n    attributes:\n      \
             employeeId: { type: string, unique: true, required: true }\n      givenName: { type: string, required: true }\n      \
             familyName: { type: string, required: true }\n      endDate: { type: date }\n",
        );
        let free: Vec<String> = (0..self.free()).map(|i| format!("a{i}")).collect();
        let tested = SPREAD.iter().map(|(name, _)| (*name).to_owned());
        for name in tested.clone().chain(free.iter().cloned()) {
            // Writing into a String cannot fail, here and below.
            _ = writeln!(out, "      {name}: {{ type: string }}");
        }
        out.push_str("    lifecycle:\n      leaver: { when: \"endDate != null && now >= end_of(endDate)\" }\n      active: { when: \"true\" }\n");
        out.push_str("systems:\n  hr:\n    connector: csv\n    settings: { path: data/hr.csv, key: employeeId }\n    reads:\n      person:\n        match: [{ on: \"employeeId == record.employeeId\" }]\n        owns:\n");
        let plain = ["employeeId", "givenName", "familyName", "endDate"]
            .iter()
            .map(|name| (*name).to_owned());
        for name in plain.chain(tested).chain(free.iter().cloned()) {
            _ = writeln!(out, "          {name}: record.{name}");
        }
        for target in 0..self.targets {
            write_target(target, &free, &mut out);
        }
        self.role_model(&mut out);
        out
    }

    fn role_model(&self, out: &mut String) {
        out.push_str("roles:\n  employee:\n    when: person.lifecycle == 'active'\n    grants: [");
        for target in 0..self.targets {
            _ = write!(out, "{}target{target}.user", if target > 0 { ", " } else { "" });
        }
        out.push_str("]\n");
        for (position, (name, _)) in SPREAD.iter().enumerate() {
            for value in 0..self.values(position) {
                let target = value % self.targets;
                let groups: Vec<String> =
                    (0..=position).map(|i| format!("{name}-{value}-{i}")).collect();
                _ = writeln!(
                    out,
                    "  {name}-{value}:\n    when: person.{name} == '{name}-{value}'\n    grants: [{{ target{target}.group: [{}] }}]",
                    groups.join(", ")
                );
            }
        }
    }

    /// The header of the file.
    pub(crate) fn header(&self) -> String {
        let tested = SPREAD.iter().map(|(name, _)| (*name).to_owned());
        let free = (0..self.free()).map(|i| format!("a{i}"));
        let plain = ["employeeId", "givenName", "familyName", "endDate"]
            .iter()
            .map(|name| (*name).to_owned());
        plain.chain(tested).chain(free).collect::<Vec<_>>().join(",")
    }

    /// One line of the file. The `salt` makes another free value.
    pub(crate) fn line(&self, person: u64, salt: u64, out: &mut String) {
        let end = if person % 1000 == 7 { "2020-06-30" } else { "" };
        _ = write!(out, "E{person:07},Given{},Family{},{end}", person % 977, person % 7919);
        for (position, (name, _)) in SPREAD.iter().enumerate() {
            let mixed = person
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(17 * (u32::try_from(position).unwrap_or(0) + 1));
            _ = write!(out, ",{name}-{}", mixed % self.values(position));
        }
        for i in 0..self.free() {
            _ = write!(out, ",value-{i}-{}", (person + salt) % 10_007);
        }
        out.push('\n');
    }

    /// Writes the whole file.
    pub(crate) fn write(&self, path: &std::path::Path) -> anyhow::Result<()> {
        use std::io::Write as _;
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        writeln!(file, "{}", self.header())?;
        let mut line = String::new();
        for person in 0..self.people {
            line.clear();
            self.line(person, 0, &mut line);
            file.write_all(line.as_bytes())?;
        }
        file.flush()?;
        Ok(())
    }
}

/// One target system of the model.
fn write_target(target: u64, free: &[String], out: &mut String) {
    _ = write!(
        out,
        "  target{target}:\n    connector: memory\n    settings: {{ name: target{target} }}\n    mode: enforce\n    guards: {{ revoke: none }}\n    accounts:\n      user:\n        object: user\n        \
             match: [{{ on: \"uid == person.employeeId\" }}]\n        name: \"'t{target}-' + person.employeeId\"\n        set:\n          uid: person.employeeId\n          \
             cn: person.display\n          mail: lower(person.givenName) + '.' + lower(person.familyName) + '@example.com'\n          \
             ou: person.department\n          title: person.title\n          l: upper(person.city)\n          center: person.costCenter\n          ended: person.endDate != null\n"
    );
    for name in free {
        _ = writeln!(out, "          {name}: person.{name}");
    }
    out.push_str("        states: { active: {}, leaver: { enabled: false, entitlements: none } }\n    entitlements:\n      group: { object: group, members: member, create: true }\n");
}
